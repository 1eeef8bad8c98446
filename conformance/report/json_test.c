// SPDX-License-Identifier: GPL-2.0-or-later
#include "json.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * A checker for the part of JSON Schema that report.schema.json uses. Any other keyword fails, so that the
 * schema cannot promise what this does not look at.
 */

static bool type_matches(const json_t *value, const char *type)
{
    return (strcmp(type, "object") == 0 && json_is_object(value)) ||
           (strcmp(type, "array") == 0 && json_is_array(value)) ||
           (strcmp(type, "string") == 0 && json_is_string(value)) ||
           (strcmp(type, "integer") == 0 && json_is_integer(value)) ||
           (strcmp(type, "number") == 0 && json_is_number(value)) ||
           (strcmp(type, "null") == 0 && json_is_null(value));
}

static bool any_type_matches(const json_t *value, const json_t *types)
{
    if (json_is_string(types)) {
        return type_matches(value, json_string_value(types));
    }
    for (size_t i = 0; i < json_array_size(types); i++) {
        if (type_matches(value, json_string_value(json_array_get(types, i)))) {
            return true;
        }
    }
    return false;
}

static bool listed(const json_t *value, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (json_equal(value, json_array_get(list, i))) {
            return true;
        }
    }
    return false;
}

static bool conforms(const json_t *value, const json_t *schema);

static bool keyword_holds(const json_t *value, const json_t *schema, const char *word,
                          const json_t *arg)
{
    const char *key = NULL;
    json_t *member = NULL;
    size_t i = 0;

    if (strcmp(word, "type") == 0) {
        return any_type_matches(value, arg);
    }
    if (strcmp(word, "enum") == 0) {
        return listed(value, arg);
    }
    if (strcmp(word, "minimum") == 0) {
        return json_number_value(value) >= json_number_value(arg);
    }
    if (strcmp(word, "required") == 0) {
        json_array_foreach(arg, i, member)
        {
            if (!json_object_get(value, json_string_value(member))) {
                return false;
            }
        }
        return true;
    }
    if (strcmp(word, "items") == 0) {
        json_array_foreach(value, i, member)
        {
            if (!conforms(member, arg)) {
                return false;
            }
        }
        return true;
    }
    if (strcmp(word, "properties") == 0) {
        json_object_foreach((json_t *)value, key, member)
        {
            const json_t *inner = json_object_get(arg, key);

            if (inner && !conforms(member, inner)) {
                return false;
            }
        }
        return true;
    }
    if (strcmp(word, "additionalProperties") == 0) {
        json_object_foreach((json_t *)value, key, member)
        {
            if (!json_object_get(json_object_get(schema, "properties"), key)) {
                return false;
            }
        }
        return json_is_false(arg);
    }
    return strcmp(word, "title") == 0 || strcmp(word, "description") == 0 ||
           strcmp(word, "$schema") == 0;
}

static bool conforms(const json_t *value, const json_t *schema)
{
    const char *word = NULL;
    json_t *arg = NULL;

    json_object_foreach((json_t *)schema, word, arg)
    {
        if (!keyword_holds(value, schema, word, arg)) {
            print_message("broken at \"%s\"\n", word);
            return false;
        }
    }
    return true;
}

static json_t *load_schema(void)
{
    json_error_t error;
    json_t *schema = json_load_file(MFD_REPORT_FOLDER "/report.schema.json", 0, &error);

    assert_non_null(schema);
    return schema;
}

static void the_report_conforms_to_its_schema(void **state)
{
    json_t *schema = load_schema();
    struct mfd_run run;
    json_t *json = NULL;

    (void)state;
    fixture_run(&run);
    json = mfd_run_to_json(&run);
    assert_true(conforms(json, schema));
    json_decref(json);
    json_decref(schema);
    mfd_run_free(&run);
}

static void an_empty_run_conforms_to_the_schema(void **state)
{
    json_t *schema = load_schema();
    struct mfd_run run = {.peer_kind = "ref"};
    json_t *json = mfd_run_to_json(&run);

    (void)state;
    assert_true(conforms(json, schema));
    json_decref(json);
    json_decref(schema);
}

static void the_schema_refuses_another_key_a_missing_key_and_another_type(void **state)
{
    json_t *schema = load_schema();
    struct mfd_run run;
    json_t *json = NULL;
    json_t *first = NULL;

    (void)state;
    fixture_run(&run);
    json = mfd_run_to_json(&run);
    first = json_array_get(json_object_get(json, "results"), 0);
    json_object_set_new(first, "extra", json_null());
    assert_false(conforms(json, schema));
    json_object_del(first, "extra");
    assert_true(conforms(json, schema));
    json_object_set_new(first, "got", json_string("fine"));
    assert_false(conforms(json, schema));
    json_object_del(first, "got");
    assert_false(conforms(json, schema));
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
