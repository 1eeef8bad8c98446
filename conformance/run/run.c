// SPDX-License-Identifier: GPL-2.0-or-later
#include "run.h"

#include "hexdump.h"
#include "id_glob.h"
#include "jobs.h"
#include "json.h"
#include "judge.h"
#include "oversight.h"
#include "recording.h"
#include "scratch.h"
#include "selection.h"
#include "verdict.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Guards of the harness's own processes, in guards of the peer: a run has a few waits, each bounded. */
#define JOB_GUARDS 12
/* In the place of a repetition. */
#define TWIN SIZE_MAX

/* A rule that senders keep, over all migrations of a run. */
struct rule_seen {
    size_t held; /* migrations */
    size_t broken;
    char *text; /* where and how it was broken first */
    char *id;   /* of the instance in which it was, or else first was held */
};

struct suite_run {
    const struct mfd_peer *peer;
    const struct mfd_run_options *options;
    struct mfd_run *run;
    struct mfd_selection selection;
    size_t *order; /* the instance that is run as the n-th */
    size_t *worst; /* for each instance: how many of its runs came out as the result that is kept */
    struct mfd_plan *plan;          /* in a process of the harness: what it has compiled last ... */
    const struct mfd_item *planned; /* ... and of what */
    size_t decided;                 /* results before this index have been reported */
    const struct mfd_suite *files;
    struct rule_seen rules[MFD_RULE_COUNT]; /* role sender */
};

static bool of_senders(const struct suite_run *suite)
{
    return strcmp(suite->options->role, "sender") == 0;
}

static unsigned repetitions(const struct suite_run *suite)
{
    return suite->options->repeat ? suite->options->repeat : 1;
}

/*
 * The instance of a job; jobs of twins have the first numbers. All repetitions of an instance follow one
 * another, so that a process compiles it once for many.
 */
static size_t instance_of(const struct suite_run *suite, size_t job)
{
    return suite->order[(job - suite->selection.twin_count) / repetitions(suite)];
}

/* An order of the instances, the same for the same seed on every machine. */
static void shuffle(struct suite_run *suite)
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

/* The course of events is told of a failure only. */
static void drop_course(struct mfd_result *result)
{
    mfd_happenings_free(result->happenings, result->happening_count);
    result->happenings = NULL;
    result->happening_count = 0;
}

/* The step that deviates, NULL if none does; its line goes into the result. */
static const struct mfd_step *find_deviation(const struct mfd_plan *plan, struct mfd_result *result)
{
    const struct mfd_step *found = NULL;

    if (plan->moment_count) {
        result->line = plan->moments[0].line;
    }
    for (size_t i = 0; i < plan->steps.count; i++) {
        const struct mfd_step *step = &plan->steps.list[i];

        if (step->deviation) {
            result->line = step->line;
            found = step;
        }
        if (step->deviation && step->kind == MFD_STEP_SEND) {
            break;
        }
    }
    return found;
}

/* The deviating message as the report of a failure shows it. */
static void add_offending(const struct mfd_plan *plan, const struct mfd_step *step,
                          struct mfd_result *result)
{
    if (step && step->kind == MFD_STEP_SEND) {
        struct mfd_hexdump dump = {step->bytes,      step->size,         step->parts,
                                   step->part_count, step->fault_offset, step->fault_size,
                                   plan->page_size};

        result->offending = mfd_hexdump_text(&dump);
    }
}

static void describe(const struct suite_run *suite, const struct mfd_item *item,
                     const struct mfd_plan *plan, struct mfd_result *result)
{
    size_t rule_count = 0;
    const enum mfd_rule *rules = mfd_scenario_rules(item->file->scenario, &rule_count);

    result->id = strdup(item->instance->id);
    result->params = strdup(item->instance->params);
    result->rule = rules[0];
    result->role = suite->options->role;
    result->level = mfd_rule_level(rules[0], of_senders(suite));
    result->expect = plan ? plan->expect : 0;
    result->path = strdup(item->file->path);
    if (asprintf(&result->rerun, "%s -t '%s'", suite->options->rerun, item->instance->id) < 0) {
        result->rerun = NULL;
    }
}

/* Of an instance: how often it was run before. */
static size_t repetition_of(const struct suite_run *suite, size_t index)
{
    return (index - suite->selection.twin_count) % repetitions(suite);
}

