// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang_fixture.h"
#include "memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct wrong {
    const char *text;
    unsigned line;
    const char *message;
};

#define P "# Prose. / "

/* What is wrong with the file as a whole, and with headers. */
static const struct wrong wrong_heads[] = {
    {"main start / expect accepted", 1, "a scenario starts with a line \"# what it shows\""},
    {"", 1, "a scenario starts with a line \"# what it shows\""},
    {"# Prose.", 1, "expect is missing"},
    {P "main start", 2, "expect is missing"},
    {P "expect accepted / # left over", 3, "a comment at the end belongs to no step"},
    {P "main start / ram mem0 2M / expect accepted", 3, "ram: headers stand before the first step"},
    {P "channels 2 / # in between / ram mem0 2M / expect accepted", 4,
     "ram: comments stand at the head of the file or before a step"},
    {P "expect accepted / main start", 3, "main: steps stand before expect"},
    {P "channels", 2, "channels: its value is missing"},
    {P "channels 2 3", 2, "3: nothing may follow \"2\""},
    {P "channels 2 / channels 3", 3, "channels: stands above already"},
    {P "channels 0", 2, "0: too small"},
    {P "channels 256", 2, "256: too large"},
    {P "channels two", 2, "two: not a number"},
    {P "channels slots", 2, "slots: must be a plain number"},
    {P "channels -1", 2, "-1: too small"},
    {P "speak 3.1", 2, "3.1: no such revision"},
    {P "only 2017-text", 2, "2017-text: that revision has no packets"},
    {P "only 9.0..7.2", 2, "9.0..7.2: no revision lies between"},
    {P "only ..", 2, "..: a revision must stand on one side"},
    {P "only 9.0..soon", 2, "9.0..soon: no such revision"},
    {P "role receiver", 2, "receiver: the only role to name is sender"},
    {P "method lzma", 2, "lzma: no such method"},
    {P "page 4095", 2, "4095: not a power of two from 256 to 64K"},
    {P "page 128K", 2, "128K: not a power of two from 256 to 64K"},
    {P "uuid 1234", 2, "1234: neither a UUID nor none"},
    {P "uuid 00112233-4455-6677-8899-aabbccddeefg", 2,
     "00112233-4455-6677-8899-aabbccddeefg: neither a UUID nor none"},
    {P "ram mem0", 2, "ram: the size is missing"},
    {P "ram mem0 2X", 2, "2X: \"X\" is too much"},
    {P "ram mem0 len(mem0)", 2, "len(mem0): a size does not depend on blocks or messages"},
    {P "ram mem0 2M / ram mem0 4M", 3, "mem0: a block of that name stands above"},
    {P "ram mem0 2M fill=xyz", 2, "fill=xyz: neither two hex digits, random nor mixed"},
    {P "ram mem0 2M fill=aa fill=bb", 2, "fill=bb: only fill= and resizable may follow, each once"},
    {P "device vfio 0", 2, "device: name, instance and size must follow"},
    {P "device vfio 4G 1K", 2, "4G: too large"},
    {P "device vfio 0 0", 2, "0: too small"},
    {P "device vfio 0 1K / device vfio 0 2K", 3, "vfio: that device stands above"},
    {P "ram a=b 2M", 2, "a=b: no name for a block"},
    {P "ram mem0 $size / expect accepted", 2, "$size: no each or with has that name"},
    {P "tls none", 2, "none: neither x509 nor psk"},
    {P "transport pipe", 2, "pipe: neither unix, tcp nor file"},
    {P "needs PC", 2, "PC: no word for a need"},
    {P "each n 1 2", 2, "each: must be each NAME in VALUE..."},
    {P "each n in", 2, "each: the values are missing"},
    {P "with n", 2, "with: the values are missing"},
    {P "each N in 1", 2, "N: no name for a parameter"},
    {P "each order in 1", 2, "order: no name for a parameter"},
    {P "each n in 1 / with n 2", 3, "n: a parameter of that name stands above"},
    {P "channels 2 / each channels in 1 2 / expect accepted", 3,
     "channels: there is a header of that name too"},
    {P "each n in 1..size(nothing) / expect accepted", 2, "size(nothing): no such message"},
    {P "each n in len(other) / expect accepted", 2, "len(other): no such block"},
    {P "each a in 1 / each b in $a / expect accepted", 3,
     "$a: no parameter inside a list of values"},
    {P "with channels slots", 2, "slots: must be a plain number here"},
    {P "with method none lzma", 2, "lzma: no such method"},
    {P "with channels \"two\"", 2, "\"two\": not a number"},
};

