// SPDX-License-Identifier: GPL-2.0-or-later
/* Which connections of a capture belong together. */
#include "checker.h"

#include "hello.h"
#include "packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PORT = 4444 };

static const uint8_t one_uuid[MFD_UUID_SIZE] = {1};
static const uint8_t other_uuid[MFD_UUID_SIZE] = {2};

/* The capture so far: what was carried forward on each connection, and between whom it goes. */
static struct mfd_checker *checker;
static struct {
    struct mfd_endpoint sender;
    struct mfd_endpoint receiver;
    uint64_t at;
} conns[70000];
static uint64_t frame;
static uint64_t now;

static struct mfd_endpoint endpoint(uint8_t host, uint16_t port)
{
    return (struct mfd_endpoint){.address = {10, 0, 0, host}, .port = port};
}

static void start_at(uint16_t port)
{
    struct mfd_given nothing = mfd_given_nothing();

    mfd_checker_free(checker);
    memset(conns, 0, sizeof(conns));
    frame = 0;
    now = 0;
    checker = mfd_checker_create(&nothing, port);
    assert_non_null(checker);
}

static void put(uint32_t conn, enum mfd_event_kind kind, enum mfd_direction direction,
                const uint8_t *bytes, size_t len, uint64_t missing)
{
    struct mfd_found found = {
        .event = {.time_ns = now,
                  .connection = conn,
                  .direction = direction,
                  .kind = kind,
                  .bytes = bytes,
                  .len = len},
        .sender = &conns[conn].sender,
        .receiver = &conns[conn].receiver,
        .frame = ++frame,
        .offset = 40,
        .at = conns[conn].at + missing,
        .missing = missing,
    };

    now += 1000;
    conns[conn].at += direction == MFD_FORWARD ? len + missing : 0;
    mfd_checker_found(&found, checker);
}

static void put_ends(uint32_t conn, uint8_t sender, uint8_t receiver)
{
    conns[conn].sender = endpoint(sender, (uint16_t)(40000 + conn % 20000));
    conns[conn].receiver = endpoint(receiver, PORT);
}

static void put_open(uint32_t conn, uint8_t sender, uint8_t receiver)
{
    put_ends(conn, sender, receiver);
    put(conn, MFD_EVENT_OPEN, MFD_FORWARD, NULL, 0, 0);
}

static void put_bytes(uint32_t conn, const void *bytes, size_t len)
{
    put(conn, MFD_EVENT_DATA, MFD_FORWARD, bytes, len, 0);
}

static void put_close(uint32_t conn)
{
    put(conn, MFD_EVENT_CLOSE, MFD_FORWARD, NULL, 0, 0);
}

static void put_main_start(uint32_t conn)
{
    uint8_t buf[MFD_RECORD_MAX];
    size_t size = mfd_pack_header(buf);

    size += mfd_pack_config(buf + size, "none");
    put_bytes(conn, buf, size);
}

static void put_hello(uint32_t conn, const uint8_t *uuid, uint8_t id)
{
    uint8_t buf[MFD_HELLO_SIZE];

    mfd_hello_write(MFD_REV_LATEST, buf, uuid, id);
    put_bytes(conn, buf, sizeof(buf));
}

static size_t pack_sync(uint8_t *buf, uint64_t number)
{
    struct mfd_packet packet = {
        .magic = MFD_MAGIC, .version = MFD_VERSION, .flags = MFD_FLAG_SYNC, .packet_num = number};

    mfd_packet_pack(buf, 4096, &packet, NULL);
    return mfd_packet_size(4096);
}

static void put_sync(uint32_t conn, uint64_t number)
{
    uint8_t buf[MFD_PACKET_SIZE_MAX];

    put_bytes(conn, buf, pack_sync(buf, number));
}

