// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict_text.h"

#include "escape.h"
#include "method.h"
#include "stage2017.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Columns of lists of rules. */
#define WIDTH 100u

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static const char *method_text(uint32_t method)
{
    const struct mfd_method_info *info = mfd_method_info(method);

    return info ? info->name : "not known";
}

static const char *zero_text(const struct mfd_learned *learned)
{
    if (!learned->zero_known) {
        return "nowhere yet";
    }
    return learned->config.zero == MFD_ZERO_MAIN     ? "on main"
           : learned->config.zero == MFD_ZERO_PACKET ? "in packets"
                                                     : "as any other";
}

/* ---- what the migration was ---- */

static void put_head(FILE *out, const struct mfd_checked *checked)
{
    const struct mfd_learned *learned = &checked->learned;
    char receiver[MFD_ENDPOINT_TEXT];
    char uuid[MFD_UUID_TEXT_SIZE + 1];
    char *machine = mfd_escape(learned->machine);

    fprintf(out, "migration %zu", checked->number);
    if (checked->receiver.port) {
        fprintf(out, " to %s", mfd_endpoint_text(&checked->receiver, receiver));
    }
    if (learned->config.uuid) {
        mfd_uuid_text(learned->config.uuid, uuid);
        fprintf(out, ", UUID %s", strspn(uuid, "0-") == strlen(uuid) ? "not set" : uuid);
    }
    fprintf(out, "\n  sender speaks     %s%s", mfd_learned_name(learned),
            learned->rev_given ? "" : " (as its bytes show)");
    if (machine && machine[0]) {
        fprintf(out, ", machine %s", machine);
    }
    fprintf(
        out,
        "\n  carries           method %s, pages of %u bytes, sync points by %s, zero pages %s\n",
        method_text(learned->config.method), learned->config.page_size,
        learned->config.sync == MFD_SYNC_MARKER ? "marker" : "section", zero_text(learned));
    free(machine);
}

static void put_conns(FILE *out, const struct mfd_checked *checked)
{
    size_t lost = 0;
    size_t late = 0;

    for (size_t i = 0; i < checked->conn_count; i++) {
        late += !checked->conns[i].opened;
        lost += checked->conns[i].opened && !checked->conns[i].followed;
    }
    fprintf(out, "  connections       %s, %zu channel%s", checked->has_main ? "main" : "no main",
            checked->channels, plural(checked->channels));
    if (late) {
        fprintf(out, ", %zu begun before the capture", late);
    }
    if (lost) {
        fprintf(out, ", %zu not followed to the end", lost);
    }
    fprintf(out, "; %" PRIu64 " bytes", checked->bytes);
    if (checked->missing) {
        fprintf(out, " and %" PRIu64 " missing", checked->missing);
    }
    fputc('\n', out);
}

/* ---- rules ---- */

static void put_conn_name(FILE *out, const struct mfd_checked *checked, uint32_t number)
{
    for (size_t i = 0; i < checked->conn_count; i++) {
        const struct mfd_checked_conn *conn = &checked->conns[i];

        if (conn->number != number) {
            continue;
        }
        if (conn->role == MFD_ROLE_IS_MAIN) {
            fputs("main", out);
        } else if (conn->id >= 0) {
            fprintf(out, "channel %d", conn->id);
        } else {
            fprintf(out, "connection %" PRIu32, number);
        }
        return;
    }
    fprintf(out, "connection %" PRIu32, number);
}

static void put_breach(FILE *out, const struct mfd_checked *checked, enum mfd_rule rule)
{
    const struct mfd_checked_rule *result = &checked->rules[rule];
    const struct mfd_rule_info *info = mfd_rule_info(rule);

    fprintf(out, "\n  BROKEN  %s %s: %s\n", info->id, mfd_checked_level(rule), info->text);
    fputs("          ", out);
    if (result->frame) {
        fprintf(out, "frame %" PRIu64 ", byte 0x%zx; ", result->frame, result->byte);
    }
    put_conn_name(out, checked, result->connection);
    fprintf(out, ", byte 0x%" PRIx64 " of what it carries", result->offset);
    if (result->count > 1) {
        fprintf(out, "; the first of %zu", result->count);
    }
    fprintf(out, "\n          got 0x%" PRIx64 ", want 0x%" PRIx64 "\n", result->got, result->want);
}

/* Ids of rules of one state, and of one reason unless that is NULL, in lines. */
static void put_ids(FILE *out, const struct mfd_checked *checked, enum mfd_checked_state state,
                    const char *reason)
{
    size_t column = 0;

    for (enum mfd_rule rule = 0; rule < MFD_RULE_COUNT; rule++) {
        const struct mfd_checked_rule *result = &checked->rules[rule];
        const char *id = mfd_rule_info(rule)->id;

        if (result->state != state || (reason && strcmp(result->reason, reason) != 0)) {
            continue;
        }
        if (column == 0 || column + 1 + strlen(id) > WIDTH) {
            fputs(column ? "\n     " : "     ", out);
            column = 5;
        }
        fprintf(out, " %s", id);
        column += 1 + strlen(id);
    }
    fputc('\n', out);
}

