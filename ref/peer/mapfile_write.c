// SPDX-License-Identifier: GPL-2.0-or-later
/* The sender of mapped-ram files; mapfile_peer.h is the manual. */
#include "mapfile_peer.h"

#include "crew.h"
#include "mainstream.h"
#include "mapfile_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define RAM_SECTION 1u

struct writer {
    const struct mfd_sender_config *config;
    struct mfd_sender_result *result;
    int fd;
    uint64_t at; /* where the next record of the stream goes */
    struct mfd_map_blocks blocks;
    uint8_t **bitmaps; /* by block of the list; owned */
    _Atomic uint64_t pages;
    _Atomic uint64_t bytes;
};

static bool fail(struct writer *w, int error, const char *what)
{
    if (!w->result->failure.set) {
        w->result->failure =
            (struct mfd_failure){.set = true, .error = error, .what = what, .connection = "main"};
    }
    return false;
}

static bool put(struct writer *w, const uint8_t *bytes, size_t size, uint64_t at)
{
    int error = mfd_write_at(w->fd, bytes, size, at);

    atomic_fetch_add_explicit(&w->bytes, size, memory_order_relaxed);
    return error ? fail(w, error, "cannot write the file") : true;
}

/* The next bytes of the stream. */
static bool put_next(struct writer *w, const uint8_t *bytes, size_t size)
{
    w->at += size;
    return put(w, bytes, size, w->at - size);
}

/* The block's place in the list and in the file; its pages and its bitmap are written later. */
static bool put_block(struct writer *w, int index)
{
    const struct mfd_ramblock *block = &w->config->guest->table.blocks[index];
    uint8_t buf[MFD_RECORD_MAX];
    size_t n = mfd_pack_block(buf, block->name, block->used_length);
    struct mfd_mapped mapped =
        mfd_mapped_layout(w->at + n + MFD_MAPPED_SIZE, block->used_length, w->config->page_size);

    n += mfd_mapped_pack(buf + n, &mapped);
    if (!put_next(w, buf, n)) {
        return false;
    }
    w->at = mapped.pages_offset + block->used_length;
    return mfd_map_blocks_add(&w->blocks, index, block->used_length, &mapped) == 0 ||
           fail(w, ENOMEM, "cannot list the blocks");
}

static size_t pack_section_end(uint8_t *buf)
{
    size_t n = mfd_pack_eos(buf);

    return n + mfd_pack_footer(buf + n, RAM_SECTION);
}

static bool put_start(struct writer *w)
{
    const struct mfd_ramtable *table = &w->config->guest->table;
    uint8_t buf[2 * MFD_RECORD_MAX];
    uint64_t total = 0;
    size_t n = mfd_pack_header(buf);

    n += mfd_pack_config(buf + n, w->config->machine);
    n += mfd_pack_capabilities(buf + n);
    n += mfd_pack_section(buf + n, MFD_SECTION_START, RAM_SECTION, "ram", 0,
                          MFD_RAM_SECTION_VERSION);
    for (size_t i = 0; i < table->count; i++) {
        total += table->blocks[i].used_length;
    }
    n += mfd_pack_memsize(buf + n, total);
    if (!put_next(w, buf, n)) {
        return false;
    }
    for (size_t i = 0; i < table->count; i++) {
        if (!put_block(w, (int)i)) {
            return false;
        }
    }
    return put_next(w, buf, pack_section_end(buf));
}

static bool put_end(struct writer *w)
{
    uint8_t buf[MFD_RECORD_MAX];
    size_t n = 0;

    if (w->config->switchover) {
        n += mfd_pack_command(buf + n, MFD_CMD_SWITCHOVER_START, NULL, 0);
    }
    n += mfd_pack_part(buf + n, MFD_SECTION_END, RAM_SECTION);
    n += pack_section_end(buf + n);
    n += mfd_pack_end(buf + n);
    n += mfd_pack_vmdesc(buf + n, "{}");
    return put_next(w, buf, n);
}

/* ---- pages ---- */

static bool stored(const struct writer *w, const uint8_t *page)
{
    return w->config->zero == MFD_ZERO_NONE || !mfd_is_zero(page, w->config->page_size);
}

