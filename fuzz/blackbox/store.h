// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The folder of a campaign: what was found, and the counts with which it goes on later.
 *
 *     found/NAME.mfd, .pcapng, .log   each finding, named by what it did and where
 *     state.json                      peer, seed, number of the next run, counts
 *     drafts/                         while it runs
 */
#ifndef MFD_BLACKBOX_STORE_H
#define MFD_BLACKBOX_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Different findings that are kept; what goes beyond is counted. */
#define MFD_STORE_FINDINGS_MAX 500u
#define MFD_STORE_ERROR_SIZE 512

struct mfd_store {
    char *folder;
    char *drafts;
    json_t *state;
    int lock;
    size_t found; /* by this process */
};

/*
 * Makes the folder, or opens what a former run left there. False with a sentence in `error`, which has
 * MFD_STORE_ERROR_SIZE bytes: it cannot be used, it is in use, or it is about another peer or seed. `seed` NULL: that of
 * the folder, or 1. mfd_store_close() in any case.
 */
bool mfd_store_open(struct mfd_store *store, const char *folder, const char *peer,
                    const uint64_t *seed, char *error);
/* Frees all but what is to stay. */
void mfd_store_close(struct mfd_store *store);
/* Writes state.json; false with errno. */
bool mfd_store_save(const struct mfd_store *store);

uint64_t mfd_store_seed(const struct mfd_store *store);
/* Number of the first run that was never made. */
size_t mfd_store_next(const struct mfd_store *store);
/* Whether there is a finding of that name; `store` is a struct mfd_store. */
bool mfd_store_has(const char *name, void *store);

/*
 * Counts the answer (attempt.h) of a run, NULL where it failed, and keeps its draft if it is the first of its name. Its
 * name then, else NULL.
 */
const char *mfd_store_take(struct mfd_store *store, size_t number, const json_t *answer);
/* From now on there is a finding of the answer's name, if it has one, as far as mfd_store_has() goes. */
void mfd_store_note(struct mfd_store *store, const json_t *answer);
/* What is counted, on one line without its end. */
void mfd_store_print(FILE *out, const struct mfd_store *store);
/* Names of the findings and how often they came, a line each. */
void mfd_store_print_found(FILE *out, const struct mfd_store *store);

#endif
