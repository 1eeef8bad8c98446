// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd.h"
#include "defect.h"
#include "field.h"
#include "fixture.h"
#include "profile.h"
#include "rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *explain(struct fixture_tree *tree, const char *id, int *status)
{
    char *argv[] = {"explain", "--scenarios", tree->scenarios, (char *)id, NULL};

    return fixture_output(mfd_cmd_explain, argv, status);
}

static void assert_explained(struct fixture_tree *tree, const char *id, const char *want)
{
    int status = 0;
    char *text = explain(tree, id, &status);

    assert_int_equal(status, 0);
    if (!strstr(text, want)) {
        fail_msg("no \"%s\" in:\n%s", want, text);
    }
    free(text);
}

static void a_rule_tells_its_fields_defects_scenarios_and_mutant(void **state)
{
    assert_explained(*state, "MF-INIT-012",
                     "MF-INIT-012: The channel id is below the number of channels.\n"
                     "  sender     MUST\n"
                     "  receiver   refuse MUST\n"
                     "  revisions  2017-text and later\n"
                     "  fields     hello.id\n"
                     "             text_hello.id\n"
                     "             binary_hello.id\n"
                     "  shown by   bytes\n"
                     "  seen       peer\n"
                     "  source     multifd_recv_initial_packet\n"
                     "  was        MF-INIT-013\n"
                     "  defects    B01 A hello whose id equals");
    assert_explained(*state, "MF-INIT-012", "\n  scenarios  init/id-too-large\n");
    assert_explained(*state, "MF-INIT-012", "\n  mutant     rule:MF-INIT-012\n");
}

static void a_merged_id_leads_to_its_rule(void **state)
{
    assert_explained(*state, "MF-INIT-013",
                     "MF-INIT-013 is part of MF-INIT-012.\n\nMF-INIT-012: The channel id");
}

static void a_dropped_id_tells_why(void **state)
{
    assert_explained(*state, "MF-INIT-018", "MF-INIT-018 is no rule any more: wording of");
}

static void a_field_tells_its_place_and_its_rules(void **state)
{
    assert_explained(*state, "hello.id",
                     "hello.id: channel id, 0 to channels - 1\n"
                     "  message    first message on a channel\n"
                     "  offset     24\n"
                     "  bytes      1\n"
                     "  since      2020\n"
                     "  rule       MF-INIT-005 Each channel id is announced once.\n"
                     "  rule       MF-INIT-012 The channel id is below the number of channels.\n");
}

static void a_scenario_tells_its_prose_its_text_and_what_baselines_say(void **state)
{
    assert_explained(*state, "init/id-too-large",
                     "init/id-too-large: A hello whose id is the number of channels.\n");
    assert_explained(*state, "init/id-too-large",
                     "\n  tests      a receiver\n  rule       MF-INIT-012 ");
    assert_explained(*state, "init/id-too-large",
                     "\n  qemu-7.2   init/* 7.2.0..7.2.22 crashed B01 # one past the table\n");
    assert_explained(*state, "init/id-too-large", "ch 1 hello ! id=channels\n");
    assert_explained(*state, "init/id-too-large[n=3]", "init/id-too-large: A hello");
}

static void a_defect_tells_what_it_breaks_and_where_it_is_known(void **state)
{
    assert_explained(*state, "B01", "B01: A hello whose id equals");
    assert_explained(*state, "B01", "\n  breaks     MF-INIT-012 The channel id is below");
    assert_explained(*state, "B01", "\n  qemu-7.2   init/* 7.2.0..7.2.22 crashed B01 ");
}

static void a_profile_tells_its_revision_and_its_baseline(void **state)
{
    assert_explained(*state, "qemu-7.2", "  release    7.2\n  revision   7.2: ");
    assert_explained(*state, "qemu-7.2", "crashed B01 # one past the table\n");
    assert_explained(*state, "qemu-9.2", "  baseline   none\n");
}

static void everything_that_is_listed_is_explained(void **state)
{
    size_t count = 0;
    const struct mfd_rule_tombstone *old = mfd_rule_tombstones(&count);

    for (int i = 0; i < MFD_RULE_COUNT; i += 7) {
        assert_explained(*state, mfd_rule_info((enum mfd_rule)i)->id, "  source ");
    }
    for (size_t i = 0; i < count; i += 7) {
        assert_explained(*state, old[i].id, old[i].id);
    }
    for (int i = 0; i < MFD_FIELD_COUNT; i += 7) {
        const struct mfd_field_info *info = mfd_field_info((enum mfd_field)i);
        char id[96];

        snprintf(id, sizeof(id), "%s.%s", mfd_message_name(info->message), info->name);
        assert_explained(*state, id, "  offset ");
    }
}

static void an_unknown_name_exits_with_2(void **state)
{
    static const char *const names[] = {"MF-INIT-999", "hello.x", "x.id", "init", "B99", "."};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        int status = 0;
        char *text = explain(*state, names[i], &status);

        assert_int_equal(status, MFD_USAGE);
        assert_non_null(strstr(text, "there is nothing of the name"));
        free(text);
    }
}

static void a_broken_scenario_does_not_hide_the_rules(void **state)
{
    struct fixture_tree *tree = *state;

    fixture_tree_write(tree, "scenarios/init/broken.mfd", "nonsense\n");
    assert_explained(tree, "MF-INIT-012", "  sender     MUST\n");
    assert_explained(tree, "MF-INIT-012", "init/broken.mfd:1: ");
    fixture_tree_remove(tree, "scenarios/init/broken.mfd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_tells_its_fields_defects_scenarios_and_mutant),
        cmocka_unit_test(a_merged_id_leads_to_its_rule),
        cmocka_unit_test(a_dropped_id_tells_why),
        cmocka_unit_test(a_field_tells_its_place_and_its_rules),
        cmocka_unit_test(a_scenario_tells_its_prose_its_text_and_what_baselines_say),
        cmocka_unit_test(a_defect_tells_what_it_breaks_and_where_it_is_known),
        cmocka_unit_test(a_profile_tells_its_revision_and_its_baseline),
        cmocka_unit_test(everything_that_is_listed_is_explained),
        cmocka_unit_test(an_unknown_name_exits_with_2),
        cmocka_unit_test(a_broken_scenario_does_not_hide_the_rules),
    };

    return cmocka_run_group_tests(tests, fixture_tree_make, fixture_tree_drop);
}
