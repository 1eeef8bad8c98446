// SPDX-License-Identifier: GPL-2.0-or-later
/* What the traffic tells of its sender, and observers that are told nothing else. */
#include "learn.h"

#include "observe_test.h"

static struct mfd_learned learned;

static void start_knowing_nothing(void)
{
    struct mfd_given given = mfd_given_nothing();

    mfd_learn_start(&learned, &given);
}

static void see_packet(uint32_t flags, uint32_t alloc, uint32_t normal, uint32_t zero)
{
    uint8_t buf[MFD_PACKET_FIXED] = {0};

    mfd_put32(buf, MFD_MAGIC);
    mfd_put32(buf + 4, MFD_VERSION);
    mfd_put32(buf + MFD_PACKET_FLAGS, flags);
    mfd_put32(buf + MFD_PACKET_PAGES_ALLOC, alloc);
    mfd_put32(buf + MFD_PACKET_NORMAL_PAGES, normal);
    mfd_put32(buf + MFD_PACKET_ZERO_PAGES, zero);
    mfd_learn_packet(&learned, buf, sizeof(buf));
}

static void see_record(enum mfd_main_place place, size_t (*pack)(uint8_t *buf))
{
    uint8_t buf[MFD_RECORD_MAX];

    mfd_learn_main(&learned, place, buf, pack(buf));
}

static size_t pack_switchover(uint8_t *buf)
{
    return mfd_pack_command(buf, MFD_CMD_SWITCHOVER_START, NULL, 0);
}

static void assert_range(enum mfd_rev first, enum mfd_rev last, const char *name)
{
    assert_int_equal(mfd_learned_first(&learned), first);
    assert_int_equal(mfd_learned_last(&learned), last);
    assert_string_equal(mfd_learned_name(&learned), name);
}

static void at_first_it_may_be_any_revision(void **state)
{
    (void)state;
    start_knowing_nothing();
    assert_range(MFD_REV_FIRST, MFD_REV_LATEST, "not known yet");
    assert_int_equal(learned.config.page_size, 4096);
    assert_null(learned.config.uuid);
}

static void a_sync_with_room_for_pages_is_older_than_9_0(void **state)
{
    (void)state;
    start_knowing_nothing();
    see_packet(MFD_FLAG_SYNC, 128, 0, 0);
    assert_range(MFD_REV_FIRST, MFD_REV_2024_MID, "before 9.0");
    assert_int_equal(learned.config.rev, MFD_REV_7_2);
    assert_int_equal(learned.config.zero, MFD_ZERO_MAIN);
    see_record(MFD_AT_RAM, mfd_pack_marker);
    assert_range(MFD_REV_8_1, MFD_REV_2024_MID, "8.1 to 8.2");
    assert_int_equal(learned.config.sync, MFD_SYNC_MARKER);
}

static void a_packet_that_is_no_sync_does_not_tell_the_generation(void **state)
{
    (void)state;
    start_knowing_nothing();
    see_packet(0, 128, 4, 0);
    assert_false(learned.generation_known);
    see_packet(MFD_FLAG_SYNC, 128, 4, 0);
    assert_range(MFD_REV_FIRST, MFD_REV_2024_MID, "before 9.0");
}

static void a_sync_without_room_is_of_9_0_or_later(void **state)
{
    (void)state;
    start_knowing_nothing();
    see_record(MFD_AT_RAM, mfd_pack_marker);
    assert_range(MFD_REV_8_1, MFD_REV_LATEST, "8.1 or later");
    see_packet(MFD_FLAG_SYNC, 0, 0, 0);
    assert_range(MFD_REV_9_0, MFD_REV_LATEST, "9.0 or later");
}

static void later_releases_show_by_what_only_they_have(void **state)
{
    uint8_t device[MFD_PREFIX_SIZE] = {0};

    (void)state;
    start_knowing_nothing();
    see_packet(MFD_FLAG_SYNC, 0, 0, 0);
    see_packet(MFD_FLAG_QPL, 128, 1, 0);
    assert_range(MFD_REV_9_1, MFD_REV_LATEST, "9.1 or later");
    assert_int_equal(learned.config.method, MFD_FLAG_QPL);
    see_packet(MFD_FLAG_QATZIP, 128, 1, 0);
    assert_range(MFD_REV_9_2, MFD_REV_LATEST, "9.2 or later");
    mfd_put32(device + MFD_PACKET_FLAGS, MFD_FLAG_DEVICE_STATE);
    assert_true(mfd_learn_prefix(&learned, device));
    assert_range(MFD_REV_10_0, MFD_REV_LATEST, "10.0 or later");
}

