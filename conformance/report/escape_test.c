// SPDX-License-Identifier: GPL-2.0-or-later
#include "escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_escaped(const char *text, const char *want)
{
    char *safe = mfd_escape(text);

    assert_string_equal(safe, want);
    free(safe);
}

static void valid_text_stays_as_it_is(void **state)
{
    (void)state;
    assert_escaped("", "");
    assert_escaped("plain \\ <text> & more\n\tnext", "plain \\ <text> & more\n\tnext");
    assert_escaped("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x8c\x8d",
                   "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x8c\x8d");
}

static void control_characters_are_shown(void **state)
{
    (void)state;
    assert_escaped("a\x1b[31mb\r\n\x07\x7f", "a\\x1b[31mb\\x0d\n\\x07\\x7f");
    assert_escaped("\xc2\x9b", "\\xc2\\x9b"); /* a control sequence introducer in one character */
    assert_escaped("\xc2\xa0", "\xc2\xa0");
}

static void what_is_not_utf8_is_shown_byte_by_byte(void **state)
{
    (void)state;
    assert_escaped("\xff\xfe", "\\xff\\xfe");
    assert_escaped("\x80", "\\x80");
    assert_escaped("\xc3(", "\\xc3(");
    assert_escaped("\xe2\x82", "\\xe2\\x82");
    assert_escaped("\xc0\xaf", "\\xc0\\xaf");                   /* overlong */
    assert_escaped("\xe0\x80\xaf", "\\xe0\\x80\\xaf");          /* overlong */
    assert_escaped("\xed\xa0\x80", "\\xed\\xa0\\x80");          /* surrogate */
    assert_escaped("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* past U+10FFFF */
    assert_escaped("\xef\xbf\xbf", "\\xef\\xbf\\xbf");          /* not a character */
}

static void no_text_stays_none(void **state)
{
    (void)state;
    assert_null(mfd_escape(NULL));
}

static void xml_has_entities_for_its_own_characters(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    mfd_escape_xml(out, "<a b=\"c\" d='e'>&\x01");
    mfd_escape_xml(out, NULL);
    fclose(out);
    assert_string_equal(text, "&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt;&amp;\\x01");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_text_stays_as_it_is),
        cmocka_unit_test(control_characters_are_shown),
        cmocka_unit_test(what_is_not_utf8_is_shown_byte_by_byte),
        cmocka_unit_test(no_text_stays_none),
        cmocka_unit_test(xml_has_entities_for_its_own_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
