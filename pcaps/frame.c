// SPDX-License-Identifier: GPL-2.0-or-later
#include "frame.h"

#include "wire.h"

#include <pcap/dlt.h>
#include <string.h>

#define ETHERTYPE_IPV4 0x0800u
#define ETHERTYPE_IPV6 0x86ddu
#define VLAN_TAGS_MAX 4
#define EXTENSIONS_MAX 8
#define PROTOCOL_TCP 6u
#define IPV4_HEADER 20u
#define IPV6_HEADER 40u
#define TCP_HEADER 20u

/* A walk through the headers of a frame. */
struct walk {
    const uint8_t *bytes;
    size_t captured;
    size_t at; /* offset of the next header */
    size_t
        end; /* offset behind the packet, as its own lengths say; may be beyond what was captured */
};

static bool has(const struct walk *walk, size_t len)
{
    return walk->captured >= walk->at && walk->captured - walk->at >= len;
}

bool mfd_frame_link_known(int link)
{
    switch (link) {
    case DLT_EN10MB:
    case DLT_LINUX_SLL:
    case DLT_LINUX_SLL2:
    case DLT_NULL:
    case DLT_LOOP:
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
        return true;
    default:
        return false;
    }
}

static bool is_vlan(unsigned type)
{
    return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

static enum mfd_frame_kind by_type(unsigned type)
{
    return type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6 ? MFD_FRAME_TCP : MFD_FRAME_OTHER;
}

/* A header of `len` bytes with the type of what follows at `type_at`. */
static enum mfd_frame_kind pass_typed(struct walk *walk, size_t len, size_t type_at)
{
    unsigned type = 0;

    if (!has(walk, len)) {
        return MFD_FRAME_SHORT;
    }
    type = mfd_get16(walk->bytes + type_at);
    walk->at = len;
    for (int tags = 0; is_vlan(type) && tags < VLAN_TAGS_MAX; tags++) {
        if (!has(walk, 4)) {
            return MFD_FRAME_SHORT;
        }
        type = mfd_get16(walk->bytes + walk->at + 2);
        walk->at += 4;
    }
    return by_type(type);
}

/* MFD_FRAME_TCP while it may be. */
static enum mfd_frame_kind pass_link(struct walk *walk, int link)
{
    switch (link) {
    case DLT_EN10MB:
        return pass_typed(walk, 14, 12);
    case DLT_LINUX_SLL:
        return pass_typed(walk, 16, 14);
    case DLT_LINUX_SLL2:
        return pass_typed(walk, 20, 0);
    case DLT_NULL:
    case DLT_LOOP:
        walk->at =
            4; /* an address family by a number of its system's; IP tells its version itself */
        return MFD_FRAME_TCP;
    default:
        return MFD_FRAME_TCP;
    }
}

/* Takes the packet's own length, counted from walk->at on; false if the frame is shorter. */
static bool set_end(struct walk *walk, size_t len)
{
    if (len && len <= walk->end - walk->at) {
        walk->end = walk->at + len;
        return true;
    }
    return len == 0;
}

static enum mfd_frame_kind pass_ipv4(struct walk *walk, struct mfd_tcp_frame *tcp)
{
    const uint8_t *ip = NULL;
    size_t header = 0;

    if (!has(walk, IPV4_HEADER)) {
        return MFD_FRAME_SHORT;
    }
    ip = walk->bytes + walk->at;
    header = (size_t)(ip[0] & 0xf) * 4;
    if (header < IPV4_HEADER || !set_end(walk, mfd_get16(ip + 2)) ||
        walk->end - walk->at < header) {
        return MFD_FRAME_DAMAGED;
    }
    if (ip[9] != PROTOCOL_TCP) {
        return MFD_FRAME_OTHER;
    }
    if (mfd_get16(ip + 6) & 0x3fff) { /* more fragments, or an offset */
        return MFD_FRAME_FRAGMENT;
    }
    memcpy(tcp->from.address, ip + 12, 4);
    memcpy(tcp->to.address, ip + 16, 4);
    walk->at += header;
    return MFD_FRAME_TCP;
}

/* Passes the extension headers of IPv6. */
static enum mfd_frame_kind pass_extensions(struct walk *walk, unsigned next)
{
    for (int i = 0; i < EXTENSIONS_MAX; i++) {
        const uint8_t *header = NULL;
        size_t len = 0;

        if (next == PROTOCOL_TCP) {
            return MFD_FRAME_TCP;
        }
        if (next != 0 && next != 43 && next != 44 && next != 51 && next != 60) {
            return MFD_FRAME_OTHER;
        }
        if (!has(walk, 8)) {
            return MFD_FRAME_SHORT;
        }
        header = walk->bytes + walk->at;
        if (next == 44 && mfd_get16(header + 2) & 0xfff9) {
            return MFD_FRAME_FRAGMENT;
        }
        len = next == 44 ? 8 : next == 51 ? (header[1] + 2u) * 4 : (header[1] + 1u) * 8;
        if (len > walk->end - walk->at) {
            return MFD_FRAME_DAMAGED;
        }
        next = header[0];
        walk->at += len;
    }
    return next == PROTOCOL_TCP ? MFD_FRAME_TCP : MFD_FRAME_OTHER;
}

static enum mfd_frame_kind pass_ipv6(struct walk *walk, struct mfd_tcp_frame *tcp)
{
    const uint8_t *ip = NULL;
    size_t len = 0;

    if (!has(walk, IPV6_HEADER)) {
        return MFD_FRAME_SHORT;
    }
    ip = walk->bytes + walk->at;
    len = mfd_get16(ip + 4);
    if (!set_end(walk, len ? IPV6_HEADER + len : 0) || walk->end - walk->at < IPV6_HEADER) {
        return MFD_FRAME_DAMAGED;
    }
    memcpy(tcp->from.address, ip + 8, 16);
    memcpy(tcp->to.address, ip + 24, 16);
    walk->at += IPV6_HEADER;
    return pass_extensions(walk, ip[6]);
}

static enum mfd_frame_kind pass_ip(struct walk *walk, struct mfd_tcp_frame *tcp)
{
    unsigned version = 0;

    if (!has(walk, 1)) {
        return MFD_FRAME_SHORT;
    }
    version = walk->bytes[walk->at] >> 4;
    tcp->from.ipv6 = version == 6;
    tcp->to.ipv6 = version == 6;
    if (version == 4) {
        return pass_ipv4(walk, tcp);
    }
    return version == 6 ? pass_ipv6(walk, tcp) : MFD_FRAME_OTHER;
}

static enum mfd_frame_kind take_tcp(const struct walk *walk, struct mfd_tcp_frame *tcp)
{
    const uint8_t *header = NULL;
    size_t len = walk->end - walk->at;
    size_t header_len = 0;

    if (!has(walk, TCP_HEADER)) {
        return len < TCP_HEADER ? MFD_FRAME_DAMAGED : MFD_FRAME_SHORT;
    }
    header = walk->bytes + walk->at;
    header_len = (size_t)(header[12] >> 4) * 4;
    if (header_len < TCP_HEADER || header_len > len) {
        return MFD_FRAME_DAMAGED;
    }
    tcp->from.port = mfd_get16(header);
    tcp->to.port = mfd_get16(header + 2);
    tcp->seq = mfd_get32(header + 4);
    tcp->ack = mfd_get32(header + 8);
    tcp->flags = header[13];
    tcp->payload = walk->at + header_len;
    tcp->len = len - header_len;
    tcp->captured = 0;
    if (walk->captured > tcp->payload) {
        size_t there = walk->captured - tcp->payload;

        tcp->captured = there < tcp->len ? there : tcp->len;
    }
    return MFD_FRAME_TCP;
}

enum mfd_frame_kind mfd_frame_parse(int link, const uint8_t *bytes, size_t captured,
                                    size_t original, struct mfd_tcp_frame *tcp)
{
    struct walk walk = {bytes, captured, 0, original > captured ? original : captured};
    enum mfd_frame_kind kind = pass_link(&walk, link);

    *tcp = (struct mfd_tcp_frame){0};
    if (kind == MFD_FRAME_TCP) {
        kind = pass_ip(&walk, tcp);
    }
    return kind == MFD_FRAME_TCP ? take_tcp(&walk, tcp) : kind;
}
