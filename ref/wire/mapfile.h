// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The mapped-ram file: where pages and bitmaps stand, and the checks of both.
 *
 * The main stream is written to a file, from its first byte at `start` on. Behind the length of each block in
 * RAM START stands a header of MFD_MAPPED_SIZE bytes, then the block's bitmap, then, from a multiple of
 * 1 MiB on, its pages, each at its own place; the next record of the stream follows where the last page
 * ends. All offsets count from the beginning of the file, whatever `start` is. Channels carry nothing else: no hello, no
 * packets.
 *
 * A bit that is set says that the file holds the page; where it is clear the page is zero, and the file has
 * a hole. A bitmap is an array of 64-bit words in the byte order of the host that wrote it.
 *
 * The stream around it is mainstream.h's, which calls mfd_check_mapped(). Source: facts of real files of
 * 10.0 and 11.1.
 */
#ifndef MFD_MAPFILE_H
#define MFD_MAPFILE_H

#include "check.h"

#define MFD_MAPPED_SIZE 28u
#define MFD_MAPPED_VERSION 1u
/* Pages begin at a multiple of this. */
#define MFD_MAPPED_ALIGN ((uint64_t)1 << 20)
#define MFD_CAPABILITIES_SUBSECTION "configuration/capabilities"
#define MFD_MAPPED_CAPABILITY "mapped-ram"

/* The header of one block. Offsets are bytes from the beginning of the file. */
struct mfd_mapped {
    uint32_t version;
    uint64_t page_size;
    uint64_t bitmap_offset;
    uint64_t pages_offset;
};

/* What a header is held against, beside the context. */
struct mfd_mapped_place {
    uint64_t end;       /* offset of the byte behind the header */
    uint64_t file_size; /* bytes */
    uint64_t length;    /* used length that the stream gives the block */
};

/* `buf` has MFD_MAPPED_SIZE bytes. */
void mfd_mapped_parse(const uint8_t *buf, struct mfd_mapped *mapped);
size_t mfd_mapped_pack(uint8_t *buf, const struct mfd_mapped *mapped);
/* The header of a block of `length` bytes as a sender lays it out, where the header itself ends at `end`. */
struct mfd_mapped mfd_mapped_layout(uint64_t end, uint64_t length, uint32_t page_size);
/* Bytes of the bitmap of a block of `length` bytes: whole words of 64 bits. */
uint64_t mfd_bitmap_size(uint64_t length, uint32_t page_size);

/*
 * Appends what is wrong with a header: its version, a foreign page size, a bitmap or pages that are not
 * behind the header, in this order, apart from each other and inside the file. If a receiver refuses none of the findings,
 * every sum of the header's offsets and the block's sizes is free of overflow and inside the file.
 */
void mfd_check_mapped(const struct mfd_check_context *context, const struct mfd_mapped_place *place,
                      const uint8_t *buf, size_t len, struct mfd_findings *findings);
/*
 * Appends a finding if the bitmap's last word has a bit set that stands for no page of a block of `length` bytes. `word`
 * are its 8 bytes; the offset of the finding is that of the word in the bitmap.
 */
void mfd_check_bitmap_end(const struct mfd_check_context *context, uint64_t length,
                          const uint8_t *word, struct mfd_findings *findings);

/* Whether bit `page` is set. */
bool mfd_bitmap_get(const uint8_t *bitmap, uint64_t page);
void mfd_bitmap_set(uint8_t *bitmap, uint64_t page);

#endif
