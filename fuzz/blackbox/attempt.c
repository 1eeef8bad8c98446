// SPDX-License-Identifier: GPL-2.0-or-later
#include "attempt.h"

#include "idea.h"
#include "judge.h"
#include "known.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Ideas that cannot be played cost no peer, so there is no hurry to give up. */
#define TRIES 32u
#define NAME_SIZE 96u

struct attempt {
    const struct mfd_attempts *of;
    size_t number;
    struct mfd_idea idea;
    struct mfd_recording recording;
    struct mfd_result result;
    struct mfd_wrong wrong;
    enum mfd_outcome reference; /* what it did with it */
    char name[NAME_SIZE];
};

static uint64_t number_of(uint64_t seed, uint64_t number, uint64_t try)
{
    uint64_t z = (seed + number * TRIES + try + 1) * UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static bool was_played(const struct mfd_result *result)
{
    return result->verdict != MFD_HARNESS_ERROR && result->got != MFD_UNSUPPORTED;
}

/* The first idea that the peer can be set up for. */
static bool play_some(struct attempt *a)
{
    for (uint64_t try = 0; try < TRIES; try++) {
        uint64_t random = number_of(a->of->seed, a->number, try);

        if (mfd_idea_have(&a->idea, a->of->seeds, random, a->of->peer)) {
            mfd_judge_run(a->of->peer, a->idea.plan, &a->recording, &a->result);
            if (was_played(&a->result)) {
                return true;
            }
            mfd_recording_free(&a->recording);
            mfd_result_free(&a->result);
            a->result = (struct mfd_result){0};
        }
        mfd_idea_free(&a->idea);
    }
    return false;
}

static bool is_bad(enum mfd_outcome outcome)
{
    return outcome == MFD_CRASHED || outcome == MFD_HUNG || outcome == MFD_CORRUPTED;
}

/* ---- what it is ---- */

/* The line of a sanitizer's report that says what and where, without place of the file; "" if there is none. */
static void place_of(const char *report, char *place, size_t size)
{
    const char *summary = report ? strstr(report, "SUMMARY: ") : NULL;
    const char *kind = summary ? strstr(summary, "Sanitizer: ") : NULL;
    size_t len = kind ? strcspn(kind, "\n") : 0;
    const char *in = NULL;

    *place = 0;
    if (!kind) {
        return;
    }
    kind += strlen("Sanitizer: ");
    len -= strlen("Sanitizer: ");
    in = memmem(kind, len, " in ", 4);
    snprintf(place, size, "%.*s%s%.*s", (int)strcspn(kind, " \n"), kind, in ? " in " : "",
             in ? (int)strcspn(in + 4, " \n(") : 0, in ? in + 4 : "");
}

/* Equal names are taken for the same finding. */
static void give_name(struct attempt *a)
{
    char where[NAME_SIZE] = "";
    size_t len = 0;

    place_of(a->result.sanitizer, where, sizeof(where));
    if (!*where) {
        char how[24] = "";

        if (a->result.signal) {
            snprintf(how, sizeof(how), "signal %d ", a->result.signal);
        } else if (a->result.got == MFD_CRASHED) {
            snprintf(how, sizeof(how), "status %d ", a->result.exit_code);
        }
        snprintf(where, sizeof(where), "%s%s", how,
                 a->wrong.first == MFD_RULE_COUNT ? "no rule broken"
                                                  : mfd_rule_info(a->wrong.first)->id);
    }
    len =
        (size_t)snprintf(a->name, sizeof(a->name), "%s %s", mfd_outcome_name(a->result.got), where);
    for (size_t i = 0; i < len && i < sizeof(a->name) - 1; i++) {
        a->name[i] =
            (char)(isalnum((unsigned char)a->name[i]) ? tolower((unsigned char)a->name[i]) : '-');
    }
}

static enum mfd_outcome outcome_of(const struct mfd_peer *peer, const struct mfd_plan *plan)
{
    struct mfd_result result = {0};
    enum mfd_outcome got = MFD_OUTCOME_COUNT;

    mfd_judge_run(peer, plan, NULL, &result);
    got = was_played(&result) ? result.got : MFD_OUTCOME_COUNT;
    mfd_result_free(&result);
    return got;
}

/* ---- trying it again ---- */

/* Plays it so many times more; keeps result and recording of the last one that did the same. */
static unsigned play_again(struct attempt *a, const struct mfd_idea *idea)
{
    enum mfd_outcome got = a->result.got;
    unsigned same = 0;

    for (unsigned i = 0; i < MFD_ATTEMPT_AGAIN; i++) {
        struct mfd_recording recording = {0};
        struct mfd_result result = {0};

        mfd_judge_run(a->of->peer, idea->plan, &recording, &result);
        if (was_played(&result) && result.got == got) {
            mfd_recording_free(&a->recording);
            mfd_result_free(&a->result);
            a->recording = recording;
            a->result = result;
            same++;
        } else {
            mfd_recording_free(&recording);
            mfd_result_free(&result);
        }
    }
    return same;
}

/* What may be asked of a receiver that is in order. */
static enum mfd_outcome expectation(const struct attempt *a)
{
    return a->reference == MFD_ACCEPTED || a->reference == MFD_WAITING ? a->reference : MFD_REFUSED;
}

static FILE *open_in(const struct attempt *a, const char *folder, const char *suffix)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s%s", folder, a->name, suffix);
    return fopen(path, "we");
}

