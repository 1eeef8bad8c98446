// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages of channels: hello, RAM packet, device-state packet. */
#include "hello.h"
#include "multifd.h"
#include "packet.h"
#include "stage2017.h"

#include <string.h>

/* Payload up to this is reassembled with its header: no packet of a RAM block has more. */
#define WHOLE_MAX MFD_COMPRESSED_MAX

bool mfd_channel_plausible(const uint8_t *buf, size_t len)
{
    uint32_t flags = 0;
    uint32_t alloc = 0;

    if (len < MFD_PREFIX_SIZE || mfd_get32(buf) != MFD_MAGIC || mfd_get32(buf + 4) != MFD_VERSION) {
        return false;
    }
    flags = mfd_get32(buf + MFD_PACKET_FLAGS);
    if (flags & ~mfd_rev_flags(MFD_REV_LATEST)) {
        return false;
    }
    if (len < MFD_PACKET_NORMAL_PAGES + 4 || (flags & MFD_FLAG_DEVICE_STATE)) {
        return true;
    }
    alloc = mfd_get32(buf + MFD_PACKET_PAGES_ALLOC);
    return alloc <= MFD_SLOTS_MAX && mfd_get32(buf + MFD_PACKET_NORMAL_PAGES) <= alloc;
}

/* Findings of a message go into memory that lasts as long as the call. */
static struct mfd_findings room(const struct mfd_parse *parse)
{
    size_t count = mfd_observer_findings(parse->link->migration->learned.config.page_size);

    return (struct mfd_findings){wmem_alloc_array(parse->pinfo->pool, struct mfd_finding, count),
                                 count, 0};
}

/* The message cannot be had whole: what is there is shown, the stream can only be found again. */
static bool cut_short(struct mfd_parse *parse, enum mfd_message message)
{
    struct mfd_note *note = mfd_parse_note(parse, MFD_NOTE_MESSAGE, mfd_parse_left(parse));

    note->message = message;
    mfd_parse_passed(parse, note);
    parse->flow->gap = true;
    parse->flow->place = MFD_PLACE_LOST;
    return true;
}

static bool may_be_text(void)
{
    return mfd_prefs.revision == MFD_PREF_AUTO || mfd_prefs.revision == MFD_REV_2017_TEXT;
}

bool mfd_channel_is_text_hello(const uint8_t *buf, size_t len)
{
    return may_be_text() && len >= MFD_TEXT_HELLO_ID &&
           memcmp(buf + MFD_TEXT_HELLO_WORD, " multifd ", 9) == 0;
}

bool mfd_channel_begins_text_hello(const uint8_t *buf, size_t len)
{
    struct mfd_check_context context = {.rev = MFD_REV_2017_TEXT};
    struct mfd_finding finding;
    struct mfd_findings findings = {&finding, 1, 0};

    mfd_check_text_hello(&context, buf, len, &findings);
    return may_be_text() && len && !findings.count;
}

/* Whether the fields of a hello of 2017 say anything. */
static bool is_readable(const struct mfd_findings *findings)
{
    for (size_t i = 0; i < findings->count && i < findings->room; i++) {
        enum mfd_rule rule = findings->list[i].rule;

        if (rule == MFD_INIT_023 || rule == MFD_INIT_025) {
            return false;
        }
    }
    return true;
}

static void learn_old_hello(struct mfd_link *link, const uint8_t *buf, enum mfd_rev rev)
{
    struct mfd_learned *learned = &link->migration->learned;
    char text[MFD_UUID_TEXT_SIZE + 1] = "";
    uint8_t uuid[MFD_UUID_SIZE];

    link->has_id = true;
    link->id = (uint16_t)mfd_hello_id(rev, buf);
    if (rev == MFD_REV_2017_BINARY) {
        mfd_learn_uuid(learned, buf + MFD_BINARY_HELLO_UUID);
    } else {
        memcpy(text, buf + MFD_TEXT_HELLO_UUID, MFD_UUID_TEXT_SIZE);
        if (mfd_uuid_parse(text, uuid)) {
            mfd_learn_uuid(learned, uuid);
        }
    }
    mfd_migration_settle(link->migration);
}

