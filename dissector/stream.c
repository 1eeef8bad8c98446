// SPDX-License-Identifier: GPL-2.0-or-later
/* Streams: where each direction stands, and which bytes are the next message. */
#include "multifd.h"

#include "stage2017.h"

#include <epan/proto_data.h>
#include <epan/wmem_scopes.h>

#include <string.h>

uint32_t mfd_parse_left(const struct mfd_parse *parse)
{
    return parse->len - parse->at;
}

uint32_t mfd_parse_captured(const struct mfd_parse *parse)
{
    int left = tvb_captured_length_remaining(parse->tvb, (int)parse->at);

    return left > 0 ? (uint32_t)left : 0;
}

const uint8_t *mfd_parse_bytes(const struct mfd_parse *parse)
{
    return tvb_get_ptr(parse->tvb, (int)parse->at, (int)mfd_parse_captured(parse));
}

/* Asks for `want` where `size` bytes are not there. */
static bool have(struct mfd_parse *parse, uint32_t size, uint32_t want, bool *snapped)
{
    uint32_t left = mfd_parse_left(parse);
    uint32_t captured = mfd_parse_captured(parse);

    *snapped = false;
    if (captured >= size) {
        return true;
    }
    /* what was cut off by the capture does not come any more */
    if (captured < left || !parse->pinfo->can_desegment) {
        *snapped = true;
        return false;
    }
    parse->call->want_at = parse->at;
    parse->call->want = want ? want : size - left;
    return false;
}

bool mfd_parse_have(struct mfd_parse *parse, uint32_t size, bool *snapped)
{
    return have(parse, size, DESEGMENT_ONE_MORE_SEGMENT, snapped);
}

bool mfd_parse_whole(struct mfd_parse *parse, uint32_t size, bool *snapped)
{
    return have(parse, size, 0, snapped);
}

struct mfd_note *mfd_parse_note(struct mfd_parse *parse, enum mfd_note_kind kind, uint32_t size)
{
    struct mfd_note *note = wmem_new0(wmem_file_scope(), struct mfd_note);
    const struct mfd_migration *migration = parse->link->migration;

    note->kind = kind;
    note->at = parse->at;
    note->size = size;
    note->offset = parse->flow->offset;
    note->frame = parse->pinfo->num;
    note->rev = MFD_REV_LATEST;
    note->page_size = 4096;
    note->method = MFD_METHOD_UNKNOWN;
    if (migration) {
        note->rev = migration->learned.config.rev;
        note->page_size = migration->learned.config.page_size;
        note->revision = mfd_learned_name(&migration->learned);
    }
    if (parse->call->last) {
        parse->call->last->next = note;
    } else {
        parse->call->first = note;
    }
    parse->call->last = note;
    return note;
}

void mfd_note_found(struct mfd_note *note, const struct mfd_findings *findings)
{
    size_t count = findings->count < findings->room ? findings->count : findings->room;
    struct mfd_finding *list = NULL;

    if (!count) {
        return;
    }
    list = wmem_alloc_array(wmem_file_scope(), struct mfd_finding, note->finding_count + count);
    if (note->finding_count) {
        memcpy(list, note->findings, note->finding_count * sizeof(*list));
    }
    memcpy(list + note->finding_count, findings->list, count * sizeof(*list));
    note->findings = list;
    note->finding_count += count;
}

void mfd_parse_passed(struct mfd_parse *parse, struct mfd_note *note)
{
    uint32_t here = mfd_parse_left(parse) - note->size;
    struct mfd_flow *flow = parse->flow;

    note->payload = note->payload_all < here ? (uint32_t)note->payload_all : here;
    mfd_watch_bytes(parse, note, note->size + note->payload);
    flow->skip = note->payload_all - note->payload;
    flow->owner = note;
    flow->offset += note->size + note->payload;
    parse->at += note->size + note->payload;
}

/* ---- taking a call apart ---- */

/* More of the payload of an earlier message. */
static void skip_payload(struct mfd_parse *parse)
{
    struct mfd_flow *flow = parse->flow;
    uint32_t left = mfd_parse_left(parse);
    uint32_t size = flow->skip < left ? (uint32_t)flow->skip : left;
    struct mfd_note *note = mfd_parse_note(parse, MFD_NOTE_PAYLOAD, size);
    struct mfd_note *owner = flow->owner;
    uint64_t skip = flow->skip - size;

    note->owner = owner;
    mfd_parse_passed(parse, note);
    flow->owner = owner;
    flow->skip = skip;
}

