// SPDX-License-Identifier: GPL-2.0-or-later
#include "session.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What a connection would be that reports an event; the session looks at little of it. */
static struct mfd_conn channel_conn(unsigned id)
{
    static const struct mfd_conn_setup setup = {.check = {.rev = MFD_REV_LATEST}};

    return (struct mfd_conn){
        .setup = &setup, .role = MFD_ROLE_CHANNEL, .channel = id, .taken = 64, .hello_done = true};
}

static const struct mfd_conn main_conn = {.role = MFD_ROLE_MAIN, .taken = 100};

static struct mfd_session *session_new(unsigned channels)
{
    struct mfd_session *s = malloc(sizeof(*s));

    assert_non_null(s);
    mfd_session_init(s, channels);
    return s;
}

static enum mfd_decision event(struct mfd_session *s, int conn, enum mfd_got got)
{
    return mfd_session_event(s, (unsigned)conn, got, &main_conn);
}

static enum mfd_decision again(struct mfd_session *s, int conn)
{
    return mfd_session_again(s, (unsigned)conn);
}

static int open_main(struct mfd_session *s)
{
    int conn = mfd_session_open(s);

    assert_true(conn >= 0);
    assert_int_equal(event(s, conn, MFD_GOT_MAIN), MFD_SESSION_GO);
    return conn;
}

static enum mfd_decision hello(struct mfd_session *s, int conn, unsigned id)
{
    struct mfd_conn c = channel_conn(id);

    return mfd_session_event(s, (unsigned)conn, MFD_GOT_HELLO, &c);
}

static int open_channel(struct mfd_session *s, unsigned id)
{
    int conn = mfd_session_open(s);

    assert_true(conn >= 0);
    assert_int_equal(hello(s, conn, id), MFD_SESSION_GO);
    return conn;
}

static void assert_failed(const struct mfd_session *s, enum mfd_rule rule, const char *connection)
{
    assert_true(s->failure.set && s->failure.is_rule);
    assert_int_equal(s->failure.finding.rule, rule);
    assert_string_equal(s->failure.connection, connection);
}

static void pages_wait_for_all_connections_and_for_ram_start(void **state)
{
    struct mfd_session *s = session_new(2);
    int ch0 = open_channel(s, 0);
    int main_channel = -1;

    (void)state;
    assert_int_equal(event(s, ch0, MFD_GOT_PACKET), MFD_SESSION_PARK);
    main_channel = open_main(s);
    assert_int_equal(again(s, ch0), MFD_SESSION_PARK);
    assert_int_equal(event(s, main_channel, MFD_GOT_RAM), MFD_SESSION_GO);
    assert_int_equal(again(s, ch0), MFD_SESSION_PARK);
    assert_int_equal(event(s, main_channel, MFD_GOT_LOAD), MFD_SESSION_PARK);
    assert_true(mfd_session_stuck(s));
    assert_false(mfd_session_moves(s));
    open_channel(s, 1);
    assert_false(mfd_session_stuck(s));
    assert_true(mfd_session_moves(s));
    assert_int_equal(again(s, ch0), MFD_SESSION_GO);
    assert_true(mfd_session_moves(s));
    assert_int_equal(again(s, main_channel), MFD_SESSION_GO);
    assert_false(mfd_session_moves(s));
    free(s);
}

static void an_id_that_is_there_already_fails(void **state)
{
    struct mfd_session *s = session_new(3);

    (void)state;
    open_main(s);
    open_channel(s, 1);
    assert_int_equal(hello(s, mfd_session_open(s), 1), MFD_SESSION_FAIL);
    assert_int_equal(s->failure.finding.rule, MFD_INIT_005);
    assert_int_equal(s->failure.finding.got, 1);
    free(s);
}

static void once_all_are_there_others_are_extras(void **state)
{
    struct mfd_session *s = session_new(1);
    int early = mfd_session_open(s);
    int ch0 = -1;

    (void)state;
    open_main(s);
    ch0 = open_channel(s, 0);
    assert_true(s->conns[early].extra);
    assert_false(s->conns[ch0].extra);
    assert_int_equal(hello(s, early, 0), MFD_SESSION_DROP);
    assert_int_equal(mfd_session_open(s), -1);
    assert_false(mfd_session_ended(s));
    free(s);
}

