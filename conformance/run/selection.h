// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a run consists of: the chosen instances of the scenarios, and the positive twins that they share.
 */
#ifndef MFD_SELECTION_H
#define MFD_SELECTION_H

#include "run.h"
#include "suite.h"

/* One instance to run. */
struct mfd_item {
    const struct mfd_suite_file *file;
    struct mfd_instance *instance;
    int twin;     /* index of its twin; -1: it has none, or does not apply to this peer */
    bool foreign; /* it does not apply to this peer */
};

/* A positive twin, run once for all instances that share its plan. */
struct mfd_twin {
    const struct mfd_item *of;
    uint64_t digest;
    enum mfd_outcome got; /* UNDECIDED until it has run, and where it could not */
    char *detail;
};

struct mfd_selection {
    const struct mfd_peer *peer;
    const struct mfd_run_options *options;
    struct mfd_item *items;
    size_t item_count;
    struct mfd_twin *twins;
    size_t twin_count;
    struct mfd_instance **expansions; /* one for each file, with their counts */
    size_t *expansion_counts;
    size_t file_count;
};

/*
 * Expands and compiles everything once, so that a fault in a scenario is told before anything runs. False
 * with "FILE:LINE: message" in `error`, which has MFD_RUN_ERROR_SIZE bytes. `peer`, `options` and `files`
 * must outlive the selection; mfd_selection_free() must be called in any case.
 */
bool mfd_selection_make(struct mfd_selection *selection, const struct mfd_peer *peer,
                        const struct mfd_run_options *options, const struct mfd_suite *files,
                        char *error);
void mfd_selection_free(struct mfd_selection *selection);

/* What the peer brings into a scenario: one that needs a resizable block gets another machine. */
struct mfd_target mfd_selection_target(const struct mfd_peer *peer,
                                       const struct mfd_scenario *scenario, unsigned strength);

/* What it costs to run the selection. */
struct mfd_budget mfd_selection_budget(const struct mfd_selection *selection);

/* The plan of an item, or of its twin; NULL with `error`, as mfd_scenario_compile(). */
struct mfd_plan *mfd_item_compile(const struct mfd_selection *selection,
                                  const struct mfd_item *item, bool twin,
                                  struct mfd_lang_error *error);

#endif
