// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reference receiver: threads and sockets around session.h and conn.h.
 *
 * The calling thread accepts; each connection has one thread: its TLS handshake if there is to be one,
 * then want, blocking readv, got. The one
 * mutex is taken per control event, never per packet of pages. It cannot hang by its own doing:
 *  1. a connection's thread waits only in socket I/O and in the park;
 *  2. both end when the session fails: every socket is shut down, every parked thread woken; and
 *     the stall guard, which measures progress of the whole session, fails it where no peer does;
 *  3. nothing is called back under the mutex;
 *  4. nothing is allocated by a number of the peer's.
 * Threads are joined in one place; a result tells how many were created and joined.
 *
 * It runs in a freshly forked child as well as in a program; it does not exec, print or touch
 * signals.
 */
#ifndef MFD_RECEIVER_H
#define MFD_RECEIVER_H

#include "device.h"
#include "failure.h"
#include "guest.h"
#include "rev.h"
#include "tls.h"

#include <pthread.h>

/* How far a migration has come. */
struct mfd_receiver_progress {
    uint64_t sync_points; /* passed; a source makes one for every round over its memory at least */
    uint64_t pages;       /* normal and zero, over channels and main */
    uint64_t bytes;       /* read from all connections */
};

struct mfd_receiver_config {
    enum mfd_rev rev;
    enum mfd_sync sync;
    uint32_t method;     /* flag bit, 0 none; qatzip is unsupported */
    unsigned channels;   /* 1 to 255 */
    uint32_t page_size;  /* power of two, 256 to 65536 */
    uint8_t uuid[16];    /* all zero: the VM has none */
    const char *machine; /* expected on main; NULL: any */
    /*
     * Take the sections of devices that a real machine sends behind its RAM for what they are: unknown.
     * Otherwise any but the well-known ones are refused, as by a receiver that lacks the device.
     */
    bool skip_devices;
    /* Devices whose state is taken from packets of their own; from 10.0 on. Not owned. */
    struct mfd_device_handler *devices;
    size_t device_count;
    struct mfd_guest *guest;         /* not owned; used lengths of resizable blocks may change */
    const struct mfd_tls_creds *tls; /* a receiver's, not owned; NULL: every connection is plain */
    /* Fail after so long without a byte from anybody, once one has connected; 0: never. */
    unsigned stall_ms;
    /* Called by the thread of mfd_receiver_run() after a sync point, which may be late; NULL: not. */
    void (*progress)(void *arg, const struct mfd_receiver_progress *progress);
    void *progress_arg;
    int cancel_fd; /* fails the migration with ECANCELED when it becomes readable; -1: none */
    /* Stands in for pthread_create where a test wants that to fail; NULL otherwise. */
    int (*create)(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg);
};

struct mfd_receiver_result {
    bool completed;
    struct mfd_failure failure; /* set unless completed */
    uint64_t packets;
    uint64_t normal_pages; /* over channels and main */
    uint64_t zero_pages;
    uint64_t sync_points;
    uint64_t bytes;       /* read from all connections */
    unsigned connections; /* accepted, those closed at once included */
    unsigned threads_created;
    unsigned threads_joined;
};

/*
 * A configuration with the defaults of a revision: 2 channels, 4 KiB pages, no guard, no
 * cancelling.
 */
struct mfd_receiver_config mfd_receiver_defaults(enum mfd_rev rev, struct mfd_guest *guest);

/* 0, or what mfd_receiver_run() returns for a configuration that it does not take. */
int mfd_receiver_check(const struct mfd_receiver_config *config);
/*
 * Receives one migration on a listening socket, which stays the caller's. Returns 0 when that has
 * run, completed or not; ENOTSUP for a method that is not there, EINVAL if
 * it makes no sense, or another errno if nothing could be started.
 */
int mfd_receiver_run(const struct mfd_receiver_config *config, int listen_fd,
                     struct mfd_receiver_result *result);

#endif
