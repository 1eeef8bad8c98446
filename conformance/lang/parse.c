// SPDX-License-Identifier: GPL-2.0-or-later
#include "parser.h"
#include "value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Far above any scenario that a person writes; they bound the work on hostile input. */
#define FILE_MAX_SIZE (4u << 20)
#define LINE_MAX_SIZE 65536u

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Only comments may hold anything but printable ASCII. */
static bool check_bytes(struct mfd_parser *parser, const char *text, size_t len)
{
    bool comment = len > 0 && text[0] == '#';

    if (len > LINE_MAX_SIZE) {
        return MFD_PARSE_FAIL(parser, "the line is longer than %u bytes", LINE_MAX_SIZE);
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f || (c >= 0x80 && !comment)) {
            return MFD_PARSE_FAIL(parser, "byte 0x%02x is not text", c);
        }
    }
    return true;
}

/* End of the word that starts at `p`: blanks inside "..." and x'...' belong to it. */
static const char *word_end(const char *p, const char *end)
{
    const char *start = p;
    char quote = 0;

    if (*p == '!') {
        return p + 1;
    }
    for (; p < end && (quote || !is_blank(*p)); p++) {
        if (quote) {
            quote = *p == quote ? 0 : quote;
        } else if (*p == '"' || (*p == '\'' && p > start && p[-1] == 'x')) {
            quote = *p;
        }
    }
    return p;
}

static struct mfd_words split_words(struct mfd_arena *arena, const char *text, size_t len)
{
    struct mfd_words words = {0};
    const char *end = text + len;

    for (const char *p = text; p < end;) {
        const char *stop = NULL;

        if (is_blank(*p)) {
            p++;
            continue;
        }
        stop = word_end(p, end);
        words.list = mfd_arena_grow(arena, words.list, words.count, sizeof(*words.list));
        words.list[words.count++] = mfd_arena_text(arena, p, (size_t)(stop - p));
        p = stop;
    }
    return words;
}

static void add_comment(struct mfd_arena *arena, struct mfd_comment *comment, const char *text,
                        size_t len)
{
    text++; /* the '#' */
    len--;
    if (len && *text == ' ') {
        text++;
        len--;
    }
    while (len && is_blank(text[len - 1])) {
        len--;
    }
    comment->lines = mfd_arena_grow(arena, comment->lines, comment->count, sizeof(*comment->lines));
    comment->lines[comment->count++] = mfd_arena_text(arena, text, len);
}

const char *mfd_cursor_peek(const struct mfd_cursor *cursor)
{
    return cursor->at < cursor->words->count ? cursor->words->list[cursor->at] : "";
}

const char *mfd_cursor_take(struct mfd_cursor *cursor)
{
    const char *word = mfd_cursor_peek(cursor);

    cursor->at++;
    return word;
}

struct mfd_comment mfd_parse_take_comment(struct mfd_parser *parser)
{
    struct mfd_comment comment = parser->pending;

    parser->pending = (struct mfd_comment){0};
    return comment;
}

static bool parse_orders(struct mfd_parser *parser, bool begin)
{
    const struct mfd_scenario *scenario = parser->scenario;

    if (begin) {
        if (parser->orders_seen) {
            return MFD_PARSE_FAIL(parser, "orders: a scenario has one at most");
        }
        parser->orders_seen = true;
    } else if (!parser->in_orders) {
        return MFD_PARSE_FAIL(parser, "end: there is no orders before it");
    } else if (!scenario->line_count || !scenario->lines[scenario->line_count - 1].ordered) {
        return MFD_PARSE_FAIL(parser, "end: no step stands between orders and end");
    }
    parser->in_orders = begin;
    return true;
}

static bool end_head(struct mfd_parser *parser)
{
    if (parser->head_done) {
        return true;
    }
    parser->head_done = true;
    return mfd_parse_head_end(parser);
}

static bool parse_words(struct mfd_parser *parser, const struct mfd_words *words)
{
    const char *first = words->list[0];
    bool alone = words->count == 1;

    if (mfd_parse_is_header(first)) {
        if (parser->head_done) {
            return MFD_PARSE_FAIL(parser, "%s: headers stand before the first step", first);
        }
        if (parser->pending.count) {
            return MFD_PARSE_FAIL(
                parser, "%s: comments stand at the head of the file or before a step", first);
        }
        return mfd_parse_header(parser, words);
    }
    if (!end_head(parser)) {
        return false;
    }
    if (strcmp(first, "expect") == 0) {
        return mfd_parse_expect(parser, words);
    }
    if (parser->scenario->expect_count) {
        return MFD_PARSE_FAIL(parser, "%s: steps stand before expect", first);
    }
    if (alone && (strcmp(first, "orders") == 0 || strcmp(first, "end") == 0)) {
        return parse_orders(parser, *first == 'o');
    }
    return mfd_parse_step(parser, words);
}

