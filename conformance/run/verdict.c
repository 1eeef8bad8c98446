// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_detail(struct mfd_result *result, const char *before, const char *text)
{
    char *longer = NULL;

    if (asprintf(&longer, "%s%s%s", result->detail ? result->detail : "", before,
                 text ? text : "") >= 0) {
        free(result->detail);
        result->detail = longer;
    }
}

/* Verdicts that need no outcome of the peer; MFD_PASS if it takes one. */
static enum mfd_verdict without_outcome(const struct mfd_result *result,
                                        const struct mfd_verdict_twin *twin)
{
    if (result->verdict == MFD_HARNESS_ERROR) {
        return MFD_HARNESS_ERROR;
    }
    if (!result->expect) {
        return MFD_NOT_APPLICABLE;
    }
    if (result->got == MFD_UNSUPPORTED || (twin->exists && twin->got == MFD_UNSUPPORTED)) {
        return MFD_VERDICT_UNSUPPORTED;
    }
    return result->got == MFD_UNDECIDED ? MFD_VERDICT_UNDECIDED : MFD_PASS;
}

static void block(struct mfd_result *result, const struct mfd_verdict_twin *twin,
                  struct mfd_baseline *baseline, const char *version)
{
    const struct mfd_baseline_line *line =
        baseline
            ? mfd_baseline_judge(baseline, result->id, result->params, version, twin->got, false)
            : NULL;

    result->verdict = MFD_BLOCKED;
    result->twin = strdup(mfd_verdict_name(line ? MFD_KNOWN : MFD_FAIL));
    result->defect = line ? strdup(line->defect->id) : NULL;
    add_detail(result, "; without the fault the peer was to accept, but: ", twin->detail);
}

void mfd_verdict_decide(struct mfd_result *result, const struct mfd_verdict_twin *twin,
                        struct mfd_baseline *baseline, const char *version)
{
    const struct mfd_baseline_line *line = NULL;
    bool expected = result->expect & MFD_OUTCOME_BIT(result->got);

    result->verdict = without_outcome(result, twin);
    if (result->verdict != MFD_PASS) {
        if (baseline) {
            mfd_baseline_present(baseline, result->id, result->params, version);
        }
        return;
    }
    if (twin->exists && twin->got != MFD_ACCEPTED) {
        block(result, twin, baseline, version);
        return;
    }
    result->twin = twin->exists ? strdup(mfd_verdict_name(MFD_PASS)) : NULL;
    if (baseline) {
        line = mfd_baseline_judge(baseline, result->id, result->params, version, result->got,
                                  expected);
    }
    if (expected) {
        result->verdict = MFD_PASS;
    } else if (line) {
        result->verdict = MFD_KNOWN;
        result->defect = strdup(line->defect->id);
        add_detail(result, "; known: ", line->reason);
    } else {
        bool should = strcmp(result->level, "SHOULD") == 0 && result->got != MFD_CRASHED;

        result->verdict = should ? MFD_WARN : MFD_FAIL;
    }
}
