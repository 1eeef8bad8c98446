// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every scenario as a capture: what the check says of the file is what the observer says of the events
 * themselves, which know nothing of TCP; and what it finds without being told anything is never more.
 */
#include "capture.h"
#include "capture_write.h"
#include "plan_events.h"
#include "suite.h"
#include "test_given.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* One migration: its capture in memory, and what its events say. */
struct sample {
    const struct mfd_plan *plan;
    struct mfd_capture_writer *writer;
    struct mfd_checked *direct;
    struct mfd_given given;
    char *bytes;
    size_t size;
    uint64_t at[2][512]; /* carried so far, by direction and connection */
    bool joined[512];
};

static struct mfd_suite suite;
static size_t sample_count;
static size_t found; /* rules that were found broken without being told anything */
static bool shown[MFD_RULE_COUNT];

static bool put_event(const struct mfd_event *event, const char *text, void *context)
{
    static const struct mfd_endpoint nobody;
    struct sample *sample = context;
    struct mfd_checked_place place = {.at = sample->at[event->direction][event->connection]};

    (void)text;
    if (!sample->joined[event->connection]) {
        sample->joined[event->connection] = true;
        mfd_checked_join(sample->direct, event->connection, &nobody);
    }
    sample->at[event->direction][event->connection] += event->len;
    mfd_checked_event(sample->direct, event, &place);
    assert_true(mfd_capture_event(sample->writer, event));
    return true;
}

static struct mfd_given given_of(const struct mfd_plan *plan)
{
    struct mfd_given given = test_given(plan);

    /* a scenario is a migration to a receiver that does not ask for the command */
    given.no_switchover = !mfd_suite_names(plan->scenario, MFD_MAIN_006);
    given.machine = "none";
    return given;
}

static struct mfd_verdicts check(const struct sample *sample, const struct mfd_given *given)
{
    char error[MFD_CAPTURE_ERROR_SIZE];
    struct mfd_verdicts verdicts;
    FILE *in = fmemopen(sample->bytes, sample->size, "rb");

    assert_non_null(in);
    if (!mfd_verdicts_read(in, given, MFD_CAPTURE_PORT, &verdicts, error)) {
        fail_msg("%s: %s", sample->plan->id, error);
    }
    return verdicts;
}

static size_t tell(const struct sample *sample, enum mfd_rule rule, const char *what)
{
    print_error("%s%s: %s %s\n", sample->plan->id, sample->plan->twin ? " without its fault" : "",
                mfd_rule_info(rule)->id, what);
    return 1;
}

/* Told everything, the file says what the events say. */
static size_t compare_told(const struct sample *sample)
{
    struct mfd_verdicts verdicts = check(sample, &sample->given);
    const struct mfd_checked *checked = NULL;
    size_t wrong = 0;

    if (mfd_checker_count(verdicts.checker) != 1) {
        print_error("%s: %zu migrations\n", sample->plan->id, mfd_checker_count(verdicts.checker));
        mfd_verdicts_free(&verdicts);
        return 1;
    }
    checked = mfd_checker_at(verdicts.checker, 0);
    for (enum mfd_rule rule = 0; rule < MFD_RULE_COUNT; rule++) {
        const struct mfd_checked_rule *here = &checked->rules[rule];
        const struct mfd_checked_rule *there = &sample->direct->rules[rule];

        if (here->state != there->state) {
            wrong += tell(sample, rule, mfd_checked_state_name(there->state));
        } else if (here->state == MFD_CHECKED_BROKEN &&
                   (here->count != there->count || here->offset != there->offset || !here->frame)) {
            wrong += tell(sample, rule, "is broken elsewhere");
        }
        wrong += (here->state == MFD_CHECKED_UNDECIDED) != (here->reason != NULL)
                     ? tell(sample, rule, "has no reason")
                     : 0;
        /* in 2017 only the order of connections tells main, which those about that order turn round */
        if (sample->plan->twin && sample->plan->speak >= MFD_REV_FIRST &&
            here->state == MFD_CHECKED_BROKEN && mfd_rule_refused(rule)) {
            wrong += tell(sample, rule, "is broken");
        }
        shown[rule] |= here->state == MFD_CHECKED_BROKEN;
    }
    mfd_verdicts_free(&verdicts);
    return wrong;
}

/*
 * A first packet that denies the method whose payload it has is, for one who does not know the method, one
 * without a method and of a wrong size.
 */
static bool is_taken_otherwise(const struct sample *sample, enum mfd_rule rule)
{
    return rule == MFD_HDR_010 && strncmp(sample->plan->id, "compress/other-method[", 22) == 0;
}

/* Told nothing, it finds nothing that is not there. */
static size_t compare_learnt(const struct sample *sample)
{
    struct mfd_given nothing = mfd_given_nothing();
    struct mfd_verdicts verdicts = check(sample, &nothing);
    size_t wrong = 0;

    for (size_t i = 0; i < mfd_checker_count(verdicts.checker); i++) {
        const struct mfd_checked *checked = mfd_checker_at(verdicts.checker, i);

        for (enum mfd_rule rule = 0; rule < MFD_RULE_COUNT; rule++) {
            bool broken = checked->rules[rule].state == MFD_CHECKED_BROKEN;

            if (broken && sample->direct->rules[rule].state != MFD_CHECKED_BROKEN &&
                !is_taken_otherwise(sample, rule)) {
                wrong += tell(sample, rule, "is found where it is not broken");
            }
            found += broken;
        }
    }
    mfd_verdicts_free(&verdicts);
    return wrong;
}

