// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages of channels. */
#include "observe_inside.h"

#include "hello.h"

#include <string.h>

#define RIGHT_PREFIX ((uint64_t)MFD_MAGIC << 32 | MFD_VERSION)

/* Whether the bytes of a hello make sense as the start of a packet whose hello was left out. */
static bool maybe_packet(const struct mfd_observer *observer, const uint8_t *buf)
{
    uint32_t slots = mfd_slots(observer->config.page_size);
    uint32_t flags = mfd_get32(buf + MFD_PACKET_FLAGS);
    uint32_t alloc = mfd_get32(buf + MFD_PACKET_PAGES_ALLOC);
    bool sync = (flags & MFD_FLAG_SYNC) && alloc == 0;

    return !(flags & ~mfd_rev_flags(observer->config.rev)) && (alloc == slots || sync) &&
           mfd_get32(buf + MFD_PACKET_NORMAL_PAGES) <= slots;
}

static void judge_hello(struct mfd_observer *observer, struct mfd_observer_conn *conn,
                        const uint8_t *hello)
{
    struct mfd_findings findings = mfd_observe_findings(observer);
    struct mfd_observer_conn start = {.number = conn->number};
    enum mfd_rev rev = observer->config.rev;
    uint32_t width = 0;
    size_t at = mfd_hello_id_offset(rev, &width);
    uint8_t id = (uint8_t)mfd_hello_id(rev, hello);
    uint64_t bit = (uint64_t)1 << (id % 64);

    if (observer->learned && mfd_rev_has_packets(rev)) {
        mfd_learn_uuid(observer->learned, hello + MFD_HELLO_UUID);
        mfd_observe_learnt(observer);
    }
    mfd_check_hello(&observer->context, hello, mfd_hello_size(rev), &findings);
    mfd_observe_found(observer, &start, &findings);
    mfd_observe_judged_hello(observer);
    if (observer->ids[id / 64] & bit) {
        mfd_observe_breach(observer, MFD_INIT_005, &start, at, id, 0);
    }
    observer->ids[id / 64] |= bit;
    conn->hello_done = true;
    conn->hello_unsure = false;
}

/* In the stages of 2017 the hello is all that a channel carries. */
static void take_early_hello(struct mfd_observer *observer, struct mfd_observer_conn *conn)
{
    judge_hello(observer, conn, conn->buf);
    mfd_observe_tell(observer, conn, mfd_hello_message(observer->config.rev),
                     mfd_hello_size(observer->config.rev), 0);
    mfd_observe_passed(conn, mfd_hello_size(observer->config.rev), 0, STAGE_PREFIX, 1);
}

static void take_hello(struct mfd_observer *observer, struct mfd_observer_conn *conn)
{
    const uint8_t *buf = conn->buf;

    if (!mfd_rev_has_packets(observer->config.rev)) {
        take_early_hello(observer, conn);
        return;
    }
    if (mfd_get32(buf) != MFD_MAGIC && mfd_get32(buf + 4) != MFD_VERSION) {
        struct mfd_findings findings = mfd_observe_findings(observer);

        mfd_observe_breach(observer, MFD_INIT_001, conn, 0, mfd_get64(buf), RIGHT_PREFIX);
        mfd_check_hello(&observer->context, buf, 8, &findings);
        mfd_observe_found(observer, conn, &findings);
        conn->lost = true;
        return;
    }
    conn->hello_unsure = maybe_packet(observer, buf);
    if (conn->hello_unsure) {
        memcpy(conn->hello, buf, MFD_HELLO_SIZE); /* what follows tells */
    } else {
        judge_hello(observer, conn, buf);
    }
    mfd_observe_tell(observer, conn, MFD_MSG_hello, MFD_HELLO_SIZE, 0);
    mfd_observe_passed(conn, MFD_HELLO_SIZE, 0, STAGE_PREFIX, MFD_PREFIX_SIZE);
}

