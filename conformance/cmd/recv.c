// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mfdkit recv: the reference receiver as a program. It keeps the contract of a command under test
 * as well: what the command line leaves out comes from the MFD_* variables.
 */
#include "cmd.h"
#include "net.h"
#include "params.h"
#include "receiver.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Exit status of the contract for what is not implemented. */
#define EXIT_UNSUPPORTED 77

static const struct argp_option options[] = {
    {"listen", MFD_PARAM_ADDRESS + 1, "ADDR", 0, "tcp:HOST:PORT (0: any port) or unix:PATH", 0},
    {"channels", MFD_PARAM_CHANNELS + 1, "N", 0, "multifd channels, 1 to 255 (2)", 0},
    {"ram", MFD_PARAM_RAM + 1, "NAME=FILE:SIZE", 0,
     "a block of guest memory; what arrives is left in the file, which is made if need be. With "
     ":resizable behind SIZE the sender may shrink it. May be given "
     "several times, or several of them separated by commas",
     0},
    {"ram-out", MFD_PARAM_RAM + 1, NULL, OPTION_ALIAS, NULL, 0},
    {"rev", MFD_PARAM_REVISION + 1, "REV", 0, "what the bytes mean: a release such as 7.2 (newest)",
     0},
    {"sync", MFD_PARAM_SYNC + 1, "section|marker", 0, "where sync points stand (by revision)", 0},
    {"uuid", MFD_PARAM_UUID + 1, "UUID", 0, "UUID of the virtual machine (none)", 0},
    {"page-size", MFD_PARAM_PAGE_SIZE + 1, "BYTES", 0, "target page size (4096)", 0},
    {"machine", MFD_PARAM_MACHINE + 1, "NAME", 0, "machine type that main must name (any)", 0},
    {"method", MFD_PARAM_METHOD + 1, "METHOD", 0,
     "compression: none, zlib, zstd, qpl or uadk (none)", 0},
    {"stall", MFD_PARAM_STALL + 1, "SECONDS", 0,
     "give up when nobody sends anything for so long; 0: never (30)", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct mfd_params *params = state->input;
    const char *wrong = NULL;

    if (key == ARGP_KEY_ARG) {
        argp_error(state, "'%s' is too much", value);
    } else if (key == ARGP_KEY_END) {
        if (!params->address[0] || params->block_count == 0) {
            argp_error(state, "--listen and --ram are needed");
        }
    } else if (key > 0 && key <= MFD_PARAM_STALL + 1) {
        wrong = mfd_params_set(params, (enum mfd_param)(key - 1), value);
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
        "Receives one migration and leaves guest memory in the files.\v"
        "Exits with 0 when the migration completed, 1 when it failed or was refused, 2 for wrong usage, 77 "
        "for what is not implemented. MFD_ADDR, MFD_CHANNELS, MFD_METHOD, MFD_UUID, MFD_PAGE_SIZE, "
        "MFD_RAM_OUT, MFD_REVISION, MFD_SYNC and MFD_MACHINE stand in for options that are not given.",
};

static int complain(const char *subject, int error)
{
    fprintf(stderr, "mfdkit recv: %s: %s\n", subject, strerror(error));
    return MFD_HARNESS;
}

static int report(const struct mfd_receiver_result *result)
{
    char text[512];

    if (!result->completed) {
        fprintf(stderr, "mfdkit recv: %s\n",
                mfd_failure_text(&result->failure, text, sizeof(text)));
        return MFD_UNEXPECTED;
    }
    printf("completed: %llu normal and %llu zero pages in %llu packets, %llu sync points\n",
           (unsigned long long)result->normal_pages, (unsigned long long)result->zero_pages,
           (unsigned long long)result->packets, (unsigned long long)result->sync_points);
    return MFD_OK;
}

static int receive(const struct mfd_params *params, struct mfd_guest *guest)
{
    struct mfd_receiver_config config = mfd_receiver_defaults(params->rev, guest);
    struct mfd_receiver_result result;
    char real[MFD_ADDRESS_MAX];
    int fd = -1;
    int error = 0;

    config.sync = params->sync_given ? params->sync : config.sync;
    config.method = params->method;
    config.channels = params->channels;
    config.page_size = params->page_size;
    config.machine = params->machine[0] ? params->machine : NULL;
    config.stall_ms = params->stall_s * 1000;
    memcpy(config.uuid, params->uuid, sizeof(config.uuid));
    error = mfd_net_listen(params->address, (int)params->channels + 1, &fd, real);
    if (error) {
        return complain(params->address, error);
    }
    printf("listening at %s\n", real);
    fflush(stdout);
    error = mfd_receiver_run(&config, fd, &result);
    close(fd);
    mfd_net_unlink(params->address);
    if (error == ENOTSUP) {
        fprintf(stderr, "mfdkit recv: this revision is not implemented\n");
        return EXIT_UNSUPPORTED;
    }
    return error ? complain("receiving", error) : report(&result);
}

int mfd_cmd_recv(int argc, char **argv)
{
    static char name[] = "mfdkit recv";
    struct mfd_params params;
    struct mfd_guest guest;
    const struct mfd_param_block *block = NULL;
    const char *variable = NULL;
    const char *wrong = NULL;
    int error = 0;
    int status = 0;

    mfd_params_init(&params);
    wrong = mfd_params_environment(&params, "MFD_RAM_OUT", &variable);
    if (wrong) {
        fprintf(stderr, "mfdkit recv: %s: '%s' %s\n", variable, getenv(variable), wrong);
        return MFD_USAGE;
    }
    argv[0] = name;
    argp_err_exit_status = MFD_USAGE;
    argp_parse(&parser, argc, argv, 0, NULL, &params);
    if (!mfd_method_info(params.method)->there) {
        fprintf(stderr, "mfdkit recv: method %s is not implemented\n",
                mfd_method_info(params.method)->name);
        return EXIT_UNSUPPORTED;
    }
    error = mfd_params_guest(&params, &guest, MFD_GUEST_WRITE, &block);
    if (error) {
        return complain(block->file, error);
    }
    status = receive(&params, &guest);
    mfd_guest_free(&guest);
    return status;
}
