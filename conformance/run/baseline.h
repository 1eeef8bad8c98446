// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A baseline: which scenarios a release is known to get wrong, and how. One line for each:
 *
 *     SCENARIO-GLOB [PARAM=VALUES]... VERSIONS OUTCOME[,OUTCOME]... DEFECT [flaky=N/M] # reason
 *
 *     init/id-equals-count           7.2.0..7.2.22 crashed,accepted B01 flaky=49/50 # heap layout decides
 *     init/half-hello n=1..3,63      *             hung             B15             # blocking read
 *
 * GLOB      of the scenario, without the parameters in brackets: `*` within a path component, `**` any
 * VALUES    comma-separated values or LOW..HIGH ranges of integers; every PARAM named must match
 * VERSIONS  see release.h; columns are separated by blanks
 * OUTCOME   what is known to be got. Any other wrong outcome is a failure all the same
 * DEFECT    id of defects.def
 * flaky     seen in N of M runs (0 < N < M): a line that does not hold every time is never stale
 * reason    why the line is there; may not be empty
 *
 * Blank lines and lines that start with `#` are kept when a baseline is written again.
 */
#ifndef MFD_BASELINE_H
#define MFD_BASELINE_H

#include "defect.h"
#include "outcome.h"
#include "profile.h"
#include "release.h"

#include <stdbool.h>
#include <stddef.h>

#define MFD_BASELINE_ERROR_SIZE 512

struct mfd_baseline_line {
    char *above; /* blank lines and comments before it */
    char *glob;
    char *params; /* "n=1..3,63 channels=2", "" if none */
    struct mfd_releases versions;
    mfd_outcomes outcomes;
    const struct mfd_defect *defect;
    unsigned flaky_seen; /* of `flaky_of` runs; both 0 if it always happens */
    unsigned flaky_of;
    char *reason;
    unsigned line; /* in the file */
    /* What the run has shown so far. */
    size_t present; /* instances that the line names */
    size_t judged;  /* of these, with an outcome */
    size_t held;    /* of these, with an outcome that the line lists */
};

struct mfd_baseline {
    char *path; /* for messages */
    struct mfd_baseline_line *lines;
    size_t count;
    char *tail; /* comments behind the last line */
};

/*
 * Parses a baseline of `len` bytes; `path` is for messages. NULL on error, with "PATH:LINE: message" in
 * `error`, which has MFD_BASELINE_ERROR_SIZE bytes.
 */
struct mfd_baseline *mfd_baseline_parse(const char *path, const char *text, size_t len,
                                        char *error);
/* Reads the file first. */
struct mfd_baseline *mfd_baseline_load(const char *path, char *error);
/*
 * Reads the baseline of a profile, which lies beside the folder of the scenarios, into `baseline`: NULL if there is
 * none. False as above if it cannot be read.
 */
bool mfd_baseline_of_profile(const char *scenarios, const struct mfd_profile *profile,
                             struct mfd_baseline **baseline, char *error);
void mfd_baseline_free(struct mfd_baseline *baseline);

/* The text of the whole baseline, columns aligned; owned by the caller. */
char *mfd_baseline_print(const struct mfd_baseline *baseline);
/* One line of it, without newline; owned by the caller. */
char *mfd_baseline_line_print(const struct mfd_baseline_line *line);

/*
 * Notes an instance of the run that was not judged: not applicable, unsupported, undecided, blocked or
 * failed in the harness. `version` is as the peer tells it, "" or NULL if it does not.
 */
void mfd_baseline_present(struct mfd_baseline *baseline, const char *id, const char *params,
                          const char *version);

/*
 * Notes an instance's outcome, and whether it is `expected` by the scenario. The line that knows this
 * deviation, or NULL if none does or there is none.
 */
const struct mfd_baseline_line *mfd_baseline_judge(struct mfd_baseline *baseline, const char *id,
                                                   const char *params, const char *version,
                                                   enum mfd_outcome got, bool expected);

enum mfd_staleness {
    MFD_FRESH,
    MFD_STALE_WARNING, /* stale, but on a release later than was measured, or an unknown one */
    MFD_STALE_LINE,
};

/*
 * After a run: whether the line still says the truth. Stale is a line that was judged but never held, and,
 * where the run was `full` (nothing left out), one that names no instance at all.
 */
enum mfd_staleness mfd_baseline_staleness(const struct mfd_baseline_line *line, const char *version,
                                          bool full);
/* "PATH:LINE: why it is stale", cut to `size`; returns `buf`. */
const char *mfd_baseline_stale_text(const struct mfd_baseline *baseline,
                                    const struct mfd_baseline_line *line, char *buf, size_t size);

#endif
