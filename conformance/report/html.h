// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The results as one HTML file for people: nothing is loaded from elsewhere, nothing needs a script, it follows
 * the reader's light or dark setting and prints. The markup is well-formed XML too.
 *
 * Per run: the counts; what was unexpected, what is a SHOULD, and what is known, each case with its rule, a
 * ladder of the connections and the message that deviates; then the rules against the runs; then all results.
 * Of the instances of one scenario that came out alike, the first is shown in full.
 */
#ifndef MFD_HTML_H
#define MFD_HTML_H

#include "result.h"

#include <stdbool.h>
#include <stdio.h>

/* False if it could not be written. */
bool mfd_html_write(FILE *out, const struct mfd_run *run);
/* Several runs beside each other, as of different peers or releases. */
bool mfd_html_write_all(FILE *out, const struct mfd_run *runs, size_t count);

#endif
