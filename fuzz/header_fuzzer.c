// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Single messages: hello, packet and device-state header against the RAM blocks of the case, in its revision,
 * which is a byte of it; what is no longer than a hello also as one of the two of 2017. Each data event of a channel is one
 * message, whole or cut; only the first few are taken, since a call has to be short beside what an engine does for it.
 * Nothing is allocated, so the number of the allocation that fails says what is not known: 1 the method, 2 the blocks, 4
 * the channels, 8 the UUID.
 *
 * Expected beyond not crashing: findings lie within the message; what is accepted is within bounds, by a
 * reckoning of its own; a message without any finding is what packing its fields gives; the fields of
 * fields.def cover a message without gaps.
 */
#include "case.h"
#include "check.h"
#include "field.h"
#include "guard.h"
#include "hello.h"
#include "packet.h"

#include <string.h>

#define FINDINGS (3 * MFD_SLOTS_MAX + 32)
#define MESSAGES_TRIED 6u
#define EVENTS_READ 32u
/* Most replies of a receiver are no longer. */
#define REPLY_MAX 16u
#define DATA_READ (2 * MFD_PACKET_SIZE_MAX)

static struct mfd_finding list[FINDINGS];
static struct mfd_ramblock blocks[MFD_CASE_BLOCKS_MAX];

typedef void check_fn(const struct mfd_check_context *context, const uint8_t *buf, size_t len,
                      struct mfd_findings *findings);

/* Without room for all findings they are counted, and the first is kept. */
static void expect_counted(check_fn *check, const struct mfd_check_context *context,
                           const struct mfd_event *event, const struct mfd_findings *all)
{
    struct mfd_finding first;
    struct mfd_findings few = {&first, 1, 0};

    check(context, event->bytes, event->len, &few);
    MFD_FUZZ_EXPECT(few.count == all->count && first.rule == all->list[0].rule,
                    "%zu findings of %zu where there is room for one", few.count, all->count);
    MFD_FUZZ_EXPECT(!mfd_findings_refused(&few) || mfd_findings_refused(all),
                    "refused for less than is known");
}

/* Runs a check; returns its findings, all of which lie within `size` bytes, the whole message. */
static struct mfd_findings judge(check_fn *check, const struct mfd_check_context *context,
                                 const struct mfd_event *event, size_t size)
{
    struct mfd_findings findings = {list, FINDINGS, 0};

    check(context, event->bytes, event->len, &findings);
    MFD_FUZZ_EXPECT(findings.count <= FINDINGS, "%zu findings", findings.count);
    if (findings.count > 1) {
        expect_counted(check, context, event, &findings);
    }
    for (size_t i = 0; i < findings.count; i++) {
        const struct mfd_finding *f = &list[i];

        MFD_FUZZ_EXPECT(f->rule < MFD_RULE_COUNT && (uint64_t)f->offset + f->width <= size &&
                            (uint64_t)f->offset + f->width <= event->len,
                        "%s at %u, %u bytes, of %zu", mfd_rule_info(f->rule)->id, f->offset,
                        f->width, event->len);
    }
    return findings;
}

static void try_hello(const struct mfd_check_context *context, const struct mfd_event *event)
{
    struct mfd_findings findings = judge(mfd_check_hello, context, event, MFD_HELLO_SIZE);
    struct mfd_hello hello;
    uint8_t packed[MFD_HELLO_SIZE];

    if (event->len < MFD_HELLO_SIZE || mfd_findings_refused(&findings)) {
        return;
    }
    hello = mfd_hello_unpack(event->bytes);
    MFD_FUZZ_EXPECT(hello.id < context->channels || !context->channels, "id %u", hello.id);
    mfd_hello_pack(packed, hello.uuid, hello.id);
    MFD_FUZZ_EXPECT(memcmp(packed, event->bytes, MFD_HELLO_RESERVED) == 0, "a hello changes");
    MFD_FUZZ_EXPECT(findings.count || memcmp(packed, event->bytes, sizeof(packed)) == 0,
                    "reserved bytes without finding");
}

