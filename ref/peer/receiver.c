// SPDX-License-Identifier: GPL-2.0-or-later
#include "receiver.h"

#include "link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct mfd_receiver_config mfd_receiver_defaults(enum mfd_rev rev, struct mfd_guest *guest)
{
    return (struct mfd_receiver_config){
        .rev = rev,
        .sync = mfd_rev_info(rev)->sync,
        .channels = 2,
        .page_size = 4096,
        .guest = guest,
        .cancel_fd = -1,
    };
}

/* An eventfd of its own cannot fail or block here: the counter is far from full. */
static void signal_fd(int fd)
{
    uint64_t one = 1;

    while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR) {}
}

void mfd_receiver_ping(const struct mfd_receiver *r)
{
    signal_fd(r->ping_fd);
}

/* Main keeps its sending half, so that its peer can still be told of the failure. */
static void shut_down(const struct mfd_receiver *r, bool only_extras)
{
    for (unsigned i = 0; i < r->session.conn_count; i++) {
        const struct mfd_session_conn *sc = &r->session.conns[i];

        if (r->links[i] && (sc->extra || !only_extras)) {
            shutdown(r->links[i]->sock.fd, sc->role == MFD_ROLE_MAIN ? SHUT_RD : SHUT_RDWR);
        }
    }
}

void mfd_receiver_publish(struct mfd_receiver *r)
{
    const struct mfd_session *s = &r->session;

    if (s->started && !r->told_start) {
        r->told_start = true;
        shut_down(r, true);
    }
    if (s->finishing && !r->told_finish) {
        r->told_finish = true;
        signal_fd(r->wake_fd);
    }
    if (mfd_session_ended(s) && !r->told_end) {
        r->told_end = true;
        if (s->failure.set) {
            shut_down(r, false);
        }
        signal_fd(r->ping_fd);
    } else if (mfd_session_stuck(s)) {
        signal_fd(r->ping_fd);
    }
    if (r->config->progress && s->points != r->told_points) {
        r->told_points = s->points;
        signal_fd(r->ping_fd);
    }
    /* 255 channels that are woken by each message of one another would do little else */
    if (mfd_session_moves(s)) {
        pthread_cond_broadcast(&r->changed);
    }
}

static void fail_session(struct mfd_receiver *r, int error, const char *what)
{
    pthread_mutex_lock(&r->mutex);
    mfd_session_fail(&r->session, error, what);
    mfd_receiver_publish(r);
    pthread_mutex_unlock(&r->mutex);
}

/* Gives a connection its place in the session; -1 if there is none for it. */
static int place_link(struct mfd_receiver *r, int fd)
{
    struct mfd_link *fresh = malloc(sizeof(*fresh));
    int number = -1;

    if (!fresh) {
        fail_session(r, ENOMEM, "cannot accept a connection");
        return -1;
    }
    pthread_mutex_lock(&r->mutex);
    number = mfd_session_open(&r->session);
    if (number >= 0) {
        *fresh = (struct mfd_link){
            .receiver = r,
            .number = (unsigned)number,
            .sock = mfd_sock_plain(fd),
            .first = r->result->connections == 1,
        };
        r->links[number] = fresh;
    } else {
        free(fresh);
    }
    pthread_mutex_unlock(&r->mutex);
    return number;
}

/* Closes a connection and frees its place, for threads that are gone or never were. */
static void free_link(struct mfd_receiver *r, struct mfd_link *link)
{
    mfd_conn_free(&link->conn);
    mfd_sock_free(&link->sock);
    pthread_mutex_lock(&r->mutex);
    r->links[link->number] = NULL;
    mfd_session_release(&r->session, link->number);
    close(link->sock.fd);
    pthread_mutex_unlock(&r->mutex);
    free(link);
}

