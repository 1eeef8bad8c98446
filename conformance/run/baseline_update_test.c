// SPDX-License-Identifier: GPL-2.0-or-later
#include "baseline_update.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define REFUSED MFD_OUTCOME_BIT(MFD_REFUSED)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define RESULT(id_, params_, got_, verdict_) \
    { \
        .id = (char *)(id_), .params = (char *)(params_), .expect = REFUSED, .got = (got_), \
        .verdict = (verdict_), .detail = (char *)"what was seen\nand more" \
    }

static struct mfd_run run_of(struct mfd_result *results, size_t count)
{
    static char version[] = "7.2.22 (Debian 1)";

    return (struct mfd_run){.peer_version = version, .results = results, .count = count};
}

/* Confronts `text` with a run: how many results it does not know, and the baseline that is made of both. */
static size_t update(const char *text, struct mfd_result *results, size_t count, char **made)
{
    char error[MFD_BASELINE_ERROR_SIZE] = "";
    struct mfd_run run = run_of(results, count);
    struct mfd_baseline *baseline = mfd_baseline_parse("x", text, strlen(text), error);
    bool unknown[16];
    size_t found = 0;

    assert_string_equal(error, "");
    found = mfd_baseline_confront(baseline, &run, unknown);
    assert_true(mfd_baseline_update(baseline, &run, unknown));
    *made = mfd_baseline_print(baseline);
    mfd_baseline_free(baseline);
    return found;
}

static void assert_update(const char *text, struct mfd_result *results, size_t count,
                          size_t unknown, const char *want)
{
    char *made = NULL;

    assert_int_equal(update(text, results, count, &made), unknown);
    assert_string_equal(made, want);
    free(made);
}

static void lines_that_hold_stay_as_they_are(void **state)
{
    struct mfd_result results[] = {RESULT("a/b[n=1]", "n=1", MFD_CRASHED, MFD_KNOWN),
                                   RESULT("a/b[n=2]", "n=2", MFD_REFUSED, MFD_PASS)};
    const char *text = "# head\n\na/b n=1 7.2.0..7.2.22 crashed B01 # why\n# tail\n";

    (void)state;
    assert_update(text, results, COUNT(results), 0, text);
}

static void a_line_that_no_longer_shows_goes_and_its_comment_stays(void **state)
{
    struct mfd_result results[] = {RESULT("a/b", "", MFD_REFUSED, MFD_STALE),
                                   RESULT("a/b", "", MFD_REFUSED, MFD_PASS)};

    (void)state;
    assert_update("# head\na/b 7.2.0..7.2.22 crashed B01 # why\n# tail\n", results, COUNT(results),
                  0, "# head\n# tail\n");
}

static void what_was_not_judged_proves_no_line_stale(void **state)
{
    struct mfd_result results[] = {RESULT("a/b", "", MFD_OUTCOME_COUNT, MFD_BLOCKED)};
    const char *text = "a/b 7.2.0..7.2.22 crashed B01 # why\n";

    (void)state;
    assert_update(text, results, COUNT(results), 0, text);
}

static void a_scenario_that_is_all_wrong_gets_one_line_for_this_release(void **state)
{
    struct mfd_result results[] = {RESULT("a/b[n=1]", "n=1", MFD_CRASHED, MFD_FAIL),
                                   RESULT("a/b[n=2]", "n=2", MFD_CRASHED, MFD_FAIL),
                                   RESULT("a/bb", "", MFD_HUNG, MFD_WARN)};

    (void)state;
    assert_update("", results, COUNT(results), 3,
                  "a/b  7.2.22 crashed ? # what was seen\n"
                  "a/bb 7.2.22 hung ? # what was seen\n");
}

static void instances_that_differ_get_a_line_each(void **state)
{
    struct mfd_result results[] = {RESULT("a/b[n=1]", "n=1", MFD_CRASHED, MFD_FAIL),
                                   RESULT("a/b[n=2]", "n=2", MFD_HUNG, MFD_FAIL),
                                   RESULT("a/b[n=3]", "n=3", MFD_REFUSED, MFD_PASS)};

    (void)state;
    assert_update("", results, COUNT(results), 2,
                  "a/b n=1 7.2.22 crashed ? # what was seen\n"
                  "a/b n=2 7.2.22 hung ? # what was seen\n");
}

/* So that nobody forgets to say which defect it is. */
static void a_new_line_is_not_read_before_it_has_a_defect(void **state)
{
    struct mfd_result results[] = {RESULT("a/b", "", MFD_CRASHED, MFD_FAIL)};
    char error[MFD_BASELINE_ERROR_SIZE] = "";
    char *made = NULL;

    (void)state;
    update("", results, COUNT(results), &made);
    assert_null(mfd_baseline_parse("x", made, strlen(made), error));
    assert_string_equal(error, "x:1: there is no defect \"?\"");
    free(made);
}

static void each_difference_is_told(void **state)
{
    struct mfd_result results[] = {RESULT("a/b", "", MFD_REFUSED, MFD_PASS),
                                   RESULT("a/c[n=2]", "n=2", MFD_HUNG, MFD_FAIL)};
    struct mfd_run run = run_of(results, COUNT(results));
    const char *text = "a/b 7.2.0..7.2.22 crashed B01 # why\n";
    char error[MFD_BASELINE_ERROR_SIZE] = "";
    struct mfd_baseline *baseline = mfd_baseline_parse("x", text, strlen(text), error);
    bool unknown[COUNT(results)];
    char *told = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&told, &size);

    (void)state;
    assert_non_null(baseline);
    mfd_baseline_confront(baseline, &run, unknown);
    assert_int_equal(mfd_baseline_differences(out, baseline, &run, unknown), 2);
    fclose(out);
    assert_string_equal(told, "stale    x:1: B01 no longer shows in any of 1 instances of a/b\n"
                              "unknown  a/c[n=2]: hung\n");
    free(told);
    mfd_baseline_free(baseline);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_that_hold_stay_as_they_are),
        cmocka_unit_test(a_line_that_no_longer_shows_goes_and_its_comment_stays),
        cmocka_unit_test(what_was_not_judged_proves_no_line_stale),
        cmocka_unit_test(a_scenario_that_is_all_wrong_gets_one_line_for_this_release),
        cmocka_unit_test(instances_that_differ_get_a_line_each),
        cmocka_unit_test(a_new_line_is_not_read_before_it_has_a_defect),
        cmocka_unit_test(each_difference_is_told),
    };

    return cmocka_run_group_tests_name("baseline_update", tests, NULL, NULL);
}
