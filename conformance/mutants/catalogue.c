// SPDX-License-Identifier: GPL-2.0-or-later
#include "catalogue.h"

#include "defect.h"
#include "profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULE_PREFIX "rule:"
#define REFERENCE "ref"

struct parser {
    struct mfd_mutants *mutants;
    const char *path;
    unsigned line;
    char *error;
};

static bool fail(struct parser *p, unsigned line, const char *what, const char *about)
{
    snprintf(p->error, MFD_MUTANTS_ERROR_SIZE, "%s:%u: %s%s%s%s", p->path, line, what,
             about ? " \"" : "", about ? about : "", about ? "\"" : "");
    return false;
}

static bool out_of_memory(struct parser *p)
{
    return fail(p, p->line, "out of memory", NULL);
}

static void free_mutant(struct mfd_mutant *mutant)
{
    free(mutant->name);
    free(mutant->file);
    free(mutant->old_text);
    free(mutant->new_text);
    free(mutant->killed_by);
    free(mutant->profile);
    free(mutant->equivalent);
    free(mutant->defect);
}

void mfd_mutants_free(struct mfd_mutants *mutants)
{
    for (size_t i = 0; i < mutants->count; i++) {
        free_mutant(&mutants->list[i]);
    }
    free(mutants->list);
    *mutants = (struct mfd_mutants){NULL, 0};
}

static struct mfd_mutant *find(const struct mfd_mutants *mutants, const char *name)
{
    for (size_t i = 0; i < mutants->count; i++) {
        if (strcmp(mutants->list[i].name, name) == 0) {
            return &mutants->list[i];
        }
    }
    return NULL;
}

/* Takes what `mutant` owns, also on failure. */
static bool append(struct mfd_mutants *mutants, struct mfd_mutant mutant)
{
    struct mfd_mutant *grown = realloc(mutants->list, (mutants->count + 1) * sizeof(*grown));

    if (!grown) {
        free_mutant(&mutant);
        return false;
    }
    mutants->list = grown;
    grown[mutants->count++] = mutant;
    return true;
}

bool mfd_mutant_of_rule(enum mfd_rule rule)
{
    const struct mfd_rule_info *info = mfd_rule_info(rule);

    return info->kind == MFD_KIND_BYTES && info->seen != MFD_SEEN_NOT && mfd_rule_refused(rule);
}

/* The reference itself where the rule applies to it, else the newest release that has the rule. */
static const char *profile_of_rule(enum mfd_rule rule)
{
    size_t count = 0;
    const struct mfd_profile *profiles = mfd_profiles(&count);
    size_t i = count;

    if (mfd_rule_applies(rule, mfd_profile_find(REFERENCE)->rev)) {
        return REFERENCE;
    }
    while (i > 0 && !mfd_rule_applies(rule, profiles[i - 1].rev)) {
        i--;
    }
    return i > 0 ? profiles[i - 1].name : REFERENCE;
}

static bool add_rules(struct parser *p)
{
    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        enum mfd_rule rule = (enum mfd_rule)i;
        struct mfd_mutant mutant = {.rule = rule};

        if (!mfd_mutant_of_rule(rule)) {
            continue;
        }
        if (asprintf(&mutant.name, RULE_PREFIX "%s", mfd_rule_info(rule)->id) < 0) {
            return out_of_memory(p);
        }
        mutant.killed_by = strdup(mfd_rule_info(rule)->id);
        mutant.profile = strdup(profile_of_rule(rule));
        if (!append(p->mutants, mutant)) {
            return out_of_memory(p);
        }
    }
    return true;
}

/* The place that a keyword of a record fills; NULL for an unknown one. */
static char **place_of(struct mfd_mutant *record, const char *keyword)
{
    const struct {
        const char *keyword;
        char **place;
    } places[] = {
        {"mutant", &record->name},           {"file", &record->file},
        {"old", &record->old_text},          {"new", &record->new_text},
        {"killed-by", &record->killed_by},   {"profile", &record->profile},
        {"equivalent", &record->equivalent}, {"defect", &record->defect},
    };

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (strcmp(places[i].keyword, keyword) == 0) {
            return places[i].place;
        }
    }
    return NULL;
}

/* One line of a record: KEYWORD, a blank, and the value as it stands. */
static bool parse_line(struct parser *p, char *text, struct mfd_mutant *record)
{
    char *value = text;
    char *keyword = strsep(&value, " ");
    char **place = place_of(record, keyword);

    if (!place) {
        return fail(p, p->line, "there is no keyword", keyword);
    }
    if (*place) {
        return fail(p, p->line, "twice in one record:", keyword);
    }
    if (place != &record->name && !record->name) {
        return fail(p, p->line, "a record starts with mutant NAME, not", keyword);
    }
    if (place != &record->new_text && (!value || !*value)) {
        return fail(p, p->line, "nothing stands behind", keyword);
    }
    if (place == &record->name) {
        record->line = p->line;
    }
    *place = strdup(value ? value : "");
    return *place ? true : out_of_memory(p);
}

static bool check_defect(struct parser *p, const struct mfd_mutant *record)
{
    return !record->defect || mfd_defect_find(record->defect)
               ? true
               : fail(p, record->line, "there is no defect", record->defect);
}

