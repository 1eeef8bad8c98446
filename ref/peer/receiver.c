// SPDX-License-Identifier: GPL-2.0-or-later
#include "receiver.h"

#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct receiver;

struct link {
    struct receiver *receiver;
    unsigned number; /* of the session's connection */
    int fd;          /* changed only by the accepting thread, under the mutex */
    bool used;
    bool left; /* under the mutex: the thread has nothing more to do */
    bool drop; /* under the mutex: close as soon as it has left */
    pthread_t thread;
    struct mfd_conn conn;
    _Atomic uint64_t bytes;
};

struct receiver {
    const struct mfd_receiver_config *config;
    struct mfd_conn_setup setup;
    struct mfd_receiver_result *result;
    int wake_fd; /* readable from the end of main on: channels between messages look again */
    int ping_fd; /* tells the accepting thread to look at the session */
    pthread_mutex_t mutex; /* session and all that is marked above */
    pthread_cond_t changed;
    struct mfd_session session;
    bool told_start; /* what has been acted upon already */
    bool told_finish;
    bool told_end;
    struct link links[MFD_SESSION_CONNS_MAX];
};

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

/* Main keeps its sending half, so that its peer can still be told of the failure. */
static void shut_down(const struct receiver *r, bool only_extras)
{
    for (unsigned i = 0; i < r->session.conn_count; i++) {
        const struct mfd_session_conn *sc = &r->session.conns[i];

        if (r->links[i].used && (sc->extra || !only_extras)) {
            shutdown(r->links[i].fd, sc->role == MFD_ROLE_MAIN ? SHUT_RD : SHUT_RDWR);
        }
    }
}

/* Acts on what the session has become; the mutex is held. */
static void publish(struct receiver *r)
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
    pthread_cond_broadcast(&r->changed);
}

/* Reports an event and waits in the park as long as the session says so. */
static enum mfd_decision report(struct link *link, enum mfd_got got)
{
    struct receiver *r = link->receiver;
    enum mfd_decision decision = MFD_SESSION_GO;

    pthread_mutex_lock(&r->mutex);
    decision = mfd_session_event(&r->session, link->number, got, &link->conn);
    publish(r);
    while (decision == MFD_SESSION_PARK) {
        pthread_cond_wait(&r->changed, &r->mutex);
        decision = mfd_session_again(&r->session, link->number);
        if (decision != MFD_SESSION_PARK) {
            publish(r);
        }
    }
    pthread_mutex_unlock(&r->mutex);
    return decision;
}

static enum mfd_decision report_idle(struct link *link)
{
    struct receiver *r = link->receiver;
    enum mfd_decision decision = MFD_SESSION_GO;

    pthread_mutex_lock(&r->mutex);
    decision = mfd_session_idle(&r->session, link->number);
    publish(r);
    pthread_mutex_unlock(&r->mutex);
    return decision;
}

static enum mfd_decision report_error(struct link *link, int error, const char *what)
{
    struct receiver *r = link->receiver;
    enum mfd_decision decision = MFD_SESSION_GO;

    pthread_mutex_lock(&r->mutex);
    decision = mfd_session_error(&r->session, link->number, error, what, &link->conn);
    publish(r);
    pthread_mutex_unlock(&r->mutex);
    return decision;
}

/* The messages are 8 bytes: a peer for whom there is no room has stopped reading long ago. */
static int send_back(int fd, const uint8_t *message, size_t size)
{
    ssize_t n = send(fd, message, size, MSG_NOSIGNAL | MSG_DONTWAIT);

    return n == (ssize_t)size ? 0 : n < 0 ? errno : EAGAIN;
}

static int send_shut(int fd, uint32_t value)
{
    uint8_t message[MFD_RETURN_HEADER_SIZE + 4];

    mfd_put16(message, MFD_RETURN_SHUT);
    mfd_put16(message + 2, 4);
    mfd_put32(message + MFD_RETURN_HEADER_SIZE, value);
    return send_back(fd, message, sizeof(message));
}

/* Main's answers. A peer that no longer listens after the end does not undo the migration. */
static enum mfd_decision answer(struct link *link, enum mfd_got got)
{
    int error = 0;

    if (got == MFD_GOT_REPLY) {
        error = send_back(link->fd, link->conn.reply, sizeof(link->conn.reply));
    } else if (got == MFD_GOT_END && link->conn.return_path) {
        send_shut(link->fd, 0);
    }
    return error ? report_error(link, error, "cannot answer on the return path") : MFD_SESSION_GO;
}

/* Handles one event; GO: carry on. */
static enum mfd_decision handle(struct link *link, enum mfd_got got)
{
    enum mfd_decision decision = got == MFD_GOT_REPLY ? MFD_SESSION_GO : report(link, got);

    return decision == MFD_SESSION_GO ? answer(link, got) : decision;
}

static enum mfd_decision handle_error(struct link *link, int error)
{
    enum mfd_got got = error == ECONNRESET ? mfd_conn_eof(&link->conn) : MFD_GOT_CLOSED;

