// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every outcome, shown on a peer that is broken on purpose (broken_peer.c), through the whole suite.
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

/* Runs one scenario on a receiver that is broken in one way; the caller frees the run. */
static struct mfd_run run_on(const char *program, const char *how, const char *scenario,
                             double guard)
{
    char *argv[] = {(char *)program, (char *)how, "{addr}", "{channels}", "{ram}", NULL};
    const char *globs[] = {scenario, NULL};
    struct mfd_peer peer = {.kind = &mfd_peer_command,
                            .argv = argv,
                            .machine = "none",
                            .rev = MFD_REV_LATEST,
                            .guard = guard};
    struct mfd_run_options options = {.scenarios = MFD_SOURCE_SCENARIOS,
                                      .globs = globs,
                                      .role = "receiver",
                                      .rerun = "mfdkit test",
                                      .jobs = 2,
                                      .repeat = 1,
                                      .strength = 2};
    struct mfd_run run = {0};
    char error[MFD_RUN_ERROR_SIZE] = "";

    assert_true(mfd_run_suite(&peer, &options, &run, error));
    assert_int_equal(run.count, 1);
    return run;
}

/* A guard that nothing reaches but a peer that hangs. */
#define PLENTY 60.0

static void expect_result(const char *how, const char *scenario, enum mfd_outcome got,
                          enum mfd_verdict verdict, const char *detail)
{
    struct mfd_run run = run_on(MFD_BROKEN_PEER, how, scenario, PLENTY);

    if (run.results[0].got != got || run.results[0].verdict != verdict) {
        print_error("%s on %s: %s, %s: %s\n", how, scenario, mfd_outcome_name(run.results[0].got),
                    mfd_verdict_name(run.results[0].verdict), run.results[0].detail);
    }
    assert_int_equal(run.results[0].got, got);
    assert_int_equal(run.results[0].verdict, verdict);
    if (detail && !strstr(run.results[0].detail, detail)) {
        fail_msg("'%s' does not say '%s'", run.results[0].detail, detail);
    }
    mfd_run_free(&run);
}

static void a_peer_that_accepts_everything_fails_what_must_be_refused(void **state)
{
    (void)state;
    expect_result("accept-all", "packet/full", MFD_ACCEPTED, MFD_PASS, NULL);
    expect_result("accept-all", "packet/magic-zero", MFD_ACCEPTED, MFD_FAIL, NULL);
    expect_result("accept-all", "init/version-two", MFD_ACCEPTED, MFD_FAIL, NULL);
}

static void a_peer_that_refuses_everything_passes_nothing(void **state)
{
    (void)state;
    expect_result("refuse-all", "packet/full", MFD_REFUSED, MFD_FAIL, NULL);
    expect_result("refuse-all", "packet/magic-zero", MFD_REFUSED, MFD_BLOCKED, "without the fault");
    expect_result("refuse-packets", "packet/magic-zero", MFD_REFUSED, MFD_BLOCKED,
                  "without the fault");
}

static void a_channel_that_is_closed_on_the_way_is_no_refusal_if_the_migration_completes(
    void **state)
{
    (void)state;
    expect_result("close-channel", "packet/magic-zero", MFD_ACCEPTED, MFD_FAIL, NULL);
}

static void a_peer_that_reports_completed_without_writing_has_corrupted_memory(void **state)
{
    (void)state;
    expect_result("write-nothing", "packet/full", MFD_CORRUPTED, MFD_FAIL, "128 pages are wrong");
}

static void a_peer_that_fails_only_after_the_harness_has_closed_has_refused_nothing(void **state)
{
    (void)state;
    expect_result("fail-at-end", "packet/full", MFD_WAITING, MFD_FAIL, NULL);
}

static void a_peer_that_crashes_at_the_first_packet_has_crashed(void **state)
{
    struct mfd_run run = run_on(MFD_BROKEN_PEER, "crash", "packet/full", PLENTY);

    (void)state;
    assert_int_equal(run.results[0].got, MFD_CRASHED);
    assert_int_equal(run.results[0].signal, 6);
    assert_int_equal(run.results[0].verdict, MFD_FAIL);
    mfd_run_free(&run);
}

