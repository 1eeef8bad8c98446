// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What changed from one report to another: of releases, of commits, of peers.
 *
 * Results are paired by id (and lines of the baseline by what they name). Each pair is told once, as the first
 * of these that applies:
 *
 *   broken    unexpected now, and not before; also one that is new, or that the harness fails on
 *   worse     was as the rules want it, and is not any more, though that is known or only a SHOULD
 *   lost      was judged, and cannot be any more: unsupported, undecided or blocked
 *   fixed     unexpected before, and not now
 *   mended    a known defect, or a SHOULD, that is now as the rules want it
 *   new       only in the second report
 *   gone      only in the first
 *   changed   another verdict or another outcome, no better and no worse: not applicable is such
 *
 * The first three make the second report the worse one.
 */
#ifndef MFD_DIFF_H
#define MFD_DIFF_H

#include "result.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

enum mfd_change_kind {
    MFD_CHANGE_BROKEN,
    MFD_CHANGE_WORSE,
    MFD_CHANGE_LOST,
    MFD_CHANGE_FIXED,
    MFD_CHANGE_MENDED,
    MFD_CHANGE_NEW,
    MFD_CHANGE_GONE,
    MFD_CHANGE_OTHER,
    MFD_CHANGE_COUNT
};

/* "broken" and so on; "changed" for OTHER. */
const char *mfd_change_name(enum mfd_change_kind kind);

struct mfd_change {
    enum mfd_change_kind kind;
    const struct mfd_result *before; /* NULL: new. Both belong to their runs */
    const struct mfd_result *after;  /* NULL: gone */
};

struct mfd_diff {
    const struct mfd_run *before;
    const struct mfd_run *after;
    struct mfd_change *changes; /* by kind, then by id */
    size_t count;
    size_t summary[MFD_CHANGE_COUNT];
};

/* False without memory. The runs must outlive the difference; mfd_diff_free() must be called in any case. */
bool mfd_diff_make(struct mfd_diff *diff, const struct mfd_run *before,
                   const struct mfd_run *after);
void mfd_diff_free(struct mfd_diff *diff);

/* Whether the second report is worse than the first. */
bool mfd_diff_worse(const struct mfd_diff *diff);

/* False if it could not be written. */
bool mfd_diff_write(FILE *out, const struct mfd_diff *diff);
/* As diff.schema.json beside this file says; a new reference, NULL without memory. */
json_t *mfd_diff_to_json(const struct mfd_diff *diff);

#endif
