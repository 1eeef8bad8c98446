// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd.h"
#include "defect.h"
#include "field.h"
#include "fixture.h"
#include "profile.h"
#include "rule.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *list(const char *what, const char *option, int *status)
{
    char *argv[] = {"list", (char *)what, (char *)option, NULL};

    return fixture_output(mfd_cmd_list, argv, status);
}

/* The rows of a list as JSON. */
static json_t *rows_of(const char *what)
{
    int status = 0;
    char *text = list(what, "--json", &status);
    json_t *rows = json_loads(text, 0, NULL);

    assert_int_equal(status, 0);
    assert_true(json_is_array(rows));
    free(text);
    return rows;
}

static void assert_line(const char *what, const char *line)
{
    int status = 0;
    char *text = list(what, NULL, &status);

    assert_int_equal(status, 0);
    if (!strstr(text, line)) {
        fail_msg("no line \"%s\" in:\n%s", line, text);
    }
    free(text);
}

static void assert_rows(const char *what, size_t count)
{
    json_t *rows = rows_of(what);

    assert_int_equal(json_array_size(rows), count);
    for (size_t i = 0; i < count; i++) {
        assert_true(json_is_string(json_object_get(json_array_get(rows, i), "id")));
    }
    json_decref(rows);
}

static void each_list_has_all_its_rows(void **state)
{
    size_t count = 0;

    (void)state;
    assert_rows("rules", MFD_RULE_COUNT);
    assert_rows("fields", MFD_FIELD_COUNT);
    mfd_profiles(&count);
    assert_rows("profiles", count);
    mfd_defects(&count);
    assert_rows("defects", count);
}

static void a_rule_is_listed_with_all_its_columns(void **state)
{
    json_t *rows = rows_of("rules");
    json_t *row = json_array_get(rows, MFD_HDR_005);

    (void)state;
    assert_string_equal(json_string_value(json_object_get(row, "id")), "MF-HDR-005");
    assert_string_equal(json_string_value(json_object_get(row, "receipt")), "refuse MUST");
    assert_string_equal(json_string_value(json_object_get(row, "until")), "7.2");
    assert_string_equal(json_string_value(json_array_get(json_object_get(row, "fields"), 0)),
                        "packet.normal_pages");
    json_decref(rows);
}

static void columns_are_aligned(void **state)
{
    (void)state;
    assert_line("rules", "\nMF-INIT-012  MUST    refuse MUST    2017-text    -            "
                         "The channel id is below the number of channels.\n");
    assert_line("fields",
                "\nhello.id                        24      1          2020         channel id, 0");
    assert_line("profiles", "qemu-7.2   7.2   Debian 12\n");
    assert_line("defects", "B12  MF-SYNC-011 MF-INT-002");
}

static void every_scenario_of_the_folder_is_listed(void **state)
{
    struct fixture_tree *tree = *state;
    char *argv[] = {"list", "scenarios", "--json", "--scenarios", tree->scenarios, NULL};
    int status = 0;
    char *text = fixture_output(mfd_cmd_list, argv, &status);
    json_t *rows = json_loads(text, 0, NULL);
    json_t *row = json_array_get(rows, 0);

    assert_int_equal(status, 0);
    assert_int_equal(json_array_size(rows), 1);
    assert_string_equal(json_string_value(json_object_get(row, "id")), "init/id-too-large");
    assert_string_equal(json_string_value(json_object_get(row, "prose")),
                        "A hello whose id is the number of channels.");
    assert_string_equal(json_string_value(json_array_get(json_object_get(row, "rules"), 0)),
                        "MF-INIT-012");
    assert_string_equal(json_string_value(json_object_get(row, "role")), "receiver");
    assert_true(json_is_true(json_object_get(row, "negative")));
    json_decref(rows);
    free(text);
}

static void every_rule_mutant_is_listed(void **state)
{
    (void)state;
    assert_line("mutants", "rule:MF-HDR-021 ");
}

static void an_unreadable_folder_of_scenarios_is_told(void **state)
{
    char *argv[] = {"list", "scenarios", "--scenarios", "/nonexistent", NULL};
    int status = 0;
    char *text = fixture_output(mfd_cmd_list, argv, &status);

    (void)state;
    assert_int_equal(status, MFD_USAGE);
    assert_non_null(strstr(text, "/nonexistent"));
    free(text);
}

static void wrong_usage_exits_with_2(void **state)
{
    int status = 0;

    (void)state;
    free(list("bugs", NULL, &status));
    assert_int_equal(status, MFD_USAGE);
    free(list(NULL, NULL, &status));
    assert_int_equal(status, MFD_USAGE);
    free(list("rules", "fields", &status));
    assert_int_equal(status, MFD_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_list_has_all_its_rows),
        cmocka_unit_test(a_rule_is_listed_with_all_its_columns),
        cmocka_unit_test(columns_are_aligned),
        cmocka_unit_test(every_scenario_of_the_folder_is_listed),
        cmocka_unit_test(every_rule_mutant_is_listed),
        cmocka_unit_test(an_unreadable_folder_of_scenarios_is_told),
        cmocka_unit_test(wrong_usage_exits_with_2),
    };

    return cmocka_run_group_tests(tests, fixture_tree_make, fixture_tree_drop);
}
