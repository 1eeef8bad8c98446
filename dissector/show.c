// SPDX-License-Identifier: GPL-2.0-or-later
/* Shows the notes of a call: tree, column, taps. */
#include "multifd.h"

#include "field.h"
#include "packet.h"

#include <epan/strutil.h>

#include <string.h>

static const char *method_name(uint32_t method)
{
    const struct mfd_method_info *info = mfd_method_info(method);

    return info ? info->name : "unknown method";
}

const char *mfd_block_name(packet_info *pinfo, const char *ramblock)
{
    /* what a name on the wire is made of differs between versions: to either it is bytes */
    const void *bytes = ramblock;

    return format_text(pinfo->pool, bytes, strnlen(ramblock, MFD_IDSTR_SIZE));
}

bool mfd_packet_shown(tvbuff_t *tvb, const struct mfd_note *note, struct mfd_packet *packet)
{
    uint8_t buf[MFD_PACKET_FIXED] = {0};
    int captured = tvb_captured_length_remaining(tvb, (int)note->at);

    if (note->message != MFD_MSG_packet || captured < (int)MFD_PACKET_RAMBLOCK) {
        return false;
    }
    tvb_memcpy(tvb, buf, (int)note->at,
               captured < (int)sizeof(buf) ? (size_t)captured : sizeof(buf));
    *packet = mfd_packet_unpack(buf, note->rev);
    return true;
}

bool mfd_device_shown(tvbuff_t *tvb, const struct mfd_note *note, struct mfd_device *device)
{
    uint8_t buf[MFD_DEVICE_SIZE];

    if (note->message != MFD_MSG_device ||
        tvb_captured_length_remaining(tvb, (int)note->at) < (int)MFD_DEVICE_SIZE) {
        return false;
    }
    tvb_memcpy(tvb, buf, (int)note->at, sizeof(buf));
    *device = mfd_device_unpack(buf);
    return true;
}

/* "device state of vfio/0, 4096 bytes". */
static char *device_text(tvbuff_t *tvb, packet_info *pinfo, const struct mfd_note *note)
{
    struct mfd_device device;

    if (!mfd_device_shown(tvb, note, &device)) {
        return wmem_strdup(pinfo->pool, "device state, cut off");
    }
    return wmem_strdup_printf(pinfo->pool, "device state of %s/%u, %u bytes",
                              mfd_block_name(pinfo, device.idstr), device.instance_id,
                              device.next_packet_size);
}

/* "packet 12, zstd, 64+3 pages of pc.ram, SYNC". */
static char *packet_text(tvbuff_t *tvb, packet_info *pinfo, const struct mfd_note *note)
{
    struct mfd_packet packet;
    wmem_strbuf_t *text = NULL;

    if (!mfd_packet_shown(tvb, note, &packet)) {
        return wmem_strdup(pinfo->pool, "packet, cut off");
    }
    text = wmem_strbuf_new(pinfo->pool, "");
    wmem_strbuf_append_printf(text, "packet %" PRIu64, packet.packet_num);
    if (packet.normal_pages || packet.zero_pages) {
        wmem_strbuf_append_printf(text, " %s %u+%u pages of %s", method_name(note->method),
                                  packet.normal_pages, packet.zero_pages,
                                  mfd_block_name(pinfo, packet.ramblock));
    }
    if (packet.flags & MFD_FLAG_SYNC) {
        wmem_strbuf_append(text, " SYNC");
    } else if (!packet.normal_pages && !packet.zero_pages) {
        wmem_strbuf_append(text, " empty");
    }
    return (char *)wmem_strbuf_get_str(text);
}

static const char *section_text(tvbuff_t *tvb, packet_info *pinfo, const struct mfd_note *note)
{
    static const char *const kinds[] = {"end", "START", "PART", "END", "FULL"};
    int left = tvb_captured_length_remaining(tvb, (int)note->at);
    uint8_t type = left > 0 ? ws_get_u8(tvb, (int)note->at) : 0;
    const char *kind = type < 5 ? kinds[type] : "section of unknown type";

    if (note->message == MFD_MSG_part) {
        return wmem_strdup_printf(pinfo->pool, "section %s", kind);
    }
    if (left < 6 || note->size < 6 || left < (int)note->size) {
        return "section";
    }
    return wmem_strdup_printf(
        pinfo->pool, "section %s %s", kind,
        tvb_format_text(pinfo->pool, tvb, (int)note->at + 6, ws_get_u8(tvb, (int)note->at + 5)));
}

