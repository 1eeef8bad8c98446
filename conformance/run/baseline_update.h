// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a finished run says of a baseline: which lines no longer hold, and which results it does not know.
 */
#ifndef MFD_BASELINE_UPDATE_H
#define MFD_BASELINE_UPDATE_H

#include "baseline.h"
#include "result.h"

#include <stdio.h>

/*
 * Judges all results of the run anew by `baseline`, whatever verdict they had. `unknown` has one entry for each
 * result and tells those that are not as expected and in no line. How many these are.
 */
size_t mfd_baseline_confront(struct mfd_baseline *baseline, const struct mfd_run *run,
                             bool *unknown);

/*
 * Makes a confronted baseline one of this run: lines that are stale go, and what is unknown gets lines at the end, one
 * for a scenario whose instances all did the same, else one for each instance. What defect these are is for a
 * person to say: they have MFD_BASELINE_NO_DEFECT in its place, which no parser takes. False without memory.
 */
bool mfd_baseline_update(struct mfd_baseline *baseline, const struct mfd_run *run,
                         const bool *unknown);

#define MFD_BASELINE_NO_DEFECT "?"

/* Lines that are stale and results that are unknown, one a line; how many. */
size_t mfd_baseline_differences(FILE *out, const struct mfd_baseline *baseline,
                                const struct mfd_run *run, const bool *unknown);

#endif
