// SPDX-License-Identifier: GPL-2.0-or-later
#include "conn.h"

#include "conn_main.h"
#include "hello.h"
#include "packet.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Pieces that one readv takes. */
#define PIECES_MAX 1024u
/* Bytes read ahead of main, whose records are small. */
#define MAIN_BUFFER 4096u
#define CLASSIFY_SIZE 4u

int mfd_conn_init(struct mfd_conn *c, const struct mfd_conn_setup *setup)
{
    uint32_t page_size = setup->check.page_size;
    size_t packet_size = mfd_packet_size(page_size);
    int error = 0;

    *c = (struct mfd_conn){.setup = setup};
    c->room = packet_size > MAIN_BUFFER ? packet_size : MAIN_BUFFER;
    c->buf = malloc(c->room);
    c->iov = malloc(mfd_slots(page_size) * sizeof(*c->iov));
    c->packet = malloc(sizeof(*c->packet));
    if (!c->buf || !c->iov || !c->packet) {
        error = ENOMEM;
    } else if (setup->check.method) {
        c->payload = malloc(MFD_COMPRESSED_MAX);
        error = !c->payload      ? ENOMEM
                : !setup->window ? mfd_decoder_open(&c->decoder, setup->check.method, page_size)
                                 : mfd_decoder_open_window(&c->decoder, setup->check.method,
                                                           page_size, setup->window);
    }
    if (error) {
        mfd_conn_free(c);
    }
    return error;
}

void mfd_conn_free(struct mfd_conn *c)
{
    free(c->buf);
    free(c->iov);
    free(c->packet);
    free(c->payload);
    mfd_decoder_close(c->decoder);
    c->buf = NULL;
    c->iov = NULL;
    c->packet = NULL;
    c->payload = NULL;
    c->decoder = NULL;
}

/* Bytes that the message at hand has before its payload, as far as what is there tells. */
static size_t message_size(const struct mfd_conn *c)
{
    if (c->role == MFD_ROLE_UNKNOWN) {
        return CLASSIFY_SIZE;
    }
    if (!c->hello_done) {
        return mfd_hello_size(c->setup->check.rev);
    }
    if (!mfd_rev_has_packets(c->setup->check.rev)) {
        return 1; /* whatever comes is too much */
    }
    if (c->fill >= MFD_PREFIX_SIZE && mfd_prefix_is_device(c->buf, c->setup->check.rev)) {
        return MFD_DEVICE_SIZE;
    }
    return mfd_packet_size(c->setup->check.page_size);
}

/*
 * Bytes of the message at hand up to where the next read may go. What follows the header of a device-state
 * packet is payload, which has a place of its own, and only the prefix tells such from a longer header.
 */
static size_t read_up_to(const struct mfd_conn *c)
{
    if (c->hello_done && c->fill < MFD_PREFIX_SIZE && mfd_rev_info(c->setup->check.rev)->device) {
        return MFD_PREFIX_SIZE;
    }
    return message_size(c);
}

const struct iovec *mfd_conn_want(struct mfd_conn *c, size_t *count)
{
    if (c->loading && c->decoder && !c->in_device) {
        *count = 1;
        c->want = (struct iovec){c->payload + c->payload_fill,
                                 c->packet->next_packet_size - c->payload_fill};
        return &c->want;
    }
    if (c->loading) {
        size_t left = c->iov_count - c->iov_first;

        *count = left < PIECES_MAX ? left : PIECES_MAX;
        return c->iov + c->iov_first;
    }
    *count = 1;
    if (c->role == MFD_ROLE_MAIN) {
        c->want = mfd_conn_main_want(c);
    } else {
        c->want = (struct iovec){c->buf + c->fill, read_up_to(c) - c->fill};
    }
    return &c->want;
}

enum mfd_got mfd_conn_refuse(struct mfd_conn *c, struct mfd_finding finding)
{
    c->finding = finding;
    return MFD_GOT_FINDING;
}

/* FINDING if one of them is to be refused, else MORE. */
static enum mfd_got judge(struct mfd_conn *c, const struct mfd_findings *findings)
{
    const struct mfd_finding *refused = mfd_findings_refused(findings);

    return refused ? mfd_conn_refuse(c, *refused) : MFD_GOT_MORE;
}

/* The message at hand is done with. */
static void next_message(struct mfd_conn *c)
{
    c->fill = 0;
    c->at = c->taken;
}

static enum mfd_got become_main(struct mfd_conn *c)
{
    c->role = MFD_ROLE_MAIN;
    mfd_main_start(&c->main, &c->setup->check, c->setup->machine);
    c->main.leaves_tail = c->setup->tail_room != NULL;
    return MFD_GOT_MAIN;
}

