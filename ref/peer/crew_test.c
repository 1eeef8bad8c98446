// SPDX-License-Identifier: GPL-2.0-or-later
#include "crew.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ITEMS = 5000 };

static _Atomic unsigned done[ITEMS];

static void count(struct mfd_crew *crew, unsigned worker, uint64_t item)
{
    (void)worker;
    assert_ptr_equal(crew->arg, done);
    atomic_fetch_add(&done[item], 1);
}

static unsigned all_done(void)
{
    unsigned sum = 0;

    for (size_t i = 0; i < ITEMS; i++) {
        sum += atomic_load(&done[i]);
        atomic_store(&done[i], 0);
    }
    return sum;
}

static void every_item_is_done_once(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 255; threads = threads * 2 + 1) {
        struct mfd_crew crew = {.work = count, .arg = done, .items = ITEMS, .threads = threads};

        mfd_crew_run(&crew);
        assert_false(crew.failure.set);
        assert_int_equal(crew.created, threads);
        assert_int_equal(crew.joined, threads);
        for (size_t i = 0; i < ITEMS; i++) {
            assert_int_equal(atomic_load(&done[i]), 1);
        }
        all_done();
    }
}

static void without_items_there_is_nothing_to_do(void **state)
{
    struct mfd_crew crew = {.work = count, .threads = 4};

    (void)state;
    mfd_crew_run(&crew);
    assert_false(crew.failure.set);
    assert_int_equal(crew.created, 4);
    assert_int_equal(crew.joined, 4);
}

static unsigned creations_left;

static int create_some(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                       void *arg)
{
    return creations_left-- ? pthread_create(thread, attr, start, arg) : EAGAIN;
}

static void threads_that_were_created_are_joined_when_another_is_not(void **state)
{
    (void)state;
    for (unsigned good = 0; good < 6; good++) {
        struct mfd_crew crew = {
            .work = count, .arg = done, .items = ITEMS, .threads = 6, .create = create_some};

        creations_left = good;
        mfd_crew_run(&crew);
        assert_true(crew.failure.set);
        assert_int_equal(crew.failure.error, EAGAIN);
        assert_int_equal(crew.created, good);
        assert_int_equal(crew.joined, good);
        all_done();
    }
}

static void fail_from_100(struct mfd_crew *crew, unsigned worker, uint64_t item)
{
    atomic_fetch_add(&done[item], 1);
    if (item >= 100) {
        mfd_crew_fail(crew, worker, (struct mfd_failure){.error = (int)item, .what = "item"});
    }
}

static void the_first_failure_is_kept_and_ends_the_work(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 8; threads *= 2) {
        struct mfd_crew crew = {.work = fail_from_100, .items = ITEMS, .threads = threads};

        mfd_crew_run(&crew);
        assert_true(crew.failure.set);
        assert_in_range(crew.failure.error, 100, 100 + threads - 1);
        assert_memory_equal(crew.failure.connection, "ch ", 3);
        assert_int_equal(crew.joined, threads);
        /* each thread stops after the item at hand */
        assert_in_range(all_done(), 101, 100 + threads);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_is_done_once),
        cmocka_unit_test(without_items_there_is_nothing_to_do),
        cmocka_unit_test(threads_that_were_created_are_joined_when_another_is_not),
        cmocka_unit_test(the_first_failure_is_kept_and_ends_the_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
