// SPDX-License-Identifier: GPL-2.0-or-later
#include "stage2017.h"

#include "check_test.h"
#include "hello.h"

#include <stdio.h>

static const uint8_t uuid[MFD_UUID_SIZE] = {0xa0, 1, 2,  3,  4,  5,  6,  7,
                                            8,    9, 10, 11, 12, 13, 14, 0xef};
static const uint8_t unset[MFD_UUID_SIZE];

static struct mfd_check_context context_of(enum mfd_rev rev)
{
    return (struct mfd_check_context){
        .rev = rev, .page_size = 4096, .channels = 3, .uuid = uuid, .method = 0};
}

/* A correct text hello of channel 2. */
static const char *good_text(void)
{
    static uint8_t buf[MFD_TEXT_HELLO_SIZE];

    mfd_text_hello_pack(buf, uuid, 2);
    return (const char *)buf;
}

/* What is found in a text hello of 49 bytes; fewer only where `len` says so. */
static const char *found_in_text(const char *bytes, size_t len)
{
    struct mfd_check_context context = context_of(MFD_REV_2017_TEXT);

    return found(mfd_check_hello, &context, (const uint8_t *)bytes, len);
}

static void a_text_hello_has_these_49_bytes(void **state)
{
    uint8_t buf[MFD_TEXT_HELLO_SIZE + 1];

    (void)state;
    memset(buf, 0xee, sizeof(buf));
    mfd_text_hello_pack(buf, uuid, 254);
    assert_memory_equal(buf, "a0010203-0405-0607-0809-0a0b0c0d0eef multifd 254", 49);
    assert_int_equal(buf[MFD_TEXT_HELLO_SIZE], 0xee);
    mfd_text_hello_pack(buf, unset, 7);
    assert_memory_equal(buf, "5c49fd7e-af88-4a07-b6e8-091fd696ad40 multifd 007", 49);
}

static void a_binary_hello_has_these_20_bytes(void **state)
{
    static const uint8_t expected[MFD_BINARY_HELLO_SIZE] = {
        0, 0, 0, 200, 0xa0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xef};
    uint8_t buf[MFD_BINARY_HELLO_SIZE + 1];

    (void)state;
    memset(buf, 0xee, sizeof(buf));
    mfd_binary_hello_pack(buf, uuid, 200);
    assert_memory_equal(buf, expected, sizeof(expected));
    assert_int_equal(buf[MFD_BINARY_HELLO_SIZE], 0xee);
}

static void the_fields_lie_where_the_table_has_them(void **state)
{
    static const struct {
        enum mfd_field field;
        size_t offset;
        size_t end;
    } places[] = {
        {MFD_FIELD_text_hello_uuid, MFD_TEXT_HELLO_UUID, MFD_TEXT_HELLO_WORD},
        {MFD_FIELD_text_hello_word, MFD_TEXT_HELLO_WORD, MFD_TEXT_HELLO_ID},
        {MFD_FIELD_text_hello_id, MFD_TEXT_HELLO_ID, MFD_TEXT_HELLO_END},
        {MFD_FIELD_text_hello_end, MFD_TEXT_HELLO_END, MFD_TEXT_HELLO_SIZE},
        {MFD_FIELD_binary_hello_id, MFD_BINARY_HELLO_ID, MFD_BINARY_HELLO_UUID},
        {MFD_FIELD_binary_hello_uuid, MFD_BINARY_HELLO_UUID, MFD_BINARY_HELLO_SIZE},
    };
    uint8_t bytes[MFD_HELLO_SIZE] = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(places); i++) {
        struct mfd_span span;

        assert_true(mfd_field_locate(places[i].field, bytes, sizeof(bytes), 4096, &span));
        assert_int_equal(span.offset, places[i].offset);
        assert_int_equal(span.offset + span.width * span.elements, places[i].end);
    }
}

static void each_revision_writes_and_reads_its_own_hello(void **state)
{
    (void)state;
    for (int rev = 0; rev < MFD_REV_COUNT; rev++) {
        for (unsigned id = 0; id < MFD_CHANNELS_MAX; id++) {
            struct mfd_check_context context = context_of((enum mfd_rev)rev);
            uint8_t buf[MFD_HELLO_SIZE];
            struct mfd_span span;
            uint32_t width = 0;
            size_t size = mfd_hello_write((enum mfd_rev)rev, buf, uuid, (uint8_t)id);
            size_t at = mfd_hello_id_offset((enum mfd_rev)rev, &width);

            context.channels = MFD_CHANNELS_MAX;
            assert_int_equal(size, mfd_hello_size((enum mfd_rev)rev));
            assert_int_equal(mfd_hello_id((enum mfd_rev)rev, buf), id);
            assert_string_equal(found(mfd_check_hello, &context, buf, size), "");
            assert_true(mfd_field_locate(mfd_field_find(mfd_hello_message((enum mfd_rev)rev), "id"),
                                         buf, size, 4096, &span));
            assert_int_equal(span.offset, at);
            assert_int_equal(span.width * span.elements, width);
        }
    }
}

