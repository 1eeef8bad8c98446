// SPDX-License-Identifier: GPL-2.0-or-later
/* Steps up to the "!"; see parser.h. */
#include "parser.h"
#include "value.h"

#include <string.h>

/* ---- WHO ---- */

static bool parse_channel(struct mfd_parser *parser, const char *word, struct mfd_who *who)
{
    struct mfd_value value = {0};

    who->kind = MFD_WHO_CHANNEL;
    if (strcmp(word, "*") == 0) {
        who->all = true;
        return true;
    }
    if (!*word) {
        return MFD_PARSE_FAIL(parser, "ch: a number, A..B or * must follow");
    }
    if (!mfd_parse_value(parser, word, &value)) {
        return false;
    }
    if (value.kind > MFD_VALUE_RANGE) {
        return MFD_PARSE_FAIL(parser, "%.80s: neither a channel number, A..B nor *", word);
    }
    who->range = value.kind == MFD_VALUE_RANGE;
    who->from = value.from;
    who->to = value.to;
    return true;
}

static bool parse_extra(struct mfd_parser *parser, const char *word, struct mfd_who *who)
{
    size_t len = strlen(word);

    who->kind = MFD_WHO_EXTRA;
    who->name = word;
    if (!len || strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789") != len || len > 16) {
        return MFD_PARSE_FAIL(parser,
                              "extra: a name of 1 to 16 small letters and digits must follow");
    }
    return true;
}

static bool parse_who(struct mfd_parser *parser, struct mfd_cursor *cursor, struct mfd_who *who)
{
    const char *word = mfd_cursor_peek(cursor);

    if (strcmp(word, "main") == 0) {
        who->kind = MFD_WHO_MAIN;
    } else if (strcmp(word, "file") == 0) {
        who->kind = MFD_WHO_FILE;
        if (parser->scenario->transport != MFD_TRANSPORT_FILE) {
            return MFD_PARSE_FAIL(parser, "file: needs the header transport file");
        }
    } else if (strcmp(word, "ch") == 0) {
        cursor->at++;
        return parse_channel(parser, mfd_cursor_take(cursor), who);
    } else if (strcmp(word, "extra") == 0) {
        cursor->at++;
        return parse_extra(parser, mfd_cursor_take(cursor), who);
    } else {
        return true;
    }
    cursor->at++;
    return true;
}

/* ---- VERB ---- */

static bool parse_at(struct mfd_parser *parser, const char *word, struct mfd_line *line)
{
    const char *hash = strchr(word, '#');
    struct mfd_arena *arena = &parser->scenario->arena;
    enum mfd_verb verb = MFD_VERB_COUNT;

    if (hash) {
        line->at_message = mfd_arena_text(arena, word, (size_t)(hash - word));
        verb = mfd_verb_find(line->at_message);
    }
    if (verb == MFD_VERB_COUNT || !mfd_verb_info(verb)->messages) {
        return MFD_PARSE_FAIL(parser, "%.80s: must be MESSAGE#NUMBER", word);
    }
    line->at_last = strcmp(hash + 1, "last") == 0;
    return line->at_last || mfd_parse_term(parser, hash + 1, &line->at_number);
}

static const char *who_text(enum mfd_who_kind kind)
{
    static const char *const names[] = {
        [MFD_WHO_NOBODY] = "",           [MFD_WHO_MAIN] = "main ", [MFD_WHO_CHANNEL] = "ch ",
        [MFD_WHO_EXTRA] = "extra NAME ", [MFD_WHO_FILE] = "file ",
    };

    return names[kind];
}

static bool check_verb(struct mfd_parser *parser, const char *word, const struct mfd_line *line)
{
    const struct mfd_verb_info *info = mfd_verb_info(line->verb);
    bool sender = parser->scenario->sender;
    bool by_sender = info->who & (1u << MFD_WHO_SENDER);

    if (by_sender && !sender) {
        return MFD_PARSE_FAIL(parser, "%s: needs the header role sender", word);
    }
    if (sender && (info->messages || line->verb == MFD_VERB_send)) {
        return MFD_PARSE_FAIL(parser, "%s: with role sender the peer is the one that sends", word);
    }
    if (!by_sender && !(info->who & (1u << line->who.kind))) {
        return line->who.kind == MFD_WHO_NOBODY
                   ? MFD_PARSE_FAIL(parser, "%s: main, ch or extra must stand before it", word)
                   : MFD_PARSE_FAIL(parser, "%s: cannot follow \"%s\"", word,
                                    who_text(line->who.kind));
    }
    if (parser->in_orders && info->who == 1u << MFD_WHO_NOBODY) {
        return MFD_PARSE_FAIL(
            parser, "%s: concerns more than one connection, so it cannot stand in orders", word);
    }
    return true;
}

