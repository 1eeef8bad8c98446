// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Good sessions, and sessions with one breach each; incomplete and disturbed ones are in
 * observe_part_test.c.
 */
#include "observe_test.h"

/* Offset of message `k` in the stream of its connection. */
static uint64_t offset_of(uint32_t conn, size_t k)
{
    uint64_t offset = 0;

    for (size_t i = 0; i < k; i++) {
        offset += items[item_of(conn, i)].len;
    }
    return offset;
}

static void put_int32(uint32_t conn, size_t k, size_t at, uint32_t value)
{
    mfd_put32(bytes_of(conn, k) + at, value);
}

static void put_number(uint32_t conn, size_t k, uint64_t number)
{
    mfd_put64(bytes_of(conn, k) + MFD_PACKET_NUM, number);
}

#define FLOW_ALWAYS_BEFORE_9_0 \
    "MF-INIT-001 MF-INIT-005 MF-INIT-016 MF-HDR-001 MF-NUM-001 MF-NUM-004 MF-PAY-019 " \
    "MF-SYNC-001 MF-SYNC-002 MF-SYNC-008 MF-SYNC-010 MF-SYNC-011 MF-CHAN-001 MF-CHAN-002 " \
    "MF-CHAN-021 MF-MAIN-004 MF-MAIN-005"
#define FLOW_ALL \
    "MF-INIT-001 MF-INIT-005 MF-INIT-016 MF-HDR-001 MF-NUM-001 MF-NUM-002 MF-NUM-004 MF-PAY-016 " \
    "MF-PAY-019 MF-SYNC-001 MF-SYNC-002 MF-SYNC-008 MF-SYNC-010 MF-SYNC-011 MF-CHAN-001 " \
    "MF-CHAN-002 MF-CHAN-021 MF-MAIN-004 MF-MAIN-005 MF-MAIN-006"

static void a_session_of_7_2_breaks_nothing_and_keeps_every_rule_of_its_time(void **state)
{
    (void)state;
    build_7_2();
    make_stale(bytes_of(0, 4));
    make_stale(bytes_of(1, 4));
    make_stale(bytes_of(0, 5));
    assert_broken("");
    assert_string_equal(rules_that(MFD_OBSERVED_HELD, true), FLOW_ALWAYS_BEFORE_9_0);
    assert_state(MFD_MAIN_021, MFD_OBSERVED_HELD);
    assert_state(MFD_SYNC_014, MFD_OBSERVED_HELD);
    assert_state(MFD_HDR_016, MFD_OBSERVED_UNDECIDED); /* not for 7.2 */
    assert_state(MFD_MAIN_012, MFD_OBSERVED_UNDECIDED);
}

static void a_session_of_10_0_breaks_nothing_and_keeps_every_rule_of_its_time(void **state)
{
    (void)state;
    build_10_0();
    assert_broken("");
    assert_string_equal(rules_that(MFD_OBSERVED_HELD, true), FLOW_ALL);
    assert_state(MFD_INIT_004, MFD_OBSERVED_HELD);
    assert_state(MFD_INIT_012, MFD_OBSERVED_HELD);
    assert_state(MFD_HDR_021, MFD_OBSERVED_HELD);
    assert_state(MFD_HDR_022, MFD_OBSERVED_HELD);
    assert_state(MFD_SYNC_004, MFD_OBSERVED_HELD);
    assert_state(MFD_MAIN_012, MFD_OBSERVED_HELD);
    assert_state(MFD_MAIN_008, MFD_OBSERVED_UNDECIDED); /* needs the receiver's blocks */
    assert_state(MFD_PAY_008, MFD_OBSERVED_UNDECIDED);  /* nothing is compressed */
    assert_state(MFD_DEV_001, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_MAIN_013, MFD_OBSERVED_UNDECIDED);
}

