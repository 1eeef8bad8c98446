// SPDX-License-Identifier: GPL-2.0-or-later
#include "baseline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CRASHED MFD_OUTCOME_BIT(MFD_CRASHED)
#define HUNG MFD_OUTCOME_BIT(MFD_HUNG)

static struct mfd_baseline *parse(const char *text)
{
    char error[MFD_BASELINE_ERROR_SIZE] = "";
    struct mfd_baseline *baseline = mfd_baseline_parse("x", text, strlen(text), error);

    assert_string_equal(error, "");
    assert_non_null(baseline);
    return baseline;
}

static void assert_error(const char *text, const char *want)
{
    char error[MFD_BASELINE_ERROR_SIZE] = "";

    assert_null(mfd_baseline_parse("x", text, strlen(text), error));
    assert_string_equal(error, want);
}

static void a_line_is_read_column_by_column(void **state)
{
    struct mfd_baseline *b = parse("# head\n\n"
                                   "init/half* n=1..3,63 channels=2\t7.2.0..7.2.22 hung,crashed "
                                   "B15 flaky=2/9 # a read # that blocks \n");
    const struct mfd_baseline_line *line = b->lines;

    (void)state;
    assert_int_equal(b->count, 1);
    assert_string_equal(line->above, "# head\n\n");
    assert_string_equal(line->glob, "init/half*");
    assert_string_equal(line->params, "n=1..3,63 channels=2");
    assert_int_equal(line->versions.to.part[2], 22);
    assert_int_equal(line->outcomes, CRASHED | HUNG);
    assert_string_equal(line->defect->id, "B15");
    assert_int_equal(line->flaky_seen, 2);
    assert_int_equal(line->flaky_of, 9);
    assert_string_equal(line->reason, "a read # that blocks");
    assert_int_equal(line->line, 3);
    mfd_baseline_free(b);
}

static void a_file_without_lines_is_a_baseline(void **state)
{
    struct mfd_baseline *b = parse("");
    char *text = NULL;

    (void)state;
    assert_int_equal(b->count, 0);
    mfd_baseline_free(b);
    b = parse("# nothing known\n");
    text = mfd_baseline_print(b);
    assert_string_equal(text, "# nothing known\n");
    free(text);
    mfd_baseline_free(b);
}

static void every_error_names_file_and_line(void **state)
{
    (void)state;
    assert_error("\n# c\na/b * crashed B99 # r\n", "x:3: there is no defect \"B99\"");
    assert_error("a/b * dead B01 # r", "x:1: there is no outcome \"dead\"");
    assert_error("a/b * crashed, B01 # r", "x:1: there is no outcome");
    assert_error("a/b * undecided B01 # r", "x:1: no defect shows as \"undecided\"");
    assert_error("a/b 7.2 crashed B01 # r", "x:1: expected *, A.B.C, A.B.C..D.E.F or "
                                            "A.B.C..<D.E.F, not \"7.2\"");
    assert_error("a/b * crashed B01", "x:1: a line ends with \"# reason\"");
    assert_error("a/b * crashed B01 # \n", "x:1: a line ends with \"# reason\"");
    assert_error("a/b * crashed # r",
                 "x:1: expected GLOB [PARAM=VALUES]... VERSIONS OUTCOMES DEFECT # reason");
    assert_error("a/b n= * crashed B01 # r", "x:1: expected PARAM=VALUES, not \"n=\"");
    assert_error("a/b * crashed B01 flaky=1 # r", "x:1: expected flaky=N/M, not \"flaky=1\"");
    assert_error("a/b * crashed B01 flaky=3/3 # r",
                 "x:1: flaky is neither never nor always: \"flaky=3/3\"");
    assert_error("a/b * crashed B01 flaky=1/3 B02 # r", "x:1: nothing was expected at \"B02\"");
}

static void a_file_that_cannot_be_read_is_an_error(void **state)
{
    char error[MFD_BASELINE_ERROR_SIZE] = "";

    (void)state;
    assert_null(mfd_baseline_load("/nonexistent/baseline", error));
    assert_string_equal(error, "/nonexistent/baseline: No such file or directory");
}

