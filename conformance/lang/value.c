// SPDX-License-Identifier: GPL-2.0-or-later
#include "value.h"

#include <inttypes.h>
#include <string.h>

static const struct {
    const char *name;
    enum mfd_symbol symbol;
} symbols[] = {
    {"channels", MFD_SYM_CHANNELS}, {"page", MFD_SYM_PAGE}, {"slots", MFD_SYM_SLOTS},
    {"len", MFD_SYM_LEN},           {"size", MFD_SYM_SIZE},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

/* Value of a hex digit, -1 for anything else. */
static int hex_digit(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static unsigned suffix_shift(char suffix)
{
    switch (suffix) {
    case 'K':
        return 10;
    case 'M':
        return 20;
    case 'G':
        return 30;
    case 'T':
        return 40;
    default:
        return 0;
    }
}

uint64_t mfd_int_value(const struct mfd_int *number)
{
    return number->digits << suffix_shift(number->suffix);
}

static const char *int_read(const char **text, struct mfd_int *number)
{
    const char *p = *text;
    const char *first = NULL;
    uint64_t base = 10;

    *number = (struct mfd_int){0};
    if (p[0] == '0' && p[1] == 'x') {
        number->hex = true;
        base = 16;
        p += 2;
    }
    for (first = p; number->hex ? hex_digit(*p) >= 0 : is_digit(*p); p++) {
        uint64_t digit = (uint64_t)hex_digit(*p);

        if (number->digits > (UINT64_MAX - digit) / base) {
            return "needs more than 64 bits";
        }
        number->digits = number->digits * base + digit;
    }
    if (p == first) {
        return "not a number";
    }
    if (!number->hex && suffix_shift(*p)) {
        number->suffix = *p++;
        if (mfd_int_value(number) >> suffix_shift(number->suffix) != number->digits) {
            return "needs more than 64 bits";
        }
    }
    *text = p;
    return NULL;
}

/* Reads one of the symbols, with its operand in brackets; false if the text is another word. */
static bool symbol_read(struct mfd_arena *arena, const char **text, struct mfd_term *term)
{
    const char *p = *text;

    while (is_word(*p) && *p != '-') {
        p++;
    }
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        bool of = symbols[i].symbol == MFD_SYM_LEN || symbols[i].symbol == MFD_SYM_SIZE;
        const char *end = of ? strchr(p, ')') : p;

        if (strlen(symbols[i].name) != (size_t)(p - *text) ||
            strncmp(symbols[i].name, *text, (size_t)(p - *text)) != 0) {
            continue;
        }
        if (of && (*p != '(' || !end || end == p + 1)) {
            return false;
        }
        term->symbol = symbols[i].symbol;
        term->of = of ? mfd_arena_text(arena, p + 1, (size_t)(end - p - 1)) : NULL;
        *text = of ? end + 1 : end;
        return true;
    }
    return false;
}

static const char *param_read(struct mfd_arena *arena, const char **text, const char **param)
{
    const char *p = *text + 1;

    while (is_word(*p) && *p != '-') {
        p++;
    }
    if (p == *text + 1) {
        return "a name must follow $";
    }
    *param = mfd_arena_text(arena, *text + 1, (size_t)(p - *text - 1));
    *text = p;
    return NULL;
}

const char *mfd_term_read(struct mfd_arena *arena, const char **text, struct mfd_term *term)
{
    const char *problem = NULL;

    *term = (struct mfd_term){0};
    if (**text == '$') {
        return param_read(arena, text, &term->param);
    }
    if (**text == '-' || is_digit(**text)) {
        term->negative = **text == '-';
        *text += term->negative;
        problem = int_read(text, &term->number);
        if (problem) {
            return problem;
        }
        if (**text == '*' && !term->negative) {
            ++*text;
            term->scaled = true;
            if (!symbol_read(arena, text, term)) {
                return "channels, page, slots, len(BLOCK) or size(MESSAGE) must follow *";
            }
        }
    } else if (!symbol_read(arena, text, term)) {
        return "not a number";
    }
    if (**text == '+' || **text == '-') {
        term->sign = *(*text)++;
        return **text == '$' ? param_read(arena, text, &term->addend_param)
                             : int_read(text, &term->addend);
    }
    return NULL;
}

static const char *text_read(struct mfd_arena *arena, const char **text, struct mfd_value *value)
{
    const char *first = *text + 1;
    const char *end = strchr(first, '"');

    if (!end) {
        return "the closing \" is missing";
    }
    value->kind = MFD_VALUE_TEXT;
    value->len = (size_t)(end - first);
    value->text = mfd_arena_text(arena, first, value->len);
    *text = end + 1;
    return NULL;
}

static const char *bytes_read(struct mfd_arena *arena, const char **text, struct mfd_value *value)
{
    const char *first = *text + 2;
    const char *end = strchr(first, '\'');
    uint8_t *bytes = NULL;

    if (!end) {
        return "the closing ' is missing";
    }
    if ((end - first) % 2) {
        return "an odd number of hex digits";
    }
    value->kind = MFD_VALUE_BYTES;
    value->len = (size_t)(end - first) / 2;
    bytes = mfd_arena_alloc(arena, value->len + 1);
    for (size_t i = 0; i < value->len; i++) {
        int high = hex_digit(first[2 * i]);
        int low = hex_digit(first[2 * i + 1]);

        if (high < 0 || low < 0) {
            return "not hex digits";
        }
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    value->bytes = bytes;
    *text = end + 1;
    return NULL;
}

const char *mfd_value_read(struct mfd_arena *arena, const char **text, struct mfd_value *value)
{
    const char *start = *text;
    const char *problem = NULL;

    *value = (struct mfd_value){0};
    if (*start == '"') {
        return text_read(arena, text, value);
    }
    if (start[0] == 'x' && start[1] == '\'') {
        return bytes_read(arena, text, value);
    }
    problem = mfd_term_read(arena, text, &value->from);
    if (!problem && (*text)[0] == '.' && (*text)[1] == '.') {
        *text += 2;
        value->kind = MFD_VALUE_RANGE;
        return mfd_term_read(arena, text, &value->to);
    }
    if (problem && *text == start && is_word(*start) && !is_digit(*start) && *start != '-') {
        const char *end = start;

        while (is_word(*end)) {
            end++;
        }
        value->kind = MFD_VALUE_WORD;
        value->len = (size_t)(end - start);
        value->text = mfd_arena_text(arena, start, value->len);
        *text = end;
        return NULL;
    }
    return problem;
}

bool mfd_uuid_parse(const char *text, uint8_t *uuid)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    size_t digits = 0;

    if (strlen(text) != sizeof(shape) - 1) {
        return false;
    }
    for (size_t i = 0; shape[i]; i++) {
        int nibble = hex_digit(text[i]);

        if (shape[i] == '-' ? text[i] != '-' : nibble < 0) {
            return false;
        }
        if (shape[i] == 'x') {
            uuid[digits / 2] = (uint8_t)(digits % 2 ? uuid[digits / 2] | nibble : nibble << 4);
            digits++;
        }
    }
    return true;
}

void mfd_int_print(FILE *out, const struct mfd_int *number)
{
    if (number->hex) {
        fprintf(out, "0x%" PRIx64, number->digits);
    } else {
        fprintf(out, "%" PRIu64, number->digits);
    }
    if (number->suffix) {
        fputc(number->suffix, out);
    }
}

void mfd_term_print(FILE *out, const struct mfd_term *term)
{
    if (term->param) {
        fprintf(out, "$%s", term->param);
        return;
    }
    if (term->negative) {
        fputc('-', out);
    }
    if (!term->symbol || term->scaled) {
        mfd_int_print(out, &term->number);
    }
    if (term->scaled) {
        fputc('*', out);
    }
    if (term->symbol) {
        fputs(symbols[term->symbol - 1].name, out);
        if (term->of) {
            fprintf(out, "(%s)", term->of);
        }
    }
    if (term->sign) {
        fputc(term->sign, out);
    }
    if (term->addend_param) {
        fprintf(out, "$%s", term->addend_param);
    } else if (term->sign) {
        mfd_int_print(out, &term->addend);
    }
}

void mfd_value_print(FILE *out, const struct mfd_value *value)
{
    switch (value->kind) {
    case MFD_VALUE_TERM:
        mfd_term_print(out, &value->from);
        break;
    case MFD_VALUE_RANGE:
        mfd_term_print(out, &value->from);
        fputs("..", out);
        mfd_term_print(out, &value->to);
        break;
    case MFD_VALUE_TEXT:
        fprintf(out, "\"%s\"", value->text);
        break;
    case MFD_VALUE_BYTES:
        fputs("x'", out);
        for (size_t i = 0; i < value->len; i++) {
            fprintf(out, "%02x", value->bytes[i]);
        }
        fputc('\'', out);
        break;
    case MFD_VALUE_WORD:
        fputs(value->text, out);
        break;
    }
}