static void the_receivers_blocks_let_more_rules_be_judged(void **state)
{
    static struct mfd_ramblock own = {.name = "mem0", .used_length = RAM, .max_length = RAM};
    static const struct mfd_ramtable table = {&own, 1};

    (void)state;
    build_10_0();
    config.ram = &table;
    assert_broken("");
    assert_state(MFD_MAIN_008, MFD_OBSERVED_HELD);
    assert_state(MFD_MAIN_020, MFD_OBSERVED_HELD);
    own.used_length = own.max_length = 2 * RAM;
    assert_broken("MF-MAIN-008");
    own.used_length = own.max_length = RAM;
}

static void a_session_with_compression_is_followed_by_its_sizes(void **state)
{
    (void)state;
    for (int known = 0; known < 2; known++) {
        put_opening(MFD_REV_10_0);
        config.method = MFD_FLAG_ZSTD;
        put_sync(0, 0);
        put_sync(1, 1);
        put_ram_start();
        put_packet(0, 0, 2, 0, 3, 1);
        put_packet(1, 0, 3, 4, 0, 4);
        put_sync(0, 4);
        put_sync(1, 5);
        PUT_MAIN(mfd_pack_command(ARENA, MFD_CMD_SWITCHOVER_START, NULL, 0));
        put_part(MFD_SECTION_END);
        put_tail();
        config.method = known ? MFD_FLAG_ZSTD : MFD_METHOD_UNKNOWN;
        assert_broken("");
        assert_string_equal(rules_that(MFD_OBSERVED_HELD, true), FLOW_ALL);
        assert_state(MFD_PAY_002, known ? MFD_OBSERVED_HELD : MFD_OBSERVED_UNDECIDED);
        assert_state(MFD_PAY_008, known ? MFD_OBSERVED_HELD : MFD_OBSERVED_UNDECIDED);
        assert_state(MFD_PAY_009, known ? MFD_OBSERVED_HELD : MFD_OBSERVED_UNDECIDED);
    }
}

static void device_state_takes_no_number(void **state)
{
    struct mfd_device device = {.magic = MFD_MAGIC,
                                .version = MFD_VERSION,
                                .flags = MFD_FLAG_DEVICE_STATE,
                                .idstr = "vfio",
                                .next_packet_size = 1000};
    size_t behind = 0;

    (void)state;
    build_10_0();
    behind = item_of(1, 5) + 1;
    mfd_device_pack(ARENA, &device);
    memset(ARENA + MFD_DEVICE_SIZE, 0x33, 1000);
    put_message(1, MFD_DEVICE_SIZE + 1000);
    move_item(item_count - 1, behind);
    assert_broken("");
    assert_string_equal(rules_that(MFD_OBSERVED_HELD, true), FLOW_ALL);
    assert_state(MFD_DEV_006, MFD_OBSERVED_HELD);
    put_int32(1, 6, MFD_PACKET_FLAGS, MFD_FLAG_DEVICE_STATE | MFD_FLAG_SYNC);
    assert_broken("MF-DEV-005");
    assert_breach(MFD_DEV_005, behind, 1, offset_of(1, 6) + 8, 0x41, 0x40);
}

static void broken_bytes_show_with_their_message_and_place(void **state)
{
    (void)state;
    build_10_0();
    mfd_put64(bytes_of(0, 4) - 4 * PAGE, 0); /* payload before it: means nothing */
    put_int32(0, 2, MFD_PACKET_FIXED + 4, 0x801);
    assert_broken("MF-HDR-024");
    assert_breach(MFD_HDR_024, item_of(0, 2), 0, offset_of(0, 2) + 320, 0x801, 0);
    build_10_0();
    bytes_of(0, 0)[63] = 7;
    assert_broken("MF-INIT-006");
    assert_breach(MFD_INIT_006, item_of(0, 0), 0, 63, 7, 0);
    build_10_0();
    mfd_put64(bytes_of(1, 3) + MFD_PACKET_FIXED, RAM);
    assert_broken("MF-HDR-022");
    build_10_0();
    bytes_of(MAIN, 1)[5] = 'N';
    assert_broken("MF-MAIN-016");
    assert_breach(MFD_MAIN_016, item_of(MAIN, 1), MAIN, 8 + 5, 0x4e6f6e65, 0);
}

