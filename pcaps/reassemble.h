// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The TCP connections of a capture as events, each with its place in the capture.
 *
 *     struct mfd_capture_reader *reader = mfd_capture_open(file, error);
 *     struct mfd_reassembler *r = mfd_reassembler_create(put, context);
 *     while (mfd_capture_next(reader, &frame, error)) {
 *         mfd_reassembler_frame(r, &frame);
 *     }
 *     mfd_reassembler_end(r);
 *
 * Every connection is followed, whatever it carries, from its handshake or from wherever the capture
 * begins. FORWARD is from the side that has connected; where its SYN was not captured, to an address and port
 * that other connections went to, else from the side that sends first. One without OPEN event has begun
 * before the capture. A new handshake between the same ports is a new connection.
 *
 * Memory is bounded, whatever the capture: see stream.h for what one direction keeps,
 * MFD_REASSEMBLER_ROOM for all together, and MFD_REASSEMBLER_CONNECTIONS, behind which the one is forgotten
 * that was silent for longest.
 */
#ifndef MFD_REASSEMBLE_H
#define MFD_REASSEMBLE_H

#include "capture_read.h"
#include "event.h"
#include "segment.h"

#define MFD_REASSEMBLER_CONNECTIONS 8192u
#define MFD_REASSEMBLER_ROOM (128u << 20)

/* An event with its place. Valid during the call that hands it on. */
struct mfd_found {
    /*
     * Its connection is a number from 0 in order of the first segment, as tshark's tcp.stream; its time that
     * of the frame, from the first frame on. Bytes that waited for others have the time when they came, so
     * times may run back.
     */
    struct mfd_event event;
    const struct mfd_endpoint *sender; /* that has connected */
    const struct mfd_endpoint *receiver;
    uint64_t frame; /* number, from 1, as Wireshark's */
    size_t offset;  /* DATA: of the first byte in the frame */
    uint64_t at;    /* DATA: of the first byte in what the direction carries */
    uint64_t
        missing; /* bytes that the capture lacks directly before this event, in its direction */
};

typedef void (*mfd_found_fn)(const struct mfd_found *found, void *context);

struct mfd_reassembler_totals {
    uint64_t frames;
    uint64_t segments; /* of TCP */
    uint64_t others;   /* frames without TCP */
    uint64_t unusable; /* frames with fragments of IP packets, cut off within headers, or damaged */
    uint64_t connections;
    uint64_t forgotten; /* connections, for want of room */
    uint64_t repeated;  /* bytes that were sent again */
    uint64_t conflicts; /* pieces that were sent again with other bytes while the first were kept */
    uint64_t lost;      /* bytes that the capture lacks */
};

struct mfd_reassembler;

/* NULL without memory. */
struct mfd_reassembler *mfd_reassembler_create(mfd_found_fn put, void *context);
/* False without memory: what the frame holds is missing then. */
bool mfd_reassembler_frame(struct mfd_reassembler *reassembler, const struct mfd_frame *frame);
/* No frame follows: what waited for missing bytes is handed on. */
void mfd_reassembler_end(struct mfd_reassembler *reassembler);
/* Final after the end. */
struct mfd_reassembler_totals mfd_reassembler_totals(const struct mfd_reassembler *reassembler);
void mfd_reassembler_free(struct mfd_reassembler *reassembler);

#endif
