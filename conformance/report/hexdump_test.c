// SPDX-License-Identifier: GPL-2.0-or-later
#include "hexdump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_dump(const struct mfd_hexdump *dump, const char *want)
{
    char *text = mfd_hexdump_text(dump);

    assert_string_equal(text, want);
    free(text);
}

/* A correct hello of channel 2 with a UUID. */
static void make_hello(uint8_t hello[MFD_HELLO_SIZE])
{
    memset(hello, 0, MFD_HELLO_SIZE);
    mfd_put32(hello, MFD_MAGIC);
    mfd_put32(hello + 4, MFD_VERSION);
    for (uint8_t i = 0; i < MFD_UUID_SIZE; i++) {
        hello[8 + i] = (uint8_t)(0xa0 + i);
    }
    hello[24] = 2;
}

/* A packet of `pages` pages of mem0, with a page size of 4 KiB. */
static void make_packet(uint8_t *packet, uint32_t pages)
{
    memset(packet, 0, mfd_packet_size(4096));
    mfd_put32(packet, MFD_MAGIC);
    mfd_put32(packet + 4, MFD_VERSION);
    mfd_put32(packet + 12, 128);
    mfd_put32(packet + 16, pages);
    mfd_put32(packet + 20, pages * 4096);
    mfd_put64(packet + 24, 300);
    memcpy(packet + 64, "mem0", 4);
    for (uint32_t i = 0; i < pages; i++) {
        mfd_put64(packet + MFD_PACKET_FIXED + 8 * i, (uint64_t)(i + 7) * 4096);
    }
}

static void every_field_of_a_hello_has_a_line_and_the_fault_is_marked(void **state)
{
    uint8_t hello[MFD_HELLO_SIZE];
    struct mfd_plan_part part = {MFD_MSG_hello, 0, sizeof(hello)};

    (void)state;
    make_hello(hello);
    assert_dump(&(struct mfd_hexdump){hello, sizeof(hello), &part, 1, 24, 1, 4096},
                "hello, 64 bytes\n"
                "    0000  11 22 33 44                magic                0x11223344\n"
                "    0004  00 00 00 01                version              1\n"
                "    0008  a0 a1 a2 a3 a4 a5 a6 a7 .. uuid                 a0a1a2a3-a4a5-a6a7-a8a9-"
                "aaabacadaeaf\n"
                "  > 0018  02                         id                   2               "
                "<- channel id, 0 to channels - 1\n"
                "    0019  00 00 00 00 00 00 00       reserved             zero\n"
                "    0020  00 00 00 00 00 00 00 00 .. reserved_wide[0..3]  zero\n");
}

static void offsets_that_rise_evenly_share_a_line(void **state)
{
    uint8_t packet[MFD_PACKET_FIXED + 8 * 128];
    struct mfd_plan_part part = {MFD_MSG_packet, 0, sizeof(packet)};
    char *text = NULL;

    (void)state;
    make_packet(packet, 10);
    text = mfd_hexdump_text(&(struct mfd_hexdump){packet, sizeof(packet), &part, 1, 0, 0, 4096});
    assert_non_null(strstr(text, "offset[0..9]         0x7000, each +0x1000\n"));
    assert_non_null(strstr(text, "offset[10..127]      zero\n"));
    assert_null(strchr(text, '>'));
    free(text);
}

static void a_faulted_element_is_never_folded_away(void **state)
{
    uint8_t packet[MFD_PACKET_FIXED + 8 * 128];
    struct mfd_plan_part part = {MFD_MSG_packet, 0, sizeof(packet)};
    char *text = NULL;

    (void)state;
    make_packet(packet, 10);
    text = mfd_hexdump_text(
        &(struct mfd_hexdump){packet, sizeof(packet), &part, 1, MFD_PACKET_FIXED + 8 * 5, 8, 4096});
    assert_non_null(strstr(text, "offset[0..4]         0x7000, each +0x1000\n"));
    assert_non_null(
        strstr(text, "  > 0168  00 00 00 00 00 00 c0 00    offset[5]            0xc000"));
    assert_non_null(strstr(text, "offset[6..9]         0xd000, each +0x1000\n"));
    free(text);
}

static void a_fault_late_in_a_long_field_shows_its_bytes(void **state)
{
    uint8_t packet[MFD_PACKET_FIXED + 8 * 128];
    struct mfd_plan_part part = {MFD_MSG_packet, 0, sizeof(packet)};
    char *text = NULL;

    (void)state;
    make_packet(packet, 1);
    packet[64 + 255] = 'x';
    text = mfd_hexdump_text(
        &(struct mfd_hexdump){packet, sizeof(packet), &part, 1, 64 + 255, 1, 4096});
    assert_non_null(strstr(text, "ramblock             \"mem0\", bytes after its NUL"));
    assert_non_null(strstr(text, "  > 013f  78 "));
    free(text);
}

