// SPDX-License-Identifier: GPL-2.0-or-later
#include "layout.h"

#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void assert_offset(enum mfd_field field, const char *want)
{
    char text[64];

    assert_string_equal(mfd_layout_offset(field, text, sizeof(text)), want);
}

static void assert_total(enum mfd_message message, const char *want)
{
    char text[64];

    assert_string_equal(mfd_layout_total(message, text, sizeof(text)), want);
}

static void offsets_are_sums_of_what_stands_before(void **state)
{
    (void)state;
    assert_offset(MFD_FIELD_hello_magic, "0");
    assert_offset(MFD_FIELD_hello_id, "24");
    assert_offset(MFD_FIELD_packet_ramblock, "64");
    assert_offset(MFD_FIELD_packet_offset, "320");
    assert_offset(MFD_FIELD_block_used_length, "1 + n");
}

static void totals_agree_with_the_sizes_of_the_code(void **state)
{
    char text[64];

    (void)state;
    snprintf(text, sizeof(text), "%u", MFD_HELLO_SIZE);
    assert_total(MFD_MSG_hello, text);
    snprintf(text, sizeof(text), "%u + 8 x slots", MFD_PACKET_FIXED);
    assert_total(MFD_MSG_packet, text);
    snprintf(text, sizeof(text), "%u", MFD_DEVICE_SIZE);
    assert_total(MFD_MSG_device, text);
    assert_total(MFD_MSG_config, "5 + n");
}

static void the_walker_finds_fields_where_the_text_says(void **state)
{
    uint8_t bytes[1024] = {0};
    struct mfd_span span;
    char text[64];
    char want[64];

    (void)state;
    /* all length fields are zero here: the constant part alone */
    for (int i = 0; i < MFD_FIELD_COUNT; i++) {
        if (mfd_field_locate((enum mfd_field)i, bytes, sizeof(bytes), MFD_PAGE_SIZE_MAX, &span)) {
            snprintf(want, sizeof(want), "%zu", span.offset);
            mfd_layout_offset((enum mfd_field)i, text, sizeof(text));
            text[strcspn(text, " ")] = '\0';
            assert_string_equal(text, want);
        } else {
            fail_msg("field %d not found", i);
        }
    }
}

static void extents_tell_elements(void **state)
{
    char text[64];

    (void)state;
    assert_string_equal(mfd_layout_extent(MFD_FIELD_hello_uuid, text, sizeof(text)), "16");
    assert_string_equal(mfd_layout_extent(MFD_FIELD_hello_reserved, text, sizeof(text)), "7 x 1");
    assert_string_equal(mfd_layout_extent(MFD_FIELD_packet_offset, text, sizeof(text)),
                        "slots x 8");
    assert_string_equal(mfd_layout_extent(MFD_FIELD_zero_name, text, sizeof(text)), "n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_are_sums_of_what_stands_before),
        cmocka_unit_test(totals_agree_with_the_sizes_of_the_code),
        cmocka_unit_test(the_walker_finds_fields_where_the_text_says),
        cmocka_unit_test(extents_tell_elements),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
