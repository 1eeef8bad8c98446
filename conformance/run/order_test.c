// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a run is cut, ordered, repeated and wrapped does not change what each instance comes to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A guard that nothing reaches but a peer that hangs. */
#define PLENTY 60.0

static const char *const some[] = {"init/uuid-*", "init/eof[n=1*]", "main/minimal", NULL};

static struct mfd_run_options options_for(const char *const *globs)
{
    return (struct mfd_run_options){.scenarios = MFD_SOURCE_SCENARIOS,
                                    .globs = globs,
                                    .role = "receiver",
                                    .rerun = "mfdkit test",
                                    .jobs = 2,
                                    .repeat = 1,
                                    .strength = 2};
}

static struct mfd_run run_reference(const struct mfd_run_options *options)
{
    char path[] = "";
    char machine[] = "none";
    const struct mfd_peer peer = {.kind = &mfd_peer_ref,
                                  .path = path,
                                  .machine = machine,
                                  .rev = MFD_REV_LATEST,
                                  .guard = PLENTY};
    struct mfd_run run = {0};
    char error[MFD_RUN_ERROR_SIZE] = "";

    if (!mfd_run_suite(&peer, options, &run, error)) {
        fail_msg("%s", error);
    }
    return run;
}

static struct mfd_run run_command_with(char **argv, char *wrap,
                                       const struct mfd_run_options *options)
{
    char machine[] = "none";
    const struct mfd_peer peer = {.kind = &mfd_peer_command,
                                  .argv = argv,
                                  .wrap = wrap,
                                  .machine = machine,
                                  .rev = MFD_REV_LATEST,
                                  .guard = PLENTY};
    struct mfd_run run = {0};
    char error[MFD_RUN_ERROR_SIZE] = "";

    if (!mfd_run_suite(&peer, options, &run, error)) {
        fail_msg("%s", error);
    }
    return run;
}

static struct mfd_run run_command(char **argv, char *wrap, const char *scenario, unsigned repeat)
{
    const char *globs[] = {scenario, NULL};
    struct mfd_run_options options = options_for(globs);

    options.repeat = repeat;
    options.jobs = 1;
    return run_command_with(argv, wrap, &options);
}

static void the_shards_are_the_whole_and_share_nothing(void **state)
{
    struct mfd_run_options options = options_for(some);
    struct mfd_run whole = run_reference(&options);
    size_t found = 0;

    (void)state;
    assert_true(whole.count > 6);
    options.shards = 3;
    for (options.shard = 1; options.shard <= 3; options.shard++) {
        struct mfd_run part = run_reference(&options);

        assert_true(part.count > 0 && part.count < whole.count);
        for (size_t i = 0; i < part.count; i++) {
            size_t same = 0;

            for (size_t w = 0; w < whole.count; w++) {
                same += strcmp(whole.results[w].id, part.results[i].id) == 0;
            }
            assert_int_equal(same, 1);
        }
        found += part.count;
        mfd_run_free(&part);
    }
    assert_int_equal(found, whole.count);
    mfd_run_free(&whole);
}

static void a_seed_changes_the_order_of_the_plays_and_nothing_else(void **state)
{
    struct mfd_run_options options = options_for(some);
    struct mfd_run plain = run_reference(&options);
    struct mfd_run shuffled;

    (void)state;
    options.seed = 7;
    shuffled = run_reference(&options);
    assert_int_equal(shuffled.count, plain.count);
    for (size_t i = 0; i < plain.count; i++) {
        assert_string_equal(shuffled.results[i].id, plain.results[i].id);
        assert_int_equal(shuffled.results[i].verdict, plain.results[i].verdict);
        assert_int_equal(shuffled.results[i].got, plain.results[i].got);
    }
    mfd_run_free(&plain);
    mfd_run_free(&shuffled);
}

static void note_plan(const struct mfd_budget *budget, void *context)
{
    struct mfd_budget *kept = context;

    assert_int_equal(kept->plays, 0); /* once */
    *kept = *budget;
}

static void the_budget_is_told_before_the_run_and_holds(void **state)
{
    struct mfd_budget budget = {0};
    struct mfd_run_options options = options_for(some);
    struct mfd_run run;
    size_t foreign = 0;

    (void)state;
    options.planned = note_plan;
    options.context = &budget;
    options.repeat = 2;
    run = run_reference(&options);
    for (size_t i = 0; i < run.count; i++) {
        foreign += run.results[i].verdict == MFD_NOT_APPLICABLE;
    }
    assert_int_equal(budget.instances, run.count);
    assert_int_equal(budget.foreign, foreign);
    assert_true(budget.scenarios > 2 && budget.scenarios < budget.instances);
    assert_true(budget.twins > 0);
    assert_int_equal(budget.plays, budget.twins + 2 * (budget.instances - foreign));
    mfd_run_free(&run);
}