enum mfd_got mfd_conn_begin(struct mfd_conn *c, bool first)
{
    if (mfd_rev_has_packets(c->setup->check.rev)) {
        return MFD_GOT_MORE;
    }
    if (first) {
        return become_main(c);
    }
    c->role = MFD_ROLE_CHANNEL;
    return MFD_GOT_MORE;
}

static enum mfd_got classify(struct mfd_conn *c)
{
    if (mfd_get32(c->buf) == MFD_MAIN_MAGIC) {
        return become_main(c);
    }
    /* whatever it is, it is no main channel: a wrong magic is a hello's first finding */
    c->role = MFD_ROLE_CHANNEL;
    return MFD_GOT_MORE;
}

static enum mfd_got take_hello(struct mfd_conn *c)
{
    struct mfd_finding list[8];
    struct mfd_findings findings = {list, sizeof(list) / sizeof(list[0]), 0};

    mfd_check_hello(&c->setup->check, c->buf, c->fill, &findings);
    if (judge(c, &findings) == MFD_GOT_FINDING) {
        return MFD_GOT_FINDING;
    }
    if (c->fill < mfd_hello_size(c->setup->check.rev)) {
        return MFD_GOT_MORE;
    }
    c->channel = mfd_hello_id(c->setup->check.rev, c->buf);
    c->hello_done = true;
    next_message(c);
    return MFD_GOT_HELLO;
}

static enum mfd_got refuse_unknown_device(struct mfd_conn *c)
{
    return mfd_conn_refuse(c, (struct mfd_finding){.rule = MFD_DEV_003,
                                                   .offset = MFD_DEVICE_IDSTR,
                                                   .width = MFD_DEVICE_NEXT_SIZE - MFD_DEVICE_IDSTR,
                                                   .got = mfd_get32(c->buf + MFD_DEVICE_INSTANCE)});
}

/* The header is judged, and room found for all of the payload, before any of that is read. */
static enum mfd_got take_device(struct mfd_conn *c)
{
    uint32_t size = mfd_get32(c->buf + MFD_DEVICE_NEXT_SIZE);
    struct mfd_finding list[8];
    struct mfd_findings findings = {list, sizeof(list) / sizeof(list[0]), 0};
    struct mfd_device_handler *handler = NULL;
    uint8_t *room = NULL;

    mfd_check_device(&c->setup->check, c->buf, MFD_DEVICE_SIZE, &findings);
    if (judge(c, &findings) == MFD_GOT_FINDING) {
        return MFD_GOT_FINDING;
    }
    handler = mfd_device_find(c->setup->devices, c->setup->device_count,
                              (const char *)c->buf + MFD_DEVICE_IDSTR,
                              mfd_get32(c->buf + MFD_DEVICE_INSTANCE));
    if (!handler) {
        return refuse_unknown_device(c);
    }
    room = mfd_device_take(handler, size);
    if (!room) {
        return mfd_conn_refuse(c, (struct mfd_finding){.rule = MFD_DEV_006,
                                                       .offset = MFD_DEVICE_NEXT_SIZE,
                                                       .width = sizeof(size),
                                                       .got = size,
                                                       .want = handler->size});
    }
    c->iov[0] = (struct iovec){room, size};
    c->iov_first = 0;
    c->iov_count = 1;
    c->in_device = true;
    c->loading = true;
    return MFD_GOT_MORE;
}

/* A SYNC it never is. */
static enum mfd_got finish_device(struct mfd_conn *c)
{
    c->packets++;
    c->in_device = false;
    c->loading = false;
    next_message(c);
    return MFD_GOT_MORE;
}

/* Checks the header; without the table of blocks as long as that is not final. */
static enum mfd_got check_packet(struct mfd_conn *c)
{
    struct mfd_check_context context = c->setup->check;
    struct mfd_finding list[32];
    struct mfd_findings findings = {list, sizeof(list) / sizeof(list[0]), 0};

    if (!c->admitted) {
        context.ram = NULL;
    }
    mfd_check_packet(&context, c->buf, c->fill, &findings);
    return judge(c, &findings);
}

/* Clears the zero pages, which stand behind the normal ones in the header. */
static void clear_zero_pages(struct mfd_conn *c, int block)
{
    uint32_t page_size = c->setup->check.page_size;

    for (uint32_t i = 0; i < c->packet->zero_pages; i++) {
        uint64_t offset = mfd_packet_offset(c->buf, c->packet->normal_pages + i);

        mfd_clear(mfd_guest_at(c->setup->guest, block, offset, page_size), page_size);
    }
}

