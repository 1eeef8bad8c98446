// SPDX-License-Identifier: GPL-2.0-or-later
#include "reassemble.h"

#include "frame.h"
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096u
/* Listening addresses that are remembered, to tell who connected where the handshake was not captured. */
#define LISTENERS 64u

struct conn {
    struct conn *chain; /* in its bucket */
    struct conn *newer; /* by the last segment */
    struct conn *older;
    uint32_t number;
    int client; /* index in `ends` of the side that has connected; -1: not known yet */
    bool reset;
    struct mfd_endpoint ends[2];  /* the first one sent the first segment */
    struct mfd_stream streams[2]; /* what each end sends */
    uint64_t fin_frame[2];        /* where the end of each was seen */
    uint64_t fin_ns[2];
};

struct mfd_reassembler {
    mfd_found_fn put;
    void *context;
    struct conn *buckets[BUCKETS];
    struct conn *newest;
    struct conn *oldest;
    size_t live;
    size_t kept; /* bytes of memory in all streams */
    struct mfd_endpoint listeners[LISTENERS];
    size_t listener_count;
    struct mfd_reassembler_totals totals;
    const struct mfd_frame *frame; /* at hand; NULL at the end */
};

struct mfd_reassembler *mfd_reassembler_create(mfd_found_fn put, void *context)
{
    struct mfd_reassembler *r = calloc(1, sizeof(*r));

    if (r) {
        r->put = put;
        r->context = context;
    }
    return r;
}

/* ---- endpoints ---- */

static uint32_t hash_end(const struct mfd_endpoint *end)
{
    uint32_t hash = 0x811c9dc5u ^ end->port;

    for (size_t i = 0; i < sizeof(end->address); i++) {
        hash = (hash ^ end->address[i]) * 0x01000193u;
    }
    return hash;
}

/* The same for both directions. */
static struct conn **bucket_of(struct mfd_reassembler *r, const struct mfd_endpoint *a,
                               const struct mfd_endpoint *b)
{
    uint32_t sum = hash_end(a) + hash_end(b);

    return &r->buckets[(sum ^ sum >> 15) % BUCKETS];
}

static bool is_listener(const struct mfd_reassembler *r, const struct mfd_endpoint *end)
{
    size_t count = r->listener_count < LISTENERS ? r->listener_count : LISTENERS;

    for (size_t i = 0; i < count; i++) {
        if (mfd_endpoint_same(&r->listeners[i], end)) {
            return true;
        }
    }
    return false;
}

/* Settles who has connected. */
static void set_client(struct mfd_reassembler *r, struct conn *conn, int client)
{
    conn->client = client;
    if (!is_listener(r, &conn->ends[!client])) {
        r->listeners[r->listener_count++ % LISTENERS] = conn->ends[!client];
    }
}

/* Without a handshake: `side` sends. */
static void guess_client(struct mfd_reassembler *r, struct conn *conn, int side)
{
    if (conn->client < 0) {
        set_client(r, conn, is_listener(r, &conn->ends[side]) ? !side : side);
    }
}

/* ---- events ---- */

static struct mfd_found found_of(const struct mfd_reassembler *r, const struct conn *conn, int side)
{
    struct mfd_found found = {
        .event = {.connection = conn->number,
                  .direction = side == conn->client ? MFD_FORWARD : MFD_BACKWARD},
        .sender = &conn->ends[conn->client],
        .receiver = &conn->ends[!conn->client],
    };

    if (r->frame) {
        found.frame = r->frame->number;
        found.event.time_ns = r->frame->time_ns;
    }
    return found;
}

static void put_event(struct mfd_reassembler *r, struct conn *conn, int side,
                      enum mfd_event_kind kind)
{
    struct mfd_found found = found_of(r, conn, side);

    found.event.kind = kind;
    found.missing = mfd_stream_missing(&conn->streams[side]);
    r->put(&found, r->context);
}

/* Whom put_piece() writes for. */
struct giver {
    struct mfd_reassembler *r;
    struct conn *conn;
    int side;
};

static void put_piece(const struct mfd_stream_piece *piece, uint64_t at, uint64_t missing,
                      void *context)
{
    struct giver *giver = context;
    struct mfd_found found = found_of(giver->r, giver->conn, giver->side);

    found.event.kind = MFD_EVENT_DATA;
    found.event.bytes = piece->bytes;
    found.event.len = piece->captured;
    found.event.time_ns = piece->time_ns;
    found.frame = piece->frame;
    found.offset = piece->offset;
    found.at = at;
    found.missing = missing;
    giver->r->put(&found, giver->r->context);
}

