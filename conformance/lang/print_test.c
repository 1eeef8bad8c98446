// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang_fixture.h"
#include "tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *print(const char *text)
{
    struct mfd_lang_error error = {0};
    struct mfd_scenario *scenario = mfd_scenario_parse("x", text, strlen(text), &error);
    char *printed = NULL;

    if (!scenario) {
        fail_msg("line %u: %s\n%s", error.line, error.text, text);
    }
    printed = mfd_scenario_print(scenario);
    mfd_scenario_free(scenario);
    return printed;
}

static void assert_form(const char *text, const char *form)
{
    char *once = print(text);
    char *twice = print(once);

    assert_string_equal(once, form);
    assert_string_equal(twice, once);
    free(once);
    free(twice);
}

static void the_canonical_form_stays_as_it_is(void **state)
{
    static const char form[] =
        "# A hello whose id equals the channel count names a slot that does not exist.\n"
        "rule      MF-INIT-012\n"
        "channels  2\n"
        "ram       mem0 2M\n"
        "\n"
        "main start\n"
        "ch 0 ready\n"
        "ch 1 hello ! id=channels\n"
        "expect refused\n";

    (void)state;
    assert_form(form, form);
}

static void all_headers_are_printed(void **state)
{
    (void)state;
    assert_form(
        "# Prose\n"
        "with m none zlib\n"
        "each n in 1  2..3 \"t\" x'AB'\n"
        "needs pc process\n"
        "transport tcp\ntls psk\ndevice vfio 7 4K\n"
        "ram b 1M resizable fill=AA\nram a 2*page fill=random\n"
        "uuid 00112233-4455-6677-8899-AABBCCDDEEFF\n"
        "page 64K\nmethod none\nchannels 255\nrole sender\nonly ..8.2\nspeak 8.2\nrule MF-X MF-Y\n"
        "expect waiting or refused or accepted for 9.0..\n",
        "# Prose\n"
        "rule      MF-X MF-Y\n"
        "speak     8.2\n"
        "only      ..8.2\n"
        "role      sender\n"
        "channels  255\n"
        "method    none\n"
        "page      64K\n"
        "uuid      00112233-4455-6677-8899-aabbccddeeff\n"
        "ram       b 1M fill=aa resizable\n"
        "ram       a 2*page fill=random\n"
        "device    vfio 7 4K\n"
        "tls       psk\n"
        "transport tcp\n"
        "needs     pc process\n"
        "each      n in 1 2..3 \"t\" x'ab'\n"
        "with      m none zlib\n"
        "\n"
        "expect accepted or refused or waiting for 9.0..\n");
    assert_form("# P\nuuid none\nexpect hung\n", "# P\nuuid      none\n\nexpect hung\n");
}

static void arguments_and_faults_stand_in_one_order(void **state)
{
    (void)state;
    assert_form(
        "#P\n\n\n ch  0\tdata block=\"mem0\" num=same sync=1 zero=4 pages=0..3,7 split=1,*  ! close "
        "twice pad=x'00' offset[1]=0xFF packet.magic=0 block=\"mem0\"\n"
        "expect refused",
        "# P\n\n"
        "ch 0 data pages=0..3,7 zero=4 block=mem0 sync=1 num=same split=1,* ! offset[1]=0xff "
        "packet.magic=0 block=mem0 pad=x'00' twice close\n"
        "expect refused\n");
}

static void every_kind_of_step_is_printed(void **state)
{
    static const char form[] = "# P\n"
                               "each      n in 0 1\n"
                               "\n"
                               "main start\n"
                               "ch * ready\n"
                               "ch 0..$n sync\n"
                               "ch $n send x'0011' times=3 split=1,2\n"
                               "extra m header\n"
                               "settle\n"
                               "round\n"
                               "! extra x hello id=3 cut=20\n"
                               "! ch 0 data pages=0 block=$n magic=0\n"
                               "ch 1 data pages=1 ! block=$n payload=\"text\" split=1,*\n"
                               "main page pages=0\n"
                               "finish ! omit\n"
                               "expect refused\n";

    (void)state;
    assert_form(form, form);
}

static void orders_are_indented(void **state)
{
    (void)state;
    assert_form(
        "# P\norders\n# one\nmain start\nch 0 ready\n# two\nend\nfinish\nexpect accepted\n",
        "# P\n\norders\n    # one\n    main start\n    ch 0 ready\nend\n# two\nfinish\nexpect accepted\n");
}

static void comments_stay_with_what_follows_them(void **state)
{
    (void)state;
    assert_form("#P\n#\n#   more  \n\n#why: this\nmain start\n# so\nexpect accepted\n",
                "# P\n#\n#   more\n\n# why: this\nmain start\n# so\nexpect accepted\n");
}

static void what_is_not_compiled_is_printed_too(void **state)
{
    static const char sender[] =
        "# P\nrole      sender\n\nat ch 1 data#3 ! reset\nat main start#0 ! stall cancel\n"
        "ch 0 accept ! refuse\nat ch 0 sync#last ! close\nat extra x data#2*channels ! zero_pages=slots\nexpect refused\n";
    static const char file[] =
        "# P\ntransport file\neach      p in 0 1 3 64K\n\nfile start ! page_size=$p\n"
        "expect refused\n";

    (void)state;
    assert_form(sender, sender);
    assert_form(file, file);
}

static void a_step_and_a_fault_have_a_text_of_their_own(void **state)
{
    struct mfd_scenario *scenario =
        mfd_fixture_scenario("ch 0 hello  !  hello.id=3 close / expect refused");
    char *line = mfd_line_text(&scenario->lines[0]);
    char *fault = mfd_fault_text(&scenario->lines[0].faults[0]);

    (void)state;
    assert_string_equal(line, "ch 0 hello ! hello.id=3 close");
    assert_string_equal(fault, "hello.id=3");
    free(line);
    free(fault);
    mfd_scenario_free(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_canonical_form_stays_as_it_is),
        cmocka_unit_test(all_headers_are_printed),
        cmocka_unit_test(arguments_and_faults_stand_in_one_order),
        cmocka_unit_test(every_kind_of_step_is_printed),
        cmocka_unit_test(orders_are_indented),
        cmocka_unit_test(comments_stay_with_what_follows_them),
        cmocka_unit_test(what_is_not_compiled_is_printed_too),
        cmocka_unit_test(a_step_and_a_fault_have_a_text_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