static void one_wrong_word_of_a_prefix_is_a_wrong_field_and_framing_goes_on(void **state)
{
    (void)state;
    build_10_0();
    put_int32(0, 2, MFD_PACKET_MAGIC, 0x11223345);
    assert_broken("MF-HDR-013");
    assert_breach(MFD_HDR_013, item_of(0, 2), 0, offset_of(0, 2), 0x11223345, MFD_MAGIC);
    assert_state(MFD_HDR_001, MFD_OBSERVED_HELD);
    build_10_0();
    put_int32(0, 2, MFD_PACKET_VERSION, 2);
    assert_broken("MF-HDR-014");
    assert_state(MFD_SYNC_002, MFD_OBSERVED_HELD);
}

static void init_001_a_connection_that_does_not_start_with_a_hello(void **state)
{
    (void)state;
    build_10_0();
    remove_item(item_of(1, 0)); /* its first packet comes first */
    assert_broken("MF-INIT-001");
    assert_breach(MFD_INIT_001, item_of(1, 0), 1, 0, mfd_get64(bytes_of(1, 0) + 8), 0);
    build_7_2();
    remove_item(item_of(1, 0));
    assert_broken("MF-INIT-001");
    build_10_0();
    memcpy(bytes_of(1, 0), "GET / HTTP/1.1\r\n", 16);
    assert_broken("MF-INIT-001 MF-INIT-002 MF-INIT-003");
    assert_breach(MFD_INIT_001, item_of(1, 0), 1, 0, mfd_get64(bytes_of(1, 0)),
                  (uint64_t)MFD_MAGIC << 32 | 1);
    build_10_0();
    bytes_of(1, 0)[3] = 0x45;
    assert_broken("MF-INIT-002");
    assert_state(MFD_INIT_001, MFD_OBSERVED_HELD);
}

static void a_hello_whose_uuid_looks_like_a_packet_is_a_hello(void **state)
{
    static const uint8_t like_a_sync[MFD_UUID_SIZE] = {0, 0, 0, 1};

    (void)state;
    put_opening(MFD_REV_10_0);
    config.uuid = like_a_sync;
    for (size_t conn = 0; conn < 2; conn++) {
        memcpy(bytes_of((uint32_t)conn, 0) + MFD_HELLO_UUID, like_a_sync, MFD_UUID_SIZE);
    }
    put_sync(0, 0);
    put_event(0, MFD_EVENT_CLOSE, MFD_FORWARD);
    put_event(1, MFD_EVENT_CLOSE, MFD_FORWARD);
    assert_broken("");
    assert_state(MFD_INIT_001, MFD_OBSERVED_HELD);
    assert_state(MFD_INIT_004, MFD_OBSERVED_HELD);
    assert_state(MFD_INIT_005, MFD_OBSERVED_HELD);
}

static void init_005_an_id_twice(void **state)
{
    (void)state;
    build_10_0();
    bytes_of(0, 0)[MFD_HELLO_ID] = 1;
    assert_broken("MF-INIT-005");
    assert_breach(MFD_INIT_005, item_of(0, 0), 0, 24, 1, 0);
    assert_state(MFD_INIT_012, MFD_OBSERVED_HELD);
}

static void init_016_a_hello_cut_short(void **state)
{
    (void)state;
    for (size_t n = 1; n < MFD_HELLO_SIZE; n++) {
        build_10_0();
        drop_from(1, 1);
        items[item_of(1, 0)].len = n;
        assert_broken("MF-INIT-016");
        assert_breach(MFD_INIT_016, item_count - 2, 1, n, n, 64);
    }
    /* other bytes, or none, start no hello */
    build_10_0();
    drop_from(1, 1);
    items[item_of(1, 0)].len = 3;
    bytes_of(1, 0)[0] = 'x';
    assert_broken("");
    build_10_0();
    drop_from(1, 0);
    assert_broken("");
    assert_state(MFD_CHAN_001, MFD_OBSERVED_UNDECIDED);
}

