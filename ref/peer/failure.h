// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Why a migration failed, as a value: a broken rule, or an error of the system.
 */
#ifndef MFD_FAILURE_H
#define MFD_FAILURE_H

#include "finding.h"

#include <stdbool.h>

struct mfd_failure {
    bool set;
    bool is_rule;
    struct mfd_finding finding; /* if is_rule */
    int error;                  /* errno otherwise: ETIMEDOUT stalled, ECANCELED cancelled, ... */
    const char *what;           /* if not is_rule: what failed, a constant sentence */
    char why[96];               /* if not is_rule: why, where that says more than `error`; or "" */
    char connection[24];        /* "main", "ch 1", "connection 3"; "" if none is at fault */
    uint64_t at;                /* bytes of the connection's stream before the message at fault */
};

/* "ch 1: MF-HDR-021 at byte 320: got 0x200000, want at most 0x1ff000 (...)"; cut to `size`. */
const char *mfd_failure_text(const struct mfd_failure *failure, char *buf, size_t size);

#endif
