// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes that are missing, and why a rule is undecided. */
#include "observe_test.h"

/* The session that was built, up to item `until`; none of its events may be broken. */
static void observe_until(size_t until)
{
    prepare();
    mfd_observer_start(&observer, &config, &memory);
    for (size_t i = 0; i < until; i++) {
        deliver_bytes(&items[i], arena + items[i].start, items[i].len);
    }
    mfd_observer_end(&observer);
    assert_string_equal(rules_that(MFD_OBSERVED_BROKEN, false), "");
}

/* The session of which `count` bytes are missing, from the byte `at` of a message on. */
static void observe_without(uint32_t conn, size_t k, size_t at, size_t count)
{
    size_t gap = item_of(conn, k);

    prepare();
    mfd_observer_start(&observer, &config, &memory);
    for (size_t i = 0; i < item_count; i++) {
        const uint8_t *bytes = arena + items[i].start;

        if (i == gap) {
            deliver_bytes(&items[i], bytes, at);
            mfd_observer_missing(&observer, conn, count);
            bytes += at + count;
            deliver_bytes(&items[i], bytes, items[i].len - at - count);
        } else {
            deliver_bytes(&items[i], bytes, items[i].len);
        }
    }
    mfd_observer_end(&observer);
    assert_string_equal(rules_that(MFD_OBSERVED_BROKEN, false), "");
}

static void assert_reason(enum mfd_rule rule, enum mfd_undecided reason)
{
    print_message("%s\n", mfd_rule_info(rule)->id);
    assert_int_equal(mfd_observer_undecided(&observer, rule), reason);
}

static void payload_that_is_missing_changes_nothing(void **state)
{
    char whole[4096];

    (void)state;
    build_10_0();
    observe_until(item_count);
    snprintf(whole, sizeof(whole), "%s", rules_that(MFD_OBSERVED_HELD, false));
    observe_without(0, 2, HEADER, 3 * PAGE);
    assert_string_equal(rules_that(MFD_OBSERVED_HELD, false), whole);
    observe_without(0, 2, HEADER + 1, 1);
    assert_string_equal(rules_that(MFD_OBSERVED_HELD, false), whole);
}

static void behind_a_missing_header_nothing_of_the_connection_is_judged(void **state)
{
    (void)state;
    build_10_0();
    observe_without(0, 2, HEADER - 1, 1);
    assert_state(MFD_HDR_021, MFD_OBSERVED_HELD); /* by the other channel */
    assert_false(mfd_observer_follows(&observer, 0));
    assert_true(mfd_observer_follows(&observer, 1));
    assert_false(mfd_observer_follows(&observer, 7));
    assert_int_equal(mfd_observer_role(&observer, MAIN), MFD_ROLE_IS_MAIN);
    assert_int_equal(mfd_observer_role(&observer, 1), MFD_ROLE_IS_CHANNEL);
    assert_int_equal(mfd_observer_role(&observer, 7), MFD_ROLE_NONE_YET);
    assert_reason(MFD_SYNC_002, MFD_UNDECIDED_GAP);
    assert_reason(MFD_NUM_002, MFD_UNDECIDED_GAP);
    observe_without(MAIN, 3, 1, 1);
    assert_reason(MFD_MAIN_004, MFD_UNDECIDED_GAP);
}

/* It may have been a channel whose packets, then, are missing as well. */
static void a_connection_whose_first_bytes_are_missing_leaves_the_whole_undecided(void **state)
{
    (void)state;
    build_10_0();
    observe_without(0, 0, 1, 1);
    assert_reason(MFD_NUM_002, MFD_UNDECIDED_GAP);
    assert_reason(MFD_CHAN_021, MFD_UNDECIDED_GAP);
}

static void what_is_missing_on_a_connection_that_is_not_there_is_nothing(void **state)
{
    (void)state;
    build_10_0();
    prepare();
    mfd_observer_start(&observer, &config, &memory);
    mfd_observer_missing(&observer, 5, 1);
    deliver(WHOLE);
    mfd_observer_missing(&observer, 0, 1); /* closed already */
    mfd_observer_end(&observer);
    assert_state(MFD_SYNC_002, MFD_OBSERVED_HELD);
}

static void what_is_decided_has_no_reason(void **state)
{
    (void)state;
    build_10_0();
    observe_until(item_count);
    assert_reason(MFD_HDR_013, MFD_DECIDED);
    assert_string_equal(mfd_undecided_text(MFD_DECIDED), "");
}

