// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PAGE 4096u

static struct mfd_guest_block block(const char *name, uint64_t used, uint64_t max)
{
    return (struct mfd_guest_block){.name = name, .used_length = used, .max_length = max};
}

static void only_bytes_within_the_used_length_have_an_address(void **state)
{
    struct mfd_guest guest;
    struct mfd_guest_block b = block("mem0", 4 * PAGE, 8 * PAGE);
    uint8_t *base = NULL;

    (void)state;
    mfd_guest_init(&guest);
    assert_int_equal(mfd_guest_add_anonymous(&guest, &b), 0);
    base = guest.maps[0].base;
    assert_ptr_equal(mfd_guest_at(&guest, 0, 0, PAGE), base);
    assert_ptr_equal(mfd_guest_at(&guest, 0, 3 * PAGE, PAGE), base + 3 * PAGE);
    assert_null(mfd_guest_at(&guest, 0, 3 * PAGE + 1, PAGE));
    assert_null(mfd_guest_at(&guest, 0, 4 * PAGE, PAGE));
    assert_null(mfd_guest_at(&guest, 0, UINT64_MAX - PAGE + 1, PAGE));
    assert_null(mfd_guest_at(&guest, 0, 0, 4 * PAGE + 1));
    assert_null(mfd_guest_at(&guest, -1, 0, PAGE));
    assert_null(mfd_guest_at(&guest, 1, 0, PAGE));
    mfd_guest_free(&guest);
}

/* The kernel says whether a byte can be read, without a fault. */
static bool readable(const uint8_t *at)
{
    int pipes[2];
    ssize_t n = 0;

    assert_int_equal(pipe(pipes), 0);
    n = write(pipes[1], at, 1);
    assert_true(n == 1 || errno == EFAULT);
    close(pipes[0]);
    close(pipes[1]);
    return n == 1;
}

static void nothing_is_mapped_next_to_a_block(void **state)
{
    struct mfd_guest guest;
    const char *names[] = {"a", "b", "c"};

    (void)state;
    mfd_guest_init(&guest);
    for (size_t i = 0; i < 3; i++) {
        struct mfd_guest_block b = block(names[i], (i + 1) * PAGE, (i + 1) * PAGE);

        assert_int_equal(mfd_guest_add_anonymous(&guest, &b), 0);
    }
    for (size_t i = 0; i < 3; i++) {
        const uint8_t *base = guest.maps[i].base;

        assert_true(readable(base) && readable(base + guest.maps[i].size - 1));
        assert_false(readable(base - 1) || readable(base + guest.maps[i].size));
    }
    mfd_guest_free(&guest);
}

static void a_resizable_block_stays_within_what_is_mapped(void **state)
{
    struct mfd_guest guest;
    struct mfd_guest_block fixed = block("mem0", 4 * PAGE, 4 * PAGE);
    struct mfd_guest_block tiny = block("tiny", 0, 2 * PAGE);

    (void)state;
    mfd_guest_init(&guest);
    assert_int_equal(mfd_guest_add_anonymous(&guest, &fixed), 0);
    assert_int_equal(mfd_guest_add_anonymous(&guest, &tiny), 0);
    assert_null(mfd_guest_at(&guest, 1, 0, PAGE));
    assert_true(mfd_guest_resize(&guest, 1, 2 * PAGE));
    assert_non_null(mfd_guest_at(&guest, 1, PAGE, PAGE));
    assert_false(mfd_guest_resize(&guest, 1, 2 * PAGE + 1));
    assert_true(mfd_guest_resize(&guest, 0, 4 * PAGE));
    assert_false(mfd_guest_resize(&guest, 0, PAGE));
    assert_false(mfd_guest_resize(&guest, 2, PAGE));
    mfd_guest_free(&guest);
}

static void a_name_is_taken_once_and_not_too_long(void **state)
{
    struct mfd_guest guest;
    char name[MFD_IDSTR_SIZE + 1];
    struct mfd_guest_block b = block("mem0", PAGE, PAGE);

    (void)state;
    mfd_guest_init(&guest);
    assert_int_equal(mfd_guest_add_anonymous(&guest, &b), 0);
    assert_int_equal(mfd_guest_add_anonymous(&guest, &b), EEXIST);
    memset(name, 'x', sizeof(name));
    name[MFD_IDSTR_SIZE] = '\0';
    b.name = name;
    assert_int_equal(mfd_guest_add_anonymous(&guest, &b), ENAMETOOLONG);
    name[MFD_IDSTR_SIZE - 1] = '\0';
    assert_int_equal(mfd_guest_add_anonymous(&guest, &b), 0);
    b = block("", PAGE, PAGE);
    assert_int_equal(mfd_guest_add_anonymous(&guest, &b), ENAMETOOLONG);
    b = block("odd", 2 * PAGE, PAGE);
    assert_int_equal(mfd_guest_add_anonymous(&guest, &b), EINVAL);
    mfd_guest_free(&guest);
}

