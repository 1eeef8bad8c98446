// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inside of a run: what its parts share. run.c gives out the work and decides about what comes back, run_piece.c
 * does one piece of it in a process of its own, run_lines.c adds the results that are about the run as a whole.
 * run.h is the interface.
 */
#ifndef MFD_SUITE_RUN_H
#define MFD_SUITE_RUN_H

#include "run.h"
#include "selection.h"

#include <jansson.h>

/* A rule that senders keep, over all migrations of a run. */
struct mfd_rule_seen {
    size_t held; /* migrations */
    size_t broken;
    char *text; /* where and how it was broken first */
    char *id;   /* of the instance in which it was, or else first was held */
};

/* Of the repetitions of an instance: how many were run, and how many of those came out as the result that is kept. */
struct mfd_run_tally {
    size_t runs;
    size_t alike;
};

struct mfd_suite_run {
    const struct mfd_peer *peer;
    const struct mfd_run_options *options;
    struct mfd_run *run;
    struct mfd_selection selection;
    size_t *order;                  /* the instance that is run as the n-th */
    struct mfd_run_tally *tallies;  /* of each instance */
    struct mfd_plan *plan;          /* in a process of the harness: what it has compiled last ... */
    const struct mfd_item *plan_of; /* ... and of what; twins have processes of their own */
    size_t decided;                 /* results before this index have been reported */
    const struct mfd_suite *files;
    struct mfd_rule_seen rules[MFD_RULE_COUNT]; /* role sender */
};

/* Whether the senders of peers are judged, not their receivers. */
bool mfd_run_of_senders(const struct mfd_suite_run *suite);
/* How often each instance is run. */
unsigned mfd_run_repetitions(const struct mfd_suite_run *suite);
/*
 * The instance of a job; jobs of twins have the first numbers. All repetitions of an instance follow one
 * another, so that a process compiles it once for many.
 */
size_t mfd_run_instance_of(const struct mfd_suite_run *suite, size_t job);

/* In a process of its own: runs the job of this number, a twin or an instance. Work of jobs.h; `suite` is the run. */
json_t *mfd_run_piece(size_t job, void *suite);
/* What is known of an instance before it is run; of its plan, which may be NULL, what is expected. */
void mfd_run_describe(const struct mfd_suite_run *suite, const struct mfd_item *item,
                      const struct mfd_plan *plan, struct mfd_result *result);

/* Adds what one migration has shown of the rules. */
void mfd_run_note_rules(struct mfd_suite_run *suite, const struct mfd_result *result);
/*
 * Add a result for each rule that senders keep, judged over all migrations, and for each line of the baseline
 * that nothing matched. False without memory.
 */
bool mfd_run_add_rules(struct mfd_suite_run *suite);
bool mfd_run_add_stale_lines(struct mfd_suite_run *suite);

#endif
