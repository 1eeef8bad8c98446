// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parts of the parser: parse.c reads the file line by line, parse_head.c headers, parse_axis.c `each` and
 * `with`, parse_step.c steps, parse_fault.c what stands right of "!", parse_expect.c expectations.
 *
 * Every function returns false after it has put the first error into the parser's error.
 */
#ifndef MFD_PARSER_H
#define MFD_PARSER_H

#include "tree.h"

struct mfd_parser {
    struct mfd_scenario *scenario;
    struct mfd_lang_error *error;
    unsigned line;
    struct mfd_comment pending; /* comment lines that belong to what comes next */
    unsigned headers_seen;      /* bit for each header name */
    bool in_orders;
    bool orders_seen;
    bool head_done; /* the first step or expect has been met */
};

/* The words of one line. */
struct mfd_words {
    const char **list;
    size_t count;
};

/* Position within the words of a line; behind the last one stands "". */
struct mfd_cursor {
    const struct mfd_words *words;
    size_t at;
};

const char *mfd_cursor_peek(const struct mfd_cursor *cursor);
const char *mfd_cursor_take(struct mfd_cursor *cursor);

/* The comment lines that wait for what comes next. */
struct mfd_comment mfd_parse_take_comment(struct mfd_parser *parser);

#define MFD_PARSE_FAIL(parser, ...) mfd_lang_fail((parser)->error, (parser)->line, __VA_ARGS__)

bool mfd_parse_is_header(const char *word);
bool mfd_parse_header(struct mfd_parser *parser, const struct mfd_words *words);
/* Bit of a header name in `headers_seen`; 0 if there is none of that name. */
unsigned mfd_parse_header_bit(const char *word);
/* Whether a word can name a need or a parameter. */
bool mfd_parse_is_name(const char *word);
bool mfd_parse_axis(struct mfd_parser *parser, const struct mfd_words *words);
/* After the last header: order and names of all axes. */
bool mfd_parse_axes_end(struct mfd_parser *parser);
/* After the last header: what headers say about each other. */
bool mfd_parse_head_end(struct mfd_parser *parser);
bool mfd_parse_step(struct mfd_parser *parser, const struct mfd_words *words);
bool mfd_parse_expect(struct mfd_parser *parser, const struct mfd_words *words);

/* "A..B", "A..", "..B" or "A". */
bool mfd_parse_revs(struct mfd_parser *parser, const char *word, struct mfd_revs *revs);
/* One value that is the whole of `text`; names in it must exist. */
bool mfd_parse_value(struct mfd_parser *parser, const char *text, struct mfd_value *value);
bool mfd_parse_term(struct mfd_parser *parser, const char *text, struct mfd_term *term);
/* Whether the parameters, blocks and messages that a term names exist. */
bool mfd_parse_check_term(struct mfd_parser *parser, const struct mfd_term *term);
/* VALUE,VALUE,...[,*]: `repeat` NULL: no `*`. */
bool mfd_parse_list(struct mfd_parser *parser, const char *text, struct mfd_values *values,
                    bool *repeat);
/* The value of split=, in an argument or a fault. */
bool mfd_parse_split(struct mfd_parser *parser, const char *text, struct mfd_values *values,
                     bool *repeat);
/* NAME or "NAME" of a RAM block. */
bool mfd_parse_block(struct mfd_parser *parser, const char *text, struct mfd_values *values);

/* Adds the fault in `word` to the line. */
bool mfd_parse_fault(struct mfd_parser *parser, const char *word, struct mfd_line *line);
/* After the line's last fault: order, and what cannot stand together. */
bool mfd_parse_faults_end(struct mfd_parser *parser, struct mfd_line *line);

#endif
