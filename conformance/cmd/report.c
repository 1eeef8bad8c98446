// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit report: other reports out of those that mfdkit test --json has written. */
#include "cmd.h"
#include "json.h"
#include "report_files.h"

#include <argp.h>
#include <stdio.h>

#define RUNS_MAX 64

struct arguments {
    const char *inputs[RUNS_MAX];
    size_t count;
    struct mfd_report_files files;
};

enum { KEY_HTML = 0x100, KEY_JUNIT, KEY_MARKDOWN, KEY_BADGE };

static const struct argp_option options[] = {
    {"html", KEY_HTML, "FILE", 0, "one page about all of them: the rules against the peers", 0},
    {"junit", KEY_JUNIT, "FILE", 0, "JUnit XML, of one report", 0},
    {"markdown", KEY_MARKDOWN, "FILE", 0, "Markdown for the page of a CI job, of one report", 0},
    {"badge", KEY_BADGE, "FILE", 0, "JSON for a badge of shields.io, of one report", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *args = state->input;

    switch (key) {
    case KEY_HTML:
        args->files.html = arg;
        return 0;
    case KEY_JUNIT:
        args->files.junit = arg;
        return 0;
    case KEY_MARKDOWN:
        args->files.markdown = arg;
        return 0;
    case KEY_BADGE:
        args->files.badge = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (args->count == RUNS_MAX) {
            argp_error(state, "at most %d reports", RUNS_MAX);
        }
        args->inputs[args->count++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (args->count == 0) {
            argp_error(state, "of which report?");
        }
        if (!args->files.html && !args->files.junit && !args->files.markdown &&
            !args->files.badge) {
            argp_error(state, "as what? --html, --junit, --markdown or --badge");
        }
        if (args->count > 1 && (args->files.junit || args->files.markdown || args->files.badge)) {
            argp_error(state, "only --html is about several reports");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    options,
    parse,
    "REPORT.json...",
    "Make other reports out of those of mfdkit test --json, as of several peers beside each other."
    "\vThe events of a failure are no part of the JSON: for ladder diagrams use mfdkit test --html.",
    NULL,
    NULL,
    NULL};

int mfd_cmd_report(int argc, char **argv)
{
    static struct mfd_run runs[RUNS_MAX];
    struct arguments args = {.count = 0};
    char error[MFD_JSON_ERROR_SIZE];
    int code = MFD_OK;

    argp_err_exit_status = MFD_USAGE;
    argp_parse(&parser, argc, argv, 0, NULL, &args);
    for (size_t i = 0; i < args.count && code == MFD_OK; i++) {
        if (!mfd_json_load(args.inputs[i], &runs[i], error)) {
            fprintf(stderr, "mfdkit report: %s\n", error);
            code = MFD_USAGE;
        }
    }
    if (code == MFD_OK && args.count > 1) {
        code = mfd_report_html_write(args.files.html, "report", runs, args.count) ? MFD_OK
                                                                                  : MFD_HARNESS;
    } else if (code == MFD_OK) {
        code = mfd_report_files_write(&args.files, "report", &runs[0]) ? MFD_OK : MFD_HARNESS;
    }
    for (size_t i = 0; i < args.count; i++) {
        mfd_run_free(&runs[i]);
    }
    return code;
}