/* What is wrong with steps. */
static const struct wrong wrong_steps[] = {
    {P "main", 2, "the verb is missing"},
    {P "main begin", 2, "begin: no such step"},
    {P "wait", 2, "wait: no such step"},
    {P "ch", 2, "ch: a number, A..B or * must follow"},
    {P "ch one ready", 2, "one: neither a channel number, A..B nor *"},
    {P "ch 1x ready", 2, "1x: \"x\" is too much"},
    {P "ch $n ready", 2, "$n: no each or with has that name"},
    {P "extra", 2, "extra: a name of 1 to 16 small letters and digits must follow"},
    {P "extra X hello", 2, "extra: a name of 1 to 16 small letters and digits must follow"},
    {P "hello", 2, "hello: main, ch or extra must stand before it"},
    {P "main hello", 2, "hello: cannot follow \"main \""},
    {P "ch 0 start", 2, "start: cannot follow \"ch \""},
    {P "main finish", 2, "finish: cannot follow \"main \""},
    {P "file start", 2, "file: needs the header transport file"},
    {P "at ch 1 data#3 ! reset", 2, "at: needs the header role sender"},
    {P "ch 1 accept", 2, "accept: needs the header role sender"},
    {P "ch 1 ready ! stall", 2, "stall: no fault for ready"},
    {P "role sender / ch 1 hello", 3, "hello: with role sender the peer is the one that sends"},
    {P "role sender / at data#3 ! reset", 3, "at: main, ch or extra must follow"},
    {P "role sender / at ch 1 data ! reset", 3, "data: must be MESSAGE#NUMBER"},
    {P "role sender / at ch 1 close#3 ! reset", 3, "close#3: must be MESSAGE#NUMBER"},
    {P "ch 0 data", 2, "data: pages= or zero= is missing; a packet without pages is empty or sync"},
    {P "main zero", 2, "zero: pages= is missing"},
    {P "ch 0 data pages=", 2, "pages=: the value is missing"},
    {P "ch 0 data pages=0 pages=1", 2, "pages=1: stands in this line already"},
    {P "ch 0 data pages=0..x", 2, "0..x: not a number"},
    {P "ch 0 data pages=\"a\"", 2, "\"a\": not a list of numbers"},
    {P "ch 0 data pages=0 block=none", 2, "none: no such block"},
    {P "ch 0 data pages=0 sync=2", 2, "sync=2: can only be 1"},
    {P "ch 0 data pages=0 num=next", 2, "num=next: not a value for it"},
    {P "ch 0 data pages=0 split=0..3", 2, "0..3: sizes are single numbers"},
    {P "ch 0 data page=0", 2, "page=0: nothing that data takes"},
    {P "ch 1 hello id=0", 2,
     "id: a channel has its own number; another one is a fault, right of !"},
    {P "ch 0 device idstr=vfio", 2, "idstr=vfio: not a value for it"},
    {P "ch 0 hello magic=0", 2, "magic=0: a fault stands right of !"},
    {P "ch 0 hello close", 2, "close: a fault stands right of !"},
    {P "ch 0 send", 2, "send: the bytes x'...' are missing"},
    {P "ch 0 send \"text\"", 2, "\"text\": send takes bytes x'...'"},
    {P "ch 0 send x''", 2, "x'': send takes bytes x'...'"},
    {P "orders / main start / settle / end", 4,
     "settle: concerns more than one connection, so it cannot stand in orders"},
    {P "orders / end", 3, "end: no step stands between orders and end"},
    {P "end", 2, "end: there is no orders before it"},
    {P "orders / main start / expect accepted", 4, "expect: the end of orders is missing"},
    {P "orders / main start", 3, "orders: the end is missing"},
    {P "orders / main start / end / orders", 5, "orders: a scenario has one at most"},
    {P "settle now", 2, "now: nothing that settle takes"},
};

