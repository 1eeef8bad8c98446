// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The receiver's side of a case: guest memory in which a stray write is noticed, and the setup of its
 * connections.
 *
 * Each block ends where an inaccessible page begins, and what lies before it is inaccessible too, so that an
 * access outside is a crash in any build; what is reserved but not used is compared afterwards. Memory is
 * mapped once for the process and cleared between cases: one world at a time.
 */
#ifndef MFD_FUZZ_WORLD_H
#define MFD_FUZZ_WORLD_H

#include "case.h"
#include "conn.h"

struct mfd_world {
    const struct mfd_case *c;
    struct mfd_guest guest; /* not to be freed */
    struct mfd_conn_setup setup;
};

/* `world` must stay where it is: its setup points into it. */
void mfd_world_open(struct mfd_world *world, const struct mfd_case *c);
/* Digest of all guest memory. */
uint64_t mfd_world_digest(const struct mfd_world *world);
/* Expects that nothing was written where nothing may be, and clears memory. */
void mfd_world_close(struct mfd_world *world);

/*
 * The largest window that any zstd frame in these bytes asks for, at least 1: for `setup.window`, since memory for the
 * largest there may be, with a sanitizer, takes most of the time of a call.
 */
uint64_t mfd_world_window(const uint8_t *bytes, size_t len);

/* What one connection of the world's may allocate at most. */
size_t mfd_world_conn_memory(const struct mfd_case *c);

#endif
