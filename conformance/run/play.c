// SPDX-License-Identifier: GPL-2.0-or-later
#include "play.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Happenings kept: the report shows the last dozen, and a run of thousands of pieces is bounded. */
#define HAPPENINGS_MAX 4096
/*
 * Seconds for which a peer of others must be quiet before a connection that it does not accept is given
 * up. It has something to do then, and on a busy machine its timer for that may be late: QEMU 10.0 naps
 * while it waits for the first bytes of the connection before.
 */
#define CONNECT_WINDOW 0.1
/* Seconds of its processor time after which a peer that does not take one piece is not going to. */
#define TAKING_CPU 0.05

__attribute__((format(printf, 5, 6))) static void happen(struct mfd_play *play, unsigned conn,
                                                         bool from_peer,
                                                         enum mfd_happening_kind kind,
                                                         const char *format, ...)
{
    struct mfd_happening *now =
        mfd_happenings_add(&play->happenings, &play->happening_count, HAPPENINGS_MAX);
    va_list list;

    if (!now) {
        return;
    }
    *now = (struct mfd_happening){
        .ms = (mfd_now() - play->start) * 1000, .from_peer = from_peer, .kind = kind};
    now->conn = strdup(play->plan->conns[conn].name);
    va_start(list, format);
    if (vasprintf(&now->text, format, list) < 0) {
        now->text = NULL;
    }
    va_end(list);
}

/* The harness looks at the authority that signed the peer's certificate, not at its host. */
static bool load_creds(struct mfd_play *play)
{
    const char *folders[] = {NULL, play->live->keys, play->live->foreign};
    char error[MFD_TLS_ERROR_SIZE];

    for (int i = MFD_PLAN_TLS; play->plan->tls && i <= MFD_PLAN_TLS_FOREIGN; i++) {
        play->creds[i] = mfd_tls_load(play->plan->tls, MFD_TLS_SENDER, folders[i], NULL, error);
        if (!play->creds[i]) {
            return false;
        }
    }
    return true;
}

/* Keeps what went over a connection, with the line it is from. */
static void keep(struct mfd_play *play, unsigned conn, struct mfd_event event, const char *text)
{
    if (!play->recording) {
        return;
    }
    event.connection = conn;
    event.time_ns = (uint64_t)((mfd_now() - play->start) * 1e9);
    mfd_recording_add(play->recording, &event, text);
}

static void keep_end(struct mfd_play *play, unsigned conn, enum mfd_direction direction,
                     enum mfd_event_kind kind)
{
    keep(play, conn, (struct mfd_event){.direction = direction, .kind = kind}, NULL);
}

static void keep_data(struct mfd_play *play, unsigned conn, enum mfd_direction direction,
                      const uint8_t *bytes, size_t len)
{
    const struct mfd_event event = {
        .direction = direction, .kind = MFD_EVENT_DATA, .bytes = bytes, .len = len};

    if (direction == MFD_FORWARD) {
        keep(play, conn, event, play->conns[conn].text);
        play->conns[conn].text = NULL;
    } else {
        keep(play, conn, event, NULL);
    }
}

bool mfd_play_start(struct mfd_play *play, const struct mfd_plan *plan, struct mfd_live *live,
                    struct mfd_recording *recording)
{
    *play =
        (struct mfd_play){.plan = plan, .live = live, .start = mfd_now(), .recording = recording};
    play->conns = calloc(plan->conn_count ? plan->conn_count : 1, sizeof(*play->conns));
    play->fds = calloc(plan->conn_count ? plan->conn_count : 1, sizeof(*play->fds));
    for (size_t i = 0; play->conns && i < plan->conn_count; i++) {
        play->conns[i].fd = -1;
    }
    return play->conns && play->fds && load_creds(play);
}

static void close_conn(struct mfd_play *play, unsigned conn)
{
    struct mfd_play_conn *c = &play->conns[conn];

    if (c->fd >= 0) {
        mfd_sock_free(&c->sock);
        close(c->fd);
        c->fd = -1;
        c->closed_here = true;
        keep_end(play, conn, MFD_FORWARD, MFD_EVENT_CLOSE);
    }
    c->queued = 0;
}

