// SPDX-License-Identifier: GPL-2.0-or-later
#include "flow.h"

#include <stdlib.h>
#include <string.h>

bool mfd_buffer_add(struct mfd_buffer *buffer, const void *bytes, size_t len)
{
    if (buffer->start + buffer->len + len > buffer->room && buffer->start) {
        memmove(buffer->bytes, buffer->bytes + buffer->start, buffer->len);
        buffer->start = 0;
    }
    if (buffer->len + len > buffer->room) {
        size_t room = (buffer->len + len) * 2;
        uint8_t *more = realloc(buffer->bytes, room);

        if (!more) {
            return false;
        }
        buffer->bytes = more;
        buffer->room = room;
    }
    if (len) {
        memcpy(buffer->bytes + buffer->start + buffer->len, bytes, len);
    }
    buffer->len += len;
    return true;
}

void mfd_buffer_drop(struct mfd_buffer *buffer, size_t len)
{
    buffer->len -= len;
    buffer->start = buffer->len ? buffer->start + len : 0;
}

void mfd_buffer_free(struct mfd_buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct mfd_buffer){0};
}

size_t mfd_flow_free(const struct mfd_flow *flow, uint64_t told)
{
    uint64_t limit = flow->ended ? UINT64_MAX : told;
    bool whole = mfd_flow_held(flow) != NULL;
    uint64_t len = 0;

    /* one that ends within a message that was to be changed goes on as it is */
    if (flow->hold_count && (whole || !flow->ended) && flow->holds[0].offset < limit) {
        limit = flow->holds[0].offset;
    }
    len = limit > flow->base ? limit - flow->base : 0;
    return len < flow->in.len ? (size_t)len : flow->in.len;
}

const struct mfd_hold *mfd_flow_held(const struct mfd_flow *flow)
{
    const struct mfd_hold *hold = flow->holds;

    return flow->hold_count && hold->offset + hold->size <= flow->base + flow->in.len ? hold : NULL;
}

bool mfd_flow_pass(struct mfd_flow *flow, size_t len)
{
    if (!flow->dead && !mfd_buffer_add(&flow->out, flow->in.bytes + flow->in.start, len)) {
        return false;
    }
    mfd_buffer_drop(&flow->in, len);
    flow->base += len;
    return true;
}

bool mfd_flow_replace(struct mfd_flow *flow, const struct mfd_fault_result *result)
{
    size_t size = flow->holds[0].size;

    for (size_t i = 0; i < result->times && !flow->dead; i++) {
        if (!mfd_buffer_add(&flow->out, result->bytes, result->size)) {
            return false;
        }
    }
    mfd_buffer_drop(&flow->in, size);
    flow->base += size;
    flow->dead |= result->cut;
    flow->hold_count--;
    memmove(flow->holds, flow->holds + 1, flow->hold_count * sizeof(*flow->holds));
    return true;
}

void mfd_flow_free_all(struct mfd_flow *flow)
{
    mfd_buffer_free(&flow->in);
    mfd_buffer_free(&flow->out);
}
