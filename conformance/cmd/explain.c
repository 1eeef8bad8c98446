// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit explain: all that is known of one rule, field, scenario, defect or profile. */
#include "cmd.h"

#include "baseline.h"
#include "catalogue.h"
#include "coverage.h"
#include "defect.h"
#include "id_glob.h"
#include "layout.h"
#include "profile.h"
#include "rule.h"
#include "suite.h"
#include "words.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(const char *label, const char *value)
{
    if (value && *value) {
        printf("  %-10s %s\n", label, value);
    }
}

static void put_rule_line(const char *label, const struct mfd_rule_info *rule)
{
    printf("  %-10s %s %s\n", label, rule->id, rule->text);
}

/* The lines of all baselines that a caller is interested in. */
static void put_baseline_lines(const char *scenarios,
                               bool (*wanted)(const struct mfd_baseline_line *line,
                                              const void *about),
                               const void *about)
{
    size_t count = 0;
    const struct mfd_profile *profiles = mfd_profiles(&count);

    for (size_t i = 0; i < count; i++) {
        char error[MFD_BASELINE_ERROR_SIZE];
        struct mfd_baseline *baseline = NULL;

        if (!mfd_baseline_of_profile(scenarios, &profiles[i], &baseline, error)) {
            fprintf(stderr, "mfdkit explain: %s\n", error);
        }
        for (size_t l = 0; baseline && l < baseline->count; l++) {
            if (wanted(&baseline->lines[l], about)) {
                char *line = mfd_baseline_line_print(&baseline->lines[l]);

                printf("  %-10s %s\n", profiles[i].name, line);
                free(line);
            }
        }
        mfd_baseline_free(baseline);
    }
}

static bool of_defect(const struct mfd_baseline_line *line, const void *about)
{
    return line->defect == about;
}

static bool of_scenario(const struct mfd_baseline_line *line, const void *about)
{
    return mfd_glob_matches(line->glob, about);
}

/* One rule. */

static void put_revisions(const struct mfd_rule_info *rule)
{
    printf("  %-10s %s", "revisions", mfd_rev_info(rule->since)->name);
    if (rule->until == MFD_REV_END) {
        printf(" and later\n");
    } else {
        printf(", before %s\n", mfd_rev_info(rule->until)->name);
    }
}

static void put_fields_of(const struct mfd_rule_info *rule)
{
    const char *label = "fields";
    char field[96];

    for (const char *at = rule->field; mfd_words_next(&at, field, sizeof(field));) {
        printf("  %-10s %s\n", label, field);
        label = "";
    }
}

static void put_defects_of(const struct mfd_rule_info *rule)
{
    const char *label = "defects";
    size_t count = 0;
    const struct mfd_defect *all = mfd_defects(&count);

    for (size_t i = 0; i < count; i++) {
        if (mfd_words_have(all[i].rules, rule->id)) {
            printf("  %-10s %s %s\n", label, all[i].id, all[i].text);
            label = "";
        }
    }
}

static void put_scenarios_of(enum mfd_rule rule, const struct mfd_suite *suite)
{
    const char *label = "scenarios";

    for (size_t i = 0; i < suite->count; i++) {
        if (mfd_suite_names(suite->files[i].scenario, rule)) {
            printf("  %-10s %s\n", label, mfd_scenario_id(suite->files[i].scenario));
            label = "";
        }
    }
}

static void put_former_ids(const struct mfd_rule_info *rule)
{
    const char *label = "was";
    size_t count = 0;
    const struct mfd_rule_tombstone *old = mfd_rule_tombstones(&count);

    for (size_t i = 0; i < count; i++) {
        if (old[i].into && strcmp(old[i].into, rule->id) == 0) {
            printf("  %-10s %s\n", label, old[i].id);
            label = "";
        }
    }
}

/* The mutants that a caller is interested in. */
static void put_mutants(const struct mfd_suite *suite,
                        bool (*wanted)(const struct mfd_mutant *mutant,
                                       const struct mfd_suite *suite, const void *about),
                        const void *about)
{
    struct mfd_mutants mutants;
    char error[MFD_MUTANTS_ERROR_SIZE];

    if (!mfd_mutants_load(NULL, &mutants, error)) {
        fprintf(stderr, "mfdkit explain: %s\n", error);
        return;
    }
    for (size_t i = 0; i < mutants.count; i++) {
        const struct mfd_mutant *mutant = &mutants.list[i];

        if (wanted(mutant, suite, about)) {
            printf("  %-10s %s%s%s\n", "mutant", mutant->name,
                   mutant->equivalent ? ", equivalent: " : "",
                   mutant->equivalent ? mutant->equivalent : "");
        }
    }
    mfd_mutants_free(&mutants);
}

