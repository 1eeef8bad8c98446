// SPDX-License-Identifier: GPL-2.0-or-later
/* What the harnesses rest on: a stray write, an odd result or an allocation too many ends the process. */
#include "guard.h"
#include "world.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct mfd_case plain(uint64_t used, bool resizable)
{
    return (struct mfd_case){
        .rev = MFD_REV_LATEST,
        .page_size = 4096,
        .channels = 1,
        .blocks = {{.ram = {.name = "mem0",
                            .used_length = used,
                            .max_length = resizable ? MFD_CASE_RESERVED : used,
                            .resizable = resizable}}},
        .block_count = 1,
    };
}

typedef void act_fn(struct mfd_world *world);

/* Whether a world in which `act` was done is closed in peace. */
static bool peaceful(uint64_t used, bool resizable, act_fn *act)
{
    pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0) {
        static struct mfd_world world;
        struct mfd_case c = plain(used, resizable);

        signal(SIGABRT, SIG_DFL);
        signal(SIGSEGV, SIG_DFL);
        freopen("/dev/null", "w", stderr);
        mfd_world_open(&world, &c);
        act(&world);
        mfd_world_close(&world);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void write_last(struct mfd_world *world)
{
    world->guest.maps[0].base[world->guest.table.blocks[0].used_length - 1] = 1;
}

static void write_behind(struct mfd_world *world)
{
    ((volatile uint8_t *)world->guest.maps[0].base)[world->guest.table.blocks[0].used_length] = 1;
}

static void write_before(struct mfd_world *world)
{
    ((volatile uint8_t *)world->guest.maps[0].base)[-1] = 1;
}

static void grow(struct mfd_world *world)
{
    world->guest.table.blocks[0].used_length = MFD_CASE_RESERVED + 1;
}

static void allocate(struct mfd_world *world)
{
    void *volatile seen = NULL; /* or the compiler leaves the allocation out */

    (void)world;
    mfd_fuzz_account(0);
    seen = malloc(1001);
    free(seen);
    mfd_fuzz_accounted(1000);
}

static void a_write_inside_a_block_is_fine(void **state)
{
    (void)state;
    assert_true(peaceful(8192, false, write_last));
    assert_true(peaceful(5000, false, write_last));
    assert_true(peaceful(10, true, write_last));
}

static void a_write_outside_of_a_block_is_noticed(void **state)
{
    (void)state;
    assert_false(peaceful(8192, false, write_behind));
    assert_false(peaceful(8192, false, write_before));
    assert_false(peaceful(5000, false, write_behind));
    assert_false(peaceful(5000, false, write_before));
    assert_false(peaceful(0, true, write_behind));
    assert_false(peaceful(10, true, write_behind));
    assert_false(peaceful(10, true, grow));
}

static void an_allocation_beyond_the_limit_is_noticed(void **state)
{
    (void)state;
    assert_false(peaceful(4096, false, allocate));
}

static void the_wanted_allocation_fails(void **state)
{
    void *first = NULL, *second = NULL;

    (void)state;
    mfd_fuzz_account(2);
    first = malloc(1);
    second = calloc(1, 1);
    assert_true(mfd_fuzz_accounted(100));
    assert_non_null(first);
    assert_null(second);
    free(first);
}

static void memory_of_the_last_case_is_gone_and_the_digest_tells_it(void **state)
{
    static struct mfd_world world;
    struct mfd_case c = plain(8192, false);
    uint64_t empty = 0;

    (void)state;
    mfd_world_open(&world, &c);
    empty = mfd_world_digest(&world);
    world.guest.maps[0].base[5] = 1;
    assert_true(mfd_world_digest(&world) != empty);
    mfd_world_close(&world);
    mfd_world_open(&world, &c);
    assert_int_equal(world.guest.maps[0].base[5], 0);
    assert_true(mfd_world_digest(&world) == empty);
    mfd_world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_inside_a_block_is_fine),
        cmocka_unit_test(a_write_outside_of_a_block_is_noticed),
        cmocka_unit_test(an_allocation_beyond_the_limit_is_noticed),
        cmocka_unit_test(the_wanted_allocation_fails),
        cmocka_unit_test(memory_of_the_last_case_is_gone_and_the_digest_tells_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