void mfd_play_close_all(struct mfd_play *play)
{
    for (unsigned i = 0; i < play->plan->conn_count; i++) {
        if (play->conns[i].fd >= 0) {
            happen(play, i, false, MFD_HAPPENED_END, "closed by the harness");
            close_conn(play, i);
        }
    }
}

void mfd_play_end(struct mfd_play *play)
{
    for (unsigned i = 0; play->conns && i < play->plan->conn_count; i++) {
        close_conn(play, i);
        free(play->conns[i].queue);
    }
    free(play->conns);
    free(play->fds);
    play->conns = NULL;
    play->fds = NULL;
    for (int i = MFD_PLAN_TLS; i <= MFD_PLAN_TLS_FOREIGN; i++) {
        mfd_tls_free(play->creds[i]);
    }
}

static void peer_closed(struct mfd_play *play, unsigned conn, bool reset)
{
    struct mfd_play_conn *c = &play->conns[conn];

    if (!c->closed_by_peer) {
        c->closed_by_peer = true;
        c->reset = reset;
        c->queued = 0;
        keep_end(play, conn, MFD_BACKWARD, reset ? MFD_EVENT_RESET : MFD_EVENT_CLOSE);
        happen(play, conn, true, MFD_HAPPENED_END, reset ? "reset" : "closed");
    }
}

/* The TLS of a connection is over, whoever is at fault. */
static void tls_failed(struct mfd_play *play, unsigned conn, const char *what)
{
    struct mfd_play_conn *c = &play->conns[conn];
    int error = errno;

    happen(play, conn, true, MFD_HAPPENED_NOTE, "%s: %s", what,
           c->sock.why[0] ? c->sock.why : strerror(error));
    peer_closed(play, conn, error == ECONNRESET && !mfd_sock_is_silent(&c->sock));
}

/* Goes on with the handshake; true if that moved. */
static bool greet(struct mfd_play *play, unsigned conn)
{
    struct mfd_play_conn *c = &play->conns[conn];
    uint64_t pulled = c->sock.pulled;

    errno = mfd_sock_handshake(&c->sock);
    c->greeting = errno == EAGAIN;
    if (errno && errno != EAGAIN) {
        tls_failed(play, conn, "TLS handshake");
    }
    return !c->greeting || c->sock.pulled != pulled;
}

/* What is to be done to the connection when all has been sent. */
static void end_conn(struct mfd_play *play, unsigned conn)
{
    struct mfd_play_conn *c = &play->conns[conn];

    if (c->fd >= 0 && c->bye_after) {
        c->bye_after = mfd_sock_bye(&c->sock, MSG_DONTWAIT) == EAGAIN;
    }
    if (c->fd >= 0 && c->shut_after) {
        c->shut_after = false;
        shutdown(c->fd, SHUT_WR);
        keep_end(play, conn, MFD_FORWARD, MFD_EVENT_CLOSE);
    }
    if (c->fd >= 0 && c->close_after) {
        close_conn(play, conn);
    }
}

/* Sends what the socket takes; true if that was anything. */
static bool pump_conn(struct mfd_play *play, unsigned conn)
{
    struct mfd_play_conn *c = &play->conns[conn];
    bool moved = false;

    if (c->greeting && c->fd >= 0 && !c->closed_by_peer) {
        moved = greet(play, conn);
    }
    while (c->queued && c->fd >= 0 && !c->greeting) {
        struct mfd_play_piece *piece = &c->queue[0];
        struct iovec iov = {(void *)piece->bytes, piece->size};
        ssize_t n = mfd_sock_write(&c->sock, &iov, 1, MSG_DONTWAIT);

        if (n < 0) {
            if (errno == EPROTO) {
                tls_failed(play, conn, "cannot send");
            } else if (errno != EAGAIN && errno != EINTR) {
                peer_closed(play, conn, errno == ECONNRESET);
            }
            return moved;
        }
        moved = true;
        keep_data(play, conn, MFD_FORWARD, piece->bytes, (size_t)n);
        piece->bytes += n;
        piece->size -= (size_t)n;
        if (piece->size == 0) {
            c->queued--;
            memmove(c->queue, c->queue + 1, c->queued * sizeof(*c->queue));
        }
    }
    if (!c->greeting || c->close_after) {
        end_conn(play, conn);
    }
    return moved;
}

