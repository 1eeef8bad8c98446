// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "qmp.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int pair[2];
static struct mfd_qmp qmp;

static int connect_both(void **state)
{
    (void)state;
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0 &&
                   mfd_qmp_open(&qmp, pair[0])
               ? 0
               : -1;
}

static int close_both(void **state)
{
    (void)state;
    mfd_qmp_close(&qmp);
    close(pair[0]);
    close(pair[1]);
    return 0;
}

static void say(const char *text)
{
    assert_int_equal(write(pair[1], text, strlen(text)), strlen(text));
}

static void say_event(const char *name, int number)
{
    char line[80];

    snprintf(line, sizeof(line), "{\"event\": \"%s\", \"data\": {\"n\": %d}}\n", name, number);
    say(line);
}

static int number_of(json_t *event)
{
    int number = -1;

    assert_int_equal(json_unpack(event, "{s:{s:i}}", "data", "n", &number), 0);
    json_decref(event);
    return number;
}

static void events_before_a_reply_are_kept_in_order(void **state)
{
    json_t *reply = NULL;

    (void)state;
    say_event("MIGRATION", 1);
    say_event("STOP", 2);
    say_event("MIGRATION", 3);
    say("{\"return\": {}, \"id\": 1}\n");
    reply = mfd_qmp_reply(&qmp, mfd_qmp_send(&qmp, "query-status", NULL), 10);
    assert_non_null(reply);
    json_decref(reply);
    assert_int_equal(number_of(mfd_qmp_event(&qmp, "MIGRATION", 0)), 1);
    assert_int_equal(number_of(mfd_qmp_event(&qmp, "MIGRATION", 0)), 3);
    assert_null(mfd_qmp_event(&qmp, "MIGRATION", 0));
}

static void a_reply_before_an_event_is_kept(void **state)
{
    unsigned id = mfd_qmp_send(&qmp, "query-status", NULL);
    json_t *reply = NULL;

    (void)state;
    say("{\"return\": {}, \"id\": 1}\n");
    say_event("STOP", 4);
    assert_int_equal(number_of(mfd_qmp_event(&qmp, "STOP", 10)), 4);
    reply = mfd_qmp_reply(&qmp, id, 0);
    assert_non_null(reply);
    json_decref(reply);
}

static void of_very_many_events_the_newest_are_kept(void **state)
{
    json_t *reply = NULL;

    (void)state;
    for (int i = 0; i < 200; i++) {
        say_event("RTC_CHANGE", i);
    }
    say_event("MIGRATION", 5);
    say("{\"return\": {}, \"id\": 1}\n");
    reply = mfd_qmp_reply(&qmp, mfd_qmp_send(&qmp, "query-status", NULL), 10);
    assert_non_null(reply);
    json_decref(reply);
    assert_int_equal(number_of(mfd_qmp_event(&qmp, "MIGRATION", 0)), 5);
}

static void a_peer_that_closes_or_talks_nonsense_is_lost(void **state)
{
    (void)state;
    say("what?\n");
    assert_null(mfd_qmp_event(&qmp, "MIGRATION", 10));
    assert_true(qmp.lost);
}

static void waiting_for_an_event_ends_when_the_peer_closes(void **state)
{
    (void)state;
    shutdown(pair[1], SHUT_WR);
    assert_null(mfd_qmp_event(&qmp, "MIGRATION", 10));
    assert_true(qmp.lost);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(events_before_a_reply_are_kept_in_order, connect_both,
                                        close_both),
        cmocka_unit_test_setup_teardown(a_reply_before_an_event_is_kept, connect_both, close_both),
        cmocka_unit_test_setup_teardown(of_very_many_events_the_newest_are_kept, connect_both,
                                        close_both),
        cmocka_unit_test_setup_teardown(a_peer_that_closes_or_talks_nonsense_is_lost, connect_both,
                                        close_both),
        cmocka_unit_test_setup_teardown(waiting_for_an_event_ends_when_the_peer_closes,
                                        connect_both, close_both),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
