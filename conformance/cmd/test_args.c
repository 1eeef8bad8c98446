// SPDX-License-Identifier: GPL-2.0-or-later
#include "test_args.h"

#include "cmd.h"
#include "option_number.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NUMBER_MAX 1000000u

enum key {
    KEY_ROLE = 0x100,
    KEY_PROFILE,
    KEY_BASELINE,
    KEY_STRICT,
    KEY_JOBS,
    KEY_REPEAT,
    KEY_SEED,
    KEY_SHARD,
    KEY_STRENGTH,
    KEY_SCENARIOS,
    KEY_TAP,
    KEY_JUNIT,
    KEY_JSON,
    KEY_SAVE_PCAP,
    KEY_HTML,
    KEY_MARKDOWN,
    KEY_BADGE,
    KEY_SCALE,
    KEY_WRAP,
    KEY_BISECT,
};

static const struct argp_option options[] = {
    {NULL, 't', "GLOB", 0, "only these: a scenario, an instance or a rule; * and ** as in paths",
     0},
    {"role", KEY_ROLE, "ROLE", 0, "what the peer is: receiver (the default) or sender", 0},
    {"profile", KEY_PROFILE, "NAME", 0, "what the peer is taken for (default: auto)", 0},
    {"baseline", KEY_BASELINE, "FILE", 0,
     "known deviations (default: those of the profile, if any)", 0},
    {"strict", KEY_STRICT, NULL, 0, "a SHOULD that is not met is a failure", 0},
    {"jobs", KEY_JOBS, "N", 0, "scenarios at a time (default: one per processor)", 0},
    {"repeat", KEY_REPEAT, "N", 0, "run each instance N times and keep its worst result", 0},
    {"seed", KEY_SEED, "N", 0, "run them in an order shuffled by N (default: that of the list)", 0},
    {"shard", KEY_SHARD, "I/N", 0, "only the I-th of N parts", 0},
    {"strength", KEY_STRENGTH, "N", 0,
     "combine every N parameters: 1 shows each value once and of long ranges the edges, 0 or full is every combination (default: 2)",
     0},
    {"scenarios", KEY_SCENARIOS, "DIR", 0, "folder of the scenarios", 0},
    {"tap", KEY_TAP, NULL, 0, "TAP on standard output", 1},
    {"junit", KEY_JUNIT, "FILE", 0, "write JUnit XML", 1},
    {"json", KEY_JSON, "FILE", 0, "write the report as JSON", 1},
    {"markdown", KEY_MARKDOWN, "FILE", 0, "write Markdown for the page of a CI job", 1},
    {"badge", KEY_BADGE, "FILE", 0, "write JSON for a badge of shields.io", 1},
    {"html", KEY_HTML, "FILE", 0, "write one page for people, with a diagram of each failure", 1},
    {"save-pcap", KEY_SAVE_PCAP, "DIR", 0, "keep a capture of each failure below this folder", 1},
    {"timeout-scale", KEY_SCALE, "X", 0, "multiply the guard against hangs", 2},
    {"wrap", KEY_WRAP, "COMMAND", 0, "run the peer under this command (gdb, valgrind)", 2},
    {"bisect", KEY_BISECT, NULL, 0, "exit 125 where nothing could be tested, for git bisect run",
     2},
    {0},
};

