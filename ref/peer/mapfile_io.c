// SPDX-License-Identifier: GPL-2.0-or-later
#include "mapfile_io.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define WORD_BITS 64u

void mfd_map_blocks_free(struct mfd_map_blocks *blocks)
{
    free(blocks->list);
    blocks->list = NULL;
}

static uint64_t chunk_pages(const struct mfd_map_blocks *blocks)
{
    uint64_t pages = MFD_CHUNK_BYTES / blocks->page_size;

    return pages < WORD_BITS ? WORD_BITS : pages;
}

int mfd_map_blocks_add(struct mfd_map_blocks *blocks, int block, uint64_t length,
                       const struct mfd_mapped *mapped)
{
    size_t size = (blocks->count + 1) * sizeof(*blocks->list);
    struct mfd_map_block *grown = NULL;
    struct mfd_map_block *to = NULL;
    uint64_t pages = length / blocks->page_size;

    for (size_t i = 0; i < blocks->count; i++) {
        if (blocks->list[i].block == block) {
            return EEXIST;
        }
    }
    grown = realloc(blocks->list, size);
    if (!grown) {
        return ENOMEM;
    }
    blocks->list = grown;
    to = &grown[blocks->count];
    *to = (struct mfd_map_block){.block = block,
                                 .mapped = *mapped,
                                 .pages = pages,
                                 .first = blocks->chunks,
                                 .chunks = (pages + chunk_pages(blocks) - 1) / chunk_pages(blocks)};
    blocks->chunks += to->chunks;
    blocks->count++;
    return 0;
}

struct mfd_chunk mfd_map_chunk(const struct mfd_map_blocks *blocks, uint64_t number)
{
    struct mfd_chunk chunk = {.index = 0};
    const struct mfd_map_block *block = NULL;
    uint64_t left = 0;

    while (number - blocks->list[chunk.index].first >= blocks->list[chunk.index].chunks) {
        chunk.index++;
    }
    block = &blocks->list[chunk.index];
    chunk.block = block;
    chunk.page = (number - block->first) * chunk_pages(blocks);
    left = block->pages - chunk.page;
    chunk.pages = (uint32_t)(left < chunk_pages(blocks) ? left : chunk_pages(blocks));
    return chunk;
}

ssize_t mfd_read_at(int fd, void *buf, size_t size, uint64_t offset)
{
    size_t done = 0;

    while (done < size) {
        ssize_t n = pread(fd, (uint8_t *)buf + done, size - done, (off_t)(offset + done));

        if (n < 0 && errno != EINTR) {
            return -1;
        }
        if (n == 0) {
            break;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return (ssize_t)done;
}

int mfd_write_at(int fd, const void *buf, size_t size, uint64_t offset)
{
    size_t done = 0;

    while (done < size) {
        ssize_t n = pwrite(fd, (const uint8_t *)buf + done, size - done, (off_t)(offset + done));

        if (n < 0 && errno != EINTR) {
            return errno;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}
