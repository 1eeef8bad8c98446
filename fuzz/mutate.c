// SPDX-License-Identifier: GPL-2.0-or-later
#include "mutate.h"

#include "mutate_inside.h"

#include <stdlib.h>
#include <string.h>

#define EVENTS_ROOM (MFD_CASE_EVENTS_MAX + 64u)
/* One result in so many keeps counts that do not agree. */
#define BROKEN_ONE_IN 6u
/* A packet begins with so many fields that are numbers. */
#define NUMBERS 6u

/* ---- the list of events ---- */

static void remove_event(struct mfd_mutation *m, size_t i)
{
    struct mfd_case *c = m->c;

    if (!mfd_case_is_fill(&c->events[i])) {
        free((void *)c->events[i].bytes);
    }
    c->event_count--;
    memmove(&c->events[i], &c->events[i + 1], (c->event_count - i) * sizeof(c->events[0]));
}

/* Takes the bytes over. */
static struct mfd_event *insert_event(struct mfd_mutation *m, size_t at, struct mfd_event event)
{
    struct mfd_case *c = m->c;

    if (c->event_count == MFD_CASE_EVENTS_MAX) {
        remove_event(m, c->event_count - 1);
        at = at < c->event_count ? at : c->event_count;
    }
    memmove(&c->events[at + 1], &c->events[at], (c->event_count - at) * sizeof(c->events[0]));
    c->events[at] = event;
    c->event_count++;
    return &c->events[at];
}

static struct mfd_event duplicate(const struct mfd_event *event)
{
    struct mfd_event other = *event;

    if (event->kind == MFD_EVENT_DATA && !mfd_case_is_fill(event)) {
        other.bytes = mfd_mutate_copy(event->bytes, event->len);
    }
    return other;
}

/* The payload that a packet needs goes right behind it; with a method, one that does not decode. */
static void fit_payload(struct mfd_mutation *m, size_t i)
{
    struct mfd_case *c = m->c;
    struct mfd_event *event = &c->events[i];
    struct mfd_packet packet;
    bool followed = i + 1 < c->event_count && mfd_case_is_fill(&c->events[i + 1]);
    uint64_t size = 0;

    if (event->len < mfd_packet_size(c->page_size) || c->method) {
        return;
    }
    packet = mfd_packet_unpack(event->bytes, c->rev);
    size = mfd_mutate_payload_of(c, &packet);
    while (followed) {
        remove_event(m, i + 1);
        followed = i + 1 < c->event_count && mfd_case_is_fill(&c->events[i + 1]);
    }
    for (size_t at = i + 1; size; at++) {
        size_t len = size < MFD_CASE_EVENT_MAX ? (size_t)size : MFD_CASE_EVENT_MAX;

        insert_event(m, at,
                     (struct mfd_event){.kind = MFD_EVENT_DATA,
                                        .connection = c->events[i].connection,
                                        .bytes = mfd_case_fill(),
                                        .len = len});
        size -= len;
    }
}

/* ---- what can be done ---- */

static void change_field(struct mfd_mutation *m, size_t i)
{
    struct mfd_event *event = &m->c->events[i];
    enum mfd_message message = mfd_mutate_message_of(m->c, event);
    struct mfd_field_walk walk =
        mfd_field_walk_start(message, event->bytes, event->len, m->c->page_size);
    struct mfd_span spans[32];
    const struct mfd_span *span = NULL;
    size_t count = 0;
    uint8_t *at = NULL;

    while (count < 32 && mfd_field_walk_next(&walk, &spans[count])) {
        count += spans[count].elements > 0;
    }
    if (count == 0) {
        return;
    }
    span = &spans[mfd_mutate_below(m, count)];
    if (message == MFD_MSG_packet && mfd_mutate_below(m, 2)) {
        span = &spans[mfd_mutate_below(
            m, count < NUMBERS ? count : NUMBERS)]; /* the numbers that decide on the rest */
    }
    at = (uint8_t *)event->bytes + span->offset + span->width * mfd_mutate_below(m, span->elements);
    if (span->width <= 8) {
        mfd_uint_put(at, span->width,
                     mfd_mutate_below(m, 4) ? mfd_mutate_edge(m) : mfd_mutate_draw(m));
    } else {
        at[mfd_mutate_below(m, span->width)] = (uint8_t)mfd_mutate_draw(m);
    }
    if (m->repair && message == MFD_MSG_packet) {
        mfd_mutate_repair_packet(m, event);
        fit_payload(m, i);
    }
}

static void change_byte(struct mfd_mutation *m, size_t i)
{
    struct mfd_event *event = &m->c->events[i];
    uint8_t *at = (uint8_t *)event->bytes + mfd_mutate_below(m, event->len);

    *at = mfd_mutate_below(m, 2) ? (uint8_t)mfd_mutate_draw(m)
                                 : (uint8_t)(*at ^ 1u << mfd_mutate_below(m, 8));
}

