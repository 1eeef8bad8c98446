// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Revisions: what the bytes mean. The list is revs.def.
 */
#ifndef MFD_REV_H
#define MFD_REV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mfd_rev {
#define REV(ident, ...) MFD_REV_##ident,
#include "revs.def"
#undef REV
    MFD_REV_COUNT,
    /* Bounds for tables: the first revision with packets on channels, and "no end". */
    MFD_REV_FIRST = MFD_REV_2020,
    MFD_REV_LATEST = MFD_REV_COUNT - 1,
    MFD_REV_END = MFD_REV_COUNT,
};

/* Where a sync point stands on the main channel. */
enum mfd_sync { MFD_SYNC_SECTION, MFD_SYNC_MARKER };
/* Where zero pages travel; NONE sends them as ordinary pages. */
enum mfd_zero { MFD_ZERO_MAIN, MFD_ZERO_PACKET, MFD_ZERO_NONE };
/* What every connection speaks below the protocol, from 5.2 on: TLS with certificates, or with a key. */
enum mfd_tls { MFD_TLS_NONE, MFD_TLS_X509, MFD_TLS_PSK };

struct mfd_rev_info {
    const char *name;
    enum mfd_sync sync;
    enum mfd_zero zero;
    uint32_t methods; /* flag bits that select a compression method */
    bool device;      /* flag 0x40 makes a device-state packet */
    const char *change;
};

/* Never NULL for a revision of the enum. */
const struct mfd_rev_info *mfd_rev_info(enum mfd_rev rev);

/*
 * Finds the revision of a name in revs.def, or of any release number MAJOR.MINOR[.PATCH]: the
 * newest revision that is not newer ("8.2" is 8.1). Returns false for anything else, also for a
 * release older than the first shipped revision.
 */
bool mfd_rev_parse(const char *text, enum mfd_rev *rev);

/* Whether channels carry packets: not in the two stages of 2017, where pages still travel on main. */
bool mfd_rev_has_packets(enum mfd_rev rev);

/* All flags that the revision knows: methods, SYNC and, where it has one, the device-state bit. */
uint32_t mfd_rev_flags(enum mfd_rev rev);

#endif
