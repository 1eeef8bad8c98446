// SPDX-License-Identifier: GPL-2.0-or-later
#include "markdown.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_written_report_reads_as_this(void **state)
{
    struct mfd_run run;
    char *text = NULL;

    (void)state;
    fixture_run(&run);
    text = fixture_written(mfd_markdown_write, &run);
    fixture_assert_golden(text, "run.md");
    free(text);
    mfd_run_free(&run);
}

static void what_markdown_reserves_is_escaped(void **state)
{
    struct mfd_run run;
    char *text = NULL;

    (void)state;
    fixture_run(&run);
    free(run.results[1].detail);
    free(run.results[1].peer_log);
    run.results[1].detail = strdup("a|b `c` <script> *d* [e](f)\nnext");
    run.results[1].peer_log = strdup("````\n# not a heading of the page");
    text = fixture_written(mfd_markdown_write, &run);
    assert_non_null(strstr(text, "a\\|b \\`c\\` &lt;script\\> \\*d\\* \\[e\\](f) next |\n"));
    /* the block around the log has more ticks than any line of it */
    assert_non_null(strstr(text, "\n`````text\nFAIL  init/eof[n=13]\n"));
    assert_non_null(strstr(text, "\n`````\n\n</details>\n"));
    free(text);
    mfd_run_free(&run);
}

static void a_table_row_is_one_line_with_four_cells(void **state)
{
    struct mfd_run run;
    char *text = NULL;
    char *rest = NULL;
    unsigned rows = 0;

    (void)state;
    fixture_run(&run);
    free(run.results[1].id);
    run.results[1].id = strdup("init/`x|y`\n");
    text = fixture_written(mfd_markdown_write, &run);
    rest = strstr(text, "| | scenario | rule | why |\n");
    assert_non_null(rest);
    for (char *line = strtok_r(rest, "\n", &rest); line && *line == '|';
         line = strtok_r(NULL, "\n", &rest)) {
        unsigned bars = 0;

        for (const char *p = line; *p; p++) {
            bars += *p == '|' && (p == line || p[-1] != '\\');
        }
        assert_int_equal(bars, 5);
        rows++;
    }
    assert_int_equal(rows, 2 + 4);
    free(text);
    mfd_run_free(&run);
}

static void a_run_with_thousands_of_failures_stays_small(void **state)
{
    struct mfd_run run;
    char *text = NULL;
    size_t count = 10000;
    struct mfd_result *many = calloc(count, sizeof(*many));

    (void)state;
    fixture_run(&run);
    for (size_t i = 0; i < count; i++) {
        many[i] = run.results[1];
    }
    text = fixture_written(mfd_markdown_write, &(struct mfd_run){.peer_kind = run.peer_kind,
                                                                 .profile = run.profile,
                                                                 .suite_version = run.suite_version,
                                                                 .results = many,
                                                                 .count = count});
    assert_true(strlen(text) < 256 * 1024);
    assert_non_null(strstr(text, "\nand 9800 more.\n"));
    free(text);
    free(many);
    mfd_run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_written_report_reads_as_this),
        cmocka_unit_test(what_markdown_reserves_is_escaped),
        cmocka_unit_test(a_table_row_is_one_line_with_four_cells),
        cmocka_unit_test(a_run_with_thousands_of_failures_stays_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