/* What a message is, in a few words. */
static const char *text_of(tvbuff_t *tvb, packet_info *pinfo, const struct mfd_note *note)
{
    switch (note->kind) {
    case MFD_NOTE_PAYLOAD:
        return wmem_strdup_printf(pinfo->pool, "payload of frame %u",
                                  note->owner ? note->owner->frame : 0);
    case MFD_NOTE_BODY:
        return "section contents";
    case MFD_NOTE_LOST:
        return "bytes that cannot be followed";
    case MFD_NOTE_CLOSED:
        return "closed";
    case MFD_NOTE_MESSAGE:
        break;
    }
    if (note->message == MFD_MSG_packet) {
        return packet_text(tvb, pinfo, note);
    }
    if (note->message == MFD_MSG_device) {
        return device_text(tvb, pinfo, note);
    }
    if (note->message == MFD_MSG_section || note->message == MFD_MSG_part) {
        return section_text(tvb, pinfo, note);
    }
    return mfd_message_name(note->message);
}

static const char *who(packet_info *pinfo, const struct mfd_call *call)
{
    const struct mfd_link *link = call->link;

    if (link->role == MFD_ROLE_MAIN) {
        return call->reply ? "return path" : "main";
    }
    return link->has_id ? wmem_strdup_printf(pinfo->pool, "ch %u", link->id) : "ch ?";
}

static void show_link(proto_tree *tree, enum mfd_generated field, tvbuff_t *tvb, uint32_t frame)
{
    if (frame) {
        mfd_add_generated(tree, field, tvb, frame);
    }
}

/* The sync point on main that takes a SYNC, once it was seen; 0: not yet. */
static uint32_t sync_frame(const struct mfd_link *link, uint32_t round)
{
    wmem_array_t *points = link->migration ? link->migration->point_frames : NULL;

    return points && round && round <= wmem_array_get_count(points)
               ? *(uint32_t *)wmem_array_index(points, round - 1)
               : 0;
}

/* What the bytes themselves do not say. */
static void show_context(tvbuff_t *tvb, proto_tree *tree, const struct mfd_call *call,
                         const struct mfd_note *note)
{
    const struct mfd_link *link = call->link;

    if (link->migration) {
        mfd_add_generated(tree, MFD_GEN_migration, tvb, link->migration->number);
    }
    if (link->has_id) {
        mfd_add_generated(tree, MFD_GEN_channel, tvb, link->id);
    }
    if (note->kind != MFD_NOTE_MESSAGE) {
        return;
    }
    if (link->migration && link->migration->unwatched) {
        proto_item_set_generated(proto_tree_add_string(tree, mfd_gen[MFD_GEN_unwatched], tvb, 0, 0,
                                                       link->migration->unwatched));
    }
    if (note->revision && !call->reply) {
        proto_item_set_generated(
            proto_tree_add_string(tree, mfd_gen[MFD_GEN_revision], tvb, 0, 0, note->revision));
    }
    if (note->message == MFD_MSG_hello) {
        /* which a sender opens first and writes to last: it is known when all of the capture was read */
        show_link(tree, MFD_GEN_main_frame, tvb, link->migration ? link->migration->main_frame : 0);
        show_link(tree, MFD_GEN_first_packet, tvb, link->first_packet_frame);
    } else if (note->message == MFD_MSG_packet) {
        mfd_add_generated(tree, MFD_GEN_page_size, tvb, note->page_size);
        show_link(tree, MFD_GEN_hello_frame, tvb, note->related);
        show_link(tree, MFD_GEN_sync_frame, tvb, sync_frame(link, note->round));
    }
    if (note->round) {
        mfd_add_generated(tree, MFD_GEN_round, tvb, note->round);
    }
}

