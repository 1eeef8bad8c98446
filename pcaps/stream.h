// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One direction of a TCP connection: segments in any order to bytes in theirs.
 *
 * What comes in order is handed on where it lies; only what is ahead of a hole is copied and kept, up to
 * MFD_STREAM_ROOM bytes and MFD_STREAM_PIECES pieces. Beyond that, or at the end, the hole is given up as
 * missing. Of bytes that were sent twice the first ones count.
 *
 * Positions are 64-bit: bytes from the start of the stream, or from the first byte seen where its start was
 * not captured.
 */
#ifndef MFD_STREAM_H
#define MFD_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than a sender may have in flight by Linux's defaults (tcp_wmem is 4 MiB, tcp_rmem 6 MiB). */
#define MFD_STREAM_ROOM (16u << 20)
#define MFD_STREAM_PIECES 4096u

/* Bytes that arrived together: where they lie in the capture, and how many of them it has. */
struct mfd_stream_piece {
    const uint8_t *bytes;
    size_t captured; /* at most len */
    size_t len;
    uint64_t frame;
    size_t offset; /* of bytes[0] in the frame */
    uint64_t time_ns;
};

struct mfd_stream_node;

struct mfd_stream {
    bool started; /* a sequence number is known */
    bool fin_known;
    bool ended;       /* the FIN was reached, and handed on */
    uint32_t base;    /* sequence number of position 0 */
    uint64_t at;      /* position of the next byte to hand on */
    uint64_t fin;     /* position of the FIN */
    uint64_t missing; /* bytes before `at` that were given up since the last hand-over */
    struct mfd_stream_node *head;
    struct mfd_stream_node *tail;
    size_t nodes;
    size_t kept; /* bytes of memory in them */
    /* totals */
    uint64_t lost;     /* bytes that the capture lacks */
    uint64_t repeated; /* bytes that came again */
    uint64_t
        conflicts; /* pieces that came again with other bytes, as far as they were still kept */
};

/* The next bytes: `at` is their position, `missing` how many the capture lacks directly before them. */
typedef void (*mfd_stream_fn)(const struct mfd_stream_piece *piece, uint64_t at, uint64_t missing,
                              void *context);

/* Position 0 has the sequence number `base`. */
void mfd_stream_start(struct mfd_stream *stream, uint32_t base);

/*
 * Takes one segment's payload and hands on what is now in order. False without memory for what had to be
 * kept: it is missing then.
 */
bool mfd_stream_take(struct mfd_stream *stream, uint32_t seq, struct mfd_stream_piece piece,
                     mfd_stream_fn put, void *context);
/* A FIN behind the byte before `seq`; false if the end was known already, or cannot be there. */
bool mfd_stream_fin(struct mfd_stream *stream, uint32_t seq);
/* Whether all up to the FIN was handed on and the end was not told yet; it counts as told then. */
bool mfd_stream_ends(struct mfd_stream *stream);
/* Gives up every hole, hands on what is kept, and gives up what lacks before the FIN. */
void mfd_stream_flush(struct mfd_stream *stream, mfd_stream_fn put, void *context);
/* Bytes missing since the last hand-over, which then count as told. */
uint64_t mfd_stream_missing(struct mfd_stream *stream);

void mfd_stream_free(struct mfd_stream *stream);

#endif
