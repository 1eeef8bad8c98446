// SPDX-License-Identifier: GPL-2.0-or-later
#include "html.h"

#include "fixture.h"
#include "page_css.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The style of the page has its own tests. */
static void cut_style(char *text)
{
    char *from = strstr(text, "<style>");
    char *to = strstr(text, "</style>");

    assert_non_null(from);
    assert_non_null(to);
    from += strlen("<style>");
    memmove(from, to, strlen(to) + 1);
}

/* Cuts each line that starts so: what it lists changes with every rule that is added. */
static void cut_lines(char *text, const char *start)
{
    for (char *line = text; (line = strstr(line, start));) {
        char *end = strchr(line, '\n') + 1;

        memmove(line, end, strlen(end) + 1);
    }
}

static void assert_well_formed(const char *text)
{
    char *name = fixture_file(text);
    char *argv[] = {MFD_XMLLINT, "--noout", "--nonet", name, NULL};

    assert_int_equal(fixture_exec(argv), 0);
    unlink(name);
    free(name);
}

static void a_written_report_reads_as_this(void **state)
{
    struct mfd_run run;
    char *text = NULL;

    (void)state;
    fixture_run(&run);
    text = fixture_written(mfd_html_write, &run);
    assert_well_formed(text);
    cut_style(text);
    cut_lines(text, "<p class=\"soft\">No scenario here: ");
    fixture_assert_golden(text, "run.html");
    free(text);
    mfd_run_free(&run);
}

static void the_page_loads_nothing_and_needs_no_script(void **state)
{
    static const char *const foreign[] = {"http:",   "https:", "src=",    "url(",
                                          "<script", "<link",  "@import", "<iframe"};
    struct mfd_run run;
    char *text = NULL;

    (void)state;
    fixture_run(&run);
    text = fixture_written(mfd_html_write, &run);
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        if (strstr(text, foreign[i])) {
            fail_msg("the page has %s", foreign[i]);
        }
    }
    free(text);
    mfd_run_free(&run);
}

static size_t occurrences(const char *text, const char *of)
{
    size_t n = 0;

    for (const char *p = text; (p = strstr(p, of)); p++) {
        n++;
    }
    return n;
}

static void every_link_has_its_target(void **state)
{
    struct mfd_run run;
    char *text = NULL;
    size_t links = 0;

    (void)state;
    fixture_run(&run);
    text = fixture_written(mfd_html_write, &run);
    for (const char *p = text; (p = strstr(p, "href=\"#")); links++) {
        char id[80];

        p += strlen("href=\"#");
        snprintf(id, sizeof(id), "id=\"%.*s\"", (int)strcspn(p, "\""), p);
        assert_int_equal(occurrences(text, id), 1);
    }
    assert_true(links > 6);
    free(text);
    mfd_run_free(&run);
}

/* Gives the failing result `count` instances, the last with another outcome. */
static void multiply(struct mfd_run *run, size_t count)
{
    struct mfd_result *all = calloc(count, sizeof(*all));

    for (size_t i = 0; i < run->count; i++) {
        if (run->results[i].verdict == MFD_FAIL) {
            all[0] = run->results[i];
        } else {
            mfd_result_free(&run->results[i]);
        }
    }
    for (size_t i = 1; i < count; i++) {
        all[i] = (struct mfd_result){
            .id = strdup("init/eof[n=14]"),
            .params = strdup("n=14"),
            .rule = all[0].rule,
            .level = all[0].level,
            .role = all[0].role,
            .expect = all[0].expect,
            .got = i + 1 == count ? MFD_HUNG : all[0].got,
            .verdict = MFD_FAIL,
        };
    }
    free(run->results);
    run->results = all;
    run->count = count;
    mfd_run_summarise(run);
}

static void instances_that_came_out_alike_are_told_together(void **state)
{
    struct mfd_run run;
    char *text = NULL;

    (void)state;
    fixture_run(&run);
    multiply(&run, 9);
    text = fixture_written(mfd_html_write, &run);
    assert_well_formed(text);
    assert_non_null(strstr(text, "<h2 id=\"unexpected-0\">Unexpected (9)</h2>"));
    assert_int_equal(occurrences(text, "<article"), 2);
    assert_non_null(strstr(text, "7 more instances of this scenario, with the same outcome"));
    free(text);
    mfd_run_free(&run);
}