static bool of_rule(const struct mfd_mutant *mutant, const struct mfd_suite *suite,
                    const void *about)
{
    return mfd_coverage_guards(mutant, suite, *(const enum mfd_rule *)about);
}

static bool by_scenario(const struct mfd_mutant *mutant, const struct mfd_suite *suite,
                        const void *about)
{
    (void)suite;
    return mfd_coverage_kills(about, mutant);
}

static bool of_the_defect(const struct mfd_mutant *mutant, const struct mfd_suite *suite,
                          const void *about)
{
    const struct mfd_defect *defect = about;

    (void)suite;
    return mutant->defect && strcmp(mutant->defect, defect->id) == 0;
}

static void explain_rule(enum mfd_rule id, const struct mfd_suite *suite)
{
    const struct mfd_rule_info *rule = mfd_rule_info(id);

    printf("%s: %s\n", rule->id, rule->text);
    put("sender", mfd_send_name(rule->send));
    put("receiver", mfd_receipt_name(rule->receipt));
    put_revisions(rule);
    put_fields_of(rule);
    put("shown by", mfd_kind_name(rule->kind));
    put("seen", rule->unseen ? rule->unseen : mfd_seen_name(rule->seen));
    put("source", rule->source);
    put_former_ids(rule);
    put_defects_of(rule);
    put_scenarios_of(id, suite);
    put_mutants(suite, of_rule, &id);
}

static bool explain_tombstone(const char *id, const struct mfd_suite *suite)
{
    size_t count = 0;
    const struct mfd_rule_tombstone *old = mfd_rule_tombstones(&count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(old[i].id, id) != 0) {
            continue;
        }
        if (old[i].reason) {
            printf("%s is no rule any more: %s.\n", id, old[i].reason);
        } else {
            printf("%s is part of %s.\n\n", id, old[i].into);
            explain_rule(mfd_rule_find(old[i].into), suite);
        }
        return true;
    }
    return false;
}

/* One field. */

static bool explain_field(const char *id)
{
    const char *dot = strchr(id, '.');
    enum mfd_message message = MFD_MESSAGE_COUNT;
    enum mfd_field field = MFD_FIELD_COUNT;
    char text[64];

    if (dot && (size_t)(dot - id) < sizeof(text)) {
        snprintf(text, sizeof(text), "%.*s", (int)(dot - id), id);
        message = mfd_message_find(text);
    }
    if (message != MFD_MESSAGE_COUNT) {
        field = mfd_field_find(message, dot + 1);
    }
    if (field == MFD_FIELD_COUNT) {
        return false;
    }
    printf("%s: %s\n", id, mfd_field_info(field)->meaning);
    put("message", mfd_message_what(message));
    put("offset", mfd_layout_offset(field, text, sizeof(text)));
    put("bytes", mfd_layout_extent(field, text, sizeof(text)));
    put("since", mfd_rev_info(mfd_field_info(field)->since)->name);
    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        if (mfd_words_have(mfd_rule_info((enum mfd_rule)i)->field, id)) {
            put_rule_line("rule", mfd_rule_info((enum mfd_rule)i));
        }
    }
    return true;
}

/* One scenario, defect or profile. */

static bool explain_scenario(const char *id, const struct mfd_suite *suite, const char *scenarios)
{
    char name[256];

    snprintf(name, sizeof(name), "%.*s", (int)strcspn(id, "["), id);
    for (size_t i = 0; i < suite->count; i++) {
        const struct mfd_scenario *scenario = suite->files[i].scenario;
        size_t count = 0;
        const enum mfd_rule *rules = mfd_scenario_rules(scenario, &count);
        char *text = NULL;

        if (strcmp(mfd_scenario_id(scenario), name) != 0) {
            continue;
        }
        printf("%s: %s\n", name, mfd_scenario_prose(scenario));
        put("file", suite->files[i].path);
        put("tests", mfd_scenario_is_sender(scenario) ? "a sender" : "a receiver");
        for (size_t r = 0; r < count; r++) {
            put_rule_line("rule", mfd_rule_info(rules[r]));
        }
        put_mutants(suite, by_scenario, scenario);
        put_baseline_lines(scenarios, of_scenario, name);
        text = mfd_scenario_print(scenario);
        printf("\n%s", text);
        free(text);
        return true;
    }
    return false;
}

