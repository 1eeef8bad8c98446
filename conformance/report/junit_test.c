// SPDX-License-Identifier: GPL-2.0-or-later
#include "junit.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Whether xmllint finds the text well-formed and valid. */
static bool valid(const char *xml)
{
    char schema[] = MFD_REPORT_FOLDER "/junit.xsd";
    char *name = fixture_file(xml);
    char *argv[] = {MFD_XMLLINT, "--noout", "--nonet", "--schema", schema, name, NULL};
    int status = fixture_exec(argv);

    unlink(name);
    free(name);
    assert_int_not_equal(status, 127);
    return status == 0;
}

static void a_written_report_reads_as_this(void **state)
{
    struct mfd_run run;
    char *text = NULL;

    (void)state;
    fixture_run(&run);
    text = fixture_written(mfd_junit_write, &run);
    fixture_assert_golden(text, "run.xml");
    free(text);
    mfd_run_free(&run);
}

static void every_verdict_is_valid_with_and_without_strict(void **state)
{
    struct mfd_run run;

    (void)state;
    fixture_run(&run);
    for (int strict = 0; strict < 2; strict++) {
        char *text = NULL;

        run.strict = strict;
        text = fixture_written(mfd_junit_write, &run);
        assert_true(valid(text));
        free(text);
    }
    mfd_run_free(&run);
}

static void an_empty_run_is_valid(void **state)
{
    struct mfd_run run = {.peer_kind = "ref", .profile = "ref", .role = "receiver"};
    char *text = fixture_written(mfd_junit_write, &run);

    (void)state;
    assert_true(valid(text));
    free(text);
}

static void the_schema_refuses_what_readers_do_not_take(void **state)
{
    (void)state;
    assert_false(valid("<testsuites/>"));
    assert_false(
        valid("<testsuites name='x' tests='1' failures='0' errors='0' skipped='0' time='0'>"
              "<testsuite name='a' tests='1' failures='0' errors='0' skipped='0' time='0'>"
              "<testcase classname='c' time='0'/></testsuite></testsuites>"));
    assert_true(valid("<testsuites name='x' tests='1' failures='0' errors='0' skipped='0' time='0'>"
                      "<testsuite name='a' tests='1' failures='0' errors='0' skipped='0' time='0'>"
                      "<testcase name='n' classname='c' time='0'/></testsuite></testsuites>"));
}

static void a_warning_is_a_failure_under_strict_only(void **state)
{
    struct mfd_run run;
    char *text = NULL;

    (void)state;
    fixture_run(&run);
    run.strict = true;
    text = fixture_written(mfd_junit_write, &run);
    assert_non_null(strstr(text, "type=\"warn\""));
    assert_non_null(strstr(text, "<testsuites name=\"mfdkit\" tests=\"10\" failures=\"4\" "
                                 "errors=\"1\" skipped=\"4\" time=\"2.042500\">"));
    free(text);
    mfd_run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_written_report_reads_as_this),
        cmocka_unit_test(every_verdict_is_valid_with_and_without_strict),
        cmocka_unit_test(an_empty_run_is_valid),
        cmocka_unit_test(the_schema_refuses_what_readers_do_not_take),
        cmocka_unit_test(a_warning_is_a_failure_under_strict_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
