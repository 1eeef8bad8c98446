// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The RAM blocks of a guest, by name: lengths only, no memory.
 *
 * Whoever fills the table owns it. A receiver freezes it at RAM START, after which any thread
 * reads it without a lock.
 */
#ifndef MFD_RAMTABLE_H
#define MFD_RAMTABLE_H

#include "wire.h"

#include <stdbool.h>

struct mfd_ramblock {
    char name[MFD_IDSTR_SIZE]; /* NUL terminated */
    uint64_t used_length;      /* bytes that the guest uses now */
    uint64_t max_length;       /* bytes reserved; equals used_length unless resizable */
    bool resizable;
};

struct mfd_ramtable {
    struct mfd_ramblock *blocks;
    size_t count;
};

/*
 * Index of the block whose name is the `len` bytes at `name` up to the first NUL among them; -1 if
 * there is none. Never reads past name + len.
 */
int mfd_ramtable_find(const struct mfd_ramtable *table, const char *name, size_t len);

#endif
