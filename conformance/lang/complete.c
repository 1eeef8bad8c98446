// SPDX-License-Identifier: GPL-2.0-or-later
/* From where the steps stop to the end of the migration, and the witness; see compile.h. */
#include "compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Pages that a block must have before one of them is spent on the witness. */
#define WITNESS_PAGES 8u

static bool start_complete(const struct mfd_compiler *c)
{
    size_t block = 0;

    return mfd_start_record(c, c->main.start, &block) == MFD_MESSAGE_COUNT;
}

/* Whether the sync point of the END section is still to come. */
static bool last_point_due(const struct mfd_compiler *c)
{
    return c->main.last <= 1; /* the record behind the start of the section is the one */
}

static bool can_speak(const struct mfd_compiler *c, unsigned conn)
{
    const struct mfd_conn_state *state = &c->conns[conn];

    return !state->closed && !state->dead && !state->withheld && !state->bye;
}

/* The number of SYNCs that a channel has sent when the migration ends. */
static unsigned syncs_in_all(const struct mfd_compiler *c)
{
    if (!mfd_rev_has_packets(c->plan->speak)) {
        return 0;
    }
    /* the sync point of a START section that is not there yet will come too */
    return c->main.points + last_point_due(c) + (c->main.points == 0);
}

bool mfd_can_complete(const struct mfd_compiler *c)
{
    if (!can_speak(c, 0)) {
        return false;
    }
    for (unsigned conn = 1; conn <= c->env.channels; conn++) {
        const struct mfd_conn_state *state = &c->conns[conn];

        /* a channel that is gone must have sent its last SYNC before */
        if (!can_speak(c, conn) &&
            (state->withheld || state->cut || state->syncs < syncs_in_all(c))) {
            return false;
        }
    }
    return true;
}

static void say(struct mfd_compiler *c, const char *text)
{
    free(c->text);
    c->text = mfd_text_copy(text, strlen(text));
}

/* "CONNECTION WHAT" as the text of the steps that follow. */
static void say_on(struct mfd_compiler *c, unsigned conn, const char *what)
{
    char text[64];

    snprintf(text, sizeof(text), "%s %s", c->plan->conns[conn].name, what);
    say(c, text);
}

static bool rest_of_start(struct mfd_compiler *c)
{
    struct mfd_bytes bytes = {0};

    if (start_complete(c)) {
        return true;
    }
    say_on(c, 0, "start");
    mfd_build_start(c, c->main.start, &bytes);
    return mfd_emit_bytes(c, 0, &bytes, false);
}

static bool rest_of_opening(struct mfd_compiler *c, unsigned conn)
{
    const struct mfd_conn_state *state = &c->conns[conn];
    struct mfd_bytes bytes = {0};
    enum mfd_verb verb = state->hello ? MFD_VERB_sync : MFD_VERB_ready;
    bool opened = mfd_rev_has_packets(c->plan->speak) ? state->syncs > 0 : state->hello;

    if (opened || !can_speak(c, conn)) {
        return true;
    }
    say_on(c, conn, mfd_verb_info(verb)->name);
    return mfd_build_verb(c, conn, verb, NULL, &bytes) && mfd_emit_bytes(c, conn, &bytes, false);
}

bool mfd_complete_setup(struct mfd_compiler *c)
{
    size_t before = c->to->count;
    int deviating = c->plan->deviating;

    c->line = NULL;
    if (!rest_of_start(c)) {
        return false;
    }
    for (unsigned conn = 1; conn <= c->env.channels; conn++) {
        if (!rest_of_opening(c, conn)) {
            return false;
        }
    }
    if (deviating > (int)c->env.channels && c->conns[deviating].hello &&
        !rest_of_opening(c, (unsigned)deviating)) {
        return false;
    }
    if (c->to->count > before) {
        say(c, "settle");
        mfd_steps_add(c, MFD_STEP_SETTLE, 0);
    }
    return true;
}

