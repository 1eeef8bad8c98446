// SPDX-License-Identifier: GPL-2.0-or-later
/* Plans that test a sender: what the receiver does to it, and when; see compile.h. */
#include "compile.h"

#include "hello.h"

#include <string.h>

/* The moment that MESSAGE#K names; false if a receiver cannot tell it. */
static bool find_at(const struct mfd_line *line, enum mfd_moment_at *at)
{
    static const struct {
        enum mfd_who_kind who;
        const char *message;
        enum mfd_moment_at at;
    } known[] = {
        {MFD_WHO_CHANNEL, "hello", MFD_AT_HELLO}, {MFD_WHO_CHANNEL, "sync", MFD_AT_SYNC},
        {MFD_WHO_CHANNEL, "data", MFD_AT_DATA},   {MFD_WHO_MAIN, "start", MFD_AT_START},
        {MFD_WHO_MAIN, "last", MFD_AT_LAST},      {MFD_WHO_MAIN, "end", MFD_AT_END},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (line->who.kind == known[i].who && strcmp(line->at_message, known[i].message) == 0) {
            *at = known[i].at;
            return true;
        }
    }
    return false;
}

static bool set_number(struct mfd_compiler *c, struct mfd_moment *moment)
{
    const struct mfd_line *line = c->line;
    const char *problem = NULL;

    if (line->at_last) {
        moment->number = MFD_NUMBER_LAST;
        return moment->at == MFD_AT_SYNC ||
               MFD_COMPILE_FAIL(c, "%s#last: only the last sync is known as such",
                                line->at_message);
    }
    problem = mfd_term_within(&c->env, &line->at_number, 0, UINT32_MAX, &moment->number);
    if (problem) {
        return MFD_COMPILE_FAIL(c, "%s#: %s", line->at_message, problem);
    }
    return moment->number == 0 || moment->at == MFD_AT_SYNC || moment->at == MFD_AT_DATA ||
           MFD_COMPILE_FAIL(c, "%s: there is only the one with number 0", line->at_message);
}

/*
 * Only a hello and the payload of a packet can be foreseen: what else comes next shows when its header is
 * complete.
 */
static bool set_cut(struct mfd_compiler *c, const struct mfd_fault *fault,
                    struct mfd_moment *moment)
{
    uint64_t header = mfd_packet_size(c->env.page_size);
    bool hello = moment->at == MFD_AT_HELLO;
    const struct mfd_value *value = fault->values.list;
    struct mfd_value room = {0};
    const char *problem = mfd_value_resolve(&c->env, &value, &room);

    if (!hello && moment->at != MFD_AT_DATA) {
        return MFD_COMPILE_FAIL(c, "cut: only within a hello, or the pages of a packet");
    }
    problem = problem ? problem
                      : mfd_term_within(&c->env, &value->from, hello ? 1 : header + 1,
                                        hello ? mfd_hello_size(c->plan->speak) - 1 : UINT32_MAX,
                                        &moment->cut);
    return problem ? MFD_COMPILE_FAIL(c, "cut: %s", problem) : true;
}

static bool add_act(struct mfd_compiler *c, const struct mfd_fault *fault,
                    struct mfd_moment *moment)
{
    bool accept = moment->at == MFD_AT_ACCEPT;

    switch (fault->kind) {
    case MFD_FAULT_CLOSE:
        moment->acts |= MFD_DO_CLOSE;
        return true;
    case MFD_FAULT_RESET:
        moment->acts |= MFD_DO_RESET;
        return true;
    case MFD_FAULT_STALL:
        moment->acts |= MFD_DO_STALL;
        return true;
    case MFD_FAULT_CANCEL:
        moment->acts |= MFD_DO_CANCEL;
        return true;
    case MFD_FAULT_CUT:
        return set_cut(c, fault, moment);
    case MFD_FAULT_REFUSE:
        moment->acts |= MFD_DO_REFUSE;
        return accept || MFD_COMPILE_FAIL(c, "refuse: only where the connection is taken");
    case MFD_FAULT_FOREIGN:
        moment->acts |= MFD_DO_FOREIGN;
        if (!c->plan->tls) {
            return MFD_COMPILE_FAIL(c, "foreign: needs the header tls");
        }
        return accept || MFD_COMPILE_FAIL(c, "foreign: only where the connection is taken");
    default:
        return MFD_COMPILE_FAIL(c, "%s: a receiver cannot change what is sent",
                                fault->kind == MFD_FAULT_FIELD ? fault->field
                                                               : mfd_fault_name(fault->kind));
    }
}