static void a_block_name_without_nul_is_told(void **state)
{
    uint8_t packet[MFD_PACKET_FIXED + 8 * 128];
    char text[160];

    (void)state;
    make_packet(packet, 1);
    memset(packet + 64, 'n', MFD_IDSTR_SIZE);
    mfd_field_text(MFD_FIELD_packet_ramblock, packet + 64, MFD_IDSTR_SIZE, text, sizeof(text));
    assert_string_equal(text, "\"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...\", no NUL");
}

static void flags_are_named(void **state)
{
    const uint8_t flags[4] = {0, 0, 0, 0x43};
    char text[64];

    (void)state;
    mfd_field_text(MFD_FIELD_packet_flags, flags, 4, text, sizeof(text));
    assert_string_equal(text, "0x43 SYNC zlib device");
}

static void a_word_of_main_is_offset_and_flags(void **state)
{
    const uint8_t word[8] = {0, 0, 0, 0, 0, 0, 0x30, 0x22};
    char text[64];

    (void)state;
    mfd_field_text(MFD_FIELD_zero_word, word, 8, text, sizeof(text));
    assert_string_equal(text, "0x3000 + flags 0x022");
}

static void a_message_that_ends_within_a_field_says_so(void **state)
{
    uint8_t hello[MFD_HELLO_SIZE];
    struct mfd_plan_part part = {MFD_MSG_hello, 0, 6};

    (void)state;
    make_hello(hello);
    assert_dump(&(struct mfd_hexdump){hello, 6, &part, 1, 0, 0, 4096},
                "hello, 6 bytes\n"
                "    0000  11 22 33 44                magic                0x11223344\n"
                "    and 2 bytes that complete no field\n"
                "    0004  00 00                                            |..|\n");
}

static void payload_is_cut_but_not_where_the_fault_is(void **state)
{
    uint8_t bytes[8 + 4096] = {0};
    struct mfd_plan_part part = {MFD_MSG_eos, 0, 8};

    (void)state;
    bytes[7] = MFD_RAM_EOS;
    memcpy(bytes + 8 + 160, "fault", 5);
    assert_dump(&(struct mfd_hexdump){bytes, sizeof(bytes), &part, 1, 8 + 160, 5, 4096},
                "eos, 8 bytes\n"
                "    0000  00 00 00 00 00 00 00 10    word                 0x0 + flags 0x010\n"
                "payload, 4096 bytes\n"
                "    0008  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  |................|\n"
                "    0018  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  |................|\n"
                "    0028  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  |................|\n"
                "    0038  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  |................|\n"
                "          ... 96 bytes\n"
                "  > 00a8  66 61 75 6c 74 00 00 00 00 00 00 00 00 00 00 00  |fault...........|\n"
                "          ... 3920 bytes\n");
}

static void bytes_of_no_message_are_payload(void **state)
{
    const uint8_t bytes[] = {'x', 'y'};

    (void)state;
    assert_dump(&(struct mfd_hexdump){bytes, 2, NULL, 0, 0, 0, 4096},
                "payload, 2 bytes\n"
                "    0000  78 79                                            |xy|\n");
    assert_dump(&(struct mfd_hexdump){bytes, 0, NULL, 0, 0, 0, 4096}, "");
}

static void a_part_that_promises_more_than_there_is_is_cut(void **state)
{
    uint8_t hello[MFD_HELLO_SIZE];
    struct mfd_plan_part parts[] = {{MFD_MSG_hello, 0, 64}, {MFD_MSG_hello, 64, 64}};
    char *text = NULL;

    (void)state;
    make_hello(hello);
    text = mfd_hexdump_text(&(struct mfd_hexdump){hello, 8, parts, 2, 0, 0, 4096});
    assert_memory_equal(text, "hello, 8 bytes\n", 15);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_of_a_hello_has_a_line_and_the_fault_is_marked),
        cmocka_unit_test(offsets_that_rise_evenly_share_a_line),
        cmocka_unit_test(a_faulted_element_is_never_folded_away),
        cmocka_unit_test(a_fault_late_in_a_long_field_shows_its_bytes),
        cmocka_unit_test(a_block_name_without_nul_is_told),
        cmocka_unit_test(flags_are_named),
        cmocka_unit_test(a_word_of_main_is_offset_and_flags),
        cmocka_unit_test(a_message_that_ends_within_a_field_says_so),
        cmocka_unit_test(payload_is_cut_but_not_where_the_fault_is),
        cmocka_unit_test(bytes_of_no_message_are_payload),
        cmocka_unit_test(a_part_that_promises_more_than_there_is_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
