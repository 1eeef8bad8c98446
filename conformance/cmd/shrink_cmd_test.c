// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_refusal_of_the_reference_needs_only_this(void **state)
{
    char *argv[] = {"shrink", "packet/magic-zero", "ref", "--budget=200", NULL};
    int status = 0;
    char *text = fixture_output(mfd_cmd_shrink, argv, &status);

    (void)state;
    if (status != MFD_OK || !strstr(text, "packet/magic-zero: refused") ||
        !strstr(text, "\nchannels  1\n") || !strstr(text, "! magic=0\n") ||
        !strstr(text, "\nexpect refused\n") || strstr(text, "settle")) {
        fail_msg("exit status %d:\n%s", status, text);
    }
    free(text);
}

static void an_instance_keeps_its_parameters(void **state)
{
    char *argv[] = {"shrink", "init/eof[n=13]", "ref", "--budget=2", NULL};
    int status = 0;
    char *text = fixture_output(mfd_cmd_shrink, argv, &status);

    (void)state;
    if (!strstr(text, "init/eof[n=13] with n=13: ") || !strstr(text, "in 13\n")) {
        fail_msg("exit status %d:\n%s", status, text);
    }
    free(text);
}

static void a_small_budget_is_kept_and_told(void **state)
{
    char *argv[] = {"shrink", "packet/magic-zero", "ref", "--budget=1", NULL};
    int status = 0;
    char *text = fixture_output(mfd_cmd_shrink, argv, &status);

    (void)state;
    assert_int_equal(status, MFD_UNEXPECTED);
    assert_non_null(strstr(text, "played 1 scenarios\n"));
    free(text);
}

static void what_is_no_scenario_exits_with_2_and_what_is_none_for_the_peer_with_4(void **state)
{
    char *unknown[] = {"shrink", "no/such", NULL};
    char *nothing[] = {"shrink", NULL};
    char *foreign[] = {"shrink", "init/before-main", "--profile", "qemu-7.2", NULL};
    int status = 0;

    (void)state;
    free(fixture_output(mfd_cmd_shrink, unknown, &status));
    assert_int_equal(status, MFD_USAGE);
    free(fixture_output(mfd_cmd_shrink, nothing, &status));
    assert_int_equal(status, MFD_USAGE);
    free(fixture_output(mfd_cmd_shrink, foreign, &status));
    assert_int_equal(status, MFD_NOTHING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_of_the_reference_needs_only_this),
        cmocka_unit_test(an_instance_keeps_its_parameters),
        cmocka_unit_test(a_small_budget_is_kept_and_told),
        cmocka_unit_test(what_is_no_scenario_exits_with_2_and_what_is_none_for_the_peer_with_4),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