static void put_end(struct mfd_reassembler *r, struct conn *conn, int side)
{
    struct mfd_found found;

    if (mfd_stream_ends(&conn->streams[side])) {
        found = found_of(r, conn, side);
        found.event.kind = MFD_EVENT_CLOSE;
        found.event.time_ns = conn->fin_ns[side];
        found.frame = conn->fin_frame[side];
        found.missing = mfd_stream_missing(&conn->streams[side]);
        r->put(&found, r->context);
    }
}

/* Hands on all that waits, and the end of each direction. */
static void flush(struct mfd_reassembler *r, struct conn *conn)
{
    for (int side = 0; side < 2; side++) {
        struct giver giver = {r, conn, side};
        size_t kept = conn->streams[side].kept;

        mfd_stream_flush(&conn->streams[side], put_piece, &giver);
        r->kept -= kept;
        if (conn->client >= 0 && !conn->reset) {
            put_end(r, conn, side);
        }
    }
}

/* ---- connections ---- */

static void unlink_age(struct mfd_reassembler *r, struct conn *conn)
{
    *(conn->newer ? &conn->newer->older : &r->newest) = conn->older;
    *(conn->older ? &conn->older->newer : &r->oldest) = conn->newer;
}

static void link_newest(struct mfd_reassembler *r, struct conn *conn)
{
    conn->newer = NULL;
    conn->older = r->newest;
    *(r->newest ? &r->newest->newer : &r->oldest) = conn;
    r->newest = conn;
}

static void drop(struct mfd_reassembler *r, struct conn *conn)
{
    struct conn **link = bucket_of(r, &conn->ends[0], &conn->ends[1]);

    flush(r, conn);
    for (int side = 0; side < 2; side++) {
        r->totals.lost += conn->streams[side].lost;
        r->totals.repeated += conn->streams[side].repeated;
        r->totals.conflicts += conn->streams[side].conflicts;
    }
    while (*link != conn) {
        link = &(*link)->chain;
    }
    *link = conn->chain;
    unlink_age(r, conn);
    r->live--;
    free(conn);
}

static struct conn *find(struct mfd_reassembler *r, const struct mfd_tcp_frame *tcp)
{
    struct conn *conn = *bucket_of(r, &tcp->from, &tcp->to);

    while (conn &&
           !(mfd_endpoint_same(&conn->ends[0], &tcp->from) &&
             mfd_endpoint_same(&conn->ends[1], &tcp->to)) &&
           !(mfd_endpoint_same(&conn->ends[1], &tcp->from) &&
             mfd_endpoint_same(&conn->ends[0], &tcp->to))) {
        conn = conn->chain;
    }
    return conn;
}

static struct conn *add(struct mfd_reassembler *r, const struct mfd_tcp_frame *tcp)
{
    struct conn *conn = calloc(1, sizeof(*conn));
    struct conn **bucket = bucket_of(r, &tcp->from, &tcp->to);

    if (!conn) {
        return NULL;
    }
    if (r->live == MFD_REASSEMBLER_CONNECTIONS) {
        r->totals.forgotten++;
        drop(r, r->oldest);
    }
    conn->number = (uint32_t)r->totals.connections++;
    conn->client = -1;
    conn->ends[0] = tcp->from;
    conn->ends[1] = tcp->to;
    conn->chain = *bucket;
    *bucket = conn;
    link_newest(r, conn);
    r->live++;
    return conn;
}

/* Whether a SYN of `side` begins another connection than the one that is there. */
static bool is_another(const struct conn *conn, int side, const struct mfd_tcp_frame *tcp)
{
    return conn->streams[side].started && conn->streams[side].base != tcp->seq + 1;
}

static int side_of(const struct conn *conn, const struct mfd_tcp_frame *tcp)
{
    return mfd_endpoint_same(&conn->ends[0], &tcp->from) ? 0 : 1;
}

/* The connection that a segment belongs to, made if there is none; NULL without memory. */
static struct conn *conn_of(struct mfd_reassembler *r, const struct mfd_tcp_frame *tcp)
{
    struct conn *conn = find(r, tcp);

    if (conn && tcp->flags & MFD_TCP_SYN && is_another(conn, side_of(conn, tcp), tcp)) {
        drop(r, conn);
        conn = NULL;
    }
    if (!conn) {
        return add(r, tcp);
    }
    unlink_age(r, conn);
    link_newest(r, conn);
    return conn;
}

