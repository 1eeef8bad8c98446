// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is known to break between releases. The table is known.def.
 */
#ifndef MFD_INTEROP_KNOWN_H
#define MFD_INTEROP_KNOWN_H

#include "cell.h"

/* How a migration went: bits of a mask where several are possible. */
enum mfd_interop_outcome {
    MFD_INTEROP_WORKS = 1,     /* both ends say completed, and memory is equal */
    MFD_INTEROP_CORRUPTED = 2, /* both say completed, and memory is not equal */
    MFD_INTEROP_FAILED = 4,    /* the source says that it failed, so the guest lives on there */
    MFD_INTEROP_LOST =
        8, /* the source says completed, the destination has not: the guest is gone */
    MFD_INTEROP_HUNG = 16, /* an end says nothing within the guard */
};

struct mfd_interop_known {
    enum mfd_rev from_since, from_until; /* until excluded */
    enum mfd_rev to_since, to_until;
    int machine;       /* enum mfd_interop_machine; -1: any */
    int zero;          /* enum mfd_zero; -1: any */
    unsigned lacks;    /* one setting, or 0 */
    unsigned outcomes; /* mask */
    const char *defect;
    const char *rule;
    const char *why;
};

const char *mfd_interop_outcome_name(enum mfd_interop_outcome outcome);

/* All rows, `*count` of them. */
const struct mfd_interop_known *mfd_interop_knowns(size_t *count);
/* Why the cell is known to break; NULL if it must work. */
const struct mfd_interop_known *mfd_interop_known(const struct mfd_interop_cell *cell);

#endif