/* What stands where a packet should start is none. Whose fault is that? */
static void lose_framing(struct mfd_observer *observer, struct mfd_observer_conn *conn)
{
    struct mfd_findings findings = mfd_observe_findings(observer);

    if (conn->hello_unsure) {
        conn->offset = 0;
        mfd_observe_breach(observer, MFD_INIT_001, conn, 0, mfd_get64(conn->hello + 8), 0);
        conn->lost = true;
        return;
    }
    mfd_check_prefix(&observer->context, conn->buf, MFD_PREFIX_SIZE, &findings);
    mfd_observe_found(observer, conn, &findings);
    if (conn->zero_bytes) {
        /* perhaps the zero pages have payload: then a packet starts behind it */
        conn->lost_at = conn->offset;
        mfd_observe_passed(conn, MFD_PREFIX_SIZE, conn->zero_bytes - MFD_PREFIX_SIZE, STAGE_RETRY,
                           MFD_PREFIX_SIZE);
        return;
    }
    if (conn->packets) {
        mfd_observe_breach(observer, MFD_HDR_001, conn, 0, mfd_get64(conn->buf), RIGHT_PREFIX);
    }
    conn->lost = true;
}

/* A prefix stands behind as many bytes as the zero pages would take, or framing is lost for good. */
static bool retry_prefix(struct mfd_observer *observer, struct mfd_observer_conn *conn)
{
    uint64_t here = conn->offset;
    bool right = mfd_get64(conn->buf) == RIGHT_PREFIX;

    /* the breach is where the bytes stood that should not be there */
    conn->offset = conn->lost_at;
    mfd_observe_breach(observer, right ? MFD_PAY_016 : MFD_HDR_001, conn, 0, conn->zero_bytes, 0);
    conn->offset = here;
    conn->zero_bytes = 0;
    conn->lost = !right;
    return right;
}

bool mfd_observe_opens_device(struct mfd_observer *observer, const uint8_t *buf)
{
    bool device = false;

    if (!observer->learned) {
        return mfd_prefix_is_device(buf, observer->config.rev);
    }
    device = mfd_learn_prefix(observer->learned, buf);
    mfd_observe_learnt(observer);
    return device;
}

static void take_prefix(struct mfd_observer *observer, struct mfd_observer_conn *conn)
{
    const uint8_t *buf = conn->buf;

    if (conn->stage == STAGE_RETRY && !retry_prefix(observer, conn)) {
        return;
    }
    /* one wrong word is a wrong field; two are no prefix */
    if (mfd_get32(buf) != MFD_MAGIC && mfd_get32(buf + 4) != MFD_VERSION) {
        lose_framing(observer, conn);
        return;
    }
    if (conn->hello_unsure) {
        judge_hello(observer, conn, conn->hello);
    }
    observer->zero_framed |= conn->zero_bytes != 0;
    conn->zero_bytes = 0;
    if (mfd_observe_opens_device(observer, buf)) {
        conn->stage = STAGE_DEVICE;
        conn->want = MFD_DEVICE_SIZE;
    } else {
        conn->stage = STAGE_PACKET;
        /* its first fields may tell how long it is */
        conn->want =
            observer->learned ? MFD_PACKET_RAMBLOCK : mfd_packet_size(observer->config.page_size);
    }
}

void mfd_observe_judge_device(struct mfd_observer *observer, struct mfd_observer_conn *conn)
{
    struct mfd_findings findings = mfd_observe_findings(observer);

    mfd_check_device(&observer->context, conn->buf, MFD_DEVICE_SIZE, &findings);
    mfd_observe_found(observer, conn, &findings);
    mfd_observe_judged_device(observer);
}

struct mfd_findings mfd_observe_judge_packet(struct mfd_observer *observer,
                                             struct mfd_observer_conn *conn,
                                             const struct mfd_packet *packet)
{
    struct mfd_findings findings = mfd_observe_findings(observer);

    mfd_check_packet(&observer->context, conn->buf, conn->want, &findings);
    mfd_observe_found(observer, conn, &findings);
    mfd_observe_judged_packet(observer, packet);
    return findings;
}

