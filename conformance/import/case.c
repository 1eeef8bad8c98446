// SPDX-License-Identifier: GPL-2.0-or-later
#include "case.h"

#include <stdlib.h>
#include <string.h>

enum { KIND_OPEN, KIND_DATA, KIND_CLOSE, KIND_RESET, KIND_FILL, KINDS };

#define METHOD_BITS 0x07u
#define OPTION_SYNC 0x08u
#define OPTION_MACHINE 0x10u
#define OPTION_UUID 0x20u
#define OPTION_EXTRA 6u /* from this bit on */
#define PAGE_SIZES 9u

static const uint32_t methods[] = {0, MFD_FLAG_ZLIB, MFD_FLAG_ZSTD, MFD_FLAG_QPL, MFD_FLAG_UADK};

/* What fills are made of: no byte of it looks like a header. */
static const uint8_t *filler(void)
{
    static uint8_t bytes[MFD_CASE_EVENT_MAX];

    if (!bytes[0]) {
        for (size_t i = 0; i < sizeof(bytes); i++) {
            bytes[i] = (uint8_t)(0x80 | i >> 3 | i);
        }
    }
    return bytes;
}

const uint8_t *mfd_case_fill(void)
{
    return filler();
}

bool mfd_case_is_fill(const struct mfd_event *event)
{
    return event->bytes == filler();
}

/* ---- reading ---- */

struct reader {
    const uint8_t *bytes;
    size_t left;
};

/* Big-endian integer; what is not there is zeros. */
static uint32_t take(struct reader *r, unsigned width)
{
    uint32_t value = 0;

    while (width--) {
        value = value << 8 | (r->left ? *r->bytes : 0u);
        r->bytes += r->left != 0;
        r->left -= r->left != 0;
    }
    return value;
}

static size_t take_bytes(struct reader *r, void *to, size_t len)
{
    size_t n = len < r->left ? len : r->left;

    if (n) {
        memcpy(to, r->bytes, n);
        r->bytes += n;
        r->left -= n;
    }
    return n;
}

static void *must(void *p)
{
    if (!p) {
        abort();
    }
    return p;
}

static void read_block(struct reader *r, struct mfd_case_block *block)
{
    uint32_t flags = take(r, 1);
    uint32_t len = take(r, 1);
    uint64_t used = 0;

    take_bytes(r, block->ram.name, len);
    used = take(r, 4);
    used = used < MFD_CASE_BLOCK_MAX ? used : MFD_CASE_BLOCK_MAX;
    block->filled = flags & 2;
    block->ram.resizable = flags & 1;
    block->ram.used_length = used;
    block->ram.max_length = used;
    if (block->ram.resizable && used < MFD_CASE_RESERVED) {
        block->ram.max_length = MFD_CASE_RESERVED;
    }
}

static void read_options(struct reader *r, struct mfd_case *c)
{
    uint32_t options = 0;
    uint32_t method = 0;

    c->rev = (enum mfd_rev)(MFD_REV_FIRST + take(r, 1) % (MFD_REV_COUNT - MFD_REV_FIRST));
    options = take(r, 1);
    method = options & METHOD_BITS;
    c->method = method < sizeof(methods) / sizeof(methods[0]) ? methods[method] : 0;
    c->sync = mfd_rev_info(c->rev)->sync;
    if (options & OPTION_SYNC) {
        c->sync = c->sync == MFD_SYNC_MARKER ? MFD_SYNC_SECTION : MFD_SYNC_MARKER;
    }
    c->judge_machine = options & OPTION_MACHINE;
    c->uuid_set = options & OPTION_UUID;
    c->extra = options >> OPTION_EXTRA;
    c->page_size = MFD_PAGE_SIZE_MIN << take(r, 1) % PAGE_SIZES;
    c->channels = take(r, 1);
    c->channels += c->channels == 0;
    c->fail = take(r, 1);
    c->block_count = take(r, 1) % (MFD_CASE_BLOCKS_MAX + 1);
    for (size_t i = 0; i < c->block_count; i++) {
        read_block(r, &c->blocks[i]);
    }
    if (c->uuid_set) {
        take_bytes(r, c->uuid, sizeof(c->uuid));
    }
}

static struct mfd_event *add(struct mfd_case *c, enum mfd_event_kind kind, uint32_t connection)
{
    struct mfd_event *event = &c->events[c->event_count++];

    *event = (struct mfd_event){.kind = kind, .connection = connection};
    return event;
}

static void read_data(struct reader *r, struct mfd_case *c, uint32_t connection, size_t *room)
{
    size_t len = take(r, 2);
    size_t given = take(r, 2);
    struct mfd_event *event = add(c, MFD_EVENT_DATA, connection);
    uint8_t *bytes = NULL;

    given = given < len ? given : len;
    len = len < *room ? len : *room;
    *room -= len;
    bytes = must(calloc(1, len ? len : 1));
    take_bytes(r, bytes, given < len ? given : len);
    event->bytes = bytes;
    event->len = len;
}

static void read_fill(struct reader *r, struct mfd_case *c, uint32_t connection, size_t events,
                      size_t *room)
{
    size_t left = take(r, 4);

    left = left < *room ? left : *room;
    *room -= left;
    while (left && c->event_count < events) {
        struct mfd_event *event = add(c, MFD_EVENT_DATA, connection);

        event->bytes = filler();
        event->len = left < MFD_CASE_EVENT_MAX ? left : MFD_CASE_EVENT_MAX;
        left -= event->len;
    }
}

