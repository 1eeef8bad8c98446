// SPDX-License-Identifier: GPL-2.0-or-later
/* Faults: what stands right of "!"; see parser.h. */
#include "hello.h"
#include "parser.h"
#include "value.h"

#include <string.h>

#define M(name) (1u << MFD_MSG_##name)

/* What the step's bytes consist of, as far as faults care. */
struct material {
    const char *step;
    unsigned messages;
    bool bytes; /* it sends something */
    bool connects;
    bool settle;
    bool taken; /* with role sender: a connection, or a message, is taken */
};

/* A hello is that of what the scenario speaks. */
static unsigned spoken(const struct mfd_scenario *scenario, unsigned messages)
{
    enum mfd_rev speak = scenario->speak_text ? scenario->speak : MFD_REV_LATEST;
    unsigned hellos = M(hello) | M(text_hello) | M(binary_hello);

    return messages & (~hellos | 1u << mfd_hello_message(speak));
}

static struct material line_material(const struct mfd_scenario *scenario,
                                     const struct mfd_line *line)
{
    enum mfd_verb verb = line->at ? mfd_verb_find(line->at_message) : line->verb;
    const struct mfd_verb_info *info = mfd_verb_info(verb);

    return (struct material){
        .step = info->name,
        .messages = spoken(scenario, info->messages),
        .bytes = info->messages || verb == MFD_VERB_send,
        .connects = verb == MFD_VERB_connect,
        .settle = verb == MFD_VERB_settle,
        .taken = line->at || verb == MFD_VERB_accept,
    };
}

static enum mfd_fault_kind find_kind(const char *word, size_t len)
{
    int kind = MFD_FAULT_BLOCK;

    while (kind < MFD_FAULT_COUNT &&
           (strlen(mfd_fault_name((enum mfd_fault_kind)kind)) != len ||
            strncmp(mfd_fault_name((enum mfd_fault_kind)kind), word, len) != 0)) {
        kind++;
    }
    return (enum mfd_fault_kind)kind;
}

/* Whether a fault of that kind means anything for what the step sends. */
static bool possible(const struct material *of, enum mfd_fault_kind kind)
{
    switch (kind) {
    case MFD_FAULT_BLOCK:
        return of->messages & (M(packet) | M(block) | M(zero) | M(page));
    case MFD_FAULT_PAYLOAD:
        return of->messages & (M(packet) | M(device) | M(page));
    case MFD_FAULT_STREAM:
        return of->messages & M(packet);
    case MFD_FAULT_OMIT:
        return !of->settle;
    case MFD_FAULT_REFUSE:
    case MFD_FAULT_STALL:
    case MFD_FAULT_CANCEL:
        return of->taken;
    case MFD_FAULT_PLAIN:
    case MFD_FAULT_FOREIGN:
    case MFD_FAULT_CLOSE:
    case MFD_FAULT_RESET:
        return of->bytes || of->connects || of->taken;
    default:
        return of->bytes;
    }
}

static bool takes_value(enum mfd_fault_kind kind)
{
    switch (kind) {
    case MFD_FAULT_TWICE:
    case MFD_FAULT_OMIT:
    case MFD_FAULT_PLAIN:
    case MFD_FAULT_FOREIGN:
    case MFD_FAULT_CLOSE:
    case MFD_FAULT_RESET:
    case MFD_FAULT_REFUSE:
    case MFD_FAULT_STALL:
    case MFD_FAULT_CANCEL:
        return false;
    default:
        return true;
    }
}

static bool is_param(const struct mfd_value *value)
{
    return value->kind == MFD_VALUE_TERM && value->from.param;
}

static bool suits_kind(enum mfd_fault_kind kind, const struct mfd_value *value)
{
    switch (kind) {
    case MFD_FAULT_PAYLOAD:
        return is_param(value) || value->kind == MFD_VALUE_BYTES || value->kind == MFD_VALUE_TEXT;
    case MFD_FAULT_PAD:
        return is_param(value) || (value->kind == MFD_VALUE_BYTES && value->len);
    case MFD_FAULT_STREAM:
        return value->kind == MFD_VALUE_WORD &&
               (strcmp(value->text, "fresh") == 0 || strcmp(value->text, "finished") == 0 ||
                strcmp(value->text, "padded") == 0);
    default:
        return value->kind == MFD_VALUE_TERM;
    }
}

