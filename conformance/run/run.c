// SPDX-License-Identifier: GPL-2.0-or-later
#include "run.h"

#include "hexdump.h"
#include "jobs.h"
#include "json.h"
#include "judge.h"
#include "suite.h"
#include "verdict.h"

#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Guards of the harness's own processes, in guards of the peer: a run has a few waits, each bounded. */
#define JOB_GUARDS 12

/* One instance to run; `twin` is the index of its twin, -1 if it has none. */
struct item {
    const struct mfd_suite_file *file;
    struct mfd_instance *instance;
    bool applies;
    int twin;
};

/* A positive twin, run once for all instances that share its plan. */
struct twin {
    const struct item *of;
    uint64_t digest;
    enum mfd_outcome got; /* UNDECIDED until it has run, and where it could not */
    char *detail;
};

struct suite_run {
    const struct mfd_peer *peer;
    const struct mfd_run_options *options;
    struct mfd_run *run;
    struct item *items;
    size_t item_count;
    struct twin *twins;
    size_t twin_count;
    struct mfd_instance **expansions; /* one per file, with their counts */
    size_t *expansion_counts;
    size_t decided; /* results before this index have been reported */
};

/* What the peer brings into a scenario: one that needs a resizable block gets another machine. */
static struct mfd_target target_of(const struct suite_run *suite,
                                   const struct mfd_scenario *scenario)
{
    const struct mfd_peer *peer = suite->peer;
    struct mfd_target target = {peer->rev, peer->machine, NULL, peer->kind->slow};
    size_t count = 0;
    const char *const *needs = mfd_scenario_needs(scenario, &count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(needs[i], "pc") == 0) {
            target.machine = peer->pc_machine ? peer->pc_machine : peer->machine;
            target.resizable_name = peer->resizable_name;
        }
    }
    return target;
}

static struct mfd_plan *compile(const struct suite_run *suite, const struct item *item, bool twin,
                                struct mfd_lang_error *error)
{
    struct mfd_target target = target_of(suite, item->file->scenario);

    return mfd_scenario_compile(item->file->scenario, item->instance, &target, twin, error);
}

/* Index of the twin of an item, made if there is none like it yet; -2 with `error` on failure. */
static int find_twin(struct suite_run *suite, const struct item *item, struct mfd_lang_error *error)
{
    struct mfd_plan *plan = compile(suite, item, true, error);
    struct twin *grown = NULL;
    uint64_t digest = 0;

    if (!plan) {
        return -2;
    }
    digest = mfd_plan_digest(plan);
    mfd_plan_free(plan);
    for (size_t i = 0; i < suite->twin_count; i++) {
        if (suite->twins[i].digest == digest) {
            return (int)i;
        }
    }
    grown = realloc(suite->twins, (suite->twin_count + 1) * sizeof(*grown));
    if (!grown) {
        snprintf(error->text, sizeof(error->text), "out of memory");
        return -2;
    }
    suite->twins = grown;
    grown[suite->twin_count] = (struct twin){item, digest, MFD_UNDECIDED, NULL};
    return (int)suite->twin_count++;
}

/* Looks at one instance before anything runs: does it apply, what is its twin. */
static bool prepare(struct suite_run *suite, struct item *item, struct mfd_lang_error *error)
{
    struct mfd_plan *plan = compile(suite, item, false, error);

    if (!plan) {
        return false;
    }
    item->applies = plan->expect != 0;
    mfd_plan_free(plan);
    item->twin = -1;
    if (item->applies && mfd_scenario_negative(item->file->scenario)) {
        item->twin = find_twin(suite, item, error);
    }
    return item->twin != -2;
}

static bool selected(const struct suite_run *suite, const struct mfd_suite_file *file,
                     const char *id, size_t number)
{
    const struct mfd_run_options *options = suite->options;

    return mfd_suite_selected(file->scenario, id, options->globs) &&
           (!options->shards || number % options->shards == options->shard - 1) &&
           mfd_scenario_is_sender(file->scenario) == (strcmp(options->role, "sender") == 0);
}

static bool expand_file(struct suite_run *suite, const struct mfd_suite *files, size_t index,
                        size_t *number, char *error)
{
    const struct mfd_suite_file *file = &files->files[index];
    struct mfd_lang_error fault = {0};
    size_t count = 0;
    struct mfd_target target = target_of(suite, file->scenario);
    struct mfd_instance *instances =
        mfd_scenario_expand(file->scenario, &target, suite->options->strength, &count, &fault);
    struct item *grown =
        instances ? realloc(suite->items, (suite->item_count + count) * sizeof(*grown)) : NULL;

    suite->expansions[index] = instances;
    suite->expansion_counts[index] = count;
    if (grown) {
        suite->items = grown;
    }
    for (size_t i = 0; grown && i < count; i++) {
        if (selected(suite, file, instances[i].id, (*number)++)) {
            grown[suite->item_count++] = (struct item){file, &instances[i], false, -1};
        }
    }
    if (!grown) {
        snprintf(error, MFD_RUN_ERROR_SIZE, "%s:%u: %s", file->path, fault.line,
                 instances ? "out of memory" : fault.text);
    }
    return grown != NULL;
}

