// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang_fixture.h"
#include "value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct mfd_arena arena;

static int free_arena(void **state)
{
    (void)state;
    mfd_arena_free(&arena);
    return 0;
}

static struct mfd_value read_value(const char *text)
{
    const char *rest = text;
    struct mfd_value value;
    const char *problem = mfd_value_read(&arena, &rest, &value);

    if (problem || *rest) {
        fail_msg("%s: %s, left \"%s\"", text, problem ? problem : "read", rest);
    }
    return value;
}

static void assert_prints(const char *text, const char *printed)
{
    struct mfd_value value = read_value(text);
    char *out = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&out, &size);

    assert_non_null(file);
    mfd_value_print(file, &value);
    fclose(file);
    assert_string_equal(out, printed);
    free(out);
}

static void values_keep_the_spelling_that_matters(void **state)
{
    static const char *const same[] = {
        "0",
        "18446744073709551615",
        "0xffffffffffffffff",
        "64K",
        "2M",
        "4G-1",
        "-1",
        "-4K",
        "channels",
        "page",
        "slots+1",
        "2*slots",
        "100*slots+1",
        "len(mem0)",
        "len(mem0)-4095",
        "size(hello)",
        "1..size(packet)-1",
        "0..3",
        "$n",
        "size(packet)+$n",
        "$from..$to",
        "\"\"",
        "\"a b\"",
        "x''",
        "x'00ff'",
        "same",
        "swapped",
        "mem-0",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        assert_prints(same[i], same[i]);
    }
}

static void values_lose_the_spelling_that_does_not_matter(void **state)
{
    (void)state;
    assert_prints("0xFF", "0xff");
    assert_prints("x'AbCd'", "x'abcd'");
    assert_prints("007", "7");
    assert_prints("0x00ff", "0xff");
}

/* ---- numbers ---- */

static const char *number_of(const struct mfd_env *env, const char *text, char *buf, size_t size)
{
    struct mfd_value value = read_value(text);
    struct mfd_number number;
    const char *problem = mfd_term_number(env, &value.from, &number);

    if (problem) {
        return problem;
    }
    snprintf(buf, size, "%s%llu", number.negative ? "-" : "", (unsigned long long)number.magnitude);
    return buf;
}

static void numbers_follow_the_case(void **state)
{
    static const struct {
        const char *text;
        const char *number;
    } cases[] = {
        {"64K", "65536"},
        {"1T", "1099511627776"},
        {"4G-1", "4294967295"},
        {"0xffffffffffffffff", "18446744073709551615"},
        {"0xffffffffffffffff+1", "needs more than 64 bits"},
        {"-1", "-1"},
        {"-0", "0"},
        {"-1+1", "0"},
        {"-4K+1", "-4095"},
        {"1-3", "-2"},
        {"channels", "3"},
        {"channels-3", "0"},
        {"page", "8192"},
        {"slots", "64"},
        {"2*slots+1", "129"},
        {"18446744073709551615*slots", "needs more than 64 bits"},
        {"0*slots-1", "-1"},
        {"len(mem0)", "2097152"},
        {"len(tiny)", "0"},
        {"len(mem0)-page", "not a number"}, /* no second symbol */
        {"len(gone)", "no such block"},
        {"size(hello)", "64"},
        {"size(packet)", "832"},
        {"size(device)", "276"},
        {"size(config)", "9"},
        {"size(section)", "17"},
        {"size(block)", "13"},
        {"size(gone)", "no such message"},
        {"$n", "7"},
        {"$minus", "-2"},
        {"$word", "not a number"},
        {"$gone", "not a number"},
        {"size(hello)+$n", "71"},
        {"size(hello)-$minus", "66"},
        {"size(hello)+$word", "not a number"},
    };
    struct mfd_scenario *scenario = mfd_fixture_scenario(
        "ram mem0 2M / ram tiny 0 resizable / channels 3 / page 8K / main start / expect accepted");
    struct mfd_value word = {.kind = MFD_VALUE_WORD, .text = "none"};
    struct mfd_bound bounds[] = {
        {.name = "n", .number = {false, 7}},
        {.name = "minus", .number = {true, 2}},
        {.name = "word", .value = &word},
    };
    struct mfd_target target = {.rev = MFD_REV_LATEST, .machine = "none"};
    struct mfd_env env = {scenario, &target, bounds, 3, 3, 8192};
    char buf[32];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *rest = cases[i].text;
        struct mfd_value value;

        if (mfd_value_read(&arena, &rest, &value)) {
            assert_string_equal(cases[i].number, "not a number");
        } else if (strcmp(number_of(&env, cases[i].text, buf, sizeof(buf)), cases[i].number) != 0) {
            fail_msg("%s gave %s, not %s", cases[i].text,
                     number_of(&env, cases[i].text, buf, sizeof(buf)), cases[i].number);
        }
    }
    mfd_scenario_free(scenario);
}

static void bounds_of_a_number_are_kept(void **state)
{
    struct mfd_scenario *scenario = mfd_fixture_scenario("expect accepted");
    struct mfd_env env = {.scenario = scenario, .channels = 2, .page_size = 4096};
    struct mfd_value five = read_value("5");
    struct mfd_value minus = read_value("-1");
    uint64_t number = 0;

    (void)state;
    assert_null(mfd_term_within(&env, &five.from, 5, 5, &number));
    assert_int_equal(number, 5);
    assert_string_equal(mfd_term_within(&env, &five.from, 6, 9, &number), "too small");
    assert_string_equal(mfd_term_within(&env, &five.from, 0, 4, &number), "too large");
    assert_string_equal(mfd_term_within(&env, &minus.from, 0, 4, &number), "too small");
    mfd_scenario_free(scenario);
}

static void a_parameter_stands_for_its_value(void **state)
{
    struct mfd_scenario *scenario = mfd_fixture_scenario("expect accepted");
    struct mfd_value text = {.kind = MFD_VALUE_TEXT, .text = "mem0", .len = 4};
    struct mfd_bound bounds[] = {{.name = "t", .value = &text}, {.name = "n", .number = {true, 3}}};
    struct mfd_env env = {.scenario = scenario, .bounds = bounds, .bound_count = 2};
    struct mfd_value t = read_value("$t");
    struct mfd_value n = read_value("$n");
    struct mfd_value gone = read_value("$gone");
    struct mfd_value room;
    const struct mfd_value *value = &t;

    (void)state;
    assert_null(mfd_value_resolve(&env, &value, &room));
    assert_ptr_equal(value, &text);
    value = &n;
    assert_null(mfd_value_resolve(&env, &value, &room));
    assert_true(value->from.negative);
    assert_int_equal(value->from.number.digits, 3);
    value = &gone;
    assert_string_equal(mfd_value_resolve(&env, &value, &room), "no such parameter");
    mfd_scenario_free(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(values_keep_the_spelling_that_matters, free_arena),
        cmocka_unit_test_teardown(values_lose_the_spelling_that_does_not_matter, free_arena),
        cmocka_unit_test_teardown(numbers_follow_the_case, free_arena),
        cmocka_unit_test_teardown(bounds_of_a_number_are_kept, free_arena),
        cmocka_unit_test_teardown(a_parameter_stands_for_its_value, free_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
