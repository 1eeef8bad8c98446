// SPDX-License-Identifier: GPL-2.0-or-later
/* Sends what was built, and keeps account of connections, sync points and memory; see compile.h. */
#include "compile.h"

#include "hello.h"

#include <stdlib.h>
#include <string.h>

struct mfd_step *mfd_steps_add(struct mfd_compiler *c, enum mfd_step_kind kind, unsigned conn)
{
    struct mfd_steps *to = c->to;
    struct mfd_step *step = NULL;

    to->list = mfd_grow(to->list, to->count, sizeof(*to->list));
    step = &to->list[to->count++];
    *step = (struct mfd_step){
        .kind = kind,
        .conn = conn,
        .line = c->line ? c->line->line : 0,
        .deviation = c->line && c->line->whole,
        .text = mfd_text_copy(c->text, strlen(c->text)),
    };
    return step;
}

bool mfd_conn_usable(const struct mfd_compiler *c, unsigned conn)
{
    const struct mfd_conn_state *state = &c->conns[conn];

    return state->connected && !state->closed && !state->dead && !state->bye;
}

void mfd_emit_connect(struct mfd_compiler *c, unsigned conn)
{
    struct mfd_conn_state *state = &c->conns[conn];

    if (!state->connected && !c->plan->file) {
        mfd_steps_add(c, MFD_STEP_CONNECT, conn);
    }
    if (!state->connected) {
        state->connected = true;
        state->held = true;
    }
}

void mfd_emit_end(struct mfd_compiler *c, unsigned conn, enum mfd_step_kind kind)
{
    mfd_steps_add(c, kind, conn);
    c->conns[conn].held = false;
}

/* ---- what the sender meant ---- */

static void note_main(struct mfd_compiler *c, enum mfd_message message, const uint8_t *at)
{
    size_t block = 0;
    struct mfd_main_state *main = &c->main;
    bool sync = message == (c->plan->sync == MFD_SYNC_MARKER ? MFD_MSG_marker : MFD_MSG_eos) &&
                mfd_rev_has_packets(c->plan->speak);

    main->points += sync;
    main->ended = main->ended || message == MFD_MSG_end;
    if (mfd_start_record(c, main->start, &block) == message) {
        main->start++;
    } else if (mfd_start_record(c, main->start, &block) == MFD_MESSAGE_COUNT &&
               mfd_last_record(c, main->last) == message &&
               (main->last > 0 || at[0] == MFD_SECTION_END)) {
        main->last++;
    }
}

/* Brings the accounts forward by the messages of one step, as they were before any fault. */
static void note_meant(struct mfd_compiler *c, unsigned conn, const struct mfd_bytes *bytes)
{
    struct mfd_conn_state *state = &c->conns[conn];
    const struct mfd_plan_conn *of = &c->plan->conns[conn];

    for (size_t i = 0; i < bytes->part_count; i++) {
        const struct mfd_plan_part *part = &bytes->parts[i];
        const uint8_t *at = bytes->bytes + part->offset;

        if (part->message == mfd_hello_message(c->plan->speak)) {
            state->hello = true;
        } else if (part->message == MFD_MSG_header) {
            state->header = true;
        } else if (part->message == MFD_MSG_packet) {
            state->syncs += mfd_get32(at + 8) & MFD_FLAG_SYNC;
        }
        if (of->kind == MFD_CONN_MAIN || of->kind == MFD_CONN_FILE) {
            note_main(c, part->message, at);
        }
    }
    /* what an extra connection sends is nothing that the migration's sender means */
    for (size_t i = 0; of->kind != MFD_CONN_EXTRA && i < bytes->effect_count; i++) {
        const struct mfd_effect *effect = &bytes->effects[i];

        c->plan->blocks[effect->block].pages[effect->page] =
            (struct mfd_model_page){effect->state, effect->generation};
    }
}

static void note_used(struct mfd_compiler *c, const struct mfd_bytes *bytes)
{
    for (size_t i = 0; i < bytes->effect_count; i++) {
        c->used[bytes->effects[i].block][bytes->effects[i].page] = true;
    }
}

/* Whether leaving these bytes out takes something away that a migration cannot be completed without. */
static bool vital(const struct mfd_compiler *c, unsigned conn, const struct mfd_bytes *bytes)
{
    size_t block = 0;

    for (size_t i = 0; i < bytes->part_count; i++) {
        enum mfd_message message = bytes->parts[i].message;

        if (message == mfd_hello_message(c->plan->speak)) {
            return true;
        }
        if (c->plan->conns[conn].kind == MFD_CONN_MAIN &&
            (message == mfd_start_record(c, c->main.start, &block) || c->main.last > 0 ||
             (message == MFD_MSG_part &&
              bytes->bytes[bytes->parts[i].offset] == MFD_SECTION_END))) {
            return true;
        }
    }
    return false;
}

/* ---- sending ---- */

static bool set_split(struct mfd_compiler *c, struct mfd_step *step, const struct mfd_values *sizes,
                      bool repeat)
{
    step->split = mfd_zalloc(sizes->count * sizeof(*step->split));
    step->split_count = sizes->count;
    step->split_repeat = repeat;
    for (size_t i = 0; i < sizes->count; i++) {
        uint64_t size = 0;
        const char *problem = mfd_term_within(&c->env, &sizes->list[i].from, 1, SIZE_MAX, &size);

        if (problem) {
            return MFD_COMPILE_FAIL(c, "split: %s", problem);
        }
        step->split[i] = (size_t)size;
    }
    return true;
}

