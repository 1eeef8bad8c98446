// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connections of a capture while it is read: what is known of each, and its first events, until it shows to
 * which migration it belongs. The one that was silent for longest is forgotten when there are too many.
 */
#ifndef MFD_CAPTURE_LINK_H
#define MFD_CAPTURE_LINK_H

#include "checked.h"
#include "reassemble.h"

/* Bytes, and pieces of them, that are held back of a connection that nobody knows yet. */
#define MFD_LINK_HELD 512u
#define MFD_LINK_PIECES 8u

struct mfd_live; /* the migration that it belongs to: checker.c */

struct mfd_link {
    struct mfd_link *chain;
    struct mfd_link *newer;
    struct mfd_link *older;
    struct mfd_live *live; /* NULL: none yet */
    uint32_t number;
    struct mfd_endpoint sender;
    struct mfd_endpoint receiver;
    bool opened;  /* seen from its start */
    bool foreign; /* no connection of a migration */
    bool closed;  /* by the sender, or reset */
    uint64_t open_frame;
    uint64_t open_ns;
    uint64_t scanned; /* bytes in which no packet was found */
    /* held back */
    uint8_t bytes[MFD_LINK_HELD];
    size_t have;
    struct {
        size_t len;
        uint64_t time_ns;
        struct mfd_checked_place place;
    } pieces[MFD_LINK_PIECES];
    size_t piece_count;
    size_t told;      /* of them, those before the event at hand */
    uint64_t missing; /* bytes that could not be held, or are not in the capture */
};

struct mfd_links;

struct mfd_links *mfd_links_create(size_t most);
/* The connection of an event, made if this is its first; NULL without memory. */
struct mfd_link *mfd_links_of(struct mfd_links *links, const struct mfd_found *found);
/* Holds back what the sender sent. */
void mfd_link_hold(struct mfd_link *link, const struct mfd_found *found);
/* Whether two ends have the same address, on whatever port. */
bool mfd_link_same_address(const struct mfd_endpoint *a, const struct mfd_endpoint *b);
/*
 * Those that go from the same address to the same receiver as `link`, itself among them, belong to no
 * migration, and are still open, by their numbers: at most `room` of them into `list`. How many. Only the latest
 * MFD_LINK_RECENT connections are looked at.
 */
#define MFD_LINK_RECENT 1024u
size_t mfd_links_waiting(const struct mfd_links *links, const struct mfd_link *link,
                         struct mfd_link **list, size_t room);
/* The migration is over: its connections, `count` of them, are of none any more, and no other's either. */
void mfd_links_leave(struct mfd_links *links, const struct mfd_live *live, size_t count);
void mfd_links_free(struct mfd_links *links);

#endif