static void an_extra_may_close_within_its_hello(void **state)
{
    struct mfd_session *s = session_new(1);
    int early = mfd_session_open(s);

    (void)state;
    open_main(s);
    open_channel(s, 0);
    assert_int_equal(event(s, early, MFD_GOT_FINDING), MFD_SESSION_DROP);
    assert_false(mfd_session_ended(s));
    free(s);
}

static void a_second_main_is_dropped(void **state)
{
    struct mfd_session *s = session_new(2);
    int second = -1;

    (void)state;
    open_main(s);
    second = mfd_session_open(s);
    assert_int_equal(event(s, second, MFD_GOT_MAIN), MFD_SESSION_DROP);
    mfd_session_release(s, (unsigned)second);
    open_channel(s, 0);
    open_channel(s, 1);
    assert_true(s->started);
    free(s);
}

static void a_connection_that_says_nothing_is_ignored(void **state)
{
    struct mfd_session *s = session_new(1);
    struct mfd_conn silent = {.role = MFD_ROLE_UNKNOWN};
    int conn = mfd_session_open(s);

    (void)state;
    assert_int_equal(event(s, conn, MFD_GOT_CLOSED), MFD_SESSION_DROP);
    mfd_session_release(s, (unsigned)conn);
    assert_int_equal(mfd_session_open(s), conn);
    assert_int_equal(mfd_session_error(s, (unsigned)conn, ECONNRESET, "x", "", &silent),
                     MFD_SESSION_DROP);
    assert_false(mfd_session_ended(s));
    free(s);
}

static void connections_are_bounded(void **state)
{
    struct mfd_session *s = session_new(2);

    (void)state;
    for (unsigned i = 0; i < 2 + 1 + MFD_SESSION_SPARE; i++) {
        assert_int_equal(mfd_session_open(s), i);
    }
    assert_int_equal(mfd_session_open(s), -1);
    mfd_session_release(s, 4);
    assert_int_equal(mfd_session_open(s), 4);
    assert_int_equal(mfd_session_open(s), -1);
    free(s);
}

/* A session whose connections are all there: 0 is main, 1 and 2 the channels 0 and 1. */
static struct mfd_session *session_started(void)
{
    struct mfd_session *s = session_new(2);

    open_main(s);
    open_channel(s, 0);
    open_channel(s, 1);
    assert_int_equal(event(s, 0, MFD_GOT_RAM), MFD_SESSION_GO);
    return s;
}

static void a_sync_point_takes_one_sync_of_each_channel(void **state)
{
    struct mfd_session *s = session_started();

    (void)state;
    assert_int_equal(event(s, 1, MFD_GOT_SYNC), MFD_SESSION_PARK);
    assert_int_equal(event(s, 0, MFD_GOT_POINT), MFD_SESSION_PARK);
    assert_int_equal(again(s, 1), MFD_SESSION_PARK);
    assert_int_equal(event(s, 2, MFD_GOT_SYNC), MFD_SESSION_PARK);
    assert_int_equal(again(s, 0), MFD_SESSION_GO);
    assert_int_equal(again(s, 1), MFD_SESSION_GO);
    /* channel 0 runs ahead while channel 1 has not even woken up */
    assert_int_equal(event(s, 1, MFD_GOT_SYNC), MFD_SESSION_PARK);
    assert_int_equal(again(s, 2), MFD_SESSION_GO);
    assert_int_equal(event(s, 0, MFD_GOT_POINT), MFD_SESSION_PARK);
    assert_int_equal(s->points, 1);
    free(s);
}

static void a_channel_that_closed_before_its_sync_fails_the_sync_point_at_once(void **state)
{
    struct mfd_session *s = session_started();

    (void)state;
    assert_int_equal(event(s, 2, MFD_GOT_CLOSED), MFD_SESSION_DONE);
    assert_false(mfd_session_ended(s));
    assert_int_equal(event(s, 0, MFD_GOT_POINT), MFD_SESSION_FAIL);
    assert_failed(s, MFD_SYNC_010, "ch 1");
    free(s);
}

