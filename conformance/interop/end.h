// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One end of a migration, whatever it is: the reference in a thread, or a QEMU.
 *
 *     mfd_end_start(to); mfd_end_start(from);
 *     mfd_end_begin(from, to->address);
 *     mfd_end_wait(from); mfd_end_wait(to);
 *     mfd_end_stop(from); mfd_end_stop(to);
 */
#ifndef MFD_INTEROP_END_H
#define MFD_INTEROP_END_H

#include "cell.h"
#include "guest.h"
#include "net.h"
#include "qemu_vm.h"

#include <pthread.h>

enum mfd_end_state {
    MFD_END_IDLE, /* not waited for yet */
    MFD_END_COMPLETED,
    MFD_END_FAILED, /* it says so, or has ended */
    MFD_END_SILENT, /* nothing within the guard */
};

struct mfd_end {
    /* set by the caller, the rest zero */
    const struct mfd_interop_cell *cell;
    bool incoming;
    const char *block;  /* name of the RAM block */
    uint64_t ram;       /* bytes */
    char dir[120];      /* folder of its own */
    char ram_file[160]; /* in it, of the block's name */
    double guard;       /* seconds */

    /* results */
    char address[MFD_ADDRESS_MAX]; /* a destination: where it listens */
    enum mfd_end_state state;
    bool unsupported; /* it could not start, for it was built without the method */
    char status[32];
    char error[1024]; /* in its own words; "" if it has none */

    /* private */
    bool started;
    struct mfd_vm vm;
    struct mfd_guest guest;
    pthread_t thread;
    bool threaded; /* the thread is to be joined */
    int fd;        /* the reference as destination: what it listens on */
    int cancel_fd;
};

/* A destination listens from then on, a source is ready; false with `error`. */
bool mfd_end_start(struct mfd_end *end);
/* Has a source send to the address of a destination; false with `error` if it refuses to begin. */
bool mfd_end_begin(struct mfd_end *end, const char *address);
/* Waits for the end of the migration at this end. */
void mfd_end_wait(struct mfd_end *end);
/* Ends it and frees what it has, also after a failure, and twice. */
void mfd_end_stop(struct mfd_end *end);

#endif
