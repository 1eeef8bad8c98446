// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A plan for a sender: have it migrate, do to it what the plan says, and look at what became of it, of guest
 * memory and of what it holds; see judge.h.
 */
#include "judge.h"

#include "counters.h"
#include "exit_peer.h"
#include "holdings.h"
#include "scenario.h"
#include "source.h"
#include "take.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How often a sender is looked at that gives no event. */
#define LOOK_MS 20
/*
 * How long nothing may have happened in the sender, and nothing have come from it, before it counts as waiting: a
 * QEMU whose bandwidth is limited sleeps for a tenth of a second.
 */
#define QUIET_SLOW 0.25
#define QUIET_REF 0.03

struct trial {
    const struct mfd_plan *plan;
    struct mfd_live *live;
    const struct mfd_source_kind *source;
    struct mfd_take take;
    struct mfd_holdings before;
    char error[MFD_PEER_ERROR_SIZE]; /* set when the harness itself fails */
    char detail[512];
};

static enum mfd_outcome say(struct trial *trial, enum mfd_outcome outcome, const char *detail)
{
    snprintf(trial->detail, sizeof(trial->detail), "%s", detail);
    return outcome;
}

/* ---- following one migration ---- */

static bool quiet(const struct trial *trial)
{
    return mfd_process_quiet(&trial->live->process,
                             trial->live->peer->kind->slow ? QUIET_SLOW : QUIET_REF);
}

/* Whether something may still come from the sender. */
static bool open_streams(const struct mfd_take *take)
{
    for (unsigned i = 0; i < MFD_SESSION_CONNS_MAX; i++) {
        const struct mfd_take_link *link = &take->links[i];

        if (link->used && link->running && !link->stalled && !link->hung_up) {
            return true;
        }
    }
    return false;
}

/* The sender has come to an end: what it sent before is still under way. */
static void drain(const struct trial *trial, struct mfd_take *take, bool whole)
{
    double end = mfd_now() + trial->live->peer->guard;

    while (mfd_take_step(take, -1, 0)) {}
    while (whole && !mfd_session_ended(&take->session) && !take->faulted && open_streams(take) &&
           mfd_now() < end) {
        mfd_take_step(take, -1, LOOK_MS);
    }
}

static void pass_on_cancel(const struct trial *trial, struct mfd_take *take)
{
    if (take->cancel_due) {
        take->cancel_due = false;
        take->blind = true;
        trial->source->cancel(trial->live);
    }
}

/* Up to the end of the migration; BUSY: nothing happens any more, or the guard has run out. */
static enum mfd_source_state follow(const struct trial *trial, struct mfd_take *take)
{
    double end = mfd_now() + trial->live->peer->guard;

    for (;;) {
        bool moved = mfd_take_step(take, trial->source->watch(trial->live), LOOK_MS);
        enum mfd_source_state state = MFD_SOURCE_BUSY;
        bool still = false;

        pass_on_cancel(trial, take);
        state = trial->source->state(trial->live);
        if (state != MFD_SOURCE_BUSY) {
            drain(trial, take, state == MFD_SOURCE_COMPLETED);
            return state;
        }
        still = !moved && quiet(trial);
        if (still && take->held) {
            /* it knows: what is read now can only help it to come to an end */
            take->held = false;
            moved = true;
        }
        if (moved) {
            end = mfd_now() + trial->live->peer->guard;
        } else if (mfd_now() > end || (still && !mfd_take_step(take, -1, 0) && !take->cancel_due &&
                                       trial->source->state(trial->live) == MFD_SOURCE_BUSY)) {
            return MFD_SOURCE_BUSY;
        }
    }
}

/* ---- what it came to ---- */

static enum mfd_outcome completed(struct trial *trial, const struct mfd_take *take)
{
    if (!take->session.completed && !take->faulted) {
        char text[256];

        snprintf(
            trial->detail, sizeof(trial->detail), "says completed, but the receiver has not%s%s",
            take->session.failure.set ? ": " : "",
            take->session.failure.set ? mfd_failure_text(&take->session.failure, text, sizeof(text))
                                      : "");
        return MFD_CORRUPTED;
    }
    if (!mfd_take_memory(take, trial->detail, sizeof(trial->detail))) {
        return MFD_CORRUPTED;
    }
    return say(trial, MFD_ACCEPTED, "completed, memory as the sender has it");
}

static enum mfd_outcome failed(struct trial *trial, const struct mfd_take *take)
{
    char text[256];

    if (!take->faulted && take->session.failure.set) {
        snprintf(trial->detail, sizeof(trial->detail), "failed; the receiver says: %s",
                 mfd_failure_text(&take->session.failure, text, sizeof(text)));
        return MFD_REFUSED;
    }
    return say(trial, MFD_REFUSED, "failed, as it says itself");
}