static void the_switchover_command_is_of_10_0(void **state)
{
    (void)state;
    start_knowing_nothing();
    see_record(MFD_AT_SUBSECTION, pack_switchover);
    assert_range(MFD_REV_10_0, MFD_REV_LATEST, "10.0 or later");
}

static void a_text_hello_is_of_its_stage_unless_another_has_shown(void **state)
{
    (void)state;
    start_knowing_nothing();
    mfd_learn_text_hello(&learned);
    assert_range(MFD_REV_2017_TEXT, MFD_REV_2017_TEXT, "2017-text");
    assert_int_equal(learned.config.sync, MFD_SYNC_SECTION);
    see_packet(MFD_FLAG_SYNC, 0, 0, 0);
    assert_range(MFD_REV_2017_TEXT, MFD_REV_2017_TEXT, "2017-text");
    start_knowing_nothing();
    see_packet(MFD_FLAG_SYNC, 0, 0, 0);
    mfd_learn_text_hello(&learned);
    assert_range(MFD_REV_9_0, MFD_REV_LATEST, "9.0 or later");
    start_knowing_nothing();
    see_record(MFD_AT_RAM, mfd_pack_marker);
    mfd_learn_text_hello(&learned);
    assert_range(MFD_REV_8_1, MFD_REV_LATEST, "8.1 or later");
}

static void an_old_sender_has_no_device_state(void **state)
{
    uint8_t device[MFD_PREFIX_SIZE] = {0};

    (void)state;
    start_knowing_nothing();
    see_packet(MFD_FLAG_SYNC, 128, 0, 0);
    mfd_put32(device + MFD_PACKET_FLAGS, MFD_FLAG_DEVICE_STATE);
    assert_false(mfd_learn_prefix(&learned, device));
    assert_range(MFD_REV_FIRST, MFD_REV_2024_MID, "before 9.0");
}

static void what_was_given_is_not_overruled(void **state)
{
    static const uint8_t mine[MFD_UUID_SIZE] = {1};
    static const uint8_t other[MFD_UUID_SIZE] = {2};
    struct mfd_given given = mfd_given_nothing();

    (void)state;
    given.rev = MFD_REV_8_0;
    given.sync = MFD_SYNC_MARKER;
    given.zero = MFD_ZERO_NONE;
    given.method = MFD_FLAG_ZSTD;
    given.page_size = 65536;
    given.uuid = mine;
    mfd_learn_start(&learned, &given);
    mfd_learn_uuid(&learned, other);
    see_packet(MFD_FLAG_SYNC, 0, 0, 0);
    see_packet(MFD_FLAG_ZLIB, 128, 1, 1);
    see_record(MFD_AT_RAM, mfd_pack_eos);
    see_record(MFD_AT_SECTION, pack_switchover);
    assert_range(MFD_REV_8_0, MFD_REV_8_0, "8.0");
    assert_int_equal(learned.config.sync, MFD_SYNC_MARKER);
    assert_int_equal(learned.config.zero, MFD_ZERO_NONE);
    assert_int_equal(learned.config.method, MFD_FLAG_ZSTD);
    assert_int_equal(learned.config.page_size, 65536);
    assert_memory_equal(learned.config.uuid, mine, MFD_UUID_SIZE);
}

static void the_page_size_shows_in_pages_alloc_or_in_a_subsection(void **state)
{
    static const char name[] = "configuration/target-page-bits";
    uint8_t buf[MFD_RECORD_MAX] = {MFD_SECTION_SUBSECTION, sizeof(name) - 1};
    size_t at = 2 + sizeof(name) - 1 + 4;

    (void)state;
    start_knowing_nothing();
    see_packet(MFD_FLAG_SYNC, 77, 0, 0); /* no number of slots */
    assert_false(learned.page_known);
    see_packet(MFD_FLAG_SYNC, 8, 0, 0);
    assert_int_equal(learned.config.page_size, 65536);
    start_knowing_nothing();
    memcpy(buf + 2, name, sizeof(name) - 1);
    mfd_put32(buf + at, 14);
    mfd_learn_main(&learned, MFD_AT_SUBSECTION, buf, at + 4);
    assert_int_equal(learned.config.page_size, 16384);
    start_knowing_nothing();
    mfd_put32(buf + at, 99);
    mfd_learn_main(&learned, MFD_AT_SUBSECTION, buf, at + 4);
    assert_false(learned.page_known);
}