static void each_undecided_rule_has_a_reason_with_a_text(void **state)
{
    (void)state;
    build_7_2();
    for (size_t until = 0; until <= item_count; until++) {
        observe_until(until);
        for (enum mfd_rule rule = 0; rule < MFD_RULE_COUNT; rule++) {
            enum mfd_undecided reason = mfd_observer_undecided(&observer, rule);
            bool undecided = mfd_observer_verdict(&observer, rule).state == MFD_OBSERVED_UNDECIDED;

            assert_int_equal(reason != MFD_DECIDED, undecided);
            assert_true(!undecided || mfd_undecided_text(reason)[0]);
        }
    }
}

static void what_no_session_of_the_revision_can_show_is_told(void **state)
{
    (void)state;
    build_7_2();
    observe_until(item_count);
    assert_reason(MFD_DEV_001, MFD_UNDECIDED_REVISION);
    assert_reason(MFD_PAY_003, MFD_UNDECIDED_UNSEEN);
    assert_reason(MFD_MAIN_008, MFD_UNDECIDED_BLOCKS);
    assert_reason(MFD_HDR_022, MFD_UNDECIDED_REVISION);
}

static void what_was_not_known_beforehand_is_named(void **state)
{
    (void)state;
    build_10_0();
    config.channels = 0;
    config.uuid = NULL;
    config.machine = NULL;
    observe_until(item_count);
    assert_reason(MFD_INIT_012, MFD_UNDECIDED_CHANNELS);
    assert_reason(MFD_CHAN_001, MFD_UNDECIDED_CHANNELS);
    assert_reason(MFD_INIT_004, MFD_UNDECIDED_UUID);
    assert_reason(MFD_MAIN_016, MFD_UNDECIDED_MACHINE);
}

static void a_session_that_lacks_connections_says_which(void **state)
{
    (void)state;
    build_10_0();
    observe_until(0);
    assert_reason(MFD_SYNC_002, MFD_UNDECIDED_MAIN);
    move_item(item_of(MAIN, 0), 3);
    observe_until(4);
    assert_reason(MFD_INIT_005, MFD_UNDECIDED_CHANNEL);
    observe_until(item_of(0, 1));
    assert_reason(MFD_SYNC_002, MFD_UNDECIDED_UNFINISHED);
    /* all is there but what closes it */
    observe_until(item_count - 3);
    assert_reason(MFD_PAY_019, MFD_UNDECIDED_OPEN);
    /* the first event of a connection is not its OPEN */
    build_10_0();
    remove_item(1);
    observe_until(item_count);
    assert_reason(MFD_SYNC_002, MFD_UNDECIDED_LATE);
}

static void a_receiver_that_closes_first_leaves_the_rest_open(void **state)
{
    size_t at = 0;

    (void)state;
    build_10_0();
    at = item_of(0, 1);
    put_event(0, MFD_EVENT_CLOSE, MFD_BACKWARD);
    move_item(item_count - 1, at);
    observe_until(at + 1);
    assert_reason(MFD_SYNC_002, MFD_UNDECIDED_CUT);
}

static void too_many_connections_or_blocks_are_told(void **state)
{
    (void)state;
    build_10_0();
    prepare();
    memory.conn_count = 2;
    observe(WHOLE);
    assert_reason(MFD_SYNC_002, MFD_UNDECIDED_UNTRACKED);
    build_10_0();
    prepare();
    memory.block_count = 0;
    observe(WHOLE);
    assert_reason(MFD_HDR_021, MFD_UNDECIDED_BLOCKS);
}

static void a_connection_that_cannot_be_followed_is_told(void **state)
{
    (void)state;
    build_10_0();
    config.machine = NULL;
    /* an unknown device behind RAM START: nothing wrong, but of unknown size */
    put_full(9, "e1000", 1, 8);
    for (size_t i = 0; i < 3; i++) {
        move_item(item_count - 1 - i, item_of(MAIN, 2));
    }
    observe_until(item_count);
    assert_reason(MFD_SYNC_002, MFD_UNDECIDED_LOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payload_that_is_missing_changes_nothing),
        cmocka_unit_test(behind_a_missing_header_nothing_of_the_connection_is_judged),
        cmocka_unit_test(a_connection_whose_first_bytes_are_missing_leaves_the_whole_undecided),
        cmocka_unit_test(what_is_missing_on_a_connection_that_is_not_there_is_nothing),
        cmocka_unit_test(what_is_decided_has_no_reason),
        cmocka_unit_test(each_undecided_rule_has_a_reason_with_a_text),
        cmocka_unit_test(what_no_session_of_the_revision_can_show_is_told),
        cmocka_unit_test(what_was_not_known_beforehand_is_named),
        cmocka_unit_test(a_session_that_lacks_connections_says_which),
        cmocka_unit_test(a_receiver_that_closes_first_leaves_the_rest_open),
        cmocka_unit_test(too_many_connections_or_blocks_are_told),
        cmocka_unit_test(a_connection_that_cannot_be_followed_is_told),
    };

    return cmocka_run_group_tests_name("observe_reason", tests, NULL, NULL);
}
