// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge.h"

#include "exit_peer.h"
#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One run under judgement. */
struct trial {
    const struct mfd_plan *plan;
    struct mfd_live *live;
    struct mfd_play play;
    bool witness; /* the witness page has landed */
    char detail[512];
};

static bool may(const struct trial *trial, enum mfd_outcome outcome)
{
    return trial->plan->expect & MFD_OUTCOME_BIT(outcome);
}

static enum mfd_outcome say(struct trial *trial, enum mfd_outcome outcome, const char *detail)
{
    snprintf(trial->detail, sizeof(trial->detail), "%s", detail);
    return outcome;
}

static enum mfd_outcome completed(struct trial *trial)
{
    const struct mfd_play *play = &trial->play;

    if (mfd_memory_as_meant(trial->plan, trial->live, trial->witness, trial->detail,
                            sizeof(trial->detail)) &&
        mfd_replies_as_meant(trial->plan, play->replies, play->reply_size, trial->detail,
                             sizeof(trial->detail))) {
        return say(trial, MFD_ACCEPTED, "completed, memory as the sender meant");
    }
    return MFD_CORRUPTED;
}

/* The process has ended before anything was closed here. */
static enum mfd_outcome by_exit(struct trial *trial)
{
    const struct mfd_process *process = &trial->live->process;
    const struct mfd_peer_kind *kind = trial->live->peer->kind;

    if (process->signal) {
        return MFD_CRASHED; /* the detail follows, with the signal */
    }
    if (kind->completes_by_exit && process->exit_code == 0) {
        return completed(trial);
    }
    if (kind->completes_by_exit && process->exit_code == MFD_EXIT_UNSUPPORTED) {
        return say(trial, MFD_UNSUPPORTED, "exited with 77");
    }
    if (kind->refusal_code(process->exit_code)) {
        return say(trial, MFD_REFUSED, "ended with a clean failure");
    }
    return MFD_CRASHED;
}

/* Nothing more is coming from the peer, and nothing was refused. */
static enum mfd_outcome still_there(struct trial *trial)
{
    /* a receiver in the middle of a hello may be silent: the harness is what keeps it so */
    if (!trial->plan->half_hello && !trial->live->peer->kind->answers(trial->live)) {
        return say(trial, MFD_HUNG, "does not answer on its control channel");
    }
    return say(trial, MFD_WAITING, "alive, nothing closed, not finished");
}

/* A connection of the migration itself, not an extra one, that the peer has closed; -1 if there is none. */
static int closed_conn(const struct trial *trial)
{
    for (unsigned i = 0; i < trial->plan->conn_count; i++) {
        if (trial->play.conns[i].closed_by_peer && trial->plan->conns[i].kind != MFD_CONN_EXTRA) {
            return (int)i;
        }
    }
    return -1;
}

/* Completes the migration and looks at the end. */
static enum mfd_outcome finish(struct trial *trial)
{
    struct mfd_steps steps = trial->plan->finish;
    enum mfd_seen_end end;
    int closed = -1;

    if (trial->witness) {
        steps.list += trial->plan->setup_count; /* the witness has played these */
        steps.count -= trial->plan->setup_count;
    }
    mfd_play_steps(&trial->play, &steps);
    end = mfd_play_wait(&trial->play, (struct mfd_watch){.conn = -1});
    if (end == MFD_WAIT_ENDED) {
        return by_exit(trial);
    }
    if (trial->live->peer->kind->completed(trial->live)) {
        return completed(trial);
    }
    closed = closed_conn(trial);
    if (closed >= 0) {
        snprintf(trial->detail, sizeof(trial->detail),
                 "%s was closed while the migration was to finish",
                 trial->plan->conns[closed].name);
        return trial->plan->deviating < 0 || trial->plan->deviating == closed ? MFD_REFUSED
                                                                              : MFD_WAITING;
    }
    if (still_there(trial) == MFD_HUNG) {
        return MFD_HUNG;
    }
    /* a receiver may wait for the sender to go before it calls the migration complete */
    mfd_play_close_all(&trial->play);
    end = mfd_play_wait(&trial->play, (struct mfd_watch){.conn = -1});
    if (end == MFD_WAIT_ENDED && trial->live->peer->kind->completes_by_exit &&
        trial->live->process.exit_code == 0) {
        return completed(trial);
    }
    if (end != MFD_WAIT_ENDED && trial->live->peer->kind->completed(trial->live)) {
        return completed(trial);
    }
    return say(trial, MFD_WAITING, "did not finish before the connections were closed");
}

