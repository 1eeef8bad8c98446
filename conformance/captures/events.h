// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A whole capture in memory, as events with their places.
 */
#ifndef MFD_EVENTS_H
#define MFD_EVENTS_H

#include "reassemble.h"

struct mfd_place {
    uint64_t frame;
    size_t offset;    /* of the first byte of DATA in the frame */
    uint64_t missing; /* bytes that the capture lacks directly before the event */
};

struct mfd_events {
    struct mfd_event *list; /* their bytes belong to it */
    struct mfd_place *places;
    size_t count;
    uint32_t connections;
    uint64_t frames;
    uint64_t lost; /* bytes that the capture lacks */
};

/* False with `error` if the file cannot be read to its end. mfd_events_free() in any case. */
bool mfd_events_read(const char *path, struct mfd_events *events,
                     char error[MFD_CAPTURE_ERROR_SIZE]);
void mfd_events_free(struct mfd_events *events);

#endif
