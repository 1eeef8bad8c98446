// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void a_plan_for_a_sender_has_moments_in_place_of_steps(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "role sender / at ch 1 data#3 ! cut=size(packet)+8 reset / expect refused", "10.0");
    const struct mfd_moment *moment = f.plan->moments;

    (void)state;
    assert_true(f.plan->sender);
    assert_int_equal(f.plan->steps.count, 0);
    assert_int_equal(f.plan->moment_count, 1);
    assert_int_equal(moment->conn, 2);
    assert_int_equal(f.plan->deviating, 2);
    assert_int_equal(moment->at, MFD_AT_DATA);
    assert_int_equal(moment->number, 3);
    assert_int_equal(moment->cut, 1344 + 8);
    assert_int_equal(moment->acts, MFD_DO_RESET);
    assert_string_equal(moment->text, "at ch 1 data#3 ! cut=size(packet)+8 reset");
    mfd_fixture_free(&f);
}

static void several_faults_stand_at_one_moment(void **state)
{
    struct mfd_fixture f =
        mfd_fixture_plan("role sender / at ch 0 sync#last ! stall cancel / expect refused", "7.2");

    (void)state;
    assert_int_equal(f.plan->moments[0].number == MFD_NUMBER_LAST, 1);
    assert_int_equal(f.plan->moments[0].acts, MFD_DO_STALL | MFD_DO_CANCEL);
    mfd_fixture_free(&f);
    f = mfd_fixture_plan("role sender / tls psk / ch 1 accept ! foreign / expect refused", "7.2");
    assert_int_equal(f.plan->moments[0].at, MFD_AT_ACCEPT);
    assert_int_equal(f.plan->moments[0].acts, MFD_DO_FOREIGN);
    mfd_fixture_free(&f);
}

static void the_twin_of_every_fault_is_the_same_migration(void **state)
{
    struct mfd_fixture a =
        mfd_fixture_twin("role sender / ch 1 accept ! refuse / expect refused", "10.0");
    struct mfd_fixture b =
        mfd_fixture_twin("role sender / at main end#0 ! reset / expect refused", "10.0");

    (void)state;
    assert_int_equal(a.plan->moment_count, 0);
    assert_int_equal(a.plan->expect, MFD_OUTCOME_BIT(MFD_ACCEPTED));
    assert_true(mfd_plan_digest(a.plan) == mfd_plan_digest(b.plan));
    mfd_fixture_free(&a);
    mfd_fixture_free(&b);
}

static void transport_and_place_of_zero_pages_can_be_parameters(void **state)
{
    static const char steps[] =
        "role sender / each transport in unix tcp / each zero in main packet / expect accepted";
    struct mfd_fixture f = mfd_fixture_compile(steps, "10.0", 3, false);

    (void)state;
    assert_int_equal(f.instance_count, 4);
    assert_string_equal(f.plan->params, "transport=tcp zero=packet");
    assert_true(f.plan->tcp);
    assert_int_equal(f.plan->zero, MFD_ZERO_PACKET);
    mfd_fixture_free(&f);
    f = mfd_fixture_compile(steps, "10.0", 0, false);
    assert_false(f.plan->tcp);
    assert_int_equal(f.plan->zero, MFD_ZERO_MAIN);
    mfd_fixture_free(&f);
}

static void zero_pages_travel_where_they_always_did_before_there_was_a_choice(void **state)
{
    static const char steps[] = "role sender / each zero in main packet / expect accepted";
    struct mfd_fixture f = mfd_fixture_compile(steps, "7.2", 0, false);

    (void)state;
    assert_int_equal(f.plan->expect, MFD_OUTCOME_BIT(MFD_ACCEPTED));
    mfd_fixture_free(&f);
    f = mfd_fixture_compile(steps, "7.2", 1, false);
    assert_int_equal(f.plan->expect, 0);
    mfd_fixture_free(&f);
}

static void mixed_memory_has_zeros_in_every_third_page(void **state)
{
    struct mfd_fixture f =
        mfd_fixture_plan("role sender / ram mem0 64K fill=mixed / expect accepted", "10.0");
    uint8_t page[4096];
    uint8_t zero[4096] = {0};

    (void)state;
    for (size_t i = 0; i < 16; i++) {
        mfd_page_expected(page, f.plan, 0, i);
        assert_int_equal(memcmp(page, zero, sizeof(page)) == 0, i % 3 == 2);
    }
    mfd_fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_for_a_sender_has_moments_in_place_of_steps),
        cmocka_unit_test(several_faults_stand_at_one_moment),
        cmocka_unit_test(the_twin_of_every_fault_is_the_same_migration),
        cmocka_unit_test(transport_and_place_of_zero_pages_can_be_parameters),
        cmocka_unit_test(zero_pages_travel_where_they_always_did_before_there_was_a_choice),
        cmocka_unit_test(mixed_memory_has_zeros_in_every_third_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
