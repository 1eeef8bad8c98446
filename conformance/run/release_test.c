// SPDX-License-Identifier: GPL-2.0-or-later
#include "release.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static enum mfd_fit fit(const char *range, const char *version)
{
    struct mfd_releases releases;

    assert_true(mfd_releases_parse(range, &releases));
    return mfd_releases_fit(&releases, version);
}

static void a_release_is_read_from_what_a_peer_tells(void **state)
{
    struct mfd_release release;

    (void)state;
    assert_true(mfd_release_parse("7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)", &release));
    assert_int_equal(release.part[2], 22);
    assert_true(mfd_release_parse("11.1", &release));
    assert_int_equal(release.part[0], 11);
    assert_int_equal(release.part[2], 0);
    assert_true(mfd_release_parse("10.0.", &release));
    assert_false(mfd_release_parse("", &release));
    assert_false(mfd_release_parse("7", &release));
    assert_false(mfd_release_parse("v7.2", &release));
}

static void a_closed_range_holds_both_ends_and_may_hold_later_point_releases(void **state)
{
    (void)state;
    assert_int_equal(fit("7.2.5..7.2.22", "7.2.4"), MFD_FIT_NO);
    assert_int_equal(fit("7.2.5..7.2.22", "7.2.5"), MFD_FIT_YES);
    assert_int_equal(fit("7.2.5..7.2.22", "7.2.22"), MFD_FIT_YES);
    assert_int_equal(fit("7.2.5..7.2.22", "7.2.23"), MFD_FIT_MAYBE);
    assert_int_equal(fit("7.2.5..7.2.22", "8.0.0"), MFD_FIT_NO);
    assert_int_equal(fit("7.2.22", "7.2.22 (Debian)"), MFD_FIT_YES);
    assert_int_equal(fit("7.2.22", "7.2.23"), MFD_FIT_MAYBE);
}

static void a_range_before_a_release_ends_there(void **state)
{
    (void)state;
    assert_int_equal(fit("10.0.0..<10.0.13", "10.0.12"), MFD_FIT_YES);
    assert_int_equal(fit("10.0.0..<10.0.13", "10.0.13"), MFD_FIT_NO);
    assert_int_equal(fit("10.0.0..<10.0.13", "10.0.14"), MFD_FIT_NO);
}

static void an_unknown_version_may_fit_any_range(void **state)
{
    (void)state;
    assert_int_equal(fit("7.2.5..7.2.22", ""), MFD_FIT_MAYBE);
    assert_int_equal(fit("7.2.5..7.2.22", NULL), MFD_FIT_MAYBE);
    assert_int_equal(fit("*", ""), MFD_FIT_YES);
    assert_int_equal(fit("*", "4.2.0"), MFD_FIT_YES);
}

static void ranges_print_as_they_are_read(void **state)
{
    static const char *const texts[] = {"*", "7.2.22", "7.2.0..7.2.22", "10.0.0..<10.0.13"};
    struct mfd_releases range;
    char text[80];

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_true(mfd_releases_parse(texts[i], &range));
        assert_string_equal(mfd_releases_text(&range, text, sizeof(text)), texts[i]);
    }
}

static void what_is_no_range_is_refused(void **state)
{
    static const char *const texts[] = {
        "",           "**",           "7.2",           "7.2.0..",       "..7.2.0",
        "7.2.0..x",   "7.2.5..7.2.4", "7.2.5..<7.2.5", "7.2.0..7.2.5x", "7.2.0...7.2.5",
        "7.2.0..7.3",
    };
    struct mfd_releases range;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (mfd_releases_parse(texts[i], &range)) {
            fail_msg("\"%s\" is no range", texts[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_release_is_read_from_what_a_peer_tells),
        cmocka_unit_test(a_closed_range_holds_both_ends_and_may_hold_later_point_releases),
        cmocka_unit_test(a_range_before_a_release_ends_there),
        cmocka_unit_test(an_unknown_version_may_fit_any_range),
        cmocka_unit_test(ranges_print_as_they_are_read),
        cmocka_unit_test(what_is_no_range_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
