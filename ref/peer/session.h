// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every decision of a receiver that concerns more than one connection. Pure state: no I/O, no
 * clock, no lock, no allocation.
 *
 * Each connection reports its events (conn.h) here and gets a decision. PARK means: do nothing with
 * that connection, not even read, until mfd_session_again() decides otherwise; asking is worth
 * while after any event of another connection. So waiting is back pressure: nothing is ever
 * buffered.
 *
 * How a migration runs:
 *  - It starts when main and all channels are there. Until then pages wait, on channels and on
 *    main; header, configuration and RAM START are read at once. Connections beyond are extras:
 *    they are dropped, also those that were there before but had not yet said what they are.
 *  - A channel parks at each SYNC; main parks at each sync point until every channel has sent the
 *    SYNC for it, which releases all of them. A channel is thus at most one SYNC ahead.
 *  - A channel may close between two messages at any time, but not before the SYNC of a sync point
 *    that main reaches (MF-SYNC-010, at once). A SYNC that no sync point has taken when main ends
 *    fails (MF-SYNC-011).
 *  - At the end of main the channels are asked to finish: what had reached this end by then is
 *    still processed, and a broken packet in it still fails the migration (MF-CHAN-024). Each
 *    channel is done when its peer has closed it, or when it stands between two messages with
 *    nothing left to read. It cannot be the close alone: a real sender that listens on the return
 *    path keeps its channels open until it has been told of the success. After that main is
 *    answered and read until the description of the VM has passed or main is closed.
 *  - The first error is kept and fails everything, whichever connection it is on.
 *  - When no connection is left but such that are parked and closed by their peers, nobody can send
 *    what they wait for: whoever drives the session asks mfd_session_abandoned() and fails it.
 */
#ifndef MFD_SESSION_H
#define MFD_SESSION_H

#include "conn.h"
#include "failure.h"

/* Connections beyond main and the channels that may be open at once. */
#define MFD_SESSION_SPARE 8u
#define MFD_SESSION_CONNS_MAX (MFD_CHANNELS_MAX + 1u + MFD_SESSION_SPARE)

enum mfd_decision {
    MFD_SESSION_GO,   /* carry on with the connection */
    MFD_SESSION_PARK, /* wait, then ask mfd_session_again() */
    MFD_SESSION_DONE, /* the connection has played its part and stays open until the session ends */
    MFD_SESSION_FAIL, /* the session has failed; mfd_session.failure says why */
    MFD_SESSION_DROP, /* close this connection; the session does not mind */
};

struct mfd_session_conn {
    bool open;
    bool extra; /* to be dropped */
    bool parked;
    bool hung_up; /* parked, and the peer will send nothing more */
    bool over;    /* nothing more comes from it: closed, or idle at the end */
    enum mfd_role role;
    unsigned channel;   /* of a channel, once its hello was taken: else MFD_CHANNELS_MAX */
    enum mfd_got event; /* the one that is parked */
};

struct mfd_session_channel {
    bool present;
    bool over; /* closed, or idle at the end */
    uint64_t syncs;
};

struct mfd_session {
    unsigned channels;
    bool main_there;
    unsigned present; /* channels whose hello was taken */
    bool started;     /* main and all channels are there */
    bool ram_ready;
    bool finishing; /* main has ended; channels are to finish */
    bool completed;
    uint64_t points; /* sync points passed */
    struct mfd_failure failure;
    unsigned conn_count; /* slots of `conns` ever used */
    struct mfd_session_conn conns[MFD_SESSION_CONNS_MAX];
    struct mfd_session_channel channel[MFD_CHANNELS_MAX];
};

/* `channels` is 1 to MFD_CHANNELS_MAX. */
void mfd_session_init(struct mfd_session *s, unsigned channels);

/* A new connection: its number, or -1 if it is to be closed at once. */
int mfd_session_open(struct mfd_session *s);
/* The connection is gone and its number free; after DROP, DONE or FAIL. */
void mfd_session_release(struct mfd_session *s, unsigned conn);

/* An event other than MORE, REPLY and LOAD after the first; `c` is only looked at. */
enum mfd_decision mfd_session_event(struct mfd_session *s, unsigned conn, enum mfd_got event,
                                    const struct mfd_conn *c);
/* What is decided now about a parked connection. */
enum mfd_decision mfd_session_again(struct mfd_session *s, unsigned conn);
/* While `finishing`: the channel stands between two messages and nothing is there to be read. */
enum mfd_decision mfd_session_idle(struct mfd_session *s, unsigned conn);
/* Reading or writing failed with errno `error`; `why` is "" where that says all. */
enum mfd_decision mfd_session_error(struct mfd_session *s, unsigned conn, int error,
                                    const char *what, const char *why, const struct mfd_conn *c);
/*
 * A TLS handshake failed in which the peer took part: that fails the migration (MF-TLS-004). `error` and
 * `why` likewise.
 */
enum mfd_decision mfd_session_no_handshake(struct mfd_session *s, unsigned conn, int error,
                                           const char *why);
/* The peer of a parked connection will send nothing more. */
void mfd_session_hung_up(struct mfd_session *s, unsigned conn);

/* Fails the session unless it has ended: `error` is an errno, `what` a constant sentence. */
void mfd_session_fail(struct mfd_session *s, int error, const char *what);
/* Completed or failed. */
bool mfd_session_ended(const struct mfd_session *s);
/* Whether asking again, of any parked connection, would have it go on or end. */
bool mfd_session_moves(const struct mfd_session *s);
/*
 * Whether nothing can happen any more unless a new connection comes: there are connections, each of
 * them is parked for good or over, and the session has not ended.
 */
bool mfd_session_stuck(const struct mfd_session *s);
/* Stuck, and every parked connection was closed by its peer: the sender has gone. */
bool mfd_session_abandoned(const struct mfd_session *s);

/* "main", "ch 1" or "connection 3", in `buf`. */
const char *mfd_session_name(const struct mfd_session *s, unsigned conn, char *buf, size_t size);

#endif
