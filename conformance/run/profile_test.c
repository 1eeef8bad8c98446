// SPDX-License-Identifier: GPL-2.0-or-later
#include "profile.h"

#include "release.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_profile_is_found_by_its_name(void **state)
{
    size_t count = 0;
    const struct mfd_profile *all = mfd_profiles(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(mfd_profile_find(all[i].name), &all[i]);
    }
    assert_null(mfd_profile_find("qemu"));
    assert_int_equal(mfd_profile_find("ref")->rev, MFD_REV_LATEST);
}

static void every_profile_has_the_revision_of_its_release(void **state)
{
    size_t count = 0;
    const struct mfd_profile *all = mfd_profiles(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        enum mfd_rev rev = MFD_REV_COUNT;

        if (*all[i].release) {
            assert_true(mfd_rev_parse(all[i].release, &rev));
            assert_int_equal(all[i].rev, rev);
        }
    }
}

static void profiles_stand_in_order_of_release(void **state)
{
    size_t count = 0;
    const struct mfd_profile *all = mfd_profiles(&count);
    struct mfd_release last = {{0, 0, 0}};

    (void)state;
    for (size_t i = 1; i < count; i++) {
        struct mfd_release release;

        assert_true(mfd_release_parse(all[i].release, &release));
        assert_true(mfd_release_compare(&last, &release) < 0);
        last = release;
    }
}

static void a_point_release_has_the_profile_of_its_series(void **state)
{
    bool exact = false;

    (void)state;
    assert_string_equal(mfd_profile_for_version("7.2.22 (Debian)", &exact)->name, "qemu-7.2");
    assert_true(exact);
    assert_string_equal(mfd_profile_for_version("11.1.3", &exact)->name, "qemu-11.1");
    assert_true(exact);
}

static void a_release_without_profile_takes_the_nearest_older_one_and_says_so(void **state)
{
    bool exact = true;

    (void)state;
    assert_string_equal(mfd_profile_for_version("9.1.2", &exact)->name, "qemu-9.0");
    assert_false(exact);
    assert_string_equal(mfd_profile_for_version("12.0.0", &exact)->name, "qemu-11.1");
    assert_false(exact);
}

static void what_is_older_than_all_or_no_release_has_no_profile(void **state)
{
    bool exact = true;

    (void)state;
    assert_null(mfd_profile_for_version("4.2.1", &exact));
    assert_null(mfd_profile_for_version("", &exact));
    assert_false(exact);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_is_found_by_its_name),
        cmocka_unit_test(every_profile_has_the_revision_of_its_release),
        cmocka_unit_test(profiles_stand_in_order_of_release),
        cmocka_unit_test(a_point_release_has_the_profile_of_its_series),
        cmocka_unit_test(a_release_without_profile_takes_the_nearest_older_one_and_says_so),
        cmocka_unit_test(what_is_older_than_all_or_no_release_has_no_profile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
