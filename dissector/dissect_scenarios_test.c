// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every scenario as a capture, through tshark: what the dissector marks is what the observer finds in the same
 * events, and nothing else; a migration without fault has no mark.
 */
#include "capture_write.h"
#include "method.h"
#include "observe.h"
#include "plan_events.h"
#include "profile.h"
#include "suite.h"
#include "tshark_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define GROUPS 128
#define CONNS 512u
#define BLOCKS 64u
#define PAGES (1u << 18)
/* The first receiver of a capture. */
#define RECEIVER ((198u << 24) | (18u << 16) | 1u)

/* One migration of a capture. */
struct sample {
    char *id;
    bool twin;
    bool wanted[MFD_RULE_COUNT];
    bool marked[MFD_RULE_COUNT];
    bool named[MFD_RULE_COUNT]; /* rules that the scenario is about */
    bool refused;               /* what it does wrong must not be accepted */
};

/* Migrations whose receivers are set up alike: one capture. */
struct group {
    char prefs[512];
    char path[64];
    FILE *file;
    struct mfd_capture_writer *writer;
    struct sample *samples;
    size_t count;
};

static struct group groups[GROUPS];
static size_t group_count;
static char folder[] = P_tmpdir "/mfd-dissector-XXXXXX";
static size_t sample_count;
static size_t early_count; /* of them: in the stages of 2017 */

static struct {
    struct mfd_observer observer;
    struct mfd_observer_conn conns[CONNS];
    uint8_t *buffers;
    struct mfd_finding *findings;
    struct mfd_ramblock blocks[BLOCKS];
    uint16_t pages[PAGES];
} judge;

static const char *word(const char *const *words, unsigned i)
{
    return words[i];
}

static struct group *group_of(const struct mfd_plan *plan, bool no_switchover)
{
    static const char *const syncs[] = {"section", "marker"};
    static const char *const zeros[] = {"main", "packet", "none"};
    char uuid[2 * MFD_UUID_SIZE + 1] = "";
    char prefs[sizeof(groups->prefs)];
    struct group *group = NULL;

    for (size_t i = 0; i < MFD_UUID_SIZE; i++) {
        snprintf(uuid + 2 * i, 3, "%02x", plan->uuid[i]);
    }
    snprintf(prefs, sizeof(prefs),
             "-o multifd.revision:%s -o multifd.sync:%s -o multifd.zero:%s -o multifd.method:%s "
             "-o multifd.channels:%u -o multifd.page_size:%u -o multifd.uuid:%s "
             "-o multifd.no_switchover:%s",
             mfd_rev_info(plan->speak)->name, word(syncs, plan->sync), word(zeros, plan->zero),
             mfd_method_info(plan->method)->name, plan->channels, plan->page_size, uuid,
             no_switchover ? "TRUE" : "FALSE");
    for (size_t i = 0; i < group_count; i++) {
        if (strcmp(groups[i].prefs, prefs) == 0) {
            return &groups[i];
        }
    }
    assert_true(group_count < GROUPS);
    group = &groups[group_count];
    strcpy(group->prefs, prefs);
    snprintf(group->path, sizeof(group->path), "%s/%zu.pcapng", folder, group_count);
    group_count++;
    group->file = fopen(group->path, "wb");
    assert_non_null(group->file);
    group->writer = mfd_capture_create(group->file, &(struct mfd_capture_options){0});
    assert_non_null(group->writer);
    return group;
}

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