/* Each character of the form, and what the parser of 2017 let pass in its place. */
static void a_text_hello_has_one_form_only(void **state)
{
    static const struct {
        size_t at;
        char byte;
    } wrong[] = {
        {0, 'A'},   {0, 'g'},  {0, ' '},   {0, '\0'},  {0, (char)0xff}, {8, '0'},
        {35, ' '},  {35, 'F'}, {36, '\t'}, {36, '0'},  {37, 'M'},       {43, ' '},
        {44, '\n'}, {44, '-'}, {45, ' '},  {45, '-'},  {45, '+'},       {46, 'x'},
        {47, '\0'}, {47, ' '}, {48, '0'},  {48, '\n'},
    };
    char copy[MFD_TEXT_HELLO_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        memcpy(copy, good_text(), sizeof(copy));
        copy[wrong[i].at] = wrong[i].byte;
        print_message("byte %zu\n", wrong[i].at);
        assert_string_equal(found_in_text(copy, sizeof(copy)), "MF-INIT-023");
        ASSERT_FINDING(0, wrong[i].at, 1, (uint8_t)wrong[i].byte, last[0].want);
        /* it shows with that byte, and not before */
        assert_string_equal(found_in_text(copy, wrong[i].at + 1), "MF-INIT-023");
        assert_string_equal(found_in_text(copy, wrong[i].at), "");
    }
}

/* D1 and D2: the token has no end within the buffer that it was copied into; here nothing is copied. */
static void a_token_without_end_is_read_no_further_than_its_36_characters(void **state)
{
    char copy[MFD_TEXT_HELLO_SIZE];

    (void)state;
    memset(copy, 'a', sizeof(copy));
    assert_string_equal(found_in_text(copy, sizeof(copy)),
                        "MF-INIT-023 MF-INIT-023 MF-INIT-023 MF-INIT-023");
    ASSERT_FINDING(0, 8, 1, 'a', '-');
    ASSERT_FINDING(1, 36, 1, 'a', ' ');
    ASSERT_FINDING(2, 45, 1, 'a', '0');
    ASSERT_FINDING(3, 48, 1, 'a', 0);
}

/* D4 and D5: an id is three digits and a slot, or it is none. */
static void an_id_that_is_no_slot_is_none(void **state)
{
    static const struct {
        const char *id;
        const char *rules;
    } ids[] = {
        {"000", ""},
        {"002", ""},
        {"003", "MF-INIT-012"},
        {"255", "MF-INIT-012"},
        {"999", "MF-INIT-012"},
        {"-99", "MF-INIT-023"},
        {"-01", "MF-INIT-023"},
        {"0x1", "MF-INIT-023"},
        {"1  ", "MF-INIT-023"},
        {"abc", "MF-INIT-023"},
    };
    char copy[MFD_TEXT_HELLO_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT(ids); i++) {
        memcpy(copy, good_text(), sizeof(copy));
        memcpy(copy + MFD_TEXT_HELLO_ID, ids[i].id, 3);
        print_message("%s\n", ids[i].id);
        assert_string_equal(found_in_text(copy, sizeof(copy)), ids[i].rules);
    }
    memcpy(copy + MFD_TEXT_HELLO_ID, "999", 3);
    found_in_text(copy, sizeof(copy));
    ASSERT_FINDING(0, MFD_TEXT_HELLO_ID, 3, 999, 3);
}

