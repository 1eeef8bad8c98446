// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A whole session to the observer, which judges every rule. Nothing is allocated, so the number of the allocation that
 * fails says how: 1 the method is not known, 2 nor the blocks, 4 nor the number of channels, 8 nor the UUID, 16 it learns
 * what it can, 32 fills are bytes that the capture lacks, 64 the receiver closes, 128 the sender is of a stage of 2017.
 * Where a UUID is set its last byte says where zero pages travel.
 *
 * Expected beyond not crashing: what is undecided has a reason, and nothing else has; a broken rule was told with its
 * place when it broke; messages lie within what was sent; the same session in any fragmentation, in other memory from the
 * middle on, has the same verdicts, unless the observer learns, which depends on what is there at a time; nothing is held
 * before the end; what is broken remains so when all connections are closed.
 */
#include "guard.h"
#include "learn.h"
#include "observe.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

enum {
    NO_METHOD = 1,
    NO_BLOCKS = 2,
    NO_CHANNELS = 4,
    NO_UUID = 8,
    LEARNS = 16,
    LACKS_FILLS = 32,
    RECEIVER_CLOSES = 64,
    STAGE_2017 = 128
};

/* Fewer than some sessions have, so that all that is short is short at times. */
#define CONNS 8u
#define BLOCKS 2u
#define MARKS 600u
#define BREACHES 32u

struct memory {
    struct mfd_observer_conn *conns;
    uint8_t *buffers;
    struct mfd_finding *findings;
};

struct session {
    const struct mfd_case *c;
    struct mfd_ramtable ram;
    uint64_t sent[256]; /* on each connection, with what is missing */
    uint64_t told[256]; /* the end of the last message */
    uint32_t pieces;    /* state of the fragmentation; 0: as the events have it */
    struct mfd_learned learned;
    struct mfd_observer observer;
    bool placed[MFD_RULE_COUNT]; /* a breach was listed */
    bool marked;                 /* there are marks of pages */
};

static struct memory rooms[2];
static struct mfd_ramblock blocks[MFD_CASE_BLOCKS_MAX];
static struct mfd_ramblock listed[BLOCKS];
static struct mfd_breach breaches[BREACHES];
static uint16_t marks[MARKS];

static void *must(void *p)
{
    MFD_FUZZ_EXPECT(p, "memory");
    return p;
}

/* Of exactly the documented size, so that a sanitizer sees any access beyond. */
static void make_rooms(void)
{
    for (size_t i = 0; i < 2 && !rooms[i].conns; i++) {
        rooms[i] = (struct memory){
            must(calloc(CONNS, sizeof(struct mfd_observer_conn))),
            must(calloc(CONNS, mfd_observer_buffer_size(MFD_PAGE_SIZE_MIN))),
            must(calloc(mfd_observer_findings(MFD_PAGE_SIZE_MIN), sizeof(struct mfd_finding))),
        };
    }
}

static struct mfd_observer_memory memory_in(const struct memory *room)
{
    return (struct mfd_observer_memory){
        .conns = room->conns,
        .conn_count = CONNS,
        .buffers = room->buffers,
        .findings = room->findings,
        .blocks = listed,
        .block_count = BLOCKS,
        .breaches = breaches,
        .breach_room = BREACHES,
    };
}

/* ---- what the observer tells ---- */

static void take_message(const struct mfd_observed_message *message, void *context)
{
    struct session *s = context;
    uint32_t conn = message->connection & 0xff;

    MFD_FUZZ_EXPECT(message->message < MFD_MESSAGE_COUNT, "message %d", (int)message->message);
    MFD_FUZZ_EXPECT(message->offset >= s->told[conn] &&
                        message->offset + message->size <= s->sent[conn],
                    "a message at %llu of %llu bytes", (unsigned long long)message->offset,
                    (unsigned long long)s->sent[conn]);
    s->told[conn] = message->offset + message->size;
}

static void take_breaches(struct session *s)
{
    size_t count = mfd_observer_breaches(&s->observer);

    MFD_FUZZ_EXPECT(count <= BREACHES, "%zu breaches", count);
    for (size_t i = 0; i < count; i++) {
        MFD_FUZZ_EXPECT(breaches[i].rule < MFD_RULE_COUNT, "rule %d", (int)breaches[i].rule);
        s->placed[breaches[i].rule] = true;
    }
}

/* ---- what it is fed ---- */

