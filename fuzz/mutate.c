// SPDX-License-Identifier: GPL-2.0-or-later
#include "mutate.h"

#include "case.h"
#include "field.h"
#include "hello.h"
#include "mainstream.h"
#include "packet.h"

#include <stdlib.h>
#include <string.h>

#define EVENTS_ROOM (MFD_CASE_EVENTS_MAX + 64u)
/* One result in so many keeps counts that do not agree. */
#define BROKEN_ONE_IN 6u
/* All flag bits that choose a method. */
#define METHODS 0x3eu
/* A packet begins with so many fields that are numbers. */
#define NUMBERS 6u

struct mutation {
    struct mfd_case *c;
    uint64_t random;
    bool repair; /* bring counts, size and table of a touched packet into agreement */
};

/* ---- chance ---- */

static uint64_t draw(struct mutation *m)
{
    m->random += 0x9e3779b97f4a7c15u;
    uint64_t z = m->random;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* A number below `n`, which is not 0. */
static size_t below(struct mutation *m, size_t n)
{
    return (size_t)(draw(m) % n);
}

/* A number that stands at some edge: of integers, pages, slots, or a block. */
static uint64_t edge(struct mutation *m)
{
    const struct mfd_case *c = m->c;
    uint32_t slots = mfd_slots(c->page_size);
    uint64_t block =
        c->block_count ? c->blocks[below(m, c->block_count)].ram.used_length : c->page_size;
    const uint64_t edges[] = {0,
                              1,
                              0x7f,
                              0x80,
                              0xff,
                              0xffff,
                              0x7fffffff,
                              0x80000000,
                              0xffffffff,
                              UINT64_MAX,
                              (uint64_t)1 << 63,
                              c->page_size,
                              slots,
                              (uint64_t)slots * 100,
                              c->channels,
                              block,
                              block - c->page_size,
                              MFD_PACKET_SPAN,
                              MFD_COMPRESSED_MAX,
                              MFD_MAGIC,
                              MFD_MAIN_MAGIC,
                              (uint64_t)1 << below(m, 64),
                              draw(m) & 0xff};
    uint64_t value = edges[below(m, sizeof(edges) / sizeof(edges[0]))];

    return value + (below(m, 3) ? 0 : below(m, 3) - 1);
}

/* ---- messages ---- */

static void set_bytes(struct mfd_event *event, uint8_t *bytes, size_t len)
{
    if (!mfd_case_is_fill(event)) {
        free((void *)event->bytes);
    }
    event->bytes = bytes;
    event->len = len;
}

static uint8_t *copy(const void *bytes, size_t len)
{
    uint8_t *p = calloc(1, len ? len : 1);

    if (!p) {
        abort();
    }
    if (len) {
        memcpy(p, bytes, len);
    }
    return p;
}

static bool has_message(const struct mfd_event *event)
{
    return event->kind == MFD_EVENT_DATA && event->len >= 1 && !mfd_case_is_fill(event);
}

/* The record of main that begins with this byte, or one with a word of flags. */
static enum mfd_message main_message(const struct mfd_event *event)
{
    uint64_t word = event->len >= 8 ? mfd_get64(event->bytes) : 0;

    switch (event->bytes[0]) {
    case MFD_SECTION_START:
    case MFD_SECTION_FULL:
        return MFD_MSG_section;
    case MFD_SECTION_PART:
    case MFD_SECTION_END:
        return MFD_MSG_part;
    case MFD_SECTION_SUBSECTION:
        return MFD_MSG_subsection;
    case MFD_SECTION_VMDESC:
        return MFD_MSG_vmdesc;
    case MFD_SECTION_CONFIG:
        return MFD_MSG_config;
    case MFD_SECTION_COMMAND:
        return MFD_MSG_command;
    case MFD_SECTION_FOOTER:
        return MFD_MSG_footer;
    default:
        break;
    }
    switch (word & MFD_RAM_FLAG_MASK & ~(uint64_t)MFD_RAM_CONTINUE) {
    case MFD_RAM_ZERO:
        return MFD_MSG_zero;
    case MFD_RAM_MEM_SIZE:
        return MFD_MSG_memsize;
    case MFD_RAM_PAGE:
        return MFD_MSG_page;
    case MFD_RAM_EOS:
        return MFD_MSG_eos;
    case MFD_RAM_MULTIFD_FLUSH:
        return MFD_MSG_marker;
    default:
        return event->len == 1 ? MFD_MSG_end : MFD_MSG_block;
    }
}

/* What an event most likely is: by its magic and length, else by how records of main begin. */
static enum mfd_message message_of(const struct mfd_case *c, const struct mfd_event *event)
{
    uint32_t magic = event->len >= 4 ? mfd_get32(event->bytes) : 0;

    if (magic == MFD_MAIN_MAGIC) {
        return MFD_MSG_header;
    }
    if (event->len == MFD_HELLO_SIZE) {
        return MFD_MSG_hello;
    }
    if (event->len == MFD_DEVICE_SIZE && mfd_get32(event->bytes + 8) & MFD_FLAG_DEVICE_STATE) {
        return MFD_MSG_device;
    }
    if (magic == MFD_MAGIC || event->len == mfd_packet_size(c->page_size)) {
        return MFD_MSG_packet;
    }
    return main_message(event);
}

/* Bytes of payload that the packet at hand asks for. */
static uint64_t payload_of(const struct mfd_case *c, const struct mfd_packet *packet)
{
    uint64_t size = mfd_packet_payload(packet, c->method, c->page_size);

    return size < MFD_COMPRESSED_MAX ? size : MFD_COMPRESSED_MAX;
}

/* Counts within the table, its size, and offsets within the block. */
static void repair_packet(struct mutation *m, struct mfd_event *event)
{
    const struct mfd_case *c = m->c;
    uint32_t slots = mfd_slots(c->page_size);
    uint8_t *buf = (uint8_t *)event->bytes;
    struct mfd_packet packet;
    uint64_t pages = 1;
    int block = -1;

    if (event->len < mfd_packet_size(c->page_size)) {
        return;
    }
    packet = mfd_packet_unpack(buf, MFD_REV_LATEST);
    packet.normal_pages %= slots + 1;
    packet.zero_pages %= slots + 1 - packet.normal_pages;
    for (size_t i = 0; block < 0 && i < c->block_count; i++) {
        if (strncmp(c->blocks[i].ram.name, packet.ramblock, MFD_IDSTR_SIZE) == 0) {
            block = (int)i;
        }
    }
    if (block < 0 && c->block_count && packet.normal_pages + packet.zero_pages) {
        block = 0;
        memcpy(packet.ramblock, c->blocks[0].ram.name, MFD_IDSTR_SIZE);
    }
    if (block >= 0 && c->blocks[block].ram.used_length >= c->page_size) {
        pages = c->blocks[block].ram.used_length / c->page_size;
    }
    packet.pages_alloc = packet.normal_pages + packet.zero_pages ? slots : packet.pages_alloc;
    packet.flags &= ~(uint32_t)METHODS;
    packet.flags |= packet.normal_pages + packet.zero_pages ? c->method : 0;
    if (c->method == 0) {
        packet.next_packet_size = packet.normal_pages * c->page_size;
    } else if (packet.normal_pages == 0) {
        packet.next_packet_size = 0;
    }
    for (uint32_t i = 0; i < slots; i++) {
        uint64_t offset = mfd_packet_offset(buf, i) / c->page_size % pages * c->page_size;

        mfd_put64(buf + MFD_PACKET_FIXED + (size_t)8 * i,
                  i < packet.normal_pages + packet.zero_pages ? offset : 0);
    }
    mfd_put32(buf + MFD_PACKET_MAGIC, MFD_MAGIC);
    mfd_put32(buf + MFD_PACKET_VERSION, MFD_VERSION);
    mfd_put32(buf + MFD_PACKET_FLAGS, packet.flags);
    mfd_put32(buf + MFD_PACKET_PAGES_ALLOC, packet.pages_alloc);
    mfd_put32(buf + MFD_PACKET_NORMAL_PAGES, packet.normal_pages);
    mfd_put32(buf + MFD_PACKET_NEXT_SIZE, packet.next_packet_size);
    mfd_put32(buf + MFD_PACKET_ZERO_PAGES, c->rev >= MFD_REV_9_0 ? packet.zero_pages : 0);
    memcpy(buf + MFD_PACKET_RAMBLOCK, packet.ramblock, MFD_IDSTR_SIZE);
}

/* ---- the list of events ---- */

static void remove_event(struct mutation *m, size_t i)
{
    struct mfd_case *c = m->c;

    if (!mfd_case_is_fill(&c->events[i])) {
        free((void *)c->events[i].bytes);
    }
    c->event_count--;
    memmove(&c->events[i], &c->events[i + 1], (c->event_count - i) * sizeof(c->events[0]));
}

/* Takes the bytes over. */
static struct mfd_event *insert_event(struct mutation *m, size_t at, struct mfd_event event)
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
        other.bytes = copy(event->bytes, event->len);
    }
    return other;
}