/* Sends the witness page: only a channel that is still heard can bring it into memory. */
static enum mfd_outcome ask_witness(struct trial *trial)
{
    const struct mfd_plan *plan = trial->plan;
    const struct mfd_live_block *block = &trial->live->blocks[plan->witness_block];
    uint8_t *wanted = malloc(plan->page_size);
    struct mfd_watch watch = {.conn = plan->deviating, .wanted = wanted};
    enum mfd_seen_end end = MFD_WAIT_BUSY;

    if (!wanted) {
        trial->play.failed = true;
        return MFD_UNDECIDED;
    }
    mfd_page_content(wanted, plan->page_size, plan->witness_block, plan->witness_page,
                     plan->witness_generation);
    watch.page = block->base + plan->witness_page * plan->page_size;
    mfd_play_steps(&trial->play, &plan->witness);
    end = mfd_play_wait(&trial->play, watch);
    free(wanted);
    switch (end) {
    case MFD_WAIT_ENDED:
        return by_exit(trial);
    case MFD_WAIT_CLOSED:
        return say(trial, MFD_REFUSED, "closed the deviating connection");
    case MFD_WAIT_LANDED:
        trial->witness = true;
        return finish(trial);
    default:
        return still_there(trial);
    }
}

/* A file is complete before the peer starts, and nothing can be closed here. */
static enum mfd_outcome look_at_file(struct trial *trial)
{
    mfd_play_steps(&trial->play, &trial->plan->steps);
    if (mfd_play_wait(&trial->play, (struct mfd_watch){.conn = -1}) == MFD_WAIT_ENDED) {
        return by_exit(trial);
    }
    if (trial->live->peer->kind->completed(trial->live)) {
        return completed(trial);
    }
    return still_there(trial);
}

/* What the peer did, before anything is closed here. */
static enum mfd_outcome look(struct trial *trial)
{
    const struct mfd_plan *plan = trial->plan;
    bool extra = plan->deviating >= 0 && plan->conns[plan->deviating].kind == MFD_CONN_EXTRA;
    /* dropping an extra connection is how a receiver accepts its being there */
    int watched = extra && may(trial, MFD_ACCEPTED) ? -1 : plan->deviating;
    enum mfd_seen_end end;

    mfd_play_steps(&trial->play, &plan->steps);
    end = mfd_play_wait(&trial->play, (struct mfd_watch){.conn = watched});
    if (end == MFD_WAIT_ENDED) {
        return by_exit(trial);
    }
    /* a peer that has completed closes everything too */
    if ((plan->finished || closed_conn(trial) >= 0) &&
        trial->live->peer->kind->completed(trial->live)) {
        return completed(trial);
    }
    if (end == MFD_WAIT_CLOSED) {
        return say(trial, MFD_REFUSED, "closed the deviating connection");
    }
    /* where the fault was to close the connection, a refusal shows on the others */
    if (plan->deviating >= 0 && trial->play.conns[plan->deviating].closed_here &&
        closed_conn(trial) >= 0) {
        snprintf(trial->detail, sizeof(trial->detail), "closed %s",
                 plan->conns[closed_conn(trial)].name);
        return MFD_REFUSED;
    }
    if (plan->finished || may(trial, MFD_ACCEPTED)) {
        return finish(trial);
    }
    if (may(trial, MFD_WAITING)) {
        return still_there(trial);
    }
    if (plan->witness.count && trial->live->peer->kind->memory_live &&
        trial->live->blocks[plan->witness_block].base) {
        return ask_witness(trial);
    }
    return plan->finish.count ? finish(trial) : still_there(trial);
}

/* After the end state is known: all is closed, and the process must come to an end or go on answering. */
static enum mfd_outcome close_down(struct trial *trial, enum mfd_outcome outcome)
{
    struct mfd_live *live = trial->live;

