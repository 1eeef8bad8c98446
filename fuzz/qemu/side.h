// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * QEMU's own receiver of one multifd channel, as a function over bytes.
 */
#ifndef MFD_QEMU_SIDE_H
#define MFD_QEMU_SIDE_H

#include "world.h"

struct mfd_qemu_verdict {
    bool refused;
    char why[256]; /* in QEMU's words; to be shown, never to be judged by */
    size_t at;     /* where the message at hand began when it ended */
};

/*
 * Sets QEMU's receiving side up for the world's case, gives it one connection with these bytes and an end of file
 * behind them, and cleans up. Writes into the world's memory. What QEMU writes elsewhere is the sanitizer's
 * to see, and what it would read into a buffer that is too small is one, however few bytes there are.
 */
void mfd_qemu_receive(const struct mfd_world *world, const uint8_t *bytes, size_t len,
                      struct mfd_qemu_verdict *verdict);

#endif
