// SPDX-License-Identifier: GPL-2.0-or-later
/* The receiver of mapped-ram files; mapfile_peer.h is the manual. */
#include "mapfile_peer.h"

#include "conn_main.h"
#include "crew.h"
#include "mapfile_io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORD_SIZE 8u

struct reader {
    const struct mfd_receiver_config *config;
    struct mfd_receiver_result *result;
    struct mfd_check_context check;
    int fd;
    uint64_t size; /* of the file */
    struct mfd_main main;
    bool over; /* the stream is */
    struct mfd_map_blocks blocks;
    _Atomic uint64_t pages;
    _Atomic uint64_t zero_pages;
};

static bool fail(struct reader *r, struct mfd_failure failure)
{
    if (!r->result->failure.set) {
        r->result->failure = failure;
        r->result->failure.set = true;
        strcpy(r->result->failure.connection, "main");
    }
    return false;
}

static bool fail_system(struct reader *r, int error, const char *what)
{
    return fail(r, (struct mfd_failure){.error = error, .what = what});
}

/* `at`: offset in the file of the record at fault. */
static bool fail_rule(struct reader *r, uint64_t at, struct mfd_finding finding)
{
    return fail(r, (struct mfd_failure){.is_rule = true, .finding = finding, .at = at});
}

/* The file ends although it must reach up to `end`. */
static struct mfd_finding cut(uint64_t end, uint64_t size)
{
    return (struct mfd_finding){.rule = MFD_MAP_007, .got = end, .want = size};
}

static bool cancelled(const struct reader *r)
{
    struct pollfd fd = {r->config->cancel_fd, POLLIN, 0};

    return r->config->cancel_fd >= 0 && poll(&fd, 1, 0) > 0;
}

/* ---- the stream ---- */

/* The last word of the bitmap is the one that can have bits past the block. */
static bool check_bitmap(struct reader *r, uint64_t at, const struct mfd_record *record)
{
    uint64_t size = mfd_bitmap_size(record->length, r->config->page_size);
    uint8_t word[WORD_SIZE];
    struct mfd_finding found;
    struct mfd_findings findings = {&found, 1, 0};
    ssize_t n = 0;

    if (size == 0) {
        return true;
    }
    n = mfd_read_at(r->fd, word, WORD_SIZE, record->mapped.bitmap_offset + size - WORD_SIZE);
    if (n < 0) {
        return fail_system(r, errno, "cannot read the file");
    }
    if (n < (ssize_t)WORD_SIZE) {
        return fail_rule(r, at, cut(record->mapped.bitmap_offset + size, r->size));
    }
    mfd_check_bitmap_end(&r->check, record->length, word, &findings);
    return findings.count == 0 || fail_rule(r, record->mapped.bitmap_offset, found);
}

static bool take_mapped(struct reader *r, uint64_t at, const struct mfd_record *record)
{
    mfd_guest_resize(r->config->guest, record->block, record->length);
    switch (mfd_map_blocks_add(&r->blocks, record->block, record->length, &record->mapped)) {
    case 0:
        return check_bitmap(r, at, record);
    case EEXIST:
        return fail_rule(r, at, (struct mfd_finding){.rule = MFD_MAIN_002});
    default:
        return fail_system(r, ENOMEM, "cannot list the blocks");
    }
}

/* Sections of devices have begun: whether they and what follows go up to the end of the file. */
static bool read_tail(struct reader *r, uint64_t at)
{
    struct mfd_tail tail = {0};
    size_t room = r->size - at < MFD_TAIL_MAX ? (size_t)(r->size - at) : MFD_TAIL_MAX;
    uint8_t *buf = malloc(room);
    enum mfd_tail_state state = MFD_TAIL_MORE;
    ssize_t n = 0;

    if (!buf) {
        return fail_system(r, ENOMEM, "cannot hold the state of devices");
    }
    n = mfd_read_at(r->fd, buf, room, at);
    if (n >= 0) {
        state = mfd_tail_look(&tail, buf, (size_t)n);
    }
    free(buf);
    if (n < 0) {
        return fail_system(r, errno, "cannot read the file");
    }
    r->over = state == MFD_TAIL_WHOLE;
    if (state == MFD_TAIL_MORE && room < MFD_TAIL_MAX) {
        return fail_rule(r, at, cut(r->size + 1, r->size));
    }
    return r->over || fail_rule(r, at, (struct mfd_finding){.rule = MFD_MAIN_017});
}

static bool take_record(struct reader *r, uint64_t at, const struct mfd_record *record)
{
    switch (record->message) {
    case MFD_MSG_mapped:
        return take_mapped(r, at, record);
    case MFD_MSG_end:
        r->over = true;
        return true;
    default:
        return true;
    }
}

static bool next_record(struct reader *r)
{
    struct mfd_finding list[16];
    struct mfd_findings findings = {list, sizeof(list) / sizeof(list[0]), 0};
    const struct mfd_finding *refused = NULL;
    struct mfd_record record;
    uint8_t buf[MFD_RECORD_MAX];
    uint64_t at = r->main.at;
    ssize_t n = mfd_read_at(r->fd, buf, sizeof(buf), at);
    size_t need = 0;

    if (n < 0) {
        return fail_system(r, errno, "cannot read the file");
    }
    mfd_conn_main_adopt(r->config->guest, &r->main, buf, (size_t)n);
    need = mfd_main_next(&r->main, buf, (size_t)n, &record, &findings);
    refused = mfd_findings_refused(&findings);
    if (refused) {
        return fail_rule(r, at, *refused);
    }
    if (need) {
        return fail_rule(r, at, cut(at + need, r->size));
    }
    return record.tail ? read_tail(r, at) : take_record(r, at, &record);
}

