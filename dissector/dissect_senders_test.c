// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Senders that `mfdkit test --role sender` drives, recorded as it does it, through tshark: what the dissector marks is
 * what the observer said while they ran. Those of TLS are put under TLS again, with keys that are known.
 *
 * Peers and globs of scenarios may be named: dissect_senders_test qemu=sid send/whole.
 */
#include "marks_fixture.h"
#include "test_senders.h"
#include "tls_cover.h"

#include <stdio.h>

#define PEERS_MAX 8
#define GLOBS_MAX 8

static const char *peers[PEERS_MAX + 1] = {"ref", "qemu"};
/*
 * Whole migrations, some of them under TLS, and such as end within a packet, or where a connection has not said anything yet.
 */
static const char *globs[GLOBS_MAX + 1] = {
    "send/whole",    "send/page-closed", "send/main-start-reset", "send/taken-reset",
    "send/tls-x509", "send/tls-psk",     "send/tls-*-main*",      NULL};

static bool chosen; /* by whoever runs it, so that nothing is known of how many there are */
static size_t tls_count;
static size_t broken_count;

/* Bytes that the sender sent on a connection. */
static size_t carried(const struct mfd_recording *recording, uint32_t connection)
{
    size_t bytes = 0;

    for (size_t i = 0; i < recording->count; i++) {
        const struct mfd_event *event = &recording->events[i];

        if (event->connection == connection && event->direction == MFD_FORWARD) {
            bytes += event->len;
        }
    }
    return bytes;
}

/* A connection that carries nothing has failed in its handshake. Returns how many hellos pass. */
static size_t put_covered(const struct mfd_plan *plan, const struct mfd_recording *recording)
{
    struct mfd_tls_cover *cover = mfd_tls_cover_create(plan->tls, mfd_marks_event);
    size_t hellos = 0;

    assert_non_null(cover);
    for (size_t i = 0; i < recording->count; i++) {
        const struct mfd_event *event = &recording->events[i];
        size_t bytes = carried(recording, event->connection);

        assert_true(mfd_tls_cover_event(cover, event, recording->texts[i],
                                        bytes ? MFD_PLAN_TLS : MFD_PLAN_TLS_FOREIGN));
        assert_true(event->connection < plan->conn_count);
        hellos += event->kind == MFD_EVENT_OPEN && bytes >= MFD_HELLO_SIZE &&
                  plan->conns[event->connection].kind == MFD_CONN_CHANNEL;
    }
    mfd_tls_cover_free(cover);
    return hellos;
}

/* What the receiver does in the end with a connection that was open at the end of the recording. */
static void close_rest(const struct mfd_plan *plan, const struct mfd_recording *recording)
{
    for (uint32_t conn = 0; conn < plan->conn_count; conn++) {
        struct mfd_event last = {
            .connection = conn, .direction = MFD_BACKWARD, .kind = MFD_EVENT_CLOSE};
        bool open = false;

        for (size_t i = 0; i < recording->count; i++) {
            const struct mfd_event *event = &recording->events[i];

            last.time_ns = event->time_ns;
            if (event->connection == conn) {
                open = event->kind == MFD_EVENT_OPEN || event->kind == MFD_EVENT_DATA;
            }
        }
        if (open) {
            mfd_marks_event(&last, NULL);
        }
    }
}

static void put_recording(const struct mfd_plan *plan, const struct mfd_recording *recording,
                          const struct mfd_result *result, const char *scratch)
{
    struct mfd_marks_sample *sample = NULL;

    (void)scratch;
    if (!recording->count) {
        return;
    }
    assert_false(recording->full);
    sample = mfd_marks_add(plan, false);
    memset(sample->open, test_sender_is_cancelled(plan), sizeof(sample->open));
    for (size_t i = 0; i < result->rule_count; i++) {
        sample->open[result->rules[i].rule] = false;
        sample->wanted[result->rules[i].rule] = result->rules[i].broken;
        broken_count += result->rules[i].broken;
    }
    if (plan->tls) {
        tls_count++;
        sample->covered = put_covered(plan, recording);
        return;
    }
    for (size_t i = 0; i < recording->count; i++) {
        mfd_marks_event(&recording->events[i], recording->texts[i]);
    }
    close_rest(plan, recording);
}

static void senders_have_the_marks_that_the_observer_gave_them_as_they_ran(void **state)
{
    (void)state;
    assert_true(mfd_marks_count() > 10 || chosen);
    assert_true(tls_count > 2 || chosen);
    assert_int_equal(mfd_marks_differences("", true), 0);
    print_message("%zu migrations, %zu rules broken in them\n", mfd_marks_count(), broken_count);
}

static int make_captures(void **state)
{
    struct mfd_suite suite;
    char error[MFD_RUN_ERROR_SIZE];

    (void)state;
    if (!mfd_marks_begin() || !mfd_tls_cover_begin() ||
        !mfd_suite_load_some(MFD_SCENARIOS, globs, &suite, error)) {
        return -1;
    }
    for (size_t i = 0; peers[i]; i++) {
        test_senders(peers[i], globs, &suite, put_recording);
    }
    mfd_suite_free(&suite);
    mfd_marks_finish();
    return 0;
}

static int remove_captures(void **state)
{
    (void)state;
    return mfd_tls_cover_end() | mfd_marks_remove();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(senders_have_the_marks_that_the_observer_gave_them_as_they_ran),
    };

    chosen = argc > 1;
    test_senders_arguments(argc, argv, peers, PEERS_MAX, globs, GLOBS_MAX);
    return cmocka_run_group_tests(tests, make_captures, remove_captures);
}
