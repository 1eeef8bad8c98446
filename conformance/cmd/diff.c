// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit diff: what changed from one report of mfdkit test --json to another. */
#include "diff.h"

#include "cmd.h"
#include "json.h"

#include <argp.h>
#include <stdio.h>

struct arguments {
    const char *files[2];
    unsigned count;
    bool json;
    bool strict;
};

enum { KEY_JSON = 0x100, KEY_STRICT };

static const struct argp_option options[] = {
    {"json", KEY_JSON, NULL, 0, "as JSON", 0},
    {"strict", KEY_STRICT, NULL, 0, "a SHOULD that is not met is a failure, as in mfdkit test", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *args = state->input;

    switch (key) {
    case KEY_JSON:
        args->json = true;
        return 0;
    case KEY_STRICT:
        args->strict = true;
        return 0;
    case ARGP_KEY_ARG:
        if (args->count == 2) {
            argp_error(state, "two reports: '%s' is one too many", arg);
        }
        args->files[args->count++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (args->count != 2) {
            argp_error(state, "two reports are needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    options,
    parse,
    "A.json B.json",
    "What changed from report A to report B, both of mfdkit test --json."
    "\vEach result that differs is told once, under the first of these that applies:\n\n"
    "  broken    unexpected now, and was not before\n"
    "  worse     was right, and is not, though that is known or a SHOULD\n"
    "  lost      was judged, and cannot be any more\n"
    "  fixed     unexpected before, and is not now\n"
    "  mended    a known defect, or a SHOULD, that is right now\n"
    "  new       only in B\n"
    "  gone      only in A\n"
    "  changed   otherwise different: no better and no worse\n\n"
    "Exit status: 0 B is no worse than A, 1 something is broken, worse or lost, 2 usage, 3 the output could not be written.",
    NULL,
    NULL,
    NULL};

static int compare(const struct arguments *args, const struct mfd_run *before,
                   const struct mfd_run *after)
{
    struct mfd_diff diff;
    int code = MFD_HARNESS;
    bool good = mfd_diff_make(&diff, before, after);

    if (good && args->json) {
        good = mfd_json_put(stdout, mfd_diff_to_json(&diff));
    } else if (good) {
        good = mfd_diff_write(stdout, &diff);
    }
    if (good && fflush(stdout) == 0) {
        code = mfd_diff_worse(&diff) ? MFD_UNEXPECTED : MFD_OK;
    }
    mfd_diff_free(&diff);
    return code;
}

int mfd_cmd_diff(int argc, char **argv)
{
    struct arguments args = {.count = 0};
    struct mfd_run runs[2] = {{0}, {0}};
    char error[MFD_JSON_ERROR_SIZE];
    int code = MFD_OK;

    argp_err_exit_status = MFD_USAGE;
    argp_parse(&parser, argc, argv, 0, NULL, &args);
    for (int i = 0; i < 2 && code == MFD_OK; i++) {
        if (!mfd_json_load(args.files[i], &runs[i], error)) {
            fprintf(stderr, "mfdkit diff: %s\n", error);
            code = MFD_USAGE;
        }
        runs[i].strict = args.strict;
    }
    if (code == MFD_OK) {
        code = compare(&args, &runs[0], &runs[1]);
    }
    mfd_run_free(&runs[0]);
    mfd_run_free(&runs[1]);
    return code;
}
