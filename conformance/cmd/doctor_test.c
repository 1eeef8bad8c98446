// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Runs it; fails the test unless it ends with `status` and says every line of `texts`. */
static void expect_said(int status, const char *const *texts)
{
    char *argv[] = {"doctor", NULL};
    int got = 0;
    char *said = fixture_output(mfd_cmd_doctor, argv, &got);

    for (; *texts; texts++) {
        if (got != status || !strstr(said, *texts)) {
            fail_msg("exit status %d, \"%s\" wanted:\n%s", got, *texts, said);
        }
    }
    free(said);
}

static void where_scenarios_can_be_played_it_says_so(void **state)
{
    static const char *const texts[] = {
        "ok       scenarios    ", "ok       reference    passes ", "ok       scratch      ",
        "ok       open files   ", "ok       qemu         7.2",     NULL};

    (void)state;
    expect_said(MFD_OK, texts);
}

static void without_scenarios_it_exits_with_1(void **state)
{
    static const char *const texts[] = {"MISSING  scenarios    /nonexistent: No such file",
                                        "MISSING  reference    does not pass ", NULL};

    (void)state;
    setenv("MFD_SCENARIOS", "/nonexistent", 1);
    expect_said(MFD_UNEXPECTED, texts);
    unsetenv("MFD_SCENARIOS");
}

static void without_other_programs_it_names_their_packages(void **state)
{
    static const char *const texts[] = {"missing  qemu         install qemu-system-x86",
                                        "missing  tshark       install tshark",
                                        "missing  afl-fuzz     install afl++", NULL};
    char *path = strdup(getenv("PATH"));

    (void)state;
    setenv("PATH", "/nonexistent", 1);
    expect_said(MFD_OK, texts);
    setenv("PATH", path, 1);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_scenarios_can_be_played_it_says_so),
        cmocka_unit_test(without_scenarios_it_exits_with_1),
        cmocka_unit_test(without_other_programs_it_names_their_packages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
