// SPDX-License-Identifier: GPL-2.0-or-later
#include "fold.h"

#include "memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fold {
    char **lines; /* into a copy of the text */
    size_t count;
    unsigned channels;
    const char *const *blocks;
    unsigned block_count;
};

static bool is_line(const struct fold *fold, size_t i, const char *text)
{
    return i < fold->count && strcmp(fold->lines[i], text) == 0;
}

/* How many lines the words of main take from line `i` on, markers being left out or not; 0: they do not stand there. */
static size_t main_lines(const struct fold *fold, size_t i, const char *const *words)
{
    size_t from = i;

    for (; *words; words++) {
        char line[32];

        snprintf(line, sizeof(line), "main %s", *words);
        if (is_line(fold, i, line)) {
            i++;
        } else if (strcmp(*words, "marker") != 0) {
            return 0;
        }
    }
    return i - from;
}

static size_t block_lines(const struct fold *fold, size_t i)
{
    for (unsigned block = 0; block < fold->block_count; block++) {
        char line[512] = "main block";

        if (block) {
            snprintf(line, sizeof(line), "main block block=%s", fold->blocks[block]);
        }
        if (!is_line(fold, i + block, line)) {
            return 0;
        }
    }
    return fold->block_count;
}

static size_t start_lines(const struct fold *fold, size_t i)
{
    static const char *const head[] = {"header", "config", "section", "memsize", NULL};
    static const char *const tail[] = {"marker", "eos", "footer", NULL};
    size_t first = main_lines(fold, i, head);
    size_t list = first ? block_lines(fold, i + first) : 0;
    size_t last = list ? main_lines(fold, i + first + list, tail) : 0;

    return last ? first + list + last : 0;
}

/* Lines of "ch N STEP...", one channel after the other; 0 unless all channels are there. */
static size_t channel_lines(const struct fold *fold, size_t i, const char *const *steps)
{
    size_t from = i;

    for (unsigned channel = 0; channel < fold->channels; channel++) {
        for (const char *const *step = steps; *step; step++, i++) {
            char line[32];

            snprintf(line, sizeof(line), "ch %u %s", channel, *step);
            if (!is_line(fold, i, line)) {
                return 0;
            }
        }
    }
    return i - from;
}

static size_t finish_lines(const struct fold *fold, size_t i)
{
    static const char *const syncs[] = {"sync", NULL};
    static const char *const words[] = {"last", "marker", "eos", "footer", "end", "vmdesc", NULL};
    size_t first = channel_lines(fold, i, syncs);
    size_t last = first ? main_lines(fold, i + first, words) : 0;

    return last ? first + last : 0;
}

/* "ch N hello" and "ch N sync", whichever N that is. */
static bool is_ready(const struct fold *fold, size_t i, unsigned *channel)
{
    char hello[32];
    char sync[32];

    if (i >= fold->count || sscanf(fold->lines[i], "ch %u", channel) != 1) {
        return false;
    }
    snprintf(hello, sizeof(hello), "ch %u hello", *channel);
    snprintf(sync, sizeof(sync), "ch %u sync", *channel);
    return is_line(fold, i, hello) && is_line(fold, i + 1, sync);
}

/* Writes what stands from line `i` on, as short as can be; returns how many lines that were. */
static size_t put(FILE *out, const struct fold *fold, size_t i)
{
    static const char *const ready[] = {"hello", "sync", NULL};
    static const char *const flush[] = {"part", "marker", "eos", "footer", NULL};
    const struct {
        size_t lines;
        const char *text;
    } macros[] = {
        {start_lines(fold, i), "main start"},
        {main_lines(fold, i, flush), "main flush"},
        {channel_lines(fold, i, ready), "ch * ready"},
        {finish_lines(fold, i), "finish"},
    };
    unsigned channel = 0;

    for (size_t m = 0; m < sizeof(macros) / sizeof(macros[0]); m++) {
        if (macros[m].lines) {
            fprintf(out, "%s\n", macros[m].text);
            return macros[m].lines;
        }
    }
    if (is_ready(fold, i, &channel)) {
        fprintf(out, "ch %u ready\n", channel);
        return 2;
    }
    fprintf(out, "%s\n", fold->lines[i]);
    return 1;
}

static void split(struct fold *fold, char *text)
{
    while (*text) {
        char *end = strchr(text, '\n');

        fold->lines = mfd_grow(fold->lines, fold->count, sizeof(*fold->lines));
        fold->lines[fold->count++] = text;
        if (!end) {
            return;
        }
        *end = '\0';
        text = end + 1;
    }
}

char *mfd_fold(const char *text, unsigned channels, const char *const *blocks, unsigned block_count)
{
    struct fold fold = {.channels = channels, .blocks = blocks, .block_count = block_count};
    char *copy = mfd_text_copy(text, strlen(text));
    char *folded = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&folded, &size);

    split(&fold, copy);
    for (size_t i = 0; out && i < fold.count;) {
        i += put(out, &fold, i);
    }
    if (out && fclose(out) != 0) {
        free(folded);
        folded = NULL;
    }
    free(fold.lines);
    free(copy);
    return folded;
}
