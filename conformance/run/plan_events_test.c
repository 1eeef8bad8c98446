// SPDX-License-Identifier: GPL-2.0-or-later
/* Every instance of every scenario: from plan to events to a capture, and back. */
#include "plan_events.h"

#include "capture_fixture.h"
#include "suite.h"

/* Events as a capture gives them back: writes that follow each other on a connection are one. */
struct wanted {
    struct mfd_event list[8192];
    size_t count;
    struct mfd_capture_writer *writer;
};

static bool put(const struct mfd_event *event, const char *text, void *context)
{
    struct wanted *wanted = context;
    struct mfd_event *last = wanted->count ? &wanted->list[wanted->count - 1] : NULL;

    (void)text;
    assert_true(mfd_capture_event(wanted->writer, event));
    if (last && event->kind == MFD_EVENT_DATA && last->kind == MFD_EVENT_DATA &&
        last->connection == event->connection && last->bytes + last->len == event->bytes) {
        last->len += event->len;
        return true;
    }
    assert_true(wanted->count < COUNT(wanted->list));
    wanted->list[wanted->count++] = *event;
    return true;
}

/* Compares, where several steps of one connection may have become one. */
static void assert_same(const struct wanted *wanted, const struct fixture_list *got, const char *id)
{
    size_t w = 0;

    for (size_t i = 0; i < got->count; i++) {
        const struct mfd_event *event = &got->list[i].event;
        /* a capture numbers connections as they come, the plan as they are declared */
        uint32_t connection = got->list[i].sender - MFD_CAPTURE_PORT - 1;
        size_t done = 0;

        assert_int_equal(got->list[i].missing, 0);
        do {
            if (w == wanted->count || wanted->list[w].kind != event->kind ||
                wanted->list[w].connection != connection ||
                wanted->list[w].direction != event->direction ||
                wanted->list[w].len > event->len - done ||
                (event->len &&
                 memcmp(wanted->list[w].bytes, event->bytes + done, wanted->list[w].len) != 0)) {
                fail_msg("%s: event %zu is another", id, w);
            }
            done += wanted->list[w++].len;
        } while (done < event->len);
    }
    assert_int_equal(w, wanted->count);
}

/* Number of events; 0 where the scenario is not for the revision. */
static size_t round_trip(const struct mfd_plan *plan)
{
    static struct wanted wanted;
    const struct mfd_capture_options options = {.format = MFD_CAPTURE_PCAP};
    struct fixture_file file = {NULL, 0};
    FILE *out = open_memstream(&file.bytes, &file.len);
    struct fixture_list got;

    wanted.count = 0;
    wanted.writer = mfd_capture_create(out, &options);
    assert_non_null(wanted.writer);
    assert_true(mfd_plan_events(plan, put, &wanted));
    assert_true(mfd_capture_finish(wanted.writer));
    fclose(out);
    got = fixture_read(&file);
    assert_string_equal(got.error, "");
    assert_int_equal(got.totals.segments, got.totals.frames);
    assert_same(&wanted, &got, plan->id);
    fixture_list_free(&got);
    free(file.bytes);
    return wanted.count;
}

static size_t round_trips(const struct mfd_scenario *scenario, enum mfd_rev rev)
{
    const struct mfd_target target = {.rev = rev, .machine = "none"};
    struct mfd_lang_error error;
    size_t count = 0;
    size_t events = 0;
    struct mfd_instance *instances = mfd_scenario_expand(scenario, &target, 2, &count, &error);

    assert_non_null(instances);
    for (size_t i = 0; i < count * 2; i++) {
        struct mfd_plan *plan =
            mfd_scenario_compile(scenario, &instances[i / 2], &target, i % 2, &error);

        assert_non_null(plan);
        events += round_trip(plan);
        mfd_plan_free(plan);
    }
    mfd_instances_free(instances, count);
    return events;
}

