// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mfdkit send: the reference sender as a program. What the command line leaves out comes from the
 * MFD_* variables.
 */
#include "mapfile_peer.h"
#include "migrate_device.h"
#include "net.h"
#include "option_number.h"
#include "sender.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define CONNECT_TIMEOUT_MS 10000

enum { KEY_PASSES = 1000, KEY_NO_RETURN, KEY_NO_SWITCHOVER };

struct arguments {
    struct mfd_migrate m;
    unsigned passes;
    bool return_path;
    bool switchover;
    struct mfd_migrate_devices devices;
};

static const struct argp_option options[] = {
    {"to", MFD_MIGRATE_KEY(MFD_PARAM_ADDRESS), "ADDR", 0,
     "tcp:HOST:PORT, unix:PATH, or file:PATH[,offset=N] for a mapped-ram file", 0},
    {"ram", MFD_MIGRATE_KEY(MFD_PARAM_RAM), "NAME=FILE:SIZE", 0,
     "a block of guest memory and the file with its contents. May be given several times, or several of "
     "them separated by commas",
     0},
    {"ram-in", MFD_MIGRATE_KEY(MFD_PARAM_RAM), NULL, OPTION_ALIAS, NULL, 0},
    {"device", MFD_MIGRATE_KEY(MFD_PARAM_DEVICE_IN), "ID:INSTANCE=FILE", 0,
     "a device and the file with its state, 1 byte to 64M, which goes over the channels behind the last pages "
     "(10.0 on). May be given several times",
     0},
    {"zero", MFD_MIGRATE_KEY(MFD_PARAM_ZERO), "main|packet|none", 0,
     "where zero pages travel (by revision)", 0},
    {"machine", MFD_MIGRATE_KEY(MFD_PARAM_MACHINE), "NAME", 0,
     "machine type to name on main (none)", 0},
    {"level", MFD_MIGRATE_KEY(MFD_PARAM_LEVEL), "N", 0,
     "level of the compression: zstd 0 to 20, others 0 to 9 (1)", 0},
    {"tls-hostname", MFD_MIGRATE_KEY(MFD_PARAM_TLS_HOST), "NAME", 0,
     "host that the receiver's certificate must be for (that of --to)", 0},
    {"passes", KEY_PASSES, "N", 0, "times that all of memory is sent (1)", 0},
    {"no-return-path", KEY_NO_RETURN, NULL, 0, "do not ask the receiver how it went", 0},
    {"no-switchover", KEY_NO_SWITCHOVER, NULL, 0, "leave out SWITCHOVER_START (sent from 10.0 on)",
     0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    if (key == ARGP_KEY_INIT) {
        state->child_inputs[0] = &arguments->m;
    } else if (key == ARGP_KEY_ARG) {
        argp_error(state, "'%s' is too much", value);
    } else if (key == KEY_PASSES) {
        arguments->passes = mfd_option_number(value, state, "--passes", 1000000);
    } else if (key == KEY_NO_RETURN) {
        arguments->return_path = false;
    } else if (key == KEY_NO_SWITCHOVER) {
        arguments->switchover = false;
    } else {
        return mfd_migrate_option(&arguments->m, key, value, state);
    }
    return 0;
}

static const struct argp_child children[] = {{.argp = &mfd_migrate_argp}, {0}};

static const struct argp parser = {
    .options = options,
    .parser = parse,
    .children = children,
    .doc =
        "Migrates the contents of files to a receiver.\v"
        "Exits with 0 when the receiver confirmed the migration, 1 when it failed, 2 for wrong usage, 77 for "
        "what is not implemented. MFD_ADDR, MFD_CHANNELS, MFD_METHOD, MFD_UUID, MFD_PAGE_SIZE, "
        "MFD_RAM_IN, MFD_REVISION, MFD_SYNC, MFD_ZERO, MFD_MACHINE and MFD_TLS stand in for options that are not "
        "given. SIGTERM cancels the migration, which then has failed.",
};

static struct mfd_sender_config configure(const struct arguments *arguments)
{
    const struct mfd_params *params = &arguments->m.params;
    struct mfd_sender_config config = mfd_sender_defaults(params->rev, &arguments->m.guest);

    config.sync = params->sync_given ? params->sync : config.sync;
    config.zero = params->zero_given ? params->zero : config.zero;
    config.method = params->method;
    config.level = params->level;
    config.channels = params->channels;
    config.page_size = params->page_size;
    config.machine = params->machine[0] ? params->machine : config.machine;
    config.tls = arguments->m.tls;
    config.passes = arguments->passes;
    config.return_path = arguments->return_path;
    config.switchover = config.switchover && arguments->switchover;
    config.devices = arguments->devices.states;
    config.device_count = arguments->devices.count;
    config.stall_ms = params->stall_s * 1000;
    memcpy(config.uuid, params->uuid, sizeof(config.uuid));
    return config;
}

static int report(const struct mfd_migrate *m, const struct mfd_sender_result *result)
{
    return mfd_migrate_report(m, &(struct mfd_migrate_outcome){
                                     .completed = result->completed,
                                     .failure = &result->failure,
                                     .normal_pages = result->normal_pages,
                                     .zero_pages = result->zero_pages,
                                     .packets = result->packets,
                                     .sync_points = result->sync_points,
                                 });
}

/* What the sender returned, and if that is 0 what it came to. */
static int conclude(const struct mfd_migrate *m, int error, const struct mfd_sender_result *result)
{
    if (error == ENOTSUP) {
        return mfd_migrate_say(m, MFD_MIGRATE_UNSUPPORTED, "this revision is not implemented");
    }
    if (error == EINVAL) {
        return mfd_migrate_say(
            m, MFD_USAGE,
            "the revision, the method or a file does not have this, or a block is no "
            "multiple of the page size");
    }
    return error ? mfd_migrate_complain(m, "sending", error) : report(m, result);
}

static int migrate(const struct mfd_migrate *m, const struct mfd_sender_config *config)
{
    struct mfd_sender_result result;
    int error = mfd_sender_run(config, &result);

    return conclude(m, error, &result);
}

static int write_file(const struct arguments *arguments)
{
    const struct mfd_migrate *m = &arguments->m;
    struct mfd_sender_config config = configure(arguments);
    struct mfd_sender_result result;
    struct mfd_mapfile file;

    if (!mfd_mapfile_parse(m->params.address, &file)) {
        return mfd_migrate_say(m, MFD_USAGE, "--to is not file:PATH[,offset=N]");
    }
    return conclude(m, mfd_mapfile_write(&config, &file, &result), &result);
}

/* A descriptor that becomes readable when the process is asked to end; -1: it just ends then. */
static int on_terminate(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    return sigprocmask(SIG_BLOCK, &signals, NULL) == 0 ? signalfd(-1, &signals, SFD_CLOEXEC) : -1;
}

/* Main first, which is what a real sender does, and what receivers before 8.0 need. */
static int send_to(const struct arguments *arguments)
{
    const struct mfd_migrate *m = &arguments->m;
    struct mfd_sender_config config = configure(arguments);
    int fds[MFD_CHANNELS_MAX + 1];
    unsigned count = 0;
    int error = 0;
    int status = 0;

    while (!error && count <= config.channels) {
        error = mfd_net_connect(m->params.address, CONNECT_TIMEOUT_MS, &fds[count]);
        count += !error;
    }
    config.fds = fds;
    config.cancel_fd = on_terminate();
    status = error ? mfd_migrate_complain(m, m->params.address, error) : migrate(m, &config);
    for (unsigned i = 0; i < count; i++) {
        close(fds[i]);
    }
    return status;
}

int mfd_cmd_send(int argc, char **argv)
{
    struct arguments arguments = {.m = {.name = "mfdkit send",
                                        .address = "--to",
                                        .use = MFD_GUEST_READ,
                                        .end = MFD_TLS_SENDER,
                                        .trouble = MFD_UNEXPECTED},
                                  .passes = 1,
                                  .return_path = true,
                                  .switchover = true};
    int status = mfd_migrate_begin(&arguments.m, &parser, &arguments, argc, argv);

    if (status) {
        return status;
    }
    status = mfd_migrate_devices_load(&arguments.m, &arguments.devices);
    if (!status) {
        status = mfd_mapfile_is_file(arguments.m.params.address) ? write_file(&arguments)
                                                                 : send_to(&arguments);
    }
    mfd_migrate_devices_free(&arguments.devices);
    mfd_migrate_end(&arguments.m);
    return status;
}
