// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What writing and reading a mapped-ram file share: blocks cut into chunks for a crew, and whole reads and
 * writes at an offset.
 */
#ifndef MFD_MAPFILE_IO_H
#define MFD_MAPFILE_IO_H

#include "guest.h"
#include "mapfile.h"

#include <sys/types.h>

/* Pages of one chunk: at least 1 MiB, and whole words of the bitmap. */
#define MFD_CHUNK_BYTES (1u << 20)
#define MFD_CHUNK_PAGES_MAX (MFD_CHUNK_BYTES / MFD_PAGE_SIZE_MIN)

struct mfd_map_block {
    int block; /* of the guest */
    struct mfd_mapped mapped;
    uint64_t pages;
    uint64_t first; /* number of its first chunk */
    uint64_t chunks;
};

/* Blocks in the order of the file; `first` of each follows from the one before. */
struct mfd_map_blocks {
    struct mfd_map_block *list; /* owned */
    size_t count;
    uint64_t chunks;
    uint32_t page_size;
};

/* To begin with all but `page_size` is zero. */
void mfd_map_blocks_free(struct mfd_map_blocks *blocks);
/* 0, EEXIST if the block is there already, or ENOMEM. */
int mfd_map_blocks_add(struct mfd_map_blocks *blocks, int block, uint64_t length,
                       const struct mfd_mapped *mapped);

struct mfd_chunk {
    const struct mfd_map_block *block;
    size_t index;   /* of the block in the list */
    uint64_t page;  /* the first */
    uint32_t pages; /* at least 1, at most MFD_CHUNK_PAGES_MAX */
};

/* `number` is below blocks->chunks. */
struct mfd_chunk mfd_map_chunk(const struct mfd_map_blocks *blocks, uint64_t number);

/* Reads up to `size` bytes, fewer only at the end of the file; -1 with errno. */
ssize_t mfd_read_at(int fd, void *buf, size_t size, uint64_t offset);
/* Writes all of them; 0 or an errno. */
int mfd_write_at(int fd, const void *buf, size_t size, uint64_t offset);

#endif
