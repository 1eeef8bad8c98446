// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit shrink: the smallest scenario with which a peer still does the same. */
#include "shrink.h"

#include "choose.h"
#include "cmd.h"
#include "option_number.h"
#include "stage.h"
#include "suite.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUDGET 500

struct arguments {
    const char *scenario;
    struct mfd_choice choice;
    const char *scenarios;
    const char *output;
    unsigned budget;
};

enum { KEY_PROFILE = 0x100, KEY_BUDGET, KEY_SCENARIOS, KEY_SCALE };

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "write the scenario there (default: standard output)", 0},
    {"budget", KEY_BUDGET, "N", 0, "at most N smaller scenarios are played (default: 500)", 0},
    {"profile", KEY_PROFILE, "NAME", 0, "what the peer is taken for (default: auto)", 0},
    {"scenarios", KEY_SCENARIOS, "DIR", 0, "folder of the scenarios", 0},
    {"timeout-scale", KEY_SCALE, "X", 0, "multiply the guard against hangs", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *args = state->input;

    switch (key) {
    case 'o':
        args->output = arg;
        return 0;
    case KEY_BUDGET:
        args->budget = mfd_option_number(arg, state, "--budget", 1000000);
        return 0;
    case KEY_PROFILE:
        args->choice.profile = arg;
        return 0;
    case KEY_SCENARIOS:
        args->scenarios = arg;
        return 0;
    case KEY_SCALE:
        args->choice.scale = strtod(arg, NULL);
        if (!(args->choice.scale > 0 && args->choice.scale <= 1000)) {
            argp_error(state, "--timeout-scale takes a factor above 0, not '%s'", arg);
        }
        return 0;
    case ARGP_KEY_ARG:
        if (!args->scenario) {
            args->scenario = arg;
        } else if (!args->choice.peer) {
            args->choice.peer = arg;
        } else {
            argp_error(state, "'%s' is one too many", arg);
        }
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which scenario?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    options,
    parse,
    "SCENARIO [PEER] [-- COMMAND...]",
    "Make a scenario smaller as long as the peer does the same with it."
    "\vSCENARIO is a file, a scenario, or an instance with its parameters; PEER and COMMAND are those of mfdkit test. "
    "Lines go first, then arguments and faults, then values, then channels. What counts is the outcome, and that of the "
    "scenario without its fault: both stay as they were. Of several instances the first that deviates from what is "
    "expected is taken.\n\n"
    "Exit status: 0 it was made as small as can be, or nothing could go; 1 the budget was used up before; 2 usage, "
    "3 the harness itself failed, 4 the scenario is none for this peer.",
    NULL,
    NULL,
    NULL};

/* The search: a folder with one scenario, which is played again and again. */
struct search {
    const struct mfd_peer *peer;
    struct mfd_stage stage;
    enum mfd_outcome got;
    char *twin; /* verdict name of the twin, or NULL */
    size_t lines;
    bool live;
    struct mfd_shrink_question question;
};

static bool same_twin(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void show(struct search *search, const char *text)
{
    size_t lines = 0;

    for (const char *p = text; *p; p++) {
        lines += *p == '\n';
    }
    fprintf(stderr, "%splayed %u, %zu lines left%s", search->live ? "\r\033[K" : "",
            search->question.used + 1, lines, search->live ? "" : "\n");
}

static enum mfd_shrink_answer ask(const char *text, void *context)
{
    struct search *search = context;
    enum mfd_shrink_answer answer = MFD_SHRINK_NO_SCENARIO;
    char error[MFD_RUN_ERROR_SIZE];
    struct mfd_run run;

    if (mfd_stage_play(&search->stage, search->peer, text, &run, error)) {
        for (size_t i = 0; i < run.count && answer != MFD_SHRINK_SAME; i++) {
            const struct mfd_result *result = &run.results[i];

            if (mfd_stage_played(result)) {
                answer = result->got == search->got && same_twin(result->twin, search->twin)
                             ? MFD_SHRINK_SAME
                             : MFD_SHRINK_DIFFERENT;
            }
        }
    }
    mfd_run_free(&run);
    if (answer == MFD_SHRINK_SAME) {
        show(search, text);
    }
    return answer;
}

/* The instance to keep: the one named, else the first that is not as expected, else the first that was played. */
static const struct mfd_result *choose_result(const struct mfd_run *run, const char *params)
{
    const struct mfd_result *first = NULL;

    for (size_t i = 0; i < run->count; i++) {
        const struct mfd_result *result = &run->results[i];

        if (!mfd_stage_played(result) || (params && strcmp(result->params, params) != 0)) {
            continue;
        }
        first = first ? first : result;
        if (result->verdict != MFD_PASS) {
            return result;
        }
    }
    return first;
}

/* "n=13,channels=4" of an instance id as the parameters have it; NULL if it names none. Owned by the caller. */
static char *params_of(const char *id)
{
    const char *open = strchr(id, '[');
    size_t len = open ? strlen(open) : 0;
    char *params = len > 2 && open[len - 1] == ']' ? strndup(open + 1, len - 2) : NULL;

    for (char *p = params; p && (p = strchr(p, ','));) {
        *p = ' ';
    }
    return params;
}

/* The text of the scenario in its one form; NULL with a message. */
static char *read_scenario(const struct arguments *args)
{
    struct mfd_lang_error fault = {0};
    char path[1024];
    struct mfd_scenario *scenario = NULL;
    char *text = NULL;

    if (access(args->scenario, R_OK) == 0) {
        snprintf(path, sizeof(path), "%s", args->scenario);
    } else {
        snprintf(path, sizeof(path), "%s/%.*s.mfd", args->scenarios,
                 (int)strcspn(args->scenario, "["), args->scenario);
    }
    scenario = mfd_scenario_load("shrink/it", path, &fault);
    if (!scenario) {
        fprintf(stderr, "mfdkit shrink: %s:%u: %s\n", path, fault.line, fault.text);
        return NULL;
    }
    text = mfd_scenario_print(scenario);
    mfd_scenario_free(scenario);
    return text;
}

static int write_result(const struct arguments *args, const char *text)
{
    struct mfd_lang_error fault;
    struct mfd_scenario *scenario = mfd_scenario_parse("shrink/it", text, strlen(text), &fault);
    char *printed = scenario ? mfd_scenario_print(scenario) : NULL;
    bool good = printed && (args->output ? mfd_write_text(args->output, printed)
                                         : fputs(printed, stdout) != EOF && fflush(stdout) == 0);

    if (!good) {
        fprintf(stderr, "mfdkit shrink: %s: %s\n", args->output ? args->output : "standard output",
                strerror(errno));
    }
    free(printed);
    mfd_scenario_free(scenario);
    return good ? MFD_OK : MFD_HARNESS;
}

/* From the first play, which says what is to stay, to the smallest text. */
static int shrink(const struct arguments *args, struct search *search, const char *text)
{
    char error[MFD_RUN_ERROR_SIZE] = "";
    struct mfd_run run;
    char *params = params_of(args->scenario);
    const struct mfd_result *result = NULL;
    char *pinned = NULL;
    char *small = NULL;
    int code = MFD_NOTHING;

    if (!mfd_stage_play(&search->stage, search->peer, text, &run, error)) {
        fprintf(stderr, "mfdkit shrink: %s\n", error);
        code = MFD_HARNESS;
    } else if (!(result = choose_result(&run, params))) {
        fprintf(stderr, "mfdkit shrink: %s cannot be played to this peer\n", args->scenario);
    } else {
        search->got = result->got;
        search->twin = result->twin ? strdup(result->twin) : NULL;
        fprintf(stderr, "%s%s%s: %s: %s\n", args->scenario, *result->params ? " with " : "",
                result->params, mfd_outcome_name(result->got),
                result->detail ? result->detail : "");
        pinned = mfd_shrink_pin(text, result->params);
        small = pinned ? mfd_shrink(pinned, &search->question) : NULL;
        fprintf(stderr, "%splayed %u scenarios\n", search->live ? "\r\033[K" : "",
                search->question.used);
        code = small ? write_result(args, small) : MFD_HARNESS;
        if (code == MFD_OK && search->question.used >= search->question.budget) {
            code = MFD_UNEXPECTED;
        }
    }
    free(small);
    free(pinned);
    free(params);
    mfd_run_free(&run);
    return code;
}

int mfd_cmd_shrink(int argc, char **argv)
{
    struct arguments args = {.choice = {.command = "shrink", .scale = 1},
                             .scenarios = mfd_suite_folder(),
                             .budget = BUDGET};
    struct mfd_peer peer = {0};
    struct search search = {.peer = &peer, .live = isatty(STDERR_FILENO) == 1};
    const struct mfd_profile *profile = NULL;
    char *text = NULL;
    int code = MFD_USAGE;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            args.choice.argv = argv[i + 1] ? argv + i + 1 : NULL;
            argc = i;
        }
    }
    argp_err_exit_status = MFD_USAGE;
    argp_parse(&parser, argc, argv, 0, NULL, &args);
    search.question = (struct mfd_shrink_question){ask, &search, args.budget, 0};
    text = read_scenario(&args);
    if (text && (code = mfd_choose_peer(&args.choice, &peer)) == MFD_OK) {
        profile = mfd_choose_profile(&args.choice, &peer);
        code = profile ? MFD_OK : MFD_USAGE;
    }
    if (text && code == MFD_OK) {
        peer.rev = profile->rev;
        code = mfd_stage_open(&search.stage) ? shrink(&args, &search, text) : MFD_HARNESS;
        mfd_stage_close(&search.stage);
    }
    free(text);
    free(search.twin);
    mfd_peer_free(&peer);
    return code;
}
