// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Migrations between real QEMUs: no false alarm, and what is held and why the rest is undecided stays as it is
 * written down in golden/. After a change that is meant: MFD_UPDATE=1 writes it anew.
 */
#include "verdict_text.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CAPTURES_MAX 64

static char *names[CAPTURES_MAX];
static int count;

static int is_capture(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot && strcmp(dot, ".pcapng") == 0;
}

static int list_captures(void **state)
{
    struct dirent **entries = NULL;

    (void)state;
    count = scandir(MFD_CAPTURES, &entries, is_capture, alphasort);
    assert_true(count > 20 && count <= CAPTURES_MAX);
    for (int i = 0; i < count; i++) {
        names[i] = strdup(entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return 0;
}

static int free_captures(void **state)
{
    (void)state;
    for (int i = 0; i < count; i++) {
        free(names[i]);
    }
    return 0;
}

static struct mfd_verdicts check(const char *name)
{
    struct mfd_given nothing = mfd_given_nothing();
    char error[MFD_CAPTURE_ERROR_SIZE];
    struct mfd_verdicts verdicts;
    char path[512];
    FILE *in = NULL;

    snprintf(path, sizeof(path), "%s/%s", MFD_CAPTURES, name);
    in = fopen(path, "rb");
    assert_non_null(in);
    if (!mfd_verdicts_read(in, &nothing, 0, &verdicts, error)) {
        fail_msg("%s: %s", name, error);
    }
    return verdicts;
}

static void no_real_migration_is_said_to_break_a_rule(void **state)
{
    size_t tls = 0;

    (void)state;
    for (int i = 0; i < count; i++) {
        struct mfd_verdicts verdicts = check(names[i]);
        struct mfd_verdict_sums sums = mfd_verdicts_sum(&verdicts, true);

        if (sums.counts[MFD_CHECKED_BROKEN]) {
            fail_msg("%s: %zu broken", names[i], sums.counts[MFD_CHECKED_BROKEN]);
        }
        if (mfd_checker_totals(verdicts.checker).tls) {
            assert_int_equal(mfd_checker_count(verdicts.checker), 0);
            tls++;
        } else {
            assert_int_equal(mfd_checker_count(verdicts.checker), 1);
            assert_true(sums.counts[MFD_CHECKED_HELD] > 10);
        }
        mfd_verdicts_free(&verdicts);
    }
    assert_int_equal(tls, 2);
}

static char *read_file(const char *path)
{
    FILE *in = fopen(path, "r");
    char *text = NULL;
    size_t size = 0;

    if (in) {
        if (getdelim(&text, &size, EOF, in) < 0) {
            free(text);
            text = NULL;
        }
        fclose(in);
    }
    return text;
}

static void compare_golden(const char *name, const char *text)
{
    char path[512];
    char *wanted = NULL;

    snprintf(path, sizeof(path), "%s/%.*s.txt", MFD_GOLDEN, (int)(strlen(name) - 7), name);
    if (getenv("MFD_UPDATE")) {
        FILE *out = fopen(path, "w");

        assert_non_null(out);
        fputs(text, out);
        fclose(out);
    }
    wanted = read_file(path);
    if (!wanted) {
        fail_msg("%s is missing: MFD_UPDATE=1 writes it", path);
    }
    assert_string_equal(text, wanted);
    free(wanted);
}

static void what_is_held_and_undecided_stays_as_it_is_written_down(void **state)
{
    (void)state;
    for (int i = 0; i < count; i++) {
        struct mfd_verdicts verdicts = check(names[i]);
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        assert_non_null(out);
        mfd_verdicts_text(out, names[i], &verdicts, true);
        fclose(out);
        compare_golden(names[i], text);
        free(text);
        mfd_verdicts_free(&verdicts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_real_migration_is_said_to_break_a_rule),
        cmocka_unit_test(what_is_held_and_undecided_stays_as_it_is_written_down),
    };

    return cmocka_run_group_tests_name("check_captures", tests, list_captures, free_captures);
}
