// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit pcap: what a scenario sends, as a capture. */
#include "capture_write.h"
#include "cmd.h"
#include "folders.h"
#include "option_number.h"
#include "plan_events.h"
#include "profile.h"
#include "suite.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GLOBS_MAX 64
#define PATH_ROOM 4096

enum key {
    KEY_TWIN = 0x100,
    KEY_SPLIT,
    KEY_PROFILE,
    KEY_FORMAT,
    KEY_IPV6,
    KEY_MSS,
    KEY_STRENGTH,
    KEY_SCENARIOS,
};

struct options {
    const char *globs[GLOBS_MAX + 1];
    unsigned glob_count;
    const char *file;
    const char *folder;
    const char *profile;
    const char *scenarios;
    unsigned strength;
    bool twin;
    bool split;
    struct mfd_capture_options capture;
};

static const struct argp_option option_list[] = {
    {NULL, 'o', "FILE", 0, "one capture of all of them; - is standard output", 0},
    {NULL, 'd', "DIR", 0, "a capture for each scenario, below this folder", 0},
    {"split", KEY_SPLIT, NULL, 0, "with -d: a capture for each instance", 0},
    {"twin", KEY_TWIN, NULL, 0, "without the faults: the migration that must succeed", 0},
    {"profile", KEY_PROFILE, "NAME", 0,
     "as played to this one (default: the newest revision that the scenario is for)", 0},
    {"strength", KEY_STRENGTH, "N", 0, "how many parameters are combined (default: 2; full: all)",
     0},
    {"scenarios", KEY_SCENARIOS, "DIR", 0, "folder of the scenarios", 0},
    {"format", KEY_FORMAT, "FORMAT", 0, "pcapng (the default), or pcap, which has no comments", 1},
    {"ipv6", KEY_IPV6, NULL, 0, "over IPv6", 1},
    {"mss", KEY_MSS, "N", 0, "bytes in one segment (default and maximum: 65475)", 1},
    {0},
};

static void parse_format(const char *text, struct options *options, const struct argp_state *state)
{
    if (strcmp(text, "pcapng") == 0) {
        options->capture.format = MFD_CAPTURE_PCAPNG;
    } else if (strcmp(text, "pcap") == 0) {
        options->capture.format = MFD_CAPTURE_PCAP;
    } else {
        argp_error(state, "--format is pcapng or pcap, not '%s'", text);
    }
}

