// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keys for the tests of TLS, made once per process and gone with it: two sets of each kind, of which the one
 * is foreign to the other.
 */
#ifndef MFD_TEST_KEYS_H
#define MFD_TEST_KEYS_H

#include "scratch.h"
#include "tls.h"
#include "tls_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

enum { TEST_KEYS_OWN, TEST_KEYS_FOREIGN };

static char test_keys_root[64];

static inline const char *test_keys(enum mfd_tls kind, int set)
{
    static char paths[2][3][96];
    char *path = paths[set][kind];

    snprintf(path, sizeof(paths[set][kind]), "%s/%d-%d", test_keys_root, set, kind);
    return path;
}

static inline int test_keys_make(void **state)
{
    (void)state;
    if (!mfd_scratch_make(NULL, test_keys_root, sizeof(test_keys_root))) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        enum mfd_tls kind = i % 2 ? MFD_TLS_PSK : MFD_TLS_X509;
        const char *path = test_keys(kind, i / 2);

        if (mkdir(path, 0700) != 0 || mfd_tls_keys_make(path, kind) != 0) {
            return -1;
        }
    }
    return 0;
}

static inline int test_keys_remove(void **state)
{
    (void)state;
    return mfd_scratch_remove(test_keys_root);
}

static inline struct mfd_tls_creds *test_creds(enum mfd_tls kind, enum mfd_tls_end end, int set)
{
    char error[MFD_TLS_ERROR_SIZE];
    struct mfd_tls_creds *creds =
        mfd_tls_load(kind, end, test_keys(kind, set), MFD_TLS_KEYS_HOST, error);

    if (!creds) {
        fail_msg("%s", error);
    }
    return creds;
}

#endif
