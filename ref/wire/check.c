// SPDX-License-Identifier: GPL-2.0-or-later
#include "check.h"

#include "field.h"
#include "hello.h"
#include "packet.h"

#include <string.h>

/* A message under check: where findings go and what is known. */
struct check {
    const struct mfd_check_context *context;
    const uint8_t *buf;
    size_t len;
    struct mfd_findings *findings;
};

static void add(const struct check *check, enum mfd_rule rule, size_t offset, uint32_t width,
                uint64_t got, uint64_t want)
{
    if (mfd_rule_applies(rule, check->context->rev)) {
        mfd_findings_add(check->findings,
                         (struct mfd_finding){rule, (uint32_t)offset, width, got, want});
    }
}

/* The 32-bit field at `offset` equals `want`. */
static void expect32(const struct check *check, enum mfd_rule rule, size_t offset, uint32_t want)
{
    if (check->len >= offset + 4 && mfd_get32(check->buf + offset) != want) {
        add(check, rule, offset, 4, mfd_get32(check->buf + offset), want);
    }
}

/* Bytes [from, to) are zero; the finding points at the first that is not. */
static void expect_zero(const struct check *check, enum mfd_rule rule, size_t from, size_t to)
{
    size_t end = to < check->len ? to : check->len;

    /* eight at a time: most packets have well over a thousand unused bytes */
    while (from + 8 <= end && mfd_get64(check->buf + from) == 0) {
        from += 8;
    }
    while (from < end && check->buf[from] == 0) {
        from++;
    }
    if (from < end) {
        add(check, rule, from, 1, check->buf[from], 0);
    }
}

void mfd_check_hello(const struct mfd_check_context *context, const uint8_t *buf, size_t len,
                     struct mfd_findings *findings)
{
    struct check check = {context, buf, len, findings};

    expect32(&check, MFD_INIT_002, MFD_HELLO_MAGIC, MFD_MAGIC);
    expect32(&check, MFD_INIT_003, MFD_HELLO_VERSION, MFD_VERSION);
    if (context->uuid && len >= MFD_HELLO_UUID + MFD_UUID_SIZE &&
        memcmp(buf + MFD_HELLO_UUID, context->uuid, MFD_UUID_SIZE) != 0) {
        /* a finding holds 64 bits: the first half tells enough */
        add(&check, MFD_INIT_004, MFD_HELLO_UUID, MFD_UUID_SIZE, mfd_get64(buf + MFD_HELLO_UUID),
            mfd_get64(context->uuid));
    }
    if (context->channels && len > MFD_HELLO_ID && buf[MFD_HELLO_ID] >= context->channels) {
        add(&check, MFD_INIT_012, MFD_HELLO_ID, 1, buf[MFD_HELLO_ID], context->channels);
    }
    expect_zero(&check, MFD_INIT_006, MFD_HELLO_RESERVED, MFD_HELLO_SIZE);
}

void mfd_check_prefix(const struct mfd_check_context *context, const uint8_t *buf, size_t len,
                      struct mfd_findings *findings)
{
    struct check check = {context, buf, len, findings};

    expect32(&check, MFD_HDR_013, MFD_PACKET_MAGIC, MFD_MAGIC);
    expect32(&check, MFD_HDR_014, MFD_PACKET_VERSION, MFD_VERSION);
}

/* Flags: unknown bits, method, SYNC that carries pages. */
static void check_flags(const struct check *check, const struct mfd_packet *packet)
{
    const struct mfd_rev_info *rev = mfd_rev_info(check->context->rev);
    uint32_t known = mfd_rev_flags(check->context->rev);
    uint32_t method = packet->flags & rev->methods;
    bool pages = packet->normal_pages || packet->zero_pages;

    if (packet->flags & ~known) {
        add(check, MFD_HDR_003, MFD_PACKET_FLAGS, 4, packet->flags, known);
    }
    if (pages && check->context->method != MFD_METHOD_UNKNOWN && method != check->context->method) {
        add(check, MFD_PAY_002, MFD_PACKET_FLAGS, 4, method, check->context->method);
    }
    if ((packet->flags & MFD_FLAG_SYNC) && (packet->flags != MFD_FLAG_SYNC || pages)) {
        add(check, MFD_SYNC_004, MFD_PACKET_FLAGS, 4, packet->flags, MFD_FLAG_SYNC);
    }
}

