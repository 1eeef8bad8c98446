// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The receiver without threads, sockets and clock: connections and session are run over a list of
 * events, in its order. For enumeration and fuzzing: whether a receiver can get stuck is an
 * assertion here, not a timeout.
 *
 * A connection that is parked keeps its place in the list; what arrives for it meanwhile is not
 * looked at until the session lets it go on, as with a socket that is not read. A channel counts as
 * idle when nothing of what has arrived for it is left. Events of the direction back to the sender
 * are passed over.
 */
#ifndef MFD_DRIVE_H
#define MFD_DRIVE_H

#include "event.h"
#include "session.h"

struct mfd_drive_result {
    bool completed;
    struct mfd_failure failure; /* `set` unless completed or still waiting */
    bool stuck;                 /* mfd_session_stuck() at the end of the list */
    unsigned live; /* connections that still could send something, unless the session has ended */
    unsigned pongs;
    bool shut_sent; /* success was reported on the return path */
    uint64_t points;
    uint64_t packets;
    uint64_t normal_pages;
    uint64_t zero_pages;
};

/*
 * Runs a new session of that many channels. `connection` of an event is any number below
 * MFD_SESSION_CONNS_MAX, opened by its OPEN event; other events of a connection that is not open
 * are passed over, as are those after its CLOSE or RESET. Returns 0 or ENOMEM.
 */
int mfd_drive(const struct mfd_conn_setup *setup, unsigned channels, const struct mfd_event *events,
              size_t count, struct mfd_drive_result *result);

#endif
