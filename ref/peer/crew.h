// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A crew: some threads that work through numbered items, each item done once by one of them.
 *
 * The first failure is kept and makes all of them stop after the item at hand. Every thread that was
 * created is joined before mfd_crew_run() returns.
 */
#ifndef MFD_CREW_H
#define MFD_CREW_H

#include "failure.h"

#include <pthread.h>
#include <stdatomic.h>

struct mfd_crew;

/* Works on one item, in thread number `worker`. */
typedef void mfd_crew_work(struct mfd_crew *crew, unsigned worker, uint64_t item);

typedef int mfd_crew_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                            void *arg);

struct mfd_crew {
    mfd_crew_work *work;
    void *arg;               /* for `work` */
    uint64_t items;          /* numbered from 0 */
    unsigned threads;        /* at least 1 */
    mfd_crew_create *create; /* NULL: pthread_create */

    /* results */
    struct mfd_failure failure; /* `set` unless all items were done */
    unsigned created;
    unsigned joined;

    /* private */
    _Atomic uint64_t next;
    atomic_bool failed;
    pthread_mutex_t mutex; /* for `failure` while threads run */
};

/* Runs the crew; all but results and private members are the caller's to set, the rest is zero. */
void mfd_crew_run(struct mfd_crew *crew);
/* For `work`: keeps the failure unless there is one, with "ch N" as its connection. */
void mfd_crew_fail(struct mfd_crew *crew, unsigned worker, struct mfd_failure failure);

#endif
