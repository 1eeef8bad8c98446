// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What of a peer's failures is in its baseline. Baselines name scenarios, and what is played here is none of these:
 * what counts is the rules that it breaks, and those that the defects of the baseline's lines are about.
 */
#ifndef MFD_BLACKBOX_KNOWN_H
#define MFD_BLACKBOX_KNOWN_H

#include "baseline.h"
#include "plan.h"

/* What is wrong with a plan, whoever it is played to. */
struct mfd_wrong {
    bool broken[MFD_RULE_COUNT];
    enum mfd_rule first; /* see mfd_oversight_first() */
    bool disturbed;      /* any rule is broken, or a connection ends, or stays, before its time */
};

/* False without memory. */
bool mfd_wrong_of(const struct mfd_plan *plan, struct mfd_wrong *wrong);

/*
 * The defect that the peer of that version is known to have and that such an outcome of the plan may come of; NULL
 * if there is none, or no baseline. A hang has causes that no byte shows (a main channel waits at a sync point for a
 * channel that has failed): where the baseline has one of these, it is known in whatever is disturbed.
 */
const struct mfd_defect *mfd_known_defect(const struct mfd_baseline *baseline, const char *version,
                                          const struct mfd_wrong *wrong, enum mfd_outcome outcome);

#endif
