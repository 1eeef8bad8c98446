// SPDX-License-Identifier: GPL-2.0-or-later
#include "crew.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct worker {
    struct mfd_crew *crew;
    unsigned number;
    pthread_t thread;
};

static void keep(struct mfd_crew *crew, const struct mfd_failure *failure)
{
    pthread_mutex_lock(&crew->mutex);
    if (!crew->failure.set) {
        crew->failure = *failure;
        crew->failure.set = true;
    }
    pthread_mutex_unlock(&crew->mutex);
    atomic_store(&crew->failed, true);
}

void mfd_crew_fail(struct mfd_crew *crew, unsigned worker, struct mfd_failure failure)
{
    snprintf(failure.connection, sizeof(failure.connection), "ch %u", worker);
    keep(crew, &failure);
}

static void *work(void *arg)
{
    const struct worker *worker = arg;
    struct mfd_crew *crew = worker->crew;

    while (!atomic_load_explicit(&crew->failed, memory_order_relaxed)) {
        uint64_t item = atomic_fetch_add_explicit(&crew->next, 1, memory_order_relaxed);

        if (item >= crew->items) {
            break;
        }
        crew->work(crew, worker->number, item);
    }
    return NULL;
}

void mfd_crew_run(struct mfd_crew *crew)
{
    struct worker *workers = calloc(crew->threads, sizeof(*workers));
    int error = workers ? 0 : ENOMEM;

    pthread_mutex_init(&crew->mutex, NULL);
    for (unsigned i = 0; i < crew->threads && !error; i++) {
        workers[i] = (struct worker){.crew = crew, .number = i};
        error = (crew->create ? crew->create : pthread_create)(&workers[i].thread, NULL, work,
                                                               &workers[i]);
        crew->created += !error;
    }
    if (error) {
        keep(crew, &(struct mfd_failure){.error = error, .what = "cannot start a thread"});
    }
    for (; crew->joined < crew->created; crew->joined++) {
        pthread_join(workers[crew->joined].thread, NULL);
    }
    pthread_mutex_destroy(&crew->mutex);
    free(workers);
}
