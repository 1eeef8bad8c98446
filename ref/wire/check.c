// SPDX-License-Identifier: GPL-2.0-or-later
#include "check.h"

#include "field.h"
#include "hello.h"
#include "packet.h"
#include "stage2017.h"

#include <string.h>

/* A message under check: where findings go and what is known. */
struct check {
    const struct mfd_check_context *context;
    const uint8_t *buf;
    size_t len;
    struct mfd_findings *findings;
};

/* For what runs only where something may be wrong; inlined, it would slow down the usual case. */
#define OFF_THE_PATH __attribute__((noinline, cold))

OFF_THE_PATH static void add(const struct check *check, enum mfd_rule rule, size_t offset,
                             uint32_t width, uint64_t got, uint64_t want)
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

/* Two integers side by side: what the narrowest of the usual machines reads at once. */
typedef uint64_t pair __attribute__((vector_size(16)));

static inline pair load(const uint8_t *p)
{
    pair two;

    memcpy(&two, p, sizeof(two));
    return two;
}

/*
 * The bits that are set in any of `count` 8-byte integers. Wide, and with the byte order put right
 * only at the end: on a full packet this one pass over all offsets is most of the check.
 */
static uint64_t any_bits(const uint8_t *p, size_t count)
{
    const uint8_t *end = p + 8 * count;
    pair a = {0}, b = {0}, c = {0}, d = {0};
    uint64_t sum = 0;
    uint8_t bytes[8];

    if (count >= 8) {
        for (; end - p >= 128; p += 128) {
            a |= load(p) | load(p + 16);
            b |= load(p + 32) | load(p + 48);
            c |= load(p + 64) | load(p + 80);
            d |= load(p + 96) | load(p + 112);
        }
        if (end - p >= 64) {
            a |= load(p) | load(p + 16);
            b |= load(p + 32) | load(p + 48);
        }
        /* the rest, and some a second time, which changes nothing */
        c |= load(end - 64) | load(end - 48);
        d |= load(end - 32) | load(end - 16);
        p = end;
    }
    a |= b | c | d;
    sum = a[0] | a[1];
    for (; p < end; p += 8) {
        uint64_t next;

        memcpy(&next, p, sizeof(next));
        sum |= next;
    }
    memcpy(bytes, &sum, sizeof(bytes));
    return mfd_get64(bytes);
}

/* Points at the first byte of [from, end) that is not zero. */
OFF_THE_PATH static void add_not_zero(const struct check *check, enum mfd_rule rule, size_t from,
                                      size_t end)
{
    while (from < end && check->buf[from] == 0) {
        from++;
    }
    if (from < end) {
        add(check, rule, from, 1, check->buf[from], 0);
    }
}

/* Bytes [from, to) are zero: in most packets well over a hundred unused ones. */
static inline void expect_zero(const struct check *check, enum mfd_rule rule, size_t from,
                               size_t to)
{
    size_t end = to < check->len ? to : check->len;

    if (from + 8 > end || mfd_get64(check->buf + end - 8) ||
        any_bits(check->buf + from, (end - from) / 8)) {
        add_not_zero(check, rule, from, end);
    }
}

static void check_hello(const struct mfd_check_context *context, const uint8_t *buf, size_t len,
                        struct mfd_findings *findings)
{
    struct check check = {context, buf, len, findings};

    expect32(&check, MFD_INIT_002, MFD_HELLO_MAGIC, MFD_MAGIC);
    expect32(&check, MFD_INIT_003, MFD_HELLO_VERSION, MFD_VERSION);
    if (context->uuid && len >= MFD_HELLO_UUID + MFD_UUID_SIZE &&
        memcmp(buf + MFD_HELLO_UUID, context->uuid, MFD_UUID_SIZE) != 0) {
        /* a finding holds 64 bits: those of the half that differs */
        size_t half = memcmp(buf + MFD_HELLO_UUID, context->uuid, 8) == 0 ? 8 : 0;

        add(&check, MFD_INIT_004, MFD_HELLO_UUID, MFD_UUID_SIZE,
            mfd_get64(buf + MFD_HELLO_UUID + half), mfd_get64(context->uuid + half));
    }
    if (context->channels && len > MFD_HELLO_ID && buf[MFD_HELLO_ID] >= context->channels) {
        add(&check, MFD_INIT_012, MFD_HELLO_ID, 1, buf[MFD_HELLO_ID], context->channels);
    }
    expect_zero(&check, MFD_INIT_006, MFD_HELLO_RESERVED, MFD_HELLO_SIZE);
}

