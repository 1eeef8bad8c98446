// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sixteen hard cases that the language was made for. Each is in the language as it stands, keeps its form, and
 * compiles.
 */
#include "lang_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct example {
    const char *name;
    const char *steps;
    const char *needs; /* the error of compiling it, NULL if it compiles */
};

static const struct example examples[] = {
    {"dup id after data",
     "channels 3 / main start / ch 0 ready / ch 0 data pages=0..9 / ch 1 ready / ch 2 hello ! id=0 / expect refused",
     NULL},
    {"dup id with all present", "main start / ch * ready / ! extra x hello id=0 / expect accepted",
     NULL},
    {"half hello, silence",
     "each n in 1..63 / main start / ch 0 ready / ch 1 hello ! cut=$n / expect waiting or refused",
     NULL},
    {"others still working",
     "each n in 1..63 / main start / ch * ready / settle / ! extra x hello cut=$n / ch 0 data pages=0..9 / "
     "ch 1 data pages=10 / expect accepted",
     NULL},
    {"second zlib stream",
     "method zlib / main start / ch * ready / settle / ch 0 data pages=0..3 / ch 0 data pages=4..7 ! stream=fresh / "
     "expect refused",
     NULL},
    {"SYNC with data",
     "speak 7.2 / main start / ch * ready / settle / ch 0 data pages=0..127 sync=1 / ch 0 empty num=same / ch 1 sync / "
     "main flush / finish / expect accepted",
     NULL},
    {"one SYNC missing",
     "main start / ch * ready / settle / ch 0 sync / ch 1 sync ! omit / main flush / expect waiting or refused",
     NULL},
    {"data too early",
     "main start / ch 0 ready / ! ch 0 data pages=0 / ch 1 ready / expect accepted or refused",
     NULL},
    {"second main", "main header / ! extra m header / expect accepted or refused or waiting", NULL},
    {"offset wrap",
     "ram tiny 0 resizable / ram mem0 2M / main start / ch * ready / settle / "
     "ch 0 data block=mem0 pages=0 ! block=\"tiny\" offset[0]=4K / expect refused",
     NULL},
    {"zero onto dirt",
     "only 9.0.. / ram mem0 2M fill=aa / main start / ch * ready / settle / ch 0 data zero=3 / finish / expect accepted",
     NULL},
    {"EOF at each byte",
     "each n in 1..size(packet)-1 / main start / ch * ready / settle / ch 0 data pages=0..3 ! cut=$n close / "
     "expect refused",
     NULL},
    {"arrival orders",
     "only 8.0.. / orders / main start / ch 0 ready / ch 1 ready / end / finish / expect accepted",
     NULL},
    {"mapped-ram header",
     "transport file / each p in 0 1 3 64K / file start ! page_size=$p / expect refused", NULL},
    {"plain to TLS",
     "tls psk / main start / ch 0 ready / ch 1 ready ! plain / expect waiting or refused", NULL},
    {"sender",
     "role sender / channels 4 / ram mem0 64M fill=random / at ch 1 data#3 ! reset / expect refused",
     NULL},
    {"per profile",
     "main start / ch * ready / settle / ch 0 data pages=0 ! zero_pages=slots / expect refused for 9.0.. / "
     "expect accepted for ..8.2",
     NULL},
    {"page twice",
     "main start / ch * ready / settle / ch 0 data pages=7 / round / settle / ch 1 data pages=7 / finish / "
     "expect accepted",
     NULL},
};

#define EXAMPLE_COUNT (sizeof(examples) / sizeof(examples[0]))

static void every_example_keeps_its_canonical_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
        struct mfd_scenario *scenario = mfd_fixture_scenario(examples[i].steps);
        char *once = mfd_scenario_print(scenario);
        struct mfd_lang_error error;
        struct mfd_scenario *again = mfd_scenario_parse("again", once, strlen(once), &error);
        char *twice = NULL;

        assert_non_null(again);
        twice = mfd_scenario_print(again);
        assert_string_equal(once, twice);
        free(once);
        free(twice);
        mfd_scenario_free(again);
        mfd_scenario_free(scenario);
    }
}

/* Every instance of the example, as fault run and as twin. */
static void compile_all(const struct example *example, enum mfd_rev rev)
{
    struct mfd_scenario *scenario = mfd_fixture_scenario(example->steps);
    struct mfd_target target = {.rev = rev, .machine = "none"};
    struct mfd_lang_error error = {0};
    size_t count = 0;
    struct mfd_instance *instances = mfd_scenario_expand(scenario, &target, 2, &count, &error);

    assert_non_null(instances);
    for (size_t i = 0; i < 2 * count; i++) {
        struct mfd_plan *plan =
            mfd_scenario_compile(scenario, &instances[i / 2], &target, i % 2, &error);

        if (!plan && (!example->needs || strcmp(error.text, example->needs) != 0)) {
            fail_msg("%s: %s: line %u: %s", example->name, instances[i / 2].id, error.line,
                     error.text);
        }
        if (plan && example->needs && plan->expect) {
            fail_msg("%s compiles", example->name);
        }
        mfd_plan_free(plan);
    }
    mfd_instances_free(instances, count);
    mfd_scenario_free(scenario);
}

static void every_example_compiles_or_says_what_it_needs(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
        compile_all(&examples[i], MFD_REV_7_2);
        compile_all(&examples[i], MFD_REV_LATEST);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_keeps_its_canonical_form),
        cmocka_unit_test(every_example_compiles_or_says_what_it_needs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