static void cut(struct mfd_mutation *m, size_t i)
{
    struct mfd_event *event = &m->c->events[i];

    mfd_mutate_set_bytes(event, mfd_mutate_copy(event->bytes, event->len),
                         mfd_mutate_below(m, event->len));
}

/* The same bytes in two events, and perhaps something between. */
static void split(struct mfd_mutation *m, size_t i)
{
    struct mfd_event rest = duplicate(&m->c->events[i]);
    size_t at = mfd_mutate_below(m, rest.len);
    uint8_t *tail = mfd_mutate_copy(rest.bytes + at, rest.len - at);

    mfd_mutate_set_bytes(&rest, tail, rest.len - at);
    m->c->events[i].len = at;
    insert_event(m, i + 1 + mfd_mutate_below(m, m->c->event_count - i), rest);
}

static void insert_message(struct mfd_mutation *m)
{
    size_t at = mfd_mutate_below(m, m->c->event_count + 1);
    struct mfd_event event = mfd_mutate_new_message(m);

    insert_event(m, at, event);
    if (event.len == mfd_packet_size(m->c->page_size)) {
        fit_payload(m, at);
    }
}

static void insert_plain(struct mfd_mutation *m)
{
    static const enum mfd_event_kind kinds[] = {MFD_EVENT_OPEN, MFD_EVENT_OPEN, MFD_EVENT_CLOSE,
                                                MFD_EVENT_RESET};

    insert_event(
        m, mfd_mutate_below(m, m->c->event_count + 1),
        (struct mfd_event){.kind = kinds[mfd_mutate_below(m, 4)],
                           .connection = (uint32_t)mfd_mutate_below(m, m->c->channels + 3)});
}

static void move_event(struct mfd_mutation *m, size_t i)
{
    struct mfd_event moved = duplicate(&m->c->events[i]);

    remove_event(m, i);
    insert_event(m, mfd_mutate_below(m, m->c->event_count + 1), moved);
}

/* Makes the packets fit what the receiver is set up for now. */
static void refit_packets(struct mfd_mutation *m, uint32_t former_page_size)
{
    size_t former = mfd_packet_size(former_page_size);
    size_t size = mfd_packet_size(m->c->page_size);

    for (size_t i = 0; i < m->c->event_count; i++) {
        struct mfd_event *event = &m->c->events[i];

        if (!mfd_mutate_has_message(event) || event->len != former ||
            mfd_get32(event->bytes) != MFD_MAGIC) {
            continue;
        }
        if (size != former) {
            static uint8_t wide[MFD_PACKET_SIZE_MAX];

            memset(wide, 0, sizeof(wide));
            memcpy(wide, event->bytes, former);
            mfd_mutate_set_bytes(event, mfd_mutate_copy(wide, size), size);
        }
        mfd_mutate_repair_packet(m, event);
        fit_payload(m, i);
    }
}

static void change_setup(struct mfd_mutation *m)
{
    static const uint32_t methods[] = {0, MFD_FLAG_ZLIB, MFD_FLAG_ZSTD, MFD_FLAG_QPL,
                                       MFD_FLAG_UADK};
    struct mfd_case *c = m->c;
    struct mfd_case_block *block = &c->blocks[mfd_mutate_below(m, MFD_CASE_BLOCKS_MAX)];
    uint32_t page_size = c->page_size;

    switch (mfd_mutate_below(m, 10)) {
    case 0:
        c->rev = (enum mfd_rev)(MFD_REV_FIRST + mfd_mutate_below(m, MFD_REV_COUNT - MFD_REV_FIRST));
        break;
    case 1:
        c->method = methods[mfd_mutate_below(m, 5)];
        break;
    case 2:
        c->page_size = MFD_PAGE_SIZE_MIN << mfd_mutate_below(m, 9);
        break;
    case 3:
        c->channels = mfd_mutate_below(m, 3) ? 1 + (unsigned)mfd_mutate_below(m, 4)
                                             : 1 + (unsigned)mfd_mutate_below(m, 255);
        break;
    case 4:
        c->sync = c->sync == MFD_SYNC_MARKER ? MFD_SYNC_SECTION : MFD_SYNC_MARKER;
        break;
    case 5:
        /* the first allocations, or what a harness reads into the byte */
        c->fail = mfd_mutate_below(m, 2)
                      ? (unsigned)mfd_mutate_below(m, mfd_mutate_below(m, 2) ? 24 : 256)
                      : 0;
        break;
    case 6:
        c->block_count = (size_t)(block - c->blocks) + 1;
        for (size_t i = 0; i < c->block_count; i++) {
            if (!c->blocks[i].ram.name[0]) {
                c->blocks[i].ram.name[0] = (char)('a' + i);
            }
        }
        break;
    case 7:
        c->extra = (unsigned)mfd_mutate_below(m, 4);
        break;
    case 8:
        block->ram.used_length = mfd_mutate_edge(m) % (MFD_CASE_BLOCK_MAX + 1);
        break;
    default:
        block->ram.resizable = !block->ram.resizable;
        break;
    }
    if (m->repair) {
        refit_packets(m, page_size);
    }
}

