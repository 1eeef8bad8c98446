// SPDX-License-Identifier: GPL-2.0-or-later
#include "shrink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char text[] = "# What it shows.\n"
                           "# More of it.\n"
                           "rule MF-HDR-021\n"
                           "channels 4\n"
                           "each n in 1 2\n"
                           "main start\n"
                           "ch 0..3 ready\n"
                           "ch 1 data pages=0..3 zero=5,7 ! offset[0]=len(mem0) close\n"
                           "ch 2 data pages=9\n"
                           "expect refused\n";

/* Words that must all be there for a text to show the same. */
static enum mfd_shrink_answer has_all(const char *candidate, void *context)
{
    const char *const *words = context;

    for (; *words; words++) {
        if (!strstr(candidate, *words)) {
            return MFD_SHRINK_DIFFERENT;
        }
    }
    return MFD_SHRINK_SAME;
}

static void expect_shrunk(const char *const *words, const char *want)
{
    struct mfd_shrink_question question = {has_all, (void *)words, 1000, 0};
    char *got = mfd_shrink(text, &question);

    assert_string_equal(got, want);
    assert_true(question.used > 0 && question.used < 1000);
    free(got);
}

static void lines_that_nothing_depends_on_go(void **state)
{
    (void)state;
    expect_shrunk(
        (const char *const[]){"main start", "ch 2 data pages=9", "channels 4", NULL},
        "# What it shows.\nrule MF-HDR-021\nchannels 4\nmain start\nch 2 data pages=9\nexpect refused\n");
}

static void arguments_and_faults_go_and_lists_become_one_value(void **state)
{
    (void)state;
    expect_shrunk((const char *const[]){"ch 1 data", "pages=0", "! offset[0]=", NULL},
                  "# What it shows.\nrule MF-HDR-021\nchannels 1\n"
                  "ch 1 data pages=0 ! offset[0]=len(mem0)\nexpect refused\n");
}

/* Nothing but the text itself is a scenario. */
static enum mfd_shrink_answer never(const char *candidate, void *context)
{
    (void)candidate;
    ++*(unsigned *)context;
    return MFD_SHRINK_NO_SCENARIO;
}

static void what_is_no_scenario_costs_nothing_and_is_not_taken(void **state)
{
    unsigned asked = 0;
    struct mfd_shrink_question question = {never, &asked, 3, 0};
    char *got = mfd_shrink(text, &question);

    (void)state;
    assert_string_equal(got, text);
    assert_true(asked > 3);
    assert_int_equal(question.used, 0);
    free(got);
}

static void the_budget_bounds_the_answers(void **state)
{
    const char *words[] = {"main start", "ch 1 data", NULL};
    struct mfd_shrink_question question = {has_all, words, 4, 0};
    char *got = mfd_shrink(text, &question);

    (void)state;
    assert_int_equal(question.used, 4);
    assert_int_equal(has_all(got, words), MFD_SHRINK_SAME);
    free(got);
}

static void what_a_scenario_must_have_stays(void **state)
{
    const char *words[] = {NULL};
    struct mfd_shrink_question question = {has_all, words, 1000, 0};
    char *got = mfd_shrink(text, &question);

    (void)state;
    assert_string_equal(got, "# What it shows.\nrule MF-HDR-021\nchannels 1\nexpect refused\n");
    free(got);
}

static void a_pinned_parameter_has_one_value(void **state)
{
    char *got = mfd_shrink_pin(
        "each n in 1..size(hello)-1\nwith   channels 1 2\nwith page 4K 64K\nmain start\n",
        "channels=2 n=13");

    (void)state;
    assert_string_equal(got, "each n in 13\neach channels in 2\nwith page 4K 64K\nmain start\n");
    free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_that_nothing_depends_on_go),
        cmocka_unit_test(arguments_and_faults_go_and_lists_become_one_value),
        cmocka_unit_test(what_is_no_scenario_costs_nothing_and_is_not_taken),
        cmocka_unit_test(the_budget_bounds_the_answers),
        cmocka_unit_test(what_a_scenario_must_have_stays),
        cmocka_unit_test(a_pinned_parameter_has_one_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
