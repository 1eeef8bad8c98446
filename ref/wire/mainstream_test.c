// SPDX-License-Identifier: GPL-2.0-or-later
#include "mainstream.h"

#include "check_test.h"

enum { PAGE = 4096, RAM = 0x200000 };

static struct mfd_ramblock blocks[] = {
    {.name = "mem0", .used_length = RAM, .max_length = RAM},
    {.name = "acpi", .used_length = 0x1000, .max_length = RAM, .resizable = true},
    {.name = "tiny", .used_length = PAGE - 1, .max_length = PAGE - 1},
};
static const struct mfd_ramtable ram = {blocks, COUNT(blocks)};

/* Bytes under construction. */
static uint8_t stream[1 << 16];
static size_t stream_len;

#define START() (stream_len = 0)
#define PUT(record) (stream_len += record)
#define AT (stream + stream_len)

static void put_bytes(const void *bytes, size_t len)
{
    memcpy(AT, bytes, len);
    stream_len += len;
}

static void put_zeros(size_t len)
{
    memset(AT, 0, len);
    stream_len += len;
}

static struct mfd_check_context context_of(enum mfd_rev rev)
{
    return (struct mfd_check_context){.rev = rev, .page_size = PAGE, .ram = &ram};
}

/* What an iterator said about a stream, and where it stopped. */
struct reading {
    char text[8192];
    size_t used;
    size_t consumed;
    struct mfd_record record; /* the last */
    struct mfd_finding finding;
    size_t findings;
};

static void note(struct reading *reading, const char *text)
{
    reading->used +=
        (size_t)snprintf(reading->text + reading->used, sizeof(reading->text) - reading->used,
                         "%s%s", reading->used ? " " : "", text);
    assert_true(reading->used < sizeof(reading->text));
}

/*
 * Asks for the next record with more and more bytes in view: from `first` on, in steps of `step`; never
 * more than the stream has. False if the stream ends within the record.
 */
static bool next_record(struct mfd_main *main, struct reading *reading, const uint8_t *bytes,
                        size_t len, size_t first, size_t step)
{
    size_t left = len - reading->consumed;

    for (size_t view = first < left ? first : left;;) {
        uint8_t *copy = test_copy(bytes + reading->consumed, view);
        struct mfd_findings findings = {last, COUNT(last), 0};
        size_t need = mfd_main_next(main, copy, view, &reading->record, &findings);

        free(copy);
        if (need == 0) {
            last_count = findings.count;
            return true;
        }
        assert_int_equal(findings.count, 0);
        assert_true(need > view && need <= MFD_RECORD_MAX);
        if (view == left) {
            return false;
        }
        view = view + step < left ? view + step : left;
    }
}

/* Reads until a finding that a receiver refuses, or the end. */
static void read_stream(struct reading *reading, const struct mfd_check_context *context,
                        const uint8_t *bytes, size_t len, size_t first, size_t step)
{
    struct mfd_main main;
    bool refused = false;

    memset(reading, 0, sizeof(*reading));
    mfd_main_start(&main, context, "none");
    while (!refused && reading->consumed < len &&
           next_record(&main, reading, bytes, len, first, step)) {
        const struct mfd_record *record = &reading->record;
        size_t left = len - reading->consumed - record->size;

        note(reading, mfd_message_name(record->message));
        for (size_t i = 0; i < last_count; i++) {
            assert_sound(&last[i], context->rev, record->size);
            ever_found[last[i].rule] = true;
            note(reading, mfd_rule_info(last[i].rule)->id);
            reading->finding = reading->findings++ ? reading->finding : last[i];
            refused |= mfd_rule_refused(last[i].rule);
        }
        reading->consumed += record->size;
        reading->consumed += record->payload < left ? (size_t)record->payload : left;
    }
    if (reading->consumed == len && !refused) {
        note(reading, ".");
    }
}

/* Reads what was put, byte by byte and at once; both must say the same. */
static struct reading *read_put(enum mfd_rev rev)
{
    static struct reading bytewise, whole;
    struct mfd_check_context context = context_of(rev);

