// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What becomes of each known defect: a line of a baseline, a mutant of the reference, or a row of
 * conformance/dispositions.def.
 */
#ifndef MFD_DISPOSITION_H
#define MFD_DISPOSITION_H

#include "catalogue.h"
#include "defect.h"
#include "suite.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum mfd_disposition_kind {
    MFD_SHOWN_BY_SCENARIO,
    MFD_SHOWN_BY_INTEROP,
    MFD_SHOWN_BY_SOURCE,
    MFD_SHOWN_IN_TEXT
};

struct mfd_disposition {
    const char *defect; /* "B07" */
    enum mfd_disposition_kind kind;
    const char *what; /* scenario glob, cell or harness; "" where there is none yet */
    const char *note;
};

/* All rows of the table, `*count` of them. */
const struct mfd_disposition *mfd_dispositions(size_t *count);

#define MFD_DISPOSITION_ERROR_SIZE 1280

/*
 * Writes DEFECTS.md: each defect with all that becomes of it. `scenarios` is the folder that the baselines lie
 * beside. False with a sentence in `error`, which has MFD_DISPOSITION_ERROR_SIZE bytes, if a baseline cannot be
 * read, or a defect has nothing.
 */
bool mfd_dispositions_write(FILE *out, const char *scenarios, const struct mfd_mutants *mutants,
                            char *error);

#endif