static void check_options(const struct options *options, const struct argp_state *state)
{
    if (!options->glob_count) {
        argp_error(state, "which SCENARIO?");
    }
    if (!options->file == !options->folder) {
        argp_error(state, "either -o FILE or -d DIR");
    }
    if (options->split && !options->folder) {
        argp_error(state, "--split needs -d DIR");
    }
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 'o':
        options->file = text;
        break;
    case 'd':
        options->folder = text;
        break;
    case KEY_SPLIT:
        options->split = true;
        break;
    case KEY_TWIN:
        options->twin = true;
        break;
    case KEY_PROFILE:
        options->profile = text;
        break;
    case KEY_STRENGTH:
        options->strength =
            strcmp(text, "full") == 0 ? 0 : mfd_option_number(text, state, "--strength", 1000);
        break;
    case KEY_SCENARIOS:
        options->scenarios = text;
        break;
    case KEY_FORMAT:
        parse_format(text, options, state);
        break;
    case KEY_IPV6:
        options->capture.ipv6 = true;
        break;
    case KEY_MSS:
        options->capture.mss = mfd_option_number(text, state, "--mss", MFD_CAPTURE_MSS);
        break;
    case ARGP_KEY_ARG:
        if (options->glob_count == GLOBS_MAX) {
            argp_error(state, "at most %d SCENARIOs", GLOBS_MAX);
        }
        options->globs[options->glob_count++] = text;
        break;
    case ARGP_KEY_END:
        check_options(options, state);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp parser = {
    option_list,
    parse,
    "SCENARIO...",
    "Write what scenarios send as a capture: made from the scenario alone, without a peer, and the same "
    "bytes each time."
    "\vSCENARIO is a scenario, an instance of one (init/eof[n=13]), a rule, or a pattern with * and **. All "
    "instances of one are migrations to receivers of their own, one after the other. Where a scenario "
    "may be accepted, the migration is completed; else the capture ends with what the scenario sends.\n\n"
    "Exit status: 0 done, 2 usage, 3 it could not be written, 4 nothing of that name sends anything.",
    NULL,
    NULL,
    NULL};

/* ---- one capture ---- */

struct output {
    const struct options *options;
    char path[PATH_ROOM];
    FILE *file;
    struct mfd_capture_writer *writer;
    const char *title; /* of the migration that begins, or NULL */
    char *comment;
    size_t migrations; /* in this capture */
    size_t written;    /* instances in all captures */
};

static bool complain(const struct output *out)
{
    fprintf(stderr, "mfdkit pcap: %s: %s\n", out->path, strerror(errno));
    return false;
}

static bool open_output(struct output *out, const char *comment)
{
    struct mfd_capture_options options = out->options->capture;

    options.comment = comment;
    out->migrations = 0;
    out->file = strcmp(out->path, "-") == 0 ? stdout : fopen(out->path, "wbe");
    out->writer = out->file ? mfd_capture_create(out->file, &options) : NULL;
    return out->writer || complain(out);
}

static bool close_output(struct output *out)
{
    bool good = true;

    if (out->writer) {
        good = mfd_capture_finish(out->writer) || complain(out);
    }
    if (out->file && out->file != stdout && fclose(out->file) != 0 && good) {
        good = complain(out);
    }
    out->writer = NULL;
    out->file = NULL;
    return good;
}

static bool put_event(const struct mfd_event *event, const char *text, void *context)
{
    struct output *out = context;

    if (out->title) {
        free(out->comment);
        if (asprintf(&out->comment, "%s%s%s", out->title, text ? "\n" : "", text ? text : "") < 0) {
            out->comment = NULL;
        }
        text = out->comment;
        out->title = NULL;
    }
    mfd_capture_comment(out->writer, text);
    return mfd_capture_event(out->writer, event);
}

static bool put_plan(struct output *out, const struct mfd_plan *plan)
{
    if (out->migrations++) {
        mfd_capture_next_migration(out->writer);
    }
    out->title = plan->id;
    out->written++;
    return mfd_plan_events(plan, put_event, out) || complain(out);
}

/* ---- scenarios ---- */

/* The instances of one scenario for one target. */
struct expansion {
    const struct mfd_scenario *scenario;
    struct mfd_target target;
    struct mfd_instance *instances;
    size_t count;
};

static bool complain_at(const struct mfd_suite_file *file, const struct mfd_lang_error *error)
{
    fprintf(stderr, "%s:%u: %s\n", file->path, error->line, error->text);
    return false;
}

static struct mfd_plan *compile(const struct options *options, const struct expansion *expansion,
                                size_t i, struct mfd_lang_error *error)
{
    return mfd_scenario_compile(expansion->scenario, &expansion->instances[i], &expansion->target,
                                options->twin, error);
}

/* Expands for one revision; `*applies` if some instance is for it. False with `error`. */
static bool expand_for(const struct options *options, enum mfd_rev rev, struct expansion *expansion,
                       bool *applies, struct mfd_lang_error *error)
{
    expansion->target = (struct mfd_target){.rev = rev, .machine = "none"};
    expansion->instances = mfd_scenario_expand(expansion->scenario, &expansion->target,
                                               options->strength, &expansion->count, error);
    *applies = false;
    for (size_t i = 0; expansion->instances && !*applies && i < expansion->count; i++) {
        struct mfd_plan *plan = compile(options, expansion, i, error);

        if (!plan) {
            return false;
        }
        *applies = plan->expect != 0;
        mfd_plan_free(plan);
    }
    return expansion->instances != NULL;
}

/* For the profile named, or for the newest revision that the scenario is for. */
static bool expand(const struct options *options, struct expansion *expansion,
                   struct mfd_lang_error *error)
{
    bool applies = false;
    bool good = true;

    if (options->profile) {
        return expand_for(options, mfd_profile_find(options->profile)->rev, expansion, &applies,
                          error);
    }
    for (int rev = MFD_REV_LATEST; good && !applies && rev >= 0; rev--) {
        mfd_instances_free(expansion->instances, expansion->count);
        good = expand_for(options, (enum mfd_rev)rev, expansion, &applies, error);
    }
    return good;
}

/* What the whole file is about: "ID: PROSE". Owned by the caller; NULL without memory. */
static char *describe(const char *id, const struct mfd_scenario *scenario)
{
    char *text = NULL;
    size_t count = 0;
    const enum mfd_rule *rules = mfd_scenario_rules(scenario, &count);

    return asprintf(&text, "%s (%s): %s", id, mfd_rule_info(rules[0])->id,
                    mfd_scenario_prose(scenario)) < 0
               ? NULL
               : text;
}

/* Begins the capture DIR/ID.pcapng. */
static bool begin(struct output *out, const char *id, const struct mfd_scenario *scenario)
{
    const struct options *options = out->options;
    char *comment = describe(id, scenario);
    bool good = false;

    snprintf(out->path, sizeof(out->path), "%s/%s.%s", options->folder, id,
             options->capture.format == MFD_CAPTURE_PCAPNG ? "pcapng" : "pcap");
    mfd_make_folders(out->path);
    good = open_output(out, comment);
    free(comment);
    return good;
}

/* One instance into the capture at hand, or into one that it begins. */
static bool put_instance(struct output *out, const struct mfd_suite_file *file,
                         const struct expansion *expansion, size_t i)
{
    const struct options *options = out->options;
    struct mfd_lang_error error = {0};
    struct mfd_plan *plan = compile(options, expansion, i, &error);
    bool good = true;

    if (!plan) {
        return complain_at(file, &error);
    }
    /* under TLS no two handshakes are the same, and their bytes hide the others; a file is no traffic */
    if (plan->expect && plan->conn_count && !plan->tls && !plan->file) {
        if (!out->writer) {
            good = begin(out, options->split ? plan->id : mfd_scenario_id(expansion->scenario),
                         expansion->scenario);
        }
        good = good && put_plan(out, plan);
        if (options->split) {
            good = close_output(out) && good;
        }
    }
    mfd_plan_free(plan);
    return good;
}

static bool put_scenario(struct output *out, const struct mfd_suite_file *file)
{
    const struct options *options = out->options;
    struct expansion expansion = {.scenario = file->scenario};
    struct mfd_lang_error error = {0};
    bool good = true;

    if (mfd_scenario_is_sender(file->scenario)) {
        return true; /* what is sent there is the peer's own */
    }
    if (!expand(options, &expansion, &error)) {
        good = complain_at(file, &error);
    }
    for (size_t i = 0; good && i < expansion.count; i++) {
        if (mfd_suite_selected(file->scenario, expansion.instances[i].id, options->globs)) {
            good = put_instance(out, file, &expansion, i);
        }
    }
    if (options->folder) {
        good = close_output(out) && good;
    }
    mfd_instances_free(expansion.instances, expansion.count);
    return good;
}

static int put_suite(struct output *out, const struct mfd_suite *suite)
{
    const struct options *options = out->options;
    bool good = true;

    if (options->file) {
        snprintf(out->path, sizeof(out->path), "%s", options->file);
        good = open_output(out, NULL);
    }
    for (size_t i = 0; good && i < suite->count; i++) {
        good = put_scenario(out, &suite->files[i]);
    }
    good = close_output(out) && good;
    if (good && !out->written) {
        fprintf(stderr, "mfdkit pcap: nothing of that name sends anything; mfdkit list scenarios "
                        "shows what there is\n");
        return MFD_NOTHING;
    }
    return good ? MFD_OK : MFD_HARNESS;
}

int mfd_cmd_pcap(int argc, char **argv)
{
    static char name[] = "mfdkit pcap";
    struct options options = {.strength = 2};
    struct output out = {.options = &options};
    struct mfd_suite suite;
    char error[MFD_SUITE_ERROR_SIZE];
    int code = MFD_USAGE;

    argv[0] = name;
    argp_err_exit_status = MFD_USAGE;
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    if (options.profile && !mfd_profile_find(options.profile)) {
        fprintf(stderr, "mfdkit pcap: there is no profile '%s'; mfdkit list profiles shows them\n",
                options.profile);
        return MFD_USAGE;
    }
    if (mfd_suite_load_some(options.scenarios ? options.scenarios : mfd_suite_folder(),
                            options.globs, &suite, error)) {
        code = put_suite(&out, &suite);
    } else {
        fprintf(stderr, "%s\n", error);
    }
    free(out.comment);
    mfd_suite_free(&suite);
    return code;
}
