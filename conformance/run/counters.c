// SPDX-License-Identifier: GPL-2.0-or-later
#include "counters.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void add(struct mfd_result *result, enum mfd_rule rule, bool broken, const char *text)
{
    result->rules[result->rule_count++] = (struct mfd_result_rule){
        .rule = rule, .broken = broken, .text = broken ? strdup(text) : NULL};
}

static void tell_flushes(uint64_t flushed, uint64_t unflushed, struct mfd_result *result)
{
    char text[160];

    if (flushed || unflushed) {
        snprintf(text, sizeof(text), "%" PRIu64 " of %" PRIu64 " payloads do not end with a flush",
                 unflushed, flushed + unflushed);
        add(result, MFD_PAY_004, unflushed != 0, text);
    }
}

static void tell_counters(const struct mfd_source_counters *said,
                          const struct mfd_source_counters *got, struct mfd_result *result)
{
    char text[160];

    snprintf(text, sizeof(text), "counts %" PRIu64 " bytes, the channels carried %" PRIu64,
             said->channel_bytes, got->channel_bytes);
    add(result, MFD_NUM_006, said->channel_bytes != got->channel_bytes, text);
    snprintf(text, sizeof(text),
             "counts %" PRIu64 " normal and %" PRIu64 " zero pages, sent were %" PRIu64
             " and %" PRIu64,
             said->normal_pages, said->zero_pages, got->normal_pages, got->zero_pages);
    add(result, MFD_NUM_007,
        said->normal_pages != got->normal_pages || said->zero_pages != got->zero_pages, text);
}

void mfd_counters_tell(const struct mfd_take *take, const struct mfd_source_counters *said,
                       struct mfd_result *result)
{
    struct mfd_source_counters got = {0};
    uint64_t flushed = 0;
    uint64_t unflushed = 0;

    if (!result->rules) {
        return; /* out of memory */
    }
    for (unsigned i = 0; i < MFD_SESSION_CONNS_MAX; i++) {
        const struct mfd_take_link *link =
            &take->links[i]; /* if it has ended it keeps its counts */

        got.channel_bytes += link->machine.role == MFD_ROLE_CHANNEL ? link->bytes : 0;
        got.normal_pages += link->machine.normal_pages;
        got.zero_pages += link->machine.zero_pages;
        flushed += link->machine.flushed;
        unflushed += link->machine.unflushed;
    }
    tell_flushes(flushed, unflushed, result);
    if (said && !take->faulted && mfd_rule_applies(MFD_NUM_006, take->plan->speak)) {
        tell_counters(said, &got, result);
    }
}
