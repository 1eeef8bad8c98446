// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A channel found again behind bytes that are missing, or that began before the first event. What is taken for
 * a packet is only believed if another one starts where it ends: guest memory may hold packets too.
 *
 * Only rules about one message are judged here. Those about the course of a channel need all of it.
 */
#include "observe_inside.h"

#include <string.h>

void mfd_observe_seek(struct mfd_observer_conn *conn)
{
    conn->seeks = true;
    conn->framed = false;
    conn->sure = false;
    conn->offset += conn->have;
    conn->have = 0;
    conn->skip = 0;
    conn->stage = STAGE_SEEK;
}

/* Looks for magic and version, perhaps begun in earlier bytes. Returns how many bytes were used. */
static size_t seek(struct mfd_observer_conn *conn, const uint8_t *bytes, size_t len)
{
    uint8_t wanted[8];
    size_t n = 0;

    mfd_put32(wanted, MFD_MAGIC);
    mfd_put32(wanted + 4, MFD_VERSION);
    while (n < len && conn->have < sizeof(wanted)) {
        const uint8_t *at = conn->have ? bytes + n : memchr(bytes + n, wanted[0], len - n);
        size_t passed = at ? (size_t)(at - bytes) - n : len - n;

        conn->offset += passed;
        n += passed;
        if (n < len && bytes[n] == wanted[conn->have]) {
            conn->buf[conn->have++] = bytes[n++];
        } else {
            /* nothing in `wanted` is like its first byte, so none of what matched begins another */
            conn->offset += conn->have;
            conn->have = 0;
        }
    }
    if (conn->have == sizeof(wanted)) {
        conn->stage = STAGE_PREFIX;
        conn->want = MFD_PREFIX_SIZE;
    }
    return n;
}

/* A message has ended: what follows its payload shows whether it was one. */
static void framed(struct mfd_observer_conn *conn, size_t size, uint64_t payload)
{
    mfd_observe_passed(conn, size, payload, STAGE_PREFIX, MFD_PREFIX_SIZE);
    conn->framed = true;
}

static void take_prefix(struct mfd_observer *observer, struct mfd_observer_conn *conn)
{
    uint32_t flags = mfd_get32(conn->buf + MFD_PACKET_FLAGS);

    if (mfd_get32(conn->buf) != MFD_MAGIC || mfd_get32(conn->buf + 4) != MFD_VERSION ||
        (flags & ~mfd_rev_flags(MFD_REV_LATEST))) {
        mfd_observe_seek(conn);
        return;
    }
    conn->sure = conn->framed;
    conn->resumed |= conn->sure;
    if (conn->sure ? mfd_observe_opens_device(observer, conn->buf)
                   : mfd_prefix_is_device(conn->buf, MFD_REV_LATEST)) {
        conn->stage = STAGE_DEVICE;
        conn->want = MFD_DEVICE_SIZE;
    } else {
        conn->stage = STAGE_PACKET;
        conn->want = MFD_PACKET_RAMBLOCK;
    }
}

/* The first fields of a packet are there, which tell how long it is. */
static void size_packet(struct mfd_observer *observer, struct mfd_observer_conn *conn)
{
    uint32_t alloc = mfd_get32(conn->buf + MFD_PACKET_PAGES_ALLOC);
    uint32_t page_size = observer->config.page_size;

    if (conn->sure && observer->learned) {
        mfd_learn_packet(observer->learned, conn->buf, conn->have);
        mfd_observe_learnt(observer);
        page_size = observer->config.page_size;
    }
    if (observer->learned && !observer->learned->page_known) {
        page_size = alloc ? MFD_PACKET_SPAN / alloc : 0;
    }
    if (!mfd_is_page_size(page_size) || mfd_packet_size(page_size) > observer->buffer_size) {
        mfd_observe_seek(conn);
        return;
    }
    conn->want = mfd_packet_size(page_size);
}

/* Whether what starts as a packet goes on as one. */
static bool makes_sense(const struct mfd_packet *packet, uint32_t page_size, uint64_t payload)
{
    uint32_t slots = mfd_slots(page_size);
    uint64_t pages = (uint64_t)packet->normal_pages + packet->zero_pages;
    bool sync = (packet->flags & MFD_FLAG_SYNC) && packet->pages_alloc == 0;

    /* no method makes pages twice as large */
    return (packet->pages_alloc == slots || sync) && pages <= slots &&
           payload <= 2 * (uint64_t)packet->normal_pages * page_size;
}

/* Which rules there are for a packet shows with the first SYNC, if not before. */
static bool may_judge(const struct mfd_observer *observer, const struct mfd_observer_conn *conn)
{
    const struct mfd_learned *learned = observer->learned;

    return conn->sure && (!learned || learned->generation_known);
}

static void take_packet(struct mfd_observer *observer, struct mfd_observer_conn *conn)
{
    uint32_t page_size = MFD_PACKET_SPAN / ((uint32_t)(conn->want - MFD_PACKET_FIXED) / 8);
    struct mfd_packet packet = mfd_packet_unpack(conn->buf, observer->config.rev);
    uint64_t payload =
        mfd_packet_payload(&packet, mfd_observe_method(observer, &packet), page_size);

    if (!makes_sense(&packet, page_size, payload)) {
        mfd_observe_seek(conn);
        return;
    }
    if (may_judge(observer, conn)) {
        mfd_observe_judge_packet(observer, conn, &packet);
    }
    framed(conn, conn->want, payload);
}

static void take_device(struct mfd_observer *observer, struct mfd_observer_conn *conn)
{
    uint64_t payload = mfd_get32(conn->buf + MFD_DEVICE_NEXT_SIZE);

    if (payload > MFD_DEVICE_PAYLOAD_MAX) {
        mfd_observe_seek(conn);
        return;
    }
    if (may_judge(observer, conn)) {
        mfd_observe_judge_device(observer, conn);
    }
    framed(conn, MFD_DEVICE_SIZE, payload);
}

size_t mfd_observe_resume(struct mfd_observer *observer, struct mfd_observer_conn *conn,
                          const uint8_t *bytes, size_t len)
{
    size_t n = conn->want - conn->have < len ? conn->want - conn->have : len;

    if (conn->stage == STAGE_SEEK) {
        return seek(conn, bytes, len);
    }
    memcpy(conn->buf + conn->have, bytes, n);
    conn->have += n;
    if (conn->have < conn->want) {
        return n;
    }
    if (conn->stage == STAGE_PREFIX) {
        take_prefix(observer, conn);
    } else if (conn->stage == STAGE_DEVICE) {
        take_device(observer, conn);
    } else if (conn->have == MFD_PACKET_RAMBLOCK) {
        size_packet(observer, conn);
    } else {
        take_packet(observer, conn);
    }
    return n;
}
