// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One migration that somebody recorded, held to the rules of its sender: the observer with its memory, fed
 * event by event, and what it finds brought back to frames of the capture.
 *
 * Nothing of payload is kept. Memory is bounded: some MiB of address space for each migration, of which few
 * are touched, and two bytes for each page of the guest.
 */
#ifndef MFD_CHECKED_H
#define MFD_CHECKED_H

#include "learn.h"
#include "segment.h"

/* Most connections that are followed: 255 channels, main, and some too many. */
#define MFD_CHECKED_CONNS 264u
/* Bytes for marks of pages that all migrations together may take at a time. */
#define MFD_CHECKED_MARKS ((size_t)256 << 20)

enum mfd_checked_state {
    MFD_CHECKED_HELD,
    MFD_CHECKED_BROKEN,
    MFD_CHECKED_UNDECIDED,
    MFD_CHECKED_NOT_APPLICABLE, /* the sender's revision has no such rule */
    MFD_CHECKED_STATES,
};

/* "held", "broken", "undecided", "not_applicable". */
const char *mfd_checked_state_name(enum mfd_checked_state state);

/* How one rule fared. What follows `count` is its first breach. */
struct mfd_checked_rule {
    enum mfd_checked_state state;
    const char *reason; /* why it is undecided; else NULL */
    size_t count;       /* breaches */
    uint64_t frame;     /* that the byte came in; 0: not known, or of no capture */
    size_t byte;        /* in the frame */
    uint32_t connection;
    uint64_t offset; /* in what the sender sent on that connection */
    uint64_t got;
    uint64_t want;
};

struct mfd_checked_conn {
    uint32_t number;
    struct mfd_endpoint sender;
    uint64_t frame; /* of its first event */
    bool seen;      /* an event of it has come */
    bool opened;    /* from its start on */
    bool closed[2]; /* by the sender, by the receiver */
    enum mfd_observer_role role;
    int id;           /* of the channel's hello; -1: none */
    bool followed;    /* to what was seen last of it; set at the end */
    uint64_t bytes;   /* that the sender sent, as far as they are there */
    uint64_t missing; /* that are not */
};

/* Where an event stands in a capture; all zeros where there is none. */
struct mfd_checked_place {
    uint64_t frame;
    size_t offset; /* of the first byte in the frame */
    uint64_t at;   /* of the first byte in what its direction carries */
    uint64_t missing;
};

struct mfd_checked {
    size_t number; /* from 1 */
    struct mfd_endpoint receiver;
    struct mfd_learned learned; /* of the sender */
    bool has_main;
    size_t channels; /* that are there */
    struct mfd_checked_conn *conns;
    size_t conn_count;
    uint64_t bytes; /* of all connections, from the sender */
    uint64_t missing;
    /* from the end on */
    struct mfd_checked_rule rules[MFD_RULE_COUNT];
    size_t counts[MFD_CHECKED_STATES];
    struct mfd_checked_watch *watch; /* until the end */
};

/*
 * `marks` is what is left of MFD_CHECKED_MARKS for all migrations that share it, and outlives this. NULL
 * without memory.
 */
struct mfd_checked *mfd_checked_create(size_t number, const struct mfd_given *given, size_t *marks);
/* A connection of the migration, before its first event. NULL where there are too many. */
struct mfd_checked_conn *mfd_checked_join(struct mfd_checked *checked, uint32_t number,
                                          const struct mfd_endpoint *sender);
/* The next event of any connection; that of one that could not join is only counted. */
void mfd_checked_event(struct mfd_checked *checked, const struct mfd_event *event,
                       const struct mfd_checked_place *place);
/* See mfd_observer_tap() and mfd_observer_told(); before the end. */
void mfd_checked_tap(struct mfd_checked *checked, mfd_observer_tap_fn tap, void *context);
uint64_t mfd_checked_told(const struct mfd_checked *checked, uint32_t connection);
/* No event follows. Fills the results, and gives back what only the observer needed. */
void mfd_checked_end(struct mfd_checked *checked);
/* The level at which a breach counts: "MUST", "SHOULD", "MAY" or "-". */
const char *mfd_checked_level(enum mfd_rule rule);
/* Breaches of a MUST, or of a MUST or SHOULD; after the end. */
size_t mfd_checked_broken(const struct mfd_checked *checked, bool strict);
void mfd_checked_free(struct mfd_checked *checked);

#endif