static void printing_aligns_and_reads_back_the_same(void **state)
{
    static const char text[] = "# head\n"
                               "a/b n=1..3 * crashed B01 # first\n"
                               "\n"
                               "a/long-name 7.2.0..<7.2.5 crashed,hung B15 flaky=1/50 # second\n"
                               "# tail\n";
    struct mfd_baseline *b = parse(text);
    struct mfd_baseline *again = NULL;
    char *printed = mfd_baseline_print(b);
    char *twice = NULL;

    (void)state;
    assert_string_equal(printed, "# head\n"
                                 "a/b n=1..3  * crashed B01 # first\n"
                                 "\n"
                                 "a/long-name 7.2.0..<7.2.5 crashed,hung B15 flaky=1/50 # second\n"
                                 "# tail\n");
    again = parse(printed);
    twice = mfd_baseline_print(again);
    assert_string_equal(printed, twice);
    free(twice);
    free(printed);
    printed = mfd_baseline_line_print(&again->lines[0]);
    assert_string_equal(printed, "a/b n=1..3 * crashed B01 # first");
    free(printed);
    mfd_baseline_free(again);
    mfd_baseline_free(b);
}

static void a_listed_deviation_is_known_and_another_one_is_not(void **state)
{
    struct mfd_baseline *b = parse("init/* 7.2.0..7.2.22 crashed B01 # r\n");

    (void)state;
    assert_ptr_equal(mfd_baseline_judge(b, "init/id", "", "7.2.22", MFD_CRASHED, false), b->lines);
    assert_null(mfd_baseline_judge(b, "init/id", "", "7.2.22", MFD_HUNG, false));
    assert_null(mfd_baseline_judge(b, "header/id", "", "7.2.22", MFD_CRASHED, false));
    assert_null(mfd_baseline_judge(b, "init/id", "", "7.1.0", MFD_CRASHED, false));
    assert_null(mfd_baseline_judge(b, "init/id", "", "8.0.0", MFD_CRASHED, false));
    mfd_baseline_free(b);
}