uint32_t mfd_observe_method(const struct mfd_observer *observer, const struct mfd_packet *packet)
{
    uint32_t method = observer->config.method;

    return method == MFD_METHOD_UNKNOWN
               ? packet->flags & mfd_rev_info(observer->config.rev)->methods
               : method;
}

static void take_device(struct mfd_observer *observer, struct mfd_observer_conn *conn)
{
    uint64_t payload = mfd_get32(conn->buf + MFD_DEVICE_NEXT_SIZE);

    mfd_observe_judge_device(observer, conn);
    mfd_observe_tell(observer, conn, MFD_MSG_device, MFD_DEVICE_SIZE, payload);
    mfd_observe_passed(conn, MFD_DEVICE_SIZE, payload, STAGE_PREFIX, MFD_PREFIX_SIZE);
}

/* The numbers of all channels together: each once, without a gap. */
static void judge_global_number(struct mfd_observer *observer, struct mfd_observer_conn *conn,
                                uint64_t number)
{
    uint64_t *word = &observer->window[number % MFD_OBSERVER_WINDOW / 64];
    uint64_t bit = (uint64_t)1 << (number % 64);

    if (observer->highest.count++ == 0 || number > observer->highest.got) {
        observer->highest.got = number;
        observer->highest.connection = conn->number;
        observer->highest.offset = conn->offset + MFD_PACKET_NUM;
    }
    if (number >= observer->low && number - observer->low >= MFD_OBSERVER_WINDOW) {
        observer->window_passed = true;
        return;
    }
    if (number < observer->low || (*word & bit)) {
        mfd_observe_breach(observer, MFD_NUM_002, conn, MFD_PACKET_NUM, number, 0);
        return;
    }
    *word |= bit;
    for (;;) {
        word = &observer->window[observer->low % MFD_OBSERVER_WINDOW / 64];
        bit = (uint64_t)1 << (observer->low % 64);
        if (!(*word & bit)) {
            return;
        }
        *word &= ~bit;
        observer->low++;
    }
}

/* The first packet of each channel: a SYNC whose number is below the number of channels. */
static void judge_first(struct mfd_observer *observer, struct mfd_observer_conn *conn,
                        const struct mfd_packet *packet)
{
    uint32_t channels = observer->config.channels;

    conn->first_num = packet->packet_num;
    conn->first_offset = conn->offset;
    conn->sync_first = packet->flags & MFD_FLAG_SYNC;
    if (!conn->sync_first) {
        return;
    }
    if (channels && packet->packet_num >= channels) {
        mfd_observe_breach(observer, MFD_NUM_001, conn, MFD_PACKET_NUM, packet->packet_num,
                           channels);
    }
    for (size_t i = 0; i < observer->conns; i++) {
        const struct mfd_observer_conn *other = &observer->memory.conns[i];

        if (other != conn && other->packets && other->sync_first &&
            other->first_num == packet->packet_num) {
            mfd_observe_breach(observer, MFD_NUM_001, conn, MFD_PACKET_NUM, packet->packet_num,
                               channels);
            return;
        }
    }
}

static void judge_number(struct mfd_observer *observer, struct mfd_observer_conn *conn,
                         const struct mfd_packet *packet)
{
    bool empty = !(packet->flags & MFD_FLAG_SYNC) && !packet->normal_pages && !packet->zero_pages;
    bool repeats = observer->config.rev < MFD_REV_9_0 && empty && conn->last_was_sync &&
                   packet->packet_num == conn->last_num;

    if (conn->packets == 0) {
        judge_first(observer, conn, packet);
    } else if (packet->packet_num <= conn->last_num && !repeats) {
        mfd_observe_breach(observer, MFD_NUM_004, conn, MFD_PACKET_NUM, packet->packet_num,
                           conn->last_num + 1);
    }
    judge_global_number(observer, conn, packet->packet_num);
    conn->last_num = packet->packet_num;
    conn->last_was_sync = packet->flags & MFD_FLAG_SYNC;
}

