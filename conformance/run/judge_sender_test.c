// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every outcome of a sender, shown on senders that are broken on purpose (broken_sender.c) and on the embedded
 * reference, through the whole suite.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A guard that nothing reaches but a sender that hangs. */
#define PLENTY 60.0

/* One scenario on `peer`; the caller frees the run. */
static struct mfd_run run_on(struct mfd_peer *peer, const char *scenario, const char *save)
{
    const char *globs[] = {scenario, NULL};
    struct mfd_run_options options = {.scenarios = MFD_SOURCE_SCENARIOS,
                                      .globs = globs,
                                      .role = "sender",
                                      .rerun = "mfdkit test --role sender",
                                      .jobs = 2,
                                      .repeat = 1,
                                      .strength = 2,
                                      .save_pcap = save};
    struct mfd_run run = {0};
    char error[MFD_RUN_ERROR_SIZE] = "";

    if (!mfd_run_suite(peer, &options, &run, error)) {
        fail_msg("%s", error);
    }
    assert_true(run.count > 0);
    return run;
}

static struct mfd_run run_reference(const char *scenario)
{
    struct mfd_peer peer = {
        .kind = &mfd_peer_ref, .machine = "none", .rev = MFD_REV_LATEST, .guard = PLENTY};

    return run_on(&peer, scenario, NULL);
}

static struct mfd_run run_broken(const char *how, const char *scenario, double guard,
                                 const char *save)
{
    char *argv[] = {MFD_BROKEN_SENDER, (char *)how, "{addr}", "{channels}", "{ram}", NULL};
    struct mfd_peer peer = {.kind = &mfd_peer_command,
                            .argv = argv,
                            .machine = "none",
                            .rev = MFD_REV_LATEST,
                            .guard = guard};

    return run_on(&peer, scenario, save);
}

static void expect(const struct mfd_run *run, enum mfd_outcome got, enum mfd_verdict verdict,
                   const char *detail)
{
    const struct mfd_result *result = &run->results[0];

    if (result->got != got || result->verdict != verdict ||
        (detail && !strstr(result->detail, detail))) {
        fail_msg("%s: %s, %s: %s", result->id, mfd_outcome_name(result->got),
                 mfd_verdict_name(result->verdict), result->detail);
    }
}

static void expect_broken(const char *how, const char *scenario, enum mfd_outcome got,
                          enum mfd_verdict verdict, const char *detail)
{
    struct mfd_run run = run_broken(how, scenario, PLENTY, NULL);

    expect(&run, got, verdict, detail);
    mfd_run_free(&run);
}

/* The result of a rule; fails the test if there is none. */
static const struct mfd_result *rule_of(const struct mfd_run *run, const char *id)
{
    for (size_t i = 0; i < run->count; i++) {
        if (strcmp(run->results[i].id, id) == 0) {
            return &run->results[i];
        }
    }
    fail_msg("no result %s", id);
    return NULL;
}

/* ---- senders that do what they should ---- */

static void the_reference_sends_what_it_has(void **state)
{
    struct mfd_run run = run_reference("send/no-uuid");

    (void)state;
    expect(&run, MFD_ACCEPTED, MFD_PASS, "memory as the sender has it");
    assert_int_equal(rule_of(&run, "rule/MF-INIT-004")->verdict, MFD_PASS);
    assert_int_equal(rule_of(&run, "rule/MF-SYNC-002")->verdict, MFD_PASS);
    assert_string_equal(rule_of(&run, "rule/MF-SYNC-002")->role, "sender");
    mfd_run_free(&run);
}

static void a_rule_that_was_not_shown_is_not_passed(void **state)
{
    struct mfd_run run = run_reference("send/no-uuid");

    (void)state;
    for (size_t i = 0; i < run.count; i++) {
        /* the scenario has neither compression nor state of devices */
        assert_string_not_equal(run.results[i].id, "rule/MF-PAY-008");
        assert_string_not_equal(run.results[i].id, "rule/MF-DEV-001");
    }
    mfd_run_free(&run);
}

static void a_sender_whose_channel_is_reset_fails_and_can_send_again(void **state)
{
    struct mfd_run run = run_reference("send/page-reset");

    (void)state;
    expect(&run, MFD_REFUSED, MFD_PASS, "failed, as it says itself");
    assert_string_equal(run.results[0].twin, "pass");
    mfd_run_free(&run);
}

static void a_sender_that_nobody_reads_waits_until_it_is_cancelled(void **state)
{
    struct mfd_run run = run_reference("send/page-stalled");

    (void)state;
    expect(&run, MFD_WAITING, MFD_PASS, "ends when cancelled");
    mfd_run_free(&run);
}

