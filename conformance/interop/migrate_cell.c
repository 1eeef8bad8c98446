// SPDX-License-Identifier: GPL-2.0-or-later
#include "migrate_cell.h"

#include "end.h"
#include "escape.h"
#include "peer.h"
#include "scratch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Guest memory: so much of it is not zero, at its beginning and its end. */
#define RAM_NONE (16ull << 20)
/* Little enough for the buffers of one TCP connection. */
#define RAM_LITTLE (2ull << 20)
#define RAM_PC (128ull << 20)
#define DENSE (8ull << 20)

/*
 * What the destination has in its memory beforehand. Something else than zeros shows a zero page that is not
 * cleared; but from 9.0 on a QEMU takes memory to be zero when a packet lists a page as zero for the first
 * time (B23).
 */
static enum mfd_ram_fill destination_fill(const struct mfd_interop_cell *cell)
{
    bool takes_it_for_zero =
        cell->to->program && cell->to->rev >= MFD_REV_9_0 && cell->zero == MFD_ZERO_PACKET;

    return takes_it_for_zero ? MFD_RAM_EMPTY : MFD_RAM_STALE;
}

/*
 * A destination that takes no SYNC reads no more on that channel. A source with little memory does not notice,
 * and completes; with more than the sockets hold both would wait for ever, and nothing would be seen of the loss.
 */
static uint64_t memory_size(const struct mfd_interop_cell *cell)
{
    const struct mfd_interop_known *known = mfd_interop_known(cell);

    if (cell->machine == MFD_INTEROP_PC) {
        return RAM_PC;
    }
    return known && known->lacks == MFD_SET_FLUSH_TO ? RAM_LITTLE : RAM_NONE;
}

static bool make_end(struct mfd_end *end, const struct mfd_interop_cell *cell, bool incoming,
                     const char *dir, double guard)
{
    enum mfd_ram_fill fill = incoming ? destination_fill(cell) : MFD_RAM_MIXED;
    const char *block = cell->machine == MFD_INTEROP_PC ? "pc.ram" : "mem0";
    int error = 0;

    *end = (struct mfd_end){.cell = cell, .incoming = incoming, .block = block, .guard = guard};
    end->ram = memory_size(cell);
    snprintf(end->dir, sizeof(end->dir), "%s/%s", dir, incoming ? "to" : "from");
    snprintf(end->ram_file, sizeof(end->ram_file), "%s/%s", end->dir, block);
    error = mkdir(end->dir, 0700) < 0 ? errno : mfd_ram_make(end->ram_file, end->ram, fill, DENSE);
    if (error) {
        snprintf(end->error, sizeof(end->error), "%s: %s", end->ram_file, strerror(error));
    }
    return !error;
}

static enum mfd_interop_outcome judge(const struct mfd_end *from, const struct mfd_end *to,
                                      const struct mfd_interop_result *result)
{
    if (from->state == MFD_END_SILENT || to->state == MFD_END_SILENT) {
        return MFD_INTEROP_HUNG;
    }
    if (from->state != MFD_END_COMPLETED) {
        return MFD_INTEROP_FAILED;
    }
    if (to->state != MFD_END_COMPLETED) {
        return MFD_INTEROP_LOST;
    }
    return result->memory.pages ? MFD_INTEROP_CORRUPTED : MFD_INTEROP_WORKS;
}