/* The payload that a packet needs goes right behind it; with a method, one that does not decode. */
static void fit_payload(struct mutation *m, size_t i)
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
    size = payload_of(c, &packet);
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

static void change_field(struct mutation *m, size_t i)
{
    struct mfd_event *event = &m->c->events[i];
    enum mfd_message message = message_of(m->c, event);
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
    span = &spans[below(m, count)];
    if (message == MFD_MSG_packet && below(m, 2)) {
        span = &spans[below(
            m, count < NUMBERS ? count : NUMBERS)]; /* the numbers that decide on the rest */
    }
    at = (uint8_t *)event->bytes + span->offset + span->width * below(m, span->elements);
    if (span->width <= 8) {
        mfd_uint_put(at, span->width, below(m, 4) ? edge(m) : draw(m));
    } else {
        at[below(m, span->width)] = (uint8_t)draw(m);
    }
    if (m->repair && message == MFD_MSG_packet) {
        repair_packet(m, event);
        fit_payload(m, i);
    }
}

static void change_byte(struct mutation *m, size_t i)
{
    struct mfd_event *event = &m->c->events[i];
    uint8_t *at = (uint8_t *)event->bytes + below(m, event->len);

    *at = below(m, 2) ? (uint8_t)draw(m) : (uint8_t)(*at ^ 1u << below(m, 8));
}