/* More about a mutant of a rule, which is there already. */
static bool finish_rule(struct parser *p, struct mfd_mutant *record)
{
    struct mfd_mutant *mutant = find(p->mutants, record->name);

    if (!mutant) {
        return fail(p, record->line, "no rule that the bytes of a message decide:", record->name);
    }
    if (mutant->line) {
        return fail(p, record->line, "there are two mutants", record->name);
    }
    if (record->file || record->old_text || record->new_text || record->killed_by ||
        record->profile || (!record->equivalent && !record->defect)) {
        return fail(
            p, record->line,
            "all that can be told of a rule's mutant is equivalent or defect:", record->name);
    }
    if (!check_defect(p, record)) {
        return false;
    }
    mutant->line = record->line;
    mutant->equivalent = record->equivalent;
    mutant->defect = record->defect;
    record->equivalent = NULL;
    record->defect = NULL;
    return true;
}

static bool check_text(struct parser *p, const struct mfd_mutant *record)
{
    const struct {
        const char *keyword;
        const char *value;
    } required[] = {
        {"file", record->file},
        {"old", record->old_text},
        {"new", record->new_text},
        {"killed-by", record->killed_by},
    };

    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        if (!required[i].value) {
            return fail(p, record->line, "the record lacks", required[i].keyword);
        }
    }
    if (record->file[0] == '/' || strstr(record->file, "..")) {
        return fail(p, record->line, "not a path below the root of the source:", record->file);
    }
    if (strcmp(record->old_text, record->new_text) == 0) {
        return fail(p, record->line, "old and new are the same in", record->name);
    }
    if (!mfd_profile_find(record->profile)) {
        return fail(p, record->line, "there is no profile", record->profile);
    }
    return find(p->mutants, record->name)
               ? fail(p, record->line, "there are two mutants", record->name)
               : check_defect(p, record);
}

/* The end of a record, if there is one; it is empty afterwards. */
static bool finish_record(struct parser *p, struct mfd_mutant *record)
{
    struct mfd_mutant mutant = *record;
    bool good = true;

    if (!record->name) {
        return true;
    }
    if (strncmp(record->name, RULE_PREFIX, strlen(RULE_PREFIX)) == 0) {
        good = finish_rule(p, record);
        free_mutant(record);
    } else {
        if (!mutant.profile) {
            mutant.profile = strdup(REFERENCE);
        }
        mutant.rule = MFD_RULE_COUNT;
        good = mutant.profile ? check_text(p, &mutant) : out_of_memory(p);
        if (!good) {
            free_mutant(&mutant);
        } else if (!append(p->mutants, mutant)) {
            good = out_of_memory(p);
        }
    }
    *record = (struct mfd_mutant){0};
    return good;
}

static bool parse_all(struct parser *p, const char *text, size_t len)
{
    const char *end = text + len;
    struct mfd_mutant record = {0};
    bool good = true;

    while (good && text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *stop = newline ? newline : end;
        char *line = strndup(text, (size_t)(stop - text));

        p->line++;
        if (!line) {
            good = out_of_memory(p);
        } else if (!*line) {
            good = finish_record(p, &record);
        } else if (*line != '#') {
            good = parse_line(p, line, &record);
        }
        free(line);
        text = newline ? newline + 1 : end;
    }
    if (!good) {
        free_mutant(&record);
        return false;
    }
    return finish_record(p, &record);
}

bool mfd_mutants_parse(const char *path, const char *text, size_t len, struct mfd_mutants *mutants,
                       char *error)
{
    struct parser parser = {mutants, path, 0, error};

    *mutants = (struct mfd_mutants){NULL, 0};
    if (add_rules(&parser) && parse_all(&parser, text, len)) {
        return true;
    }
    mfd_mutants_free(mutants);
    return false;
}

const char *mfd_mutants_source(void)
{
    return MFD_SOURCE_ROOT;
}

const char *mfd_mutants_folder(void)
{
    return MFD_BUILD_FOLDER;
}

bool mfd_mutants_load(const char *root, struct mfd_mutants *mutants, char *error)
{
    char path[1024];
    char *text = NULL;
    size_t room = 0;
    ssize_t len = 0;
    bool good = false;
    FILE *file = NULL;

    snprintf(path, sizeof(path), "%s/%s", root ? root : mfd_mutants_source(),
             MFD_MUTANTS_CATALOGUE);
    file = fopen(path, "re");
    if (!file) {
        snprintf(error, MFD_MUTANTS_ERROR_SIZE, "%.400s: %s", path, strerror(errno));
        return false;
    }
    len = getdelim(&text, &room, '\0', file);
    if (ferror(file)) {
        snprintf(error, MFD_MUTANTS_ERROR_SIZE, "%.400s: %s", path, strerror(errno));
    } else if (len > 0 && text[len - 1] == '\0') {
        snprintf(error, MFD_MUTANTS_ERROR_SIZE, "%.400s: not a text file", path);
    } else {
        good = mfd_mutants_parse(path, text ? text : "", len > 0 ? (size_t)len : 0, mutants, error);
    }
    free(text);
    fclose(file);
    return good;
}
