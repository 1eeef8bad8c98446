// SPDX-License-Identifier: GPL-2.0-or-later
#include "shrink.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_MAX = 16, CHANNELS_DEFAULT = 2, CHANNELS_TRIED = 8 };

struct shrinker {
    struct mfd_shrink_question *question;
    char *text;
    bool changed;
};

/* A piece of a text, `[from, to)`, and what to have in its place. */
struct cut {
    size_t from;
    size_t to;
    const char *instead;
};

static char *apply(const char *text, struct cut cut)
{
    char *made = NULL;

    if (asprintf(&made, "%.*s%s%s", (int)cut.from, text, cut.instead, text + cut.to) < 0) {
        return NULL;
    }
    return made;
}

/* Makes the cut if what is left still shows the same. */
static bool try_cut(struct shrinker *s, struct cut cut)
{
    enum mfd_shrink_answer answer = MFD_SHRINK_NO_SCENARIO;
    char *smaller = NULL;

    if (s->question->used >= s->question->budget) {
        return false;
    }
    smaller = apply(s->text, cut);
    if (smaller) {
        answer = s->question->ask(smaller, s->question->context);
    }
    s->question->used += answer != MFD_SHRINK_NO_SCENARIO;
    if (answer != MFD_SHRINK_SAME) {
        free(smaller);
        return false;
    }
    free(s->text);
    s->text = smaller;
    s->changed = true;
    return true;
}

static size_t line_end(const char *text, size_t from)
{
    return from + strcspn(text + from, "\n");
}

static size_t line_count(const char *text)
{
    size_t n = 0;

    for (; *text; text += *text == '\n') {
        text += strcspn(text, "\n");
        n++;
    }
    return n;
}

/* Offset of a line, by its number from 0; the length of the text behind the last. */
static size_t line_start(const char *text, size_t number)
{
    size_t at = 0;

    while (number-- > 0 && text[at]) {
        at = line_end(text, at);
        at += text[at] == '\n';
    }
    return at;
}

static bool starts_with(const char *line, const char *word)
{
    size_t len = strlen(word);

    return strncmp(line, word, len) == 0 && (line[len] == ' ' || line[len] == '\n' || !line[len]);
}

/* Whether a scenario without the line would be none, or another one; channels are counted apart. */
static bool must_stay(const char *text, size_t number)
{
    const char *line = text + line_start(text, number);

    return starts_with(line, "rule") || starts_with(line, "expect") ||
           starts_with(line, "channels") || (number == 0 && *line == '#');
}

/* Runs of lines, long ones first. */
static void shrink_lines(struct shrinker *s)
{
    for (size_t chunk = CHUNK_MAX; chunk > 0; chunk /= 2) {
        size_t i = line_count(s->text);

        while (i-- > 0) {
            bool fixed = i + chunk > line_count(s->text);

            for (size_t n = i; !fixed && n < i + chunk; n++) {
                fixed = must_stay(s->text, n);
            }
            if (!fixed) {
                try_cut(s,
                        (struct cut){line_start(s->text, i), line_start(s->text, i + chunk), ""});
            }
        }
    }
}

/* The next word of the line that `*at` is in, behind `*at`; false at its end. */
static bool next_word(const char *text, size_t *at, size_t *end)
{
    *at += strspn(text + *at, " ");
    *end = *at + strcspn(text + *at, " \n");
    return *end > *at;
}

/* Deletes arguments (NAME=VALUE), and faults: all words behind "!". */
static void shrink_words(struct shrinker *s)
{
    size_t i = line_count(s->text);

    while (i-- > 0) {
        size_t start = line_start(s->text, i);
        size_t at = start;
        size_t end = at;
        bool fault = false;

        while (s->text[start] != '#' && next_word(s->text, &at, &end)) {
            bool loose = fault || memchr(s->text + at, '=', end - at);

            if (loose && at > start && try_cut(s, (struct cut){at - 1, end, ""})) {
                at--; /* at what stood behind the word */
            } else {
                fault = fault || s->text[at] == '!';
                at = end;
            }
        }
    }
}

/* Leaves of a list, or of a range, its first value. */
static void shrink_values(struct shrinker *s)
{
    size_t i = line_count(s->text);

    while (i-- > 0) {
        size_t at = line_start(s->text, i);
        size_t end = at;
        bool prose = s->text[at] == '#';

        while (!prose && next_word(s->text, &at, &end)) {
            const char *value = memchr(s->text + at, '=', end - at);
            size_t len = value ? strcspn(value, ",. \n") : 0;
            size_t from = value ? (size_t)(value - s->text) + len : end;

            if (from < end && try_cut(s, (struct cut){from, end, ""})) {
                end = from;
            }
            at = end;
        }
    }
}

static size_t find_line(const char *text, const char *word)
{
    size_t count = line_count(text);
    size_t i = 0;

    while (i < count && !starts_with(text + line_start(text, i), word)) {
        i++;
    }
    return i;
}

/* Tries the smallest numbers of channels first. */
static void shrink_channels(struct shrinker *s)
{
    size_t line = find_line(s->text, "channels");
    size_t at = line_start(s->text, line);
    unsigned now = CHANNELS_DEFAULT;
    size_t end = at;

    if (line < line_count(s->text)) {
        sscanf(s->text + at, "channels %u", &now);
        end = line_start(s->text, line + 1);
    } else {
        at = end = line_start(s->text, find_line(s->text, "rule") + 1);
    }
    for (unsigned n = 1; n < now && n <= CHANNELS_TRIED; n++) {
        char header[32];

        snprintf(header, sizeof(header), "channels %u\n", n);
        if (try_cut(s, (struct cut){at, end, header})) {
            return;
        }
    }
}

char *mfd_shrink(const char *text, struct mfd_shrink_question *question)
{
    struct shrinker s = {question, strdup(text), true};

    question->used = 0;
    while (s.text && s.changed && question->used < question->budget) {
        s.changed = false;
        shrink_lines(&s);
        shrink_words(&s);
        shrink_values(&s);
        shrink_channels(&s);
    }
    return s.text;
}

/* The value of a parameter in "n=13 channels=4"; its length in `len`, 0 if it has none. */
static const char *value_of(const char *params, const char *name, size_t name_len, size_t *len)
{
    for (const char *at = params; *at; at += *at == ' ') {
        size_t word = strcspn(at, " ");

        if (word > name_len && at[name_len] == '=' && strncmp(at, name, name_len) == 0) {
            *len = word - name_len - 1;
            return at + name_len + 1;
        }
        at += word;
    }
    *len = 0;
    return NULL;
}

static void put_pinned(FILE *out, const char *line, size_t len, const char *params)
{
    bool axis = starts_with(line, "each") || starts_with(line, "with");
    const char *name = line + strcspn(line, " ");
    size_t value_len = 0;
    const char *value = NULL;

    name += strspn(name, " ");
    if (axis) {
        value = value_of(params, name, strcspn(name, " \n"), &value_len);
    }
    if (value) {
        fprintf(out, "each %.*s in %.*s", (int)strcspn(name, " \n"), name, (int)value_len, value);
    } else {
        fprintf(out, "%.*s", (int)len, line);
    }
    fputc('\n', out);
}

char *mfd_shrink_pin(const char *text, const char *params)
{
    char *made = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&made, &size);

    if (!out) {
        return NULL;
    }
    for (size_t i = 0; i < line_count(text); i++) {
        size_t at = line_start(text, i);

        put_pinned(out, text + at, line_end(text, at) - at, params);
    }
    if (fclose(out) != 0) {
        free(made);
        return NULL;
    }
    return made;
}
