// SPDX-License-Identifier: GPL-2.0-or-later
#include "stream.h"

#include <stdlib.h>
#include <string.h>

/* Farther than this from what is expected lies no byte of the same stream: RFC 7323's largest window. */
#define FARTHEST (1 << 30)

struct mfd_stream_node {
    struct mfd_stream_node *next;
    uint64_t at;
    struct mfd_stream_piece piece; /* its bytes follow the node */
    uint8_t bytes[];
};

void mfd_stream_start(struct mfd_stream *stream, uint32_t base)
{
    stream->started = true;
    stream->base = base;
}

/* Distance of a sequence number from the byte that is expected. */
static int32_t distance(const struct mfd_stream *stream, uint32_t seq)
{
    return (int32_t)(seq - (uint32_t)(stream->base + stream->at));
}

/* Drops `count` bytes at the front. */
static void cut_front(struct mfd_stream_piece *piece, size_t count)
{
    size_t captured = count < piece->captured ? count : piece->captured;

    piece->bytes += captured;
    piece->captured -= captured;
    piece->offset += captured;
    piece->len -= count;
}

static void give_up(struct mfd_stream *stream, uint64_t count)
{
    stream->at += count;
    stream->missing += count;
    stream->lost += count;
}

uint64_t mfd_stream_missing(struct mfd_stream *stream)
{
    uint64_t missing = stream->missing;

    stream->missing = 0;
    return missing;
}

/* Hands on a piece that begins at stream->at. */
static void hand_on(struct mfd_stream *stream, struct mfd_stream_piece *piece, mfd_stream_fn put,
                    void *context)
{
    uint64_t at = stream->at;

    if (piece->captured) {
        stream->at += piece->captured;
        put(piece, at, mfd_stream_missing(stream), context);
    }
    give_up(stream, piece->len - piece->captured);
}

static void drop_head(struct mfd_stream *stream)
{
    struct mfd_stream_node *node = stream->head;

    stream->head = node->next;
    if (!stream->head) {
        stream->tail = NULL;
    }
    stream->nodes--;
    stream->kept -= sizeof(*node) + node->piece.captured;
    free(node);
}

/* Hands on what is kept and no longer ahead of a hole. */
static void drain(struct mfd_stream *stream, mfd_stream_fn put, void *context)
{
    while (stream->head && stream->head->at <= stream->at) {
        struct mfd_stream_node *node = stream->head;
        /* what is kept never overlaps, but an in-order segment may have covered its beginning */
        uint64_t over = stream->at - node->at;
        struct mfd_stream_piece piece = node->piece;

        piece.bytes = node->bytes;
        stream->repeated += over < piece.len ? over : piece.len;
        if (over < piece.len) {
            cut_front(&piece, (size_t)over);
            hand_on(stream, &piece, put, context);
        }
        drop_head(stream);
    }
}

static void give_up_hole(struct mfd_stream *stream, mfd_stream_fn put, void *context)
{
    give_up(stream, stream->head->at - stream->at);
    drain(stream, put, context);
}

/* A copy of the first `len` bytes behind `prev`, or first of all; false without memory. */
static bool keep(struct mfd_stream *stream, struct mfd_stream_node *prev, uint64_t at, size_t len,
                 const struct mfd_stream_piece *piece)
{
    size_t captured = piece->captured < len ? piece->captured : len;
    struct mfd_stream_node *node = malloc(sizeof(*node) + captured);

    if (!node) {
        return false;
    }
    node->at = at;
    node->piece = *piece;
    node->piece.captured = captured;
    node->piece.len = len;
    if (captured) {
        memcpy(node->bytes, piece->bytes, captured);
    }
    node->next = prev ? prev->next : stream->head;
    if (prev) {
        prev->next = node;
    } else {
        stream->head = node;
    }
    if (!node->next) {
        stream->tail = node;
    }
    stream->nodes++;
    stream->kept += sizeof(*node) + captured;
    return true;
}

static uint64_t node_end(const struct mfd_stream_node *node)
{
    return node->at + node->piece.len;
}

/* Compares a piece at `at` with the bytes kept there. */
static void compare(struct mfd_stream *stream, const struct mfd_stream_node *node, uint64_t at,
                    const struct mfd_stream_piece *piece)
{
    size_t skip = (size_t)(at - node->at);
    size_t there = node->piece.captured > skip ? node->piece.captured - skip : 0;
    size_t both = piece->captured < there ? piece->captured : there;

    stream->conflicts += both && memcmp(node->bytes + skip, piece->bytes, both) != 0;
}

/* Keeps what of a piece is not kept yet; `at` is ahead of stream->at. */
static bool keep_ahead(struct mfd_stream *stream, uint64_t at, struct mfd_stream_piece piece)
{
    struct mfd_stream_node *prev = NULL;
    struct mfd_stream_node *next = stream->head;

    if (stream->tail && at >= node_end(stream->tail)) {
        return keep(stream, stream->tail, at, piece.len, &piece);
    }
    while (piece.len) {
        size_t part = piece.len;

        for (; next && node_end(next) <= at; next = next->next) {
            prev = next;
        }
        if (next && next->at <= at) {
            uint64_t left = node_end(next) - at;

            part = left < part ? (size_t)left : part;
            compare(stream, next, at, &piece);
            stream->repeated += part;
        } else {
            if (next && next->at - at < part) {
                part = (size_t)(next->at - at);
            }
            if (!keep(stream, prev, at, part, &piece)) {
                return false;
            }
            prev = prev ? prev->next : stream->head;
        }
        cut_front(&piece, part);
        at += part;
    }
    return true;
}

bool mfd_stream_take(struct mfd_stream *stream, uint32_t seq, struct mfd_stream_piece piece,
                     mfd_stream_fn put, void *context)
{
    int32_t ahead = distance(stream, seq);
    bool good = true;

    if (!piece.len || stream->ended || ahead > FARTHEST || ahead < -FARTHEST) {
        return true;
    }
    if (ahead <= 0) {
        size_t again = (size_t)(-(int64_t)ahead);

        stream->repeated += again < piece.len ? again : piece.len;
        if (again >= piece.len) {
            return true;
        }
        cut_front(&piece, again);
        hand_on(stream, &piece, put, context);
    } else {
        good = keep_ahead(stream, stream->at + (uint32_t)ahead, piece);
    }
    drain(stream, put, context);
    while (stream->kept > MFD_STREAM_ROOM || stream->nodes > MFD_STREAM_PIECES) {
        give_up_hole(stream, put, context);
    }
    return good;
}

bool mfd_stream_fin(struct mfd_stream *stream, uint32_t seq)
{
    int32_t ahead = distance(stream, seq);

    if (stream->fin_known || ahead < 0 || ahead > FARTHEST) {
        return false;
    }
    stream->fin_known = true;
    stream->fin = stream->at + (uint32_t)ahead;
    return true;
}

bool mfd_stream_ends(struct mfd_stream *stream)
{
    if (stream->ended || !stream->fin_known || stream->at < stream->fin) {
        return false;
    }
    stream->ended = true;
    return true;
}

void mfd_stream_flush(struct mfd_stream *stream, mfd_stream_fn put, void *context)
{
    while (stream->head) {
        give_up_hole(stream, put, context);
    }
    if (stream->fin_known && stream->at < stream->fin) {
        give_up(stream, stream->fin - stream->at);
    }
}

void mfd_stream_free(struct mfd_stream *stream)
{
    while (stream->head) {
        drop_head(stream);
    }
}
