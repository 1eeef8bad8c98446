// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the bytes of a migration tell of its sender, for whoever was told nothing beforehand: a capture
 * names no release, and neither does the wire. What was given stays; the rest is learnt as it shows.
 *
 * The bytes leave a range of revisions open: a rule that only some of them have cannot be judged.
 *
 * Pure, as the observer is.
 */
#ifndef MFD_LEARN_H
#define MFD_LEARN_H

#include "mainstream.h"
#include "observe.h"

/* In place of a value: as the traffic shows. */
#define MFD_LEARN_AUTO (-1)

#define MFD_LEARN_MACHINE 65

/* What is known beforehand. */
struct mfd_given {
    int rev;             /* enum mfd_rev, or AUTO */
    int sync;            /* enum mfd_sync, or AUTO */
    int zero;            /* enum mfd_zero, or AUTO */
    int64_t method;      /* flag bit, 0 for none, or AUTO */
    int page_size;       /* bytes, or AUTO */
    uint32_t channels;   /* 0: not known */
    const uint8_t *uuid; /* MFD_UUID_SIZE bytes, or NULL: as the first hello */
    bool no_switchover;
    const char *machine; /* as mfd_observer_config has it */
};

/* Nothing at all. */
struct mfd_given mfd_given_nothing(void);

struct mfd_learned {
    struct mfd_observer_config config; /* all of it as now known; its uuid may point into this */
    bool rev_given;                    /* or shown for good, as only a text hello does */
    bool generation_known;             /* whether the sender is older than 9.0 */
    bool old;                          /* it is */
    enum mfd_rev evidence;             /* it is at least this new */
    bool sync_known;
    bool zero_known;
    bool page_known;
    uint8_t uuid[MFD_UUID_SIZE];
    char machine[MFD_LEARN_MACHINE]; /* that the sender names; cut if longer, "" until it shows */
};

/* Copies `given`, but for the machine's name. `learned` must not be moved from then on. */
void mfd_learn_start(struct mfd_learned *learned, const struct mfd_given *given);

/* The revisions that the sender may speak, as far as it shows, both included. */
enum mfd_rev mfd_learned_first(const struct mfd_learned *learned);
enum mfd_rev mfd_learned_last(const struct mfd_learned *learned);
/* For people: "9.0 or later". */
const char *mfd_learned_name(const struct mfd_learned *learned);

/* Each is called with what comes next, before that is judged. */

void mfd_learn_uuid(struct mfd_learned *learned, const uint8_t *uuid);
/* A text hello: only the stage 2017-text has it. Where the sender has shown to be a later one, it is none. */
void mfd_learn_text_hello(struct mfd_learned *learned);
/* Takes any number: one that is no page size is passed over. */
void mfd_learn_page_size(struct mfd_learned *learned, uint32_t page_size);
/*
 * A RAM packet: at least MFD_PACKET_RAMBLOCK bytes of it, or all of it and more, which may tell where the
 * next one starts.
 */
void mfd_learn_packet(struct mfd_learned *learned, const uint8_t *buf, size_t len);
/* A prefix of a packet, MFD_PREFIX_SIZE bytes. Whether it is one of device state. */
bool mfd_learn_prefix(struct mfd_learned *learned, const uint8_t *buf);
/* Where the main channel stands, and the bytes that are there of the next record. */
void mfd_learn_main(struct mfd_learned *learned, enum mfd_main_place place, const uint8_t *buf,
                    size_t len);

#endif
