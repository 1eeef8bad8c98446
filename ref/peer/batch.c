// SPDX-License-Identifier: GPL-2.0-or-later
#include "batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int mfd_batch_init(struct mfd_batch *batch, uint32_t page_size)
{
    *batch = (struct mfd_batch){.room = mfd_slots(page_size)};
    batch->offsets = malloc(batch->room * sizeof(*batch->offsets));
    return batch->offsets ? 0 : ENOMEM;
}

void mfd_batch_free(struct mfd_batch *batch)
{
    free(batch->offsets);
    batch->offsets = NULL;
}

bool mfd_batch_add(struct mfd_batch *batch, int block, uint64_t offset)
{
    if (batch->count == batch->room || (batch->count && batch->block != block)) {
        return false;
    }
    batch->block = block;
    batch->offsets[batch->count++] = offset;
    return true;
}

int mfd_frame_init(struct mfd_frame *frame, const struct mfd_frame_setup *setup)
{
    uint32_t slots = mfd_slots(setup->page_size);
    int error = 0;

    *frame = (struct mfd_frame){.setup = setup};
    frame->iov = malloc((slots + 1) * sizeof(*frame->iov));
    frame->offsets = malloc(slots * sizeof(*frame->offsets));
    frame->header = malloc(mfd_packet_size(setup->page_size));
    if (!frame->iov || !frame->offsets || !frame->header) {
        error = ENOMEM;
    } else if (setup->method) {
        error = mfd_encoder_open(&frame->encoder, setup->method, setup->level, setup->page_size);
    }
    if (error) {
        mfd_frame_free(frame);
    }
    return error;
}

void mfd_frame_free(struct mfd_frame *frame)
{
    free(frame->iov);
    free(frame->offsets);
    free(frame->header);
    mfd_encoder_close(frame->encoder);
    frame->encoder = NULL;
    frame->iov = NULL;
    frame->offsets = NULL;
    frame->header = NULL;
}

/*
 * Writes the header of what the frame lists, with a payload of `size` bytes. Before 9.0 pages_alloc
 * counts slots in SYNC packets too.
 */
static void pack(struct mfd_frame *frame, uint32_t flags, const char *block, uint32_t size,
                 uint64_t packet_num)
{
    const struct mfd_frame_setup *setup = frame->setup;
    bool empty = frame->normal_pages + frame->zero_pages == 0;
    struct mfd_packet packet = {
        .magic = MFD_MAGIC,
        .version = MFD_VERSION,
        .flags = flags,
        .pages_alloc = empty && setup->rev >= MFD_REV_9_0 ? 0 : mfd_slots(setup->page_size),
        .normal_pages = frame->normal_pages,
        .next_packet_size = size,
        .packet_num = packet_num,
        .zero_pages = frame->zero_pages,
    };

    memcpy(packet.ramblock, block, strlen(block));
    mfd_packet_pack(frame->header, setup->page_size, &packet, frame->offsets);
    frame->iov[0] = (struct iovec){frame->header, mfd_packet_size(setup->page_size)};
}

/* Pages that follow each other in memory are one piece. */
static void add_page(struct mfd_frame *frame, uint8_t *page)
{
    struct iovec *last = &frame->iov[frame->iov_count - 1];

    if (frame->iov_count > 1 && (uint8_t *)last->iov_base + last->iov_len == page) {
        last->iov_len += frame->setup->page_size;
    } else {
        frame->iov[frame->iov_count++] = (struct iovec){page, frame->setup->page_size};
    }
}

/* The compressed payload takes the place of the pages. */
static int compress(struct mfd_frame *frame)
{
    struct iovec payload;
    int error = mfd_encoder_pages(frame->encoder, frame->iov + 1, frame->iov_count - 1, &payload);

    frame->iov[1] = payload;
    frame->iov_count = 2;
    return error;
}

int mfd_frame_data(struct mfd_frame *frame, const struct mfd_batch *batch, uint64_t packet_num)
{
    const struct mfd_frame_setup *setup = frame->setup;
    uint32_t size = 0;
    int error = 0;
    uint8_t *base = setup->guest->maps[batch->block].base;

    frame->normal_pages = 0;
    frame->zero_pages = 0;
    frame->iov_count = 1;
    for (uint32_t i = 0; i < batch->count; i++) {
        uint8_t *page = base + batch->offsets[i];

        if (setup->find_zero && mfd_is_zero(page, setup->page_size)) {
            /* from the end backwards; their order has no meaning */
            frame->zero_pages++;
            frame->offsets[batch->count - frame->zero_pages] = batch->offsets[i];
        } else {
            frame->offsets[frame->normal_pages++] = batch->offsets[i];
            add_page(frame, page);
        }
    }
    size = frame->normal_pages * setup->page_size;
    if (frame->encoder && frame->normal_pages) {
        error = compress(frame);
        size = (uint32_t)frame->iov[1].iov_len;
    }
    pack(frame, setup->method, setup->guest->table.blocks[batch->block].name, size, packet_num);
    return error;
}

void mfd_frame_sync(struct mfd_frame *frame, uint64_t packet_num)
{
    frame->normal_pages = 0;
    frame->zero_pages = 0;
    frame->iov_count = 1;
    pack(frame, MFD_FLAG_SYNC, "", 0, packet_num);
}

void mfd_frame_device(struct mfd_frame *frame, const struct mfd_device_state *state)
{
    struct mfd_device device = {
        .magic = MFD_MAGIC,
        .version = MFD_VERSION,
        .flags = MFD_FLAG_DEVICE_STATE,
        .instance_id = state->instance,
        .next_packet_size = (uint32_t)state->size,
    };

    memcpy(device.idstr, state->idstr, strlen(state->idstr));
    mfd_device_pack(frame->header, &device);
    frame->normal_pages = 0;
    frame->zero_pages = 0;
    frame->iov[0] = (struct iovec){frame->header, MFD_DEVICE_SIZE};
    frame->iov[1] = (struct iovec){(void *)state->bytes, state->size};
    frame->iov_count = 2;
}
