// SPDX-License-Identifier: GPL-2.0-or-later
#include "finding.h"

void mfd_findings_add(struct mfd_findings *to, struct mfd_finding finding)
{
    if (to->count < to->room) {
        to->list[to->count] = finding;
    }
    to->count++;
}

const struct mfd_finding *mfd_findings_refused(const struct mfd_findings *in)
{
    size_t kept = in->count < in->room ? in->count : in->room;

    for (size_t i = 0; i < kept; i++) {
        if (mfd_rule_refused(in->list[i].rule)) {
            return &in->list[i];
        }
    }
    return NULL;
}
