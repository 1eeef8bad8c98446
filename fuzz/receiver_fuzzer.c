// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The whole receiver over all events of the case: any order, cut anywhere, closed anywhere.
 *
 * Expected beyond not crashing: once every connection is closed the session has ended, so that nothing can
 * be stuck; what completed had main and all channels; the same events give the same result; memory is written
 * only inside of blocks; no more is allocated than the configuration asks for, and where an allocation fails
 * that is an error like others.
 */
#include "drive.h"
#include "guard.h"
#include "world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS 256u

struct outcome {
    int error;
    struct mfd_drive_result result;
    uint64_t memory;
    bool starved; /* an allocation failed */
};

static struct outcome run(const struct mfd_case *c, const struct mfd_event *events, size_t count,
                          unsigned connections)
{
    static struct mfd_world world;
    struct outcome outcome = {0};
    size_t limit =
        connections * (mfd_world_conn_memory(c) + sizeof(struct mfd_conn) + 1024) + (1u << 20);

    mfd_world_open(&world, c);
    mfd_fuzz_account(c->fail);
    outcome.error = mfd_drive(&world.setup, c->channels, events, count, &outcome.result);
    outcome.starved = mfd_fuzz_accounted(limit);
    outcome.memory = mfd_world_digest(&world);
    mfd_world_close(&world);
    return outcome;
}

static void expect_sound(const struct outcome *outcome)
{
    const struct mfd_drive_result *result = &outcome->result;

    MFD_FUZZ_EXPECT(outcome->error == 0 || (outcome->error == ENOMEM && outcome->starved),
                    "error %d", outcome->error);
    MFD_FUZZ_EXPECT(!(result->completed && result->failure.set), "completed and failed");
    MFD_FUZZ_EXPECT(!result->failure.set || !result->failure.is_rule ||
                        result->failure.finding.rule < MFD_RULE_COUNT,
                    "failed by rule %d", (int)result->failure.finding.rule);
}

/* Nobody can send anything any more: there is nothing that could be waited for. */
static void expect_ended(const struct outcome *outcome)
{
    const struct mfd_drive_result *result = &outcome->result;

    MFD_FUZZ_EXPECT(!result->stuck, "stuck although every connection is closed");
    MFD_FUZZ_EXPECT(outcome->error || result->live == 0, "%u connections still live", result->live);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mfd_case *c = mfd_case_read(data, size);
    struct mfd_event *events = calloc(c->event_count + CONNECTIONS, sizeof(*events));
    size_t count = c->event_count;
    bool used[CONNECTIONS] = {false};
    unsigned connections = 0;
    struct outcome open, again, closed;

    MFD_FUZZ_EXPECT(events, "memory");
    memcpy(events, c->events, count * sizeof(*events));
    for (size_t i = 0; i < c->event_count; i++) {
        connections += !used[events[i].connection];
        used[events[i].connection] = true;
    }
    open = run(c, events, count, connections);
    expect_sound(&open);
    again = run(c, events, count, connections);
    MFD_FUZZ_EXPECT(again.memory == open.memory &&
                        again.result.completed == open.result.completed &&
                        again.result.failure.set == open.result.failure.set &&
                        again.result.failure.finding.rule == open.result.failure.finding.rule &&
                        again.result.points == open.result.points,
                    "the same events give another result");
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        if (used[i]) {
            events[count++] = (struct mfd_event){.kind = MFD_EVENT_CLOSE, .connection = i};
        }
    }
    closed = run(c, events, count, connections);
    expect_sound(&closed);
    expect_ended(&closed);
    MFD_FUZZ_EXPECT(!open.result.completed || closed.result.completed,
                    "completed, and closing connections undid it");
    free(events);
    mfd_case_free(c);
    return 0;
}
