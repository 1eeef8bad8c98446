// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Ids of all instances behind the scenario's own, separated by blanks. */
static char *ids(const char *steps, unsigned strength, bool slow)
{
    struct mfd_scenario *scenario = mfd_fixture_scenario(steps);
    struct mfd_target target = {.rev = MFD_REV_LATEST, .machine = "none", .slow = slow};
    struct mfd_lang_error error = {0};
    size_t count = 0;
    struct mfd_instance *instances =
        mfd_scenario_expand(scenario, &target, strength, &count, &error);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    if (!instances) {
        fprintf(out, "%u: %s", error.line, error.text);
    }
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%s%s", i ? " " : "", instances[i].id + strlen("test/case"));
    }
    fclose(out);
    mfd_instances_free(instances, count);
    mfd_scenario_free(scenario);
    return text;
}

static void assert_ids(const char *steps, const char *wanted)
{
    char *got = ids(steps, 2, false);

    assert_string_equal(got, wanted);
    free(got);
}

static void without_parameters_there_is_one_instance(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan("main start / expect accepted", "10.0");

    (void)state;
    assert_int_equal(f.instance_count, 1);
    assert_string_equal(f.instances[0].id, "test/case");
    assert_string_equal(f.instances[0].params, "");
    mfd_fixture_free(&f);
}

static void each_gives_every_value(void **state)
{
    (void)state;
    assert_ids("each n in 1..3 64K / expect accepted", "[n=1] [n=2] [n=3] [n=65536]");
    assert_ids("each a in 1 2 / each b in -1 \"t\" x'00' none / expect accepted",
               "[a=1,b=-1] [a=1,b=\"t\"] [a=1,b=x'00'] [a=1,b=none] "
               "[a=2,b=-1] [a=2,b=\"t\"] [a=2,b=x'00'] [a=2,b=none]");
    assert_ids("each n in channels-1 2*slots-1 len(mem0)-1 / expect accepted",
               "[n=1] [n=255] [n=2097151]");
}

static void values_depend_on_channels_and_page(void **state)
{
    (void)state;
    assert_ids("each n in channels size(packet) / each page in 4K 64K / expect accepted",
               "[n=2,page=4096] [n=1344,page=4096] [n=2,page=65536] [n=384,page=65536]");
    assert_ids("each n in channels / with channels 1 4 / expect accepted",
               "[n=1,channels=1] [n=4,channels=4]");
}

static void parameters_reach_the_plan(void **state)
{
    struct mfd_fixture f = mfd_fixture_compile(
        "each n in 3 5 / with channels 8 9 / with method none zlib / ch 0 hello ! cut=$n / expect refused",
        "10.0", 4, false);

    (void)state;
    assert_int_equal(f.instance_count, 8);
    assert_string_equal(f.instances[4].params, "n=3 channels=9 method=none");
    assert_int_equal(f.plan->channels, 9);
    assert_int_equal(f.plan->method, 0);
    assert_int_equal(mfd_fixture_send(&f.plan->steps, 0)->size, 3);
    assert_string_equal(f.plan->id, f.instances[4].id);
    assert_string_equal(f.plan->params, "n=3 channels=9 method=none");
    mfd_fixture_free(&f);
}

static void with_is_pairwise_unless_all_is_asked_for(void **state)
{
    static const char steps[] = "with a 1 2 3 / with b 1 2 3 / with c 1 2 3 / expect accepted";
    char *two = ids(steps, 2, false);
    char *all = ids(steps, 0, false);
    char *three = ids(steps, 3, false);
    size_t pairs = 0;
    size_t full = 0;

    (void)state;
    for (const char *p = two; (p = strchr(p, '[')); p++) {
        pairs++;
    }
    for (const char *p = all; (p = strchr(p, '[')); p++) {
        full++;
    }
    assert_in_range(pairs, 9, 13);
    assert_int_equal(full, 27);
    assert_string_equal(all, three);
    free(two);
    free(all);
    free(three);
}

static void a_slow_peer_gets_the_edges_of_fields(void **state)
{
    static const char steps[] = "each n in 1..size(hello)-1 / expect accepted";
    char *slow = ids(steps, 2, true);
    char *full = ids(steps, 0, true);

    (void)state;
    assert_string_equal(
        slow, "[n=1] [n=3] [n=4] [n=5] [n=7] [n=8] [n=9] [n=23] [n=24] [n=25] [n=26] [n=31] "
              "[n=32] [n=33] [n=63]");
    assert_non_null(strstr(full, "[n=2]"));
    free(slow);
    free(full);
}

static void ranges_that_no_message_bounds_are_whole_on_a_slow_peer(void **state)
{
    char *slow = ids("each n in 1..4 / expect accepted", 2, true);

    (void)state;
    assert_string_equal(slow, "[n=1] [n=2] [n=3] [n=4]");
    free(slow);
}

/* ---- orders ---- */

static void orders_has_an_instance_for_every_interleaving(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "orders / main start / ch 0 ready / ch 1 hello / ch 1 sync / end / finish / expect accepted",
        "10.0");

    (void)state;
    assert_int_equal(f.instance_count, 12); /* 4! / 2! */
    assert_string_equal(f.instances[1].id, "test/case[order=2]");
    assert_string_equal(f.instances[1].params, "order=2");
    mfd_fixture_free(&f);
}

