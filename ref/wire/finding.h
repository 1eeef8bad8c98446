// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Findings: the broken rules of one message, as values.
 *
 * A check appends every finding in the order in which a receiver meets it. Nothing is printed and
 * nothing allocated: the caller owns the array.
 */
#ifndef MFD_FINDING_H
#define MFD_FINDING_H

#include "rule.h"

#include <stddef.h>
#include <stdint.h>

struct mfd_finding {
    enum mfd_rule rule;
    uint32_t offset; /* of the offending bytes within the message */
    uint32_t width;  /* how many bytes offend; 0 where something is missing */
    uint64_t got;
    uint64_t want; /* the value, or the bound that was passed: the rule's text tells which */
};

/* Room for the findings of one message; `count` keeps counting where `room` ends. */
struct mfd_findings {
    struct mfd_finding *list;
    size_t room;
    size_t count;
};

/* Appends one; silently counts where there is no room. */
void mfd_findings_add(struct mfd_findings *to, struct mfd_finding finding);

/*
 * The first finding that a receiver must or should refuse, or NULL. This is the receiver's whole
 * policy: there is no laxer one.
 */
const struct mfd_finding *mfd_findings_refused(const struct mfd_findings *in);

#endif