/* An event with bytes of a message, or -1 where a few tries find none. */
static int pick_message(struct mfd_mutation *m)
{
    for (int tries = 0; tries < 8 && m->c->event_count; tries++) {
        size_t i = mfd_mutate_below(m, m->c->event_count);

        if (mfd_mutate_has_message(&m->c->events[i])) {
            return (int)i;
        }
    }
    return -1;
}

static void mutate_list(struct mfd_mutation *m)
{
    size_t i = m->c->event_count ? mfd_mutate_below(m, m->c->event_count) : 0;
    bool any = m->c->event_count != 0;

    switch (mfd_mutate_below(m, 8)) {
    case 0:
        insert_plain(m);
        break;
    case 1:
        if (any) {
            remove_event(m, i);
        }
        break;
    case 2:
        if (any) {
            insert_event(m, mfd_mutate_below(m, m->c->event_count + 1),
                         duplicate(&m->c->events[i]));
        }
        break;
    case 3:
        if (any) {
            move_event(m, i);
        }
        break;
    case 4:
        if (any) {
            m->c->events[i].connection = mfd_mutate_some_connection(m);
        }
        break;
    case 5:
        change_setup(m);
        break;
    default:
        insert_message(m);
        break;
    }
}

static void mutate_once(struct mfd_mutation *m)
{
    int i = pick_message(m);
    size_t what = mfd_mutate_below(m, 10);

    if (i < 0 || what < 4) {
        mutate_list(m);
    } else if (what < 8) {
        change_field(m, (size_t)i);
    } else if (what == 8) {
        change_byte(m, (size_t)i);
    } else if (mfd_mutate_below(m, 2)) {
        cut(m, (size_t)i);
    } else {
        split(m, (size_t)i);
    }
}

/* Puts a hello before each connection that begins with a packet: what follows none is hardly looked at. */
static void begin_with_hellos(struct mfd_mutation *m)
{
    bool begun[256] = {false};

    for (size_t i = 0; i < m->c->event_count; i++) {
        uint32_t connection = m->c->events[i].connection;

        if (!mfd_mutate_has_message(&m->c->events[i]) || begun[connection & 0xff]) {
            continue;
        }
        begun[connection & 0xff] = true;
        if (mfd_mutate_message_of(m->c, &m->c->events[i]) == MFD_MSG_packet) {
            insert_event(m, i++, mfd_mutate_new_hello(m, connection));
        }
    }
}

/* ---- entry ---- */

static struct mfd_mutation start(const uint8_t *bytes, size_t size, uint64_t seed)
{
    struct mfd_mutation m = {.c = mfd_case_read(bytes, size), .random = seed};
    struct mfd_event *events = realloc(m.c->events, EVENTS_ROOM * sizeof(*events));

    if (!events) {
        abort();
    }
    m.c->events = events;
    m.repair = mfd_mutate_below(&m, BROKEN_ONE_IN) != 0;
    return m;
}

/* Writes the case back, without its last events if there is no room for all. */
static size_t finish(struct mfd_mutation *m, uint8_t *bytes, size_t room)
{
    size_t size = 0;
    uint8_t *out = NULL;

    if (m->repair) {
        begin_with_hellos(m);
    }
    out = mfd_case_write(m->c, &size);

    size = size < room ? size : room;
    memcpy(bytes, out, size);
    free(out);
    mfd_case_free(m->c);
    return size;
}

size_t mfd_mutate(uint8_t *bytes, size_t size, size_t room, uint64_t seed)
{
    struct mfd_mutation m = start(bytes, size, seed);
    size_t times = 1 + mfd_mutate_below(&m, 4);

    while (times--) {
        mutate_once(&m);
    }
    return finish(&m, bytes, room);
}

size_t mfd_mutate_splice(uint8_t *bytes, size_t size, size_t room, const uint8_t *other,
                         size_t other_size, uint64_t seed)
{
    struct mfd_mutation m = start(bytes, size, seed);
    struct mfd_case *donor = mfd_case_read(other, other_size);
    size_t count = donor->event_count ? 1 + mfd_mutate_below(&m, donor->event_count) : 0;
    size_t from = donor->event_count ? mfd_mutate_below(&m, donor->event_count - count + 1) : 0;
    size_t at = mfd_mutate_below(&m, m.c->event_count + 1);

    for (size_t i = 0; i < count && at + i < MFD_CASE_EVENTS_MAX; i++) {
        insert_event(&m, at + i, duplicate(&donor->events[from + i]));
    }
    mfd_case_free(donor);
    if (m.repair) {
        refit_packets(&m, m.c->page_size);
    }
    if (mfd_mutate_below(&m, 2)) {
        mutate_once(&m);
    }
    return finish(&m, bytes, room);
}
