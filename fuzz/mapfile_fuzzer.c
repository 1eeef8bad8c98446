// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A mapped-ram file (image_case.h) to the reader of such files.
 *
 * Expected beyond not crashing: memory is written only inside of blocks; a file that was read gave each page what
 * stands in the file, by a reckoning of its own, and zeros to those that it has not; the same file twice gives the same result;
 * memory is bounded whatever sizes and offsets the file names; an allocation that fails is an error like others.
 */
#include "guard.h"
#include "image_case.h"
#include "mainstream.h"
#include "mapfile_io.h"
#include "mapfile_peer.h"
#include "tail.h"
#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* What lists of blocks and of a crew take, grown one by one. */
#define LISTS_MEMORY 65536u

struct outcome {
    int error;
    struct mfd_receiver_result result;
    uint64_t memory;
    bool starved; /* an allocation failed */
};

static int file_fd = -1;
static struct mfd_mapfile file;

/* The crew's threads one after the other, in this one: joining itself is refused, and nobody minds. */
static int run_at_once(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                       void *arg)
{
    (void)attr;
    start(arg);
    *thread = pthread_self();
    return 0;
}

static struct outcome read_file(struct mfd_world *world, const struct mfd_case *c)
{
    struct mfd_receiver_config config = mfd_receiver_defaults(c->rev, &world->guest);
    struct outcome outcome = {0};
    size_t tail = mfd_image_skips_devices(c) ? MFD_TAIL_MAX : 0;

    config.page_size = c->page_size;
    config.channels = c->channels;
    config.machine = c->judge_machine ? MFD_CASE_MACHINE : NULL;
    config.skip_devices = mfd_image_skips_devices(c);
    config.create = run_at_once;
    mfd_fuzz_account(c->fail);
    outcome.error = mfd_mapfile_read(&config, &file, &outcome.result);
    outcome.starved = mfd_fuzz_accounted(LISTS_MEMORY + tail);
    return outcome;
}

static void expect_sound(const struct outcome *outcome, const struct mfd_case *c)
{
    const struct mfd_receiver_result *result = &outcome->result;

    MFD_FUZZ_EXPECT(outcome->error == 0 || (outcome->error == EINVAL && c->rev < MFD_REV_2024_MID),
                    "error %d", outcome->error);
    MFD_FUZZ_EXPECT(outcome->error || result->completed != result->failure.set,
                    "completed and failed, or neither");
    MFD_FUZZ_EXPECT(!result->failure.set || result->failure.is_rule ||
                        (result->failure.error == ENOMEM && outcome->starved),
                    "%s: error %d", result->failure.what, result->failure.error);
    MFD_FUZZ_EXPECT(!result->failure.is_rule || result->failure.finding.rule < MFD_RULE_COUNT,
                    "failed by rule %d", (int)result->failure.finding.rule);
    MFD_FUZZ_EXPECT(result->threads_created == result->threads_joined, "a thread is left");
}

/* Every page of a block is as the file has it. */
static void expect_pages(const struct mfd_world *world, const struct mfd_record *record)
{
    static uint8_t want[MFD_PAGE_SIZE_MAX];
    uint32_t page_size = world->c->page_size;

    for (uint64_t page = 0; page < record->length / page_size; page++) {
        const uint8_t *have = world->guest.maps[record->block].base + page * page_size;
        uint64_t word = 0;
        ssize_t n = mfd_read_at(file_fd, &word, 8, record->mapped.bitmap_offset + page / 64 * 8);

        MFD_FUZZ_EXPECT(n == 8, "the bitmap is cut at page %llu", (unsigned long long)page);
        if (!(word >> page % 64 & 1)) {
            MFD_FUZZ_EXPECT(mfd_is_zero(have, page_size), "page %llu is not zero",
                            (unsigned long long)page);
            continue;
        }
        n = mfd_read_at(file_fd, want, page_size, record->mapped.pages_offset + page * page_size);
        MFD_FUZZ_EXPECT(n == (ssize_t)page_size && memcmp(have, want, page_size) == 0,
                        "page %llu is another", (unsigned long long)page);
    }
}

/* What was read is what the file says, block by block. */
static void expect_as_written(const struct mfd_world *world, const struct mfd_case *c)
{
    struct mfd_main stream;
    struct stat st;

    MFD_FUZZ_EXPECT(fstat(file_fd, &st) == 0, "fstat");
    mfd_main_start_file(&stream, &world->setup.check, world->setup.machine, file.offset,
                        (uint64_t)st.st_size);
    stream.leaves_tail = mfd_image_skips_devices(c);
    for (struct mfd_record record = {0}; record.message != MFD_MSG_end && !record.tail;) {
        struct mfd_finding list[16];
        struct mfd_findings findings = {list, 16, 0};
        uint8_t buf[MFD_RECORD_MAX];
        ssize_t n = mfd_read_at(file_fd, buf, sizeof(buf), stream.at);
        size_t need = n < 0 ? 1 : mfd_main_next(&stream, buf, (size_t)n, &record, &findings);

        MFD_FUZZ_EXPECT(need == 0 && !mfd_findings_refused(&findings),
                        "completed by a stream that is none");
        if (record.message == MFD_MSG_mapped) {
            expect_pages(world, &record);
        }
    }
}

static struct outcome run(const struct mfd_case *c)
{
    static struct mfd_world world;
    struct outcome outcome;

    mfd_world_open(&world, c);
    outcome = read_file(&world, c);
    expect_sound(&outcome, c);
    if (outcome.result.completed) {
        expect_as_written(&world, c);
    }
    outcome.memory = mfd_world_digest(&world);
    mfd_world_close(&world);
    return outcome;
}

static void open_file(void)
{
    if (file_fd < 0) {
        file_fd = memfd_create("image", MFD_CLOEXEC);
        MFD_FUZZ_EXPECT(file_fd >= 0, "no file");
        snprintf(file.path, sizeof(file.path), "/proc/self/fd/%d", file_fd);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mfd_case *c = mfd_case_read(data, size);
    struct outcome first, second;

    c->method = 0; /* such a file has none */
    open_file();
    mfd_image_of_case(c, file_fd);
    file.offset = mfd_image_start(c);
    first = run(c);
    second = run(c);
    MFD_FUZZ_EXPECT(
        first.error == second.error && first.result.completed == second.result.completed &&
            first.result.failure.is_rule == second.result.failure.is_rule &&
            first.result.failure.finding.rule == second.result.failure.finding.rule &&
            first.result.failure.finding.got == second.result.failure.finding.got &&
            first.result.failure.at == second.result.failure.at &&
            first.result.normal_pages == second.result.normal_pages &&
            first.result.zero_pages == second.result.zero_pages && first.memory == second.memory,
        "the same file gives another result");
    mfd_case_free(c);
    return 0;
}
