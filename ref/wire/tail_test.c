// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mainstream.h"
#include "tail.h"
#include "wire.h"

#include <stdlib.h>
#include <string.h>

/* A tail being built. */
static uint8_t bytes[1u << 16];
static size_t len;

static void section(uint32_t id, const char *name, uint32_t instance, const void *body, size_t size)
{
    len += mfd_pack_section(bytes + len, MFD_SECTION_FULL, id, name, instance, 1);
    memcpy(bytes + len, body, size);
    len += size;
    len += mfd_pack_footer(bytes + len, id);
}

static void end(const char *json)
{
    len += mfd_pack_end(bytes + len);
    len += mfd_pack_vmdesc(bytes + len, json);
}

static const char both[] = "{\"devices\": [{\"name\": \"timer\", \"instance_id\": 0}, "
                           "{\"name\": \"dma\", \"instance_id\": 1}]}";

/* Two sections, the second with bytes that look like footers, ends and descriptions. */
static void build(const char *json)
{
    static const uint8_t tricky[] = {0x7e, 0,   0,   0, 3, 4, 0, 0, 0,  9,   0,   6, 0, 0,   0,
                                     2,    '{', '}', 0, 6, 0, 0, 0, 40, '{', '"', 0, 0, 0x7e};

    len = 0;
    section(2, "timer", 0, "0123456789abcdef01234567", 24);
    section(3, "dma", 1, tricky, sizeof(tricky));
    end(json);
}

/* What is found with `step` bytes more at a time; the length at the end. */
static enum mfd_tail_state look_by(size_t step, size_t *at)
{
    struct mfd_tail tail = {0};
    enum mfd_tail_state state = MFD_TAIL_MORE;

    for (*at = 0; state == MFD_TAIL_MORE && *at < len;) {
        *at = *at + step < len ? *at + step : len;
        state = mfd_tail_look(&tail, bytes, *at);
    }
    return state;
}

static void the_end_is_found_in_whatever_pieces_it_comes(void **state)
{
    size_t at = 0;

    (void)state;
    build(both);
    for (size_t step = 1; step <= len; step++) {
        assert_int_equal(look_by(step, &at), MFD_TAIL_WHOLE);
        assert_int_equal(at, len);
    }
}

static void a_description_that_lists_other_sections_is_no_end(void **state)
{
    static const char *const texts[] = {
        "{}",
        "{\"devices\": []}",
        "{\"devices\": [{\"name\": \"timer\", \"instance_id\": 0}]}",
        "{\"devices\": [{\"name\": \"dma\", \"instance_id\": 1}]}",
        "{\"devices\": [{\"name\": \"timer\", \"instance_id\": 0}, {\"name\": \"dma\", \"instance_id\": 0}]}",
        "{\"devices\": [{\"name\": \"dma\", \"instance_id\": 1}, {\"name\": \"timer\", \"instance_id\": 0}]}",
        "{\"devices\": [{\"name\": \"timer\"}, {\"name\": \"dma\", \"instance_id\": 1}, {\"name\": \"x\"}]}",
        "{\"devices\": [{\"instance_id\": 0}, {\"name\": \"dma\", \"instance_id\": 1}]}",
    };
    size_t at = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        build(texts[i]);
        assert_int_equal(look_by(1, &at), MFD_TAIL_MORE);
        assert_int_equal(look_by(len, &at), MFD_TAIL_MORE);
    }
}

static void a_section_without_its_footer_is_no_end(void **state)
{
    size_t at = 0;

    (void)state;
    build(both);
    for (size_t i = 0; i < 5; i++) {
        size_t footer = len - strlen(both) - 6 - 5;

        bytes[footer + i] ^= 1;
        assert_int_equal(look_by(7, &at), MFD_TAIL_MORE);
        bytes[footer + i] ^= 1;
    }
    assert_int_equal(look_by(7, &at), MFD_TAIL_WHOLE);
}

static void a_false_end_inside_of_a_section_is_passed_over(void **state)
{
    uint8_t inner[512];
    size_t inner_len = 0;
    size_t at = 0;

    (void)state;
    /* the body of the section is itself a whole tail, of another machine */
    build(both);
    inner_len = len;
    memcpy(inner, bytes, len);
    len = 0;
    section(5, "fw_cfg", 0, inner, inner_len);
    end("{\"devices\": [{\"name\": \"fw_cfg\", \"instance_id\": 0}]}");
    for (size_t step = 1; step < 40; step++) {
        assert_int_equal(look_by(step, &at), MFD_TAIL_WHOLE);
        assert_int_equal(at, len);
    }
}

static void announcements_without_end_are_given_up(void **state)
{
    struct mfd_tail tail = {0};
    enum mfd_tail_state found = MFD_TAIL_MORE;
    size_t at = 0;

    (void)state;
    for (len = 0; len + 8 < sizeof(bytes); len += 8) {
        memcpy(bytes + len, (const uint8_t[]){0, MFD_SECTION_VMDESC, 0, 0, 0, 1, '{', 'x'}, 8);
    }
    for (at = 1; at <= len && found == MFD_TAIL_MORE; at++) {
        found = mfd_tail_look(&tail, bytes, at);
    }
    assert_int_equal(found, MFD_TAIL_WRONG);
    assert_in_range(at, 1, len);
}

static void the_iterator_leaves_sections_behind_the_ram_to_who_wants_them(void **state)
{
    struct mfd_ramtable ram = {NULL, 0};
    struct mfd_check_context context = {.rev = MFD_REV_10_0, .page_size = 4096, .ram = &ram};
    struct mfd_finding list[4];
    struct mfd_findings findings = {list, 4, 0};
    struct mfd_record record;

    (void)state;
    for (int leaves = 0; leaves <= 1; leaves++) {
        struct mfd_main main;

        mfd_main_start(&main, &context, NULL);
        main.leaves_tail = leaves;
        main.place = MFD_AT_SECTION;
        len = mfd_pack_section(bytes, MFD_SECTION_FULL, 9, "fw_cfg", 0, 1);
        findings.count = 0;
        mfd_main_next(&main, bytes, len, &record, &findings);
        assert_false(record.tail); /* the RAM has not ended */
        assert_int_equal(findings.count, 1);
        main.ram_ended = true;
        main.place = MFD_AT_SECTION;
        findings.count = 0;
        assert_int_equal(mfd_main_next(&main, bytes, len, &record, &findings), 0);
        assert_int_equal(record.tail, leaves);
        assert_int_equal(findings.count, !leaves);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_is_found_in_whatever_pieces_it_comes),
        cmocka_unit_test(a_description_that_lists_other_sections_is_no_end),
        cmocka_unit_test(a_section_without_its_footer_is_no_end),
        cmocka_unit_test(a_false_end_inside_of_a_section_is_passed_over),
        cmocka_unit_test(announcements_without_end_are_given_up),
        cmocka_unit_test(the_iterator_leaves_sections_behind_the_ram_to_who_wants_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
