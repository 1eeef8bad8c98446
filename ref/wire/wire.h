// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Constants of the multifd wire and the byte-order helpers that read it.
 *
 * Every integer on the wire is big-endian and no structure has padding. Sizes are bytes.
 * The layout of each message, field by field, is fields.def; this header holds only the numbers
 * that code needs by name.
 */
#ifndef MFD_WIRE_H
#define MFD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Channel messages. */
#define MFD_MAGIC 0x11223344u
#define MFD_VERSION 1u
#define MFD_HELLO_SIZE 64u
#define MFD_UUID_SIZE 16u
#define MFD_IDSTR_SIZE 256u

/* One packet covers at most this many bytes of guest memory, in every revision. */
#define MFD_PACKET_SPAN 524288u
#define MFD_PAGE_SIZE_MIN 256u
#define MFD_PAGE_SIZE_MAX 65536u
#define MFD_SLOTS_MAX (MFD_PACKET_SPAN / MFD_PAGE_SIZE_MIN)

/* RAM packet: fixed part, then one 8-byte offset a slot. */
#define MFD_PACKET_FIXED 320u
#define MFD_PACKET_SIZE_MAX (MFD_PACKET_FIXED + 8u * MFD_SLOTS_MAX)
/* Since 10.0 a receiver reads this much first and decides by the flags what follows. */
#define MFD_PREFIX_SIZE 12u
#define MFD_DEVICE_SIZE 276u

/* No receiver takes more compressed payload than this in one packet. */
#define MFD_COMPRESSED_MAX (2u * MFD_PACKET_SPAN)
/* Largest device-state payload that the reference accepts in one packet. */
#define MFD_DEVICE_PAYLOAD_MAX (64u << 20)

/* Packet flags. */
#define MFD_FLAG_SYNC 0x01u
#define MFD_FLAG_ZLIB 0x02u
#define MFD_FLAG_ZSTD 0x04u
#define MFD_FLAG_QPL 0x08u
#define MFD_FLAG_UADK 0x10u
#define MFD_FLAG_QATZIP 0x20u
#define MFD_FLAG_DEVICE_STATE 0x40u

/* Main channel. */
#define MFD_MAIN_MAGIC 0x5145564du /* "QEVM" */
#define MFD_MAIN_VERSION 3u
#define MFD_MAIN_HEADER_SIZE 8u
#define MFD_RAM_SECTION_VERSION 4u
#define MFD_CHANNELS_MAX 255u

enum mfd_section_type {
    MFD_SECTION_EOF = 0x00,
    MFD_SECTION_START = 0x01,
    MFD_SECTION_PART = 0x02,
    MFD_SECTION_END = 0x03,
    MFD_SECTION_FULL = 0x04,
    MFD_SECTION_SUBSECTION = 0x05,
    MFD_SECTION_VMDESC = 0x06,
    MFD_SECTION_CONFIG = 0x07,
    MFD_SECTION_COMMAND = 0x08,
    MFD_SECTION_FOOTER = 0x7e,
};

/* Flags in the low bits of a RAM record's first word; the rest of the word is an offset. */
enum mfd_ram_flag {
    MFD_RAM_ZERO = 0x002,
    MFD_RAM_MEM_SIZE = 0x004,
    MFD_RAM_PAGE = 0x008,
    MFD_RAM_EOS = 0x010,
    MFD_RAM_CONTINUE = 0x020,
    MFD_RAM_MULTIFD_FLUSH = 0x200,
};
/* Block offsets are multiples of the smallest page, so the flags own the bits below it. */
#define MFD_RAM_FLAG_MASK 0x3ffu

enum mfd_command {
    MFD_CMD_OPEN_RETURN_PATH = 1,
    MFD_CMD_PING = 2,
    MFD_CMD_SWITCHOVER_START = 11,
};

/* Return path: u16 type, u16 length, payload. */
enum mfd_return_type {
    MFD_RETURN_SHUT = 1,
    MFD_RETURN_PONG = 2,
    MFD_RETURN_REQ_PAGES_ID = 3,
    MFD_RETURN_REQ_PAGES = 4,
    MFD_RETURN_RECV_BITMAP = 5, /* the bitmap stands behind the payload */
    MFD_RETURN_RESUME_ACK = 6,
    MFD_RETURN_SWITCHOVER_ACK = 7,
};
#define MFD_RETURN_HEADER_SIZE 4u

/* A power of two within the bounds of target pages. */
static inline bool mfd_is_page_size(uint64_t size)
{
    return size >= MFD_PAGE_SIZE_MIN && size <= MFD_PAGE_SIZE_MAX && (size & (size - 1)) == 0;
}

static inline uint16_t mfd_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t mfd_get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t mfd_get64(const uint8_t *p)
{
    return (uint64_t)mfd_get32(p) << 32 | mfd_get32(p + 4);
}

static inline void mfd_put16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void mfd_put32(uint8_t *p, uint32_t v)
{
    mfd_put16(p, (uint16_t)(v >> 16));
    mfd_put16(p + 2, (uint16_t)v);
}

static inline void mfd_put64(uint8_t *p, uint64_t v)
{
    mfd_put32(p, (uint32_t)(v >> 32));
    mfd_put32(p + 4, (uint32_t)v);
}

/* Offsets that one packet can list for a target page size: 128 for 4 KiB. */
static inline uint32_t mfd_slots(uint32_t page_size)
{
    return MFD_PACKET_SPAN / page_size;
}

/* Bytes of a RAM packet's header, which does not depend on how many pages it lists. */
static inline size_t mfd_packet_size(uint32_t page_size)
{
    return MFD_PACKET_FIXED + (size_t)8 * mfd_slots(page_size);
}

#endif
