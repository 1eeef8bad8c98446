// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A baseline as text: parsing and printing.
 */
#include "baseline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COLUMNS = 16 }; /* more than any line has use for */

struct parser {
    struct mfd_baseline *baseline;
    const char *path;
    unsigned line;
    char *error;
};

static bool fail(struct parser *p, const char *what, const char *about)
{
    snprintf(p->error, MFD_BASELINE_ERROR_SIZE, "%s:%u: %s%s%s%s", p->path, p->line, what,
             *about ? " \"" : "", about, *about ? "\"" : "");
    return false;
}

static bool parse_outcomes(struct parser *p, char *text, mfd_outcomes *outcomes)
{
    for (char *name = strsep(&text, ","); name; name = strsep(&text, ",")) {
        enum mfd_outcome outcome = mfd_outcome_find(name);

        if (outcome == MFD_OUTCOME_COUNT) {
            return fail(p, "there is no outcome", name);
        }
        if (outcome == MFD_UNSUPPORTED || outcome == MFD_UNDECIDED) {
            return fail(p, "no defect shows as", name);
        }
        *outcomes |= MFD_OUTCOME_BIT(outcome);
    }
    return true;
}

static bool parse_flaky(struct parser *p, const char *text, struct mfd_baseline_line *line)
{
    char rest = 0;

    if (sscanf(text, "flaky=%u/%u%c", &line->flaky_seen, &line->flaky_of, &rest) != 2) {
        return fail(p, "expected flaky=N/M, not", text);
    }
    if (line->flaky_seen == 0 || line->flaky_seen >= line->flaky_of) {
        return fail(p, "flaky is neither never nor always:", text);
    }
    return true;
}

/* Appends "name=values" to the parameters. */
static bool add_param(struct parser *p, struct mfd_baseline_line *line, const char *param)
{
    size_t used = strlen(line->params);
    char *grown = NULL;

    if (param[0] == '=' || strchr(param, '=')[1] == '\0') {
        return fail(p, "expected PARAM=VALUES, not", param);
    }
    grown = realloc(line->params, used + strlen(param) + 2);
    if (!grown) {
        return fail(p, "out of memory", "");
    }
    sprintf(grown + used, "%s%s", used ? " " : "", param);
    line->params = grown;
    return true;
}

/* The columns before the reason; `columns` is changed. */
static bool parse_columns(struct parser *p, char *columns, struct mfd_baseline_line *line)
{
    char *words[COLUMNS] = {0};
    size_t count = 0;
    size_t at = 1;

    for (char *word = strsep(&columns, " \t"); word; word = strsep(&columns, " \t")) {
        if (*word && count == COLUMNS) {
            return fail(p, "too many columns at", word);
        }
        if (*word) {
            words[count++] = word;
        }
    }
    line->glob = strdup(count > 0 ? words[0] : "");
    line->params = strdup("");
    for (; at < count && strchr(words[at], '='); at++) {
        if (!add_param(p, line, words[at])) {
            return false;
        }
    }
    if (count < at + 3) {
        return fail(p, "expected GLOB [PARAM=VALUES]... VERSIONS OUTCOMES DEFECT # reason", "");
    }
    if (!mfd_releases_parse(words[at], &line->versions)) {
        return fail(p, "expected *, A.B.C, A.B.C..D.E.F or A.B.C..<D.E.F, not", words[at]);
    }
    if (!parse_outcomes(p, words[at + 1], &line->outcomes)) {
        return false;
    }
    line->defect = mfd_defect_find(words[at + 2]);
    if (!line->defect) {
        return fail(p, "there is no defect", words[at + 2]);
    }
    at += 3;
    if (at < count && !parse_flaky(p, words[at++], line)) {
        return false;
    }
    return at >= count || fail(p, "nothing was expected at", words[at]);
}

/* `text` is the line without its end and is changed. */
static bool parse_line(struct parser *p, char *text, struct mfd_baseline_line *line)
{
    char *hash = strchr(text, '#');
    char *reason = hash ? hash + 1 + strspn(hash + 1, " \t") : NULL;

    if (!reason || !*reason) {
        return fail(p, "a line ends with \"# reason\"", "");
    }
    *hash = '\0';
    for (size_t n = strlen(reason); n > 0 && strchr(" \t\r", reason[n - 1]); n--) {
        reason[n - 1] = '\0';
    }
    line->reason = strdup(reason);
    line->line = p->line;
    return parse_columns(p, text, line);
}

