// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connections made byte by byte, through tshark: how their first bytes are told. One capture has many connections where it can:
 * tshark takes half a second to start.
 */
#include "made_test.h"
#include "packet.h"
#include "stage2017.h"

/* Where the port is not given by Decode As. */
#define HEURISTIC "-o tcp.try_heuristic_first:TRUE "

/* ---- the hellos of 2017 ---- */

static void put_text_hello(uint32_t connection, uint8_t id, size_t first)
{
    uint8_t hello[MFD_TEXT_HELLO_SIZE];

    mfd_text_hello_pack(hello, uuid, id);
    open_conn(connection);
    put_segments(connection, MFD_FORWARD, hello, first, first);
    put_segments(connection, MFD_FORWARD, hello + first, sizeof(hello) - first, sizeof(hello));
}

static void a_text_hello_is_told_by_its_text_with_no_main_before_it(void **state)
{
    (void)state;
    begin();
    put_text_hello(0, 7, MFD_TEXT_HELLO_SIZE);
    finish();
    assert_shows(DECODE, "-e multifd.channel -e multifd.revision -e multifd.rule",
                 "ch 7 text_hello\t7\t2017-text\t\n");
    assert_shows(HEURISTIC, "", "ch 7 text_hello\n");
    /* a sender that is set to something else has none */
    assert_shows(DECODE "-o multifd.revision:11.1", "-e multifd.rule",
                 "main header | main bytes that cannot be followed\tMF-MAIN-001,MF-MAIN-015\n");
    assert_shows(HEURISTIC "-o multifd.revision:11.1", "", "");
}

static void a_text_hello_in_two_segments_waits_for_its_49_bytes_alone(void **state)
{
    static const size_t cuts[] = {1, 20, 45};
    static const char shown[] =
        "ch 7 text_hello\t7\t\nch 7 text_hello\t7\t\nch 7 text_hello\t7\t\n";

    (void)state;
    begin();
    for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
        put_text_hello(0, 7, cuts[i]);
        next_migration();
    }
    finish();
    assert_shows(DECODE, "-e multifd.channel -e multifd.rule", shown);
    assert_shows("-2 " DECODE, "-e multifd.channel -e multifd.rule", shown);
}

static void what_a_text_hello_has_wrong_is_marked(void **state)
{
    uint8_t hello[MFD_TEXT_HELLO_SIZE];

    (void)state;
    begin();
    put_text_hello(0, 7, MFD_TEXT_HELLO_SIZE);
    mfd_text_hello_pack(hello, uuid, 8);
    hello[0] = 'A';
    open_conn(1);
    send_bytes(1, hello, sizeof(hello));
    /* of another VM, which is learnt from the first */
    mfd_text_hello_pack(hello, uuid, 9);
    hello[0] = '7';
    open_conn(2);
    send_bytes(2, hello, sizeof(hello));
    finish();
    assert_shows(DECODE, "-e multifd.rule",
                 "ch 7 text_hello\t\nch ? text_hello\tMF-INIT-023\nch 9 text_hello\tMF-INIT-004\n");
}

static void a_binary_hello_is_told_where_the_preference_names_its_stage(void **state)
{
    uint8_t hello[MFD_BINARY_HELLO_SIZE];

    (void)state;
    mfd_binary_hello_pack(hello, uuid, 7);
    begin();
    open_conn(0);
    send_bytes(0, hello, sizeof(hello));
    finish();
    assert_shows(DECODE "-o multifd.revision:2017-binary", "-e multifd.channel -e multifd.rule",
                 "ch 7 binary_hello\t7\t\n");
    assert_shows(HEURISTIC "-o multifd.revision:2017-binary", "", "ch 7 binary_hello\n");
    assert_shows(DECODE, "-e multifd.binary_hello.id",
                 "main header | main bytes that cannot be followed\t\n");
    assert_shows(HEURISTIC, "", "");
}

/* ---- the heuristic ---- */

#define CHANNEL_SIZE (MFD_HELLO_SIZE + 3 * MFD_PACKET_SIZE_MAX)

