// SPDX-License-Identifier: GPL-2.0-or-later
#include "result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void every_verdict_is_found_by_its_name(void **state)
{
    (void)state;
    for (int i = 0; i < MFD_VERDICT_COUNT; i++) {
        assert_int_equal(mfd_verdict_find(mfd_verdict_name((enum mfd_verdict)i)), i);
    }
    assert_int_equal(mfd_verdict_find("passed"), MFD_VERDICT_COUNT);
}

/* Exit code of a run whose results have these verdicts; `twin` is that of each blocked one. */
static int exit_code(bool strict, char *twin, size_t count, const enum mfd_verdict *verdicts)
{
    struct mfd_result results[MFD_VERDICT_COUNT] = {0};
    struct mfd_run run = {.strict = strict, .results = results, .count = count};

    for (size_t i = 0; i < count; i++) {
        results[i].verdict = verdicts[i];
        results[i].twin = verdicts[i] == MFD_BLOCKED ? twin : NULL;
    }
    mfd_run_summarise(&run);
    return mfd_run_exit_code(&run);
}

#define EXIT_CODE(strict, twin, ...) \
    exit_code(strict, twin, sizeof((enum mfd_verdict[]){__VA_ARGS__}) / sizeof(enum mfd_verdict), \
              (enum mfd_verdict[]){__VA_ARGS__})

static void a_run_as_expected_exits_with_0(void **state)
{
    (void)state;
    assert_int_equal(EXIT_CODE(false, NULL, MFD_PASS), 0);
    assert_int_equal(EXIT_CODE(false, NULL, MFD_KNOWN, MFD_NOT_APPLICABLE), 0);
    assert_int_equal(EXIT_CODE(false, NULL, MFD_WARN), 0);
    assert_int_equal(EXIT_CODE(false, "known", MFD_BLOCKED), 0);
}

static void anything_unexpected_exits_with_1(void **state)
{
    (void)state;
    assert_int_equal(EXIT_CODE(false, NULL, MFD_PASS, MFD_FAIL), 1);
    assert_int_equal(EXIT_CODE(false, NULL, MFD_PASS, MFD_STALE), 1);
    assert_int_equal(EXIT_CODE(true, NULL, MFD_WARN), 1);
    assert_int_equal(EXIT_CODE(false, "fail", MFD_BLOCKED), 1);
    assert_int_equal(EXIT_CODE(false, NULL, MFD_BLOCKED), 1);
    assert_int_equal(EXIT_CODE(false, NULL, MFD_FAIL, MFD_HARNESS_ERROR), 1);
}

static void a_warning_about_a_line_of_the_baseline_is_never_a_failure(void **state)
{
    struct mfd_result result = {.rule = MFD_RULE_COUNT, .verdict = MFD_WARN};

    (void)state;
    assert_false(mfd_result_unexpected(&result, true));
    result.rule = MFD_INIT_017;
    assert_true(mfd_result_unexpected(&result, true));
    assert_false(mfd_result_unexpected(&result, false));
}

static void a_failed_harness_exits_with_3(void **state)
{
    (void)state;
    assert_int_equal(EXIT_CODE(false, NULL, MFD_PASS, MFD_HARNESS_ERROR), 3);
    assert_int_equal(EXIT_CODE(false, NULL, MFD_HARNESS_ERROR), 3);
}

static void a_run_that_tested_nothing_exits_with_4(void **state)
{
    (void)state;
    assert_int_equal(exit_code(false, NULL, 0, NULL), 4);
    assert_int_equal(
        EXIT_CODE(false, NULL, MFD_NOT_APPLICABLE, MFD_VERDICT_UNSUPPORTED, MFD_VERDICT_UNDECIDED),
        4);
}

static void freeing_leaves_an_empty_run(void **state)
{
    struct mfd_run run = {.count = 1};

    (void)state;
    run.results = calloc(1, sizeof(*run.results));
    run.results[0].id = strdup("init/bad-magic");
    run.results[0].happenings = calloc(1, sizeof(struct mfd_happening));
    run.results[0].happenings[0].text = strdup("closed");
    run.results[0].happening_count = 1;
    run.profile = strdup("ref");
    mfd_run_free(&run);
    assert_null(run.results);
    assert_int_equal(run.count, 0);
    mfd_run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verdict_is_found_by_its_name),
        cmocka_unit_test(a_run_as_expected_exits_with_0),
        cmocka_unit_test(anything_unexpected_exits_with_1),
        cmocka_unit_test(a_warning_about_a_line_of_the_baseline_is_never_a_failure),
        cmocka_unit_test(a_failed_harness_exits_with_3),
        cmocka_unit_test(a_run_that_tested_nothing_exits_with_4),
        cmocka_unit_test(freeing_leaves_an_empty_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
