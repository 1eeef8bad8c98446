// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * QEMU's own multifd receiver against the prediction of what it does: the reference's checks, less what the
 * release is known to get wrong. Each connection of the case that is no main channel is a stream of its own, to a
 * receiver of its own.
 *
 * Expected: accepted or refused as predicted, at the same message; the same memory where all is accepted. What
 * the baseline lists is left out, and what stands before it compared.
 */
#include "guard.h"
#include "predict.h"
#include "side.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STREAMS_MAX 2u
/* Many calls find more than long ones. */
#define EVENTS_READ 128u
#define DATA_READ (128u << 10)
#define STREAM_MAX (128u << 10)
#define MAIN_SIZE 4u
/* Each has buffers of 1 MiB, which take longer to get than all else. */
#define CHANNELS_MAX 2u

struct stream {
    uint8_t *bytes; /* an allocation of exactly `len` bytes */
    size_t len;
};

struct prediction {
    bool refused;
    enum mfd_rule rule;
    size_t at; /* where the message begins with which the stream ends */
    uint64_t zero_pages;
    uint64_t memory;
};

static struct stream stream_of(const struct mfd_case *c, uint32_t connection)
{
    static uint8_t bytes[STREAM_MAX];
    struct stream s = {NULL, 0};

    for (size_t i = 0; i < c->event_count; i++) {
        const struct mfd_event *event = &c->events[i];
        size_t left = sizeof(bytes) - s.len;

        if (event->connection == connection && event->kind == MFD_EVENT_DATA) {
            size_t n = event->len < left ? event->len : left;

            memcpy(bytes + s.len, event->bytes, n);
            s.len += n;
        }
    }
    s.bytes = malloc(s.len ? s.len : 1);
    MFD_FUZZ_EXPECT(s.bytes, "memory");
    memcpy(s.bytes, bytes, s.len);
    return s;
}

/* The reference over the stream: strict, and every wait granted. */
static struct prediction predict(struct mfd_world *world, const struct stream *s)
{
    struct prediction p = {0};
    struct mfd_conn conn;
    enum mfd_got got = MFD_GOT_MORE;
    size_t used = 0;

    world->setup.window = mfd_world_window(s->bytes, s->len);
    MFD_FUZZ_EXPECT(mfd_conn_init(&conn, &world->setup) == 0, "no connection");
    while (used < s->len && got != MFD_GOT_FINDING) {
        size_t count = 0;
        const struct iovec *want = mfd_conn_want(&conn, &count);
        size_t n = want->iov_len < s->len - used ? want->iov_len : s->len - used;

        memcpy(want->iov_base, s->bytes + used, n);
        used += n;
        for (got = mfd_conn_got(&conn, n); got != MFD_GOT_MORE && got != MFD_GOT_FINDING;) {
            got = mfd_conn_got(&conn, 0);
        }
    }
    if (got != MFD_GOT_FINDING) {
        got = mfd_conn_eof(&conn);
    }
    p.refused = got == MFD_GOT_FINDING;
    p.rule = conn.finding.rule;
    p.at = (size_t)conn.at;
    p.zero_pages = conn.zero_pages;
    mfd_conn_free(&conn);
    p.memory = mfd_world_digest(world);
    return p;
}

/* The rule that the stream at hand breaks first, for a report of the sanitizer's; NULL: none. */
static const char *broken;

void __asan_on_error(void);
void __asan_on_error(void)
{
    fprintf(stderr, "the stream breaks %s\n", broken ? broken : "no rule");
}

static void expect_as_predicted(const struct prediction *p, const struct mfd_qemu_verdict *got)
{
    if (p->refused) {
        MFD_FUZZ_EXPECT(got->refused, "accepted a message that breaks %s, at byte %zu",
                        mfd_rule_info(p->rule)->id, p->at);
        MFD_FUZZ_EXPECT(got->at == p->at,
                        "refused at byte %zu: %s; the first breach is that of %s at byte %zu",
                        got->at, got->why, mfd_rule_info(p->rule)->id, p->at);
    } else {
        MFD_FUZZ_EXPECT(!got->refused, "refused at byte %zu: %s; no rule is broken", got->at,
                        got->why);
    }
}

static void try_connection(const struct mfd_case *c, uint32_t connection)
{
    static struct mfd_world world;
    struct stream s = stream_of(c, connection);
    struct mfd_qemu_verdict verdict = {0};
    struct prediction p;
    uint64_t memory = 0;
    bool cut = false;

    if (s.len < MAIN_SIZE || mfd_get32(s.bytes) == MFD_MAIN_MAGIC) {
        free(s.bytes);
        return;
    }
    mfd_world_open(&world, c);
    p = predict(&world, &s);
    mfd_world_close(&world);
    /* how much a release allocates for a device shows only where memory is short */
    if (p.refused && (mfd_predict_waived(p.rule) || p.rule == MFD_DEV_006)) {
        struct stream before = {malloc(p.at ? p.at : 1), p.at};

        MFD_FUZZ_EXPECT(before.bytes, "memory");
        memcpy(before.bytes, s.bytes, p.at);
        free(s.bytes);
        s = before;
        p.refused = false;
        cut = true; /* what the reference has written is some of the message that is left out */
    }
    if (s.len) {
        mfd_world_open(&world, c);
        broken = p.refused ? mfd_rule_info(p.rule)->id : NULL;
        mfd_qemu_receive(&world, s.bytes, s.len, &verdict);
        memory = mfd_world_digest(&world);
        mfd_world_close(&world);
        expect_as_predicted(&p, &verdict);
        MFD_FUZZ_EXPECT(p.refused || cut || memory == p.memory ||
                            (p.zero_pages && mfd_predict_waived(MFD_PAY_017)),
                        "memory is not what the reference makes of the same bytes");
    }
    free(s.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool loaded;
    struct mfd_case *c = mfd_case_read_within(data, size, EVENTS_READ, DATA_READ);
    bool tried[256] = {false};
    unsigned streams = 0;

    if (!loaded) {
        mfd_predict_load(MFD_QEMU_VERSION);
        loaded = true;
    }
    /* the release is what it is, and knows none of the other methods' payloads here */
    c->rev = MFD_QEMU_REV;
    c->channels = 1 + (c->channels - 1) % CHANNELS_MAX;
    if (c->method & ~(uint32_t)(MFD_FLAG_ZLIB | MFD_FLAG_ZSTD)) {
        c->method = 0;
    }
    for (size_t i = 0; i < c->event_count && streams < STREAMS_MAX; i++) {
        uint32_t connection = c->events[i].connection;

        if (c->events[i].kind == MFD_EVENT_DATA && !tried[connection]) {
            tried[connection] = true;
            streams++;
            try_connection(c, connection);
        }
    }
    mfd_case_free(c);
    return 0;
}
