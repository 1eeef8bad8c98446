// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sessions for the tests of the observer: lists of messages, correct as built, that a test then bends
 * in one place, and that are delivered whole, byte by byte or in pieces of any size.
 */
#ifndef MFD_OBSERVE_TEST_H
#define MFD_OBSERVE_TEST_H

#include "hello.h"
#include "observe.h"
#include "packet.h"
#include "wire_test.h"

#include <stdio.h>

enum { PAGE = 4096, RAM = 0x10000, SLOTS = 128, HEADER = 1344, MAIN = 10, CONNS = 8 };

static const uint8_t uuid[MFD_UUID_SIZE] = {0xa0, 1, 2,  3,  4,  5,  6,  7,
                                            8,    9, 10, 11, 12, 13, 14, 15};

/* One event to come; of DATA the bytes lie in the arena. */
struct item {
    uint32_t conn;
    enum mfd_event_kind kind;
    enum mfd_direction direction;
    size_t start;
    size_t len;
};

static struct mfd_observer_config config;
static struct item items[256];
static size_t item_count;
static uint8_t arena[4 << 20];
static size_t arena_used;

static void put_event(uint32_t conn, enum mfd_event_kind kind, enum mfd_direction direction)
{
    items[item_count++] = (struct item){conn, kind, direction, arena_used, 0};
    assert_true(item_count < COUNT(items));
}

/* Adds `len` bytes that stand at the arena's end as one message. */
static void put_message(uint32_t conn, size_t len)
{
    put_event(conn, MFD_EVENT_DATA, MFD_FORWARD);
    items[item_count - 1].len = len;
    arena_used += len;
    assert_true(arena_used + MFD_RECORD_MAX < sizeof(arena));
}

#define PUT_MAIN(record) put_message(MAIN, record)
#define ARENA (arena + arena_used)

static void put_hello(uint32_t conn, uint8_t id)
{
    put_message(conn,
                mfd_hello_write(config.rev, ARENA,
                                config.uuid ? config.uuid : (const uint8_t[MFD_UUID_SIZE]){0}, id));
}

/* Pages `first` and on: normal ones, then zero pages; the payload is part of the message. */
static void put_packet(uint32_t conn, uint32_t flags, uint64_t number, uint32_t first,
                       uint32_t normal, uint32_t zero)
{
    uint64_t offsets[SLOTS];
    bool bare = config.rev >= MFD_REV_9_0 && (flags & MFD_FLAG_SYNC) && normal + zero == 0;
    uint32_t method = config.method == MFD_METHOD_UNKNOWN ? 0 : config.method;
    uint32_t payload = method ? normal * 50 : normal * PAGE;
    struct mfd_packet packet = {
        .magic = MFD_MAGIC,
        .version = MFD_VERSION,
        .flags = flags | (normal + zero ? method : 0),
        .pages_alloc = bare ? 0 : SLOTS,
        .normal_pages = normal,
        .next_packet_size = payload,
        .packet_num = number,
        .zero_pages = zero,
    };

    if (normal + zero) {
        strcpy(packet.ramblock, "mem0");
    }
    for (uint32_t i = 0; i < normal + zero; i++) {
        offsets[i] = (uint64_t)(first + i) * PAGE;
    }
    mfd_packet_pack(ARENA, PAGE, &packet, offsets);
    memset(ARENA + HEADER, 0x5a, payload);
    put_message(conn, HEADER + payload);
}

static void put_sync(uint32_t conn, uint64_t number)
{
    put_packet(conn, MFD_FLAG_SYNC, number, 0, 0, 0);
}

static void put_point(void)
{
    if (config.sync == MFD_SYNC_MARKER) {
        PUT_MAIN(mfd_pack_marker(ARENA));
    }
    PUT_MAIN(mfd_pack_eos(ARENA));
    PUT_MAIN(mfd_pack_footer(ARENA, 1));
}

static void put_ram_start(void)
{
    PUT_MAIN(mfd_pack_section(ARENA, MFD_SECTION_START, 1, "ram", 0, 4));
    PUT_MAIN(mfd_pack_memsize(ARENA, RAM));
    PUT_MAIN(mfd_pack_block(ARENA, "mem0", RAM));
    put_point();
}

static void put_part(uint8_t type)
{
    PUT_MAIN(mfd_pack_part(ARENA, type, 1));
    put_point();
}

static void put_full(uint32_t id, const char *idstr, uint32_t version, size_t body)
{
    PUT_MAIN(mfd_pack_section(ARENA, MFD_SECTION_FULL, id, idstr, 0, version));
    memset(ARENA, 0, body);
    PUT_MAIN(body);
    PUT_MAIN(mfd_pack_footer(ARENA, id));
}

static void put_tail(void)
{
    put_full(0, "timer", 2, 24);
    put_full(3, "globalstate", 1, 104);
    PUT_MAIN(mfd_pack_end(ARENA));
    PUT_MAIN(mfd_pack_vmdesc(ARENA, "{\"devices\": []}"));
    for (uint32_t conn = 0; conn < 2; conn++) {
        put_event(conn, MFD_EVENT_CLOSE, MFD_FORWARD);
    }
    put_event(MAIN, MFD_EVENT_CLOSE, MFD_FORWARD);
}

