// SPDX-License-Identifier: GPL-2.0-or-later
#include "schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/*
 * A checker for the part of JSON Schema that the schemas here use. Any other keyword fails, so that no
 * schema can promise what this does not look at.
 */

static bool type_matches(const json_t *value, const char *type)
{
    return (strcmp(type, "object") == 0 && json_is_object(value)) ||
           (strcmp(type, "array") == 0 && json_is_array(value)) ||
           (strcmp(type, "string") == 0 && json_is_string(value)) ||
           (strcmp(type, "integer") == 0 && json_is_integer(value)) ||
           (strcmp(type, "boolean") == 0 && json_is_boolean(value)) ||
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
    if (strcmp(word, "maximum") == 0) {
        return json_number_value(value) <= json_number_value(arg);
    }
    if (strcmp(word, "required") == 0) {
        json_array_foreach(arg, i, member)
        {
            if (json_is_object(value) && !json_object_get(value, json_string_value(member))) {
                return false;
            }
        }
        return true;
    }
    if (strcmp(word, "items") == 0) {
        json_array_foreach(value, i, member)
        {
            if (!fixture_conforms(member, arg)) {
                return false;
            }
        }
        return true;
    }
    if (strcmp(word, "properties") == 0) {
        json_object_foreach((json_t *)value, key, member)
        {
            const json_t *inner = json_object_get(arg, key);

            if (inner && !fixture_conforms(member, inner)) {
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

bool fixture_conforms(const json_t *value, const json_t *schema)
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

json_t *fixture_schema(const char *name)
{
    char path[512];
    json_error_t error;
    json_t *schema = NULL;

    snprintf(path, sizeof(path), "%s/%s", MFD_REPORT_FOLDER, name);
    schema = json_load_file(path, 0, &error);
    assert_non_null(schema);
    return schema;
}