/*
 * Makes the list of guest memory that the payload fills; pages that follow each other are one
 * piece.
 */
static void list_pages(struct mfd_conn *c, int block)
{
    uint32_t page_size = c->setup->check.page_size;

    c->iov_first = 0;
    c->iov_count = 0;
    for (uint32_t i = 0; i < c->packet->normal_pages; i++) {
        uint8_t *page =
            mfd_guest_at(c->setup->guest, block, mfd_packet_offset(c->buf, i), page_size);
        struct iovec *last = c->iov_count ? &c->iov[c->iov_count - 1] : NULL;

        assert(page); /* the check has bounded it */
        if (last && (uint8_t *)last->iov_base + last->iov_len == page) {
            last->iov_len += page_size;
        } else {
            c->iov[c->iov_count++] = (struct iovec){page, page_size};
        }
    }
}

static enum mfd_got finish_packet(struct mfd_conn *c)
{
    bool sync = c->packet->flags & MFD_FLAG_SYNC;

    c->packets++;
    c->normal_pages += c->packet->normal_pages;
    c->zero_pages += c->packet->zero_pages;
    c->loading = false;
    next_message(c);
    return sync ? MFD_GOT_SYNC : MFD_GOT_MORE;
}

/* A sync flush of zlib ends with an empty stored block: RFC 1951, 3.2.4. */
static void count_flush(struct mfd_conn *c)
{
    static const uint8_t end[] = {0, 0, 0xff, 0xff};
    bool flushed = c->payload_fill >= sizeof(end) &&
                   memcmp(c->payload + c->payload_fill - sizeof(end), end, sizeof(end)) == 0;

    if (c->setup->check.method == MFD_FLAG_ZLIB) {
        c->flushed += flushed;
        c->unflushed += !flushed;
    }
}

/* All of the compressed payload is there. */
static enum mfd_got decode_payload(struct mfd_conn *c)
{
    struct iovec payload = {c->payload, c->payload_fill};
    struct mfd_finding finding;

    if (!mfd_decoder_pages(c->decoder, &payload, 1, c->iov, c->iov_count, &finding)) {
        finding.offset += (uint32_t)mfd_packet_size(c->setup->check.page_size);
        return mfd_conn_refuse(c, finding);
    }
    count_flush(c);
    return finish_packet(c);
}

/* Compressed payload is read only if there is room for it. */
static enum mfd_got start_compressed(struct mfd_conn *c)
{
    const struct mfd_packet *packet = c->packet;
    struct mfd_finding finding;

    if (!mfd_decoder_admits(c->decoder, packet->normal_pages, packet->next_packet_size, &finding)) {
        finding.offset = MFD_PACKET_NEXT_SIZE;
        finding.width = sizeof(packet->next_packet_size);
        return mfd_conn_refuse(c, finding);
    }
    c->payload_fill = 0;
    c->loading = true;
    return packet->next_packet_size ? MFD_GOT_MORE : decode_payload(c);
}

/*
 * Loads a packet whose header has passed all checks: every offset is inside its block. With method
 * none the payload is the pages themselves.
 */
static enum mfd_got start_payload(struct mfd_conn *c)
{
    int block = mfd_ramtable_find(&c->setup->guest->table, c->packet->ramblock, MFD_IDSTR_SIZE);

    clear_zero_pages(c, block);
    if (c->packet->normal_pages == 0) {
        return finish_packet(c);
    }
    list_pages(c, block);
    if (c->decoder) {
        return start_compressed(c);
    }
    c->loading = true;
    return MFD_GOT_MORE;
}

static enum mfd_got take_packet(struct mfd_conn *c)
{
    bool pages = false;

    if (check_packet(c) == MFD_GOT_FINDING) {
        return MFD_GOT_FINDING;
    }
    *c->packet = mfd_packet_unpack(c->buf, c->setup->check.rev);
    pages = c->packet->normal_pages || c->packet->zero_pages;
    if (!pages) {
        return finish_packet(c);
    }
    if (!c->admitted) {
        c->waiting = true;
        return MFD_GOT_PACKET;
    }
    return start_payload(c);
}

/* A byte behind the hello of a stage of 2017. */
static enum mfd_got refuse_surplus(struct mfd_conn *c)
{
    return mfd_conn_refuse(
        c, (struct mfd_finding){.rule = MFD_INIT_026, .width = 1, .got = c->buf[0]});
}