/* RAM sections of a block without any page, with as many sync points as each channel has SYNCs: 2. */
static void put_main_rest(uint32_t conn)
{
    uint8_t buf[4 * MFD_RECORD_MAX];
    size_t size = mfd_pack_section(buf, MFD_SECTION_START, 1, "ram", 0, 4);

    size += mfd_pack_memsize(buf + size, 4096);
    size += mfd_pack_block(buf + size, "mem0", 4096);
    size += mfd_pack_marker(buf + size);
    size += mfd_pack_eos(buf + size);
    size += mfd_pack_footer(buf + size, 1);
    size += mfd_pack_part(buf + size, MFD_SECTION_END, 1);
    size += mfd_pack_marker(buf + size);
    size += mfd_pack_eos(buf + size);
    size += mfd_pack_footer(buf + size, 1);
    size += mfd_pack_end(buf + size);
    put_bytes(conn, buf, size);
}

/* A migration of main and one channel, from its beginning to before its end. */
static void put_begin(uint32_t first, uint8_t sender, uint8_t receiver, const uint8_t *uuid)
{
    put_open(first, sender, receiver);
    put_open(first + 1, sender, receiver);
    put_hello(first + 1, uuid, 0);
    put_main_start(first);
}

static void put_end(uint32_t first)
{
    put_sync(first + 1, 0);
    put_sync(first + 1, 1);
    put_main_rest(first);
    put_close(first);
    put_close(first + 1);
}

static void assert_migrations(size_t wanted)
{
    assert_true(mfd_checker_end(checker));
    assert_int_equal(mfd_checker_count(checker), wanted);
}

static const struct mfd_checked_rule *rule_of(size_t migration, enum mfd_rule rule)
{
    return &mfd_checker_at(checker, migration)->rules[rule];
}

static void assert_broken(size_t migration, enum mfd_rule wanted)
{
    for (enum mfd_rule rule = 0; rule < MFD_RULE_COUNT; rule++) {
        if ((rule_of(migration, rule)->state == MFD_CHECKED_BROKEN) != (rule == wanted)) {
            fail_msg("migration %zu: %s is %s", migration, mfd_rule_info(rule)->id,
                     mfd_checked_state_name(rule_of(migration, rule)->state));
        }
    }
}

/* Complete, and all of it right. */
static void assert_good(size_t migration)
{
    const struct mfd_checked *checked = mfd_checker_at(checker, migration);

    assert_broken(migration, MFD_RULE_COUNT);
    assert_int_equal(checked->channels, 1);
    assert_true(checked->has_main);
    assert_int_equal(checked->rules[MFD_SYNC_002].state, MFD_CHECKED_HELD);
    assert_int_equal(checked->rules[MFD_SYNC_010].state, MFD_CHECKED_HELD);
}

static void a_migration_is_its_main_and_its_channels(void **state)
{
    (void)state;
    start_at(0);
    put_begin(0, 1, 2, one_uuid);
    put_end(0);
    assert_migrations(1);
    assert_good(0);
    assert_memory_equal(mfd_checker_at(checker, 0)->learned.config.uuid, one_uuid, MFD_UUID_SIZE);
    assert_int_equal(mfd_checker_at(checker, 0)->conns[0].role, MFD_ROLE_IS_MAIN);
    assert_int_equal(mfd_checker_at(checker, 0)->conns[1].id, 0);
}

static void two_at_a_time_to_two_receivers_are_two(void **state)
{
    (void)state;
    start_at(0);
    put_begin(0, 1, 2, one_uuid);
    put_begin(2, 1, 3, one_uuid);
    put_end(0);
    put_end(2);
    assert_migrations(2);
    assert_good(0);
    assert_good(1);
}

static void one_after_the_other_to_the_same_receiver_are_two(void **state)
{
    (void)state;
    start_at(0);
    put_begin(0, 1, 2, one_uuid);
    put_end(0);
    put_begin(2, 1, 2, one_uuid);
    put_end(2);
    assert_migrations(2);
    assert_good(0);
    assert_good(1);
}

