// SPDX-License-Identifier: GPL-2.0-or-later
#include "coverage.h"

#include "baseline.h"
#include "disposition.h"
#include "id_glob.h"
#include "observe.h"
#include "profile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The part of a glob, or of an id, that names a scenario: what stands before the parameters. */
static void base_of(const char *id, char *base, size_t size)
{
    snprintf(base, size, "%.*s", (int)strcspn(id, "["), id);
}

bool mfd_coverage_kills(const struct mfd_scenario *scenario, const struct mfd_mutant *mutant)
{
    const char *globs[] = {mutant->killed_by, NULL};
    char base[256];

    base_of(mutant->killed_by, base, sizeof(base));
    return mfd_suite_selected(scenario, mfd_scenario_id(scenario), globs) ||
           mfd_glob_matches(base, mfd_scenario_id(scenario));
}

bool mfd_coverage_guards(const struct mfd_mutant *mutant, const struct mfd_suite *suite,
                         enum mfd_rule rule)
{
    if (mutant->rule != MFD_RULE_COUNT) {
        return mutant->rule == rule;
    }
    for (size_t i = 0; i < suite->count; i++) {
        if (mfd_suite_names(suite->files[i].scenario, rule) &&
            mfd_coverage_kills(suite->files[i].scenario, mutant)) {
            return true;
        }
    }
    return false;
}

__attribute__((format(printf, 2, 3))) static bool add_orphan(struct mfd_coverage *coverage,
                                                             const char *format, ...)
{
    char **grown = realloc(coverage->orphans, (coverage->orphan_count + 1) * sizeof(*grown));
    char *text = NULL;
    va_list list;

    if (!grown) {
        return false;
    }
    coverage->orphans = grown;
    va_start(list, format);
    if (vasprintf(&text, format, list) < 0) {
        text = NULL;
    }
    va_end(list);
    grown[coverage->orphan_count] = text;
    coverage->orphan_count += text != NULL;
    return text != NULL;
}

static bool names_a_scenario(const struct mfd_suite *suite, const char *glob)
{
    /* a rule that senders keep, as a result of its own */
    if (strncmp(glob, MFD_RESULT_OF_RULE, strlen(MFD_RESULT_OF_RULE)) == 0 &&
        mfd_rule_find(glob + strlen(MFD_RESULT_OF_RULE)) != MFD_RULE_COUNT) {
        return true;
    }
    for (size_t i = 0; i < suite->count; i++) {
        if (mfd_glob_matches(glob, mfd_scenario_id(suite->files[i].scenario))) {
            return true;
        }
    }
    return false;
}

/* The scenario that a result is of, by its id without parameters; NULL if it is not there any more. */
static const struct mfd_scenario *scenario_of(const struct mfd_suite *suite,
                                              const struct mfd_result *result)
{
    char base[256];

    base_of(result->id, base, sizeof(base));
    for (size_t i = 0; i < suite->count; i++) {
        if (strcmp(mfd_scenario_id(suite->files[i].scenario), base) == 0) {
            return suite->files[i].scenario;
        }
    }
    return NULL;
}

static void count_rules(struct mfd_coverage *coverage)
{
    const struct mfd_suite *suite = coverage->of.suite;
    const struct mfd_mutants *mutants = coverage->of.mutants;

    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        struct mfd_cover *cover = &coverage->rules[i];

        cover->rule = (enum mfd_rule)i;
        cover->observed = mfd_observer_judges(cover->rule);
        for (size_t s = 0; s < suite->count; s++) {
            cover->scenarios += mfd_suite_names(suite->files[s].scenario, cover->rule);
        }
        for (size_t m = 0; m < mutants->count; m++) {
            cover->mutants += !mutants->list[m].equivalent &&
                              mfd_coverage_guards(&mutants->list[m], suite, cover->rule);
        }
    }
}

static void count_results(struct mfd_coverage *coverage)
{
    const struct mfd_run *run = coverage->of.run;

    for (size_t i = 0; run && i < run->count; i++) {
        const struct mfd_scenario *scenario = scenario_of(coverage->of.suite, &run->results[i]);
        size_t count = 0;
        const enum mfd_rule *rules = scenario ? mfd_scenario_rules(scenario, &count) : NULL;

        for (size_t r = 0; r < count; r++) {
            coverage->rules[rules[r]].results[run->results[i].verdict]++;
        }
    }
}