static void put_opening(enum mfd_rev rev)
{
    item_count = 0;
    arena_used = 0;
    config = mfd_observer_config(rev);
    config.channels = 2;
    config.uuid = uuid;
    config.method = 0;
    config.machine = "none";
    put_event(MAIN, MFD_EVENT_OPEN, MFD_FORWARD);
    put_event(0, MFD_EVENT_OPEN, MFD_FORWARD);
    put_event(1, MFD_EVENT_OPEN, MFD_FORWARD);
    put_hello(1, 1);
    PUT_MAIN(mfd_pack_header(ARENA));
    PUT_MAIN(mfd_pack_config(ARENA, "none"));
    put_hello(0, 0);
}

/* A migration from 7.2 of 16 pages: SYNCs ride on data, and an empty packet follows each such. */
static inline void build_7_2(void)
{
    put_opening(MFD_REV_7_2);
    put_sync(0, 0);
    put_sync(1, 1);
    put_ram_start();
    put_packet(0, 0, 2, 0, 4, 0);
    put_packet(1, 0, 3, 4, 4, 0);
    PUT_MAIN(mfd_pack_part(ARENA, MFD_SECTION_PART, 1));
    PUT_MAIN(mfd_pack_zero(ARENA, "mem0", 15 * PAGE));
    put_packet(0, MFD_FLAG_SYNC, 6, 8, 4, 0);
    put_packet(0, 0, 6, 0, 0, 0);
    put_packet(1, MFD_FLAG_SYNC, 7, 12, 1, 0);
    put_packet(1, 0, 7, 0, 0, 0);
    put_point();
    put_sync(0, 8);
    put_sync(1, 9);
    put_part(MFD_SECTION_END);
    put_tail();
}

/* What that sender leaves where nothing is to be read: name, size and offsets of the batch before. */
static inline void make_stale(uint8_t *packet)
{
    mfd_put32(packet + MFD_PACKET_NEXT_SIZE, 4 * PAGE);
    strcpy((char *)packet + MFD_PACKET_RAMBLOCK, "mem0");
    memset(packet + HEADER - 80, 0x77, 80);
}

/* A migration from 10.0 of 16 pages: zero pages in packets, SYNCs on their own, markers on main. */
static void build_10_0(void)
{
    put_opening(MFD_REV_10_0);
    put_sync(0, 0);
    put_sync(1, 1);
    put_ram_start();
    put_packet(0, 0, 2, 0, 3, 1);
    put_packet(1, 0, 3, 4, 4, 0);
    put_packet(0, 0, 4, 8, 4, 0);
    put_packet(1, 0, 6, 12, 0, 4);
    put_sync(0, 5);
    put_sync(1, 7);
    put_part(MFD_SECTION_PART);
    PUT_MAIN(mfd_pack_command(ARENA, MFD_CMD_SWITCHOVER_START, NULL, 0));
    put_sync(1, 8);
    put_sync(0, 9);
    put_part(MFD_SECTION_END);
    put_tail();
}

/* Place in the list of message `k` of a connection, counted from 0. */
static size_t item_of(uint32_t conn, size_t k)
{
    for (size_t i = 0; i < item_count; i++) {
        if (items[i].conn == conn && items[i].kind == MFD_EVENT_DATA && k-- == 0) {
            return i;
        }
    }
    fail();
    return 0;
}

static inline uint8_t *bytes_of(uint32_t conn, size_t k)
{
    return arena + items[item_of(conn, k)].start;
}

static inline void remove_item(size_t i)
{
    memmove(&items[i], &items[i + 1], (--item_count - i) * sizeof(items[0]));
}

static inline void move_item(size_t from, size_t to)
{
    struct item item = items[from];

    remove_item(from);
    memmove(&items[to + 1], &items[to], (item_count++ - to) * sizeof(items[0]));
    items[to] = item;
}

/* Puts `extra` zero bytes behind a message. */
static inline void lengthen(uint32_t conn, size_t k, size_t extra)
{
    struct item *item = &items[item_of(conn, k)];

    memcpy(ARENA, arena + item->start, item->len);
    memset(ARENA + item->len, 0, extra);
    item->start = arena_used;
    item->len += extra;
    arena_used += item->len;
}

/* Of a connection only what is before its message `k`, and its close, stays. */
static inline void drop_from(uint32_t conn, size_t k)
{
    for (size_t i = item_of(conn, k); i < item_count;) {
        if (items[i].conn == conn && items[i].kind == MFD_EVENT_DATA) {
            remove_item(i);
        } else {
            i++;
        }
    }
}

/* How a session is cut into events. */
enum delivery { WHOLE, JOINED, BYTEWISE, RANDOM, DELIVERIES };

/* An observer with its memory, at the end of a session. */
static struct mfd_observer observer;
static struct mfd_observer_conn conns[CONNS];
static struct mfd_ramblock blocks[2];
static uint16_t pages[64];
static struct mfd_observer_memory memory;

