// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jobs.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PIECES 20
#define MANY (3 * MFD_JOBS_A_PROCESS)

static size_t counted;

struct seen {
    int answers[PIECES + 5];
    char why[PIECES + 5][80];
};

static json_t *square(size_t index, void *context)
{
    (void)context;
    return json_pack("{s:i}", "square", (int)(index * index));
}

static json_t *square_or_crash(size_t index, void *context)
{
    if (index == 3) {
        signal(SIGABRT, SIG_DFL);
        raise(SIGABRT);
    }
    return square(index, context);
}

static json_t *square_or_hang(size_t index, void *context)
{
    while (index == 3) {
        pause();
    }
    return square(index, context);
}

static void done(size_t index, const json_t *answer, const char *why, void *context)
{
    struct seen *seen = context;

    seen->answers[index] = answer ? (int)json_integer_value(json_object_get(answer, "square")) : -1;
    snprintf(seen->why[index], sizeof(seen->why[index]), "%s", why ? why : "");
}

static struct seen run(size_t first, json_t *(*work)(size_t, void *), double guard)
{
    struct seen seen;
    struct mfd_jobs jobs = {first, PIECES, 4, guard, NULL, work, done, &seen};

    memset(&seen, 0, sizeof(seen));
    assert_true(mfd_jobs_run(&jobs));
    return seen;
}

static void every_piece_answers_once_whatever_the_order(void **state)
{
    struct seen seen = run(5, square, 60);

    (void)state;
    for (int i = 0; i < PIECES; i++) {
        assert_int_equal(seen.answers[i + 5], (i + 5) * (i + 5));
    }
}

static void a_piece_that_crashes_harms_no_other(void **state)
{
    struct seen seen = run(0, square_or_crash, 60);

    (void)state;
    for (int i = 0; i < PIECES; i++) {
        assert_int_equal(seen.answers[i], i == 3 ? -1 : i * i);
    }
    assert_string_equal(seen.why[3], "the harness's own process ended with signal 6");
}

static void a_piece_that_hangs_is_given_up(void **state)
{
    struct seen seen = run(0, square_or_hang, 1);

    (void)state;
    for (int i = 0; i < PIECES; i++) {
        assert_int_equal(seen.answers[i], i == 3 ? -1 : i * i);
    }
    assert_string_equal(seen.why[3], "the harness's own process did not come to an end");
}

static json_t *process_or_crash(size_t index, void *context)
{
    if (index == 5) {
        raise(SIGKILL);
    }
    (void)context;
    return json_pack("{s:i}", "process", (int)getpid());
}

static void note_process(size_t index, const json_t *answer, const char *why, void *context)
{
    (void)why;
    ((int *)context)[index] = (int)json_integer_value(json_object_get(answer, "process"));
}

static void a_process_works_on_one_piece_after_the_other_but_not_on_all(void **state)
{
    int process[MANY];
    struct mfd_jobs jobs = {0, MANY, 1, 60, NULL, process_or_crash, note_process, process};

    (void)state;
    assert_true(mfd_jobs_run(&jobs));
    assert_int_equal(process[5], 0); /* that one ended without an answer */
    for (int i = 1; i < MANY; i++) {
        if (i != 5 &&
            i != 6) { /* a fresh process after the one that was lost, and after each full number */
            assert_int_equal(process[i] == process[i - 1], (i - 6) % MFD_JOBS_A_PROCESS != 0);
        }
    }
    assert_int_not_equal(process[6], process[4]);
}

static bool twice(void *context)
{
    size_t *asked = context;

    return ++*asked <= 2;
}

static void count_done(size_t index, const json_t *answer, const char *why, void *context)
{
    (void)index;
    (void)answer;
    (void)why;
    (void)context;
    counted++;
}

static void none_is_started_after_no_more_are_wanted(void **state)
{
    size_t asked = 0;
    struct mfd_jobs jobs = {0, SIZE_MAX, 4, 60, twice, square, count_done, &asked};

    (void)state;
    counted = 0;
    assert_true(mfd_jobs_run(&jobs));
    assert_int_equal(counted, 2);
    assert_int_equal(asked, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_piece_answers_once_whatever_the_order),
        cmocka_unit_test(a_piece_that_crashes_harms_no_other),
        cmocka_unit_test(a_piece_that_hangs_is_given_up),
        cmocka_unit_test(a_process_works_on_one_piece_after_the_other_but_not_on_all),
        cmocka_unit_test(none_is_started_after_no_more_are_wanted),
    };

    return cmocka_run_group_tests_name("jobs", tests, NULL, NULL);
}