/* The hello of one of the stages of 2017. */
static void try_old_hello(const struct mfd_check_context *known, enum mfd_rev rev,
                          const struct mfd_event *event)
{
    struct mfd_check_context context = *known;
    struct mfd_findings findings;
    uint8_t packed[MFD_HELLO_SIZE];
    unsigned id = 0;

    context.rev = rev;
    findings = judge(mfd_check_hello, &context, event, mfd_hello_size(rev));
    if (event->len < mfd_hello_size(rev) || findings.count) {
        return;
    }
    id = mfd_hello_id(rev, event->bytes);
    MFD_FUZZ_EXPECT(id < context.channels || !context.channels, "id %u", id);
    if (context.uuid && id < MFD_CHANNELS_MAX) {
        mfd_hello_write(rev, packed, context.uuid, (uint8_t)id);
        MFD_FUZZ_EXPECT(memcmp(packed, event->bytes, mfd_hello_size(rev)) == 0, "a hello changes");
    }
}

/* Every page that an accepted packet lists lies in the block that it names. */
static void expect_in_bounds(const struct mfd_check_context *context, const struct mfd_event *event,
                             const struct mfd_packet *packet)
{
    const struct mfd_ramblock *block = NULL;
    uint64_t listed = (uint64_t)packet->normal_pages + packet->zero_pages;

    if (!context->ram) {
        return;
    }
    for (size_t i = 0; !block && i < context->ram->count; i++) {
        block = strncmp(context->ram->blocks[i].name, packet->ramblock, MFD_IDSTR_SIZE) == 0
                    ? &context->ram->blocks[i]
                    : NULL;
    }
    MFD_FUZZ_EXPECT(block || !listed, "pages of no block");
    MFD_FUZZ_EXPECT(listed <= mfd_slots(context->page_size), "%llu pages",
                    (unsigned long long)listed);
    for (uint32_t i = 0; i < listed; i++) {
        uint64_t offset = mfd_packet_offset(event->bytes, i);

        MFD_FUZZ_EXPECT(offset % context->page_size == 0 && offset < block->used_length &&
                            block->used_length - offset >= context->page_size,
                        "offset %#llx", (unsigned long long)offset);
    }
    /* that of qpl and uadk is bounded by its table, when that is read */
    MFD_FUZZ_EXPECT(context->method & (MFD_FLAG_QPL | MFD_FLAG_UADK) ||
                        mfd_packet_payload(packet, context->method, context->page_size) <=
                            MFD_COMPRESSED_MAX,
                    "payload of %u bytes", packet->next_packet_size);
}

static void try_packet(const struct mfd_check_context *context, const struct mfd_event *event)
{
    static uint8_t packed[MFD_PACKET_SIZE_MAX];
    static uint64_t offsets[MFD_SLOTS_MAX];
    size_t size = mfd_packet_size(context->page_size);
    struct mfd_findings findings = judge(mfd_check_packet, context, event, size);
    struct mfd_packet packet;

    if (event->len < size || mfd_findings_refused(&findings)) {
        return;
    }
    packet = mfd_packet_unpack(event->bytes, context->rev);
    expect_in_bounds(context, event, &packet);
    /* before 9.0 what stands behind the used offsets is stale and no finding */
    if (findings.count == 0 && context->rev >= MFD_REV_9_0) {
        for (uint32_t i = 0; i < packet.normal_pages + packet.zero_pages; i++) {
            offsets[i] = mfd_packet_offset(event->bytes, i);
        }
        mfd_packet_pack(packed, context->page_size, &packet, offsets);
        MFD_FUZZ_EXPECT(memcmp(packed, event->bytes, size) == 0, "a packet changes");
    }
}

