// SPDX-License-Identifier: GPL-2.0-or-later
#include "live.h"

#include "cmd.h"
#include "fixture.h"
#include "scratch.h"

#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int make_folder(void **state)
{
    static char folder[80];

    assert_true(mfd_scratch_make(NULL, folder, sizeof(folder)));
    *state = folder;
    return 0;
}

static int drop_folder(void **state)
{
    return mfd_scratch_remove(*state);
}

/* What the fault is near to: of all scenarios, which come and go, it would take another number of runs each time. */
#define NEAR MFD_SCENARIOS "/packet/zero-wraps.mfd"

/* Whether a file of the folder matches. */
static bool is_there(const char *folder, const char *pattern)
{
    char path[256];
    glob_t files;
    bool there = false;

    snprintf(path, sizeof(path), "%s/%s", folder, pattern);
    there = glob(path, 0, NULL, &files) == 0;
    globfree(&files);
    return there;
}

static void a_fault_of_a_receiver_is_found_and_kept_as_a_scenario(void **state)
{
    char *folder = *state;
    char found[128];
    char *live[] = {"live", "-n", "30", "-o", folder, NEAR, "--", MFD_FAULTY_PROGRAM, "recv", NULL};
    char *faulty[] = {"test", "--scenarios", found, "--", MFD_FAULTY_PROGRAM, "recv", NULL};
    char *sound[] = {"test", "--scenarios", found, "--", MFD_PROGRAM, "recv", NULL};

    snprintf(found, sizeof(found), "%s/found", folder);
    fixture_expect_said(mfd_live, live, MFD_UNEXPECTED, ", 3 of 3 times again\n");
    assert_true(is_there(folder, "found/crashed-*.pcapng"));
    assert_true(is_there(folder, "found/crashed-*.log"));
    fixture_expect_said(mfd_cmd_test, faulty, MFD_UNEXPECTED, "got        crashed");
    fixture_expect_said(mfd_cmd_test, sound, MFD_OK, "1 pass");
    assert_false(is_there(folder, "drafts"));
}

static void a_sound_receiver_gives_nothing_and_the_next_run_goes_on(void **state)
{
    char *live[] = {"live", "-n", "6", "-o", *state, "--", MFD_PROGRAM, "recv", NULL};

    fixture_expect_said(mfd_live, live, MFD_OK, "from run 0 on");
    fixture_expect_said(mfd_live, live, MFD_OK, "from run 6 on");
    fixture_expect_said(mfd_live, live, MFD_OK, "0 found");
}

static void a_defect_of_qemu_is_found_unless_it_is_known(void **state)
{
    char *folder = *state;
    char known[128];
    char *blind[] = {"live",
                     "-n",
                     "6",
                     "-s",
                     "5",
                     "-b",
                     "none",
                     "-o",
                     folder,
                     "qemu",
                     MFD_SCENARIOS "/channel/one.mfd",
                     NULL};
    char *aware[] = {
        "live", "-n", "6", "-s", "5", "-o", known, "qemu", MFD_SCENARIOS "/channel/one.mfd", NULL};

    snprintf(known, sizeof(known), "%s/known", folder);
    fixture_expect_said(mfd_live, blind, MFD_UNEXPECTED, "crashed-signal-11-mf-init-012");
    fixture_expect_said(mfd_live, aware, MFD_OK, "known: B01, ");
}

static void the_folder_of_another_peer_is_left_alone(void **state)
{
    char *first[] = {"live", "-n", "1", "-o", *state, "ref", NULL};
    char *second[] = {"live", "-n", "1", "-o", *state, "--", MFD_PROGRAM, "recv", NULL};
    char *third[] = {"live", "-n", "1", "-s", "2", "-o", *state, "ref", NULL};

    fixture_expect_said(mfd_live, first, MFD_OK, "1 runs of seed 1");
    fixture_expect_said(mfd_live, second, MFD_USAGE, "holds what another peer did: ref");
    fixture_expect_said(mfd_live, third, MFD_USAGE, "holds the runs of another seed");
}

static void what_cannot_be_played_is_told(void **state)
{
    char *missing[] = {"live", "-o", *state, "ref", "no-such.mfd", NULL};
    char *sender[] = {"live", "-o", *state, "ref", MFD_SCENARIOS "/send", NULL};

    fixture_expect_said(mfd_live, missing, MFD_USAGE, "no-such.mfd:0: ");
    fixture_expect_said(mfd_live, sender, MFD_USAGE, "of these scenarios none can be played");
}

/* Starts the program, whose output is then to be read from `out`. */
static pid_t start(char *const *argv, FILE **out)
{
    int ends[2];
    pid_t pid = 0;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv(argv[0], argv);
        _exit(127);
    }
    close(ends[1]);
    *out = fdopen(ends[0], "r");
    assert_non_null(*out);
    return pid;
}

static void a_signal_ends_it_cleanly(void **state)
{
    char *argv[] = {MFD_LIVE_PROGRAM, "-o", *state, NEAR, "--", MFD_FAULTY_PROGRAM, "recv", NULL};
    char line[4096] = "";
    FILE *out = NULL;
    pid_t pid = start(argv, &out);
    bool told = false;
    int status = 0;

    while (!strstr(line, "found after")) {
        assert_non_null(fgets(line, sizeof(line), out));
    }
    assert_int_equal(kill(pid, SIGINT), 0);
    while (fgets(line, sizeof(line), out)) {
        told = told || strstr(line, "stopped; the same command goes on with run ");
    }
    fclose(out);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), MFD_UNEXPECTED);
    assert_true(told);
    assert_true(is_there(*state, "state.json"));
    assert_false(is_there(*state, "drafts"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_fault_of_a_receiver_is_found_and_kept_as_a_scenario,
                                        make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(a_sound_receiver_gives_nothing_and_the_next_run_goes_on,
                                        make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(a_defect_of_qemu_is_found_unless_it_is_known, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(the_folder_of_another_peer_is_left_alone, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(what_cannot_be_played_is_told, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(a_signal_ends_it_cleanly, make_folder, drop_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
