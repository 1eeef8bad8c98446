// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a captured frame to the TCP segment in it.
 *
 * Link types: Ethernet with up to four VLAN tags, Linux cooked (both versions), the loopback of BSD, and
 * bare IP. IPv4 with options, IPv6 with extension headers; a length of 0 in either, as offloading and
 * jumbograms leave it, means the whole frame. A fragment of an IP packet is told, not put together: TCP does
 * not send any.
 */
#ifndef MFD_FRAME_H
#define MFD_FRAME_H

#include "segment.h"

enum mfd_frame_kind {
    MFD_FRAME_TCP,
    MFD_FRAME_OTHER,    /* not TCP */
    MFD_FRAME_FRAGMENT, /* of an IP packet */
    MFD_FRAME_SHORT,    /* cut off by the capture within its headers */
    MFD_FRAME_DAMAGED,  /* lengths that cannot be */
};

/* Offsets count from the first byte of the frame, as Wireshark shows them. */
struct mfd_tcp_frame {
    struct mfd_endpoint from;
    struct mfd_endpoint to;
    uint32_t seq;
    uint32_t ack;
    uint8_t flags;
    size_t payload;  /* offset */
    size_t captured; /* bytes of payload in the capture */
    size_t len;      /* bytes of payload on the wire */
};

/* Whether frames of a link type, a DLT_ value of libpcap, can be read. */
bool mfd_frame_link_known(int link);

/* `captured` bytes at `bytes`, of `original` on the wire. `tcp` is set for MFD_FRAME_TCP. */
enum mfd_frame_kind mfd_frame_parse(int link, const uint8_t *bytes, size_t captured,
                                    size_t original, struct mfd_tcp_frame *tcp);

#endif
