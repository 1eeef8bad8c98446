// SPDX-License-Identifier: GPL-2.0-or-later
#include "json.h"

#include "escape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A string, or null where there is none. */
static json_t *text_json(const char *text)
{
    char *safe = mfd_escape(text);
    json_t *json = safe ? json_string(safe) : json_null();

    free(safe);
    return json;
}

/* A string, empty where there is none. */
static json_t *string_json(const char *text)
{
    return text ? text_json(text) : json_string("");
}

/* Milliseconds to the microsecond: what is below is noise that would only make files differ. */
static json_t *ms_json(double ms)
{
    return json_real(round(ms * 1000) / 1000);
}

static json_t *outcomes_json(mfd_outcomes outcomes)
{
    json_t *list = json_array();

    for (int i = 0; i < MFD_OUTCOME_COUNT; i++) {
        if (outcomes & MFD_OUTCOME_BIT(i)) {
            json_array_append_new(list, json_string(mfd_outcome_name((enum mfd_outcome)i)));
        }
    }
    return list;
}

static json_t *exit_json(const struct mfd_result *result)
{
    return json_pack("{s:o, s:o}", "code",
                     result->exited ? json_integer(result->exit_code) : json_null(), "signal",
                     result->signal ? json_integer(result->signal) : json_null());
}