static int start_link(struct mfd_receiver *r, struct mfd_link *link)
{
    int error = mfd_conn_init(&link->conn, &r->setup);

    if (!error && r->config->tls) {
        error = mfd_sock_secure(&link->sock, r->config->tls);
    }
    if (!error) {
        error = (r->config->create ? r->config->create : pthread_create)(&link->thread, NULL,
                                                                         mfd_link_thread, link);
    }
    if (!error) {
        r->result->threads_created++;
    }
    return error;
}

static void take_connection(struct mfd_receiver *r, int listen_fd)
{
    int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
    int number = -1;
    int error = 0;

    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            fail_session(r, errno, "cannot accept a connection");
        }
        return; /* all else concerns a connection that has gone again */
    }
    r->result->connections++;
    number = place_link(r, fd);
    if (number < 0) {
        close(fd);
        return;
    }
    error = start_link(r, r->links[number]);
    if (error) {
        /* in this order: once it is closed the sender gives up, and what that breaks is not the first failure */
        fail_session(r, error, "cannot start to serve a connection");
        free_link(r, r->links[number]);
    }
}

/* Takes the counters of a thread that has left or is about to. */
static void join_link(struct mfd_receiver *r, struct mfd_link *link)
{
    pthread_join(link->thread, NULL);
    r->result->threads_joined++;
    r->result->packets += link->conn.packets;
    r->result->normal_pages += link->conn.normal_pages;
    r->result->zero_pages += link->conn.zero_pages;
    r->result->bytes += atomic_load(&link->bytes);
}

/* Closes the connections that were dropped, which makes room for others. */
static void close_dropped(struct mfd_receiver *r)
{
    for (unsigned i = 0; i < r->session.conn_count; i++) {
        struct mfd_link *link = r->links[i];
        bool drop = false;

        pthread_mutex_lock(&r->mutex);
        drop = link && link->left && link->drop;
        pthread_mutex_unlock(&r->mutex);
        if (drop) {
            join_link(r, link);
            free_link(r, link);
        }
    }
}

/* What the accepting thread waits for. */
struct watch {
    struct pollfd fds[3 + MFD_SESSION_CONNS_MAX];
    unsigned number[3 + MFD_SESSION_CONNS_MAX]; /* connection, from index 3 on */
    nfds_t count;
};

/* While nothing can happen, parked connections are watched for being closed: nobody reads them. */
static void watch_parked(struct mfd_receiver *r, struct watch *watch)
{
    unsigned count = 0;

    pthread_mutex_lock(&r->mutex);
    count = mfd_session_stuck(&r->session) ? r->session.conn_count : 0;
    for (unsigned i = 0; i < count; i++) {
        const struct mfd_session_conn *sc = &r->session.conns[i];

        if (sc->open && sc->parked && !sc->hung_up) {
            watch->fds[watch->count] = (struct pollfd){r->links[i]->sock.fd, POLLRDHUP, 0};
            watch->number[watch->count++] = i;
        }
    }
    pthread_mutex_unlock(&r->mutex);
}

static void note_hung_up(struct mfd_receiver *r, const struct watch *watch)
{
    pthread_mutex_lock(&r->mutex);
    for (nfds_t i = 3; i < watch->count; i++) {
        if (watch->fds[i].revents) {
            mfd_session_hung_up(&r->session, watch->number[i]);
        }
    }
    pthread_mutex_unlock(&r->mutex);
}

/* The sender has gone if nobody waits to be accepted either. */
static void fail_if_abandoned(struct mfd_receiver *r, int listen_fd)
{
    struct pollfd fd = {listen_fd, POLLIN, 0};
    bool abandoned = false;
    int waiting = 0;

    pthread_mutex_lock(&r->mutex);
    abandoned = mfd_session_abandoned(&r->session);
    pthread_mutex_unlock(&r->mutex);
    /* nothing else would ever wake this thread for a second look */
    while (abandoned && (waiting = poll(&fd, 1, 0)) < 0 && errno == EINTR) {}
    if (abandoned && waiting == 0) {
        fail_session(r, 0, "the sender has gone before the end of the migration");
    }
}

