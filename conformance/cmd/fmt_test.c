// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char canonical[] = "# A hello with magic 0 is no hello.\n"
                                "rule      MF-INIT-002\n"
                                "\n"
                                "main start\n"
                                "ch 0 ready\n"
                                "ch 1 hello ! magic=0\n"
                                "expect refused\n";
static const char loose[] =
    "#A hello with magic 0 is no hello.\nrule MF-INIT-002\nmain   start\n\nch 0 ready\n"
    "ch 1 hello ! magic=0\nexpect refused";

/* A folder with the files of one test. */
static char folder[] = P_tmpdir "/mfd-fmt-XXXXXX";
static char path[64];
static char said_path[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(path, sizeof(path), "%s/case.mfd", folder);
    snprintf(said_path, sizeof(said_path), "%s/said", folder);
    return 0;
}

static int drop_folder(void **state)
{
    (void)state;
    unlink(path);
    unlink(said_path);
    return rmdir(folder);
}

static void put(const char *text)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void assert_file(const char *of, const char *text)
{
    char got[1024];
    FILE *file = fopen(of, "rb");

    assert_non_null(file);
    got[fread(got, 1, sizeof(got) - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(got, text);
}

/* Runs the command with what it prints, on either stream, going to a file. */
static int run(const char *option, const char *file)
{
    char *argv[] = {"fmt", (char *)(option ? option : file), option ? (char *)file : NULL, NULL};
    int out = dup(STDOUT_FILENO);
    int err = dup(STDERR_FILENO);
    FILE *said = fopen(said_path, "wb");
    int code = 0;

    assert_non_null(said);
    fflush(stdout);
    dup2(fileno(said), STDOUT_FILENO);
    dup2(fileno(said), STDERR_FILENO);
    code = mfd_cmd_fmt(option ? 3 : 2, argv);
    fflush(stdout);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    fclose(said);
    close(out);
    close(err);
    return code;
}

/* What was said: the path of the file, then `rest`; nothing at all if that is NULL. */
static void assert_said(const char *rest)
{
    char wanted[256] = "";

    if (rest) {
        snprintf(wanted, sizeof(wanted), "%s%s", path, rest);
    }
    assert_file(said_path, wanted);
}

static void a_file_is_brought_into_its_form(void **state)
{
    (void)state;
    put(loose);
    assert_int_equal(run(NULL, path), 0);
    assert_file(path, canonical);
    assert_said(NULL);
    assert_int_equal(run(NULL, path), 0);
    assert_file(path, canonical);
}

static void check_changes_nothing_and_names_the_file(void **state)
{
    (void)state;
    put(loose);
    assert_int_equal(run("--check", path), 1);
    assert_file(path, loose);
    assert_said("\n");
    put(canonical);
    assert_int_equal(run("--check", path), 0);
    assert_said(NULL);
}

static void check_tells_what_disagrees_with_the_rules(void **state)
{
    (void)state;
    put("# P\nrule      MF-INIT-013\n\nmain start\nexpect accepted\n");
    assert_int_equal(run("--check", path), 1);
    assert_said(":2: MF-INIT-013: is part of MF-INIT-012\n");
}

static void what_does_not_parse_is_told_with_its_line(void **state)
{
    (void)state;
    put("# P\nmain begin\nexpect accepted\n");
    assert_int_equal(run(NULL, path), 2);
    assert_said(":2: begin: no such step\n");
    assert_file(path, "# P\nmain begin\nexpect accepted\n");
}

static void a_file_that_is_not_there_is_told(void **state)
{
    (void)state;
    assert_int_equal(run(NULL, path), 2);
    assert_said(": No such file or directory\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_brought_into_its_form, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(check_changes_nothing_and_names_the_file, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(check_tells_what_disagrees_with_the_rules, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(what_does_not_parse_is_told_with_its_line, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(a_file_that_is_not_there_is_told, make_folder, drop_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