static bool put_event(const struct mfd_event *event, const char *text, void *context)
{
    struct group *group = context;

    mfd_capture_comment(group->writer, text);
    mfd_observer_event(&judge.observer, event);
    assert_true(mfd_capture_event(group->writer, event));
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
    struct group *group = group_of(plan, no_switchover);
    struct sample *sample = NULL;
    const enum mfd_rule *rules = NULL;
    size_t count = 0;

    if (group->count) {
        mfd_capture_next_migration(group->writer);
    }
    group->samples = realloc(group->samples, (group->count + 1) * sizeof(*group->samples));
    assert_non_null(group->samples);
    sample = &group->samples[group->count++];
    memset(sample, 0, sizeof(*sample));
    sample->id = strdup(plan->id);
    sample->twin = plan->twin;
    sample->refused = plan->deviating >= 0 && !(plan->expect & MFD_OUTCOME_BIT(MFD_ACCEPTED));
    rules = mfd_scenario_rules(plan->scenario, &count);
    for (size_t i = 0; i < count; i++) {
        sample->named[rules[i]] = true;
    }
    start_judge(plan, no_switchover);
    assert_true(mfd_plan_events(plan, put_event, group));
    mfd_observer_end(&judge.observer);
    for (int rule = 0; rule < MFD_RULE_COUNT; rule++) {
        sample->wanted[rule] =
            mfd_observer_verdict(&judge.observer, (enum mfd_rule)rule).state == MFD_OBSERVED_BROKEN;
    }
    if (has_late_main_of_2017(plan)) {
        memset(sample->wanted, 0, sizeof(sample->wanted));
        sample->wanted[MFD_CHAN_002] = true;
    }
    sample_count++;
    early_count += !mfd_rev_has_packets(plan->speak);
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
            if (plan->expect && plan->conn_count && !plan->tls && !plan->file) {
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

    if (mfd_tshark_has_plugin(state) != 0 || !mkdtemp(folder) || chmod(folder, 0755) != 0) {
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
    for (size_t i = 0; i < group_count; i++) {
        assert_true(mfd_capture_finish(groups[i].writer));
        fclose(groups[i].file);
    }
    return 0;
}

static int remove_captures(void **state)
{
    (void)state;
    for (size_t i = 0; i < group_count; i++) {
        for (size_t s = 0; s < groups[i].count; s++) {
            free(groups[i].samples[s].id);
        }
        free(groups[i].samples);
        if (!getenv("MFD_KEEP")) {
            unlink(groups[i].path);
        }
    }
    free(judge.buffers);
    free(judge.findings);
    if (getenv("MFD_KEEP")) {
        print_message("kept: %s\n", folder);
        return 0;
    }
    return rmdir(folder);
}

/* A line "SOURCE TAB DESTINATION TAB RULE[,RULE]...". */
static void take_line(struct group *group, char *line)
{
    char *destination = strchr(line, '\t');
    char *rules = destination ? strchr(destination + 1, '\t') : NULL;
    unsigned a[4] = {0};
    const char *receiver = NULL;
    size_t index = 0;

    if (!rules) {
        fail_msg("what does tshark mean by: %s", line);
        return;
    }
    receiver = strncmp(line, "192.0.2.1\t", 10) == 0 ? destination + 1 : line;
    assert_int_equal(sscanf(receiver, "%u.%u.%u.%u", &a[0], &a[1], &a[2], &a[3]), 4);
    index = (a[0] << 24 | a[1] << 16 | a[2] << 8 | a[3]) - RECEIVER;
    assert_true(index < group->count);
    for (char *save = NULL, *id = strtok_r(rules + 1, ",", &save); id;
         id = strtok_r(NULL, ",", &save)) {
        enum mfd_rule rule = mfd_rule_find(id);

        assert_int_not_equal(rule, MFD_RULE_COUNT);
        group->samples[index].marked[rule] = true;
    }
}

static void dissect(struct group *group, const char *how)
{
    char *text =
        mfd_tshark("-r %s -n %s -o tcp.try_heuristic_first:TRUE -d tcp.port==%u,multifd %s "
                   "-Y multifd.rule -T fields -e ip.src -e ip.dst -e multifd.rule",
                   group->path, how, MFD_CAPTURE_PORT, group->prefs);

    for (size_t i = 0; i < group->count; i++) {
        memset(group->samples[i].marked, 0, sizeof(group->samples[i].marked));
    }
    for (char *save = NULL, *line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        take_line(group, line);
    }
    free(text);
}

/* Rules about payload, which the observer passes over. */
static bool is_about_payload(int rule)
{
    switch (rule) {
    case MFD_PAY_003:
    case MFD_PAY_005:
    case MFD_PAY_010:
    case MFD_PAY_011:
    case MFD_PAY_012:
    case MFD_PAY_014:
        return true;
    default:
        return false;
    }
}

static size_t tell(const struct sample *sample, int rule, bool wanted)
{
    print_error("%s%s: %s is %s\n", sample->id, sample->twin ? " without its fault" : "",
                mfd_rule_info((enum mfd_rule)rule)->id,
                wanted ? "not marked" : "marked, but not broken");
    return 1;
}

/* A scenario names all rules about payload that its fault may break; a decoder stops at the first. */
static size_t payload_differences(const struct sample *sample, bool payload)
{
    size_t count = 0;
    int named = -1;
    bool marked = false;

    for (int rule = 0; rule < MFD_RULE_COUNT; rule++) {
        if (!is_about_payload(rule)) {
            continue;
        }
        marked |= sample->marked[rule];
        if (sample->named[rule] && sample->refused && payload) {
            named = rule;
        } else if (sample->marked[rule]) {
            count += tell(sample, rule, false);
        }
    }
    return count + (named >= 0 && !marked ? tell(sample, named, true) : 0);
}

static size_t differences(const struct sample *sample, bool payload)
{
    size_t count = payload_differences(sample, payload);

    for (int rule = 0; rule < MFD_RULE_COUNT; rule++) {
        if (!is_about_payload(rule) && sample->wanted[rule] != sample->marked[rule]) {
            count += tell(sample, rule, sample->wanted[rule]);
        }
    }
    return count;
}

static void assert_marks(const char *how, bool payload)
{
    size_t wrong = 0;

    assert_true(sample_count > 400);
    assert_true(early_count > 50);
    for (size_t i = 0; i < group_count; i++) {
        dissect(&groups[i], how);
        for (size_t s = 0; s < groups[i].count; s++) {
            wrong += differences(&groups[i].samples[s], payload);
        }
    }
    assert_int_equal(wrong, 0);
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
    for (size_t i = 0; i < group_count; i++) {
        for (size_t s = 0; s < groups[i].count; s++) {
            const struct sample *sample = &groups[i].samples[s];

            for (int rule = 0; sample->twin && rule < MFD_RULE_COUNT; rule++) {
                if (sample->wanted[rule] && is_for_receivers((enum mfd_rule)rule)) {
                    fail_msg("%s: the observer finds %s without the fault", sample->id,
                             mfd_rule_info((enum mfd_rule)rule)->id);
                }
            }
            twins += sample->twin;
        }
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
