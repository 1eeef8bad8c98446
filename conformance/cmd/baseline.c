// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit baseline: a baseline beside a report of mfdkit test --json, without running anything again. */
#include "baseline_update.h"
#include "cmd.h"
#include "json.h"
#include "suite.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arguments {
    const char *verb;
    const char *report;
    const char *baseline; /* NULL: that of the report's profile */
    const char *output;   /* NULL: standard output */
    const char *scenarios;
};

enum { KEY_BASELINE = 0x100, KEY_SCENARIOS };

static const struct argp_option options[] = {
    {"baseline", KEY_BASELINE, "FILE", 0, "the baseline (default: that of the report's profile)",
     0},
    {"output", 'o', "FILE", 0, "write: the new baseline (default: standard output)", 0},
    {"scenarios", KEY_SCENARIOS, "DIR", 0, "folder of the scenarios", 0},
    {0},
};

static void take_word(struct arguments *args, const char *word, struct argp_state *state)
{
    if (args->report) {
        argp_error(state, "one report at a time: '%s' is one too many", word);
    } else if (args->verb) {
        args->report = word;
    } else if (strcmp(word, "write") == 0 || strcmp(word, "check") == 0) {
        args->verb = word;
    } else {
        argp_error(state, "'%s' is neither write nor check", word);
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *args = state->input;

    switch (key) {
    case KEY_BASELINE:
        args->baseline = arg;
        return 0;
    case 'o':
        args->output = arg;
        return 0;
    case KEY_SCENARIOS:
        args->scenarios = arg;
        return 0;
    case ARGP_KEY_ARG:
        take_word(args, arg, state);
        return 0;
    case ARGP_KEY_END:
        if (!args->report) {
            argp_error(state, "what to do, and a report, are needed");
        }
        if (args->output && strcmp(args->verb, "check") == 0) {
            argp_error(state, "check writes nothing: --output is for write");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    options,
    parse,
    "check REPORT.json\nwrite REPORT.json",
    "Hold a baseline against a report of mfdkit test --json: check tells which of its lines no longer hold and which "
    "results it does not know; write makes one of which neither is true."
    "\vA line that write adds has ? for its defect, and is not read until that is the id of one.\n\n"
    "Exit status: 0 nothing differs or written, 1 check found something, 2 usage, 3 the output could not be written.",
    NULL,
    NULL,
    NULL};

/* The baseline to look at; an empty one where the profile has none yet. NULL with a message. */
static struct mfd_baseline *load(const struct arguments *args, const struct mfd_run *run)
{
    const struct mfd_profile *profile = mfd_profile_find(run->profile);
    struct mfd_baseline *baseline = NULL;
    char error[MFD_BASELINE_ERROR_SIZE] = "";

    if (args->baseline) {
        baseline = mfd_baseline_load(args->baseline, error);
    } else if (!profile) {
        snprintf(error, sizeof(error), "%s: there is no profile %.100s", args->report,
                 run->profile);
    } else if (mfd_baseline_of_profile(args->scenarios, profile, &baseline, error) && !baseline) {
        baseline = mfd_baseline_parse(profile->name, "", 0, error);
    }
    if (!baseline) {
        fprintf(stderr, "mfdkit baseline: %s\n", error);
    }
    return baseline;
}

static int write_it(const struct arguments *args, const struct mfd_baseline *baseline)
{
    FILE *out = args->output ? fopen(args->output, "we") : stdout;
    char *text = mfd_baseline_print(baseline);
    bool good = out && text && fputs(text, out) >= 0 && fflush(out) == 0;

    if (!good) {
        fprintf(stderr, "mfdkit baseline: %s: %s\n", args->output ? args->output : "output",
                strerror(errno));
    }
    if (args->output && out) {
        good = fclose(out) == 0 && good;
    }
    free(text);
    return good ? MFD_OK : MFD_HARNESS;
}

static int confront(const struct arguments *args, const struct mfd_run *run,
                    struct mfd_baseline *baseline)
{
    bool *unknown = calloc(run->count ? run->count : 1, sizeof(*unknown));
    int code = MFD_HARNESS;

    if (!unknown) {
        fprintf(stderr, "mfdkit baseline: out of memory\n");
        return code;
    }
    mfd_baseline_confront(baseline, run, unknown);
    if (strcmp(args->verb, "check") == 0) {
        size_t count = mfd_baseline_differences(stdout, baseline, run, unknown);

        printf("%s: %zu lines, %zu differences in %zu results of %s %s\n", baseline->path,
               baseline->count, count, run->count, run->peer_kind, run->peer_version);
        code = fflush(stdout) != 0 ? MFD_HARNESS : count ? MFD_UNEXPECTED : MFD_OK;
    } else if (!mfd_baseline_update(baseline, run, unknown)) {
        fprintf(stderr, "mfdkit baseline: out of memory\n");
    } else {
        code = write_it(args, baseline);
    }
    free(unknown);
    return code;
}

int mfd_cmd_baseline(int argc, char **argv)
{
    struct arguments args = {.scenarios = mfd_suite_folder()};
    struct mfd_run run = {0};
    struct mfd_baseline *baseline = NULL;
    char error[MFD_JSON_ERROR_SIZE];
    int code = MFD_USAGE;

    argp_err_exit_status = MFD_USAGE;
    argp_parse(&parser, argc, argv, 0, NULL, &args);
    if (!mfd_json_load(args.report, &run, error)) {
        fprintf(stderr, "mfdkit baseline: %s\n", error);
    } else {
        baseline = load(&args, &run);
    }
    if (baseline) {
        code = confront(&args, &run, baseline);
    }
    mfd_baseline_free(baseline);
    mfd_run_free(&run);
    return code;
}
