// SPDX-License-Identifier: GPL-2.0-or-later
#include "selection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mfd_target mfd_selection_target(const struct mfd_peer *peer,
                                       const struct mfd_scenario *scenario, unsigned strength)
{
    struct mfd_target target = {
        .rev = peer->rev,
        .machine = peer->machine,
        .settable = peer->kind->settable && peer->kind->settable(peer),
        .slow = peer->kind->slow || strength == 1,
    };
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

struct mfd_plan *mfd_item_compile(const struct mfd_selection *selection,
                                  const struct mfd_item *item, bool twin,
                                  struct mfd_lang_error *error)
{
    struct mfd_target target =
        mfd_selection_target(selection->peer, item->file->scenario, selection->options->strength);

    return mfd_scenario_compile(item->file->scenario, item->instance, &target, twin, error);
}

/* Index of the twin of an item, made if there is none like it yet; -2 with `error` on failure. */
static int find_twin(struct mfd_selection *selection, const struct mfd_item *item,
                     struct mfd_lang_error *error)
{
    struct mfd_plan *plan = mfd_item_compile(selection, item, true, error);
    struct mfd_twin *grown = NULL;
    uint64_t digest = 0;

    if (!plan) {
        return -2;
    }
    digest = mfd_plan_digest(plan);
    mfd_plan_free(plan);
    for (size_t i = 0; i < selection->twin_count; i++) {
        if (selection->twins[i].digest == digest) {
            return (int)i;
        }
    }
    grown = realloc(selection->twins, (selection->twin_count + 1) * sizeof(*grown));
    if (!grown) {
        snprintf(error->text, sizeof(error->text), "out of memory");
        return -2;
    }
    selection->twins = grown;
    grown[selection->twin_count] = (struct mfd_twin){item, digest, MFD_UNDECIDED, NULL};
    return (int)selection->twin_count++;
}

/* Looks at one instance before anything runs: does it apply, what is its twin. */
static bool prepare(struct mfd_selection *selection, struct mfd_item *item,
                    struct mfd_lang_error *error)
{
    struct mfd_plan *plan = mfd_item_compile(selection, item, false, error);
    bool applies = false;

    if (!plan) {
        return false;
    }
    applies = plan->expect != 0;
    item->foreign = !applies;
    mfd_plan_free(plan);
    if (applies && mfd_scenario_negative(item->file->scenario)) {
        item->twin = find_twin(selection, item, error);
    }
    return item->twin != -2;
}

static bool selected(const struct mfd_selection *selection, const struct mfd_suite_file *file,
                     const char *id, size_t number)
{
    const struct mfd_run_options *options = selection->options;

    return mfd_suite_selected(file->scenario, id, options->globs) &&
           (!options->shards || number % options->shards == options->shard - 1) &&
           mfd_scenario_is_sender(file->scenario) == (strcmp(options->role, "sender") == 0);
}

static bool expand_file(struct mfd_selection *selection, const struct mfd_suite *files,
                        size_t index, size_t *number, char *error)
{
    const struct mfd_suite_file *file = &files->files[index];
    struct mfd_lang_error fault = {0};
    size_t count = 0;
    struct mfd_target target =
        mfd_selection_target(selection->peer, file->scenario, selection->options->strength);
    struct mfd_instance *instances =
        mfd_scenario_expand(file->scenario, &target, selection->options->strength, &count, &fault);
    struct mfd_item *grown =
        instances ? realloc(selection->items, (selection->item_count + count + 1) * sizeof(*grown))
                  : NULL;

    selection->expansions[index] = instances;
    selection->expansion_counts[index] = count;
    if (grown) {
        selection->items = grown;
    }
    for (size_t i = 0; grown && i < count; i++) {
        if (selected(selection, file, instances[i].id, (*number)++)) {
            grown[selection->item_count++] = (struct mfd_item){file, &instances[i], -1, false};
        }
    }
    if (!grown) {
        snprintf(error, MFD_RUN_ERROR_SIZE, "%s:%u: %s", file->path, fault.line,
                 instances ? "out of memory" : fault.text);
    }
    return grown != NULL;
}

bool mfd_selection_make(struct mfd_selection *selection, const struct mfd_peer *peer,
                        const struct mfd_run_options *options, const struct mfd_suite *files,
                        char *error)
{
    size_t number = 0;

    *selection =
        (struct mfd_selection){.peer = peer, .options = options, .file_count = files->count};
    selection->expansions = calloc(files->count + 1, sizeof(*selection->expansions));
    selection->expansion_counts = calloc(files->count + 1, sizeof(*selection->expansion_counts));
    if (!selection->expansions || !selection->expansion_counts) {
        snprintf(error, MFD_RUN_ERROR_SIZE, "out of memory");
        return false;
    }
    for (size_t i = 0; i < files->count; i++) {
        if (!expand_file(selection, files, i, &number, error)) {
            return false;
        }
    }
    for (size_t i = 0; i < selection->item_count; i++) {
        struct mfd_lang_error fault = {0};

        if (!prepare(selection, &selection->items[i], &fault)) {
            snprintf(error, MFD_RUN_ERROR_SIZE, "%s:%u: %s", selection->items[i].file->path,
                     fault.line, fault.text);
            return false;
        }
    }
    return true;
}

struct mfd_budget mfd_selection_budget(const struct mfd_selection *selection)
{
    struct mfd_budget budget = {.instances = selection->item_count, .twins = selection->twin_count};
    unsigned repeat = selection->options->repeat;

    for (size_t i = 0; i < selection->item_count; i++) {
        const struct mfd_item *item = &selection->items[i];

        budget.scenarios += i == 0 || item->file != item[-1].file;
        budget.foreign += item->foreign;
    }
    budget.plays = budget.twins + (budget.instances - budget.foreign) * (repeat ? repeat : 1);
    return budget;
}

void mfd_selection_free(struct mfd_selection *selection)
{
    for (size_t i = 0; i < selection->twin_count; i++) {
        free(selection->twins[i].detail);
    }
    for (size_t i = 0; selection->expansions && i < selection->file_count; i++) {
        mfd_instances_free(selection->expansions[i], selection->expansion_counts[i]);
    }
    free(selection->expansions);
    free(selection->expansion_counts);
    free(selection->twins);
    free(selection->items);
}