    /* a reset within a message is a cut like any other; between messages it is no orderly close */
    return got != MFD_GOT_CLOSED ? report(link, got) : report_error(link, error, "cannot read");
}

/*
 * Waits between two messages of a channel until something can be read, without consuming anything.
 * False when main has ended and nothing is there: whatever arrived before that has been read.
 */
static bool wait_for_message(struct link *link)
{
    struct pollfd fds[2] = {{link->fd, POLLIN, 0}, {link->receiver->wake_fd, POLLIN, 0}};

    while (poll(fds, 2, -1) < 0 && errno == EINTR) {}
    /* it may have arrived after that looked at the socket and before it looked at the other */
    return fds[0].revents || poll(fds, 1, 0) != 0;
}

/* Reads once; -1 with errno. A channel that is idle when main has ended gives EAGAIN. */
static ssize_t receive(struct link *link)
{
    struct msghdr message = {0};
    ssize_t n = 0;

    message.msg_iov = (struct iovec *)mfd_conn_want(&link->conn, &message.msg_iovlen);
    do {
        bool between = mfd_conn_at_boundary(&link->conn);

        /*
         * a header is looked at in whatever pieces it comes: it may be wrong before it is complete
         */
        n = recvmsg(link->fd, &message,
                    between              ? MSG_DONTWAIT
                    : link->conn.loading ? MSG_WAITALL
                                         : 0);
        if (n < 0 && errno == EAGAIN && between && !wait_for_message(link)) {
            errno = EAGAIN;
            return -1;
        }
    } while (n < 0 && (errno == EINTR || errno == EAGAIN));
    return n;
}

static enum mfd_decision serve(struct link *link)
{
    enum mfd_decision decision = MFD_SESSION_GO;

    while (decision == MFD_SESSION_GO) {
        ssize_t n = receive(link);

        if (n < 0 && errno == EAGAIN) {
            decision = report_idle(link);
        } else if (n < 0) {
            decision = handle_error(link, errno);
        } else if (n == 0) {
            decision = report(link, mfd_conn_eof(&link->conn));
        } else {
            enum mfd_got got = mfd_conn_got(&link->conn, (size_t)n);

            atomic_fetch_add_explicit(&link->bytes, (uint64_t)n, memory_order_relaxed);
            while (got != MFD_GOT_MORE && decision == MFD_SESSION_GO) {
                decision = handle(link, got);
                got = decision == MFD_SESSION_GO ? mfd_conn_got(&link->conn, 0) : got;
            }
        }
    }
    return decision;
}

static void *link_thread(void *arg)
{
    struct link *link = arg;
    struct receiver *r = link->receiver;
    enum mfd_decision decision = serve(link);

    pthread_mutex_lock(&r->mutex);
    link->left = true;
    link->drop = decision == MFD_SESSION_DROP;
    pthread_mutex_unlock(&r->mutex);
    if (decision == MFD_SESSION_DROP) {
        signal_fd(r->ping_fd);
    }
    return NULL;
}

static void fail_session(struct receiver *r, int error, const char *what)
{
    pthread_mutex_lock(&r->mutex);
    mfd_session_fail(&r->session, error, what);
    publish(r);
    pthread_mutex_unlock(&r->mutex);
}

/* Gives a connection its place in the session; -1 if there is none for it. */
static int place_link(struct receiver *r, int fd)
{
    int number = -1;

    pthread_mutex_lock(&r->mutex);
    number = mfd_session_open(&r->session);
    if (number >= 0) {
        r->links[number] =
            (struct link){.receiver = r, .number = (unsigned)number, .fd = fd, .used = true};
    }
    pthread_mutex_unlock(&r->mutex);
    return number;
}

/* Closes a connection and frees its place, for threads that are gone or never were. */
static void free_link(struct receiver *r, struct link *link)
{
    mfd_conn_free(&link->conn);
    pthread_mutex_lock(&r->mutex);
    link->used = false;
    mfd_session_release(&r->session, link->number);
    close(link->fd);
    pthread_mutex_unlock(&r->mutex);
}

static int start_link(struct receiver *r, struct link *link)
{
    int error = mfd_conn_init(&link->conn, &r->setup);

    if (!error) {
        error = (r->config->create ? r->config->create : pthread_create)(&link->thread, NULL,
                                                                         link_thread, link);
    }
    if (!error) {
        r->result->threads_created++;
    }
    return error;
}

static void take_connection(struct receiver *r, int listen_fd)
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
    error = start_link(r, &r->links[number]);
    if (error) {
        free_link(r, &r->links[number]);
        fail_session(r, error, "cannot start a thread");
    }
}

/* Takes the counters of a thread that has left or is about to. */
static void join_link(struct receiver *r, struct link *link)
{
    pthread_join(link->thread, NULL);
    r->result->threads_joined++;
    r->result->packets += link->conn.packets;
    r->result->normal_pages += link->conn.normal_pages;
    r->result->zero_pages += link->conn.zero_pages;
    r->result->bytes += atomic_load(&link->bytes);
}