static bool find_orphan_rules(struct mfd_coverage *coverage)
{
    bool good = true;

    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        const struct mfd_cover *cover = &coverage->rules[i];
        const struct mfd_rule_info *info = mfd_rule_info(cover->rule);

        if (info->seen != MFD_SEEN_NOT && !cover->observed && cover->scenarios == 0) {
            good =
                good && add_orphan(coverage, "%s: nothing shows the rule, and it does not say why",
                                   info->id);
        }
    }
    return good;
}

static bool find_orphan_scenarios(struct mfd_coverage *coverage)
{
    const struct mfd_suite *suite = coverage->of.suite;
    bool good = true;

    for (size_t i = 0; i < suite->count; i++) {
        size_t count = 0;

        mfd_scenario_rules(suite->files[i].scenario, &count);
        if (count == 0) {
            good = good && add_orphan(coverage, "%s: the scenario is about no rule",
                                      mfd_scenario_id(suite->files[i].scenario));
        }
    }
    return good;
}

static bool find_orphan_mutants(struct mfd_coverage *coverage)
{
    const struct mfd_suite *suite = coverage->of.suite;
    const struct mfd_mutants *mutants = coverage->of.mutants;
    bool good = true;

    for (size_t i = 0; i < mutants->count; i++) {
        const struct mfd_mutant *mutant = &mutants->list[i];
        bool killed = mutant->equivalent != NULL;

        for (size_t s = 0; s < suite->count && !killed; s++) {
            killed = mfd_coverage_kills(suite->files[s].scenario, mutant);
        }
        if (!killed) {
            good = good && add_orphan(coverage, "%s: no scenario is left that kills the mutant: %s",
                                      mutant->name, mutant->killed_by);
        }
    }
    return good;
}

/* Lines of a baseline that name no scenario; marks the defects that its lines are about. */
static bool find_orphan_lines(struct mfd_coverage *coverage, const struct mfd_baseline *baseline,
                              bool *told)
{
    size_t count = 0;
    const struct mfd_defect *defects = mfd_defects(&count);
    bool good = true;

    for (size_t i = 0; baseline && i < baseline->count; i++) {
        const struct mfd_baseline_line *line = &baseline->lines[i];

        told[line->defect - defects] = true;
        if (!names_a_scenario(coverage->of.suite, line->glob)) {
            good = good && add_orphan(coverage, "%s:%u: the line names no scenario: %s",
                                      baseline->path, line->line, line->glob);
        }
    }
    return good;
}

static bool find_orphan_dispositions(struct mfd_coverage *coverage, bool *told)
{
    size_t count = 0;
    size_t rows = 0;
    const struct mfd_defect *defects = mfd_defects(&count);
    const struct mfd_disposition *table = mfd_dispositions(&rows);
    bool good = true;

    for (size_t i = 0; i < rows; i++) {
        const struct mfd_defect *defect = mfd_defect_find(table[i].defect);

        if (!defect) {
            good = good &&
                   add_orphan(coverage, "dispositions.def: there is no defect %s", table[i].defect);
            continue;
        }
        told[defect - defects] = true;
        if (table[i].kind == MFD_SHOWN_BY_SCENARIO && *table[i].what &&
            !names_a_scenario(coverage->of.suite, table[i].what)) {
            good = good && add_orphan(coverage, "dispositions.def: %s names no scenario: %s",
                                      defect->id, table[i].what);
        }
    }
    return good;
}

