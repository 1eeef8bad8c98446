// SPDX-License-Identifier: GPL-2.0-or-later
#include "take.h"

#include "judge.h"
#include "take_link.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What memory holds before: unlike anything that a sender's memory is filled with. */
#define STALE 0xee
/* Rounds over all links before the caller has its turn. */
#define ROUNDS 64
#define TCP_BUFFER 65536

/* ---- taking connections ---- */

static void stop_listening(struct mfd_take *take)
{
    if (take->listen_fd >= 0) {
        close(take->listen_fd);
        mfd_net_unlink(take->address);
        take->listen_fd = -1;
    }
}

static bool accept_all(struct mfd_take *take)
{
    bool moved = false;

    while (take->listen_fd >= 0 && !take->held) {
        int fd = -1;
        int number = -1;

        if (mfd_take_refuses(take, take->accepted)) {
            stop_listening(take);
            break;
        }
        fd = accept4(take->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            break;
        }
        moved = true;
        number = mfd_session_open(&take->session);
        if (number < 0) {
            close(fd);
            continue;
        }
        mfd_link_open(take, &take->links[number], (unsigned)number, fd);
    }
    return moved;
}

/* ---- one step ---- */

/* What a step waits for. */
struct watch {
    struct pollfd fds[MFD_SESSION_CONNS_MAX + 2];
    nfds_t count;
    bool more; /* something can go on at once */
};

static void watch_fd(struct watch *watch, int fd, short events)
{
    if (fd >= 0) {
        watch->fds[watch->count++] = (struct pollfd){fd, events, 0};
    }
}

static void wait_for(struct mfd_take *take, int fd, int timeout_ms)
{
    struct watch watch = {.count = 0};

    watch_fd(&watch, take->held ? -1 : take->listen_fd, POLLIN);
    watch_fd(&watch, fd, POLLIN);
    for (unsigned i = 0; i < MFD_SESSION_CONNS_MAX; i++) {
        const struct mfd_take_link *link = &take->links[i];

        if (link->used &&
            (mfd_link_readable(take, link) || (link->greeting && !link->stalled && !take->held))) {
            watch_fd(&watch, link->sock.fd, POLLIN);
            watch.more |= link->more;
        } else if (link->used && link->parked && !link->hung_up) {
            watch_fd(&watch, link->sock.fd, POLLRDHUP);
        }
    }
    poll(watch.fds, watch.count, watch.more ? 0 : timeout_ms);
}

/* Asks again about what is parked; true if anything was let go. */
static bool unpark(struct mfd_take *take)
{
    bool moved = false;

    for (unsigned i = 0; i < MFD_SESSION_CONNS_MAX; i++) {
        moved |= mfd_link_again(take, &take->links[i]);
    }
    return moved;
}

/* Notes which of those that are parked the sender has closed, and fails where all are. */
static void look_for_gone(struct mfd_take *take)
{
    for (unsigned i = 0; i < MFD_SESSION_CONNS_MAX; i++) {
        struct mfd_take_link *link = &take->links[i];
        struct pollfd fd = {link->used ? link->sock.fd : -1, POLLRDHUP, 0};

        if (link->used && link->parked && !link->hung_up && poll(&fd, 1, 0) > 0) {
            link->hung_up = true;
            mfd_session_hung_up(&take->session, link->number);
        }
    }
    if (!take->adrift && mfd_session_abandoned(&take->session)) {
        mfd_session_fail(&take->session, 0, "the sender has gone before the end of the migration");
    }
}

/* Once all is decided every connection is closed, as a receiver does. */
static void end_session(struct mfd_take *take)
{
    for (unsigned i = 0; i < MFD_SESSION_CONNS_MAX; i++) {
        struct mfd_take_link *link = &take->links[i];

        if (link->used && !link->stalled) {
            mfd_link_end(take, link);
        }
    }
}

/* Whatever there is to be read, and what that lets go. */
static bool serve(struct mfd_take *take)
{
    bool moved = accept_all(take);

    for (unsigned i = 0; i < MFD_SESSION_CONNS_MAX; i++) {
        struct mfd_take_link *link = &take->links[i];

        if (link->used && link->greeting && !link->stalled && !take->held) {
            moved |= mfd_link_greet(take, link);
        }
        moved |= mfd_link_read(take, link);
    }
    return (!take->held && !mfd_session_ended(&take->session) && unpark(take)) || moved;
}

bool mfd_take_step(struct mfd_take *take, int watch_fd, int timeout_ms)
{
    bool moved = false;

    wait_for(take, watch_fd, timeout_ms);
    for (unsigned i = 0; i < ROUNDS && serve(take); i++) {
        moved = true;
    }
    if (!moved) {
        look_for_gone(take);
    }
    if (mfd_session_ended(&take->session)) {
        end_session(take);
    }
    return moved;
}

