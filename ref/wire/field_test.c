// SPDX-License-Identifier: GPL-2.0-or-later
#include "field.h"

#include "hello.h"
#include "mainstream.h"
#include "packet.h"
#include "wire_test.h"

#include <stdio.h>

static const uint32_t page_sizes[] = {256, 1024, 4096, 8192, 16384, 65536};

/* Where a field lies in a message of that many zero bytes. */
static struct mfd_span locate(enum mfd_field field, size_t len, uint32_t page_size)
{
    uint8_t *zeros = calloc(1, len);
    struct mfd_span span = {0};

    assert_non_null(zeros);
    assert_true(mfd_field_locate(field, zeros, len, page_size, &span));
    assert_int_equal(span.field, field);
    free(zeros);
    return span;
}

static void names_lead_to_messages_and_fields_and_back(void **state)
{
    (void)state;
    for (int i = 0; i < MFD_MESSAGE_COUNT; i++) {
        enum mfd_message message = (enum mfd_message)i;

        assert_int_equal(mfd_message_find(mfd_message_name(message)), message);
        assert_true(strlen(mfd_message_what(message)) > 0);
        assert_int_equal(mfd_field_info(mfd_message_first(message))->message, message);
    }
    for (int i = 0; i < MFD_FIELD_COUNT; i++) {
        const struct mfd_field_info *info = mfd_field_info((enum mfd_field)i);

        assert_int_equal(mfd_field_find(info->message, info->name), i);
        assert_true(strlen(info->meaning) > 0);
        assert_true(i == 0 || info->message >= mfd_field_info((enum mfd_field)(i - 1))->message);
    }
    assert_int_equal(mfd_message_find("handshake"), MFD_MESSAGE_COUNT);
    assert_int_equal(mfd_field_find(MFD_MSG_hello, "offset"), MFD_FIELD_COUNT);
    assert_int_equal(mfd_field_find(MFD_MSG_vmdesc, "offset"), MFD_FIELD_COUNT);
}

struct place {
    enum mfd_field field;
    size_t offset;
    uint32_t width;
    size_t elements;
};

static void assert_places(const struct place *places, size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        struct mfd_span span = locate(places[i].field, size, 4096);

        print_message("%s\n", mfd_field_info(places[i].field)->name);
        assert_int_equal(span.offset, places[i].offset);
        assert_int_equal(span.width, places[i].width);
        assert_int_equal(span.elements, places[i].elements);
    }
    /* without a gap, and to the last byte */
    for (size_t i = 0; i < count; i++) {
        size_t end = places[i].offset + places[i].width * places[i].elements;

        assert_int_equal(end, i + 1 < count ? places[i + 1].offset : size);
    }
}

static void the_hello_is_laid_out_as_the_facts_say(void **state)
{
    static const struct place places[] = {
        {MFD_FIELD_hello_magic, 0, 4, 1},     {MFD_FIELD_hello_version, 4, 4, 1},
        {MFD_FIELD_hello_uuid, 8, 16, 1},     {MFD_FIELD_hello_id, 24, 1, 1},
        {MFD_FIELD_hello_reserved, 25, 1, 7}, {MFD_FIELD_hello_reserved_wide, 32, 8, 4},
    };

    (void)state;
    assert_places(places, COUNT(places), 64);
}

static void the_ram_packet_is_laid_out_as_the_facts_say(void **state)
{
    static const struct place places[] = {
        {MFD_FIELD_packet_magic, 0, 4, 1},         {MFD_FIELD_packet_version, 4, 4, 1},
        {MFD_FIELD_packet_flags, 8, 4, 1},         {MFD_FIELD_packet_pages_alloc, 12, 4, 1},
        {MFD_FIELD_packet_normal_pages, 16, 4, 1}, {MFD_FIELD_packet_next_packet_size, 20, 4, 1},
        {MFD_FIELD_packet_packet_num, 24, 8, 1},   {MFD_FIELD_packet_zero_pages, 32, 4, 1},
        {MFD_FIELD_packet_reserved, 36, 4, 1},     {MFD_FIELD_packet_reserved_wide, 40, 8, 3},
        {MFD_FIELD_packet_ramblock, 64, 256, 1},   {MFD_FIELD_packet_offset, 320, 8, 128},
    };

    (void)state;
    assert_places(places, COUNT(places), 1344);
}

