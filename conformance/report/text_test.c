// SPDX-License-Identifier: GPL-2.0-or-later
#include "text.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static bool write_text(FILE *out, const struct mfd_run *run)
{
    struct mfd_text text;

    mfd_text_start(&text, out, run->strict);
    for (size_t i = 0; i < run->count; i++) {
        mfd_text_result(&text, &run->results[i]);
    }
    mfd_text_finish(&text, run);
    return !ferror(out);
}

static bool write_in_colour(FILE *out, const struct mfd_run *run)
{
    struct mfd_text text;

    mfd_text_start(&text, out, run->strict);
    text.colour = text.live = true;
    mfd_text_result(&text, &run->results[0]);
    mfd_text_result(&text, &run->results[1]);
    mfd_text_finish(&text, run);
    return !ferror(out);
}

static void a_written_report_reads_as_this(void **state)
{
    struct mfd_run run;
    char *text = NULL;

    (void)state;
    fixture_run(&run);
    text = fixture_written(write_text, &run);
    fixture_assert_golden(text, "run.txt");
    free(text);
    mfd_run_free(&run);
}

static void a_run_as_expected_is_told_in_a_few_lines(void **state)
{
    struct mfd_result results[2] = {
        {.id = "init/a", .rule = MFD_INIT_002, .verdict = MFD_PASS},
        {.id = "init/b[n=1]", .rule = MFD_INIT_003, .verdict = MFD_NOT_APPLICABLE},
    };
    struct mfd_run run = {
        .peer_kind = "ref",
        .profile = "ref",
        .role = "receiver",
        .results = results,
        .count = 2,
        .ms = 120,
    };
    char *text = NULL;

    (void)state;
    mfd_run_summarise(&run);
    text = fixture_written(write_text, &run);
    assert_string_equal(text, "init             2  ok    1 n/a\n"
                              "\n"
                              "ref, receiver, judged by ref\n"
                              "1 pass  0 FAIL  0 warn  0 known  0 STALE  0 BLOCKED  1 n/a  "
                              "0 unsupported  0 undecided  0 HARNESS ERROR  0.1 s\n");
    free(text);
}

static void a_run_of_nothing_says_so(void **state)
{
    struct mfd_run run = {.peer_kind = "ref", .profile = "ref", .role = "receiver"};
    char *text = fixture_written(write_text, &run);

    (void)state;
    assert_non_null(strstr(text, "nothing was tested"));
    free(text);
}

static void a_stale_line_is_told_without_outcomes(void **state)
{
    struct mfd_result results[2] = {
        {.id = "init/*",
         .rule = MFD_RULE_COUNT,
         .level = "-",
         .verdict = MFD_STALE,
         .got = MFD_UNDECIDED,
         .detail = "x:4: gone",
         .path = "x",
         .line = 4},
        {.id = "sync/*",
         .rule = MFD_RULE_COUNT,
         .level = "-",
         .verdict = MFD_WARN,
         .got = MFD_UNDECIDED,
         .detail = "x:5: gone",
         .path = "x",
         .line = 5},
    };
    struct mfd_run run = {
        .peer_kind = "qemu",
        .profile = "p",
        .role = "receiver",
        .results = results,
        .count = 2,
        .strict = true,
    };
    char *text = NULL;

    (void)state;
    mfd_run_summarise(&run);
    text = fixture_written(write_text, &run);
    assert_ptr_equal(strstr(text, "\nwarn  sync/*\n      x:5: gone\n"
                                  "\nSTALE  init/*\n      at         x:4\n"
                                  "      seen       x:4: gone\n\n"),
                     text);
    free(text);
}

static void only_the_last_happenings_are_shown(void **state)
{
    struct mfd_happening happenings[15];
    struct mfd_result result = {
        .id = "init/a",
        .rule = MFD_INIT_002,
        .verdict = MFD_FAIL,
        .got = MFD_HUNG,
        .happenings = happenings,
        .happening_count = 15,
    };
    char *written = NULL;
    size_t size = 0;
    struct mfd_text text = {.out = open_memstream(&written, &size)};

    (void)state;
    for (size_t i = 0; i < 15; i++) {
        happenings[i] = (struct mfd_happening){
            .ms = (double)i, .conn = "main", .kind = MFD_HAPPENED_DATA, .text = "ping"};
    }
    mfd_text_failure(&text, &result);
    fclose(text.out);
    assert_non_null(strstr(written, "... 3 earlier\n            3.000 ms  main     ->  ping\n"));
    assert_null(strstr(written, "   2.000 ms"));
    free(written);
}

static void nothing_but_a_terminal_gets_colour_or_a_moving_line(void **state)
{
    struct mfd_run run;
    char *text = NULL;

    (void)state;
    fixture_run(&run);
    text = fixture_written(write_text, &run);
    assert_null(strchr(text, '\033'));
    assert_null(strchr(text, '\r'));
    free(text);
    mfd_run_free(&run);
}

static void in_colour_every_colour_ends(void **state)
{
    struct mfd_run run;
    char *text = NULL;
    int open = 0;

    (void)state;
    fixture_run(&run);
    text = fixture_written(write_in_colour, &run);
    for (const char *p = text; (p = strchr(p, '\033')); p++) {
        if (strncmp(p, "\033[K", 3) == 0) {
            continue;
        }
        open += strncmp(p, "\033[0m", 4) == 0 ? -1 : 1;
        assert_in_range(open, 0, 1);
    }
    assert_int_equal(open, 0);
    assert_non_null(strstr(text, "\033[1;31mFAIL\033[0m  init/eof[n=13]"));
    free(text);
    mfd_run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_written_report_reads_as_this),
        cmocka_unit_test(a_run_as_expected_is_told_in_a_few_lines),
        cmocka_unit_test(a_run_of_nothing_says_so),
        cmocka_unit_test(a_stale_line_is_told_without_outcomes),
        cmocka_unit_test(only_the_last_happenings_are_shown),
        cmocka_unit_test(nothing_but_a_terminal_gets_colour_or_a_moving_line),
        cmocka_unit_test(in_colour_every_colour_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
