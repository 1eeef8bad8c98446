// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What somebody reads who opens a message, through tshark -V: titles and values, marks with their severity below the field that
 * they are about, pages, tables of lengths, and pages decompressed as bytes of their own.
 */
#include "made_test.h"
#include "packet.h"

#include <sys/uio.h>

#define PAGE 4096u
/* Of contents the first bytes; without reserved fields, and bits of flags, which versions of Wireshark write in different ways. */
#define CUT \
    "sed -E '/^QEMU/,$!d; /^$/d; /Reserved: 0$/d; /^ *[01.]{4} [01. ]* = /d; " \
    "s/ \\[[^] ]*\\]:/:/; s/(Data|Payload|offsets): ([0-9a-f]{8})[0-9a-f].*/\\1: \\2/'"
#define HEADER(method, revision, flags, size, zero) \
    "QEMU multifd migration, ch 3, packet 7 " method " 1+" zero " pages of mem0\n" \
    "    [Migration: 0]\n" \
    "    [Channel: 3]\n" \
    "    [Sender revision: " revision "]\n" \
    "    [Page size: 4096]\n" \
    "    Magic: 0x11223344\n" \
    "    Version: 1\n" \
    "    Flags: " flags "\n" \
    "    Slots: 128\n" \
    "    Normal pages: 1\n" \
    "    Payload size: " size "\n" \
    "    Packet number: 7\n" \
    "    Zero pages: " zero "\n" \
    "    RAM block: mem0\n"
#define OFFSETS \
    "    Offsets: 1 normal, 0 zero\n" \
    "        Page offset: 0x0000000000003000 (normal)\n"
#define PAGE_OF_MEM0 \
    "        Page 0: mem0 0x3000\n" \
    "            [Block: mem0]\n" \
    "            [Offset: 0x0000000000003000]\n" \
    "            Data: 01020300\n"

static const uint8_t page[PAGE] = {1, 2, 3};

/* A channel with its first SYNC, and one page with this payload. */
static void put_channel(uint32_t method, const uint64_t *offsets, uint32_t zero_pages,
                        const struct iovec *payload)
{
    struct mfd_packet packet = {.magic = MFD_MAGIC, .version = MFD_VERSION, .flags = MFD_FLAG_SYNC};
    uint8_t bytes[MFD_PACKET_SIZE_MAX + 2 * PAGE];
    size_t size = mfd_packet_size(PAGE);

    open_channel(0, 3);
    mfd_packet_pack(bytes, PAGE, &packet, NULL);
    send_bytes(0, bytes, size);
    packet.flags = method;
    packet.pages_alloc = mfd_slots(PAGE);
    packet.normal_pages = 1;
    packet.zero_pages = zero_pages;
    packet.next_packet_size = (uint32_t)payload->iov_len;
    packet.packet_num = 7;
    strcpy(packet.ramblock, "mem0");
    mfd_packet_pack(bytes, PAGE, &packet, offsets);
    memcpy(bytes + size, payload->iov_base, payload->iov_len);
    send_bytes(0, bytes, size + payload->iov_len);
}

/* The same with the page behind `len` bytes of a head that its method wants. */
static void put_headed(uint32_t method, const uint8_t *head, size_t len)
{
    uint8_t bytes[2 * PAGE];
    struct iovec payload = {bytes, len + sizeof(page)};

    memcpy(bytes, head, len);
    memcpy(bytes + len, page, sizeof(page));
    put_channel(method, (const uint64_t[]){0x3000}, 0, &payload);
}

static void assert_tree(const char *how, const char *wanted)
{
    char *text =
        mfd_tshark("-n -r %s " DECODE "-Y multifd.packet.ramblock==mem0 %s | " CUT, path, how);

    if (strcmp(text, wanted) != 0) {
        print_error("%s", text);
        fail_msg("wanted:\n%s", wanted);
    }
    free(text);
}

static void a_packet_shows_its_fields_its_pages_and_its_mark_at_the_offset_it_is_about(void **state)
{
    struct iovec payload = {(void *)page, sizeof(page)};

    (void)state;
    begin();
    put_channel(0, (const uint64_t[]){0x3000, 0x5001}, 1, &payload);
    finish();
    assert_tree(
        "-o multifd.revision:9.0 -o multifd.zero:packet -V -O multifd",
        HEADER(
            "none", "9.0", "0x00000000, Method: none", "4096",
            "1") "    Offsets: 1 normal, 1 zero\n"
                 "        Page offset: 0x0000000000003000 (normal)\n"
                 "        Page offset: 0x0000000000005001 (zero)\n"
                 "            [Expert Info (Error/Protocol): MF-HDR-024: Offsets are multiples of the page size. "
                 "Got 0x5001, want 0x5000.]\n"
                 "                [MF-HDR-024: Offsets are multiples of the page size. "
                 "Got 0x5001, want 0x5000.]\n"
                 "                [Severity level: Error]\n"
                 "                [Group: Protocol]\n"
                 "            [Rule: MF-HDR-024]\n"
                 "    Unused offsets: 00000000\n"
                 "    [Payload size: 4096]\n"
                 "    Payload: 01020300\n" PAGE_OF_MEM0);
}

static void pages_that_were_decompressed_are_bytes_of_their_own(void **state)
{
    /* a frame with one block that is not compressed */
    static const uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x48, 0x00, 0x80, 0x00};
    char *text = NULL;

    (void)state;
    begin();
    put_headed(MFD_FLAG_ZSTD, frame, sizeof(frame));
    finish();
    assert_tree("-V -O multifd", HEADER("zstd", "9.0 or later", "0x00000004, Method: zstd", "4105",
                                        "0") OFFSETS "    Unused offsets: 00000000\n"
                                                     "    [Payload size: 4105]\n"
                                                     "    Payload: 28b52ffd\n" PAGE_OF_MEM0);
    text = mfd_tshark("-n -r %s " DECODE "-Y multifd.packet.ramblock==mem0 -x", path);
    assert_non_null(strstr(text, "Pages (4096 bytes):\n0000  01 02 03 00"));
    free(text);
}

static void the_lengths_of_pages_compressed_each_for_itself_are_shown(void **state)
{
    (void)state;
    begin();
    put_headed(MFD_FLAG_QPL, (const uint8_t[]){0, 0, PAGE >> 8, 0}, 4);
    finish();
    assert_tree("-V -O multifd", HEADER("qpl", "9.1 or later", "0x00000008, Method: qpl", "4100",
                                        "0") OFFSETS "    Unused offsets: 00000000\n"
                                                     "    [Payload size: 4100]\n"
                                                     "    Payload: 00001000\n"
                                                     "        Length: 4096\n" PAGE_OF_MEM0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_packet_shows_its_fields_its_pages_and_its_mark_at_the_offset_it_is_about),
        cmocka_unit_test(pages_that_were_decompressed_are_bytes_of_their_own),
        cmocka_unit_test(the_lengths_of_pages_compressed_each_for_itself_are_shown),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
