// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The embedded reference receiver as a peer: a forked child, no exec, so that a run costs little more than
 * its bytes.
 */
#include "exit_peer.h"
#include "guest.h"
#include "mapfile_peer.h"
#include "method.h"
#include "receiver.h"
#include "source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Neither completed nor refused: shows as a crash. */
#define EXIT_BROKEN 3

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    if (fd >= 0 &&
        (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 300) != 0)) {
        int saved = errno;

        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

/* A file has none. */
static void close_listener(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

static int build_guest(const struct mfd_plan *plan, const struct mfd_live *live,
                       struct mfd_guest *guest)
{
    int error = 0;

    mfd_guest_init(guest);
    for (size_t i = 0; i < plan->block_count && !error; i++) {
        const struct mfd_plan_block *block = &plan->blocks[i];
        struct mfd_guest_block out = {
            .name = block->wire_name,
            .used_length = block->resizable ? live->blocks[i].size : block->size,
            .max_length = live->blocks[i].size,
            .resizable = block->resizable,
        };

        error = mfd_guest_add_file(guest, &out, live->blocks[i].path, MFD_GUEST_WRITE);
    }
    return error;
}

static int build_handlers(const struct mfd_plan *plan, struct mfd_device_handler *handlers)
{
    for (size_t i = 0; i < plan->device_count; i++) {
        const struct mfd_plan_device *device = &plan->devices[i];

        handlers[i].idstr = device->idstr;
        handlers[i].instance = device->instance;
        handlers[i].size = device->size;
        handlers[i].room = calloc(1, device->size);
        if (!handlers[i].room) {
            return ENOMEM;
        }
    }
    return 0;
}

/* Leaves what arrived of each device where the harness looks for it. 0 or an errno. */
static int store_states(const struct mfd_live *live, const struct mfd_device_handler *handlers,
                        size_t count)
{
    char path[128];
    int error = 0;

    for (size_t i = 0; i < count && !error; i++) {
        FILE *file = fopen(mfd_live_state_path(live, i, path, sizeof(path)), "we");
        size_t filled = atomic_load(&handlers[i].filled);

        if (!file || fwrite(handlers[i].room, 1, filled, file) != filled) {
            error = errno;
        }
        if (file && fclose(file) != 0) {
            error = errno;
        }
    }
    return error;
}

static void free_handlers(struct mfd_device_handler *handlers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(handlers[i].room);
    }
    free(handlers);
}

/* In the child: receives one migration and ends with the status that tells how it went. */
static int receive(const struct mfd_plan *plan, const struct mfd_live *live, int listen_fd)
{
    struct mfd_guest guest;
    struct mfd_receiver_config config;
    struct mfd_receiver_result result;
    struct mfd_tls_creds *creds = NULL;
    char wrong[MFD_TLS_ERROR_SIZE];
    char text[256];
    struct mfd_mapfile file = {.offset = plan->file_offset};
    struct mfd_device_handler *handlers = calloc(plan->device_count + 1, sizeof(*handlers));
    int error = build_guest(plan, live, &guest);

    if (!error) {
        error = handlers ? build_handlers(plan, handlers) : ENOMEM;
    }
    if (!error) {
        config = mfd_receiver_defaults(plan->peer_rev, &guest);
        config.sync = plan->sync;
        config.method = plan->method;
        config.channels = plan->channels;
        config.page_size = plan->page_size;
        config.machine = plan->machine;
        config.devices = handlers;
        config.device_count = plan->device_count;
        memcpy(config.uuid, plan->uuid, sizeof(config.uuid));
        if (plan->tls) {
            creds = mfd_tls_load(plan->tls, MFD_TLS_RECEIVER, live->keys, NULL, wrong);
            config.tls = creds;
        }
        snprintf(file.path, sizeof(file.path), "%s", live->address);
        error = plan->tls && !creds ? EPROTO
                : plan->file        ? mfd_mapfile_read(&config, &file, &result)
                                    : mfd_receiver_run(&config, listen_fd, &result);
    }
    if (!error && result.completed) {
        error = store_states(live, handlers, plan->device_count);
    }
    free_handlers(handlers, handlers ? plan->device_count : 0);
    mfd_tls_free(creds);
    mfd_guest_free(&guest);
    close_listener(listen_fd);
    if (error) {
        fprintf(stderr, "cannot receive: %s\n", strerror(error));
        return EXIT_BROKEN;
    }
    if (!result.completed) {
        fprintf(stderr, "%s\n", mfd_failure_text(&result.failure, text, sizeof(text)));
    }
    return result.completed ? MFD_EXIT_COMPLETED : MFD_EXIT_REFUSED;
}

static enum mfd_start ref_start(const struct mfd_peer *peer, const struct mfd_plan *plan,
                                struct mfd_live *live, char *error)
{
    int listen_fd = -1;

    (void)peer; /* there is one reference, and the plan configures it */
    if (!mfd_method_info(plan->method)->there) {
        snprintf(error, MFD_PEER_ERROR_SIZE, "the reference has no %s",
                 mfd_method_info(plan->method)->name);
        return MFD_START_UNSUPPORTED;
    }
    listen_fd = plan->file ? -1 : listen_at(live->address);
    if (listen_fd < 0 && !plan->file) {
        snprintf(error, MFD_PEER_ERROR_SIZE, "listening at %s: %s", live->address, strerror(errno));
        return MFD_START_FAILED;
    }
    switch (mfd_process_fork(&live->process, live->dir)) {
    case 0:
        mfd_process_leave(receive(plan, live, listen_fd));
    case -1:
        snprintf(error, MFD_PEER_ERROR_SIZE, "fork: %s", strerror(errno));
        close_listener(listen_fd);
        return MFD_START_FAILED;
    default:
        live->process.alone = true;
        close_listener(listen_fd);
        return MFD_STARTED;
    }
}

static bool ref_settable(const struct mfd_peer *peer)
{
    (void)peer;
    return true;
}

const struct mfd_peer_kind mfd_peer_ref = {
    .name = "ref",
    .source = &mfd_source_ref,
    .start = ref_start,
    .answers = mfd_exit_peer_answers,
    .completed = mfd_exit_peer_completed,
    .refusal_code = mfd_exit_peer_refusal,
    .settable = ref_settable,
    .completes_by_exit = true,
    .memory_live = true,
};