static void start(struct session *s)
{
    const struct mfd_case *c = s->c;
    struct mfd_observer_config config = mfd_observer_config(c->rev);
    struct mfd_observer_memory memory = memory_in(&rooms[0]);

    if (c->fail & STAGE_2017) {
        config = mfd_observer_config(c->rev % 2 ? MFD_REV_2017_TEXT : MFD_REV_2017_BINARY);
    }
    config.sync = c->sync;
    if (c->uuid_set) {
        config.zero = (enum mfd_zero)(c->uuid[MFD_UUID_SIZE - 1] % (MFD_ZERO_NONE + 1));
    }
    config.page_size = c->page_size;
    config.channels = c->fail & NO_CHANNELS ? 0 : c->channels;
    config.uuid = c->fail & NO_UUID ? NULL : c->uuid;
    config.method = c->fail & NO_METHOD ? MFD_METHOD_UNKNOWN : c->method;
    config.machine = c->judge_machine ? MFD_CASE_MACHINE : c->channels % 2 ? "pc" : NULL;
    config.ram = c->fail & NO_BLOCKS ? NULL : &s->ram;
    if (c->fail & LEARNS) {
        struct mfd_given given = mfd_given_nothing();

        given.uuid = config.uuid;
        given.machine = config.machine;
        mfd_learn_start(&s->learned, &given);
        config = mfd_observer_config(MFD_REV_LATEST);
        config.page_size = MFD_PAGE_SIZE_MIN;
        config.machine = given.machine;
    }
    mfd_observer_start(&s->observer, &config, &memory);
    if (c->fail & LEARNS) {
        mfd_observer_teach(&s->observer, &s->learned);
    }
    mfd_observer_tap(&s->observer, take_message, s);
}

static void put(struct session *s, const struct mfd_event *event)
{
    mfd_observer_event(&s->observer, event);
    take_breaches(s);
    if (!s->marked && mfd_observer_blocks(&s->observer)) {
        s->marked = true;
        mfd_observer_give_pages(&s->observer, marks, MARKS);
    }
}

/* Size of the next piece: a few bytes, now and then many, from a simple generator. */
static size_t piece(struct session *s, size_t left)
{
    size_t n = left;

    if (s->pieces) {
        s->pieces = s->pieces * 1664525u + 1013904223u;
        n = s->pieces >> 30 ? (s->pieces >> 16 & 0x3fff) + 1 : (s->pieces >> 24 & 0x0f) + 1;
    }
    return n < left ? n : left;
}

static void put_data(struct session *s, const struct mfd_event *event)
{
    struct mfd_event part = *event;

    for (size_t used = 0; used < event->len; used += part.len) {
        part.bytes = event->bytes + used;
        part.len = piece(s, event->len - used);
        s->sent[event->connection] += part.len;
        put(s, &part);
    }
}

/* What anybody may ask at any time. */
static void ask(const struct session *s, uint32_t connection)
{
    uint64_t told = mfd_observer_told(&s->observer, connection);
    bool follows = mfd_observer_follows(&s->observer, connection);

    MFD_FUZZ_EXPECT(told == UINT64_MAX || told <= s->sent[connection],
                    "more is told of connection %u than was sent", connection);
    MFD_FUZZ_EXPECT(follows == (told != UINT64_MAX), "connection %u is followed, or is not",
                    connection);
    MFD_FUZZ_EXPECT(mfd_observer_role(&s->observer, connection) <= MFD_ROLE_IS_CHANNEL,
                    "connection %u is nothing", connection);
}

static void put_event(struct session *s, const struct mfd_event *event)
{
    struct mfd_event other = *event;

    ask(s, event->connection);
    if (event->kind != MFD_EVENT_DATA) {
        other.direction = event->kind == MFD_EVENT_CLOSE && s->c->fail & RECEIVER_CLOSES
                              ? MFD_BACKWARD
                              : MFD_FORWARD;
        put(s, &other);
    } else if (s->c->fail & LACKS_FILLS && mfd_case_is_fill(event)) {
        s->sent[event->connection] += event->len;
        mfd_observer_missing(&s->observer, event->connection, event->len);
        mfd_observer_missing(&s->observer, event->connection, 0); /* is nothing */
    } else {
        put_data(s, event);
    }
}

/* ---- what comes out ---- */

