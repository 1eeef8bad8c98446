// SPDX-License-Identifier: GPL-2.0-or-later
/* The recorded captures: what they are said to be, and the reference as their second receiver. */
#include "index.h"

#include "drive.h"
#include "method.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

/* All of them together; the tree is to stay small. */
#define BYTES_MAX (7u << 20)

static void path_of(const struct mfd_row *row, char *path, size_t size)
{
    snprintf(path, size, "%s/%s.pcapng", MFD_CAPTURES, row->name);
}

static struct mfd_events events_of(const struct mfd_row *row)
{
    char path[512];
    char error[MFD_CAPTURE_ERROR_SIZE];
    struct mfd_events events;

    path_of(row, path, sizeof(path));
    if (!mfd_events_read(path, &events, error)) {
        fail_msg("%s: %s", path, error);
    }
    return events;
}

static void together_they_are_small(void **state)
{
    off_t sum = 0;

    (void)state;
    for (size_t i = 0; i < mfd_row_count(); i++) {
        struct mfd_row row = mfd_row_at(i);
        struct stat status;
        char path[512];

        path_of(&row, path, sizeof(path));
        assert_int_equal(stat(path, &status), 0);
        sum += status.st_size;
    }
    assert_true(sum > 0 && sum < BYTES_MAX);
}

/* Nothing is missing but what was cut off on purpose, and every connection is seen from its start. */
static void each_capture_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < mfd_row_count(); i++) {
        struct mfd_row row = mfd_row_at(i);
        struct mfd_events events = events_of(&row);
        size_t opened = 0;
        size_t ended = 0;

        for (size_t k = 0; k < events.count; k++) {
            opened += events.list[k].kind == MFD_EVENT_OPEN;
            ended +=
                events.list[k].kind == MFD_EVENT_CLOSE && events.list[k].direction == MFD_FORWARD;
        }
        assert_int_equal(events.lost > 0, row.snaplen > 0);
        assert_int_equal(opened, events.connections);
        assert_int_equal(opened, row.channels + 1);
        if (!row.fails) {
            assert_int_equal(ended, opened);
        }
        mfd_events_free(&events);
    }
}

/* Real QEMUs, told what to be: no rule of the sender may show as broken, encrypted ones aside. */
static void no_real_sender_breaks_a_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < mfd_row_count(); i++) {
        struct mfd_row row = mfd_row_at(i);
        struct mfd_events events = events_of(&row);
        struct mfd_checked *checked = mfd_row_judge(&row, &events);

        assert_non_null(checked);
        if (!row.tls &&
            (checked->counts[MFD_CHECKED_BROKEN] || !checked->counts[MFD_CHECKED_HELD])) {
            fail_msg("%s: %zu held, %zu broken", row.name, checked->counts[MFD_CHECKED_HELD],
                     checked->counts[MFD_CHECKED_BROKEN]);
        }
        mfd_checked_free(checked);
        mfd_events_free(&events);
    }
}

/* The test above would pass, too, if the observer were told the wrong things: one wrong byte must show. */
static void one_wrong_byte_of_a_real_hello_shows(void **state)
{
    struct mfd_row row = mfd_row_at(0);
    struct mfd_events events = events_of(&row);
    struct mfd_checked *checked = NULL;
    size_t k = 0;

    (void)state;
    while (events.list[k].kind != MFD_EVENT_DATA || events.list[k].bytes[0] != 0x11) {
        k++;
    }
    ((uint8_t *)events.list[k].bytes)[7] ^= 1;
    checked = mfd_row_judge(&row, &events);
    assert_non_null(checked);
    assert_true(checked->counts[MFD_CHECKED_BROKEN] > 0);
    mfd_checked_free(checked);
    mfd_events_free(&events);
}

/* What the reference makes of a capture must be what the source had. */
static void receive(const struct mfd_row *row)
{
    static const uint8_t no_uuid[MFD_UUID_SIZE];
    uint64_t size = (uint64_t)row->ram_kib << 10;
    const struct mfd_guest_block block = {MFD_ROW_RAM, size, size, false};
    struct mfd_events events = events_of(row);
    struct mfd_guest guest;
    struct mfd_conn_setup setup = {
        .check = {.rev = row->from,
                  .page_size = MFD_ROW_PAGE,
                  .channels = row->channels,
                  .uuid = no_uuid,
                  .method = mfd_method_named(row->method)->flag,
                  .ram = &guest.table},
        .sync = row->section || row->from < MFD_REV_8_1 ? MFD_SYNC_SECTION : MFD_SYNC_MARKER,
        .machine = row->machine,
        .guest = &guest,
    };
    struct mfd_drive_result result;

    mfd_guest_init(&guest);
    assert_int_equal(mfd_guest_add_anonymous(&guest, &block), 0);
    assert_int_equal(mfd_drive(&setup, row->channels, events.list, events.count, &result), 0);
    if (!result.completed) {
        fail_msg("%s: not completed", row->name);
    }
    for (size_t page = 0; page < size / MFD_ROW_PAGE; page++) {
        uint8_t wanted[MFD_ROW_PAGE];

        mfd_row_page(wanted, page);
        if (memcmp(mfd_guest_at(&guest, 0, page * MFD_ROW_PAGE, MFD_ROW_PAGE), wanted,
                   MFD_ROW_PAGE) != 0) {
            fail_msg("%s: page %zu is another", row->name, page);
        }
    }
    mfd_guest_free(&guest);
    mfd_events_free(&events);
}

static void the_reference_receives_from_captures_what_qemu_has_sent(void **state)
{
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < mfd_row_count(); i++) {
        struct mfd_row row = mfd_row_at(i);

        if (!row.fails && !row.tls && strcmp(row.machine, "none") == 0) {
            receive(&row);
            count++;
        }
    }
    assert_true(count > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(together_they_are_small),
        cmocka_unit_test(each_capture_is_whole),
        cmocka_unit_test(no_real_sender_breaks_a_rule),
        cmocka_unit_test(one_wrong_byte_of_a_real_hello_shows),
        cmocka_unit_test(the_reference_receives_from_captures_what_qemu_has_sent),
    };
    return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
