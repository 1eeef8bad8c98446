// SPDX-License-Identifier: GPL-2.0-or-later
#include "mutate.h"

#include "case.h"
#include "check.h"
#include "guard.h"
#include "hello.h"
#include "packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROOM 16384u
#define TRIES 3000u

/* One channel: hello and a packet with two pages. */
static size_t sample(uint8_t *room)
{
    static const uint8_t no_uuid[MFD_UUID_SIZE];
    uint8_t hello[MFD_HELLO_SIZE];
    uint8_t packet[1344];
    struct mfd_packet fields = {.magic = MFD_MAGIC,
                                .version = MFD_VERSION,
                                .pages_alloc = 128,
                                .normal_pages = 2,
                                .next_packet_size = 8192,
                                .ramblock = "mem0"};
    uint64_t offsets[] = {0, 4096};
    struct mfd_event events[] = {
        {.kind = MFD_EVENT_OPEN, .connection = 1},
        {.kind = MFD_EVENT_DATA, .connection = 1, .bytes = hello, .len = sizeof(hello)},
        {.kind = MFD_EVENT_DATA, .connection = 1, .bytes = packet, .len = sizeof(packet)},
        {.kind = MFD_EVENT_DATA, .connection = 1, .bytes = mfd_case_fill(), .len = 8192},
    };
    struct mfd_case c = {.rev = MFD_REV_LATEST,
                         .sync = MFD_SYNC_MARKER,
                         .page_size = 4096,
                         .channels = 2,
                         .blocks = {{.ram = {.name = "mem0", .used_length = 1u << 20}}},
                         .block_count = 1,
                         .events = events,
                         .event_count = 4};
    size_t size = 0;
    uint8_t *bytes = NULL;

    mfd_hello_pack(hello, no_uuid, 0);
    mfd_packet_pack(packet, 4096, &fields, offsets);
    bytes = mfd_case_write(&c, &size);
    memcpy(room, bytes, size);
    free(bytes);
    return size;
}

static void the_same_seed_gives_the_same_result(void **state)
{
    static uint8_t one[ROOM], two[ROOM];
    size_t size = sample(one);
    size_t first = 0, second = 0;

    (void)state;
    sample(two);
    first = mfd_mutate(one, size, ROOM, 42);
    second = mfd_mutate(two, size, ROOM, 42);
    assert_int_equal(first, second);
    assert_memory_equal(one, two, first);
}

static void nothing_is_written_beyond_the_room(void **state)
{
    static uint8_t bytes[ROOM];

    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        size_t size = sample(bytes);
        size_t room = size + seed % 64;
        uint8_t *exact = malloc(room);

        assert_non_null(exact);
        memcpy(exact, bytes, size);
        assert_true(mfd_mutate(exact, size, room, seed) <= room);
        free(exact);
    }
}

/* What the check says to the packets of a case: 1 accepted, 2 refused, 3 some of each. */
static unsigned packets_of(const uint8_t *bytes, size_t size)
{
    struct mfd_case *c = mfd_case_read(bytes, size);
    struct mfd_ramblock blocks[MFD_CASE_BLOCKS_MAX];
    struct mfd_ramtable table = {blocks, c->block_count};
    struct mfd_check_context context = {.rev = c->rev,
                                        .page_size = c->page_size,
                                        .channels = c->channels,
                                        .method = c->method,
                                        .ram = &table};
    unsigned seen = 0;

    for (size_t i = 0; i < c->block_count; i++) {
        blocks[i] = c->blocks[i].ram;
    }
    for (size_t i = 0; i < c->event_count; i++) {
        struct mfd_finding list[32];
        struct mfd_findings findings = {list, 32, 0};

        if (c->events[i].kind == MFD_EVENT_DATA && !mfd_case_is_fill(&c->events[i]) &&
            c->events[i].len == mfd_packet_size(c->page_size)) {
            mfd_check_packet(&context, c->events[i].bytes, c->events[i].len, &findings);
            seen |= mfd_findings_refused(&findings) ? 2 : 1;
        }
    }
    mfd_case_free(c);
    return seen;
}

static void most_packets_stay_valid_and_some_do_not(void **state)
{
    static uint8_t bytes[ROOM];
    unsigned valid = 0, broken = 0;

    (void)state;
    for (uint64_t seed = 0; seed < TRIES; seed++) {
        size_t size = mfd_mutate(bytes, sample(bytes), ROOM, seed);
        unsigned seen = packets_of(bytes, size);

        valid += seen & 1;
        broken += seen >> 1;
    }
    assert_true(valid > TRIES / 2);
    assert_true(broken > TRIES / 50);
}

static void every_field_of_a_packet_gets_changed(void **state)
{
    static uint8_t before[ROOM], bytes[ROOM];
    size_t size = sample(before);
    bool changed[8] = {false};

    (void)state;
    for (uint64_t seed = 0; seed < TRIES; seed++) {
        struct mfd_case *c = NULL;

        memcpy(bytes, before, size);
        c = mfd_case_read(bytes, mfd_mutate(bytes, size, ROOM, seed));
        if (c->event_count >= 3 && c->events[2].len == 1344 && !mfd_case_is_fill(&c->events[2])) {
            struct mfd_packet p = mfd_packet_unpack(c->events[2].bytes, MFD_REV_LATEST);

            changed[0] |= p.magic != MFD_MAGIC;
            changed[1] |= p.version != MFD_VERSION;
            changed[2] |= p.flags != 0;
            changed[3] |= p.pages_alloc != 128;
            changed[4] |= p.normal_pages != 2;
            changed[5] |= p.next_packet_size != 8192;
            changed[6] |= p.zero_pages != 0;
            changed[7] |= strcmp(p.ramblock, "mem0") != 0;
        }
        mfd_case_free(c);
    }
    for (size_t i = 0; i < 8; i++) {
        if (!changed[i]) {
            fail_msg("field %zu never changed", i);
        }
    }
}

static void a_splice_holds_events_of_both(void **state)
{
    static uint8_t bytes[ROOM], other[ROOM];
    /* nothing but a reset of connection 77 */
    static const uint8_t reset[] = {0, 0, 4, 1, 0, 0, 3, 77};
    unsigned found = 0;

    (void)state;
    memcpy(other, reset, sizeof(reset));
    for (uint64_t seed = 0; seed < 50; seed++) {
        size_t size = mfd_mutate_splice(bytes, sample(bytes), ROOM, other, sizeof(reset), seed);
        struct mfd_case *c = mfd_case_read(bytes, size);

        for (size_t i = 0; i < c->event_count; i++) {
            found += c->events[i].kind == MFD_EVENT_RESET && c->events[i].connection == 77;
        }
        mfd_case_free(c);
    }
    assert_true(found > 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_result),
        cmocka_unit_test(nothing_is_written_beyond_the_room),
        cmocka_unit_test(most_packets_stay_valid_and_some_do_not),
        cmocka_unit_test(every_field_of_a_packet_gets_changed),
        cmocka_unit_test(a_splice_holds_events_of_both),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
