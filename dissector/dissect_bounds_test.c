// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What few bytes of a capture can ask for: migrations, guests, windows of decoders. All share a budget, and what is beyond it is
 * dissected without; tshark runs with so little address space that it could not go on otherwise.
 */
#include "made_test.h"
#include "mainstream.h"
#include "packet.h"

/* tshark alone takes less than half. */
#define ADDRESS_SPACE "1600000"
#define PAGE 4096u

/* ---- making captures ---- */

/* A main connection that lists one block of that size. */
static void put_main(uint64_t ram)
{
    uint8_t bytes[6 * MFD_RECORD_MAX];
    size_t len = mfd_pack_header(bytes);

    len += mfd_pack_config(bytes + len, "none");
    len += mfd_pack_section(bytes + len, MFD_SECTION_START, 1, "ram", 0, MFD_RAM_SECTION_VERSION);
    len += mfd_pack_memsize(bytes + len, ram);
    len += mfd_pack_block(bytes + len, "mem0", ram);
    len += mfd_pack_eos(bytes + len);
    open_conn(0);
    send_bytes(0, bytes, len);
}

/* One page, and its payload. */
static void put_page(uint32_t connection, uint32_t method, uint64_t number, const uint8_t *payload,
                     size_t len)
{
    struct mfd_packet packet = {
        .magic = MFD_MAGIC,
        .version = MFD_VERSION,
        .flags = method,
        .pages_alloc = 128,
        .normal_pages = 1,
        .next_packet_size = (uint32_t)len,
        .packet_num = number,
        .ramblock = "mem0",
    };
    uint8_t bytes[MFD_PACKET_SIZE_MAX + 2 * PAGE];
    size_t size = mfd_packet_size(PAGE);

    mfd_packet_pack(bytes, PAGE, &packet, (const uint64_t[]){0});
    memcpy(bytes + size, payload, len);
    send_bytes(connection, bytes, size + len);
}

/* ---- looking at them ---- */

static size_t count_lines(const char *text)
{
    size_t lines = 0;

    for (; *text; text++) {
        lines += *text == '\n';
    }
    return lines;
}

static size_t frames(const char *filter)
{
    char *text = NULL;
    size_t found = 0;

    mfd_tshark_before = "ulimit -v " ADDRESS_SPACE "; ";
    text = mfd_tshark("-n -r %s " DECODE "-Y '%s' -T fields -e frame.number", path, filter);
    mfd_tshark_before = "";
    found = count_lines(text);
    free(text);
    return found;
}

/* Of these some were judged, and some were not. */
static void assert_some(size_t found, size_t of)
{
    if (found == 0 || found >= of) {
        fail_msg("%zu of %zu", found, of);
    }
}

#define MIGRATIONS 5000u

static void thousands_of_migrations_are_dissected_and_as_many_judged_as_there_is_memory_for(
    void **state)
{
    uint8_t hello[MFD_HELLO_SIZE];

    (void)state;
    begin();
    for (unsigned i = 0; i < MIGRATIONS; i++) {
        open_channel(1, 0);
        next_migration();
    }
    /* what a message says by itself is judged all the same */
    mfd_hello_pack(hello, uuid, 0);
    hello[MFD_HELLO_VERSION + 3] = 2;
    open_conn(1);
    send_bytes(1, hello, sizeof(hello));
    finish();
    assert_int_equal(frames("multifd.hello.magic and not multifd.rule"), MIGRATIONS);
    assert_some(frames("multifd.unwatched"), MIGRATIONS);
    assert_int_equal(frames("multifd.unwatched and multifd.rule == MF-INIT-003"), 1);
}

#define GUESTS 12u
#define GUEST_RAM ((uint64_t)127 << 30)

static void pages_of_large_guests_are_judged_as_long_as_there_is_memory_for_them(void **state)
{
    static const uint8_t page[PAGE] = {1};

    (void)state;
    begin();
    for (unsigned i = 0; i < GUESTS; i++) {
        put_main(GUEST_RAM);
        open_channel(1, 0);
        put_page(1, 0, 0, page, sizeof(page));
        put_page(1, 0, 1, page, sizeof(page)); /* the same one, with no sync point between */
        next_migration();
    }
    finish();
    assert_some(frames("multifd.rule == MF-SYNC-008"), GUESTS);
    assert_int_equal(frames("multifd.packet.packet_num == 1"), GUESTS);
    assert_int_equal(frames("multifd.unwatched"), 0);
}

#define DECODERS 40u

/* Each channel's stream wants the largest window: 32 MiB. */
static void windows_of_decoders_are_bounded_and_given_back_with_the_connection(void **state)
{
    static const uint8_t payload[9 + PAGE] = {0x28,           0xb5, 0x2f, 0xfd, 0x00,
                                              (25 - 10) << 3, 0x00, 0x80, 0x00};
    static const size_t guests = 2;

    (void)state;
    begin();
    for (size_t guest = 0; guest < guests; guest++) {
        put_main(PAGE);
        for (uint32_t channel = 1; channel <= DECODERS; channel++) {
            open_channel(channel, (uint8_t)(channel - 1));
            put_page(channel, MFD_FLAG_ZSTD, channel, payload, sizeof(payload));
        }
        for (uint32_t channel = 0; channel <= DECODERS; channel++) {
            close_conn(channel);
        }
        next_migration();
    }
    finish();
    assert_some(frames("multifd.page_data and multifd.migration == 0"), DECODERS);
    assert_int_equal(frames("multifd.page_data and multifd.migration == 0"),
                     frames("multifd.page_data and multifd.migration == 1"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            thousands_of_migrations_are_dissected_and_as_many_judged_as_there_is_memory_for),
        cmocka_unit_test(pages_of_large_guests_are_judged_as_long_as_there_is_memory_for_them),
        cmocka_unit_test(windows_of_decoders_are_bounded_and_given_back_with_the_connection),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
