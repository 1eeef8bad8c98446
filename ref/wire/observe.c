// SPDX-License-Identifier: GPL-2.0-or-later
/* Connections, the messages on them, and verdicts. */
#include "observe.h"

#include "hello.h"
#include "observe_inside.h"

#include <string.h>

struct mfd_observer_config mfd_observer_config(enum mfd_rev rev)
{
    const struct mfd_rev_info *info = mfd_rev_info(rev);

    return (struct mfd_observer_config){
        .rev = rev,
        .sync = info->sync,
        .zero = info->zero,
        .page_size = 4096,
        .method = MFD_METHOD_UNKNOWN,
    };
}

size_t mfd_observer_buffer_size(uint32_t page_size)
{
    size_t packet = mfd_packet_size(page_size);

    return packet > MFD_RECORD_MAX ? packet : MFD_RECORD_MAX;
}

size_t mfd_observer_findings(uint32_t page_size)
{
    /* two for each offset, one for each other rule */
    return (size_t)2 * mfd_slots(page_size) + MFD_RULE_COUNT;
}

/* What the checks are told of the configuration. */
static void tell_checks(struct mfd_observer *observer, struct mfd_check_context *context)
{
    const struct mfd_observer_config *config = &observer->config;

    context->rev = config->rev;
    context->page_size = config->page_size;
    context->channels = config->channels;
    context->uuid = config->uuid;
    context->method = config->method;
}

void mfd_observer_start(struct mfd_observer *observer, const struct mfd_observer_config *config,
                        const struct mfd_observer_memory *memory)
{
    memset(observer, 0, sizeof(*observer));
    observer->config = *config;
    observer->memory = *memory;
    observer->buffer_size = mfd_observer_buffer_size(config->page_size);
    tell_checks(observer, &observer->context);
    tell_checks(observer, &observer->main_context);
    observer->main_context.ram = config->ram;
    observer->listed.blocks = memory->blocks;
    mfd_main_start(&observer->main_state, &observer->main_context, config->machine);
}

void mfd_observer_learn(struct mfd_observer *observer, const struct mfd_observer_config *config)
{
    observer->config = *config;
    tell_checks(observer, &observer->context);
    tell_checks(observer, &observer->main_context);
}

void mfd_observe_learnt(struct mfd_observer *observer)
{
    mfd_observer_learn(observer, &observer->learned->config);
}

void mfd_observer_teach(struct mfd_observer *observer, struct mfd_learned *learned)
{
    observer->learned = learned;
    mfd_observe_learnt(observer);
}

/* The same connection in other memory; NULL stays that. */
static struct mfd_observer_conn *moved(const struct mfd_observer *observer,
                                       struct mfd_observer_conn *conns,
                                       const struct mfd_observer_conn *conn)
{
    return conn ? &conns[conn - observer->memory.conns] : NULL;
}

void mfd_observer_give_room(struct mfd_observer *observer, const struct mfd_observer_memory *memory,
                            uint32_t page_size)
{
    size_t size = mfd_observer_buffer_size(page_size);

    for (size_t i = 0; i < observer->conns; i++) {
        struct mfd_observer_conn *conn = &memory->conns[i];

        *conn = observer->memory.conns[i];
        conn->buf = memory->buffers + i * size;
        memcpy(conn->buf, observer->memory.conns[i].buf, conn->have);
    }
    observer->main = moved(observer, memory->conns, observer->main);
    observer->latest = moved(observer, memory->conns, observer->latest);
    observer->memory.conns = memory->conns;
    observer->memory.conn_count = memory->conn_count;
    observer->memory.buffers = memory->buffers;
    observer->memory.findings = memory->findings;
    observer->buffer_size = size;
}

void mfd_observer_give_pages(struct mfd_observer *observer, uint16_t *pages, size_t count)
{
    observer->memory.pages = pages;
    observer->memory.page_count = count;
}

const struct mfd_ramtable *mfd_observer_blocks(const struct mfd_observer *observer)
{
    return observer->context.ram;
}

/*
 * One packet can break a rule a hundred times. Where the list is full of such, the first breach of another rule takes
 * the place of a repeat: nobody could tell later where it was.
 */
static void list_breach(struct mfd_observer *observer, struct mfd_breach breach, bool first)
{
    struct mfd_breach *list = observer->memory.breaches;
    size_t room = observer->memory.breach_room;

    if (observer->breaches < room) {
        list[observer->breaches++] = breach;
        return;
    }
    for (size_t i = room; first && i-- > 1;) {
        for (size_t before = 0; before < i; before++) {
            if (list[before].rule == list[i].rule) {
                list[i] = breach;
                return;
            }
        }
    }
}