/* The channel of the first is still open when the second one begins. */
static void a_main_that_was_closed_is_over(void **state)
{
    (void)state;
    start_at(0);
    put_begin(0, 1, 2, one_uuid);
    put_close(0);
    put_begin(2, 1, 2, one_uuid);
    put_end(2);
    assert_migrations(2);
    assert_good(1);
}

static void after_a_minute_of_silence_another_one_begins(void **state)
{
    (void)state;
    start_at(0);
    put_begin(0, 1, 2, one_uuid);
    now += 61000000000u;
    put_begin(2, 1, 2, one_uuid);
    put_end(2);
    assert_migrations(2);
    assert_good(1);
}

static void a_second_main_of_the_same_sender_is_one_too_many(void **state)
{
    (void)state;
    start_at(0);
    put_begin(0, 1, 2, one_uuid);
    put_open(2, 1, 2);
    put_main_start(2);
    put_end(0);
    assert_migrations(1);
    assert_int_equal(rule_of(0, MFD_CHAN_001)->state, MFD_CHECKED_BROKEN);
    assert_int_equal(rule_of(0, MFD_CHAN_001)->connection, 2);
}

static void two_senders_to_one_receiver_are_told_apart_by_their_uuids(void **state)
{
    (void)state;
    start_at(0);
    put_open(0, 1, 2);
    put_open(2, 3, 2);
    put_open(1, 1, 2);
    put_open(3, 3, 2);
    put_hello(1, one_uuid, 0);
    put_hello(3, other_uuid, 0);
    put_main_start(0);
    put_main_start(2);
    put_end(2);
    put_end(0);
    assert_migrations(2);
    assert_good(0);
    assert_good(1);
}

/* Also where one proxy stands before all senders, so that every address is the same but for the last one. */
static void a_channel_of_another_address_follows_its_uuid(void **state)
{
    (void)state;
    start_at(0);
    put_begin(0, 1, 2, one_uuid);
    put_begin(2, 3, 2, other_uuid);
    put_open(4, 9, 2);
    put_hello(4, one_uuid, 1);
    assert_migrations(2);
    assert_int_equal(mfd_checker_at(checker, 0)->channels, 2);
    assert_int_equal(mfd_checker_at(checker, 1)->channels, 1);
}

static void a_foreign_uuid_from_the_same_sender_is_a_breach(void **state)
{
    (void)state;
    start_at(0);
    put_begin(0, 1, 2, one_uuid);
    put_open(2, 1, 2);
    put_hello(2, other_uuid, 1);
    assert_migrations(1);
    assert_broken(0, MFD_INIT_004);
    assert_true(rule_of(0, MFD_INIT_004)->frame == frame);
    assert_int_equal(rule_of(0, MFD_INIT_004)->byte, 40 + MFD_HELLO_UUID);
}

static void a_channel_that_connects_before_main_is_found(void **state)
{
    (void)state;
    start_at(0);
    put_open(1, 1, 2);
    put_hello(1, one_uuid, 0);
    put_open(0, 1, 2);
    put_main_start(0);
    put_end(0);
    assert_migrations(1);
    assert_broken(0, MFD_CHAN_002);
}

static void main_may_speak_after_its_channels(void **state)
{
    (void)state;
    start_at(0);
    put_open(0, 1, 2);
    put_open(1, 1, 2);
    put_hello(1, one_uuid, 0);
    put_sync(1, 0);
    put_main_start(0);
    put_sync(1, 1);
    put_main_rest(0);
    put_close(0);
    put_close(1);
    assert_migrations(1);
    assert_good(0);
}

/* A main whose magic is wrong looks like any other traffic until a channel shows what it is. */
static void what_came_before_the_first_channel_is_judged(void **state)
{
    static const uint8_t noise[600] = {'n', 'o', 'n', 'e'};

    (void)state;
    start_at(0);
    put_open(0, 1, 2);
    put_bytes(0, noise, 8);
    put_bytes(0, noise, sizeof(noise)); /* more than is held back */
    put_open(1, 1, 2);
    put_hello(1, one_uuid, 0);
    put_bytes(0, noise, 8);
    assert_migrations(1);
    assert_int_equal(rule_of(0, MFD_MAIN_001)->state, MFD_CHECKED_BROKEN);
    assert_int_equal(rule_of(0, MFD_MAIN_001)->frame, 2);
    assert_int_equal(rule_of(0, MFD_MAIN_001)->byte, 40);
}

