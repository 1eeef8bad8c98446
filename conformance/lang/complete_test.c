// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_steps(const struct mfd_plan *plan, const struct mfd_steps *steps,
                         const char *shape)
{
    char *got = mfd_fixture_shape(plan, steps);

    assert_string_equal(got, shape);
    free(got);
}

/* ---- twins ---- */

static void a_twin_is_completed_from_wherever_it_stops(void **state)
{
    static const char finish[] = "send ch 0, send ch 1, send main";
    static const struct {
        const char *steps;
        const char *before; /* what stands before the end of the migration */
    } cases[] = {
        {"! extra x connect",
         "connect main, send main, connect ch 0, send ch 0, connect ch 1, send ch 1, settle, "},
        {"main header / ! extra m header",
         "connect main, send main, send main, connect ch 0, send ch 0, connect ch 1, "
         "send ch 1, settle, "},
        {"main start / ch 0 ready / ch 1 hello ! id=9",
         "connect main, send main, connect ch 0, send ch 0, connect ch 1, send ch 1, send ch 1, settle, "},
        {"main start / ch * ready / ch 0 data pages=0 ! magic=0",
         "connect main, send main, connect ch 0, send ch 0, connect ch 1, send ch 1, send ch 0, "},
        {"main start / ch * ready / ch 0 data pages=0 ! magic=0 / finish",
         "connect main, send main, connect ch 0, send ch 0, connect ch 1, send ch 1, send ch 0, "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char steps[256];
        char shape[256];
        struct mfd_fixture f;

        snprintf(steps, sizeof(steps), "%s / expect refused", cases[i].steps);
        snprintf(shape, sizeof(shape), "%s%s", cases[i].before, finish);
        f = mfd_fixture_twin(steps, "10.0");
        assert_steps(f.plan, &f.plan->steps, shape);
        assert_true(f.plan->finished);
        assert_int_equal(f.plan->finish.count, 0);
        assert_int_equal(f.plan->witness.count, 0);
        assert_int_equal(f.plan->deviating, -1);
        assert_int_equal(f.plan->expect, MFD_OUTCOME_BIT(MFD_ACCEPTED));
        mfd_fixture_free(&f);
    }
}

static void the_rest_of_a_started_main_is_what_is_missing(void **state)
{
    struct mfd_fixture f = mfd_fixture_twin(
        "main header / main config / main section / ! extra x connect / expect accepted", "10.0");
    const struct mfd_step *rest = mfd_fixture_send(&f.plan->steps, 3);

    (void)state;
    assert_string_equal(rest->text, "main start");
    assert_int_equal(rest->line, 0);
    assert_int_equal(rest->part_count, 5);
    assert_int_equal(rest->parts[0].message, MFD_MSG_memsize);
    mfd_fixture_free(&f);
}

static void an_end_that_was_begun_by_hand_is_brought_to_its_end(void **state)
{
    struct mfd_fixture f =
        mfd_fixture_twin("main start / ch * ready / ch 0 sync / main last / ! extra x connect / "
                         "expect accepted",
                         "10.0");

    (void)state;
    /* only the SYNC of channel 1 is missing */
    assert_steps(
        f.plan, &f.plan->steps,
        "connect main, send main, connect ch 0, send ch 0, connect ch 1, send ch 1, send ch 0, send main, "
        "send ch 1, send main");
    assert_int_equal(mfd_fixture_send(&f.plan->steps, 6)->parts[0].message, MFD_MSG_marker);
    mfd_fixture_free(&f);
}

static void a_twin_that_lost_a_connection_is_an_error(void **state)
{
    struct mfd_fixture f = mfd_fixture_compile(
        "main start / ch * ready / ch 0 close / ch 1 data pages=0 ! magic=0 / expect refused",
        "10.0", 0, true);

    (void)state;
    assert_null(f.plan);
    assert_string_equal(
        f.error.text, "without its faults the scenario cannot be completed: a connection is gone");
    mfd_fixture_free(&f);
}

static void a_channel_may_go_after_its_last_sync(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "main start / ch * ready / ch 0 sync / ch 0 close / ch 1 data pages=0 / expect accepted",
        "10.0");

    (void)state;
    assert_steps(f.plan, &f.plan->finish, "send ch 1, send main");
    mfd_fixture_free(&f);
}

