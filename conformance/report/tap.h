// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The results as TAP 14.
 *
 * known is "not ok ... # TODO DEFECT", a warning "not ok ... # TODO" with its rule, not applicable,
 * unsupported, undecided and expectedly blocked are "ok ... # SKIP"; what makes the run exit with 1, and a
 * harness error, is "not ok" with a YAML block. Nothing run at all bails out.
 */
#ifndef MFD_TAP_H
#define MFD_TAP_H

#include "result.h"

#include <stdbool.h>
#include <stdio.h>

/* False if it could not be written. */
bool mfd_tap_write(FILE *out, const struct mfd_run *run);

#endif
