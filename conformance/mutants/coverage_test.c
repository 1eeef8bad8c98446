// SPDX-License-Identifier: GPL-2.0-or-later
#include "coverage.h"

#include "disposition.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A coverage of a folder of scenarios, with the mutants of a catalogue. */
struct rig {
    struct mfd_suite suite;
    struct mfd_mutants mutants;
    struct mfd_coverage coverage;
};

static void make(struct rig *rig, const char *folder, const char *catalogue,
                 const struct mfd_run *run)
{
    char error[MFD_SUITE_ERROR_SIZE + MFD_COVERAGE_ERROR_SIZE] = "";
    struct mfd_coverage_of of = {&rig->suite, &rig->mutants, run, folder};

    if (!mfd_suite_load(folder, &rig->suite, error) ||
        !(catalogue ? mfd_mutants_parse("c", catalogue, strlen(catalogue), &rig->mutants, error)
                    : mfd_mutants_load(NULL, &rig->mutants, error)) ||
        !mfd_coverage_make(&rig->coverage, &of, error)) {
        fail_msg("%s", error);
    }
}

static void drop(struct rig *rig)
{
    mfd_coverage_free(&rig->coverage);
    mfd_mutants_free(&rig->mutants);
    mfd_suite_free(&rig->suite);
}

static bool in_the_air(const struct rig *rig, const char *start)
{
    for (size_t i = 0; i < rig->coverage.orphan_count; i++) {
        if (strncmp(rig->coverage.orphans[i], start, strlen(start)) == 0) {
            return true;
        }
    }
    return false;
}

static void nothing_of_the_project_hangs_in_the_air(void **state)
{
    struct rig rig = {0};

    (void)state;
    make(&rig, mfd_suite_folder(), NULL, NULL);
    for (size_t i = 0; i < rig.coverage.orphan_count; i++) {
        print_error("%s\n", rig.coverage.orphans[i]);
    }
    assert_int_equal(rig.coverage.orphan_count, 0);
    drop(&rig);
}

static void what_a_scenario_is_about_is_counted(void **state)
{
    const struct fixture_tree *tree = *state;
    struct rig rig = {0};

    make(&rig, tree->scenarios,
         "mutant a\nfile ref/a.c\nold x\nnew y\nkilled-by init/id-*\ndefect B01\n", NULL);
    assert_int_equal(rig.coverage.rules[MFD_INIT_012].scenarios, 1);
    assert_int_equal(rig.coverage.rules[MFD_INIT_012].mutants, 2); /* the rule's own, and "a" */
    assert_int_equal(rig.coverage.rules[MFD_INIT_002].scenarios, 0);
    assert_int_equal(rig.coverage.rules[MFD_INIT_002].mutants, 1);
    drop(&rig);
}

static void an_equivalent_mutant_guards_nothing(void **state)
{
    const struct fixture_tree *tree = *state;
    struct rig rig = {0};

    make(&rig, tree->scenarios,
         "mutant a\nfile ref/a.c\nold x\nnew y\nkilled-by init/id-*\nequivalent it is the same\n",
         NULL);
    assert_int_equal(rig.coverage.rules[MFD_INIT_012].mutants, 1);
    drop(&rig);
}

static void a_rule_that_nothing_shows_hangs_in_the_air_unless_it_says_why(void **state)
{
    const struct fixture_tree *tree = *state;
    struct rig rig = {0};

    make(&rig, tree->scenarios, "", NULL);
    assert_false(in_the_air(&rig, "MF-INIT-012: "));
    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        const struct mfd_cover *cover = &rig.coverage.rules[i];
        char start[32];

        snprintf(start, sizeof(start), "%s: ", mfd_rule_info(cover->rule)->id);
        assert_int_equal(in_the_air(&rig, start),
                         mfd_rule_info(cover->rule)->seen != MFD_SEEN_NOT && !cover->observed &&
                             cover->scenarios == 0);
    }
    assert_true(in_the_air(&rig, "MF-CHAN-009: nothing shows the rule"));
    drop(&rig);
}

static void a_mutant_without_its_killer_hangs_in_the_air(void **state)
{
    const struct fixture_tree *tree = *state;
    struct rig rig = {0};

    make(&rig, tree->scenarios,
         "mutant gone\nfile ref/a.c\nold x\nnew y\nkilled-by init/renamed[n=3]\n\n"
         "mutant there\nfile ref/a.c\nold x\nnew y\nkilled-by init/id-too-large[n=3]\n",
         NULL);
    assert_true(
        in_the_air(&rig, "gone: no scenario is left that kills the mutant: init/renamed[n=3]"));
    assert_false(in_the_air(&rig, "there: "));
    drop(&rig);
}

