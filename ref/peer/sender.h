// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reference sender: sends the RAM of a guest that stands still.
 *
 * The calling thread writes main and hands out batches of pages; each channel has one thread and
 * one job at a time. A batch goes to the next idle channel after the one used last. Batches are
 * flushed when they are full, at a change of the block and at a sync point; a sync point waits
 * until all channels are idle, gives each its SYNC and then writes main's part of it.
 *
 * The stream: header, configuration, RAM START with the setup sync point, one pass over the blocks
 * in each further section (the last one END), each with a sync point, the end byte and an empty
 * description of the VM. State of devices goes over the channels in turn, behind the pages of the last
 * section and before its sync point. With a return path the receiver's SHUT decides whether the migration has
 * completed; without one the sender closes its half of every connection and takes the receiver's
 * close for success.
 *
 * In the stages of 2017 channels carry their hello only, and every page is a record on main.
 *
 * With TLS each connection has its own handshake before its first byte, that of main before those of the
 * channels. From 10.0 on each channel ends with a close_notify behind the last byte of main.
 *
 * The first error shuts down all connections, so that no thread waits for a peer; every thread that
 * was created is joined.
 */
#ifndef MFD_SENDER_H
#define MFD_SENDER_H

#include "device.h"
#include "failure.h"
#include "guest.h"
#include "rev.h"
#include "tls.h"

#include <pthread.h>

struct mfd_sender_config {
    enum mfd_rev rev;
    enum mfd_sync sync;
    enum mfd_zero zero; /* in packets only from 9.0 on */
    uint32_t method;    /* flag bit, 0 none; qatzip is unsupported */
    int level;          /* of the method */
    unsigned channels;  /* 1 to 255 */
    uint32_t page_size;
    uint8_t uuid[16];              /* all zero: none */
    const char *machine;           /* at most 255 bytes */
    const struct mfd_guest *guest; /* not owned; used lengths are multiples of the page size */
    const int *fds; /* channels + 1 connected blocking sockets, main first; not owned, not closed */
    const struct mfd_tls_creds *tls; /* a sender's, not owned; NULL: every connection is plain */
    unsigned passes;                 /* over all of RAM, at least 1 */
    bool return_path;
    const struct mfd_device_state *devices; /* not owned; needs 10.0 */
    size_t device_count;
    bool switchover;   /* send SWITCHOVER_START before the last section; needs 10.0 */
    unsigned stall_ms; /* fail when nothing moves for so long; 0: never */
    int cancel_fd;     /* fails the migration with ECANCELED when it becomes readable; -1: none */
    /* Stands in for pthread_create where a test wants that to fail; NULL otherwise. */
    int (*create)(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg);
};

struct mfd_sender_result {
    bool completed;
    struct mfd_failure failure; /* set unless completed */
    uint64_t packets;           /* on channels */
    uint64_t normal_pages;      /* in packets and on main */
    uint64_t zero_pages;        /* likewise */
    uint64_t sync_points;
    uint64_t bytes; /* written to all connections */
    unsigned threads_created;
    unsigned threads_joined;
};

/*
 * A configuration with the defaults of a revision: 2 channels, 4 KiB pages, machine "none", one
 * pass, method none; the usual level of whichever other.
 */
struct mfd_sender_config mfd_sender_defaults(enum mfd_rev rev, const struct mfd_guest *guest);

/* 0, or what mfd_sender_run() returns for a configuration that it does not take. */
int mfd_sender_check(const struct mfd_sender_config *config);
/*
 * Sends one migration. Returns 0 when that has run, completed or not; ENOTSUP for a
 * method that is not there, EINVAL if it makes no sense, or ENOMEM.
 */
int mfd_sender_run(const struct mfd_sender_config *config, struct mfd_sender_result *result);

#endif
