// SPDX-License-Identifier: GPL-2.0-or-later
#include "play_inside.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Happenings kept: the report shows the last dozen, and a run of thousands of pieces is bounded. */
#define HAPPENINGS_MAX 4096

void mfd_play_happen(struct mfd_play *play, unsigned conn, bool from_peer,
                     enum mfd_happening_kind kind, const char *format, ...)
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

void mfd_play_keep(struct mfd_play *play, unsigned conn, struct mfd_event event, const char *text)
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
    mfd_play_keep(play, conn, (struct mfd_event){.direction = direction, .kind = kind}, NULL);
}

static void keep_data(struct mfd_play *play, unsigned conn, enum mfd_direction direction,
                      const uint8_t *bytes, size_t len)
{
    const struct mfd_event event = {
        .direction = direction, .kind = MFD_EVENT_DATA, .bytes = bytes, .len = len};

    if (direction == MFD_FORWARD) {
        mfd_play_keep(play, conn, event, play->conns[conn].text);
        play->conns[conn].text = NULL;
    } else {
        mfd_play_keep(play, conn, event, NULL);
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
            mfd_play_happen(play, i, false, MFD_HAPPENED_END, "closed by the harness");
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
        mfd_play_happen(play, conn, true, MFD_HAPPENED_END, reset ? "reset" : "closed");
    }
}

/* The TLS of a connection is over, whoever is at fault. */
static void tls_failed(struct mfd_play *play, unsigned conn, const char *what)
{
    struct mfd_play_conn *c = &play->conns[conn];
    int error = errno;

    mfd_play_happen(play, conn, true, MFD_HAPPENED_NOTE, "%s: %s", what,
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

bool mfd_play_pump(struct mfd_play *play, unsigned conn)
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

bool mfd_play_drain(struct mfd_play *play, unsigned conn)
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
            mfd_play_happen(play, conn, true, MFD_HAPPENED_DATA, "%zd bytes", n);
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
