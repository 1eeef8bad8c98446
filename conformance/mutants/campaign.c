// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign.h"

#include "id_glob.h"
#include "process.h"
#include "workbench.h"
#include "workcopy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Instances that are run again without the mutant, at a time. */
#define CONFIRM_MAX 8

static const char *const names[MFD_FATE_COUNT] = {
    "killed", "killed by another", "survived", "void", "equivalent", "stale",
};

/* Where the scenarios stand that test a sender. */
#define SENDERS "send/"

/* The same in the JSON. */
static const char *const keys[MFD_FATE_COUNT] = {
    "killed", "killed_by_another", "survived", "void", "equivalent", "stale",
};

const char *mfd_fate_name(enum mfd_fate fate)
{
    return names[fate];
}

static void set_detail(struct mfd_trial *trial, const char *text, const char *more)
{
    free(trial->detail);
    if (asprintf(&trial->detail, "%s%s", text, more) < 0) {
        trial->detail = NULL;
    }
}

static void make_void(struct mfd_trial *trial, const char *why, const char *more)
{
    trial->fate = MFD_MUTANT_VOID;
    set_detail(trial, why, more);
}

static bool is_rule(const struct mfd_mutant *mutant)
{
    return mutant->rule != MFD_RULE_COUNT;
}

/* Runs the mutant; globs NULL: all scenarios. */
static bool run_mutant(const struct mfd_workbench *bench, const struct mfd_mutant *mutant,
                       const char *const *globs, struct mfd_run *run, bool *masked, char *error)
{
    const struct mfd_workbench_run what = {
        .program = is_rule(mutant) ? bench->masked : bench->program,
        .profile = mutant->profile,
        .globs = globs,
        .suppress = is_rule(mutant) ? mfd_rule_info(mutant->rule)->id : NULL,
        .sender = strncmp(mutant->killed_by, SENDERS, strlen(SENDERS)) == 0,
    };

    return mfd_workbench_test(bench, &what, run, masked, error);
}

static bool failed(const struct mfd_result *result)
{
    return result->verdict == MFD_FAIL || result->verdict == MFD_WARN;
}

/* Whether an instance was judged by the clean program's run, and well. */
static bool passes(const struct mfd_run *clean, const char *id)
{
    for (size_t i = 0; i < clean->count; i++) {
        if (strcmp(clean->results[i].id, id) == 0) {
            return !failed(&clean->results[i]);
        }
    }
    return false;
}

/* What has to be played for a result to come about again. */
static const char *glob_of(const struct mfd_result *result, const struct mfd_mutant *mutant)
{
    bool of_rule = strncmp(result->id, MFD_RESULT_OF_RULE, strlen(MFD_RESULT_OF_RULE)) == 0;

    return of_rule ? mutant->killed_by : result->id;
}

/* Runs some instances without the mutant; the first that is well then has killed it. */
static const struct mfd_result *confirm(const struct mfd_workbench *bench,
                                        const struct mfd_mutant *mutant,
                                        const struct mfd_result *const *suspects, size_t count)
{
    const char *globs[CONFIRM_MAX + 1] = {NULL};
    const struct mfd_workbench_run what = {.program = bench->clean,
                                           .profile = mutant->profile,
                                           .globs = globs,
                                           .sender = count > 0 &&
                                                     strcmp(suspects[0]->role, "sender") == 0};
    char error[MFD_WORKBENCH_ERROR_SIZE];
    const struct mfd_result *killer = NULL;
    struct mfd_run clean;

    for (size_t i = 0; i < count; i++) {
        globs[i] = glob_of(suspects[i], mutant);
    }
    if (!mfd_workbench_test(bench, &what, &clean, NULL, error)) {
        return NULL;
    }
    for (size_t i = 0; i < count && !killer; i++) {
        killer = passes(&clean, suspects[i]->id) ? suspects[i] : NULL;
    }
    mfd_run_free(&clean);
    return killer;
}

/* The result that kills the mutant, or NULL. */
static const struct mfd_result *find_killer(const struct mfd_workbench *bench,
                                            const struct mfd_mutant *mutant,
                                            const struct mfd_run *run)
{
    const struct mfd_result *suspects[CONFIRM_MAX];
    const struct mfd_result *killer = NULL;
    size_t next = 0;

    do {
        size_t count = 0;

        for (; next < run->count && count < CONFIRM_MAX; next++) {
            if (failed(&run->results[next])) {
                suspects[count++] = &run->results[next];
            }
        }
        killer = count ? confirm(bench, mutant, suspects, count) : NULL;
    } while (!killer && next < run->count);
    return killer;
}

static void note_killer(struct mfd_trial *trial, const struct mfd_result *killer)
{
    char *detail = NULL;

    if (asprintf(&detail, "%s: %s", mfd_outcome_name(killer->got),
                 killer->detail ? killer->detail : "") < 0) {
        detail = NULL;
    }
    free(trial->detail);
    trial->detail = detail;
    trial->by = strdup(killer->id);
}