static void keep_reply(struct mfd_play *play, unsigned conn, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size && play->plan->conns[conn].kind == MFD_CONN_MAIN; i++) {
        if (play->reply_size < sizeof(play->replies)) {
            play->replies[play->reply_size] = bytes[i];
        }
        play->reply_size++;
    }
}

/* Reads what has come; true if that was anything, the end of the stream included. */
static bool drain_conn(struct mfd_play *play, unsigned conn)
{
    struct mfd_play_conn *c = &play->conns[conn];
    uint8_t buf[4096];
    bool moved = false;

    while (c->fd >= 0 && !c->closed_by_peer && !c->greeting) {
        struct iovec iov = {buf, sizeof(buf)};
        ssize_t n = mfd_sock_read(&c->sock, &iov, 1, MSG_DONTWAIT);

        if (n > 0) {
            keep_reply(play, conn, buf, (size_t)n);
            keep_data(play, conn, MFD_BACKWARD, buf, (size_t)n);
            happen(play, conn, true, MFD_HAPPENED_DATA, "%zd bytes", n);
            moved = true;
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            break;
        }
        if (n < 0 && errno == EPROTO) {
            tls_failed(play, conn, "cannot read");
        } else {
            peer_closed(play, conn, n < 0);
        }
        moved = true;
    }
    return moved;
}

/* What the sockets are ready for, in play->fds, one for each connection; waits so many milliseconds for any. */
static void look_at_sockets(struct mfd_play *play, int wait_ms)
{
    for (unsigned i = 0; i < play->plan->conn_count; i++) {
        const struct mfd_play_conn *c = &play->conns[i];
        short events = (short)(POLLIN | (c->queued ? POLLOUT : 0));

        play->fds[i] = (struct pollfd){c->closed_by_peer ? -1 : c->fd, events, 0};
    }
    if (poll(play->fds, play->plan->conn_count, wait_ms) < 0) {
        for (unsigned i = 0; i < play->plan->conn_count; i++) {
            play->fds[i].revents = POLLIN; /* a signal: each is to be tried */
        }
    }
}

/* Sends and reads what can be; true if that was anything. One look tells which of 255 have something to read. */
static bool exchange(struct mfd_play *play)
{
    bool any = false;

    look_at_sockets(play, 0);
    for (unsigned i = 0; i < play->plan->conn_count; i++) {
        bool moved = pump_conn(play, i);

        if (moved || play->fds[i].revents) {
            moved |= drain_conn(play, i);
        }
        any |= moved;
    }
    return any;
}

static bool landed(const struct mfd_play *play, const struct mfd_watch *watch)
{
    return watch->page && memcmp(watch->page, watch->wanted, play->plan->page_size) == 0;
}

/*
 * How long nothing may have happened in the peer before it counts as done. One moment in which all threads
 * sleep is enough, but for timers: a process of others may sleep in short steps (QEMU 10.0 does while a new
 * connection has not sent its first bytes), so what a verdict or the order of steps rests on is looked at
 * a little longer. The embedded reference has no timers.
 */
static double quiet_window(const struct mfd_play *play)
{
    return play->live->peer->kind->slow ? 0.003 : 0;
}

static enum mfd_seen_end wait_until(struct mfd_play *play, struct mfd_watch watch, double window)
{
    double end = mfd_now() + play->live->peer->guard;

    while (mfd_now() < end) {
        bool quiet = false;

        exchange(play);
        quiet = mfd_process_quiet(&play->live->process, window);
        /* what happened before the quiet has left its traces by now */
        if (exchange(play)) {
            continue;
        }
        if (watch.conn >= 0 && play->conns[watch.conn].closed_by_peer) {
            return MFD_WAIT_CLOSED;
        }
        if (landed(play, &watch)) {
            return MFD_WAIT_LANDED;
        }
        if (mfd_process_poll(&play->live->process)) {
            exchange(play);
            return MFD_WAIT_ENDED;
        }
        if (quiet) {
            return MFD_WAIT_QUIET;
        }
        look_at_sockets(play, 1); /* not long, for the process itself gives no event to wait on */
    }
    return MFD_WAIT_BUSY;
}

