// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A badge: the JSON that an endpoint for shields.io answers with (schemaVersion 1). Put the file where it can be
 * fetched, and show https://img.shields.io/endpoint?url=THAT.
 *
 * Green: all as expected; yellow green: with known defects among it; red: something unexpected; grey: nothing
 * was tested, or the harness failed.
 */
#ifndef MFD_BADGE_H
#define MFD_BADGE_H

#include "result.h"

#include <stdbool.h>
#include <stdio.h>

/* False if it could not be written. */
bool mfd_badge_write(FILE *out, const struct mfd_run *run);

#endif
