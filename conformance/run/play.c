// SPDX-License-Identifier: GPL-2.0-or-later
#include "play_inside.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/*
 * Seconds for which a peer of others must be quiet before a connection that it does not accept is given
 * up. It has something to do then, and on a busy machine its timer for that may be late: QEMU 10.0 naps
 * while it waits for the first bytes of the connection before.
 */
#define CONNECT_WINDOW 0.1
/* Seconds of its processor time after which a peer that does not take one piece is not going to. */
#define TAKING_CPU 0.05

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
    mfd_play_settle(play);
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
            mfd_play_keep(play, step->conn, (struct mfd_event){.kind = MFD_EVENT_OPEN}, NULL);
            mfd_play_happen(play, step->conn, false, MFD_HAPPENED_OPEN, "connected");
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
    mfd_play_happen(play, step->conn, true, MFD_HAPPENED_NOTE, "does not accept the connection: %s",
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
    mfd_play_pump(play, conn);
    if (play->conns[conn].queued) {
        mfd_play_settle(play);
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
            mfd_play_exchange(play);
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
        mfd_play_happen(play, step->conn, false, MFD_HAPPENED_NOTE,
                        "not sent, the connection is closed: %s", step->text);
        return;
    }
    mfd_play_happen(play, step->conn, false, MFD_HAPPENED_DATA, "%s (%zu bytes)", step->text,
                    step->size);
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
        mfd_play_happen(play, step->conn, false, MFD_HAPPENED_END, "shut for writing");
        c->shut_after = true;
        push(play, step->conn);
        break;
    case MFD_STEP_BYE:
        mfd_play_happen(play, step->conn, false, MFD_HAPPENED_END, "bye");
        c->bye_after = true;
        push(play, step->conn);
        break;
    case MFD_STEP_CLOSE:
    case MFD_STEP_RESET:
        /* a UNIX socket has no RST: an abrupt end looks like a close */
        mfd_play_happen(play, step->conn, false, MFD_HAPPENED_END, "%s",
                        step->kind == MFD_STEP_RESET ? "reset" : "closed");
        mfd_play_drain(play, step->conn);
        c->close_after = true;
        push(play, step->conn);
        break;
    case MFD_STEP_SETTLE:
        mfd_play_wait(play, (struct mfd_watch){.conn = -1});
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

        mfd_play_happen(play, step->conn, false, MFD_HAPPENED_DATA, "%s (%zu bytes)", step->text,
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
            mfd_play_exchange(play);
            return;
        }
        play_step(play, &steps->list[i]);
        mfd_play_exchange(play);
    }
}
