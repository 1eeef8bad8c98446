// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Exported messages: hellos and headers of packets without TCP and payload. What they themselves do not say, but was known where
 * they stood, is in a head before each:
 *
 *     u8 format, 1          u16 channel, or ffff        char message[16]
 *     u8 reserved           u32 migration, or ffffffff  char revision[16], its name
 *                           u32 method, its flag        char speaks[24], as it is shown
 *                           u32 page size
 *                           u64 payload behind the message
 *
 * column by column, big-endian, texts filled up with NUL.
 */
#include "multifd.h"

#include "field.h"
#include "packet.h"

#include <epan/exported_pdu.h>
#include <epan/tap.h>

#include <string.h>

#define FORMAT 1u
#define NO_CHANNEL 0xffffu
#define CHANNEL_MAX 999u /* by the three digits of a text hello */
#define NO_MIGRATION 0xffffffffu

enum {
    AT_FORMAT = 0,
    AT_CHANNEL = 2,
    AT_MIGRATION = 4,
    AT_METHOD = 8,
    AT_PAGE_SIZE = 12,
    AT_PAYLOAD = 16,
    AT_MESSAGE = 24,
    AT_REVISION = 40,
    AT_SPEAKS = 56,
    HEAD = 80,
    NAME_SIZE = 16,
    SPEAKS_SIZE = 24,
};

static int tap_export = -1;

/* ---- writing ---- */

static bool is_exported(const struct mfd_note *note)
{
    return note->kind == MFD_NOTE_MESSAGE &&
           (note->message == MFD_MSG_hello || note->message == MFD_MSG_packet ||
            note->message == MFD_MSG_device);
}

static void pack_head(uint8_t *head, const struct mfd_link *link, const struct mfd_note *note)
{
    memset(head, 0, HEAD);
    head[AT_FORMAT] = FORMAT;
    mfd_put16(head + AT_CHANNEL, link->has_id ? link->id : NO_CHANNEL);
    mfd_put32(head + AT_MIGRATION, link->migration ? link->migration->number : NO_MIGRATION);
    mfd_put32(head + AT_METHOD, note->method);
    mfd_put32(head + AT_PAGE_SIZE, note->page_size);
    mfd_put64(head + AT_PAYLOAD, note->payload_all);
    g_strlcpy((char *)head + AT_MESSAGE, mfd_message_name(note->message), NAME_SIZE);
    g_strlcpy((char *)head + AT_REVISION, mfd_rev_info(note->rev)->name, NAME_SIZE);
    if (note->revision) {
        g_strlcpy((char *)head + AT_SPEAKS, note->revision, SPEAKS_SIZE);
    }
}

void mfd_export_note(tvbuff_t *tvb, packet_info *pinfo, const struct mfd_call *call,
                     const struct mfd_note *note)
{
    exp_pdu_data_t *data = NULL;
    uint8_t *bytes = NULL;
    int captured = tvb_captured_length_remaining(tvb, (int)note->at);

    if (!have_tap_listener(tap_export) || !is_exported(note) || captured < (int)note->size) {
        return;
    }
    bytes = (uint8_t *)wmem_alloc(pinfo->pool, HEAD + note->size);
    pack_head(bytes, call->link, note);
    tvb_memcpy(tvb, bytes + HEAD, (int)note->at, note->size);
    data = export_pdu_create_common_tags(pinfo, "multifd.message", WS_EXPORTED_BY);
    data->tvb_captured_length = HEAD + note->size;
    data->tvb_reported_length = HEAD + note->size;
    data->pdu_tvb =
        tvb_new_child_real_data(tvb, bytes, HEAD + note->size, (int)(HEAD + note->size));
    tap_queue_packet(tap_export, pinfo, data);
}

/* ---- reading ---- */

/* A text of the head, which need not end. */
static char *text_at(packet_info *pinfo, const uint8_t *head, size_t at, size_t size)
{
    return wmem_strndup(pinfo->pool, (const char *)head + at, size);
}

static enum mfd_rev revision_of(const char *name)
{
    enum mfd_rev rev = MFD_REV_LATEST;

    return mfd_rev_parse(name, &rev) ? rev : MFD_REV_LATEST;
}

static void show_head(tvbuff_t *tvb, proto_tree *tree)
{
    proto_item *item = proto_tree_add_item(tree, mfd_proto, tvb, 0, HEAD, ENC_NA);

    proto_item_append_text(item, ", what was known of the message");
    proto_tree_add_item(proto_item_add_subtree(item, mfd_ett[MFD_ETT_MULTIFD]),
                        mfd_gen[MFD_GEN_exported], tvb, 0, HEAD, ENC_NA);
}

int mfd_export_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    uint32_t len = tvb_captured_length(tvb);
    const uint8_t *head = tvb_get_ptr(tvb, 0, (int)len);
    struct mfd_migration migration = {0};
    struct mfd_link link = {.role = MFD_ROLE_CHANNEL};
    struct mfd_note note = {0};
    struct mfd_call call = {.link = &link, .first = &note, .last = &note};

    (void)data;
    if (len <= HEAD || head[AT_FORMAT] != FORMAT) {
        return 0;
    }
    note.message = mfd_message_find(text_at(pinfo, head, AT_MESSAGE, NAME_SIZE));
    note.page_size = mfd_get32(head + AT_PAGE_SIZE);
    link.id = mfd_get16(head + AT_CHANNEL);
    link.has_id = link.id != NO_CHANNEL;
    if (!is_exported(&note) || !mfd_is_page_size(note.page_size) ||
        (link.has_id && link.id > CHANNEL_MAX)) {
        return 0;
    }
    note.at = HEAD;
    note.size = len - HEAD;
    note.method = mfd_get32(head + AT_METHOD);
    note.payload_all = mfd_get64(head + AT_PAYLOAD);
    note.rev = revision_of(text_at(pinfo, head, AT_REVISION, NAME_SIZE));
    if (head[AT_SPEAKS]) {
        note.revision = mfd_block_name(pinfo, text_at(pinfo, head, AT_SPEAKS, SPEAKS_SIZE));
    }
    migration.number = mfd_get32(head + AT_MIGRATION);
    link.migration = migration.number != NO_MIGRATION ? &migration : NULL;
    show_head(tvb, tree);
    mfd_show_call(tvb, pinfo, tree, &call);
    return (int)len;
}

void mfd_export_register(void)
{
    tap_export = register_export_pdu_tap("QEMU multifd");
    register_dissector("multifd.message", mfd_export_dissect, mfd_proto);
}
