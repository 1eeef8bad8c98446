// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit mutants: faults put into the reference on purpose, and which scenario notices. */
#include "cmd.h"

#include "campaign.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define GLOBS_MAX 64
/* A mutant that hangs costs one guard; the reference itself needs a small part of it. */
#define TIMEOUT_SCALE 0.2

struct arguments {
    const char *globs[GLOBS_MAX + 1];
    unsigned glob_count;
    const char *source;
    const char *folder;
    const char *json;
    const char *markdown;
};

enum key { KEY_SOURCE = 0x100, KEY_FOLDER, KEY_JSON, KEY_MARKDOWN };

static const struct argp_option options[] = {
    {NULL, 't', "GLOB", 0, "only these mutants, by name", 0},
    {"source", KEY_SOURCE, "DIR", 0,
     "the source to mutate; a copy is, it stays as it is (default: this program's)", 0},
    {"work", KEY_FOLDER, "DIR", 0,
     "folder for the copy and its build (default: below this program's build)", 0},
    {"json", KEY_JSON, "FILE", 0, "write the result as JSON", 1},
    {"markdown", KEY_MARKDOWN, "FILE", 0, "write it as the document conformance/MUTANTS.md", 1},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *args = state->input;

    switch (key) {
    case 't':
        if (args->glob_count == GLOBS_MAX) {
            argp_error(state, "at most %d times -t", GLOBS_MAX);
        }
        args->globs[args->glob_count++] = text;
        return 0;
    case KEY_SOURCE:
        args->source = text;
        return 0;
    case KEY_FOLDER:
        args->folder = text;
        return 0;
    case KEY_JSON:
        args->json = text;
        return 0;
    case KEY_MARKDOWN:
        args->markdown = text;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    options,
    parse,
    NULL,
    "Weaken the reference one rule or line at a time and see which scenario notices."
    "\vA mutant is killed by what it names, killed by another scenario, survived, or void: no "
    "mutant at all, or nothing that could judge it. One that is marked equivalent should survive; "
    "it is stale if it does not.\n\n"
    "Exit status: 0 each mutant is killed by what it names, 1 one is not, 2 usage, 3 one is void "
    "or the harness failed, 4 there is no such mutant.",
    NULL,
    NULL,
    NULL};

static void show_trial(const struct mfd_trial *trial, void *context)
{
    const char *about = trial->by ? trial->by : trial->detail ? trial->detail : "";

    (void)context;
    printf("%-18s %-24s %s\n", mfd_fate_name(trial->fate), trial->mutant->name, about);
    if (trial->by && trial->fate != MFD_MUTANT_KILLED) {
        printf("%-18s %-24s named: %s\n", "", "", trial->mutant->killed_by);
    }
    fflush(stdout);
}

static void show_summary(const struct mfd_campaign *campaign)
{
    printf("\n%zu mutants:", campaign->count);
    for (int i = 0; i < MFD_FATE_COUNT; i++) {
        if (campaign->summary[i] || i == MFD_MUTANT_KILLED) {
            printf(" %zu %s,", campaign->summary[i], mfd_fate_name((enum mfd_fate)i));
        }
    }
    printf(" in %.0f s\n", campaign->ms / 1000);
}

static bool write_json(const char *path, const struct mfd_campaign *campaign)
{
    json_t *json = mfd_campaign_to_json(campaign);
    bool good = json && json_dump_file(json, path, JSON_INDENT(2)) == 0;

    json_decref(json);
    if (!good) {
        fprintf(stderr, "mfdkit mutants: %s: %s\n", path, strerror(errno));
    }
    return good;
}

static bool write_markdown(const char *path, const struct mfd_campaign *campaign)
{
    FILE *out = fopen(path, "we");
    bool good = out != NULL;

    if (out) {
        mfd_campaign_to_markdown(campaign, out);
        good = !ferror(out);
        good = fclose(out) == 0 && good;
    }
    if (!good) {
        fprintf(stderr, "mfdkit mutants: %s: %s\n", path, strerror(errno));
    }
    return good;
}

static int run(const struct arguments *args, const struct mfd_mutants *mutants)
{
    const struct mfd_campaign_options campaign_options = {
        .source = args->source,
        .folder = args->folder,
        .globs = args->globs,
        .timeout_scale = TIMEOUT_SCALE,
        .progress = show_trial,
    };
    char error[MFD_CAMPAIGN_ERROR_SIZE];
    struct mfd_campaign campaign;
    int code = MFD_HARNESS;

    printf("building a copy of %s in %s\n", args->source, args->folder);
    fflush(stdout);
    if (!mfd_campaign_run(mutants, &campaign_options, &campaign, error)) {
        fprintf(stderr, "mfdkit mutants: %s\n", error);
    } else {
        show_summary(&campaign);
        code = mfd_campaign_exit_code(&campaign);
        if ((args->json && !write_json(args->json, &campaign)) ||
            (args->markdown && !write_markdown(args->markdown, &campaign))) {
            code = MFD_HARNESS;
        }
    }
    mfd_campaign_free(&campaign);
    return code;
}

int mfd_cmd_mutants(int argc, char **argv)
{
    struct arguments args = {.source = mfd_mutants_source(), .folder = mfd_mutants_folder()};
    struct mfd_mutants mutants;
    char error[MFD_MUTANTS_ERROR_SIZE];
    int code = 0;

    argp_err_exit_status = MFD_USAGE;
    argp_parse(&parser, argc, argv, 0, NULL, &args);
    if (!mfd_mutants_load(args.source, &mutants, error)) {
        fprintf(stderr, "mfdkit mutants: %s\n", error);
        return MFD_HARNESS;
    }
    code = run(&args, &mutants);
    mfd_mutants_free(&mutants);
    return code;
}