/* Place of a block's first page in the memory for pages, perhaps behind its end. */
static uint64_t first_page(const struct mfd_observer *observer, int block)
{
    uint64_t pages = 0;

    for (int i = 0; i < block; i++) {
        pages += observer->listed.blocks[i].used_length / observer->config.page_size + 1;
    }
    return pages;
}

/* No page twice in one round, which is what lies between two SYNCs. */
static void judge_pages(struct mfd_observer *observer, struct mfd_observer_conn *conn,
                        const struct mfd_packet *packet)
{
    const struct mfd_ramtable *ram = observer->context.ram;
    int block = ram ? mfd_ramtable_find(ram, packet->ramblock, MFD_IDSTR_SIZE - 1) : -1;
    uint64_t base = block >= 0 ? first_page(observer, block) : 0;
    /* by shifting, since 128 divisions would take longer than all the checks */
    int shift = __builtin_ctz(observer->config.page_size);
    /* 0 stands for never; rounds that 16 bits cannot tell apart are not judged */
    uint64_t round = conn->syncs + 1;

    if (!observer->memory.pages || block < 0 || round > UINT16_MAX) {
        observer->pages_unjudged = true;
        return;
    }
    for (uint32_t i = 0; i < packet->normal_pages + packet->zero_pages; i++) {
        uint64_t offset = mfd_packet_offset(conn->buf, i);
        uint64_t page = base + (offset >> shift);

        if (offset >= ram->blocks[block].used_length || page >= observer->memory.page_count) {
            observer->pages_unjudged = true;
            continue;
        }
        if (observer->memory.pages[page] == round) {
            mfd_observe_breach(observer, MFD_SYNC_008, conn, MFD_PACKET_FIXED + (size_t)8 * i,
                               offset, 0);
        }
        observer->memory.pages[page] = (uint16_t)round;
        observer->pages_judged = true;
    }
}

/* Pages and SYNC of a packet whose counts are sound. */
static void take_contents(struct mfd_observer *observer, struct mfd_observer_conn *conn,
                          const struct mfd_packet *packet)
{
    if (packet->normal_pages || packet->zero_pages) {
        if (conn->syncs == 0 && conn->batches == 0) {
            /* told once: each later packet would break it again */
            mfd_observe_breach(observer, MFD_SYNC_001, conn, MFD_PACKET_FLAGS, packet->flags,
                               MFD_FLAG_SYNC);
        }
        conn->batches++;
        judge_pages(observer, conn, packet);
    }
    if (packet->zero_pages) {
        observer->zero_in_packets = true;
        if (observer->config.zero == MFD_ZERO_MAIN) {
            mfd_observe_breach(observer, MFD_MAIN_005, conn, MFD_PACKET_ZERO_PAGES,
                               packet->zero_pages, 0);
        }
    }
    if (packet->flags & MFD_FLAG_SYNC) {
        conn->syncs++;
        mfd_observe_balance(observer, conn);
    }
}

/* Findings behind which nobody knows how much payload there is. */
static bool counts_are_wrong(const struct mfd_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        switch (findings->list[i].rule) {
        case MFD_HDR_005:
        case MFD_HDR_017:
        case MFD_HDR_018:
        case MFD_PAY_008:
            return true;
        default:
            break;
        }
    }
    return false;
}

