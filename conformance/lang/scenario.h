// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scenarios: parse a file, expand its parameters, compile an instance into a plan.
 * The language is described in language.md beside this file.
 */
#ifndef MFD_SCENARIO_H
#define MFD_SCENARIO_H

#include "plan.h"

struct mfd_scenario; /* tree.h has its inside, for parser, printer and compiler */

/* A fault in the text, or in what it asks for: "FILE:LINE: MESSAGE" is what a person should see. */
struct mfd_lang_error {
    unsigned line;
    char text[256];
};

/* `id` is the path below the scenario folder without suffix ("init/bad-magic"). NULL on error. */
struct mfd_scenario *mfd_scenario_parse(const char *id, const char *text, size_t len,
                                        struct mfd_lang_error *error);
/* Reads the file first; errors of the file system become an error at line 0. */
struct mfd_scenario *mfd_scenario_load(const char *id, const char *path,
                                       struct mfd_lang_error *error);
void mfd_scenario_free(struct mfd_scenario *scenario);

/* The one canonical form of the text, as `mfdkit fmt` writes it; owned by the caller. */
char *mfd_scenario_print(const struct mfd_scenario *scenario);

/* Whether fault, rule and expectation agree with the tables; the first disagreement, or true. */
bool mfd_scenario_lint(const struct mfd_scenario *scenario, struct mfd_lang_error *error);

const char *mfd_scenario_id(const struct mfd_scenario *scenario);
/* The prose at the head of the file, lines joined by spaces. */
const char *mfd_scenario_prose(const struct mfd_scenario *scenario);
/* Rules named, `*count` of them; the first one gives the level. */
const enum mfd_rule *mfd_scenario_rules(const struct mfd_scenario *scenario, size_t *count);
/* Whether the scenario has a fault, so that it has a twin without it. */
bool mfd_scenario_negative(const struct mfd_scenario *scenario);
bool mfd_scenario_is_sender(const struct mfd_scenario *scenario);
/* Words of `needs` headers, `*count` of them. */
const char *const *mfd_scenario_needs(const struct mfd_scenario *scenario, size_t *count);
/* "unix" or "tcp" where the scenario asks for one, "file" for mapped-ram files; NULL: any socket will do. */
const char *mfd_scenario_transport(const struct mfd_scenario *scenario);

/*
 * The revision that a peer has in this scenario: its own, or the stage of 2017 that the scenario speaks and
 * that a peer is set to.
 */
enum mfd_rev mfd_scenario_peer_rev(const struct mfd_scenario *scenario, enum mfd_rev own);

/* What the peer under test brings into a compilation. */
struct mfd_target {
    enum mfd_rev rev;    /* the profile's revision: `only`, `for` and, without `speak`, the bytes */
    const char *machine; /* machine type that main's configuration names */
    const char *
        resizable_name; /* name by which the peer knows the scenario's resizable block; NULL: same */
    bool settable; /* the peer takes its revision from the plan, so that it may be one of 2017 */
    bool slow;     /* expand `each` over a size() to the edges of fields only */
};

/* One set of parameter values. */
struct mfd_instance {
    char *id;     /* "init/eof[n=13]"; the plain id if there are no parameters */
    char *params; /* "n=13" */
    void *values; /* opaque */
};

/*
 * All instances: `each` gives every value, `with` pairwise cover (`strength` 2) or more; strength 0 means
 * every combination and no edges-only. The array and its strings are owned by the caller:
 * mfd_instances_free().
 */
struct mfd_instance *mfd_scenario_expand(const struct mfd_scenario *scenario,
                                         const struct mfd_target *target, unsigned strength,
                                         size_t *count, struct mfd_lang_error *error);
void mfd_instances_free(struct mfd_instance *instances, size_t count);

/*
 * Compiles one instance; `twin` leaves the faults out (expect is then ACCEPTED). NULL on error. A scenario
 * outside the target's revisions compiles to a plan with expect 0 and no steps.
 * Plans with `orders` come one per interleaving: expand() has made each an instance ("[order=2]").
 */
struct mfd_plan *mfd_scenario_compile(const struct mfd_scenario *scenario,
                                      const struct mfd_instance *instance,
                                      const struct mfd_target *target, bool twin,
                                      struct mfd_lang_error *error);

#endif
