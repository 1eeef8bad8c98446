// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Traceability both ways: which scenarios and mutants stand behind each rule, how its scenarios came out the last
 * time, and what hangs in the air.
 */
#ifndef MFD_COVERAGE_H
#define MFD_COVERAGE_H

#include "catalogue.h"
#include "result.h"
#include "suite.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether the scenario is among those that a mutant's record says it is killed by. */
bool mfd_coverage_kills(const struct mfd_scenario *scenario, const struct mfd_mutant *mutant);
/* Whether the mutant breaks the rule: it is the rule's own, or a scenario about the rule kills it. */
bool mfd_coverage_guards(const struct mfd_mutant *mutant, const struct mfd_suite *suite,
                         enum mfd_rule rule);

/* What a coverage is made of; all must outlive it. */
struct mfd_coverage_of {
    const struct mfd_suite *suite;
    const struct mfd_mutants *mutants;
    const struct mfd_run *run; /* the last results, or NULL */
    const char *folder;        /* of the scenarios: the baselines lie beside it */
};

struct mfd_cover {
    enum mfd_rule rule;
    bool observed;    /* the observer judges it in captures */
    size_t scenarios; /* that name it */
    size_t mutants;   /* that break it and are not equivalent */
    size_t results[MFD_VERDICT_COUNT];
};

struct mfd_coverage {
    struct mfd_coverage_of of;
    struct mfd_cover rules[MFD_RULE_COUNT];
    /*
     * Sentences about what hangs in the air: a rule that nothing shows and that does not say why, a scenario
     * about no rule, a mutant that no scenario is left to kill, a line of a baseline or of dispositions.def that
     * names no scenario, a defect of which nothing becomes.
     */
    char **orphans;
    size_t orphan_count;
};

#define MFD_COVERAGE_ERROR_SIZE 1280

/* False with a sentence in `error`, which has MFD_COVERAGE_ERROR_SIZE bytes. mfd_coverage_free() in any case. */
bool mfd_coverage_make(struct mfd_coverage *coverage, const struct mfd_coverage_of *of,
                       char *error);
void mfd_coverage_free(struct mfd_coverage *coverage);

/*
 * {rules[{id, seen, unseen, observed, scenarios[], mutants[], results{...}}], orphans[]}; a new reference. `results`
 * is null where there is no run.
 */
json_t *mfd_coverage_to_json(const struct mfd_coverage *coverage);

#endif