/* Behind a SYNC without room for pages the next packet tells where the slots end. */
static void the_page_size_shows_by_the_next_packet(void **state)
{
    static uint8_t buf[MFD_PACKET_SIZE_MAX];
    size_t next = mfd_packet_size(8192);

    (void)state;
    start_knowing_nothing();
    mfd_put32(buf, MFD_MAGIC);
    mfd_put32(buf + 4, MFD_VERSION);
    mfd_put32(buf + MFD_PACKET_FLAGS, MFD_FLAG_SYNC);
    memcpy(buf + next, buf, MFD_PREFIX_SIZE);
    mfd_learn_packet(&learned, buf, next + MFD_PREFIX_SIZE);
    assert_int_equal(learned.config.page_size, 8192);
}

static void the_machine_is_that_of_the_configuration(void **state)
{
    uint8_t buf[MFD_RECORD_MAX];
    char name[100];
    size_t len = mfd_pack_config(buf, "pc-q35-8.2");

    (void)state;
    start_knowing_nothing();
    mfd_learn_main(&learned, MFD_AT_CONFIG, buf, len - 1);
    assert_string_equal(learned.machine, "");
    mfd_learn_main(&learned, MFD_AT_CONFIG, buf, len);
    assert_string_equal(learned.machine, "pc-q35-8.2");
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    mfd_learn_main(&learned, MFD_AT_CONFIG, buf, mfd_pack_config(buf, name));
    assert_int_equal(strlen(learned.machine), MFD_LEARN_MACHINE - 1);
}

/* ---- an observer that learns ---- */

static void start_observer(void)
{
    struct mfd_observer_config smallest = mfd_observer_config(MFD_REV_LATEST);

    config.page_size = MFD_PAGE_SIZE_MIN;
    prepare();
    smallest.page_size = MFD_PAGE_SIZE_MIN;
    start_knowing_nothing();
    mfd_observer_start(&observer, &smallest, &memory);
    mfd_observer_teach(&observer, &learned);
}

static void assert_nothing_broken(void)
{
    mfd_observer_end(&observer);
    for (enum mfd_rule rule = 0; rule < MFD_RULE_COUNT; rule++) {
        if (mfd_observer_verdict(&observer, rule).state == MFD_OBSERVED_BROKEN) {
            fail_msg("%s", mfd_rule_info(rule)->id);
        }
    }
    assert_state(MFD_HDR_013, MFD_OBSERVED_HELD);
    assert_state(MFD_SYNC_002, MFD_OBSERVED_HELD);
    assert_state(MFD_SYNC_010, MFD_OBSERVED_HELD);
    assert_state(MFD_MAIN_004, MFD_OBSERVED_HELD);
}

static void an_observer_that_is_told_nothing_learns_of_10_0(void **state)
{
    (void)state;
    build_10_0();
    start_observer();
    deliver(BYTEWISE);
    assert_nothing_broken();
    assert_state(MFD_INIT_004, MFD_OBSERVED_HELD);
    assert_memory_equal(learned.uuid, uuid, MFD_UUID_SIZE);
    assert_int_equal(mfd_learned_first(&learned), MFD_REV_10_0);
}

static void an_observer_that_is_told_nothing_learns_of_7_2(void **state)
{
    (void)state;
    build_7_2();
    start_observer();
    deliver(WHOLE);
    assert_nothing_broken();
    assert_int_equal(mfd_learned_last(&learned), MFD_REV_2024_MID);
    assert_int_equal(learned.config.sync, MFD_SYNC_SECTION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_first_it_may_be_any_revision),
        cmocka_unit_test(a_sync_with_room_for_pages_is_older_than_9_0),
        cmocka_unit_test(a_packet_that_is_no_sync_does_not_tell_the_generation),
        cmocka_unit_test(a_sync_without_room_is_of_9_0_or_later),
        cmocka_unit_test(later_releases_show_by_what_only_they_have),
        cmocka_unit_test(the_switchover_command_is_of_10_0),
        cmocka_unit_test(a_text_hello_is_of_its_stage_unless_another_has_shown),
        cmocka_unit_test(an_old_sender_has_no_device_state),
        cmocka_unit_test(what_was_given_is_not_overruled),
        cmocka_unit_test(the_page_size_shows_in_pages_alloc_or_in_a_subsection),
        cmocka_unit_test(the_page_size_shows_by_the_next_packet),
        cmocka_unit_test(the_machine_is_that_of_the_configuration),
        cmocka_unit_test(an_observer_that_is_told_nothing_learns_of_10_0),
        cmocka_unit_test(an_observer_that_is_told_nothing_learns_of_7_2),
    };

    return cmocka_run_group_tests_name("learn", tests, NULL, NULL);
}
