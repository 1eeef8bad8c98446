// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "counters.h"

#include <stdlib.h>

static struct mfd_take_link links[MFD_SESSION_CONNS_MAX];
static struct mfd_result_rule rules[MFD_RULE_COUNT];

/* What the rules say of a sender of that revision, which has sent a main channel and two others. */
static struct mfd_result told(enum mfd_rev rev, bool faulted, struct mfd_source_counters said)
{
    struct mfd_plan plan = {.speak = rev};
    struct mfd_take take = {.plan = &plan, .links = links, .faulted = faulted};
    struct mfd_result result = {.rules = rules};

    links[0] =
        (struct mfd_take_link){.bytes = 700, .machine = {.role = MFD_ROLE_MAIN, .zero_pages = 5}};
    for (int i = 1; i <= 2; i++) {
        links[i] = (struct mfd_take_link){
            .bytes = 10000,
            .machine = {.role = MFD_ROLE_CHANNEL, .normal_pages = 2, .zero_pages = 1}};
    }
    mfd_counters_tell(&take, &said, &result);
    return result;
}

static void counters_that_are_right_hold_both_rules(void **state)
{
    struct mfd_result result = told(MFD_REV_10_0, false, (struct mfd_source_counters){20000, 4, 7});

    (void)state;
    assert_int_equal(result.rule_count, 2);
    assert_false(rules[0].broken || rules[1].broken);
}

static void main_is_no_multifd_channel(void **state)
{
    struct mfd_result result = told(MFD_REV_10_0, false, (struct mfd_source_counters){20700, 4, 7});

    (void)state;
    assert_int_equal(result.rule_count, 2);
    assert_int_equal(rules[0].rule, MFD_NUM_006);
    assert_true(rules[0].broken);
    assert_string_equal(rules[0].text, "counts 20700 bytes, the channels carried 20000");
    assert_false(rules[1].broken);
    free(rules[0].text);
}

static void either_kind_of_page_may_be_miscounted(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct mfd_source_counters said = {20000, i ? 4 : 3, i ? 8 : 7};

        told(MFD_REV_10_0, false, said);
        assert_false(rules[0].broken);
        assert_int_equal(rules[1].rule, MFD_NUM_007);
        assert_true(rules[1].broken);
        assert_string_equal(rules[1].text,
                            i ? "counts 4 normal and 8 zero pages, sent were 4 and 7"
                              : "counts 3 normal and 7 zero pages, sent were 4 and 7");
        free(rules[1].text);
    }
}

static void old_releases_and_migrations_with_a_fault_are_not_judged(void **state)
{
    (void)state;
    assert_int_equal(told(MFD_REV_7_2, false, (struct mfd_source_counters){0}).rule_count, 0);
    assert_int_equal(told(MFD_REV_10_0, true, (struct mfd_source_counters){0}).rule_count, 0);
}

static void zlib_payloads_are_to_end_with_a_flush(void **state)
{
    struct mfd_plan plan = {.speak = MFD_REV_7_2};
    struct mfd_take take = {.plan = &plan, .links = links, .faulted = true};

    (void)state;
    for (int bad = 0; bad < 2; bad++) {
        struct mfd_result result = {.rules = rules};

        links[0] = (struct mfd_take_link){.machine = {.flushed = 3}};
        links[1] = (struct mfd_take_link){.machine = {.flushed = 2, .unflushed = (uint64_t)bad}};
        mfd_counters_tell(&take, NULL, &result);
        assert_int_equal(result.rule_count, 1);
        assert_int_equal(rules[0].rule, MFD_PAY_004);
        assert_int_equal(rules[0].broken, bad);
    }
    assert_string_equal(rules[0].text, "1 of 6 payloads do not end with a flush");
    free(rules[0].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_that_are_right_hold_both_rules),
        cmocka_unit_test(main_is_no_multifd_channel),
        cmocka_unit_test(either_kind_of_page_may_be_miscounted),
        cmocka_unit_test(zlib_payloads_are_to_end_with_a_flush),
        cmocka_unit_test(old_releases_and_migrations_with_a_fault_are_not_judged),
    };

    return cmocka_run_group_tests_name("counters", tests, NULL, NULL);
}