static void cut(struct mutation *m, size_t i)
{
    struct mfd_event *event = &m->c->events[i];

    set_bytes(event, copy(event->bytes, event->len), below(m, event->len));
}

/* The same bytes in two events, and perhaps something between. */
static void split(struct mutation *m, size_t i)
{
    struct mfd_event rest = duplicate(&m->c->events[i]);
    size_t at = below(m, rest.len);
    uint8_t *tail = copy(rest.bytes + at, rest.len - at);

    set_bytes(&rest, tail, rest.len - at);
    m->c->events[i].len = at;
    insert_event(m, i + 1 + below(m, m->c->event_count - i), rest);
}

/* Mostly one that is there: a stream gets somewhere only if much of what is made belongs to it. */
static uint32_t some_connection(struct mutation *m)
{
    const struct mfd_case *c = m->c;

    return c->event_count && below(m, 4) ? c->events[below(m, c->event_count)].connection
                                         : (uint32_t)below(m, c->channels + 2);
}

static struct mfd_event new_hello(struct mutation *m, uint32_t connection)
{
    uint8_t buf[MFD_HELLO_SIZE];

    mfd_hello_pack(buf, m->c->uuid, (uint8_t)(below(m, 2) ? below(m, m->c->channels + 1) : 0));
    return (struct mfd_event){.kind = MFD_EVENT_DATA,
                              .connection = connection,
                              .bytes = copy(buf, sizeof(buf)),
                              .len = sizeof(buf)};
}

/* A message as a sender writes it, on some connection. */
static struct mfd_event new_message(struct mutation *m)
{
    const struct mfd_case *c = m->c;
    uint8_t *buf = calloc(1, MFD_PACKET_SIZE_MAX);
    struct mfd_event event = {
        .kind = MFD_EVENT_DATA, .connection = some_connection(m), .bytes = buf};
    const char *block = c->block_count ? c->blocks[below(m, c->block_count)].ram.name : "mem0";
    struct mfd_packet packet = {.magic = MFD_MAGIC, .version = MFD_VERSION};
    uint64_t none = 0;