/* It does not come to an end by itself: it is told to cancel, and must come to one by that. */
static enum mfd_outcome wind_up(struct trial *trial)
{
    if (!trial->source->answers(trial->live)) {
        return say(trial, MFD_HUNG, "does not answer on its control channel");
    }
    trial->take.cancel_due = true;
    pass_on_cancel(trial, &trial->take);
    switch (follow(trial, &trial->take)) {
    case MFD_SOURCE_BUSY:
        return say(trial, MFD_HUNG, "waits, and does not come to an end when it is cancelled");
    case MFD_SOURCE_ENDED:
        return say(trial, MFD_CRASHED, "waits, and ends when it is cancelled");
    default:
        return say(trial, MFD_WAITING, "alive, neither completed nor failed; ends when cancelled");
    }
}

static enum mfd_outcome migrate(struct trial *trial)
{
    if (!trial->source->begin(trial->live, trial->plan, trial->take.address, trial->error)) {
        return MFD_UNDECIDED;
    }
    switch (follow(trial, &trial->take)) {
    case MFD_SOURCE_COMPLETED:
        return completed(trial, &trial->take);
    case MFD_SOURCE_FAILED:
        return failed(trial, &trial->take);
    case MFD_SOURCE_ENDED:
        return trial->live->process.exit_code == MFD_EXIT_UNSUPPORTED
                   ? say(trial, MFD_UNSUPPORTED, "exited with 77")
                   : say(trial, MFD_CRASHED, "has ended");
    default:
        return wind_up(trial);
    }
}

/* ---- afterwards ---- */

/* Whether threads and descriptors are again no more than before. */
static bool let_go(struct trial *trial)
{
    double end = mfd_now() + trial->live->peer->guard;
    struct mfd_holdings now;

    for (;;) {
        if (!mfd_holdings_of(trial->live->process.pid, &now)) {
            return true; /* it has ended, which is told elsewhere */
        }
        if (now.threads <= trial->before.threads && now.descriptors <= trial->before.descriptors) {
            return true;
        }
        /* where nothing moves any more nothing will be let go either */
        if (mfd_now() > end || quiet(trial)) {
            break;
        }
        usleep(1000);
    }
    snprintf(trial->detail, sizeof(trial->detail),
             "still holds %u threads and %u descriptors, where it had %u and %u; its threads: %s",
             now.threads, now.descriptors, trial->before.threads, trial->before.descriptors,
             now.names);
    return false;
}

/* After a failure: the same memory to another receiver, which does nothing to it. */
static bool migrates_again(struct trial *trial)
{
    struct mfd_plan plan = *trial->plan;
    struct mfd_take take = {.listen_fd = -1};
    char error[MFD_PEER_ERROR_SIZE] = "";
    char detail[sizeof(trial->detail)];
    enum mfd_source_state state = MFD_SOURCE_BUSY;
    bool good = false;

    plan.moment_count = 0;
    if (mfd_take_start(&take, &plan, trial->live, "again", error) &&
        trial->source->begin(trial->live, &plan, take.address, error)) {
        state = follow(trial, &take);
        good = state == MFD_SOURCE_COMPLETED && completed(trial, &take) == MFD_ACCEPTED;
        snprintf(error, sizeof(error), "%s",
                 state == MFD_SOURCE_COMPLETED ? trial->detail
                 : state == MFD_SOURCE_FAILED  ? "it failed"
                                               : "it did not come to an end");
    }
    mfd_take_end(&take);
    mfd_happenings_free(take.happenings, take.happening_count);
    snprintf(detail, sizeof(detail), "a second migration does not succeed: %.400s", error);
    say(trial, MFD_CORRUPTED, detail);
    return good;
}

/* What must hold of a sender that stays. */
static enum mfd_outcome look_back(struct trial *trial, enum mfd_outcome outcome)
{
    char detail[sizeof(trial->detail)];
    bool again = outcome == MFD_REFUSED || outcome == MFD_WAITING;

    if (!trial->source->stays || (!again && outcome != MFD_ACCEPTED)) {
        return outcome;
    }
    memcpy(detail, trial->detail, sizeof(detail));
    mfd_take_close(&trial->take);
    if (!let_go(trial)) {
        return MFD_HUNG;
    }
    if (again && !trial->source->runs(trial->live)) {
        return say(trial, MFD_CORRUPTED, "its virtual machine does not run any more");
    }
    if (again && !migrates_again(trial)) {
        return MFD_CORRUPTED;
    }
    memcpy(trial->detail, detail, sizeof(detail));
    return outcome;
}