/* What is wrong with faults. */
static const struct wrong wrong_faults[] = {
    {P "ch 0 hello !", 2, "!: the fault is missing"},
    {P "! ch 0 hello ! id=1", 2, "!: the whole line is a fault already"},
    {P "! settle", 2, "!: a line that the twin lacks cannot be settle"},
    {P "! ch 0 hello omit", 2, "!: a line that the twin lacks cannot be omitted"},
    {P "settle ! omit", 2, "omit: no fault for settle"},
    {P "ch 0 hello ! broken", 2, "broken: no such fault"},
    {P "ch 0 hello ! pages_alloc=1", 2, "pages_alloc=1: hello has no such field"},
    {P "ch 0 hello ! packet.magic=1", 2, "packet.magic=1: hello has no such field"},
    {P "main start ! foot.id=1", 2, "foot: no such message"},
    {P "ch 0 hello ! magic=", 2, "magic=: the value is missing"},
    {P "ch 0 hello ! magic=0..3", 2, "magic=0..3: a field takes one value"},
    {P "ch 0 hello ! magic=same", 2, "magic=same: \"same\" is no value"},
    {P "ch 0 hello ! magic=\"QEVM\"", 2, "magic=\"QEVM\": a number takes no text"},
    {P "ch 0 hello ! magic=99999999999999999999", 2,
     "99999999999999999999: needs more than 64 bits"},
    {P "ch 0 hello ! magic=16777216T", 2, "16777216T: needs more than 64 bits"},
    {P "ch 0 hello ! magic=0x", 2, "0x: not a number"},
    {P "ch 0 hello ! magic=2*3", 2,
     "2*3: channels, page, slots, len(BLOCK) or size(MESSAGE) must follow *"},
    {P "ch 0 hello ! magic=x'123'", 2, "x'123': an odd number of hex digits"},
    {P "ch 0 hello ! magic=x'1g'", 2, "x'1g': not hex digits"},
    {P "ch 0 hello ! magic=x'12", 2, "x'12: the closing ' is missing"},
    {P "ch 0 hello ! uuid=\"12", 2, "\"12: the closing \" is missing"},
    {P "ch 0 hello ! uuid=\"12\"", 2, "uuid=\"12\": no UUID"},
    {P "ch 0 hello ! uuid=5", 2, "uuid=5: that field takes \"text\" or x'hex'"},
    {P "ch 0 hello ! reserved=swapped", 2,
     "reserved=swapped: only numbers and the UUID can be swapped"},
    {P "ch 0 hello ! id=$", 2, "$: a name must follow $"},
    {P "ch 0 hello ! id=$n", 2, "$n: no each or with has that name"},
    {P "ch 0 data pages=0 ! offset[0=1", 2, "offset[0=1: the closing ] is missing"},
    {P "ch 0 data pages=0 ! offset[a]=1", 2, "a: not a number"},
    {P "ch 0 data pages=0 ! block=none", 2, "none: no such block"},
    {P "ch 0 hello ! block=mem0", 2, "block=mem0: no fault for hello"},
    {P "ch 0 hello ! payload=x'00'", 2, "payload=x'00': no fault for hello"},
    {P "ch 0 data pages=0 ! payload=3", 2, "payload=3: not a value for it"},
    {P "ch 0 data pages=0 ! stream=old", 2, "stream=old: not a value for it"},
    {P "ch 0 hello ! pad=x''", 2, "pad=x'': not a value for it"},
    {P "ch 0 hello ! cut", 2, "cut: the value is missing"},
    {P "ch 0 hello ! cut=half", 2, "cut=half: not a value for it"},
    {P "ch 0 hello ! cut=1 cut=2", 2, "cut=2: stands in this line already"},
    {P "ch 0 hello ! close=1", 2, "close=1: takes no value"},
    {P "ch 0 hello ! omit close", 2, "omit: nothing is left for another fault"},
    {P "ch 0 hello ! close reset", 2, "reset: close stands there too"},
    {P "ch 0 hello ! twice cut=1", 2, "cut: twice stands there too"},
    {P "ch 0 connect ! cut=1", 2, "cut=1: no fault for connect"},
};

/* What is wrong with expectations. */
static const struct wrong wrong_expects[] = {
    {P "expect", 2, "expect: an outcome is missing"},
    {P "expect fine", 2, "fine: no such outcome"},
    {P "expect refused or", 2, "expect: an outcome is missing"},
    {P "expect refused or refused", 2, "refused: stands in this line already"},
    {P "expect refused accepted", 2, "accepted: only or OUTCOME and for REVS may follow"},
    {P "expect refused for", 2, "for: the revisions are missing"},
    {P "expect refused for 9.0.. soon", 2, "soon: only or OUTCOME and for REVS may follow"},
    {P "expect refused for x", 2, "x: no such revision"},
    {P "expect refused / expect accepted", 3, "expect: line 2 speaks for 2020 too"},
    {P "expect refused for 9.0.. / expect accepted for ..9.1", 3,
     "expect: line 2 speaks for 9.0 too"},
};