static void interleavings_differ_and_keep_each_connections_order(void **state)
{
    enum { COUNT = 12 };
    char *shapes[COUNT];

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        struct mfd_fixture f = mfd_fixture_compile(
            "orders / main start / ch 0 ready / ch 1 hello / ch 1 sync / end / finish / expect accepted",
            "10.0", i, false);
        const struct mfd_steps *steps = &f.plan->steps;
        size_t settles = 0;
        bool hello = false;

        shapes[i] = mfd_fixture_shape(f.plan, steps);
        for (size_t s = 0; s < steps->count; s++) {
            settles += steps->list[s].kind == MFD_STEP_SETTLE;
            if (steps->list[s].kind == MFD_STEP_SEND &&
                strcmp(steps->list[s].text, "ch 1 sync") == 0) {
                assert_true(hello);
            }
            hello = hello || strcmp(steps->list[s].text, "ch 1 hello") == 0;
        }
        assert_int_equal(settles, 4);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(shapes[i], shapes[j]);
        }
        mfd_fixture_free(&f);
    }
    for (size_t i = 0; i < COUNT; i++) {
        free(shapes[i]);
    }
}

static void the_first_interleaving_is_that_of_the_connections(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "orders / main start / ch * ready / end / finish / expect accepted", "10.0");
    char *shape = mfd_fixture_shape(f.plan, &f.plan->steps);

    (void)state;
    assert_int_equal(f.instance_count, 6);
    assert_string_equal(
        shape, "connect main, send main, settle, connect ch 0, send ch 0, settle, connect ch 1, "
               "send ch 1, settle, send ch 0, send ch 1, send main");
    free(shape);
    mfd_fixture_free(&f);
}

static void the_twin_of_an_interleaving_lacks_its_fault(void **state)
{
    static const char steps[] =
        "orders / main start / ! extra x hello id=7 / ch * ready / end / expect accepted";
    struct mfd_fixture faulty = mfd_fixture_compile(steps, "10.0", 23, false);
    struct mfd_fixture twin = mfd_fixture_compile(steps, "10.0", 23, true);

    (void)state;
    assert_int_equal(faulty.instance_count, 24);
    assert_int_equal(faulty.plan->deviating, 3);
    assert_int_equal(twin.plan->conn_count, 3);
    assert_true(twin.plan->finished);
    mfd_fixture_free(&faulty);
    mfd_fixture_free(&twin);
}

static void parameters_and_orders_multiply(void **state)
{
    (void)state;
    assert_ids(
        "with channels 1 2 / orders / main start / ch * ready / end / expect accepted",
        "[channels=1,order=1] [channels=1,order=2] [channels=2,order=1] [channels=2,order=2] "
        "[channels=2,order=3] [channels=2,order=4] [channels=2,order=5] [channels=2,order=6]");
}

/* ---- errors ---- */

static void what_cannot_be_expanded_is_told_with_its_line(void **state)
{
    static const char *const cases[][2] = {
        {"each n in 3..1 / expect accepted", "2: n: 3..1 holds nothing"},
        {"each n in 0..4G / expect accepted", "2: n: more than 65536 values"},
        {"each n in 1..len(mem0) / expect accepted", "2: n: more than 65536 values"},
        {"each n in -1..3 / expect accepted", "2: n: too small"},
        {"each a in 1..300 / each b in 1..300 / expect accepted", "0: more than 65536 instances"},
        {"each channels in 0 / expect accepted", "2: channels: too small"},
        {"each channels in 256 / expect accepted", "2: channels: too large"},
        {"with page 5000 / expect accepted", "2: page: 5000 is not a power of two from 256 to 64K"},
        {"with n 1..256 / expect accepted", "2: n: more than 255 values"},
        {"each n in 18446744073709551615+1 / expect accepted", "2: n: needs more than 64 bits"},
        {"channels 9 / orders / ch * ready / end / expect accepted",
         "4: orders: more than 20000 orders"},
        {"orders / ch 2 ready / end / expect accepted", "3: ch 2: there are only 2 channels"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_ids(cases[i][0], cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_parameters_there_is_one_instance),
        cmocka_unit_test(each_gives_every_value),
        cmocka_unit_test(values_depend_on_channels_and_page),
        cmocka_unit_test(parameters_reach_the_plan),
        cmocka_unit_test(with_is_pairwise_unless_all_is_asked_for),
        cmocka_unit_test(a_slow_peer_gets_the_edges_of_fields),
        cmocka_unit_test(ranges_that_no_message_bounds_are_whole_on_a_slow_peer),
        cmocka_unit_test(orders_has_an_instance_for_every_interleaving),
        cmocka_unit_test(interleavings_differ_and_keep_each_connections_order),
        cmocka_unit_test(the_first_interleaving_is_that_of_the_connections),
        cmocka_unit_test(the_twin_of_an_interleaving_lacks_its_fault),
        cmocka_unit_test(parameters_and_orders_multiply),
        cmocka_unit_test(what_cannot_be_expanded_is_told_with_its_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
