// SPDX-License-Identifier: GPL-2.0-or-later
#include "case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t hello[] = {0x11, 0x22, 0x33, 0x44, 0, 0, 0, 1, 7, 0, 0, 0};

/* A case with something of everything, written out. */
static uint8_t *sample(size_t *size)
{
    struct mfd_event events[] = {
        {.kind = MFD_EVENT_OPEN, .connection = 3},
        {.kind = MFD_EVENT_DATA, .connection = 3, .bytes = hello, .len = sizeof(hello)},
        {.kind = MFD_EVENT_DATA, .connection = 3, .bytes = mfd_case_fill(), .len = 100000},
        {.kind = MFD_EVENT_RESET, .connection = 3},
        {.kind = MFD_EVENT_CLOSE, .connection = 255},
    };
    struct mfd_case c = {
        .rev = MFD_REV_9_1,
        .sync = MFD_SYNC_SECTION,
        .method = MFD_FLAG_UADK,
        .page_size = 65536,
        .channels = 255,
        .fail = 9,
        .extra = 2,
        .uuid_set = true,
        .uuid = {1, 2, 3},
        .blocks = {{.ram = {.name = "mem0", .used_length = 2u << 20}},
                   {.ram = {.name = "tiny", .used_length = 10, .resizable = true}, .filled = true}},
        .block_count = 2,
        .events = events,
        .event_count = sizeof(events) / sizeof(events[0]),
    };

    return mfd_case_write(&c, size);
}

static void what_is_written_is_read(void **state)
{
    size_t size = 0;
    uint8_t *bytes = sample(&size);
    struct mfd_case *c = mfd_case_read(bytes, size);

    (void)state;
    assert_int_equal(c->rev, MFD_REV_9_1);
    assert_int_equal(c->sync, MFD_SYNC_SECTION);
    assert_int_equal(c->method, MFD_FLAG_UADK);
    assert_int_equal(c->page_size, 65536);
    assert_int_equal(c->channels, 255);
    assert_int_equal(c->fail, 9);
    assert_int_equal(c->extra, 2);
    assert_int_equal(c->uuid[2], 3);
    assert_int_equal(c->block_count, 2);
    assert_string_equal(c->blocks[0].ram.name, "mem0");
    assert_int_equal(c->blocks[0].ram.max_length, 2u << 20);
    assert_int_equal(c->blocks[1].ram.used_length, 10);
    assert_int_equal(c->blocks[1].ram.max_length, MFD_CASE_RESERVED);
    assert_true(c->blocks[1].filled);
    /* the fill is two events here */
    assert_int_equal(c->event_count, 6);
    assert_int_equal(c->events[1].len, sizeof(hello));
    assert_memory_equal(c->events[1].bytes, hello, sizeof(hello));
    assert_int_equal(c->events[2].len + c->events[3].len, 100000);
    assert_true(mfd_case_is_fill(&c->events[2]));
    assert_int_equal(c->events[4].kind, MFD_EVENT_RESET);
    assert_int_equal(c->events[5].connection, 255);
    mfd_case_free(c);
    free(bytes);
}

static void reading_and_writing_again_changes_nothing(void **state)
{
    size_t size = 0, first_size = 0, again_size = 0;
    uint8_t *bytes = sample(&size);
    struct mfd_case *c = mfd_case_read(bytes, size);
    uint8_t *first = mfd_case_write(c, &first_size);
    struct mfd_case *d = mfd_case_read(first, first_size);
    uint8_t *again = mfd_case_write(d, &again_size);

    (void)state;
    assert_int_equal(first_size, again_size);
    assert_memory_equal(first, again, again_size);
    mfd_case_free(c);
    mfd_case_free(d);
    free(bytes);
    free(first);
    free(again);
}

static void every_prefix_of_a_case_is_a_case(void **state)
{
    size_t size = 0;
    uint8_t *bytes = sample(&size);

    (void)state;
    for (size_t n = 0; n <= size; n++) {
        uint8_t *exact = malloc(n ? n : 1);
        struct mfd_case *c = NULL;

        assert_non_null(exact);
        memcpy(exact, bytes, n);
        c = mfd_case_read(exact, n);
        assert_true(c->channels >= 1);
        assert_true(c->event_count <= 6);
        mfd_case_free(c);
        free(exact);
    }
    free(bytes);
}

static void bytes_that_are_not_given_are_zeros(void **state)
{
    /* no blocks; data of 8 bytes on connection 1, of which one is given */
    static const uint8_t bytes[] = {0, 0, 4, 1, 0, 0, 1, 1, 0, 8, 0, 1, 0xff};
    static const uint8_t want[8] = {0xff};
    struct mfd_case *c = mfd_case_read(bytes, sizeof(bytes));

    (void)state;
    assert_int_equal(c->event_count, 1);
    assert_int_equal(c->events[0].len, 8);
    assert_memory_equal(c->events[0].bytes, want, 8);
    mfd_case_free(c);
}

static void no_input_asks_for_more_than_the_limits(void **state)
{
    static uint8_t bytes[65536];
    struct mfd_case *c = NULL;
    size_t data = 0, fill = 0;

    (void)state;
    memset(bytes, 0xff, sizeof(bytes));
    /* kind 251 is data, 254 fill */
    for (size_t at = 6 + 4 * 262u; at + 6 < sizeof(bytes); at += 6) {
        bytes[at] = at % 12 ? 251 : 254;
        bytes[at + 4] = 0;
        bytes[at + 5] = 0;
    }
    bytes[5] = 4;
    c = mfd_case_read(bytes, sizeof(bytes));
    for (size_t i = 0; i < c->event_count; i++) {
        *(mfd_case_is_fill(&c->events[i]) ? &fill : &data) += c->events[i].len;
    }
    assert_true(c->event_count <= MFD_CASE_EVENTS_MAX);
    assert_true(data > 0 && data <= MFD_CASE_DATA_MAX);
    assert_true(fill <= MFD_CASE_FILL_MAX);
    for (size_t i = 0; i < c->block_count; i++) {
        assert_true(c->blocks[i].ram.max_length <= MFD_CASE_BLOCK_MAX);
    }
    mfd_case_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(reading_and_writing_again_changes_nothing),
        cmocka_unit_test(every_prefix_of_a_case_is_a_case),
        cmocka_unit_test(bytes_that_are_not_given_are_zeros),
        cmocka_unit_test(no_input_asks_for_more_than_the_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