static void check_all(const struct wrong *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct mfd_lang_error error = {0};

        mfd_fixture_parse_error(list[i].text, &error);
        if (error.line != list[i].line || strcmp(error.text, list[i].message) != 0) {
            fail_msg("%s\ngave %u: %s\nnot  %u: %s", list[i].text, error.line, error.text,
                     list[i].line, list[i].message);
        }
    }
}

#define CHECK_ALL(list) check_all(list, sizeof(list) / sizeof(list[0]))

static void a_wrong_head_is_told_with_its_line(void **state)
{
    (void)state;
    CHECK_ALL(wrong_heads);
}

static void a_wrong_step_is_told_with_its_line(void **state)
{
    (void)state;
    CHECK_ALL(wrong_steps);
}

static void a_wrong_fault_is_told_with_its_line(void **state)
{
    (void)state;
    CHECK_ALL(wrong_faults);
}

static void a_wrong_expectation_is_told_with_its_line(void **state)
{
    (void)state;
    CHECK_ALL(wrong_expects);
}

/* ---- any bytes ---- */

static void fails_with(const char *text, size_t len, unsigned line, const char *message)
{
    struct mfd_lang_error error = {0};

    assert_null(mfd_scenario_parse("x", text, len, &error));
    assert_int_equal(error.line, line);
    assert_string_equal(error.text, message);
}

static void bytes_that_are_no_text_are_named(void **state)
{
    (void)state;
    fails_with("# a\nmain\0start\n", 15, 2, "byte 0x00 is not text");
    fails_with("# a\nmain start\r\n", 16, 2, "byte 0x0d is not text");
    fails_with("# a\nmain \xc3\xa4\n", 12, 2, "byte 0xc3 is not text");
    fails_with("# a\x1b\n", 5, 1, "byte 0x1b is not text");
    fails_with(NULL, 0, 1, "a scenario starts with a line \"# what it shows\"");
}

static void comments_may_hold_letters_beyond_ascii(void **state)
{
    static const char text[] = "# gr\xc3\xbc\xc3\x9f\x65\nexpect accepted";
    struct mfd_lang_error error;
    struct mfd_scenario *scenario = mfd_scenario_parse("x", text, sizeof(text) - 1, &error);

    (void)state;
    assert_non_null(scenario);
    assert_string_equal(mfd_scenario_prose(scenario), "gr\xc3\xbc\xc3\x9f\x65");
    mfd_scenario_free(scenario);
}

static void a_line_of_a_megabyte_is_refused(void **state)
{
    size_t len = 1u << 20;
    char *text = mfd_zalloc(len);

    (void)state;
    memset(text, 'a', len);
    memcpy(text, "# a\n", 4);
    fails_with(text, len, 2, "the line is longer than 65536 bytes");
    free(text);
}

static void a_file_beyond_all_reason_is_refused(void **state)
{
    size_t len = (4u << 20) + 1;
    char *text = mfd_zalloc(len);

    (void)state;
    memset(text, '\n', len);
    fails_with(text, len, 0, "the file is longer than 4194304 bytes");
    free(text);
}

static void the_last_line_needs_no_newline(void **state)
{
    static const char text[] = "# a\nmain start\nexpect accepted";
    struct mfd_lang_error error;
    struct mfd_scenario *scenario = mfd_scenario_parse("x", text, sizeof(text) - 1, &error);

    (void)state;
    assert_non_null(scenario);
    mfd_scenario_free(scenario);
}

/* Every text that is one byte away from a rich scenario either parses or has an error with a line. */
static void every_text_is_taken_or_refused_with_a_line(void **state)
{
    static const char seed[] =
        "# A.\nrule MF-INIT-002\nspeak 7.2\nonly 7.2..\nram mem0 2M fill=aa\neach n in 1..size(hello)-1 x'00'\n"
        "with channels 1 2\n\norders\nmain start\nch 0..1 ready split=1,*\nend\n! extra x hello id=0 cut=$n\n"
        "ch * data pages=0..3,7 block=mem0 ! offset[slots-1]=len(mem0)-$n pad=x'00ff' close\n"
        "main start ! footer.id=9 block.name=\"mem9\"\nfinish\nexpect refused or waiting for 9.0..\n";
    static const char bytes[] = "\0\n !\"'#$*+-./09:=[]aKx(),\xff";
    struct mfd_lang_error error;

    (void)state;
    for (size_t i = 0; i < sizeof(seed) - 1; i++) {
        for (size_t b = 0; b < sizeof(bytes) - 1; b++) {
            char text[sizeof(seed)];
            struct mfd_scenario *scenario = NULL;

            memcpy(text, seed, sizeof(seed));
            text[i] = bytes[b];
            error.line = 0;
            scenario = mfd_scenario_parse("x", text, sizeof(seed) - 1, &error);
            assert_true(scenario || (error.line > 0 && error.text[0]));
            mfd_scenario_free(scenario);
        }
    }
}