enum mfd_seen_end mfd_play_wait(struct mfd_play *play, struct mfd_watch watch)
{
    return wait_until(play, watch, quiet_window(play));
}

static void settle(struct mfd_play *play, double window)
{
    wait_until(play, (struct mfd_watch){.conn = -1}, window);
}

/* A receiver may take the connection whose handshake ends first for main: the next one waits for this. */
static void secure(struct mfd_play *play, unsigned conn)
{
    struct mfd_play_conn *c = &play->conns[conn];
    const struct mfd_tls_creds *creds = play->creds[play->plan->conns[conn].tls];

    c->sock = mfd_sock_plain(c->fd);
    if (!creds) {
        return;
    }
    if (mfd_sock_secure(&c->sock, creds) != 0) {
        snprintf(play->error, sizeof(play->error), "cannot set TLS up");
        play->failed = true;
        return;
    }
    c->greeting = true;
    settle(play, 0);
}

static void step_connect(struct mfd_play *play, const struct mfd_step *step)
{
    struct mfd_play_conn *c = &play->conns[step->conn];
    double end = mfd_now() + play->live->peer->guard;
    double window = play->live->peer->kind->slow ? CONNECT_WINDOW : 0;
    bool quiet = false; /* before the attempt at hand */
    int error = 0;

    c->opened = true;
    for (;;) {
        c->fd = mfd_live_connect(play->live);
        if (c->fd >= 0) {
            keep(play, step->conn, (struct mfd_event){.kind = MFD_EVENT_OPEN}, NULL);
            happen(play, step->conn, false, MFD_HAPPENED_OPEN, "connected");
            secure(play, step->conn);
            return;
        }
        error = errno;
        if (mfd_process_poll(&play->live->process)) {
            break;
        }
        /* EAGAIN: the backlog is full. The others: it has bound its address but does not listen yet. */
        if ((error != EAGAIN && error != ECONNREFUSED && error != ENOENT) || mfd_now() > end ||
            quiet) {
            break;
        }
        /* it may have begun to listen since, and sleep for that reason: so once more */
        quiet = mfd_process_quiet(&play->live->process, window);
        sched_yield();
    }
    happen(play, step->conn, true, MFD_HAPPENED_NOTE, "does not accept the connection: %s",
           strerror(error));
    if (error != EAGAIN) {
        c->closed_by_peer = true;
    }
}

static bool enqueue(struct mfd_play *play, unsigned conn, const uint8_t *bytes, size_t size)
{
    struct mfd_play_conn *c = &play->conns[conn];

    if (c->queued == c->room) {
        size_t room = c->room ? c->room * 2 : 4;
        struct mfd_play_piece *grown = realloc(c->queue, room * sizeof(*grown));

        if (!grown) {
            snprintf(play->error, sizeof(play->error), "out of memory");
            play->failed = true;
            return false;
        }
        c->queue = grown;
        c->room = room;
    }
    c->queue[c->queued++] = (struct mfd_play_piece){bytes, size};
    return true;
}

/* Until the queue is with the kernel, or the peer reads no more for now. */
static void push(struct mfd_play *play, unsigned conn)
{
    pump_conn(play, conn);
    if (play->conns[conn].queued) {
        settle(play, 0);
    }
}

/*
 * Until the peer has taken the bytes out of the socket, so that the next piece is one of its own. One that
 * looks at the first bytes before it takes them never does: it sleeps until there are more, or spins.
 */