static bool prepare_all(struct suite_run *suite, const struct mfd_suite *files, char *error)
{
    size_t number = 0;

    suite->expansions = calloc(files->count + 1, sizeof(*suite->expansions));
    suite->expansion_counts = calloc(files->count + 1, sizeof(*suite->expansion_counts));
    if (!suite->expansions || !suite->expansion_counts) {
        snprintf(error, MFD_RUN_ERROR_SIZE, "out of memory");
        return false;
    }
    for (size_t i = 0; i < files->count; i++) {
        if (!expand_file(suite, files, i, &number, error)) {
            return false;
        }
    }
    for (size_t i = 0; i < suite->item_count; i++) {
        struct mfd_lang_error fault = {0};

        if (!prepare(suite, &suite->items[i], &fault)) {
            snprintf(error, MFD_RUN_ERROR_SIZE, "%s:%u: %s", suite->items[i].file->path, fault.line,
                     fault.text);
            return false;
        }
    }
    return true;
}

/* The deviating message as the report of a failure shows it. */
static void add_offending(const struct mfd_plan *plan, struct mfd_result *result)
{
    for (size_t i = 0; i < plan->steps.count; i++) {
        const struct mfd_step *step = &plan->steps.list[i];

        if (!step->deviation) {
            continue;
        }
        result->line = step->line;
        if (step->kind == MFD_STEP_SEND) {
            struct mfd_hexdump dump = {step->bytes,      step->size,         step->parts,
                                       step->part_count, step->fault_offset, step->fault_size,
                                       plan->page_size};

            result->offending = mfd_hexdump_text(&dump);
            return;
        }
    }
}

static void describe(const struct suite_run *suite, const struct item *item,
                     const struct mfd_plan *plan, struct mfd_result *result)
{
    size_t rule_count = 0;
    const enum mfd_rule *rules = mfd_scenario_rules(item->file->scenario, &rule_count);

    result->id = strdup(item->instance->id);
    result->params = strdup(item->instance->params);
    result->rule = rules[0];
    result->role = suite->options->role;
    result->level = mfd_rule_level(rules[0], strcmp(result->role, "sender") == 0);
    result->expect = plan ? plan->expect : 0;
    result->path = strdup(item->file->path);
    if (asprintf(&result->rerun, "%s -t '%s'", suite->options->rerun, item->instance->id) < 0) {
        result->rerun = NULL;
    }
}

/* In a process of its own: runs one twin, or one instance. Twins have the first numbers. */
static json_t *work(size_t index, void *context)
{
    struct suite_run *suite = context;
    bool twin = index < suite->twin_count;
    const struct item *item = twin ? suite->twins[index].of
                                   : &suite->items[(index - suite->twin_count) % suite->item_count];
    struct mfd_lang_error fault = {0};
    struct mfd_plan *plan = compile(suite, item, twin, &fault);
    struct mfd_result result = {0};
    json_t *answer = NULL;

    if (plan) {
        describe(suite, item, plan, &result);
        if (plan->expect) {
            mfd_judge_run(suite->peer, plan, &result);
            add_offending(plan, &result);
        }
        answer = mfd_result_to_transfer(&result);
    }
    mfd_result_free(&result);
    mfd_plan_free(plan);
    return answer;
}

