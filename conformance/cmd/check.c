// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit check: which rules the migrations in a capture held. */
#include "capture.h"
#include "cmd.h"
#include "known_options.h"
#include "option_number.h"
#include "verdict_json.h"
#include "verdict_text.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_JSON = 0x100, KEY_PORT, KEY_STRICT };

struct options {
    struct mfd_known_options known;
    const char *file;
    const char *json;
    uint16_t port;
    bool strict;
    bool all;
};

static const struct argp_option option_list[] = {
    {"json", KEY_JSON, "FILE", 0, "write the results for machines, too", 0},
    {"all", 'a', NULL, 0, "list the rules that were held, too", 0},
    {"strict", KEY_STRICT, NULL, 0, "a broken SHOULD is exit code 1, too", 0},
    {"port", KEY_PORT, "N", 0,
     "where the receiver listens: what goes there is a migration, however it starts", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->known;
        break;
    case KEY_JSON:
        options->json = value;
        break;
    case KEY_PORT:
        options->port = (uint16_t)mfd_option_number(value, state, "--port", UINT16_MAX);
        break;
    case KEY_STRICT:
        options->strict = true;
        break;
    case 'a':
        options->all = true;
        break;
    case ARGP_KEY_ARG:
        if (options->file) {
            argp_error(state, "'%s' is too much", value);
        }
        options->file = value;
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which FILE?");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_child children[] = {{.argp = &mfd_known_argp}, {0}};

static const struct argp parser = {
    .options = option_list,
    .parser = parse,
    .children = children,
    .args_doc = "FILE",
    .doc =
        "Hold the senders of the migrations in a capture (pcap or pcapng; - is standard input) to the rules of "
        "the protocol."
        "\vEach rule is held, broken (with the frame and the byte), or undecided, with the reason: no rule is held "
        "because nothing was there to break it. Connections are put together from their segments, in whatever "
        "order, and grouped to migrations; what is missing is told. Payload is passed over, TLS is not read.\n\n"
        "Which release sent it, the traffic shows only in part. A rule that not all releases have that it may be "
        "is undecided unless --rev tells.\n\n"
        "Exit status: 0 no MUST is broken, 1 some is, 2 usage, or the file is no capture, 3 mfdkit itself failed, 4 "
        "there is no migration in it, or nothing of one could be judged.",
};

static bool write_json(const struct options *options, const struct mfd_verdicts *verdicts)
{
    FILE *out = fopen(options->json, "we");
    bool good = out && mfd_verdicts_json(out, MFD_SUITE_VERSION, options->file, verdicts);

    if (out) {
        good = fclose(out) == 0 && good;
    }
    if (!good) {
        fprintf(stderr, "mfdkit check: %s: %s\n", options->json, strerror(errno));
    }
    return good;
}

static int report(const struct options *options, const struct mfd_verdicts *verdicts)
{
    struct mfd_verdict_sums sums = mfd_verdicts_sum(verdicts, options->strict);
    bool decided = sums.counts[MFD_CHECKED_HELD] || sums.counts[MFD_CHECKED_BROKEN];

    mfd_verdicts_text(stdout, options->file, verdicts, options->all);
    if (options->json && !write_json(options, verdicts)) {
        return MFD_HARNESS;
    }
    if (!mfd_checker_count(verdicts->checker)) {
        fprintf(stderr, "mfdkit check: no multifd migration in %s%s\n", options->file,
                options->port ? "" : "; --port tells where a receiver listens");
        return MFD_NOTHING;
    }
    if (sums.broken) {
        return MFD_UNEXPECTED;
    }
    return decided ? MFD_OK : MFD_NOTHING;
}

int mfd_cmd_check(int argc, char **argv)
{
    static char name[] = "mfdkit check";
    struct options options = {0};
    struct mfd_verdicts verdicts = {0};
    char error[MFD_CAPTURE_ERROR_SIZE];
    FILE *in = NULL;
    int code = MFD_USAGE;

    argv[0] = name;
    argp_err_exit_status = MFD_USAGE;
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    in = strcmp(options.file, "-") == 0 ? stdin : fopen(options.file, "rbe");
    if (!in) {
        fprintf(stderr, "mfdkit check: %s: %s\n", options.file, strerror(errno));
        return MFD_USAGE;
    }
    if (mfd_verdicts_read(in, &options.known.given, options.port, &verdicts, error)) {
        code = report(&options, &verdicts);
    } else {
        fprintf(stderr, "mfdkit check: %s: %s\n", options.file, error);
        code = verdicts.checker && verdicts.totals.frames ? MFD_HARNESS : MFD_USAGE;
    }
    mfd_verdicts_free(&verdicts);
    return code;
}