static void hdr_001_a_header_of_another_length(void **state)
{
    (void)state;
    build_10_0();
    items[item_of(1, 2)].len -= 8; /* bytes of payload are missing */
    assert_broken("MF-HDR-001 MF-HDR-013 MF-HDR-014");
    assert_state(MFD_SYNC_002, MFD_OBSERVED_UNDECIDED);
    build_10_0();
    lengthen(0, 4, 8); /* a table of one slot too many */
    assert_broken("MF-HDR-001 MF-HDR-013 MF-HDR-014");
    assert_breach(MFD_HDR_001, item_of(0, 5), 0, offset_of(0, 5) - 8, 0,
                  (uint64_t)MFD_MAGIC << 32 | 1);
    /* behind the hello nothing tells of a header's length */
    build_10_0();
    lengthen(0, 0, 8);
    assert_broken("MF-HDR-013 MF-HDR-014");
}

static void num_001_setup_numbers_beyond_the_channels_or_twice(void **state)
{
    (void)state;
    build_7_2();
    put_number(0, 1, 2);
    put_number(0, 2, 4);
    assert_broken("MF-NUM-001");
    assert_breach(MFD_NUM_001, item_of(0, 1), 0, 64 + 24, 2, 2);
    build_7_2();
    put_number(0, 1, 1);
    assert_broken("MF-NUM-001");
    assert_breach(MFD_NUM_001, item_of(1, 1), 1, 64 + 24, 1, 2);
    /* without a configured number the channels that came are all */
    build_7_2();
    put_number(0, 1, 2);
    put_number(0, 2, 4);
    config.channels = 0;
    assert_broken("MF-NUM-001");
    assert_breach(MFD_NUM_001, item_count - 1, 0, 64 + 24, 2, 2);
}

static void num_002_a_number_twice_or_left_out(void **state)
{
    (void)state;
    build_10_0();
    put_number(1, 4, 5); /* the SYNC of channel 1 takes that of channel 0, and 7 is left out */
    put_number(1, 3, 4);
    assert_broken("MF-NUM-002");
    assert_breach(MFD_NUM_002, item_of(1, 3), 1, offset_of(1, 3) + 24, 4, 0);
    build_10_0();
    put_number(0, 5, 20);
    assert_broken("MF-NUM-002");
    assert_breach(MFD_NUM_002, item_count - 1, 0, offset_of(0, 5) + 24, 20, 9);
    /* before 9.0 numbers leave gaps and come twice: the session of 7.2 breaks nothing */
    build_7_2();
    assert_broken("");
}

static void num_004_numbers_that_do_not_rise_on_a_channel(void **state)
{
    (void)state;
    build_7_2();
    put_number(0, 2, 0);
    assert_broken("MF-NUM-004");
    assert_breach(MFD_NUM_004, item_of(0, 2), 0, offset_of(0, 2) + 24, 0, 1);
    /* only an empty packet may repeat, only the number of a SYNC, and only right behind it */
    build_7_2();
    put_int32(0, 3, MFD_PACKET_FLAGS, 0);
    drop_from(0, 5);
    assert_broken("MF-NUM-004 MF-SYNC-002 MF-SYNC-010");
    build_7_2();
    put_number(0, 4, 5);
    assert_broken("MF-NUM-004");
    build_10_0();
    put_number(0, 3, 2);
    assert_broken("MF-NUM-002 MF-NUM-004");
    /* since 9.0 not even such an empty packet */
    build_10_0();
    put_packet(0, 0, 5, 0, 0, 0);
    move_item(item_count - 1, item_of(0, 4) + 1);
    assert_broken("MF-NUM-002 MF-NUM-004");
}