/* The hellos of 2017: nothing follows them. */
static bool old_hello(struct mfd_parse *parse)
{
    struct mfd_link *link = parse->link;
    struct mfd_migration *migration = link->migration;
    enum mfd_rev rev = migration->learned.config.rev;
    uint32_t size = (uint32_t)mfd_hello_size(rev);
    struct mfd_findings findings;
    struct mfd_note *note = NULL;
    bool snapped = false;

    if (!mfd_parse_whole(parse, size, &snapped)) {
        return snapped && cut_short(parse, mfd_hello_message(rev));
    }
    findings = room(parse);
    mfd_check_hello(&migration->context, mfd_parse_bytes(parse), size, &findings);
    if (is_readable(&findings)) {
        learn_old_hello(link, mfd_parse_bytes(parse), rev);
    }
    /* as receivers of 2017 do, the observer takes for main what comes first */
    if (!migration->main) {
        migration->unwatched = "it has a channel before main";
    }
    link->hello_frame = parse->pinfo->num;
    note = mfd_parse_note(parse, MFD_NOTE_MESSAGE, size);
    note->message = mfd_hello_message(rev);
    mfd_note_found(note, &findings);
    mfd_parse_passed(parse, note);
    parse->flow->place = MFD_PLACE_LOST;
    return true;
}

bool mfd_channel_hello(struct mfd_parse *parse)
{
    struct mfd_link *link = parse->link;
    const uint8_t *buf = NULL;
    struct mfd_findings findings;
    struct mfd_note *note = NULL;
    bool snapped = false;

    buf = mfd_parse_bytes(parse);
    if (mfd_channel_is_text_hello(buf, mfd_parse_captured(parse))) {
        mfd_learn_text_hello(&link->migration->learned);
        mfd_migration_settle(link->migration);
    } else if (mfd_channel_begins_text_hello(buf, mfd_parse_captured(parse)) &&
               !mfd_parse_whole(parse, MFD_TEXT_HELLO_SIZE, &snapped) && !snapped) {
        return false;
    }
    if (!mfd_rev_has_packets(link->migration->learned.config.rev)) {
        return old_hello(parse);
    }
    /* in a stream that was not seen from its start, a packet may be the first */
    if (!link->whole && mfd_channel_plausible(buf, mfd_parse_captured(parse)) &&
        mfd_parse_captured(parse) >= MFD_PACKET_RAMBLOCK &&
        (mfd_get32(buf + MFD_PACKET_PAGES_ALLOC) || mfd_get32(buf + MFD_PACKET_FLAGS))) {
        parse->flow->place = MFD_PLACE_PACKET;
        parse->flow->missed = true;
        return true;
    }
    if (!mfd_parse_whole(parse, MFD_HELLO_SIZE, &snapped)) {
        return snapped && cut_short(parse, MFD_MSG_hello);
    }
    buf = mfd_parse_bytes(parse);
    findings = room(parse);
    mfd_learn_uuid(&link->migration->learned, buf + MFD_HELLO_UUID);
    mfd_migration_settle(link->migration);
    mfd_check_hello(&link->migration->context, buf, MFD_HELLO_SIZE, &findings);
    link->has_id = true;
    link->id = buf[MFD_HELLO_ID];
    link->hello_frame = parse->pinfo->num;
    note = mfd_parse_note(parse, MFD_NOTE_MESSAGE, MFD_HELLO_SIZE);
    note->message = MFD_MSG_hello;
    mfd_note_found(note, &findings);
    mfd_parse_passed(parse, note);
    parse->flow->place = MFD_PLACE_PACKET;
    return true;
}

/* Whether payload that is not all here is worth waiting for. */
static bool wants_payload(struct mfd_parse *parse, uint32_t size, uint64_t payload)
{
    bool snapped = false;

    return mfd_prefs.reassemble && payload && payload <= WHOLE_MAX &&
           !mfd_parse_whole(parse, size + (uint32_t)payload, &snapped) && !snapped;
}

static bool device_packet(struct mfd_parse *parse)
{
    struct mfd_findings findings = room(parse);
    struct mfd_note *note = NULL;
    uint64_t payload = 0;
    bool snapped = false;

    if (!mfd_parse_have(parse, MFD_DEVICE_SIZE, &snapped)) {
        return snapped && cut_short(parse, MFD_MSG_device);
    }
    payload = mfd_get32(mfd_parse_bytes(parse) + MFD_DEVICE_NEXT_SIZE);
    if (wants_payload(parse, MFD_DEVICE_SIZE, payload)) {
        return false;
    }
    mfd_check_device(&parse->link->migration->context, mfd_parse_bytes(parse), MFD_DEVICE_SIZE,
                     &findings);
    note = mfd_parse_note(parse, MFD_NOTE_MESSAGE, MFD_DEVICE_SIZE);
    note->message = MFD_MSG_device;
    note->payload_all = payload;
    mfd_note_found(note, &findings);
    mfd_parse_passed(parse, note);
    return true;
}

/* What links the packet to others. */
static void relate(struct mfd_parse *parse, struct mfd_note *note, const struct mfd_packet *packet)
{
    struct mfd_link *link = parse->link;

    if (link->packets++ == 0) {
        link->first_packet_frame = parse->pinfo->num;
        note->related = link->hello_frame;
    }
    if ((packet->flags & MFD_FLAG_SYNC) && !parse->flow->missed) {
        note->round = ++link->syncs;
    }
}

