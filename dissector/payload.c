// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Payload: decoded when a packet is seen first, since the stream of a channel goes on from packet to
 * packet; shown page by page.
 */
#include "multifd.h"
#include "packet.h"

#include <epan/wmem_scopes.h>

/* What a decoder of zstd takes beside the window, and any other in all. */
#define ZSTD_MEMORY ((uint64_t)512 << 10)
#define DECODER_MEMORY ((uint64_t)64 << 10)

void mfd_payload_close(struct mfd_link *link)
{
    if (link->decoder) {
        mfd_decoder_close(link->decoder);
        mfd_budget_return(link->decoder_memory);
        link->decoder = NULL;
        link->undecodable = true;
    }
}

static ws_bool close_with_capture(wmem_allocator_t *allocator, wmem_cb_event_t event, void *data)
{
    struct mfd_link *link = (struct mfd_link *)data;

    (void)allocator;
    (void)event;
    mfd_decoder_close(link->decoder);
    link->decoder = NULL;
    return false;
}

/* Opens the channel's decoder with its first payload; why that cannot be done. */
static const char *open_decoder(struct mfd_link *link, uint32_t method, uint32_t page_size,
                                const struct iovec *payload)
{
    uint64_t window =
        mfd_method_window(method, (const uint8_t *)payload->iov_base, payload->iov_len);
    uint64_t memory = method == MFD_FLAG_ZSTD ? window + ZSTD_MEMORY : DECODER_MEMORY;

    if (link->decoder) {
        return link->decoder_method == method ? NULL : "the channel's method has changed";
    }
    if (!mfd_budget_take(memory)) {
        return "the memory for decoders is used up";
    }
    if (mfd_decoder_open_window(&link->decoder, method, page_size, window) != 0) {
        mfd_budget_return(memory);
        return "it cannot be decoded";
    }
    link->decoder_method = method;
    link->decoder_memory = memory;
    wmem_register_callback(wmem_file_scope(), close_with_capture, link);
    return NULL;
}

/* A stream goes on over all packets, so that of a channel must be there from its first one. */
static const char *why_not(const struct mfd_parse *parse, const struct mfd_note *note)
{
    const struct mfd_method_info *method = mfd_method_info(note->method);
    bool stream = note->method == MFD_FLAG_ZLIB || note->method == MFD_FLAG_ZSTD;

    if (!mfd_prefs.decompress || !mfd_prefs.reassemble) {
        return "decompression is turned off";
    }
    if (!method || !method->there) {
        return "its method is not known here";
    }
    if (parse->link->undecodable || (stream && !parse->link->has_id)) {
        return "the channel's stream was not seen whole";
    }
    return NULL;
}

bool mfd_payload_admits(struct mfd_parse *parse, uint32_t method, const struct mfd_packet *packet,
                        struct mfd_findings *findings)
{
    struct mfd_finding finding = {0};
    const struct mfd_method_info *info = mfd_method_info(method);

    if (!method || !info || !info->there || !mfd_prefs.decompress || !mfd_prefs.reassemble ||
        mfd_method_admits(method, parse->link->migration->learned.config.page_size,
                          packet->normal_pages, packet->next_packet_size, &finding)) {
        return true;
    }
    if (mfd_rule_info(finding.rule)->kind == MFD_KIND_FLOW) {
        finding.offset = MFD_PACKET_NEXT_SIZE;
        finding.width = 4;
        mfd_findings_add(findings, finding);
    }
    return false;
}

void mfd_payload_decode(struct mfd_parse *parse, struct mfd_note *note, uint32_t normal_pages)
{
    struct mfd_link *link = parse->link;
    uint32_t bytes = normal_pages * note->page_size;
    struct iovec in = {0};
    struct iovec out = {0};
    struct mfd_finding finding = {0};
    bool good = false;

    if (!note->method) {
        return;
    }
    note->problem = why_not(parse, note);
    if (!note->problem && mfd_parse_captured(parse) < note->size + note->payload_all) {
        note->problem = "its payload is not here as a whole";
    }
    if (!note->problem) {
        in = (struct iovec){(uint8_t *)mfd_parse_bytes(parse) + note->size, note->payload_all};
        note->problem = open_decoder(link, note->method, note->page_size, &in);
    }
    if (note->problem) {
        link->undecodable = true;
        return;
    }
    out.iov_len = bytes;
    if (mfd_room_to_keep(bytes)) {
        out.iov_base = wmem_alloc(wmem_file_scope(), bytes);
    } else {
        note->problem = "the memory for decompressed pages is used up";
        out.iov_base = wmem_alloc(parse->pinfo->pool, bytes);
    }
    good = mfd_decoder_admits(link->decoder, normal_pages, note->payload_all, &finding) &&
           mfd_decoder_pages(link->decoder, &in, 1, &out, 1, &finding);
    if (!good) {
        mfd_payload_close(link);
        note->problem = "it breaks a rule";
        finding.offset += note->size;
        finding.width = 0;
        mfd_note_found(note, &(struct mfd_findings){&finding, 1, 1});
        return;
    }
    if (!note->problem) {
        note->pages = (uint8_t *)out.iov_base;
        note->page_bytes = bytes;
    }
}

