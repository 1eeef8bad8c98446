// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RAM packet headers and device-state headers: pack, unpack, and what follows them.
 */
#ifndef MFD_PACKET_H
#define MFD_PACKET_H

#include "rev.h"
#include "wire.h"

#include <stdbool.h>

/* Where the fields lie; a unit test holds these to fields.def. */
enum {
    MFD_PACKET_MAGIC = 0,
    MFD_PACKET_VERSION = 4,
    MFD_PACKET_FLAGS = 8,
    MFD_PACKET_PAGES_ALLOC = 12,
    MFD_PACKET_NORMAL_PAGES = 16,
    MFD_PACKET_NEXT_SIZE = 20,
    MFD_PACKET_NUM = 24,
    MFD_PACKET_ZERO_PAGES = 32,
    MFD_PACKET_RESERVED = 36,
    MFD_PACKET_RAMBLOCK = 64,
};
enum { MFD_DEVICE_IDSTR = 12, MFD_DEVICE_INSTANCE = 268, MFD_DEVICE_NEXT_SIZE = 272 };

struct mfd_packet {
    uint32_t magic;
    uint32_t version;
    uint32_t flags;
    uint32_t pages_alloc;
    uint32_t normal_pages;
    uint32_t next_packet_size;
    uint64_t packet_num;
    uint32_t zero_pages;           /* 0 before 9.0, where the bytes are reserved */
    char ramblock[MFD_IDSTR_SIZE]; /* as on the wire: a NUL is not guaranteed */
};

struct mfd_device {
    uint32_t magic;
    uint32_t version;
    uint32_t flags;
    char idstr[MFD_IDSTR_SIZE]; /* as on the wire */
    uint32_t instance_id;
    uint32_t next_packet_size;
};

/*
 * Writes mfd_packet_size(page_size) bytes at `buf`. `offsets` has normal_pages + zero_pages
 * entries, normal pages first, and that sum is at most the slots of the page size: the caller's
 * duty. Unlisted offsets and reserved bytes become zero. Before 9.0 zero_pages must be 0.
 */
void mfd_packet_pack(uint8_t *buf, uint32_t page_size, const struct mfd_packet *packet,
                     const uint64_t *offsets);

/* Reads MFD_PACKET_FIXED bytes, judging nothing: see check.h. */
struct mfd_packet mfd_packet_unpack(const uint8_t *buf, enum mfd_rev rev);

/* Offset in slot `i`; the caller keeps `i` below the slots of the page size. */
static inline uint64_t mfd_packet_offset(const uint8_t *buf, uint32_t i)
{
    return mfd_get64(buf + MFD_PACKET_FIXED + (size_t)8 * i);
}

/*
 * Bytes of payload behind a packet: the normal pages themselves with method none, next_packet_size
 * otherwise, nothing without normal pages (releases before 9.0 leave a stale size there). `method`
 * is the configured flag bit, 0 for none.
 */
uint64_t mfd_packet_payload(const struct mfd_packet *packet, uint32_t method, uint32_t page_size);

/* Writes MFD_DEVICE_SIZE bytes. */
void mfd_device_pack(uint8_t *buf, const struct mfd_device *device);
struct mfd_device mfd_device_unpack(const uint8_t *buf);

/* Whether the 12-byte prefix at `buf` opens a device-state packet in that revision. */
bool mfd_prefix_is_device(const uint8_t *buf, enum mfd_rev rev);

#endif