/* A hello, then packets without pages; how many bytes that is. */
static size_t pack_channel(uint8_t *bytes)
{
    struct mfd_packet packet = {.magic = MFD_MAGIC, .version = MFD_VERSION, .flags = MFD_FLAG_SYNC};
    size_t len = MFD_HELLO_SIZE;

    mfd_hello_pack(bytes, uuid, 7);
    for (unsigned i = 0; i < 3; i++, len += mfd_packet_size(4096)) {
        packet.packet_num = i;
        mfd_packet_pack(bytes + len, 4096, &packet, NULL);
    }
    return len;
}

static void a_channel_in_segments_of_any_size_is_told_by_its_first(void **state)
{
    static const size_t sizes[] = {8, 40, 64, 66, 100, 275, 276, 1000};
    uint8_t bytes[CHANNEL_SIZE];
    size_t len = pack_channel(bytes);
    char *text = NULL;
    size_t found = 0;

    (void)state;
    begin();
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        open_conn(0);
        put_segments(0, MFD_FORWARD, bytes, len, sizes[i]);
        next_migration();
    }
    finish();
    text = mfd_tshark("-n -r %s " HEURISTIC "-Y multifd.packet.packet_num==2", path);
    for (const char *at = text; (at = strstr(at, "ch 7 packet 2 SYNC")); at++) {
        found++;
    }
    if (found != sizeof(sizes) / sizeof(*sizes)) {
        fail_msg("not each of them:\n%s", text);
    }
    free(text);
}

/* The first segment ends with the hello, or has a packet's magic and version behind it: reserved bytes decide nothing. */
static void a_hello_whose_reserved_bytes_are_set_is_told_by_where_it_ends(void **state)
{
    static const size_t firsts[] = {MFD_HELLO_SIZE, MFD_HELLO_SIZE + 8, CHANNEL_SIZE};
    uint8_t bytes[CHANNEL_SIZE];
    size_t len = pack_channel(bytes);
    static const size_t set[] = {MFD_HELLO_RESERVED, MFD_HELLO_SIZE - 1};
    char *text = NULL;

    (void)state;
    begin();
    for (size_t i = 0; i < sizeof(firsts) / sizeof(*firsts); i++) {
        for (size_t s = 0; s < sizeof(set) / sizeof(*set); s++) {
            size_t first = firsts[i] < len ? firsts[i] : len;

            pack_channel(bytes);
            bytes[set[s]] = 0x80;
            open_conn(0);
            put_segments(0, MFD_FORWARD, bytes, len, first);
            next_migration();
        }
    }
    finish();
    text = mfd_tshark("-n -r %s " HEURISTIC "-Y 'multifd.hello.id == 7 and multifd.rule' "
                      "-T fields -e multifd.rule",
                      path);
    assert_string_equal(text, "MF-INIT-006\nMF-INIT-006\nMF-INIT-006\n"
                              "MF-INIT-006\nMF-INIT-006\nMF-INIT-006\n");
    free(text);
}

/* What has the magic and the version, and is neither a hello nor a packet. */
static void what_is_neither_hello_nor_packet_is_left_alone(void **state)
{
    static const size_t sizes[] = {MFD_HELLO_SIZE - 1, MFD_HELLO_SIZE + 7, MFD_HELLO_SIZE + 100};
    uint8_t bytes[400];

    (void)state;
    begin();
    /* not zero where a hello is, and flags that no packet has; the end of the segment is none of a hello, either */
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        memset(bytes, 0x55, sizeof(bytes));
        mfd_hello_pack(bytes, uuid, 7);
        bytes[MFD_HELLO_RESERVED] = 1;
        mfd_put32(bytes + MFD_HELLO_SIZE, MFD_MAGIC);
        mfd_put32(bytes + MFD_HELLO_SIZE + 4, MFD_VERSION + (i == 2));
        open_conn(0);
        send_bytes(0, bytes, sizes[i]);
        next_migration();
    }
    /* no packet follows */
    mfd_hello_pack(bytes, uuid, 7);
    memset(bytes + MFD_HELLO_SIZE, 0, sizeof(bytes) - MFD_HELLO_SIZE);
    open_conn(0);
    send_bytes(0, bytes, sizeof(bytes));
    /* the flags of a packet, and more pages than it has room for */
    next_migration();
    memset(bytes, 0, sizeof(bytes));
    mfd_put32(bytes, MFD_MAGIC);
    mfd_put32(bytes + 4, MFD_VERSION);
    mfd_put32(bytes + MFD_PACKET_NORMAL_PAGES, 5);
    bytes[MFD_HELLO_RESERVED + 8] = 1;
    open_conn(0);
    send_bytes(0, bytes, sizeof(bytes));
    finish();
    assert_shows(HEURISTIC, "", "");
}

