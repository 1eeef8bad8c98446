// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a process holds: whether a migration left threads or descriptors behind shows in the numbers of before and
 * after.
 */
#ifndef MFD_HOLDINGS_H
#define MFD_HOLDINGS_H

#include <stdbool.h>
#include <sys/types.h>

struct mfd_holdings {
    unsigned threads;
    unsigned descriptors;
    char names[256]; /* of the threads, separated by blanks, as far as there is room */
};

/* False where /proc does not tell. */
bool mfd_holdings_of(pid_t pid, struct mfd_holdings *holdings);

#endif