/* Contents of configuration's subsections stand behind their names. */
static void show_subsection(tvbuff_t *tvb, proto_tree *tree, const struct mfd_note *note)
{
    int at = (int)(note->at + note->size);

    if (note->payload == 4) {
        proto_tree_add_item(tree, mfd_gen[MFD_GEN_page_bits], tvb, at, 4, ENC_BIG_ENDIAN);
    } else if (note->payload == MFD_UUID_SIZE) {
        proto_tree_add_item(tree, mfd_gen[MFD_GEN_config_uuid], tvb, at, MFD_UUID_SIZE,
                            ENC_BIG_ENDIAN);
    } else if (note->payload) {
        proto_tree_add_item(tree, mfd_gen[MFD_GEN_subsection_data], tvb, at, (int)note->payload,
                            ENC_NA);
    }
}

static void show_bytes(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                       const struct mfd_note *note)
{
    int captured = tvb_captured_length_remaining(tvb, (int)note->at);
    int size = captured < (int)note->size ? captured : (int)note->size;
    proto_item *item = NULL;

    if (note->kind == MFD_NOTE_PAYLOAD) {
        show_link(tree, MFD_GEN_payload_of, tvb, note->owner ? note->owner->frame : 0);
    }
    if (size > 0) {
        item = proto_tree_add_item(tree,
                                   note->kind == MFD_NOTE_PAYLOAD ? mfd_gen[MFD_GEN_payload]
                                   : note->kind == MFD_NOTE_BODY  ? mfd_gen[MFD_GEN_body]
                                                                  : mfd_gen[MFD_GEN_lost],
                                   tvb, (int)note->at, size, ENC_NA);
    }
    if (note->kind == MFD_NOTE_LOST) {
        mfd_rules_show_lost(pinfo, item);
    }
    for (size_t i = 0; i < note->finding_count; i++) {
        mfd_rules_show(pinfo, tree, tree ? proto_tree_get_parent(tree) : NULL, tvb,
                       &note->findings[i]);
    }
}

static void show_note(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                      const struct mfd_call *call, const struct mfd_note *note, const char *text)
{
    int captured = tvb_captured_length_remaining(tvb, (int)note->at);
    int64_t size = (int64_t)note->size + note->payload;
    proto_item *item = NULL;
    proto_tree *own = NULL;

    if (tree) {
        item = proto_tree_add_item(tree, mfd_proto, tvb, (int)note->at,
                                   (int)(size < captured ? size : (captured > 0 ? captured : 0)),
                                   ENC_NA);
        proto_item_append_text(item, ", %s, %s", who(pinfo, call), text);
        own = proto_item_add_subtree(item, mfd_ett[MFD_ETT_MULTIFD]);
        show_context(tvb, own, call, note);
    }
    if (note->kind != MFD_NOTE_MESSAGE) {
        show_bytes(tvb, pinfo, own, note);
        return;
    }
    mfd_fields_show(tvb, pinfo, own, note);
    if (!own || !note->payload_all) {
        return;
    }
    if (note->message == MFD_MSG_subsection) {
        show_subsection(tvb, own, note);
    } else if (note->message == MFD_MSG_reply) {
        mfd_reply_show_bitmap(tvb, own, note);
    } else {
        mfd_payload_show(tvb, pinfo, own, note);
    }
}

/* Records of main come by the hundred: equal ones in a row are counted. */
static bool same(const struct mfd_note *a, const struct mfd_note *b)
{
    return b && a->kind == b->kind && a->message == b->message &&
           (a->message == MFD_MSG_zero || a->message == MFD_MSG_page ||
            a->message == MFD_MSG_block);
}

void mfd_show_call(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const struct mfd_call *call)
{
    unsigned run = 1;

    col_set_str(pinfo->cinfo, COL_PROTOCOL, "MULTIFD");
    col_clear(pinfo->cinfo, COL_INFO);
    for (const struct mfd_note *note = call->first; note; note = note->next) {
        const char *text = text_of(tvb, pinfo, note);

        show_note(tvb, pinfo, tree, call, note, text);
        mfd_taps_note(tvb, pinfo, call, note);
        if (same(note, note->next)) {
            run++;
            continue;
        }
        col_append_sep_fstr(pinfo->cinfo, COL_INFO, " | ", "%s %s", who(pinfo, call), text);
        if (run > 1) {
            col_append_fstr(pinfo->cinfo, COL_INFO, " x%u", run);
        }
        run = 1;
    }
    col_set_fence(pinfo->cinfo, COL_INFO);
}
