// SPDX-License-Identifier: GPL-2.0-or-later
#include "session.h"

#include "hello.h"

#include <errno.h>
#include <stdio.h>

#define NO_CHANNEL MFD_CHANNELS_MAX

void mfd_session_init(struct mfd_session *s, unsigned channels)
{
    *s = (struct mfd_session){.channels = channels};
}

bool mfd_session_ended(const struct mfd_session *s)
{
    return s->completed || s->failure.set;
}

static enum mfd_decision ended_decision(const struct mfd_session *s)
{
    return s->completed ? MFD_SESSION_DONE : MFD_SESSION_FAIL;
}

int mfd_session_open(struct mfd_session *s)
{
    unsigned room = s->channels + 1 + MFD_SESSION_SPARE;
    unsigned conn = 0;

    while (conn < s->conn_count && s->conns[conn].open) {
        conn++;
    }
    if (conn == room || s->started || mfd_session_ended(s)) {
        return -1;
    }
    s->conn_count += conn == s->conn_count;
    s->conns[conn] = (struct mfd_session_conn){.open = true, .channel = NO_CHANNEL};
    return (int)conn;
}

void mfd_session_release(struct mfd_session *s, unsigned conn)
{
    s->conns[conn] = (struct mfd_session_conn){.channel = NO_CHANNEL};
}

const char *mfd_session_name(const struct mfd_session *s, unsigned conn, char *buf, size_t size)
{
    const struct mfd_session_conn *sc = &s->conns[conn];

    if (sc->role == MFD_ROLE_MAIN) {
        snprintf(buf, size, "main");
    } else if (sc->channel != NO_CHANNEL) {
        snprintf(buf, size, "ch %u", sc->channel);
    } else {
        snprintf(buf, size, "connection %u", conn);
    }
    return buf;
}

/* Keeps the first failure only. */
static enum mfd_decision fail(struct mfd_session *s, struct mfd_failure failure)
{
    if (!mfd_session_ended(s)) {
        failure.set = true;
        s->failure = failure;
    }
    return ended_decision(s);
}

void mfd_session_fail(struct mfd_session *s, int error, const char *what)
{
    fail(s, (struct mfd_failure){.error = error, .what = what});
}

static enum mfd_decision fail_rule(struct mfd_session *s, unsigned conn, struct mfd_finding finding,
                                   uint64_t at)
{
    struct mfd_failure failure = {.is_rule = true, .finding = finding, .at = at};

    mfd_session_name(s, conn, failure.connection, sizeof(failure.connection));
    return fail(s, failure);
}

static enum mfd_decision fail_error(struct mfd_session *s, unsigned conn, int error,
                                    const char *what, const char *why)
{
    struct mfd_failure failure = {.error = error, .what = what};

    snprintf(failure.why, sizeof(failure.why), "%s", why);
    mfd_session_name(s, conn, failure.connection, sizeof(failure.connection));
    return fail(s, failure);
}

/* Main and all channels are there: whatever has not said by now what it is, is an extra. */
static void start_if_complete(struct mfd_session *s)
{
    if (s->started || !s->main_there || s->present < s->channels) {
        return;
    }
    s->started = true;
    for (unsigned i = 0; i < s->conn_count; i++) {
        struct mfd_session_conn *sc = &s->conns[i];

        sc->extra = sc->extra || (sc->role != MFD_ROLE_MAIN && sc->channel == NO_CHANNEL);
    }
}

static enum mfd_decision take_main(struct mfd_session *s, struct mfd_session_conn *sc)
{
    if (s->main_there) {
        sc->extra = true;
        return MFD_SESSION_DROP;
    }
    sc->role = MFD_ROLE_MAIN;
    s->main_there = true;
    start_if_complete(s);
    return MFD_SESSION_GO;
}

static enum mfd_decision take_hello(struct mfd_session *s, unsigned conn, const struct mfd_conn *c)
{
    if (s->channel[c->channel].present) {
        struct mfd_finding finding = {.rule = MFD_INIT_005, .got = c->channel, .want = s->present};

        finding.offset = (uint32_t)mfd_hello_id_offset(c->setup->check.rev, &finding.width);
        return fail_rule(s, conn, finding, 0);
    }
    s->conns[conn].role = MFD_ROLE_CHANNEL;
    s->conns[conn].channel = c->channel;
    s->channel[c->channel].present = true;
    s->present++;
    start_if_complete(s);
    return MFD_SESSION_GO;
}

