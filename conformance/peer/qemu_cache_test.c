// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "qemu_cache.h"
#include "scratch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    return mfd_scratch_make(NULL, folder, sizeof(folder)) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return mfd_scratch_remove(folder);
}

static void put(const char *suite, const char *name, const char *text, mode_t mode)
{
    char path[256];
    FILE *file = NULL;

    snprintf(path, sizeof(path), "%s/%s", folder, suite);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/%s/%s", folder, suite, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

/* What a fetch leaves, flattened. */
static void put_whole(const char *suite)
{
    put(suite, "qemu-system-x86_64", "#!/bin/sh\n", 0700);
    put(suite, "ld.so", "", 0700);
    put(suite, "qemu", "", 0700);
    put(suite, "release",
        "suite trixie\nqemu 10.0.13\npackage 1:10.0.13+ds-0+deb13u1\nloader ld.so\nbinary qemu\n",
        0600);
}

static void a_whole_one_is_found_with_its_version(void **state)
{
    struct mfd_cached_qemu found;
    char path[256];

    (void)state;
    put_whole("trixie");
    assert_int_equal(mfd_qemu_cached(folder, "trixie", &found), MFD_CACHE_WHOLE);
    assert_string_equal(found.suite, "trixie");
    assert_string_equal(found.version, "10.0.13");
    assert_string_equal(found.package, "1:10.0.13+ds-0+deb13u1");
    snprintf(path, sizeof(path), "%s/trixie/qemu-system-x86_64", folder);
    assert_string_equal(found.path, path);
}

static void one_without_any_of_its_parts_is_broken(void **state)
{
    static const char *const parts[] = {"qemu-system-x86_64", "ld.so", "qemu", "release"};
    struct mfd_cached_qemu found;
    char path[256];

    (void)state;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        put_whole("trixie");
        snprintf(path, sizeof(path), "%s/trixie/%s", folder, parts[i]);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mfd_qemu_cached(folder, "trixie", &found), MFD_CACHE_BROKEN);
        assert_string_equal(found.version, "");
    }
}

static void one_whose_release_was_cut_short_is_broken(void **state)
{
    struct mfd_cached_qemu found;

    (void)state;
    put_whole("trixie");
    put("trixie", "release", "suite trixie\nqemu 10.0.13\nloader\n", 0600);
    assert_int_equal(mfd_qemu_cached(folder, "trixie", &found), MFD_CACHE_BROKEN);
}

static void what_is_no_name_of_a_suite_is_absent(void **state)
{
    struct mfd_cached_qemu found;

    (void)state;
    put_whole("trixie");
    put_whole(".trixie.lKx03a");
    assert_int_equal(mfd_qemu_cached(folder, "sid", &found), MFD_CACHE_ABSENT);
    assert_int_equal(mfd_qemu_cached(folder, "", &found), MFD_CACHE_ABSENT);
    assert_int_equal(mfd_qemu_cached(folder, ".", &found), MFD_CACHE_ABSENT);
    assert_int_equal(mfd_qemu_cached(folder, "../trixie", &found), MFD_CACHE_ABSENT);
    assert_int_equal(mfd_qemu_cached(folder, ".trixie.lKx03a", &found), MFD_CACHE_ABSENT);
}

static void the_list_has_all_suites_by_name_and_no_half_done_fetch(void **state)
{
    size_t count = 0;
    struct mfd_cached_qemu *list = NULL;

    (void)state;
    put_whole("trixie");
    put_whole(".sid.Xy12ab");
    put("bookworm", "release", "", 0600);
    list = mfd_qemu_cache_list(folder, &count);
    assert_non_null(list);
    assert_int_equal(count, 2);
    assert_string_equal(list[0].suite, "bookworm");
    assert_int_equal(list[0].state, MFD_CACHE_BROKEN);
    assert_string_equal(list[1].suite, "trixie");
    assert_int_equal(list[1].state, MFD_CACHE_WHOLE);
    free(list);
}

static void a_folder_that_is_not_there_is_empty(void **state)
{
    size_t count = 1;
    struct mfd_cached_qemu *list = mfd_qemu_cache_list("/nonexistent/qemu", &count);

    (void)state;
    assert_non_null(list);
    assert_int_equal(count, 0);
    free(list);
    assert_null(mfd_qemu_cache_list("/dev/null", &count));
    assert_int_equal(errno, ENOTDIR);
}

static void the_folder_is_named_by_the_first_variable_that_is_set(void **state)
{
    char path[MFD_CACHE_PATH_SIZE];

    (void)state;
    setenv("HOME", "/home/me", 1);
    unsetenv("MFD_CACHE");
    setenv("XDG_CACHE_HOME", "", 1);
    assert_true(mfd_qemu_cache_folder(path));
    assert_string_equal(path, "/home/me/.cache/mfdkit/qemu");
    setenv("XDG_CACHE_HOME", "/var/cache/me", 1);
    assert_true(mfd_qemu_cache_folder(path));
    assert_string_equal(path, "/var/cache/me/mfdkit/qemu");
    setenv("MFD_CACHE", "/cache", 1);
    assert_true(mfd_qemu_cache_folder(path));
    assert_string_equal(path, "/cache/qemu");
    unsetenv("MFD_CACHE");
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    assert_false(mfd_qemu_cache_folder(path));
}

static void the_suites_that_can_be_fetched_are_known(void **state)
{
    char package[MFD_PACKAGE_SIZE] = "";

    (void)state;
    assert_true(mfd_qemu_suite_known("bullseye", package));
    assert_memory_equal(package, "1:5.2+", 6);
    assert_true(mfd_qemu_suite_known("trixie", NULL));
    assert_true(mfd_qemu_suite_known("bookworm-backports", NULL));
    assert_false(mfd_qemu_suite_known("bookworm-", NULL));
    assert_false(mfd_qemu_suite_known("#", NULL));
    assert_false(mfd_qemu_suite_known("", NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_whole_one_is_found_with_its_version),
        TEST(one_without_any_of_its_parts_is_broken),
        TEST(one_whose_release_was_cut_short_is_broken),
        TEST(what_is_no_name_of_a_suite_is_absent),
        TEST(the_list_has_all_suites_by_name_and_no_half_done_fetch),
        TEST(a_folder_that_is_not_there_is_empty),
        TEST(the_folder_is_named_by_the_first_variable_that_is_set),
        TEST(the_suites_that_can_be_fetched_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
