// SPDX-License-Identifier: GPL-2.0-or-later
#include "finding.h"

#include "wire_test.h"

static void findings_stay_in_the_order_in_which_they_were_added(void **state)
{
    struct mfd_finding list[2];
    struct mfd_findings findings = {list, COUNT(list), 0};

    (void)state;
    mfd_findings_add(&findings, (struct mfd_finding){MFD_HDR_013, 0, 4, 1, 2});
    mfd_findings_add(&findings, (struct mfd_finding){MFD_HDR_014, 4, 4, 3, 4});
    assert_int_equal(findings.count, 2);
    assert_int_equal(list[0].rule, MFD_HDR_013);
    assert_int_equal(list[1].rule, MFD_HDR_014);
    assert_int_equal(list[1].offset, 4);
    assert_int_equal(list[1].width, 4);
    assert_int_equal(list[1].got, 3);
    assert_int_equal(list[1].want, 4);
}

static void what_has_no_room_is_counted_and_written_nowhere(void **state)
{
    struct mfd_finding list[2] = {{.rule = MFD_INIT_001}, {.rule = MFD_INIT_001}};
    struct mfd_findings findings = {list, 1, 0};
    struct mfd_findings none = {NULL, 0, 0};

    (void)state;
    for (int i = 0; i < 3; i++) {
        mfd_findings_add(&findings, (struct mfd_finding){.rule = MFD_HDR_013});
        mfd_findings_add(&none, (struct mfd_finding){.rule = MFD_HDR_013});
    }
    assert_int_equal(findings.count, 3);
    assert_int_equal(none.count, 3);
    assert_int_equal(list[0].rule, MFD_HDR_013);
    assert_int_equal(list[1].rule, MFD_INIT_001);
    assert_ptr_equal(mfd_findings_refused(&findings), &list[0]);
    assert_null(mfd_findings_refused(&none));
}

static void the_first_that_is_refused_decides(void **state)
{
    struct mfd_finding list[4];
    struct mfd_findings findings = {list, COUNT(list), 0};

    (void)state;
    assert_null(mfd_findings_refused(&findings));
    mfd_findings_add(&findings, (struct mfd_finding){.rule = MFD_HDR_027}); /* accepted */
    mfd_findings_add(&findings, (struct mfd_finding){.rule = MFD_HDR_004}); /* free */
    assert_null(mfd_findings_refused(&findings));
    mfd_findings_add(&findings, (struct mfd_finding){.rule = MFD_HDR_024}); /* refused, SHOULD */
    mfd_findings_add(&findings, (struct mfd_finding){.rule = MFD_HDR_021}); /* refused, MUST */
    assert_ptr_equal(mfd_findings_refused(&findings), &list[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_stay_in_the_order_in_which_they_were_added),
        cmocka_unit_test(what_has_no_room_is_counted_and_written_nowhere),
        cmocka_unit_test(the_first_that_is_refused_decides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