/* Whether an earlier rule is undecided for the same reason. */
static bool told(const struct mfd_checked *checked, enum mfd_rule rule)
{
    for (enum mfd_rule r = 0; r < rule; r++) {
        if (checked->rules[r].state == MFD_CHECKED_UNDECIDED &&
            strcmp(checked->rules[r].reason, checked->rules[rule].reason) == 0) {
            return true;
        }
    }
    return false;
}

static size_t count_reason(const struct mfd_checked *checked, const char *reason)
{
    size_t count = 0;

    for (enum mfd_rule rule = 0; rule < MFD_RULE_COUNT; rule++) {
        count += checked->rules[rule].state == MFD_CHECKED_UNDECIDED &&
                 strcmp(checked->rules[rule].reason, reason) == 0;
    }
    return count;
}

/* What no capture ever shows is not listed each time. */
static void put_undecided(FILE *out, const struct mfd_checked *checked, bool all)
{
    const char *unseen = mfd_undecided_text(MFD_UNDECIDED_UNSEEN);
    size_t count = count_reason(checked, unseen);

    for (enum mfd_rule rule = 0; rule < MFD_RULE_COUNT; rule++) {
        const struct mfd_checked_rule *result = &checked->rules[rule];

        if (result->state == MFD_CHECKED_UNDECIDED && !told(checked, rule) &&
            (all || strcmp(result->reason, unseen) != 0)) {
            fprintf(out, "\n  undecided: %s\n", result->reason);
            put_ids(out, checked, MFD_CHECKED_UNDECIDED, result->reason);
        }
    }
    if (!all && count) {
        fprintf(out, "\n  undecided: %s (%zu rules)\n", unseen, count);
    }
}

void mfd_checked_text(FILE *out, const struct mfd_checked *checked, bool all)
{
    put_head(out, checked);
    put_conns(out, checked);
    fprintf(out, "  rules             %zu held, %zu broken, %zu undecided, %zu not applicable\n",
            checked->counts[MFD_CHECKED_HELD], checked->counts[MFD_CHECKED_BROKEN],
            checked->counts[MFD_CHECKED_UNDECIDED], checked->counts[MFD_CHECKED_NOT_APPLICABLE]);
    for (enum mfd_rule rule = 0; rule < MFD_RULE_COUNT; rule++) {
        if (checked->rules[rule].state == MFD_CHECKED_BROKEN) {
            put_breach(out, checked, rule);
        }
    }
    if (all && checked->counts[MFD_CHECKED_HELD]) {
        fputs("\n  held\n", out);
        put_ids(out, checked, MFD_CHECKED_HELD, NULL);
    }
    put_undecided(out, checked, all);
}

/* ---- the file ---- */

static void put_file(FILE *out, const char *name, const struct mfd_verdicts *verdicts)
{
    const struct mfd_reassembler_totals *totals = &verdicts->totals;
    size_t count = mfd_checker_count(verdicts->checker);
    char *safe = mfd_escape(name);

    fprintf(out, "%s: %" PRIu64 " frame%s, %" PRIu64 " connection%s, %zu migration%s\n",
            safe ? safe : "", totals->frames, plural(totals->frames), totals->connections,
            plural(totals->connections), count, plural(count));
    free(safe);
    if (verdicts->broken_off[0]) {
        fprintf(out, "the file is broken off %s\n", verdicts->broken_off);
    }
    if (totals->unusable) {
        fprintf(out,
                "%" PRIu64 " frame%s cannot be used: fragments, damaged, or cut off too soon\n",
                totals->unusable, plural(totals->unusable));
    }
    if (totals->conflicts) {
        fprintf(out, "%" PRIu64 " segment%s came again with other bytes: the first ones count\n",
                totals->conflicts, plural(totals->conflicts));
    }
}

void mfd_verdicts_text(FILE *out, const char *name, const struct mfd_verdicts *verdicts, bool all)
{
    struct mfd_checker_totals totals = mfd_checker_totals(verdicts->checker);

    put_file(out, name, verdicts);
    for (size_t i = 0; i < mfd_checker_count(verdicts->checker); i++) {
        fputc('\n', out);
        mfd_checked_text(out, mfd_checker_at(verdicts->checker, i), all);
    }
    if (totals.tls) {
        fprintf(out, "\n%" PRIu64 " connection%s in TLS: not judged\n", totals.tls,
                plural(totals.tls));
    }
    if (totals.dropped) {
        fprintf(out, "\n%" PRIu64 " more migration%s not judged: %u is the most\n", totals.dropped,
                plural(totals.dropped), MFD_CHECKER_MOST);
    }
}