static void runs_stand_beside_each_other(void **state)
{
    struct mfd_run runs[2];
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    fixture_run(&runs[0]);
    fixture_run(&runs[1]);
    free(runs[1].peer_version);
    runs[1].peer_version = strdup("10.0.13");
    assert_true(mfd_html_write_all(out, runs, 2));
    fclose(out);
    assert_well_formed(text);
    assert_non_null(strstr(text, "<h1>2 runs</h1>"));
    assert_non_null(strstr(text, "class=\"peer\">qemu 7.2.22 (Debian)</th>"));
    assert_non_null(strstr(text, "class=\"peer\">qemu 10.0.13</th>"));
    assert_non_null(strstr(text, "href=\"#c0-1\">\u2717 1 of 1</a></td><td class=\"fail\">"
                                 "<a class=\"fail\" href=\"#c1-1\">"));
    free(text);
    mfd_run_free(&runs[0]);
    mfd_run_free(&runs[1]);
}

static void a_run_without_results_says_so(void **state)
{
    struct mfd_run run = {.peer_kind = "ref", .profile = "ref", .suite_version = "0.1.0"};
    char *text = fixture_written(mfd_html_write, &run);

    (void)state;
    assert_well_formed(text);
    assert_non_null(strstr(text, "Nothing was tested"));
    free(text);
}

/* Relative luminance of "#rrggbb", as WCAG 2 defines it. */
static double luminance(const char *colour)
{
    static const double weights[] = {0.2126, 0.7152, 0.0722};
    unsigned rgb[3];
    double sum = 0;

    if (sscanf(colour, "#%2x%2x%2x", &rgb[0], &rgb[1], &rgb[2]) != 3) {
        fail_msg("no colour: %.8s", colour);
    }
    for (int i = 0; i < 3; i++) {
        double c = rgb[i] / 255.0;

        sum += weights[i] * (c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
    }
    return sum;
}

/* Value of a variable in the block that starts at `root`. */
static const char *variable(const char *root, const char *name)
{
    char key[32];
    const char *at = NULL;

    snprintf(key, sizeof(key), "--%s: ", name);
    at = strstr(root, key);
    if (!at || at > strchr(root, '}')) {
        fail_msg("--%s is not there", name);
    }
    return at + strlen(key);
}

/* Text needs 4.5 to 1 (WCAG 2, level AA), in the light, in the dark and on paper. */
static void every_colour_of_text_can_be_read_on_what_lies_below(void **state)
{
    static const char *const pairs[][2] = {
        {"ink", "paper"},      {"ink", "sheet"},         {"soft", "paper"},    {"soft", "sheet"},
        {"good", "paper"},     {"good", "sheet"},        {"bad", "paper"},     {"bad", "sheet"},
        {"known", "paper"},    {"known", "sheet"},       {"warn", "paper"},    {"warn", "sheet"},
        {"link", "paper"},     {"link", "sheet"},        {"bad", "bad-paper"}, {"ink", "bad-paper"},
        {"soft", "bad-paper"}, {"known", "known-paper"},
    };
    unsigned palettes = 0;

    (void)state;
    for (const char *root = page_css; (root = strstr(root, ":root {")); root++, palettes++) {
        for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
            double a = luminance(variable(root, pairs[i][0]));
            double b = luminance(variable(root, pairs[i][1]));
            double ratio = (fmax(a, b) + 0.05) / (fmin(a, b) + 0.05);

            if (ratio < 4.5) {
                fail_msg("palette %u: %s on %s has %.2f to 1", palettes, pairs[i][0], pairs[i][1],
                         ratio);
            }
        }
    }
    assert_int_equal(palettes, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_written_report_reads_as_this),
        cmocka_unit_test(the_page_loads_nothing_and_needs_no_script),
        cmocka_unit_test(every_link_has_its_target),
        cmocka_unit_test(instances_that_came_out_alike_are_told_together),
        cmocka_unit_test(runs_stand_beside_each_other),
        cmocka_unit_test(a_run_without_results_says_so),
        cmocka_unit_test(every_colour_of_text_can_be_read_on_what_lies_below),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
