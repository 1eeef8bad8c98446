// SPDX-License-Identifier: GPL-2.0-or-later
/* Registration, preferences, the heuristic, and the ways in: TCP, TLS, a single exported message. */
#include "multifd.h"

#include "field.h"
#include "hello.h"
#include "stage2017.h"

#include <epan/dissectors/packet-tcp.h>
#include <epan/prefs.h>

#include <string.h>

int mfd_proto = -1;

struct mfd_prefs mfd_prefs = {
    .reassemble = true,
    .decompress = true,
    .memory = 128,
    .page_size = MFD_PREF_AUTO,
    .revision = MFD_PREF_AUTO,
    .sync = MFD_PREF_AUTO,
    .zero = MFD_PREF_AUTO,
    .method = MFD_PREF_AUTO,
    .uuid = "",
};

static dissector_handle_t over_tcp;
static dissector_handle_t over_tls;

/* ---- preferences ---- */

static const enum_val_t revisions[] = {
    {"auto", "as the traffic shows", MFD_PREF_AUTO},
#define REV(ident, name, ...) {name, name, MFD_REV_##ident},
#include "revs.def"
#undef REV
    {NULL, NULL, 0},
};
static const enum_val_t syncs[] = {
    {"auto", "as the traffic shows", MFD_PREF_AUTO},
    {"section", "the end of each RAM section", MFD_SYNC_SECTION},
    {"marker", "a record of its own", MFD_SYNC_MARKER},
    {NULL, NULL, 0},
};
static const enum_val_t zeros[] = {
    {"auto", "as the traffic shows", MFD_PREF_AUTO},
    {"main", "on main", MFD_ZERO_MAIN},
    {"packet", "in packets", MFD_ZERO_PACKET},
    {"none", "nowhere: they are sent as others are", MFD_ZERO_NONE},
    {NULL, NULL, 0},
};
static const enum_val_t method_names[] = {
    {"auto", "as the traffic shows", MFD_PREF_AUTO},
    {"none", "none", 0},
    {"zlib", "zlib", MFD_FLAG_ZLIB},
    {"zstd", "zstd", MFD_FLAG_ZSTD},
    {"qpl", "qpl", MFD_FLAG_QPL},
    {"uadk", "uadk", MFD_FLAG_UADK},
    {"qatzip", "qatzip", MFD_FLAG_QATZIP},
    {NULL, NULL, 0},
};
static const enum_val_t page_sizes[] = {
    {"auto", "as the traffic shows, else 4096", MFD_PREF_AUTO},
    {"256", "256", 256},
    {"512", "512", 512},
    {"1024", "1024", 1024},
    {"2048", "2048", 2048},
    {"4096", "4096", 4096},
    {"8192", "8192", 8192},
    {"16384", "16384", 16384},
    {"32768", "32768", 32768},
    {"65536", "65536", 65536},
    {NULL, NULL, 0},
};

static void register_prefs(void)
{
    module_t *module = prefs_register_protocol(mfd_proto, NULL);

    prefs_register_bool_preference(
        module, "reassemble", "Reassemble page data",
        "Show the pages of a packet with its header. Turned off, headers "
        "alone are taken apart, which is quicker.",
        &mfd_prefs.reassemble);
    prefs_register_bool_preference(module, "decompress", "Decompress page data",
                                   "Needs page data reassembled and each channel from its start.",
                                   &mfd_prefs.decompress);
    prefs_register_uint_preference(module, "memory", "Decompressed pages kept (MiB)",
                                   "Pages beyond this are checked, but not shown.", 10,
                                   &mfd_prefs.memory);
    prefs_register_enum_preference(module, "revision", "Revision of the sender",
                                   "What its bytes mean and which rules hold.", &mfd_prefs.revision,
                                   revisions, false);
    prefs_register_enum_preference(module, "sync", "Sync points", "Where main carries them.",
                                   &mfd_prefs.sync, syncs, false);
    prefs_register_enum_preference(module, "zero", "Zero pages", "Where they travel.",
                                   &mfd_prefs.zero, zeros, false);
    prefs_register_enum_preference(module, "method", "Compression",
                                   "The method that sender and receiver are set to.",
                                   &mfd_prefs.method, method_names, false);
    prefs_register_enum_preference(module, "page_size", "Page size",
                                   "Bytes of a guest page, which decide how long a header is.",
                                   &mfd_prefs.page_size, page_sizes, false);
    prefs_register_uint_preference(module, "channels", "Channels",
                                   "How many channels there are besides main; 0: not known.", 10,
                                   &mfd_prefs.channels);
    prefs_register_bool_preference(module, "no_switchover", "No switchover command",
                                   "The sender is told to leave out SWITCHOVER_START.",
                                   &mfd_prefs.no_switchover);
    prefs_register_string_preference(module, "uuid", "UUID of the VM",
                                     "Left empty, that of the first hello.", &mfd_prefs.uuid);
}

/* ---- the ways in ---- */

static int dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const uint32_t *seq)
{
    struct mfd_link *link = mfd_link_of(pinfo, true);
    struct mfd_call *call = mfd_stream_call(tvb, pinfo, seq, link);

    if (!call) {
        return 0;
    }
    if (call->first) {
        mfd_show_call(tvb, pinfo, tree, call);
    }
    if (call->want && call->want_at < tvb_reported_length(tvb)) {
        pinfo->desegment_offset = (int)call->want_at;
        pinfo->desegment_len = call->want;
    }
    return (int)tvb_captured_length(tvb);
}