static bool write_log(const struct attempt *a, const char *folder, unsigned again)
{
    const struct mfd_result *result = &a->result;
    FILE *out = open_in(a, folder, ".log");

    if (!out) {
        return false;
    }
    fprintf(out, "%s: %s\nrun %zu of seed %llu, of %s", mfd_outcome_name(result->got),
            result->detail ? result->detail : "", a->number, (unsigned long long)a->of->seed,
            a->idea.from->name);
    if (a->idea.with) {
        fprintf(out, " with %s", a->idea.with->name);
    }
    fprintf(out, "\n%u of %u times again; the reference: %s\nbreaks:", again, MFD_ATTEMPT_AGAIN,
            a->reference < MFD_OUTCOME_COUNT ? mfd_outcome_name(a->reference) : "not played");
    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        if (a->wrong.broken[i]) {
            fprintf(out, " %s", mfd_rule_info((enum mfd_rule)i)->id);
        }
    }
    fprintf(out, "\n%s%s%s%s", result->sanitizer ? "\nsanitizer\n" : "",
            result->sanitizer ? result->sanitizer : "", result->peer_log ? "\nprinted\n" : "",
            result->peer_log ? result->peer_log : "");
    return fclose(out) == 0;
}

/* The three files of a finding; the folder's path, for free(), or NULL. */
static char *write_draft(const struct attempt *a, const struct mfd_idea *idea, unsigned again)
{
    char *folder = NULL;
    char *capture = NULL;
    FILE *out = NULL;
    bool good = false;

    if (asprintf(&folder, "%s/%zu", a->of->drafts, a->number) < 0) {
        return NULL;
    }
    mkdir(folder, 0777); /* where it fails the files show it */
    out = open_in(a, folder, ".mfd");
    good = out && fputs(idea->imported.text, out) >= 0;
    good = out && fclose(out) == 0 && good && write_log(a, folder, again);
    capture = good ? mfd_recording_save(&a->recording, idea->plan, folder, 0) : NULL;
    free(capture);
    if (!good) {
        free(folder);
        return NULL;
    }
    return folder;
}

/* Whether the scenario without its faults is a migration, so that what is seen comes of these. */
static bool has_twin(const struct attempt *a, const struct mfd_idea *idea)
{
    struct mfd_plan *twin = mfd_idea_twin(idea, a->of->reference);
    bool good = twin && outcome_of(a->of->reference, twin) == MFD_ACCEPTED;

    mfd_plan_free(twin);
    return good;
}

/* Words it as a scenario that stands by itself, and plays that; how often it did the same, 0 if there is none. */
static unsigned try_words(struct attempt *a, struct mfd_idea *idea, enum mfd_outcome expect)
{
    char title[NAME_SIZE + 32];
    struct mfd_idea_words words = {a->name, title, expect, false};
    bool good = false;

    snprintf(title, sizeof(title), "Found by fuzz/live: %s.", a->name);
    good = mfd_idea_word(idea, &a->idea, &words, a->of->peer);
    if (good && !has_twin(a, idea)) {
        mfd_idea_free(idea);
        words.whole = true;
        good = mfd_idea_word(idea, &a->idea, &words, a->of->peer);
    }
    return good ? play_again(a, idea) : 0;
}

/* Finds words for it with which it happens again, and tells what came of that. */
static void look_into(struct attempt *a, json_t *answer)
{
    struct mfd_idea worded;
    unsigned again = try_words(a, &worded, expectation(a));
    char *draft = NULL;

    if (!again && expectation(a) != MFD_REFUSED) {
        mfd_idea_free(&worded);
        again = try_words(a, &worded, MFD_REFUSED);
    }
    json_object_set_new(answer, "again", json_integer(again));
    /* a crash is one; all else may have been the machine's load */
    if (worded.plan && (again || a->result.got == MFD_CRASHED)) {
        draft = write_draft(a, &worded, again);
        json_object_set_new(answer, "draft", draft ? json_string(draft) : json_null());
        free(draft);
    }
    mfd_recording_free(&a->recording); /* it may point into the plan */
    mfd_idea_free(&worded);
}

/* ---- entry ---- */

static void judge(struct attempt *a, json_t *answer)
{
    const char *version = a->of->peer->version ? a->of->peer->version : "";
    const struct mfd_defect *defect = NULL;

    if (!mfd_wrong_of(a->idea.plan, &a->wrong)) {
        return;
    }
    json_object_set_new(
        answer, "rule",
        json_string(a->wrong.first == MFD_RULE_COUNT ? "" : mfd_rule_info(a->wrong.first)->id));
    if (!is_bad(a->result.got)) {
        return;
    }
    a->reference = outcome_of(a->of->reference, a->idea.plan);
    /* what is wrong with compressed payload no rule shows that is judged without unpacking it */
    a->wrong.disturbed = a->wrong.disturbed || a->reference != MFD_ACCEPTED;
    defect = mfd_known_defect(a->of->baseline, version, &a->wrong, a->result.got);
    if (defect) {
        json_object_set_new(answer, "defect", json_string(defect->id));
        return;
    }
    if (a->reference == a->result.got) {
        json_object_set_new(answer, "alike", json_true());
        return;
    }
    give_name(a);
    if (!a->of->has(a->name, a->of->context)) {
        look_into(a, answer);
    }
    json_object_set_new(answer, "name", json_string(a->name));
}

json_t *mfd_attempt(const struct mfd_attempts *attempts, size_t number)
{
    struct attempt a = {.of = attempts, .number = number, .reference = MFD_OUTCOME_COUNT};
    json_t *answer = json_object();

    if (play_some(&a)) {
        json_object_set_new(answer, "outcome", json_string(mfd_outcome_name(a.result.got)));
        judge(&a, answer);
    } else {
        json_object_set_new(answer, "outcome", json_string("unplayable"));
    }
    mfd_recording_free(&a.recording);
    mfd_result_free(&a.result);
    mfd_idea_free(&a.idea);
    return answer;
}
