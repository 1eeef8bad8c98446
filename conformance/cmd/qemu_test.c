// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit qemu, and what mfdkit test makes of a suite that is not there: all without a network. */
#include "cmd.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static void assert_says(int (*command)(int argc, char **argv), char **argv, int wanted,
                        const char *words)
{
    int status = 0;
    char *text = fixture_output(command, argv, &status);

    if (!strstr(text, words)) {
        fail_msg("no \"%s\" in:\n%s", words, text);
    }
    assert_int_equal(status, wanted);
    free(text);
}

/* An empty cache below the group's folder. */
static void use_cache(const struct fixture_tree *tree)
{
    setenv("MFD_CACHE", tree->root, 1);
}

/* The same with a suite that has lost all but its folder. */
static void break_suite(const struct fixture_tree *tree)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/qemu", tree->root);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/qemu/trixie", tree->root);
    mkdir(path, 0700);
    use_cache(tree);
}

static void drop_suite(const struct fixture_tree *tree)
{
    fixture_tree_remove(tree, "qemu/trixie");
    fixture_tree_remove(tree, "qemu");
}

static void an_empty_cache_is_listed_as_empty(void **state)
{
    char *argv[] = {"qemu", "list", NULL};

    use_cache(*state);
    assert_says(mfd_cmd_qemu, argv, MFD_OK, "nothing in ");
}

static void a_broken_one_is_told_with_its_remedy(void **state)
{
    char *list[] = {"qemu", "list", NULL};
    char *test[] = {"test", "qemu=trixie", NULL};

    break_suite(*state);
    assert_says(mfd_cmd_qemu, list, MFD_HARNESS, "mfdkit qemu fetch trixie makes it anew");
    assert_says(mfd_cmd_test, test, MFD_HARNESS, "mfdkit qemu fetch trixie makes it anew");
    drop_suite(*state);
}

static void one_of_another_package_than_the_baselines_know_is_told(void **state)
{
    char *list[] = {"qemu", "list", NULL};
    static const char *const programs[] = {"qemu/trixie/qemu-system-x86_64", "qemu/trixie/part"};
    const struct fixture_tree *tree = *state;
    char path[512];

    break_suite(tree);
    for (int i = 0; i < 2; i++) {
        fixture_tree_write(tree, programs[i], "#!/bin/sh\n");
        snprintf(path, sizeof(path), "%s/%s", tree->root, programs[i]);
        chmod(path, 0700);
    }
    fixture_tree_write(tree, "qemu/trixie/release",
                       "suite trixie\nqemu 99.0.1\npackage 1:99.0.1\nloader part\nbinary part\n");
    assert_says(mfd_cmd_qemu, list, MFD_OK, "  the baselines know 1:10.0");
    for (int i = 0; i < 2; i++) {
        fixture_tree_remove(tree, programs[i]);
    }
    fixture_tree_remove(tree, "qemu/trixie/release");
    drop_suite(tree);
}

static void a_test_fetches_nothing_but_says_how(void **state)
{
    char *argv[] = {"test", "qemu=sid", NULL};

    use_cache(*state);
    assert_says(mfd_cmd_test, argv, MFD_HARNESS, "mfdkit qemu fetch sid gets it");
}

static void a_name_that_is_neither_suite_nor_program_is_told(void **state)
{
    char *argv[] = {"test", "qemu=no-such-qemu", NULL};

    use_cache(*state);
    assert_says(mfd_cmd_test, argv, MFD_HARNESS, "'no-such-qemu' is no suite that was fetched");
}

static void an_unknown_suite_cannot_be_fetched(void **state)
{
    char *argv[] = {"qemu", "fetch", "wheezy", NULL};

    use_cache(*state);
    assert_says(mfd_cmd_qemu, argv, MFD_HARNESS, "unknown suite 'wheezy'");
}

static void wrong_usage_exits_with_2(void **state)
{
    char *none[] = {"qemu", NULL};
    char *other[] = {"qemu", "drop", NULL};
    char *no_suite[] = {"qemu", "fetch", NULL};
    char *two[] = {"qemu", "fetch", "trixie", "sid", NULL};
    char *dash[] = {"qemu", "fetch", "--", "--seal", NULL};

    use_cache(*state);
    assert_says(mfd_cmd_qemu, none, MFD_USAGE, "fetch or list?");
    assert_says(mfd_cmd_qemu, other, MFD_USAGE, "fetch or list?");
    assert_says(mfd_cmd_qemu, no_suite, MFD_USAGE, "fetch which suite?");
    assert_says(mfd_cmd_qemu, two, MFD_USAGE, "what is 'sid'?");
    assert_says(mfd_cmd_qemu, dash, MFD_USAGE, "'--seal' is no suite");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_cache_is_listed_as_empty),
        cmocka_unit_test(a_broken_one_is_told_with_its_remedy),
        cmocka_unit_test(one_of_another_package_than_the_baselines_know_is_told),
        cmocka_unit_test(a_test_fetches_nothing_but_says_how),
        cmocka_unit_test(a_name_that_is_neither_suite_nor_program_is_told),
        cmocka_unit_test(an_unknown_suite_cannot_be_fetched),
        cmocka_unit_test(wrong_usage_exits_with_2),
    };

    return cmocka_run_group_tests(tests, fixture_tree_make, fixture_tree_drop);
}
