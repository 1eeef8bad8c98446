// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct judged {
    const char *text;
    unsigned line;
    const char *message; /* NULL: nothing is wrong */
};

static void check(const struct judged *judged)
{
    struct mfd_scenario *scenario = mfd_fixture_scenario(judged->text);
    struct mfd_lang_error error = {0};
    bool good = mfd_scenario_lint(scenario, &error);

    if (good && judged->message) {
        fail_msg("%s\ngave nothing", judged->text);
    }
    if (!good && (!judged->message || error.line != judged->line ||
                  strcmp(error.text, judged->message) != 0)) {
        fail_msg("%s\ngave %u: %s", judged->text, error.line, error.text);
    }
    mfd_scenario_free(scenario);
}

#define CHECK_ALL(list) \
    for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) { \
        check(&list[i]); \
    }

#define HELLO "main start / ch 0 ready / ch 1 hello ! "

static void rules_must_exist(void **state)
{
    static const struct judged cases[] = {
        {"main start / expect accepted", 1, "rule: the header is missing"},
        {"rule MF-INIT-999 / expect accepted", 2, "MF-INIT-999: no such rule"},
        {"channels 2 / rule MF-INIT-002 MF-INIT-013 / expect accepted", 3,
         "MF-INIT-013: is part of MF-INIT-012"},
        {"rule MF-INIT-018 / expect accepted", 2,
         "MF-INIT-018: is no rule: wording of a diagnostic; no verdict rests on message text"},
    };

    (void)state;
    CHECK_ALL(cases);
}

static void the_fault_must_touch_the_field_of_the_rule(void **state)
{
    static const struct judged cases[] = {
        {"rule MF-INIT-002 / " HELLO "magic=0 / expect refused", 0, NULL},
        {"rule MF-INIT-002 / " HELLO "hello.magic=0 / expect refused", 0, NULL},
        {"rule MF-INIT-002 / " HELLO "id=9 / expect refused", 2,
         "MF-INIT-002: no fault touches hello.magic"},
        {"rule MF-HDR-013 / main start / ch * ready / ch 0 data pages=0 ! magic=0 / expect refused",
         0, NULL},
        {"rule MF-HDR-013 / " HELLO "magic=0 / expect refused", 2,
         "MF-HDR-013: no fault touches packet.magic"},
        {"rule MF-INIT-006 / " HELLO "reserved=-1 / expect accepted", 0, NULL},
        {"rule MF-MAIN-003 / main start ! header.version=7 / expect refused", 2,
         "MF-MAIN-003: no fault touches footer.type footer.id"},
        {"rule MF-MAIN-003 / main start ! footer.id=7 / expect refused", 0, NULL},
        /* another block, and messages where none should be, or none where one should be */
        {"rule MF-HDR-019 / ram a 1M / ram b 1M / main start / ch * ready / "
         "ch 0 data pages=0 ! block=b / expect refused",
         0, NULL},
        {"rule MF-SYNC-014 / only ..8.0 / main start / ch * ready / ! main marker / expect refused",
         0, NULL},
        {"rule MF-MAIN-003 / only 7.2 / main header / main config / main section / main memsize / main block / "
         "main eos / main footer ! omit / expect refused",
         0, NULL},
        /* a positive case shows what is right, and a rule on more than one message has no field to touch */
        {"rule MF-INIT-002 / main start / expect accepted", 0, NULL},
        {"rule MF-INIT-016 / " HELLO "cut=7 close / expect refused", 0, NULL},
        {"rule MF-INIT-005 / " HELLO "magic=0 / expect refused", 0, NULL},
    };

    (void)state;
    CHECK_ALL(cases);
}

static void the_expectation_must_agree_with_the_rule(void **state)
{
    static const struct judged cases[] = {
        {"rule MF-INIT-002 / " HELLO "magic=0 / expect accepted", 6,
         "expect: MF-INIT-002 has receivers of 2020 refuse it"},
        {"rule MF-INIT-002 / " HELLO "magic=0 / expect refused or accepted", 6,
         "expect: MF-INIT-002 has receivers of 2020 refuse it"},
        {"rule MF-INIT-002 / " HELLO "magic=0 / expect waiting", 6,
         "expect: MF-INIT-002 has receivers of 2020 refuse it"},
        {"rule MF-INIT-002 / " HELLO "magic=0 / expect refused or waiting", 0, NULL},
        {"rule MF-INIT-006 / " HELLO "reserved=-1 / expect refused", 6,
         "expect: MF-INIT-006 has receivers of 2020 accept it"},
        {"rule MF-INIT-006 / " HELLO "reserved=-1 / expect accepted or refused", 6,
         "expect: MF-INIT-006 has receivers of 2020 accept it"},
        /* revisions outside the range of the rule are free */
        {"rule MF-HDR-018 / main start / ch * ready / ch 0 data pages=0 ! zero_pages=slots / "
         "expect refused for 9.0.. / expect accepted for ..8.2",
         0, NULL},
        {"rule MF-HDR-018 / main start / ch * ready / ch 0 data pages=0 ! zero_pages=slots / "
         "expect accepted for 10.0.. / expect refused for ..9.2",
         6, "expect: MF-HDR-018 has receivers of 10.0 refuse it"},
        {"rule MF-HDR-018 / only ..7.2 / main start / ch * ready / ch 0 data pages=0 ! zero_pages=slots / "
         "expect accepted",
         2, "MF-HDR-018: holds for no revision of this scenario"},
        {"rule MF-INIT-017 / " HELLO "cut=7 / expect refused or waiting", 0, NULL},
    };

    (void)state;
    CHECK_ALL(cases);
}

