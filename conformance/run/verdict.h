// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From outcome to verdict: expectation, positive twin and baseline together.
 */
#ifndef MFD_VERDICT_H
#define MFD_VERDICT_H

#include "baseline.h"
#include "result.h"

/* What the positive twin of an instance did. */
struct mfd_verdict_twin {
    bool exists;
    enum mfd_outcome got;
    const char *detail; /* what was seen, or why there is no outcome */
};

/*
 * Decides result->verdict, and fills twin and defect. A result that comes as MFD_HARNESS_ERROR stays one.
 * The twin must have been accepted, or the instance is blocked: a peer that refuses everything passes
 * nothing. `baseline` may be NULL; `version` is the peer's, "" if it tells none.
 *
 * A SHOULD that is not met is a warning, but a crash is a failure whatever the level.
 */
void mfd_verdict_decide(struct mfd_result *result, const struct mfd_verdict_twin *twin,
                        struct mfd_baseline *baseline, const char *version);

#endif
