// SPDX-License-Identifier: GPL-2.0-or-later
#include "words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void words_are_taken_off_in_order(void **state)
{
    const char *at = " one  two";
    char word[4];

    (void)state;
    assert_true(mfd_words_next(&at, word, sizeof(word)));
    assert_string_equal(word, "one");
    assert_true(mfd_words_next(&at, word, sizeof(word)));
    assert_string_equal(word, "two");
    assert_false(mfd_words_next(&at, word, sizeof(word)));
    assert_string_equal(word, "");
}

static void a_word_too_long_is_cut(void **state)
{
    const char *at = "three four";
    char word[4];

    (void)state;
    assert_true(mfd_words_next(&at, word, sizeof(word)));
    assert_string_equal(word, "thr");
    assert_true(mfd_words_next(&at, word, sizeof(word)));
    assert_string_equal(word, "fou");
}

static void only_whole_words_are_had(void **state)
{
    (void)state;
    assert_true(mfd_words_have("packet.offset packet.ramblock", "packet.offset"));
    assert_true(mfd_words_have("packet.offset packet.ramblock", "packet.ramblock"));
    assert_false(mfd_words_have("packet.offset packet.ramblock", "packet.off"));
    assert_false(mfd_words_have("packet.offset packet.ramblock", "offset"));
    assert_false(mfd_words_have("", "x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_taken_off_in_order),
        cmocka_unit_test(a_word_too_long_is_cut),
        cmocka_unit_test(only_whole_words_are_had),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
