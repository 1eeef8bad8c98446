// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs independent pieces of work in other processes, some at a time, and collects their answers as JSON.
 * Whatever happens to one piece, the others go on. A process works on many pieces, one after the other: each must leave
 * nothing behind, and no more than MFD_JOBS_A_PROCESS have to do with what one has.
 */
#ifndef MFD_JOBS_H
#define MFD_JOBS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define MFD_JOBS_A_PROCESS 32

struct mfd_jobs {
    size_t first;      /* number of the first piece */
    size_t count;      /* pieces, numbered on from there */
    unsigned parallel; /* at a time, at least 1 */
    double guard;      /* seconds after which a piece is given up */
    /* Asked before each piece: whether it is to be started; none is after that. May be NULL. */
    bool (*more)(void *context);
    /* In another process; the answer is a new reference, NULL if there is none. */
    json_t *(*work)(size_t index, void *context);
    /* In the caller's process, as each piece ends. `answer` is NULL if there is none: `why` tells. */
    void (*done)(size_t index, const json_t *answer, const char *why, void *context);
    void *context;
};

/*
 * False if a process could not be started or a signal asked to stop; all that run are ended then. False, too, if a
 * process had answered all and then ended as none should, as one in which a sanitizer finds a leak.
 */
bool mfd_jobs_run(const struct mfd_jobs *jobs);
/* For done(): whether it is for a signal that the piece has no answer. */
bool mfd_jobs_stopping(void);

#endif
