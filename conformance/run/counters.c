// SPDX-License-Identifier: GPL-2.0-or-later
#include "counters.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool mfd_counters_rule(enum mfd_rule rule)
{
    return rule == MFD_NUM_006 || rule == MFD_NUM_007;
}

/* What all links carried together. A link that has ended keeps its counts. */
static struct mfd_source_counters received(const struct mfd_take *take)
{
    struct mfd_source_counters sum = {0};

    for (unsigned i = 0; i < MFD_SESSION_CONNS_MAX; i++) {
        const struct mfd_take_link *link = &take->links[i];

        sum.channel_bytes += link->machine.role == MFD_ROLE_CHANNEL ? link->bytes : 0;
        sum.normal_pages += link->machine.normal_pages;
        sum.zero_pages += link->machine.zero_pages;
    }
    return sum;
}

static void add(struct mfd_result *result, enum mfd_rule rule, bool broken, const char *text)
{
    result->rules[result->rule_count++] = (struct mfd_result_rule){
        .rule = rule, .broken = broken, .text = broken ? strdup(text) : NULL};
}

void mfd_counters_tell(const struct mfd_take *take, const struct mfd_source_counters *said,
                       struct mfd_result *result)
{
    struct mfd_source_counters got = received(take);
    char text[160];

    if (!result->rules || take->faulted || !mfd_rule_applies(MFD_NUM_006, take->plan->speak)) {
        return;
    }
    snprintf(text, sizeof(text), "counts %" PRIu64 " bytes, the channels carried %" PRIu64,
             said->channel_bytes, got.channel_bytes);
    add(result, MFD_NUM_006, said->channel_bytes != got.channel_bytes, text);
    snprintf(text, sizeof(text),
             "counts %" PRIu64 " normal and %" PRIu64 " zero pages, sent were %" PRIu64
             " and %" PRIu64,
             said->normal_pages, said->zero_pages, got.normal_pages, got.zero_pages);
    add(result, MFD_NUM_007,
        said->normal_pages != got.normal_pages || said->zero_pages != got.zero_pages, text);
}