static void try_device(const struct mfd_check_context *context, const struct mfd_event *event)
{
    struct mfd_findings findings = judge(mfd_check_device, context, event, MFD_DEVICE_SIZE);
    struct mfd_device device;
    uint8_t packed[MFD_DEVICE_SIZE];

    if (event->len < MFD_DEVICE_SIZE || !mfd_rev_info(context->rev)->device) {
        return;
    }
    device = mfd_device_unpack(event->bytes);
    mfd_device_pack(packed, &device);
    MFD_FUZZ_EXPECT(memcmp(packed, event->bytes, sizeof(packed)) == 0, "a device header changes");
    MFD_FUZZ_EXPECT(mfd_findings_refused(&findings) ||
                        (device.next_packet_size && memchr(device.idstr, 0, sizeof(device.idstr))),
                    "a device header without size or name is accepted");
}

/* Fields follow each other without gap, and each integer is what is put back. */
static void walk_fields(const struct mfd_event *event, enum mfd_message message, uint32_t page_size)
{
    struct mfd_field_walk walk = mfd_field_walk_start(message, event->bytes, event->len, page_size);
    size_t end = 0;

    for (struct mfd_span span; mfd_field_walk_next(&walk, &span);) {
        uint8_t bytes[8] = {0};

        MFD_FUZZ_EXPECT(span.offset == end, "a gap before byte %zu", span.offset);
        end += span.width * span.elements;
        MFD_FUZZ_EXPECT(end <= event->len, "a field beyond the message");
        if (span.elements && span.width <= 8) {
            mfd_uint_put(bytes, span.width, mfd_uint_get(event->bytes + span.offset, span.width));
            MFD_FUZZ_EXPECT(memcmp(bytes, event->bytes + span.offset, span.width) == 0,
                            "an integer changes");
        }
    }
}

/* What a message most likely is; its fields may be walked as any. */
static enum mfd_message kind_of(const struct mfd_event *event)
{
    if (event->len <= REPLY_MAX) {
        return MFD_MSG_reply;
    }
    if (event->len <= MFD_HELLO_SIZE) {
        return MFD_MSG_hello;
    }
    return mfd_get32(event->bytes + MFD_PACKET_FLAGS) & MFD_FLAG_DEVICE_STATE ? MFD_MSG_device
                                                                              : MFD_MSG_packet;
}

static void leave_out(struct mfd_check_context *context, unsigned what)
{
    context->method = what & 1 ? MFD_METHOD_UNKNOWN : context->method;
    context->ram = what & 2 ? NULL : context->ram;
    context->channels = what & 4 ? 0 : context->channels;
    context->uuid = what & 8 ? NULL : context->uuid;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mfd_case *c = mfd_case_read_within(data, size, EVENTS_READ, DATA_READ);
    struct mfd_ramtable table = {blocks, c->block_count};
    struct mfd_check_context context = {.rev = c->rev,
                                        .page_size = c->page_size,
                                        .channels = c->channels,
                                        .uuid = c->uuid,
                                        .method = c->method,
                                        .ram = &table};
    bool is_main[256] = {false};
    unsigned tried = 0;

    for (size_t i = 0; i < c->block_count; i++) {
        blocks[i] = c->blocks[i].ram;
    }
    leave_out(&context, c->fail);
    mfd_fuzz_account(0);
    for (size_t i = 0; i < c->event_count && tried < MESSAGES_TRIED; i++) {
        const struct mfd_event *event = &c->events[i];

        if (event->kind != MFD_EVENT_DATA || mfd_case_is_fill(event)) {
            continue;
        }
        is_main[event->connection] |= event->len >= 4 && mfd_get32(event->bytes) == MFD_MAIN_MAGIC;
        if (is_main[event->connection]) {
            continue; /* main_fuzzer's */
        }
        tried++;
        try_hello(&context, event);
        if (event->len <= MFD_HELLO_SIZE) {
            try_old_hello(&context, MFD_REV_2017_TEXT, event);
            try_old_hello(&context, MFD_REV_2017_BINARY, event);
        }
        try_packet(&context, event);
        try_device(&context, event);
        walk_fields(event, kind_of(event), c->page_size);
    }
    mfd_fuzz_accounted(0);
    mfd_case_free(c);
    return 0;
}