    read_stream(&bytewise, &context, stream, stream_len, 0, 1);
    for (size_t step = 2; step < 40; step += 5) {
        read_stream(&whole, &context, stream, stream_len, step % 9, step);
        assert_string_equal(whole.text, bytewise.text);
        assert_int_equal(whole.consumed, bytewise.consumed);
    }
    read_stream(&whole, &context, stream, stream_len, stream_len, 1);
    assert_string_equal(whole.text, bytewise.text);
    assert_int_equal(whole.consumed, bytewise.consumed);
    assert_int_equal(whole.finding.offset, bytewise.finding.offset);
    assert_true(whole.finding.got == bytewise.finding.got);
    return &whole;
}

static void put_head(void)
{
    START();
    PUT(mfd_pack_header(AT));
    PUT(mfd_pack_config(AT, "none"));
}

/* Up to the open body of RAM START, behind a list of one block. */
static void put_ram_start(void)
{
    put_head();
    PUT(mfd_pack_section(AT, MFD_SECTION_START, 1, "ram", 0, 4));
    PUT(mfd_pack_memsize(AT, RAM));
    PUT(mfd_pack_block(AT, "mem0", RAM));
}

#define ASSERT_READ(rev, expected) assert_string_equal(read_put(rev)->text, expected)

#define HEAD "header config"
#define RAM_START HEAD " section memsize block"

/* Fails unless the last record read ends in that finding, at that place of the record. */
static void assert_found(enum mfd_rev rev, const char *expected, uint32_t offset, uint32_t width,
                         uint64_t got, uint64_t want)
{
    struct reading *reading = read_put(rev);

    assert_string_equal(reading->text, expected);
    assert_int_equal(reading->finding.offset, offset);
    assert_int_equal(reading->finding.width, width);
    assert_true(reading->finding.got == got);
    assert_true(reading->finding.want == want);
}

static void the_minimal_stream_is_read_to_its_end(void **state)
{
    static const uint8_t head[] = {
        0x51, 0x45, 0x56, 0x4d, 0, 0,    0,   3,   7,   0,   0,   0,   4,
        'n',  'o',  'n',  'e', /* configuration */
        1,    0,    0,    0,    1, 3,    'r', 'a', 'm', 0,   0,   0,   0,
        0,    0,    0,    4,                                                /* RAM START */
        0,    0,    0,    0,    0, 0x20, 0,   4,   4,   'm', 'e', 'm', '0', /* list of blocks */
        0,    0,    0,    0,    0, 0x20, 0,   0,
    };
    static const uint8_t marker[] = {0, 0, 0, 0, 0, 0, 2, 0};
    static const uint8_t close[] = {0, 0, 0, 0, 0, 0, 0, 0x10, 0x7e, 0, 0, 0, 1};
    static const uint8_t ram_end[] = {3, 0, 0, 0, 1};
    static const uint8_t tail[] = {0, 6, 0, 0, 0, 2, '{', '}'};

    (void)state;
    for (int markers = 0; markers < 2; markers++) {
        START();
        put_bytes(head, sizeof(head));
        put_bytes(marker, markers ? sizeof(marker) : 0);
        put_bytes(close, sizeof(close));
        put_bytes(ram_end, sizeof(ram_end));
        put_bytes(marker, markers ? sizeof(marker) : 0);
        put_bytes(close, sizeof(close));
        put_bytes(tail, sizeof(tail));
        ASSERT_READ(markers ? MFD_REV_LATEST : MFD_REV_7_2,
                    markers ? RAM_START " marker eos footer part marker eos footer end vmdesc ."
                            : RAM_START " eos footer part eos footer end vmdesc .");
    }
}

static void the_builders_write_the_minimal_stream(void **state)
{
    struct reading *reading = NULL;

    (void)state;
    put_ram_start();
    assert_int_equal(stream_len, 17 + 17 + 8 + 13);
    assert_memory_equal(stream + 17, "\1\0\0\0\1\3ram\0\0\0\0\0\0\0\4\0\0\0\0\0\x20\0\4\4mem0", 30);
    PUT(mfd_pack_marker(AT));
    PUT(mfd_pack_eos(AT));
    PUT(mfd_pack_footer(AT, 1));
    PUT(mfd_pack_end(AT));
    PUT(mfd_pack_vmdesc(AT, "{}"));
    assert_memory_equal(stream + stream_len - 8, "\0\6\0\0\0\2{}", 8);
    reading = read_put(MFD_REV_LATEST);
    assert_string_equal(reading->text, RAM_START " marker eos footer end vmdesc .");
    assert_int_equal(reading->record.payload, 2);
}