static void a_channel_that_closes_while_main_waits_for_its_sync_fails(void **state)
{
    struct mfd_session *s = session_started();

    (void)state;
    assert_int_equal(event(s, 1, MFD_GOT_SYNC), MFD_SESSION_PARK);
    assert_int_equal(event(s, 0, MFD_GOT_POINT), MFD_SESSION_PARK);
    assert_int_equal(event(s, 2, MFD_GOT_CLOSED), MFD_SESSION_DONE);
    assert_int_equal(again(s, 0), MFD_SESSION_FAIL);
    assert_failed(s, MFD_SYNC_010, "ch 1");
    assert_int_equal(again(s, 1), MFD_SESSION_FAIL);
    free(s);
}

static void a_sync_that_is_left_over_at_the_end_fails(void **state)
{
    struct mfd_session *s = session_started();

    (void)state;
    assert_int_equal(event(s, 1, MFD_GOT_SYNC), MFD_SESSION_PARK);
    assert_int_equal(event(s, 0, MFD_GOT_END), MFD_SESSION_FAIL);
    assert_failed(s, MFD_SYNC_011, "ch 0");
    free(s);
}

static void a_sync_that_comes_after_the_end_fails(void **state)
{
    struct mfd_session *s = session_started();

    (void)state;
    assert_int_equal(event(s, 0, MFD_GOT_END), MFD_SESSION_PARK);
    assert_int_equal(event(s, 2, MFD_GOT_SYNC), MFD_SESSION_FAIL);
    assert_failed(s, MFD_SYNC_011, "ch 1");
    free(s);
}

static void the_end_waits_until_every_channel_is_closed_or_idle(void **state)
{
    struct mfd_session *s = session_started();

    (void)state;
    assert_int_equal(mfd_session_idle(s, 1), MFD_SESSION_GO);
    assert_int_equal(event(s, 0, MFD_GOT_END), MFD_SESSION_PARK);
    assert_true(s->finishing);
    assert_int_equal(mfd_session_idle(s, 1), MFD_SESSION_DONE);
    assert_int_equal(again(s, 0), MFD_SESSION_PARK);
    assert_int_equal(event(s, 2, MFD_GOT_CLOSED), MFD_SESSION_DONE);
    assert_int_equal(again(s, 0), MFD_SESSION_GO);
    assert_int_equal(event(s, 0, MFD_GOT_DRAINED), MFD_SESSION_DONE);
    assert_true(s->completed);
    free(s);
}

static void the_end_waits_for_channels_that_are_not_there_yet(void **state)
{
    struct mfd_session *s = session_new(1);

    (void)state;
    open_main(s);
    assert_int_equal(event(s, 0, MFD_GOT_END), MFD_SESSION_PARK);
    assert_false(s->finishing);
    assert_true(mfd_session_stuck(s));
    open_channel(s, 0);
    assert_false(mfd_session_stuck(s));
    assert_int_equal(again(s, 0), MFD_SESSION_PARK);
    assert_true(s->finishing);
    free(s);
}

static void pages_without_ram_start_fail_when_main_ends(void **state)
{
    struct mfd_session *s = session_new(1);

    (void)state;
    open_main(s);
    open_channel(s, 0);
    assert_int_equal(event(s, 1, MFD_GOT_PACKET), MFD_SESSION_PARK);
    assert_int_equal(event(s, 0, MFD_GOT_END), MFD_SESSION_PARK);
    assert_int_equal(again(s, 1), MFD_SESSION_FAIL);
    assert_failed(s, MFD_HDR_019, "ch 0");
    free(s);
}

static void an_end_of_the_session_moves_all_that_are_parked(void **state)
{
    struct mfd_session *s = session_new(2);
    int ch0 = open_channel(s, 0);

    (void)state;
    open_main(s);
    assert_int_equal(event(s, ch0, MFD_GOT_PACKET), MFD_SESSION_PARK);
    assert_false(mfd_session_moves(s));
    mfd_session_fail(s, ECANCELED, "the migration was cancelled");
    assert_true(mfd_session_moves(s));
    assert_int_equal(again(s, ch0), MFD_SESSION_FAIL);
    assert_false(mfd_session_moves(s));
    free(s);
}

