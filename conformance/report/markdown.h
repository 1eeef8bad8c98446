// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The results as Markdown for the summary page of a CI job: counts, what was unexpected, what is known. The
 * first failures are told in full, folded; the whole stays far below the limits of such pages (1 MiB).
 */
#ifndef MFD_MARKDOWN_H
#define MFD_MARKDOWN_H

#include "result.h"

#include <stdbool.h>
#include <stdio.h>

enum {
    MFD_MARKDOWN_FULL = 20,  /* failures in full */
    MFD_MARKDOWN_ROWS = 200, /* rows of a table */
};

/* False if it could not be written. */
bool mfd_markdown_write(FILE *out, const struct mfd_run *run);

#endif
