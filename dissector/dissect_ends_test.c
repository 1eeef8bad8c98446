// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connections that end within a packet, through tshark: Wireshark shows nothing of a packet that it cannot put together, but what its
 * header breaks may be why the receiver ended it. It is marked where the connection ends.
 */
#include "made_test.h"
#include "mainstream.h"
#include "packet.h"

#define PAGE 4096u
#define PAGES 8u

/* Main, up to the list of one block. */
static void start_main(void)
{
    uint8_t bytes[MFD_PACKET_SIZE_MAX];
    size_t len = mfd_pack_header(bytes);

    len += mfd_pack_config(bytes + len, "none");
    len += mfd_pack_section(bytes + len, MFD_SECTION_START, 1, "ram", 0, MFD_RAM_SECTION_VERSION);
    len += mfd_pack_memsize(bytes + len, (uint64_t)PAGES * PAGE);
    len += mfd_pack_block(bytes + len, "mem0", (uint64_t)PAGES * PAGE);
    len += mfd_pack_eos(bytes + len);
    send_bytes(0, bytes, len);
}

/* Channel 0 with the SYNC that comes before all pages. */
static void start_channel(void)
{
    struct mfd_packet packet = {.magic = MFD_MAGIC, .version = MFD_VERSION, .flags = MFD_FLAG_SYNC};
    uint8_t bytes[MFD_PACKET_SIZE_MAX];

    mfd_hello_pack(bytes, uuid, 0);
    send_bytes(1, bytes, MFD_HELLO_SIZE);
    mfd_packet_pack(bytes, PAGE, &packet, NULL);
    send_bytes(1, bytes, mfd_packet_size(PAGE));
}

static void begin_migration(void)
{
    open_conn(0);
    start_main();
    open_conn(1);
    start_channel();
}

/* A packet with one page, and `payload` bytes of that. */
static void put_page(uint64_t number, uint64_t offset, size_t payload)
{
    struct mfd_packet packet = {
        .magic = MFD_MAGIC,
        .version = MFD_VERSION,
        .pages_alloc = 128,
        .normal_pages = 1,
        .next_packet_size = PAGE,
        .packet_num = number,
        .ramblock = "mem0",
    };
    uint8_t bytes[MFD_PACKET_SIZE_MAX] = {0};
    size_t size = mfd_packet_size(PAGE);

    mfd_packet_pack(bytes, PAGE, &packet, &offset);
    memset(bytes + size, 1, payload);
    send_bytes(1, bytes, size + payload);
}

static void put_rest(size_t payload)
{
    static const uint8_t bytes[PAGE] = {2};

    send_bytes(1, bytes, payload);
}

static void end(enum mfd_direction side, enum mfd_event_kind kind)
{
    put(1, side, kind, NULL, 0);
}

/* Main and two channels, before any of them has said anything. */
static void open_three(void)
{
    for (uint32_t i = 0; i < 3; i++) {
        open_conn(i);
    }
}

/* Frames of channel 0: the numbers of its packets, and that of its end, which has none. */
static void assert_ends(const char *how, const char *lines)
{
    char *text =
        mfd_tshark("-n -r %s %s " DECODE "-Y '(multifd.packet.magic and not multifd.round) or "
                   "multifd.rule' -T fields -e multifd.packet.packet_num -e multifd.rule",
                   path, how);

    if (strcmp(text, lines) != 0) {
        fail_msg("with %s:\n%swanted:\n%s", how, text, lines);
    }
    free(text);
}

/* What broke a rule. */
static void assert_shown(const char *fields, const char *lines)
{
    char *text = mfd_tshark("-n -r %s " DECODE "-Y multifd.rule -T fields %s", path, fields);

    assert_string_equal(text, lines);
    free(text);
}

static void what_a_header_breaks_is_marked_where_its_payload_never_came(void **state)
{
    static const struct {
        enum mfd_direction side;
        enum mfd_event_kind kind;
    } ends[] = {
        {MFD_FORWARD, MFD_EVENT_CLOSE},
        {MFD_BACKWARD, MFD_EVENT_CLOSE},
        {MFD_FORWARD, MFD_EVENT_RESET},
        {MFD_BACKWARD, MFD_EVENT_RESET},
    };

    (void)state;
    begin();
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        begin_migration();
        put_page(1, (uint64_t)PAGES * PAGE, 100); /* behind the block's end */
        end(ends[i].side, ends[i].kind);
        next_migration();
    }
    finish();
    for (size_t i = 0; i < 2; i++) {
        assert_ends(i ? "-2" : "", "\tMF-HDR-021,MF-PAY-019\n"
                                   "\tMF-HDR-021\n"
                                   "\tMF-HDR-021,MF-PAY-019\n"
                                   "\tMF-HDR-021\n");
    }
    assert_shown("-e _ws.col.Protocol -e _ws.col.Info", "MULTIFD\tch 0 closed\n"
                                                        "MULTIFD\tch 0 closed\n"
                                                        "MULTIFD\tch 0 closed\n"
                                                        "MULTIFD\tch 0 closed\n");
}

