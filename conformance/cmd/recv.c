// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mfdkit recv: the reference receiver as a program. It keeps the contract of a command under test
 * as well: what the command line leaves out comes from the MFD_* variables.
 */
#include "mapfile_peer.h"
#include "migrate_device.h"
#include "net.h"
#include "receiver.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { KEY_RAM_DIR = 1000, KEY_RAM_MAX, KEY_SKIP_DEVICES, KEY_PROGRESS };

struct arguments {
    struct mfd_migrate m;
    const char *ram_dir;
    uint64_t ram_max;
    bool skip_devices;
    bool progress;
    struct mfd_migrate_devices devices;
};

static const struct argp_option options[] = {
    {"listen", MFD_MIGRATE_KEY(MFD_PARAM_ADDRESS), "ADDR", 0,
     "tcp:HOST:PORT (0: any port), unix:PATH, or file:PATH[,offset=N] for a mapped-ram file", 0},
    {"ram", MFD_MIGRATE_KEY(MFD_PARAM_RAM), "NAME=FILE:SIZE", 0,
     "a block of guest memory; what arrives is left in the file, which is made if need be. With "
     ":resizable behind SIZE the sender may shrink it. May be given "
     "several times, or several of them separated by commas",
     0},
    {"ram-out", MFD_MIGRATE_KEY(MFD_PARAM_RAM), NULL, OPTION_ALIAS, NULL, 0},
    {"ram-dir", KEY_RAM_DIR, "DIR", 0,
     "take whatever other blocks the sender lists, each into a file of its name in this folder, made anew",
     0},
    {"ram-max", KEY_RAM_MAX, "BYTES", 0,
     "bytes that --ram-dir takes at most, K, M or G behind them (16G)", 0},
    {"device", MFD_MIGRATE_KEY(MFD_PARAM_DEVICE_OUT), "ID:INSTANCE=FILE:BOUND", 0,
     "a device whose state is taken from packets of its own (10.0 on), at most BOUND bytes of it, K, M or G "
     "behind them; the file, made anew, gets it when the migration has completed. May be given several times",
     0},
    {"skip-devices", KEY_SKIP_DEVICES, NULL, 0,
     "pass over the state of devices on main, as a machine with any sends it", 0},
    {"progress", KEY_PROGRESS, NULL, 0, "a line after each sync point that has passed", 0},
    {"machine", MFD_MIGRATE_KEY(MFD_PARAM_MACHINE), "NAME", 0,
     "machine type that main must name (any)", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->m;
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is too much", value);
        break;
    case KEY_RAM_DIR:
        arguments->ram_dir = value;
        arguments->m.ram_may_lack = true;
        break;
    case KEY_RAM_MAX:
        if (!mfd_size_parse(value, value + strlen(value), UINT64_MAX, &arguments->ram_max)) {
            argp_error(state, "'%s' is no number of bytes", value);
        }
        break;
    case KEY_SKIP_DEVICES:
        arguments->skip_devices = true;
        break;
    case KEY_PROGRESS:
        arguments->progress = true;
        break;
    default:
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
        "Receives one migration and leaves guest memory in the files.\v"
        "Exits with 0 when the migration completed, 1 when it failed or was refused, 2 for wrong usage, 77 "
        "for what is not implemented. MFD_ADDR, MFD_CHANNELS, MFD_METHOD, MFD_UUID, MFD_PAGE_SIZE, "
        "MFD_RAM_OUT, MFD_REVISION, MFD_SYNC, MFD_MACHINE and MFD_TLS stand in for options that are not given.",
};

static void show_progress(void *arg, const struct mfd_receiver_progress *progress)
{
    (void)arg;
    printf("sync point %llu: %llu pages, %llu bytes\n", (unsigned long long)progress->sync_points,
           (unsigned long long)progress->pages, (unsigned long long)progress->bytes);
    fflush(stdout);
}

static struct mfd_receiver_config configure(struct arguments *arguments)
{
    const struct mfd_params *params = &arguments->m.params;
    struct mfd_receiver_config config = mfd_receiver_defaults(params->rev, &arguments->m.guest);

    config.sync = params->sync_given ? params->sync : config.sync;
    config.method = params->method;
    config.channels = params->channels;
    config.page_size = params->page_size;
    config.machine = params->machine[0] ? params->machine : NULL;
    config.tls = arguments->m.tls;
    config.stall_ms = params->stall_s * 1000;
    config.skip_devices = arguments->skip_devices;
    config.devices = arguments->devices.handlers;
    config.device_count = arguments->devices.count;
    config.progress = arguments->progress ? show_progress : NULL;
    memcpy(config.uuid, params->uuid, sizeof(config.uuid));
    return config;
}

static int report(const struct arguments *arguments, const struct mfd_receiver_result *result)
{
    const struct mfd_migrate *m = &arguments->m;
    int status = result->completed ? mfd_migrate_devices_store(m, &arguments->devices) : 0;

    return status ? status
                  : mfd_migrate_report(m, &(struct mfd_migrate_outcome){
                                              .completed = result->completed,
                                              .failure = &result->failure,
                                              .normal_pages = result->normal_pages,
                                              .zero_pages = result->zero_pages,
                                              .packets = result->packets,
                                              .sync_points = result->sync_points,
                                          });
}

static int read_file(struct arguments *arguments)
{
    struct mfd_migrate *m = &arguments->m;
    struct mfd_receiver_config config = configure(arguments);
    struct mfd_receiver_result result;
    struct mfd_mapfile file;
    int error = 0;

    if (!mfd_mapfile_parse(m->params.address, &file)) {
        return mfd_migrate_say(m, MFD_USAGE, "--listen is not file:PATH[,offset=N]");
    }
    error = mfd_mapfile_read(&config, &file, &result);
    if (error == EINVAL) {
        return mfd_migrate_say(
            m, MFD_USAGE, "the revision has no files, or a file has no method and no --device");
    }
    return error ? mfd_migrate_complain(m, m->params.address, error) : report(arguments, &result);
}

static int receive(struct arguments *arguments)
{
    struct mfd_migrate *m = &arguments->m;
    struct mfd_receiver_config config = configure(arguments);
    struct mfd_receiver_result result;
    char real[MFD_ADDRESS_MAX];
    int fd = -1;
    int error = mfd_net_listen(m->params.address, (int)m->params.channels + 1, &fd, real);

    if (error) {
        return mfd_migrate_complain(m, m->params.address, error);
    }
    printf("listening at %s\n", real);
    fflush(stdout);
    error = mfd_receiver_run(&config, fd, &result);
    close(fd);
    mfd_net_unlink(m->params.address);
    if (error == ENOTSUP) {
        return mfd_migrate_say(m, MFD_MIGRATE_UNSUPPORTED, "this revision is not implemented");
    }
    if (!error && m->guest.unadopted.error) {
        mfd_migrate_complain(m, m->guest.unadopted.name, m->guest.unadopted.error);
    }
    if (error == EINVAL) {
        return mfd_migrate_say(m, MFD_USAGE,
                               "the revision does not have this method, TLS or --device");
    }
    return error ? mfd_migrate_complain(m, "receiving", error) : report(arguments, &result);
}

int mfd_cmd_recv(int argc, char **argv)
{
    struct arguments arguments = {.m = {.name = "mfdkit recv",
                                        .address = "--listen",
                                        .use = MFD_GUEST_WRITE,
                                        .end = MFD_TLS_RECEIVER,
                                        .trouble = MFD_HARNESS},
                                  .ram_max = 16ull << 30};
    struct mfd_migrate *m = &arguments.m;
    int status = mfd_migrate_begin(m, &parser, &arguments, argc, argv);

    if (status) {
        return status;
    }
    m->guest.dir = arguments.ram_dir;
    m->guest.dir_left = arguments.ram_max;
    status = mfd_migrate_devices_prepare(m, &arguments.devices);
    if (!status) {
        status =
            mfd_mapfile_is_file(m->params.address) ? read_file(&arguments) : receive(&arguments);
    }
    mfd_migrate_devices_free(&arguments.devices);
    mfd_migrate_end(m);
    return status;
}