static bool add_line(struct parser *p, char *text, char *above)
{
    struct mfd_baseline *b = p->baseline;
    struct mfd_baseline_line *grown = realloc(b->lines, (b->count + 1) * sizeof(*grown));

    if (!grown) {
        free(above);
        return fail(p, "out of memory", "");
    }
    b->lines = grown;
    b->lines[b->count] = (struct mfd_baseline_line){.above = above};
    return parse_line(p, text, &b->lines[b->count++]);
}

static bool parse_all(struct parser *p, const char *text, size_t len)
{
    const char *end = text + len;
    const char *above = text; /* where the comments before the next line start */

    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *next = newline ? newline + 1 : end;
        size_t n = (size_t)((newline ? newline : end) - text);
        size_t blank = 0;

        p->line++;
        while (blank < n && strchr(" \t\r", text[blank]) && text[blank]) {
            blank++;
        }
        if (blank < n && text[blank] != '#') {
            char *copy = strndup(text, n);
            bool ok = add_line(p, copy, strndup(above, (size_t)(text - above)));

            free(copy);
            if (!ok) {
                return false;
            }
            above = next;
        }
        text = next;
    }
    p->baseline->tail = strndup(above, (size_t)(end - above));
    return true;
}

struct mfd_baseline *mfd_baseline_parse(const char *path, const char *text, size_t len, char *error)
{
    struct parser parser = {calloc(1, sizeof(struct mfd_baseline)), path, 0, error};

    if (!parser.baseline || !(parser.baseline->path = strdup(path))) {
        fail(&parser, "out of memory", "");
    } else if (parse_all(&parser, text, len)) {
        return parser.baseline;
    }
    mfd_baseline_free(parser.baseline);
    return NULL;
}

struct mfd_baseline *mfd_baseline_load(const char *path, char *error)
{
    struct mfd_baseline *baseline = NULL;
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t room = 0;
    ssize_t len = 0;

    if (!file) {
        snprintf(error, MFD_BASELINE_ERROR_SIZE, "%s: %s", path, strerror(errno));
        return NULL;
    }
    len = getdelim(&text, &room, '\0', file);
    if (ferror(file)) {
        snprintf(error, MFD_BASELINE_ERROR_SIZE, "%s: %s", path, strerror(errno));
    } else if (len > 0 && text[len - 1] == '\0') {
        snprintf(error, MFD_BASELINE_ERROR_SIZE, "%s: not a text file", path);
    } else {
        baseline = mfd_baseline_parse(path, text, len > 0 ? (size_t)len : 0, error);
    }
    free(text);
    fclose(file);
    return baseline;
}

bool mfd_baseline_of_profile(const char *scenarios, const struct mfd_profile *profile,
                             struct mfd_baseline **baseline, char *error)
{
    char path[1024];

    *baseline = NULL;
    snprintf(path, sizeof(path), "%s/../baselines/%s", scenarios, profile->name);
    if (access(path, F_OK) != 0) {
        return true;
    }
    *baseline = mfd_baseline_load(path, error);
    return *baseline != NULL;
}

/* Printing. */

static int width_of(const struct mfd_baseline_line *line)
{
    return (int)(strlen(line->glob) + (*line->params ? 1 : 0) + strlen(line->params));
}

static void print_line(FILE *out, const struct mfd_baseline_line *line, int width)
{
    char versions[80];
    const char *separator = " ";

    fprintf(out, "%s%s%s", line->glob, *line->params ? " " : "", line->params);
    fprintf(out, "%*s %s", width - width_of(line), "",
            mfd_releases_text(&line->versions, versions, sizeof(versions)));
    for (int i = 0; i < MFD_OUTCOME_COUNT; i++) {
        if (line->outcomes & MFD_OUTCOME_BIT(i)) {
            fprintf(out, "%s%s", separator, mfd_outcome_name((enum mfd_outcome)i));
            separator = ",";
        }
    }
    fprintf(out, " %s", line->defect->id);
    if (line->flaky_of) {
        fprintf(out, " flaky=%u/%u", line->flaky_seen, line->flaky_of);
    }
    fprintf(out, " # %s", line->reason);
}

char *mfd_baseline_line_print(const struct mfd_baseline_line *line)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out) {
        print_line(out, line, width_of(line));
        fclose(out);
    }
    return text;
}

char *mfd_baseline_print(const struct mfd_baseline *baseline)
{
    char *text = NULL;
    size_t size = 0;
    int width = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out) {
        return NULL;
    }
    for (size_t i = 0; i < baseline->count; i++) {
        int own = width_of(&baseline->lines[i]);

        width = own > width ? own : width;
    }
    for (size_t i = 0; i < baseline->count; i++) {
        fputs(baseline->lines[i].above, out);
        print_line(out, &baseline->lines[i], width);
        fputc('\n', out);
    }
    fputs(baseline->tail, out);
    fclose(out);
    return text;
}
