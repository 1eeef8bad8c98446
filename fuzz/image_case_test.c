// SPDX-License-Identifier: GPL-2.0-or-later
#include "image_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { MIB = 1 << 20 };

static struct mfd_case plain(void)
{
    return (struct mfd_case){.rev = MFD_REV_LATEST,
                             .sync = mfd_rev_info(MFD_REV_LATEST)->sync,
                             .page_size = 4096,
                             .channels = 1};
}

static int file(void)
{
    int fd = memfd_create("image", MFD_CLOEXEC);

    assert_true(fd >= 0);
    return fd;
}

static void put(int fd, off_t at, const char *text)
{
    assert_int_equal(pwrite(fd, text, strlen(text), at), strlen(text));
}

static void assert_same(int a, int b)
{
    struct stat of_a;
    struct stat of_b;
    uint8_t *bytes = NULL;

    assert_int_equal(fstat(a, &of_a), 0);
    assert_int_equal(fstat(b, &of_b), 0);
    assert_int_equal(of_a.st_size, of_b.st_size);
    bytes = calloc(2, (size_t)of_a.st_size + 1);
    assert_non_null(bytes);
    assert_int_equal(pread(a, bytes, (size_t)of_a.st_size, 0), of_a.st_size);
    assert_int_equal(pread(b, bytes + of_a.st_size, (size_t)of_a.st_size, 0), of_a.st_size);
    assert_memory_equal(bytes, bytes + of_a.st_size, (size_t)of_a.st_size);
    free(bytes);
}

/* Writes the file as a case, reads that, and makes the file of it. Returns the size of the case. */
static size_t there_and_back(int fd, uint64_t start)
{
    struct mfd_case head = plain();
    struct mfd_case *c = NULL;
    size_t size = 0;
    uint8_t *bytes = mfd_image_case(&head, fd, start, &size);
    int again = file();

    assert_non_null(bytes);
    put(again, 99, "of the case before");
    c = mfd_case_read(bytes, size);
    mfd_image_of_case(c, again);
    assert_same(fd, again);
    assert_true(mfd_image_start(c) == start);
    assert_false(mfd_image_skips_devices(c));
    mfd_case_free(c);
    free(bytes);
    close(again);
    return size;
}

static void a_file_with_holes_becomes_the_same_file_again(void **state)
{
    int fd = file();

    (void)state;
    put(fd, 0, "stream");
    put(fd, 6000, "bitmap");
    put(fd, MIB - 3, "page across");
    put(fd, 3 * MIB + 100, "the last one");
    assert_true(there_and_back(fd, 0) < 4096);
    close(fd);
}

static void its_size_may_be_anywhere(void **state)
{
    static const off_t sizes[] = {0, 1, MIB, MIB + 1, 2 * MIB - 1, 5 * MIB};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        int fd = file();

        put(fd, 0, "stream");
        assert_int_equal(ftruncate(fd, sizes[i]), 0);
        there_and_back(fd, 0);
        close(fd);
    }
}

static void the_stream_may_begin_further_on(void **state)
{
    int fd = file();

    (void)state;
    put(fd, 4096, "stream");
    there_and_back(fd, 4096);
    close(fd);
}

static void a_file_that_a_case_has_no_room_for_is_none(void **state)
{
    struct mfd_case head = plain();
    size_t size = 0;
    int fd = file();

    (void)state;
    put(fd, (off_t)256 * MIB, "too far behind");
    assert_null(mfd_image_case(&head, fd, 0, &size));
    assert_int_equal(ftruncate(fd, 0), 0);
    /* some byte in each page: more than a case's data, though less than its holes */
    for (off_t at = 0; at < 2 * MIB; at += 4000) {
        put(fd, at, "x");
    }
    assert_null(mfd_image_case(&head, fd, 0, &size));
    close(fd);
}

static void a_case_may_ask_for_a_file_of_terabytes(void **state)
{
    static struct mfd_event events[] = {{.kind = MFD_EVENT_RESET, .connection = 42}};
    struct mfd_case c = plain();
    struct stat st;
    int fd = file();

    (void)state;
    c.events = events;
    c.event_count = 1;
    mfd_image_of_case(&c, fd);
    assert_int_equal(fstat(fd, &st), 0);
    assert_true(st.st_size == (off_t)1 << 42);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_with_holes_becomes_the_same_file_again),
        cmocka_unit_test(its_size_may_be_anywhere),
        cmocka_unit_test(the_stream_may_begin_further_on),
        cmocka_unit_test(a_file_that_a_case_has_no_room_for_is_none),
        cmocka_unit_test(a_case_may_ask_for_a_file_of_terabytes),
    };

    return cmocka_run_group_tests_name("image_case", tests, NULL, NULL);
}