static void faults_on_several_lines_need_a_reason(void **state)
{
    static const struct judged cases[] = {
        {"rule MF-CHAN-004 / main start / ch * ready / ! extra x connect / ! extra x close / expect accepted",
         6, "faults on more than one line need a line \"# why: ...\""},
        {"# why: they are one deviation / rule MF-CHAN-004 / main start / ch * ready / ! extra x connect / "
         "! extra x close / expect accepted",
         0, NULL},
        {"rule MF-CHAN-004 / main start / ch * ready / ! extra x connect / # why: so / ! extra x close / "
         "expect accepted",
         0, NULL},
        {"rule MF-INIT-002 MF-INIT-003 / " HELLO "magic=0 version=0 / expect refused", 0, NULL},
    };

    (void)state;
    CHECK_ALL(cases);
}

static void parameters_must_have_a_use(void **state)
{
    static const struct judged cases[] = {
        {"rule MF-INIT-002 / each n in 1 2 / main start / expect accepted", 3,
         "$n: is used nowhere"},
        {"rule MF-CHAN-017 / with channels 1 2 / with page 4K 8K / with method none zlib / main start / "
         "expect accepted",
         0, NULL},
        {"rule MF-CHAN-017 / each n in 2M 4M / ram mem0 $n / main start / expect accepted", 0,
         NULL},
        {"rule MF-CHAN-017 / each n in 0 1 / main start / ch 0..1 ready / ch $n data pages=1 / expect accepted",
         0, NULL},
        {"rule MF-CHAN-017 / each n in 1 2 / main start / ch * ready / ch 0 data pages=0,1..$n / expect accepted",
         0, NULL},
        {"rule MF-HDR-021 / each n in 0 1 / main start / ch * ready / ch 0 data pages=0,1 ! offset[$n]=-4K / "
         "expect refused",
         0, NULL},
        {"rule MF-HDR-021 / each n in 0 1 / main start / ch * ready / ch 0 data pages=0 ! offset[0]=len(mem0)+$n / "
         "expect refused",
         0, NULL},
    };

    (void)state;
    CHECK_ALL(cases);
}

static void every_instance_must_compile_for_every_revision(void **state)
{
    static const struct judged cases[] = {
        {"rule MF-PAY-017 / main start / ch * ready / ch 0 data zero=3 / finish / expect accepted",
         5, "zero: 2020 sends no zero pages in packets"},
        {"rule MF-PAY-017 / only 9.0.. / main start / ch * ready / ch 0 data zero=3 / finish / expect accepted",
         0, NULL},
        {"rule MF-INIT-012 / each n in 3 1 / main start / ch 0 ready / ch 1 hello ! id=$n / expect refused",
         6, "id=$n: that is the right value, so it is no fault"},
        {"rule MF-INIT-012 / each n in 3..1 / main start / ch 1 hello ! id=$n / expect refused", 3,
         "n: 3..1 holds nothing"},
    };

    (void)state;
    CHECK_ALL(cases);
}

static void without_faults_syncs_and_sync_points_must_match(void **state)
{
    static const struct judged cases[] = {
        {"rule MF-PAY-001 / main start / ch * ready / main flush / finish / expect accepted", 7,
         "test/case: without faults ch 0 has 2 SYNCs for 3 sync points"},
        {"rule MF-PAY-001 / main start / ch * ready / ch 1 sync / finish / expect accepted", 7,
         "test/case: without faults ch 1 has 3 SYNCs for 2 sync points"},
        {"rule MF-SYNC-010 / main start / ch * ready / ! ch 1 close / main flush / expect refused",
         7, "test/case: without faults ch 0 has 2 SYNCs for 3 sync points"},
        {"rule MF-SYNC-010 / main start / ch * ready / ! ch 1 close / round / expect refused", 0,
         NULL},
        {"rule MF-CHAN-003 / main start / ch 0 ready / expect waiting", 0, NULL},
        {"rule MF-SYNC-006 / speak 7.2 / main start / ch * ready / ch 0 data pages=0..127 sync=1 / "
         "ch 0 empty num=same / ch 1 sync / main flush / finish / expect accepted",
         0, NULL},
    };

    (void)state;
    CHECK_ALL(cases);
}

static void what_is_not_compiled_is_judged_by_the_tables_only(void **state)
{
    static const struct judged cases[] = {
        {"rule MF-TLS-001 / tls psk / main start / ch 0 ready / ch 1 ready ! plain / expect waiting or refused",
         0, NULL},
        {"rule MF-CHAN-014 / role sender / at ch 1 data#3 ! reset / expect refused", 0, NULL},
        {"rule MF-TLS-009 / tls psk / expect refused", 2, "MF-TLS-009: no such rule"},
    };

    (void)state;
    CHECK_ALL(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_must_exist),
        cmocka_unit_test(the_fault_must_touch_the_field_of_the_rule),
        cmocka_unit_test(the_expectation_must_agree_with_the_rule),
        cmocka_unit_test(faults_on_several_lines_need_a_reason),
        cmocka_unit_test(parameters_must_have_a_use),
        cmocka_unit_test(every_instance_must_compile_for_every_revision),
        cmocka_unit_test(without_faults_syncs_and_sync_points_must_match),
        cmocka_unit_test(what_is_not_compiled_is_judged_by_the_tables_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
