// SPDX-License-Identifier: GPL-2.0-or-later
#include "tap.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * What prove makes of the stream. Perl's parser of Debian 12 stops at version 13, which has all that is
 * used here; so the version is told to it as 13.
 */
static int prove(char *tap)
{
    char *name = NULL;
    char *argv[] = {MFD_PROVE, "--norc", "--quiet", "--exec", "cat", NULL, NULL};
    int status = 0;

    assert_memory_equal(tap, "TAP version 14\n", 15);
    tap[13] = '3';
    name = fixture_file(tap);
    argv[5] = name;
    status = fixture_exec(argv);
    unlink(name);
    free(name);
    assert_int_not_equal(status, 127);
    return status;
}

/* Leaves only the results whose verdict is in the set, and what prove says of them. */
static int prove_only(unsigned verdicts, bool strict)
{
    struct mfd_run run;
    char *text = NULL;
    size_t kept = 0;
    int status = 0;

    fixture_run(&run);
    run.strict = strict;
    for (size_t i = 0; i < run.count; i++) {
        if (verdicts & 1u << run.results[i].verdict) {
            run.results[kept++] = run.results[i];
        } else {
            mfd_result_free(&run.results[i]);
        }
    }
    run.count = kept;
    mfd_run_summarise(&run);
    text = fixture_written(mfd_tap_write, &run);
    status = prove(text);
    free(text);
    mfd_run_free(&run);
    return status;
}

static void a_written_report_reads_as_this(void **state)
{
    struct mfd_run run;
    char *text = NULL;

    (void)state;
    fixture_run(&run);
    text = fixture_written(mfd_tap_write, &run);
    fixture_assert_golden(text, "run.tap");
    free(text);
    mfd_run_free(&run);
}

static void what_is_expected_passes_a_harness(void **state)
{
    (void)state;
    assert_int_equal(prove_only(1u << MFD_PASS | 1u << MFD_WARN | 1u << MFD_KNOWN |
                                    1u << MFD_NOT_APPLICABLE | 1u << MFD_VERDICT_UNSUPPORTED |
                                    1u << MFD_VERDICT_UNDECIDED,
                                false),
                     0);
}

static void each_unexpected_verdict_fails_a_harness(void **state)
{
    static const enum mfd_verdict bad[] = {MFD_FAIL, MFD_STALE, MFD_BLOCKED, MFD_HARNESS_ERROR};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_not_equal(prove_only(1u << MFD_PASS | 1u << bad[i], false), 0);
    }
    assert_int_not_equal(prove_only(1u << MFD_PASS | 1u << MFD_WARN, true), 0);
}

static void a_run_that_tested_nothing_bails_out(void **state)
{
    struct mfd_run run = {0};
    char *text = fixture_written(mfd_tap_write, &run);

    (void)state;
    assert_string_equal(text, "TAP version 14\nBail out! nothing was tested\n");
    assert_int_not_equal(prove(text), 0);
    assert_int_not_equal(prove_only(1u << MFD_NOT_APPLICABLE, false), 0);
    free(text);
}

static void what_tap_reserves_is_escaped(void **state)
{
    struct mfd_run run;
    char *text = NULL;

    (void)state;
    fixture_run(&run);
    free(run.results[0].id);
    run.results[0].id = strdup("a#b\\c\nok 7");
    text = fixture_written(mfd_tap_write, &run);
    assert_non_null(strstr(text, "ok 1 - a\\#b\\\\c ok 7 MF-INIT-002\n"));
    free(text);
    mfd_run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_written_report_reads_as_this),
        cmocka_unit_test(what_is_expected_passes_a_harness),
        cmocka_unit_test(each_unexpected_verdict_fails_a_harness),
        cmocka_unit_test(a_run_that_tested_nothing_bails_out),
        cmocka_unit_test(what_tap_reserves_is_escaped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
