// SPDX-License-Identifier: GPL-2.0-or-later
#include "json.h"

#include "fixture.h"
#include "schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void the_report_conforms_to_its_schema(void **state)
{
    json_t *schema = fixture_schema("report.schema.json");
    struct mfd_run run;
    json_t *json = NULL;

    (void)state;
    fixture_run(&run);
    json = mfd_run_to_json(&run);
    assert_true(fixture_conforms(json, schema));
    json_decref(json);
    json_decref(schema);
    mfd_run_free(&run);
}

static void an_empty_run_conforms_to_the_schema(void **state)
{
    json_t *schema = fixture_schema("report.schema.json");
    struct mfd_run run = {.peer_kind = "ref"};
    json_t *json = mfd_run_to_json(&run);

    (void)state;
    assert_true(fixture_conforms(json, schema));
    json_decref(json);
    json_decref(schema);
}

static void the_schema_refuses_another_key_a_missing_key_and_another_type(void **state)
{
    json_t *schema = fixture_schema("report.schema.json");
    struct mfd_run run;
    json_t *json = NULL;
    json_t *first = NULL;

    (void)state;
    fixture_run(&run);
    json = mfd_run_to_json(&run);
    first = json_array_get(json_object_get(json, "results"), 0);
    json_object_set_new(first, "extra", json_null());
    assert_false(fixture_conforms(json, schema));
    json_object_del(first, "extra");
    assert_true(fixture_conforms(json, schema));
    json_object_set_new(first, "got", json_string("fine"));
    assert_false(fixture_conforms(json, schema));
    json_object_del(first, "got");
    assert_false(fixture_conforms(json, schema));
    json_decref(json);
    json_decref(schema);
    mfd_run_free(&run);
}

static void keys_stand_in_the_promised_order(void **state)
{
    static const char *const keys[] = {
        "id", "params", "rule", "level",     "role",   "expect", "got",  "result",
        "ms", "twin",   "exit", "sanitizer", "detail", "defect", "pcap", "rerun",
    };
    struct mfd_run run;
    json_t *json = NULL;
    const char *key = NULL;
    json_t *value = NULL;
    size_t n = 0;

    (void)state;
    fixture_run(&run);
    json = mfd_result_to_json(&run.results[1]);
    json_object_foreach(json, key, value)
    {
        assert_string_equal(key, keys[n++]);
    }
    assert_int_equal(n, sizeof(keys) / sizeof(keys[0]));
    json_decref(json);
    mfd_run_free(&run);
}

static void a_result_survives_the_transfer(void **state)
{
    struct mfd_run run;

    (void)state;
    fixture_run(&run);
    for (size_t i = 0; i < run.count; i++) {
        json_t *sent = mfd_result_to_transfer(&run.results[i]);
        struct mfd_result result;
        json_t *again = NULL;

        assert_true(mfd_result_from_json(sent, &result));
        assert_int_equal(result.happening_count, run.results[i].happening_count);
        assert_int_equal(result.line, run.results[i].line);
        again = mfd_result_to_transfer(&result);
        assert_true(json_equal(sent, again));
        json_decref(again);
        json_decref(sent);
        mfd_result_free(&result);
    }
    mfd_run_free(&run);
}

static void a_report_is_read_back(void **state)
{
    struct mfd_run run;
    struct mfd_run read;
    json_t *json = NULL;
    json_t *again = NULL;

    (void)state;
    fixture_run(&run);
    json = mfd_run_to_json(&run);
    assert_true(mfd_run_from_json(json, &read));
    again = mfd_run_to_json(&read);
    assert_true(json_equal(json, again));
    json_decref(again);
    json_decref(json);
    mfd_run_free(&read);
    mfd_run_free(&run);
}

static void a_result_that_lacks_a_key_or_has_a_foreign_word_is_refused(void **state)
{
    static const char *const keys[] = {"id",   "rule", "got",   "result",
                                       "exit", "ms",   "rerun", "role"};
    struct mfd_run run;
    struct mfd_result result;

    (void)state;
    fixture_run(&run);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        json_t *json = mfd_result_to_transfer(&run.results[1]);

        json_object_del(json, keys[i]);
        assert_false(mfd_result_from_json(json, &result));
        json_object_set_new(json, keys[i], json_true());
        assert_false(mfd_result_from_json(json, &result));
        json_decref(json);
    }
    assert_false(mfd_result_from_json(NULL, &result));
    mfd_run_free(&run);
}

static void a_written_report_reads_as_this(void **state)
{
    struct mfd_run run;
    char *text = NULL;

    (void)state;
    fixture_run(&run);
    text = fixture_written(mfd_json_write, &run);
    fixture_assert_golden(text, "run.json");
    free(text);
    mfd_run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_report_conforms_to_its_schema),
        cmocka_unit_test(an_empty_run_conforms_to_the_schema),
        cmocka_unit_test(the_schema_refuses_another_key_a_missing_key_and_another_type),
        cmocka_unit_test(keys_stand_in_the_promised_order),
        cmocka_unit_test(a_result_survives_the_transfer),
        cmocka_unit_test(a_report_is_read_back),
        cmocka_unit_test(a_result_that_lacks_a_key_or_has_a_foreign_word_is_refused),
        cmocka_unit_test(a_written_report_reads_as_this),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
