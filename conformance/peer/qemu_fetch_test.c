// SPDX-License-Identifier: GPL-2.0-or-later
/* The script qemu-fetch, as far as it goes without a network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];

/* Each test has a folder of its own: apt's in etc, the cache in cache, a root in root. */
static int make_folder(void **state)
{
    char command[256];

    (void)state;
    if (!mfd_scratch_make(P_tmpdir, folder, sizeof(folder))) { /* programs can run there */
        return -1;
    }
    snprintf(command, sizeof(command), "mkdir -p %s/etc/sources.list.d %s/root/usr/lib", folder,
             folder);
    return system(command);
}

static int remove_folder(void **state)
{
    (void)state;
    return mfd_scratch_remove(folder);
}

static void put(const char *name, const char *text)
{
    char path[256];
    FILE *file = NULL;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void put_link(const char *name, const char *target)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(symlink(target, path), 0);
}

/* Output of the script, errors behind it, and its exit code. Proxies would reach further than loopback. */
static const char *run(const char *arguments, int *code)
{
    static char text[4096];
    char command[512];
    FILE *pipe = NULL;
    size_t len = 0;
    int status = 0;

    snprintf(command, sizeof(command),
             "cd %s && env -u http_proxy -u HTTP_PROXY -u all_proxy -u ALL_PROXY MFD_APT_ETC=etc "
             "MFD_CACHE=%s/cache '%s' %s 2>&1",
             folder, folder, MFD_QEMU_FETCH, arguments);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    len = fread(text, 1, sizeof(text) - 1, pipe);
    text[len] = '\0';
    status = pclose(pipe);
    assert_true(WIFEXITED(status));
    *code = WEXITSTATUS(status);
    return text;
}

static void assert_mirrors(const char *wanted)
{
    int code = 0;
    const char *text = run("--mirrors", &code);

    assert_int_equal(code, 0);
    assert_string_equal(text, wanted);
}

static void assert_refused(const char *arguments, int wanted, const char *words)
{
    int code = 0;
    const char *text = run(arguments, &code);

    if (!strstr(text, words)) {
        fail_msg("no \"%s\" in:\n%s", words, text);
    }
    assert_int_equal(code, wanted);
}

static void archives_are_read_from_one_line_sources(void **state)
{
    (void)state;
    put("etc/sources.list",
        "# deb http://commented.example/debian bookworm main\n"
        "deb cdrom:[Debian GNU/Linux 12]/ bookworm main\n"
        "deb-src http://source.example/debian bookworm main\n"
        "deb\t[arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
        "  http://mirror.example/debian/  bookworm contrib main # ours\n"
        "deb http://mirror.example/debian bookworm-updates main\n"
        "deb [check-valid-until=no] http://mirror.example/debian-security bookworm-security main\n");
    assert_mirrors("main http://mirror.example/debian -\n"
                   "security http://mirror.example/debian-security stale\n");
}

static void archives_are_read_from_deb822_sources(void **state)
{
    (void)state;
    put("etc/sources.list.d/debian.sources", "# of the installer\n"
                                             "Types: deb deb-src\n"
                                             "URIs: https://mirror.example/debian\n"
                                             "# a comment within\n"
                                             "Suites: trixie\n"
                                             "   trixie-updates\n"
                                             "components:\tmain non-free\n"
                                             "Signed-By:\n"
                                             " /usr/share/keyrings/debian-archive-keyring.gpg\n"
                                             "\n"
                                             "Types: deb\n"
                                             "URIs: https://off.example/debian\n"
                                             "Suites: trixie\n"
                                             "Components: main\n"
                                             "Enabled: no\n"
                                             "\n"
                                             "Types: deb\n"
                                             "URIs: https://fixes.example/updates\n"
                                             "Suites: trixie-security\n"
                                             "Components: main\n"
                                             "Check-Valid-Until: no\n");
    assert_mirrors("main https://mirror.example/debian -\n"
                   "security https://fixes.example/updates stale\n");
}

static void archives_of_others_are_left_out(void **state)
{
    (void)state;
    put("etc/sources.list.d/others.list",
        "deb [signed-by=/etc/apt/keyrings/vendor.gpg] http://vendor.example/debian bookworm main\n"
        "deb http://browser.example/linux/deb/ stable other\n"
        "deb http://cloud.example/apt cloud-sdk-bookworm main\n");
    put("etc/sources.list.d/others.sources", "Types: deb\n"
                                             "URIs: http://vendor.example/debian\n"
                                             "Suites: bookworm\n"
                                             "Components: main\n"
                                             "Signed-By: \n"
                                             " -----BEGIN PGP PUBLIC KEY BLOCK-----\n"
                                             " .\n"
                                             " mQINBF\n");
    assert_mirrors("");
    assert_refused("trixie", 3, "no Debian archive among the apt sources");
}

