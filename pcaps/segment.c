// SPDX-License-Identifier: GPL-2.0-or-later
#include "segment.h"

#include "wire.h"

#include <string.h>

#define IPV4_HEADER 20u
#define IPV6_HEADER 40u
#define TCP_HEADER 20u
#define SYN_OPTIONS 8u
#define PROTOCOL_TCP 6u
/* Both sides announce 65535 << 7, so that no run of segments fills the window. */
#define WINDOW 65535u
#define WINDOW_SCALE 7u

bool mfd_endpoint_same(const struct mfd_endpoint *a, const struct mfd_endpoint *b)
{
    return a->port == b->port && a->ipv6 == b->ipv6 &&
           memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

static uint32_t sum16(uint32_t sum, const uint8_t *bytes, size_t len)
{
    for (; len > 1; bytes += 2, len -= 2) {
        sum += mfd_get16(bytes);
        sum = (sum & 0xffffu) + (sum >> 16);
    }
    return len ? sum + ((uint32_t)*bytes << 8) : sum;
}

static uint16_t checksum(uint32_t sum)
{
    while (sum >> 16) {
        sum = (sum & 0xffffu) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

static uint32_t pseudo_header(const struct mfd_segment *segment, size_t tcp_len)
{
    size_t address = segment->from->ipv6 ? 16 : 4;
    uint32_t sum = PROTOCOL_TCP + (uint32_t)tcp_len;

    sum = sum16(sum, segment->from->address, address);
    return sum16(sum, segment->to->address, address);
}

static size_t put_ipv4(const struct mfd_segment *segment, size_t tcp_len, uint8_t *out)
{
    memset(out, 0, IPV4_HEADER);
    out[0] = 0x45;
    mfd_put16(out + 2, (uint16_t)(IPV4_HEADER + tcp_len));
    out[6] = 0x40; /* do not fragment */
    out[8] = 64;   /* hops */
    out[9] = PROTOCOL_TCP;
    memcpy(out + 12, segment->from->address, 4);
    memcpy(out + 16, segment->to->address, 4);
    mfd_put16(out + 10, checksum(sum16(0, out, IPV4_HEADER)));
    return IPV4_HEADER;
}

static size_t put_ipv6(const struct mfd_segment *segment, size_t tcp_len, uint8_t *out)
{
    memset(out, 0, IPV6_HEADER);
    out[0] = 0x60;
    mfd_put16(out + 4, (uint16_t)tcp_len);
    out[6] = PROTOCOL_TCP;
    out[7] = 64;
    memcpy(out + 8, segment->from->address, 16);
    memcpy(out + 24, segment->to->address, 16);
    return IPV6_HEADER;
}

/* Maximum segment size and window scale. */
static void put_syn_options(const struct mfd_segment *segment, uint8_t *out)
{
    const uint8_t fixed[SYN_OPTIONS] = {2, 4, 0, 0, 1, 3, 3, WINDOW_SCALE};

    memcpy(out, fixed, sizeof(fixed));
    mfd_put16(out + 2, segment->mss);
}

size_t mfd_segment_build(const struct mfd_segment *segment, uint8_t *out)
{
    size_t header = TCP_HEADER + (segment->flags & MFD_TCP_SYN ? SYN_OPTIONS : 0);
    size_t tcp_len = header + segment->len;
    size_t ip =
        segment->from->ipv6 ? put_ipv6(segment, tcp_len, out) : put_ipv4(segment, tcp_len, out);
    uint8_t *tcp = out + ip;

    memset(tcp, 0, TCP_HEADER);
    mfd_put16(tcp, segment->from->port);
    mfd_put16(tcp + 2, segment->to->port);
    mfd_put32(tcp + 4, segment->seq);
    mfd_put32(tcp + 8, segment->flags & MFD_TCP_ACK ? segment->ack : 0);
    tcp[12] = (uint8_t)(header / 4 << 4);
    tcp[13] = segment->flags;
    mfd_put16(tcp + 14, WINDOW);
    if (segment->flags & MFD_TCP_SYN) {
        put_syn_options(segment, tcp + TCP_HEADER);
    }
    if (segment->len) {
        memcpy(tcp + header, segment->payload, segment->len);
    }
    mfd_put16(tcp + 16, checksum(sum16(pseudo_header(segment, tcp_len), tcp, tcp_len)));
    return ip + tcp_len;
}
