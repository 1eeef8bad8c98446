// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes the keys of a TLS migration at run time, so that none need be kept: for tests, and for peers
 * under test. The files have the names that QEMU gives them (tls.h) and are for their owner alone.
 */
#ifndef MFD_TLS_KEYS_H
#define MFD_TLS_KEYS_H

#include "rev.h"

/* The host that the receiver's certificate is for. */
#define MFD_TLS_KEYS_HOST "mfdkit.test"

/*
 * Fills a folder that exists with new keys for both ends: an authority and two certificates that it
 * signed, or a pre-shared key for the user of MFD_TLS_USER; with either the group of a key exchange. What one call makes means nothing to the
 * keys of another. Returns 0, an errno of writing a file, or EPROTO if the keys cannot be made.
 */
int mfd_tls_keys_make(const char *folder, enum mfd_tls kind);

#endif
