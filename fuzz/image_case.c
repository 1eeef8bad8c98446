// SPDX-License-Identifier: GPL-2.0-or-later
#include "image_case.h"

#include "guard.h"
#include "mapfile_io.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB ((uint64_t)1 << 20)
#define PIECES 256u
#define SIZE_BITS 44u
/* Of zeros between bytes, so many are worth a hole. */
#define HOLE_MIN 4096u

/* ---- from a case ---- */

void mfd_image_of_case(const struct mfd_case *c, int fd)
{
    uint64_t at[PIECES];
    uint64_t size = 0;

    for (uint64_t k = 0; k < PIECES; k++) {
        at[k] = k * MIB;
    }
    MFD_FUZZ_EXPECT(ftruncate(fd, 0) == 0, "cannot empty the file");
    for (size_t i = 0; i < c->event_count; i++) {
        const struct mfd_event *event = &c->events[i];
        uint64_t *place = &at[event->connection];

        switch (event->kind) {
        case MFD_EVENT_DATA:
            MFD_FUZZ_EXPECT(mfd_case_is_fill(event) ||
                                mfd_write_at(fd, event->bytes, event->len, *place) == 0,
                            "cannot write the file");
            *place += event->len;
            size = *place > size ? *place : size;
            break;
        case MFD_EVENT_CLOSE:
            size = *place;
            break;
        case MFD_EVENT_RESET:
            size = (uint64_t)1 << event->connection % SIZE_BITS;
            break;
        default:
            break;
        }
    }
    MFD_FUZZ_EXPECT(ftruncate(fd, (off_t)size) == 0, "cannot give the file its size");
}

uint64_t mfd_image_start(const struct mfd_case *c)
{
    return c->uuid_set ? mfd_get64(c->uuid) & (((uint64_t)1 << SIZE_BITS) - 1) : 0;
}

bool mfd_image_skips_devices(const struct mfd_case *c)
{
    return c->sync != mfd_rev_info(c->rev)->sync;
}

/* ---- from a file ---- */

struct events {
    struct mfd_event list[MFD_CASE_EVENTS_MAX];
    size_t count;
};

static bool add(struct events *events, enum mfd_event_kind kind, uint32_t connection,
                const uint8_t *bytes, size_t len)
{
    if (events->count == MFD_CASE_EVENTS_MAX) {
        return false;
    }
    events->list[events->count++] =
        (struct mfd_event){.kind = kind, .connection = connection, .bytes = bytes, .len = len};
    return true;
}

/* How many bytes from `at` on are zeros. */
static size_t zeros(const uint8_t *bytes, size_t len, size_t at)
{
    size_t from = at;

    while (at < len && bytes[at] == 0) {
        at++;
    }
    return at - from;
}

/* One MiB, of which the zeros at the end need not be told. */
static bool add_piece(struct events *events, uint32_t k, const uint8_t *bytes, size_t len)
{
    size_t from = 0;
    bool good = true;

    while (len && bytes[len - 1] == 0) {
        len--;
    }
    for (size_t at = 0; at < len && good;) {
        size_t hole = zeros(bytes, len, at);

        if (hole >= HOLE_MIN) {
            good = from == at || add(events, MFD_EVENT_DATA, k, bytes + from, at - from);
            good = good && add(events, MFD_EVENT_DATA, k, mfd_case_fill(), hole);
            from = at + hole;
        }
        at += hole ? hole : 1;
    }
    return good && (from == len || add(events, MFD_EVENT_DATA, k, bytes + from, len - from));
}

/* Says how long the file is. */
static bool add_size(struct events *events, uint64_t size)
{
    uint32_t k = (uint32_t)(size / MIB < PIECES ? size / MIB : PIECES - 1);
    uint64_t told = k * MIB;

    for (size_t i = 0; i < events->count; i++) {
        told += events->list[i].connection == k ? events->list[i].len : 0;
    }
    return size >= told &&
           (size == told ||
            add(events, MFD_EVENT_DATA, k, mfd_case_fill(), (size_t)(size - told))) &&
           add(events, MFD_EVENT_CLOSE, k, NULL, 0);
}

/* Whether reading the case would clip nothing. */
static bool fits(const struct events *events)
{
    uint64_t data = 0;
    uint64_t fill = 0;

    for (size_t i = 0; i < events->count; i++) {
        *(mfd_case_is_fill(&events->list[i]) ? &fill : &data) += events->list[i].len;
    }
    return data <= MFD_CASE_DATA_MAX && fill <= MFD_CASE_FILL_MAX;
}

static bool read_events(struct events *events, int fd, uint8_t *bytes)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return false;
    }
    for (off_t at = 0; (at = lseek(fd, at, SEEK_DATA)) >= 0; at = (off_t)((at / MIB + 1) * MIB)) {
        uint64_t k = (uint64_t)at / MIB;
        ssize_t n = k < PIECES ? mfd_read_at(fd, bytes + k * MIB, MIB, k * MIB) : -1;

        if (n < 0 || !add_piece(events, (uint32_t)k, bytes + k * MIB, (size_t)n)) {
            return false;
        }
    }
    return add_size(events, (uint64_t)st.st_size) && fits(events);
}

uint8_t *mfd_image_case(const struct mfd_case *c, int fd, uint64_t start, size_t *size)
{
    struct events *events = calloc(1, sizeof(*events));
    uint8_t *bytes = calloc(PIECES, MIB); /* untouched where the file has holes */
    struct mfd_case image = *c;
    uint8_t *written = NULL;

    if (events && bytes && read_events(events, fd, bytes)) {
        image.uuid_set = start != 0;
        memset(image.uuid, 0, sizeof(image.uuid));
        mfd_put64(image.uuid, start);
        image.events = events->list;
        image.event_count = events->count;
        written = mfd_case_write(&image, size);
    }
    free(events);
    free(bytes);
    return written;
}
