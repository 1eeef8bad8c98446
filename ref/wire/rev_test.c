// SPDX-License-Identifier: GPL-2.0-or-later
#include "rev.h"

#include "wire.h"
#include "wire_test.h"

static void every_revision_is_found_by_its_own_name(void **state)
{
    (void)state;
    for (int i = 0; i < MFD_REV_COUNT; i++) {
        enum mfd_rev rev = MFD_REV_COUNT;

        assert_true(mfd_rev_parse(mfd_rev_info((enum mfd_rev)i)->name, &rev));
        assert_int_equal(rev, i);
        assert_true(strlen(mfd_rev_info((enum mfd_rev)i)->change) > 0);
    }
}

static void a_release_between_two_revisions_speaks_the_older(void **state)
{
    static const struct {
        const char *text;
        enum mfd_rev rev;
    } cases[] = {
        {"5.0", MFD_REV_2020},          {"5.1", MFD_REV_2020},     {"5.2.0", MFD_REV_5_2},
        {"6.2", MFD_REV_5_2},           {"7.1", MFD_REV_5_2},      {"7.2.22", MFD_REV_7_2},
        {"8.0.5", MFD_REV_8_0},         {"8.2", MFD_REV_8_1},      {"9.0.4", MFD_REV_9_0},
        {"9.2.1", MFD_REV_9_2},         {"10.0.13", MFD_REV_10_0}, {"10.2.2", MFD_REV_10_1},
        {"11.0.1", MFD_REV_11_0},       {"11.1.3", MFD_REV_11_1},  {"12.0", MFD_REV_11_1},
        {"2024-mid", MFD_REV_2024_MID},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum mfd_rev rev = MFD_REV_COUNT;

        assert_true(mfd_rev_parse(cases[i].text, &rev));
        assert_int_equal(rev, cases[i].rev);
    }
}

static void what_is_no_release_is_refused(void **state)
{
    static const char *const cases[] = {
        "",         ".",        "7",       "7.",   "x.y", "7.2-rc1",
        "7.2+dfsg", "qemu-7.2", "12345.0", "2017", "4.2", "2.11.1",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum mfd_rev rev = MFD_REV_7_2;

        assert_false(mfd_rev_parse(cases[i], &rev));
        assert_int_equal(rev, MFD_REV_7_2);
    }
}

static void sync_points_and_zero_pages_moved_when_the_facts_say(void **state)
{
    (void)state;
    for (int i = 0; i < MFD_REV_COUNT; i++) {
        const struct mfd_rev_info *info = mfd_rev_info((enum mfd_rev)i);

        assert_int_equal(info->sync, i >= MFD_REV_8_1 ? MFD_SYNC_MARKER : MFD_SYNC_SECTION);
        assert_int_equal(info->zero, i >= MFD_REV_9_0 ? MFD_ZERO_PACKET : MFD_ZERO_MAIN);
        assert_int_equal(info->device, i >= MFD_REV_10_0);
    }
}

static void the_flags_of_a_revision_are_those_of_the_facts(void **state)
{
    (void)state;
    assert_int_equal(mfd_rev_flags(MFD_REV_2017_TEXT), 0x01);
    assert_int_equal(mfd_rev_flags(MFD_REV_2020), 0x0f);
    assert_int_equal(mfd_rev_flags(MFD_REV_9_0), 0x0f);
    assert_int_equal(mfd_rev_flags(MFD_REV_9_1), 0x1f);
    assert_int_equal(mfd_rev_flags(MFD_REV_9_2), 0x3f);
    assert_int_equal(mfd_rev_flags(MFD_REV_10_0), 0x7f);
    assert_int_equal(mfd_rev_flags(MFD_REV_LATEST), 0x7f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_revision_is_found_by_its_own_name),
        cmocka_unit_test(a_release_between_two_revisions_speaks_the_older),
        cmocka_unit_test(what_is_no_release_is_refused),
        cmocka_unit_test(sync_points_and_zero_pages_moved_when_the_facts_say),
        cmocka_unit_test(the_flags_of_a_revision_are_those_of_the_facts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