static void what_every_scenario_sends_comes_back_from_its_capture(void **state)
{
    char error[MFD_SUITE_ERROR_SIZE];
    struct mfd_suite suite;

    (void)state;
    assert_true(mfd_suite_load(MFD_SOURCE_SCENARIOS, &suite, error));
    assert_true(suite.count > 0);
    for (size_t i = 0; i < suite.count; i++) {
        size_t events = 0;

        if (mfd_scenario_is_sender(suite.files[i].scenario)) {
            continue;
        }
        for (int rev = MFD_REV_LATEST; !events && rev >= 0; rev--) {
            events = round_trips(suite.files[i].scenario, (enum mfd_rev)rev);
        }
        if (!events) {
            fail_msg("%s sends nothing", mfd_scenario_id(suite.files[i].scenario));
        }
    }
    mfd_suite_free(&suite);
}

struct counts {
    size_t opened;
    size_t ended[2];
};

static bool count_event(const struct mfd_event *event, const char *text, void *context)
{
    struct counts *counts = context;

    (void)text;
    counts->opened += event->kind == MFD_EVENT_OPEN;
    counts->ended[event->direction] += event->kind == MFD_EVENT_CLOSE;
    return true;
}

/* Compiles one instance of a scenario of the tree. */
static void count_events(const char *id, bool twin, struct counts *counts)
{
    const struct mfd_target target = {.rev = MFD_REV_11_1, .machine = "none"};
    struct mfd_lang_error error;
    char path[512];
    struct mfd_scenario *scenario = NULL;
    struct mfd_instance *instances = NULL;
    struct mfd_plan *plan = NULL;
    size_t count = 0;

    *counts = (struct counts){0};
    snprintf(path, sizeof(path), "%s/%s.mfd", MFD_SOURCE_SCENARIOS, id);
    scenario = mfd_scenario_load(id, path, &error);
    assert_non_null(scenario);
    instances = mfd_scenario_expand(scenario, &target, 2, &count, &error);
    plan = mfd_scenario_compile(scenario, &instances[0], &target, twin, &error);
    assert_true(mfd_plan_events(plan, count_event, counts));
    mfd_plan_free(plan);
    mfd_instances_free(instances, count);
    mfd_scenario_free(scenario);
}

static void what_may_be_accepted_is_closed_by_both_sides(void **state)
{
    struct counts counts;

    (void)state;
    count_events("packet/full", false, &counts);
    assert_true(counts.opened > 1);
    assert_int_equal(counts.ended[MFD_FORWARD], counts.opened);
    assert_int_equal(counts.ended[MFD_BACKWARD], counts.opened);
}

static void what_must_be_refused_is_left_open(void **state)
{
    struct counts counts;

    (void)state;
    count_events("packet/magic-zero", false, &counts);
    assert_true(counts.opened > 1);
    assert_int_equal(counts.ended[MFD_FORWARD] + counts.ended[MFD_BACKWARD], 0);
    count_events("packet/magic-zero", true, &counts);
    assert_int_equal(counts.ended[MFD_FORWARD], counts.opened);
}

static bool stop(const struct mfd_event *event, const char *text, void *context)
{
    size_t *left = context;

    (void)event;
    (void)text;
    return (*left)-- > 1;
}

static void a_walk_that_is_ended_says_so(void **state)
{
    const struct mfd_plan_conn conns[1] = {{.kind = MFD_CONN_MAIN}};
    struct mfd_step steps[2] = {{.kind = MFD_STEP_CONNECT}, {.kind = MFD_STEP_CLOSE}};
    struct mfd_plan plan = {
        .conns = (struct mfd_plan_conn *)conns, .conn_count = 1, .steps = {steps, 2}};
    size_t left = 3;

    (void)state;
    assert_true(mfd_plan_events(&plan, stop, &left));
    assert_int_equal(left, 1);
    left = 1;
    assert_false(mfd_plan_events(&plan, stop, &left));
    assert_int_equal(left, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_every_scenario_sends_comes_back_from_its_capture),
        cmocka_unit_test(what_may_be_accepted_is_closed_by_both_sides),
        cmocka_unit_test(what_must_be_refused_is_left_open),
        cmocka_unit_test(a_walk_that_is_ended_says_so),
    };
    return cmocka_run_group_tests_name("plan_events", tests, NULL, NULL);
}
