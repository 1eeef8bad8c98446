// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the observer must not claim: sessions of which a part is missing, that the receiver ended, that
 * cannot be followed, or for which memory is short.
 */
#include "observe_test.h"

static void (*const builders[])(void) = {build_7_2, build_10_0};

static void a_session_that_ends_at_any_event_breaks_nothing(void **state)
{
    (void)state;
    for (size_t b = 0; b < COUNT(builders); b++) {
        builders[b]();
        for (size_t count = item_count; count > 0; count--) {
            item_count = count;
            prepare();
            observe(WHOLE);
            assert_string_equal(rules_that(MFD_OBSERVED_BROKEN, false), "");
        }
    }
}

static void a_session_that_starts_at_any_event_breaks_nothing(void **state)
{
    (void)state;
    for (size_t b = 0; b < COUNT(builders); b++) {
        builders[b]();
        for (size_t gone = 1; item_count > 0; gone++) {
            remove_item(0);
            prepare();
            observe(WHOLE);
            assert_string_equal(rules_that(MFD_OBSERVED_BROKEN, false), "");
            if (gone == 1) {
                /* main was open before: what the channels show for themselves is still told */
                assert_state(MFD_SYNC_002, MFD_OBSERVED_UNDECIDED);
                assert_state(MFD_CHAN_002, MFD_OBSERVED_UNDECIDED);
                assert_state(MFD_HDR_013, MFD_OBSERVED_HELD);
                assert_state(MFD_MAIN_001, MFD_OBSERVED_UNDECIDED);
            }
        }
    }
}

static void a_session_that_ends_or_starts_within_any_message_breaks_nothing(void **state)
{
    uint64_t random = 9;

    (void)state;
    for (int i = 0; i < 400; i++) {
        size_t cut = 0;

        builders[i % 2]();
        cut = 3 + (size_t)(test_random(&random) % (item_count - 6));
        if (items[cut].len < 2) {
            continue;
        }
        item_count = cut + 1;
        items[cut].len = 1 + (size_t)(test_random(&random) % (items[cut].len - 1));
        prepare();
        observe(WHOLE);
        assert_string_equal(rules_that(MFD_OBSERVED_BROKEN, false), "");
    }
}

static void one_connection_that_was_there_before_leaves_all_connections_undecided(void **state)
{
    (void)state;
    build_10_0();
    config.channels = 0; /* so that nobody misses the channel that was not seen from its start */
    remove_item(2);
    assert_broken("");
    assert_string_equal(rules_that(MFD_OBSERVED_HELD, true), "MF-MAIN-004 MF-MAIN-006");
}

static void a_migration_that_is_given_up_breaks_nothing(void **state)
{
    (void)state;
    /* main is at a sync point for which channel 0 has not sent its SYNC, and all are closed */
    build_10_0();
    drop_from(0, 4);
    drop_from(MAIN, 12);
    assert_broken("");
    assert_state(MFD_SYNC_010, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_SYNC_002, MFD_OBSERVED_UNDECIDED);
}

static void a_gap_in_the_numbers_of_a_session_cut_short_decides_nothing(void **state)
{
    (void)state;
    build_10_0();
    mfd_put64(bytes_of(0, 5) + MFD_PACKET_NUM, 20);
    items[item_count - 3].direction = MFD_BACKWARD;
    assert_broken("");
    assert_state(MFD_NUM_002, MFD_OBSERVED_UNDECIDED);
}

static void sync_points_at_section_ends_are_not_counted_at_markers(void **state)
{
    (void)state;
    build_10_0();
    config.sync = MFD_SYNC_SECTION;
    assert_broken("");
    assert_state(MFD_SYNC_002, MFD_OBSERVED_HELD);
}

static void without_a_zero_page_nothing_is_known_about_zero_pages(void **state)
{
    (void)state;
    put_opening(MFD_REV_10_0);
    put_sync(0, 0);
    put_sync(1, 1);
    put_ram_start();
    put_packet(0, 0, 2, 0, 4, 0);
    put_packet(1, 0, 3, 4, 4, 0);
    put_sync(0, 4);
    put_sync(1, 5);
    PUT_MAIN(mfd_pack_command(ARENA, MFD_CMD_SWITCHOVER_START, NULL, 0));
    put_part(MFD_SECTION_END);
    put_tail();
    assert_broken("");
    assert_state(MFD_PAY_016, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_MAIN_005, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_CHAN_021, MFD_OBSERVED_HELD);
}

