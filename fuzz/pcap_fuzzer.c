// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A capture file, pcap or pcapng, to the reader, the reassembly of TCP and the judgement of `mfdkit check`.
 *
 * Expected beyond not crashing: every migration has a verdict on every rule, with a place that the capture has or a
 * reason; the same file read twice gives the same verdicts, word for word; memory is bounded by frames and migrations,
 * not by numbers in them. A third reading is told things that may be untrue: its verdicts are as complete.
 */
#include "capture_write.h"
#include "guard.h"
#include "verdict_json.h"
#include "verdict_text.h"

#include <stdlib.h>
#include <string.h>

/* Tables, and output of any length. */
#define MEMORY_BASE ((size_t)64 << 20)
/* An observer for the most connections and slots; at most all marks of pages. */
#define MEMORY_MIGRATION (((size_t)16 << 20) + MFD_CHECKED_MARKS)
/* A connection, what is held back of it, a piece that waits. */
#define MEMORY_FRAME ((size_t)8 << 10)

struct reading {
    bool good;
    char error[MFD_CAPTURE_ERROR_SIZE];
    char *text; /* both owned */
    char *json;
    size_t migrations;
};

/* Bytes that each frame of the capture has, from the first on. */
struct frames {
    size_t *captured;
    size_t count;
};

static FILE *open_bytes(const uint8_t *data, size_t size)
{
    FILE *in = fmemopen((void *)data, size, "rb");

    MFD_FUZZ_EXPECT(in, "no stream");
    return in;
}

static struct frames count_frames(const uint8_t *data, size_t size)
{
    char error[MFD_CAPTURE_ERROR_SIZE];
    struct mfd_capture_reader *reader = mfd_capture_open(open_bytes(data, size), error);
    struct frames frames = {malloc((size / 12 + 1) * sizeof(*frames.captured)), 0};
    struct mfd_frame frame;

    MFD_FUZZ_EXPECT(frames.captured, "memory");
    while (reader && mfd_capture_next(reader, &frame, error)) {
        MFD_FUZZ_EXPECT(frame.number == frames.count + 1 && frames.count <= size / 12,
                        "frame %llu of a file of %zu bytes", (unsigned long long)frame.number,
                        size);
        MFD_FUZZ_EXPECT(frame.captured <= size, "a frame of %zu bytes", frame.captured);
        frames.captured[frames.count++] = frame.captured;
    }
    if (reader) {
        mfd_capture_close(reader);
    }
    return frames;
}

static void expect_rule(const struct mfd_checked_rule *rule, const char *id,
                        const struct frames *frames)
{
    MFD_FUZZ_EXPECT(rule->state < MFD_CHECKED_STATES, "%s is in state %d", id, (int)rule->state);
    MFD_FUZZ_EXPECT((rule->state == MFD_CHECKED_UNDECIDED) == (rule->reason != NULL),
                    "%s is %s, its reason: %s", id, mfd_checked_state_name(rule->state),
                    rule->reason ? rule->reason : "none");
    /* one that not every release has that the sender may be stays undecided when it is broken */
    MFD_FUZZ_EXPECT(
        rule->count ? rule->state != MFD_CHECKED_HELD : rule->state != MFD_CHECKED_BROKEN,
        "%s is %s, breaches: %zu", id, mfd_checked_state_name(rule->state), rule->count);
    MFD_FUZZ_EXPECT(rule->frame <= frames->count, "%s: frame %llu of %zu", id,
                    (unsigned long long)rule->frame, frames->count);
    /* what ends too soon is at fault behind its last byte */
    MFD_FUZZ_EXPECT(!rule->frame || rule->byte <= frames->captured[rule->frame - 1],
                    "%s: byte %zu of frame %llu", id, rule->byte, (unsigned long long)rule->frame);
}

