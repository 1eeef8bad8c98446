// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The event: what happened on one connection. Player and proxy record events, captures hold them,
 * the observer judges them.
 */
#ifndef MFD_EVENT_H
#define MFD_EVENT_H

#include <stddef.h>
#include <stdint.h>

enum mfd_event_kind { MFD_EVENT_OPEN, MFD_EVENT_DATA, MFD_EVENT_CLOSE, MFD_EVENT_RESET };
/* Seen from the migration: from the sender to the receiver, or back. */
enum mfd_direction { MFD_FORWARD, MFD_BACKWARD };

struct mfd_event {
    uint64_t time_ns; /* since the first event */
    uint32_t connection;
    enum mfd_direction direction;
    enum mfd_event_kind kind;
    const uint8_t *bytes; /* of a DATA event; owned by whoever made the event */
    size_t len;
};

#endif