static void put_full(uint32_t id, const char *idstr, uint32_t version, size_t body)
{
    PUT(mfd_pack_section(AT, MFD_SECTION_FULL, id, idstr, 0, version));
    put_zeros(body);
    PUT(mfd_pack_footer(AT, id));
}

static void the_stream_of_a_real_7_2_source_is_read_to_its_end(void **state)
{
    (void)state;
    put_head();
    PUT(mfd_pack_section(AT, MFD_SECTION_START, 2, "ram", 0, 4));
    PUT(mfd_pack_memsize(AT, RAM));
    PUT(mfd_pack_block(AT, "mem0", RAM));
    PUT(mfd_pack_eos(AT));
    PUT(mfd_pack_footer(AT, 2));
    PUT(mfd_pack_part(AT, MFD_SECTION_PART, 2));
    PUT(mfd_pack_zero(AT, "mem0", 0));
    mfd_put64(AT, 0x1000 | MFD_RAM_ZERO | MFD_RAM_CONTINUE);
    AT[8] = 0;
    stream_len += 9;
    PUT(mfd_pack_eos(AT));
    PUT(mfd_pack_footer(AT, 2));
    PUT(mfd_pack_part(AT, MFD_SECTION_END, 2));
    PUT(mfd_pack_eos(AT));
    PUT(mfd_pack_footer(AT, 2));
    put_full(0, "timer", 2, 24);
    put_full(4, "globalstate", 1, 104);
    PUT(mfd_pack_end(AT));
    PUT(mfd_pack_vmdesc(AT, "{\"page_size\": 4096, \"devices\": []}"));
    ASSERT_READ(MFD_REV_7_2, RAM_START " eos footer part zero zero eos footer part eos footer "
                                       "section footer section footer end vmdesc .");
}

static void the_stream_of_a_real_10_0_source_is_read_to_its_end(void **state)
{
    (void)state;
    put_ram_start();
    PUT(mfd_pack_marker(AT));
    PUT(mfd_pack_eos(AT));
    PUT(mfd_pack_footer(AT, 1));
    PUT(mfd_pack_part(AT, MFD_SECTION_PART, 1));
    PUT(mfd_pack_marker(AT));
    PUT(mfd_pack_eos(AT));
    PUT(mfd_pack_footer(AT, 1));
    PUT(mfd_pack_command(AT, MFD_CMD_SWITCHOVER_START, NULL, 0));
    PUT(mfd_pack_part(AT, MFD_SECTION_END, 1));
    PUT(mfd_pack_marker(AT));
    PUT(mfd_pack_eos(AT));
    PUT(mfd_pack_footer(AT, 1));
    put_full(0, "timer", 2, 24);
    put_full(3, "globalstate", 1, 104);
    PUT(mfd_pack_end(AT));
    PUT(mfd_pack_vmdesc(AT, "{\"configuration\": {}}"));
    ASSERT_READ(MFD_REV_10_0, RAM_START " marker eos footer part marker eos footer command part "
                                        "marker eos footer section footer section footer end "
                                        "vmdesc .");
}

static void commands_with_their_arguments_are_read(void **state)
{
    struct reading *reading = NULL;

    (void)state;
    put_head();
    PUT(mfd_pack_command(AT, MFD_CMD_OPEN_RETURN_PATH, NULL, 0));
    PUT(mfd_pack_command(AT, MFD_CMD_PING, (const uint8_t *)"\1\2\3\4", 4));
    reading = read_put(MFD_REV_2020);
    assert_string_equal(reading->text, HEAD " command command .");
    assert_int_equal(reading->record.command, MFD_CMD_PING);
    assert_int_equal(reading->record.argument, 0x01020304);
}