static void a_foreign_uuid_is_told_apart_from_one_that_is_none(void **state)
{
    struct mfd_check_context none = context_of(MFD_REV_2017_TEXT);
    char copy[MFD_TEXT_HELLO_SIZE];

    (void)state;
    memcpy(copy, good_text(), sizeof(copy));
    copy[0] = 'b';
    assert_string_equal(found_in_text(copy, sizeof(copy)), "MF-INIT-004");
    ASSERT_FINDING(0, 0, 36, 0xb001020304050607, 0xa001020304050607);
    copy[0] = 'a';
    copy[35] = 'e';
    assert_string_equal(found_in_text(copy, sizeof(copy)), "MF-INIT-004");
    ASSERT_FINDING(0, 0, 36, 0x08090a0b0c0d0eee, 0x08090a0b0c0d0eef);
    /* only the constant is that of a VM without one */
    none.uuid = unset;
    assert_string_equal(
        found(mfd_check_hello, &none, (const uint8_t *)good_text(), MFD_TEXT_HELLO_SIZE),
        "MF-INIT-004");
    memcpy(copy, "00000000-0000-0000-0000-000000000000", 36);
    assert_string_equal(found(mfd_check_hello, &none, (const uint8_t *)copy, sizeof(copy)),
                        "MF-INIT-004");
    memcpy(copy, "5c49fd7e-af88-4a07-b6e8-091fd696ad40", 36);
    assert_string_equal(found(mfd_check_hello, &none, (const uint8_t *)copy, sizeof(copy)), "");
}

static void a_binary_hello_is_judged_by_id_and_uuid(void **state)
{
    struct mfd_check_context context = context_of(MFD_REV_2017_BINARY);
    uint8_t buf[MFD_BINARY_HELLO_SIZE];

    (void)state;
    mfd_binary_hello_pack(buf, uuid, 3);
    assert_string_equal(found(mfd_check_hello, &context, buf, sizeof(buf)), "MF-INIT-012");
    ASSERT_FINDING(0, 0, 4, 3, 3);
    mfd_binary_hello_pack(buf, uuid, 0);
    buf[0] = 1; /* in the order of a little-endian host */
    assert_string_equal(found(mfd_check_hello, &context, buf, 4), "MF-INIT-025 MF-INIT-012");
    ASSERT_FINDING(0, 0, 4, 0x01000000, 254);
    mfd_binary_hello_pack(buf, unset, 0);
    assert_string_equal(found(mfd_check_hello, &context, buf, sizeof(buf)), "MF-INIT-004");
    assert_string_equal(found(mfd_check_hello, &context, buf, sizeof(buf) - 1), "");
}

static void what_is_not_known_is_not_judged(void **state)
{
    struct mfd_check_context context = {.rev = MFD_REV_2017_TEXT, .page_size = 4096};
    uint8_t buf[MFD_TEXT_HELLO_SIZE];

    (void)state;
    mfd_text_hello_pack(buf, uuid, 254);
    assert_string_equal(found(mfd_check_hello, &context, buf, sizeof(buf)), "");
    context.rev = MFD_REV_2017_BINARY;
    mfd_binary_hello_pack(buf, uuid, 254);
    assert_string_equal(found(mfd_check_hello, &context, buf, MFD_BINARY_HELLO_SIZE), "");
}

/* D3: without NUL and in any length nothing beyond the bytes is read; each copy ends at a guard. */
static void the_checks_are_total_on_any_bytes(void **state)
{
    uint64_t random = 11;
    uint8_t bytes[MFD_HELLO_SIZE];

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct mfd_check_context context =
            context_of(i % 2 ? MFD_REV_2017_TEXT : MFD_REV_2017_BINARY);
        size_t len = (size_t)i / 2 % (sizeof(bytes) + 1);

        test_fill_random(bytes, sizeof(bytes), &random);
        if (i % 3 == 0) {
            memcpy(bytes, good_text(), MFD_TEXT_HELLO_SIZE);
            bytes[(size_t)i % MFD_TEXT_HELLO_SIZE] ^= (uint8_t)(1u << i % 8);
        }
        assert_total(mfd_check_hello, &context, bytes, len);
    }
}

static void every_rule_of_both_hellos_was_found(void **state)
{
    (void)state;
    assert_all_found("text_hello");
    assert_all_found("binary_hello");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_hello_has_these_49_bytes),
        cmocka_unit_test(a_binary_hello_has_these_20_bytes),
        cmocka_unit_test(the_fields_lie_where_the_table_has_them),
        cmocka_unit_test(each_revision_writes_and_reads_its_own_hello),
        cmocka_unit_test(a_text_hello_has_one_form_only),
        cmocka_unit_test(a_token_without_end_is_read_no_further_than_its_36_characters),
        cmocka_unit_test(an_id_that_is_no_slot_is_none),
        cmocka_unit_test(a_foreign_uuid_is_told_apart_from_one_that_is_none),
        cmocka_unit_test(a_binary_hello_is_judged_by_id_and_uuid),
        cmocka_unit_test(what_is_not_known_is_not_judged),
        cmocka_unit_test(the_checks_are_total_on_any_bytes),
        cmocka_unit_test(every_rule_of_both_hellos_was_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
