// SPDX-License-Identifier: GPL-2.0-or-later
#include "suite_run.h"

#include "id_glob.h"
#include "oversight.h"
#include "verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mfd_run_note_rules(struct mfd_suite_run *suite, const struct mfd_result *result)
{
    for (size_t i = 0; i < result->rule_count; i++) {
        const struct mfd_result_rule *seen = &result->rules[i];
        struct mfd_rule_seen *rule = &suite->rules[seen->rule];

        if (seen->broken ? rule->broken == 0 : rule->held + rule->broken == 0) {
            free(rule->id);
            rule->id = strdup(result->id);
        }
        if (seen->broken && !rule->text) {
            rule->text = seen->text ? strdup(seen->text) : NULL;
        }
        rule->broken += seen->broken;
        rule->held += !seen->broken;
    }
}

/* Whether nothing was left out of the run. */
static bool is_full(const struct mfd_run_options *options)
{
    return (!options->globs || !options->globs[0]) && !options->shards;
}

/* One more result; NULL without memory. */
static struct mfd_result *add_result(struct mfd_run *run)
{
    struct mfd_result *grown = realloc(run->results, (run->count + 1) * sizeof(*grown));

    if (!grown) {
        return NULL;
    }
    run->results = grown;
    grown[run->count] = (struct mfd_result){.id = NULL};
    return &grown[run->count++];
}

static void tell_rule(struct mfd_suite_run *suite, enum mfd_rule rule, struct mfd_result *result)
{
    const struct mfd_rule_seen *seen = &suite->rules[rule];
    bool applies = mfd_rule_applies(rule, suite->peer->rev);
    const struct mfd_verdict_twin none = {0};

    *result = (struct mfd_result){
        .params = strdup(""),
        .rule = rule,
        .role = suite->options->role,
        .level = mfd_rule_level(rule, true),
        .expect = applies ? MFD_OUTCOME_BIT(MFD_ACCEPTED) : 0,
        .got = seen->broken ? MFD_CORRUPTED
               : seen->held ? MFD_ACCEPTED
                            : MFD_UNDECIDED,
    };
    if (asprintf(&result->id, MFD_RESULT_OF_RULE "%s", mfd_rule_info(rule)->id) < 0) {
        result->id = NULL;
    }
    if (asprintf(&result->detail, "held in %zu migrations, broken in %zu%s%s%s%s", seen->held,
                 seen->broken, seen->text ? ", first in " : "", seen->text ? seen->id : "",
                 seen->text ? ": " : "", seen->text ? seen->text : "") < 0) {
        result->detail = NULL;
    }
    if (seen->id && asprintf(&result->rerun, "%s -t '%s'", suite->options->rerun, seen->id) < 0) {
        result->rerun = NULL;
    }
    mfd_verdict_decide(result, &none, suite->options->baseline,
                       suite->peer->version ? suite->peer->version : "");
}

/*
 * The rules that a sender keeps, judged over all its migrations, as a result each. Of a part of the scenarios
 * only those are told that it has decided.
 */
bool mfd_run_add_rules(struct mfd_suite_run *suite)
{
    for (int i = 0; mfd_run_of_senders(suite) && i < MFD_RULE_COUNT; i++) {
        const struct mfd_rule_seen *seen = &suite->rules[i];
        bool due = is_full(suite->options) && mfd_oversight_rule((enum mfd_rule)i);
        struct mfd_result *result = NULL;

        if (!due && !seen->held && !seen->broken) {
            continue;
        }
        result = add_result(suite->run);
        if (!result) {
            return false;
        }
        tell_rule(suite, (enum mfd_rule)i, result);
    }
    return true;
}

/* Whether a line of the baseline is about a rule over all migrations, which only all of them can make stale. */
static bool is_of_rule(const struct mfd_baseline_line *line)
{
    return strncmp(line->glob, MFD_RESULT_OF_RULE, strlen(MFD_RESULT_OF_RULE)) == 0;
}

/* Whether a line of the baseline is about peers in the other role, of which this run shows nothing. */
static bool of_other_role(const struct mfd_suite_run *suite, const struct mfd_baseline_line *line)
{
    if (is_of_rule(line)) {
        return !mfd_run_of_senders(suite);
    }
    for (size_t i = 0; i < suite->files->count; i++) {
        const struct mfd_scenario *scenario = suite->files->files[i].scenario;

        if (mfd_scenario_is_sender(scenario) != mfd_run_of_senders(suite) &&
            mfd_glob_matches(line->glob, mfd_scenario_id(scenario))) {
            return true;
        }
    }
    return false;
}

bool mfd_run_add_stale_lines(struct mfd_suite_run *suite)
{
    const struct mfd_run_options *options = suite->options;
    const struct mfd_baseline *baseline = options->baseline;
    bool full = is_full(options);

    for (size_t i = 0; baseline && i < baseline->count; i++) {
        const struct mfd_baseline_line *line = &baseline->lines[i];
        enum mfd_staleness stale =
            mfd_baseline_staleness(line, suite->peer->version ? suite->peer->version : "",
                                   full && !of_other_role(suite, line));
        char text[MFD_BASELINE_ERROR_SIZE];
        struct mfd_result *result = NULL;

        if (stale == MFD_FRESH || (!full && is_of_rule(line))) {
            continue;
        }
        result = add_result(suite->run);
        if (!result) {
            return false;
        }
        *result = (struct mfd_result){
            .id = strdup(line->glob),
            .params = strdup(line->params),
            .rule = MFD_RULE_COUNT,
            .level = "-",
            .role = options->role,
            .got = MFD_UNDECIDED,
            .verdict = stale == MFD_STALE_LINE ? MFD_STALE : MFD_WARN,
            .defect = strdup(line->defect->id),
            .detail = strdup(mfd_baseline_stale_text(baseline, line, text, sizeof(text))),
            .path = strdup(baseline->path),
            .line = line->line,
        };
    }
    return true;
}