/* ---- fault runs ---- */

static void the_witness_is_a_page_that_nothing_else_touches(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "main start / ch * ready / settle / ch 1 data pages=510 / ch 0 data pages=0 ! offset[0]=len(mem0)-4095 / "
        "expect refused",
        "10.0");
    const struct mfd_step *page = mfd_fixture_send(&f.plan->witness, 0);
    uint8_t content[4096];

    (void)state;
    /* the fault's offset reaches into page 511 as well */
    assert_int_equal(f.plan->witness_page, 509);
    assert_int_equal(f.plan->witness_block, 0);
    assert_int_equal(f.plan->witness_generation, 1);
    assert_steps(f.plan, &f.plan->witness, "send ch 0");
    assert_int_equal(f.plan->setup_count, 0);
    assert_int_equal(mfd_fixture_field(&f, page, "packet.offset", 0), 509 * 4096);
    mfd_page_content(content, sizeof(content), 0, 509, 1);
    assert_memory_equal(page->bytes + 1344, content, sizeof(content));
    /* the model is without it */
    assert_int_equal(f.plan->blocks[0].pages[509].state, MFD_PAGE_FILL);
    assert_steps(f.plan, &f.plan->finish, "send ch 0, send ch 1, send main");
    mfd_fixture_free(&f);
}

static void witness_and_finish_begin_with_what_the_setup_lacks(void **state)
{
    struct mfd_fixture f =
        mfd_fixture_plan("main start / ch 0 hello / ch 1 hello ! id=0 / expect refused", "10.0");

    (void)state;
    assert_int_equal(f.plan->deviating, 2);
    assert_int_equal(f.plan->setup_count, 3);
    assert_steps(f.plan, &f.plan->witness, "send ch 0, send ch 1, settle, send ch 1");
    assert_steps(f.plan, &f.plan->finish,
                 "send ch 0, send ch 1, settle, send ch 0, send ch 1, send main");
    for (size_t i = 0; i < f.plan->setup_count; i++) {
        const struct mfd_step *one = &f.plan->witness.list[i];
        const struct mfd_step *other = &f.plan->finish.list[i];

        assert_int_equal(one->size, other->size);
        assert_true(one->size == 0 || memcmp(one->bytes, other->bytes, one->size) == 0);
    }
    assert_string_equal(f.plan->witness.list[0].text, "ch 0 sync");
    assert_int_equal(f.plan->witness.list[0].line, 0);
    mfd_fixture_free(&f);
}

static void an_extra_connection_with_a_hello_has_a_witness(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "main start / ch * ready / settle / ! extra x hello id=0 / expect accepted", "10.0");

    (void)state;
    assert_steps(f.plan, &f.plan->witness, "send extra x, settle, send extra x");
    assert_int_equal(f.plan->witness_page, 511);
    mfd_fixture_free(&f);
}

static void some_deviations_have_no_witness(void **state)
{
    static const struct {
        const char *steps;
        const char *finish;
    } cases[] = {
        /* on main */
        {"main start ! footer.id=9 / ch * ready", "send ch 0, send ch 1, send main"},
        /* within a message */
        {"main start / ch 0 ready / ch 1 hello ! cut=9", ""},
        /* gone */
        {"main start / ch * ready / ch 0 data pages=0 ! close", ""},
        {"main start / ch * ready / ! ch 0 reset", ""},
        /* never there */
        {"main start / ch 0 ready / ch 1 ready ! omit", ""},
        /* an extra connection that says no hello, or not all of it */
        {"main start / ch * ready / ! extra x connect", "send ch 0, send ch 1, send main"},
        {"main start / ch * ready / ! extra x hello cut=20", "send ch 0, send ch 1, send main"},
        /* main cannot go on */
        {"ch 0 ready / main start ! cut=9", ""},
        {"main start ! omit / ch * ready", ""},
        {"main header / main config ! omit / main section", ""},
        /* no page is left */
        {"ram mem0 28K / main start / ch * ready / ch 0 sync ! version=2",
         "send ch 0, send ch 1, send main"},
        {"ram mem0 32K / main start / ch * ready / ch 0 data pages=0..7 ! magic=0",
         "send ch 0, send ch 1, send main"},
        /* over already */
        {"main start / ch * ready / finish / ch 0 data pages=0 ! magic=0", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char steps[256];
        struct mfd_fixture f;

        snprintf(steps, sizeof(steps), "%s / expect refused", cases[i].steps);
        f = mfd_fixture_plan(steps, "10.0");
        if (f.plan->witness.count) {
            fail_msg("%s has a witness", steps);
        }
        assert_int_equal(f.plan->setup_count, 0);
        assert_steps(f.plan, &f.plan->finish, cases[i].finish);
        mfd_fixture_free(&f);
    }
}

static void the_block_of_the_witness_has_room(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "ram small 28K / ram large 64K / main start / ch * ready / ch 0 sync ! version=2 / expect refused",
        "10.0");

    (void)state;
    assert_int_equal(f.plan->witness_block, 1);
    assert_int_equal(f.plan->witness_page, 15);
    mfd_fixture_free(&f);
}

