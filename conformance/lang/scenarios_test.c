// SPDX-License-Identifier: GPL-2.0-or-later
/* The scenario files of the project, and the reference of the language. */
#include "lang_fixture.h"

#include <fts.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef void visit_fn(const char *path);

/* Calls `visit` for each file with the suffix .mfd, in the order of their names. */
static size_t visit_all(visit_fn *visit)
{
    char *const roots[] = {(char *)MFD_SCENARIOS, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    size_t count = 0;

    assert_non_null(tree);
    for (FTSENT *entry; (entry = fts_read(tree));) {
        size_t len = strlen(entry->fts_path);

        if (entry->fts_info == FTS_F && len > 4 && strcmp(entry->fts_path + len - 4, ".mfd") == 0) {
            visit(entry->fts_path);
            count++;
        }
    }
    fts_close(tree);
    return count;
}

static struct mfd_scenario *load(const char *path)
{
    struct mfd_lang_error error = {0};
    struct mfd_scenario *scenario = mfd_scenario_load(path, path, &error);

    if (!scenario) {
        fail_msg("%s:%u: %s", path, error.line, error.text);
    }
    return scenario;
}

static void has_one_form(const char *path)
{
    struct mfd_scenario *scenario = load(path);
    char *once = mfd_scenario_print(scenario);
    struct mfd_lang_error error = {0};
    struct mfd_scenario *again = mfd_scenario_parse(path, once, strlen(once), &error);
    char *twice = NULL;

    assert_non_null(again);
    twice = mfd_scenario_print(again);
    assert_string_equal(once, twice);
    free(once);
    free(twice);
    mfd_scenario_free(again);
    mfd_scenario_free(scenario);
}

static void agrees_with_the_tables(const char *path)
{
    struct mfd_scenario *scenario = load(path);
    struct mfd_lang_error error = {0};

    if (!mfd_scenario_lint(scenario, &error)) {
        fail_msg("%s:%u: %s", path, error.line, error.text);
    }
    mfd_scenario_free(scenario);
}

static void is_in_its_form(const char *path)
{
    static char text[1 << 16];
    struct mfd_scenario *scenario = load(path);
    char *printed = mfd_scenario_print(scenario);
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    if (strcmp(text, printed) != 0) {
        fail_msg("%s is not in its form: mfdkit fmt %s", path, path);
    }
    free(printed);
    mfd_scenario_free(scenario);
}

static void printing_a_scenario_twice_changes_nothing(void **state)
{
    (void)state;
    assert_true(visit_all(has_one_form) > 0);
}

static void every_scenario_is_in_its_form(void **state)
{
    (void)state;
    visit_all(is_in_its_form);
}

static void every_scenario_agrees_with_the_tables(void **state)
{
    (void)state;
    assert_true(visit_all(agrees_with_the_tables) > 0);
}

/* ---- the examples of the reference ---- */

/* A block of ``` lines that starts with a comment is a whole scenario. */
static void check_example(const char *text, size_t len)
{
    struct mfd_lang_error error = {0};
    struct mfd_scenario *scenario = mfd_scenario_parse("language.md", text, len, &error);
    char *printed = NULL;

    if (!scenario || !mfd_scenario_lint(scenario, &error)) {
        fail_msg("line %u: %s\n%.*s", error.line, error.text, (int)len, text);
    }
    printed = mfd_scenario_print(scenario);
    assert_int_equal(strlen(printed), len);
    assert_memory_equal(printed, text, len);
    free(printed);
    mfd_scenario_free(scenario);
}

static void examples_of_the_reference_are_right_and_in_their_form(void **state)
{
    static char text[1 << 16];
    FILE *file = fopen(MFD_LANGUAGE, "rb");
    size_t count = 0;
    char *p = text;

    (void)state;
    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    while ((p = strstr(p, "```\n"))) {
        char *start = p + 4;
        char *end = strstr(start, "```");

        assert_non_null(end);
        if (*start == '#') {
            check_example(start, (size_t)(end - start));
            count++;
        }
        p = end + 3;
    }
    assert_true(count >= 5);
}

/* Every word of the tables is explained somewhere. */
static void the_reference_names_every_verb_argument_and_fault(void **state)
{
    static const char *const words[] = {
#define VERB(name, ...) "`" #name,
#define ARGUMENT(name, ...) "`" #name "=",
#include "verb.def"
        "`payload=", "`pad=",   "`twice`",  "`omit`",  "`cut=",
        "`close`",   "`reset`", "`stream=", "`plain`", "`block=",
    };
    static char text[1 << 16];
    FILE *file = fopen(MFD_LANGUAGE, "rb");

    (void)state;
    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const char *inside = words[i] + 1;

        if (!strstr(text, words[i]) && !strstr(text, inside)) {
            fail_msg("language.md does not name %s", inside);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(printing_a_scenario_twice_changes_nothing),
        cmocka_unit_test(every_scenario_is_in_its_form),
        cmocka_unit_test(every_scenario_agrees_with_the_tables),
        cmocka_unit_test(examples_of_the_reference_are_right_and_in_their_form),
        cmocka_unit_test(the_reference_names_every_verb_argument_and_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