static void take_packet(struct mfd_observer *observer, struct mfd_observer_conn *conn)
{
    size_t size = mfd_packet_size(observer->config.page_size);
    struct mfd_packet packet = mfd_packet_unpack(conn->buf, observer->config.rev);
    uint32_t method = mfd_observe_method(observer, &packet);
    struct mfd_findings findings = mfd_observe_judge_packet(observer, conn, &packet);
    uint64_t payload = 0;

    judge_number(observer, conn, &packet);
    conn->packets++;
    if (counts_are_wrong(&findings) ||
        (uint64_t)packet.normal_pages + packet.zero_pages > mfd_slots(observer->config.page_size)) {
        conn->lost = true;
        return;
    }
    take_contents(observer, conn, &packet);
    payload = mfd_packet_payload(&packet, method, observer->config.page_size);
    /* with a method the payload of normal pages ends where it says, zero pages or not */
    conn->zero_bytes = method && packet.normal_pages
                           ? 0
                           : (uint64_t)packet.zero_pages * observer->config.page_size;
    mfd_observe_tell(observer, conn, MFD_MSG_packet, size, payload);
    mfd_observe_passed(conn, size, payload, STAGE_PREFIX, MFD_PREFIX_SIZE);
}

static void learn_packet(struct mfd_observer *observer, struct mfd_observer_conn *conn)
{
    if (conn->packets) {
        /* that this one stands where the one before it ends has shown how long that is */
        mfd_learn_page_size(observer->learned, observer->config.page_size);
    }
    mfd_learn_packet(observer->learned, conn->buf, conn->have);
    mfd_observe_learnt(observer);
    conn->want = mfd_packet_size(observer->config.page_size);
}

void mfd_observe_channel(struct mfd_observer *observer, struct mfd_observer_conn *conn)
{
    switch ((enum stage)conn->stage) {
    case STAGE_HELLO:
        take_hello(observer, conn);
        break;
    case STAGE_PACKET:
        if (conn->have == MFD_PACKET_RAMBLOCK) {
            learn_packet(observer, conn);
        } else {
            take_packet(observer, conn);
        }
        break;
    case STAGE_DEVICE:
        take_device(observer, conn);
        break;
    default:
        if (mfd_rev_has_packets(observer->config.rev)) {
            take_prefix(observer, conn);
        } else {
            mfd_observe_breach(observer, MFD_INIT_026, conn, 0, conn->buf[0], 0);
            conn->lost = true;
        }
        break;
    }
}

/* Whether the few bytes there are could have become a hello. */
static bool starts_hello(const struct mfd_observer *observer, const struct mfd_observer_conn *conn)
{
    uint8_t magic[4];

    if (!mfd_rev_has_packets(observer->config.rev)) {
        return conn->have > 0 && conn != observer->memory.conns;
    }
    mfd_put32(magic, MFD_MAGIC);
    return conn->have > 0 && memcmp(conn->buf, magic, conn->have) == 0;
}

void mfd_observe_closed(struct mfd_observer *observer, struct mfd_observer_conn *conn)
{
    if (conn->hello_unsure) {
        judge_hello(observer, conn, conn->hello); /* no packet is that short */
    }
    if (!conn->hello_done) {
        if (!conn->after_cut && (conn->is_channel || starts_hello(observer, conn))) {
            mfd_observe_breach(observer, MFD_INIT_016, conn, conn->have, conn->have,
                               mfd_hello_size(observer->config.rev));
        }
        return;
    }
    conn->between = conn->stage == STAGE_PREFIX && conn->have == 0 && conn->skip == 0;
    if (conn->between) {
        observer->zero_framed |= conn->zero_bytes != 0;
    } else if (conn->stage == STAGE_RETRY) {
        conn->lost = true; /* whether there was payload of zero pages is never told */
    } else if (!conn->after_cut && conn->skip) {
        mfd_observe_breach(observer, MFD_PAY_019, conn, 0, conn->payload - conn->skip,
                           conn->payload);
    } else if (!conn->after_cut) {
        mfd_observe_breach(observer, MFD_PAY_019, conn, conn->have, conn->have, conn->want);
    }
    mfd_observe_balance(observer, conn);
}
