// SPDX-License-Identifier: GPL-2.0-or-later
#include "diff.h"

#include "describe.h"
#include "escape.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[MFD_CHANGE_COUNT] = {
    "broken", "worse", "lost", "fixed", "mended", "new", "gone", "changed",
};

const char *mfd_change_name(enum mfd_change_kind kind)
{
    return names[kind];
}

/* What a change is judged by. */
enum standing {
    GOOD,    /* as the rules want it */
    KNOWN,   /* not so, but known, or only a SHOULD */
    WRONG,   /* unexpected, or the harness failed */
    UNKNOWN, /* could not be judged: unsupported, undecided, expectedly blocked */
    FOREIGN, /* not applicable */
};

static enum standing standing_of(const struct mfd_result *result, bool strict)
{
    if (mfd_result_unexpected(result, strict) || result->verdict == MFD_HARNESS_ERROR) {
        return WRONG;
    }
    switch (result->verdict) {
    case MFD_PASS:
        return GOOD;
    case MFD_KNOWN:
    case MFD_WARN:
        return KNOWN;
    case MFD_NOT_APPLICABLE:
        return FOREIGN;
    default:
        return UNKNOWN;
    }
}

/* MFD_CHANGE_COUNT: nothing changed. */
static enum mfd_change_kind kind_of(const struct mfd_result *before, bool strict_before,
                                    const struct mfd_result *after, bool strict_after)
{
    enum standing was = before ? standing_of(before, strict_before) : FOREIGN;
    enum standing is = after ? standing_of(after, strict_after) : FOREIGN;

    if (after && is == WRONG && was != WRONG) {
        return MFD_CHANGE_BROKEN;
    }
    if (!before || !after) {
        return before ? MFD_CHANGE_GONE : MFD_CHANGE_NEW;
    }
    if (was == GOOD && is == KNOWN) {
        return MFD_CHANGE_WORSE;
    }
    if (was <= WRONG && is == UNKNOWN) {
        return MFD_CHANGE_LOST;
    }
    if (was == WRONG && is <= KNOWN) {
        return MFD_CHANGE_FIXED;
    }
    if (was == KNOWN && is == GOOD) {
        return MFD_CHANGE_MENDED;
    }
    return before->verdict != after->verdict || before->got != after->got ? MFD_CHANGE_OTHER
                                                                          : MFD_CHANGE_COUNT;
}

/* Pairing: both lists in the order of what identifies a result. */

static int by_key(const void *a, const void *b)
{
    const struct mfd_result *left = *(const struct mfd_result *const *)a;
    const struct mfd_result *right = *(const struct mfd_result *const *)b;
    int ruled = (left->rule < MFD_RULE_COUNT) - (right->rule < MFD_RULE_COUNT);
    int order = ruled ? ruled : strcmp(left->id, right->id);

    return order ? order : strcmp(left->params, right->params);
}

static const struct mfd_result **sorted(const struct mfd_run *run)
{
    const struct mfd_result **list = calloc(run->count + 1, sizeof(const struct mfd_result *));

    for (size_t i = 0; list && i < run->count; i++) {
        list[i] = &run->results[i];
    }
    if (list) {
        qsort(list, run->count, sizeof(const struct mfd_result *), by_key);
    }
    return list;
}

static void add(struct mfd_diff *diff, const struct mfd_result *before,
                const struct mfd_result *after)
{
    enum mfd_change_kind kind = kind_of(before, diff->before->strict, after, diff->after->strict);

    if (kind != MFD_CHANGE_COUNT) {
        diff->changes[diff->count++] = (struct mfd_change){kind, before, after};
        diff->summary[kind]++;
    }
}

static int by_kind(const void *a, const void *b)
{
    const struct mfd_change *left = a;
    const struct mfd_change *right = b;
    const struct mfd_result *l = left->after ? left->after : left->before;
    const struct mfd_result *r = right->after ? right->after : right->before;

    return left->kind != right->kind ? (int)left->kind - (int)right->kind : by_key(&l, &r);
}

bool mfd_diff_make(struct mfd_diff *diff, const struct mfd_run *before, const struct mfd_run *after)
{
    const struct mfd_result **a = sorted(before);
    const struct mfd_result **b = sorted(after);
    size_t i = 0;
    size_t j = 0;

    *diff = (struct mfd_diff){
        .before = before,
        .after = after,
        .changes = calloc(before->count + after->count + 1, sizeof(*diff->changes)),
    };
    while (a && b && diff->changes && (i < before->count || j < after->count)) {
        int order = i == before->count ? 1 : j == after->count ? -1 : by_key(&a[i], &b[j]);

        add(diff, order <= 0 ? a[i] : NULL, order >= 0 ? b[j] : NULL);
        i += order <= 0;
        j += order >= 0;
    }
    if (diff->changes) {
        qsort(diff->changes, diff->count, sizeof(*diff->changes), by_kind);
    }
    free(a);
    free(b);
    return a && b && diff->changes;
}

void mfd_diff_free(struct mfd_diff *diff)
{
    free(diff->changes);
    *diff = (struct mfd_diff){0};
}

