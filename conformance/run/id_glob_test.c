// SPDX-License-Identifier: GPL-2.0-or-later
#include "id_glob.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_star_stays_within_a_component(void **state)
{
    (void)state;
    assert_true(mfd_glob_matches("init/*", "init/bad-magic"));
    assert_true(mfd_glob_matches("init/*-magic", "init/bad-magic"));
    assert_true(mfd_glob_matches("init/bad-magic*", "init/bad-magic"));
    assert_true(mfd_glob_matches("*/bad-*", "init/bad-magic"));
    assert_false(mfd_glob_matches("*", "init/bad-magic"));
    assert_false(mfd_glob_matches("init*", "init/bad-magic"));
    assert_false(mfd_glob_matches("init/*", "header/bad-magic"));
}

static void two_stars_match_anything(void **state)
{
    (void)state;
    assert_true(mfd_glob_matches("**", "init/bad-magic"));
    assert_true(mfd_glob_matches("**", ""));
    assert_true(mfd_glob_matches("**magic", "init/bad-magic"));
    assert_true(mfd_glob_matches("init/**", "init/hello/bad"));
    assert_true(mfd_glob_matches("**/c*e", "a/bce/c/cde"));
    assert_false(mfd_glob_matches("**/x", "a/bce/c/cde"));
}

static void a_double_star_goes_on_where_a_star_stops_at_a_slash(void **state)
{
    (void)state;
    assert_true(mfd_glob_matches("**/a*b", "x/a1/ab"));
    assert_true(mfd_glob_matches("**a*b/c", "a/ab/ab/c"));
    assert_true(mfd_glob_matches("***b", "a/b"));
}

static void brackets_and_other_characters_stand_for_themselves(void **state)
{
    (void)state;
    assert_true(mfd_glob_matches("init/eof[n=13]", "init/eof[n=13]"));
    assert_false(mfd_glob_matches("init/eof[n=13]", "init/eofn"));
    assert_false(mfd_glob_matches("init/?", "init/x"));
}

static void an_empty_glob_matches_only_nothing(void **state)
{
    (void)state;
    assert_true(mfd_glob_matches("", ""));
    assert_false(mfd_glob_matches("", "a"));
    assert_false(mfd_glob_matches("a", ""));
}

/* The definition itself, too slow for use but plain. */
static bool defined(const char *glob, const char *text)
{
    bool any = glob[0] == '*' && glob[1] == '*';

    if (*glob != '*') {
        return *glob == *text && (!*glob || defined(glob + 1, text + 1));
    }
    return defined(glob + 1 + any, text) ||
           (*text && (any || *text != '/') && defined(glob, text + 1));
}

static void all_short_globs_match_as_defined(void **state)
{
    static const char letters[] = "*/ab";
    char glob[6] = {0};
    char text[6] = {0};

    (void)state;
    for (unsigned g = 0; g < 4 * 4 * 4 * 4 * 4; g++) {
        for (unsigned i = 0; i < 5; i++) {
            glob[i] = letters[g >> (2 * i) & 3];
        }
        for (unsigned t = 0; t < 3 * 3 * 3 * 3; t++) {
            unsigned rest = t;

            for (unsigned i = 0; i < 4; i++, rest /= 3) {
                text[i] = letters[1 + rest % 3];
            }
            for (unsigned len = 0; len <= 4; len++) {
                char cut[6];

                memcpy(cut, text, sizeof(cut));
                cut[len] = '\0';
                if (mfd_glob_matches(glob, cut) != defined(glob, cut)) {
                    fail_msg("\"%s\" on \"%s\"", glob, cut);
                }
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_star_stays_within_a_component),
        cmocka_unit_test(two_stars_match_anything),
        cmocka_unit_test(a_double_star_goes_on_where_a_star_stops_at_a_slash),
        cmocka_unit_test(brackets_and_other_characters_stand_for_themselves),
        cmocka_unit_test(an_empty_glob_matches_only_nothing),
        cmocka_unit_test(all_short_globs_match_as_defined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
