// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mfdkit send: the reference sender as a program. What the command line leaves out comes from the
 * MFD_* variables.
 */
#include "cmd.h"
#include "net.h"
#include "params.h"
#include "sender.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_UNSUPPORTED 77
#define CONNECT_TIMEOUT_MS 10000

enum { KEY_PASSES = 1000, KEY_NO_RETURN, KEY_NO_SWITCHOVER };

struct arguments {
    struct mfd_params params;
    unsigned passes;
    bool return_path;
    bool switchover;
};

static const struct argp_option options[] = {
    {"to", MFD_PARAM_ADDRESS + 1, "ADDR", 0, "tcp:HOST:PORT or unix:PATH", 0},
    {"channels", MFD_PARAM_CHANNELS + 1, "N", 0, "multifd channels, 1 to 255 (2)", 0},
    {"ram", MFD_PARAM_RAM + 1, "NAME=FILE:SIZE", 0,
     "a block of guest memory and the file with its contents. May be given several times, or several of "
     "them separated by commas",
     0},
    {"ram-in", MFD_PARAM_RAM + 1, NULL, OPTION_ALIAS, NULL, 0},
    {"rev", MFD_PARAM_REVISION + 1, "REV", 0, "what the bytes mean: a release such as 7.2 (newest)",
     0},
    {"sync", MFD_PARAM_SYNC + 1, "section|marker", 0, "where sync points stand (by revision)", 0},
    {"zero", MFD_PARAM_ZERO + 1, "main|packet|none", 0, "where zero pages travel (by revision)", 0},
    {"uuid", MFD_PARAM_UUID + 1, "UUID", 0, "UUID of the virtual machine (none)", 0},
    {"page-size", MFD_PARAM_PAGE_SIZE + 1, "BYTES", 0, "target page size (4096)", 0},
    {"machine", MFD_PARAM_MACHINE + 1, "NAME", 0, "machine type to name on main (none)", 0},
    {"method", MFD_PARAM_METHOD + 1, "METHOD", 0,
     "compression: none, zlib, zstd, qpl or uadk (none)", 0},
    {"level", MFD_PARAM_LEVEL + 1, "N", 0,
     "level of the compression: zstd 0 to 20, others 0 to 9 (1)", 0},
    {"passes", KEY_PASSES, "N", 0, "times that all of memory is sent (1)", 0},
    {"no-return-path", KEY_NO_RETURN, NULL, 0, "do not ask the receiver how it went", 0},
    {"no-switchover", KEY_NO_SWITCHOVER, NULL, 0, "leave out SWITCHOVER_START (sent from 10.0 on)",
     0},
    {"stall", MFD_PARAM_STALL + 1, "SECONDS", 0,
     "give up when nothing moves for so long; 0: never (30)", 0},
    {0}};

