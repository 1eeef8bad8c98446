// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan_case.h"

#include "case.h"

#include <stdlib.h>
#include <string.h>

/* Payload that is shorter is kept as it is. */
#define FILL_MIN 32u

struct events {
    struct mfd_event *list;
    size_t count;
    size_t room;
};

static void add(struct events *events, struct mfd_event event)
{
    if (events->count == events->room) {
        events->room = events->room ? events->room * 2 : 64;
        events->list = realloc(events->list, events->room * sizeof(*events->list));
        if (!events->list) {
            abort();
        }
    }
    events->list[events->count++] = event;
}

static void add_data(struct events *events, const struct mfd_step *step, size_t from, size_t to)
{
    if (to > from) {
        add(events, (struct mfd_event){.kind = MFD_EVENT_DATA,
                                       .connection = step->conn,
                                       .bytes = step->bytes + from,
                                       .len = to - from});
    }
}

static void add_payload(struct events *events, const struct mfd_plan *plan,
                        const struct mfd_step *step, size_t from, size_t to)
{
    if (plan->method == 0 && to - from >= FILL_MIN) {
        add(events, (struct mfd_event){.kind = MFD_EVENT_DATA,
                                       .connection = step->conn,
                                       .bytes = mfd_case_fill(),
                                       .len = to - from});
    } else {
        add_data(events, step, from, to);
    }
}

static void add_send(struct events *events, const struct mfd_plan *plan,
                     const struct mfd_step *step)
{
    size_t at = 0;

    for (size_t i = 0; i < step->part_count; i++) {
        const struct mfd_plan_part *part = &step->parts[i];
        size_t end = part->offset + part->size;
        size_t next = i + 1 < step->part_count ? step->parts[i + 1].offset : step->size;

        /* a fault may have cut the step within its parts */
        end = end < step->size ? end : step->size;
        next = next < step->size ? next : step->size;
        if (end < at || next < end) {
            continue;
        }
        add_data(events, step, at, end);
        add_payload(events, plan, step, end, next);
        at = next;
    }
    add_data(events, step, at, step->size);
}

static void add_steps(struct events *events, const struct mfd_plan *plan,
                      const struct mfd_steps *steps)
{
    for (size_t i = 0; i < steps->count; i++) {
        const struct mfd_step *step = &steps->list[i];
        struct mfd_event event = {.connection = step->conn};

        switch (step->kind) {
        case MFD_STEP_SEND:
            add_send(events, plan, step);
            continue;
        case MFD_STEP_SETTLE:
        case MFD_STEP_BYE: /* below the bytes of the protocol */
        case MFD_STEP_CUT: /* of a file, which is no case for connections */
            continue;
        case MFD_STEP_CONNECT:
            event.kind = MFD_EVENT_OPEN;
            break;
        case MFD_STEP_CLOSE:
        case MFD_STEP_SHUT:
            event.kind = MFD_EVENT_CLOSE;
            break;
        case MFD_STEP_RESET:
            event.kind = MFD_EVENT_RESET;
            break;
        }
        add(events, event);
    }
}

static void set_blocks(struct mfd_case *c, const struct mfd_plan *plan)
{
    c->block_count = plan->block_count;
    for (size_t i = 0; i < plan->block_count; i++) {
        const struct mfd_plan_block *block = &plan->blocks[i];

        memcpy(c->blocks[i].ram.name, block->wire_name, sizeof(block->wire_name));
        c->blocks[i].ram.used_length = block->size;
        c->blocks[i].ram.resizable = block->resizable;
        c->blocks[i].filled = block->fill != MFD_FILL_ZERO;
    }
}

uint8_t *mfd_plan_case(const struct mfd_plan *plan, enum mfd_rev rev, size_t *size)
{
    struct mfd_case c = {
        .rev = rev,
        .sync = plan->sync,
        .judge_machine = true,
        .method = plan->method,
        .page_size = plan->page_size,
        .channels = plan->channels,
        .uuid_set = plan->uuid_set,
    };
    struct events events = {0};
    uint8_t *bytes = NULL;

    if (plan->conn_count > 256 || plan->block_count > MFD_CASE_BLOCKS_MAX) {
        return NULL;
    }
    memcpy(c.uuid, plan->uuid, sizeof(c.uuid));
    set_blocks(&c, plan);
    add_steps(&events, plan, &plan->steps);
    add_steps(&events, plan, &plan->finish);
    c.events = events.list;
    c.event_count = events.count;
    bytes = mfd_case_write(&c, size);
    free(events.list);
    return bytes;
}