static void expect_verdicts(struct session *s)
{
    for (enum mfd_rule rule = 0; rule < MFD_RULE_COUNT; rule++) {
        struct mfd_observation seen = mfd_observer_verdict(&s->observer, rule);
        enum mfd_undecided reason = mfd_observer_undecided(&s->observer, rule);
        const char *id = mfd_rule_info(rule)->id;

        MFD_FUZZ_EXPECT((seen.state == MFD_OBSERVED_UNDECIDED) == (reason != MFD_DECIDED),
                        "%s is in state %d, its reason: %s", id, (int)seen.state,
                        mfd_undecided_text(reason));
        MFD_FUZZ_EXPECT((seen.state == MFD_OBSERVED_BROKEN) == (seen.count > 0),
                        "%s is in state %d, breaches: %zu", id, (int)seen.state, seen.count);
        MFD_FUZZ_EXPECT(seen.state != MFD_OBSERVED_BROKEN || s->placed[rule],
                        "nobody was told where %s broke", id);
    }
}

static void expect_undecided(const struct session *s)
{
    for (enum mfd_rule rule = 0; rule < MFD_RULE_COUNT; rule++) {
        MFD_FUZZ_EXPECT(mfd_observer_verdict(&s->observer, rule).state != MFD_OBSERVED_HELD,
                        "%s is held before the end", mfd_rule_info(rule)->id);
    }
}

/* All that happens but the end. */
static void run(struct session *s, const struct mfd_case *c, uint32_t pieces, size_t moves)
{
    memset(s, 0, sizeof(*s));
    s->c = c;
    s->ram = (struct mfd_ramtable){blocks, c->block_count};
    s->pieces = pieces;
    memset(marks, 0, sizeof(marks));
    start(s);
    for (size_t i = 0; i < c->event_count; i++) {
        if (i + 1 == moves) {
            struct mfd_observer_memory other = memory_in(&rooms[1]);

            mfd_observer_give_room(&s->observer, &other,
                                   c->fail & LEARNS ? MFD_PAGE_SIZE_MIN : c->page_size);
        }
        put_event(s, &c->events[i]);
    }
    expect_undecided(s);
}

static void end(struct session *s)
{
    mfd_observer_end(&s->observer);
    take_breaches(s);
    expect_verdicts(s);
}

/* The sender closes whatever is open. */
static void close_all(struct session *s)
{
    bool used[256] = {false};

    for (size_t i = 0; i < s->c->event_count; i++) {
        used[s->c->events[i].connection] = true;
    }
    for (uint32_t conn = 0; conn < 256; conn++) {
        if (used[conn]) {
            put(s, &(struct mfd_event){.kind = MFD_EVENT_CLOSE, .connection = conn});
        }
    }
}

static void expect_still_broken(const struct session *open, const struct session *closed)
{
    for (enum mfd_rule rule = 0; rule < MFD_RULE_COUNT; rule++) {
        MFD_FUZZ_EXPECT(mfd_observer_verdict(&closed->observer, rule).count >=
                            mfd_observer_verdict(&open->observer, rule).count,
                        "%s: closing makes breaches fewer", mfd_rule_info(rule)->id);
    }
}

static void expect_same(const struct session *a, const struct session *b)
{
    for (enum mfd_rule rule = 0; rule < MFD_RULE_COUNT; rule++) {
        struct mfd_observation x = mfd_observer_verdict(&a->observer, rule);
        struct mfd_observation y = mfd_observer_verdict(&b->observer, rule);

        MFD_FUZZ_EXPECT(x.state == y.state && x.count == y.count && x.connection == y.connection &&
                            x.offset == y.offset,
                        "%s: state %d, %zu breaches, first at %llu; in pieces %d, %zu, %llu",
                        mfd_rule_info(rule)->id, (int)x.state, x.count,
                        (unsigned long long)x.offset, (int)y.state, y.count,
                        (unsigned long long)y.offset);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct session whole, parts;
    struct mfd_case *c = mfd_case_read(data, size);
    uint32_t seed = (uint32_t)mfd_fuzz_digest(0, data, size);

    make_rooms();
    for (size_t i = 0; i < c->block_count; i++) {
        blocks[i] = c->blocks[i].ram;
    }
    mfd_fuzz_account(0);
    run(&whole, c, 0, 0);
    end(&whole);
    run(&parts, c, seed | 1, c->event_count / 2 + 1);
    end(&parts);
    if (!(c->fail & LEARNS)) {
        expect_same(&whole, &parts);
    }
    run(&parts, c, 0, 0);
    close_all(&parts);
    end(&parts);
    expect_still_broken(&whole, &parts);
    mfd_fuzz_accounted(0);
    mfd_case_free(c);
    return 0;
}