static void subsections_of_the_configuration_are_skipped(void **state)
{
    (void)state;
    put_head();
    put_bytes("\5\x1e", 2);
    put_bytes("configuration/target-page-bits\0\0\0\1\0\0\0\x0c", 38);
    put_bytes("\5\x12", 2);
    put_bytes("configuration/uuid\0\0\0\1", 22);
    put_zeros(16);
    PUT(mfd_pack_end(AT));
    ASSERT_READ(MFD_REV_LATEST, HEAD " subsection subsection end .");
}

static void records_say_what_they_hold(void **state)
{
    struct reading *reading = NULL;

    (void)state;
    put_head();
    PUT(mfd_pack_section(AT, MFD_SECTION_START, 7, "ram", 0, 4));
    reading = read_put(MFD_REV_LATEST);
    assert_true(reading->record.is_ram);
    assert_int_equal(reading->record.section_type, MFD_SECTION_START);
    PUT(mfd_pack_memsize(AT, RAM + 0x2000));
    assert_int_equal(read_put(MFD_REV_LATEST)->record.length, RAM + 0x2000);
    PUT(mfd_pack_block(AT, "mem0", RAM));
    PUT(mfd_pack_block(AT, "acpi", 0x2000));
    reading = read_put(MFD_REV_LATEST);
    assert_int_equal(reading->record.block, 1);
    assert_int_equal(reading->record.length, 0x2000);
    PUT(mfd_pack_page(AT, "mem0", 0x3000));
    put_zeros(PAGE);
    reading = read_put(MFD_REV_LATEST);
    assert_int_equal(reading->record.message, MFD_MSG_page);
    assert_int_equal(reading->record.block, 0);
    assert_int_equal(reading->record.offset, 0x3000);
    assert_int_equal(reading->record.payload, PAGE);
    PUT(mfd_pack_eos(AT));
    assert_false(read_put(MFD_REV_LATEST)->record.last);
    PUT(mfd_pack_footer(AT, 7));
    PUT(mfd_pack_part(AT, MFD_SECTION_END, 7));
    reading = read_put(MFD_REV_LATEST);
    assert_true(reading->record.is_ram);
    assert_int_equal(reading->record.section_type, MFD_SECTION_END);
    PUT(mfd_pack_eos(AT));
    assert_true(read_put(MFD_REV_LATEST)->record.last);
}

static void a_record_continues_the_block_of_the_one_before_even_in_a_later_section(void **state)
{
    struct reading *reading = NULL;

    (void)state;
    put_ram_start();
    PUT(mfd_pack_zero(AT, "mem0", 0x1000));
    PUT(mfd_pack_eos(AT));
    PUT(mfd_pack_footer(AT, 1));
    PUT(mfd_pack_part(AT, MFD_SECTION_PART, 1));
    mfd_put64(AT, 0x5000 | MFD_RAM_PAGE | MFD_RAM_CONTINUE);
    stream_len += 8;
    put_zeros(PAGE);
    reading = read_put(MFD_REV_LATEST);
    assert_string_equal(reading->text, RAM_START " zero eos footer part page .");
    assert_int_equal(reading->record.block, 0);
    assert_int_equal(reading->record.offset, 0x5000);
}

static void without_a_table_blocks_are_unknown_and_no_finding(void **state)
{
    static struct reading reading;
    struct mfd_check_context context = context_of(MFD_REV_LATEST);

    (void)state;
    context.ram = NULL;
    put_head();
    PUT(mfd_pack_section(AT, MFD_SECTION_START, 1, "ram", 0, 4));
    PUT(mfd_pack_memsize(AT, RAM));
    PUT(mfd_pack_block(AT, "anything", RAM));
    PUT(mfd_pack_zero(AT, "other", 1ull << 40));
    mfd_put64(AT, 0x5000 | MFD_RAM_ZERO | MFD_RAM_CONTINUE);
    AT[8] = 0;
    stream_len += 9;
    read_stream(&reading, &context, stream, stream_len, 0, 1);
    assert_string_equal(reading.text, RAM_START " zero zero .");
    assert_int_equal(reading.record.block, -1);
}

