// SPDX-License-Identifier: GPL-2.0-or-later
/* Expectations; see parser.h. */
#include "parser.h"

#include <string.h>

static bool parse_outcome(struct mfd_parser *parser, const char *word, mfd_outcomes *outcomes)
{
    enum mfd_outcome outcome = mfd_outcome_find(word);

    if (!*word) {
        return MFD_PARSE_FAIL(parser, "expect: an outcome is missing");
    }
    if (outcome == MFD_OUTCOME_COUNT) {
        return MFD_PARSE_FAIL(parser, "%.80s: no such outcome", word);
    }
    if (*outcomes & MFD_OUTCOME_BIT(outcome)) {
        return MFD_PARSE_FAIL(parser, "%s: stands in this line already", word);
    }
    *outcomes |= MFD_OUTCOME_BIT(outcome);
    return true;
}

/* Two clauses for one revision would leave open which one holds. */
static bool check_overlap(struct mfd_parser *parser, const struct mfd_expect *expect)
{
    const struct mfd_scenario *scenario = parser->scenario;

    for (size_t i = 0; i < scenario->expect_count; i++) {
        for (int rev = MFD_REV_FIRST; rev <= MFD_REV_LATEST; rev++) {
            if (mfd_revs_hold(&expect->revs, (enum mfd_rev)rev) &&
                mfd_revs_hold(&scenario->expects[i].revs, (enum mfd_rev)rev)) {
                return MFD_PARSE_FAIL(parser, "expect: line %u speaks for %s too",
                                      scenario->expects[i].line,
                                      mfd_rev_info((enum mfd_rev)rev)->name);
            }
        }
    }
    return true;
}

bool mfd_parse_expect(struct mfd_parser *parser, const struct mfd_words *words)
{
    struct mfd_scenario *scenario = parser->scenario;
    struct mfd_expect expect = {.line = parser->line};
    struct mfd_cursor cursor = {words, 1};

    if (parser->in_orders) {
        return MFD_PARSE_FAIL(parser, "expect: the end of orders is missing");
    }
    do {
        if (!parse_outcome(parser, mfd_cursor_take(&cursor), &expect.outcomes)) {
            return false;
        }
    } while (strcmp(mfd_cursor_peek(&cursor), "or") == 0 && cursor.at++);
    if (strcmp(mfd_cursor_peek(&cursor), "for") == 0) {
        cursor.at++;
        if (!*mfd_cursor_peek(&cursor)) {
            return MFD_PARSE_FAIL(parser, "for: the revisions are missing");
        }
        if (!mfd_parse_revs(parser, mfd_cursor_take(&cursor), &expect.revs)) {
            return false;
        }
    }
    if (*mfd_cursor_peek(&cursor)) {
        return MFD_PARSE_FAIL(parser, "%.80s: only or OUTCOME and for REVS may follow",
                              mfd_cursor_peek(&cursor));
    }
    if (!check_overlap(parser, &expect)) {
        return false;
    }
    expect.comment = mfd_parse_take_comment(parser);
    scenario->expects = mfd_arena_grow(&scenario->arena, scenario->expects, scenario->expect_count,
                                       sizeof(*scenario->expects));
    scenario->expects[scenario->expect_count++] = expect;
    return true;
}