/* Looks for bytes that could start a packet; those before it cannot be followed. */
static void lose(struct mfd_parse *parse)
{
    struct mfd_flow *flow = parse->flow;
    const uint8_t *bytes = mfd_parse_bytes(parse);
    uint32_t captured = mfd_parse_captured(parse);
    uint32_t size = 0;
    bool forward = flow == &parse->link->flow[0];
    bool channel = forward && parse->link->role != MFD_ROLE_MAIN;

    flow->missed = true;
    if (forward && parse->link->role != MFD_ROLE_CHANNEL && mfd_main_resume(parse)) {
        return;
    }
    if (!forward && parse->link->role == MFD_ROLE_MAIN && mfd_reply_resume(parse)) {
        return;
    }
    /* what waited for more and is now given up must not end before what came, or TCP takes it for not enough */
    if (parse->held && parse->at <= parse->held) {
        size = parse->held + 1 - parse->at < captured ? parse->held + 1 - parse->at : captured;
    }
    while (channel && size < captured && !mfd_channel_plausible(bytes + size, captured - size)) {
        size++;
    }
    if (!channel || size == captured) {
        size = mfd_parse_left(parse);
    } else {
        flow->place = MFD_PLACE_PACKET;
        if (parse->link->role == MFD_ROLE_UNKNOWN) {
            mfd_link_classify(parse, MFD_ROLE_CHANNEL);
        }
    }
    if (size) {
        struct mfd_note *note = mfd_parse_note(parse, MFD_NOTE_LOST, size);

        mfd_note_found(note, &parse->lost_findings);
        parse->lost_findings.count = 0;
        mfd_parse_passed(parse, note);
    }
}

static bool is_first(const struct mfd_link *link, const struct mfd_migration *migration)
{
    return !migration || migration->over || (link->migration == migration && link->number == 0);
}

/* Whether the first bytes are those of a hello. The binary one of 2017 has no mark: it stands where main does not. */
static bool opens_channel(const struct mfd_parse *parse, uint32_t magic)
{
    bool binary = mfd_prefs.revision == MFD_REV_2017_BINARY && parse->link->whole;

    return magic == MFD_MAGIC || (binary && magic != MFD_MAIN_MAGIC) ||
           mfd_channel_is_text_hello(mfd_parse_bytes(parse), mfd_parse_captured(parse));
}

/* First bytes of the direction towards the receiver: main, a channel, or one that was there before. */
static bool start(struct mfd_parse *parse)
{
    struct mfd_flow *flow = parse->flow;
    struct mfd_link *link = parse->link;
    const struct mfd_migration *migration = NULL;
    uint32_t magic = 0;
    bool channel = false;
    bool first = false;
    bool snapped = false;

    if (!mfd_parse_have(parse, 4, &snapped)) {
        flow->place = snapped ? MFD_PLACE_LOST : MFD_PLACE_START;
        return snapped;
    }
    magic = tvb_get_ntohl(parse->tvb, (int)parse->at);
    migration = mfd_migration_find(parse->pinfo);
    channel = opens_channel(parse, magic);
    first = link->whole && magic != MFD_MAIN_MAGIC && !channel && is_first(link, migration);
    if (first && mfd_channel_begins_text_hello(mfd_parse_bytes(parse), mfd_parse_captured(parse)) &&
        !mfd_parse_have(parse, MFD_TEXT_HELLO_ID, &snapped) && !snapped) {
        return false;
    }
    /* a connection that is neither is main if it came first, as receivers before 8.0 decide */
    if (magic == MFD_MAIN_MAGIC || first) {
        mfd_link_classify(parse, MFD_ROLE_MAIN);
        /* a second main is none */
        flow->place = link->migration->main == link ? MFD_PLACE_MAIN : MFD_PLACE_LOST;
    } else if (link->whole || channel) {
        mfd_link_classify(parse, MFD_ROLE_CHANNEL);
        flow->place = MFD_PLACE_HELLO;
    } else {
        flow->place = MFD_PLACE_LOST;
    }
    return true;
}

/* One step; false when nothing more can be done with the bytes that are there. */
static bool step(struct mfd_parse *parse)
{
    struct mfd_flow *flow = parse->flow;

    if (flow->skip) {
        skip_payload(parse);
        return true;
    }
    switch (flow->place) {
    case MFD_PLACE_START:
        return start(parse);
    case MFD_PLACE_HELLO:
        return mfd_channel_hello(parse);
    case MFD_PLACE_PACKET:
        return mfd_channel_packet(parse);
    case MFD_PLACE_MAIN:
        return mfd_main_record(parse);
    case MFD_PLACE_BODY:
        return mfd_main_body(parse);
    case MFD_PLACE_REPLY:
        return mfd_reply(parse);
    case MFD_PLACE_LOST:
        break;
    }
    lose(parse);
    return true;
}

/*
 * Holds the sequence number against the one expected: passes over what was seen before; what is missing
 * may be payload, else the stream has to be found again.
 */
static void align(struct mfd_parse *parse, uint32_t seq)
{
    struct mfd_flow *flow = parse->flow;
    int32_t ahead = (int32_t)(seq - flow->next_seq);

    if (ahead < 0) {
        uint32_t again = (uint32_t)-ahead < parse->len ? (uint32_t)-ahead : parse->len;

        parse->at += again;
    } else if (ahead > 0) {
        flow->gap = true;
        parse->link->undecodable = true;
        flow->offset += (uint32_t)ahead;
        if (flow->skip >= (uint32_t)ahead) {
            flow->skip -= (uint32_t)ahead;
        } else {
            flow->skip = 0;
            flow->place = MFD_PLACE_LOST;
        }
    }
}

