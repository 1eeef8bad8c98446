// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The two ways to move a guest's memory that `mfdkit bench` compares: by the reference sender and receiver, and by
 * as little as can be: one thread at each end of each channel, and nothing but sendmsg() and recvmsg().
 *
 * Both send what a channel carries: packets of a header and as many pages as one holds, in turn over the channels.
 */
#ifndef MFD_BENCH_MOVE_H
#define MFD_BENCH_MOVE_H

#include "guest.h"

#include <stdbool.h>

struct mfd_bench {
    const char *address;   /* where the receiver listens: "unix:PATH", "tcp:127.0.0.1:0" */
    unsigned channels;     /* 1 to 255 */
    struct mfd_guest from; /* of one block each, all of it in memory */
    struct mfd_guest to;
};

/* Makes both guests, `ram` bytes each, none of the pages zero. 0 or an errno; mfd_bench_free() in any case. */
int mfd_bench_init(struct mfd_bench *bench, uint64_t ram);
void mfd_bench_free(struct mfd_bench *bench);

/* Seconds that it took; below 0 where it failed, with errno, or 0 for a migration that did not complete. */
double mfd_bench_reference(struct mfd_bench *bench);
double mfd_bench_bare(struct mfd_bench *bench);
/* Whether the destination now has what the source has; it is made to differ again. */
bool mfd_bench_arrived(struct mfd_bench *bench);

#endif
