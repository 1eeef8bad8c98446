// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A campaign on this project's own source, with few scenarios: one build, then some mutants of each
 * fate.
 */
#include "campaign.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * The first is killed by what it names, the second by the other scenario, the third by none of
 * these two.
 */
static const char catalogue[] =
    "mutant named\n"
    "file ref/wire/check.c\n"
    "old     expect32(&check, MFD_INIT_002, MFD_HELLO_MAGIC, MFD_MAGIC);\n"
    "new \n"
    "killed-by t/magic\n"
    "\n"
    "mutant other\n"
    "file ref/wire/check.c\n"
    "old     expect32(&check, MFD_INIT_003, MFD_HELLO_VERSION, MFD_VERSION);\n"
    "new \n"
    "killed-by t/magic\n"
    "\n"
    "mutant none\n"
    "file ref/wire/check.c\n"
    "old buf[MFD_HELLO_ID] >= context->channels) {\n"
    "new buf[MFD_HELLO_ID] > context->channels) {\n"
    "killed-by t/magic\n"
    "\n"
    "mutant marked\n"
    "file ref/wire/check.c\n"
    "old buf[MFD_HELLO_ID] >= context->channels) {\n"
    "new buf[MFD_HELLO_ID] > context->channels) {\n"
    "killed-by t/magic\n"
    "equivalent for the test\n"
    "\n"
    "mutant marked-wrongly\n"
    "file ref/wire/check.c\n"
    "old     expect32(&check, MFD_INIT_002, MFD_HELLO_MAGIC, MFD_MAGIC);\n"
    "new \n"
    "killed-by t/magic\n"
    "equivalent for the test\n"
    "\n"
    "mutant gone\n"
    "file ref/wire/check.c\n"
    "old this stands nowhere\n"
    "new x\n"
    "killed-by t/magic\n"
    "\n"
    "mutant broken\n"
    "file ref/wire/check.c\n"
    "old #include \"check.h\"\n"
    "new #include \"nowhere.h\"\n"
    "killed-by t/magic\n"
    "\n"
    "mutant same\n"
    "file ref/wire/check.c\n"
    "old     expect32(&check, MFD_INIT_002, MFD_HELLO_MAGIC, MFD_MAGIC);\n"
    "new     expect32(&check, MFD_INIT_002, MFD_HELLO_MAGIC, (MFD_MAGIC));\n"
    "killed-by t/magic\n"
    "\n"
    "mutant unnamed\n"
    "file ref/wire/check.c\n"
    "old     expect32(&check, MFD_INIT_002, MFD_HELLO_MAGIC, MFD_MAGIC);\n"
    "new \n"
    "killed-by t/absent\n";

static const struct {
    const char *name;
    enum mfd_fate fate;
    const char *by;
    const char *detail; /* part of it */
} wanted[] = {
    {"rule:MF-INIT-002", MFD_MUTANT_KILLED, "t/magic", "accepted"},
    {"rule:MF-INIT-003", MFD_MUTANT_KILLED, "t/version", "accepted"},
    {"rule:MF-HDR-021", MFD_MUTANT_VOID, NULL, "no scenario could be judged of MF-HDR-021"},
    {"rule:MF-INIT-004", MFD_MUTANT_VOID, NULL,
     "no scenario that names the rule makes its finding"},
    /* its scenario also breaks another rule, so that the mask makes no difference */
    {"rule:MF-INIT-012", MFD_MUTANT_SURVIVED, NULL, NULL},
    {"named", MFD_MUTANT_KILLED, "t/magic", "accepted"},
    {"other", MFD_MUTANT_KILLED_BY_ANOTHER, "t/version", "accepted"},
    {"none", MFD_MUTANT_SURVIVED, NULL, NULL},
    {"marked", MFD_MUTANT_EQUIVALENT, NULL, "for the test"},
    {"marked-wrongly", MFD_MUTANT_STALE, "t/magic", "accepted"},
    {"gone", MFD_MUTANT_VOID, NULL, "the old text is not there"},
    {"broken", MFD_MUTANT_VOID, NULL, "it does not build"},
    {"same", MFD_MUTANT_VOID, NULL, "the program is the same"},
    {"unnamed", MFD_MUTANT_VOID, NULL, "no scenario could be judged of t/absent"},
};

#define WANTED_COUNT (sizeof(wanted) / sizeof(wanted[0]))

static char root[64];
static struct mfd_mutants mutants;
static struct mfd_campaign campaign;

static void put_scenario(const char *name, const char *rules, const char *fault)
{
    char path[128];
    FILE *file = NULL;

    snprintf(path, sizeof(path), "%s/scenarios/t/%s.mfd", root, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "# A hello with a fault.\nrule %s\n\nmain start\nch 0 ready\nch 1 hello%s%s\n",
            rules, *fault ? " ! " : "", fault);
    fprintf(file, *fault ? "expect refused\n" : "ch 1 sync\nfinish\nexpect accepted\n");
    fclose(file);
}

