// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What mutation begins with: scenarios, as they are for one peer, in the form that the mutator knows.
 */
#ifndef MFD_BLACKBOX_SEEDS_H
#define MFD_BLACKBOX_SEEDS_H

#include "peer.h"

/* Longer ones cost more than they tell, and more of them than that are not taken. */
#define MFD_SEED_SIZE_MAX 16384u
#define MFD_SEEDS_MAX 4096u

struct mfd_seed {
    uint8_t *bytes; /* a case (case.h) */
    size_t size;
    char *name; /* of the instance */
};

struct mfd_seeds {
    struct mfd_seed *list;
    size_t count;
};

#define MFD_SEEDS_ERROR_SIZE 1280

/*
 * Every instance of the scenario files, and of all files in the folders, that `paths` name and that plays to such a
 * peer over connections. False with a sentence in `error`, which has MFD_SEEDS_ERROR_SIZE bytes, if one cannot be
 * read, or nothing is left. mfd_seeds_free() in any case.
 */
bool mfd_seeds_load(const char *const *paths, size_t count, const struct mfd_peer *peer,
                    struct mfd_seeds *seeds, char *error);
void mfd_seeds_free(struct mfd_seeds *seeds);

#endif
