// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which cells of the interop table are to be run.
 */
#ifndef MFD_INTEROP_GRID_H
#define MFD_INTEROP_GRID_H

#include "cell.h"

#define MFD_INTEROP_VALUES_MAX 16

/* What is chosen of each axis. */
struct mfd_interop_choice {
    const struct mfd_interop_peer *peers;
    size_t peer_count;
    bool from[MFD_INTEROP_PEERS_MAX]; /* of `peers` */
    bool to[MFD_INTEROP_PEERS_MAX];
    uint32_t methods[MFD_INTEROP_VALUES_MAX]; /* flag bits */
    size_t method_count;
    unsigned channels[MFD_INTEROP_VALUES_MAX];
    size_t channel_count;
    enum mfd_zero zeros[MFD_INTEROP_VALUES_MAX];
    size_t zero_count;
    bool machine[MFD_INTEROP_MACHINES];
    unsigned
        strength; /* how many of the three axes of values meet in all combinations; 0: all of them */
};

/* Methods none, zlib and zstd; 1, 2, 4, 16 and 255 channels; all of the rest; pairs of values. No peers. */
void mfd_interop_choose_all(struct mfd_interop_choice *choice);

/*
 * The cells, by source, destination and machine: for each pair and machine a covering array over zero pages,
 * method and channels. One that is known to break is followed by the same with the setting that repairs it.
 * Owned by the caller; NULL without memory.
 */
struct mfd_interop_cell *mfd_interop_plan(const struct mfd_interop_choice *choice, size_t *count);

#endif