void mfd_check_hello(const struct mfd_check_context *context, const uint8_t *buf, size_t len,
                     struct mfd_findings *findings)
{
    switch (context->rev) {
    case MFD_REV_2017_TEXT:
        mfd_check_text_hello(context, buf, len, findings);
        break;
    case MFD_REV_2017_BINARY:
        mfd_check_binary_hello(context, buf, len, findings);
        break;
    default:
        check_hello(context, buf, len, findings);
        break;
    }
}

void mfd_check_prefix(const struct mfd_check_context *context, const uint8_t *buf, size_t len,
                      struct mfd_findings *findings)
{
    struct check check = {context, buf, len, findings};

    if (len >= 8 && mfd_get64(buf) == ((uint64_t)MFD_MAGIC << 32 | MFD_VERSION)) {
        return; /* both at a glance */
    }
    expect32(&check, MFD_HDR_013, MFD_PACKET_MAGIC, MFD_MAGIC);
    expect32(&check, MFD_HDR_014, MFD_PACKET_VERSION, MFD_VERSION);
}

/* What the checks of a packet need of its fixed part; the name stays where it is. */
struct listing {
    uint32_t flags;
    uint32_t pages_alloc;
    uint32_t normal_pages;
    uint32_t zero_pages;
    uint32_t next_packet_size;
    uint64_t listed; /* pages of both kinds */
    uint32_t slots;  /* that the page size makes */
    size_t size;     /* that these make */
    size_t name_len; /* up to its NUL; MFD_IDSTR_SIZE without one */
};

static void read_listing(const struct check *check, struct listing *packet)
{
    const uint8_t *buf = check->buf;
    const uint8_t *name = buf + MFD_PACKET_RAMBLOCK;
    const uint8_t *end = memchr(name, '\0', MFD_IDSTR_SIZE);
    bool zero = check->context->rev >= MFD_REV_9_0;

    packet->flags = mfd_get32(buf + MFD_PACKET_FLAGS);
    packet->pages_alloc = mfd_get32(buf + MFD_PACKET_PAGES_ALLOC);
    packet->normal_pages = mfd_get32(buf + MFD_PACKET_NORMAL_PAGES);
    packet->zero_pages = zero ? mfd_get32(buf + MFD_PACKET_ZERO_PAGES) : 0;
    packet->next_packet_size = mfd_get32(buf + MFD_PACKET_NEXT_SIZE);
    packet->listed = (uint64_t)packet->normal_pages + packet->zero_pages;
    /* mfd_slots() without its division, which would take a fifth of the time of the check */
    packet->slots = MFD_PACKET_SPAN >> __builtin_ctz(check->context->page_size);
    packet->size = MFD_PACKET_FIXED + (size_t)8 * packet->slots;
    packet->name_len = end ? (size_t)(end - name) : MFD_IDSTR_SIZE;
}