static void a_line_without_a_scenario_and_a_defect_without_a_word_hang_in_the_air(void **state)
{
    struct fixture_tree *tree = *state;
    struct rig rig = {0};

    make(&rig, tree->scenarios, "", NULL);
    assert_false(in_the_air(&rig, "B01: "));
    assert_true(in_the_air(&rig, "B05: nothing says what becomes of the defect"));
    assert_false(in_the_air(&rig, "B14: ")); /* has a row of dispositions.def */
    drop(&rig);

    fixture_tree_write(tree, "baselines/qemu-7.2", "init/gone * crashed B01 # why\n");
    make(&rig, tree->scenarios, "", NULL);

    for (size_t i = 0; i < rig.coverage.orphan_count; i++) {
        if (strstr(rig.coverage.orphans[i], "qemu-7.2:1: the line names no scenario: init/gone")) {
            drop(&rig);
            fixture_tree_write(tree, "baselines/qemu-7.2",
                               "init/* 7.2.0..7.2.22 crashed B01 # one past the table\n");
            return;
        }
    }
    fail_msg("the line is not told");
}

static void results_count_for_every_rule_of_their_scenario(void **state)
{
    const struct fixture_tree *tree = *state;
    struct mfd_result results[] = {
        {.id = "init/id-too-large[n=1]",
         .params = "n=1",
         .rule = MFD_INIT_012,
         .verdict = MFD_KNOWN},
        {.id = "init/id-too-large[n=2]",
         .params = "n=2",
         .rule = MFD_INIT_012,
         .verdict = MFD_PASS},
        {.id = "init/not-there", .params = "", .rule = MFD_INIT_002, .verdict = MFD_PASS},
    };
    const struct mfd_run run = {.results = results, .count = 3};
    struct rig rig = {0};
    json_t *json = NULL;

    make(&rig, tree->scenarios, "", &run);
    assert_int_equal(rig.coverage.rules[MFD_INIT_012].results[MFD_KNOWN], 1);
    assert_int_equal(rig.coverage.rules[MFD_INIT_012].results[MFD_PASS], 1);
    assert_int_equal(rig.coverage.rules[MFD_INIT_002].results[MFD_PASS], 0);
    json = mfd_coverage_to_json(&rig.coverage);
    assert_int_equal(json_array_size(json_object_get(json, "rules")), MFD_RULE_COUNT);
    assert_int_equal(json_array_size(json_object_get(json, "orphans")), rig.coverage.orphan_count);
    json_decref(json);
    drop(&rig);
}

static void every_defect_has_a_row_and_none_is_blank(void **state)
{
    char error[MFD_DISPOSITION_ERROR_SIZE] = "";
    struct rig rig = {0};
    char *text = NULL;
    size_t size = 0;
    size_t count = 0;
    const struct mfd_defect *defects = mfd_defects(&count);
    FILE *out = open_memstream(&text, &size);

    (void)state;
    make(&rig, mfd_suite_folder(), NULL, NULL);
    if (!mfd_dispositions_write(out, mfd_suite_folder(), &rig.mutants, error)) {
        fail_msg("%s", error);
    }
    fclose(out);
    for (size_t i = 0; i < count; i++) {
        char start[64];
        const char *row = NULL;

        snprintf(start, sizeof(start), "\n| %s | ", defects[i].id);
        row = strstr(text, start);
        assert_non_null(row);
        assert_null(strstr(row + 1, start));
        assert_true(strncmp(strchr(row + 1, '\n') - 4, "|  |", 4) != 0);
    }
    assert_null(strstr(text, "|  |\n"));
    free(text);
    drop(&rig);
}

static void a_defect_of_which_nothing_is_said_fails_the_document(void **state)
{
    const struct fixture_tree *tree = *state;
    char error[MFD_DISPOSITION_ERROR_SIZE] = "";
    struct mfd_mutants none = {NULL, 0};
    FILE *out = fopen("/dev/null", "w");

    assert_false(mfd_dispositions_write(out, tree->scenarios, &none, error));
    assert_non_null(strstr(error, "B02: nothing says what becomes of it"));
    fclose(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_of_the_project_hangs_in_the_air),
        cmocka_unit_test(what_a_scenario_is_about_is_counted),
        cmocka_unit_test(an_equivalent_mutant_guards_nothing),
        cmocka_unit_test(a_rule_that_nothing_shows_hangs_in_the_air_unless_it_says_why),
        cmocka_unit_test(a_mutant_without_its_killer_hangs_in_the_air),
        cmocka_unit_test(a_line_without_a_scenario_and_a_defect_without_a_word_hang_in_the_air),
        cmocka_unit_test(results_count_for_every_rule_of_their_scenario),
        cmocka_unit_test(every_defect_has_a_row_and_none_is_blank),
        cmocka_unit_test(a_defect_of_which_nothing_is_said_fails_the_document),
    };

    return cmocka_run_group_tests(tests, fixture_tree_make, fixture_tree_drop);
}
