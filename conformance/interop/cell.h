// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A cell of the interop table: one complete migration from one peer to another.
 */
#ifndef MFD_INTEROP_CELL_H
#define MFD_INTEROP_CELL_H

#include "rev.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MFD_INTEROP_PEERS_MAX 16

/* One that can be both source and destination: the reference, or a QEMU. */
struct mfd_interop_peer {
    char name[256];   /* as the user names it: "ref", "trixie", a path */
    char *program;    /* owned; NULL: the reference, which speaks as its other end needs */
    char version[48]; /* "10.0.13"; "" for the reference */
    char package[64]; /* distributor's version of it, or "" */
    char *pc;         /* owned: its newest machine type with devices; NULL without any */
    enum mfd_rev rev;
};

enum mfd_interop_machine {
    MFD_INTEROP_NONE, /* no devices; a type without version, so that each end behaves as its release does */
    MFD_INTEROP_PC, /* the newest versioned type of the older end: both behave as that release */
    MFD_INTEROP_MACHINES,
};

/* What is set beyond the defaults, so that releases understand each other: bits of a mask. */
enum mfd_interop_setting {
    MFD_SET_FLUSH_FROM = 1,    /* source: sync points at section ends, as before 8.1 */
    MFD_SET_FLUSH_TO = 2,      /* destination: the same */
    MFD_SET_NO_SWITCHOVER = 4, /* source: no SWITCHOVER_START, as before 10.0 */
};
#define MFD_SETTINGS 3u

struct mfd_interop_cell {
    const struct mfd_interop_peer *from;
    const struct mfd_interop_peer *to;
    enum mfd_interop_machine machine;
    enum mfd_zero zero;
    uint32_t method; /* flag bit */
    unsigned channels;
    unsigned settings; /* mask */
};

/* "none" or "pc". */
const char *mfd_interop_machine_name(enum mfd_interop_machine machine);
/* The machine type itself: "none", "pc-i440fx-7.2"; NULL if an end has no such type. */
const char *mfd_interop_machine_type(const struct mfd_interop_cell *cell);
/* "main", "packet" or "none". */
const char *mfd_interop_zero_name(enum mfd_zero zero);
/* One setting, as an option of QEMU: "source: -global migration.send-switchover-start=off". */
const char *mfd_interop_setting_text(enum mfd_interop_setting setting);
/* Short names of a mask: "flush-to", "flush-from,no-switchover", "-"; cut to `size`; returns `buf`. */
const char *mfd_interop_settings_name(unsigned settings, char *buf, size_t size);

/* The release whose protocol the wire has: the reference speaks that of its other end. */
enum mfd_rev mfd_interop_from_rev(const struct mfd_interop_cell *cell);
enum mfd_rev mfd_interop_to_rev(const struct mfd_interop_cell *cell);
/* Where the source puts sync points. */
enum mfd_sync mfd_interop_sync(const struct mfd_interop_cell *cell);

/* Whether the ends can be set up like that: the source can put zero pages there, machine types are known. */
bool mfd_interop_possible(const struct mfd_interop_cell *cell);

#endif