/* pages_alloc, normal_pages and zero_pages against each other and the table's size. */
static void check_counts(const struct check *check, const struct mfd_packet *packet, uint32_t slots)
{
    bool bare_sync = packet->flags == MFD_FLAG_SYNC && !packet->normal_pages && !packet->zero_pages;
    uint32_t usual = bare_sync && check->context->rev >= MFD_REV_9_0 ? 0 : slots;

    if (packet->pages_alloc > slots) {
        add(check, MFD_HDR_015, MFD_PACKET_PAGES_ALLOC, 4, packet->pages_alloc, slots);
    }
    if (packet->pages_alloc > (uint64_t)slots * 100) {
        add(check, MFD_HDR_016, MFD_PACKET_PAGES_ALLOC, 4, packet->pages_alloc,
            (uint64_t)slots * 100);
    }
    if (packet->normal_pages > packet->pages_alloc) {
        add(check, MFD_HDR_017, MFD_PACKET_NORMAL_PAGES, 4, packet->normal_pages,
            packet->pages_alloc);
    } else if (packet->zero_pages > packet->pages_alloc - packet->normal_pages) {
        add(check, MFD_HDR_018, MFD_PACKET_ZERO_PAGES, 4, packet->zero_pages,
            packet->pages_alloc - packet->normal_pages);
    }
    if (packet->normal_pages > slots) {
        add(check, MFD_HDR_005, MFD_PACKET_NORMAL_PAGES, 4, packet->normal_pages, slots);
    }
    if (packet->pages_alloc != usual) {
        add(check, MFD_HDR_004, MFD_PACKET_PAGES_ALLOC, 4, packet->pages_alloc, usual);
    }
}

static void check_size(const struct check *check, const struct mfd_packet *packet)
{
    uint32_t method = check->context->method;
    uint64_t raw = (uint64_t)packet->normal_pages * check->context->page_size;
    bool bounded = method == MFD_FLAG_ZLIB || method == MFD_FLAG_ZSTD || method == MFD_FLAG_QATZIP;

    if (method == MFD_METHOD_UNKNOWN) {
        return;
    }
    if (packet->normal_pages && method == 0 && packet->next_packet_size != raw) {
        add(check, MFD_HDR_010, MFD_PACKET_NEXT_SIZE, 4, packet->next_packet_size, raw);
    }
    if (packet->normal_pages && bounded && packet->next_packet_size > MFD_COMPRESSED_MAX) {
        add(check, MFD_PAY_008, MFD_PACKET_NEXT_SIZE, 4, packet->next_packet_size,
            MFD_COMPRESSED_MAX);
    }
    if (!packet->normal_pages && packet->zero_pages && method && packet->next_packet_size) {
        add(check, MFD_PAY_009, MFD_PACKET_NEXT_SIZE, 4, packet->next_packet_size, 0);
    }
    if (!packet->normal_pages && !packet->zero_pages && packet->next_packet_size) {
        add(check, MFD_HDR_011, MFD_PACKET_NEXT_SIZE, 4, packet->next_packet_size, 0);
    }
}

/* The offsets [from, to) of one kind of page; `rule` is that of the bound. */
static void check_offsets(const struct check *check, enum mfd_rule rule, uint32_t from, uint32_t to,
                          const struct mfd_ramblock *block)
{
    uint32_t page_size = check->context->page_size;
    bool has_page = block && block->used_length >= page_size;
    uint64_t max = !block ? UINT64_MAX : has_page ? block->used_length - page_size : 0;
    uint64_t above = 0;
    uint64_t bits = 0;

    /* one pass without branches decides the usual case, that all is well */
    for (uint32_t i = from; i < to; i++) {
        uint64_t offset = mfd_packet_offset(check->buf, i);

        above |= (uint64_t)(offset > max);
        bits |= offset;
    }
    if (!above && !(bits & (page_size - 1)) && (!block || has_page)) {
        return;
    }
    for (uint32_t i = from; i < to; i++) {
        uint64_t offset = mfd_packet_offset(check->buf, i);
        size_t at = MFD_PACKET_FIXED + (size_t)8 * i;

        if (block && !has_page) {
            add(check, MFD_HDR_023, at, 8, offset, block->used_length);
        } else if (offset > max) {
            add(check, rule, at, 8, offset, max);
        }
        if (offset & (page_size - 1)) {
            add(check, MFD_HDR_024, at, 8, offset, offset & ~(uint64_t)(page_size - 1));
        }
    }
}