static bool compile_line(struct mfd_compiler *c, const struct mfd_line *line)
{
    struct mfd_plan *plan = c->plan;
    struct mfd_moment *moment = NULL;
    unsigned count = 0;

    if ((!line->at && line->verb != MFD_VERB_accept) || line->whole ||
        (line->at && line->verb != MFD_VERB_COUNT)) {
        return MFD_COMPILE_FAIL(
            c, "with role sender a step is WHO accept, or at WHO MESSAGE#K, and a fault");
    }
    plan->moments = mfd_grow(plan->moments, plan->moment_count, sizeof(*plan->moments));
    moment = &plan->moments[plan->moment_count++];
    *moment =
        (struct mfd_moment){.line = line->line, .text = mfd_text_copy(c->text, strlen(c->text))};
    if (!mfd_line_conns(c, line, &moment->conn, &count)) {
        return false;
    }
    if (count > 1) {
        return MFD_COMPILE_FAIL(c, "ch: a fault stands on one connection, and these are %u", count);
    }
    if (line->at && !find_at(line, &moment->at)) {
        return MFD_COMPILE_FAIL(c, "%s: no moment that a receiver knows", line->at_message);
    }
    if (line->at && !set_number(c, moment)) {
        return false;
    }
    for (size_t i = 0; i < line->fault_count; i++) {
        if (!add_act(c, &line->faults[i], moment)) {
            return false;
        }
    }
    return moment->acts != 0 || MFD_COMPILE_FAIL(c, "the fault is missing");
}

/* ---- how it is to send ---- */

/* Place of the word bound to the axis `name` in `words`; -1 if it is none of them, `otherwise` if none is bound. */
static int bound_word(const struct mfd_compiler *c, const char *name, const char *const *words,
                      int count, int otherwise)
{
    const struct mfd_bound *bound = mfd_env_bound(&c->env, name);

    if (!bound) {
        return otherwise;
    }
    for (int i = 0; bound->value && bound->value->text && i < count; i++) {
        if (strcmp(bound->value->text, words[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static bool set_ways(struct mfd_compiler *c)
{
    static const char *const transports[] = {"unix", "tcp"};
    static const char *const zeros[] = {
        [MFD_ZERO_MAIN] = "main", [MFD_ZERO_PACKET] = "packet", [MFD_ZERO_NONE] = "none"};
    struct mfd_plan *plan = c->plan;
    int tcp =
        bound_word(c, "transport", transports, 2, c->env.scenario->transport == MFD_TRANSPORT_TCP);
    int zero = bound_word(c, "zero", zeros, 3, (int)plan->zero);

    if (tcp < 0) {
        return MFD_COMPILE_FAIL(c, "transport: neither unix nor tcp");
    }
    if (zero < 0) {
        return MFD_COMPILE_FAIL(c, "zero: neither main, packet nor none");
    }
    /* before 9.0 there was no choice */
    if (zero != (int)plan->zero && plan->speak < MFD_REV_9_0) {
        plan->expect = 0;
    }
    plan->tcp = tcp;
    plan->zero = (enum mfd_zero)zero;
    return true;
}

bool mfd_compile_sender(struct mfd_compiler *c)
{
    const struct mfd_scenario *scenario = c->env.scenario;

    c->plan->sender = true;
    c->plan->finished = true;
    c->line = NULL;
    if (!set_ways(c)) {
        return false;
    }
    for (size_t i = 0; !c->twin && i < scenario->line_count; i++) {
        mfd_compile_on_line(c, &scenario->lines[i]);
        if (!compile_line(c, &scenario->lines[i])) {
            return false;
        }
    }
    return true;
}
