// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Known defects of QEMU releases. The table is conformance/defects.def.
 */
#ifndef MFD_DEFECT_H
#define MFD_DEFECT_H

#include <stddef.h>

struct mfd_defect {
    const char *id;       /* "B01" */
    const char *rules;    /* ids, for words.h; "" if it breaks none */
    const char *text;     /* what happens */
    const char *releases; /* where it was seen */
};

/* All defects in order of id, `*count` of them. */
const struct mfd_defect *mfd_defects(size_t *count);
/* Exact id; NULL if there is none. */
const struct mfd_defect *mfd_defect_find(const char *id);

#endif