static int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Progress of the whole session: one slow channel among busy ones is no stall. */
struct guard {
    uint64_t bytes;
    unsigned connections;
    int64_t since;
};

/* Some senders look at the receiver's certificate only when the handshake is over. */
static const char *stall_text(struct mfd_receiver *r)
{
    bool left = false;

    pthread_mutex_lock(&r->mutex);
    left = r->left_greeted;
    pthread_mutex_unlock(&r->mutex);
    return left
               ? "no connection makes progress; one was closed behind its TLS handshake, as by a sender "
                 "that does not trust this end"
               : "no connection makes progress";
}

/*
 * Milliseconds that may pass without progress from now on; -1: any. Fails the session after the
 * last.
 */
static int check_guard(struct mfd_receiver *r, struct guard *guard)
{
    struct guard now = {r->result->bytes, r->result->connections, now_ms()};
    int64_t left = 0;

    if (r->config->stall_ms == 0 || now.connections == 0) {
        return -1;
    }
    for (unsigned i = 0; i < r->session.conn_count; i++) {
        if (r->links[i]) {
            now.bytes += atomic_load_explicit(&r->links[i]->bytes, memory_order_relaxed) +
                         atomic_load_explicit(&r->links[i]->greeted, memory_order_relaxed);
        }
    }
    if (now.bytes != guard->bytes || now.connections != guard->connections) {
        *guard = now;
    }
    left = guard->since + r->config->stall_ms - now.since;
    if (left <= 0) {
        fail_session(r, ETIMEDOUT, stall_text(r));
        return 0;
    }
    return (int)left;
}

/* Tells of a sync point that has passed since the last call. */
static void tell_progress(struct mfd_receiver *r, uint64_t *told)
{
    struct mfd_receiver_progress now = {0};

    if (!r->config->progress) {
        return;
    }
    pthread_mutex_lock(&r->mutex);
    now.sync_points = r->session.points;
    for (unsigned i = 0; i < r->session.conn_count; i++) {
        if (r->links[i]) {
            now.bytes += atomic_load_explicit(&r->links[i]->bytes, memory_order_relaxed);
            now.pages += atomic_load_explicit(&r->links[i]->pages, memory_order_relaxed);
        }
    }
    pthread_mutex_unlock(&r->mutex);
    if (now.sync_points != *told) {
        *told = now.sync_points;
        r->config->progress(r->config->progress_arg, &now);
    }
}

static bool ended(struct mfd_receiver *r)
{
    bool is = false;

    pthread_mutex_lock(&r->mutex);
    is = mfd_session_ended(&r->session);
    pthread_mutex_unlock(&r->mutex);
    return is;
}

/* Accepts and watches until the session has ended. */
static void accept_all(struct mfd_receiver *r, int listen_fd)
{
    struct guard guard = {0};
    struct watch watch;
    uint64_t told = 0;

    while (!ended(r)) {
        int timeout = check_guard(r, &guard);
        uint64_t pings = 0;

        watch.fds[0] = (struct pollfd){listen_fd, POLLIN, 0};
        watch.fds[1] = (struct pollfd){r->ping_fd, POLLIN, 0};
        watch.fds[2] = (struct pollfd){r->config->cancel_fd, POLLIN, 0};
        watch.count = 3;
        watch_parked(r, &watch);
        if (poll(watch.fds, watch.count, timeout) <= 0) {
            continue; /* a signal, or time to check the guard */
        }
        if (watch.fds[2].revents) {
            fail_session(r, ECANCELED, "the migration was cancelled");
        }
        if (watch.fds[1].revents && read(r->ping_fd, &pings, sizeof(pings)) > 0) {
            close_dropped(r);
        }
        if (watch.fds[0].revents & POLLIN) {
            take_connection(r, listen_fd);
        } else if (watch.fds[0].revents) {
            fail_session(r, EBADF, "cannot listen any more");
        }
        tell_progress(r, &told);
        note_hung_up(r, &watch);
        fail_if_abandoned(r, listen_fd);
    }
}

