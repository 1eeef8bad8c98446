// SPDX-License-Identifier: GPL-2.0-or-later
#include "result.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[MFD_VERDICT_COUNT] = {
    [MFD_PASS] = "pass",
    [MFD_FAIL] = "fail",
    [MFD_WARN] = "warn",
    [MFD_KNOWN] = "known",
    [MFD_STALE] = "stale",
    [MFD_BLOCKED] = "blocked",
    [MFD_NOT_APPLICABLE] = "not_applicable",
    [MFD_VERDICT_UNSUPPORTED] = "unsupported",
    [MFD_VERDICT_UNDECIDED] = "undecided",
    [MFD_HARNESS_ERROR] = "harness_error",
};

const char *mfd_verdict_name(enum mfd_verdict verdict)
{
    return names[verdict];
}

enum mfd_verdict mfd_verdict_find(const char *name)
{
    int i = 0;

    while (i < MFD_VERDICT_COUNT && strcmp(names[i], name) != 0) {
        i++;
    }
    return (enum mfd_verdict)i;
}

struct mfd_happening *mfd_happenings_add(struct mfd_happening **happenings, size_t *count,
                                         size_t most)
{
    struct mfd_happening *grown =
        *count < most ? realloc(*happenings, (*count + 1) * sizeof(*grown)) : NULL;

    if (!grown) {
        return NULL;
    }
    *happenings = grown;
    grown[*count] = (struct mfd_happening){0};
    return &grown[(*count)++];
}

void mfd_happenings_free(struct mfd_happening *happenings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(happenings[i].conn);
        free(happenings[i].text);
    }
    free(happenings);
}

void mfd_result_free(struct mfd_result *result)
{
    mfd_happenings_free(result->happenings, result->happening_count);
    for (size_t i = 0; i < result->rule_count; i++) {
        free(result->rules[i].text);
    }
    free(result->rules);
    free(result->id);
    free(result->params);
    free(result->twin);
    free(result->sanitizer);
    free(result->detail);
    free(result->peer_log);
    free(result->defect);
    free(result->pcap);
    free(result->rerun);
    free(result->offending);
    free(result->path);
    *result = (struct mfd_result){0};
}

void mfd_run_free(struct mfd_run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        mfd_result_free(&run->results[i]);
    }
    free(run->results);
    free(run->suite_version);
    free(run->peer_kind);
    free(run->peer_version);
    free(run->peer_path);
    free(run->profile);
    *run = (struct mfd_run){0};
}

void mfd_run_summarise(struct mfd_run *run)
{
    memset(run->summary, 0, sizeof(run->summary));
    for (size_t i = 0; i < run->count; i++) {
        run->summary[run->results[i].verdict]++;
    }
}

bool mfd_result_unexpected(const struct mfd_result *result, bool strict)
{
    switch (result->verdict) {
    case MFD_FAIL:
    case MFD_STALE:
        return true;
    case MFD_WARN:
        return strict && result->rule < MFD_RULE_COUNT;
    case MFD_BLOCKED:
        return !result->twin || strcmp(result->twin, names[MFD_KNOWN]) != 0;
    default:
        return false;
    }
}

int mfd_run_exit_code(const struct mfd_run *run)
{
    const size_t *n = run->summary;

    for (size_t i = 0; i < run->count; i++) {
        if (mfd_result_unexpected(&run->results[i], run->strict)) {
            return 1;
        }
    }
    if (n[MFD_HARNESS_ERROR] > 0) {
        return 3;
    }
    return n[MFD_PASS] + n[MFD_WARN] + n[MFD_KNOWN] + n[MFD_BLOCKED] > 0 ? 0 : 4;
}