    if (!buf) {
        abort();
    }
    switch (below(m, 12)) {
    case 0:
        free(buf);
        return new_hello(m, event.connection);
    case 1:
        event.len = mfd_pack_part(buf, below(m, 2) ? MFD_SECTION_PART : MFD_SECTION_END, 1);
        break;
    case 2:
        event.len = mfd_pack_marker(buf);
        break;
    case 3:
        event.len = mfd_pack_eos(buf);
        break;
    case 4:
        event.len = mfd_pack_zero(buf, block, below(m, 16) * c->page_size);
        break;
    case 5:
        event.len = mfd_pack_block(buf, block, edge(m));
        break;
    case 6:
        event.len = mfd_pack_footer(buf, 1);
        break;
    case 7:
        event.len = below(m, 2) ? mfd_pack_end(buf) : mfd_pack_vmdesc(buf, "{}");
        break;
    case 8:
        packet.flags = MFD_FLAG_SYNC;
        mfd_packet_pack(buf, c->page_size, &packet, &none);
        event.len = mfd_packet_size(c->page_size);
        break;
    default:
        packet.normal_pages = (uint32_t)below(m, 4);
        packet.zero_pages = (uint32_t)below(m, 3);
        memcpy(packet.ramblock, block, strlen(block));
        packet.normal_pages += packet.zero_pages == 0;
        {
            uint64_t offsets[8];

            for (size_t i = 0; i < 8; i++) {
                offsets[i] = below(m, 512) * c->page_size;
            }
            mfd_packet_pack(buf, c->page_size, &packet, offsets);
        }
        event.len = mfd_packet_size(c->page_size);
        repair_packet(m, &event);
        if (c->method && packet.normal_pages) {
            /* how long the payload is nothing else tells */
            mfd_put32(buf + MFD_PACKET_NEXT_SIZE,
                      (uint32_t)(below(m, 2) ? edge(m) : below(m, 256)));
        }
        break;
    }
    return event;
}

static void insert_message(struct mutation *m)
{
    size_t at = below(m, m->c->event_count + 1);
    struct mfd_event event = new_message(m);

    insert_event(m, at, event);
    if (event.len == mfd_packet_size(m->c->page_size)) {
        fit_payload(m, at);
    }
}

static void insert_plain(struct mutation *m)
{
    static const enum mfd_event_kind kinds[] = {MFD_EVENT_OPEN, MFD_EVENT_OPEN, MFD_EVENT_CLOSE,
                                                MFD_EVENT_RESET};

    insert_event(m, below(m, m->c->event_count + 1),
                 (struct mfd_event){.kind = kinds[below(m, 4)],
                                    .connection = (uint32_t)below(m, m->c->channels + 3)});
}

static void move_event(struct mutation *m, size_t i)
{
    struct mfd_event moved = duplicate(&m->c->events[i]);

    remove_event(m, i);
    insert_event(m, below(m, m->c->event_count + 1), moved);
}

/* Makes the packets fit what the receiver is set up for now. */
static void refit_packets(struct mutation *m, uint32_t former_page_size)
{
    size_t former = mfd_packet_size(former_page_size);
    size_t size = mfd_packet_size(m->c->page_size);

    for (size_t i = 0; i < m->c->event_count; i++) {
        struct mfd_event *event = &m->c->events[i];

        if (!has_message(event) || event->len != former || mfd_get32(event->bytes) != MFD_MAGIC) {
            continue;
        }
        if (size != former) {
            static uint8_t wide[MFD_PACKET_SIZE_MAX];

            memset(wide, 0, sizeof(wide));
            memcpy(wide, event->bytes, former);
            set_bytes(event, copy(wide, size), size);
        }
        repair_packet(m, event);
        fit_payload(m, i);
    }
}