static void nothing_is_held_before_the_end_or_without_events(void **state)
{
    (void)state;
    build_10_0();
    prepare();
    mfd_observer_start(&observer, &config, &memory);
    mfd_observer_end(&observer);
    assert_string_equal(rules_that(MFD_OBSERVED_HELD, false), "");
    prepare();
    mfd_observer_start(&observer, &config, &memory);
    deliver(WHOLE);
    assert_string_equal(rules_that(MFD_OBSERVED_HELD, false), "");
    mfd_observer_end(&observer);
    assert_state(MFD_SYNC_002, MFD_OBSERVED_HELD);
}

static void connections_in_any_order_of_arrival_break_nothing(void **state)
{
    static const uint32_t orders[][3] = {{MAIN, 0, 1}, {1, 0, MAIN}, {0, MAIN, 1}};

    (void)state;
    for (size_t o = 0; o < COUNT(orders); o++) {
        for (size_t b = 0; b < COUNT(builders); b++) {
            struct item sorted[COUNT(items)];
            size_t count = 3;

            /* each connection as a whole, behind the opening of all */
            builders[b]();
            memcpy(sorted, items, 3 * sizeof(items[0]));
            for (size_t c = 0; c < 3; c++) {
                for (size_t i = 3; i < item_count; i++) {
                    if (items[i].conn == orders[o][c]) {
                        sorted[count++] = items[i];
                    }
                }
            }
            memcpy(items, sorted, sizeof(items));
            assert_broken("");
            assert_state(MFD_SYNC_002, MFD_OBSERVED_HELD);
            assert_state(MFD_SYNC_010, MFD_OBSERVED_HELD);
            assert_state(MFD_SYNC_008, o == 0 ? MFD_OBSERVED_HELD : MFD_OBSERVED_UNDECIDED);
        }
    }
}

static void what_stays_open_decides_nothing_about_its_end(void **state)
{
    (void)state;
    build_10_0();
    item_count -= 3;
    assert_broken("");
    assert_state(MFD_HDR_001, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_PAY_019, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_NUM_002, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_SYNC_002, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_SYNC_011, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_SYNC_010, MFD_OBSERVED_HELD);
    assert_state(MFD_CHAN_001, MFD_OBSERVED_HELD);
    assert_state(MFD_MAIN_004, MFD_OBSERVED_HELD);
}

static void a_sender_that_stops_where_the_receiver_has_closed_breaks_nothing(void **state)
{
    (void)state;
    /* the receiver resets channel 0 within a packet; the sender then closes everything */
    for (int closed_by_sender = 0; closed_by_sender < 2; closed_by_sender++) {
        build_10_0();
        drop_from(0, 3);
        items[item_of(0, 2)].len = HEADER + 100;
        put_event(0, MFD_EVENT_RESET, MFD_BACKWARD);
        move_item(item_count - 1, item_of(0, 2) + 1);
        drop_from(1, 3);
        items[item_of(1, 2)].len = 500;
        if (!closed_by_sender) {
            item_count -= 3;
        }
        assert_broken("");
        assert_state(MFD_PAY_019, MFD_OBSERVED_UNDECIDED);
        assert_state(MFD_SYNC_010, MFD_OBSERVED_UNDECIDED);
        assert_state(MFD_SYNC_002, MFD_OBSERVED_UNDECIDED);
    }
    /* a hello */
    build_10_0();
    drop_from(0, 1);
    items[item_of(0, 0)].len = 20;
    put_event(1, MFD_EVENT_CLOSE, MFD_BACKWARD);
    move_item(item_count - 1, 3);
    drop_from(1, 0);
    assert_broken("");
    assert_state(MFD_INIT_016, MFD_OBSERVED_UNDECIDED);
}