static void other_traffic_is_none(void **state)
{
    (void)state;
    start_at(0);
    put_open(0, 1, 2);
    put_bytes(0, "SSH-2.0-OpenSSH_9.2\r\n", 21);
    put_open(1, 1, 2);
    put_close(1);
    put_ends(2, 1, 2);
    put_bytes(2, "in the middle", 13);
    assert_migrations(0);
}

static void at_the_port_named_everything_is_a_migration_but_tls(void **state)
{
    static const uint8_t client_hello[] = {0x16, 0x03, 0x01, 0, 100, 1};

    (void)state;
    start_at(PORT);
    put_open(0, 1, 2);
    put_bytes(0, "SSH-", 4);
    put_bytes(0, "2.0-", 4);
    put_open(1, 1, 3);
    put_bytes(1, client_hello, sizeof(client_hello));
    assert_migrations(2); /* the port alone has made one of the second */
    assert_int_equal(rule_of(0, MFD_MAIN_001)->state, MFD_CHECKED_BROKEN);
    start_at(0);
    put_open(1, 1, 3);
    put_bytes(1, client_hello, sizeof(client_hello));
    assert_migrations(0);
    assert_int_equal(mfd_checker_totals(checker).tls, 1);
}

static void the_first_bytes_may_come_one_by_one(void **state)
{
    uint8_t hello[MFD_HELLO_SIZE];
    uint8_t header[MFD_RECORD_MAX];
    size_t size = mfd_pack_header(header);

    (void)state;
    start_at(0);
    mfd_hello_write(MFD_REV_LATEST, hello, one_uuid, 0);
    put_open(0, 1, 2);
    put_open(1, 1, 2);
    for (size_t i = 0; i < sizeof(hello); i++) {
        put_bytes(1, hello + i, 1);
    }
    for (size_t i = 0; i < size; i++) {
        put_bytes(0, header + i, 1);
    }
    put_bytes(0, header, mfd_pack_config(header, "none"));
    put_end(0);
    assert_migrations(1);
    assert_good(0);
}

static void a_channel_that_began_before_the_capture_is_told_by_its_packets(void **state)
{
    uint8_t bytes[5000] = {0x11, 0x22};

    (void)state;
    start_at(0);
    put_ends(0, 1, 2);
    put_bytes(0, bytes, sizeof(bytes));
    pack_sync(bytes + 1234, 7);
    put_bytes(0, bytes, sizeof(bytes));
    put_ends(1, 1, 2);
    put_bytes(1, bytes, 100); /* to the same receiver */
    put_close(0);
    assert_migrations(1);
    assert_int_equal(mfd_checker_at(checker, 0)->conn_count, 2);
    assert_int_equal(mfd_checker_at(checker, 0)->counts[MFD_CHECKED_HELD], 0);
    assert_broken(0, MFD_RULE_COUNT);
    assert_string_equal(rule_of(0, MFD_SYNC_002)->reason, mfd_undecided_text(MFD_UNDECIDED_LATE));
}

static void a_capture_that_begins_in_the_middle_decides_nothing_of_the_whole(void **state)
{
    (void)state;
    start_at(0);
    put_begin(0, 1, 2, one_uuid);
    put_ends(2, 1, 2);
    put_sync(2, 5);
    put_end(0);
    assert_migrations(1);
    assert_broken(0, MFD_RULE_COUNT);
    assert_int_equal(rule_of(0, MFD_SYNC_002)->state, MFD_CHECKED_UNDECIDED);
    assert_int_equal(rule_of(0, MFD_INIT_002)->state, MFD_CHECKED_HELD);
}