static void pay_016_zero_pages_with_payload(void **state)
{
    (void)state;
    build_10_0();
    lengthen(1, 3, (size_t)4 * PAGE);
    /* what a receiver meets first is payload where a packet should start */
    assert_broken("MF-HDR-013 MF-HDR-014 MF-PAY-016");
    assert_breach(MFD_PAY_016, item_of(1, 4), 1, offset_of(1, 3) + HEADER, 4 * PAGE, 0);
    assert_state(MFD_HDR_001, MFD_OBSERVED_HELD);
    /* bytes that are no payload of zero pages either */
    items[item_of(1, 3)].len -= 4;
    assert_broken("MF-HDR-001 MF-HDR-013 MF-HDR-014");
    assert_state(MFD_PAY_016, MFD_OBSERVED_UNDECIDED);
}

static void pay_019_a_channel_closed_within_a_message(void **state)
{
    size_t size = HEADER + 4 * PAGE;

    (void)state;
    for (size_t n = 1; n < size; n += n < HEADER - 1 ? 7 : 999) {
        build_10_0();
        drop_from(1, 3);
        items[item_of(1, 2)].len = n;
        /* nor does the channel carry the SYNCs that it owes */
        assert_broken("MF-PAY-019 MF-SYNC-002 MF-SYNC-010");
        assert_breach(MFD_PAY_019, item_count - 2, 1, offset_of(1, 2) + n,
                      n < HEADER ? n : n - HEADER,
                      n < 12       ? 12
                      : n < HEADER ? HEADER
                                   : 4 * PAGE);
        assert_state(MFD_HDR_001, MFD_OBSERVED_UNDECIDED);
    }
    build_10_0();
    items[item_of(0, 5)].len -= 1;
    assert_broken("MF-PAY-019 MF-SYNC-002 MF-SYNC-010");
    /* all of the header, and nothing of the payload */
    build_10_0();
    drop_from(1, 3);
    items[item_of(1, 2)].len = HEADER;
    assert_broken("MF-PAY-019 MF-SYNC-002 MF-SYNC-010");
    assert_breach(MFD_PAY_019, item_count - 2, 1, offset_of(1, 2) + HEADER, 0, 4 * PAGE);
}

static void sync_001_data_before_the_first_sync(void **state)
{
    (void)state;
    build_7_2();
    remove_item(item_of(1, 1));
    assert_broken("MF-SYNC-001 MF-SYNC-002 MF-SYNC-010");
    assert_breach(MFD_SYNC_001, item_of(1, 1), 1, 64 + 8, 0, 1);
    assert_int_equal(mfd_observer_verdict(&observer, MFD_SYNC_001).count, 1);
    assert_state(MFD_NUM_001, MFD_OBSERVED_UNDECIDED);
}

static void sync_002_and_010_too_few_syncs_on_a_channel(void **state)
{
    (void)state;
    build_7_2();
    drop_from(0, 5);
    assert_broken("MF-SYNC-002 MF-SYNC-010");
    assert_breach(MFD_SYNC_002, item_count - 3, 0, offset_of(0, 5), 2, 3);
    assert_breach(MFD_SYNC_010, item_count - 3, 0, offset_of(0, 5), 2, 3);
    /* closed before main has come to its last sync point */
    move_item(item_count - 3, item_of(1, 5));
    assert_broken("MF-SYNC-002 MF-SYNC-010");
    /* the same bytes are right where main has no marker for it */
    build_10_0();
    drop_from(0, 5);
    assert_broken("MF-SYNC-002 MF-SYNC-010");
    drop_from(1, 5);
    assert_int_equal(mfd_get64(bytes_of(MAIN, 14)), MFD_RAM_MULTIFD_FLUSH);
    remove_item(item_of(MAIN, 14));
    assert_broken("");
}

