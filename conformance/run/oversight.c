// SPDX-License-Identifier: GPL-2.0-or-later
#include "oversight.h"

#include "session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static bool make_memory(struct mfd_observer_memory *memory, const struct mfd_plan *plan)
{
    size_t pages = 1; /* room is asked for in any case */

    for (size_t i = 0; i < plan->block_count; i++) {
        pages += plan->blocks[i].page_count + 1;
    }
    memory->conn_count = MFD_SESSION_CONNS_MAX;
    memory->conns = calloc(memory->conn_count, sizeof(*memory->conns));
    memory->buffers = malloc(memory->conn_count * mfd_observer_buffer_size(plan->page_size) + 1);
    memory->findings = calloc(mfd_observer_findings(plan->page_size), sizeof(*memory->findings));
    memory->block_count = plan->block_count + 8;
    memory->blocks = calloc(memory->block_count, sizeof(*memory->blocks));
    memory->page_count = 2 * pages;
    memory->pages = calloc(memory->page_count, sizeof(*memory->pages));
    return memory->conns && memory->buffers && memory->findings && memory->blocks && memory->pages;
}

struct mfd_oversight *mfd_oversight_start(const struct mfd_plan *plan)
{
    struct mfd_oversight *oversight = calloc(1, sizeof(*oversight));
    struct mfd_observer_config config = mfd_observer_config(plan->speak);

    if (!oversight || !make_memory(&oversight->memory, plan)) {
        mfd_oversight_free(oversight);
        return NULL;
    }
    oversight->plan = plan;
    config.sync = plan->sync;
    config.zero = plan->zero;
    config.channels = plan->channels;
    config.uuid = plan->uuid;
    config.page_size = plan->page_size;
    config.method = plan->method;
    config.machine = plan->machine;
    mfd_observer_start(&oversight->observer, &config, &oversight->memory);
    return oversight;
}

void mfd_oversight_free(struct mfd_oversight *oversight)
{
    if (!oversight) {
        return;
    }
    free(oversight->memory.conns);
    free(oversight->memory.buffers);
    free(oversight->memory.findings);
    free(oversight->memory.blocks);
    free(oversight->memory.pages);
    free(oversight);
}

bool mfd_oversight_rule(enum mfd_rule rule)
{
    return mfd_rule_info(rule)->send != MFD_SEND_NONE && mfd_observer_judges(rule);
}

enum mfd_rule mfd_oversight_first(const struct mfd_oversight *oversight)
{
    enum mfd_rule found = MFD_RULE_COUNT;
    size_t event = 0;

    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        enum mfd_rule rule = (enum mfd_rule)i;
        struct mfd_observation seen = mfd_observer_verdict(&oversight->observer, rule);
        bool graver = found != MFD_RULE_COUNT && mfd_rule_refused(rule) && !mfd_rule_refused(found);
        bool same = found != MFD_RULE_COUNT && mfd_rule_refused(rule) == mfd_rule_refused(found);

        if (seen.state == MFD_OBSERVED_BROKEN &&
            (found == MFD_RULE_COUNT || graver || (same && seen.event < event))) {
            found = rule;
            event = seen.event;
        }
    }
    return found;
}

/* Where and how a rule was broken first. */
static char *breach_text(const struct mfd_observation *verdict)
{
    char *text = NULL;

    if (asprintf(&text,
                 "connection %" PRIu32 ", byte %" PRIu64 ": got %" PRIu64 ", want %" PRIu64
                 " (%zu breach%s)",
                 verdict->connection, verdict->offset, verdict->got, verdict->want, verdict->count,
                 verdict->count == 1 ? "" : "es") < 0) {
        return NULL;
    }
    return text;
}

void mfd_oversight_tell(struct mfd_oversight *oversight, struct mfd_result *result)
{
    mfd_observer_end(&oversight->observer);
    result->rules = calloc(MFD_RULE_COUNT, sizeof(*result->rules));
    for (int rule = 0; result->rules && rule < MFD_RULE_COUNT; rule++) {
        struct mfd_observation verdict =
            mfd_observer_verdict(&oversight->observer, (enum mfd_rule)rule);
        struct mfd_result_rule *out = &result->rules[result->rule_count];

        if (!mfd_oversight_rule((enum mfd_rule)rule) || verdict.state == MFD_OBSERVED_UNDECIDED) {
            continue;
        }
        out->rule = (enum mfd_rule)rule;
        out->broken = verdict.state == MFD_OBSERVED_BROKEN;
        out->text = out->broken ? breach_text(&verdict) : NULL;
        result->rule_count++;
    }
}