json_t *mfd_result_to_json(const struct mfd_result *r)
{
    bool ruled = r->rule < MFD_RULE_COUNT;
    bool played = r->got < MFD_OUTCOME_COUNT;
    json_t *json = json_object();

    json_object_set_new(json, "id", string_json(r->id));
    json_object_set_new(json, "params", string_json(r->params));
    json_object_set_new(json, "rule", text_json(ruled ? mfd_rule_info(r->rule)->id : NULL));
    json_object_set_new(json, "level", text_json(r->level ? r->level : "-"));
    json_object_set_new(json, "role", text_json(r->role));
    json_object_set_new(json, "expect", outcomes_json(r->expect));
    json_object_set_new(json, "got", text_json(played ? mfd_outcome_name(r->got) : NULL));
    json_object_set_new(json, "result", text_json(mfd_verdict_name(r->verdict)));
    json_object_set_new(json, "ms", ms_json(r->ms));
    json_object_set_new(json, "twin", text_json(r->twin));
    json_object_set_new(json, "exit", exit_json(r));
    json_object_set_new(json, "sanitizer", text_json(r->sanitizer));
    json_object_set_new(json, "detail", text_json(r->detail));
    json_object_set_new(json, "defect", text_json(r->defect));
    json_object_set_new(json, "pcap", text_json(r->pcap));
    if (json_object_set_new(json, "rerun", text_json(r->rerun)) != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

/* Rules that were decided, each as [id, whether it was broken, how]. */
static json_t *rules_json(const struct mfd_result *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->rule_count; i++) {
        json_array_append_new(list, json_pack("[s, b, o]", mfd_rule_info(r->rules[i].rule)->id,
                                              r->rules[i].broken, text_json(r->rules[i].text)));
    }
    return list;
}

json_t *mfd_result_to_transfer(const struct mfd_result *r)
{
    json_t *json = mfd_result_to_json(r);
    json_t *happenings = json_array();

    for (size_t i = 0; i < r->happening_count; i++) {
        const struct mfd_happening *h = &r->happenings[i];

        json_array_append_new(
            happenings, json_pack("{s:o, s:o, s:b, s:b, s:i, s:o}", "ms", ms_json(h->ms), "conn",
                                  text_json(h->conn), "from_peer", h->from_peer, "deviation",
                                  h->deviation, "kind", (int)h->kind, "text", text_json(h->text)));
    }
    json_object_set_new(json, "happenings", happenings);
    json_object_set_new(json, "rules", rules_json(r));
    json_object_set_new(json, "offending", text_json(r->offending));
    json_object_set_new(json, "path", text_json(r->path));
    json_object_set_new(json, "line", json_integer(r->line));
    if (json_object_set_new(json, "peer_log", text_json(r->peer_log)) != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

static json_t *summary_json(const struct mfd_run *run)
{
    json_t *json = json_object();

    for (int i = 0; i < MFD_VERDICT_COUNT; i++) {
        json_object_set_new(json, mfd_verdict_name((enum mfd_verdict)i),
                            json_integer((json_int_t)run->summary[i]));
    }
    return json;
}

json_t *mfd_run_to_json(const struct mfd_run *run)
{
    json_t *results = json_array();

    for (size_t i = 0; i < run->count; i++) {
        json_array_append_new(results, mfd_result_to_json(&run->results[i]));
    }
    return json_pack("{s:o, s:{s:o, s:o, s:o}, s:o, s:o, s:o}", "suite",
                     string_json(run->suite_version), "peer", "kind", string_json(run->peer_kind),
                     "version", string_json(run->peer_version), "path", string_json(run->peer_path),
                     "profile", string_json(run->profile), "summary", summary_json(run), "results",
                     results);
}

bool mfd_json_put(FILE *out, json_t *json)
{
    bool ok = json && json_dumpf(json, out, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) == 0 &&
              fputc('\n', out) != EOF;

    json_decref(json);
    return ok;
}

bool mfd_json_write(FILE *out, const struct mfd_run *run)
{
    return mfd_json_put(out, mfd_run_to_json(run));
}

/*
 * Reading. `ok` of the reader turns false at the first key that is missing or of another type, and stays
 * so: the caller asks once, at the end.
 */
struct reader {
    const json_t *json;
    bool ok;
};

static char *read_text(struct reader *from, const char *key)
{
    const json_t *value = json_object_get(from->json, key);
    char *copy = json_is_string(value) ? strdup(json_string_value(value)) : NULL;

    if (!copy && !json_is_null(value)) {
        from->ok = false;
    }
    return copy;
}

/* A text that may not be null. */
static char *read_string(struct reader *from, const char *key)
{
    char *text = read_text(from, key);

    if (!text) {
        from->ok = false;
    }
    return text;
}

static double read_ms(struct reader *from, const char *key)
{
    const json_t *value = json_object_get(from->json, key);

    if (!json_is_number(value)) {
        from->ok = false;
    }
    return json_number_value(value);
}

/* The one of `words` (ended by NULL) that the key holds: a literal, so that nobody has to free it. */
static const char *read_word(struct reader *from, const char *key, const char *const *words)
{
    const char *value = json_string_value(json_object_get(from->json, key));

    for (; value && *words; words++) {
        if (strcmp(value, *words) == 0) {
            return *words;
        }
    }
    from->ok = false;
    return NULL;
}

static enum mfd_rule read_rule(struct reader *from)
{
    const json_t *value = json_object_get(from->json, "rule");
    enum mfd_rule rule = MFD_RULE_COUNT;

    if (json_is_string(value)) {
        rule = mfd_rule_find(json_string_value(value));
        from->ok = from->ok && rule != MFD_RULE_COUNT;
    } else if (!json_is_null(value)) {
        from->ok = false;
    }
    return rule;
}

/* MFD_OUTCOME_COUNT for null. */
static enum mfd_outcome read_outcome(struct reader *from, const json_t *value)
{
    const char *name = json_string_value(value);
    enum mfd_outcome outcome = name ? mfd_outcome_find(name) : MFD_OUTCOME_COUNT;

    if (outcome == MFD_OUTCOME_COUNT && !json_is_null(value)) {
        from->ok = false;
    }
    return outcome;
}

static mfd_outcomes read_outcomes(struct reader *from)
{
    const json_t *list = json_object_get(from->json, "expect");
    mfd_outcomes outcomes = 0;

    from->ok = from->ok && json_is_array(list);
    for (size_t i = 0; i < json_array_size(list); i++) {
        enum mfd_outcome outcome = read_outcome(from, json_array_get(list, i));

        outcomes |= outcome == MFD_OUTCOME_COUNT ? 0 : MFD_OUTCOME_BIT(outcome);
    }
    return outcomes;
}

static enum mfd_verdict read_verdict(struct reader *from)
{
    const char *name = json_string_value(json_object_get(from->json, "result"));
    enum mfd_verdict verdict = name ? mfd_verdict_find(name) : MFD_VERDICT_COUNT;

    if (verdict == MFD_VERDICT_COUNT) {
        from->ok = false;
    }
    return verdict;
}

static void read_exit(struct reader *from, struct mfd_result *result)
{
    const json_t *end = json_object_get(from->json, "exit");
    const json_t *code = json_object_get(end, "code");
    const json_t *signal = json_object_get(end, "signal");

    if ((!json_is_integer(code) && !json_is_null(code)) ||
        (!json_is_integer(signal) && !json_is_null(signal))) {
        from->ok = false;
        return;
    }
    result->exited = json_is_integer(code);
    result->exit_code = (int)json_integer_value(code);
    result->signal = (int)json_integer_value(signal);
}

static enum mfd_happening_kind read_kind(struct reader *from)
{
    const json_t *value = json_object_get(from->json, "kind");
    json_int_t kind = json_integer_value(value);

    if (!json_is_integer(value) || kind < 0 || kind >= MFD_HAPPENED_COUNT) {
        from->ok = false;
        return MFD_HAPPENED_NOTE;
    }
    return (enum mfd_happening_kind)kind;
}

static void read_happenings(struct reader *from, struct mfd_result *result)
{
    const json_t *list = json_object_get(from->json, "happenings");
    size_t count = json_array_size(list);

    if (count == 0) {
        return;
    }
    result->happenings = calloc(count, sizeof(*result->happenings));
    if (!result->happenings) {
        from->ok = false;
        return;
    }
    for (; result->happening_count < count; result->happening_count++) {
        struct reader each = {json_array_get(list, result->happening_count), true};

        result->happenings[result->happening_count] = (struct mfd_happening){
            .ms = read_ms(&each, "ms"),
            .conn = read_string(&each, "conn"),
            .from_peer = json_is_true(json_object_get(each.json, "from_peer")),
            .deviation = json_is_true(json_object_get(each.json, "deviation")),
            .kind = read_kind(&each),
            .text = read_string(&each, "text"),
        };
        from->ok = from->ok && each.ok;
    }
}

static void read_rules(struct reader *from, struct mfd_result *result)
{
    const json_t *list = json_object_get(from->json, "rules");
    size_t count = json_array_size(list);

    result->rules = count ? calloc(count, sizeof(*result->rules)) : NULL;
    for (; result->rules && result->rule_count < count; result->rule_count++) {
        const json_t *each = json_array_get(list, result->rule_count);
        const char *id = json_string_value(json_array_get(each, 0));
        const char *text = json_string_value(json_array_get(each, 2));
        struct mfd_result_rule *rule = &result->rules[result->rule_count];

        rule->rule = id ? mfd_rule_find(id) : MFD_RULE_COUNT;
        rule->broken = json_is_true(json_array_get(each, 1));
        rule->text = text ? strdup(text) : NULL;
        from->ok = from->ok && rule->rule != MFD_RULE_COUNT;
    }
}

/* What only the transfer form has. */
static void read_extra(struct reader *from, struct mfd_result *result)
{
    read_happenings(from, result);
    read_rules(from, result);
    result->offending = read_text(from, "offending");
    result->path = read_text(from, "path");
    result->line = (unsigned)json_integer_value(json_object_get(from->json, "line"));
    result->peer_log = read_text(from, "peer_log");
}

bool mfd_result_from_json(const json_t *json, struct mfd_result *result)
{
    static const char *const levels[] = {"MUST", "SHOULD", "MAY", "-", NULL};
    static const char *const roles[] = {"receiver", "sender", NULL};
    struct reader from = {json, json_is_object(json)};

    *result = (struct mfd_result){
        .id = read_string(&from, "id"),
        .params = read_string(&from, "params"),
        .rule = read_rule(&from),
        .level = read_word(&from, "level", levels),
        .role = read_word(&from, "role", roles),
        .expect = read_outcomes(&from),
        .got = read_outcome(&from, json_object_get(json, "got")),
        .verdict = read_verdict(&from),
        .ms = read_ms(&from, "ms"),
        .twin = read_text(&from, "twin"),
        .sanitizer = read_text(&from, "sanitizer"),
        .detail = read_text(&from, "detail"),
        .defect = read_text(&from, "defect"),
        .pcap = read_text(&from, "pcap"),
        .rerun = read_text(&from, "rerun"),
    };
    read_exit(&from, result);
    if (json_object_get(json, "happenings")) {
        read_extra(&from, result);
    }
    if (!from.ok) {
        mfd_result_free(result);
    }
    return from.ok;
}

static bool read_results(const json_t *list, struct mfd_run *run)
{
    size_t count = json_array_size(list);

    if (!json_is_array(list)) {
        return false;
    }
    run->results = calloc(count ? count : 1, sizeof(*run->results));
    while (run->results && run->count < count) {
        if (!mfd_result_from_json(json_array_get(list, run->count), &run->results[run->count])) {
            return false;
        }
        run->role = run->results[run->count].role;
        run->count++;
    }
    return run->results != NULL;
}

bool mfd_run_from_json(const json_t *json, struct mfd_run *run)
{
    struct reader from = {json, json_is_object(json)};
    struct reader peer = {json_object_get(json, "peer"), true};

    *run = (struct mfd_run){
        .suite_version = read_string(&from, "suite"),
        .peer_kind = read_string(&peer, "kind"),
        .peer_version = read_string(&peer, "version"),
        .peer_path = read_string(&peer, "path"),
        .profile = read_string(&from, "profile"),
    };
    if (!read_results(json_object_get(json, "results"), run) || !from.ok || !peer.ok) {
        mfd_run_free(run);
        return false;
    }
    mfd_run_summarise(run);
    return true;
}

/* Why a document is no report: the first result that is none, or what all lacks. */
static void explain_refusal(const char *path, const json_t *json, char *error)
{
    const json_t *list = json_object_get(json, "results");

    for (size_t i = 0; i < json_array_size(list); i++) {
        struct mfd_result result;

        if (!mfd_result_from_json(json_array_get(list, i), &result)) {
            snprintf(error, MFD_JSON_ERROR_SIZE,
                     "%s: results[%zu] is no result of this version of mfdkit", path, i);
            return;
        }
        mfd_result_free(&result);
    }
    snprintf(error, MFD_JSON_ERROR_SIZE, "%s: not a report of mfdkit test --json", path);
}

bool mfd_json_load(const char *path, struct mfd_run *run, char *error)
{
    json_error_t fault;
    json_t *json = json_load_file(path, 0, &fault);
    bool good = json && mfd_run_from_json(json, run);

    if (!json && fault.line > 0) {
        snprintf(error, MFD_JSON_ERROR_SIZE, "%s:%d: %s", path, fault.line, fault.text);
    } else if (!json) {
        snprintf(error, MFD_JSON_ERROR_SIZE, "%s", fault.text);
    } else if (!good) {
        explain_refusal(path, json, error);
    }
    json_decref(json);
    return good;
}
