// SPDX-License-Identifier: GPL-2.0-or-later
#include "play_inside.h"

#include <poll.h>
#include <string.h>

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

/* One look tells which of 255 connections have something to read. */
bool mfd_play_exchange(struct mfd_play *play)
{
    bool any = false;

    look_at_sockets(play, 0);
    for (unsigned i = 0; i < play->plan->conn_count; i++) {
        bool moved = mfd_play_pump(play, i);

        if (moved || play->fds[i].revents) {
            moved |= mfd_play_drain(play, i);
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

        mfd_play_exchange(play);
        quiet = mfd_process_quiet(&play->live->process, window);
        /* what happened before the quiet has left its traces by now */
        if (mfd_play_exchange(play)) {
            continue;
        }
        if (watch.conn >= 0 && play->conns[watch.conn].closed_by_peer) {
            return MFD_WAIT_CLOSED;
        }
        if (landed(play, &watch)) {
            return MFD_WAIT_LANDED;
        }
        if (mfd_process_poll(&play->live->process)) {
            mfd_play_exchange(play);
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

void mfd_play_settle(struct mfd_play *play)
{
    wait_until(play, (struct mfd_watch){.conn = -1}, 0);
}
