// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an interop run has shown: a table to read, and JSON. The keys of the latter are those of
 * interop.schema.json beside this file, in their order.
 */
#ifndef MFD_INTEROP_TABLE_H
#define MFD_INTEROP_TABLE_H

#include "migrate_cell.h"

#include <jansson.h>
#include <stdio.h>

enum mfd_interop_verdict {
    MFD_INTEROP_PASS,        /* works, as it must */
    MFD_INTEROP_KNOWN,       /* breaks as known.def says */
    MFD_INTEROP_STALE,       /* works although known.def says that it does not */
    MFD_INTEROP_FAIL,        /* breaks, or in another way than it is known to */
    MFD_INTEROP_ERROR,       /* could not be run */
    MFD_INTEROP_UNSUPPORTED, /* an end was built without the method */
    MFD_INTEROP_VERDICTS,
};

struct mfd_interop_run {
    const char *suite; /* version of mfdkit */
    const struct mfd_interop_peer *peers;
    size_t peer_count;
    const struct mfd_interop_cell *cells;
    const struct mfd_interop_result *results; /* one for each cell */
    size_t count;
    double seconds;
};

enum mfd_interop_verdict mfd_interop_judge(const struct mfd_interop_cell *cell,
                                           const struct mfd_interop_result *result);
/* "pass", "known", "stale", "fail", "error", "unsupported". */
const char *mfd_interop_verdict_name(enum mfd_interop_verdict verdict);
/* How many cells have each verdict. */
void mfd_interop_count(const struct mfd_interop_run *run, size_t counts[MFD_INTEROP_VERDICTS]);
/* A peer as people name it: "ref", "7.2.22", "10.0.13". */
const char *mfd_interop_label(const struct mfd_interop_peer *peer);
/* The command that runs a cell again, cut to `size`; returns `buf`. */
const char *mfd_interop_rerun(const struct mfd_interop_cell *cell, char *buf, size_t size);

/* The table, why known cells break, what failed, and a closing line. */
void mfd_interop_print(FILE *out, const struct mfd_interop_run *run);
/* One cell in full, as the former shows those that are not as expected. */
void mfd_interop_print_cell(FILE *out, const struct mfd_interop_cell *cell,
                            const struct mfd_interop_result *result);
/* A new reference; NULL without memory. */
json_t *mfd_interop_to_json(const struct mfd_interop_run *run);

#endif
