// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "verdict.h"

#include <stdlib.h>
#include <string.h>

#define REFUSED MFD_OUTCOME_BIT(MFD_REFUSED)

static const struct mfd_verdict_twin good_twin = {true, MFD_ACCEPTED, "completed"};

/* A refusal was expected of a MUST; the peer did `got`. */
static struct mfd_result result_of(enum mfd_outcome got)
{
    struct mfd_result result = {
        .rule = MFD_INIT_012,
        .level = "MUST",
        .role = "receiver",
        .expect = REFUSED,
        .got = got,
        .verdict = MFD_PASS,
    };

    result.id = strdup("init/id-equals-count-2");
    result.params = strdup("");
    return result;
}

static struct mfd_baseline *baseline_of(const char *text)
{
    char error[MFD_BASELINE_ERROR_SIZE];
    struct mfd_baseline *baseline = mfd_baseline_parse("b", text, strlen(text), error);

    assert_non_null(baseline);
    return baseline;
}

static enum mfd_verdict decide(struct mfd_result *result, const struct mfd_verdict_twin *twin,
                               struct mfd_baseline *baseline)
{
    mfd_verdict_decide(result, twin, baseline, "7.2.22");
    return result->verdict;
}

static void what_is_expected_passes(void **state)
{
    struct mfd_result result = result_of(MFD_REFUSED);

    (void)state;
    assert_int_equal(decide(&result, &good_twin, NULL), MFD_PASS);
    assert_string_equal(result.twin, "pass");
    mfd_result_free(&result);
}

static void every_other_outcome_fails(void **state)
{
    const enum mfd_outcome wrong[] = {MFD_CRASHED, MFD_HUNG, MFD_ACCEPTED, MFD_CORRUPTED,
                                      MFD_WAITING};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct mfd_result result = result_of(wrong[i]);

        assert_int_equal(decide(&result, &good_twin, NULL), MFD_FAIL);
        mfd_result_free(&result);
    }
}

static void a_should_warns_but_a_crash_always_fails(void **state)
{
    struct mfd_result accepted = result_of(MFD_ACCEPTED);
    struct mfd_result crashed = result_of(MFD_CRASHED);

    (void)state;
    accepted.level = crashed.level = "SHOULD";
    assert_int_equal(decide(&accepted, &good_twin, NULL), MFD_WARN);
    assert_int_equal(decide(&crashed, &good_twin, NULL), MFD_FAIL);
    mfd_result_free(&accepted);
    mfd_result_free(&crashed);
}

static void a_refusal_proves_nothing_where_the_twin_is_refused_too(void **state)
{
    const struct mfd_verdict_twin bad = {true, MFD_REFUSED, "refused as well"};
    struct mfd_result result = result_of(MFD_REFUSED);

    (void)state;
    assert_int_equal(decide(&result, &bad, NULL), MFD_BLOCKED);
    assert_string_equal(result.twin, "fail");
    assert_true(mfd_result_unexpected(&result, false));
    mfd_result_free(&result);
}

static void a_twin_in_the_baseline_blocks_as_expected(void **state)
{
    const struct mfd_verdict_twin bad = {true, MFD_CRASHED, "it crashed"};
    struct mfd_baseline *baseline = baseline_of("init/** * crashed B04 # early data\n");
    struct mfd_result result = result_of(MFD_REFUSED);

    (void)state;
    assert_int_equal(decide(&result, &bad, baseline), MFD_BLOCKED);
    assert_string_equal(result.twin, "known");
    assert_string_equal(result.defect, "B04");
    assert_false(mfd_result_unexpected(&result, false));
    mfd_result_free(&result);
    mfd_baseline_free(baseline);
}

static void a_listed_deviation_is_known_and_another_one_is_not(void **state)
{
    struct mfd_baseline *baseline = baseline_of("init/** * crashed B01 # one past the end\n");
    struct mfd_result crashed = result_of(MFD_CRASHED);
    struct mfd_result hung = result_of(MFD_HUNG);

    (void)state;
    assert_int_equal(decide(&crashed, &good_twin, baseline), MFD_KNOWN);
    assert_string_equal(crashed.defect, "B01");
    assert_int_equal(decide(&hung, &good_twin, baseline), MFD_FAIL);
    mfd_result_free(&crashed);
    mfd_result_free(&hung);
    mfd_baseline_free(baseline);
}

static void what_was_not_judged_says_so(void **state)
{
    struct mfd_result elsewhere = result_of(MFD_UNDECIDED);
    struct mfd_result unsupported = result_of(MFD_UNSUPPORTED);
    struct mfd_result undecided = result_of(MFD_UNDECIDED);
    struct mfd_result broken = result_of(MFD_REFUSED);

    (void)state;
    elsewhere.expect = 0;
    broken.verdict = MFD_HARNESS_ERROR;
    assert_int_equal(decide(&elsewhere, &good_twin, NULL), MFD_NOT_APPLICABLE);
    assert_int_equal(decide(&unsupported, &good_twin, NULL), MFD_VERDICT_UNSUPPORTED);
    assert_int_equal(decide(&undecided, &good_twin, NULL), MFD_VERDICT_UNDECIDED);
    assert_int_equal(decide(&broken, &good_twin, NULL), MFD_HARNESS_ERROR);
    mfd_result_free(&elsewhere);
    mfd_result_free(&unsupported);
    mfd_result_free(&undecided);
    mfd_result_free(&broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_expected_passes),
        cmocka_unit_test(every_other_outcome_fails),
        cmocka_unit_test(a_should_warns_but_a_crash_always_fails),
        cmocka_unit_test(a_refusal_proves_nothing_where_the_twin_is_refused_too),
        cmocka_unit_test(a_twin_in_the_baseline_blocks_as_expected),
        cmocka_unit_test(a_listed_deviation_is_known_and_another_one_is_not),
        cmocka_unit_test(what_was_not_judged_says_so),
    };

    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