static bool parse_line(struct mfd_parser *parser, const char *text, size_t len)
{
    struct mfd_scenario *scenario = parser->scenario;
    struct mfd_words words = {0};

    while (len && is_blank(*text)) {
        text++;
        len--;
    }
    if (!check_bytes(parser, text, len)) {
        return false;
    }
    if (len && text[0] == '#') {
        bool prose = scenario->prose.count + 1 == parser->line;

        add_comment(&scenario->arena, prose ? &scenario->prose : &parser->pending, text, len);
        return true;
    }
    if (!scenario->prose.count) {
        return MFD_PARSE_FAIL(parser, "a scenario starts with a line \"# what it shows\"");
    }
    words = split_words(&scenario->arena, text, len);
    return words.count == 0 || parse_words(parser, &words);
}

static bool parse_end(struct mfd_parser *parser)
{
    if (!parser->scenario->prose.count) {
        return MFD_PARSE_FAIL(parser, "a scenario starts with a line \"# what it shows\"");
    }
    if (parser->in_orders) {
        return MFD_PARSE_FAIL(parser, "orders: the end is missing");
    }
    if (!parser->scenario->expect_count) {
        return MFD_PARSE_FAIL(parser, "expect is missing");
    }
    if (parser->pending.count) {
        return MFD_PARSE_FAIL(parser, "a comment at the end belongs to no step");
    }
    return true;
}

static void join_prose(struct mfd_scenario *scenario)
{
    size_t len = 0;
    char *joined = NULL;

    for (size_t i = 0; i < scenario->prose.count; i++) {
        len += strlen(scenario->prose.lines[i]) + 1;
    }
    joined = mfd_arena_alloc(&scenario->arena, len + 1);
    len = 0;
    for (size_t i = 0; i < scenario->prose.count; i++) {
        size_t n = strlen(scenario->prose.lines[i]);

        if (len && n) {
            joined[len++] = ' ';
        }
        memcpy(joined + len, scenario->prose.lines[i], n);
        len += n;
    }
    scenario->prose_joined = joined;
}

static bool parse_text(struct mfd_parser *parser, const char *text, size_t len)
{
    size_t at = 0;

    if (len > FILE_MAX_SIZE) {
        return MFD_PARSE_FAIL(parser, "the file is longer than %u bytes", FILE_MAX_SIZE);
    }
    while (at < len) {
        const char *newline = memchr(text + at, '\n', len - at);
        size_t line = newline ? (size_t)(newline - text) - at : len - at;

        parser->line++;
        if (!parse_line(parser, text + at, line)) {
            return false;
        }
        at += line + 1;
    }
    parser->line = parser->line ? parser->line : 1;
    return parse_end(parser);
}

struct mfd_scenario *mfd_scenario_parse(const char *id, const char *text, size_t len,
                                        struct mfd_lang_error *error)
{
    struct mfd_arena arena = {0};
    struct mfd_scenario *scenario = mfd_arena_alloc(&arena, sizeof(*scenario));
    struct mfd_parser parser = {.scenario = scenario, .error = error};

    scenario->arena = arena;
    scenario->id = mfd_arena_text(&scenario->arena, id, strlen(id));
    if (!parse_text(&parser, text, len)) {
        mfd_scenario_free(scenario);
        return NULL;
    }
    join_prose(scenario);
    return scenario;
}

/* Reads at most `room` bytes; false with errno if that fails. */
static bool read_file(const char *path, char *text, size_t room, size_t *len)
{
    FILE *file = fopen(path, "rb");
    bool good = false;

    if (!file) {
        return false;
    }
    *len = fread(text, 1, room, file);
    good = !ferror(file);
    fclose(file);
    return good;
}

struct mfd_scenario *mfd_scenario_load(const char *id, const char *path,
                                       struct mfd_lang_error *error)
{
    char *text = mfd_zalloc(FILE_MAX_SIZE + 1);
    struct mfd_scenario *scenario = NULL;
    size_t len = 0;

    if (read_file(path, text, FILE_MAX_SIZE + 1, &len)) {
        scenario = mfd_scenario_parse(id, text, len, error);
    } else {
        mfd_lang_fail(error, 0, "%s", strerror(errno));
    }
    free(text);
    return scenario;
}
