// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One TCP segment as an IP packet with right lengths and checksums (RFC 791, 8200, 9293).
 */
#ifndef MFD_SEGMENT_H
#define MFD_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MFD_TCP_FIN 0x01u
#define MFD_TCP_SYN 0x02u
#define MFD_TCP_RST 0x04u
#define MFD_TCP_PSH 0x08u
#define MFD_TCP_ACK 0x10u

/* What an IP packet can be at most: its length is a 16-bit field. */
#define MFD_IP_PACKET_MAX 65535u
/* Payload that fits into one with either version of IP. */
#define MFD_TCP_PAYLOAD_MAX (MFD_IP_PACKET_MAX - 20u - 20u)

struct mfd_endpoint {
    bool ipv6;
    uint8_t address[16]; /* the first four for IPv4 */
    uint16_t port;
};

bool mfd_endpoint_same(const struct mfd_endpoint *a, const struct mfd_endpoint *b);

struct mfd_segment {
    const struct mfd_endpoint *from;
    const struct mfd_endpoint *to; /* same version of IP */
    uint32_t seq;
    uint32_t ack;
    uint8_t flags;
    uint16_t mss; /* told in a SYN; unused otherwise */
    const uint8_t *payload;
    size_t len; /* at most MFD_TCP_PAYLOAD_MAX */
};

/* Writes the packet to `out`, which has MFD_IP_PACKET_MAX bytes; its length. */
size_t mfd_segment_build(const struct mfd_segment *segment, uint8_t *out);

#endif
