// SPDX-License-Identifier: GPL-2.0-or-later
#include "suite_run.h"

#include "jobs.h"
#include "json.h"
#include "scratch.h"
#include "verdict.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Guards of the harness's own processes, in guards of the peer: a run has a few waits, each bounded. */
#define JOB_GUARDS 12

bool mfd_run_of_senders(const struct mfd_suite_run *suite)
{
    return strcmp(suite->options->role, "sender") == 0;
}

unsigned mfd_run_repetitions(const struct mfd_suite_run *suite)
{
    return suite->options->repeat ? suite->options->repeat : 1;
}

size_t mfd_run_instance_of(const struct mfd_suite_run *suite, size_t job)
{
    return suite->order[(job - suite->selection.twin_count) / mfd_run_repetitions(suite)];
}

/* An order of the instances, the same for the same seed on every machine. */
static void shuffle(struct mfd_suite_run *suite)
{
    size_t count = suite->selection.item_count;
    uint64_t state = suite->options->seed;

    for (size_t i = 0; i < count; i++) {
        suite->order[i] = i;
    }
    for (size_t i = count; suite->options->seed && i > 1; i--) {
        size_t other = 0;
        size_t kept = suite->order[i - 1];

        /* a linear congruential generator (Knuth's MMIX), of which the high bits are good */
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        other = (size_t)((state >> 33) % i);
        suite->order[i - 1] = suite->order[other];
        suite->order[other] = kept;
    }
}

/* Frees a result that does not count, and removes its capture. */
static void drop_result(struct mfd_result *result)
{
    if (result->pcap) {
        remove(result->pcap);
    }
    mfd_result_free(result);
}

/* A capture stays where something is wrong that was not known before. */
static void drop_capture_unless_wrong(struct mfd_result *result)
{
    bool wrong = result->verdict == MFD_FAIL || result->verdict == MFD_WARN ||
                 result->verdict == MFD_BLOCKED || result->verdict == MFD_HARNESS_ERROR;

    if (result->pcap && !wrong) {
        remove(result->pcap);
        free(result->pcap);
        result->pcap = NULL;
    }
}

static void twin_done(struct mfd_suite_run *suite, size_t index, const json_t *answer,
                      const char *why)
{
    struct mfd_result result;
    struct mfd_twin *twin = &suite->selection.twins[index];

    if (!answer || !mfd_result_from_json(answer, &result)) {
        twin->detail = strdup(why ? why : "no answer");
        return;
    }
    twin->got = result.got;
    mfd_run_note_rules(suite, &result);
    if (asprintf(&twin->detail, "%s%s%s", mfd_outcome_name(result.got), result.detail ? ": " : "",
                 result.detail ? result.detail : "") < 0) {
        twin->detail = NULL;
    }
    mfd_result_free(&result);
}

/* Whether nothing can change the result any more. Behind those of instances there are some about the whole run. */
static bool is_decided(const struct mfd_suite_run *suite, size_t index)
{
    return index >= suite->selection.item_count ||
           suite->tallies[index].runs == mfd_run_repetitions(suite);
}

/* Reports, in the order of the list, all results that are decided by now. */
static void report(struct mfd_suite_run *suite)
{
    for (; suite->decided < suite->run->count && is_decided(suite, suite->decided);
         suite->decided++) {
        if (suite->options->progress) {
            suite->options->progress(&suite->run->results[suite->decided], suite->options->context);
        }
    }
}

static void decide(struct mfd_suite_run *suite, const struct mfd_item *item,
                   struct mfd_result *result)
{
    const struct mfd_twin *twin = item->twin >= 0 ? &suite->selection.twins[item->twin] : NULL;
    struct mfd_verdict_twin about = {0};

    if (twin) {
        about = (struct mfd_verdict_twin){true, twin->got, twin->detail};
    }
    mfd_verdict_decide(result, &about, suite->options->baseline,
                       suite->peer->version ? suite->peer->version : "");
}

/* How far a verdict is from what one hopes for. */
static int badness(enum mfd_verdict verdict)
{
    switch (verdict) {
    case MFD_PASS:
        return 0;
    case MFD_KNOWN:
        return 1;
    case MFD_NOT_APPLICABLE:
    case MFD_VERDICT_UNSUPPORTED:
    case MFD_VERDICT_UNDECIDED:
        return 2;
    case MFD_WARN:
        return 3;
    default:
        return 4;
    }
}

/* With --repeat the worst result of an instance stays. */
static void keep_worst(struct mfd_result *kept, struct mfd_result *result,
                       struct mfd_run_tally *tally)
{
    if (kept->id && badness(result->verdict) <= badness(kept->verdict)) {
        tally->alike += result->verdict == kept->verdict && result->got == kept->got;
        drop_result(result);
        return;
    }
    if (kept->id) {
        drop_result(kept);
    }
    *kept = *result;
    tally->alike = 1;
}