/* After a hand-made beginning of the END section only those SYNCs that are missing. */
static bool missing_syncs(struct mfd_compiler *c)
{
    for (unsigned conn = 1; conn <= c->env.channels; conn++) {
        struct mfd_bytes bytes = {0};

        if (mfd_conn_usable(c, conn) && c->conns[conn].syncs < syncs_in_all(c) &&
            (!mfd_build_verb(c, conn, MFD_VERB_sync, NULL, &bytes) ||
             !mfd_emit_bytes(c, conn, &bytes, false))) {
            return false;
        }
    }
    return true;
}

bool mfd_complete_end(struct mfd_compiler *c)
{
    struct mfd_bytes bytes = {0};

    c->line = NULL;
    say(c, "finish");
    if (!(c->main.last > 0 ? missing_syncs(c) : mfd_compile_syncs(c))) {
        return false;
    }
    mfd_build_last(c, c->main.last, &bytes);
    if (!mfd_emit_bytes(c, 0, &bytes, false)) {
        return false;
    }
    mfd_compile_byes(c);
    return true;
}

/* ---- witness ---- */

/* The last page that no step touches, of the first block that is large enough. */
static bool find_page(struct mfd_compiler *c)
{
    struct mfd_plan *plan = c->plan;

    for (unsigned b = 0; b < plan->block_count; b++) {
        for (size_t p = plan->blocks[b].page_count;
             plan->blocks[b].page_count >= WITNESS_PAGES && p-- > 0;) {
            if (!c->used[b][p]) {
                plan->witness_block = b;
                plan->witness_page = p;
                plan->witness_generation = c->generations[b][p] + 1;
                return true;
            }
        }
    }
    return false;
}

/* Whether a packet on the deviating connection can tell anything. */
static bool wants_witness(const struct mfd_compiler *c)
{
    int conn = c->plan->deviating;

    return conn > 0 && !c->plan->finished && mfd_rev_has_packets(c->plan->speak) &&
           mfd_conn_usable(c, (unsigned)conn) && c->conns[conn].hello && mfd_can_complete(c);
}

static bool add_witness(struct mfd_compiler *c)
{
    struct mfd_plan *plan = c->plan;
    unsigned conn = (unsigned)plan->deviating;
    struct mfd_bytes bytes = {0};

    if (!find_page(c)) {
        return true;
    }
    c->to = &plan->witness;
    if (!mfd_complete_setup(c)) {
        return false;
    }
    plan->setup_count = plan->witness.count;
    say_on(c, conn, "data");
    if (!mfd_build_page(c, conn, plan->witness_block, plan->witness_page, &bytes)) {
        mfd_bytes_free(&bytes);
        return false;
    }
    bytes.effect_count = 0; /* the model holds what is there without the witness */
    return mfd_emit_bytes(c, conn, &bytes, false);
}

/* ---- both ---- */

/* The state that witness and finish both start from. */
struct kept {
    struct mfd_conn_state *conns;
    struct mfd_main_state main;
    uint64_t next_num;
};

static struct kept keep(const struct mfd_compiler *c)
{
    size_t size = c->plan->conn_count * sizeof(*c->conns);
    struct kept kept = {mfd_zalloc(size), c->main, c->next_num};

    memcpy(kept.conns, c->conns, size);
    return kept;
}

static void restore(struct mfd_compiler *c, struct kept kept)
{
    free(c->conns);
    c->conns = kept.conns;
    c->main = kept.main;
    c->next_num = kept.next_num;
}

bool mfd_complete_fault_run(struct mfd_compiler *c)
{
    struct kept kept = {0};
    bool good = true;

    if (c->plan->finished) {
        return true;
    }
    if (wants_witness(c)) {
        kept = keep(c);
        good = add_witness(c);
        restore(c, kept);
    }
    c->to = &c->plan->finish;
    return good && (!mfd_can_complete(c) || (mfd_complete_setup(c) && mfd_complete_end(c)));
}