static bool parse_kind_value(struct mfd_parser *parser, const char *word, const char *text,
                             struct mfd_fault *fault)
{
    if (fault->kind == MFD_FAULT_SPLIT) {
        return mfd_parse_split(parser, text, &fault->values, &fault->repeat);
    }
    if (fault->kind == MFD_FAULT_BLOCK) {
        return mfd_parse_block(parser, text, &fault->values);
    }
    fault->values.list = mfd_arena_alloc(&parser->scenario->arena, sizeof(*fault->values.list));
    fault->values.count = 1;
    if (!mfd_parse_value(parser, text, fault->values.list)) {
        return false;
    }
    return suits_kind(fault->kind, fault->values.list) ||
           MFD_PARSE_FAIL(parser, "%.80s: not a value for it", word);
}

/* ---- FIELD=VALUE ---- */

static bool field_suits(struct mfd_parser *parser, const char *word,
                        const struct mfd_field_info *info, const struct mfd_value *value)
{
    uint8_t uuid[MFD_UUID_SIZE];

    switch (value->kind) {
    case MFD_VALUE_RANGE:
        return MFD_PARSE_FAIL(parser, "%.80s: a field takes one value", word);
    case MFD_VALUE_WORD:
        if (strcmp(value->text, "swapped") != 0) {
            return MFD_PARSE_FAIL(parser, "%.80s: \"%.40s\" is no value", word, value->text);
        }
        return info->type == MFD_TYPE_UINT || info->type == MFD_TYPE_UUID ||
               MFD_PARSE_FAIL(parser, "%.80s: only numbers and the UUID can be swapped", word);
    case MFD_VALUE_TERM:
        return is_param(value) || info->type == MFD_TYPE_UINT || info->type == MFD_TYPE_BYTES ||
               MFD_PARSE_FAIL(parser, "%.80s: that field takes \"text\" or x'hex'", word);
    case MFD_VALUE_TEXT:
        if (info->type == MFD_TYPE_UINT) {
            return MFD_PARSE_FAIL(parser, "%.80s: a number takes no text", word);
        }
        return info->type != MFD_TYPE_UUID || mfd_uuid_parse(value->text, uuid) ||
               MFD_PARSE_FAIL(parser, "%.80s: no UUID", word);
    default:
        return true;
    }
}

/* The first field of that name among the messages of the step. */
static const struct mfd_field_info *find_field(unsigned messages, enum mfd_message message,
                                               const char *name)
{
    for (int i = 0; i < MFD_FIELD_COUNT; i++) {
        const struct mfd_field_info *info = mfd_field_info((enum mfd_field)i);

        if (strcmp(info->name, name) == 0 && (messages & (1u << info->message)) &&
            (message == MFD_MESSAGE_COUNT || message == info->message)) {
            return info;
        }
    }
    return NULL;
}

/* "[MESSAGE.]FIELD[[INDEX]]" of `len` bytes at `word`. */
static bool parse_field_name(struct mfd_parser *parser, const char *word, size_t len,
                             struct mfd_fault *fault)
{
    struct mfd_arena *arena = &parser->scenario->arena;
    char *name = mfd_arena_text(arena, word, len);
    char *bracket = strchr(name, '[');
    char *dot = strchr(name, '.');

    if (bracket) {
        if (name[len - 1] != ']') {
            return MFD_PARSE_FAIL(parser, "%.80s: the closing ] is missing", word);
        }
        name[len - 1] = '\0';
        *bracket = '\0';
        fault->indexed = true;
        if (!mfd_parse_term(parser, bracket + 1, &fault->index)) {
            return false;
        }
    }
    if (dot && (!bracket || dot < bracket)) {
        *dot = '\0';
        fault->message = mfd_message_find(name);
        if (fault->message == MFD_MESSAGE_COUNT) {
            return MFD_PARSE_FAIL(parser, "%.80s: no such message", name);
        }
        name = dot + 1;
    }
    fault->field = name;
    return true;
}