static void a_file_is_made_extended_and_never_cut(void **state)
{
    char dir[] = P_tmpdir "/guest_test.XXXXXX";
    char path[64];
    struct mfd_guest guest;
    struct mfd_guest_block b = block("mem0", 4 * PAGE, 4 * PAGE);
    struct stat st;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/ram", dir);
    mfd_guest_init(&guest);
    assert_int_equal(mfd_guest_add_file(&guest, &b, path, MFD_GUEST_READ), ENOENT);
    assert_int_equal(mfd_guest_add_file(&guest, &b, path, MFD_GUEST_WRITE), 0);
    memset(mfd_guest_at(&guest, 0, PAGE, PAGE), 7, PAGE);
    mfd_guest_free(&guest);

    b = block("mem0", 2 * PAGE, 2 * PAGE);
    assert_int_equal(mfd_guest_add_file(&guest, &b, path, MFD_GUEST_WRITE), EFBIG);
    assert_int_equal(mfd_guest_add_file(&guest, &b, path, MFD_GUEST_READ), 0);
    assert_int_equal(*mfd_guest_at(&guest, 0, PAGE, PAGE), 7);
    mfd_guest_free(&guest);

    b = block("mem0", 8 * PAGE, 8 * PAGE);
    assert_int_equal(mfd_guest_add_file(&guest, &b, path, MFD_GUEST_READ), EINVAL);
    assert_int_equal(mfd_guest_add_file(&guest, &b, path, MFD_GUEST_WRITE), 0);
    assert_int_equal(*mfd_guest_at(&guest, 0, PAGE, PAGE), 7);
    mfd_guest_free(&guest);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 8 * PAGE);
    unlink(path);
    rmdir(dir);
}

static void clearing_writes_only_what_is_not_zero(void **state)
{
    uint8_t *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t bytes[PAGE] = {0};

    (void)state;
    assert_ptr_not_equal(page, MAP_FAILED);
    mfd_clear(page, PAGE); /* would fault if it wrote */
    munmap(page, PAGE);
    assert_true(mfd_is_zero(bytes, PAGE));
    assert_true(mfd_is_zero(bytes, 0));
    for (size_t at = 0; at < PAGE; at += 455) {
        bytes[at] = 1;
        assert_false(mfd_is_zero(bytes, PAGE));
        mfd_clear(bytes, PAGE);
        assert_true(mfd_is_zero(bytes, PAGE));
    }
    bytes[PAGE - 1] = 1;
    assert_false(mfd_is_zero(bytes, PAGE));
}

static void blocks_are_adopted_as_files_of_their_names(void **state)
{
    static const struct {
        const char *name;
        const char *file;
    } cases[] = {{"pc.ram", "pc.ram"},
                 {"/rom@etc/acpi/tables", "%2From@etc%2Facpi%2Ftables"},
                 {"..", "%2E."},
                 {"a b%", "a%20b%25"}};
    char dir[] = P_tmpdir "/mfd-adopt-XXXXXX";
    char path[64];
    struct mfd_guest guest;
    struct stat st;

    (void)state;
    assert_non_null(mkdtemp(dir));
    mfd_guest_init(&guest);
    guest.dir = dir;
    guest.dir_left = 100 * PAGE;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t len = strlen(cases[i].name);

        /* whatever was left there before is gone */
        snprintf(path, sizeof(path), "%s/%s", dir, cases[i].file);
        close(open(path, O_CREAT | O_WRONLY, 0600));
        assert_int_equal(truncate(path, 9 * PAGE), 0);
        assert_int_equal(
            mfd_guest_adopt(&guest, (const uint8_t *)cases[i].name, len, (i + 1) * PAGE), 0);
        assert_int_equal(mfd_ramtable_find(&guest.table, cases[i].name, len), (int)i);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_size, (i + 1) * PAGE);
        *mfd_guest_at(&guest, (int)i, i * PAGE, PAGE) = 1;
        unlink(path);
    }
    assert_int_equal(guest.dir_left, 90 * PAGE);
    mfd_guest_free(&guest);
    assert_int_equal(rmdir(dir), 0);
}

static void adoption_has_bounds_and_says_which_was_met(void **state)
{
    static const uint8_t name[] = "mem0";
    uint8_t wide[MFD_IDSTR_SIZE - 1];
    char dir[] = P_tmpdir "/mfd-adopt-XXXXXX";
    char path[64];
    struct mfd_guest guest;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/mem0", dir);
    memset(wide, '/', sizeof(wide));
    mfd_guest_init(&guest);
    assert_int_equal(mfd_guest_adopt(&guest, name, 4, PAGE), ENOENT);
    assert_int_equal(guest.unadopted.error, 0);
    guest.dir = dir;
    guest.dir_left = 2 * PAGE;
    assert_int_equal(mfd_guest_adopt(&guest, name, 4, 2 * PAGE + 1), EFBIG);
    assert_int_equal(guest.unadopted.error, EFBIG);
    assert_string_equal(guest.unadopted.name, "mem0");
    assert_int_equal(mfd_guest_adopt(&guest, name, 0, PAGE), ENAMETOOLONG);
    assert_int_equal(mfd_guest_adopt(&guest, wide, sizeof(wide), PAGE), ENAMETOOLONG);
    assert_int_equal(mfd_guest_adopt(&guest, (const uint8_t *)"a\0b", 3, PAGE), ENAMETOOLONG);
    assert_int_equal(guest.table.count, 0);
    for (unsigned i = 0; i < MFD_ADOPTED_MAX; i++) {
        char text[16];
        struct mfd_guest_block b = block(text, PAGE, PAGE);

        snprintf(text, sizeof(text), "b%u", i);
        assert_int_equal(mfd_guest_add_anonymous(&guest, &b), 0);
    }
    assert_int_equal(mfd_guest_adopt(&guest, name, 4, PAGE), EMFILE);
    mfd_guest_free(&guest);
    unlink(path);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_bytes_within_the_used_length_have_an_address),
        cmocka_unit_test(nothing_is_mapped_next_to_a_block),
        cmocka_unit_test(a_resizable_block_stays_within_what_is_mapped),
        cmocka_unit_test(a_name_is_taken_once_and_not_too_long),
        cmocka_unit_test(a_file_is_made_extended_and_never_cut),
        cmocka_unit_test(clearing_writes_only_what_is_not_zero),
        cmocka_unit_test(blocks_are_adopted_as_files_of_their_names),
        cmocka_unit_test(adoption_has_bounds_and_says_which_was_met),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