/* A decision that changes nothing yet. */
struct verdict {
    enum mfd_decision decision;
    enum mfd_rule rule; /* FAIL: the broken rule ... */
    unsigned channel;   /* ... and the channel that broke it */
};

static const struct verdict go = {.decision = MFD_SESSION_GO};
static const struct verdict park = {.decision = MFD_SESSION_PARK};

static struct verdict broken(enum mfd_rule rule, unsigned channel)
{
    return (struct verdict){MFD_SESSION_FAIL, rule, channel};
}

/* Pages wait for all connections and for the final table of blocks. */
static struct verdict decide_load(const struct mfd_session *s, unsigned conn)
{
    if (s->started && s->ram_ready) {
        return go;
    }
    /* a main that has ended without RAM START never named the block */
    return s->finishing ? broken(MFD_HDR_019, s->conns[conn].channel) : park;
}

/* The SYNC has been counted; it waits for main's sync point. */
static struct verdict decide_sync(const struct mfd_session *s, unsigned conn)
{
    unsigned channel = s->conns[conn].channel;

    if (s->channel[channel].syncs <= s->points) {
        return go;
    }
    return s->finishing ? broken(MFD_SYNC_011, channel) : park;
}

/* Every channel must have sent the SYNC for the next point. */
static struct verdict decide_point(const struct mfd_session *s)
{
    bool all = s->started;

    for (unsigned i = 0; i < s->channels; i++) {
        if (s->channel[i].syncs <= s->points) {
            if (s->channel[i].over) {
                return broken(MFD_SYNC_010, i);
            }
            all = false;
        }
    }
    return all ? go : park;
}

/* Main has ended: no SYNC may be left and every channel must have finished. */
static struct verdict decide_end(const struct mfd_session *s)
{
    bool all = s->started;

    for (unsigned i = 0; i < s->channels; i++) {
        if (s->started && s->channel[i].syncs > s->points) {
            return broken(MFD_SYNC_011, i);
        }
        all = all && s->channel[i].over;
    }
    return all ? go : park;
}

static struct verdict decide(const struct mfd_session *s, unsigned conn, enum mfd_got event)
{
    switch (event) {
    case MFD_GOT_PACKET:
    case MFD_GOT_LOAD:
        return decide_load(s, conn);
    case MFD_GOT_SYNC:
        return decide_sync(s, conn);
    case MFD_GOT_POINT:
        return decide_point(s);
    case MFD_GOT_END:
        return decide_end(s);
    default:
        return go;
    }
}

/* A broken rule of the session: what it got and wanted are counts of SYNCs. */
static enum mfd_decision fail_verdict(struct mfd_session *s, unsigned conn, struct verdict verdict)
{
    struct mfd_finding finding = {.rule = verdict.rule};
    unsigned at_fault = conn;

    for (unsigned i = 0; i < s->conn_count; i++) {
        if (verdict.channel != NO_CHANNEL && s->conns[i].channel == verdict.channel) {
            at_fault = i;
        }
    }
    if (verdict.rule != MFD_HDR_019) {
        finding.got = s->channel[verdict.channel].syncs;
        finding.want = s->points + (verdict.rule == MFD_SYNC_010);
    }
    return fail_rule(s, at_fault, finding, 0);
}

/* Whether nothing but a new connection could change the decision about it. */
static bool blocked(const struct mfd_session *s, unsigned conn)
{
    const struct mfd_session_conn *sc = &s->conns[conn];
    bool begins_to_finish = sc->event == MFD_GOT_END && s->started && !s->finishing;

    return sc->parked && !begins_to_finish &&
           decide(s, conn, sc->event).decision == MFD_SESSION_PARK;
}

bool mfd_session_moves(const struct mfd_session *s)
{
    for (unsigned i = 0; i < s->conn_count; i++) {
        if (s->conns[i].parked && (mfd_session_ended(s) || !blocked(s, i))) {
            return true;
        }
    }
    return false;
}

bool mfd_session_stuck(const struct mfd_session *s)
{
    bool any = false;

    for (unsigned i = 0; i < s->conn_count; i++) {
        if (s->conns[i].open && !s->conns[i].over && !blocked(s, i)) {
            return false;
        }
        any = any || s->conns[i].open;
    }
    return any && !mfd_session_ended(s);
}

