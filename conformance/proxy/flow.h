// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One direction of a connection that goes through the proxy: bytes that came in and wait for the rest of their
 * message, and bytes that wait to be written.
 *
 * What is held back is at most a message that is to be changed, and MFD_FLOW_MESSAGE bytes; what is to be
 * written is bounded by the caller, who reads no more while there is much of it.
 */
#ifndef MFD_FLOW_H
#define MFD_FLOW_H

#include "fault_line.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A message that is longer than this, with its payload, goes by unchanged. */
#define MFD_FLOW_MESSAGE ((size_t)4 << 20)
/* Faults that can wait for the rest of their messages at a time. */
#define MFD_FLOW_HOLDS 16u

struct mfd_buffer {
    uint8_t *bytes;
    size_t start;
    size_t len; /* from `start` on */
    size_t room;
};

/* False without memory. */
bool mfd_buffer_add(struct mfd_buffer *buffer, const void *bytes, size_t len);
/* Takes `len` bytes off its front. */
void mfd_buffer_drop(struct mfd_buffer *buffer, size_t len);
void mfd_buffer_free(struct mfd_buffer *buffer);

/* A message that a fault is for. */
struct mfd_hold {
    const struct mfd_fault_line *fault;
    enum mfd_message message;
    uint64_t offset; /* in what came in */
    size_t header;
    size_t size; /* with payload */
};

struct mfd_flow {
    struct mfd_buffer in;
    struct mfd_buffer out;
    uint64_t base; /* offset of the first byte of `in` */
    struct mfd_hold holds[MFD_FLOW_HOLDS];
    size_t hold_count;
    bool ended; /* nothing more comes in */
    bool dead;  /* what comes in goes nowhere: a fault has cut it off */
    bool shut;  /* the end was passed on */
};

/*
 * What may go on, up to the first message that is to be changed: of the bytes before `told`, or all once the
 * flow has ended. How many bytes of `in`, from its front.
 */
size_t mfd_flow_free(const struct mfd_flow *flow, uint64_t told);
/* The message at the front of `in` that is to be changed and is all there; NULL if there is none. */
const struct mfd_hold *mfd_flow_held(const struct mfd_flow *flow);
/* Moves bytes of `in` to `out`; false without memory. */
bool mfd_flow_pass(struct mfd_flow *flow, size_t len);
/* Puts what the fault has made in the place of the message held, which it takes off. False without memory. */
bool mfd_flow_replace(struct mfd_flow *flow, const struct mfd_fault_result *result);
void mfd_flow_free_all(struct mfd_flow *flow);

#endif