/* Name and offsets of a packet that lists pages. `listed` counts what the table really holds. */
static void check_pages(const struct check *check, const struct mfd_packet *packet, uint32_t slots)
{
    const struct mfd_ramtable *ram = check->context->ram;
    uint32_t normal = packet->normal_pages < slots ? packet->normal_pages : slots;
    uint32_t zero = packet->zero_pages < slots - normal ? packet->zero_pages : slots - normal;
    int index = ram ? mfd_ramtable_find(ram, packet->ramblock, MFD_IDSTR_SIZE - 1) : -1;
    const struct mfd_ramblock *block = index >= 0 ? &ram->blocks[index] : NULL;

    if (!memchr(packet->ramblock, '\0', MFD_IDSTR_SIZE)) {
        add(check, MFD_HDR_007, MFD_PACKET_RAMBLOCK + MFD_IDSTR_SIZE - 1, 1,
            (uint8_t)packet->ramblock[MFD_IDSTR_SIZE - 1], 0);
    }
    if (ram && !block) {
        add(check, MFD_HDR_019, MFD_PACKET_RAMBLOCK, MFD_IDSTR_SIZE,
            mfd_get64(check->buf + MFD_PACKET_RAMBLOCK), 0);
    }
    if (check->len < mfd_packet_size(check->context->page_size)) {
        return;
    }
    check_offsets(check, MFD_HDR_021, 0, normal, block);
    check_offsets(check, MFD_HDR_022, normal, normal + zero, block);
}

/* Bytes that mean nothing: reserved ones, and what stands behind name and listed offsets. */
static void check_unused(const struct check *check, const struct mfd_packet *packet, uint32_t slots)
{
    uint64_t listed = (uint64_t)packet->normal_pages + packet->zero_pages;
    const char *end = memchr(packet->ramblock, '\0', MFD_IDSTR_SIZE);
    bool named = listed != 0;

    expect_zero(check, MFD_HDR_027,
                check->context->rev >= MFD_REV_9_0 ? MFD_PACKET_RESERVED : MFD_PACKET_ZERO_PAGES,
                MFD_PACKET_RAMBLOCK);
    if (end) {
        expect_zero(check, MFD_HDR_008,
                    named ? MFD_PACKET_RAMBLOCK + (size_t)(end - packet->ramblock)
                          : MFD_PACKET_RAMBLOCK,
                    MFD_PACKET_FIXED);
    }
    if (listed < slots) {
        expect_zero(check, MFD_HDR_008, MFD_PACKET_FIXED + (size_t)8 * listed,
                    mfd_packet_size(check->context->page_size));
    }
}

void mfd_check_packet(const struct mfd_check_context *context, const uint8_t *buf, size_t len,
                      struct mfd_findings *findings)
{
    struct check check = {context, buf, len, findings};
    uint32_t slots = mfd_slots(context->page_size);
    struct mfd_packet packet;

    mfd_check_prefix(context, buf, len, findings);
    if (len < MFD_PACKET_FIXED) {
        return;
    }
    packet = mfd_packet_unpack(buf, context->rev);
    check_counts(&check, &packet, slots);
    if (packet.normal_pages || packet.zero_pages) {
        check_pages(&check, &packet, slots);
    }
    check_flags(&check, &packet);
    check_size(&check, &packet);
    check_unused(&check, &packet, slots);
}

void mfd_check_device(const struct mfd_check_context *context, const uint8_t *buf, size_t len,
                      struct mfd_findings *findings)
{
    struct check check = {context, buf, len, findings};
    uint32_t flags =
        len >= MFD_PREFIX_SIZE ? mfd_get32(buf + MFD_PACKET_FLAGS) : MFD_FLAG_DEVICE_STATE;

    mfd_check_prefix(context, buf, len, findings);
    if (flags & MFD_FLAG_SYNC) {
        add(&check, MFD_DEV_005, MFD_PACKET_FLAGS, 4, flags, flags & ~MFD_FLAG_SYNC);
    }
    if (flags & ~(MFD_FLAG_DEVICE_STATE | MFD_FLAG_SYNC)) {
        add(&check, MFD_DEV_001, MFD_PACKET_FLAGS, 4, flags, MFD_FLAG_DEVICE_STATE);
    }
    if (len < MFD_DEVICE_SIZE) {
        return;
    }
    if (!memchr(buf + MFD_DEVICE_IDSTR, '\0', MFD_IDSTR_SIZE)) {
        add(&check, MFD_DEV_002, MFD_DEVICE_IDSTR + MFD_IDSTR_SIZE - 1, 1,
            buf[MFD_DEVICE_IDSTR + MFD_IDSTR_SIZE - 1], 0);
    }
    if (mfd_get32(buf + MFD_DEVICE_NEXT_SIZE) == 0) {
        add(&check, MFD_DEV_004, MFD_DEVICE_NEXT_SIZE, 4, 0, 1);
    } else if (mfd_get32(buf + MFD_DEVICE_NEXT_SIZE) > MFD_DEVICE_PAYLOAD_MAX) {
        add(&check, MFD_DEV_006, MFD_DEVICE_NEXT_SIZE, 4, mfd_get32(buf + MFD_DEVICE_NEXT_SIZE),
            MFD_DEVICE_PAYLOAD_MAX);
    }
}