bool mfd_diff_worse(const struct mfd_diff *diff)
{
    return diff->summary[MFD_CHANGE_BROKEN] + diff->summary[MFD_CHANGE_WORSE] +
               diff->summary[MFD_CHANGE_LOST] >
           0;
}

/* As text. */

static void put_run(FILE *out, char letter, const struct mfd_run *run)
{
    char peer[512];
    const char *separator = ": ";
    char *safe = mfd_escape(mfd_describe_peer(run, peer, sizeof(peer)));

    fprintf(out, "%c  %s, judged by %s", letter, safe, run->profile);
    for (int i = 0; i < MFD_VERDICT_COUNT; i++) {
        if (run->summary[i]) {
            fprintf(out, "%s%zu %s", separator, run->summary[i],
                    mfd_describe_verdict((enum mfd_verdict)i));
            separator = ", ";
        }
    }
    fputc('\n', out);
    free(safe);
}

/* "FAIL crashed", "known B01 hung". */
static void put_state(FILE *out, const struct mfd_result *result)
{
    fputs(mfd_describe_verdict(result->verdict), out);
    if (result->defect) {
        fprintf(out, " %s", result->defect);
    }
    if (result->got < MFD_OUTCOME_COUNT) {
        fprintf(out, " %s", mfd_outcome_name(result->got));
    }
}

static void put_change(FILE *out, const struct mfd_change *change)
{
    const struct mfd_result *any = change->after ? change->after : change->before;
    char *id = mfd_escape(any->id);

    fprintf(out, "  %-36s ", id);
    if (change->before) {
        put_state(out, change->before);
    }
    fputs(change->before && change->after ? " -> " : "", out);
    if (change->after) {
        put_state(out, change->after);
    }
    if (any->rule < MFD_RULE_COUNT) {
        fprintf(out, "  %s", mfd_rule_info(any->rule)->id);
    }
    fputc('\n', out);
    free(id);
    if (change->kind == MFD_CHANGE_BROKEN) {
        char *reason = mfd_describe_reason(change->after);

        fprintf(out, "      %s\n", reason);
        free(reason);
    }
}

bool mfd_diff_write(FILE *out, const struct mfd_diff *diff)
{
    enum mfd_change_kind told = MFD_CHANGE_COUNT;

    put_run(out, 'A', diff->before);
    put_run(out, 'B', diff->after);
    for (size_t i = 0; i < diff->count; i++) {
        const struct mfd_change *change = &diff->changes[i];

        if (change->kind != told) {
            told = change->kind;
            fprintf(out, "\n%s (%zu)\n", names[told], diff->summary[told]);
        }
        put_change(out, change);
    }
    fprintf(out, "\n%s\n",
            mfd_diff_worse(diff) ? "B is worse than A"
            : diff->count        ? "B is no worse than A"
                                 : "nothing changed");
    return !ferror(out);
}

/* As JSON. */

static json_t *text(const char *value)
{
    char *safe = mfd_escape(value);
    json_t *json = safe ? json_string(safe) : json_null();

    free(safe);
    return json;
}

static json_t *run_json(const struct mfd_run *run)
{
    return json_pack("{s:o, s:{s:o, s:o, s:o}, s:o}", "suite", text(run->suite_version), "peer",
                     "kind", text(run->peer_kind), "version", text(run->peer_version), "path",
                     text(run->peer_path), "profile", text(run->profile));
}

static json_t *state_json(const struct mfd_result *result)
{
    bool played = result && result->got < MFD_OUTCOME_COUNT;

    if (!result) {
        return json_null();
    }
    return json_pack("{s:s, s:o, s:o, s:o}", "result", mfd_verdict_name(result->verdict), "got",
                     text(played ? mfd_outcome_name(result->got) : NULL), "defect",
                     text(result->defect), "detail", text(result->detail));
}

static json_t *change_json(const struct mfd_change *change)
{
    const struct mfd_result *any = change->after ? change->after : change->before;
    bool ruled = any->rule < MFD_RULE_COUNT;

    return json_pack("{s:s, s:o, s:o, s:o, s:o}", "change", names[change->kind], "id",
                     text(any->id), "rule", text(ruled ? mfd_rule_info(any->rule)->id : NULL),
                     "before", state_json(change->before), "after", state_json(change->after));
}

json_t *mfd_diff_to_json(const struct mfd_diff *diff)
{
    json_t *summary = json_object();
    json_t *changes = json_array();

    for (int i = 0; i < MFD_CHANGE_COUNT; i++) {
        json_object_set_new(summary, names[i], json_integer((json_int_t)diff->summary[i]));
    }
    for (size_t i = 0; i < diff->count; i++) {
        json_array_append_new(changes, change_json(&diff->changes[i]));
    }
    return json_pack("{s:o, s:o, s:b, s:o, s:o}", "before", run_json(diff->before), "after",
                     run_json(diff->after), "worse", mfd_diff_worse(diff), "summary", summary,
                     "changes", changes);
}
