// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The connections of a sender: writing with one shared error, and a pool of channel threads.
 *
 * An outlet holds what all threads share: the sockets, the first failure, and a count of bytes, by
 * which a write that times out tells a stall of everything from its own peer's waiting for another
 * channel.
 */
#ifndef MFD_OUTLET_H
#define MFD_OUTLET_H

#include "batch.h"
#include "failure.h"
#include "sock.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

struct mfd_outlet {
    struct mfd_sock *socks; /* main first */
    unsigned count;
    atomic_bool failed;
    _Atomic uint64_t bytes;
    pthread_mutex_t mutex; /* for `failure` while threads run */
    struct mfd_failure failure;
};

/*
 * `tls`: puts TLS on all connections, or NULL. 0 or an errno; mfd_outlet_free() in any case. The descriptors
 * stay the caller's.
 */
int mfd_outlet_init(struct mfd_outlet *outlet, const int *fds, unsigned count,
                    const struct mfd_tls_creds *tls);
void mfd_outlet_free(struct mfd_outlet *outlet);
/*
 * Keeps the first failure and shuts down all connections. `conn` 0 is main; -1: none is at fault.
 */
void mfd_outlet_fail(struct mfd_outlet *outlet, int conn, int error, const char *what);
/* The TLS handshake of one connection, if there is TLS; false after a failure, of whichever thread. */
bool mfd_outlet_greet(struct mfd_outlet *outlet, unsigned conn);
/* Writes everything, whose pieces it uses up; false after a failure, of whichever thread. */
bool mfd_outlet_send(struct mfd_outlet *outlet, unsigned conn, struct iovec *iov, size_t count);
/* Reads exactly `len` bytes from main; likewise. */
bool mfd_outlet_read(struct mfd_outlet *outlet, uint8_t *buf, size_t len);
/* Waits until the receiver closes main, whatever comes before that; likewise. */
bool mfd_outlet_wait_close(struct mfd_outlet *outlet);
/* Ends TLS on every channel, if there is TLS; a receiver that has closed already does not mind. */
void mfd_outlet_bye(struct mfd_outlet *outlet);

enum mfd_job { MFD_JOB_HELLO, MFD_JOB_DATA, MFD_JOB_DEVICE, MFD_JOB_SYNC, MFD_JOB_QUIT };

struct mfd_pool;

struct mfd_pool_channel {
    struct mfd_pool *pool;
    unsigned number;
    pthread_t thread;
    bool created;
    sem_t work;       /* a job is there */
    atomic_bool busy; /* set by whoever hands out, cleared by the thread */
    enum mfd_job job;
    uint64_t packet_num; /* of the job's packet */
    struct mfd_batch batch;
    const struct mfd_device_state *device;
    struct mfd_frame frame;
    uint64_t packets;
    uint64_t normal_pages;
    uint64_t zero_pages;
};

struct mfd_pool {
    struct mfd_outlet *outlet;
    struct mfd_frame_setup setup;
    uint8_t uuid[MFD_UUID_SIZE];
    unsigned count;
    unsigned last; /* channel that got the last batch */
    unsigned created;
    unsigned joined;
    sem_t idle; /* counts idle channels */
    uint64_t
        packet_num; /* next one, over all channels; given with the job, so in order of the jobs */
    struct mfd_pool_channel *channels;
    bool started; /* and not stopped yet */
};

typedef int mfd_create_fn(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                          void *arg);

/*
 * Starts a thread for each channel, which sends its hello. Returns 0 or an errno; even then
 * mfd_pool_stop() must follow.
 */
int mfd_pool_start(struct mfd_pool *pool, struct mfd_outlet *outlet,
                   const struct mfd_frame_setup *setup, const uint8_t *uuid, unsigned count,
                   mfd_create_fn *create);
/* Hands a batch to an idle channel, waiting for one; `batch` is empty afterwards. */
void mfd_pool_give(struct mfd_pool *pool, struct mfd_batch *batch);
/* Likewise the state of a device, which must stay as it is until the next mfd_pool_wait() or _sync(). */
void mfd_pool_give_device(struct mfd_pool *pool, const struct mfd_device_state *device);
/* Waits until all channels are idle and gives each a SYNC to send. */
void mfd_pool_sync(struct mfd_pool *pool);
/* Waits until all channels are idle. */
void mfd_pool_wait(struct mfd_pool *pool);
/*
 * Ends and joins all threads that were created and frees everything; the counters stay. Harmless for a pool
 * of zeros, which was never started, and when repeated.
 */
void mfd_pool_stop(struct mfd_pool *pool);

#endif