/* Writes the runs of pages that are stored, and sets their bits: words of other chunks are not touched. */
static void write_chunk(struct mfd_crew *crew, unsigned worker, uint64_t item)
{
    struct writer *w = crew->arg;
    struct mfd_chunk chunk = mfd_map_chunk(&w->blocks, item);
    uint64_t page_size = w->config->page_size;
    const uint8_t *base = w->config->guest->maps[chunk.block->block].base;
    uint64_t end = chunk.page + chunk.pages;
    uint64_t page = chunk.page;

    while (page < end) {
        uint64_t first = page;
        int error = 0;

        while (page < end && stored(w, base + page * page_size)) {
            mfd_bitmap_set(w->bitmaps[chunk.index], page++);
        }
        error = mfd_write_at(w->fd, base + first * page_size, (size_t)((page - first) * page_size),
                             chunk.block->mapped.pages_offset + first * page_size);
        if (error) {
            mfd_crew_fail(crew, worker,
                          (struct mfd_failure){.error = error, .what = "cannot write the file"});
            return;
        }
        atomic_fetch_add_explicit(&w->pages, page - first, memory_order_relaxed);
        page++; /* it is zero, or behind the end */
    }
}

static bool put_pages(struct writer *w)
{
    struct mfd_crew crew = {
        .work = write_chunk,
        .arg = w,
        .items = w->blocks.chunks,
        .threads = w->config->channels,
        .create = w->config->create,
    };

    mfd_crew_run(&crew);
    w->result->threads_created = crew.created;
    w->result->threads_joined = crew.joined;
    w->result->failure = crew.failure;
    return !crew.failure.set;
}

static bool put_bitmaps(struct writer *w)
{
    for (size_t i = 0; i < w->blocks.count; i++) {
        const struct mfd_map_block *block = &w->blocks.list[i];
        uint64_t length = block->pages * w->config->page_size;

        if (!put(w, w->bitmaps[i], (size_t)mfd_bitmap_size(length, w->config->page_size),
                 block->mapped.bitmap_offset)) {
            return false;
        }
    }
    return true;
}

/* ---- the whole ---- */

static bool open_file(struct writer *w, const struct mfd_mapfile *file)
{
    struct stat st;

    /* a pipe nobody reads must not hold the sender up; a file does not mind the flag */
    w->fd = open(file->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    if (w->fd < 0 || fstat(w->fd, &st) != 0) {
        return fail(w, errno, "cannot open the file");
    }
    if (!S_ISREG(st.st_mode)) {
        return fail(w, EINVAL, "is no regular file");
    }
    return ftruncate(w->fd, (off_t)file->offset) == 0 || fail(w, errno, "cannot cut the file");
}

static int allocate(struct writer *w)
{
    const struct mfd_ramtable *table = &w->config->guest->table;
    int error = 0;

    w->blocks.page_size = w->config->page_size;
    w->bitmaps = calloc(table->count ? table->count : 1, sizeof(*w->bitmaps));
    for (size_t i = 0; w->bitmaps && i < table->count; i++) {
        /* one byte more, so that a block without a page has one to point to as well */
        w->bitmaps[i] = calloc(
            1, (size_t)mfd_bitmap_size(table->blocks[i].used_length, w->config->page_size) + 1);
        error = w->bitmaps[i] ? error : ENOMEM;
    }
    return w->bitmaps ? error : ENOMEM;
}

static void release(struct writer *w)
{
    for (size_t i = 0; w->bitmaps && i < w->config->guest->table.count; i++) {
        free(w->bitmaps[i]);
    }
    free(w->bitmaps);
    mfd_map_blocks_free(&w->blocks);
}

static void count_pages(struct writer *w)
{
    uint64_t pages = 0;

    for (size_t i = 0; i < w->blocks.count; i++) {
        pages += w->blocks.list[i].pages;
    }
    w->result->normal_pages = atomic_load(&w->pages);
    w->result->zero_pages = pages - w->result->normal_pages;
    w->result->bytes = atomic_load(&w->bytes) + w->result->normal_pages * w->config->page_size;
    w->result->completed = !w->result->failure.set;
}

int mfd_mapfile_write(const struct mfd_sender_config *config, const struct mfd_mapfile *file,
                      struct mfd_sender_result *result)
{
    struct writer w = {.config = config, .result = result, .fd = -1, .at = file->offset};
    int error = mfd_sender_check(config);

    *result = (struct mfd_sender_result){0};
    if (!error && (config->method || config->device_count || config->rev < MFD_REV_2024_MID)) {
        error = EINVAL;
    }
    if (error) {
        return error;
    }
    error = allocate(&w);
    if (!error) {
        (void)(open_file(&w, file) && put_start(&w) && put_pages(&w) && put_bitmaps(&w) &&
               put_end(&w));
        if (w.fd >= 0 && close(w.fd) != 0) {
            fail(&w, errno, "cannot write the file");
        }
        count_pages(&w);
    }
    release(&w);
    return error;
}
