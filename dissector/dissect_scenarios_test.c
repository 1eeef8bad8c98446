// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every scenario as a capture, through tshark: what the dissector marks is what the observer finds in the same
 * events, and nothing else; a migration without fault has no mark.
 */
#include "marks_fixture.h"
#include "observe.h"
#include "plan_events.h"
#include "profile.h"
#include "suite.h"
#include "tls_cover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CONNS 512u
#define BLOCKS 64u
#define PAGES (1u << 18)

static size_t early_count; /* samples in the stages of 2017 */
static size_t tls_count;
static struct mfd_marks_sample
    *current; /* the migration at hand, its cover, and who has said hello under it */
static struct mfd_tls_cover *cover;
static bool greeted[CONNS];

static struct {
    struct mfd_observer observer;
    struct mfd_observer_conn conns[CONNS];
    uint8_t *buffers;
    struct mfd_finding *findings;
    struct mfd_ramblock blocks[BLOCKS];
    uint16_t pages[PAGES];
} judge;

static void start_judge(const struct mfd_plan *plan, bool no_switchover)
{
    size_t size = mfd_observer_buffer_size(plan->page_size);
    struct mfd_observer_config config = mfd_observer_config(plan->speak);
    struct mfd_observer_memory memory = {
        .conns = judge.conns,
        .conn_count = CONNS,
        .blocks = judge.blocks,
        .block_count = BLOCKS,
        .pages = judge.pages,
        .page_count = PAGES,
    };

    free(judge.buffers);
    free(judge.findings);
    judge.buffers = malloc(CONNS * size);
    judge.findings = calloc(mfd_observer_findings(plan->page_size), sizeof(*judge.findings));
    assert_true(judge.buffers && judge.findings);
    memset(judge.pages, 0, sizeof(judge.pages));
    memory.buffers = judge.buffers;
    memory.findings = judge.findings;
    config.sync = plan->sync;
    config.zero = plan->zero;
    config.channels = plan->channels;
    config.uuid = plan->uuid;
    config.page_size = plan->page_size;
    config.method = plan->method;
    config.no_switchover = no_switchover;
    mfd_observer_start(&judge.observer, &config, &memory);
}

/* What passes under TLS is what the observer gets. */
static bool put_event(const struct mfd_event *event, const char *text, void *context)
{
    const struct mfd_plan *plan = context;
    const struct mfd_plan_conn *conn = &plan->conns[event->connection];
    bool passes = true;

    if (plan->tls) {
        passes = mfd_tls_cover_event(cover, event, text, conn->tls);
    } else {
        mfd_marks_event(event, text);
    }
    if (plan->tls && conn->tls && passes && event->kind == MFD_EVENT_DATA &&
        conn->kind != MFD_CONN_MAIN && !greeted[event->connection]) {
        greeted[event->connection] = true;
        current->covered++;
    }
    if (passes) {
        mfd_observer_event(&judge.observer, event);
    }
    return true;
}

/*
 * Receivers of 2017, and the observer with them, take for main what comes first. The dissector is told the stage and knows
 * main by its header, so it marks what the sender did wrong.
 */
static bool has_late_main_of_2017(const struct mfd_plan *plan)
{
    return !mfd_rev_has_packets(plan->speak) && mfd_suite_names(plan->scenario, MFD_CHAN_002);
}

static void put_plan(const struct mfd_plan *plan)
{
    bool no_switchover = !mfd_suite_names(plan->scenario, MFD_MAIN_006);
    struct mfd_marks_sample *sample = mfd_marks_add(plan, no_switchover);
    const enum mfd_rule *rules = NULL;
    size_t count = 0;

    sample->refused = plan->deviating >= 0 && !(plan->expect & MFD_OUTCOME_BIT(MFD_ACCEPTED));
    rules = mfd_scenario_rules(plan->scenario, &count);
    for (size_t i = 0; i < count; i++) {
        sample->named[rules[i]] = true;
    }
    start_judge(plan, no_switchover);
    memset(greeted, 0, sizeof(greeted));
    current = sample;
    cover = plan->tls ? mfd_tls_cover_create(plan->tls, mfd_marks_event) : NULL;
    assert_true(mfd_plan_events(plan, put_event, (void *)plan));
    mfd_tls_cover_free(cover);
    mfd_observer_end(&judge.observer);
    for (int rule = 0; rule < MFD_RULE_COUNT; rule++) {
        sample->wanted[rule] =
            mfd_observer_verdict(&judge.observer, (enum mfd_rule)rule).state == MFD_OBSERVED_BROKEN;
    }
    if (has_late_main_of_2017(plan)) {
        memset(sample->wanted, 0, sizeof(sample->wanted));
        sample->wanted[MFD_CHAN_002] = true;
    }
    early_count += !mfd_rev_has_packets(plan->speak);
    tls_count += plan->tls != MFD_TLS_NONE;
}