/* Findings behind which nobody knows how much payload there is. */
static bool counts_are_wrong(const struct mfd_packet *packet, uint32_t page_size,
                             const struct mfd_findings *findings)
{
    bool wrong = (uint64_t)packet->normal_pages + packet->zero_pages > mfd_slots(page_size);

    for (size_t i = 0; i < findings->count && i < findings->room; i++) {
        switch (findings->list[i].rule) {
        case MFD_HDR_005:
        case MFD_HDR_017:
        case MFD_HDR_018:
        case MFD_PAY_008:
            wrong = true;
            break;
        default:
            break;
        }
    }
    return wrong;
}

/* The fixed part at parse->at, with zeros for what the capture has cut off. */
static struct mfd_packet packet_here(const struct mfd_parse *parse, enum mfd_rev rev)
{
    uint8_t buf[MFD_PACKET_FIXED] = {0};
    uint32_t captured = mfd_parse_captured(parse);

    memcpy(buf, mfd_parse_bytes(parse), captured < sizeof(buf) ? captured : sizeof(buf));
    return mfd_packet_unpack(buf, rev);
}

static bool ram_packet(struct mfd_parse *parse)
{
    struct mfd_migration *migration = parse->link->migration;
    struct mfd_findings findings = room(parse);
    uint32_t size = (uint32_t)mfd_packet_size(migration->learned.config.page_size);
    struct mfd_packet packet;
    struct mfd_note *note = NULL;
    uint32_t method = migration->learned.config.method;
    uint64_t payload = 0;
    bool snapped = false;
    bool whole = true;
    bool wrong = false;

    if (!mfd_parse_have(parse, size, &snapped)) {
        whole = false;
        if (!snapped) {
            return false;
        }
        /* the numbers alone tell where the next packet starts */
        if (mfd_parse_captured(parse) < MFD_PACKET_RAMBLOCK) {
            return cut_short(parse, MFD_MSG_packet);
        }
    }
    packet = packet_here(parse, migration->learned.config.rev);
    if (method == MFD_METHOD_UNKNOWN) {
        method = packet.flags & mfd_rev_info(migration->learned.config.rev)->methods;
    }
    mfd_check_packet(&migration->context, mfd_parse_bytes(parse),
                     whole ? size : mfd_parse_captured(parse), &findings);
    wrong = counts_are_wrong(&packet, migration->learned.config.page_size, &findings);
    payload = wrong ? 0 : mfd_packet_payload(&packet, method, migration->learned.config.page_size);
    if (whole && payload && !mfd_payload_admits(parse, method, &packet, &findings)) {
        wrong = true;
        payload = 0;
    }
    if (whole && wants_payload(parse, size, payload)) {
        return false;
    }
    note = mfd_parse_note(parse, MFD_NOTE_MESSAGE,
                          size < mfd_parse_left(parse) ? size : mfd_parse_left(parse));
    note->message = MFD_MSG_packet;
    note->method = method;
    note->payload_all = payload + (size - note->size);
    mfd_note_found(note, &findings);
    relate(parse, note, &packet);
    if (whole && packet.normal_pages && !wrong) {
        mfd_payload_decode(parse, note, packet.normal_pages);
    }
    mfd_parse_passed(parse, note);
    if (wrong) {
        parse->flow->place = MFD_PLACE_LOST;
        parse->link->undecodable = true;
    }
    return true;
}

bool mfd_channel_packet(struct mfd_parse *parse)
{
    struct mfd_migration *migration = parse->link->migration;
    const uint8_t *buf = NULL;
    bool device = false;
    bool snapped = false;

    if (!mfd_parse_have(parse, MFD_PREFIX_SIZE, &snapped)) {
        return snapped && cut_short(parse, MFD_MSG_packet);
    }
    buf = mfd_parse_bytes(parse);
    /* one wrong word is a wrong field; two are no packet */
    if (mfd_get32(buf) != MFD_MAGIC && mfd_get32(buf + 4) != MFD_VERSION) {
        struct mfd_findings findings = room(parse);

        mfd_check_prefix(&migration->context, buf, MFD_PREFIX_SIZE, &findings);
        parse->flow->place = MFD_PLACE_LOST;
        parse->lost_findings = findings;
        return true;
    }
    /* which revision it is shows before there is a note of it */
    device = mfd_learn_prefix(&migration->learned, buf);
    if (!device && mfd_parse_captured(parse) >= MFD_PACKET_RAMBLOCK) {
        mfd_learn_packet(&migration->learned, buf, mfd_parse_captured(parse));
    }
    mfd_migration_settle(migration);
    return device ? device_packet(parse) : ram_packet(parse);
}