static void a_sanitizer_report_is_a_crash_although_the_exit_status_is_that_of_a_refusal(
    void **state)
{
    struct mfd_run run = run_on(MFD_BROKEN_PEER_ASAN, "overflow", "packet/full", PLENTY);

    (void)state;
    assert_int_equal(run.results[0].got, MFD_CRASHED);
    assert_true(run.results[0].exited);
    assert_int_equal(run.results[0].exit_code, 1);
    assert_non_null(run.results[0].sanitizer);
    assert_non_null(strstr(run.results[0].sanitizer, "heap-buffer-overflow"));
    mfd_run_free(&run);
}

static void a_peer_that_sleeps_or_spins_for_ever_is_hung(void **state)
{
    const char *hows[] = {"hang", "spin"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct mfd_run run = run_on(MFD_BROKEN_PEER, hows[i], "packet/full", 1.0);

        assert_int_equal(run.results[0].got, MFD_HUNG);
        assert_int_equal(run.results[0].verdict, MFD_FAIL);
        mfd_run_free(&run);
    }
}

static void the_oracle_sees_one_lost_one_swapped_and_one_stale_page(void **state)
{
    (void)state;
    expect_result("lose-page", "packet/full", MFD_CORRUPTED, MFD_FAIL,
                  "page 2 of mem0 holds zeros");
    expect_result("swap-pages", "packet/full", MFD_CORRUPTED, MFD_FAIL,
                  "page 2 of mem0 holds the content of page 3; 2 pages are wrong");
    expect_result("stale-page", "packet/page-twice", MFD_CORRUPTED, MFD_FAIL,
                  "page 7 of mem0 holds an older copy (1 of 2)");
}

static void a_peer_that_cannot_do_it_is_unsupported_and_nothing_was_tested(void **state)
{
    struct mfd_run run = run_on(MFD_BROKEN_PEER, "unsupported", "packet/full", PLENTY);

    (void)state;
    assert_int_equal(run.results[0].verdict, MFD_VERDICT_UNSUPPORTED);
    assert_int_equal(mfd_run_exit_code(&run), 4);
    mfd_run_free(&run);
}

static void a_peer_that_does_not_start_is_the_harness_s_error_with_its_words(void **state)
{
    struct mfd_run run = run_on(MFD_BROKEN_PEER, "no-start", "packet/full", PLENTY);

    (void)state;
    assert_int_equal(run.results[0].verdict, MFD_HARNESS_ERROR);
    assert_non_null(strstr(run.results[0].detail, "this receiver never starts"));
    assert_int_equal(mfd_run_exit_code(&run), 3);
    mfd_run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_that_accepts_everything_fails_what_must_be_refused),
        cmocka_unit_test(a_peer_that_refuses_everything_passes_nothing),
        cmocka_unit_test(
            a_channel_that_is_closed_on_the_way_is_no_refusal_if_the_migration_completes),
        cmocka_unit_test(a_peer_that_reports_completed_without_writing_has_corrupted_memory),
        cmocka_unit_test(a_peer_that_fails_only_after_the_harness_has_closed_has_refused_nothing),
        cmocka_unit_test(a_peer_that_crashes_at_the_first_packet_has_crashed),
        cmocka_unit_test(
            a_sanitizer_report_is_a_crash_although_the_exit_status_is_that_of_a_refusal),
        cmocka_unit_test(a_peer_that_sleeps_or_spins_for_ever_is_hung),
        cmocka_unit_test(the_oracle_sees_one_lost_one_swapped_and_one_stale_page),
        cmocka_unit_test(a_peer_that_cannot_do_it_is_unsupported_and_nothing_was_tested),
        cmocka_unit_test(a_peer_that_does_not_start_is_the_harness_s_error_with_its_words),
    };

    return cmocka_run_group_tests_name("broken", tests, NULL, NULL);
}
