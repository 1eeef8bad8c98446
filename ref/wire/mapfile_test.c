// SPDX-License-Identifier: GPL-2.0-or-later
#include "mapfile.h"

#include "mainstream.h"
#include "wire_test.h"

#include <stdio.h>

enum { PAGE = 4096, MIB = 1 << 20, RAM = 2 * MIB, END = 130, SIZE = 3 * MIB + 100 };

static struct mfd_ramblock blocks[] = {
    {.name = "mem0", .used_length = RAM, .max_length = RAM},
    {.name = "rom", .used_length = 3 * PAGE, .max_length = 16 * PAGE, .resizable = true},
};
static const struct mfd_ramtable ram = {blocks, COUNT(blocks)};
static const struct mfd_check_context context = {
    .rev = MFD_REV_10_0, .page_size = PAGE, .ram = &ram};
static const struct mfd_mapped_place place = {END, SIZE, RAM};

static struct mfd_finding list[16];
static struct mfd_findings findings;

/* The rules that a header breaks, in order. */
static const char *found_at(const struct mfd_mapped *mapped, const struct mfd_mapped_place *where)
{
    static char text[256];
    uint8_t *buf = malloc(MFD_MAPPED_SIZE);
    size_t used = 0;

    assert_non_null(buf);
    assert_int_equal(mfd_mapped_pack(buf, mapped), MFD_MAPPED_SIZE);
    findings = (struct mfd_findings){list, COUNT(list), 0};
    mfd_check_mapped(&context, where, buf, MFD_MAPPED_SIZE, &findings);
    free(buf);
    text[0] = '\0';
    for (size_t i = 0; i < findings.count; i++) {
        assert_true(list[i].offset + list[i].width <= MFD_MAPPED_SIZE);
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "",
                                 mfd_rule_info(list[i].rule)->id);
    }
    return text;
}

static const char *found(const struct mfd_mapped *mapped)
{
    return found_at(mapped, &place);
}

static void a_header_is_written_and_read_as_the_table_of_fields_says(void **state)
{
    const struct mfd_mapped in = {0x01020304, 0x1112131415161718, 0x2122232425262728,
                                  0x3132333435363738};
    struct mfd_mapped out;
    uint8_t buf[MFD_MAPPED_SIZE] = {0};
    struct mfd_field_walk walk = mfd_field_walk_start(MFD_MSG_mapped, buf, sizeof(buf), PAGE);
    const uint64_t wanted[] = {in.version, in.page_size, in.bitmap_offset, in.pages_offset};
    struct mfd_span span;
    size_t i = 0;

    (void)state;
    mfd_mapped_pack(buf, &in);
    mfd_mapped_parse(buf, &out);
    assert_memory_equal(&in.page_size, &out.page_size, 24);
    assert_int_equal(in.version, out.version);
    for (; mfd_field_walk_next(&walk, &span); i++) {
        assert_true(mfd_uint_get(buf + span.offset, span.width) == wanted[i]);
    }
    assert_int_equal(i, COUNT(wanted));
    assert_int_equal(walk.offset, MFD_MAPPED_SIZE);
}

static void the_layout_is_that_of_a_real_file(void **state)
{
    struct mfd_mapped mapped = mfd_mapped_layout(END, RAM, PAGE);

    (void)state;
    assert_int_equal(mapped.version, 1);
    assert_int_equal(mapped.page_size, PAGE);
    assert_int_equal(mapped.bitmap_offset, 130);
    assert_int_equal(mapped.pages_offset, MIB);
    assert_string_equal(found(&mapped), "");
    /* a bitmap that ends at the boundary, and one that goes past it */
    assert_int_equal(mfd_mapped_layout(MIB - 64, RAM, PAGE).pages_offset, MIB);
    assert_int_equal(mfd_mapped_layout(MIB - 63, RAM, PAGE).pages_offset, 2 * MIB);
}

static void a_bitmap_has_whole_words(void **state)
{
    (void)state;
    assert_int_equal(mfd_bitmap_size(0, PAGE), 0);
    assert_int_equal(mfd_bitmap_size(PAGE - 1, PAGE), 0);
    assert_int_equal(mfd_bitmap_size(PAGE, PAGE), 8);
    assert_int_equal(mfd_bitmap_size(64 * PAGE, PAGE), 8);
    assert_int_equal(mfd_bitmap_size(65 * PAGE, PAGE), 16);
    assert_true(mfd_bitmap_size(UINT64_MAX, 256) == (uint64_t)1 << 53);
}