static void prepare(void)
{
    static uint8_t *buffers;
    static struct mfd_finding *findings;

    /* anew for each session and of exactly the documented size, for sanitizers */
    free(buffers);
    free(findings);
    buffers = malloc(CONNS * mfd_observer_buffer_size(config.page_size));
    findings = malloc(mfd_observer_findings(config.page_size) * sizeof(*findings));
    memset(pages, 0, sizeof(pages));
    memory = (struct mfd_observer_memory){
        .conns = conns,
        .conn_count = CONNS,
        .buffers = buffers,
        .findings = findings,
        .blocks = blocks,
        .block_count = COUNT(blocks),
        .pages = pages,
        .page_count = RAM / PAGE + 1,
    };
}

static void deliver_bytes(const struct item *item, const uint8_t *bytes, size_t len)
{
    uint8_t *copy = test_copy(bytes, len);
    struct mfd_event event = {.connection = item->conn,
                              .direction = item->direction,
                              .kind = item->kind,
                              .bytes = copy,
                              .len = len};

    mfd_observer_event(&observer, &event);
    free(copy);
}

static void deliver(enum delivery delivery)
{
    uint64_t random = 8;

    for (size_t i = 0; i < item_count; i++) {
        const uint8_t *bytes = arena + items[i].start;
        size_t left = items[i].len;

        /* neighbours on one connection often come in one piece */
        while (delivery == JOINED && i + 1 < item_count && left &&
               items[i + 1].conn == items[i].conn && items[i + 1].start == items[i].start + left &&
               items[i + 1].kind == MFD_EVENT_DATA) {
            left += items[i + 1].len;
            items[i + 1].start = items[i].start;
            items[i + 1].len = left;
            i++;
        }
        do {
            size_t n = left;

            if (delivery == BYTEWISE && n > 1) {
                /* byte by byte, but for the inside of payload */
                n = items[i].len - left > HEADER + 8 && left > 8 ? left - 8 : 1;
            } else if (delivery == RANDOM && n > 1) {
                n = 1 + (size_t)(test_random(&random) % n);
            }
            deliver_bytes(&items[i], bytes, n);
            bytes += n;
            left -= n;
        } while (left > 0);
    }
}

static void observe(enum delivery delivery)
{
    mfd_observer_start(&observer, &config, &memory);
    deliver(delivery);
    mfd_observer_end(&observer);
}

/* The rules in that state, in the order of the table, each FLOW rule only if `flow`. */
static const char *rules_that(enum mfd_observed state, bool flow_only)
{
    static char text[4096];
    size_t used = 0;

    text[0] = '\0';
    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        const struct mfd_rule_info *info = mfd_rule_info((enum mfd_rule)i);

        if (mfd_observer_verdict(&observer, (enum mfd_rule)i).state == state &&
            (!flow_only || info->kind == MFD_KIND_FLOW)) {
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used ? " " : "",
                                     info->id);
        }
    }
    return text;
}

#define FOR_EACH_DELIVERY(var) \
    for (enum delivery var = WHOLE; var < DELIVERIES; var = (enum delivery)(var + 1))

/*
 * Delivers the session in every way; each time exactly the rules named are broken. Leaves the observer
 * as after the first delivery, whose events are the items.
 */
static inline void assert_broken(const char *expected)
{
    struct item saved[COUNT(items)];
    struct mfd_observation whole[MFD_RULE_COUNT];

    memcpy(saved, items, sizeof(items));
    for (int round = DELIVERIES - 1; round >= 0; round--) {
        prepare();
        observe((enum delivery)round);
        memcpy(items, saved, sizeof(items));
        assert_string_equal(rules_that(MFD_OBSERVED_BROKEN, false), expected);
        for (int i = 0; i < MFD_RULE_COUNT; i++) {
            struct mfd_observation now = mfd_observer_verdict(&observer, (enum mfd_rule)i);

            if (round < DELIVERIES - 1) {
                assert_int_equal(now.state, whole[i].state);
                assert_int_equal(now.count, whole[i].count);
                assert_int_equal(now.connection, whole[i].connection);
                assert_true(now.offset == whole[i].offset && now.got == whole[i].got &&
                            now.want == whole[i].want);
            }
            whole[i] = now;
        }
    }
}

/* Where and with which values the first breach of a rule showed. */
static inline void assert_breach(enum mfd_rule rule, size_t event, uint32_t connection,
                                 uint64_t offset, uint64_t got, uint64_t want)
{
    struct mfd_observation breach = mfd_observer_verdict(&observer, rule);

    assert_int_equal(breach.state, MFD_OBSERVED_BROKEN);
    assert_int_equal(breach.event, event);
    assert_int_equal(breach.connection, connection);
    assert_int_equal(breach.offset, offset);
    assert_true(breach.got == got);
    assert_true(breach.want == want);
}

static inline void assert_state(enum mfd_rule rule, enum mfd_observed state)
{
    print_message("%s\n", mfd_rule_info(rule)->id);
    assert_int_equal(mfd_observer_verdict(&observer, rule).state, state);
}

#endif
