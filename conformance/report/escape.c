// SPDX-License-Identifier: GPL-2.0-or-later
#include "escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * Length of the character at `p` if it may be shown, else 0: overlong forms, surrogates, values past
 * U+10FFFF, controls (C0 but newline and tab, DEL, C1), and the two that XML excludes, U+FFFE and U+FFFF.
 */
static size_t safe_length(const uint8_t *p)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = p[0] < 0x80         ? 1
                 : p[0] >> 5 == 0x06 ? 2
                 : p[0] >> 4 == 0x0e ? 3
                 : p[0] >> 3 == 0x1e ? 4
                                     : 0;
    uint32_t value = 0;

    if (len <= 1) {
        bool shown = (p[0] >= 0x20 && p[0] < 0x7f) || p[0] == '\n' || p[0] == '\t';

        return len == 1 && shown ? 1 : 0;
    }
    value = p[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if (p[i] >> 6 != 2) {
            return 0; /* also where the text ends early, at its NUL */
        }
        value = value << 6 | (p[i] & 0x3f);
    }
    if (value < least[len] || value < 0xa0 || value > 0x10ffff ||
        (value >= 0xd800 && value < 0xe000) || value == 0xfffe || value == 0xffff) {
        return 0;
    }
    return len;
}

char *mfd_escape(const char *text)
{
    const uint8_t *p = (const uint8_t *)text;
    char *out = text ? malloc(4 * strlen(text) + 1) : NULL;
    size_t n = 0;

    if (!out) {
        return NULL;
    }
    while (*p) {
        size_t len = safe_length(p);

        if (len > 0) {
            memcpy(out + n, p, len);
            n += len;
            p += len;
        } else {
            n += (size_t)sprintf(out + n, "\\x%02x", *p);
            p++;
        }
    }
    out[n] = '\0';
    return out;
}

void mfd_escape_xml(FILE *out, const char *text)
{
    char *safe = mfd_escape(text);

    for (const char *p = safe; p && *p; p++) {
        switch (*p) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\'':
            fputs("&apos;", out);
            break;
        default:
            fputc(*p, out);
        }
    }
    free(safe);
}