static void change_setup(struct mutation *m)
{
    static const uint32_t methods[] = {0, MFD_FLAG_ZLIB, MFD_FLAG_ZSTD, MFD_FLAG_QPL,
                                       MFD_FLAG_UADK};
    struct mfd_case *c = m->c;
    struct mfd_case_block *block = &c->blocks[below(m, MFD_CASE_BLOCKS_MAX)];
    uint32_t page_size = c->page_size;

    switch (below(m, 9)) {
    case 0:
        c->rev = (enum mfd_rev)(MFD_REV_FIRST + below(m, MFD_REV_COUNT - MFD_REV_FIRST));
        break;
    case 1:
        c->method = methods[below(m, 5)];
        break;
    case 2:
        c->page_size = MFD_PAGE_SIZE_MIN << below(m, 9);
        break;
    case 3:
        c->channels = below(m, 3) ? 1 + (unsigned)below(m, 4) : 1 + (unsigned)below(m, 255);
        break;
    case 4:
        c->sync = c->sync == MFD_SYNC_MARKER ? MFD_SYNC_SECTION : MFD_SYNC_MARKER;
        break;
    case 5:
        c->fail = below(m, 2) ? (unsigned)below(m, 24) : 0;
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
        block->ram.used_length = edge(m) % (MFD_CASE_BLOCK_MAX + 1);
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
static int pick_message(struct mutation *m)
{
    for (int tries = 0; tries < 8 && m->c->event_count; tries++) {
        size_t i = below(m, m->c->event_count);

        if (has_message(&m->c->events[i])) {
            return (int)i;
        }
    }
    return -1;
}

static void mutate_list(struct mutation *m)
{
    size_t i = m->c->event_count ? below(m, m->c->event_count) : 0;
    bool any = m->c->event_count != 0;

    switch (below(m, 8)) {
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
            insert_event(m, below(m, m->c->event_count + 1), duplicate(&m->c->events[i]));
        }
        break;
    case 3:
        if (any) {
            move_event(m, i);
        }
        break;
    case 4:
        if (any) {
            m->c->events[i].connection = some_connection(m);
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

static void mutate_once(struct mutation *m)
{
    int i = pick_message(m);
    size_t what = below(m, 10);

    if (i < 0 || what < 4) {
        mutate_list(m);
    } else if (what < 8) {
        change_field(m, (size_t)i);
    } else if (what == 8) {
        change_byte(m, (size_t)i);
    } else if (below(m, 2)) {
        cut(m, (size_t)i);
    } else {
        split(m, (size_t)i);
    }
}

/* Puts a hello before each connection that begins with a packet: what follows none is hardly looked at. */
static void begin_with_hellos(struct mutation *m)
{
    bool begun[256] = {false};

    for (size_t i = 0; i < m->c->event_count; i++) {
        uint32_t connection = m->c->events[i].connection;

        if (!has_message(&m->c->events[i]) || begun[connection & 0xff]) {
            continue;
        }
        begun[connection & 0xff] = true;
        if (message_of(m->c, &m->c->events[i]) == MFD_MSG_packet) {
            insert_event(m, i++, new_hello(m, connection));
        }
    }
}

/* ---- entry ---- */

static struct mutation start(const uint8_t *bytes, size_t size, uint64_t seed)
{
    struct mutation m = {.c = mfd_case_read(bytes, size), .random = seed};
    struct mfd_event *events = realloc(m.c->events, EVENTS_ROOM * sizeof(*events));

    if (!events) {
        abort();
    }
    m.c->events = events;
    m.repair = below(&m, BROKEN_ONE_IN) != 0;
    return m;
}

/* Writes the case back, without its last events if there is no room for all. */
static size_t finish(struct mutation *m, uint8_t *bytes, size_t room)
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
    struct mutation m = start(bytes, size, seed);
    size_t times = 1 + below(&m, 4);

    while (times--) {
        mutate_once(&m);
    }
    return finish(&m, bytes, room);
}

size_t mfd_mutate_splice(uint8_t *bytes, size_t size, size_t room, const uint8_t *other,
                         size_t other_size, uint64_t seed)
{
    struct mutation m = start(bytes, size, seed);
    struct mfd_case *donor = mfd_case_read(other, other_size);
    size_t count = donor->event_count ? 1 + below(&m, donor->event_count) : 0;
    size_t from = donor->event_count ? below(&m, donor->event_count - count + 1) : 0;
    size_t at = below(&m, m.c->event_count + 1);

    for (size_t i = 0; i < count && at + i < MFD_CASE_EVENTS_MAX; i++) {
        insert_event(&m, at + i, duplicate(&donor->events[from + i]));
    }
    mfd_case_free(donor);
    if (m.repair) {
        refit_packets(&m, m.c->page_size);
    }
    if (below(&m, 2)) {
        mutate_once(&m);
    }
    return finish(&m, bytes, room);
}
