// SPDX-License-Identifier: GPL-2.0-or-later
#include "scratch.h"
#include "workcopy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[64];

static const char *at(const char *path)
{
    static char full[4][256];
    static unsigned next;
    char *out = full[next++ % 4];

    snprintf(out, sizeof(full[0]), "%s/%s", root, path);
    return out;
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(at(path), "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void assert_holds(const char *path, const char *want)
{
    size_t len = 0;
    char *text = mfd_file_read(at(path), &len);

    assert_non_null(text);
    assert_string_equal(text, want);
    assert_int_equal(len, strlen(want));
    free(text);
}

static void assert_missing(const char *path)
{
    assert_int_not_equal(access(at(path), F_OK), 0);
}

static void sync_trees(void)
{
    char error[MFD_WORKCOPY_ERROR_SIZE] = "";

    if (!mfd_workcopy_sync(at("from"), at("deep/down/to"), error)) {
        fail_msg("%s", error);
    }
}

static int make_trees(void **state)
{
    (void)state;
    assert_true(mfd_scratch_make(NULL, root, sizeof(root)));
    mkdir(at("from"), 0700);
    mkdir(at("from/a"), 0700);
    put("from/top", "1\n");
    put("from/a/inner", "2\n");
    return 0;
}

static int remove_trees(void **state)
{
    (void)state;
    return mfd_scratch_remove(root);
}

static void a_copy_has_folders_and_files(void **state)
{
    (void)state;
    sync_trees();
    assert_holds("deep/down/to/top", "1\n");
    assert_holds("deep/down/to/a/inner", "2\n");
}

static void hidden_entries_links_and_builds_are_left_out(void **state)
{
    (void)state;
    mkdir(at("from/.git"), 0700);
    mkdir(at("from/build"), 0700);
    mkdir(at("from/out"), 0700);
    mkdir(at("from/a/build"), 0700);
    put("from/.git/config", "");
    put("from/build/x", "");
    put("from/out/CMakeCache.txt", "");
    put("from/a/build/x", "");
    assert_int_equal(symlink("top", at("from/link")), 0);
    sync_trees();
    assert_missing("deep/down/to/.git");
    assert_missing("deep/down/to/build");
    assert_missing("deep/down/to/out");
    assert_missing("deep/down/to/link");
    assert_holds("deep/down/to/a/build/x", "");
}

static void a_copy_inside_the_source_does_not_copy_itself(void **state)
{
    char error[MFD_WORKCOPY_ERROR_SIZE];

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_true(mfd_workcopy_sync(at("from"), at("from/inside"), error));
    }
    assert_holds("from/inside/top", "1\n");
    assert_missing("from/inside/inside");
}

static void only_what_differs_is_written_again(void **state)
{
    const struct timespec past[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    struct stat same;
    struct stat changed;

    (void)state;
    sync_trees();
    assert_int_equal(utimensat(-1, at("deep/down/to/top"), past, 0), 0);
    assert_int_equal(utimensat(-1, at("deep/down/to/a/inner"), past, 0), 0);
    put("deep/down/to/top", "left over from a mutant\n");
    sync_trees();
    assert_holds("deep/down/to/top", "1\n");
    assert_int_equal(stat(at("deep/down/to/a/inner"), &same), 0);
    assert_int_equal(stat(at("deep/down/to/top"), &changed), 0);
    assert_int_equal(same.st_mtime, 1000);
    assert_int_not_equal(changed.st_mtime, 1000);
}

static void what_the_source_no_longer_has_goes(void **state)
{
    (void)state;
    sync_trees();
    remove(at("from/a/inner"));
    remove(at("from/a"));
    sync_trees();
    assert_missing("deep/down/to/a");
    assert_holds("deep/down/to/top", "1\n");
}

static void a_missing_source_is_an_error(void **state)
{
    char error[MFD_WORKCOPY_ERROR_SIZE] = "";

    (void)state;
    assert_false(mfd_workcopy_sync(at("nothing"), at("to"), error));
    assert_non_null(strstr(error, "No such file"));
}

static void an_edit_replaces_its_text_and_undoes_it(void **state)
{
    struct mfd_edit edit;
    char error[MFD_WORKCOPY_ERROR_SIZE];

    (void)state;
    put("file", "one two three\n");
    assert_true(mfd_edit_apply(&edit, at("file"), "two", "2", error));
    assert_holds("file", "one 2 three\n");
    assert_true(mfd_edit_undo(&edit, error));
    assert_holds("file", "one two three\n");
    assert_true(mfd_edit_undo(&edit, error));
}

static void an_edit_can_remove_its_text(void **state)
{
    struct mfd_edit edit;
    char error[MFD_WORKCOPY_ERROR_SIZE];

    (void)state;
    put("file", "one two three\n");
    assert_true(mfd_edit_apply(&edit, at("file"), "one two three\n", "", error));
    assert_holds("file", "");
    assert_true(mfd_edit_undo(&edit, error));
    assert_holds("file", "one two three\n");
}

static void an_edit_whose_text_is_not_exactly_once_there_changes_nothing(void **state)
{
    struct mfd_edit edit;
    char error[MFD_WORKCOPY_ERROR_SIZE];

    (void)state;
    put("file", "aaa\n");
    assert_false(mfd_edit_apply(&edit, at("file"), "b", "c", error));
    assert_non_null(strstr(error, "file: the old text is not there"));
    assert_false(mfd_edit_apply(&edit, at("file"), "aa", "c", error));
    assert_non_null(strstr(error, "file: the old text is there more than once"));
    assert_false(mfd_edit_apply(&edit, at("absent"), "aa", "c", error));
    assert_non_null(strstr(error, "absent: No such file"));
    assert_holds("file", "aaa\n");
}

int main(void)
{
#define WITH_TREES(test) cmocka_unit_test_setup_teardown(test, make_trees, remove_trees)
    const struct CMUnitTest tests[] = {
        WITH_TREES(a_copy_has_folders_and_files),
        WITH_TREES(hidden_entries_links_and_builds_are_left_out),
        WITH_TREES(a_copy_inside_the_source_does_not_copy_itself),
        WITH_TREES(only_what_differs_is_written_again),
        WITH_TREES(what_the_source_no_longer_has_goes),
        WITH_TREES(a_missing_source_is_an_error),
        WITH_TREES(an_edit_replaces_its_text_and_undoes_it),
        WITH_TREES(an_edit_can_remove_its_text),
        WITH_TREES(an_edit_whose_text_is_not_exactly_once_there_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
