// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit coverage: rules, the scenarios and mutants behind them, and how it went the last time. */
#include "coverage.h"

#include "cmd.h"
#include "describe.h"
#include "disposition.h"
#include "json.h"
#include "peer.h"
#include "profile.h"
#include "run.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Seconds; the reference needs a small part of it. */
#define GUARD 10.0

struct arguments {
    const char *report;
    const char *scenarios;
    bool no_run;
    bool json;
    bool defects;
};

enum { KEY_REPORT = 0x100, KEY_NO_RUN, KEY_JSON, KEY_DEFECTS, KEY_SCENARIOS };

static const struct argp_option options[] = {
    {"report", KEY_REPORT, "FILE", 0,
     "last results: a report of mfdkit test --json (default: the reference is tested now)", 0},
    {"no-run", KEY_NO_RUN, NULL, 0, "leave the last results out", 0},
    {"json", KEY_JSON, NULL, 0, "as JSON, with the names of scenarios and mutants", 0},
    {"defects", KEY_DEFECTS, NULL, 0, "what becomes of each known defect, as Markdown", 0},
    {"scenarios", KEY_SCENARIOS, "DIR", 0, "folder of the scenarios", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *args = state->input;

    switch (key) {
    case KEY_REPORT:
        args->report = arg;
        return 0;
    case KEY_NO_RUN:
        args->no_run = true;
        return 0;
    case KEY_JSON:
        args->json = true;
        return 0;
    case KEY_DEFECTS:
        args->defects = true;
        return 0;
    case KEY_SCENARIOS:
        args->scenarios = arg;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is one too many; mfdkit explain tells of one rule", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    options,
    parse,
    NULL,
    "What stands behind each rule: scenarios, mutants, the observer of captures, and the last results."
    "\vExit status: 0 all hangs together, 1 something hangs in the air: a rule that nothing shows and that does "
    "not say why, a scenario about no rule, a mutant that no scenario is left to kill, a line that names no "
    "scenario, a defect of which nothing becomes. 2 usage, 3 the harness itself failed.",
    NULL,
    NULL,
    NULL};

/* Tests the embedded reference. */
static bool run_reference(const char *scenarios, struct mfd_run *run)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    char path[] = "";
    char machine[] = "none";
    const struct mfd_peer peer = {.kind = &mfd_peer_ref,
                                  .path = path,
                                  .machine = machine,
                                  .guard = GUARD,
                                  .rev = mfd_profile_find("ref")->rev};
    const struct mfd_run_options run_options = {.scenarios = scenarios,
                                                .role = "receiver",
                                                .rerun = "mfdkit test",
                                                .jobs = processors > 0 ? (unsigned)processors : 1,
                                                .repeat = 1,
                                                .strength = 2};
    char error[MFD_RUN_ERROR_SIZE];

    if (!mfd_run_suite(&peer, &run_options, run, error)) {
        fprintf(stderr, "mfdkit coverage: %s\n", error);
        return false;
    }
    run->peer_kind = strdup(peer.kind->name);
    return true;
}

static void put_results(const struct mfd_cover *cover)
{
    const char *separator = "";

    for (int i = 0; i < MFD_VERDICT_COUNT; i++) {
        if (cover->results[i]) {
            printf("%s%zu %s", separator, cover->results[i],
                   mfd_describe_verdict((enum mfd_verdict)i));
            separator = ", ";
        }
    }
}

static void put_rule(const struct mfd_coverage *coverage, const struct mfd_cover *cover)
{
    const struct mfd_rule_info *info = mfd_rule_info(cover->rule);

    printf("%-12s  %4zu  %4zu  %-8s  ", info->id, cover->scenarios, cover->mutants,
           cover->observed ? "observer" : "");
    if (info->unseen && cover->scenarios == 0) {
        printf("%s", info->unseen);
    } else if (coverage->of.run) {
        put_results(cover);
    }
    putchar('\n');
}

static void put_sums(const struct mfd_coverage *coverage)
{
    size_t shown = 0;
    size_t observed = 0;
    size_t guarded = 0;

    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        const struct mfd_cover *cover = &coverage->rules[i];

        shown += cover->scenarios > 0;
        observed += cover->scenarios == 0 && cover->observed;
        guarded += cover->mutants > 0;
    }
    printf(
        "\n%d rules: %zu by scenarios, %zu by the observer alone, %zu say why by nothing; mutants of %zu\n"
        "%zu scenarios, %zu mutants, %zu in the air\n",
        MFD_RULE_COUNT, shown, observed, MFD_RULE_COUNT - shown - observed, guarded,
        coverage->of.suite->count, coverage->of.mutants->count, coverage->orphan_count);
}