static void expect_total(const struct mfd_verdicts *verdicts, const struct frames *frames)
{
    MFD_FUZZ_EXPECT(verdicts->totals.frames == frames->count, "%llu frames of %zu",
                    (unsigned long long)verdicts->totals.frames, frames->count);
    for (size_t i = 0; i < mfd_checker_count(verdicts->checker); i++) {
        const struct mfd_checked *checked = mfd_checker_at(verdicts->checker, i);
        size_t counts[MFD_CHECKED_STATES] = {0};

        for (enum mfd_rule rule = 0; rule < MFD_RULE_COUNT; rule++) {
            expect_rule(&checked->rules[rule], mfd_rule_info(rule)->id, frames);
            counts[checked->rules[rule].state]++;
        }
        MFD_FUZZ_EXPECT(memcmp(counts, checked->counts, sizeof(counts)) == 0,
                        "migration %zu: its sums are not those of its rules", i + 1);
        MFD_FUZZ_EXPECT(mfd_checked_broken(checked, false) <= mfd_checked_broken(checked, true) &&
                            mfd_checked_broken(checked, true) <= counts[MFD_CHECKED_BROKEN],
                        "migration %zu: more is unexpected than broken", i + 1);
    }
}

/* What a person and what a machine gets to read. */
static void write_down(const struct mfd_verdicts *verdicts, struct reading *reading)
{
    size_t size = 0;
    FILE *text = open_memstream(&reading->text, &size);
    FILE *json = open_memstream(&reading->json, &size);

    MFD_FUZZ_EXPECT(text && json, "no stream");
    mfd_verdicts_text(text, "input", verdicts, true);
    MFD_FUZZ_EXPECT(mfd_verdicts_json(json, "0", "input", verdicts), "cannot write JSON");
    fclose(text);
    fclose(json);
}

static struct reading read_capture(const uint8_t *data, size_t size, const struct mfd_given *given,
                                   uint16_t port, const struct frames *frames)
{
    struct mfd_verdicts verdicts;
    struct reading reading = {0};

    mfd_fuzz_account(0);
    reading.good = mfd_verdicts_read(open_bytes(data, size), given, port, &verdicts, reading.error);
    reading.migrations = reading.good ? mfd_checker_count(verdicts.checker) : 0;
    mfd_fuzz_accounted(MEMORY_BASE + size + reading.migrations * MEMORY_MIGRATION +
                       frames->count * MEMORY_FRAME);
    if (reading.good) {
        expect_total(&verdicts, frames);
        write_down(&verdicts, &reading);
    } else {
        MFD_FUZZ_EXPECT(reading.error[0], "refused without a reason");
    }
    if (verdicts.checker) {
        mfd_verdicts_free(&verdicts);
    }
    return reading;
}

static void free_reading(struct reading *reading)
{
    free(reading->text);
    free(reading->json);
}

/* Anything that somebody might tell mfdkit check. */
static struct mfd_given told(uint64_t by)
{
    static const int64_t methods[] = {0, MFD_FLAG_ZLIB, MFD_FLAG_ZSTD, MFD_FLAG_QPL};
    struct mfd_given given = mfd_given_nothing();

    given.rev = (int)(by % MFD_REV_COUNT);
    given.method = by & 0x100 ? methods[by >> 9 & 3] : given.method;
    given.channels = by >> 12 & 7;
    given.page_size = by & 0x10000 ? (int)(MFD_PAGE_SIZE_MIN << (by >> 17 & 7)) : given.page_size;
    given.no_switchover = by & 0x100000;
    given.sync = by & 0x200000 ? MFD_SYNC_SECTION : given.sync;
    given.zero = by & 0x400000 ? MFD_ZERO_MAIN : given.zero;
    given.machine = by & 0x800000 ? "pc" : given.machine;
    return given;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mfd_given nothing = mfd_given_nothing();
    uint64_t digest = mfd_fuzz_digest(0, data, size);
    struct mfd_given given = told(digest >> 20);
    struct frames frames;
    struct reading first, second, other;

    if (!size) {
        return 0; /* a stream over nothing is none */
    }
    frames = count_frames(data, size);
    first = read_capture(data, size, &nothing, 0, &frames);
    second = read_capture(data, size, &nothing, 0, &frames);
    MFD_FUZZ_EXPECT(first.good == second.good && strcmp(first.error, second.error) == 0 &&
                        first.migrations == second.migrations,
                    "the same file gives another result");
    MFD_FUZZ_EXPECT(!first.good || (strcmp(first.text, second.text) == 0 &&
                                    strcmp(first.json, second.json) == 0),
                    "the same file gives other verdicts");
    other = read_capture(data, size, &given, MFD_CAPTURE_PORT, &frames);
    free_reading(&first);
    free_reading(&second);
    free_reading(&other);
    free(frames.captured);
    return 0;
}
