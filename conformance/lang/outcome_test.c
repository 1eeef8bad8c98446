// SPDX-License-Identifier: GPL-2.0-or-later
#include "outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void every_outcome_is_found_by_its_name(void **state)
{
    (void)state;
    for (int i = 0; i < MFD_OUTCOME_COUNT; i++) {
        assert_int_equal(mfd_outcome_find(mfd_outcome_name((enum mfd_outcome)i)), i);
    }
    assert_int_equal(mfd_outcome_find("perhaps"), MFD_OUTCOME_COUNT);
    assert_int_equal(mfd_outcome_find(""), MFD_OUTCOME_COUNT);
}

static void a_set_is_written_with_or_between(void **state)
{
    char buf[64];

    (void)state;
    assert_string_equal(mfd_outcomes_text(0, buf, sizeof(buf)), "");
    assert_string_equal(mfd_outcomes_text(MFD_OUTCOME_BIT(MFD_WAITING), buf, sizeof(buf)),
                        "waiting");
    assert_string_equal(
        mfd_outcomes_text(MFD_OUTCOME_BIT(MFD_WAITING) | MFD_OUTCOME_BIT(MFD_REFUSED), buf,
                          sizeof(buf)),
        "refused or waiting");
}

static void a_set_is_cut_to_the_room_there_is(void **state)
{
    char buf[12];

    (void)state;
    assert_string_equal(mfd_outcomes_text(~0u, buf, sizeof(buf)), "crashed or ");
    buf[0] = 'x';
    mfd_outcomes_text(~0u, buf, 0);
    assert_int_equal(buf[0], 'x');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_outcome_is_found_by_its_name),
        cmocka_unit_test(a_set_is_written_with_or_between),
        cmocka_unit_test(a_set_is_cut_to_the_room_there_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
