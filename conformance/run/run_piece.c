// SPDX-License-Identifier: GPL-2.0-or-later
#include "suite_run.h"

#include "hexdump.h"
#include "json.h"
#include "judge.h"
#include "recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the place of a repetition. */
#define TWIN SIZE_MAX

void mfd_run_describe(const struct mfd_suite_run *suite, const struct mfd_item *item,
                      const struct mfd_plan *plan, struct mfd_result *result)
{
    size_t rule_count = 0;
    const enum mfd_rule *rules = mfd_scenario_rules(item->file->scenario, &rule_count);

    result->id = strdup(item->instance->id);
    result->params = strdup(item->instance->params);
    result->rule = rules[0];
    result->role = suite->options->role;
    result->level = mfd_rule_level(rules[0], mfd_run_of_senders(suite));
    result->expect = plan ? plan->expect : 0;
    result->path = strdup(item->file->path);
    if (asprintf(&result->rerun, "%s -t '%s'", suite->options->rerun, item->instance->id) < 0) {
        result->rerun = NULL;
    }
}

/* The course of events is told of a failure only. */
static void drop_course(struct mfd_result *result)
{
    mfd_happenings_free(result->happenings, result->happening_count);
    result->happenings = NULL;
    result->happening_count = 0;
}

/* The first message that deviates, else the last step that does; NULL: none. */
static const struct mfd_step *find_deviation(const struct mfd_plan *plan)
{
    const struct mfd_step *found = NULL;

    for (size_t i = 0; i < plan->steps.count && !(found && found->kind == MFD_STEP_SEND); i++) {
        if (plan->steps.list[i].deviation) {
            found = &plan->steps.list[i];
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

/* Of an instance: how often it was run before. */
static size_t repetition_of(const struct mfd_suite_run *suite, size_t index)
{
    return (index - suite->selection.twin_count) % mfd_run_repetitions(suite);
}

/* Whether the course and the capture may be wanted; only later it is known what is a known defect. */
static bool worth_telling(const struct mfd_plan *plan, const struct mfd_result *result)
{
    return result->verdict == MFD_HARNESS_ERROR || !(plan->expect & MFD_OUTCOME_BIT(result->got));
}

static void run_plan(const struct mfd_suite_run *suite, const struct mfd_plan *plan,
                     size_t repetition, struct mfd_result *result)
{
    struct mfd_recording recording = {.count = 0};
    const struct mfd_step *deviation = find_deviation(plan);
    bool save = suite->options->save_pcap && repetition != TWIN;
    bool telling = false;

    (plan->sender ? mfd_judge_sender : mfd_judge_run)(suite->peer, plan, save ? &recording : NULL,
                                                      result);
    telling = worth_telling(plan, result);
    if (deviation) {
        result->line = deviation->line;
    } else if (plan->moment_count) {
        result->line = plan->moments[0].line;
    }
    if (telling) {
        add_offending(plan, deviation, result);
    } else {
        drop_course(result);
    }
    if (save && telling) {
        result->pcap = mfd_recording_save(&recording, plan, suite->options->save_pcap, repetition);
    }
    mfd_recording_free(&recording);
}

/* Compiles an instance, unless that is what was compiled last. */
static const struct mfd_plan *compile(struct mfd_suite_run *suite, const struct mfd_item *item,
                                      bool twin)
{
    struct mfd_lang_error fault = {0};

    if (!suite->plan || suite->plan_of != item) {
        mfd_plan_free(suite->plan);
        suite->plan = mfd_item_compile(&suite->selection, item, twin, &fault);
        suite->plan_of = item;
    }
    return suite->plan;
}

json_t *mfd_run_piece(size_t index, void *context)
{
    struct mfd_suite_run *suite = context;
    bool twin = index < suite->selection.twin_count;
    const struct mfd_item *item = twin ? suite->selection.twins[index].of
                                       : &suite->selection.items[mfd_run_instance_of(suite, index)];
    const struct mfd_plan *plan = compile(suite, item, twin);
    struct mfd_result result = {0};
    json_t *answer = NULL;

    if (plan) {
        mfd_run_describe(suite, item, plan, &result);
        if (plan->expect) {
            run_plan(suite, plan, twin ? TWIN : repetition_of(suite, index), &result);
        }
        answer = mfd_result_to_transfer(&result);
    }
    mfd_result_free(&result);
    return answer;
}