static void the_device_packet_is_laid_out_as_the_facts_say(void **state)
{
    static const struct place places[] = {
        {MFD_FIELD_device_magic, 0, 4, 1},         {MFD_FIELD_device_version, 4, 4, 1},
        {MFD_FIELD_device_flags, 8, 4, 1},         {MFD_FIELD_device_idstr, 12, 256, 1},
        {MFD_FIELD_device_instance_id, 268, 4, 1}, {MFD_FIELD_device_next_packet_size, 272, 4, 1},
    };

    (void)state;
    assert_places(places, COUNT(places), 276);
}

static void the_offsets_that_code_knows_by_name_are_those_of_the_table(void **state)
{
    static const struct {
        enum mfd_field field;
        size_t offset;
    } known[] = {
        {MFD_FIELD_hello_magic, MFD_HELLO_MAGIC},
        {MFD_FIELD_hello_version, MFD_HELLO_VERSION},
        {MFD_FIELD_hello_uuid, MFD_HELLO_UUID},
        {MFD_FIELD_hello_id, MFD_HELLO_ID},
        {MFD_FIELD_hello_reserved, MFD_HELLO_RESERVED},
        {MFD_FIELD_packet_magic, MFD_PACKET_MAGIC},
        {MFD_FIELD_packet_version, MFD_PACKET_VERSION},
        {MFD_FIELD_packet_flags, MFD_PACKET_FLAGS},
        {MFD_FIELD_packet_pages_alloc, MFD_PACKET_PAGES_ALLOC},
        {MFD_FIELD_packet_normal_pages, MFD_PACKET_NORMAL_PAGES},
        {MFD_FIELD_packet_next_packet_size, MFD_PACKET_NEXT_SIZE},
        {MFD_FIELD_packet_packet_num, MFD_PACKET_NUM},
        {MFD_FIELD_packet_zero_pages, MFD_PACKET_ZERO_PAGES},
        {MFD_FIELD_packet_reserved, MFD_PACKET_RESERVED},
        {MFD_FIELD_packet_ramblock, MFD_PACKET_RAMBLOCK},
        {MFD_FIELD_packet_offset, MFD_PACKET_FIXED},
        {MFD_FIELD_device_flags, MFD_PACKET_FLAGS},
        {MFD_FIELD_device_idstr, MFD_DEVICE_IDSTR},
        {MFD_FIELD_device_instance_id, MFD_DEVICE_INSTANCE},
        {MFD_FIELD_device_next_packet_size, MFD_DEVICE_NEXT_SIZE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) {
        assert_int_equal(locate(known[i].field, MFD_PACKET_SIZE_MAX, 4096).offset, known[i].offset);
    }
}

static void header_sizes_follow_the_page_size(void **state)
{
    static const struct {
        uint32_t page_size, slots;
        size_t size;
    } facts[] = {
        {256, 2048, 16704}, {1024, 512, 4416}, {4096, 128, 1344},
        {8192, 64, 832},    {16384, 32, 576},  {65536, 8, 384},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(facts); i++) {
        struct mfd_span span = locate(MFD_FIELD_packet_offset, facts[i].size, facts[i].page_size);

        assert_int_equal(mfd_slots(facts[i].page_size), facts[i].slots);
        assert_int_equal(mfd_packet_size(facts[i].page_size), facts[i].size);
        assert_int_equal(span.elements, facts[i].slots);
        assert_int_equal(span.offset + 8 * span.elements, facts[i].size);
    }
    assert_int_equal(MFD_PACKET_SIZE_MAX, 16704);
}

/* Walks a message and returns how many bytes the spans cover; they must follow one another. */
static size_t walk_all(enum mfd_message message, const uint8_t *bytes, size_t len,
                       uint32_t page_size)
{
    struct mfd_field_walk walk = mfd_field_walk_start(message, bytes, len, page_size);
    struct mfd_span span = {0};
    size_t end = 0;
    int before = -1;

    while (mfd_field_walk_next(&walk, &span)) {
        assert_int_equal(span.offset, end);
        assert_true((int)span.field > before);
        assert_int_equal(mfd_field_info(span.field)->message, message);
        before = (int)span.field;
        end = span.offset + span.width * span.elements;
        assert_true(end <= len);
    }
    return end;
}

static void walking_is_total_on_every_length_of_any_bytes(void **state)
{
    uint64_t random = 1;

    (void)state;
    for (int i = 0; i < MFD_MESSAGE_COUNT; i++) {
        for (size_t len = 0; len <= 1400; len += len < 400 ? 1 : 13) {
            uint8_t *bytes = malloc(len);

            test_fill_random(bytes, len, &random);
            walk_all((enum mfd_message)i, bytes, len, page_sizes[len % COUNT(page_sizes)]);
            free(bytes);
        }
    }
}

static void a_field_that_the_bytes_do_not_reach_is_absent(void **state)
{
    uint8_t bytes[MFD_HELLO_SIZE] = {0};
    struct mfd_span span;

    (void)state;
    assert_false(mfd_field_locate(MFD_FIELD_hello_magic, bytes, 3, 4096, &span));
    assert_true(mfd_field_locate(MFD_FIELD_hello_magic, bytes, 4, 4096, &span));
    assert_false(mfd_field_locate(MFD_FIELD_hello_uuid, bytes, 23, 4096, &span));
    assert_true(mfd_field_locate(MFD_FIELD_hello_uuid, bytes, 24, 4096, &span));
    assert_true(mfd_field_locate(MFD_FIELD_hello_reserved, bytes, 27, 4096, &span));
    assert_int_equal(span.elements, 2);
    assert_false(mfd_field_locate(MFD_FIELD_hello_reserved_wide, bytes, 39, 4096, &span));
    assert_true(mfd_field_locate(MFD_FIELD_hello_reserved_wide, bytes, 40, 4096, &span));
    assert_int_equal(span.elements, 1);
}

static void every_builder_fills_exactly_the_fields_of_its_message(void **state)
{
    uint8_t buf[MFD_RECORD_MAX];

    (void)state;
#define ASSERT_COVERED(message, call) \
    do { \
        size_t size = call; \
        assert_int_equal(walk_all(MFD_MSG_##message, buf, size, 4096), size); \
    } while (0)
    ASSERT_COVERED(header, mfd_pack_header(buf));
    ASSERT_COVERED(config, mfd_pack_config(buf, "none"));
    ASSERT_COVERED(config, mfd_pack_config(buf, ""));
    ASSERT_COVERED(section, mfd_pack_section(buf, MFD_SECTION_START, 1, "ram", 0, 4));
    ASSERT_COVERED(part, mfd_pack_part(buf, MFD_SECTION_PART, 1));
    ASSERT_COVERED(memsize, mfd_pack_memsize(buf, 4096));
    ASSERT_COVERED(block, mfd_pack_block(buf, "mem0", 4096));
    ASSERT_COVERED(zero, mfd_pack_zero(buf, "mem0", 4096));
    ASSERT_COVERED(page, mfd_pack_page(buf, "mem0", 4096));
    ASSERT_COVERED(marker, mfd_pack_marker(buf));
    ASSERT_COVERED(eos, mfd_pack_eos(buf));
    ASSERT_COVERED(footer, mfd_pack_footer(buf, 1));
    ASSERT_COVERED(command, mfd_pack_command(buf, 2, (const uint8_t *)"\0\0\0\7", 4));
    ASSERT_COVERED(command, mfd_pack_command(buf, 1, NULL, 0));
    ASSERT_COVERED(end, mfd_pack_end(buf));
    ASSERT_COVERED(vmdesc, mfd_pack_vmdesc(buf, "{}"));
#undef ASSERT_COVERED
}

static void a_record_that_continues_has_neither_length_nor_name(void **state)
{
    uint8_t bytes[9] = {0};
    struct mfd_span span;

    (void)state;
    mfd_put64(bytes, 0x5000 | MFD_RAM_ZERO | MFD_RAM_CONTINUE);
    assert_true(mfd_field_locate(MFD_FIELD_zero_fill, bytes, sizeof(bytes), 4096, &span));
    assert_int_equal(span.offset, 8);
    assert_false(mfd_field_locate(MFD_FIELD_zero_name, bytes, sizeof(bytes), 4096, &span));
    mfd_put64(bytes, 0x5000 | MFD_RAM_PAGE | MFD_RAM_CONTINUE);
    assert_int_equal(walk_all(MFD_MSG_page, bytes, sizeof(bytes), 4096), 8);
}

static void a_name_of_no_bytes_is_present_and_empty(void **state)
{
    uint8_t bytes[MFD_RECORD_MAX];
    size_t size = mfd_pack_block(bytes, "", 0x1000);
    struct mfd_span span;

    (void)state;
    assert_true(mfd_field_locate(MFD_FIELD_block_name, bytes, size, 4096, &span));
    assert_int_equal(span.elements, 0);
    assert_true(mfd_field_locate(MFD_FIELD_block_used_length, bytes, size, 4096, &span));
    assert_int_equal(span.offset, 1);
}

static void integers_are_big_endian_on_every_host(void **state)
{
    static const uint8_t bytes[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
    uint8_t out[8];

    (void)state;
    assert_int_equal(mfd_uint_get(bytes, 1), 0x01);
    assert_int_equal(mfd_uint_get(bytes, 2), 0x0123);
    assert_int_equal(mfd_uint_get(bytes, 4), 0x01234567);
    assert_true(mfd_uint_get(bytes, 8) == 0x0123456789abcdefull);
    assert_int_equal(mfd_get16(bytes + 6), 0xcdef);
    assert_int_equal(mfd_get32(bytes + 4), 0x89abcdef);
    assert_true(mfd_get64(bytes) == 0x0123456789abcdefull);
    for (uint32_t width = 1; width <= 8; width *= 2) {
        memset(out, 0xee, sizeof(out));
        mfd_uint_put(out, width, mfd_uint_get(bytes, width));
        assert_memory_equal(out, bytes, width);
        assert_true(width == 8 || out[width] == 0xee);
    }
    mfd_put16(out, 0x0123);
    mfd_put32(out + 2, 0x456789ab);
    assert_memory_equal(out, bytes, 6);
    mfd_put64(out, 0x0123456789abcdefull);
    assert_memory_equal(out, bytes, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_lead_to_messages_and_fields_and_back),
        cmocka_unit_test(the_hello_is_laid_out_as_the_facts_say),
        cmocka_unit_test(the_ram_packet_is_laid_out_as_the_facts_say),
        cmocka_unit_test(the_device_packet_is_laid_out_as_the_facts_say),
        cmocka_unit_test(the_offsets_that_code_knows_by_name_are_those_of_the_table),
        cmocka_unit_test(header_sizes_follow_the_page_size),
        cmocka_unit_test(walking_is_total_on_every_length_of_any_bytes),
        cmocka_unit_test(a_field_that_the_bytes_do_not_reach_is_absent),
        cmocka_unit_test(every_builder_fills_exactly_the_fields_of_its_message),
        cmocka_unit_test(a_record_that_continues_has_neither_length_nor_name),
        cmocka_unit_test(a_name_of_no_bytes_is_present_and_empty),
        cmocka_unit_test(integers_are_big_endian_on_every_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