static bool explain_defect(const char *id, const struct mfd_suite *suite, const char *scenarios)
{
    const struct mfd_defect *defect = mfd_defect_find(id);
    char rule[32];

    if (!defect) {
        return false;
    }
    printf("%s: %s\n", defect->id, defect->text);
    put("seen", defect->releases);
    for (const char *at = defect->rules; mfd_words_next(&at, rule, sizeof(rule));) {
        put_rule_line("breaks", mfd_rule_info(mfd_rule_find(rule)));
    }
    put_mutants(suite, of_the_defect, defect);
    put_baseline_lines(scenarios, of_defect, defect);
    return true;
}

static bool explain_profile(const char *id, const char *scenarios)
{
    const struct mfd_profile *profile = mfd_profile_find(id);
    char text[1024];
    char error[MFD_BASELINE_ERROR_SIZE];
    struct mfd_baseline *baseline = NULL;

    if (!profile) {
        return false;
    }
    printf("%s: %s\n", profile->name, *profile->note ? profile->note : profile->release);
    put("release", profile->release);
    snprintf(text, sizeof(text), "%s: %s", mfd_rev_info(profile->rev)->name,
             mfd_rev_info(profile->rev)->change);
    put("revision", text);
    if (!mfd_baseline_of_profile(scenarios, profile, &baseline, error)) {
        fprintf(stderr, "mfdkit explain: %s\n", error);
    } else if (!baseline) {
        put("baseline", "none");
    } else {
        char *lines = mfd_baseline_print(baseline);

        put("baseline", baseline->path);
        printf("\n%s", lines);
        free(lines);
        mfd_baseline_free(baseline);
    }
    return true;
}

/* The command line. */

struct arguments {
    const char *id;
    const char *scenarios;
};

enum { KEY_SCENARIOS = 0x100 };

static const struct argp_option options[] = {
    {"scenarios", KEY_SCENARIOS, "DIR", 0, "folder of the scenarios", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *args = state->input;

    switch (key) {
    case KEY_SCENARIOS:
        args->scenarios = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (args->id) {
            argp_error(state, "one at a time: '%s' is one too many", arg);
        }
        args->id = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "what?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    options,
    parse,
    "ID",
    "Tell all that is known of a rule (MF-INIT-012), a field (hello.id), a scenario, a defect (B01) or a profile.",
    NULL,
    NULL,
    NULL};

static bool explain(const struct arguments *args, const struct mfd_suite *suite)
{
    enum mfd_rule rule = mfd_rule_find(args->id);

    if (rule != MFD_RULE_COUNT) {
        explain_rule(rule, suite);
        return true;
    }
    return explain_tombstone(args->id, suite) || explain_field(args->id) ||
           explain_defect(args->id, suite, args->scenarios) ||
           explain_profile(args->id, args->scenarios) ||
           explain_scenario(args->id, suite, args->scenarios);
}

int mfd_cmd_explain(int argc, char **argv)
{
    struct arguments args = {.scenarios = mfd_suite_folder()};
    struct mfd_suite suite = {0};
    char error[MFD_SUITE_ERROR_SIZE] = "";
    bool known = false;

    argp_err_exit_status = MFD_USAGE;
    argp_parse(&parser, argc, argv, 0, NULL, &args);
    /* a scenario that cannot be read must not hide what is known of everything else */
    if (!mfd_suite_load(args.scenarios, &suite, error)) {
        fprintf(stderr, "mfdkit explain: %s\n", error);
        mfd_suite_free(&suite);
        suite = (struct mfd_suite){0};
    }
    known = explain(&args, &suite);
    mfd_suite_free(&suite);
    if (!known) {
        fprintf(
            stderr,
            "mfdkit explain: there is nothing of the name '%s'; mfdkit list shows what there is\n",
            args.id);
        return MFD_USAGE;
    }
    return fflush(stdout) == 0 ? MFD_OK : MFD_HARNESS;
}
