// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages into packets, for a sender. No I/O.
 *
 * A batch is a list of pages of one block, up to the slots of a packet; a frame is the packet that
 * is made of it: header and pieces of guest memory, ready for writev. The memory itself is never
 * copied; with a method other than none the one piece is the frame's compressed payload.
 */
#ifndef MFD_BATCH_H
#define MFD_BATCH_H

#include "device.h"
#include "guest.h"
#include "method.h"
#include "packet.h"

#include <sys/uio.h>

struct mfd_batch {
    int block; /* index in the guest's table */
    uint32_t count;
    uint32_t room;
    uint64_t *offsets; /* owned */
};

/* 0 or ENOMEM. */
int mfd_batch_init(struct mfd_batch *batch, uint32_t page_size);
void mfd_batch_free(struct mfd_batch *batch);
/* False if the page has no place in it: it is full, or holds pages of another block. */
bool mfd_batch_add(struct mfd_batch *batch, int block, uint64_t offset);

struct mfd_frame_setup {
    enum mfd_rev rev;
    uint32_t page_size;
    bool find_zero; /* list zero pages as such instead of sending them; needs 9.0 */
    const struct mfd_guest *guest;
    uint32_t method; /* flag bit, 0: none */
    int level;       /* of the method */
};

struct mfd_frame {
    const struct mfd_frame_setup *setup;
    uint32_t normal_pages; /* of the packet last made */
    uint32_t zero_pages;
    struct iovec *iov; /* owned; the first piece is the header */
    size_t iov_count;
    uint8_t *header;             /* owned */
    uint64_t *offsets;           /* owned: normal pages, then zero pages */
    struct mfd_encoder *encoder; /* owned; NULL with method none */
};

/* 0, or what mfd_encoder_open() returns. `setup` must outlive the frame. */
int mfd_frame_init(struct mfd_frame *frame, const struct mfd_frame_setup *setup);
void mfd_frame_free(struct mfd_frame *frame);
/*
 * The packet of a batch that is not empty. The guest's memory must stay as it is until it was sent. 0, or
 * EIO if it cannot be compressed.
 */
int mfd_frame_data(struct mfd_frame *frame, const struct mfd_batch *batch, uint64_t packet_num);
/* A SYNC packet, which never carries pages. */
void mfd_frame_sync(struct mfd_frame *frame, uint64_t packet_num);
/* The packet of a device's state, which has no number and must stay as it is until it was sent. */
void mfd_frame_device(struct mfd_frame *frame, const struct mfd_device_state *state);

#endif