static void a_page_that_is_sent_twice_is_marked_where_its_payload_never_came(void **state)
{
    (void)state;
    begin();
    begin_migration();
    put_page(1, 0, PAGE);
    put_page(2, 0, 100);
    end(MFD_BACKWARD, MFD_EVENT_RESET);
    finish();
    assert_ends("", "1\t\n"
                    "\tMF-SYNC-008\n");
}

static void what_comes_after_the_receiver_has_closed_is_observed_once(void **state)
{
    (void)state;
    begin();
    begin_migration();
    put_page(1, 0, 100);
    end(MFD_BACKWARD, MFD_EVENT_CLOSE);
    put_rest(PAGE - 100);
    put_page(2, PAGE, PAGE);
    put_page(3, PAGE, PAGE); /* again, so that it shows that all is still watched */
    finish();
    assert_ends("", "1\t\n"
                    "2\t\n"
                    "3\tMF-SYNC-008\n");
}

static void a_channel_that_was_opened_belongs_to_the_migration_though_main_ends_before_its_hello(
    void **state)
{
    (void)state;
    begin();
    open_three();
    start_main();
    put(0, MFD_BACKWARD, MFD_EVENT_RESET, NULL, 0);
    start_channel();
    put_page(1, 0, PAGE);
    put_page(2, 0, PAGE);
    finish();
    assert_ends("", "1\t\n"
                    "2\tMF-SYNC-008\n");
}

/* What a sender leaves unfinished behind it breaks nothing. */
static void a_channel_that_the_receiver_ends_before_its_hello_is_seen_to_be_ended(void **state)
{
    static const enum mfd_event_kind kinds[] = {MFD_EVENT_CLOSE, MFD_EVENT_RESET};

    (void)state;
    begin();
    for (size_t i = 0; i < 4; i++) {
        open_three();
        if (i & 1) {
            start_main();
        }
        put(2, MFD_BACKWARD, kinds[i / 2], NULL, 0);
        if (!(i & 1)) {
            start_main();
        }
        start_channel();
        put_page(1, 0, 100);
        close_conn(1);
        next_migration();
    }
    finish();
    assert_ends("", "");
    assert_ends("-2", "");
}

static void a_connection_that_was_over_before_a_migration_is_none_of_it(void **state)
{
    (void)state;
    begin();
    open_conn(2);
    put(2, MFD_BACKWARD, MFD_EVENT_RESET, NULL, 0);
    begin_migration();
    put_page(1, 0, 100);
    close_conn(1);
    finish();
    assert_ends("", "\tMF-PAY-019\n");
}

static void a_connection_too_many_is_marked_though_it_never_says_anything(void **state)
{
    char *text = NULL;

    (void)state;
    begin();
    open_three();
    start_main();
    start_channel();
    finish();
    text = mfd_tshark("-n -r %s -o multifd.channels:1 " DECODE
                      "-Y multifd.rule -T fields -e multifd.rule -e multifd.header.magic",
                      path);
    assert_string_equal(text, "MF-CHAN-001\t0x5145564d\n");
    free(text);
}

/* A channel that comes later is another migration's. */
static void a_migration_ends_with_a_channel_that_both_sides_close_without_a_word(void **state)
{
    char *text = NULL;

    (void)state;
    begin();
    open_three();
    put(2, MFD_BACKWARD, MFD_EVENT_CLOSE, NULL, 0);
    start_main();
    close_conn(2);
    start_channel();
    close_conn(0);
    close_conn(1);
    open_channel(3, 0);
    finish();
    text =
        mfd_tshark("-n -r %s " DECODE "-Y multifd.hello.id -T fields -e multifd.migration", path);
    assert_string_equal(text, "0\n1\n");
    free(text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_header_breaks_is_marked_where_its_payload_never_came),
        cmocka_unit_test(a_page_that_is_sent_twice_is_marked_where_its_payload_never_came),
        cmocka_unit_test(what_comes_after_the_receiver_has_closed_is_observed_once),
        cmocka_unit_test(
            a_channel_that_was_opened_belongs_to_the_migration_though_main_ends_before_its_hello),
        cmocka_unit_test(a_channel_that_the_receiver_ends_before_its_hello_is_seen_to_be_ended),
        cmocka_unit_test(a_connection_that_was_over_before_a_migration_is_none_of_it),
        cmocka_unit_test(a_connection_too_many_is_marked_though_it_never_says_anything),
        cmocka_unit_test(a_migration_ends_with_a_channel_that_both_sides_close_without_a_word),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