/* Defects, by what baselines, the table and mutants say of them. */
static bool find_orphan_defects(struct mfd_coverage *coverage, char *error)
{
    size_t count = 0;
    size_t profile_count = 0;
    const struct mfd_defect *defects = mfd_defects(&count);
    const struct mfd_profile *profiles = mfd_profiles(&profile_count);
    const struct mfd_mutants *mutants = coverage->of.mutants;
    bool *told = calloc(count + 1, sizeof(*told));
    bool good = told != NULL;

    for (size_t i = 0; good && i < profile_count; i++) {
        struct mfd_baseline *baseline = NULL;

        good = mfd_baseline_of_profile(coverage->of.folder, &profiles[i], &baseline, error) &&
               find_orphan_lines(coverage, baseline, told);
        mfd_baseline_free(baseline);
    }
    good = good && find_orphan_dispositions(coverage, told);
    for (size_t i = 0; good && i < mutants->count; i++) {
        if (mutants->list[i].defect) {
            told[mfd_defect_find(mutants->list[i].defect) - defects] = true;
        }
    }
    for (size_t i = 0; good && i < count; i++) {
        good = told[i] ||
               add_orphan(coverage, "%s: nothing says what becomes of the defect", defects[i].id);
    }
    free(told);
    return good;
}

bool mfd_coverage_make(struct mfd_coverage *coverage, const struct mfd_coverage_of *of, char *error)
{
    *coverage = (struct mfd_coverage){.of = *of};
    snprintf(error, MFD_COVERAGE_ERROR_SIZE, "out of memory");
    count_rules(coverage);
    count_results(coverage);
    return find_orphan_rules(coverage) && find_orphan_scenarios(coverage) &&
           find_orphan_mutants(coverage) && find_orphan_defects(coverage, error);
}

void mfd_coverage_free(struct mfd_coverage *coverage)
{
    for (size_t i = 0; i < coverage->orphan_count; i++) {
        free(coverage->orphans[i]);
    }
    free(coverage->orphans);
    coverage->orphans = NULL;
    coverage->orphan_count = 0;
}

/* As JSON. */

static json_t *scenarios_json(const struct mfd_coverage *coverage, enum mfd_rule rule)
{
    const struct mfd_suite *suite = coverage->of.suite;
    json_t *list = json_array();

    for (size_t i = 0; i < suite->count; i++) {
        if (mfd_suite_names(suite->files[i].scenario, rule)) {
            json_array_append_new(list, json_string(mfd_scenario_id(suite->files[i].scenario)));
        }
    }
    return list;
}

static json_t *mutants_json(const struct mfd_coverage *coverage, enum mfd_rule rule)
{
    const struct mfd_mutants *mutants = coverage->of.mutants;
    json_t *list = json_array();

    for (size_t i = 0; i < mutants->count; i++) {
        if (!mutants->list[i].equivalent &&
            mfd_coverage_guards(&mutants->list[i], coverage->of.suite, rule)) {
            json_array_append_new(list, json_string(mutants->list[i].name));
        }
    }
    return list;
}

static json_t *results_json(const struct mfd_coverage *coverage, const struct mfd_cover *cover)
{
    json_t *json = coverage->of.run ? json_object() : json_null();

    for (int i = 0; coverage->of.run && i < MFD_VERDICT_COUNT; i++) {
        if (cover->results[i]) {
            json_object_set_new(json, mfd_verdict_name((enum mfd_verdict)i),
                                json_integer((json_int_t)cover->results[i]));
        }
    }
    return json;
}

json_t *mfd_coverage_to_json(const struct mfd_coverage *coverage)
{
    json_t *rules = json_array();
    json_t *orphans = json_array();

    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        const struct mfd_cover *cover = &coverage->rules[i];
        const struct mfd_rule_info *info = mfd_rule_info(cover->rule);

        json_array_append_new(rules, json_pack("{s:s, s:s, s:s?, s:b, s:o, s:o, s:o}", "id",
                                               info->id, "seen", mfd_seen_name(info->seen),
                                               "unseen", info->unseen, "observed", cover->observed,
                                               "scenarios", scenarios_json(coverage, cover->rule),
                                               "mutants", mutants_json(coverage, cover->rule),
                                               "results", results_json(coverage, cover)));
    }
    for (size_t i = 0; i < coverage->orphan_count; i++) {
        json_array_append_new(orphans, json_string(coverage->orphans[i]));
    }
    return json_pack("{s:o, s:o}", "rules", rules, "orphans", orphans);
}
