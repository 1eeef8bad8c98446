// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A ladder diagram of what went over the connections of one scenario, as inline SVG for the HTML report.
 *
 * Time runs down, a row for each happening. Each connection has a lane with two rails, mfdkit's to the left and
 * the peer's to the right; an arrow from rail to rail is what one end did, a cross at its head ended the
 * connection. The scenario's deviation is marked across all lanes; the last row says how the peer ended.
 * Lanes and rows have bounds: what does not fit is counted in a line of text. Colours are those of the
 * classes in page.css; labels are cut, their full text is a tooltip.
 */
#ifndef MFD_LADDER_H
#define MFD_LADDER_H

#include "result.h"

#include <stdio.h>

enum {
    MFD_LADDER_LANES = 8, /* connections that are drawn, main and the deviating one among them */
    MFD_LADDER_ROWS = 32, /* happenings that are drawn: the last ones */
};

/* Writes nothing for a result without happenings. `id` must be unique in the page, for references. */
void mfd_ladder_write(FILE *out, const struct mfd_result *result, const char *id);

#endif