static void bits_stand_in_words_of_the_host(void **state)
{
    uint8_t bitmap[24] = {0};
    uint64_t words[3];

    (void)state;
    mfd_bitmap_set(bitmap, 0);
    mfd_bitmap_set(bitmap, 63);
    mfd_bitmap_set(bitmap, 64 + 9);
    memcpy(words, bitmap, sizeof(words));
    assert_true(words[0] == 0x8000000000000001);
    assert_true(words[1] == 0x200);
    assert_true(words[2] == 0);
    for (uint64_t page = 0; page < 192; page++) {
        assert_int_equal(mfd_bitmap_get(bitmap, page), page == 0 || page == 63 || page == 73);
    }
}

static void version_and_page_size_are_held_against_what_is_known(void **state)
{
    struct mfd_mapped mapped = mfd_mapped_layout(END, RAM, PAGE);
    const uint64_t foreign[] = {0, 1, 2048, 8192, 65536, UINT64_MAX};

    (void)state;
    for (uint32_t version = 0; version < 4; version++) {
        mapped.version = version;
        assert_string_equal(found(&mapped), version == 1 ? "" : "MF-MAP-001");
    }
    assert_int_equal(list[0].offset, 0);
    assert_int_equal(list[0].width, 4);
    mapped.version = 1;
    for (size_t i = 0; i < COUNT(foreign); i++) {
        mapped.page_size = foreign[i];
        assert_string_equal(found(&mapped), "MF-MAP-001");
        assert_int_equal(list[0].offset, 4);
        assert_true(list[0].got == foreign[i] && list[0].want == PAGE);
    }
}

static void the_bitmap_stands_between_header_and_pages(void **state)
{
    const struct {
        uint64_t offset;
        const char *rules;
    } cases[] = {
        {END, ""},
        {END + 1, ""}, /* a gap harms nobody */
        {MIB - 64, ""},
        {MIB - 63, "MF-MAP-012"},
        {MIB, "MF-MAP-012"},
        {END - 1, "MF-MAP-012"},
        {0, "MF-MAP-012"},
        {SIZE - 64, "MF-MAP-012"},
        {SIZE - 63, "MF-MAP-007 MF-MAP-012"},
        {(uint64_t)1 << 40, "MF-MAP-007 MF-MAP-012"},
        {UINT64_MAX - 63, "MF-MAP-007 MF-MAP-012"},
        {UINT64_MAX, "MF-MAP-007 MF-MAP-012"},
    };
    struct mfd_mapped mapped = mfd_mapped_layout(END, RAM, PAGE);

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        mapped.bitmap_offset = cases[i].offset;
        assert_string_equal(found(&mapped), cases[i].rules);
    }
}

static void the_pages_are_aligned_behind_the_bitmap_and_inside_the_file(void **state)
{
    const struct {
        uint64_t offset;
        const char *rules;
    } cases[] = {
        {MIB, ""},
        {PAGE, "MF-MAP-002"}, /* which receivers need not mind */
        {MIB + 1, "MF-MAP-002 MF-MAP-011"},
        {MIB + 99, "MF-MAP-002 MF-MAP-011"}, /* to the last byte */
        {MIB + PAGE, "MF-MAP-002 MF-MAP-007"},
        {0, "MF-MAP-012 MF-MAP-012"},
        {2 * MIB, "MF-MAP-007"},
        {(uint64_t)1 << 40, "MF-MAP-007"},
        {0 - (uint64_t)MIB, "MF-MAP-007"},
        {0 - (uint64_t)RAM, "MF-MAP-007"},
        {UINT64_MAX, "MF-MAP-002 MF-MAP-011 MF-MAP-007"},
    };
    struct mfd_mapped mapped = mfd_mapped_layout(END, RAM, PAGE);

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        mapped.pages_offset = cases[i].offset;
        assert_string_equal(found(&mapped), cases[i].rules);
    }
}

static void a_length_that_wraps_is_inside_no_file(void **state)
{
    struct mfd_mapped_place huge = {END, SIZE, UINT64_MAX - MIB + 1};
    struct mfd_mapped mapped = mfd_mapped_layout(END, RAM, PAGE);

    (void)state;
    assert_string_equal(found_at(&mapped, &huge), "MF-MAP-007 MF-MAP-012 MF-MAP-007");
}

