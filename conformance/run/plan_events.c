// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan_events.h"

#include <stdlib.h>

#define STEP_NS 100000u
#define SETTLE_NS 1000000u

struct walk {
    mfd_plan_event_fn put;
    void *context;
    uint64_t now;
    bool *open; /* by connection: the sender has not ended it */
    bool *up;   /* by connection: the receiver has not, as far as one can say */
};

static bool put_event(struct walk *walk, struct mfd_event event, const char *text)
{
    event.time_ns = walk->now;
    return walk->put(&event, text, walk->context);
}

/* The pieces in which the player would write the bytes. */
static bool put_data(struct walk *walk, const struct mfd_step *step, const char *text)
{
    for (size_t done = 0, i = 0; done < step->size; i++) {
        struct mfd_event event = {.connection = step->conn, .kind = MFD_EVENT_DATA};
        size_t piece = mfd_step_piece(step, i, step->size - done);

        event.bytes = step->bytes + done;
        event.len = piece;
        if (!put_event(walk, event, text)) {
            return false;
        }
        text = NULL;
        done += piece;
    }
    return true;
}

/* `text` is the step's line, or NULL. */
static bool put_step(struct walk *walk, const struct mfd_step *step, const char *text)
{
    struct mfd_event event = {.connection = step->conn};

    walk->now += step->kind == MFD_STEP_SETTLE ? SETTLE_NS : STEP_NS;
    switch (step->kind) {
    case MFD_STEP_CONNECT:
        walk->open[step->conn] = true;
        walk->up[step->conn] = true;
        event.kind = MFD_EVENT_OPEN;
        return put_event(walk, event, text);
    case MFD_STEP_SEND:
        return put_data(walk, step, text);
    case MFD_STEP_CLOSE:
    case MFD_STEP_SHUT:
        walk->open[step->conn] = false;
        event.kind = MFD_EVENT_CLOSE;
        return put_event(walk, event, text);
    case MFD_STEP_RESET:
        walk->open[step->conn] = false;
        walk->up[step->conn] = false;
        event.kind = MFD_EVENT_RESET;
        return put_event(walk, event, text);
    case MFD_STEP_BYE:
    case MFD_STEP_SETTLE:
    case MFD_STEP_CUT: /* of files, which are no traffic */
        return true;
    }
    return false;
}

static bool put_steps(struct walk *walk, const struct mfd_steps *steps)
{
    for (size_t i = 0; i < steps->count; i++) {
        const struct mfd_step *step = &steps->list[i];
        /* a line that has to connect first is shown where it sends */
        bool first = step->kind == MFD_STEP_CONNECT && i + 1 < steps->count &&
                     step[1].line == step->line && step[1].conn == step->conn;

        if (!put_step(walk, step, first ? NULL : step->text)) {
            return false;
        }
    }
    return true;
}

/* What is still up is closed: by the sender first, then by the receiver. */
static bool put_end(struct walk *walk, size_t conns)
{
    bool good = true;

    for (enum mfd_direction d = MFD_FORWARD; d <= MFD_BACKWARD; d++) {
        const bool *closable = d == MFD_FORWARD ? walk->open : walk->up;

        for (size_t i = 0; good && i < conns; i++) {
            if (closable[i]) {
                walk->now += STEP_NS;
                good = put_event(walk,
                                 (struct mfd_event){.connection = (uint32_t)i,
                                                    .kind = MFD_EVENT_CLOSE,
                                                    .direction = d},
                                 NULL);
            }
        }
    }
    return good;
}

bool mfd_plan_events(const struct mfd_plan *plan, mfd_plan_event_fn put, void *context)
{
    bool completes = plan->finished || (plan->expect & MFD_OUTCOME_BIT(MFD_ACCEPTED));
    struct walk walk = {.put = put, .context = context};
    bool good = false;

    walk.open = calloc(plan->conn_count * 2 + 1, sizeof(*walk.open));
    if (!walk.open) {
        return false;
    }
    walk.up = walk.open + plan->conn_count;
    good = put_steps(&walk, &plan->steps);
    if (good && completes) {
        good = put_steps(&walk, &plan->finish) && put_end(&walk, plan->conn_count);
    }
    free(walk.open);
    return good;
}
