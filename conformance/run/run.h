// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A whole run: which scenario instances there are, each in a process of its own, with the twins that
 * make a refusal mean something, and a verdict for each.
 */
#ifndef MFD_RUN_H
#define MFD_RUN_H

#include "baseline.h"
#include "peer.h"
#include "result.h"
#include "scenario.h"

#define MFD_RUN_ERROR_SIZE 1280

/* What a run is going to cost. */
struct mfd_budget {
    size_t scenarios; /* of which at least one instance is chosen */
    size_t instances; /* results that there will be, lines of the baseline aside */
    size_t foreign;   /* of these not for this peer's profile: they cost nothing */
    size_t twins;     /* migrations without a fault that prove the others */
    size_t plays;     /* migrations in all, repetitions included: each starts a peer */
};

struct mfd_run_options {
    const char *scenarios;    /* folder */
    const char *const *globs; /* NULL-terminated; scenario id, instance id or rule id; none: all */
    struct mfd_baseline *baseline; /* or NULL */
    const char *role;
    const char *rerun; /* start of the command that runs one instance again */
    unsigned jobs;
    unsigned repeat;
    unsigned strength; /* 0: every combination */
    unsigned seed;     /* instances run in an order shuffled by it; 0: that of the list */
    unsigned shard;    /* of `shards`, from 1 */
    unsigned shards;
    bool strict;
    /* Called once, before anything runs. May be NULL. */
    void (*planned)(const struct mfd_budget *budget, void *context);
    const char *save_pcap; /* folder for captures of what is not as expected, or NULL */
    /* Called as each result is decided, in the order of the list. May be NULL. */
    void (*progress)(const struct mfd_result *result, void *context);
    void *context;
};

/*
 * Runs everything and fills `run`. False with `error` ("FILE:LINE: message") if a scenario cannot be read:
 * nothing was run then. mfd_run_free() must be called in any case.
 */
bool mfd_run_suite(const struct mfd_peer *peer, const struct mfd_run_options *options,
                   struct mfd_run *run, char *error);

#endif
