// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A dissector that only knows how long messages are: what the speed of the real one is measured against. It
 * asks for the same bytes and passes over the same payload, but shows nothing but its name, and judges nothing.
 */
#include "packet.h"
#include "ws_compat.h"

#include <epan/conversation.h>
#include <epan/dissectors/packet-tcp.h>
#include <epan/proto_data.h>
#include <epan/wmem_scopes.h>

#include "multifd_plugin.h"

#define PAGE 4096u

static int proto = -1;
static dissector_handle_t handle;

struct stub {
    bool hello;
    uint32_t next; /* sequence number of the next message */
};

/* Bytes of the message at `at`, of which `size` must be there; 0: not yet. */
static uint64_t length_of(tvbuff_t *tvb, uint32_t at, uint32_t size, bool hello)
{
    struct mfd_packet packet;

    if (hello || tvb_captured_length(tvb) - at < size) {
        return hello && tvb_captured_length(tvb) - at >= size ? size : 0;
    }
    packet = mfd_packet_unpack(tvb_get_ptr(tvb, (int)at, (int)size), MFD_REV_LATEST);
    return size +
           mfd_packet_payload(&packet, packet.flags & mfd_rev_info(MFD_REV_LATEST)->methods, PAGE);
}

static int dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const struct tcpinfo *tcp = (const struct tcpinfo *)data;
    conversation_t *conv = find_or_create_conversation(pinfo);
    struct stub *stub = (struct stub *)conversation_get_proto_data(conv, proto);
    uint32_t len = tvb_captured_length(tvb);
    uint32_t at = 0;

    col_set_str(pinfo->cinfo, COL_PROTOCOL, "STUB");
    if (tree) {
        proto_tree_add_item(tree, proto, tvb, 0, (int)len, ENC_NA); /* for a filter by its name */
    }
    if (!stub) {
        stub = wmem_new0(wmem_file_scope(), struct stub);
        stub->hello = true;
        stub->next = tcp->seq;
        conversation_add_proto_data(conv, proto, stub);
    }
    at = stub->next - tcp->seq;
    while (at < len) {
        uint32_t size = stub->hello ? MFD_HELLO_SIZE : (uint32_t)mfd_packet_size(PAGE);
        uint64_t whole = length_of(tvb, at, size, stub->hello);

        if (!whole) {
            pinfo->desegment_offset = (int)at;
            pinfo->desegment_len = size - (len - at);
            break;
        }
        stub->hello = false;
        at += (uint32_t)whole;
    }
    stub->next = tcp->seq + at;
    return (int)len;
}

static ws_bool heuristic(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (tvb_captured_length(tvb) < 8 || tvb_get_ntohl(tvb, 0) != MFD_MAGIC ||
        tvb_get_ntohl(tvb, 4) != MFD_VERSION) {
        return false;
    }
    conversation_set_dissector(find_or_create_conversation(pinfo), handle);
    dissect(tvb, pinfo, tree, data);
    return true;
}

void mfd_proto_register(void)
{
    proto = proto_register_protocol("QEMU multifd migration, lengths only", "STUB", "multifd_stub");
    handle = register_dissector("multifd_stub", dissect, proto);
}

void mfd_proto_handoff(void)
{
    heur_dissector_add("tcp", heuristic, "Lengths of QEMU multifd messages", "multifd_stub_tcp",
                       proto, HEURISTIC_ENABLE);
}
