// SPDX-License-Identifier: GPL-2.0-or-later
/* An observer that learns of the session while it goes on, and that is asked for each breach. */
#include "observe_test.h"

static struct mfd_breach breaches[8];

static void start_with(enum mfd_rev rev)
{
    struct mfd_observer_config first = mfd_observer_config(rev);

    memory.breaches = breaches;
    memory.breach_room = COUNT(breaches);
    mfd_observer_start(&observer, &first, &memory);
}

static void each_breach_is_listed_with_the_event_that_shows_it(void **state)
{
    size_t seen = 0;

    (void)state;
    build_10_0();
    mfd_put64(bytes_of(0, 3) + MFD_PACKET_NUM, 3); /* twice, and less than another */
    prepare();
    start_with(MFD_REV_10_0);
    mfd_observer_learn(&observer, &config);
    for (size_t i = 0; i < item_count; i++) {
        deliver_bytes(&items[i], arena + items[i].start, items[i].len);
        for (size_t b = 0; b < mfd_observer_breaches(&observer); b++) {
            assert_int_equal(breaches[b].rule, MFD_NUM_002);
            assert_int_equal(i, item_of(0, 3));
            assert_int_equal(breaches[b].connection, 0);
            assert_true(breaches[b].got == 3);
            seen++;
        }
    }
    assert_int_equal(seen, 1);
}

static void breaches_beyond_the_memory_for_them_are_still_counted(void **state)
{
    (void)state;
    build_10_0();
    prepare();
    start_with(MFD_REV_10_0);
    memset(bytes_of(0, 0), 0xff, MFD_HELLO_SIZE - 1);
    memory.breach_room = 1;
    mfd_observer_start(&observer, &config, &memory);
    deliver(WHOLE);
    assert_true(mfd_observer_breaches(&observer) <= 1);
    assert_state(MFD_INIT_002, MFD_OBSERVED_BROKEN);
    assert_state(MFD_INIT_003, MFD_OBSERVED_BROKEN);
}

static void the_first_breach_of_a_rule_has_room_before_repeats_of_others(void **state)
{
    uint8_t *packet = NULL;

    (void)state;
    build_10_0();
    packet = bytes_of(0, 2);
    for (size_t i = 0; i < 4; i++) {
        packet[MFD_PACKET_FIXED + 8 * i + 7] = 1;
    }
    packet[MFD_PACKET_RAMBLOCK + 100] = 1;
    prepare();
    start_with(MFD_REV_10_0);
    memory.breach_room = 2;
    mfd_observer_start(&observer, &config, &memory);
    for (size_t i = 0; i <= item_of(0, 2); i++) {
        deliver_bytes(&items[i], arena + items[i].start, items[i].len);
    }
    assert_int_equal(mfd_observer_breaches(&observer), 2);
    assert_int_equal(breaches[0].rule, MFD_HDR_024);
    assert_int_equal(breaches[1].rule, MFD_HDR_008);
    assert_int_equal(mfd_observer_verdict(&observer, MFD_HDR_024).count, 4);
}

static void what_is_learnt_is_judged_from_then_on(void **state)
{
    (void)state;
    build_7_2();
    prepare();
    /* as 10.0, a SYNC with room for pages breaks MF-HDR-004 */
    start_with(MFD_REV_10_0);
    deliver(WHOLE);
    assert_state(MFD_HDR_004, MFD_OBSERVED_BROKEN);
    prepare();
    start_with(MFD_REV_10_0);
    mfd_observer_learn(&observer, &config);
    deliver(WHOLE);
    mfd_observer_end(&observer);
    assert_string_equal(rules_that(MFD_OBSERVED_BROKEN, false), "");
    assert_state(MFD_SYNC_002, MFD_OBSERVED_HELD);
}

static void memory_for_pages_may_come_with_the_list_of_blocks(void **state)
{
    bool given = false;

    (void)state;
    build_10_0();
    prepare();
    memory.pages = NULL;
    mfd_observer_start(&observer, &config, &memory);
    assert_null(mfd_observer_blocks(&observer));
    for (size_t i = 0; i < item_count; i++) {
        deliver_bytes(&items[i], arena + items[i].start, items[i].len);
        if (!given && mfd_observer_blocks(&observer)) {
            assert_int_equal(mfd_observer_blocks(&observer)->count, 1);
            mfd_observer_give_pages(&observer, pages, RAM / PAGE + 1);
            given = true;
        }
    }
    mfd_observer_end(&observer);
    assert_state(MFD_SYNC_008, MFD_OBSERVED_HELD);
}