struct mfd_case *mfd_case_read(const uint8_t *bytes, size_t size)
{
    return mfd_case_read_within(bytes, size, MFD_CASE_EVENTS_MAX, MFD_CASE_DATA_MAX);
}

struct mfd_case *mfd_case_read_within(const uint8_t *bytes, size_t size, size_t events,
                                      size_t data_room)
{
    static const enum mfd_event_kind plain[] = {[KIND_OPEN] = MFD_EVENT_OPEN,
                                                [KIND_CLOSE] = MFD_EVENT_CLOSE,
                                                [KIND_RESET] = MFD_EVENT_RESET};
    struct reader r = {bytes, size};
    struct mfd_case *c = must(calloc(1, sizeof(*c)));
    size_t fill_room = MFD_CASE_FILL_MAX;

    read_options(&r, c);
    c->events = must(malloc((r.left / 2 < events ? r.left / 2 + 65 : events) * sizeof(*c->events)));
    while (r.left && c->event_count < events) {
        uint32_t kind = take(&r, 1) % KINDS;
        uint32_t connection = take(&r, 1);

        if (kind == KIND_DATA) {
            read_data(&r, c, connection, &data_room);
        } else if (kind == KIND_FILL) {
            read_fill(&r, c, connection, events, &fill_room);
        } else {
            add(c, plain[kind], connection);
        }
    }
    return c;
}

void mfd_case_free(struct mfd_case *c)
{
    for (size_t i = 0; i < c->event_count; i++) {
        if (!mfd_case_is_fill(&c->events[i])) {
            free((void *)c->events[i].bytes);
        }
    }
    free(c->events);
    free(c);
}

/* ---- writing ---- */

struct writer {
    uint8_t *bytes;
    size_t size;
    size_t room;
};

static void put_bytes(struct writer *w, const void *bytes, size_t len)
{
    if (w->size + len > w->room) {
        w->room = 2 * (w->size + len);
        w->bytes = must(realloc(w->bytes, w->room));
    }
    if (len) {
        memcpy(w->bytes + w->size, bytes, len);
    }
    w->size += len;
}

static void put(struct writer *w, unsigned width, uint32_t value)
{
    uint8_t bytes[4];

    mfd_put32(bytes, value);
    put_bytes(w, bytes + 4 - width, width);
}

static void write_options(struct writer *w, const struct mfd_case *c)
{
    uint32_t options = 0;

    while (options + 1 < sizeof(methods) / sizeof(methods[0]) && methods[options] != c->method) {
        options++;
    }
    options |= c->sync != mfd_rev_info(c->rev)->sync ? OPTION_SYNC : 0;
    options |= c->judge_machine ? OPTION_MACHINE : 0;
    options |= c->uuid_set ? OPTION_UUID : 0;
    options |= c->extra << OPTION_EXTRA;
    put(w, 1, (uint32_t)(c->rev - MFD_REV_FIRST));
    put(w, 1, options);
    put(w, 1, (uint32_t)__builtin_ctz(c->page_size / MFD_PAGE_SIZE_MIN));
    put(w, 1, c->channels);
    put(w, 1, c->fail);
    put(w, 1, (uint32_t)c->block_count);
    for (size_t i = 0; i < c->block_count; i++) {
        const struct mfd_case_block *block = &c->blocks[i];
        size_t len = strlen(block->ram.name);

        put(w, 1, (block->ram.resizable ? 1u : 0u) | (block->filled ? 2u : 0u));
        put(w, 1, (uint32_t)len);
        put_bytes(w, block->ram.name, len);
        put(w, 4, (uint32_t)block->ram.used_length);
    }
    if (c->uuid_set) {
        put_bytes(w, c->uuid, sizeof(c->uuid));
    }
}

static void write_data(struct writer *w, const struct mfd_event *event)
{
    for (size_t from = 0; from == 0 || from < event->len; from += MFD_CASE_EVENT_MAX) {
        size_t left = event->len - from;
        size_t len = left < MFD_CASE_EVENT_MAX ? left : MFD_CASE_EVENT_MAX;
        size_t given = len;

        while (given && event->bytes[from + given - 1] == 0) {
            given--;
        }
        put(w, 1, KIND_DATA);
        put(w, 1, event->connection);
        put(w, 2, (uint32_t)len);
        put(w, 2, (uint32_t)given);
        put_bytes(w, event->bytes + from, given);
    }
}

uint8_t *mfd_case_write(const struct mfd_case *c, size_t *size)
{
    static const uint8_t kinds[] = {[MFD_EVENT_OPEN] = KIND_OPEN,
                                    [MFD_EVENT_DATA] = KIND_DATA,
                                    [MFD_EVENT_CLOSE] = KIND_CLOSE,
                                    [MFD_EVENT_RESET] = KIND_RESET};
    struct writer w = {0};

    write_options(&w, c);
    for (size_t i = 0; i < c->event_count; i++) {
        const struct mfd_event *event = &c->events[i];

        if (event->kind == MFD_EVENT_DATA && mfd_case_is_fill(event)) {
            put(&w, 1, KIND_FILL);
            put(&w, 1, event->connection);
            put(&w, 4, (uint32_t)event->len);
        } else if (event->kind == MFD_EVENT_DATA) {
            write_data(&w, event);
        } else {
            put(&w, 1, kinds[event->kind]);
            put(&w, 1, event->connection);
        }
    }
    *size = w.size;
    return w.bytes;
}