static void a_wrong_header_is_found(void **state)
{
    (void)state;
    put_head();
    stream[3] = 'L';
    assert_found(MFD_REV_LATEST, "header MF-MAIN-001", 0, 4, 0x5145564c, MFD_MAIN_MAGIC);
    put_head();
    stream[7] = 2;
    assert_found(MFD_REV_2020, "header MF-MAIN-015", 4, 4, 2, 3);
    START();
    put_bytes("\x11\x22\x33\x44\0\0\0\1", 8);
    assert_found(MFD_REV_LATEST, "header MF-MAIN-001 MF-MAIN-015", 0, 4, 0x11223344,
                 MFD_MAIN_MAGIC);
}

static void a_wrong_configuration_is_found(void **state)
{
    (void)state;
    START();
    PUT(mfd_pack_header(AT));
    PUT(mfd_pack_config(AT, "pc"));
    assert_found(MFD_REV_LATEST, "header config MF-MAIN-016", 5, 2, 0x7063, 0);
    START();
    PUT(mfd_pack_header(AT));
    PUT(mfd_pack_config(AT, "pc-i440fx-7.2"));
    assert_found(MFD_REV_LATEST, "header config MF-MAIN-016", 5, 13, 0, 0);
    START();
    PUT(mfd_pack_header(AT));
    PUT(mfd_pack_part(AT, MFD_SECTION_START, 1));
    assert_found(MFD_REV_LATEST, "header config MF-MAIN-016", 0, 1, 1, 7);
    START();
    PUT(mfd_pack_header(AT));
    put_bytes("\7\xff\xff\xff\xff", 5);
    assert_found(MFD_REV_LATEST, "header config MF-MAIN-016", 1, 4, 0xffffffff, 256);
    START();
    PUT(mfd_pack_header(AT));
    put_bytes("\7\0\0\1\1", 5);
    assert_found(MFD_REV_LATEST, "header config MF-MAIN-016", 1, 4, 257, 256);
    put_head();
    put_bytes("\5\4zork\0\0\0\1", 10);
    assert_found(MFD_REV_LATEST, HEAD " subsection MF-MAIN-016", 2, 4, 0x7a6f726b, 0);
}

static void the_longest_machine_name_that_is_read_has_256_bytes(void **state)
{
    char name[257] = "";

    (void)state;
    memset(name, 'm', 256);
    START();
    PUT(mfd_pack_header(AT));
    PUT(mfd_pack_config(AT, name));
    assert_found(MFD_REV_LATEST, "header config MF-MAIN-016", 5, 256, 0, 0);
}

static void wrong_sections_are_found(void **state)
{
    (void)state;
    put_head();
    put_bytes("\x09", 1);
    assert_found(MFD_REV_LATEST, HEAD " section MF-MAIN-017", 0, 1, 9, 0);
    put_head();
    PUT(mfd_pack_section(AT, MFD_SECTION_FULL, 1, "zork", 0, 1));
    assert_found(MFD_REV_LATEST, HEAD " section MF-MAIN-017", 6, 4, 0x7a6f726b, 0);
    put_head();
    PUT(mfd_pack_section(AT, MFD_SECTION_START, 1, "timer", 0, 2));
    assert_found(MFD_REV_LATEST, HEAD " section MF-MAIN-017", 6, 5, 0x74696d6572, 0);
    put_head();
    PUT(mfd_pack_section(AT, MFD_SECTION_FULL, 1, "ram", 0, 4));
    assert_found(MFD_REV_LATEST, HEAD " section MF-MAIN-017", 0, 1, 4, 1);
    put_head();
    PUT(mfd_pack_section(AT, MFD_SECTION_START, 1, "ram", 1, 4));
    assert_found(MFD_REV_LATEST, HEAD " section MF-MAIN-017", 9, 4, 1, 0);
    put_head();
    PUT(mfd_pack_part(AT, MFD_SECTION_PART, 0));
    assert_found(MFD_REV_LATEST, HEAD " part MF-MAIN-017", 1, 4, 0, 0);
    put_ram_start();
    PUT(mfd_pack_eos(AT));
    PUT(mfd_pack_footer(AT, 1));
    PUT(mfd_pack_part(AT, MFD_SECTION_END, 2));
    assert_found(MFD_REV_LATEST, RAM_START " eos footer part MF-MAIN-017", 1, 4, 2, 1);
    put_ram_start();
    PUT(mfd_pack_eos(AT));
    PUT(mfd_pack_footer(AT, 1));
    PUT(mfd_pack_section(AT, MFD_SECTION_START, 1, "ram", 0, 4));
    assert_found(MFD_REV_LATEST, RAM_START " eos footer section MF-MAIN-017", 0, 1, 1, 1);
}

