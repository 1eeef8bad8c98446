// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inside of the receiver: what its accepting thread (receiver.c) and the threads of its connections
 * (link.c) share. receiver.h is the interface.
 */
#ifndef MFD_LINK_H
#define MFD_LINK_H

#include "receiver.h"
#include "session.h"
#include "sock.h"

#include <stdatomic.h>

struct mfd_receiver;

struct mfd_link {
    struct mfd_receiver *receiver;
    unsigned number;      /* of the session's connection */
    struct mfd_sock sock; /* its fd is changed only by the accepting thread, under the mutex */
    bool first;           /* accepted before all others */
    bool left;            /* under the mutex: the thread has nothing more to do */
    bool drop;            /* under the mutex: close as soon as it has left */
    pthread_t thread;
    struct mfd_conn conn;
    atomic_bool greeted; /* the TLS handshake, if there is one, is over */
    _Atomic uint64_t bytes;
    _Atomic uint64_t pages; /* of `conn`, for others to look at */
};

struct mfd_receiver {
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
    uint64_t told_points;
    bool left_greeted; /* a connection was closed behind its TLS handshake, before its first byte */
    /* owned, changed under the mutex; NULL where there is no connection */
    struct mfd_link *links[MFD_SESSION_CONNS_MAX];
};

/* The thread of a connection; `arg` is its struct mfd_link. */
void *mfd_link_thread(void *arg);
/* Tells the peer of a main channel that the migration has succeeded (0) or failed (1). */
int mfd_link_send_shut(struct mfd_sock *sock, uint32_t value);

/* Acts on what the session has become; to be called after every change, with the mutex held. */
void mfd_receiver_publish(struct mfd_receiver *r);
/* Makes the accepting thread look at its connections. */
void mfd_receiver_ping(const struct mfd_receiver *r);

#endif
