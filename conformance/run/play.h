// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Plays the steps of a plan on the sockets of a started peer.
 *
 * Order is that of the steps. A send that the peer does not take is kept and goes on as soon as the peer
 * reads again; later steps on other connections are not held up by it once the peer has nothing left
 * to do (mfd_process_quiet()). Nothing waits for a time: each wait ends with an event, with quiet, or
 * with the one guard of the peer.
 */
#ifndef MFD_PLAY_H
#define MFD_PLAY_H

#include "peer.h"
#include "recording.h"
#include "replies.h"
#include "result.h"
#include "sock.h"

#include <poll.h>

struct mfd_play_conn {
    int fd; /* -1: not open */
    struct mfd_sock sock;
    bool greeting; /* its TLS handshake is not over yet */
    bool opened;
    bool closed_here;
    bool closed_by_peer; /* end of stream or reset seen, or a connect that was refused */
    bool reset;
    const char *text; /* line whose bytes have not begun to leave, or NULL */
    bool shut_after;  /* half-close once the queue is empty */
    bool bye_after;   /* end TLS once the queue is empty */
    bool close_after; /* close once the queue is empty */
    /* what is still to be sent: pieces of steps, not owned */
    struct mfd_play_piece {
        const uint8_t *bytes;
        size_t size;
    } * queue;
    size_t queued;
    size_t room;
};

struct mfd_play {
    const struct mfd_plan *plan;
    struct mfd_live *live;
    struct mfd_play_conn *conns;    /* one per connection of the plan */
    struct pollfd *fds;             /* one per connection: its socket, and what that is ready for */
    struct mfd_tls_creds *creds[3]; /* by enum mfd_plan_tls; NULL where there is no TLS */
    uint8_t replies[MFD_REPLIES_MAX]; /* what came back on main, as far as there is room */
    size_t reply_size;                /* all of it */
    double start;
    struct mfd_recording *recording; /* the caller's, or NULL */
    struct mfd_happening *happenings;
    size_t happening_count;
    char error[256]; /* set when the harness itself fails */
    bool failed;
};

/* Why a wait ended. */
enum mfd_seen_end {
    MFD_WAIT_ENDED,  /* the process has ended */
    MFD_WAIT_CLOSED, /* the watched connection was closed by the peer */
    MFD_WAIT_LANDED, /* the watched page holds what was sent */
    MFD_WAIT_QUIET,  /* the peer has nothing left to do */
    MFD_WAIT_BUSY,   /* none of these within the guard */
};

/* What a wait looks for besides the end of the process and quiet. */
struct mfd_watch {
    int conn;              /* index, or -1 */
    const uint8_t *page;   /* NULL: no page */
    const uint8_t *wanted; /* its content, page_size bytes */
};

/*
 * False without memory or keys. mfd_play_end() must be called in any case. What goes over the connections, under TLS
 * what it means, is added to `recording`, unless that is NULL.
 */
bool mfd_play_start(struct mfd_play *play, const struct mfd_plan *plan, struct mfd_live *live,
                    struct mfd_recording *recording);
/* Closes what is open and frees all but the happenings, which then belong to the caller. */
void mfd_play_end(struct mfd_play *play);

/* Stops early when the process has ended or play->failed. */
void mfd_play_steps(struct mfd_play *play, const struct mfd_steps *steps);
enum mfd_seen_end mfd_play_wait(struct mfd_play *play, struct mfd_watch watch);
/* Closes every connection that is still open. */
void mfd_play_close_all(struct mfd_play *play);

#endif