static void a_ram_section_of_another_version_is_found(void **state)
{
    (void)state;
    for (uint32_t version = 3; version <= 5; version += 2) {
        put_head();
        PUT(mfd_pack_section(AT, MFD_SECTION_START, 1, "ram", 0, version));
        assert_found(MFD_REV_LATEST, HEAD " section MF-MAIN-018", 13, 4, version, 4);
    }
}

static void wrong_footers_are_found(void **state)
{
    (void)state;
    put_ram_start();
    PUT(mfd_pack_eos(AT));
    put_bytes("\x7f", 1);
    assert_found(MFD_REV_LATEST, RAM_START " eos footer MF-MAIN-003", 0, 1, 0x7f, 0x7e);
    put_ram_start();
    PUT(mfd_pack_eos(AT));
    PUT(mfd_pack_footer(AT, 2));
    assert_found(MFD_REV_LATEST, RAM_START " eos footer MF-MAIN-003", 1, 4, 2, 1);
}

static void wrong_commands_are_found(void **state)
{
    (void)state;
    put_head();
    PUT(mfd_pack_command(AT, MFD_CMD_SWITCHOVER_START, NULL, 0));
    assert_found(MFD_REV_9_2, HEAD " command MF-MAIN-012", 1, 2, 11, 0);
    put_head();
    PUT(mfd_pack_command(AT, 3, NULL, 0));
    assert_found(MFD_REV_LATEST, HEAD " command MF-MAIN-012", 1, 2, 3, 0);
    put_head();
    PUT(mfd_pack_command(AT, MFD_CMD_PING, (const uint8_t *)"\0\0\0\0\0", 5));
    assert_found(MFD_REV_LATEST, HEAD " command MF-MAIN-012", 3, 2, 5, 4);
    put_head();
    PUT(mfd_pack_command(AT, MFD_CMD_OPEN_RETURN_PATH, (const uint8_t *)"\0", 1));
    assert_found(MFD_REV_LATEST, HEAD " command MF-MAIN-012", 3, 2, 1, 0);
}

static void put_list(uint64_t total)
{
    put_head();
    PUT(mfd_pack_section(AT, MFD_SECTION_START, 1, "ram", 0, 4));
    PUT(mfd_pack_memsize(AT, total));
}

static void wrong_lists_of_blocks_are_found(void **state)
{
    (void)state;
    put_list(RAM - PAGE);
    PUT(mfd_pack_block(AT, "mem0", RAM));
    assert_found(MFD_REV_LATEST, RAM_START " MF-MAIN-002", 5, 8, RAM, RAM - PAGE);
    put_list(2 * RAM);
    PUT(mfd_pack_block(AT, "mem0", RAM));
    PUT(mfd_pack_block(AT, "mem0", RAM));
    assert_found(MFD_REV_LATEST, RAM_START " block MF-MAIN-002", 0, 1, 4, 0);
    put_list(RAM);
    PUT(mfd_pack_block(AT, "mem0", RAM - PAGE));
    assert_found(MFD_REV_LATEST, RAM_START " MF-MAIN-008", 5, 8, RAM - PAGE, RAM);
    put_list(2 * RAM);
    PUT(mfd_pack_block(AT, "acpi", RAM + 1));
    assert_found(MFD_REV_LATEST, RAM_START " MF-MAIN-008", 5, 8, RAM + 1, RAM);
    put_list(RAM);
    PUT(mfd_pack_block(AT, "nope", RAM));
    assert_found(MFD_REV_LATEST, RAM_START " MF-MAIN-020", 1, 4, 0x6e6f7065, 0);
}

