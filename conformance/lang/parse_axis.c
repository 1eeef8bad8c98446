// SPDX-License-Identifier: GPL-2.0-or-later
/* Parameters: `each` and `with`; see parser.h. */
#include "pairwise.h"
#include "parser.h"

#include <string.h>

bool mfd_parse_is_name(const char *word)
{
    return *word >= 'a' && *word <= 'z' &&
           word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0';
}

/* Values of the axes that stand for a header must suit it. */
static bool check_axis_value(struct mfd_parser *parser, const struct mfd_axis *axis,
                             const char *word, const struct mfd_value *value)
{
    bool symbols = value->from.symbol || value->to.symbol;
    bool header = strcmp(axis->name, "channels") == 0 || strcmp(axis->name, "page") == 0;
    uint32_t bit = 0;

    if (symbols && (axis->pairwise || header)) {
        return MFD_PARSE_FAIL(parser, "%s: must be a plain number here", word);
    }
    if (value->kind <= MFD_VALUE_RANGE && (value->from.param || value->to.param ||
                                           value->from.addend_param || value->to.addend_param)) {
        return MFD_PARSE_FAIL(parser, "%s: no parameter inside a list of values", word);
    }
    if (strcmp(axis->name, "method") == 0) {
        return (value->kind == MFD_VALUE_WORD && mfd_method_find(value->text, &bit)) ||
               MFD_PARSE_FAIL(parser, "%s: no such method", word);
    }
    if (header && value->kind > MFD_VALUE_RANGE) {
        return MFD_PARSE_FAIL(parser, "%s: not a number", word);
    }
    return true;
}

static size_t count_with(const struct mfd_scenario *scenario)
{
    size_t count = 0;

    for (size_t i = 0; i < scenario->axis_count; i++) {
        count += scenario->axes[i].pairwise;
    }
    return count;
}

bool mfd_parse_axis(struct mfd_parser *parser, const struct mfd_words *words)
{
    struct mfd_scenario *scenario = parser->scenario;
    struct mfd_axis axis = {.line = parser->line, .name = words->list[1]};
    size_t at = 2;

    axis.pairwise = strcmp(words->list[0], "with") == 0;
    if (!mfd_parse_is_name(axis.name) || strchr(axis.name, '-') ||
        strcmp(axis.name, "order") == 0) {
        return MFD_PARSE_FAIL(parser, "%s: no name for a parameter", axis.name);
    }
    if (axis.pairwise && count_with(scenario) == MFD_AXES_MAX) {
        return MFD_PARSE_FAIL(parser, "with: stands %u times above", MFD_AXES_MAX);
    }
    if (mfd_scenario_axis(scenario, axis.name)) {
        return MFD_PARSE_FAIL(parser, "%s: a parameter of that name stands above", axis.name);
    }
    if (!axis.pairwise && (words->count < 3 || strcmp(words->list[at++], "in") != 0)) {
        return MFD_PARSE_FAIL(parser, "each: must be each NAME in VALUE...");
    }
    if (at >= words->count) {
        return MFD_PARSE_FAIL(parser, "%s: the values are missing", words->list[0]);
    }
    for (; at < words->count; at++) {
        size_t n = axis.values.count++;

        axis.values.list =
            mfd_arena_grow(&scenario->arena, axis.values.list, n, sizeof(*axis.values.list));
        if (!mfd_parse_value(parser, words->list[at], &axis.values.list[n]) ||
            !check_axis_value(parser, &axis, words->list[at], &axis.values.list[n])) {
            return false;
        }
    }
    scenario->axes = mfd_arena_grow(&scenario->arena, scenario->axes, scenario->axis_count,
                                    sizeof(*scenario->axes));
    scenario->axes[scenario->axis_count++] = axis;
    return true;
}

/* `each` before `with`, in the order of the file otherwise: the order of the canonical form. */
static void sort_axes(struct mfd_scenario *scenario)
{
    for (size_t i = 1; i < scenario->axis_count; i++) {
        struct mfd_axis axis = scenario->axes[i];
        size_t at = i;

        for (; at > 0 && scenario->axes[at - 1].pairwise && !axis.pairwise; at--) {
            scenario->axes[at] = scenario->axes[at - 1];
        }
        scenario->axes[at] = axis;
    }
}

static bool check_axis_names(struct mfd_parser *parser, const struct mfd_axis *axis)
{
    if (parser->headers_seen & mfd_parse_header_bit(axis->name)) {
        return MFD_PARSE_FAIL(parser, "%s: there is a header of that name too", axis->name);
    }
    for (size_t i = 0; i < axis->values.count; i++) {
        if (!mfd_parse_check_term(parser, &axis->values.list[i].from) ||
            !mfd_parse_check_term(parser, &axis->values.list[i].to)) {
            return false;
        }
    }
    return true;
}

bool mfd_parse_axes_end(struct mfd_parser *parser)
{
    struct mfd_scenario *scenario = parser->scenario;
    unsigned line = parser->line;

    sort_axes(scenario);
    for (size_t i = 0; i < scenario->axis_count; i++) {
        parser->line = scenario->axes[i].line;
        if (!check_axis_names(parser, &scenario->axes[i])) {
            return false;
        }
    }
    parser->line = line;
    return true;
}