static bool parse_field(struct mfd_parser *parser, const char *word, const struct material *of,
                        struct mfd_fault *fault)
{
    const char *equals = strchr(word, '=');
    const struct mfd_field_info *info = NULL;

    fault->kind = MFD_FAULT_FIELD;
    fault->message = MFD_MESSAGE_COUNT;
    if (!equals) {
        return MFD_PARSE_FAIL(parser, "%.80s: no such fault", word);
    }
    if (!parse_field_name(parser, word, (size_t)(equals - word), fault)) {
        return false;
    }
    fault->values.list = mfd_arena_alloc(&parser->scenario->arena, sizeof(*fault->values.list));
    fault->values.count = 1;
    info = find_field(of->messages, fault->message, fault->field);
    if (!info) {
        return MFD_PARSE_FAIL(parser, "%.80s: %s has no such field", word, of->step);
    }
    if (!equals[1]) {
        return MFD_PARSE_FAIL(parser, "%.80s: the value is missing", word);
    }
    return mfd_parse_value(parser, equals + 1, fault->values.list) &&
           field_suits(parser, word, info, fault->values.list);
}

/* ---- one fault, and all of a line ---- */

static bool same_fault(const struct mfd_fault *a, const struct mfd_fault *b)
{
    return a->kind == b->kind && a->kind != MFD_FAULT_FIELD;
}

bool mfd_parse_fault(struct mfd_parser *parser, const char *word, struct mfd_line *line)
{
    struct material of = line_material(parser->scenario, line);
    size_t len = strcspn(word, "=");
    struct mfd_fault fault = {.kind = find_kind(word, len)};
    size_t at = line->fault_count;

    if (fault.kind == MFD_FAULT_COUNT) {
        if (!parse_field(parser, word, &of, &fault)) {
            return false;
        }
    } else {
        fault.message = MFD_MESSAGE_COUNT;
        if (takes_value(fault.kind) != (word[len] == '=' && word[len + 1])) {
            return MFD_PARSE_FAIL(parser,
                                  takes_value(fault.kind) ? "%.80s: the value is missing"
                                                          : "%.80s: takes no value",
                                  word);
        }
        if (!possible(&of, fault.kind)) {
            return MFD_PARSE_FAIL(parser, "%.80s: no fault for %s", word, of.step);
        }
        if (takes_value(fault.kind) && !parse_kind_value(parser, word, word + len + 1, &fault)) {
            return false;
        }
    }
    line->faults = mfd_arena_grow(&parser->scenario->arena, line->faults, line->fault_count,
                                  sizeof(*line->faults));
    for (; at > 0 && line->faults[at - 1].kind > fault.kind; at--) {
        line->faults[at] = line->faults[at - 1];
    }
    if (at > 0 && same_fault(&line->faults[at - 1], &fault)) {
        return MFD_PARSE_FAIL(parser, "%.80s: stands in this line already", word);
    }
    line->faults[at] = fault;
    line->fault_count++;
    return true;
}

bool mfd_parse_faults_end(struct mfd_parser *parser, struct mfd_line *line)
{
    if (line->whole &&
        (line->verb == MFD_VERB_settle || mfd_line_has_fault(line, MFD_FAULT_OMIT))) {
        return MFD_PARSE_FAIL(parser, "!: a line that the twin lacks cannot be %s",
                              line->verb == MFD_VERB_settle ? "settle" : "omitted");
    }
    if (mfd_line_has_fault(line, MFD_FAULT_OMIT) && line->fault_count > 1) {
        return MFD_PARSE_FAIL(parser, "omit: nothing is left for another fault");
    }
    if (mfd_line_has_fault(line, MFD_FAULT_CLOSE) && mfd_line_has_fault(line, MFD_FAULT_RESET)) {
        return MFD_PARSE_FAIL(parser, "reset: close stands there too");
    }
    if (mfd_line_has_fault(line, MFD_FAULT_TWICE) && mfd_line_has_fault(line, MFD_FAULT_CUT)) {
        return MFD_PARSE_FAIL(parser, "cut: twice stands there too");
    }
    return true;
}
