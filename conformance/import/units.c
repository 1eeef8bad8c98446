// SPDX-License-Identifier: GPL-2.0-or-later
#include "units.h"

#include "hello.h"
#include "memory.h"
#include "oversight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS 256u

/* A message as the observer tells it. */
struct told {
    enum mfd_message message;
    uint64_t offset;
    size_t size;
    uint64_t payload;
};

struct track {
    struct told *list;
    size_t count;
    size_t at;      /* the next one to come out */
    size_t arrived; /* bytes so far */
    size_t out;     /* bytes of these that units hold */
};

struct cutter {
    const struct mfd_case *c;
    struct mfd_units *units;
    struct mfd_event *events; /* those that something comes of */
    size_t event_count;
    struct track tracks[CONNECTIONS];
};

/* ---- what is in the case ---- */

/* Harnesses take data without an OPEN too, and pass over what comes after the end of a connection. */
static void choose_events(struct cutter *cutter)
{
    enum { NEW, OPEN, ENDED } states[CONNECTIONS] = {NEW};

    cutter->events = mfd_zalloc(2 * cutter->c->event_count * sizeof(*cutter->events));
    for (size_t i = 0; i < cutter->c->event_count; i++) {
        struct mfd_event event = cutter->c->events[i];
        bool opens = states[event.connection] == NEW;
        bool ends = event.kind == MFD_EVENT_CLOSE || event.kind == MFD_EVENT_RESET;

        if (opens) {
            cutter->events[cutter->event_count++] =
                (struct mfd_event){.kind = MFD_EVENT_OPEN, .connection = event.connection};
            states[event.connection] = OPEN;
        }
        if (states[event.connection] == OPEN && event.kind != MFD_EVENT_OPEN) {
            cutter->events[cutter->event_count++] = event;
        }
        states[event.connection] = ends ? ENDED : states[event.connection];
    }
}

static void take_told(const struct mfd_observed_message *message, void *context)
{
    struct cutter *cutter = context;
    struct track *track = &cutter->tracks[message->connection];

    track->list = mfd_grow(track->list, track->count, sizeof(*track->list));
    track->list[track->count++] =
        (struct told){message->message, message->offset, message->size, message->payload};
}

static bool observe(struct cutter *cutter, const struct mfd_plan *setup)
{
    struct mfd_oversight *oversight = mfd_oversight_start(setup);
    struct mfd_observer *observer = NULL;

    if (!oversight) {
        return false;
    }
    observer = &oversight->observer;
    mfd_observer_tap(observer, take_told, cutter);
    for (size_t i = 0; i < cutter->event_count; i++) {
        mfd_observer_event(observer, &cutter->events[i]);
    }
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        cutter->units->conns[i].first_main = mfd_observer_role(observer, i) == MFD_ROLE_IS_MAIN;
    }
    mfd_observer_end(observer);
    cutter->units->rule = mfd_oversight_first(oversight);
    mfd_oversight_free(oversight);
    return true;
}

static void gather(struct cutter *cutter)
{
    struct mfd_unit_conn *conns = cutter->units->conns;
    size_t filled[CONNECTIONS] = {0};

    for (size_t i = 0; i < cutter->event_count; i++) {
        const struct mfd_event *event = &cutter->events[i];

        conns[event->connection].used = true;
        conns[event->connection].size += event->kind == MFD_EVENT_DATA ? event->len : 0;
    }
    for (size_t i = 0; i < CONNECTIONS; i++) {
        conns[i].bytes = mfd_zalloc(conns[i].size);
    }
    for (size_t i = 0; i < cutter->event_count; i++) {
        const struct mfd_event *event = &cutter->events[i];

        if (event->kind == MFD_EVENT_DATA && event->len) {
            memcpy(conns[event->connection].bytes + filled[event->connection], event->bytes,
                   event->len);
            filled[event->connection] += event->len;
        }
    }
}

/* ---- how a scenario calls the connections ---- */

static bool says_hello(const struct cutter *cutter, size_t conn)
{
    const struct track *track = &cutter->tracks[conn];

    return track->count && track->list[0].offset == 0 && track->list[0].message == MFD_MSG_hello;
}

