// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Known defects of QEMU releases. The table is conformance/defects.def.
 */
#ifndef MFD_DEFECT_H
#define MFD_DEFECT_H

#include "rule.h"

#include <stdbool.h>
#include <stddef.h>

struct mfd_defect {
    const char *id;       /* "B01" */
    const char *rules;    /* ids, space separated; "" if it breaks none */
    const char *text;     /* what happens */
    const char *releases; /* where it was seen */
};

/* All defects in order of id, `*count` of them. */
const struct mfd_defect *mfd_defects(size_t *count);
/* Exact id; NULL if there is none. */
const struct mfd_defect *mfd_defect_find(const char *id);

/*
 * Takes the next rule id off a list, cut to `size`. Start with the defect's `rules`; false at its end.
 *
 *     for (const char *at = defect->rules; mfd_defect_next_rule(&at, id, sizeof(id));) ...
 */
bool mfd_defect_next_rule(const char **at, char *id, size_t size);
/* Whether it breaks the rule of that id. */
bool mfd_defect_breaks(const struct mfd_defect *defect, const char *rule_id);

#endif