void mfd_observe_breach(struct mfd_observer *observer, enum mfd_rule rule,
                        const struct mfd_observer_conn *conn, size_t at, uint64_t got,
                        uint64_t want)
{
    struct mfd_observation *verdict = &observer->verdicts[rule];

    if (!mfd_rule_applies(rule, observer->config.rev)) {
        return;
    }
    list_breach(observer, (struct mfd_breach){rule, conn->number, conn->offset + at, got, want},
                verdict->count == 0);
    if (verdict->count++ == 0) {
        verdict->state = MFD_OBSERVED_BROKEN;
        verdict->event = observer->event;
        verdict->connection = conn->number;
        verdict->offset = conn->offset + at;
        verdict->got = got;
        verdict->want = want;
    }
}

struct mfd_findings mfd_observe_findings(struct mfd_observer *observer)
{
    return (struct mfd_findings){observer->memory.findings,
                                 mfd_observer_findings(observer->config.page_size), 0};
}

void mfd_observe_found(struct mfd_observer *observer, const struct mfd_observer_conn *conn,
                       const struct mfd_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct mfd_finding *finding = &findings->list[i];

        mfd_observe_breach(observer, finding->rule, conn, finding->offset, finding->got,
                           finding->want);
    }
}

void mfd_observer_tap(struct mfd_observer *observer, mfd_observer_tap_fn tap, void *context)
{
    observer->tap = tap;
    observer->tap_context = context;
}

void mfd_observe_tell(struct mfd_observer *observer, const struct mfd_observer_conn *conn,
                      enum mfd_message message, size_t size, uint64_t payload)
{
    struct mfd_observed_message told = {conn->number, message, conn->offset,
                                        conn->buf,    size,    payload};

    if (observer->tap) {
        observer->tap(&told, observer->tap_context);
    }
}

void mfd_observe_passed(struct mfd_observer_conn *conn, size_t size, uint64_t payload,
                        enum stage stage, size_t want)
{
    conn->offset += size;
    conn->have = 0;
    conn->payload = payload;
    conn->skip = payload;
    conn->stage = (uint8_t)stage;
    conn->want = want;
}

static struct mfd_observer_conn *find(const struct mfd_observer *observer, uint32_t number)
{
    if (observer->latest && observer->latest->number == number) {
        return observer->latest;
    }
    for (size_t i = 0; i < observer->conns; i++) {
        if (observer->memory.conns[i].number == number) {
            return &observer->memory.conns[i];
        }
    }
    return NULL;
}

/* A connection of which this is the first event; NULL if there is no memory for it. */
static struct mfd_observer_conn *add(struct mfd_observer *observer, const struct mfd_event *event)
{
    size_t index = observer->conns;
    uint32_t channels = observer->config.channels;
    struct mfd_observer_conn *conn = NULL;

    if (index == observer->memory.conn_count) {
        observer->untracked = true;
        return NULL;
    }
    conn = &observer->memory.conns[observer->conns++];
    *conn = (struct mfd_observer_conn){
        .number = event->connection,
        .buf = observer->memory.buffers + index * observer->buffer_size,
        .stage = STAGE_FIRST,
        .want = 4,
        .opened = event->kind == MFD_EVENT_OPEN,
    };
    if (!conn->opened) {
        conn->lost = true;
        observer->late = true;
        if (mfd_rev_has_packets(observer->config.rev)) {
            mfd_observe_seek(conn);
        }
    } else if (channels && observer->conns > (size_t)channels + 1) {
        mfd_observe_breach(observer, MFD_CHAN_001, conn, 0, observer->conns, channels + 1);
    }
    return conn;
}

/* Whether main was opened behind a channel; `conn`, one of both, has just been told to be one. */
static void judge_order(struct mfd_observer *observer, const struct mfd_observer_conn *conn)
{
    for (struct mfd_observer_conn *c = observer->memory.conns; observer->main && c < observer->main;
         c++) {
        if (c->is_channel && (c == conn || conn == observer->main)) {
            struct mfd_observer_conn start = {.number = c->number};

            mfd_observe_breach(observer, MFD_CHAN_002, &start, 0, MFD_MAGIC, MFD_MAIN_MAGIC);
            return;
        }
    }
}

/*
 * Whether the first four bytes are those of main. What is neither main nor channel is main if it came
 * first, as receivers before 8.0 decide; in 2017 a channel has no magic, so that only the order tells.
 */
static bool opens_main(const struct mfd_observer *observer, const struct mfd_observer_conn *conn)
{
    uint32_t magic = mfd_get32(conn->buf);
    bool first = conn == observer->memory.conns;

    if (!mfd_rev_has_packets(observer->config.rev)) {
        return first;
    }
    return magic == MFD_MAIN_MAGIC || (magic != MFD_MAGIC && first);
}

/* Tells main from channel. */
static void classify(struct mfd_observer *observer, struct mfd_observer_conn *conn)
{
    if (opens_main(observer, conn)) {
        if (observer->main) {
            mfd_observe_breach(observer, MFD_CHAN_001, conn, 0, 2, 1);
            conn->lost = true;
            return;
        }
        observer->main = conn;
        conn->stage = STAGE_MAIN;
        conn->want = MFD_MAIN_HEADER_SIZE;
    } else {
        observer->channels++;
        if (observer->config.channels && observer->channels > observer->config.channels) {
            mfd_observe_breach(observer, MFD_CHAN_001, conn, 0, observer->channels,
                               observer->config.channels);
        }
        conn->is_channel = true;
        conn->stage = STAGE_HELLO;
        conn->want = mfd_hello_size(observer->config.rev);
    }
    judge_order(observer, conn);
}