static void twin_done(struct suite_run *suite, size_t index, const json_t *answer, const char *why)
{
    struct mfd_result result;
    struct twin *twin = &suite->twins[index];

    if (!answer || !mfd_result_from_json(answer, &result)) {
        twin->detail = strdup(why ? why : "no answer");
        return;
    }
    twin->got = result.got;
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

static void decide(struct suite_run *suite, const struct item *item, struct mfd_result *result)
{
    const struct twin *twin = item->twin >= 0 ? &suite->twins[item->twin] : NULL;
    struct mfd_verdict_twin about = {0};

    if (twin) {
        about = (struct mfd_verdict_twin){true, twin->got, twin->detail};
    }
    mfd_verdict_decide(result, &about, suite->options->baseline,
                       suite->peer->version ? suite->peer->version : "");
}

/* Lines of the baseline that say what is no longer so: a result each, or a warning for a newer release. */
static bool add_stale_lines(struct suite_run *suite)
{
    const struct mfd_run_options *options = suite->options;
    struct mfd_run *run = suite->run;
    const struct mfd_baseline *baseline = options->baseline;
    bool full = (!options->globs || !options->globs[0]) && !options->shards;
    struct mfd_result *grown =
        baseline ? realloc(run->results, (run->count + baseline->count + 1) * sizeof(*grown))
                 : NULL;

    if (!baseline) {
        return true;
    }
    if (!grown) {
        return false;
    }
    run->results = grown;
    for (size_t i = 0; i < baseline->count; i++) {
        const struct mfd_baseline_line *line = &baseline->lines[i];
        enum mfd_staleness stale =
            mfd_baseline_staleness(line, suite->peer->version ? suite->peer->version : "", full);
        char text[MFD_BASELINE_ERROR_SIZE];

        if (stale == MFD_FRESH) {
            continue;
        }
        grown[run->count++] = (struct mfd_result){
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

/* With --repeat the worst result of an instance stays: the first that is not as expected. */
static void instance_done(struct suite_run *suite, size_t index, const json_t *answer,
                          const char *why)
{
    struct mfd_result *kept = &suite->run->results[index];
    const struct item *item = &suite->items[index];
    struct mfd_result result;

    if (!answer || !mfd_result_from_json(answer, &result)) {
        result = (struct mfd_result){.verdict = MFD_HARNESS_ERROR, .got = MFD_UNDECIDED};
        describe(suite, item, NULL, &result);
        result.detail = strdup(why ? why : "no answer");
    } else {
        /* these live in tables, not in the answer */
        result.role = suite->options->role;
        result.level = mfd_rule_level(result.rule, strcmp(result.role, "sender") == 0);
    }
    decide(suite, item, &result);
    if (kept->id && (kept->verdict != MFD_PASS || result.verdict == MFD_PASS)) {
        mfd_result_free(&result);
        return;
    }
    if (kept->id) {
        mfd_result_free(kept);
    }
    *kept = result;
    if (suite->options->repeat <= 1) {
        report(suite, index + 1);
    }
}

static void done(size_t index, const json_t *answer, const char *why, void *context)
{
    struct suite_run *suite = context;

    if (index < suite->twin_count) {
        twin_done(suite, index, answer, why);
    } else {
        instance_done(suite, (index - suite->twin_count) % suite->item_count, answer, why);
    }
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
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

    snprintf(scratch, sizeof(scratch), "%.40s/mfdkit-XXXXXX", mfd_scratch());
    if (!mkdtemp(scratch)) {
        snprintf(error, MFD_RUN_ERROR_SIZE, "%s: cannot make a scratch folder", scratch);
        return false;
    }
    peer->scratch = scratch;
    suite->peer = peer;
    jobs.count = suite->twin_count;
    good = mfd_jobs_run(&jobs);
    if (good) {
        jobs.first = suite->twin_count;
        jobs.count = suite->item_count * (suite->options->repeat ? suite->options->repeat : 1);
        good = mfd_jobs_run(&jobs);
    }
    nftw(scratch, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    if (!good) {
        snprintf(error, MFD_RUN_ERROR_SIZE, "the run was stopped");
    }
    return good;
}

static void free_suite(struct suite_run *suite, size_t files)
{
    for (size_t i = 0; i < suite->twin_count; i++) {
        free(suite->twins[i].detail);
    }
    for (size_t i = 0; suite->expansions && i < files; i++) {
        mfd_instances_free(suite->expansions[i], suite->expansion_counts[i]);
    }
    free(suite->expansions);
    free(suite->expansion_counts);
    free(suite->twins);
    free(suite->items);
}

static bool run_loaded(struct suite_run *suite, const struct mfd_suite *files, char *error)
{
    struct mfd_peer peer = *suite->peer;

    if (!prepare_all(suite, files, error)) {
        return false;
    }
    suite->run->results = calloc(suite->item_count + 1, sizeof(*suite->run->results));
    suite->run->count = suite->item_count;
    if (!suite->run->results) {
        snprintf(error, MFD_RUN_ERROR_SIZE, "out of memory");
        return false;
    }
    if (suite->item_count && !run_jobs(suite, &peer, error)) {
        return false;
    }
    if (!add_stale_lines(suite)) {
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
    bool good =
        mfd_suite_load(options->scenarios, &files, error) && run_loaded(&suite, &files, error);

    free_suite(&suite, files.count);
    mfd_suite_free(&files);
    if (good) {
        mfd_run_summarise(run);
    }
    run->ms = (mfd_now() - start) * 1000;
    return good;
}