static size_t try_plan(const struct mfd_plan *plan)
{
    static size_t marks = MFD_CHECKED_MARKS;
    struct sample *sample = calloc(1, sizeof(*sample));
    FILE *out = NULL;
    size_t wrong = 0;

    assert_non_null(sample);
    sample->plan = plan;
    sample->given = given_of(plan);
    out = open_memstream(&sample->bytes, &sample->size);
    assert_non_null(out);
    sample->writer = mfd_capture_create(out, &(struct mfd_capture_options){0});
    sample->direct = mfd_checked_create(1, &sample->given, &marks);
    assert_true(sample->writer && sample->direct);
    assert_true(mfd_plan_events(plan, put_event, sample));
    assert_true(mfd_capture_finish(sample->writer));
    fclose(out);
    mfd_checked_end(sample->direct);
    wrong = compare_told(sample);
    if (plan->speak >= MFD_REV_FIRST) {
        wrong += compare_learnt(sample);
    }
    sample_count++;
    mfd_checked_free(sample->direct);
    free(sample->bytes);
    free(sample);
    return wrong;
}

/* Every instance for a revision, with its fault and without; how many there were is added to `tried`. */
static size_t try_revision(const struct mfd_scenario *scenario, enum mfd_rev rev, size_t *tried)
{
    struct mfd_target target = {.rev = rev, .machine = "none"};
    struct mfd_lang_error error = {0};
    size_t instances = 0;
    struct mfd_instance *list = mfd_scenario_expand(scenario, &target, 2, &instances, &error);
    size_t wrong = 0;

    for (size_t i = 0; list && i < 2 * instances; i++) {
        struct mfd_plan *plan =
            mfd_scenario_compile(scenario, &list[i / 2], &target, i % 2, &error);

        /* an old revision may lack what the scenario needs */
        if (plan && plan->expect && plan->conn_count && !plan->tls && !plan->file) {
            wrong += try_plan(plan);
            *tried += 1;
        }
        if (plan) {
            mfd_plan_free(plan);
        }
    }
    mfd_instances_free(list, instances);
    return wrong;
}

/* For the newest revision that the scenario is for, and for the oldest. */
static size_t try_scenario(const struct mfd_scenario *scenario)
{
    size_t tried = 0;
    size_t wrong = 0;
    int newest = MFD_REV_LATEST;

    for (; tried == 0 && newest >= 0; newest--) {
        wrong += try_revision(scenario, (enum mfd_rev)newest, &tried);
    }
    tried = 0;
    for (int oldest = 0; tried == 0 && oldest <= newest; oldest++) {
        wrong += try_revision(scenario, (enum mfd_rev)oldest, &tried);
    }
    return wrong;
}

static void the_file_of_each_scenario_says_what_its_events_say_and_no_more(void **state)
{
    size_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < suite.count; i++) {
        if (!mfd_scenario_is_sender(suite.files[i].scenario)) {
            wrong += try_scenario(suite.files[i].scenario);
        }
    }
    print_message("%zu migrations, %zu breaches found untold\n", sample_count, found);
    assert_true(sample_count > 400);
    assert_true(found > 100);
    assert_int_equal(wrong, 0);
}

/* A rule that a sender must keep, and that a capture shows, is broken by the scenarios that name it first. */
static void each_rule_that_a_scenario_breaks_is_found_broken(void **state)
{
    size_t missing = 0;

    (void)state;
    for (size_t i = 0; i < suite.count; i++) {
        size_t count = 0;
        const enum mfd_rule *rules = mfd_scenario_rules(suite.files[i].scenario, &count);

        /* MF-MAIN-008 is about blocks of the receiver, which no capture has */
        if (mfd_rule_info(rules[0])->send == MFD_SEND_MUST && mfd_observer_judges(rules[0]) &&
            rules[0] != MFD_MAIN_008 && !mfd_scenario_is_sender(suite.files[i].scenario) &&
            !shown[rules[0]]) {
            print_error("%s: %s\n", mfd_scenario_id(suite.files[i].scenario),
                        mfd_rule_info(rules[0])->id);
            missing++;
        }
    }
    assert_int_equal(missing, 0);
}

static int load(void **state)
{
    char error[MFD_SUITE_ERROR_SIZE];

    (void)state;
    return mfd_suite_load(MFD_SCENARIOS, &suite, error) ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    mfd_suite_free(&suite);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_of_each_scenario_says_what_its_events_say_and_no_more),
        cmocka_unit_test(each_rule_that_a_scenario_breaks_is_found_broken),
    };

    return cmocka_run_group_tests_name("check_scenarios", tests, load, unload);
}