static int dissect_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const struct tcpinfo *info = (const struct tcpinfo *)data;

    return dissect(tvb, pinfo, tree, info ? &info->seq : NULL);
}

static int dissect_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)data;
    return dissect(tvb, pinfo, tree, NULL);
}

/* A hello of 2017. The binary one is told only where it is known to be that. */
static bool looks_old(tvbuff_t *tvb)
{
    uint32_t len = tvb_captured_length(tvb);
    const uint8_t *buf = tvb_get_ptr(tvb, 0, (int)len);

    if (mfd_prefs.revision == MFD_REV_2017_BINARY) {
        return len == MFD_BINARY_HELLO_SIZE && mfd_binary_hello_id(buf) < MFD_CHANNELS_MAX;
    }
    return len >= MFD_TEXT_HELLO_SIZE && mfd_channel_begins_text_hello(buf, len);
}

static bool is_zero(const uint8_t *buf, uint32_t len)
{
    while (len && !buf[len - 1]) {
        len--;
    }
    return !len;
}

/*
 * A hello, as far as it is there. Where it ends shows it: with the segment, or with the magic and the version of a packet behind
 * it; then its reserved bytes may be anything. Else they must be zero.
 */
static bool looks_like_hello(const uint8_t *buf, uint32_t len)
{
    uint32_t more = len > MFD_HELLO_SIZE ? len - MFD_HELLO_SIZE : 0;
    uint32_t here = len - more;
    uint8_t next[8];

    mfd_put32(next, MFD_MAGIC);
    mfd_put32(next + 4, MFD_VERSION);
    if (memcmp(buf + here, next, more < sizeof(next) ? more : sizeof(next)) != 0) {
        return false;
    }
    return len == MFD_HELLO_SIZE || more >= sizeof(next) || here <= MFD_HELLO_RESERVED ||
           is_zero(buf + MFD_HELLO_RESERVED, here - MFD_HELLO_RESERVED);
}

/* Magic and version of main, or of a channel and behind them what can be a hello or a packet. */
static bool looks_like_it(tvbuff_t *tvb)
{
    uint32_t len = tvb_captured_length(tvb);
    const uint8_t *buf = NULL;

    if (len < 8) {
        return false;
    }
    if (looks_old(tvb)) {
        return true;
    }
    if (tvb_get_ntohl(tvb, 0) == MFD_MAIN_MAGIC) {
        return tvb_get_ntohl(tvb, 4) == MFD_MAIN_VERSION;
    }
    if (tvb_get_ntohl(tvb, 0) != MFD_MAGIC || tvb_get_ntohl(tvb, 4) != MFD_VERSION) {
        return false;
    }
    buf = tvb_get_ptr(tvb, 0, (int)len);
    return looks_like_hello(buf, len) || mfd_channel_plausible(buf, len);
}

/* Others that connect to the same receiver belong to the same migration, whatever they send. */
static void expect_more(packet_info *pinfo)
{
    conversation_t *conv = NULL;

    if (PINFO_FD_VISITED(pinfo) || pinfo->ptype != PT_TCP) {
        return;
    }
    conv = find_conversation(pinfo->num, &pinfo->dst, NULL, CONVERSATION_TCP, pinfo->destport, 0,
                             NO_ADDR_B | NO_PORT_B);
    if (!conv || conversation_get_dissector(conv, pinfo->num) != over_tcp) {
        conv = conversation_new(pinfo->num, &pinfo->dst, NULL, CONVERSATION_TCP, pinfo->destport, 0,
                                NO_ADDR2 | NO_PORT2 | CONVERSATION_TEMPLATE);
        conversation_set_dissector(conv, over_tcp);
    }
}

static ws_bool heuristic_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (!looks_like_it(tvb)) {
        return false;
    }
    conversation_set_dissector(find_or_create_conversation(pinfo), over_tcp);
    expect_more(pinfo);
    dissect_tcp(tvb, pinfo, tree, data);
    return true;
}

/* TLS asks anew with each payload, as long as nothing else claims the connection. */
static ws_bool heuristic_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (!mfd_link_of(pinfo, false) && !looks_like_it(tvb)) {
        return false;
    }
    dissect_tls(tvb, pinfo, tree, data);
    return true;
}

/* After each packet: what the end of a connection broke stands where it ended. */
static int dissect_after(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    struct mfd_call *call = mfd_link_closed(pinfo);

    (void)data;
    if (call) {
        mfd_show_call(tvb, pinfo, tree, call);
        ws_columns_changed(pinfo, tree);
    }
    return 0;
}

void mfd_proto_register(void)
{
    mfd_proto = proto_register_protocol("QEMU multifd migration", "MULTIFD", "multifd");
    mfd_fields_register();
    mfd_rules_register();
    register_prefs();
    over_tcp = register_dissector("multifd", dissect_tcp, mfd_proto);
    over_tls = register_dissector("multifd.tls", dissect_tls, mfd_proto);
    mfd_export_register();
    mfd_silent_register();
    register_postdissector(create_dissector_handle(dissect_after, mfd_proto));
    mfd_taps_register();
}

void mfd_proto_handoff(void)
{
    heur_dissector_add("tcp", heuristic_tcp, "QEMU multifd migration over TCP", "multifd_tcp",
                       mfd_proto, HEURISTIC_ENABLE);
    heur_dissector_add("tls", heuristic_tls, "QEMU multifd migration over TLS", "multifd_tls",
                       mfd_proto, HEURISTIC_ENABLE);
    dissector_add_uint_range_with_preference("tcp.port", "", over_tcp);
    dissector_add_for_decode_as("tls.port", over_tls);
    mfd_taps_handoff();
}
