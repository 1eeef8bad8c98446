// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A peer under test: how to start one for a plan, reach it, and see what became of it.
 *
 * Every kind of peer is a process of its own in a process group of its own, started afresh for each
 * scenario, with guest RAM in files that the harness maps too. A kind is a table of functions.
 */
#ifndef MFD_PEER_H
#define MFD_PEER_H

#include "plan.h"
#include "process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MFD_PEER_ERROR_SIZE 1024

struct mfd_live;

enum mfd_start {
    MFD_STARTED,
    MFD_START_UNSUPPORTED, /* the peer cannot be configured as the plan needs; `error` says what */
    MFD_START_FAILED,      /* harness error; `error` says why, with the peer's own words */
};

struct mfd_peer;

struct mfd_source_kind;

struct mfd_peer_kind {
    const char *name;
    const struct mfd_source_kind *source; /* as a sender (source.h); all below is about receivers */
    /*
     * Starts a process that waits for connections at live->address, or reads the file there. Fills `live` as far as it
     * got.
     */
    enum mfd_start (*start)(const struct mfd_peer *peer, const struct mfd_plan *plan,
                            struct mfd_live *live, char *error);
    /* Whether the process answers on its control channel; a peer without one always does. */
    bool (*answers)(struct mfd_live *live);
    /* Whether the migration has completed, as the peer itself says. */
    bool (*completed)(struct mfd_live *live);
    /* Whether the kind's exit status `code` means a clean refusal. */
    bool (*refusal_code)(int code);
    /* Whether the peer can be set to a stage of 2017; NULL: never. */
    bool (*settable)(const struct mfd_peer *peer);
    /* Frees what start() put into live->own. */
    void (*release)(struct mfd_live *live);
    bool completes_by_exit; /* exit status 0 means completed; otherwise the process stays */
    bool memory_live;       /* pages show in the RAM files as they arrive, not only at the end */
    bool slow;              /* starting one costs tens of milliseconds */
};

/* What a whole run tests. */
struct mfd_peer {
    const struct mfd_peer_kind *kind;
    char *path;       /* qemu: the binary; command: argv[0]; ref: "" */
    char **argv;      /* command: template, NULL terminated */
    char *wrap;       /* command line to run the peer under, or NULL */
    char *version;    /* "7.2.22", or "" */
    char *package;    /* distributor's version, or "" */
    char *machine;    /* machine type without devices, as main's configuration names it */
    char *pc_machine; /* machine type with resizable blocks, or NULL */
    const char
        *resizable_name; /* block that its pc_machine lets a source resize; NULL: as the scenario */
    enum mfd_rev rev;    /* of the profile */
    double guard;        /* seconds after which a peer that does nothing counts as hung */
    const char *scratch; /* folder for the private folders of the runs */
};

/* A block of guest RAM as the harness sees it. */
struct mfd_live_block {
    char path[256];
    uint8_t *base; /* NULL: the peer keeps this block to itself */
    size_t size;
};

/* One started peer. */
struct mfd_live {
    const struct mfd_peer *peer;
    char dir[80];      /* private; removed by mfd_live_stop() */
    char address[104]; /* path of a UNIX socket, or of the file of a plan that has one */
    char keys[96]; /* folder with the keys of both ends, where the plan has TLS (tls.h); else "" */
    char foreign[96]; /* one with keys that the peer does not know */
    struct mfd_process process;
    struct mfd_live_block *blocks; /* one per block of the plan */
    size_t block_count;
    const struct mfd_source_kind *source; /* that of the peer, where the plan tests a sender */
    void *own;                            /* the kind's, or the source's */
};

/* The file where the peer leaves the state of the plan's device `index`; returns `buf`. */
const char *mfd_live_state_path(const struct mfd_live *live, size_t index, char *buf, size_t size);

/*
 * Makes the private folder and the RAM files of a plan, filled as the plan says, and the mapped-ram file if it has one;
 * then starts the peer.
 * mfd_live_stop() must be called whatever the result.
 */
enum mfd_start mfd_live_start(const struct mfd_peer *peer, const struct mfd_plan *plan,
                              struct mfd_live *live, char *error);
/* A new non-blocking connection to the peer, or -1 with errno. */
int mfd_live_connect(const struct mfd_live *live);
/* Ends the process if it still runs, reaps it, and removes what the run left. */
void mfd_live_stop(struct mfd_live *live);

extern const struct mfd_peer_kind mfd_peer_ref;
extern const struct mfd_peer_kind mfd_peer_command;
extern const struct mfd_peer_kind mfd_peer_qemu;

/* What a QEMU without devices cannot be; NULL if nothing stands against the plan. */
const char *mfd_qemu_lacks(const struct mfd_peer *peer, const struct mfd_plan *plan);

/* Frees the strings of a peer; argv and wrap stay the caller's. */
void mfd_peer_free(struct mfd_peer *peer);

/*
 * Starts the QEMU of peer->path once and asks for version and machine types. False with `error` if it
 * does not start or is none.
 */
bool mfd_qemu_probe(struct mfd_peer *peer, char *error);

#endif