/* A scenario says nothing where what it is about did not come to pass. */
static enum mfd_outcome unless_missed(struct trial *trial, enum mfd_outcome outcome)
{
    for (size_t i = 0; i < trial->plan->moment_count; i++) {
        const struct mfd_moment *moment = &trial->plan->moments[i];
        bool at_start = moment->acts & (MFD_DO_REFUSE | MFD_DO_FOREIGN);

        if (!at_start && !trial->take.done[i] &&
            (outcome == MFD_ACCEPTED || outcome == MFD_REFUSED || outcome == MFD_WAITING)) {
            snprintf(trial->detail, sizeof(trial->detail), "it never came to: %s", moment->text);
            return MFD_UNDECIDED;
        }
    }
    return outcome;
}

/* What the observer says of the scenario's own rules. */
static enum mfd_outcome by_rules(struct trial *trial, enum mfd_outcome outcome,
                                 const struct mfd_result *result)
{
    size_t count = 0;
    const enum mfd_rule *rules = mfd_scenario_rules(trial->plan->scenario, &count);

    for (size_t i = 0; i < count; i++) {
        const struct mfd_result_rule *found = NULL;

        for (size_t j = 0; j < result->rule_count; j++) {
            found = result->rules[j].rule == rules[i] ? &result->rules[j] : found;
        }
        if (found && found->broken &&
            (outcome == MFD_ACCEPTED || outcome == MFD_REFUSED || outcome == MFD_WAITING)) {
            snprintf(trial->detail, sizeof(trial->detail), "breaks %s: %.400s",
                     mfd_rule_info(rules[i])->id, found->text ? found->text : "");
            return MFD_CORRUPTED;
        }
        if (!found && outcome == MFD_ACCEPTED && mfd_oversight_rule(rules[i]) &&
            mfd_rule_applies(rules[i], trial->plan->speak)) {
            snprintf(trial->detail, sizeof(trial->detail), "%s could not be decided",
                     mfd_rule_info(rules[i])->id);
            return MFD_UNDECIDED;
        }
    }
    return outcome;
}

/* ---- the whole ---- */

static void judge_started(struct trial *trial, struct mfd_result *result)
{
    const struct mfd_process *process = &trial->live->process;
    enum mfd_outcome outcome = MFD_UNDECIDED;
    struct mfd_source_counters counters;
    bool said = false;

    trial->source = trial->live->source;
    if (trial->source->stays && !mfd_holdings_of(process->pid, &trial->before)) {
        snprintf(trial->error, sizeof(trial->error), "the sender ended before it was to send");
    } else {
        outcome = migrate(trial);
    }
    mfd_oversight_tell(trial->take.seen, result);
    said = outcome == MFD_ACCEPTED && trial->source->counters &&
           trial->source->counters(trial->live, &counters);
    mfd_counters_tell(&trial->take, said ? &counters : NULL, result);
    if (!trial->error[0]) {
        outcome = unless_missed(trial, outcome);
        outcome = by_rules(trial, outcome, result);
        trial->take.seen = NULL;
        trial->take.recording = NULL;
        outcome = look_back(trial, outcome);
    }
    mfd_process_poll(&trial->live->process);
    if (mfd_judge_crashed(process, outcome == MFD_CRASHED, result, trial->detail,
                          sizeof(trial->detail))) {
        outcome = MFD_CRASHED;
    }
    result->got = outcome;
    result->verdict = trial->error[0] ? MFD_HARNESS_ERROR : MFD_PASS;
    result->detail = strdup(trial->error[0] ? trial->error : trial->detail);
    mfd_judge_tell_process(process, result);
}

void mfd_judge_sender(const struct mfd_peer *peer, const struct mfd_plan *plan,
                      struct mfd_recording *recording, struct mfd_result *result)
{
    struct mfd_live live;
    struct trial trial = {.plan = plan, .live = &live, .take = {.listen_fd = -1}};
    struct mfd_oversight *seen = mfd_oversight_start(plan);
    double start = mfd_now();
    enum mfd_start how = mfd_live_start(peer, plan, &live, trial.error);

    if (how == MFD_STARTED &&
        (!seen || !mfd_take_start(&trial.take, plan, &live, "take", trial.error))) {
        how = MFD_START_FAILED;
    }
    if (how == MFD_STARTED) {
        trial.take.seen = seen;
        trial.take.recording = recording;
        if (recording) {
            recording->copies = true;
        }
        judge_started(&trial, result);
    } else {
        result->got = how == MFD_START_UNSUPPORTED ? MFD_UNSUPPORTED : MFD_UNDECIDED;
        result->verdict = how == MFD_START_UNSUPPORTED ? MFD_PASS : MFD_HARNESS_ERROR;
        result->detail = strdup(seen ? trial.error : "out of memory");
    }
    mfd_take_end(&trial.take);
    result->happenings = trial.take.happenings;
    result->happening_count = trial.take.happening_count;
    mfd_oversight_free(seen);
    mfd_live_stop(&live);
    result->ms = (mfd_now() - start) * 1000;
}
