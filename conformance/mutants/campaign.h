// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes mutants one after the other, runs scenarios against each and tells what became of it.
 */
#ifndef MFD_CAMPAIGN_H
#define MFD_CAMPAIGN_H

#include "catalogue.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define MFD_CAMPAIGN_ERROR_SIZE 4096

/*
 * A scenario kills a mutant if it fails, or warns, with it and does not do so without it. An error
 * of the harness kills nothing, nor does a scenario that is blocked.
 */
enum mfd_fate {
    MFD_MUTANT_KILLED, /* by what its record names */
    MFD_MUTANT_KILLED_BY_ANOTHER,
    MFD_MUTANT_SURVIVED,
    MFD_MUTANT_VOID,       /* nothing is proven: `detail` says why */
    MFD_MUTANT_EQUIVALENT, /* marked so, and nothing that is named notices it */
    MFD_MUTANT_STALE,      /* marked so, but killed */
    MFD_FATE_COUNT
};

/* "killed", "killed by another" and so on. */
const char *mfd_fate_name(enum mfd_fate fate);

struct mfd_trial {
    const struct mfd_mutant *mutant;
    enum mfd_fate fate;
    char *by;     /* the instance that killed it, or NULL */
    char *detail; /* what that saw, or why the mutant is void or equivalent; or NULL */
    double ms;
};

struct mfd_campaign {
    struct mfd_trial *trials;
    size_t count;
    size_t summary[MFD_FATE_COUNT];
    double ms; /* the build of the unmutated program included */
};

struct mfd_campaign_options {
    const char *source;       /* root of the tree to mutate; it is copied, never written to */
    const char *folder;       /* for the copy and its build; kept, and quicker the next time */
    const char *scenarios;    /* folder; NULL: those of the source */
    const char *const *globs; /* NULL-terminated; of names of mutants; none: all */
    double timeout_scale;
    /* Called as each trial ends. May be NULL. */
    void (*progress)(const struct mfd_trial *trial, void *context);
    void *context;
};

/*
 * Runs a campaign over the selected mutants; they must outlive `campaign`. False with a sentence in
 * `error`, which has MFD_CAMPAIGN_ERROR_SIZE bytes, if there is nothing to mutate: the source does
 * not build. mfd_campaign_free() must be called in any case.
 */
bool mfd_campaign_run(const struct mfd_mutants *mutants, const struct mfd_campaign_options *options,
                      struct mfd_campaign *campaign, char *error);
void mfd_campaign_free(struct mfd_campaign *campaign);

/*
 * 1 unless every mutant that is not equivalent is killed by what it names; else 3 if one is void, 4
 * if there is none, 0 if all is well.
 */
int mfd_campaign_exit_code(const struct mfd_campaign *campaign);

/*
 * {summary{...}, ms, mutants[{name, file, old, new, killed_by, profile, fate, by, detail, ms}]}; a
 * new reference.
 */
json_t *mfd_campaign_to_json(const struct mfd_campaign *campaign);

/* The score and a table of all mutants, as a document without times. */
void mfd_campaign_to_markdown(const struct mfd_campaign *campaign, FILE *out);

#endif
