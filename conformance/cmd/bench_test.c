// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench_move.h"
#include "scratch.h"

#include <stdio.h>
#include <string.h>

static struct mfd_bench bench;
static char folder[64];
static char address[100];

static int setup(void **state)
{
    (void)state;
    assert_true(mfd_scratch_make(NULL, folder, sizeof(folder)));
    snprintf(address, sizeof(address), "unix:%s/socket", folder);
    bench.address = address;
    /* not a multiple of a packet of any channel */
    return mfd_bench_init(&bench, (4u << 20) + 4096);
}

static int teardown(void **state)
{
    (void)state;
    mfd_bench_free(&bench);
    return mfd_scratch_remove(folder);
}

static void both_ways_move_all_memory(void **state)
{
    (void)state;
    for (unsigned channels = 1; channels <= 255; channels = channels * 4 + 3) {
        bench.channels = channels;
        assert_true(mfd_bench_bare(&bench) > 0);
        assert_true(mfd_bench_arrived(&bench));
        assert_true(mfd_bench_reference(&bench) > 0);
        assert_true(mfd_bench_arrived(&bench));
    }
}

static void memory_that_did_not_move_has_not_arrived(void **state)
{
    (void)state;
    bench.channels = 2;
    assert_false(mfd_bench_arrived(&bench));
    assert_true(mfd_bench_bare(&bench) > 0);
    bench.to.maps[0].base[bench.to.table.blocks[0].used_length - 1] ^= 1;
    assert_false(mfd_bench_arrived(&bench));
}

static void an_address_that_is_none_is_an_error(void **state)
{
    (void)state;
    bench.address = "nowhere";
    assert_true(mfd_bench_bare(&bench) < 0);
    assert_true(mfd_bench_reference(&bench) < 0);
    bench.address = address;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_move_all_memory),
        cmocka_unit_test(memory_that_did_not_move_has_not_arrived),
        cmocka_unit_test(an_address_that_is_none_is_an_error),
    };

    return cmocka_run_group_tests_name("bench", tests, setup, teardown);
}
