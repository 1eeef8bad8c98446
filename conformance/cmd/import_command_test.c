// SPDX-License-Identifier: GPL-2.0-or-later
#include "case.h"
#include "cmd.h"
#include "fixture.h"
#include "plan_case.h"
#include "scenario.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

struct places {
    char folder[80];
    char input[128];
    char scenario[160]; /* found/it.mfd */
    char capture[128];
};

static int make_places(void **state)
{
    static struct places places;
    char found[128];

    assert_true(mfd_scratch_make(NULL, places.folder, sizeof(places.folder)));
    snprintf(found, sizeof(found), "%s/found", places.folder);
    assert_int_equal(mkdir(found, 0700), 0);
    snprintf(places.scenario, sizeof(places.scenario), "%s/it.mfd", found);
    snprintf(places.input, sizeof(places.input), "%s/crash-1", places.folder);
    snprintf(places.capture, sizeof(places.capture), "%s/it.pcapng", places.folder);
    *state = &places;
    return 0;
}

static int drop_places(void **state)
{
    const struct places *places = *state;

    return mfd_scratch_remove(places->folder);
}

static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wbe");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* What a scenario of the suite sends to a receiver of 7.2, as a harness is fed it. */
static void write_input(const char *path, const char *scenario_path)
{
    struct mfd_target target = {.rev = MFD_REV_7_2, .machine = MFD_CASE_MACHINE};
    struct mfd_lang_error error;
    struct mfd_scenario *scenario = mfd_scenario_load("it", scenario_path, &error);
    struct mfd_instance *instances = NULL;
    struct mfd_plan *plan = NULL;
    uint8_t *bytes = NULL;
    size_t count = 0;
    size_t size = 0;

    assert_non_null(scenario);
    instances = mfd_scenario_expand(scenario, &target, 2, &count, &error);
    assert_int_equal(count, 1);
    plan = mfd_scenario_compile(scenario, instances, &target, false, &error);
    assert_non_null(plan);
    bytes = mfd_plan_case(plan, target.rev, &size);
    assert_non_null(bytes);
    write_file(path, bytes, size);
    free(bytes);
    mfd_plan_free(plan);
    mfd_instances_free(instances, count);
    mfd_scenario_free(scenario);
}

static void an_input_that_crashes_qemu_is_a_scenario_that_crashes_it(void **state)
{
    struct places *places = *state;
    char *import[] = {"import", places->input,   "-o", places->scenario,
                      "--pcap", places->capture, NULL};
    char *play[] = {"test", "qemu", "--scenarios", places->folder, NULL};
    char *again[] = {"test", "ref", "--profile", "qemu-7.2", "--scenarios", places->folder, NULL};
    char magic[4] = "";
    FILE *capture = NULL;

    write_input(places->input, MFD_SCENARIOS "/init/id-equals-count-1.mfd");
    fixture_expect_said(mfd_cmd_import, import, MFD_OK, "crash-1: MF-INIT-012, ");
    fixture_expect_said(mfd_cmd_test, again, MFD_OK, "1 pass");
    fixture_expect_said(mfd_cmd_test, play, MFD_UNEXPECTED, "got        crashed");
    capture = fopen(places->capture, "rbe");
    assert_non_null(capture);
    assert_int_equal(fread(magic, 1, sizeof(magic), capture), sizeof(magic));
    assert_memory_equal(magic, "\x0a\x0d\x0d\x0a", sizeof(magic));
    fclose(capture);
}

static void what_is_right_is_expected_to_be_accepted(void **state)
{
    struct places *places = *state;
    char *import[] = {"import", places->input, "--title", "What was found.", NULL};

    write_input(places->input, MFD_SCENARIOS "/packet/full.mfd");
    fixture_expect_said(mfd_cmd_import, import, MFD_OK,
                        "\nmain start\nch * ready\nsettle\nch 0 data pages=0..127\nfinish\n"
                        "expect accepted\n");
    fixture_expect_said(mfd_cmd_import, import, MFD_OK, "# What was found.\n");
}

static void a_rule_can_be_named(void **state)
{
    struct places *places = *state;
    char *import[] = {"import", places->input, "--rule", "MF-HDR-015", NULL};
    char *unknown[] = {"import", places->input, "--rule", "MF-NO-001", NULL};

    write_input(places->input, MFD_SCENARIOS "/packet/full.mfd");
    fixture_expect_said(mfd_cmd_import, import, MFD_OK, "\nrule      MF-HDR-015\n");
    fixture_expect_said(mfd_cmd_import, unknown, MFD_USAGE, "there is no rule 'MF-NO-001'");
}

static void what_cannot_be_imported_is_told(void **state)
{
    struct places *places = *state;
    char *capture[] = {"import", places->input, NULL};
    char *missing[] = {"import", places->scenario, NULL};
    char *nothing[] = {"import", NULL};
    static const uint8_t uadk_of_7_2[] = {2, 4, 4, 1};

    remove(places->scenario);
    write_file(places->input, "\xd4\xc3\xb2\xa1\x02\x00", 6);
    fixture_expect_said(mfd_cmd_import, capture, MFD_USAGE,
                        "that is a capture, which mfdkit check reads");
    fixture_expect_said(mfd_cmd_import, missing, MFD_USAGE, "it.mfd: No such file or directory");
    fixture_expect_said(mfd_cmd_import, nothing, MFD_USAGE, "which INPUT?");
    write_file(places->input, uadk_of_7_2, sizeof(uadk_of_7_2));
    fixture_expect_said(mfd_cmd_import, capture, MFD_USAGE,
                        "no release of revision 7.2 has the method uadk");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_input_that_crashes_qemu_is_a_scenario_that_crashes_it),
        cmocka_unit_test(what_is_right_is_expected_to_be_accepted),
        cmocka_unit_test(a_rule_can_be_named),
        cmocka_unit_test(what_cannot_be_imported_is_told),
    };

    return cmocka_run_group_tests(tests, make_places, drop_places);
}
