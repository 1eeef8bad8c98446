// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where mutants are made: a copy of the source with a build of its own, the programs that come out
 * of it, and runs of `mfdkit test ref` with them.
 *
 * The build is optimised and without debug information and build id, so that two programs are the
 * same bytes exactly if their code is the same.
 *
 * Functions return false with a sentence in `error`, which has MFD_WORKBENCH_ERROR_SIZE bytes.
 */
#ifndef MFD_WORKBENCH_H
#define MFD_WORKBENCH_H

#include "result.h"

#include <stdbool.h>

#define MFD_WORKBENCH_ERROR_SIZE 4096

struct mfd_workbench {
    char *folder;
    char *source;    /* the copy */
    char *build;     /* its build */
    char *program;   /* mfdkit, of the source as it now is */
    char *masked;    /* mfdkit_masked (mask.h) */
    char *clean;     /* mfdkit, of the source without a mutant */
    char *scenarios; /* folder */
    double scale;    /* of the guards against hanging */
};

/* One run of `mfdkit test ref`. */
struct mfd_workbench_run {
    const char *program;
    const char *profile;
    const char *const *globs; /* NULL-terminated; none: everything */
    const char *suppress;     /* rule for the mask, or NULL */
    bool sender;              /* tests it as a sender */
};

/*
 * Brings the copy below `folder` up to date with the source tree at `root`, configures and builds
 * it. `scenarios` NULL: those of the source. mfd_workbench_close() must be called whatever the
 * result.
 */
bool mfd_workbench_open(struct mfd_workbench *bench, const char *root, const char *folder,
                        const char *scenarios, char *error);
void mfd_workbench_close(struct mfd_workbench *bench); /* leaves the files where they are */

/* Builds `program` anew; `*differs` tells whether it is another than `clean`. */
bool mfd_workbench_build(const struct mfd_workbench *bench, bool *differs, char *error);

/*
 * Runs the program and reads its report into `run`, which the caller frees with mfd_run_free() if
 * the result is true. A selection that matches nothing makes an empty report. `*masked`, if not
 * NULL: whether the mask has forgotten any finding.
 */
bool mfd_workbench_test(const struct mfd_workbench *bench, const struct mfd_workbench_run *what,
                        struct mfd_run *run, bool *masked, char *error);

#endif