/* Whether the course and the capture may be wanted; only later it is known what is a known defect. */
static bool worth_telling(const struct mfd_plan *plan, const struct mfd_result *result)
{
    return result->verdict == MFD_HARNESS_ERROR || !(plan->expect & MFD_OUTCOME_BIT(result->got));
}

static void run_plan(const struct suite_run *suite, const struct mfd_plan *plan, size_t repetition,
                     struct mfd_result *result)
{
    struct mfd_recording recording = {.count = 0};
    bool save = suite->options->save_pcap && repetition != TWIN;
    const struct mfd_step *deviation = NULL;

    (plan->sender ? mfd_judge_sender : mfd_judge_run)(suite->peer, plan, save ? &recording : NULL,
                                                      result);
    deviation = find_deviation(plan, result);
    if (!worth_telling(plan, result)) {
        drop_course(result);
        save = false;
    } else {
        add_offending(plan, deviation, result);
    }
    if (save) {
        result->pcap = mfd_recording_save(&recording, plan, suite->options->save_pcap, repetition);
    }
    mfd_recording_free(&recording);
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

/* Compiles an instance, unless that is what was compiled last. */
static const struct mfd_plan *plan_of(struct suite_run *suite, const struct mfd_item *item,
                                      bool twin)
{
    struct mfd_lang_error fault = {0};

    if (!suite->plan || suite->planned != item) {
        mfd_plan_free(suite->plan);
        suite->plan = mfd_item_compile(&suite->selection, item, twin, &fault);
        suite->planned = item;
    }
    return suite->plan;
}

/* In a process of its own: runs one twin, or one instance. Twins have the first numbers. */
static json_t *work(size_t index, void *context)
{
    struct suite_run *suite = context;
    bool twin = index < suite->selection.twin_count;
    const struct mfd_item *item = twin ? suite->selection.twins[index].of
                                       : &suite->selection.items[instance_of(suite, index)];
    const struct mfd_plan *plan = plan_of(suite, item, twin);
    struct mfd_result result = {0};
    json_t *answer = NULL;

    if (plan) {
        describe(suite, item, plan, &result);
        if (plan->expect) {
            run_plan(suite, plan, twin ? TWIN : repetition_of(suite, index), &result);
        }
        answer = mfd_result_to_transfer(&result);
    }
    mfd_result_free(&result);
    return answer;
}

/* Adds what one migration has shown of the rules. */
static void note_rules(struct suite_run *suite, const struct mfd_result *result)
{
    for (size_t i = 0; i < result->rule_count; i++) {
        const struct mfd_result_rule *seen = &result->rules[i];
        struct rule_seen *rule = &suite->rules[seen->rule];

        if (seen->broken ? rule->broken == 0 : rule->held + rule->broken == 0) {
            free(rule->id);
            rule->id = strdup(result->id);
        }
        if (seen->broken && !rule->text) {
            rule->text = seen->text ? strdup(seen->text) : NULL;
        }
        rule->broken += seen->broken;
        rule->held += !seen->broken;
    }
}

static void twin_done(struct suite_run *suite, size_t index, const json_t *answer, const char *why)
{
    struct mfd_result result;
    struct mfd_twin *twin = &suite->selection.twins[index];

    if (!answer || !mfd_result_from_json(answer, &result)) {
        twin->detail = strdup(why ? why : "no answer");
        return;
    }
    twin->got = result.got;
    note_rules(suite, &result);
    if (asprintf(&twin->detail, "%s%s%s", mfd_outcome_name(result.got), result.detail ? ": " : "",
                 result.detail ? result.detail : "") < 0) {
        twin->detail = NULL;
    }
    mfd_result_free(&result);
}

/* Reports, in the order of the list, all results that are decided by now. */
static void report(struct suite_run *suite, size_t upto)
{
    for (; suite->decided < upto && suite->run->results[suite->decided].id; suite->decided++) {
        if (suite->options->progress) {
            suite->options->progress(&suite->run->results[suite->decided], suite->options->context);
        }
    }
}

static void decide(struct suite_run *suite, const struct mfd_item *item, struct mfd_result *result)
{
    const struct mfd_twin *twin = item->twin >= 0 ? &suite->selection.twins[item->twin] : NULL;
    struct mfd_verdict_twin about = {0};

    if (twin) {
        about = (struct mfd_verdict_twin){true, twin->got, twin->detail};
    }
    mfd_verdict_decide(result, &about, suite->options->baseline,
                       suite->peer->version ? suite->peer->version : "");
}

/* Whether nothing was left out of the run. */
static bool is_full(const struct mfd_run_options *options)
{
    return (!options->globs || !options->globs[0]) && !options->shards;
}

/* One more result; NULL without memory. */
static struct mfd_result *add_result(struct mfd_run *run)
{
    struct mfd_result *grown = realloc(run->results, (run->count + 1) * sizeof(*grown));