static void parse_passes(const char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    char *end = NULL;
    unsigned long n = strtoul(value, &end, 10);

    if (end == value || *end || n < 1 || n > 1000000) {
        argp_error(state, "'%s' is no number from 1 to 1000000", value);
    }
    arguments->passes = (unsigned)n;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    const char *wrong = NULL;

    if (key == ARGP_KEY_ARG) {
        argp_error(state, "'%s' is too much", value);
    } else if (key == ARGP_KEY_END) {
        if (!arguments->params.address[0] || arguments->params.block_count == 0) {
            argp_error(state, "--to and --ram are needed");
        }
    } else if (key == KEY_PASSES) {
        parse_passes(value, state);
    } else if (key == KEY_NO_RETURN) {
        arguments->return_path = false;
    } else if (key == KEY_NO_SWITCHOVER) {
        arguments->switchover = false;
    } else if (key > 0 && key <= MFD_PARAM_STALL + 1) {
        wrong = mfd_params_set(&arguments->params, (enum mfd_param)(key - 1), value);
        if (wrong) {
            argp_error(state, "'%s' %s", value, wrong);
        }
    } else {
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp parser = {
    .options = options,
    .parser = parse,
    .doc =
        "Migrates the contents of files to a receiver.\v"
        "Exits with 0 when the receiver confirmed the migration, 1 when it failed, 2 for wrong usage, 77 for "
        "what is not implemented. MFD_ADDR, MFD_CHANNELS, MFD_METHOD, MFD_UUID, MFD_PAGE_SIZE, "
        "MFD_RAM_IN, MFD_REVISION, MFD_SYNC and MFD_MACHINE stand in for options that are not given.",
};

static int complain(const char *subject, int error)
{
    fprintf(stderr, "mfdkit send: %s: %s\n", subject, strerror(error));
    return MFD_UNEXPECTED;
}

static int report(const struct mfd_sender_result *result)
{
    char text[512];

    if (!result->completed) {
        fprintf(stderr, "mfdkit send: %s\n",
                mfd_failure_text(&result->failure, text, sizeof(text)));
        return MFD_UNEXPECTED;
    }
    printf("completed: %llu normal and %llu zero pages in %llu packets, %llu sync points\n",
           (unsigned long long)result->normal_pages, (unsigned long long)result->zero_pages,
           (unsigned long long)result->packets, (unsigned long long)result->sync_points);
    return MFD_OK;
}

static struct mfd_sender_config configure(const struct arguments *arguments,
                                          const struct mfd_guest *guest)
{
    const struct mfd_params *params = &arguments->params;
    struct mfd_sender_config config = mfd_sender_defaults(params->rev, guest);

    config.sync = params->sync_given ? params->sync : config.sync;
    config.zero = params->zero_given ? params->zero : config.zero;
    config.method = params->method;
    config.level = params->level;
    config.channels = params->channels;
    config.page_size = params->page_size;
    config.machine = params->machine[0] ? params->machine : config.machine;
    config.passes = arguments->passes;
    config.return_path = arguments->return_path;
    config.switchover = config.switchover && arguments->switchover;
    config.stall_ms = params->stall_s * 1000;
    memcpy(config.uuid, params->uuid, sizeof(config.uuid));
    return config;
}

/* Main first, which is what a real sender does, and what receivers before 8.0 need. */
static int send_to(const struct arguments *arguments, const struct mfd_guest *guest)
{
    struct mfd_sender_config config = configure(arguments, guest);
    struct mfd_sender_result result;
    int fds[MFD_CHANNELS_MAX + 1];
    unsigned count = 0;
    int error = 0;

    while (!error && count <= config.channels) {
        error = mfd_net_connect(arguments->params.address, CONNECT_TIMEOUT_MS, &fds[count]);
        count += !error;
    }
    config.fds = fds;
    if (!error) {
        error = mfd_sender_run(&config, &result);
    } else {
        complain(arguments->params.address, error);
    }
    for (unsigned i = 0; i < count; i++) {
        close(fds[i]);
    }
    if (count <= config.channels) {
        return MFD_UNEXPECTED;
    }
    if (error == ENOTSUP) {
        fprintf(stderr, "mfdkit send: this revision is not implemented\n");
        return EXIT_UNSUPPORTED;
    }
    if (error == EINVAL) {
        fprintf(
            stderr,
            "mfdkit send: the revision or the method does not have this, or a block is no multiple of "
            "the page size\n");
        return MFD_USAGE;
    }
    return error ? complain("sending", error) : report(&result);
}

int mfd_cmd_send(int argc, char **argv)
{
    static char name[] = "mfdkit send";
    struct arguments arguments = {.passes = 1, .return_path = true, .switchover = true};
    struct mfd_guest guest;
    const struct mfd_param_block *block = NULL;
    const char *variable = NULL;
    const char *wrong = NULL;
    int error = 0;
    int status = 0;

    mfd_params_init(&arguments.params);
    wrong = mfd_params_environment(&arguments.params, "MFD_RAM_IN", &variable);
    if (wrong) {
        fprintf(stderr, "mfdkit send: %s: '%s' %s\n", variable, getenv(variable), wrong);
        return MFD_USAGE;
    }
    argv[0] = name;
    argp_err_exit_status = MFD_USAGE;
    argp_parse(&parser, argc, argv, 0, NULL, &arguments);
    if (!mfd_method_info(arguments.params.method)->there) {
        fprintf(stderr, "mfdkit send: method %s is not implemented\n",
                mfd_method_info(arguments.params.method)->name);
        return EXIT_UNSUPPORTED;
    }
    error = mfd_params_guest(&arguments.params, &guest, MFD_GUEST_READ, &block);
    if (error) {
        return complain(block->file, error);
    }
    status = send_to(&arguments, &guest);
    mfd_guest_free(&guest);
    return status;
}