static void parameters_match_by_value_and_by_range(void **state)
{
    struct mfd_baseline *b = parse("init/eof n=1..3,63 channels=2 * hung B15 # r\n");
    static const struct {
        const char *params;
        bool known;
    } cases[] = {
        {"n=1 channels=2", true},
        {"channels=2 n=3", true},
        {"n=63 channels=2", true},
        {"n=4 channels=2", false},
        {"n=1", false},
        {"n=1 channels=20", false},
        {"nn=1 channels=2", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool known = mfd_baseline_judge(b, "init/eof[...]", cases[i].params, "", MFD_HUNG, false);

        if (known != cases[i].known) {
            fail_msg("%s", cases[i].params);
        }
    }
    mfd_baseline_free(b);
}

static void values_that_are_no_numbers_match_literally(void **state)
{
    struct mfd_baseline *b = parse("a method=zlib,zstd pages=0..9 * hung B15 # r\n");

    (void)state;
    assert_non_null(mfd_baseline_judge(b, "a", "method=zstd pages=0..9", "", MFD_HUNG, false));
    assert_null(mfd_baseline_judge(b, "a", "method=zst pages=4", "", MFD_HUNG, false));
    mfd_baseline_free(b);
}

static void a_line_that_held_once_is_fresh(void **state)
{
    struct mfd_baseline *b = parse("a/* 7.2.0..7.2.22 crashed B01 # r\n");

    (void)state;
    mfd_baseline_judge(b, "a/x", "", "7.2.22", MFD_REFUSED, true);
    mfd_baseline_judge(b, "a/y", "", "7.2.22", MFD_CRASHED, false);
    assert_int_equal(mfd_baseline_staleness(b->lines, "7.2.22", true), MFD_FRESH);
    mfd_baseline_free(b);
}

static void a_line_that_never_held_is_stale(void **state)
{
    struct mfd_baseline *b = parse("\na/* 7.2.0..7.2.22 crashed B01 # r\n");
    char text[200];

    (void)state;
    mfd_baseline_judge(b, "a/x", "", "7.2.22", MFD_REFUSED, true);
    mfd_baseline_judge(b, "a/y", "", "7.2.22", MFD_HUNG, false);
    assert_int_equal(mfd_baseline_staleness(b->lines, "7.2.22", false), MFD_STALE_LINE);
    assert_string_equal(mfd_baseline_stale_text(b, b->lines, text, sizeof(text)),
                        "x:2: B01 no longer shows in any of 2 instances of a/*");
    mfd_baseline_free(b);
}

static void an_expected_outcome_does_not_hold_a_line_that_lists_it(void **state)
{
    struct mfd_baseline *b = parse("a * refused B01 # r\n");

    (void)state;
    assert_null(mfd_baseline_judge(b, "a", "", "", MFD_REFUSED, true));
    assert_int_equal(mfd_baseline_staleness(b->lines, "", false), MFD_STALE_LINE);
    mfd_baseline_free(b);
}

static void staleness_on_a_later_point_release_is_a_warning(void **state)
{
    struct mfd_baseline *b = parse("a 7.2.0..7.2.22 crashed B01 # r\n");

    (void)state;
    mfd_baseline_judge(b, "a", "", "7.2.23", MFD_REFUSED, true);
    assert_int_equal(mfd_baseline_staleness(b->lines, "7.2.23", true), MFD_STALE_WARNING);
    assert_int_equal(mfd_baseline_staleness(b->lines, "", true), MFD_STALE_WARNING);
    mfd_baseline_free(b);
}

static void a_line_of_other_releases_is_never_stale(void **state)
{
    struct mfd_baseline *b = parse("a 7.2.0..<7.2.5 crashed B01 # r\n");

    (void)state;
    mfd_baseline_judge(b, "a", "", "7.2.22", MFD_REFUSED, true);
    assert_int_equal(mfd_baseline_staleness(b->lines, "7.2.22", true), MFD_FRESH);
    mfd_baseline_free(b);
}

static void a_flaky_line_that_did_not_hold_is_not_stale(void **state)
{
    struct mfd_baseline *b = parse("a * crashed B01 flaky=1/50 # r\n");

    (void)state;
    mfd_baseline_judge(b, "a", "", "", MFD_REFUSED, true);
    assert_int_equal(mfd_baseline_staleness(b->lines, "", true), MFD_FRESH);
    mfd_baseline_free(b);
}

static void what_was_not_judged_makes_no_line_stale(void **state)
{
    struct mfd_baseline *b = parse("a * crashed B01 # r\n");

    (void)state;
    mfd_baseline_present(b, "a", "", "");
    assert_int_equal(mfd_baseline_staleness(b->lines, "", true), MFD_FRESH);
    mfd_baseline_free(b);
}

static void a_line_that_names_nothing_is_stale_in_a_full_run_only(void **state)
{
    struct mfd_baseline *b = parse("a 7.2.0..7.2.1 crashed B01 flaky=1/2 # r\n");
    char text[200];

    (void)state;
    mfd_baseline_judge(b, "b", "", "7.2.1", MFD_REFUSED, true);
    assert_int_equal(mfd_baseline_staleness(b->lines, "7.2.1", false), MFD_FRESH);
    assert_int_equal(mfd_baseline_staleness(b->lines, "7.2.1", true), MFD_STALE_LINE);
    assert_int_equal(mfd_baseline_staleness(b->lines, "7.2.9", true), MFD_STALE_LINE);
    assert_string_equal(mfd_baseline_stale_text(b, b->lines, text, sizeof(text)),
                        "x:1: a names no scenario instance");
    mfd_baseline_free(b);
}

static void the_first_of_two_lines_that_know_a_deviation_is_named_and_both_hold(void **state)
{
    struct mfd_baseline *b = parse("a/* * hung B15 # r\na/x * hung B09 # r\n");

    (void)state;
    assert_ptr_equal(mfd_baseline_judge(b, "a/x", "", "", MFD_HUNG, false), &b->lines[0]);
    assert_int_equal(mfd_baseline_staleness(&b->lines[1], "", true), MFD_FRESH);
    mfd_baseline_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_read_column_by_column),
        cmocka_unit_test(a_file_without_lines_is_a_baseline),
        cmocka_unit_test(every_error_names_file_and_line),
        cmocka_unit_test(a_file_that_cannot_be_read_is_an_error),
        cmocka_unit_test(printing_aligns_and_reads_back_the_same),
        cmocka_unit_test(a_listed_deviation_is_known_and_another_one_is_not),
        cmocka_unit_test(parameters_match_by_value_and_by_range),
        cmocka_unit_test(values_that_are_no_numbers_match_literally),
        cmocka_unit_test(a_line_that_held_once_is_fresh),
        cmocka_unit_test(a_line_that_never_held_is_stale),
        cmocka_unit_test(an_expected_outcome_does_not_hold_a_line_that_lists_it),
        cmocka_unit_test(staleness_on_a_later_point_release_is_a_warning),
        cmocka_unit_test(a_line_of_other_releases_is_never_stale),
        cmocka_unit_test(a_flaky_line_that_did_not_hold_is_not_stale),
        cmocka_unit_test(what_was_not_judged_makes_no_line_stale),
        cmocka_unit_test(a_line_that_names_nothing_is_stale_in_a_full_run_only),
        cmocka_unit_test(the_first_of_two_lines_that_know_a_deviation_is_named_and_both_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
