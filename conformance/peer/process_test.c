// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "process.h"
#include "scratch.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Generous: nothing here waits so long unless it is broken. */
#define GUARD 60.0

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    return mfd_scratch_make(NULL, folder, sizeof(folder)) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return mfd_scratch_remove(folder);
}

/* Starts a child that does one thing. */
static struct mfd_process start(void (*child)(void))
{
    struct mfd_process process;

    if (mfd_process_fork(&process, folder) == 0) {
        child();
        _exit(0);
    }
    assert_true(process.pid > 0);
    return process;
}

/* Whether the process becomes quiet before the guard runs out. */
static bool becomes_quiet(const struct mfd_process *process, double guard)
{
    double end = mfd_now() + guard;

    while (mfd_now() < end) {
        if (mfd_process_quiet(process, 0.02)) {
            return true;
        }
    }
    return false;
}

static void exit_seven(void)
{
    fprintf(stderr, "seven it is\n");
    _exit(7);
}

static void the_status_and_the_last_words_of_a_process_are_known(void **state)
{
    struct mfd_process process = start(exit_seven);
    char *output = NULL;

    (void)state;
    assert_true(mfd_process_wait(&process, GUARD));
    assert_int_equal(process.exit_code, 7);
    assert_int_equal(process.signal, 0);
    output = mfd_process_output(&process);
    assert_string_equal(output, "seven it is");
    free(output);
    mfd_process_kill(&process);
}

static void die(void)
{
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
}

static void a_signal_is_told_from_an_exit(void **state)
{
    struct mfd_process process = start(die);

    (void)state;
    assert_true(mfd_process_wait(&process, GUARD));
    assert_int_equal(process.signal, SIGSEGV);
    assert_int_equal(process.exit_code, -1);
    mfd_process_kill(&process);
}

static void sleep_for_ever(void)
{
    for (;;) {
        pause();
    }
}

static void a_process_that_waits_for_ever_is_quiet_and_can_be_killed(void **state)
{
    struct mfd_process process = start(sleep_for_ever);

    (void)state;
    assert_true(becomes_quiet(&process, GUARD));
    assert_false(mfd_process_poll(&process));
    mfd_process_kill(&process);
    assert_true(process.ended);
    assert_int_equal(process.signal, 0); /* that one was ours */
}

static void a_process_that_has_ended_is_not_quiet(void **state)
{
    struct mfd_process process = start(exit_seven);
    siginfo_t ended;

    (void)state;
    assert_int_equal(waitid(P_PID, (id_t)process.pid, &ended, WEXITED | WNOWAIT), 0);
    assert_false(mfd_process_quiet(&process, 0)); /* its end is to be told of instead */
    assert_true(mfd_process_poll(&process));
    assert_false(mfd_process_quiet(&process, 0));
}

static void a_process_that_was_stopped_is_not_quiet_until_it_goes_on(void **state)
{
    struct mfd_process process = start(sleep_for_ever);
    siginfo_t stopped;

    (void)state;
    assert_int_equal(kill(process.pid, SIGSTOP), 0);
    assert_int_equal(waitid(P_PID, (id_t)process.pid, &stopped, WSTOPPED), 0);
    assert_false(mfd_process_quiet(&process, 0));
    assert_int_equal(kill(process.pid, SIGCONT), 0);
    assert_true(becomes_quiet(&process, GUARD));
    mfd_process_kill(&process);
}

static void spin(void)
{
    for (volatile unsigned i = 0;; i++) {}
}

static void a_process_that_spins_is_never_quiet(void **state)
{
    struct mfd_process process = start(spin);

    (void)state;
    for (int i = 0; i < 50; i++) {
        assert_false(mfd_process_quiet(&process, 0.001));
    }
    mfd_process_kill(&process);
}

static void only_a_process_that_works_uses_processor_time(void **state)
{
    struct mfd_process spinner = start(spin);
    struct mfd_process sleeper = start(sleep_for_ever);
    double end = mfd_now() + GUARD;

    (void)state;
    while (mfd_process_cpu(&spinner) < 0.2 && mfd_now() < end) {}
    assert_true(mfd_process_cpu(&spinner) >= 0.2);
    assert_true(mfd_process_cpu(&sleeper) < 0.2);
    mfd_process_kill(&spinner);
    mfd_process_kill(&sleeper);
}

static void sleep_in_steps(void)
{
    for (;;) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

static void a_process_that_sleeps_in_short_steps_is_never_quiet(void **state)
{
    struct mfd_process process = start(sleep_in_steps);

    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_false(mfd_process_quiet(&process, 0.05));
    }
    mfd_process_kill(&process);
}

static void fork_a_spinner(void)
{
    if (fork() == 0) {
        spin();
    }
    sleep_for_ever();
}

static void a_child_of_the_process_counts_too(void **state)
{
    struct mfd_process process = start(fork_a_spinner);

    (void)state;
    assert_false(becomes_quiet(&process, 0.3));
    mfd_process_kill(&process);
}

/* A program that does with its options what one with sanitizers does. */
static char *const reporter[] = {
    "sh", "-c",
    "echo 'ERROR: something was out of bounds' > \"${ASAN_OPTIONS##*log_path=}.$$\"; exit 1", NULL};

static void a_sanitizer_report_is_found_whatever_the_exit_status(void **state)
{
    struct mfd_process process;
    char *report = NULL;

    (void)state;
    if (mfd_process_fork(&process, folder) == 0) {
        mfd_process_exec(&process, reporter);
    }
    assert_true(mfd_process_wait(&process, GUARD));
    assert_int_equal(process.exit_code, 1);
    report = mfd_process_sanitizer(&process);
    assert_non_null(report);
    assert_non_null(strstr(report, "out of bounds"));
    free(report);
    mfd_process_kill(&process);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* the one with a report comes last: its file stays in the folder */
        cmocka_unit_test(the_status_and_the_last_words_of_a_process_are_known),
        cmocka_unit_test(a_signal_is_told_from_an_exit),
        cmocka_unit_test(a_process_that_waits_for_ever_is_quiet_and_can_be_killed),
        cmocka_unit_test(a_process_that_has_ended_is_not_quiet),
        cmocka_unit_test(a_process_that_was_stopped_is_not_quiet_until_it_goes_on),
        cmocka_unit_test(a_process_that_spins_is_never_quiet),
        cmocka_unit_test(a_process_that_sleeps_in_short_steps_is_never_quiet),
        cmocka_unit_test(only_a_process_that_works_uses_processor_time),
        cmocka_unit_test(a_child_of_the_process_counts_too),
        cmocka_unit_test(a_sanitizer_report_is_found_whatever_the_exit_status),
    };

    return cmocka_run_group_tests_name("process", tests, make_folder, remove_folder);
}
