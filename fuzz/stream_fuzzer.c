// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each connection of the case for itself, as one stream with all its state: hello and packets with their
 * payload in a compressed stream, or main with its pages. Waiting for others is always granted.
 *
 * Expected beyond not crashing: the same events, error, counters and memory in any fragmentation; memory
 * written only inside of blocks; no more memory allocated than the configuration asks for.
 */
#include "guard.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

#define STREAMS_MAX 4u

struct trace {
    uint64_t events; /* digest of kind and place of each */
    size_t count;
    struct mfd_finding finding; /* if `failed` */
    bool failed;
    bool over;
    uint64_t memory;
};

struct stream {
    const struct mfd_case *c;
    uint32_t connection;
    uint32_t pieces; /* state of the fragmentation; 0: as the events have it */
    struct mfd_conn conn;
    struct trace trace;
};

/* Size of the next piece: a few bytes, now and then many, from a simple generator. */
static size_t piece(struct stream *s, size_t left)
{
    size_t n = left;

    if (s->pieces) {
        s->pieces = s->pieces * 1664525u + 1013904223u;
        n = s->pieces >> 30 ? (s->pieces >> 16 & 0x3fff) + 1 : (s->pieces >> 24 & 0x0f) + 1;
    }
    return n < left ? n : left;
}

/* Notes events until bytes are wanted. */
static void follow(struct stream *s, enum mfd_got got)
{
    for (; got != MFD_GOT_MORE && !s->trace.over; got = mfd_conn_got(&s->conn, 0)) {
        uint64_t what[2] = {got, s->conn.at};

        s->trace.events = mfd_fuzz_digest(s->trace.events, what, sizeof(what));
        s->trace.events =
            mfd_fuzz_digest(s->trace.events, s->conn.reply, got == MFD_GOT_REPLY ? 8 : 0);
        s->trace.count++;
        s->trace.over = got == MFD_GOT_FINDING || got == MFD_GOT_CLOSED || got == MFD_GOT_DRAINED;
        if (got == MFD_GOT_FINDING) {
            s->trace.failed = true;
            s->trace.finding = s->conn.finding;
        }
        if (s->trace.over) {
            return;
        }
    }
}

static void feed(struct stream *s, const struct mfd_event *event)
{
    for (size_t used = 0; used < event->len && !s->trace.over;) {
        size_t count = 0;
        const struct iovec *want = mfd_conn_want(&s->conn, &count);
        size_t n = piece(s, event->len - used);

        MFD_FUZZ_EXPECT(count && want->iov_len, "nothing is wanted");
        n = n < want->iov_len ? n : want->iov_len;
        memcpy(want->iov_base, event->bytes + used, n);
        used += n;
        follow(s, mfd_conn_got(&s->conn, n));
    }
}

static struct trace run(const struct mfd_case *c, uint32_t connection, uint32_t pieces)
{
    static struct mfd_world world;
    struct stream s = {.c = c, .connection = connection, .pieces = pieces};
    bool end = false;

    mfd_world_open(&world, c);
    mfd_fuzz_account(0);
    MFD_FUZZ_EXPECT(mfd_conn_init(&s.conn, &world.setup) == 0, "no connection");
    for (size_t i = 0; i < c->event_count && !end && !s.trace.over; i++) {
        const struct mfd_event *event = &c->events[i];

        if (event->connection == connection && event->kind == MFD_EVENT_DATA) {
            feed(&s, event);
        }
        end = event->connection == connection &&
              (event->kind == MFD_EVENT_CLOSE || event->kind == MFD_EVENT_RESET);
    }
    if (!s.trace.over) {
        follow(&s, mfd_conn_eof(&s.conn));
    }
    s.trace.events = mfd_fuzz_digest(s.trace.events, &s.conn.packets, sizeof(s.conn.packets));
    s.trace.events =
        mfd_fuzz_digest(s.trace.events, &s.conn.normal_pages, sizeof(s.conn.normal_pages));
    s.trace.events = mfd_fuzz_digest(s.trace.events, &s.conn.zero_pages, sizeof(s.conn.zero_pages));
    mfd_conn_free(&s.conn);
    mfd_fuzz_accounted(mfd_world_conn_memory(c));
    s.trace.memory = mfd_world_digest(&world);
    mfd_world_close(&world);
    return s.trace;
}

static void try_connection(const struct mfd_case *c, uint32_t connection, uint32_t seed)
{
    struct trace whole = run(c, connection, 0);
    struct trace parts = run(c, connection, seed | 1);

    MFD_FUZZ_EXPECT(
        whole.finding.rule == parts.finding.rule && whole.finding.offset == parts.finding.offset &&
            whole.finding.got == parts.finding.got && whole.finding.want == parts.finding.want,
        "connection %u: %s at %u, in pieces %s at %u", connection,
        mfd_rule_info(whole.finding.rule)->id, whole.finding.offset,
        mfd_rule_info(parts.finding.rule)->id, parts.finding.offset);
    MFD_FUZZ_EXPECT(whole.count == parts.count && whole.events == parts.events,
                    "connection %u: %zu events, in pieces %zu", connection, whole.count,
                    parts.count);
    /* pages of a packet that fails are left in any state */
    MFD_FUZZ_EXPECT(whole.memory == parts.memory || whole.failed,
                    "connection %u: memory depends on the pieces", connection);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mfd_case *c = mfd_case_read(data, size);
    uint32_t seed = (uint32_t)mfd_fuzz_digest(0, data, size);
    bool tried[256] = {false};
    unsigned streams = 0;

    for (size_t i = 0; i < c->event_count && streams < STREAMS_MAX; i++) {
        uint32_t connection = c->events[i].connection;

        if (c->events[i].kind == MFD_EVENT_DATA && !tried[connection]) {
            tried[connection] = true;
            streams++;
            try_connection(c, connection, seed);
        }
    }
    mfd_case_free(c);
    return 0;
}