/* ---- start and end ---- */

static bool make_guest(struct mfd_take *take)
{
    const struct mfd_plan *plan = take->plan;
    int error = 0;

    mfd_guest_init(&take->guest);
    for (size_t i = 0; i < plan->block_count && !error; i++) {
        const struct mfd_guest_block block = {.name = plan->blocks[i].wire_name,
                                              .used_length = plan->blocks[i].size,
                                              .max_length = plan->blocks[i].size};

        error = mfd_guest_add_anonymous(&take->guest, &block);
        if (!error) {
            memset(take->guest.maps[i].base, STALE, (size_t)plan->blocks[i].size);
        }
    }
    return error == 0;
}

static bool load_creds(struct mfd_take *take, char *error)
{
    const char *folders[] = {NULL, take->live->keys, take->live->foreign};

    for (int i = MFD_PLAN_TLS; take->plan->tls && i <= MFD_PLAN_TLS_FOREIGN; i++) {
        take->creds[i] = mfd_tls_load(take->plan->tls, MFD_TLS_RECEIVER, folders[i], NULL, error);
        if (!take->creds[i]) {
            return false;
        }
    }
    return true;
}

static void set_up(struct mfd_take *take)
{
    const struct mfd_plan *plan = take->plan;

    take->setup = (struct mfd_conn_setup){
        .check = {.rev = plan->speak,
                  .page_size = plan->page_size,
                  .channels = plan->channels,
                  .uuid = plan->uuid,
                  .method = plan->method,
                  .ram = &take->guest.table},
        .sync = plan->sync,
        .machine = plan->machine,
        .guest = &take->guest,
    };
    mfd_session_init(&take->session, plan->channels);
}

bool mfd_take_start(struct mfd_take *take, const struct mfd_plan *plan, struct mfd_live *live,
                    const char *name, char *error)
{
    char wanted[MFD_ADDRESS_MAX];
    int failed = 0;

    *take = (struct mfd_take){.plan = plan, .live = live, .listen_fd = -1, .start = mfd_now()};
    take->links = calloc(MFD_SESSION_CONNS_MAX, sizeof(*take->links));
    take->done = calloc(plan->moment_count + 1, sizeof(*take->done));
    if (!take->links || !take->done || !make_guest(take)) {
        snprintf(error, MFD_PEER_ERROR_SIZE, "out of memory");
        return false;
    }
    if (!load_creds(take, error)) {
        return false;
    }
    set_up(take);
    snprintf(wanted, sizeof(wanted), "unix:%s/%s", live->dir, name);
    failed = mfd_net_listen(plan->tcp ? "tcp:127.0.0.1:0" : wanted, (int)plan->channels + 8,
                            &take->listen_fd, take->address);
    if (failed) {
        snprintf(error, MFD_PEER_ERROR_SIZE, "listening: %s", strerror(failed));
        return false;
    }
    if (plan->tcp) {
        /* what lies in buffers is sent already: the sender has to wait for what is read, as over a UNIX socket */
        setsockopt(take->listen_fd, SOL_SOCKET, SO_RCVBUF, &(int){TCP_BUFFER}, sizeof(int));
    }
    /* what wants to connect may be gone again */
    return fcntl(take->listen_fd, F_SETFL, O_NONBLOCK) == 0;
}

void mfd_take_close(struct mfd_take *take)
{
    stop_listening(take);
    for (unsigned i = 0; take->links && i < MFD_SESSION_CONNS_MAX; i++) {
        if (take->links[i].used) {
            mfd_take_drop(take, &take->links[i], false);
        }
    }
}

void mfd_take_end(struct mfd_take *take)
{
    mfd_take_close(take);
    free(take->links);
    free(take->done);
    mfd_guest_free(&take->guest);
    for (int i = MFD_PLAN_TLS; i <= MFD_PLAN_TLS_FOREIGN; i++) {
        mfd_tls_free(take->creds[i]);
    }
    take->links = NULL;
    take->done = NULL;
}

bool mfd_take_memory(const struct mfd_take *take, char *detail, size_t size)
{
    size_t count = take->plan->block_count;
    struct mfd_live_block *blocks = calloc(count + 1, sizeof(*blocks));
    struct mfd_live received = {.blocks = blocks, .block_count = count};
    bool equal = false;

    if (!blocks) {
        snprintf(detail, size, "out of memory");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        blocks[i].base = take->guest.maps[i].base;
        blocks[i].size = take->guest.maps[i].size;
    }
    equal = mfd_memory_as_meant(take->plan, &received, false, detail, size);
    free(blocks);
    return equal;
}