static void parse_shard(const char *text, struct mfd_test_args *args,
                        const struct argp_state *state)
{
    char rest = '\0';

    if (sscanf(text, "%u/%u%c", &args->shard, &args->shards, &rest) != 2 || args->shard == 0 ||
        args->shard > args->shards) {
        argp_error(state, "--shard takes I/N with I from 1 to N, not '%s'", text);
    }
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct mfd_test_args *args = state->input;

    switch (key) {
    case 't':
        if (args->glob_count == MFD_GLOBS_MAX) {
            argp_error(state, "at most %d times -t", MFD_GLOBS_MAX);
        }
        args->globs[args->glob_count++] = text;
        break;
    case KEY_ROLE:
        if (strcmp(text, "receiver") != 0 && strcmp(text, "sender") != 0) {
            argp_error(state, "the role is receiver or sender, not '%s'", text);
        }
        args->role = text;
        break;
    case KEY_PROFILE:
        args->profile = text;
        break;
    case KEY_BASELINE:
        args->baseline = text;
        break;
    case KEY_STRICT:
        args->strict = true;
        break;
    case KEY_JOBS:
        args->jobs = mfd_option_number(text, state, "--jobs", NUMBER_MAX);
        break;
    case KEY_REPEAT:
        args->repeat = mfd_option_number(text, state, "--repeat", NUMBER_MAX);
        break;
    case KEY_SEED:
        args->seed = mfd_option_number(text, state, "--seed", NUMBER_MAX);
        break;
    case KEY_SHARD:
        parse_shard(text, args, state);
        break;
    case KEY_STRENGTH:
        args->strength = strcmp(text, "full") == 0 || strcmp(text, "0") == 0
                             ? 0
                             : mfd_option_number(text, state, "--strength", NUMBER_MAX);
        break;
    case KEY_SCENARIOS:
        args->scenarios = text;
        break;
    case KEY_TAP:
        args->tap = true;
        break;
    case KEY_JUNIT:
        args->files.junit = text;
        break;
    case KEY_JSON:
        args->files.json = text;
        break;
    case KEY_HTML:
        args->files.html = text;
        break;
    case KEY_MARKDOWN:
        args->files.markdown = text;
        break;
    case KEY_BADGE:
        args->files.badge = text;
        break;
    case KEY_SAVE_PCAP:
        args->save_pcap = text;
        break;
    case KEY_SCALE:
        args->scale = strtod(text, NULL);
        if (!(args->scale > 0 && args->scale <= 1000)) {
            argp_error(state, "--timeout-scale takes a factor above 0, not '%s'", text);
        }
        break;
    case KEY_WRAP:
        args->wrap = text;
        break;
    case KEY_BISECT:
        args->bisect = true;
        break;
    case ARGP_KEY_ARG:
        if (args->peer) {
            argp_error(state, "one peer at a time: '%s' is one too many", text);
        }
        args->peer = text;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp parser = {
    options,
    parse,
    "[PEER] [-- COMMAND...]",
    "Run scenarios against a peer and judge what it does."
    "\vPEER is ref (the embedded reference, the default), qemu (on PATH), qemu=PATH, or qemu=SUITE "
    "for that of another Debian release, which mfdkit qemu fetch gets; a COMMAND behind -- is started for each scenario by the contract in README.md. "
    "With --role sender the peer sends, and each rule of the observer gets a result of its own, rule/ID.\n\n"
    "Exit status: 0 all as expected, 1 something unexpected, 2 usage, 3 the harness itself failed, 4 nothing ran.",
    NULL,
    NULL,
    NULL};

void mfd_test_args_parse(int argc, char **argv, struct mfd_test_args *args)
{
    static char name[] = "mfdkit test";
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    *args = (struct mfd_test_args){.role = "receiver",
                                   .scale = 1,
                                   .strength = 2,
                                   .repeat = 1,
                                   .jobs = processors > 0 ? (unsigned)processors : 1};
    /* what stands behind -- is the command's own, options included */
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            args->command = argv + i + 1;
            argc = i;
            break;
        }
    }
    argv[0] = name;
    argp_err_exit_status = MFD_USAGE;
    argp_parse(&parser, argc, argv, 0, NULL, args);
    if (args->command && !args->command[0]) {
        fprintf(stderr, "mfdkit test: there is no command behind --\n");
        exit(MFD_USAGE);
    }
    if (args->command && args->peer) {
        fprintf(stderr, "mfdkit test: one peer at a time: '%s' or the command behind --\n",
                args->peer);
        exit(MFD_USAGE);
    }
}
