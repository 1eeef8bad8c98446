// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of the scenario as steps; see compile.h. */
#include "compile.h"

#include <string.h>

/* Number of a channel; a parameter may give one that does not exist. */
static bool channel_number(struct mfd_compiler *c, const struct mfd_term *term, unsigned *number)
{
    uint64_t found = 0;
    const char *problem = mfd_term_within(&c->env, term, 0, UINT32_MAX, &found);

    if (problem) {
        return MFD_COMPILE_FAIL(c, "ch: %s", problem);
    }
    if (found >= c->env.channels) {
        return MFD_COMPILE_FAIL(c, "ch %llu: there are only %u channels", (unsigned long long)found,
                                c->env.channels);
    }
    *number = (unsigned)found;
    return true;
}

/*
 * A name that the plan has no connection for (a twin lacks lines that are faults as a whole) gets a number
 * behind all connections, one for each name.
 */
static unsigned extra_conn(const struct mfd_compiler *c, const char *name)
{
    const struct mfd_scenario *scenario = c->env.scenario;
    size_t line = 0;

    for (size_t i = 1 + c->env.channels; i < c->plan->conn_count; i++) {
        if (strcmp(c->plan->conns[i].name + strlen("extra "), name) == 0) {
            return (unsigned)i;
        }
    }
    while (scenario->lines[line].who.kind != MFD_WHO_EXTRA ||
           strcmp(scenario->lines[line].who.name, name) != 0) {
        line++;
    }
    return (unsigned)(c->plan->conn_count + line);
}

bool mfd_line_conns(struct mfd_compiler *c, const struct mfd_line *line, unsigned *first,
                    unsigned *count)
{
    unsigned from = 0;
    unsigned to = 0;

    *first = 0;
    *count = 1;
    switch (line->who.kind) {
    case MFD_WHO_CHANNEL:
        to = c->env.channels - 1;
        if (!line->who.all && !channel_number(c, &line->who.from, &from)) {
            return false;
        }
        if (!line->who.all) {
            to = from;
        }
        if (line->who.range && !channel_number(c, &line->who.to, &to)) {
            return false;
        }
        if (to < from) {
            return MFD_COMPILE_FAIL(c, "ch %u..%u: there is no channel between", from, to);
        }
        *first = 1 + from;
        *count = to - from + 1;
        return true;
    case MFD_WHO_EXTRA:
        *first = extra_conn(c, line->who.name);
        return true;
    default:
        return true;
    }
}

static bool compile_bye(struct mfd_compiler *c, unsigned conn)
{
    if (c->plan->conns[conn].tls == MFD_PLAN_PLAIN) {
        return MFD_COMPILE_FAIL(c, "bye: needs TLS");
    }
    if (!c->conns[conn].connected || c->conns[conn].bye) {
        return MFD_COMPILE_FAIL(c, "bye: %s has no TLS to be ended", c->plan->conns[conn].name);
    }
    mfd_steps_add(c, MFD_STEP_BYE, conn);
    c->conns[conn].bye = true;
    return true;
}

/* connect, close, reset, shut and bye. */
static bool compile_life(struct mfd_compiler *c, const struct mfd_line *line, unsigned conn)
{
    struct mfd_conn_state *state = &c->conns[conn];
    bool faulty = !c->twin && mfd_line_faulty(line);

    if (state->dead) {
        return true;
    }
    if (faulty && mfd_line_has_fault(line, MFD_FAULT_OMIT)) {
        state->withheld = state->withheld || line->verb == MFD_VERB_connect;
        return true;
    }
    if (state->closed) {
        return MFD_COMPILE_FAIL(c, "%s: is closed above", c->plan->conns[conn].name);
    }
    if (line->verb == MFD_VERB_connect) {
        struct mfd_bytes none = {0};

        if (state->connected) {
            return MFD_COMPILE_FAIL(c, "%s: is connected above", c->plan->conns[conn].name);
        }
        return mfd_emit_bytes(c, conn, &none, faulty);
    }
    if (line->verb == MFD_VERB_bye) {
        return compile_bye(c, conn);
    }
    mfd_emit_connect(c, conn);
    mfd_emit_end(c, conn,
                 line->verb == MFD_VERB_close   ? MFD_STEP_CLOSE
                 : line->verb == MFD_VERB_reset ? MFD_STEP_RESET
                                                : MFD_STEP_SHUT);
    state->closed = !faulty;
    state->dead = faulty;
    return true;
}

bool mfd_compile_line_on(struct mfd_compiler *c, const struct mfd_line *line, unsigned conn)
{
    struct mfd_bytes bytes = {0};

    switch (line->verb) {
    case MFD_VERB_connect:
    case MFD_VERB_close:
    case MFD_VERB_reset:
    case MFD_VERB_shut:
    case MFD_VERB_bye:
        return compile_life(c, line, conn);
    default:
        if (!mfd_build_verb(c, conn, line->verb, line, &bytes)) {
            mfd_bytes_free(&bytes);
            return false;
        }
        return mfd_emit_bytes(c, conn, &bytes, !c->twin && mfd_line_faulty(line));
    }
}

bool mfd_compile_syncs(struct mfd_compiler *c)
{
    for (unsigned conn = 1; mfd_rev_has_packets(c->plan->speak) && conn <= c->env.channels;
         conn++) {
        struct mfd_bytes bytes = {0};

        if (mfd_conn_usable(c, conn) && (!mfd_build_verb(c, conn, MFD_VERB_sync, NULL, &bytes) ||
                                         !mfd_emit_bytes(c, conn, &bytes, false))) {
            return false;
        }
    }
    return true;
}

void mfd_compile_byes(struct mfd_compiler *c)
{
    if (!c->plan->tls || c->plan->speak < MFD_REV_10_0) {
        return;
    }
    for (unsigned conn = 1; conn <= c->env.channels; conn++) {
        if (mfd_conn_usable(c, conn) && c->plan->conns[conn].tls != MFD_PLAN_PLAIN) {
            mfd_steps_add(c, MFD_STEP_BYE, conn);
            c->conns[conn].bye = true;
        }
    }
}

bool mfd_compile_line(struct mfd_compiler *c, const struct mfd_line *line)
{
    unsigned first = 0;
    unsigned count = 0;

    if (!mfd_file_line_suits(c, line)) {
        return false;
    }
    if (line->verb == MFD_VERB_truncate) {
        return mfd_compile_truncate(c, line);
    }
    if (c->plan->file && !mfd_compile_file_offset(c, line)) {
        return false;
    }
    if (c->plan->file && line->verb == MFD_VERB_finish && !c->conns[0].dead &&
        !mfd_compile_bitmaps(c)) {
        return false;
    }
    if (line->verb == MFD_VERB_settle) {
        mfd_steps_add(c, MFD_STEP_SETTLE, 0);
        return true;
    }
    if (!mfd_line_conns(c, line, &first, &count)) {
        return false;
    }
    if (count > 1 && !c->twin && mfd_line_faulty(line)) {
        return MFD_COMPILE_FAIL(c, "ch: a fault stands on one connection, and these are %u", count);
    }
    /* the fault of round and finish is on main: the SYNCs before it are in order */
    if ((line->verb == MFD_VERB_round || line->verb == MFD_VERB_finish) && !c->plan->file &&
        !mfd_compile_syncs(c)) {
        return false;
    }
    for (unsigned conn = first; conn < first + count; conn++) {
        if (!mfd_compile_line_on(c, line, conn)) {
            return false;
        }
    }
    if (line->verb == MFD_VERB_finish) {
        mfd_compile_byes(c);
    }
    return true;
}