    if (!grown) {
        return NULL;
    }
    run->results = grown;
    grown[run->count] = (struct mfd_result){.id = NULL};
    return &grown[run->count++];
}

static void tell_rule(struct suite_run *suite, enum mfd_rule rule, struct mfd_result *result)
{
    const struct rule_seen *seen = &suite->rules[rule];
    bool applies = mfd_rule_applies(rule, suite->peer->rev);
    const struct mfd_verdict_twin none = {0};

    *result = (struct mfd_result){
        .params = strdup(""),
        .rule = rule,
        .role = suite->options->role,
        .level = mfd_rule_level(rule, true),
        .expect = applies ? MFD_OUTCOME_BIT(MFD_ACCEPTED) : 0,
        .got = seen->broken ? MFD_CORRUPTED
               : seen->held ? MFD_ACCEPTED
                            : MFD_UNDECIDED,
    };
    if (asprintf(&result->id, MFD_RESULT_OF_RULE "%s", mfd_rule_info(rule)->id) < 0) {
        result->id = NULL;
    }
    if (asprintf(&result->detail, "held in %zu migrations, broken in %zu%s%s%s%s", seen->held,
                 seen->broken, seen->text ? ", first in " : "", seen->text ? seen->id : "",
                 seen->text ? ": " : "", seen->text ? seen->text : "") < 0) {
        result->detail = NULL;
    }
    if (seen->id && asprintf(&result->rerun, "%s -t '%s'", suite->options->rerun, seen->id) < 0) {
        result->rerun = NULL;
    }
    mfd_verdict_decide(result, &none, suite->options->baseline,
                       suite->peer->version ? suite->peer->version : "");
}

/*
 * The rules that a sender keeps, judged over all its migrations, as a result each. Of a part of the scenarios
 * only those are told that it has decided.
 */
static bool add_rules(struct suite_run *suite)
{
    for (int i = 0; of_senders(suite) && i < MFD_RULE_COUNT; i++) {
        const struct rule_seen *seen = &suite->rules[i];
        bool due = is_full(suite->options) && mfd_oversight_rule((enum mfd_rule)i);
        struct mfd_result *result = NULL;

        if (!due && !seen->held && !seen->broken) {
            continue;
        }
        result = add_result(suite->run);
        if (!result) {
            return false;
        }
        tell_rule(suite, (enum mfd_rule)i, result);
    }
    return true;
}

/* Whether a line of the baseline is about a rule over all migrations, which only all of them can make stale. */
static bool is_of_rule(const struct mfd_baseline_line *line)
{
    return strncmp(line->glob, MFD_RESULT_OF_RULE, strlen(MFD_RESULT_OF_RULE)) == 0;
}

/* Whether a line of the baseline is about peers in the other role, of which this run shows nothing. */
static bool of_other_role(const struct suite_run *suite, const struct mfd_baseline_line *line)
{
    if (is_of_rule(line)) {
        return !of_senders(suite);
    }
    for (size_t i = 0; i < suite->files->count; i++) {
        const struct mfd_scenario *scenario = suite->files->files[i].scenario;

        if (mfd_scenario_is_sender(scenario) != of_senders(suite) &&
            mfd_glob_matches(line->glob, mfd_scenario_id(scenario))) {
            return true;
        }
    }
    return false;
}

/* Lines of the baseline that say what is no longer so: a result each, or a warning for a newer release. */
static bool add_stale_lines(struct suite_run *suite)
{
    const struct mfd_run_options *options = suite->options;
    const struct mfd_baseline *baseline = options->baseline;
    bool full = is_full(options);

    for (size_t i = 0; baseline && i < baseline->count; i++) {
        const struct mfd_baseline_line *line = &baseline->lines[i];
        enum mfd_staleness stale =
            mfd_baseline_staleness(line, suite->peer->version ? suite->peer->version : "",
                                   full && !of_other_role(suite, line));
        char text[MFD_BASELINE_ERROR_SIZE];
        struct mfd_result *result = NULL;

        if (stale == MFD_FRESH || (!full && is_of_rule(line))) {
            continue;
        }
        result = add_result(suite->run);
        if (!result) {
            return false;
        }
        *result = (struct mfd_result){
            .id = strdup(line->glob),
            .params = strdup(line->params),
            .rule = MFD_RULE_COUNT,
            .level = "-",
            .role = options->role,
            .got = MFD_UNDECIDED,
            .verdict = stale == MFD_STALE_LINE ? MFD_STALE : MFD_WARN,
            .defect = strdup(line->defect->id),
            .detail = strdup(mfd_baseline_stale_text(baseline, line, text, sizeof(text))),
            .path = strdup(baseline->path),
            .line = line->line,
        };
    }
    return true;
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
static void instance_done(struct suite_run *suite, size_t index, const json_t *answer,
                          const char *why)
{
    struct mfd_result *kept = &suite->run->results[index];
    const struct mfd_item *item = &suite->selection.items[index];
    struct mfd_result result;

    if (!answer || !mfd_result_from_json(answer, &result)) {
        result = (struct mfd_result){.verdict = MFD_HARNESS_ERROR, .got = MFD_UNDECIDED};
        describe(suite, item, NULL, &result);
        result.detail = strdup(why ? why : "no answer");
    } else {
        /* these live in tables, not in the answer */
        result.role = suite->options->role;
        result.level = mfd_rule_level(result.rule, of_senders(suite));
    }
    note_rules(suite, &result);
    decide(suite, item, &result);
    drop_capture_unless_wrong(&result);
    if (kept->id && badness(result.verdict) <= badness(kept->verdict)) {
        suite->worst[index] += result.verdict == kept->verdict && result.got == kept->got;
        drop_result(&result);
        return;
    }
    if (kept->id) {
        drop_result(kept);
    }
    *kept = result;
    suite->worst[index] = 1;
    if (suite->options->repeat <= 1) {
        report(suite, suite->run->count);
    }
}

/* Of an instance that did not come out the same each time, how often it came out as it is told. */
static void tell_rates(struct suite_run *suite)
{
    for (size_t i = 0; i < suite->selection.item_count; i++) {
        struct mfd_result *result = &suite->run->results[i];
        char *text = NULL;

        if (suite->worst[i] < suite->options->repeat &&
            asprintf(&text, "%zu times of %u: %s", suite->worst[i], suite->options->repeat,
                     result->detail ? result->detail : "") > 0) {
            free(result->detail);
            result->detail = text;
        }
    }
}

static void done(size_t index, const json_t *answer, const char *why, void *context)
{
    struct suite_run *suite = context;

    if (index < suite->selection.twin_count) {
        twin_done(suite, index, answer, why);
    } else {
        instance_done(suite, instance_of(suite, index), answer, why);
    }
}

/* Twins first, so that each instance can be decided as it ends. */
static bool run_jobs(struct suite_run *suite, struct mfd_peer *peer, char *error)
{
    char scratch[64];
    struct mfd_jobs jobs = {
        .parallel = suite->options->jobs,
        .guard = JOB_GUARDS * peer->guard,
        .work = work,
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
        jobs.count = suite->selection.item_count * repetitions(suite);
        good = mfd_jobs_run(&jobs);
    }
    mfd_scratch_remove(scratch);
    if (!good) {
        snprintf(error, MFD_RUN_ERROR_SIZE, "the run was stopped");
    }
    return good;
}

static bool run_loaded(struct suite_run *suite, const struct mfd_suite *files, char *error)
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
    suite->worst = calloc(suite->selection.item_count + 1, sizeof(*suite->worst));
    if (!suite->run->results || !suite->order || !suite->worst) {
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
    tell_rates(suite);
    if (!add_rules(suite) || !add_stale_lines(suite)) {
        snprintf(error, MFD_RUN_ERROR_SIZE, "out of memory");
        return false;
    }
    report(suite, suite->run->count);
    return true;
}

bool mfd_run_suite(const struct mfd_peer *peer, const struct mfd_run_options *options,
                   struct mfd_run *run, char *error)
{
    struct suite_run suite = {.peer = peer, .options = options, .run = run};
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
    free(suite.worst);
    mfd_suite_free(&files);
    if (good) {
        mfd_run_summarise(run);
    }
    run->ms = (mfd_now() - start) * 1000;
    return good;
}
