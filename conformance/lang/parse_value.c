// SPDX-License-Identifier: GPL-2.0-or-later
/* Values as the parser takes them: whole words whose names exist; see parser.h. */
#include "parser.h"
#include "value.h"

#include <string.h>

bool mfd_parse_check_term(struct mfd_parser *parser, const struct mfd_term *term)
{
    const struct mfd_scenario *scenario = parser->scenario;

    const char *const params[] = {term->param, term->addend_param};

    for (size_t i = 0; i < 2; i++) {
        if (params[i] && !mfd_scenario_axis(scenario, params[i])) {
            return MFD_PARSE_FAIL(parser, "$%.60s: no each or with has that name", params[i]);
        }
    }
    if (term->symbol == MFD_SYM_LEN && !mfd_scenario_has_block(scenario, term->of)) {
        return MFD_PARSE_FAIL(parser, "len(%.60s): no such block", term->of);
    }
    if (term->symbol == MFD_SYM_SIZE && mfd_message_find(term->of) == MFD_MESSAGE_COUNT) {
        return MFD_PARSE_FAIL(parser, "size(%.60s): no such message", term->of);
    }
    return true;
}

/* `problem`, or text that is left behind the value; then the names in it. */
static bool check_read(struct mfd_parser *parser, const char *text, const char *rest,
                       const char *problem)
{
    if (problem) {
        return MFD_PARSE_FAIL(parser, "%.80s: %s", text, problem);
    }
    if (*rest) {
        return MFD_PARSE_FAIL(parser, "%.80s: \"%.80s\" is too much", text, rest);
    }
    return true;
}

bool mfd_parse_term(struct mfd_parser *parser, const char *text, struct mfd_term *term)
{
    const char *rest = text;
    const char *problem = mfd_term_read(&parser->scenario->arena, &rest, term);

    return check_read(parser, text, rest, problem) &&
           (!parser->head_done || mfd_parse_check_term(parser, term));
}

static bool check_names(struct mfd_parser *parser, const struct mfd_value *value)
{
    return !parser->head_done ||
           (mfd_parse_check_term(parser, &value->from) && mfd_parse_check_term(parser, &value->to));
}

bool mfd_parse_value(struct mfd_parser *parser, const char *text, struct mfd_value *value)
{
    const char *rest = text;
    const char *problem = mfd_value_read(&parser->scenario->arena, &rest, value);

    return check_read(parser, text, rest, problem) && check_names(parser, value);
}

static void add_value(struct mfd_parser *parser, struct mfd_values *values, struct mfd_value value)
{
    values->list = mfd_arena_grow(&parser->scenario->arena, values->list, values->count,
                                  sizeof(*values->list));
    values->list[values->count++] = value;
}

bool mfd_parse_list(struct mfd_parser *parser, const char *text, struct mfd_values *values,
                    bool *repeat)
{
    const char *rest = text;

    for (;;) {
        struct mfd_value value = {0};
        const char *problem = NULL;

        if (repeat && strcmp(rest, "*") == 0 && values->count) {
            *repeat = true;
            return true;
        }
        problem = mfd_value_read(&parser->scenario->arena, &rest, &value);
        if (!problem && value.kind > MFD_VALUE_RANGE) {
            problem = "not a list of numbers";
        }
        if (problem || *rest != ',') {
            add_value(parser, values, value);
            return check_read(parser, text, rest, problem) && check_names(parser, &value);
        }
        if (!check_names(parser, &value)) {
            return false;
        }
        add_value(parser, values, value);
        rest++;
    }
}

bool mfd_parse_split(struct mfd_parser *parser, const char *text, struct mfd_values *values,
                     bool *repeat)
{
    if (!mfd_parse_list(parser, text, values, repeat)) {
        return false;
    }
    for (size_t i = 0; i < values->count; i++) {
        if (values->list[i].kind != MFD_VALUE_TERM) {
            return MFD_PARSE_FAIL(parser, "%.80s: sizes are single numbers", text);
        }
    }
    return true;
}

bool mfd_parse_block(struct mfd_parser *parser, const char *text, struct mfd_values *values)
{
    struct mfd_value value = {.kind = MFD_VALUE_TEXT, .text = text, .len = strlen(text)};

    if ((*text == '$' || *text == '"') && !mfd_parse_value(parser, text, &value)) {
        return false;
    }
    if (value.kind == MFD_VALUE_TEXT && !mfd_scenario_has_block(parser->scenario, value.text)) {
        return MFD_PARSE_FAIL(parser, "%.80s: no such block", value.text);
    }
    add_value(parser, values, value);
    return true;
}