static void a_positive_scenario_has_its_end_in_steps_or_finish(void **state)
{
    struct mfd_fixture with =
        mfd_fixture_plan("main start / ch * ready / finish / expect accepted", "10.0");
    struct mfd_fixture without =
        mfd_fixture_plan("main start / ch * ready / expect accepted", "10.0");

    (void)state;
    assert_true(with.plan->finished);
    assert_int_equal(with.plan->finish.count, 0);
    assert_false(without.plan->finished);
    assert_steps(without.plan, &without.plan->finish, "send ch 0, send ch 1, send main");
    assert_int_equal(without.plan->witness.count, 0);
    mfd_fixture_free(&with);
    mfd_fixture_free(&without);
}

/* ---- a hello that is held half sent ---- */

static void liveness_is_off_while_a_hello_is_half_sent(void **state)
{
    static const struct {
        const char *steps;
        bool half;
    } cases[] = {
        {"main start / ch 0 ready / ch 1 hello ! cut=9", true},
        {"main start / ch 0 ready / ch 1 hello ! cut=9 close", false},
        {"main start / ch 0 ready / ch 1 hello ! cut=9 reset", false},
        {"main start / ch * ready / ! extra x hello cut=63", true},
        {"main start / ch * ready / ! extra x connect", true},
        {"main start / ch * ready / ! extra x send x'11223344'", true},
        {"main start / ch * ready / ! extra x connect / ! extra x close", false},
        {"main start / ch * ready / ! extra x connect / ! extra x shut", false},
        {"main start / ch * ready / ! extra m header", false},
        {"main start / ch * ready ", false},
        {"main header ! cut=3", false},
        {"main start / ch 0 ready / ch 1 ready ! cut=64", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char steps[256];
        struct mfd_fixture f;

        snprintf(steps, sizeof(steps), "%s / expect waiting", cases[i].steps);
        f = mfd_fixture_plan(steps, "10.0");
        if (f.plan->half_hello != cases[i].half) {
            fail_msg("%s", steps);
        }
        mfd_fixture_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_twin_is_completed_from_wherever_it_stops),
        cmocka_unit_test(the_rest_of_a_started_main_is_what_is_missing),
        cmocka_unit_test(an_end_that_was_begun_by_hand_is_brought_to_its_end),
        cmocka_unit_test(a_twin_that_lost_a_connection_is_an_error),
        cmocka_unit_test(a_channel_may_go_after_its_last_sync),
        cmocka_unit_test(the_witness_is_a_page_that_nothing_else_touches),
        cmocka_unit_test(witness_and_finish_begin_with_what_the_setup_lacks),
        cmocka_unit_test(an_extra_connection_with_a_hello_has_a_witness),
        cmocka_unit_test(some_deviations_have_no_witness),
        cmocka_unit_test(the_block_of_the_witness_has_room),
        cmocka_unit_test(a_positive_scenario_has_its_end_in_steps_or_finish),
        cmocka_unit_test(liveness_is_off_while_a_hello_is_half_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