static void sync_010_a_channel_closed_while_main_goes_on(void **state)
{
    size_t closed = 0;

    (void)state;
    build_7_2();
    drop_from(0, 3);
    closed = item_of(0, 2) + 1;
    move_item(item_count - 3, closed);
    /* main stops short of its end, so that the count is never final */
    drop_from(MAIN, 12);
    assert_broken("MF-SYNC-010");
    assert_true(mfd_observer_verdict(&observer, MFD_SYNC_010).event > closed);
    assert_state(MFD_SYNC_002, MFD_OBSERVED_UNDECIDED);
}

static void sync_002_and_011_a_sync_that_no_sync_point_takes(void **state)
{
    (void)state;
    build_10_0();
    put_sync(1, 10);
    move_item(item_count - 1, item_of(1, 5) + 1);
    assert_broken("MF-SYNC-002 MF-SYNC-011");
    assert_breach(MFD_SYNC_011, item_of(MAIN, 15), 1, offset_of(1, 7), 4, 3);
    /* and where it comes when main has already ended */
    build_10_0();
    put_sync(1, 10);
    move_item(item_count - 1, item_count - 4);
    assert_broken("MF-SYNC-002 MF-SYNC-011");
    assert_breach(MFD_SYNC_011, item_of(1, 6), 1, offset_of(1, 6), 4, 3);
}

static void sync_008_a_page_twice_between_two_syncs(void **state)
{
    (void)state;
    build_10_0();
    mfd_put64(bytes_of(0, 3) + MFD_PACKET_FIXED + 8, 0); /* page 0 was in the packet before */
    assert_broken("MF-SYNC-008");
    assert_breach(MFD_SYNC_008, item_of(0, 3), 0, offset_of(0, 3) + 328, 0, 0);
    build_10_0();
    mfd_put64(bytes_of(1, 2) + MFD_PACKET_FIXED, 3 * PAGE); /* a zero page of the other channel */
    assert_broken("MF-SYNC-008");
    build_7_2();
    mfd_put64(bytes_of(0, 3) + MFD_PACKET_FIXED, 0); /* a SYNC's pages belong before it */
    assert_broken("MF-SYNC-008");
    /* behind the SYNC of its own channel a page may come again, even ahead of the others */
    build_7_2();
    put_packet(0, 0, 7, 0, 4, 0);
    move_item(item_count - 1, item_of(0, 5));
    assert_broken("");
    assert_state(MFD_SYNC_008, MFD_OBSERVED_HELD);
}

static void chan_001_too_many_connections(void **state)
{
    (void)state;
    build_10_0();
    put_event(5, MFD_EVENT_OPEN, MFD_FORWARD);
    assert_broken("MF-CHAN-001");
    assert_breach(MFD_CHAN_001, item_count - 1, 5, 0, 4, 3);
    build_10_0();
    config.channels = 1;
    assert_broken("MF-INIT-012 MF-NUM-001 MF-CHAN-001");
    /* two mains, one of them in place of a channel */
    put_opening(MFD_REV_10_0);
    put_event(5, MFD_EVENT_OPEN, MFD_FORWARD);
    mfd_pack_header(ARENA);
    put_message(5, MFD_MAIN_HEADER_SIZE);
    config.channels = 3;
    assert_broken("MF-CHAN-001");
    assert_breach(MFD_CHAN_001, item_of(5, 0), 5, 0, 2, 1);
    /* a channel in place of main */
    put_opening(MFD_REV_10_0);
    put_event(5, MFD_EVENT_OPEN, MFD_FORWARD);
    put_event(6, MFD_EVENT_OPEN, MFD_FORWARD);
    put_hello(5, 2);
    config.channels = 2;
    drop_from(MAIN, 0);
    assert_broken("MF-INIT-012 MF-CHAN-001");
}

static void chan_002_a_channel_before_main(void **state)
{
    (void)state;
    build_10_0();
    move_item(1, 0);
    assert_broken("MF-CHAN-002");
    assert_breach(MFD_CHAN_002, item_of(0, 0), 0, 0, MFD_MAGIC, MFD_MAIN_MAGIC);
    /* told when the later of both shows what it is */
    build_10_0();
    move_item(2, 0);
    assert_broken("MF-CHAN-002");
    assert_breach(MFD_CHAN_002, item_of(MAIN, 0), 1, 0, MFD_MAGIC, MFD_MAIN_MAGIC);
}