/* ---- the page size ---- */

/* Two packets with a page each behind `syncs` SYNCs, which have no slots. */
static size_t pack_pages(uint8_t *bytes, uint32_t page_size, unsigned syncs)
{
    struct mfd_packet packet = {.magic = MFD_MAGIC, .version = MFD_VERSION, .flags = MFD_FLAG_SYNC};
    size_t len = MFD_HELLO_SIZE;

    mfd_hello_pack(bytes, uuid, 7);
    for (unsigned i = 0; i < syncs; i++, len += mfd_packet_size(page_size)) {
        mfd_packet_pack(bytes + len, page_size, &packet, NULL);
    }
    packet.flags = 0;
    packet.pages_alloc = mfd_slots(page_size);
    packet.normal_pages = 1;
    packet.next_packet_size = page_size;
    for (unsigned i = 0; i < 2; i++, len += mfd_packet_size(page_size) + page_size) {
        packet.packet_num = i + 1;
        mfd_packet_pack(bytes + len, page_size, &packet, (const uint64_t[]){0});
        memset(bytes + len + mfd_packet_size(page_size), 1, page_size);
    }
    return len;
}

#define SIZES 4u
#define NUMBERED "-e multifd.page_size -e multifd.packet.packet_num -e multifd.lost"

static void put_guests(unsigned first, unsigned syncs)
{
    static const uint32_t sizes[SIZES] = {1024, 4096, 16384, 65536};
    static uint8_t bytes[4 * (MFD_PACKET_SIZE_MAX + 65536)];

    for (unsigned i = first; i < SIZES; i++) {
        open_conn(0);
        put_segments(0, MFD_FORWARD, bytes, pack_pages(bytes, sizes[i], syncs), 1460);
        next_migration();
    }
}

static void assert_pages(const char *how, const char *lines)
{
    char *text = mfd_tshark("-n -r %s " HEURISTIC "%s -Y 'multifd.packet.normal_pages > 0 or "
                            "multifd.lost' -T fields " NUMBERED,
                            path, how);

    assert_string_equal(text, lines);
    free(text);
}

/* Behind a SYNC the next packet shows it, if it comes before that of a guest with pages of 4096 would. */
static void the_page_size_of_a_guest_shows_in_its_packets(void **state)
{
    (void)state;
    begin();
    put_guests(0, 0);
    put_guests(1, 1);
    finish();
    assert_pages("", "1024\t1\t\n1024\t2\t\n4096\t1\t\n4096\t2\t\n"
                     "16384\t1\t\n16384\t2\t\n65536\t1\t\n65536\t2\t\n"
                     "4096\t1\t\n4096\t2\t\n"
                     "16384\t1\t\n16384\t2\t\n65536\t1\t\n65536\t2\t\n");
}

static void the_page_size_may_be_told(void **state)
{
    static uint8_t bytes[4 * (MFD_PACKET_SIZE_MAX + 65536)];

    (void)state;
    begin();
    open_conn(0);
    put_segments(0, MFD_FORWARD, bytes, pack_pages(bytes, 1024, 1), 1460);
    finish();
    assert_pages("-o multifd.page_size:1024", "1024\t1\t\n1024\t2\t\n");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_hello_is_told_by_its_text_with_no_main_before_it),
        cmocka_unit_test(a_text_hello_in_two_segments_waits_for_its_49_bytes_alone),
        cmocka_unit_test(what_a_text_hello_has_wrong_is_marked),
        cmocka_unit_test(a_binary_hello_is_told_where_the_preference_names_its_stage),
        cmocka_unit_test(a_channel_in_segments_of_any_size_is_told_by_its_first),
        cmocka_unit_test(a_hello_whose_reserved_bytes_are_set_is_told_by_where_it_ends),
        cmocka_unit_test(what_is_neither_hello_nor_packet_is_left_alone),
        cmocka_unit_test(the_page_size_of_a_guest_shows_in_its_packets),
        cmocka_unit_test(the_page_size_may_be_told),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
