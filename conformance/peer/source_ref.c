// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The embedded reference as a sender under test: a forked child that sends as often as it is told to, so that
 * what one migration leaves behind shows, and the next one can follow.
 */
#include "source.h"

#include "guest.h"
#include "method.h"
#include "net.h"
#include "sender.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct source {
    int control;   /* the harness's end: addresses to the child, answers from it */
    int cancel_fd; /* readable: cancel */
    bool busy;
    enum mfd_source_state last;
};

/* ---- in the child ---- */

static int build_guest(const struct mfd_plan *plan, const struct mfd_live *live,
                       struct mfd_guest *guest)
{
    int error = 0;

    mfd_guest_init(guest);
    for (size_t i = 0; i < plan->block_count && !error; i++) {
        const struct mfd_guest_block block = {.name = plan->blocks[i].wire_name,
                                              .used_length = plan->blocks[i].size,
                                              .max_length = plan->blocks[i].size};

        error = mfd_guest_add_file(guest, &block, live->blocks[i].path, MFD_GUEST_READ);
    }
    return error;
}

static struct mfd_sender_config configure(const struct mfd_plan *plan,
                                          const struct mfd_guest *guest, int cancel_fd)
{
    struct mfd_sender_config config = mfd_sender_defaults(plan->speak, guest);

    config.sync = plan->sync;
    config.zero = plan->zero;
    config.method = plan->method;
    config.channels = plan->channels;
    config.page_size = plan->page_size;
    config.machine = plan->machine ? plan->machine : config.machine;
    config.passes = 2;
    config.return_path = true;
    config.cancel_fd = cancel_fd;
    memcpy(config.uuid, plan->uuid, sizeof(config.uuid));
    return config;
}

/* One migration; false with its reason printed if it fails. */
static bool migrate(const struct mfd_sender_config *configured, const char *address)
{
    struct mfd_sender_config config = *configured;
    struct mfd_sender_result result = {.completed = false};
    int fds[MFD_CHANNELS_MAX + 1];
    unsigned count = 0;
    char text[256];
    int error = 0;

    config.fds = fds;
    while (!error && count <= config.channels) {
        error = mfd_net_connect(address, -1, &fds[count]);
        count += !error;
    }
    error = error ? error : mfd_sender_run(&config, &result);
    for (unsigned i = 0; i < count; i++) {
        close(fds[i]);
    }
    if (!result.completed) {
        fprintf(stderr, "%s\n",
                error ? strerror(error) : mfd_failure_text(&result.failure, text, sizeof(text)));
    }
    return result.completed;
}

/* Migrates to each address that comes, and answers 'c' or 'f'. */
static int serve(const struct mfd_plan *plan, const struct mfd_live *live,
                 const struct source *source, int control)
{
    struct mfd_guest guest;
    struct mfd_tls_creds *creds = NULL;
    char wrong[MFD_TLS_ERROR_SIZE] = "";
    char address[MFD_ADDRESS_MAX];
    struct mfd_sender_config config;
    int error = build_guest(plan, live, &guest);

    if (!error && plan->tls) {
        creds = mfd_tls_load(plan->tls, MFD_TLS_SENDER, live->keys, NULL, wrong);
        error = creds ? 0 : EPROTO;
    }
    if (error) {
        fprintf(stderr, "cannot send: %s %s\n", strerror(error), wrong);
        return 3;
    }
    config = configure(plan, &guest, source->cancel_fd);
    config.tls = creds;
    while (recv(control, address, sizeof(address), 0) == (ssize_t)sizeof(address)) {
        char answer = migrate(&config, address) ? 'c' : 'f';
        uint64_t cancelled = 0;

        /* a cancel that came too late is not for the next one; there may have been none */
        (void)!read(source->cancel_fd, &cancelled, sizeof(cancelled));
        if (send(control, &answer, 1, MSG_NOSIGNAL) != 1) {
            break;
        }
    }
    mfd_tls_free(creds);
    mfd_guest_free(&guest);
    return 0;
}

/* ---- in the harness ---- */

static void ref_release(struct mfd_live *live)
{
    struct source *source = live->own;

    close(source->control);
    close(source->cancel_fd);
    free(source);
}

static enum mfd_start ref_start(const struct mfd_peer *peer, const struct mfd_plan *plan,
                                struct mfd_live *live, char *error)
{
    struct source *source = calloc(1, sizeof(*source));
    int pair[2] = {-1, -1};
    pid_t pid = 0;

    (void)peer; /* there is one reference, and the plan configures it */
    if (!mfd_method_info(plan->method)->there) {
        snprintf(error, MFD_PEER_ERROR_SIZE, "the reference has no %s",
                 mfd_method_info(plan->method)->name);
        free(source);
        return MFD_START_UNSUPPORTED;
    }
    if (!source || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        snprintf(error, MFD_PEER_ERROR_SIZE, "control socket: %s", strerror(errno));
        free(source);
        return MFD_START_FAILED;
    }
    source->control = pair[0];
    source->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    live->own = source;
    pid = source->cancel_fd < 0 ? -1 : mfd_process_fork(&live->process, live->dir);
    if (pid == 0) {
        close(pair[0]);
        mfd_process_leave(serve(plan, live, source, pair[1]));
    }
    close(pair[1]);
    if (pid < 0) {
        snprintf(error, MFD_PEER_ERROR_SIZE, "fork: %s", strerror(errno));
        return MFD_START_FAILED;
    }
    live->process.alone = true;
    return MFD_STARTED;
}

static bool ref_begin(struct mfd_live *live, const struct mfd_plan *plan, const char *address,
                      char *error)
{
    struct source *source = live->own;
    char message[MFD_ADDRESS_MAX] = "";

    (void)plan;
    snprintf(message, sizeof(message), "%s", address);
    if (send(source->control, message, sizeof(message), MSG_NOSIGNAL) != (ssize_t)sizeof(message)) {
        snprintf(error, MFD_PEER_ERROR_SIZE, "the reference has ended: %s", strerror(errno));
        return false;
    }
    source->busy = true;
    return true;
}

static void ref_cancel(struct mfd_live *live)
{
    struct source *source = live->own;
    uint64_t one = 1;

    (void)!write(source->cancel_fd, &one,
                 sizeof(one)); /* a count that is full already says it too */
}

static enum mfd_source_state ref_state(struct mfd_live *live)
{
    struct source *source = live->own;
    char answer = 0;
    ssize_t n = source->busy ? recv(source->control, &answer, 1, MSG_DONTWAIT) : -1;

    if (!source->busy) {
        return source->last;
    }
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? MFD_SOURCE_BUSY : MFD_SOURCE_ENDED;
    }
    source->busy = false;
    source->last = n == 0          ? MFD_SOURCE_ENDED
                   : answer == 'c' ? MFD_SOURCE_COMPLETED
                                   : MFD_SOURCE_FAILED;
    return source->last;
}

static int ref_watch(struct mfd_live *live)
{
    return ((struct source *)live->own)->control;
}

/* It has no control channel of its own, and no machine: both are there as long as the process is. */
static bool ref_lives(struct mfd_live *live)
{
    return !mfd_process_poll(&live->process);
}

const struct mfd_source_kind mfd_source_ref = {
    .start = ref_start,
    .begin = ref_begin,
    .cancel = ref_cancel,
    .state = ref_state,
    .watch = ref_watch,
    .answers = ref_lives,
    .runs = ref_lives,
    .release = ref_release,
    .stays = true,
};