/* The newest profile that the scenario is for, then every instance, with its fault and without. */
static void put_scenario(const struct mfd_suite_file *file)
{
    size_t count = 0;
    const struct mfd_profile *profiles = mfd_profiles(&count);
    size_t put = 0;

    for (size_t p = count; put == 0 && p > 0; p--) {
        struct mfd_target target = {
            .rev = profiles[p - 1].rev,
            .machine = "none",
            .settable = true,
        };
        struct mfd_lang_error error = {0};
        size_t instances = 0;
        struct mfd_instance *list =
            mfd_scenario_expand(file->scenario, &target, 2, &instances, &error);

        assert_non_null(list);
        for (size_t i = 0; i < 2 * instances; i++) {
            struct mfd_plan *plan =
                mfd_scenario_compile(file->scenario, &list[i / 2], &target, i % 2, &error);

            assert_non_null(plan);
            if (plan->expect && plan->conn_count && !plan->file) {
                put_plan(plan);
                put++;
            }
            mfd_plan_free(plan);
        }
        mfd_instances_free(list, instances);
    }
}

static int make_captures(void **state)
{
    struct mfd_suite suite;
    char error[MFD_SUITE_ERROR_SIZE];

    (void)state;
    if (!mfd_marks_begin() || !mfd_tls_cover_begin()) {
        return -1;
    }
    if (!mfd_suite_load(MFD_SCENARIOS, &suite, error)) {
        print_error("%s\n", error);
        return -1;
    }
    for (size_t i = 0; i < suite.count; i++) {
        if (!mfd_scenario_is_sender(suite.files[i].scenario)) {
            put_scenario(&suite.files[i]);
        }
    }
    mfd_suite_free(&suite);
    mfd_marks_finish();
    return 0;
}

static int remove_captures(void **state)
{
    (void)state;
    free(judge.buffers);
    free(judge.findings);
    return mfd_tls_cover_end() | mfd_marks_remove();
}

static void assert_marks(const char *how, bool payload)
{
    assert_true(mfd_marks_count() > 400);
    assert_true(early_count > 50);
    assert_true(tls_count > 40);
    assert_int_equal(mfd_marks_differences(how, payload), 0);
}

static void each_scenario_has_the_marks_of_the_rules_it_breaks_and_no_others(void **state)
{
    (void)state;
    assert_marks("", true);
}

static void a_second_pass_changes_no_mark(void **state)
{
    (void)state;
    assert_marks("-2", true);
}

static void without_payload_the_marks_are_the_same_but_for_those_about_payload(void **state)
{
    (void)state;
    assert_marks("-o multifd.reassemble:FALSE", false);
}

/* Every receiver must take it, also what a scenario about just that does on purpose. */
static bool is_for_receivers(enum mfd_rule rule)
{
    enum mfd_receipt receipt = mfd_rule_info(rule)->receipt;

    return receipt == MFD_RECEIPT_REFUSE_MUST || receipt == MFD_RECEIPT_REFUSE_SHOULD;
}

static void each_migration_without_fault_has_no_mark_that_a_receiver_refuses(void **state)
{
    size_t twins = 0;

    (void)state;
    for (size_t i = 0; i < mfd_marks_count(); i++) {
        const struct mfd_marks_sample *sample = mfd_marks_at(i);

        for (int rule = 0; sample->twin && rule < MFD_RULE_COUNT; rule++) {
            if (sample->wanted[rule] && is_for_receivers((enum mfd_rule)rule)) {
                fail_msg("%s: the observer finds %s without the fault", sample->id,
                         mfd_rule_info((enum mfd_rule)rule)->id);
            }
        }
        twins += sample->twin;
    }
    assert_true(twins > 100);
}

/* An argument selects tests by a pattern of their names: each pass over all captures takes its time. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_scenario_has_the_marks_of_the_rules_it_breaks_and_no_others),
        cmocka_unit_test(a_second_pass_changes_no_mark),
        cmocka_unit_test(without_payload_the_marks_are_the_same_but_for_those_about_payload),
        cmocka_unit_test(each_migration_without_fault_has_no_mark_that_a_receiver_refuses),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, make_captures, remove_captures);
}