/* Closes the connections that were dropped, which makes room for others. */
static void close_dropped(struct receiver *r)
{
    for (unsigned i = 0; i < MFD_SESSION_CONNS_MAX; i++) {
        struct link *link = &r->links[i];
        bool drop = false;

        pthread_mutex_lock(&r->mutex);
        drop = link->used && link->left && link->drop;
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
static void watch_parked(struct receiver *r, struct watch *watch)
{
    pthread_mutex_lock(&r->mutex);
    for (unsigned i = 0; mfd_session_stuck(&r->session) && i < r->session.conn_count; i++) {
        const struct mfd_session_conn *sc = &r->session.conns[i];

        if (sc->open && sc->parked && !sc->hung_up) {
            watch->fds[watch->count] = (struct pollfd){r->links[i].fd, POLLRDHUP, 0};
            watch->number[watch->count++] = i;
        }
    }
    pthread_mutex_unlock(&r->mutex);
}

static void note_hung_up(struct receiver *r, const struct watch *watch)
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
static void fail_if_abandoned(struct receiver *r, int listen_fd)
{
    struct pollfd fd = {listen_fd, POLLIN, 0};
    bool abandoned = false;

    pthread_mutex_lock(&r->mutex);
    abandoned = mfd_session_abandoned(&r->session);
    pthread_mutex_unlock(&r->mutex);
    if (abandoned && poll(&fd, 1, 0) == 0) {
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

/*
 * Milliseconds that may pass without progress from now on; -1: any. Fails the session after the
 * last.
 */
static int check_guard(struct receiver *r, struct guard *guard)
{
    struct guard now = {r->result->bytes, r->result->connections, now_ms()};
    int64_t left = 0;

    if (r->config->stall_ms == 0 || now.connections == 0) {
        return -1;
    }
    for (unsigned i = 0; i < MFD_SESSION_CONNS_MAX; i++) {
        if (r->links[i].used) {
            now.bytes += atomic_load_explicit(&r->links[i].bytes, memory_order_relaxed);
        }
    }
    if (now.bytes != guard->bytes || now.connections != guard->connections) {
        *guard = now;
    }
    left = guard->since + r->config->stall_ms - now.since;
    if (left <= 0) {
        fail_session(r, ETIMEDOUT, "no connection makes progress");
        return 0;
    }
    return (int)left;
}

static bool ended(struct receiver *r)
{
    bool is = false;

    pthread_mutex_lock(&r->mutex);
    is = mfd_session_ended(&r->session);
    pthread_mutex_unlock(&r->mutex);
    return is;
}

/* Accepts and watches until the session has ended. */
static void accept_all(struct receiver *r, int listen_fd)
{
    struct guard guard = {0};
    struct watch watch;

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
        note_hung_up(r, &watch);
        fail_if_abandoned(r, listen_fd);
    }
}

/* The one place where the threads of connections that were not dropped are joined. */
static void finish(struct receiver *r)
{
    for (unsigned i = 0; i < MFD_SESSION_CONNS_MAX; i++) {
        if (r->links[i].used) {
            join_link(r, &r->links[i]);
        }
    }
    for (unsigned i = 0; i < MFD_SESSION_CONNS_MAX; i++) {
        struct link *link = &r->links[i];

        if (link->used && r->session.failure.set && link->conn.return_path) {
            send_shut(link->fd, 1);
        }
        if (link->used) {
            free_link(r, link);
        }
    }
    r->result->completed = r->session.completed;
    r->result->failure = r->session.failure;
    r->result->sync_points = r->session.points;
}

static int check_config(const struct mfd_receiver_config *config)
{
    uint32_t page_size = config->page_size;

    if (config->method != 0 || config->rev < MFD_REV_FIRST) {
        return ENOTSUP;
    }
    if (config->channels < 1 || config->channels > MFD_CHANNELS_MAX || !config->guest ||
        page_size < MFD_PAGE_SIZE_MIN || page_size > MFD_PAGE_SIZE_MAX ||
        (page_size & (page_size - 1))) {
        return EINVAL;
    }
    return 0;
}

static void set_up(struct receiver *r, const struct mfd_receiver_config *config,
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
    };
    mfd_session_init(&r->session, config->channels);
    pthread_mutex_init(&r->mutex, NULL);
    pthread_cond_init(&r->changed, NULL);
    r->wake_fd = eventfd(0, EFD_CLOEXEC);
    r->ping_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

static void tear_down(struct receiver *r)
{
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->mutex);
    if (r->wake_fd >= 0) {
        close(r->wake_fd);
    }
    if (r->ping_fd >= 0) {
        close(r->ping_fd);
    }
    free(r);
}

int mfd_receiver_run(const struct mfd_receiver_config *config, int listen_fd,
                     struct mfd_receiver_result *result)
{
    int error = check_config(config);
    int flags = fcntl(listen_fd, F_GETFL);
    struct receiver *r = NULL;

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
    set_up(r, config, result);
    if (r->wake_fd < 0 || r->ping_fd < 0) {
        error = EMFILE;
    } else {
        accept_all(r, listen_fd);
        finish(r);
    }
    tear_down(r);
    return error;
}
