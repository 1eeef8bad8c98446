// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "peer.h"
#include "ram_file.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE (1u << 20)

static char dir[64];
static char one[80];
static char other[80];

static int make_folder(void **state)
{
    (void)state;
    if (!mfd_scratch_make(NULL, dir, sizeof(dir))) {
        return -1;
    }
    snprintf(one, sizeof(one), "%s/one", dir);
    snprintf(other, sizeof(other), "%s/other", dir);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(one);
    unlink(other);
    return rmdir(dir);
}

static void poke(uint64_t offset, uint8_t value)
{
    int fd = open(other, O_WRONLY);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, &value, 1, (off_t)offset), 1);
    close(fd);
}

static uint8_t peek(uint64_t offset)
{
    int fd = open(other, O_RDONLY);
    uint8_t value = 0;

    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &value, 1, (off_t)offset), 1);
    close(fd);
    return value;
}

static void files_made_alike_are_equal(void **state)
{
    struct mfd_ram_difference difference;

    (void)state;
    for (enum mfd_ram_fill fill = MFD_RAM_EMPTY; fill <= MFD_RAM_STALE; fill++) {
        assert_int_equal(mfd_ram_make(one, SIZE, fill, SIZE), 0);
        assert_int_equal(mfd_ram_make(other, SIZE, fill, SIZE), 0);
        assert_int_equal(mfd_ram_compare(one, other, SIZE, &difference), 0);
        assert_int_equal(difference.pages, 0);
    }
}

static void one_changed_byte_is_found_wherever_it_is(void **state)
{
    static const uint64_t places[] = {0, 4095, 4096, SIZE / 2 + 17, SIZE - 1};
    struct mfd_ram_difference difference;

    (void)state;
    assert_int_equal(mfd_ram_make(one, SIZE, MFD_RAM_MIXED, SIZE), 0);
    assert_int_equal(mfd_ram_make(other, SIZE, MFD_RAM_MIXED, SIZE), 0);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        uint8_t was = peek(places[i]);

        poke(places[i], was ^ 1);
        assert_int_equal(mfd_ram_compare(one, other, SIZE, &difference), 0);
        assert_int_equal(difference.pages, 1);
        assert_int_equal(difference.first, places[i]);
        poke(places[i], was);
    }
}

static void a_byte_in_what_is_a_hole_of_the_other_file_is_found(void **state)
{
    struct mfd_ram_difference difference;

    (void)state;
    assert_int_equal(mfd_ram_make(one, 64ull * SIZE, MFD_RAM_FULL, SIZE), 0);
    assert_int_equal(mfd_ram_make(other, 64ull * SIZE, MFD_RAM_FULL, SIZE), 0);
    poke(40ull * SIZE + 5, 1);
    poke(41ull * SIZE, 1);
    assert_int_equal(mfd_ram_compare(one, other, 64ull * SIZE, &difference), 0);
    assert_int_equal(difference.pages, 2);
    assert_int_equal(difference.first, 40ull * SIZE + 5);
    assert_int_equal(mfd_ram_compare(other, one, 64ull * SIZE, &difference), 0);
    assert_int_equal(difference.pages, 2);
}

static void pages_differ_from_each_other_and_only_a_mixed_file_has_zeros(void **state)
{
    struct mfd_ram_difference difference;

    (void)state;
    assert_int_equal(mfd_ram_make(one, SIZE, MFD_RAM_FULL, SIZE), 0);
    assert_int_equal(mfd_ram_make(other, SIZE, MFD_RAM_EMPTY, SIZE), 0);
    assert_int_equal(mfd_ram_compare(one, other, SIZE, &difference), 0);
    assert_int_equal(difference.pages, SIZE / MFD_RAM_FILE_PAGE);
    assert_int_equal(mfd_ram_make(one, SIZE, MFD_RAM_MIXED, SIZE), 0);
    assert_int_equal(mfd_ram_compare(one, other, SIZE, &difference), 0);
    assert_in_range(difference.pages, SIZE / MFD_RAM_FILE_PAGE / 2, SIZE / MFD_RAM_FILE_PAGE - 1);
    for (enum mfd_ram_fill fill = MFD_RAM_EMPTY; fill <= MFD_RAM_FULL; fill++) {
        assert_int_equal(mfd_ram_make(one, SIZE, fill, SIZE), 0);
        assert_int_equal(mfd_ram_make(other, SIZE, MFD_RAM_STALE, SIZE), 0);
        assert_int_equal(mfd_ram_compare(one, other, SIZE, &difference), 0);
        assert_int_equal(difference.pages, SIZE / MFD_RAM_FILE_PAGE);
    }
    /* the whole of the first two megabytes against itself, moved by pages */
    assert_int_equal(mfd_ram_make(one, 2 * SIZE, MFD_RAM_FULL, SIZE), 0);
    assert_int_equal(mfd_ram_make(other, SIZE, MFD_RAM_FULL, SIZE), 0);
    assert_int_equal(truncate(one, SIZE), 0);
    assert_int_equal(mfd_ram_compare(one, other, SIZE, &difference), 0);
    assert_int_equal(difference.pages, SIZE / MFD_RAM_FILE_PAGE / 2);
}

static void a_large_file_is_sparse_and_filled_at_both_ends(void **state)
{
    struct mfd_ram_difference difference;
    struct stat st;

    (void)state;
    assert_int_equal(mfd_ram_make(one, 1ull << 32, MFD_RAM_FULL, SIZE), 0);
    assert_int_equal(mfd_ram_make(other, 1ull << 32, MFD_RAM_EMPTY, SIZE), 0);
    assert_int_equal(stat(one, &st), 0);
    assert_int_equal(st.st_size, 1ull << 32);
    assert_in_range(st.st_blocks * 512, SIZE, 2 * SIZE);
    assert_int_equal(mfd_ram_compare(one, other, 1ull << 32, &difference), 0);
    assert_int_equal(difference.pages, SIZE / MFD_RAM_FILE_PAGE);
    assert_int_equal(difference.first, 0);
}

static void a_file_of_another_size_or_none_is_an_error(void **state)
{
    struct mfd_ram_difference difference;

    (void)state;
    assert_int_equal(mfd_ram_make(one, SIZE, MFD_RAM_EMPTY, SIZE), 0);
    assert_int_equal(mfd_ram_make(other, SIZE + 4096, MFD_RAM_EMPTY, SIZE), 0);
    assert_int_equal(mfd_ram_compare(one, other, SIZE, &difference), EINVAL);
    assert_int_equal(mfd_ram_compare(one, "/dev/null/none", SIZE, &difference), ENOTDIR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_made_alike_are_equal),
        cmocka_unit_test(one_changed_byte_is_found_wherever_it_is),
        cmocka_unit_test(a_byte_in_what_is_a_hole_of_the_other_file_is_found),
        cmocka_unit_test(pages_differ_from_each_other_and_only_a_mixed_file_has_zeros),
        cmocka_unit_test(a_large_file_is_sparse_and_filled_at_both_ends),
        cmocka_unit_test(a_file_of_another_size_or_none_is_an_error),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