/* Results with an outcome, or an error in its place. */
static size_t judged(const struct mfd_run *run)
{
    return run->count - run->summary[MFD_NOT_APPLICABLE] - run->summary[MFD_VERDICT_UNSUPPORTED] -
           run->summary[MFD_VERDICT_UNDECIDED];
}

/* The scenarios that the mutant's record names. False if its fate is not decided by them. */
static bool try_named(const struct mfd_workbench *bench, struct mfd_trial *trial, size_t *errors)
{
    const struct mfd_mutant *mutant = trial->mutant;
    const char *globs[] = {mutant->killed_by, NULL};
    char error[MFD_WORKBENCH_ERROR_SIZE];
    const struct mfd_result *killer = NULL;
    bool masked = false;
    bool decided = true;
    struct mfd_run run;

    if (!run_mutant(bench, mutant, globs, &run, &masked, error)) {
        *errors = 1;
        make_void(trial, error, "");
        return true;
    }
    mfd_run_summarise(&run);
    *errors = run.summary[MFD_HARNESS_ERROR];
    killer = find_killer(bench, mutant, &run);
    if (judged(&run) == 0) {
        make_void(trial, "no scenario could be judged of ", mutant->killed_by);
    } else if (is_rule(mutant) && !masked) {
        make_void(trial, "no scenario that names the rule makes its finding", "");
    } else if (killer) {
        trial->fate = MFD_MUTANT_KILLED;
        note_killer(trial, killer);
    } else {
        decided = false;
    }
    mfd_run_free(&run);
    return decided;
}

static void try_all(const struct mfd_workbench *bench, struct mfd_trial *trial, size_t errors)
{
    char error[MFD_WORKBENCH_ERROR_SIZE];
    const struct mfd_result *killer = NULL;
    struct mfd_run run;

    if (!run_mutant(bench, trial->mutant, NULL, &run, NULL, error)) {
        make_void(trial, error, "");
        return;
    }
    mfd_run_summarise(&run);
    killer = find_killer(bench, trial->mutant, &run);
    if (killer) {
        trial->fate = MFD_MUTANT_KILLED_BY_ANOTHER;
        note_killer(trial, killer);
    } else if (errors + run.summary[MFD_HARNESS_ERROR] > 0) {
        make_void(trial, "nothing failed, but the harness did", "");
    } else {
        trial->fate = MFD_MUTANT_SURVIVED;
    }
    mfd_run_free(&run);
}

/* A marked mutant is shown to the named scenarios only, and they should not notice. */
static void try_marked(const struct mfd_workbench *bench, struct mfd_trial *trial)
{
    size_t errors = 0;
    bool decided = try_named(bench, trial, &errors);

    if (decided && trial->fate == MFD_MUTANT_KILLED) {
        trial->fate = MFD_MUTANT_STALE;
    } else if (!errors) {
        trial->fate = MFD_MUTANT_EQUIVALENT;
        set_detail(trial, trial->mutant->equivalent, "");
    } else if (!decided) {
        make_void(trial, "nothing failed, but the harness did", "");
    }
}

static void try_mutant(const struct mfd_workbench *bench, struct mfd_trial *trial)
{
    size_t errors = 0;

    if (trial->mutant->equivalent) {
        try_marked(bench, trial);
    } else if (!try_named(bench, trial, &errors)) {
        try_all(bench, trial, errors);
    }
}

/* Makes the program of a text mutant; void if that is no other program. */
static void try_text(const struct mfd_workbench *bench, struct mfd_trial *trial)
{
    const struct mfd_mutant *mutant = trial->mutant;
    char path[2048];
    char error[MFD_WORKBENCH_ERROR_SIZE];
    struct mfd_edit edit = {NULL, NULL, 0};
    bool differs = false;

    snprintf(path, sizeof(path), "%s/%s", bench->source, mutant->file);
    if (!mfd_edit_apply(&edit, path, mutant->old_text, mutant->new_text, error)) {
        make_void(trial, mutant->file, strrchr(error, ':'));
        return;
    }
    if (!mfd_workbench_build(bench, &differs, error)) {
        make_void(trial, error, "");
    } else if (!differs) {
        make_void(trial, "the program is the same with it", "");
    } else {
        try_mutant(bench, trial);
    }
    if (!mfd_edit_undo(&edit, error)) {
        make_void(trial, error, "");
    }
}

static bool selected(const struct mfd_mutant *mutant, const char *const *globs)
{
    for (size_t i = 0; globs && globs[i]; i++) {
        if (mfd_glob_matches(globs[i], mutant->name)) {
            return true;
        }
    }
    return !globs || !globs[0];
}

static void run_trials(const struct mfd_workbench *bench, const struct mfd_mutants *mutants,
                       const struct mfd_campaign_options *options, struct mfd_campaign *campaign)
{
    for (size_t i = 0; i < mutants->count; i++) {
        struct mfd_trial *trial = &campaign->trials[campaign->count];
        double start = mfd_now();

        if (!selected(&mutants->list[i], options->globs)) {
            continue;
        }
        *trial = (struct mfd_trial){.mutant = &mutants->list[i]};
        if (is_rule(trial->mutant)) {
            try_mutant(bench, trial);
        } else {
            try_text(bench, trial);
        }
        trial->ms = (mfd_now() - start) * 1000;
        campaign->summary[trial->fate]++;
        campaign->count++;
        if (options->progress) {
            options->progress(trial, options->context);
        }
    }
}