/*
 * Bytes that wait for more, as far as it matters what they are should the connection end with them: of a packet, the header. For the
 * receiver may have ended it because of just that.
 */
static void keep_rest(struct mfd_parse *parse)
{
    const struct mfd_migration *migration = parse->link->migration;
    struct mfd_flow *flow = parse->flow;
    uint32_t rest = parse->call->want ? mfd_parse_captured(parse) : 0;
    uint32_t header =
        migration ? (uint32_t)mfd_observer_buffer_size(migration->learned.config.page_size) : 0;

    flow->held = rest;
    flow->rest = rest < header ? rest : header;
    if (flow->rest > flow->rest_room) {
        flow->rest_bytes = (uint8_t *)wmem_realloc(wmem_file_scope(), flow->rest_bytes, flow->rest);
        flow->rest_room = flow->rest;
    }
    if (flow->rest) {
        memcpy(flow->rest_bytes, mfd_parse_bytes(parse), flow->rest);
    }
}

/*
 * A message may have been whole in what waited for more, as a page size shows that was learnt meanwhile. If then the next one
 * asks for more, TCP takes it that nothing of the new segment was used, and does not give it a second time: all
 * is asked for again, and what was found so far is of the call that gets it.
 */
static void put_off(struct mfd_parse *parse)
{
    struct mfd_call *call = parse->call;
    uint32_t taken = call->want_at;

    if (call->want && taken && taken <= parse->held) {
        parse->flow->put_off = call->first;
        parse->flow->put_off_seq = call->seq;
        parse->flow->held += taken;
        call->first = call->last = NULL;
        call->want_at = 0;
    }
}

/* The notes of an earlier call about the same bytes. */
static void take_up(struct mfd_call *call, struct mfd_flow *flow, uint32_t frame)
{
    if (flow->put_off && flow->put_off_seq == call->seq) {
        call->first = flow->put_off;
        for (struct mfd_note *note = call->first; note; note = note->next) {
            note->frame = frame;
            call->last = note;
        }
    }
    flow->put_off = NULL;
}

static struct mfd_call *take_apart(tvbuff_t *tvb, packet_info *pinfo, const uint32_t *seq,
                                   struct mfd_link *link)
{
    struct mfd_call *call = wmem_new0(wmem_file_scope(), struct mfd_call);
    bool reply = mfd_link_is_reply(link, pinfo);
    struct mfd_parse parse = {
        .call = call,
        .pinfo = pinfo,
        .tvb = tvb,
        .link = link,
        .flow = &link->flow[reply],
        .len = tvb_reported_length(tvb),
    };

    parse.held = parse.flow->held;
    call->seq = seq ? *seq : 0;
    call->len = parse.len;
    call->link = link;
    call->reply = reply;
    if (!parse.flow->begun && reply) {
        parse.flow->place = link->role == MFD_ROLE_MAIN ? MFD_PLACE_REPLY : MFD_PLACE_LOST;
    }
    if (parse.flow->begun && seq) {
        align(&parse, *seq);
        take_up(call, parse.flow, pinfo->num);
    }
    parse.flow->begun = true;
    while (parse.at < parse.len && step(&parse)) {}
    keep_rest(&parse);
    parse.flow->next_seq = call->seq + (call->want ? call->want_at : parse.at);
    if (seq) {
        put_off(&parse);
    }
    return call;
}

/* ---- calls of a frame that was taken apart before ---- */

static uint32_t *turn_of(packet_info *pinfo)
{
    uint32_t *turn = (uint32_t *)p_get_proto_data(pinfo->pool, pinfo, mfd_proto, 0);

    if (!turn) {
        turn = wmem_new0(pinfo->pool, uint32_t);
        p_add_proto_data(pinfo->pool, pinfo, mfd_proto, 0, turn);
    }
    return turn;
}

/* Of what was put together for a call, TCP keeps only what was taken: the rest is the start of another message. */
static bool is_of(const struct mfd_call *call, const uint32_t *seq, uint32_t len)
{
    return (!seq || call->seq == *seq) &&
           (call->len == len || (call->want && call->want_at == len && call->first));
}

struct mfd_call *mfd_stream_call(tvbuff_t *tvb, packet_info *pinfo, const uint32_t *seq,
                                 struct mfd_link *link)
{
    uint32_t *turn = turn_of(pinfo);
    struct mfd_call *call = NULL;

    if (!PINFO_FD_VISITED(pinfo)) {
        call = take_apart(tvb, pinfo, seq, link);
        p_add_proto_data(wmem_file_scope(), pinfo, mfd_proto, MFD_KEY_CALLS + (*turn)++, call);
        return call;
    }
    /* calls that only asked for more are not made again, so some may be passed over */
    do {
        call = (struct mfd_call *)p_get_proto_data(wmem_file_scope(), pinfo, mfd_proto,
                                                   MFD_KEY_CALLS + (*turn)++);
    } while (call && !is_of(call, seq, tvb_reported_length(tvb)));
    return call;
}