/* Whatever a header says: what is not refused lies inside the file, without overflow. */
static void what_passes_is_inside_the_file(void **state)
{
    uint64_t seed = 7;
    unsigned passed = 0;

    (void)state;
    for (unsigned i = 0; i < 200000; i++) {
        struct mfd_mapped_place where = {test_random(&seed) % 512, test_random(&seed) % (8 * MIB),
                                         test_random(&seed) % 1024 * PAGE};
        struct mfd_mapped mapped = mfd_mapped_layout(where.end, where.length, PAGE);
        uint64_t bitmap_size = mfd_bitmap_size(where.length, PAGE);

        mapped.bitmap_offset = i % 3 ? mapped.bitmap_offset : test_random(&seed) >> i % 64;
        mapped.pages_offset =
            i % 5 ? mapped.pages_offset : (test_random(&seed) >> i % 64) << i % 13;
        found_at(&mapped, &where);
        if (mfd_findings_refused(&findings)) {
            continue;
        }
        passed++;
        assert_true(mapped.bitmap_offset >= where.end);
        assert_true(mapped.bitmap_offset + bitmap_size <= mapped.pages_offset);
        assert_true(mapped.pages_offset + where.length <= where.file_size);
    }
    assert_true(passed > 1000);
}

static void a_header_that_is_cut_says_nothing(void **state)
{
    uint8_t buf[MFD_MAPPED_SIZE] = {0};

    (void)state;
    for (size_t len = 0; len < MFD_MAPPED_SIZE; len++) {
        uint8_t *copy = test_copy(buf, len);

        findings = (struct mfd_findings){list, COUNT(list), 0};
        mfd_check_mapped(&context, &place, copy, len, &findings);
        free(copy);
        assert_int_equal(findings.count, 0);
    }
}

static void bits_past_the_last_page_are_found(void **state)
{
    uint8_t word[8];

    (void)state;
    for (unsigned pages = 1; pages <= 64; pages++) {
        for (unsigned bit = 0; bit < 64; bit++) {
            memset(word, 0, sizeof(word));
            mfd_bitmap_set(word, bit);
            findings = (struct mfd_findings){list, COUNT(list), 0};
            mfd_check_bitmap_end(&context, (64ull + pages) * PAGE, word, &findings);
            assert_int_equal(findings.count, bit >= pages);
            if (bit >= pages) {
                assert_int_equal(list[0].rule, MFD_MAP_009);
                assert_int_equal(list[0].offset, 8);
                assert_true(list[0].got == (uint64_t)1 << bit);
            }
        }
    }
}

/* ---- the stream around it ---- */

/* Records of the stream with their places in the file. */
struct piece {
    uint64_t at;
    size_t size;
    uint8_t bytes[MFD_RECORD_MAX];
};
static struct piece pieces[24];
static size_t piece_count;
static uint64_t next_at;

#define PUT(pack) \
    do { \
        uint8_t *to = pieces[piece_count].bytes; \
        pieces[piece_count].size = pack; \
        pieces[piece_count].at = next_at; \
        next_at += pieces[piece_count++].size; \
    } while (0)

static void put_block(const char *name, uint64_t length)
{
    struct mfd_mapped mapped;

    PUT(mfd_pack_block(to, name, length));
    mapped = mfd_mapped_layout(next_at + MFD_MAPPED_SIZE, length, PAGE);
    PUT(mfd_mapped_pack(to, &mapped));
    next_at = mapped.pages_offset + length;
}

static void put_head(bool capabilities)
{
    piece_count = 0;
    next_at = 512;
    PUT(mfd_pack_header(to));
    PUT(mfd_pack_config(to, "none"));
    if (capabilities) {
        PUT(mfd_pack_capabilities(to));
    }
    PUT(mfd_pack_section(to, MFD_SECTION_START, 1, "ram", 0, 4));
    PUT(mfd_pack_memsize(to, RAM + 2 * PAGE));
    put_block("mem0", RAM);
    put_block("rom", 2 * PAGE);
}

static void put_tail(void)
{
    PUT(mfd_pack_eos(to));
    PUT(mfd_pack_footer(to, 1));
    PUT(mfd_pack_part(to, MFD_SECTION_END, 1));
    PUT(mfd_pack_eos(to));
    PUT(mfd_pack_footer(to, 1));
    PUT(mfd_pack_end(to));
}

/* Reads the pieces with what is needed in view and no more; names what came, and stops where it is refused. */
static const char *read_pieces(void)
{
    static char text[512];
    struct mfd_main main;
    size_t used = 0;

    mfd_main_start_file(&main, &context, "none", 512, next_at);
    text[0] = '\0';
    for (size_t i = 0; i < piece_count; i++) {
        struct mfd_record record;
        size_t view = 0;
        size_t need = 0;

        assert_true(main.at == pieces[i].at);
        do {
            uint8_t *copy = test_copy(pieces[i].bytes, view);

            findings = (struct mfd_findings){list, COUNT(list), 0};
            need = mfd_main_next(&main, copy, view, &record, &findings);
            free(copy);
            assert_true(need == 0 || (need > view && need <= pieces[i].size));
            view = need ? need : view;
        } while (need);
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "",
                                 mfd_message_name(record.message));
        for (size_t j = 0; j < findings.count; j++) {
            used += (size_t)snprintf(text + used, sizeof(text) - used, " %s",
                                     mfd_rule_info(list[j].rule)->id);
        }
        if (mfd_findings_refused(&findings)) {
            break;
        }
    }
    return text;
}