/* Channels take the number that their hello says, if it is free; then the others, in their order. */
static void name_conns(struct cutter *cutter)
{
    struct mfd_unit_conn *conns = cutter->units->conns;
    bool taken[MFD_CHANNELS_MAX + 1] = {false};
    bool named[CONNECTIONS] = {false};
    bool main_known = false;
    unsigned extras = 0;

    for (size_t i = 0; i < CONNECTIONS; i++) {
        unsigned id = says_hello(cutter, i) ? conns[i].bytes[MFD_HELLO_ID] : MFD_CHANNELS_MAX;

        conns[i].first_main = conns[i].first_main && !main_known;
        main_known = main_known || conns[i].first_main;
        if (conns[i].used && !conns[i].first_main && id < cutter->c->channels && !taken[id]) {
            taken[id] = named[i] = true;
            conns[i].number = id;
        }
    }
    for (size_t i = 0; i < CONNECTIONS; i++) {
        struct mfd_unit_conn *conn = &conns[i];

        if (conn->used && !conn->first_main && !named[i] && says_hello(cutter, i)) {
            while (conn->number < cutter->c->channels && taken[conn->number]) {
                conn->number++;
            }
            named[i] = conn->number < cutter->c->channels;
            taken[conn->number] = true;
        }
        if (conn->first_main) {
            snprintf(conn->who, sizeof(conn->who), "main");
        } else if (named[i]) {
            snprintf(conn->who, sizeof(conn->who), "ch %u", conn->number);
        } else if (conn->used) {
            conn->extra = true;
            conn->number = extras++;
            snprintf(conn->who, sizeof(conn->who), "extra x%u", conn->number);
        }
    }
}

/* ---- units ---- */

static struct mfd_unit *add(struct cutter *cutter, enum mfd_unit_kind kind, uint32_t connection)
{
    struct mfd_units *units = cutter->units;

    units->list = mfd_grow(units->list, units->count, sizeof(*units->list));
    units->list[units->count] = (struct mfd_unit){.kind = kind, .connection = connection};
    return &units->list[units->count++];
}

static void add_bytes(struct cutter *cutter, uint32_t connection, size_t to)
{
    struct track *track = &cutter->tracks[connection];

    if (to > track->out) {
        struct mfd_unit *unit = add(cutter, MFD_UNIT_BYTES, connection);

        unit->bytes = cutter->units->conns[connection].bytes + track->out;
        unit->size = to - track->out;
        track->out = to;
    }
}

/* The next message of the connection, as far as it has come. */
static void add_message(struct cutter *cutter, uint32_t connection)
{
    struct track *track = &cutter->tracks[connection];
    const struct told *told = &track->list[track->at++];
    size_t all = told->size + (size_t)told->payload;
    size_t left = track->arrived - (size_t)told->offset;
    struct mfd_unit *unit = NULL;

    add_bytes(cutter, connection, (size_t)told->offset);
    unit = add(cutter, MFD_UNIT_MESSAGE, connection);
    unit->message = told->message;
    unit->bytes = cutter->units->conns[connection].bytes + told->offset;
    unit->size = all < left ? all : left;
    unit->missing = all - unit->size;
    /* the text of this one is a field of it */
    unit->header = told->message == MFD_MSG_vmdesc ? unit->size : told->size;
    track->out = (size_t)told->offset + unit->size;
}

/* What has come out as a whole; at the end of the connection the rest as well. */
static void flush(struct cutter *cutter, uint32_t connection, bool end)
{
    struct track *track = &cutter->tracks[connection];

    while (track->at < track->count) {
        const struct told *told = &track->list[track->at];

        if (told->offset + told->size > track->arrived ||
            (!end && told->offset + told->size + told->payload > track->arrived)) {
            break;
        }
        add_message(cutter, connection);
    }
    /* behind the last message nothing can be told apart any more */
    if (end || track->at == track->count) {
        add_bytes(cutter, connection, track->arrived);
    }
}

static void cut(struct cutter *cutter)
{
    for (size_t i = 0; i < cutter->event_count; i++) {
        const struct mfd_event *event = &cutter->events[i];

        switch (event->kind) {
        case MFD_EVENT_OPEN:
            add(cutter, MFD_UNIT_OPEN, event->connection);
            break;
        case MFD_EVENT_DATA:
            cutter->tracks[event->connection].arrived += event->len;
            flush(cutter, event->connection, false);
            break;
        default:
            flush(cutter, event->connection, true);
            add(cutter, event->kind == MFD_EVENT_CLOSE ? MFD_UNIT_CLOSE : MFD_UNIT_RESET,
                event->connection);
            break;
        }
    }
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        flush(cutter, i, true);
    }
}

bool mfd_units_cut(const struct mfd_case *c, const struct mfd_plan *setup, struct mfd_units *units)
{
    struct cutter *cutter = mfd_zalloc(sizeof(*cutter));
    bool good = false;

    *units = (struct mfd_units){.rule = MFD_RULE_COUNT};
    *cutter = (struct cutter){.c = c, .units = units};
    choose_events(cutter);
    good = observe(cutter, setup);
    if (good) {
        gather(cutter);
        name_conns(cutter);
        cut(cutter);
    }
    for (size_t i = 0; i < CONNECTIONS; i++) {
        free(cutter->tracks[i].list);
    }
    free(cutter->events);
    free(cutter);
    return good;
}

void mfd_units_free(struct mfd_units *units)
{
    for (size_t i = 0; i < CONNECTIONS; i++) {
        free(units->conns[i].bytes);
    }
    free(units->list);
    *units = (struct mfd_units){0};
}
