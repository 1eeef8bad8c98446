// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Traceability: every rule is shown by something, or says why not. A rule that nothing reports, observes or
 * exercises is a sentence, not a rule.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "observe.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool exercised[MFD_RULE_COUNT];

static int load_suite(void **state)
{
    static struct mfd_suite suite;
    char error[MFD_SUITE_ERROR_SIZE];

    if (!mfd_suite_load(MFD_SOURCE_SCENARIOS, &suite, error)) {
        print_error("%s\n", error);
        return -1;
    }
    for (size_t i = 0; i < suite.count; i++) {
        size_t count = 0;
        const enum mfd_rule *rules = mfd_scenario_rules(suite.files[i].scenario, &count);

        for (size_t r = 0; r < count; r++) {
            exercised[rules[r]] = true;
        }
    }
    *state = &suite;
    return 0;
}

static int free_suite(void **state)
{
    mfd_suite_free(*state);
    return 0;
}

/* Something here shows a breach of the rule. */
static bool shown(enum mfd_rule rule)
{
    return exercised[rule] || mfd_observer_judges(rule);
}

static void every_rule_is_shown_by_a_scenario_or_the_observer_or_says_why_not(void **state)
{
    unsigned missing = 0;

    (void)state;
    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        const struct mfd_rule_info *info = mfd_rule_info((enum mfd_rule)i);

        if (info->seen != MFD_SEEN_NOT && !shown((enum mfd_rule)i)) {
            print_error("%s: nothing shows it, and it does not say why\n", info->id);
            missing++;
        }
    }
    assert_int_equal(missing, 0);
}

static void a_rule_that_says_that_nothing_shows_it_is_not_shown(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        const struct mfd_rule_info *info = mfd_rule_info((enum mfd_rule)i);

        if (info->seen == MFD_SEEN_NOT && exercised[i]) {
            print_error("%s: a scenario exercises it, but it says: %s\n", info->id, info->unseen);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void every_scenario_agrees_with_the_tables(void **state)
{
    const struct mfd_suite *suite = *state;
    unsigned wrong = 0;

    for (size_t i = 0; i < suite->count; i++) {
        struct mfd_lang_error error;

        if (!mfd_scenario_lint(suite->files[i].scenario, &error)) {
            print_error("%s:%u: %s\n", suite->files[i].path, error.line, error.text);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_is_shown_by_a_scenario_or_the_observer_or_says_why_not),
        cmocka_unit_test(a_rule_that_says_that_nothing_shows_it_is_not_shown),
        cmocka_unit_test(every_scenario_agrees_with_the_tables),
    };

    return cmocka_run_group_tests_name("trace", tests, load_suite, free_suite);
}