#define HEAD "header config capabilities section memsize block mapped block mapped"

static void the_stream_of_a_file_is_read_across_its_pages(void **state)
{
    (void)state;
    put_head(true);
    put_tail();
    assert_string_equal(read_pieces(), HEAD " eos footer part eos footer end");
}

static void a_file_without_its_capability_is_refused(void **state)
{
    (void)state;
    put_head(false);
    assert_string_equal(read_pieces(), "header config section MF-MAP-004");
}

static void other_capabilities_are_refused(void **state)
{
    size_t name = 0;

    (void)state;
    put_head(true);
    name = pieces[2].size - strlen(MFD_MAPPED_CAPABILITY);
    pieces[2].bytes[name] = 'x';
    assert_string_equal(read_pieces(), "header config capabilities MF-MAP-004");
    put_head(true);
    pieces[2].bytes[name - 1]++;
    assert_string_equal(read_pieces(), "header config capabilities MF-MAP-004");
    for (unsigned count = 0; count < 3; count += 2) {
        put_head(true);
        mfd_put32(pieces[2].bytes + name - 5, count);
        assert_string_equal(read_pieces(), "header config capabilities MF-MAP-004");
    }
}

static void records_of_pages_and_sync_points_have_no_place_in_a_file(void **state)
{
    const char *refused = HEAD " eos MF-MAP-013";

    (void)state;
    put_head(true);
    PUT(mfd_pack_marker(to));
    assert_string_equal(read_pieces(), refused);
    put_head(true);
    PUT(mfd_pack_zero(to, "mem0", 0));
    assert_string_equal(read_pieces(), refused);
    put_head(true);
    PUT(mfd_pack_page(to, "mem0", 0));
    assert_string_equal(read_pieces(), refused);
}

static void a_length_that_is_not_the_blocks_is_refused(void **state)
{
    (void)state;
    put_head(true);
    mfd_put64(pieces[5].bytes + 5, RAM - PAGE);
    assert_string_equal(read_pieces(),
                        "header config capabilities section memsize block MF-MAP-009");
    put_head(true);
    mfd_put64(pieces[4].bytes, (RAM + 100 * PAGE) | MFD_RAM_MEM_SIZE);
    mfd_put64(pieces[7].bytes + 4, 17 * PAGE);
    assert_string_equal(read_pieces(),
                        "header config capabilities section memsize block mapped block MF-MAP-009");
}

static void a_socket_stream_has_no_such_subsection(void **state)
{
    uint8_t buf[64];
    struct mfd_main main;
    struct mfd_record record;
    size_t size = 0;

    (void)state;
    mfd_main_start(&main, &context, "none");
    findings = (struct mfd_findings){list, COUNT(list), 0};
    mfd_main_next(&main, buf, mfd_pack_header(buf), &record, &findings);
    mfd_main_next(&main, buf, mfd_pack_config(buf, "none"), &record, &findings);
    size = mfd_pack_capabilities(buf);
    assert_int_equal(size, 47);
    assert_int_equal(mfd_main_next(&main, buf, size, &record, &findings), 0);
    assert_int_equal(findings.count, 1);
    assert_int_equal(list[0].rule, MFD_MAIN_016);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_is_written_and_read_as_the_table_of_fields_says),
        cmocka_unit_test(the_layout_is_that_of_a_real_file),
        cmocka_unit_test(a_bitmap_has_whole_words),
        cmocka_unit_test(bits_stand_in_words_of_the_host),
        cmocka_unit_test(version_and_page_size_are_held_against_what_is_known),
        cmocka_unit_test(the_bitmap_stands_between_header_and_pages),
        cmocka_unit_test(the_pages_are_aligned_behind_the_bitmap_and_inside_the_file),
        cmocka_unit_test(a_length_that_wraps_is_inside_no_file),
        cmocka_unit_test(what_passes_is_inside_the_file),
        cmocka_unit_test(a_header_that_is_cut_says_nothing),
        cmocka_unit_test(bits_past_the_last_page_are_found),
        cmocka_unit_test(the_stream_of_a_file_is_read_across_its_pages),
        cmocka_unit_test(a_file_without_its_capability_is_refused),
        cmocka_unit_test(other_capabilities_are_refused),
        cmocka_unit_test(records_of_pages_and_sync_points_have_no_place_in_a_file),
        cmocka_unit_test(a_length_that_is_not_the_blocks_is_refused),
        cmocka_unit_test(a_socket_stream_has_no_such_subsection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
