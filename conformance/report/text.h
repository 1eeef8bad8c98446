// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The report for a terminal: a line for each area as its results come, then every failure in full, then
 * one line with the counts. Nothing is said of what went as expected.
 *
 * Results come in the order of the list, so that an area (the first component of the id) is told when the
 * first result of the next one comes. Results about no rule (lines of the baseline) have no area.
 */
#ifndef MFD_TEXT_H
#define MFD_TEXT_H

#include "result.h"

#include <stdbool.h>
#include <stdio.h>

struct mfd_text {
    FILE *out;
    bool strict;
    bool colour;
    bool live; /* a terminal: the line of the area is written again with each result */
    char area[32];
    size_t summary[MFD_VERDICT_COUNT]; /* of the area */
    size_t unexpected;                 /* of the area */
};

/* Colour and life are on if `out` is a terminal; NO_COLOR, if set to anything, takes the colour away. */
void mfd_text_start(struct mfd_text *text, FILE *out, bool strict);
void mfd_text_result(struct mfd_text *text, const struct mfd_result *result);
/* Tells the last area, the failures and the counts of a summarised run. */
void mfd_text_finish(struct mfd_text *text, const struct mfd_run *run);

/* One failure in full, as mfd_text_finish() shows it. */
void mfd_text_failure(struct mfd_text *text, const struct mfd_result *result);

#endif