static void more_strength_means_no_fewer_instances(void **state)
{
    struct mfd_run_options options = options_for((const char *const[]){"channel/**", NULL});
    size_t counts[3] = {0};
    const unsigned strengths[] = {1, 2, 0};

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct mfd_budget budget = {0};
        struct mfd_run run;

        options.planned = note_plan;
        options.context = &budget;
        options.strength = strengths[i];
        options.shard = 1;
        options.shards = 20; /* the plan of all would take long to play */
        run = run_reference(&options);
        counts[i] = budget.instances;
        mfd_run_free(&run);
    }
    assert_true(counts[0] > 0);
    assert_true(counts[0] <= counts[1] && counts[1] <= counts[2]);
}

/* A file that is executed, with a script in it; its name is owned by the caller. */
static char *script(const char *text)
{
    char name[] = P_tmpdir "/mfd-order-XXXXXX";
    FILE *file = fdopen(mkstemp(name), "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(name, 0700), 0);
    return strdup(name);
}

static void drop(char *name)
{
    unlink(name);
    free(name);
}

static void of_repeated_plays_the_worst_is_told_with_its_rate(void **state)
{
    /* every second start is one that crashes */
    char *flaky =
        script("#!/bin/sh\nif mkdir \"$0.there\" 2>/dev/null; then\n  how=accept-all\nelse\n"
               "  rmdir \"$0.there\"; how=crash\nfi\nexec " MFD_BROKEN_PEER " $how \"$@\"\n");
    char *argv[] = {flaky, "{addr}", "{channels}", "{ram}", NULL};
    struct mfd_run run = run_command(argv, NULL, "packet/full", 4);

    (void)state;
    assert_int_equal(run.count, 1);
    assert_int_equal(run.results[0].got, MFD_CRASHED);
    assert_int_equal(run.results[0].verdict, MFD_FAIL);
    assert_memory_equal(run.results[0].detail, "2 times of 4: ", 14);
    mfd_run_free(&run);
    drop(flaky);
}

struct told {
    const char *log; /* a line for each start of the peer */
    unsigned results;
    long starts; /* that there had been when the first result was told */
};

static void note_result(const struct mfd_result *result, void *context)
{
    struct told *told = context;
    struct stat log = {0};

    (void)result;
    if (told->results++ == 0) {
        assert_int_equal(stat(told->log, &log), 0);
        told->starts = log.st_size;
    }
}

static void a_result_is_told_when_all_its_repetitions_were_played(void **state)
{
    static const char *const globs[] = {"packet/full", "main/minimal", NULL};
    char *counted =
        script("#!/bin/sh\necho >>\"$0.log\"\nexec " MFD_BROKEN_PEER " accept-all \"$@\"\n");
    char *argv[] = {counted, "{addr}", "{channels}", "{ram}", NULL};
    char log[64];
    struct told told = {.log = log};
    struct mfd_run_options options = options_for(globs);
    struct mfd_run run;

    (void)state;
    snprintf(log, sizeof(log), "%s.log", counted);
    options.repeat = 3;
    options.jobs = 1;
    options.progress = note_result;
    options.context = &told;
    run = run_command_with(argv, NULL, &options);
    assert_int_equal(run.count, 2);
    assert_int_equal(told.results, 2);
    assert_int_equal(told.starts, 3);
    mfd_run_free(&run);
    unlink(log);
    drop(counted);
}

static void what_comes_out_the_same_each_time_has_no_rate(void **state)
{
    char *argv[] = {MFD_BROKEN_PEER, "crash", "{addr}", "{channels}", "{ram}", NULL};
    struct mfd_run run = run_command(argv, NULL, "packet/full", 3);

    (void)state;
    assert_int_equal(run.results[0].got, MFD_CRASHED);
    assert_null(strstr(run.results[0].detail, "times of"));
    mfd_run_free(&run);
}

static void a_command_runs_under_the_one_that_wraps_it(void **state)
{
    char *wrapper = script("#!/bin/sh\necho \"$1\" >>\"$0.log\"\nshift\nexec \"$@\"\n");
    char *argv[] = {MFD_BROKEN_PEER, "accept-all", "{addr}", "{channels}", "{ram}", NULL};
    char wrap[64];
    char log[64];
    char line[32] = "";
    struct mfd_run run;
    FILE *file = NULL;

    (void)state;
    snprintf(wrap, sizeof(wrap), "%s  word", wrapper);
    snprintf(log, sizeof(log), "%s.log", wrapper);
    run = run_command(argv, wrap, "packet/full", 1);
    assert_int_equal(run.results[0].verdict, MFD_PASS);
    mfd_run_free(&run);
    file = fopen(log, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    assert_string_equal(line, "word\n");
    fclose(file);
    unlink(log);
    drop(wrapper);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shards_are_the_whole_and_share_nothing),
        cmocka_unit_test(a_seed_changes_the_order_of_the_plays_and_nothing_else),
        cmocka_unit_test(the_budget_is_told_before_the_run_and_holds),
        cmocka_unit_test(more_strength_means_no_fewer_instances),
        cmocka_unit_test(of_repeated_plays_the_worst_is_told_with_its_rate),
        cmocka_unit_test(a_result_is_told_when_all_its_repetitions_were_played),
        cmocka_unit_test(what_comes_out_the_same_each_time_has_no_rate),
        cmocka_unit_test(a_command_runs_under_the_one_that_wraps_it),
    };

    return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
