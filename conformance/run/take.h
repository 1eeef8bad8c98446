// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The harness as receiver of a sender under test: one thread around the reference's connections and session
 * (conn.h, session.h), so that it can do to each connection, at any message, what a scenario wants: not take
 * it, close, reset or no longer read it.
 *
 * What it does is known to the byte: of a channel never more is read than up to the moment. Once a fault has
 * ended a connection, the others are read on as they come, without a word to the session: what the sender makes
 * of the one does not hang on what a receiver makes of it. At the end of main it is told of a failure, where it
 * listens for that. A connection that is stalled holds up the others as it does in any receiver.
 */
#ifndef MFD_TAKE_H
#define MFD_TAKE_H

#include "guest.h"
#include "net.h"
#include "oversight.h"
#include "peer.h"
#include "recording.h"
#include "result.h"
#include "session.h"
#include "sock.h"

struct mfd_take_link {
    bool used;
    bool running;     /* is read from, unless parked or stalled */
    bool parked;      /* the session waits for others */
    bool stalled;     /* by a fault: for ever */
    bool hung_up;     /* parked, and the sender will send nothing more */
    bool greeting;    /* its TLS handshake is not over yet */
    bool more;        /* what TLS has read ahead may not show on the socket */
    bool capped;      /* no more may be read: a fault is due within the message at hand */
    unsigned number;  /* of the session's connection */
    unsigned arrival; /* from 0 */
    int conn;         /* of the plan; -1 as long as it is not known, or one too many */
    struct mfd_sock sock;
    struct mfd_conn machine;
    uint64_t bytes; /* read */
    uint64_t packets;
    uint64_t pages;
    uint64_t syncs;
    uint64_t datas; /* packets with pages that were no SYNC */
};

struct mfd_take {
    const struct mfd_plan *plan;
    struct mfd_live *live;
    int listen_fd;                 /* -1: takes no more */
    char address[MFD_ADDRESS_MAX]; /* where the sender is to connect */
    unsigned accepted;
    struct mfd_guest guest; /* what was received */
    struct mfd_conn_setup setup;
    struct mfd_tls_creds *creds[3]; /* by enum mfd_plan_tls; NULL where there is no TLS */
    struct mfd_session session;
    bool at_last; /* main has reached the sync point of its END section */
    bool *done;   /* by moment of the plan */
    bool faulted; /* some moment has come */
    bool adrift;  /* a fault has ended a connection */
    bool held; /* the sender is to cancel: nothing is read or taken until the caller clears this */
    bool cancel_due;                 /* the sender is to be told to cancel; the caller clears it */
    struct mfd_oversight *seen;      /* the caller's, or NULL */
    struct mfd_recording *recording; /* the caller's, or NULL */
    bool blind; /* nothing of what follows is observed: the sender was told to cancel */
    double start;
    struct mfd_happening *happenings; /* the caller's after mfd_take_end() */
    size_t happening_count;
    struct mfd_take_link *links; /* MFD_SESSION_CONNS_MAX, by number of the session */
};

/*
 * Listens, on a UNIX socket of `name` in the peer's folder or on loopback, with memory for the plan's blocks that holds
 * something else than what is to come. False with `error` (MFD_PEER_ERROR_SIZE bytes). mfd_take_end() must be called in
 * any case.
 */
bool mfd_take_start(struct mfd_take *take, const struct mfd_plan *plan, struct mfd_live *live,
                    const char *name, char *error);
/*
 * Handles what there is to handle, after waiting up to `timeout_ms` for it or for `watch_fd` (-1: none) to become
 * readable. Whether anything moved.
 */
bool mfd_take_step(struct mfd_take *take, int watch_fd, int timeout_ms);
/* Closes every connection, and takes no more. */
void mfd_take_close(struct mfd_take *take);
/* Closes what is open and frees all but the happenings. */
void mfd_take_end(struct mfd_take *take);

/* Compares what was received with what the plan means; see mfd_memory_as_meant(). */
bool mfd_take_memory(const struct mfd_take *take, char *detail, size_t size);

/* ---- take_moment.c ---- */

/* Acts on what the plan has for this moment of the link; true if the link is no longer to be read. */
bool mfd_take_moment(struct mfd_take *take, struct mfd_take_link *link, enum mfd_moment_at at,
                     uint64_t number);
/* Whether the plan has the connection that comes as the `arrival`th refused. */
bool mfd_take_refuses(const struct mfd_take *take, unsigned arrival);
/* The acts of the plan's moment where that connection is taken. */
unsigned mfd_take_greeted_with(const struct mfd_take *take, unsigned arrival);
/*
 * Bytes that may be read from the link before a moment within its message at hand; UINT64_MAX: no such moment,
 * 0: it has come.
 */
uint64_t mfd_take_room(const struct mfd_take *take, const struct mfd_take_link *link);

/* What moments need: ends a link for good; events and happenings. */
void mfd_take_drop(struct mfd_take *take, struct mfd_take_link *link, bool reset);
void mfd_take_happen(struct mfd_take *take, const struct mfd_take_link *link, bool from_peer,
                     bool deviation, enum mfd_happening_kind kind, const char *text);

#endif