/* The ends are there: lets them migrate. False with result->detail if they cannot begin. */
static bool run(struct mfd_end *from, struct mfd_end *to, struct mfd_interop_result *result)
{
    int error = 0;

    /* the destination first, and both before anything moves */
    if (!mfd_end_start(to) || !mfd_end_start(from) || !mfd_end_begin(from, to->address)) {
        /* the reference as destination may be at work already: ended, it no longer touches what is read */
        mfd_end_stop(from);
        mfd_end_stop(to);
        result->unsupported = from->unsupported || to->unsupported;
        snprintf(result->detail, sizeof(result->detail), "%s",
                 *from->error ? from->error : to->error);
        return false;
    }
    mfd_end_wait(from);
    mfd_end_wait(to);
    /* what runs goes on changing its memory */
    mfd_end_stop(from);
    mfd_end_stop(to);
    snprintf(result->from_status, sizeof(result->from_status), "%s", from->status);
    snprintf(result->to_status, sizeof(result->to_status), "%s", to->status);
    /* what the destination has to say tells more than that the source has lost it */
    snprintf(result->detail, sizeof(result->detail), "%s", *to->error ? to->error : from->error);
    if (from->state == MFD_END_COMPLETED && to->state == MFD_END_COMPLETED) {
        error = mfd_ram_compare(from->ram_file, to->ram_file, from->ram, &result->memory);
        result->compared = !error;
    }
    if (error) {
        snprintf(result->detail, sizeof(result->detail), "comparing memory: %s", strerror(error));
        return false;
    }
    result->outcome = judge(from, to, result);
    return true;
}

void mfd_interop_migrate(const struct mfd_interop_cell *cell, double guard,
                         struct mfd_interop_result *result)
{
    struct mfd_end *ends = calloc(2, sizeof(*ends));
    double began = mfd_now();
    char dir[80];

    *result = (struct mfd_interop_result){.ran = false};
    if (!ends || !mfd_scratch_make(NULL, dir, sizeof(dir))) {
        snprintf(result->detail, sizeof(result->detail), "private folder: %s", strerror(errno));
        free(ends);
        return;
    }
    if (!make_end(&ends[0], cell, false, dir, guard) ||
        !make_end(&ends[1], cell, true, dir, guard)) {
        snprintf(result->detail, sizeof(result->detail), "%s",
                 *ends[0].error ? ends[0].error : ends[1].error);
    } else {
        result->ran = run(&ends[0], &ends[1], result);
        mfd_end_stop(&ends[0]);
        mfd_end_stop(&ends[1]);
    }
    mfd_scratch_remove(dir);
    free(ends);
    result->ms = (mfd_now() - began) * 1000;
}

json_t *mfd_interop_result_to_json(const struct mfd_interop_result *result)
{
    char *detail = mfd_escape(result->detail);
    json_t *json =
        json_pack("{s:b, s:i, s:s, s:s, s:b, s:I, s:I, s:f, s:s, s:b}", "ran", result->ran,
                  "outcome", (int)result->outcome, "from", result->from_status, "to",
                  result->to_status, "compared", result->compared, "pages",
                  (json_int_t)result->memory.pages, "first", (json_int_t)result->memory.first, "ms",
                  result->ms, "detail", detail ? detail : "", "unsupported", result->unsupported);

    free(detail);
    return json;
}

bool mfd_interop_result_from_json(const json_t *json, struct mfd_interop_result *result)
{
    const char *from = NULL;
    const char *to = NULL;
    const char *detail = NULL;
    json_int_t pages = 0;
    json_int_t first = 0;
    int ran = 0;
    int compared = 0;
    int outcome = 0;
    int unsupported = 0;

    *result = (struct mfd_interop_result){.ran = false};
    if (json_unpack((json_t *)json, "{s:b, s:i, s:s, s:s, s:b, s:I, s:I, s:f, s:s, s:b}", "ran",
                    &ran, "outcome", &outcome, "from", &from, "to", &to, "compared", &compared,
                    "pages", &pages, "first", &first, "ms", &result->ms, "detail", &detail,
                    "unsupported", &unsupported) != 0) {
        return false;
    }
    result->ran = ran;
    result->unsupported = unsupported;
    result->outcome = (enum mfd_interop_outcome)outcome;
    result->compared = compared;
    result->memory = (struct mfd_ram_difference){(uint64_t)pages, (uint64_t)first};
    snprintf(result->from_status, sizeof(result->from_status), "%s", from);
    snprintf(result->to_status, sizeof(result->to_status), "%s", to);
    snprintf(result->detail, sizeof(result->detail), "%s", detail);
    return true;
}