static void a_cancelled_sender_has_failed(void **state)
{
    struct mfd_run run = run_reference("send/sync-cancelled");

    (void)state;
    expect(&run, MFD_REFUSED, MFD_PASS, NULL);
    mfd_run_free(&run);
}

static void a_sender_ends_where_it_does_not_trust_the_receiver(void **state)
{
    struct mfd_run run = run_reference("send/tls-x509-foreign");

    (void)state;
    expect(&run, MFD_REFUSED, MFD_PASS, NULL);
    mfd_run_free(&run);
}

/* ---- those that do not ---- */

static void a_sender_that_says_completed_without_sending_is_found_out(void **state)
{
    (void)state;
    expect_broken("send-nothing", "send/no-uuid", MFD_CORRUPTED, MFD_FAIL,
                  "says completed, but the receiver has not");
}

static void a_sender_of_other_memory_has_corrupted_it(void **state)
{
    (void)state;
    expect_broken("send-zeros", "send/no-uuid", MFD_CORRUPTED, MFD_FAIL, "pages are wrong");
}

static void a_sender_that_breaks_a_rule_is_told_which(void **state)
{
    struct mfd_run run = run_broken("wrong-uuid", "send/no-uuid", PLENTY, NULL);

    (void)state;
    expect(&run, MFD_CORRUPTED, MFD_FAIL, "breaks MF-INIT-004");
    assert_int_equal(rule_of(&run, "rule/MF-INIT-004")->verdict, MFD_FAIL);
    assert_non_null(strstr(rule_of(&run, "rule/MF-INIT-004")->detail, "first in send/no-uuid"));
    assert_int_equal(mfd_run_exit_code(&run), 1);
    mfd_run_free(&run);
}

static void a_sender_that_says_completed_when_it_failed_is_found_out(void **state)
{
    (void)state;
    expect_broken("say-completed", "send/page-closed", MFD_CORRUPTED, MFD_BLOCKED,
                  "without the fault");
}

static void a_sender_that_crashes_has_crashed(void **state)
{
    struct mfd_run run = run_broken("crash", "send/no-uuid", PLENTY, NULL);

    (void)state;
    expect(&run, MFD_CRASHED, MFD_FAIL, "signal 6");
    mfd_run_free(&run);
    expect_broken("odd-status", "send/no-uuid", MFD_CRASHED, MFD_FAIL, "exit status 9");
}

static void a_sender_that_does_not_end_when_it_is_cancelled_hangs(void **state)
{
    struct mfd_run run = run_broken("keep-silent", "send/no-uuid", 0.3, NULL);

    (void)state;
    expect(&run, MFD_HUNG, MFD_FAIL, "does not come to an end when it is cancelled");
    mfd_run_free(&run);
}

static void what_a_sender_lacks_is_left_out(void **state)
{
    (void)state;
    expect_broken("lack", "send/no-uuid", MFD_UNSUPPORTED, MFD_VERDICT_UNSUPPORTED, "77");
}

static void a_capture_is_kept_of_what_a_broken_sender_sent(void **state)
{
    char folder[] = "/dev/shm/judge_sender.XXXXXX";
    char path[64];
    struct mfd_run run;
    struct stat status;

    (void)state;
    assert_non_null(mkdtemp(folder));
    run = run_broken("send-zeros", "send/no-uuid", PLENTY, folder);
    snprintf(path, sizeof(path), "%s/send/no-uuid.pcapng", folder);
    assert_string_equal(run.results[0].pcap, path);
    assert_int_equal(stat(path, &status), 0);
    assert_true(status.st_size > 4096);
    mfd_run_free(&run);
    remove(path);
    snprintf(path, sizeof(path), "%s/send", folder);
    rmdir(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_sends_what_it_has),
        cmocka_unit_test(a_rule_that_was_not_shown_is_not_passed),
        cmocka_unit_test(a_sender_whose_channel_is_reset_fails_and_can_send_again),
        cmocka_unit_test(a_sender_that_nobody_reads_waits_until_it_is_cancelled),
        cmocka_unit_test(a_cancelled_sender_has_failed),
        cmocka_unit_test(a_sender_ends_where_it_does_not_trust_the_receiver),
        cmocka_unit_test(a_sender_that_says_completed_without_sending_is_found_out),
        cmocka_unit_test(a_sender_of_other_memory_has_corrupted_it),
        cmocka_unit_test(a_sender_that_breaks_a_rule_is_told_which),
        cmocka_unit_test(a_sender_that_says_completed_when_it_failed_is_found_out),
        cmocka_unit_test(a_sender_that_crashes_has_crashed),
        cmocka_unit_test(a_sender_that_does_not_end_when_it_is_cancelled_hangs),
        cmocka_unit_test(what_a_sender_lacks_is_left_out),
        cmocka_unit_test(a_capture_is_kept_of_what_a_broken_sender_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