/* ---- segments ---- */

static void take_syn(struct mfd_reassembler *r, struct conn *conn, int side,
                     const struct mfd_tcp_frame *tcp)
{
    bool answer = tcp->flags & MFD_TCP_ACK;
    int client = answer ? !side : side;

    if (!conn->streams[side].started) {
        mfd_stream_start(&conn->streams[side], tcp->seq + 1);
    }
    if (answer && !conn->streams[!side].started) {
        mfd_stream_start(&conn->streams[!side], tcp->ack);
    }
    if (conn->client < 0) {
        set_client(r, conn, client);
        put_event(r, conn, client, MFD_EVENT_OPEN);
    }
}

static bool take_payload(struct mfd_reassembler *r, struct conn *conn, int side,
                         const struct mfd_tcp_frame *tcp)
{
    struct mfd_stream *stream = &conn->streams[side];
    struct giver giver = {r, conn, side};
    struct mfd_stream_piece piece = {
        .bytes = r->frame->bytes + tcp->payload,
        .captured = tcp->captured,
        .len = tcp->len,
        .frame = r->frame->number,
        .offset = tcp->payload,
        .time_ns = r->frame->time_ns,
    };
    size_t kept = stream->kept;
    uint32_t seq = tcp->seq + (tcp->flags & MFD_TCP_SYN ? 1 : 0);
    bool good = false;

    if (!stream->started) {
        mfd_stream_start(stream, seq);
    }
    good = mfd_stream_take(stream, seq, piece, put_piece, &giver);
    r->kept += stream->kept - kept;
    if (r->kept > MFD_REASSEMBLER_ROOM) {
        r->kept -= stream->kept;
        mfd_stream_flush(stream, put_piece, &giver);
    }
    return good;
}

static void take_fin(struct mfd_reassembler *r, struct conn *conn, int side,
                     const struct mfd_tcp_frame *tcp)
{
    uint32_t seq = tcp->seq + (tcp->flags & MFD_TCP_SYN ? 1 : 0) + (uint32_t)tcp->len;

    if (!conn->streams[side].started) {
        mfd_stream_start(&conn->streams[side], seq);
    }
    if (mfd_stream_fin(&conn->streams[side], seq)) {
        conn->fin_frame[side] = r->frame->number;
        conn->fin_ns[side] = r->frame->time_ns;
    }
}

static bool take_segment(struct mfd_reassembler *r, const struct mfd_tcp_frame *tcp)
{
    struct conn *conn = conn_of(r, tcp);
    bool good = conn != NULL;
    int side = 0;

    if (!conn || conn->reset) {
        return good;
    }
    side = side_of(conn, tcp);
    if (tcp->flags & MFD_TCP_SYN) {
        take_syn(r, conn, side, tcp);
    }
    if (tcp->len || tcp->flags & (MFD_TCP_FIN | MFD_TCP_RST)) {
        guess_client(r, conn, side);
    }
    if (tcp->len && !(tcp->flags & MFD_TCP_RST)) {
        good = take_payload(r, conn, side, tcp);
    }
    if (tcp->flags & MFD_TCP_FIN) {
        take_fin(r, conn, side, tcp);
    }
    if (tcp->flags & MFD_TCP_RST) {
        flush(r, conn);
        conn->reset = true;
        put_event(r, conn, side, MFD_EVENT_RESET);
    } else {
        put_end(r, conn, side);
    }
    return good;
}

bool mfd_reassembler_frame(struct mfd_reassembler *r, const struct mfd_frame *frame)
{
    struct mfd_tcp_frame tcp;
    bool good = true;

    r->frame = frame;
    r->totals.frames++;
    switch (mfd_frame_parse(frame->link, frame->bytes, frame->captured, frame->original, &tcp)) {
    case MFD_FRAME_TCP:
        r->totals.segments++;
        good = take_segment(r, &tcp);
        break;
    case MFD_FRAME_OTHER:
        r->totals.others++;
        break;
    default:
        r->totals.unusable++;
    }
    r->frame = NULL;
    return good;
}

void mfd_reassembler_end(struct mfd_reassembler *r)
{
    while (r->oldest) {
        drop(r, r->oldest);
    }
}

struct mfd_reassembler_totals mfd_reassembler_totals(const struct mfd_reassembler *r)
{
    return r->totals;
}

void mfd_reassembler_free(struct mfd_reassembler *r)
{
    mfd_reassembler_end(r);
    free(r);
}