static void an_archive_laid_out_as_debians_comes_first(void **state)
{
    (void)state;
    put("etc/sources.list", "deb http://vendor.example/repo bookworm main\n"
                            "deb http://mirror.example/debian bookworm main\n");
    assert_mirrors("main http://mirror.example/debian -\nmain http://vendor.example/repo -\n");
}

static void absolute_links_come_to_point_inside_the_root(void **state)
{
    char path[256];
    char target[256];
    int code = 0;
    ssize_t len = 0;

    (void)state;
    put("root/usr/lib/ld-2.31.so", "the loader");
    put_link("root/usr/lib/ld.so", "/usr/lib/ld-2.31.so");
    put_link("root/usr/lib/gone", "/etc/passwd");
    put_link("root/lib", "usr/lib");
    run("--seal root", &code);
    assert_int_equal(code, 0);
    snprintf(path, sizeof(path), "%s/root/usr/lib/ld.so", folder);
    len = readlink(path, target, sizeof(target));
    assert_true(len > 0);
    target[len] = '\0';
    assert_string_equal(target, "../../usr/lib/ld-2.31.so");
    assert_int_equal(access(path, R_OK), 0);
    /* the host's file of that name is out of reach */
    snprintf(path, sizeof(path), "%s/root/usr/lib/gone", folder);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void a_link_that_leaves_the_root_is_refused(void **state)
{
    (void)state;
    put_link("root/usr/lib/libz.so.1", "../../../../etc/passwd");
    assert_refused("--seal root", 3, "usr/lib/libz.so.1 -> ../../../../etc/passwd leaves the root");
}

static void a_link_that_leaves_the_root_by_way_of_another_is_refused(void **state)
{
    (void)state;
    /* harmless by its text: only where the first link leads to makes it climb out */
    put_link("root/usr/lib/up", "../..");
    put_link("root/usr/lib/libz.so.1", "up/../etc/passwd");
    assert_refused("--seal root", 3, "leaves the root");
}

static void an_unknown_suite_is_refused_with_those_that_are_known(void **state)
{
    (void)state;
    assert_refused("wheezy", 3, "known are: bullseye bookworm");
    assert_refused("../../etc", 3, "unknown suite");
    assert_refused("'.*'", 3, "unknown suite");
}

static void an_archive_out_of_reach_leaves_nothing_behind(void **state)
{
    char path[256];

    (void)state;
    /* port 1 of loopback: nobody listens */
    put("etc/sources.list", "deb http://127.0.0.1:1/debian bookworm main\n");
    assert_refused("trixie", 3, "the lists of trixie cannot be had; offline?");
    snprintf(path, sizeof(path), "%s/cache/qemu/trixie", folder);
    assert_int_not_equal(access(path, F_OK), 0);
    /* an empty folder but for the lock, which is a file with a dot */
    snprintf(path, sizeof(path), "%s/cache/qemu/.trixie.lock", folder);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof(path), "%s/cache/qemu", folder);
    assert_int_equal(rmdir(path), 0);
}

static void a_cache_folder_that_cannot_be_made_is_told(void **state)
{
    (void)state;
    put("etc/sources.list", "deb http://127.0.0.1:1/debian bookworm main\n");
    put("cache", "a file in its place");
    assert_refused("trixie", 3, "cannot make");
}

static void wrong_usage_exits_with_2(void **state)
{
    (void)state;
    assert_refused("", 2, "usage:");
    assert_refused("--frobnicate", 2, "usage:");
    assert_refused("trixie sid", 2, "usage:");
    assert_refused("--seal", 2, "usage:");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(archives_are_read_from_one_line_sources),
        TEST(archives_are_read_from_deb822_sources),
        TEST(archives_of_others_are_left_out),
        TEST(an_archive_laid_out_as_debians_comes_first),
        TEST(absolute_links_come_to_point_inside_the_root),
        TEST(a_link_that_leaves_the_root_is_refused),
        TEST(a_link_that_leaves_the_root_by_way_of_another_is_refused),
        TEST(an_unknown_suite_is_refused_with_those_that_are_known),
        TEST(an_archive_out_of_reach_leaves_nothing_behind),
        TEST(a_cache_folder_that_cannot_be_made_is_told),
        TEST(wrong_usage_exits_with_2),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