static bool read_stream(struct reader *r)
{
    while (!r->over) {
        if (cancelled(r)) {
            return fail_system(r, ECANCELED, "the migration was cancelled");
        }
        if (!next_record(r)) {
            return false;
        }
    }
    return true;
}

/* ---- pages ---- */

/* Moves pages `from` to before `to` of the block, all of which the file has, or none. */
static bool take_run(struct reader *r, const struct mfd_map_block *block, uint64_t from,
                     uint64_t to, bool there, struct mfd_failure *failure)
{
    uint32_t page_size = r->config->page_size;
    uint64_t size = (to - from) * page_size;
    uint64_t at = block->mapped.pages_offset + from * page_size;
    uint8_t *page = mfd_guest_at(r->config->guest, block->block, from * page_size, size);
    ssize_t n = 0;

    if (!there) {
        for (uint64_t i = from; i < to; i++, page += page_size) {
            mfd_clear(page, page_size);
        }
        atomic_fetch_add_explicit(&r->zero_pages, to - from, memory_order_relaxed);
        return true;
    }
    n = mfd_read_at(r->fd, page, (size_t)size, at);
    if (n < 0) {
        *failure = (struct mfd_failure){.error = errno, .what = "cannot read the file"};
        return false;
    }
    if ((uint64_t)n < size) { /* it has become shorter meanwhile */
        *failure = (struct mfd_failure){
            .is_rule = true, .finding = cut(at + size, at + (uint64_t)n), .at = at};
        return false;
    }
    atomic_fetch_add_explicit(&r->pages, to - from, memory_order_relaxed);
    return true;
}

static bool read_chunk(struct reader *r, const struct mfd_chunk *chunk, struct mfd_failure *failure)
{
    uint8_t bitmap[MFD_CHUNK_PAGES_MAX / 8];
    uint64_t from = chunk->page / 8; /* of a whole word */
    size_t size = (size_t)mfd_bitmap_size((uint64_t)chunk->pages * r->config->page_size,
                                          r->config->page_size);
    ssize_t n = mfd_read_at(r->fd, bitmap, size, chunk->block->mapped.bitmap_offset + from);
    uint32_t i = 0;

    if (n < (ssize_t)size) {
        *failure =
            n < 0 ? (struct mfd_failure){.error = errno, .what = "cannot read the file"}
                  : (struct mfd_failure){.is_rule = true, .finding = cut(r->size + 1, r->size)};
        return false;
    }
    while (i < chunk->pages) {
        uint32_t first = i;
        bool there = mfd_bitmap_get(bitmap, i);

        while (i < chunk->pages && mfd_bitmap_get(bitmap, i) == there) {
            i++;
        }
        if (!take_run(r, chunk->block, chunk->page + first, chunk->page + i, there, failure)) {
            return false;
        }
    }
    return true;
}

static void work(struct mfd_crew *crew, unsigned worker, uint64_t item)
{
    struct reader *r = crew->arg;
    struct mfd_chunk chunk = mfd_map_chunk(&r->blocks, item);
    struct mfd_failure failure = {.error = ECANCELED, .what = "the migration was cancelled"};

    if (cancelled(r) || !read_chunk(r, &chunk, &failure)) {
        mfd_crew_fail(crew, worker, failure);
    }
}

static bool read_pages(struct reader *r)
{
    struct mfd_crew crew = {
        .work = work,
        .arg = r,
        .items = r->blocks.chunks,
        .threads = r->config->channels,
        .create = r->config->create,
    };

    mfd_crew_run(&crew);
    r->result->threads_created = crew.created;
    r->result->threads_joined = crew.joined;
    r->result->failure = crew.failure;
    return !crew.failure.set;
}

/* ---- the whole ---- */

static bool open_file(struct reader *r, const struct mfd_mapfile *file)
{
    struct stat st;

    /* a pipe nobody writes must not hold the receiver up; a file does not mind the flag */
    r->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (r->fd < 0 || fstat(r->fd, &st) != 0) {
        return fail_system(r, errno, "cannot open the file");
    }
    if (!S_ISREG(st.st_mode)) {
        return fail_system(r, EINVAL, "is no regular file");
    }
    r->size = (uint64_t)st.st_size;
    mfd_main_start_file(&r->main, &r->check, r->config->machine, file->offset, r->size);
    r->main.leaves_tail = r->config->skip_devices;
    return true;
}

int mfd_mapfile_read(const struct mfd_receiver_config *config, const struct mfd_mapfile *file,
                     struct mfd_receiver_result *result)
{
    struct reader r = {.config = config, .result = result, .fd = -1};
    int error = mfd_receiver_check(config);

    *result = (struct mfd_receiver_result){0};
    if (!error && (config->method || config->device_count || config->rev < MFD_REV_2024_MID)) {
        error = EINVAL;
    }
    if (error) {
        return error;
    }
    r.blocks.page_size = config->page_size;
    r.check = (struct mfd_check_context){
        .rev = config->rev,
        .page_size = config->page_size,
        .channels = config->channels,
        .method = config->method,
        .ram = &config->guest->table,
    };
    result->completed = open_file(&r, file) && read_stream(&r) && read_pages(&r);
    result->normal_pages = atomic_load(&r.pages);
    result->zero_pages = atomic_load(&r.zero_pages);
    result->bytes = result->normal_pages * config->page_size;
    if (r.fd >= 0) {
        close(r.fd);
    }
    mfd_map_blocks_free(&r.blocks);
    return 0;
}
