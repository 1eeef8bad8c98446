// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The results as JUnit XML, in the shape that CI servers read: junit.xsd beside this file.
 *
 * A test suite per area, a test case per scenario instance. fail, stale, an unexpected block and, under
 * --strict, a warning are <failure>; a harness error is <error>; known, expectedly blocked, not applicable,
 * unsupported and undecided are <skipped> with the reason; a warning passes and says so in its output.
 */
#ifndef MFD_JUNIT_H
#define MFD_JUNIT_H

#include "result.h"

#include <stdbool.h>
#include <stdio.h>

/* False if it could not be written. */
bool mfd_junit_write(FILE *out, const struct mfd_run *run);

#endif
