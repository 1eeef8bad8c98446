// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cancelling a sender: a thread that waits for a descriptor to become readable and then fails the outlet
 * with ECANCELED, which ends every wait of the sender's other threads.
 */
#ifndef MFD_CANCELLER_H
#define MFD_CANCELLER_H

#include "outlet.h"

struct mfd_canceller {
    struct mfd_outlet *outlet;
    int cancel_fd; /* not owned */
    int stop_fd;   /* readable when nothing is to be waited for any more */
    pthread_t thread;
    bool created;
};

/*
 * Starts the thread; none if `cancel_fd` is -1. 0, or an errno; even then mfd_canceller_stop() may follow.
 */
int mfd_canceller_start(struct mfd_canceller *canceller, struct mfd_outlet *outlet, int cancel_fd,
                        mfd_create_fn *create);
/* Joins the thread, if there is one; returns how many that were. Harmless when repeated. */
unsigned mfd_canceller_stop(struct mfd_canceller *canceller);

#endif
