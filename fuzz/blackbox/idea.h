// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is played: a seed, mutated, as a scenario and as the plan of it for the peer.
 */
#ifndef MFD_BLACKBOX_IDEA_H
#define MFD_BLACKBOX_IDEA_H

#include "import.h"
#include "peer.h"
#include "seeds.h"

struct mfd_idea {
    const struct mfd_seed *from;
    const struct mfd_seed *with; /* events of which were put in, or NULL */
    struct mfd_case *c;
    struct mfd_imported imported;
    struct mfd_scenario *scenario;
    struct mfd_instance *instances;
    size_t instance_count;
    struct mfd_plan *plan;
};

/*
 * Everything is decided by `random`. False where nothing that can be played came of it: then another number may do.
 * mfd_idea_free() in any case.
 */
bool mfd_idea_have(struct mfd_idea *idea, const struct mfd_seeds *seeds, uint64_t random,
                   const struct mfd_peer *peer);

/* How a scenario is to be worded. */
struct mfd_idea_words {
    const char *id;
    const char *title; /* its first line */
    enum mfd_outcome expect;
    bool whole; /* every line is a fault as a whole (import.h) */
};

/*
 * The same messages once more, in other words. False where there are none. Also mfd_idea_free() in any case, before
 * that of `other`.
 */
bool mfd_idea_word(struct mfd_idea *idea, const struct mfd_idea *other,
                   const struct mfd_idea_words *words, const struct mfd_peer *peer);
/* The plan without its faults; NULL if there is none. */
struct mfd_plan *mfd_idea_twin(const struct mfd_idea *idea, const struct mfd_peer *peer);
void mfd_idea_free(struct mfd_idea *idea);

#endif