static int run_campaign(void **state)
{
    const char *globs[WANTED_COUNT + 1] = {NULL};
    char error[MFD_CAMPAIGN_ERROR_SIZE] = "";
    char scenarios[96];
    char folder[96];
    char deep[128];
    const struct mfd_campaign_options options = {
        .source = mfd_mutants_source(),
        .folder = folder,
        .scenarios = scenarios,
        .globs = globs,
        .timeout_scale = 1,
    };

    (void)state;
    assert_true(mfd_scratch_make(NULL, root, sizeof(root)));
    snprintf(folder, sizeof(folder), "%s/bench", root);
    snprintf(scenarios, sizeof(scenarios), "%s/scenarios", root);
    snprintf(deep, sizeof(deep), "%s/t", scenarios);
    assert_int_equal(mkdir(scenarios, 0700) | mkdir(deep, 0700), 0);
    put_scenario("magic", "MF-INIT-002", "magic=0");
    put_scenario("version", "MF-INIT-003", "version=0");
    put_scenario("plain", "MF-INIT-004", "");
    put_scenario("both", "MF-INIT-012", "id=255 version=0");
    for (size_t i = 0; i < WANTED_COUNT; i++) {
        globs[i] = wanted[i].name;
    }
    if (!mfd_mutants_parse("c", catalogue, strlen(catalogue), &mutants, error) ||
        !mfd_campaign_run(&mutants, &options, &campaign, error)) {
        fail_msg("%s", error);
    }
    return 0;
}

static int end_campaign(void **state)
{
    (void)state;
    mfd_campaign_free(&campaign);
    mfd_mutants_free(&mutants);
    return mfd_scratch_remove(root);
}

static const struct mfd_trial *find(const char *name)
{
    for (size_t i = 0; i < campaign.count; i++) {
        if (strcmp(campaign.trials[i].mutant->name, name) == 0) {
            return &campaign.trials[i];
        }
    }
    fail_msg("no trial of %s", name);
    return NULL;
}

static void each_mutant_meets_its_fate(void **state)
{
    (void)state;
    assert_int_equal(campaign.count, WANTED_COUNT);
    for (size_t i = 0; i < WANTED_COUNT; i++) {
        const struct mfd_trial *trial = find(wanted[i].name);
        const char *detail = trial->detail ? trial->detail : "";

        if (trial->fate != wanted[i].fate || (trial->by != NULL) != (wanted[i].by != NULL) ||
            (trial->by && strcmp(trial->by, wanted[i].by) != 0) ||
            (wanted[i].detail && !strstr(detail, wanted[i].detail))) {
            fail_msg("%s: %s by %s (%s)", wanted[i].name, mfd_fate_name(trial->fate), trial->by,
                     detail);
        }
    }
}

static void the_fates_are_counted(void **state)
{
    (void)state;
    for (int fate = 0; fate < MFD_FATE_COUNT; fate++) {
        size_t count = 0;

        for (size_t i = 0; i < WANTED_COUNT; i++) {
            count += wanted[i].fate == (enum mfd_fate)fate;
        }
        assert_int_equal(campaign.summary[fate], count);
    }
}

static void the_copy_is_left_without_a_mutant(void **state)
{
    char command[256];

    (void)state;
    snprintf(command, sizeof(command),
             "cmp -s %s/ref/wire/check.c %s/bench/source/ref/wire/check.c", mfd_mutants_source(),
             root);
    assert_int_equal(system(command), 0);
}

static void the_json_tells_of_each_mutant(void **state)
{
    json_t *json = mfd_campaign_to_json(&campaign);
    const json_t *list = json_object_get(json, "mutants");

    (void)state;
    assert_int_equal(json_array_size(list), WANTED_COUNT);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(json, "summary"), "killed_by_another")),
        1);
    for (size_t i = 0; i < WANTED_COUNT; i++) {
        const json_t *entry = json_array_get(list, i);
        const struct mfd_trial *trial = &campaign.trials[i];

        assert_string_equal(json_string_value(json_object_get(entry, "name")), trial->mutant->name);
        assert_int_equal(json_is_null(json_object_get(entry, "by")), !trial->by);
        assert_int_equal(json_is_null(json_object_get(entry, "file")),
                         trial->mutant->rule != MFD_RULE_COUNT);
    }
    json_decref(json);
}

static void assert_exit_code(size_t killed, enum mfd_fate fate, size_t others, int code)
{
    struct mfd_campaign some = {.count = killed + others};

    some.summary[MFD_MUTANT_KILLED] = killed;
    some.summary[fate] += others;
    assert_int_equal(mfd_campaign_exit_code(&some), code);
}

static void the_exit_code_is_0_only_if_all_is_as_the_catalogue_says(void **state)
{
    (void)state;
    assert_exit_code(3, MFD_MUTANT_EQUIVALENT, 1, 0);
    assert_exit_code(3, MFD_MUTANT_SURVIVED, 1, 1);
    assert_exit_code(3, MFD_MUTANT_KILLED_BY_ANOTHER, 1, 1);
    assert_exit_code(3, MFD_MUTANT_STALE, 1, 1);
    assert_exit_code(3, MFD_MUTANT_VOID, 1, 3);
    assert_exit_code(0, MFD_MUTANT_VOID, 0, 4);
    assert_int_equal(mfd_campaign_exit_code(&campaign), 1);
}

static void a_source_that_cannot_be_built_is_an_error(void **state)
{
    char error[MFD_CAMPAIGN_ERROR_SIZE] = "";
    char folder[96];
    const struct mfd_campaign_options options = {
        .source = "/nonexistent", .folder = folder, .timeout_scale = 1};
    struct mfd_campaign none;

    (void)state;
    snprintf(folder, sizeof(folder), "%s/none", root);
    assert_false(mfd_campaign_run(&mutants, &options, &none, error));
    assert_string_equal(error, "/nonexistent: No such file or directory");
    mfd_campaign_free(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mutant_meets_its_fate),
        cmocka_unit_test(the_fates_are_counted),
        cmocka_unit_test(the_copy_is_left_without_a_mutant),
        cmocka_unit_test(the_json_tells_of_each_mutant),
        cmocka_unit_test(the_exit_code_is_0_only_if_all_is_as_the_catalogue_says),
        cmocka_unit_test(a_source_that_cannot_be_built_is_an_error),
    };

    return cmocka_run_group_tests(tests, run_campaign, end_campaign);
}
