// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict_json.h"

#include "escape.h"
#include "json.h"
#include "method.h"
#include "stage2017.h"

#include <jansson.h>
#include <stdlib.h>

/* Text of whatever origin; null where there is none. */
static json_t *text_json(const char *text)
{
    char *safe = mfd_escape(text);
    json_t *json = safe ? json_string(safe) : json_null();

    free(safe);
    return json;
}

static json_t *count_json(uint64_t value)
{
    return json_integer((json_int_t)value);
}

/* Null for 0, which is no number of a frame. */
static json_t *frame_json(uint64_t frame)
{
    return frame ? count_json(frame) : json_null();
}

/* Values of the wire have 64 bits, which no reader of JSON numbers keeps. */
static json_t *value_json(uint64_t value)
{
    return json_sprintf("0x%llx", (unsigned long long)value);
}

static json_t *counts_json(const size_t *counts)
{
    json_t *json = json_object();

    for (size_t state = 0; state < MFD_CHECKED_STATES; state++) {
        json_object_set_new(json, mfd_checked_state_name((enum mfd_checked_state)state),
                            count_json(counts[state]));
    }
    return json;
}

static json_t *endpoint_json(const struct mfd_endpoint *end)
{
    char text[MFD_ENDPOINT_TEXT];

    return end->port ? json_string(mfd_endpoint_text(end, text)) : json_null();
}

/* ---- who spoke to whom, and how ---- */

static json_t *sender_json(const struct mfd_learned *learned)
{
    static const char *const syncs[] = {"section", "marker"};
    static const char *const zeros[] = {"main", "packet", "none"};
    const struct mfd_method_info *method = mfd_method_info(learned->config.method);
    json_t *json = json_object();

    json_object_set_new(json, "revision", json_string(mfd_learned_name(learned)));
    json_object_set_new(json, "first", json_string(mfd_rev_info(mfd_learned_first(learned))->name));
    json_object_set_new(json, "last", json_string(mfd_rev_info(mfd_learned_last(learned))->name));
    json_object_set_new(json, "given", json_boolean(learned->rev_given));
    json_object_set_new(json, "machine", text_json(learned->machine[0] ? learned->machine : NULL));
    json_object_set_new(json, "method", method ? json_string(method->name) : json_null());
    json_object_set_new(json, "page_size", count_json(learned->config.page_size));
    json_object_set_new(json, "sync", json_string(syncs[learned->config.sync]));
    json_object_set_new(json, "zero", json_string(zeros[learned->config.zero]));
    return json;
}

static json_t *conn_json(const struct mfd_checked_conn *conn)
{
    static const char *const roles[] = {"unknown", "main", "channel"};
    json_t *json = json_object();

    json_object_set_new(json, "connection", count_json(conn->number));
    json_object_set_new(json, "sender", endpoint_json(&conn->sender));
    json_object_set_new(json, "role", json_string(roles[conn->role]));
    json_object_set_new(json, "id", conn->id >= 0 ? json_integer(conn->id) : json_null());
    json_object_set_new(json, "frame", frame_json(conn->frame));
    json_object_set_new(json, "whole", json_boolean(conn->opened));
    json_object_set_new(json, "followed", json_boolean(conn->followed));
    json_object_set_new(json, "bytes", count_json(conn->bytes));
    json_object_set_new(json, "missing", count_json(conn->missing));
    return json;
}

/* ---- rules ---- */

static json_t *breach_json(const struct mfd_checked_rule *result)
{
    json_t *json = json_object();

    json_object_set_new(json, "count", count_json(result->count));
    json_object_set_new(json, "frame", frame_json(result->frame));
    json_object_set_new(json, "byte", result->frame ? count_json(result->byte) : json_null());
    json_object_set_new(json, "connection", count_json(result->connection));
    json_object_set_new(json, "offset", count_json(result->offset));
    json_object_set_new(json, "got", value_json(result->got));
    json_object_set_new(json, "want", value_json(result->want));
    return json;
}

static json_t *rule_json(const struct mfd_checked_rule *result, enum mfd_rule rule)
{
    json_t *json = json_object();

    json_object_set_new(json, "rule", json_string(mfd_rule_info(rule)->id));
    json_object_set_new(json, "level", json_string(mfd_checked_level(rule)));
    json_object_set_new(json, "result", json_string(mfd_checked_state_name(result->state)));
    json_object_set_new(json, "detail", text_json(result->reason));
    json_object_set_new(json, "breach", result->count ? breach_json(result) : json_null());
    return json;
}

json_t *mfd_checked_json(const struct mfd_checked *checked)
{
    const uint8_t *uuid = checked->learned.config.uuid;
    char text[MFD_UUID_TEXT_SIZE + 1] = "";
    json_t *conns = json_array();
    json_t *results = json_array();
    json_t *json = json_object();

    if (uuid) {
        mfd_uuid_text(uuid, text);
    }
    for (size_t i = 0; i < checked->conn_count; i++) {
        json_array_append_new(conns, conn_json(&checked->conns[i]));
    }
    for (enum mfd_rule rule = 0; rule < MFD_RULE_COUNT; rule++) {
        json_array_append_new(results, rule_json(&checked->rules[rule], rule));
    }
    json_object_set_new(json, "migration", count_json(checked->number));
    json_object_set_new(json, "receiver", endpoint_json(&checked->receiver));
    json_object_set_new(json, "uuid", uuid ? json_string(text) : json_null());
    json_object_set_new(json, "sender", sender_json(&checked->learned));
    json_object_set_new(json, "connections", conns);
    json_object_set_new(json, "summary", counts_json(checked->counts));
    json_object_set_new(json, "results", results);
    return json;
}

/* ---- the file ---- */

static json_t *file_json(const char *path, const struct mfd_verdicts *verdicts)
{
    const struct mfd_reassembler_totals *totals = &verdicts->totals;
    struct mfd_checker_totals checker = mfd_checker_totals(verdicts->checker);
    const char *off = verdicts->broken_off[0] ? verdicts->broken_off : NULL;
    json_t *json = json_object();

    json_object_set_new(json, "path", text_json(path));
    json_object_set_new(json, "frames", count_json(totals->frames));
    json_object_set_new(json, "connections", count_json(totals->connections));
    json_object_set_new(json, "missing", count_json(totals->lost));
    json_object_set_new(json, "unusable", count_json(totals->unusable));
    json_object_set_new(json, "tls", count_json(checker.tls));
    json_object_set_new(json, "not_judged", count_json(checker.dropped));
    json_object_set_new(json, "broken_off", text_json(off));
    return json;
}

bool mfd_verdicts_json(FILE *out, const char *suite, const char *path,
                       const struct mfd_verdicts *verdicts)
{
    struct mfd_verdict_sums sums = mfd_verdicts_sum(verdicts, false);
    json_t *migrations = json_array();
    json_t *json = json_object();

    for (size_t i = 0; i < mfd_checker_count(verdicts->checker); i++) {
        json_array_append_new(migrations, mfd_checked_json(mfd_checker_at(verdicts->checker, i)));
    }
    json_object_set_new(json, "suite", json_string(suite));
    json_object_set_new(json, "capture", file_json(path, verdicts));
    json_object_set_new(json, "summary", counts_json(sums.counts));
    json_object_set_new(json, "migrations", migrations);
    return mfd_json_put(out, json);
}