bool mfd_session_abandoned(const struct mfd_session *s)
{
    for (unsigned i = 0; i < s->conn_count; i++) {
        if (s->conns[i].open && !s->conns[i].over && !s->conns[i].hung_up) {
            return false;
        }
    }
    return mfd_session_stuck(s);
}

static enum mfd_decision take_closed(struct mfd_session *s, unsigned conn)
{
    struct mfd_session_conn *sc = &s->conns[conn];

    if (sc->role == MFD_ROLE_MAIN) {
        return fail_error(s, conn, 0, "closed before the end of the migration", "");
    }
    if (sc->channel == NO_CHANNEL) {
        return MFD_SESSION_DROP;
    }
    sc->over = true;
    s->channel[sc->channel].over = true;
    return MFD_SESSION_DONE;
}

static enum mfd_decision settle(struct mfd_session *s, unsigned conn, enum mfd_got event)
{
    struct mfd_session_conn *sc = &s->conns[conn];
    struct verdict verdict = go;

    sc->parked = false;
    if (mfd_session_ended(s)) {
        return ended_decision(s);
    }
    s->finishing = s->finishing || (event == MFD_GOT_END && s->started);
    verdict = decide(s, conn, event);
    if (verdict.decision == MFD_SESSION_FAIL) {
        return fail_verdict(s, conn, verdict);
    }
    sc->event = event;
    sc->parked = verdict.decision == MFD_SESSION_PARK;
    sc->hung_up = sc->hung_up && sc->parked;
    s->points += event == MFD_GOT_POINT && !sc->parked;
    return verdict.decision;
}

enum mfd_decision mfd_session_again(struct mfd_session *s, unsigned conn)
{
    return settle(s, conn, s->conns[conn].event);
}

enum mfd_decision mfd_session_event(struct mfd_session *s, unsigned conn, enum mfd_got event,
                                    const struct mfd_conn *c)
{
    struct mfd_session_conn *sc = &s->conns[conn];

    if (mfd_session_ended(s)) {
        return ended_decision(s);
    }
    if (sc->extra) {
        return MFD_SESSION_DROP;
    }
    switch (event) {
    case MFD_GOT_MAIN:
        return take_main(s, sc);
    case MFD_GOT_HELLO:
        return take_hello(s, conn, c);
    case MFD_GOT_FINDING:
        return fail_rule(s, conn, c->finding, c->at);
    case MFD_GOT_CLOSED:
        return take_closed(s, conn);
    case MFD_GOT_DRAINED:
        s->completed = true;
        return MFD_SESSION_DONE;
    case MFD_GOT_RAM:
        s->ram_ready = true;
        return MFD_SESSION_GO;
    case MFD_GOT_SYNC:
        s->channel[sc->channel].syncs++;
        return settle(s, conn, event);
    default:
        return settle(s, conn, event);
    }
}

enum mfd_decision mfd_session_idle(struct mfd_session *s, unsigned conn)
{
    if (mfd_session_ended(s)) {
        return ended_decision(s);
    }
    if (!s->finishing) {
        return MFD_SESSION_GO;
    }
    s->conns[conn].over = true;
    s->channel[s->conns[conn].channel].over = true;
    return MFD_SESSION_DONE;
}

enum mfd_decision mfd_session_error(struct mfd_session *s, unsigned conn, int error,
                                    const char *what, const char *why, const struct mfd_conn *c)
{
    if (mfd_session_ended(s)) {
        return ended_decision(s);
    }
    if (s->conns[conn].extra || (c->role == MFD_ROLE_UNKNOWN && c->taken == 0 && !*why)) {
        return MFD_SESSION_DROP;
    }
    return fail_error(s, conn, error, what, why);
}

enum mfd_decision mfd_session_no_handshake(struct mfd_session *s, unsigned conn, int error,
                                           const char *why)
{
    if (mfd_session_ended(s)) {
        return ended_decision(s);
    }
    return s->conns[conn].extra ? MFD_SESSION_DROP
                                : fail_error(s, conn, error, "the TLS handshake failed", why);
}

void mfd_session_hung_up(struct mfd_session *s, unsigned conn)
{
    s->conns[conn].hung_up = s->conns[conn].parked;
}
