// SPDX-License-Identifier: GPL-2.0-or-later
#include "events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct mfd_events *events;
    size_t room;
    bool full; /* no memory */
};

static bool grow(struct reading *reading)
{
    struct mfd_events *events = reading->events;
    size_t room = reading->room ? reading->room * 2 : 64;
    struct mfd_event *list = realloc(events->list, room * sizeof(*list));
    struct mfd_place *places = realloc(events->places, room * sizeof(*places));

    events->list = list ? list : events->list;
    events->places = places ? places : events->places;
    reading->room = list && places ? room : reading->room;
    return list && places;
}

static void add(const struct mfd_found *found, void *context)
{
    struct reading *reading = context;
    struct mfd_events *events = reading->events;
    struct mfd_event event = found->event;
    uint8_t *bytes = malloc(event.len + 1);

    if (!bytes || (events->count == reading->room && !grow(reading))) {
        reading->full = true;
        free(bytes);
        return;
    }
    if (event.len) {
        memcpy(bytes, event.bytes, event.len);
    }
    event.bytes = bytes;
    events->list[events->count] = event;
    events->places[events->count++] =
        (struct mfd_place){found->frame, found->offset, found->missing};
}

static bool read_all(struct mfd_capture_reader *reader, struct reading *reading, char *error)
{
    struct mfd_reassembler *reassembler = mfd_reassembler_create(add, reading);
    struct mfd_frame frame;
    struct mfd_reassembler_totals totals;

    if (!reassembler) {
        snprintf(error, MFD_CAPTURE_ERROR_SIZE, "out of memory");
        return false;
    }
    while (mfd_capture_next(reader, &frame, error)) {
        reading->full |= !mfd_reassembler_frame(reassembler, &frame);
    }
    mfd_reassembler_end(reassembler);
    totals = mfd_reassembler_totals(reassembler);
    mfd_reassembler_free(reassembler);
    reading->events->connections = (uint32_t)totals.connections;
    reading->events->frames = totals.frames;
    reading->events->lost = totals.lost;
    if (reading->full) {
        snprintf(error, MFD_CAPTURE_ERROR_SIZE, "out of memory");
    }
    return error[0] == '\0';
}

bool mfd_events_read(const char *path, struct mfd_events *events,
                     char error[MFD_CAPTURE_ERROR_SIZE])
{
    struct reading reading = {.events = events};
    FILE *in = fopen(path, "rbe");
    struct mfd_capture_reader *reader = NULL;
    bool good = false;

    *events = (struct mfd_events){0};
    if (!in) {
        snprintf(error, MFD_CAPTURE_ERROR_SIZE, "%s", strerror(errno));
        return false;
    }
    reader = mfd_capture_open(in, error);
    if (reader) {
        good = read_all(reader, &reading, error);
        mfd_capture_close(reader);
    }
    return good;
}

void mfd_events_free(struct mfd_events *events)
{
    for (size_t i = 0; i < events->count; i++) {
        free((void *)events->list[i].bytes);
    }
    free(events->list);
    free(events->places);
}