/* All bytes wanted are there: judges them, or asks for more. */
static void advance(struct mfd_observer *observer, struct mfd_observer_conn *conn)
{
    if (conn->stage == STAGE_FIRST) {
        classify(observer, conn);
    } else if (conn->stage == STAGE_MAIN) {
        mfd_observe_main(observer, conn);
    } else {
        mfd_observe_channel(observer, conn);
    }
}

static void take(struct mfd_observer *observer, struct mfd_observer_conn *conn,
                 const uint8_t *bytes, size_t len)
{
    while (len > 0 && (!conn->lost || conn->seeks)) {
        size_t n = 0;

        if (conn->skip > 0) {
            n = conn->skip < len ? (size_t)conn->skip : len;
            conn->skip -= n;
            conn->offset += n;
        } else if (conn->seeks) {
            n = mfd_observe_resume(observer, conn, bytes, len);
        } else {
            n = conn->want - conn->have < len ? conn->want - conn->have : len;
            memcpy(conn->buf + conn->have, bytes, n);
            conn->have += n;
            if (conn->have == conn->want) {
                advance(observer, conn);
            }
        }
        bytes += n;
        len -= n;
    }
}

/* Either side has closed or reset the connection. */
static void end_of(struct mfd_observer *observer, struct mfd_observer_conn *conn,
                   enum mfd_direction by)
{
    if (by == MFD_BACKWARD) {
        conn->cut = true;
        observer->receiver_closed = true;
        return;
    }
    conn->closed = true;
    conn->after_cut = observer->receiver_closed;
    conn->close_event = observer->event;
    if (!conn->lost && conn != observer->main) {
        mfd_observe_closed(observer, conn);
    }
}

void mfd_observer_event(struct mfd_observer *observer, const struct mfd_event *event)
{
    struct mfd_observer_conn *conn = find(observer, event->connection);

    observer->breaches = 0;
    if (!conn) {
        conn = add(observer, event);
    }
    if (conn && !conn->closed) {
        observer->latest = conn;
        if (event->kind == MFD_EVENT_DATA && event->direction == MFD_FORWARD) {
            take(observer, conn, event->bytes, event->len);
        } else if (event->kind == MFD_EVENT_CLOSE || event->kind == MFD_EVENT_RESET) {
            end_of(observer, conn, event->direction);
        }
    }
    observer->event++;
}

void mfd_observer_missing(struct mfd_observer *observer, uint32_t connection, uint64_t count)
{
    struct mfd_observer_conn *conn = find(observer, connection);

    if (!conn || (conn->lost && !conn->seeks) || conn->closed || count == 0) {
        return;
    }
    if (conn->skip >= count) {
        conn->skip -= count;
        conn->offset += count;
        return;
    }
    /* whether it is a channel, nobody knows */
    observer->late |= conn->stage == STAGE_FIRST;
    conn->lost = true;
    conn->gap = true;
    if (conn != observer->main && mfd_rev_has_packets(observer->config.rev)) {
        mfd_observe_seek(conn);
        conn->offset += count;
    }
}

void mfd_observer_end(struct mfd_observer *observer)
{
    /* what shows only now showed with the last event */
    observer->event -= observer->event > 0;
    observer->breaches = 0;
    mfd_observe_decide(observer);
    observer->ended = true;
}

uint64_t mfd_observer_told(const struct mfd_observer *observer, uint32_t connection)
{
    const struct mfd_observer_conn *conn = find(observer, connection);

    return conn && !conn->lost ? conn->offset : UINT64_MAX;
}

enum mfd_observer_role mfd_observer_role(const struct mfd_observer *observer, uint32_t connection)
{
    const struct mfd_observer_conn *conn = find(observer, connection);

    if (conn && conn == observer->main) {
        return MFD_ROLE_IS_MAIN;
    }
    return conn && (conn->is_channel || conn->resumed) ? MFD_ROLE_IS_CHANNEL : MFD_ROLE_NONE_YET;
}

bool mfd_observer_follows(const struct mfd_observer *observer, uint32_t connection)
{
    const struct mfd_observer_conn *conn = find(observer, connection);

    return conn && !conn->lost;
}

size_t mfd_observer_breaches(const struct mfd_observer *observer)
{
    return observer->breaches;
}

struct mfd_observation mfd_observer_verdict(const struct mfd_observer *observer, enum mfd_rule rule)
{
    struct mfd_observation verdict = observer->verdicts[rule];

    if (verdict.count == 0 && observer->ended && observer->judged[rule]) {
        verdict.state = MFD_OBSERVED_HELD;
    }
    return verdict;
}