static bool parse_verb(struct mfd_parser *parser, struct mfd_cursor *cursor, struct mfd_line *line)
{
    const char *word = mfd_cursor_peek(cursor);

    line->verb = MFD_VERB_COUNT;
    if (line->at && (!*word || *word == '!')) {
        return true;
    }
    if (!*word) {
        return MFD_PARSE_FAIL(parser, "the verb is missing");
    }
    line->verb = mfd_verb_find(word);
    if (line->verb == MFD_VERB_COUNT) {
        return MFD_PARSE_FAIL(parser, "%.80s: no such step", word);
    }
    cursor->at++;
    return check_verb(parser, word, line);
}

static bool parse_raw(struct mfd_parser *parser, const char *word, struct mfd_line *line)
{
    struct mfd_value value = {0};

    if (!*word) {
        return MFD_PARSE_FAIL(parser, "send: the bytes x'...' are missing");
    }
    if (!mfd_parse_value(parser, word, &value)) {
        return false;
    }
    if (value.kind != MFD_VALUE_BYTES || !value.len) {
        return MFD_PARSE_FAIL(parser, "%.80s: send takes bytes x'...'", word);
    }
    line->raw = value.bytes;
    line->raw_len = value.len;
    return true;
}

/* ---- arguments ---- */

/* The argument that NAME=VALUE names; MFD_ARG_COUNT if the verb has none of that name. */
static enum mfd_arg_name find_arg(struct mfd_parser *parser, enum mfd_verb verb, const char *word)
{
    const char *equals = strchr(word, '=');
    enum mfd_arg_name name = MFD_ARG_COUNT;

    if (equals) {
        name =
            mfd_arg_find(mfd_arena_text(&parser->scenario->arena, word, (size_t)(equals - word)));
    }
    if (name == MFD_ARG_COUNT || verb == MFD_VERB_COUNT ||
        !(mfd_verb_info(verb)->args & (1u << name))) {
        return MFD_ARG_COUNT;
    }
    return name;
}

static bool suits(enum mfd_arg_shape shape, const struct mfd_value *value)
{
    bool param = value->kind == MFD_VALUE_TERM && value->from.param;

    switch (shape) {
    case MFD_SHAPE_COUNT:
        return value->kind == MFD_VALUE_TERM ||
               (value->kind == MFD_VALUE_WORD && !strcmp(value->text, "same"));
    case MFD_SHAPE_TEXT:
        return param || value->kind == MFD_VALUE_TEXT;
    case MFD_SHAPE_BYTES:
        return param || value->kind == MFD_VALUE_BYTES;
    default:
        return value->kind == MFD_VALUE_TERM;
    }
}

static bool parse_arg_value(struct mfd_parser *parser, const char *word, const char *text,
                            struct mfd_arg *arg)
{
    enum mfd_arg_shape shape = mfd_arg_shape(arg->name);

    if (!*text) {
        return MFD_PARSE_FAIL(parser, "%s: the value is missing", word);
    }
    switch (shape) {
    case MFD_SHAPE_LIST:
        return mfd_parse_list(parser, text, &arg->values, NULL);
    case MFD_SHAPE_SPLIT:
        return mfd_parse_split(parser, text, &arg->values, &arg->repeat);
    case MFD_SHAPE_BLOCK:
        return mfd_parse_block(parser, text, &arg->values);
    default:
        arg->values.list = mfd_arena_alloc(&parser->scenario->arena, sizeof(*arg->values.list));
        arg->values.count = 1;
        if (!mfd_parse_value(parser, text, arg->values.list)) {
            return false;
        }
        return suits(shape, arg->values.list) ||
               MFD_PARSE_FAIL(parser, "%.80s: not a value for it", word);
    }
}

static bool parse_arg(struct mfd_parser *parser, const char *word, enum mfd_arg_name name,
                      struct mfd_line *line)
{
    struct mfd_arg arg = {.name = name};
    size_t at = line->arg_count;

    if (mfd_line_arg(line, name)) {
        return MFD_PARSE_FAIL(parser, "%.80s: stands in this line already", word);
    }
    if (!parse_arg_value(parser, word, strchr(word, '=') + 1, &arg)) {
        return false;
    }
    if (name == MFD_ARG_sync &&
        (arg.values.list[0].from.number.digits != 1 || arg.values.list[0].from.symbol ||
         arg.values.list[0].from.sign || arg.values.list[0].from.negative)) {
        return MFD_PARSE_FAIL(parser, "%.80s: can only be 1", word);
    }
    line->args =
        mfd_arena_grow(&parser->scenario->arena, line->args, line->arg_count, sizeof(*line->args));
    for (; at > 0 && line->args[at - 1].name > name; at--) {
        line->args[at] = line->args[at - 1];
    }
    line->args[at] = arg;
    line->arg_count++;
    return true;
}