/* pages_alloc, normal_pages and zero_pages against each other and the table's size. */
static void check_counts(const struct check *check, const struct listing *packet)
{
    uint32_t slots = packet->slots;
    bool bare_sync = packet->flags == MFD_FLAG_SYNC && !packet->listed;
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

/* A run of slots with one kind of page; `rule` is that of the bound. */
struct run {
    enum mfd_rule rule;
    uint32_t from;
    uint32_t to;
};

/* Whether an offset of the run exceeds `max`: without a branch in the loop, for the large blocks whose
 * length is no power of two. */
static bool any_above(const uint8_t *buf, struct run run, uint64_t max)
{
    uint64_t above = 0;

    for (uint32_t i = run.from; i < run.to; i++) {
        above |= mfd_packet_offset(buf, i) > max;
    }
    return above != 0;
}

/* Looks at each offset of a run for itself. */
OFF_THE_PATH static void add_offsets(const struct check *check, struct run run,
                                     const struct mfd_ramblock *block)
{
    uint32_t page_size = check->context->page_size;
    bool has_page = !block || block->used_length >= page_size;
    uint64_t max = block && has_page ? block->used_length - page_size : UINT64_MAX;

    for (uint32_t i = run.from; i < run.to; i++) {
        uint64_t offset = mfd_packet_offset(check->buf, i);
        size_t at = MFD_PACKET_FIXED + (size_t)8 * i;

        if (!has_page) {
            add(check, MFD_HDR_023, at, 8, offset, block->used_length);
        } else if (offset > max) {
            add(check, run.rule, at, 8, offset, max);
        }
        if (offset & (page_size - 1)) {
            add(check, MFD_HDR_024, at, 8, offset, offset & ~(uint64_t)(page_size - 1));
        }
    }
}

/*
 * No offset has a bit that all of them together lack. So if those bits make an aligned offset inside
 * the block, each is one; this settles nearly all packets.
 */
static inline void check_offsets(const struct check *check, struct run run,
                                 const struct mfd_ramblock *block)
{
    const uint8_t *first = check->buf + MFD_PACKET_FIXED + (size_t)8 * run.from;
    uint32_t page_size = check->context->page_size;
    uint64_t bits = any_bits(first, run.to - run.from);
    bool has_page = !block || block->used_length >= page_size;
    uint64_t max = block && has_page ? block->used_length - page_size : UINT64_MAX;

    if (!has_page || (bits & (page_size - 1)) || (bits > max && any_above(check->buf, run, max))) {
        add_offsets(check, run, block);
    }
}

/* Name and offsets of a packet that lists pages; no more offsets than the table really holds. */
static void check_pages(const struct check *check, const struct listing *packet)
{
    const struct mfd_ramtable *ram = check->context->ram;
    const uint8_t *name = check->buf + MFD_PACKET_RAMBLOCK;
    uint32_t slots = packet->slots;
    uint32_t normal = packet->normal_pages < slots ? packet->normal_pages : slots;
    uint32_t zero = packet->zero_pages < slots - normal ? packet->zero_pages : slots - normal;
    size_t name_len = packet->name_len < MFD_IDSTR_SIZE ? packet->name_len : MFD_IDSTR_SIZE - 1;
    int index = ram ? mfd_ramtable_find(ram, (const char *)name, name_len) : -1;
    const struct mfd_ramblock *block = index >= 0 ? &ram->blocks[index] : NULL;

    if (packet->name_len == MFD_IDSTR_SIZE) {
        add(check, MFD_HDR_007, MFD_PACKET_RAMBLOCK + MFD_IDSTR_SIZE - 1, 1,
            name[MFD_IDSTR_SIZE - 1], 0);
    }
    if (ram && !block) {
        add(check, MFD_HDR_019, MFD_PACKET_RAMBLOCK, MFD_IDSTR_SIZE, mfd_get64(name), 0);
    }
    if (check->len < packet->size) {
        return;
    }
    check_offsets(check, (struct run){MFD_HDR_021, 0, normal}, block);
    if (zero) {
        check_offsets(check, (struct run){MFD_HDR_022, normal, normal + zero}, block);
    }
}

/* Flags: unknown bits, method, SYNC that carries pages. */
static void check_flags(const struct check *check, const struct listing *packet)
{
    const struct mfd_rev_info *rev = mfd_rev_info(check->context->rev);
    uint32_t known = MFD_FLAG_SYNC | rev->methods | (rev->device ? MFD_FLAG_DEVICE_STATE : 0);
    uint32_t method = packet->flags & rev->methods;
    uint32_t configured = check->context->method;

    if (packet->flags & ~known) {
        add(check, MFD_HDR_003, MFD_PACKET_FLAGS, 4, packet->flags, known);
    }
    if (packet->listed && configured != MFD_METHOD_UNKNOWN && method != configured) {
        add(check, MFD_PAY_002, MFD_PACKET_FLAGS, 4, method, configured);
    }
    if ((packet->flags & MFD_FLAG_SYNC) && (packet->flags != MFD_FLAG_SYNC || packet->listed)) {
        add(check, MFD_SYNC_004, MFD_PACKET_FLAGS, 4, packet->flags,
            packet->listed ? packet->flags & ~MFD_FLAG_SYNC : MFD_FLAG_SYNC);
    }
}

static void check_size(const struct check *check, const struct listing *packet)
{
    uint32_t method = check->context->method;
    uint32_t size = packet->next_packet_size;
    uint64_t raw = (uint64_t)packet->normal_pages * check->context->page_size;
    bool bounded = method == MFD_FLAG_ZLIB || method == MFD_FLAG_ZSTD || method == MFD_FLAG_QATZIP;

    if (!packet->listed && size) {
        add(check, MFD_HDR_011, MFD_PACKET_NEXT_SIZE, 4, size, 0);
    }
    if (packet->listed && method == 0 && size != raw) {
        add(check, MFD_HDR_010, MFD_PACKET_NEXT_SIZE, 4, size, raw);
    }
    if (packet->normal_pages && bounded && size > MFD_COMPRESSED_MAX) {
        add(check, MFD_PAY_008, MFD_PACKET_NEXT_SIZE, 4, size, MFD_COMPRESSED_MAX);
    }
    if (packet->zero_pages && !packet->normal_pages && method && method != MFD_METHOD_UNKNOWN &&
        size) {
        add(check, MFD_PAY_009, MFD_PACKET_NEXT_SIZE, 4, size, 0);
    }
}

/* Bytes that mean nothing: reserved ones, and what stands behind name and listed offsets. */
static void check_unused(const struct check *check, const struct listing *packet)
{
    bool before_9_0 = check->context->rev < MFD_REV_9_0;

    expect_zero(check, MFD_HDR_027, before_9_0 ? MFD_PACKET_ZERO_PAGES : MFD_PACKET_RESERVED,
                MFD_PACKET_RAMBLOCK);
    if (before_9_0) {
        return; /* what stands in unused places is stale */
    }
    /* a packet without pages has no name either */
    expect_zero(check, MFD_HDR_008, MFD_PACKET_RAMBLOCK + (packet->listed ? packet->name_len : 0),
                MFD_PACKET_FIXED);
    if (packet->listed < packet->slots) {
        expect_zero(check, MFD_HDR_008, MFD_PACKET_FIXED + (size_t)8 * packet->listed,
                    packet->size);
    }
}

void mfd_check_packet(const struct mfd_check_context *context, const uint8_t *buf, size_t len,
                      struct mfd_findings *findings)
{
    struct check check = {context, buf, len, findings};
    struct listing packet;

    mfd_check_prefix(context, buf, len, findings);
    if (len < MFD_PACKET_FIXED) {
        return;
    }
    read_listing(&check, &packet);
    check_counts(&check, &packet);
    if (packet.listed) {
        check_pages(&check, &packet);
    }
    check_flags(&check, &packet);
    check_size(&check, &packet);
    check_unused(&check, &packet);
}

void mfd_check_device(const struct mfd_check_context *context, const uint8_t *buf, size_t len,
                      struct mfd_findings *findings)
{
    struct check check = {context, buf, len, findings};
    uint32_t flags = MFD_FLAG_DEVICE_STATE;
    uint32_t size = 0;

    mfd_check_prefix(context, buf, len, findings);
    if (len >= MFD_PREFIX_SIZE) {
        flags = mfd_get32(buf + MFD_PACKET_FLAGS);
    }
    if (flags & MFD_FLAG_SYNC) {
        add(&check, MFD_DEV_005, MFD_PACKET_FLAGS, 4, flags, flags & ~MFD_FLAG_SYNC);
    }
    if (flags & ~(MFD_FLAG_DEVICE_STATE | MFD_FLAG_SYNC)) {
        add(&check, MFD_DEV_001, MFD_PACKET_FLAGS, 4, flags, MFD_FLAG_DEVICE_STATE);
    }
    if (len < MFD_DEVICE_SIZE) {
        return;
    }
    /* the size first: it is looked at before the payload is read, the name only behind it */
    size = mfd_get32(buf + MFD_DEVICE_NEXT_SIZE);
    if (size == 0) {
        add(&check, MFD_DEV_004, MFD_DEVICE_NEXT_SIZE, 4, 0, 1);
    } else if (size > MFD_DEVICE_PAYLOAD_MAX) {
        add(&check, MFD_DEV_006, MFD_DEVICE_NEXT_SIZE, 4, size, MFD_DEVICE_PAYLOAD_MAX);
    }
    if (!memchr(buf + MFD_DEVICE_IDSTR, '\0', MFD_IDSTR_SIZE)) {
        add(&check, MFD_DEV_002, MFD_DEVICE_IDSTR + MFD_IDSTR_SIZE - 1, 1,
            buf[MFD_DEVICE_IDSTR + MFD_IDSTR_SIZE - 1], 0);
    }
}
