// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd.h"
#include "fixture.h"
#include "json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A file with the report of the fixture, of which `change` may have changed a result. */
static char *report_file(void (*change)(struct mfd_result *results))
{
    struct mfd_run run;
    char *text = NULL;
    char *name = NULL;

    fixture_run(&run);
    if (change) {
        change(run.results);
    }
    text = fixture_written(mfd_json_write, &run);
    name = fixture_file(text);
    free(text);
    mfd_run_free(&run);
    return name;
}

static void drop(char *name)
{
    unlink(name);
    free(name);
}

static char *command(int (*run)(int argc, char **argv), const char *a, const char *b, const char *c,
                     const char *d, int *status)
{
    char *argv[] = {"x", (char *)a, (char *)b, (char *)c, (char *)d, NULL};

    return fixture_output(run, argv, status);
}

static void expect_diff(const char *a, const char *b, const char *option, int status,
                        const char *want)
{
    int got = 0;
    char *text = command(mfd_cmd_diff, a, b, option, NULL, &got);

    if (got != status || !strstr(text, want)) {
        fail_msg("exit status %d, no \"%s\" in:\n%s", got, want, text);
    }
    free(text);
}

static void break_first(struct mfd_result *results)
{
    results[0].verdict = MFD_FAIL;
    results[0].got = MFD_CRASHED;
}

static void diff_exits_with_1_if_the_second_report_is_worse(void **state)
{
    char *good = report_file(NULL);
    char *bad = report_file(break_first);

    (void)state;
    expect_diff(good, good, NULL, MFD_OK, "nothing changed");
    expect_diff(good, bad, NULL, MFD_UNEXPECTED, "broken (1)\n  init/bad-magic ");
    expect_diff(bad, good, NULL, MFD_OK, "B is no worse than A");
    expect_diff(good, bad, "--json", MFD_UNEXPECTED, "\"worse\": true");
    drop(good);
    drop(bad);
}

static void a_file_that_is_no_report_is_named(void **state)
{
    char *good = report_file(NULL);
    char *text = fixture_file("{\n  \"suite\": 3,\n");
    char *other = fixture_file("{\"suite\": \"0.1.0\"}");
    char *foreign = fixture_file("{\"results\": [{\"id\": \"x\"}]}");

    (void)state;
    expect_diff(good, "/nonexistent.json", NULL, MFD_USAGE, "/nonexistent.json");
    expect_diff(good, text, NULL, MFD_USAGE, ":3: ");
    expect_diff(other, good, NULL, MFD_USAGE, "not a report of mfdkit test --json");
    expect_diff(foreign, good, NULL, MFD_USAGE, "results[0] is no result");
    expect_diff(good, NULL, NULL, MFD_USAGE, "two reports are needed");
    drop(good);
    drop(text);
    drop(other);
    drop(foreign);
}

static char *contents(const char *name)
{
    FILE *file = fopen(name, "r");
    char *text = NULL;
    size_t room = 0;

    assert_non_null(file);
    assert_true(getdelim(&text, &room, '\0', file) > 0);
    fclose(file);
    return text;
}

static void report_makes_one_page_of_several_reports(void **state)
{
    char *a = report_file(NULL);
    char *b = report_file(break_first);
    char *page = fixture_file("");
    char option[300];
    char *text = NULL;
    int status = 0;

    (void)state;
    snprintf(option, sizeof(option), "--html=%s", page);
    free(command(mfd_cmd_report, a, b, option, NULL, &status));
    assert_int_equal(status, MFD_OK);
    text = contents(page);
    assert_non_null(strstr(text, "<h1>2 runs</h1>"));
    free(text);
    drop(a);
    drop(b);
    drop(page);
}

static void report_makes_markdown_and_a_badge_of_one(void **state)
{
    char *a = report_file(NULL);
    char *markdown = fixture_file("");
    char *badge = fixture_file("");
    char first[300];
    char second[300];
    char *text = NULL;
    int status = 0;

    (void)state;
    snprintf(first, sizeof(first), "--markdown=%s", markdown);
    snprintf(second, sizeof(second), "--badge=%s", badge);
    free(command(mfd_cmd_report, a, first, second, NULL, &status));
    assert_int_equal(status, MFD_OK);
    text = contents(markdown);
    assert_non_null(strstr(text, "## mfdkit: "));
    free(text);
    text = contents(badge);
    assert_non_null(strstr(text, "\"schemaVersion\": 1"));
    free(text);
    drop(a);
    drop(markdown);
    drop(badge);
}

static void report_wants_an_input_and_an_output(void **state)
{
    char *a = report_file(NULL);
    int status = 0;

    (void)state;
    free(command(mfd_cmd_report, a, NULL, NULL, NULL, &status));
    assert_int_equal(status, MFD_USAGE);
    free(command(mfd_cmd_report, "--html=/dev/null", NULL, NULL, NULL, &status));
    assert_int_equal(status, MFD_USAGE);
    free(command(mfd_cmd_report, a, a, "--badge=/dev/null", NULL, &status));
    assert_int_equal(status, MFD_USAGE);
    free(command(mfd_cmd_report, a, "--html=/nonexistent/x", NULL, NULL, &status));
    assert_int_equal(status, MFD_HARNESS);
    drop(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(diff_exits_with_1_if_the_second_report_is_worse),
        cmocka_unit_test(a_file_that_is_no_report_is_named),
        cmocka_unit_test(report_makes_one_page_of_several_reports),
        cmocka_unit_test(report_makes_markdown_and_a_badge_of_one),
        cmocka_unit_test(report_wants_an_input_and_an_output),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