static void the_first_error_is_kept(void **state)
{
    struct mfd_session *s = session_started();
    struct mfd_conn broken = channel_conn(1);

    (void)state;
    broken.finding = (struct mfd_finding){.rule = MFD_HDR_021, .got = 5, .want = 4};
    broken.at = 1408;
    assert_int_equal(mfd_session_event(s, 2, MFD_GOT_FINDING, &broken), MFD_SESSION_FAIL);
    broken.finding.rule = MFD_HDR_013;
    assert_int_equal(mfd_session_event(s, 1, MFD_GOT_FINDING, &broken), MFD_SESSION_FAIL);
    mfd_session_fail(s, ETIMEDOUT, "late");
    assert_failed(s, MFD_HDR_021, "ch 1");
    assert_int_equal(s->failure.at, 1408);
    assert_int_equal(event(s, 0, MFD_GOT_DRAINED), MFD_SESSION_FAIL);
    assert_false(s->completed);
    free(s);
}

static void a_main_that_closes_early_fails(void **state)
{
    struct mfd_session *s = session_started();

    (void)state;
    assert_int_equal(event(s, 0, MFD_GOT_CLOSED), MFD_SESSION_FAIL);
    assert_false(s->failure.is_rule);
    assert_string_equal(s->failure.connection, "main");
    free(s);
}

static void all_parked_and_hung_up_means_abandoned(void **state)
{
    struct mfd_session *s = session_started();

    (void)state;
    assert_int_equal(event(s, 1, MFD_GOT_SYNC), MFD_SESSION_PARK);
    assert_int_equal(event(s, 2, MFD_GOT_SYNC), MFD_SESSION_PARK);
    assert_false(mfd_session_stuck(s)); /* main may still send */
    mfd_session_hung_up(s, 1);
    mfd_session_hung_up(s, 2);
    assert_false(mfd_session_abandoned(s));
    assert_int_equal(event(s, 0, MFD_GOT_POINT), MFD_SESSION_GO);
    /* the channels have not woken up, but nothing holds them any more */
    assert_false(mfd_session_stuck(s));
    assert_int_equal(event(s, 0, MFD_GOT_POINT), MFD_SESSION_PARK);
    mfd_session_hung_up(s, 0);
    assert_false(mfd_session_abandoned(s));
    assert_int_equal(again(s, 1), MFD_SESSION_GO);
    assert_false(s->conns[1].hung_up);
    free(s);
}

static void a_channel_alone_that_has_closed_is_abandoned(void **state)
{
    struct mfd_session *s = session_new(2);

    (void)state;
    open_channel(s, 0);
    assert_int_equal(event(s, 0, MFD_GOT_CLOSED), MFD_SESSION_DONE);
    assert_true(mfd_session_abandoned(s));
    mfd_session_open(s);
    assert_false(mfd_session_abandoned(s));
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_wait_for_all_connections_and_for_ram_start),
        cmocka_unit_test(an_id_that_is_there_already_fails),
        cmocka_unit_test(once_all_are_there_others_are_extras),
        cmocka_unit_test(an_extra_may_close_within_its_hello),
        cmocka_unit_test(a_second_main_is_dropped),
        cmocka_unit_test(a_connection_that_says_nothing_is_ignored),
        cmocka_unit_test(connections_are_bounded),
        cmocka_unit_test(a_sync_point_takes_one_sync_of_each_channel),
        cmocka_unit_test(a_channel_that_closed_before_its_sync_fails_the_sync_point_at_once),
        cmocka_unit_test(a_channel_that_closes_while_main_waits_for_its_sync_fails),
        cmocka_unit_test(a_sync_that_is_left_over_at_the_end_fails),
        cmocka_unit_test(a_sync_that_comes_after_the_end_fails),
        cmocka_unit_test(the_end_waits_until_every_channel_is_closed_or_idle),
        cmocka_unit_test(the_end_waits_for_channels_that_are_not_there_yet),
        cmocka_unit_test(pages_without_ram_start_fail_when_main_ends),
        cmocka_unit_test(an_end_of_the_session_moves_all_that_are_parked),
        cmocka_unit_test(the_first_error_is_kept),
        cmocka_unit_test(a_main_that_closes_early_fails),
        cmocka_unit_test(all_parked_and_hung_up_means_abandoned),
        cmocka_unit_test(a_channel_alone_that_has_closed_is_abandoned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
