// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scenario files: parsed, printed, checked, expanded and compiled.
 *
 * Expected beyond not crashing: what is refused has a message; what is taken has one form, which parses to
 * itself; every instance compiles, or says why not; nothing makes it allocate without bound.
 */
#include "guard.h"
#include "scenario.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 16384u
#define INSTANCES_TRIED 4u
#define MEMORY_MAX ((size_t)512 << 20)

static void try_form(const struct mfd_scenario *scenario)
{
    char *once = mfd_scenario_print(scenario);
    struct mfd_lang_error error = {0};
    struct mfd_scenario *again = mfd_scenario_parse("fuzz/case", once, strlen(once), &error);
    char *twice = NULL;

    MFD_FUZZ_EXPECT(again, "its own form is refused: line %u: %s\n%s", error.line, error.text,
                    once);
    twice = mfd_scenario_print(again);
    MFD_FUZZ_EXPECT(strcmp(once, twice) == 0, "the form has a form:\n%s\n%s", once, twice);
    free(twice);
    free(once);
    mfd_scenario_free(again);
}

static void try_plan(const struct mfd_scenario *scenario, const struct mfd_instance *instance,
                     const struct mfd_target *target, bool twin)
{
    struct mfd_lang_error error = {0};
    struct mfd_plan *plan = mfd_scenario_compile(scenario, instance, target, twin, &error);

    MFD_FUZZ_EXPECT(plan || error.text[0], "not compiled, and no message");
    if (plan) {
        MFD_FUZZ_EXPECT(plan->conn_count <= 1024, "%zu connections", plan->conn_count);
    }
    mfd_plan_free(plan);
}

static void try_instances(const struct mfd_scenario *scenario, enum mfd_rev rev)
{
    struct mfd_target target = {.rev = rev, .machine = "none", .slow = true};
    struct mfd_lang_error error = {0};
    size_t count = 0;
    struct mfd_instance *instances = mfd_scenario_expand(scenario, &target, 2, &count, &error);

    MFD_FUZZ_EXPECT(instances || count == 0, "%zu instances, but none", count);
    for (size_t i = 0; i < count && i < INSTANCES_TRIED; i++) {
        try_plan(scenario, &instances[i], &target, false);
        try_plan(scenario, &instances[i], &target, true);
    }
    mfd_instances_free(instances, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mfd_lang_error error = {0};
    struct mfd_scenario *scenario = NULL;

    if (size > TEXT_MAX) {
        return 0;
    }
    mfd_fuzz_account(0);
    scenario = mfd_scenario_parse("fuzz/case", (const char *)data, size, &error);
    if (scenario) {
        try_form(scenario);
        (void)mfd_scenario_lint(scenario, &error);
        try_instances(scenario, MFD_REV_7_2);
        try_instances(scenario, MFD_REV_LATEST);
    } else {
        MFD_FUZZ_EXPECT(error.text[0], "refused without a message");
    }
    mfd_scenario_free(scenario);
    mfd_fuzz_accounted(MEMORY_MAX);
    return 0;
}