static void put_text(const struct mfd_coverage *coverage)
{
    char peer[512];

    printf("%-12s  %4s  %4s  %-8s  ", "rule", "scen", "mut", "");
    if (coverage->of.run) {
        printf("last results: %s", mfd_describe_peer(coverage->of.run, peer, sizeof(peer)));
    }
    putchar('\n');
    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        put_rule(coverage, &coverage->rules[i]);
    }
    for (size_t i = 0; i < coverage->orphan_count; i++) {
        printf("%s%s\n", i ? "" : "\nin the air:\n", coverage->orphans[i]);
    }
    put_sums(coverage);
}

static int show(const struct arguments *args, const struct mfd_coverage_of *of)
{
    char error[MFD_COVERAGE_ERROR_SIZE];
    struct mfd_coverage coverage;
    bool good = mfd_coverage_make(&coverage, of, error);
    int code = MFD_HARNESS;

    if (!good) {
        fprintf(stderr, "mfdkit coverage: %s\n", error);
    } else if (args->json) {
        good = mfd_json_put(stdout, mfd_coverage_to_json(&coverage));
    } else {
        put_text(&coverage);
    }
    if (good && fflush(stdout) == 0) {
        code = coverage.orphan_count ? MFD_UNEXPECTED : MFD_OK;
    }
    mfd_coverage_free(&coverage);
    return code;
}

static int show_defects(const struct arguments *args, const struct mfd_mutants *mutants)
{
    char error[MFD_DISPOSITION_ERROR_SIZE];

    if (!mfd_dispositions_write(stdout, args->scenarios, mutants, error) || fflush(stdout) != 0) {
        fprintf(stderr, "mfdkit coverage: %s\n", error);
        return MFD_UNEXPECTED;
    }
    return MFD_OK;
}

static int cover(const struct arguments *args, const struct mfd_suite *suite,
                 const struct mfd_mutants *mutants)
{
    char error[MFD_JSON_ERROR_SIZE];
    struct mfd_run run = {0};
    const struct mfd_coverage_of of = {suite, mutants, args->no_run ? NULL : &run, args->scenarios};
    int code = MFD_OK;

    if (args->report && !mfd_json_load(args->report, &run, error)) {
        fprintf(stderr, "mfdkit coverage: %s\n", error);
        return MFD_USAGE;
    }
    if (!args->report && !args->no_run && !run_reference(args->scenarios, &run)) {
        code = MFD_HARNESS;
    }
    if (code == MFD_OK) {
        code = show(args, &of);
    }
    mfd_run_free(&run);
    return code;
}

int mfd_cmd_coverage(int argc, char **argv)
{
    struct arguments args = {.scenarios = mfd_suite_folder()};
    struct mfd_suite suite = {0};
    struct mfd_mutants mutants = {0};
    char suite_error[MFD_SUITE_ERROR_SIZE];
    char error[MFD_MUTANTS_ERROR_SIZE];
    int code = MFD_HARNESS;

    argp_err_exit_status = MFD_USAGE;
    argp_parse(&parser, argc, argv, 0, NULL, &args);
    if (!mfd_suite_load(args.scenarios, &suite, suite_error)) {
        fprintf(stderr, "mfdkit coverage: %s\n", suite_error);
        code = MFD_USAGE;
    } else if (!mfd_mutants_load(NULL, &mutants, error)) {
        fprintf(stderr, "mfdkit coverage: %s\n", error);
    } else if (args.defects) {
        code = show_defects(&args, &mutants);
    } else {
        code = cover(&args, &suite, &mutants);
    }
    mfd_mutants_free(&mutants);
    mfd_suite_free(&suite);
    return code;
}