    mfd_play_close_all(&trial->play);
    if (live->peer->kind->completes_by_exit) {
        if (!mfd_process_wait(&live->process, live->peer->guard)) {
            return say(trial, MFD_HUNG, "did not end after everything was closed");
        }
        /* its sockets closed first, but it ended as one that has completed */
        if (outcome == MFD_REFUSED && live->process.exit_code == 0) {
            return completed(trial);
        }
    } else if (mfd_play_wait(&trial->play, (struct mfd_watch){.conn = -1}) != MFD_WAIT_ENDED &&
               outcome != MFD_HUNG && !live->peer->kind->answers(live)) {
        return say(trial, MFD_HUNG, "does not answer after everything was closed");
    }
    return outcome;
}

bool mfd_judge_crashed(const struct mfd_process *process, bool odd, struct mfd_result *result,
                       char *detail, size_t size)
{
    result->sanitizer = mfd_process_sanitizer(process);
    if (process->signal) {
        snprintf(detail, size, "ended by signal %d (%s)", process->signal,
                 strsignal(process->signal));
    } else if (result->sanitizer) {
        snprintf(detail, size, "a sanitizer reported");
    } else if (odd && process->ended && !process->killed) {
        snprintf(detail, size, "ended with exit status %d", process->exit_code);
    } else {
        return false;
    }
    return true;
}

void mfd_judge_tell_process(const struct mfd_process *process, struct mfd_result *result)
{
    result->exited = process->ended && !process->signal && !process->killed;
    result->exit_code = result->exited ? process->exit_code : 0;
    result->signal = process->signal;
    result->peer_log = mfd_process_output(process);
}

/* A crash outranks whatever else was seen. */
static enum mfd_outcome crashed(struct trial *trial, enum mfd_outcome outcome,
                                struct mfd_result *result)
{
    const struct mfd_process *process = &trial->live->process;
    int code = process->exit_code;
    bool odd =
        code != 0 && code != MFD_EXIT_UNSUPPORTED && !trial->live->peer->kind->refusal_code(code);

    return mfd_judge_crashed(process, odd, result, trial->detail, sizeof(trial->detail))
               ? MFD_CRASHED
               : outcome;
}

static void judge_started(struct trial *trial, struct mfd_recording *recording,
                          struct mfd_result *result)
{
    enum mfd_outcome outcome = MFD_UNDECIDED;
    const struct mfd_process *process = &trial->live->process;

    if (!mfd_play_start(&trial->play, trial->plan, trial->live, recording)) {
        result->verdict = MFD_HARNESS_ERROR;
        result->detail = strdup("out of memory, or no TLS keys");
        return;
    }
    outcome = trial->plan->file ? look_at_file(trial) : look(trial);
    outcome = close_down(trial, outcome);
    outcome = crashed(trial, outcome, result);
    result->got = outcome;
    result->verdict = trial->play.failed ? MFD_HARNESS_ERROR : MFD_PASS;
    result->detail = strdup(trial->play.failed ? trial->play.error : trial->detail);
    mfd_judge_tell_process(process, result);
    mfd_play_end(&trial->play);
    result->happenings = trial->play.happenings;
    result->happening_count = trial->play.happening_count;
}

void mfd_judge_run(const struct mfd_peer *peer, const struct mfd_plan *plan,
                   struct mfd_recording *recording, struct mfd_result *result)
{
    struct mfd_live live;
    struct trial trial = {.plan = plan, .live = &live};
    char error[MFD_PEER_ERROR_SIZE];
    double start = mfd_now();

    switch (mfd_live_start(peer, plan, &live, error)) {
    case MFD_STARTED:
        judge_started(&trial, recording, result);
        break;
    case MFD_START_UNSUPPORTED:
        result->got = MFD_UNSUPPORTED;
        result->verdict = MFD_PASS;
        result->detail = strdup(error);
        break;
    case MFD_START_FAILED:
        result->got = MFD_UNDECIDED;
        result->verdict = MFD_HARNESS_ERROR;
        result->detail = strdup(error);
        break;
    }
    mfd_live_stop(&live);
    result->ms = (mfd_now() - start) * 1000;
}