static void a_receiver_that_closes_first_at_the_end_of_all_leaves_the_verdicts(void **state)
{
    (void)state;
    build_10_0();
    put_event(0, MFD_EVENT_CLOSE, MFD_BACKWARD);
    move_item(item_count - 1, item_count - 4);
    put_event(1, MFD_EVENT_CLOSE, MFD_BACKWARD);
    assert_broken("");
    assert_state(MFD_PAY_019, MFD_OBSERVED_HELD);
    assert_state(MFD_SYNC_002, MFD_OBSERVED_HELD);
    assert_state(MFD_NUM_002, MFD_OBSERVED_HELD);
    /* both channels closed by the receiver only: all but how the sender would have closed them */
    build_10_0();
    items[item_count - 3].direction = MFD_BACKWARD;
    items[item_count - 2].direction = MFD_BACKWARD;
    assert_broken("");
    assert_state(MFD_PAY_019, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_SYNC_002, MFD_OBSERVED_HELD);
}

static void return_path_and_stray_events_are_passed_over(void **state)
{
    (void)state;
    build_10_0();
    memcpy(ARENA, "\0\2\0\4\0\0\0\7", 8);
    put_message(MAIN, 8);
    items[item_count - 1].direction = MFD_BACKWARD;
    move_item(item_count - 1, 8);
    put_event(0, MFD_EVENT_OPEN, MFD_FORWARD);
    move_item(item_count - 1, 9);
    put_event(0, MFD_EVENT_DATA, MFD_FORWARD);
    move_item(item_count - 1, 10);
    memcpy(ARENA, "long after all that", 19);
    put_message(0, 19); /* behind its close */
    assert_broken("");
    assert_state(MFD_SYNC_002, MFD_OBSERVED_HELD);
}