static void a_list_ends_where_its_lengths_add_up(void **state)
{
    (void)state;
    put_list(RAM + 0x1000);
    PUT(mfd_pack_block(AT, "acpi", 0));
    PUT(mfd_pack_block(AT, "mem0", RAM));
    PUT(mfd_pack_block(AT, "tiny", PAGE - 1));
    PUT(mfd_pack_eos(AT)); /* one byte is still missing, so this is read as a block without name */
    PUT(mfd_pack_footer(AT, 1));
    assert_found(MFD_REV_LATEST, RAM_START " block block block MF-MAIN-020 MF-MAIN-002", 1, 0, 0,
                 0);
    put_list(0);
    PUT(mfd_pack_eos(AT));
    ASSERT_READ(MFD_REV_LATEST, HEAD " section memsize eos .");
}

static void blocks_beyond_the_marks_of_the_iterator_are_not_counted_twice(void **state)
{
    static struct mfd_ramblock many[300];
    static struct reading reading;
    struct mfd_ramtable table = {many, COUNT(many)};
    struct mfd_check_context context = {.rev = MFD_REV_LATEST, .page_size = PAGE, .ram = &table};

    (void)state;
    for (size_t i = 0; i < COUNT(many); i++) {
        snprintf(many[i].name, sizeof(many[i].name), "b%zu", i);
        many[i].used_length = many[i].max_length = PAGE;
    }
    put_list((uint64_t)4 * PAGE);
    PUT(mfd_pack_block(AT, "b299", PAGE));
    PUT(mfd_pack_block(AT, "b255", PAGE));
    PUT(mfd_pack_block(AT, "b299", PAGE));
    PUT(mfd_pack_block(AT, "b255", PAGE));
    read_stream(&reading, &context, stream, stream_len, 0, 1);
    assert_string_equal(reading.text, RAM_START " block block block MF-MAIN-002");
}

static void wrong_ram_records_are_found(void **state)
{
    static const uint64_t words[] = {0, 1, 3, 0x40, 0x80, 0x100, 0x212, 0x18, 0xfff};

    (void)state;
    for (size_t i = 0; i < COUNT(words); i++) {
        put_ram_start();
        mfd_put64(AT, 0x5000 | words[i]);
        stream_len += 8;
        assert_found(MFD_REV_LATEST, RAM_START " eos MF-MAIN-019", 0, 8, 0x5000 | words[i], 0);
    }
    put_ram_start();
    PUT(mfd_pack_marker(AT));
    assert_found(MFD_REV_7_2, RAM_START " marker MF-SYNC-014", 0, 8, 0x200, 0);
    ASSERT_READ(MFD_REV_8_1, RAM_START " marker .");
    /* a list outside START */
    put_ram_start();
    PUT(mfd_pack_eos(AT));
    PUT(mfd_pack_footer(AT, 1));
    PUT(mfd_pack_part(AT, MFD_SECTION_PART, 1));
    PUT(mfd_pack_memsize(AT, 0x1000));
    assert_found(MFD_REV_LATEST, RAM_START " eos footer part memsize MF-MAIN-019", 0, 8, 0x1004, 0);
    /* a record that continues a block where none was named */
    put_ram_start();
    mfd_put64(AT, 0x1000 | MFD_RAM_ZERO | MFD_RAM_CONTINUE);
    AT[8] = 0;
    stream_len += 9;
    assert_found(MFD_REV_LATEST, RAM_START " zero MF-MAIN-019", 0, 8, 0x1022, 0);
}

static void wrong_zero_pages_and_pages_are_found(void **state)
{
    (void)state;
    put_ram_start();
    PUT(mfd_pack_zero(AT, "mem0", 0));
    stream[stream_len - 1] = 0xaa;
    assert_found(MFD_REV_10_0, RAM_START " zero MF-MAIN-013", 13, 1, 0xaa, 0);
    ASSERT_READ(MFD_REV_9_2, RAM_START " zero .");
    put_ram_start();
    PUT(mfd_pack_zero(AT, "nope", 0));
    assert_found(MFD_REV_LATEST, RAM_START " zero MF-MAIN-020", 9, 4, 0x6e6f7065, 0);
    put_ram_start();
    PUT(mfd_pack_zero(AT, "mem0", RAM - PAGE));
    ASSERT_READ(MFD_REV_LATEST, RAM_START " zero .");
    put_ram_start();
    PUT(mfd_pack_zero(AT, "mem0", RAM));
    assert_found(MFD_REV_LATEST, RAM_START " zero MF-MAIN-021", 0, 8, RAM | 2, RAM);
    put_ram_start();
    PUT(mfd_pack_page(AT, "mem0", UINT64_MAX - PAGE + 1));
    assert_found(MFD_REV_LATEST, RAM_START " page MF-MAIN-021", 0, 8,
                 (UINT64_MAX - PAGE + 1) | MFD_RAM_PAGE, RAM);
    put_ram_start();
    PUT(mfd_pack_zero(AT, "tiny", 0));
    assert_found(MFD_REV_LATEST, RAM_START " zero MF-MAIN-021", 0, 8, 2, PAGE - 1);
}