static void a_hole_in_a_header_leaves_undecided_what_it_may_hide(void **state)
{
    uint8_t buf[MFD_PACKET_SIZE_MAX];
    size_t size = pack_sync(buf, 0);

    (void)state;
    start_at(0);
    put_begin(0, 1, 2, one_uuid);
    put_bytes(1, buf, 100);
    put(1, MFD_EVENT_DATA, MFD_FORWARD, buf + 200, size - 200, 100);
    put_sync(1, 1);
    put_main_rest(0);
    put_close(0);
    put_close(1);
    assert_migrations(1);
    assert_broken(0, MFD_RULE_COUNT);
    assert_string_equal(rule_of(0, MFD_SYNC_002)->reason, mfd_undecided_text(MFD_UNDECIDED_GAP));
    assert_int_equal(mfd_checker_at(checker, 0)->missing, 100);
}

static void the_most_channels_there_are_can_be_followed(void **state)
{
    (void)state;
    start_at(0);
    put_open(0, 1, 2);
    put_main_start(0);
    for (uint32_t i = 0; i < 255; i++) {
        put_open(1 + i, 1, 2);
        put_hello(1 + i, one_uuid, (uint8_t)i);
    }
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 255; i++) {
            put_sync(1 + i, round * 255 + i);
        }
    }
    put_main_rest(0);
    for (uint32_t i = 0; i < 256; i++) {
        put_close(i);
    }
    assert_migrations(1);
    assert_broken(0, MFD_RULE_COUNT);
    assert_int_equal(mfd_checker_at(checker, 0)->channels, 255);
    assert_int_equal(rule_of(0, MFD_SYNC_002)->state, MFD_CHECKED_HELD);
    assert_int_equal(rule_of(0, MFD_INIT_005)->state, MFD_CHECKED_HELD);
}

static void connections_without_end_use_no_memory_without_end(void **state)
{
    (void)state;
    start_at(0);
    for (uint32_t i = 0; i < 24000; i++) {
        put_open(i, (uint8_t)(i % 250), (uint8_t)(i % 200));
        if (i % 10 == 0) {
            put_main_start(i);
        }
    }
    assert_migrations(MFD_CHECKER_MOST);
    assert_true(mfd_checker_totals(checker).dropped > 0);
}

static int stop(void **state)
{
    (void)state;
    mfd_checker_free(checker);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_migration_is_its_main_and_its_channels),
        cmocka_unit_test(two_at_a_time_to_two_receivers_are_two),
        cmocka_unit_test(one_after_the_other_to_the_same_receiver_are_two),
        cmocka_unit_test(a_main_that_was_closed_is_over),
        cmocka_unit_test(after_a_minute_of_silence_another_one_begins),
        cmocka_unit_test(a_second_main_of_the_same_sender_is_one_too_many),
        cmocka_unit_test(two_senders_to_one_receiver_are_told_apart_by_their_uuids),
        cmocka_unit_test(a_channel_of_another_address_follows_its_uuid),
        cmocka_unit_test(a_foreign_uuid_from_the_same_sender_is_a_breach),
        cmocka_unit_test(a_channel_that_connects_before_main_is_found),
        cmocka_unit_test(main_may_speak_after_its_channels),
        cmocka_unit_test(what_came_before_the_first_channel_is_judged),
        cmocka_unit_test(other_traffic_is_none),
        cmocka_unit_test(at_the_port_named_everything_is_a_migration_but_tls),
        cmocka_unit_test(the_first_bytes_may_come_one_by_one),
        cmocka_unit_test(a_channel_that_began_before_the_capture_is_told_by_its_packets),
        cmocka_unit_test(a_capture_that_begins_in_the_middle_decides_nothing_of_the_whole),
        cmocka_unit_test(a_hole_in_a_header_leaves_undecided_what_it_may_hide),
        cmocka_unit_test(the_most_channels_there_are_can_be_followed),
        cmocka_unit_test(connections_without_end_use_no_memory_without_end),
    };

    return cmocka_run_group_tests_name("checker", tests, NULL, stop);
}