static void wrong_counts_end_what_can_be_followed_and_blame_nothing_else(void **state)
{
    static const struct {
        size_t at;
        uint32_t value;
        const char *broken;
    } cases[] = {
        {MFD_PACKET_NORMAL_PAGES, 129, "MF-HDR-010 MF-HDR-017"},
        {MFD_PACKET_NORMAL_PAGES, 0xffffffff, "MF-HDR-010 MF-HDR-017"},
        {MFD_PACKET_ZERO_PAGES, 126, "MF-HDR-018"},
        {MFD_PACKET_PAGES_ALLOC, 2, "MF-HDR-004 MF-HDR-017"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        build_10_0();
        mfd_put32(bytes_of(0, 2) + cases[i].at, cases[i].value);
        assert_broken(cases[i].broken);
        assert_state(MFD_HDR_001, MFD_OBSERVED_UNDECIDED);
        assert_state(MFD_SYNC_002, MFD_OBSERVED_UNDECIDED);
        assert_state(MFD_SYNC_008, MFD_OBSERVED_UNDECIDED);
        assert_state(MFD_MAIN_004, MFD_OBSERVED_HELD);
    }
    /* more pages than slots where pages_alloc allows them */
    build_10_0();
    mfd_put32(bytes_of(0, 2) + MFD_PACKET_PAGES_ALLOC, 1000);
    mfd_put32(bytes_of(0, 2) + MFD_PACKET_ZERO_PAGES, 500);
    assert_broken("MF-HDR-004 MF-HDR-015");
    build_7_2();
    config.rev = MFD_REV_5_2;
    mfd_put32(bytes_of(0, 2) + MFD_PACKET_PAGES_ALLOC, 1000);
    mfd_put32(bytes_of(0, 2) + MFD_PACKET_NORMAL_PAGES, 500);
    assert_broken("MF-HDR-004 MF-HDR-005 MF-HDR-010");
    /* a size that no receiver takes */
    put_opening(MFD_REV_10_0);
    config.method = MFD_FLAG_ZLIB;
    put_sync(0, 0);
    put_ram_start();
    put_packet(0, 0, 2, 0, 3, 1);
    mfd_put32(bytes_of(0, 2) + MFD_PACKET_NEXT_SIZE, MFD_COMPRESSED_MAX + 1);
    put_event(0, MFD_EVENT_CLOSE, MFD_FORWARD);
    assert_broken("MF-PAY-008");
}

static void an_end_while_payload_of_zero_pages_is_tried_decides_neither_rule(void **state)
{
    (void)state;
    build_10_0();
    lengthen(1, 3, 100);
    drop_from(1, 4);
    assert_broken("MF-HDR-013 MF-HDR-014");
    assert_state(MFD_PAY_016, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_HDR_001, MFD_OBSERVED_UNDECIDED);
}

static void unknown_sections_break_something_only_on_the_machine_none(void **state)
{
    (void)state;
    for (int none = 0; none < 3; none++) {
        size_t footer = 0;

        build_10_0();
        config.machine = none == 0 ? "none" : none == 1 ? NULL : "pc-i440fx-10.0";
        if (none == 2) {
            mfd_pack_config(ARENA, config.machine);
            items[item_of(MAIN, 1)].start = arena_used;
            items[item_of(MAIN, 1)].len = 5 + strlen(config.machine);
            arena_used += MFD_RECORD_MAX;
        }
        footer = item_of(MAIN, 16);
        put_full(9, "cpu_common", 1, 60);
        move_item(item_count - 1, footer + 1);
        move_item(item_count - 1, footer + 1);
        move_item(item_count - 1, footer + 1);
        assert_broken(none == 0 ? "MF-MAIN-017" : "");
        assert_state(MFD_SYNC_002, MFD_OBSERVED_HELD);
    }
    /* a type that no section has is wrong everywhere */
    build_10_0();
    config.machine = NULL;
    bytes_of(MAIN, 2)[0] = 9;
    assert_broken("MF-MAIN-017");
    assert_state(MFD_SYNC_002, MFD_OBSERVED_UNDECIDED);
}

static void unknown_subsections_break_nothing(void **state)
{
    (void)state;
    build_10_0();
    memcpy(ARENA,
           "\5\x1a"
           "configuration/capabilities"
           "\0\0\0\1"
           "\0\0\0\1"
           "\x0amapped-ram",
           47);
    PUT_MAIN(47);
    move_item(item_count - 1, item_of(MAIN, 1) + 1);
    assert_broken("");
    assert_state(MFD_SYNC_002, MFD_OBSERVED_UNDECIDED);
}

static void main_ends_where_a_receiver_would_refuse_it(void **state)
{
    (void)state;
    build_10_0();
    mfd_put32(bytes_of(MAIN, 7) + 1, 2);
    assert_broken("MF-MAIN-003");
    assert_state(MFD_SYNC_002, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_MAIN_004, MFD_OBSERVED_UNDECIDED);
    /* something else than main or channel, opened first, is main that starts wrongly */
    build_10_0();
    memcpy(bytes_of(MAIN, 0), "HTTP", 4);
    assert_broken("MF-MAIN-001");
}

static void memory_that_is_short_leaves_rules_undecided(void **state)
{
    (void)state;
    build_10_0();
    prepare();
    memory.pages = NULL;
    observe(WHOLE);
    assert_state(MFD_SYNC_008, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_SYNC_002, MFD_OBSERVED_HELD);
    prepare();
    memory.page_count = 8;
    observe(WHOLE);
    assert_state(MFD_SYNC_008, MFD_OBSERVED_UNDECIDED);
    prepare();
    memory.block_count = 0;
    observe(WHOLE);
    assert_state(MFD_SYNC_008, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_HDR_019, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_HDR_021, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_HDR_024, MFD_OBSERVED_HELD);
    prepare();
    memory.conn_count = 2;
    observe(WHOLE);
    assert_string_equal(rules_that(MFD_OBSERVED_BROKEN, false), "");
    assert_state(MFD_INIT_005, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_CHAN_001, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_SYNC_002, MFD_OBSERVED_UNDECIDED);
}

static void pages_outside_their_block_or_of_none_are_not_counted(void **state)
{
    (void)state;
    build_10_0();
    mfd_put64(bytes_of(0, 2) + MFD_PACKET_FIXED, RAM);
    mfd_put64(bytes_of(0, 3) + MFD_PACKET_FIXED, RAM);
    assert_broken("MF-HDR-021");
    assert_state(MFD_SYNC_008, MFD_OBSERVED_UNDECIDED);
    build_10_0();
    bytes_of(0, 2)[MFD_PACKET_RAMBLOCK] = 'M';
    assert_broken("MF-HDR-019");
    assert_state(MFD_SYNC_008, MFD_OBSERVED_UNDECIDED);
}

static void each_block_has_its_own_pages(void **state)
{
    (void)state;
    put_opening(MFD_REV_10_0);
    put_sync(0, 0);
    put_sync(1, 1);
    PUT_MAIN(mfd_pack_section(ARENA, MFD_SECTION_START, 1, "ram", 0, 4));
    PUT_MAIN(mfd_pack_memsize(ARENA, RAM + 0x5000));
    PUT_MAIN(mfd_pack_block(ARENA, "rom", 0x5000));
    PUT_MAIN(mfd_pack_block(ARENA, "mem0", RAM));
    put_point();
    put_packet(0, 0, 2, 0, 4, 0);
    put_packet(1, 0, 3, 0, 4, 0);
    memcpy(bytes_of(1, 2) + MFD_PACKET_RAMBLOCK, "rom\0", 4);
    prepare();
    memory.page_count = RAM / PAGE + 1 + 5 + 1;
    observe(WHOLE);
    assert_string_equal(rules_that(MFD_OBSERVED_BROKEN, false), "");
    mfd_put64(bytes_of(1, 2) + MFD_PACKET_FIXED + 8, 0);
    prepare();
    memory.page_count = RAM / PAGE + 1 + 5 + 1;
    observe(WHOLE);
    assert_string_equal(rules_that(MFD_OBSERVED_BROKEN, false), "MF-SYNC-008");
}

static void what_is_not_configured_is_not_judged(void **state)
{
    (void)state;
    build_10_0();
    config.uuid = NULL;
    config.channels = 0;
    config.machine = NULL;
    config.method = MFD_METHOD_UNKNOWN;
    assert_broken("");
    assert_state(MFD_INIT_004, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_INIT_012, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_MAIN_016, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_PAY_002, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_HDR_010, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_CHAN_001, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_INIT_005, MFD_OBSERVED_HELD);
    assert_state(MFD_NUM_001, MFD_OBSERVED_HELD);
    assert_state(MFD_SYNC_002, MFD_OBSERVED_HELD);
}

static void an_empty_list_of_blocks_is_a_list(void **state)
{
    (void)state;
    put_opening(MFD_REV_10_0);
    put_sync(0, 0);
    PUT_MAIN(mfd_pack_section(ARENA, MFD_SECTION_START, 1, "ram", 0, 4));
    PUT_MAIN(mfd_pack_memsize(ARENA, 0));
    put_packet(0, 0, 2, 0, 1, 0);
    assert_broken("MF-HDR-019");
}

/* A session of a stage of 2017: hellos on the channels, pages on main. */
static void build_2017(enum mfd_rev rev)
{
    size_t record = 0;

    put_opening(rev);
    put_ram_start();
    PUT_MAIN(mfd_pack_part(ARENA, MFD_SECTION_END, 1));
    PUT_MAIN(mfd_pack_zero(ARENA, "mem0", PAGE));
    record = mfd_pack_page(ARENA, "mem0", 0);
    memset(ARENA + record, 0x77, PAGE);
    PUT_MAIN(record + PAGE);
    put_point();
    put_tail();
}

#define FOR_EACH_STAGE(rev) \
    for (enum mfd_rev rev = MFD_REV_2017_TEXT; rev <= MFD_REV_2017_BINARY; rev++)

static void the_stages_of_2017_keep_the_rules_of_hellos_and_main(void **state)
{
    (void)state;
    FOR_EACH_STAGE(rev)
    {
        build_2017(rev);
        assert_broken("");
        assert_state(MFD_INIT_005, MFD_OBSERVED_HELD);
        assert_state(MFD_INIT_016, MFD_OBSERVED_HELD);
        assert_state(MFD_INIT_026, MFD_OBSERVED_HELD);
        assert_state(rev == MFD_REV_2017_TEXT ? MFD_INIT_023 : MFD_INIT_025, MFD_OBSERVED_HELD);
        assert_state(MFD_INIT_004, MFD_OBSERVED_HELD);
        assert_state(MFD_INIT_012, MFD_OBSERVED_HELD);
        assert_state(MFD_MAIN_003, MFD_OBSERVED_HELD);
        assert_state(MFD_SYNC_002, MFD_OBSERVED_UNDECIDED);
        assert_state(MFD_MAIN_004, MFD_OBSERVED_UNDECIDED);
    }
}

static void an_id_twice_is_seen_in_the_stages_of_2017(void **state)
{
    (void)state;
    FOR_EACH_STAGE(rev)
    {
        uint32_t width = 0;
        size_t at = mfd_hello_id_offset(rev, &width);

        build_2017(rev);
        bytes_of(0, 0)[at + width - 1] += 1;
        assert_broken("MF-INIT-005");
        assert_breach(MFD_INIT_005, item_of(0, 0), 0, at, 1, 0);
    }
}

static void a_short_hello_is_seen_in_the_stages_of_2017(void **state)
{
    (void)state;
    FOR_EACH_STAGE(rev)
    {
        for (size_t n = 1; n < mfd_hello_size(rev); n++) {
            build_2017(rev);
            items[item_of(0, 0)].len = n;
            assert_broken("MF-INIT-016");
        }
    }
}

static void init_026_what_follows_a_hello_of_2017(void **state)
{
    (void)state;
    FOR_EACH_STAGE(rev)
    {
        build_2017(rev);
        *ARENA = 7;
        put_message(0, 1);
        move_item(item_count - 1, item_of(MAIN, 2));
        assert_broken("MF-INIT-026");
        assert_breach(MFD_INIT_026, item_of(0, 1), 0, mfd_hello_size(rev), 7, 0);
    }
}

/* Many SYNCs on channel 0, one after the other. */
static void deliver_syncs(uint64_t first, uint64_t count)
{
    uint8_t *packet = test_copy(bytes_of(0, 1), HEADER);
    struct mfd_event event = {.kind = MFD_EVENT_DATA, .bytes = packet, .len = HEADER};

    for (uint64_t i = 0; i < count; i++) {
        mfd_put64(packet + MFD_PACKET_NUM, first + i);
        mfd_observer_event(&observer, &event);
    }
    free(packet);
}

static void numbers_too_far_apart_leave_their_rule_undecided(void **state)
{
    (void)state;
    for (uint64_t far = MFD_OBSERVER_WINDOW - 1; far <= MFD_OBSERVER_WINDOW; far++) {
        put_opening(MFD_REV_10_0);
        put_sync(0, 0);
        prepare();
        mfd_observer_start(&observer, &config, &memory);
        deliver(WHOLE);
        deliver_syncs(1 + far, 1);
        assert_int_equal(observer.window_passed, far == MFD_OBSERVER_WINDOW);
        deliver_syncs(1 + far, 1);
        assert_state(MFD_NUM_002,
                     far < MFD_OBSERVER_WINDOW ? MFD_OBSERVED_BROKEN : MFD_OBSERVED_UNDECIDED);
    }
}

static void long_sessions_wrap_neither_numbers_nor_rounds(void **state)
{
    static uint8_t late[HEADER + PAGE];

    (void)state;
    put_opening(MFD_REV_10_0);
    put_sync(0, 0);
    put_ram_start();
    prepare();
    mfd_observer_start(&observer, &config, &memory);
    deliver(WHOLE);
    deliver_syncs(1, MFD_OBSERVER_WINDOW + 10);
    assert_int_equal(observer.low, MFD_OBSERVER_WINDOW + 11);
    assert_false(observer.window_passed);
    assert_false(observer.pages_unjudged);
    put_packet(0, 0, MFD_OBSERVER_WINDOW + 11, 0, 1, 0);
    memcpy(late, bytes_of(0, 2), sizeof(late));
    mfd_observer_event(
        &observer, &(struct mfd_event){.kind = MFD_EVENT_DATA, .bytes = late, .len = sizeof(late)});
    assert_true(observer.pages_unjudged);
    assert_string_equal(rules_that(MFD_OBSERVED_BROKEN, false), "");
}

static void any_bytes_on_any_connection_are_survived(void **state)
{
    uint64_t random = 10;

    (void)state;
    for (int i = 0; i < 600; i++) {
        builders[i % 2]();
        config.rev = (enum mfd_rev)(i % MFD_REV_COUNT);
        for (int changes = 0; changes < 1 + i % 5; changes++) {
            size_t k = 3 + (size_t)(test_random(&random) % (item_count - 3));

            if (items[k].kind == MFD_EVENT_DATA && items[k].len) {
                size_t limit = items[k].len < 400 ? items[k].len : 400;
                uint8_t *byte = arena + items[k].start + test_random(&random) % limit;

                *byte ^= (uint8_t)(1 + test_random(&random) % 255);
            } else {
                remove_item(k);
            }
        }
        prepare();
        observe((enum delivery)(i % 2 ? RANDOM : JOINED));
    }
    for (int i = 0; i < 100; i++) {
        put_opening((enum mfd_rev)(i % MFD_REV_COUNT));
        config.page_size = 256u << (i % 9);
        for (int k = 0; k < 40; k++) {
            size_t len = (size_t)(test_random(&random) % 3000);

            test_fill_random(ARENA, len, &random);
            if (k % 3) {
                mfd_put64(ARENA, (uint64_t)MFD_MAGIC << 32 | 1);
                mfd_put32(ARENA + MFD_PACKET_NORMAL_PAGES, (uint32_t)test_random(&random) >> 24);
                mfd_put32(ARENA + MFD_PACKET_PAGES_ALLOC, mfd_slots(config.page_size));
                mfd_put32(ARENA + MFD_PACKET_ZERO_PAGES, (uint32_t)test_random(&random) >> 24);
            }
            put_message((uint32_t)(test_random(&random) % 2), len);
        }
        prepare();
        observe(WHOLE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_that_ends_at_any_event_breaks_nothing),
        cmocka_unit_test(a_session_that_starts_at_any_event_breaks_nothing),
        cmocka_unit_test(a_session_that_ends_or_starts_within_any_message_breaks_nothing),
        cmocka_unit_test(one_connection_that_was_there_before_leaves_all_connections_undecided),
        cmocka_unit_test(a_migration_that_is_given_up_breaks_nothing),
        cmocka_unit_test(a_gap_in_the_numbers_of_a_session_cut_short_decides_nothing),
        cmocka_unit_test(sync_points_at_section_ends_are_not_counted_at_markers),
        cmocka_unit_test(without_a_zero_page_nothing_is_known_about_zero_pages),
        cmocka_unit_test(nothing_is_held_before_the_end_or_without_events),
        cmocka_unit_test(connections_in_any_order_of_arrival_break_nothing),
        cmocka_unit_test(what_stays_open_decides_nothing_about_its_end),
        cmocka_unit_test(a_sender_that_stops_where_the_receiver_has_closed_breaks_nothing),
        cmocka_unit_test(a_receiver_that_closes_first_at_the_end_of_all_leaves_the_verdicts),
        cmocka_unit_test(return_path_and_stray_events_are_passed_over),
        cmocka_unit_test(wrong_counts_end_what_can_be_followed_and_blame_nothing_else),
        cmocka_unit_test(an_end_while_payload_of_zero_pages_is_tried_decides_neither_rule),
        cmocka_unit_test(unknown_sections_break_something_only_on_the_machine_none),
        cmocka_unit_test(unknown_subsections_break_nothing),
        cmocka_unit_test(main_ends_where_a_receiver_would_refuse_it),
        cmocka_unit_test(memory_that_is_short_leaves_rules_undecided),
        cmocka_unit_test(pages_outside_their_block_or_of_none_are_not_counted),
        cmocka_unit_test(each_block_has_its_own_pages),
        cmocka_unit_test(what_is_not_configured_is_not_judged),
        cmocka_unit_test(an_empty_list_of_blocks_is_a_list),
        cmocka_unit_test(the_stages_of_2017_keep_the_rules_of_hellos_and_main),
        cmocka_unit_test(an_id_twice_is_seen_in_the_stages_of_2017),
        cmocka_unit_test(a_short_hello_is_seen_in_the_stages_of_2017),
        cmocka_unit_test(init_026_what_follows_a_hello_of_2017),
        cmocka_unit_test(numbers_too_far_apart_leave_their_rule_undecided),
        cmocka_unit_test(long_sessions_wrap_neither_numbers_nor_rounds),
        cmocka_unit_test(any_bytes_on_any_connection_are_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