static enum mfd_got take_message(struct mfd_conn *c)
{
    struct mfd_finding list[4];
    struct mfd_findings findings = {list, sizeof(list) / sizeof(list[0]), 0};

    if (!c->hello_done) {
        return take_hello(c);
    }
    if (!mfd_rev_has_packets(c->setup->check.rev)) {
        return refuse_surplus(c);
    }
    if (c->fill < message_size(c)) {
        /* as soon as magic and version are there: what is no packet may never get longer */
        mfd_check_prefix(&c->setup->check, c->buf, c->fill, &findings);
        return judge(c, &findings);
    }
    if (mfd_prefix_is_device(c->buf, c->setup->check.rev)) {
        return take_device(c);
    }
    return take_packet(c);
}

/* Payload went into the guest's pages, a device's room, or the buffer. */
static enum mfd_got take_payload(struct mfd_conn *c, size_t n)
{
    if (c->decoder && !c->in_device) {
        c->payload_fill += n;
        return c->payload_fill == c->packet->next_packet_size ? decode_payload(c) : MFD_GOT_MORE;
    }
    while (n) {
        struct iovec *piece = &c->iov[c->iov_first];
        size_t part = n < piece->iov_len ? n : piece->iov_len;

        piece->iov_base = (uint8_t *)piece->iov_base + part;
        piece->iov_len -= part;
        c->iov_first += piece->iov_len == 0;
        n -= part;
    }
    if (c->iov_first < c->iov_count) {
        return MFD_GOT_MORE;
    }
    return c->in_device ? finish_device(c) : finish_packet(c);
}

enum mfd_got mfd_conn_got(struct mfd_conn *c, size_t n)
{
    enum mfd_got got = MFD_GOT_MORE;

    c->taken += n;
    if (c->role == MFD_ROLE_MAIN) {
        return mfd_conn_main_got(c, n);
    }
    if (c->waiting) {
        c->waiting = false;
        c->admitted = true;
        return take_packet(c);
    }
    if (n == 0) {
        return MFD_GOT_MORE;
    }
    if (c->loading) {
        return take_payload(c, n);
    }
    c->fill += n;
    if (c->role == MFD_ROLE_UNKNOWN && c->fill >= CLASSIFY_SIZE) {
        got = classify(c);
    }
    return got == MFD_GOT_MORE && c->role == MFD_ROLE_CHANNEL ? take_message(c) : got;
}

bool mfd_conn_at_boundary(const struct mfd_conn *c)
{
    return c->role == MFD_ROLE_CHANNEL && c->hello_done && !c->loading && c->fill == 0;
}

/* Bytes of the whole message at hand. */
static uint64_t whole_size(const struct mfd_conn *c)
{
    uint64_t size = message_size(c);

    if (c->in_device) {
        return size + mfd_get32(c->buf + MFD_DEVICE_NEXT_SIZE);
    }
    return c->loading ? size + mfd_packet_payload(c->packet, c->setup->check.method,
                                                  c->setup->check.page_size)
                      : size;
}

enum mfd_got mfd_conn_eof(struct mfd_conn *c)
{
    uint64_t part = c->taken - c->at;

    if (c->role == MFD_ROLE_MAIN) {
        return mfd_conn_main_eof(c);
    }
    if (c->taken == 0 || mfd_conn_at_boundary(c)) {
        return MFD_GOT_CLOSED;
    }
    if (!c->hello_done) {
        return mfd_conn_refuse(c,
                               (struct mfd_finding){.rule = MFD_INIT_016,
                                                    .offset = (uint32_t)part,
                                                    .got = part,
                                                    .want = mfd_hello_size(c->setup->check.rev)});
    }
    return mfd_conn_refuse(
        c, (struct mfd_finding){
               .rule = MFD_PAY_019, .offset = (uint32_t)part, .got = part, .want = whole_size(c)});
}

enum mfd_got mfd_conn_cut(struct mfd_conn *c)
{
    enum mfd_got got = mfd_conn_eof(c);

    if (got != MFD_GOT_CLOSED || c->role != MFD_ROLE_CHANNEL ||
        c->setup->check.rev < MFD_REV_10_0) {
        return got;
    }
    return mfd_conn_refuse(c, (struct mfd_finding){.rule = MFD_TLS_003});
}

enum mfd_got mfd_conn_without_tls(struct mfd_conn *c, uint32_t first)
{
    return mfd_conn_refuse(
        c, (struct mfd_finding){.rule = MFD_TLS_001, .width = 4, .got = first, .want = 0x16030100});
}