static void what_follows_the_end_is_at_most_a_description(void **state)
{
    (void)state;
    put_head();
    PUT(mfd_pack_end(AT));
    ASSERT_READ(MFD_REV_LATEST, HEAD " end .");
    put_bytes("\7", 1);
    assert_found(MFD_REV_LATEST, HEAD " end vmdesc MF-MAIN-017", 0, 1, 7, 6);
}

static void every_rule_about_main_was_found(void **state)
{
    static const char *const messages[] = {"header",  "config", "section", "footer", "command",
                                           "memsize", "block",  "zero",    "eos",    "marker"};

    (void)state;
    for (size_t i = 0; i < COUNT(messages); i++) {
        assert_all_found(messages[i]);
    }
}

static void any_bytes_are_read_without_reading_past_them(void **state)
{
    static struct reading reading;
    uint64_t random = 7;

    (void)state;
    for (int i = 0; i < 3000; i++) {
        struct mfd_check_context context = context_of((enum mfd_rev)(i % MFD_REV_COUNT));
        size_t kept = 0;

        context.page_size = 256u << (i % 9);
        context.ram = i % 3 ? &ram : NULL;
        put_ram_start();
        PUT(mfd_pack_zero(AT, "mem0", 0));
        PUT(mfd_pack_eos(AT));
        PUT(mfd_pack_footer(AT, 1));
        kept = (size_t)(test_random(&random) % stream_len);
        /* one byte of a correct stream changed, or random bytes behind a correct start */
        if (i % 2) {
            stream[kept] ^= (uint8_t)(1 + test_random(&random) % 255);
        } else {
            stream_len = kept + 300;
            test_fill_random(stream + kept, 300, &random);
        }
        read_stream(&reading, &context, stream, stream_len, 0, 1 + (size_t)(i % 7));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_minimal_stream_is_read_to_its_end),
        cmocka_unit_test(the_builders_write_the_minimal_stream),
        cmocka_unit_test(the_stream_of_a_real_7_2_source_is_read_to_its_end),
        cmocka_unit_test(the_stream_of_a_real_10_0_source_is_read_to_its_end),
        cmocka_unit_test(commands_with_their_arguments_are_read),
        cmocka_unit_test(subsections_of_the_configuration_are_skipped),
        cmocka_unit_test(records_say_what_they_hold),
        cmocka_unit_test(a_record_continues_the_block_of_the_one_before_even_in_a_later_section),
        cmocka_unit_test(without_a_table_blocks_are_unknown_and_no_finding),
        cmocka_unit_test(a_wrong_header_is_found),
        cmocka_unit_test(a_wrong_configuration_is_found),
        cmocka_unit_test(the_longest_machine_name_that_is_read_has_256_bytes),
        cmocka_unit_test(wrong_sections_are_found),
        cmocka_unit_test(a_ram_section_of_another_version_is_found),
        cmocka_unit_test(wrong_footers_are_found),
        cmocka_unit_test(wrong_commands_are_found),
        cmocka_unit_test(wrong_lists_of_blocks_are_found),
        cmocka_unit_test(a_list_ends_where_its_lengths_add_up),
        cmocka_unit_test(blocks_beyond_the_marks_of_the_iterator_are_not_counted_twice),
        cmocka_unit_test(wrong_ram_records_are_found),
        cmocka_unit_test(wrong_zero_pages_and_pages_are_found),
        cmocka_unit_test(what_follows_the_end_is_at_most_a_description),
        /* the next two last: random bytes must not stand in for the cases above */
        cmocka_unit_test(every_rule_about_main_was_found),
        cmocka_unit_test(any_bytes_are_read_without_reading_past_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