/* Other memory, of exactly the documented size; the old one is no longer there. */
static void move_to(size_t conn_count, struct mfd_observer_memory *room)
{
    struct mfd_observer_memory old = *room;

    room->conn_count = conn_count;
    room->conns = malloc(conn_count * sizeof(*room->conns));
    room->buffers = malloc(conn_count * mfd_observer_buffer_size(config.page_size));
    room->findings = malloc(mfd_observer_findings(config.page_size) * sizeof(*room->findings));
    assert_true(room->conns && room->buffers && room->findings);
    if (old.conns) {
        mfd_observer_give_room(&observer, room, config.page_size);
        memset(old.conns, 0xff, old.conn_count * sizeof(*old.conns));
    }
    free(old.conns);
    free(old.buffers);
    free(old.findings);
}

static void room_may_become_larger_while_messages_are_in_it(void **state)
{
    struct mfd_observer_memory room = {0};
    size_t conn_count = 1;

    (void)state;
    build_10_0();
    prepare();
    move_to(conn_count, &room);
    room.blocks = memory.blocks;
    room.block_count = memory.block_count;
    room.pages = memory.pages;
    room.page_count = memory.page_count;
    mfd_observer_start(&observer, &config, &room);
    for (size_t i = 0; i < item_count; i++) {
        const uint8_t *bytes = arena + items[i].start;
        size_t half = items[i].len / 2;

        if (half) {
            deliver_bytes(&items[i], bytes, half);
        }
        conn_count += items[i].kind == MFD_EVENT_OPEN;
        move_to(conn_count, &room);
        deliver_bytes(&items[i], bytes + half, items[i].len - half);
    }
    mfd_observer_end(&observer);
    assert_string_equal(rules_that(MFD_OBSERVED_BROKEN, false), "");
    assert_state(MFD_SYNC_002, MFD_OBSERVED_HELD);
    assert_state(MFD_CHAN_002, MFD_OBSERVED_HELD);
    free(room.conns);
    free(room.buffers);
    free(room.findings);
}

/* What the tap was told: kinds in order, and where the messages of channel 0 stand. */
static char told[4096];
static uint64_t told_to[CONNS + MAIN];

static void tell(const struct mfd_observed_message *message, void *context)
{
    (void)context;
    assert_true(message->offset == told_to[message->connection]);
    told_to[message->connection] = message->offset + message->size + message->payload;
    if (message->connection == 0) {
        snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s+%u ",
                 mfd_message_name(message->message), (unsigned)message->payload);
    }
}

static void each_message_is_told_with_its_place_and_payload(void **state)
{
    (void)state;
    FOR_EACH_DELIVERY(delivery)
    {
        uint64_t sizes[CONNS + MAIN] = {0};

        told[0] = '\0';
        memset(told_to, 0, sizeof(told_to));
        build_10_0();
        for (size_t i = 0; i < item_count; i++) {
            sizes[items[i].conn] += items[i].kind == MFD_EVENT_DATA ? items[i].len : 0;
        }
        prepare();
        mfd_observer_start(&observer, &config, &memory);
        mfd_observer_tap(&observer, tell, NULL);
        deliver(delivery);
        assert_string_equal(told, "hello+0 packet+0 packet+12288 packet+16384 packet+0 packet+0 ");
        for (uint32_t conn = 0; conn <= MAIN; conn++) {
            assert_true(told_to[conn] == sizes[conn]);
            assert_true(mfd_observer_told(&observer, conn) ==
                        (sizes[conn] ? sizes[conn] : UINT64_MAX));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_is_told_with_its_place_and_payload),
        cmocka_unit_test(each_breach_is_listed_with_the_event_that_shows_it),
        cmocka_unit_test(breaches_beyond_the_memory_for_them_are_still_counted),
        cmocka_unit_test(the_first_breach_of_a_rule_has_room_before_repeats_of_others),
        cmocka_unit_test(what_is_learnt_is_judged_from_then_on),
        cmocka_unit_test(memory_for_pages_may_come_with_the_list_of_blocks),
        cmocka_unit_test(room_may_become_larger_while_messages_are_in_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