static void chan_021_a_channel_that_gets_no_page(void **state)
{
    (void)state;
    for (uint32_t batches = MFD_OBSERVER_STARVED - 1; batches <= MFD_OBSERVER_STARVED; batches++) {
        put_opening(MFD_REV_10_0);
        put_sync(0, 0);
        put_sync(1, 1);
        put_ram_start();
        for (uint32_t i = 0; i < batches; i++) {
            put_packet(0, 0, 2 + i, i, 0, 1);
        }
        put_sync(0, 2 + batches);
        put_sync(1, 3 + batches);
        PUT_MAIN(mfd_pack_command(ARENA, MFD_CMD_SWITCHOVER_START, NULL, 0));
        put_part(MFD_SECTION_END);
        put_tail();
        assert_broken(batches == MFD_OBSERVER_STARVED ? "MF-CHAN-021" : "");
    }
    assert_breach(MFD_CHAN_021, item_count - 1, 1, offset_of(1, 3), 0, 1);
}

static void main_004_a_page_on_main(void **state)
{
    size_t behind = 0;

    (void)state;
    build_7_2();
    behind = item_of(MAIN, 8);
    PUT_MAIN(mfd_pack_page(ARENA, "mem0", 0));
    memset(ARENA, 0x11, PAGE);
    PUT_MAIN(PAGE);
    move_item(item_count - 1, behind + 1);
    move_item(item_count - 1, behind + 1);
    assert_broken("MF-MAIN-004");
    assert_breach(MFD_MAIN_004, behind + 1, MAIN, offset_of(MAIN, 9), MFD_RAM_PAGE, 0);
}

static void main_005_zero_pages_where_they_do_not_belong(void **state)
{
    (void)state;
    build_7_2();
    config.zero = MFD_ZERO_PACKET;
    assert_broken("MF-MAIN-005");
    assert_breach(MFD_MAIN_005, item_of(MAIN, 8), MAIN, offset_of(MAIN, 8), 15 * PAGE | 2, 0);
    build_10_0();
    config.zero = MFD_ZERO_MAIN;
    assert_broken("MF-MAIN-005");
    assert_breach(MFD_MAIN_005, item_of(0, 2), 0, offset_of(0, 2) + 32, 1, 0);
    /* nothing tells where zero pages would travel */
    build_7_2();
    remove_item(item_of(MAIN, 8));
    assert_broken("");
    assert_state(MFD_MAIN_005, MFD_OBSERVED_UNDECIDED);
    config.zero = MFD_ZERO_NONE;
    assert_broken("");
    assert_state(MFD_MAIN_005, MFD_OBSERVED_HELD);
}

static void main_006_no_switchover_before_the_last_section(void **state)
{
    size_t k = 0;

    (void)state;
    build_10_0();
    while (bytes_of(MAIN, k)[0] != MFD_SECTION_COMMAND) {
        k++;
    }
    remove_item(item_of(MAIN, k));
    assert_broken("MF-MAIN-006");
    assert_breach(MFD_MAIN_006, item_of(MAIN, k), MAIN, offset_of(MAIN, k), 0, 11);
    config.no_switchover = true;
    assert_broken("");
    assert_state(MFD_MAIN_006, MFD_OBSERVED_UNDECIDED);
}

static void a_block_listed_twice_shows_without_the_receivers_table(void **state)
{
    (void)state;
    build_10_0();
    mfd_pack_memsize(bytes_of(MAIN, 3), 2 * RAM);
    PUT_MAIN(mfd_pack_block(ARENA, "mem0", RAM));
    move_item(item_count - 1, item_of(MAIN, 4) + 1);
    assert_broken("MF-MAIN-002");
    assert_breach(MFD_MAIN_002, item_of(MAIN, 5), MAIN, offset_of(MAIN, 5), 4, 0);
}