static void wait_taken(struct mfd_play *play, unsigned conn)
{
    const struct mfd_play_conn *c = &play->conns[conn];
    struct mfd_process *process = &play->live->process;
    double spun = mfd_process_cpu(process) + TAKING_CPU;
    double end = mfd_now() + play->live->peer->guard;

    for (unsigned looks = 0; mfd_now() < end; looks++) {
        int unread = 0;

        if (c->fd < 0 || ioctl(c->fd, SIOCOUTQ, &unread) != 0 || unread == 0) {
            return;
        }
        if (looks > 1000) {
            exchange(play);
            if (mfd_process_poll(process) || mfd_process_cpu(process) > spun ||
                mfd_process_quiet(process, 0)) {
                return;
            }
        }
        sched_yield();
    }
}

static void step_send(struct mfd_play *play, const struct mfd_step *step)
{
    struct mfd_play_conn *c = &play->conns[step->conn];
    size_t sent = 0;

    if (c->fd < 0 || c->closed_by_peer) {
        happen(play, step->conn, false, MFD_HAPPENED_NOTE, "not sent, the connection is closed: %s",
               step->text);
        return;
    }
    happen(play, step->conn, false, MFD_HAPPENED_DATA, "%s (%zu bytes)", step->text, step->size);
    c->text = step->text;
    for (size_t i = 0; sent < step->size && !play->failed; i++) {
        size_t piece = mfd_step_piece(step, i, step->size - sent);

        if (!enqueue(play, step->conn, step->bytes + sent, piece)) {
            return;
        }
        push(play, step->conn);
        if (step->split_count) {
            wait_taken(play, step->conn);
        }
        sent += piece;
    }
}

/* Marks what a deviating step did itself, among all that happened since it began. */
static void mark_deviation(struct mfd_play *play, const struct mfd_step *step, size_t since)
{
    const char *conn = play->plan->conns[step->conn].name;

    for (size_t i = since; step->deviation && i < play->happening_count; i++) {
        struct mfd_happening *h = &play->happenings[i];

        if (!h->from_peer && strcmp(h->conn, conn) == 0) {
            h->deviation = true;
            return;
        }
    }
}

static void play_step(struct mfd_play *play, const struct mfd_step *step)
{
    struct mfd_play_conn *c = &play->conns[step->conn];
    size_t since = play->happening_count;

    switch (step->kind) {
    case MFD_STEP_CONNECT:
        step_connect(play, step);
        break;
    case MFD_STEP_SEND:
        step_send(play, step);
        break;
    case MFD_STEP_SHUT:
        happen(play, step->conn, false, MFD_HAPPENED_END, "shut for writing");
        c->shut_after = true;
        push(play, step->conn);
        break;
    case MFD_STEP_BYE:
        happen(play, step->conn, false, MFD_HAPPENED_END, "bye");
        c->bye_after = true;
        push(play, step->conn);
        break;
    case MFD_STEP_CLOSE:
    case MFD_STEP_RESET:
        /* a UNIX socket has no RST: an abrupt end looks like a close */
        happen(play, step->conn, false, MFD_HAPPENED_END, "%s",
               step->kind == MFD_STEP_RESET ? "reset" : "closed");
        drain_conn(play, step->conn);
        c->close_after = true;
        push(play, step->conn);
        break;
    case MFD_STEP_SETTLE:
        settle(play, quiet_window(play));
        break;
    case MFD_STEP_CUT: /* of files, which are not played */
        break;
    }
    mark_deviation(play, step, since);
}

/* What a file was made of, for the report. */
static void tell_file(struct mfd_play *play, const struct mfd_steps *steps)
{
    for (size_t i = 0; i < steps->count; i++) {
        const struct mfd_step *step = &steps->list[i];
        size_t since = play->happening_count;

        happen(play, step->conn, false, MFD_HAPPENED_DATA, "%s (%zu bytes)", step->text,
               step->size);
        mark_deviation(play, step, since);
    }
}

void mfd_play_steps(struct mfd_play *play, const struct mfd_steps *steps)
{
    if (play->plan->file) {
        tell_file(play, steps);
        return;
    }
    for (size_t i = 0; i < steps->count && !play->failed; i++) {
        if (mfd_process_poll(&play->live->process)) {
            exchange(play);
            return;
        }
        play_step(play, &steps->list[i]);
        exchange(play);
    }
}