/* Whether it could stand right of "!": only to say so in the message. */
static bool looks_like_fault(const struct mfd_line *line, const char *word)
{
    size_t len = strcspn(word, "=[");

    for (int kind = MFD_FAULT_BLOCK; kind < MFD_FAULT_COUNT; kind++) {
        const char *name = mfd_fault_name((enum mfd_fault_kind)kind);

        if (strlen(name) == len && strncmp(name, word, len) == 0) {
            return true;
        }
    }
    for (int i = 0; word[len] && i < MFD_FIELD_COUNT; i++) {
        const struct mfd_field_info *info = mfd_field_info((enum mfd_field)i);

        if (strlen(info->name) == len && strncmp(info->name, word, len) == 0 &&
            line->verb != MFD_VERB_COUNT &&
            (mfd_verb_info(line->verb)->messages & (1u << info->message))) {
            return true;
        }
    }
    return false;
}

static bool parse_arg_or_fault(struct mfd_parser *parser, const char *word, struct mfd_line *line)
{
    enum mfd_arg_name name = find_arg(parser, line->verb, word);

    if (name != MFD_ARG_COUNT) {
        return parse_arg(parser, word, name, line);
    }
    if (line->whole) {
        return mfd_parse_fault(parser, word, line);
    }
    if (looks_like_fault(line, word)) {
        return MFD_PARSE_FAIL(parser, "%.80s: a fault stands right of !", word);
    }
    return MFD_PARSE_FAIL(parser, "%.80s: nothing that %s takes", word,
                          line->verb == MFD_VERB_COUNT ? "at" : mfd_verb_info(line->verb)->name);
}

static bool check_args(struct mfd_parser *parser, const struct mfd_line *line)
{
    bool paged = mfd_line_arg(line, MFD_ARG_pages) || mfd_line_arg(line, MFD_ARG_zero);

    if (line->verb == MFD_VERB_data && !paged) {
        return MFD_PARSE_FAIL(
            parser, "data: pages= or zero= is missing; a packet without pages is empty or sync");
    }
    if ((line->verb == MFD_VERB_zero || line->verb == MFD_VERB_page) && !paged) {
        return MFD_PARSE_FAIL(parser, "%s: pages= is missing", mfd_verb_info(line->verb)->name);
    }
    if (mfd_line_arg(line, MFD_ARG_id) && line->who.kind != MFD_WHO_EXTRA && !line->whole) {
        return MFD_PARSE_FAIL(
            parser, "id: a channel has its own number; another one is a fault, right of !");
    }
    return true;
}

static bool parse_rest(struct mfd_parser *parser, struct mfd_cursor *cursor, struct mfd_line *line)
{
    while (*mfd_cursor_peek(cursor) && strcmp(mfd_cursor_peek(cursor), "!") != 0) {
        if (!parse_arg_or_fault(parser, mfd_cursor_take(cursor), line)) {
            return false;
        }
    }
    if (*mfd_cursor_peek(cursor)) {
        cursor->at++;
        if (line->whole) {
            return MFD_PARSE_FAIL(parser, "!: the whole line is a fault already");
        }
        if (!*mfd_cursor_peek(cursor)) {
            return MFD_PARSE_FAIL(parser, "!: the fault is missing");
        }
    }
    while (*mfd_cursor_peek(cursor)) {
        if (!mfd_parse_fault(parser, mfd_cursor_take(cursor), line)) {
            return false;
        }
    }
    return check_args(parser, line) && mfd_parse_faults_end(parser, line);
}

bool mfd_parse_step(struct mfd_parser *parser, const struct mfd_words *words)
{
    struct mfd_scenario *scenario = parser->scenario;
    struct mfd_line line = {.line = parser->line, .ordered = parser->in_orders};
    struct mfd_cursor cursor = {words, 0};

    line.whole = strcmp(mfd_cursor_peek(&cursor), "!") == 0;
    cursor.at += line.whole;
    line.at = strcmp(mfd_cursor_peek(&cursor), "at") == 0;
    cursor.at += line.at;
    if (line.at && !scenario->sender) {
        return MFD_PARSE_FAIL(parser, "at: needs the header role sender");
    }
    if (!parse_who(parser, &cursor, &line.who)) {
        return false;
    }
    if (line.at && line.who.kind == MFD_WHO_NOBODY) {
        return MFD_PARSE_FAIL(parser, "at: main, ch or extra must follow");
    }
    if (line.at && !parse_at(parser, mfd_cursor_take(&cursor), &line)) {
        return false;
    }
    if (!parse_verb(parser, &cursor, &line)) {
        return false;
    }
    if (line.verb == MFD_VERB_send && !parse_raw(parser, mfd_cursor_take(&cursor), &line)) {
        return false;
    }
    if (!parse_rest(parser, &cursor, &line)) {
        return false;
    }
    line.comment = mfd_parse_take_comment(parser);
    scenario->lines = mfd_arena_grow(&scenario->arena, scenario->lines, scenario->line_count,
                                     sizeof(*scenario->lines));
    scenario->lines[scenario->line_count++] = line;
    return true;
}