static void every_beginning_of_a_text_is_taken_or_refused(void **state)
{
    static const char seed[] =
        "# A.\nrule MF-INIT-002\neach n in 1..2 \"a\"\nch 0 data pages=1,2 ! offset[0]=x'00'\n"
        "expect refused or waiting for 9.0..\n";
    struct mfd_lang_error error;

    (void)state;
    for (size_t len = 0; len < sizeof(seed); len++) {
        mfd_scenario_free(mfd_scenario_parse("x", seed, len, &error));
    }
}

/* ---- what others see of a scenario ---- */

static void a_scenario_tells_what_it_is_about(void **state)
{
    struct mfd_scenario *scenario = mfd_fixture_scenario(
        "# More prose. / rule MF-INIT-012 MF-INIT-005 / needs pc process / transport tcp / main start / expect refused");
    size_t count = 0;
    const enum mfd_rule *rules = mfd_scenario_rules(scenario, &count);
    const char *const *needs = NULL;

    (void)state;
    assert_int_equal(count, 2);
    assert_int_equal(rules[0], MFD_INIT_012);
    assert_int_equal(rules[1], MFD_INIT_005);
    needs = mfd_scenario_needs(scenario, &count);
    assert_int_equal(count, 2);
    assert_string_equal(needs[1], "process");
    assert_string_equal(mfd_scenario_id(scenario), "test/case");
    assert_string_equal(mfd_scenario_prose(scenario), "Prose. More prose.");
    assert_string_equal(mfd_scenario_transport(scenario), "tcp");
    assert_false(mfd_scenario_negative(scenario));
    assert_false(mfd_scenario_is_sender(scenario));
    mfd_scenario_free(scenario);
}

static void a_scenario_with_a_fault_is_negative(void **state)
{
    struct mfd_scenario *right_of = mfd_fixture_scenario("ch 0 hello ! id=1 / expect refused");
    struct mfd_scenario *whole = mfd_fixture_scenario("! extra x connect / expect accepted");

    (void)state;
    assert_true(mfd_scenario_negative(right_of));
    assert_true(mfd_scenario_negative(whole));
    assert_null(mfd_scenario_transport(whole));
    mfd_scenario_free(right_of);
    mfd_scenario_free(whole);
}

static void a_file_that_is_not_there_is_an_error_at_line_0(void **state)
{
    struct mfd_lang_error error = {.line = 7};

    (void)state;
    assert_null(mfd_scenario_load("x", "/nonexistent/x.mfd", &error));
    assert_int_equal(error.line, 0);
    assert_string_equal(error.text, "No such file or directory");
    assert_null(mfd_scenario_load("x", "/", &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_head_is_told_with_its_line),
        cmocka_unit_test(a_wrong_step_is_told_with_its_line),
        cmocka_unit_test(a_wrong_fault_is_told_with_its_line),
        cmocka_unit_test(a_wrong_expectation_is_told_with_its_line),
        cmocka_unit_test(bytes_that_are_no_text_are_named),
        cmocka_unit_test(comments_may_hold_letters_beyond_ascii),
        cmocka_unit_test(a_line_of_a_megabyte_is_refused),
        cmocka_unit_test(a_file_beyond_all_reason_is_refused),
        cmocka_unit_test(the_last_line_needs_no_newline),
        cmocka_unit_test(every_text_is_taken_or_refused_with_a_line),
        cmocka_unit_test(every_beginning_of_a_text_is_taken_or_refused),
        cmocka_unit_test(a_scenario_tells_what_it_is_about),
        cmocka_unit_test(a_scenario_with_a_fault_is_negative),
        cmocka_unit_test(a_file_that_is_not_there_is_an_error_at_line_0),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