bool mfd_campaign_run(const struct mfd_mutants *mutants, const struct mfd_campaign_options *options,
                      struct mfd_campaign *campaign, char *error)
{
    struct mfd_workbench bench;
    double start = mfd_now();
    bool good = false;

    *campaign =
        (struct mfd_campaign){.trials = calloc(mutants->count + 1, sizeof(*campaign->trials))};
    if (!campaign->trials) {
        snprintf(error, MFD_CAMPAIGN_ERROR_SIZE, "out of memory");
        return false;
    }
    good = mfd_workbench_open(&bench, options->source, options->folder, options->scenarios, error);
    if (good) {
        bench.scale = options->timeout_scale;
        run_trials(&bench, mutants, options, campaign);
    }
    mfd_workbench_close(&bench);
    campaign->ms = (mfd_now() - start) * 1000;
    return good;
}

void mfd_campaign_free(struct mfd_campaign *campaign)
{
    for (size_t i = 0; i < campaign->count; i++) {
        free(campaign->trials[i].by);
        free(campaign->trials[i].detail);
    }
    free(campaign->trials);
    *campaign = (struct mfd_campaign){.trials = NULL};
}

int mfd_campaign_exit_code(const struct mfd_campaign *campaign)
{
    const size_t *n = campaign->summary;

    if (n[MFD_MUTANT_SURVIVED] + n[MFD_MUTANT_KILLED_BY_ANOTHER] + n[MFD_MUTANT_STALE] > 0) {
        return 1;
    }
    if (n[MFD_MUTANT_VOID] > 0) {
        return 3;
    }
    return campaign->count ? 0 : 4;
}

static json_t *trial_to_json(const struct mfd_trial *trial)
{
    const struct mfd_mutant *mutant = trial->mutant;

    return json_pack("{s:s, s:s?, s:s?, s:s?, s:s, s:s, s:s, s:s?, s:s?, s:f}", "name",
                     mutant->name, "file", mutant->file, "old", mutant->old_text, "new",
                     mutant->new_text, "killed_by", mutant->killed_by, "profile", mutant->profile,
                     "fate", keys[trial->fate], "by", trial->by, "detail", trial->detail, "ms",
                     trial->ms);
}

json_t *mfd_campaign_to_json(const struct mfd_campaign *campaign)
{
    json_t *summary = json_object();
    json_t *mutants = json_array();

    for (int i = 0; i < MFD_FATE_COUNT; i++) {
        json_object_set_new(summary, keys[i], json_integer((json_int_t)campaign->summary[i]));
    }
    for (size_t i = 0; i < campaign->count; i++) {
        json_array_append_new(mutants, trial_to_json(&campaign->trials[i]));
    }
    return json_pack("{s:o, s:f, s:o}", "summary", summary, "ms", campaign->ms, "mutants", mutants);
}

/* ---- as a document ---- */

/* A text within a table: a bar would end the cell. */
static void put_cell(FILE *out, const char *text)
{
    for (; text && *text; text++) {
        if (*text == '|') {
            fputc('\\', out);
        }
        fputc(*text, out);
    }
}

void mfd_campaign_to_markdown(const struct mfd_campaign *campaign, FILE *out)
{
    const size_t *n = campaign->summary;
    size_t matter = campaign->count - n[MFD_MUTANT_EQUIVALENT];

    fprintf(
        out,
        "<!-- Made by mfdkit mutants --markdown: the target mutants-document -->\n"
        "# Mutation score\n\n"
        "Each mutant is the reference with one rule or one line weakened. It counts as killed if a scenario that it\n"
        "names fails with it and not without it. Of %zu mutants %zu are equivalent: nothing can tell them from the\n"
        "reference, for the reason that stands there. Of the other %zu, **%zu are killed**",
        campaign->count, n[MFD_MUTANT_EQUIVALENT], matter, n[MFD_MUTANT_KILLED]);
    for (int i = 0; i < MFD_FATE_COUNT; i++) {
        if (n[i] && i != MFD_MUTANT_KILLED && i != MFD_MUTANT_EQUIVALENT) {
            fprintf(out, ", %zu %s", n[i], mfd_fate_name((enum mfd_fate)i));
        }
    }
    fputs(".\n\n| mutant | file | fate | by, or why |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < campaign->count; i++) {
        const struct mfd_trial *trial = &campaign->trials[i];

        fprintf(out, "| `%s` | %s | %s | ", trial->mutant->name,
                trial->mutant->file ? trial->mutant->file : "the rule is forgotten",
                mfd_fate_name(trial->fate));
        put_cell(out, trial->by ? trial->by : trial->detail);
        fputs(" |\n", out);
    }
}