/* The table of qpl and uadk; how many bytes it takes. */
static uint32_t show_table(tvbuff_t *tvb, proto_tree *tree, uint32_t at, uint32_t pages,
                           uint32_t here)
{
    uint32_t i = 0;

    for (; i < pages && 4 * (i + 1) <= here; i++) {
        proto_tree_add_item(tree, mfd_gen[MFD_GEN_page_length], tvb, (int)(at + 4 * i), 4,
                            ENC_BIG_ENDIAN);
    }
    return 4 * i;
}

/* Pages that stand at `at` of a tvb, in the order of the packet's offsets. */
static void show_pages(tvbuff_t *tvb, packet_info *pinfo, uint32_t at, proto_tree *tree,
                       const uint8_t *header, const struct mfd_note *note,
                       const struct mfd_packet *packet)
{
    const char *block = mfd_block_name(pinfo, packet->ramblock);
    uint32_t size = note->page_size;
    int len = tvb_captured_length_remaining(tvb, (int)at);
    uint32_t slots = mfd_slots(size);

    for (uint32_t i = 0; i < packet->normal_pages && i < slots && len > 0; i++, len -= (int)size) {
        uint32_t here = (uint32_t)len < size ? (uint32_t)len : size;
        uint64_t offset = mfd_packet_offset(header, i);
        proto_item *item = NULL;
        proto_tree *page = proto_tree_add_subtree_format(
            tree, tvb, (int)(at + i * size), (int)here, mfd_ett[MFD_ETT_PAGE], NULL,
            "Page %u: %s 0x%" PRIx64, i, block, offset);

        item = proto_tree_add_string(page, mfd_gen[MFD_GEN_page_block], tvb, 0, 0, block);
        proto_item_set_generated(item);
        item = proto_tree_add_uint64(page, mfd_gen[MFD_GEN_page_offset], tvb, 0, 0, offset);
        proto_item_set_generated(item);
        proto_tree_add_item(page, mfd_gen[MFD_GEN_page_data], tvb, (int)(at + i * size), (int)here,
                            ENC_NA);
    }
}

void mfd_payload_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                      const struct mfd_note *note)
{
    uint32_t at = note->at + note->size;
    int captured = tvb_captured_length_remaining(tvb, (int)at);
    uint32_t here =
        captured > 0 && (uint32_t)captured < note->payload ? (uint32_t)captured : note->payload;
    proto_item *item =
        proto_tree_add_uint64(tree, mfd_gen[MFD_GEN_payload_size], tvb, 0, 0, note->payload_all);
    proto_tree *pages = NULL;
    const uint8_t *header = NULL;
    struct mfd_packet packet;

    proto_item_set_generated(item);
    if (captured <= 0 || !note->payload) {
        return;
    }
    item = proto_tree_add_item(tree, mfd_gen[MFD_GEN_payload], tvb, (int)at, (int)here, ENC_NA);
    if (note->message != MFD_MSG_packet || note->size < mfd_packet_size(note->page_size)) {
        return;
    }
    header = tvb_get_ptr(tvb, (int)note->at, (int)note->size);
    packet = mfd_packet_unpack(header, note->rev);
    pages = proto_item_add_subtree(item, mfd_ett[MFD_ETT_PAGES]);
    if (note->method == MFD_FLAG_QPL || note->method == MFD_FLAG_UADK) {
        show_table(tvb, pages, at, packet.normal_pages, here);
    }
    if (note->method == 0 && note->payload == note->payload_all) {
        show_pages(tvb, pinfo, at, pages, header, note, &packet);
    } else if (note->pages) {
        tvbuff_t *decoded =
            tvb_new_child_real_data(tvb, note->pages, note->page_bytes, (int)note->page_bytes);

        add_new_data_source(pinfo, decoded, "Pages");
        show_pages(decoded, pinfo, 0, pages, header, note, &packet);
    } else if (note->problem) {
        proto_item_append_text(item, " (not decoded: %s)", note->problem);
    }
}