/*
 * What a stream of bytes does not tell: which devices a receiver has, what a payload decodes to, files, and
 * what TLS does below the bytes.
 */
static bool beyond_the_bytes(enum mfd_rule rule)
{
    if (strncmp(mfd_rule_info(rule)->id, "MF-MAP-", 7) == 0) {
        return true;
    }
    switch (rule) {
    case MFD_TLS_001:
    case MFD_TLS_002:
    case MFD_TLS_003:
    case MFD_DEV_003:
    case MFD_PAY_003:
    case MFD_PAY_004:
    case MFD_PAY_005:
    case MFD_PAY_010:
    case MFD_PAY_011:
    case MFD_PAY_012:
    case MFD_PAY_014:
        return true;
    default:
        return false;
    }
}

static void every_rule_of_flow_that_can_show_is_judged(void **state)
{
    (void)state;
    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        const struct mfd_rule_info *info = mfd_rule_info((enum mfd_rule)i);
        bool judges = mfd_observer_judges((enum mfd_rule)i);

        print_message("%s\n", info->id);
        if (info->kind == MFD_KIND_BYTES) {
            assert_true(judges);
        } else if (info->kind != MFD_KIND_FLOW) {
            assert_false(judges);
        } else if (!beyond_the_bytes((enum mfd_rule)i)) {
            assert_int_equal(judges, info->seen != MFD_SEEN_NOT);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_of_7_2_breaks_nothing_and_keeps_every_rule_of_its_time),
        cmocka_unit_test(a_session_of_10_0_breaks_nothing_and_keeps_every_rule_of_its_time),
        cmocka_unit_test(the_receivers_blocks_let_more_rules_be_judged),
        cmocka_unit_test(a_session_with_compression_is_followed_by_its_sizes),
        cmocka_unit_test(device_state_takes_no_number),
        cmocka_unit_test(broken_bytes_show_with_their_message_and_place),
        cmocka_unit_test(one_wrong_word_of_a_prefix_is_a_wrong_field_and_framing_goes_on),
        cmocka_unit_test(init_001_a_connection_that_does_not_start_with_a_hello),
        cmocka_unit_test(a_hello_whose_uuid_looks_like_a_packet_is_a_hello),
        cmocka_unit_test(init_005_an_id_twice),
        cmocka_unit_test(init_016_a_hello_cut_short),
        cmocka_unit_test(hdr_001_a_header_of_another_length),
        cmocka_unit_test(num_001_setup_numbers_beyond_the_channels_or_twice),
        cmocka_unit_test(num_002_a_number_twice_or_left_out),
        cmocka_unit_test(num_004_numbers_that_do_not_rise_on_a_channel),
        cmocka_unit_test(pay_016_zero_pages_with_payload),
        cmocka_unit_test(pay_019_a_channel_closed_within_a_message),
        cmocka_unit_test(sync_001_data_before_the_first_sync),
        cmocka_unit_test(sync_002_and_010_too_few_syncs_on_a_channel),
        cmocka_unit_test(sync_010_a_channel_closed_while_main_goes_on),
        cmocka_unit_test(sync_002_and_011_a_sync_that_no_sync_point_takes),
        cmocka_unit_test(sync_008_a_page_twice_between_two_syncs),
        cmocka_unit_test(chan_001_too_many_connections),
        cmocka_unit_test(chan_002_a_channel_before_main),
        cmocka_unit_test(chan_021_a_channel_that_gets_no_page),
        cmocka_unit_test(main_004_a_page_on_main),
        cmocka_unit_test(main_005_zero_pages_where_they_do_not_belong),
        cmocka_unit_test(main_006_no_switchover_before_the_last_section),
        cmocka_unit_test(a_block_listed_twice_shows_without_the_receivers_table),
        cmocka_unit_test(every_rule_of_flow_that_can_show_is_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
