// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A sender under test: how to have it send, cancel it, and see what became of it.
 *
 * A kind of peer (peer.h) that can send has one of these tables beside its own. mfd_live_start() on a plan
 * for a sender makes the RAM files, filled as the plan says, and calls start(); what is sent is their
 * contents, which nobody changes. The receiving end is the harness itself.
 */
#ifndef MFD_SOURCE_H
#define MFD_SOURCE_H

#include "peer.h"

enum mfd_source_state {
    MFD_SOURCE_BUSY,      /* so far no end */
    MFD_SOURCE_COMPLETED, /* as it says itself */
    MFD_SOURCE_FAILED,    /* failed or cancelled, as it says itself: it will send nothing more */
    MFD_SOURCE_ENDED, /* the process has ended in a way that says neither; live->process tells how */
};

/* What a sender says that it has sent since it began the migration. */
struct mfd_source_counters {
    uint64_t channel_bytes;
    uint64_t normal_pages; /* on channels and main together, as for zero pages */
    uint64_t zero_pages;
};

struct mfd_source_kind {
    /* As start() of a kind of peer: the process is there and configured, but sends nothing yet. */
    enum mfd_start (*start)(const struct mfd_peer *peer, const struct mfd_plan *plan,
                            struct mfd_live *live, char *error);
    /*
     * Begins a migration to `address` ("unix:PATH", "tcp:HOST:PORT"). Where another has just ended, waits for it to be
     * out of the way. False with `error` (MFD_PEER_ERROR_SIZE bytes).
     */
    bool (*begin)(struct mfd_live *live, const struct mfd_plan *plan, const char *address,
                  char *error);
    /* Tells it to cancel the migration; does not wait. */
    void (*cancel)(struct mfd_live *live);
    /* Never waits. */
    enum mfd_source_state (*state)(struct mfd_live *live);
    /* A descriptor that is readable when state() may have changed; -1: none. */
    int (*watch)(struct mfd_live *live);
    /* Whether the process answers on its control channel; one without always does. */
    bool (*answers)(struct mfd_live *live);
    /* Whether its virtual machine runs. */
    bool (*runs)(struct mfd_live *live);
    /* After a migration has completed: what it counted; false if it does not say. NULL: it has no way to. */
    bool (*counters)(struct mfd_live *live, struct mfd_source_counters *counters);
    /* Frees what start() put into live->own. */
    void (*release)(struct mfd_live *live);
    bool stays; /* the process goes on after a migration, and can begin another */
};

extern const struct mfd_source_kind mfd_source_ref;
extern const struct mfd_source_kind mfd_source_command;
extern const struct mfd_source_kind mfd_source_qemu;

#endif