/* Of an instance that did not come out the same each time, how often it came out as it is told. */
static void tell_rate(const struct mfd_run_tally *tally, struct mfd_result *result)
{
    char *text = NULL;

    if (tally->alike < tally->runs &&
        asprintf(&text, "%zu times of %zu: %s", tally->alike, tally->runs,
                 result->detail ? result->detail : "") > 0) {
        free(result->detail);
        result->detail = text;
    }
}

static void instance_done(struct mfd_suite_run *suite, size_t index, const json_t *answer,
                          const char *why)
{
    struct mfd_result *kept = &suite->run->results[index];
    const struct mfd_item *item = &suite->selection.items[index];
    struct mfd_result result;

    if (!answer || !mfd_result_from_json(answer, &result)) {
        result = (struct mfd_result){.verdict = MFD_HARNESS_ERROR, .got = MFD_UNDECIDED};
        mfd_run_describe(suite, item, NULL, &result);
        result.detail = strdup(why ? why : "no answer");
    } else {
        /* these live in tables, not in the answer */
        result.role = suite->options->role;
        result.level = mfd_rule_level(result.rule, mfd_run_of_senders(suite));
    }
    mfd_run_note_rules(suite, &result);
    decide(suite, item, &result);
    drop_capture_unless_wrong(&result);
    keep_worst(kept, &result, &suite->tallies[index]);
    suite->tallies[index].runs++;
    if (is_decided(suite, index)) {
        tell_rate(&suite->tallies[index], kept);
        report(suite);
    }
}

static void done(size_t index, const json_t *answer, const char *why, void *context)
{
    struct mfd_suite_run *suite = context;

    if (index < suite->selection.twin_count) {
        twin_done(suite, index, answer, why);
    } else {
        instance_done(suite, mfd_run_instance_of(suite, index), answer, why);
    }
}

/* Twins first, so that each instance can be decided as it ends. */
static bool run_jobs(struct mfd_suite_run *suite, struct mfd_peer *peer, char *error)
{
    char scratch[64];
    struct mfd_jobs jobs = {
        .parallel = suite->options->jobs,
        .guard = JOB_GUARDS * peer->guard,
        .work = mfd_run_piece,
        .done = done,
        .context = suite,
    };
    bool good = false;

    if (!mfd_scratch_make(NULL, scratch, sizeof(scratch))) {
        snprintf(error, MFD_RUN_ERROR_SIZE, "%s: no scratch folder: %s", mfd_scratch(),
                 strerror(errno));
        return false;
    }
    peer->scratch = scratch;
    suite->peer = peer;
    jobs.count = suite->selection.twin_count;
    good = mfd_jobs_run(&jobs);
    if (good) {
        jobs.first = suite->selection.twin_count;
        jobs.count = suite->selection.item_count * mfd_run_repetitions(suite);
        good = mfd_jobs_run(&jobs);
    }
    mfd_scratch_remove(scratch);
    if (!good) {
        snprintf(error, MFD_RUN_ERROR_SIZE, "the run was stopped");
    }
    return good;
}

static bool run_loaded(struct mfd_suite_run *suite, const struct mfd_suite *files, char *error)
{
    struct mfd_peer peer = *suite->peer;

    suite->files = files;
    if (!mfd_selection_make(&suite->selection, suite->peer, suite->options, files, error)) {
        return false;
    }
    malloc_trim(0); /* each instance costs two forks, and they copy what maps the heap */
    suite->run->results = calloc(suite->selection.item_count + 1, sizeof(*suite->run->results));
    suite->run->count = suite->selection.item_count;
    suite->order = calloc(suite->selection.item_count + 1, sizeof(*suite->order));
    suite->tallies = calloc(suite->selection.item_count + 1, sizeof(*suite->tallies));
    if (!suite->run->results || !suite->order || !suite->tallies) {
        snprintf(error, MFD_RUN_ERROR_SIZE, "out of memory");
        return false;
    }
    shuffle(suite);
    if (suite->options->planned) {
        const struct mfd_budget budget = mfd_selection_budget(&suite->selection);

        suite->options->planned(&budget, suite->options->context);
    }
    if (suite->selection.item_count && !run_jobs(suite, &peer, error)) {
        return false;
    }
    if (!mfd_run_add_rules(suite) || !mfd_run_add_stale_lines(suite)) {
        snprintf(error, MFD_RUN_ERROR_SIZE, "out of memory");
        return false;
    }
    report(suite);
    return true;
}

bool mfd_run_suite(const struct mfd_peer *peer, const struct mfd_run_options *options,
                   struct mfd_run *run, char *error)
{
    struct mfd_suite_run suite = {.peer = peer, .options = options, .run = run};
    struct mfd_suite files;
    double start = mfd_now();
    bool good = mfd_suite_load_some(options->scenarios, options->globs, &files, error) &&
                run_loaded(&suite, &files, error);

    mfd_selection_free(&suite.selection);
    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        free(suite.rules[i].text);
        free(suite.rules[i].id);
    }
    free(suite.order);
    free(suite.tallies);
    mfd_suite_free(&files);
    if (good) {
        mfd_run_summarise(run);
    }
    run->ms = (mfd_now() - start) * 1000;
    return good;
}