static bool choose_split(struct mfd_compiler *c, struct mfd_step *step,
                         const struct mfd_damage *damage)
{
    const struct mfd_arg *arg = c->line ? mfd_line_arg(c->line, MFD_ARG_split) : NULL;

    if (damage->split) {
        return set_split(c, step, &damage->split->values, damage->split->repeat);
    }
    return !arg || set_split(c, step, &arg->values, arg->repeat);
}

/* Places of a file, and where the stream goes on; pages and bitmaps are not part of it. */
static void add_places(struct mfd_compiler *c, struct mfd_step *step, const struct mfd_bytes *bytes)
{
    bool stream = bytes->place_count == 0 || bytes->places[0].offset > 0;
    size_t first = stream ? 1 : 0;

    step->places = mfd_zalloc((bytes->place_count + 1) * sizeof(*step->places));
    step->places[0] = (struct mfd_plan_place){0, c->file_at};
    step->place_count = first;
    for (size_t i = 0; i < bytes->place_count && bytes->places[i].offset <= bytes->size; i++) {
        step->places[step->place_count++] = bytes->places[i];
    }
    c->file_at = stream ? mfd_file_position(c, bytes) : c->file_at;
}

/* One SEND with a copy of the bytes. */
static bool add_send(struct mfd_compiler *c, unsigned conn, const struct mfd_bytes *bytes,
                     const struct mfd_damage *damage, bool deviation)
{
    struct mfd_step *step = mfd_steps_add(c, MFD_STEP_SEND, conn);

    step->deviation = step->deviation || deviation;
    step->size = bytes->size;
    step->bytes = mfd_zalloc(bytes->size);
    memcpy(step->bytes, bytes->bytes, bytes->size);
    step->part_count = bytes->part_count;
    step->parts = mfd_zalloc(bytes->part_count * sizeof(*step->parts));
    if (bytes->part_count) {
        memcpy(step->parts, bytes->parts, bytes->part_count * sizeof(*step->parts));
    }
    if (damage->touched) {
        step->fault_offset = damage->offset;
        step->fault_size = damage->size;
    } else if (step->deviation && !damage->cut && !damage->split) {
        step->fault_size = bytes->size;
    }
    c->conns[conn].sent += bytes->size;
    if (c->plan->file) {
        add_places(c, step, bytes);
    }
    return choose_split(c, step, damage);
}

static bool send_damaged(struct mfd_compiler *c, unsigned conn, const struct mfd_bytes *bytes,
                         const struct mfd_damage *damage)
{
    bool changed = damage->touched || damage->cut || damage->split;

    if (bytes->size && !add_send(c, conn, bytes, damage, changed)) {
        return false;
    }
    return !damage->twice || add_send(c, conn, bytes, damage, true);
}

/* What the fault does to the connection. */
static void end_damaged(struct mfd_compiler *c, unsigned conn, const struct mfd_damage *damage)
{
    struct mfd_conn_state *state = &c->conns[conn];

    state->cut = state->cut || damage->cut;
    state->dead = state->dead || damage->cut || damage->close || damage->reset;
    if (damage->close || damage->reset) {
        mfd_emit_end(c, conn, damage->close ? MFD_STEP_CLOSE : MFD_STEP_RESET);
        c->to->list[c->to->count - 1].deviation = true;
    }
}

bool mfd_emit_bytes(struct mfd_compiler *c, unsigned conn, struct mfd_bytes *bytes, bool faulty)
{
    struct mfd_conn_state *state = &c->conns[conn];
    struct mfd_bytes meant = {0};
    struct mfd_damage damage = {.conn = conn};
    bool good = true;

    note_used(c, bytes);
    if (state->dead) {
        mfd_bytes_free(bytes);
        return true;
    }
    if (state->closed) {
        mfd_bytes_free(bytes);
        return MFD_COMPILE_FAIL(c, "%s: is closed above", c->plan->conns[conn].name);
    }
    if (state->bye) {
        mfd_bytes_free(bytes);
        return MFD_COMPILE_FAIL(c, "%s: has said bye above", c->plan->conns[conn].name);
    }
    if (faulty) {
        damage.omit = mfd_line_has_fault(c->line, MFD_FAULT_OMIT);
        damage.cut = mfd_line_has_fault(c->line, MFD_FAULT_CUT);
    }
    if (damage.omit) {
        state->withheld = state->withheld || vital(c, conn, bytes);
    } else if (!damage.cut) {
        note_meant(c, conn, bytes);
    }
    meant = *bytes;
    good = !faulty || mfd_fault_apply(c, &meant, &damage);
    if (good && !damage.omit) {
        mfd_emit_connect(c, conn);
        if (damage.stranger) {
            c->to->list[c->to->count - 1].deviation = true;
            state->withheld = true; /* nobody hears what goes over it */
        }
        good = send_damaged(c, conn, &meant, &damage);
        end_damaged(c, conn, &damage);
    }
    mfd_bytes_free(&meant);
    *bytes = (struct mfd_bytes){0};
    return good;
}

void mfd_compiler_free(struct mfd_compiler *c)
{
    for (size_t i = 0; i < c->plan->block_count; i++) {
        if (c->generations) {
            free(c->generations[i]);
        }
        if (c->used) {
            free(c->used[i]);
        }
    }
    for (size_t i = 0; c->encoders && i < c->plan->conn_count; i++) {
        mfd_encoder_close(c->encoders[i]);
    }
    free(c->encoders);
    free(c->generations);
    free(c->used);
    free(c->mapped);
    free(c->bitmaps);
    free(c->conns);
    free(c->text);
}