/* The one place where the threads of connections that were not dropped are joined. */
static void finish(struct mfd_receiver *r)
{
    for (unsigned i = 0; i < r->session.conn_count; i++) {
        if (r->links[i]) {
            join_link(r, r->links[i]);
        }
    }
    for (unsigned i = 0; i < r->session.conn_count; i++) {
        struct mfd_link *link = r->links[i];

        if (!link) {
            continue;
        }
        if (r->session.failure.set && link->conn.return_path) {
            mfd_link_send_shut(&link->sock, 1);
        }
        free_link(r, link);
    }
    r->result->completed = r->session.completed;
    r->result->failure = r->session.failure;
    r->result->sync_points = r->session.points;
}

int mfd_receiver_check(const struct mfd_receiver_config *config)
{
    uint32_t page_size = config->page_size;
    const struct mfd_method_info *method = mfd_method_info(config->method);

    if (method && !method->there) {
        return ENOTSUP;
    }
    if (!method || (config->method & ~mfd_rev_info(config->rev)->methods) || config->channels < 1 ||
        config->channels > MFD_CHANNELS_MAX || !config->guest || !mfd_is_page_size(page_size) ||
        (config->tls && config->rev < MFD_REV_5_2) ||
        (config->device_count && !mfd_rev_info(config->rev)->device) ||
        !mfd_device_handlers_valid(config->devices, config->device_count)) {
        return EINVAL;
    }
    return 0;
}

/* 0 or an errno. */
static int set_up(struct mfd_receiver *r, const struct mfd_receiver_config *config,
                  struct mfd_receiver_result *result)
{
    r->config = config;
    r->result = result;
    r->setup = (struct mfd_conn_setup){
        .check =
            {
                .rev = config->rev,
                .page_size = config->page_size,
                .channels = config->channels,
                .uuid = config->uuid,
                .method = config->method,
                .ram = &config->guest->table,
            },
        .sync = config->sync,
        .machine = config->machine,
        .guest = config->guest,
        .tail_room = config->skip_devices ? malloc(MFD_TAIL_MAX) : NULL,
        .devices = config->devices,
        .device_count = config->device_count,
    };
    mfd_session_init(&r->session, config->channels);
    pthread_mutex_init(&r->mutex, NULL);
    pthread_cond_init(&r->changed, NULL);
    r->wake_fd = eventfd(0, EFD_CLOEXEC);
    r->ping_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (config->skip_devices && !r->setup.tail_room) {
        return ENOMEM;
    }
    return r->wake_fd < 0 || r->ping_fd < 0 ? EMFILE : 0;
}

static void tear_down(struct mfd_receiver *r)
{
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->mutex);
    if (r->wake_fd >= 0) {
        close(r->wake_fd);
    }
    if (r->ping_fd >= 0) {
        close(r->ping_fd);
    }
    free(r->setup.tail_room);
    free(r);
}

int mfd_receiver_run(const struct mfd_receiver_config *config, int listen_fd,
                     struct mfd_receiver_result *result)
{
    int error = mfd_receiver_check(config);
    int flags = fcntl(listen_fd, F_GETFL);
    struct mfd_receiver *r = NULL;

    *result = (struct mfd_receiver_result){0};
    if (error) {
        return error;
    }
    /* a connection may be gone again before it is accepted: that must not wait for the next */
    if (flags < 0 || fcntl(listen_fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        return errno;
    }
    r = calloc(1, sizeof(*r));
    if (!r) {
        return ENOMEM;
    }
    error = set_up(r, config, result);
    if (!error) {
        accept_all(r, listen_fd);
        finish(r);
    }
    tear_down(r);
    return error;
}
