// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit list: the tables, as columns or as JSON. */
#include "cmd.h"

#include "catalogue.h"
#include "defect.h"
#include "escape.h"
#include "layout.h"
#include "profile.h"
#include "rule.h"
#include "suite.h"
#include "words.h"

#include <argp.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 6, ERROR_SIZE = 2048 };

/* A list: an array of objects, of which the text shows some members as columns. */
struct kind {
    const char *name;
    /* New reference; NULL with a message in `error`, which has ERROR_SIZE bytes. */
    json_t *(*rows)(const char *scenarios, char *error);
    const char *columns[COLUMNS + 1];
};

/* null for NULL and for "". */
static json_t *text(const char *value)
{
    char *safe = value && *value ? mfd_escape(value) : NULL;
    json_t *json = safe ? json_string(safe) : json_null();

    free(safe);
    return json;
}

/* The words of a space-separated list. */
static json_t *words(const char *list)
{
    json_t *array = json_array();
    char word[96];

    for (const char *at = list; mfd_words_next(&at, word, sizeof(word));) {
        json_array_append_new(array, json_string(word));
    }
    return array;
}

static const char *rev_name(enum mfd_rev rev)
{
    return rev == MFD_REV_END ? NULL : mfd_rev_info(rev)->name;
}

static json_t *rule_rows(const char *scenarios, char *error)
{
    json_t *rows = json_array();

    (void)scenarios;
    (void)error;
    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        const struct mfd_rule_info *rule = mfd_rule_info((enum mfd_rule)i);

        json_array_append_new(
            rows,
            json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:s, s:o, s:s, s:s}", "id", rule->id,
                      "send", mfd_send_name(rule->send), "receipt", mfd_receipt_name(rule->receipt),
                      "since", text(rev_name(rule->since)), "until", text(rev_name(rule->until)),
                      "fields", words(rule->field), "kind", mfd_kind_name(rule->kind), "seen",
                      mfd_seen_name(rule->seen), "unseen", text(rule->unseen), "text", rule->text,
                      "source", rule->source));
    }
    return rows;
}

static json_t *field_rows(const char *scenarios, char *error)
{
    static const char *const types[] = {"uint", "uuid", "text", "bytes"};
    json_t *rows = json_array();

    (void)scenarios;
    (void)error;
    for (int i = 0; i < MFD_FIELD_COUNT; i++) {
        const struct mfd_field_info *info = mfd_field_info((enum mfd_field)i);
        char name[96];
        char offset[32];
        char bytes[32];

        snprintf(name, sizeof(name), "%s.%s", mfd_message_name(info->message), info->name);
        mfd_layout_offset((enum mfd_field)i, offset, sizeof(offset));
        mfd_layout_extent((enum mfd_field)i, bytes, sizeof(bytes));
        json_array_append_new(rows,
                              json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "id", name, "offset",
                                        offset, "bytes", bytes, "type", types[info->type], "since",
                                        rev_name(info->since), "meaning", info->meaning));
    }
    return rows;
}

static json_t *scenario_row(const struct mfd_suite_file *file)
{
    size_t count = 0;
    const enum mfd_rule *rules = mfd_scenario_rules(file->scenario, &count);
    json_t *ids = json_array();

    for (size_t i = 0; i < count; i++) {
        json_array_append_new(ids, json_string(mfd_rule_info(rules[i])->id));
    }
    return json_pack("{s:o, s:o, s:s, s:b, s:o, s:o}", "id", text(mfd_scenario_id(file->scenario)),
                     "rules", ids, "role",
                     mfd_scenario_is_sender(file->scenario) ? "sender" : "receiver", "negative",
                     mfd_scenario_negative(file->scenario), "prose",
                     text(mfd_scenario_prose(file->scenario)), "path", text(file->path));
}

static json_t *scenario_rows(const char *scenarios, char *error)
{
    struct mfd_suite suite = {0};
    json_t *rows = NULL;

    _Static_assert((int)ERROR_SIZE >= (int)MFD_SUITE_ERROR_SIZE, "a message of the suite fits");
    if (mfd_suite_load(scenarios, &suite, error)) {
        rows = json_array();
        for (size_t i = 0; i < suite.count; i++) {
            json_array_append_new(rows, scenario_row(&suite.files[i]));
        }
    }
    mfd_suite_free(&suite);
    return rows;
}

static json_t *profile_rows(const char *scenarios, char *error)
{
    size_t count = 0;
    const struct mfd_profile *all = mfd_profiles(&count);
    json_t *rows = json_array();

    (void)scenarios;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(rows, json_pack("{s:s, s:s, s:o, s:s}", "id", all[i].name, "revision",
                                              rev_name(all[i].rev), "release", text(all[i].release),
                                              "note", all[i].note));
    }
    return rows;
}

static json_t *mutant_rows(const char *scenarios, char *error)
{
    struct mfd_mutants mutants;
    json_t *rows = NULL;

    (void)scenarios;
    _Static_assert((int)ERROR_SIZE >= (int)MFD_MUTANTS_ERROR_SIZE, "its message fits");
    if (!mfd_mutants_load(NULL, &mutants, error)) {
        return NULL;
    }
    rows = json_array();
    for (size_t i = 0; i < mutants.count; i++) {
        const struct mfd_mutant *m = &mutants.list[i];

        json_array_append_new(rows, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id",
                                              text(m->name), "killed_by", text(m->killed_by),
                                              "file", text(m->file), "old", text(m->old_text),
                                              "new", text(m->new_text), "profile", text(m->profile),
                                              "equivalent", text(m->equivalent)));
    }
    mfd_mutants_free(&mutants);
    return rows;
}

static json_t *defect_rows(const char *scenarios, char *error)
{
    size_t count = 0;
    const struct mfd_defect *all = mfd_defects(&count);
    json_t *rows = json_array();

    (void)scenarios;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(rows, json_pack("{s:s, s:o, s:s, s:s}", "id", all[i].id, "rules",
                                              words(all[i].rules), "text", all[i].text, "releases",
                                              all[i].releases));
    }
    return rows;
}

static const struct kind kinds[] = {
    {"rules", rule_rows, {"id", "send", "receipt", "since", "until", "text", NULL}},
    {"fields", field_rows, {"id", "offset", "bytes", "since", "meaning", NULL}},
    {"scenarios", scenario_rows, {"id", "rules", "prose", NULL}},
    {"profiles", profile_rows, {"id", "revision", "note", NULL}},
    {"mutants", mutant_rows, {"id", "killed_by", "file", NULL}},
    {"defects", defect_rows, {"id", "rules", "text", NULL}},
};

/* As text. */

/* A member as one cell: "-" for nothing, the words of an array with blanks between them. */
static void print_cell(const json_t *value, char *buf, size_t size)
{
    size_t used = 0;

    snprintf(buf, size, "%s", json_is_string(value) ? json_string_value(value) : "-");
    for (size_t i = 0; i < json_array_size(value) && used < size; i++) {
        used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? " " : "",
                                 json_string_value(json_array_get(value, i)));
    }
}

static void print_rows(const json_t *rows, const char *const *columns)
{
    int widths[COLUMNS] = {0};
    char cell[1024];
    json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(rows, i, row)
    {
        for (size_t c = 0; columns[c]; c++) {
            print_cell(json_object_get(row, columns[c]), cell, sizeof(cell));
            widths[c] = (int)strlen(cell) > widths[c] ? (int)strlen(cell) : widths[c];
        }
    }
    json_array_foreach(rows, i, row)
    {
        for (size_t c = 0; columns[c]; c++) {
            print_cell(json_object_get(row, columns[c]), cell, sizeof(cell));
            if (columns[c + 1]) {
                printf("%-*s  ", widths[c], cell);
            } else {
                printf("%s\n", cell);
            }
        }
    }
}

/* The command line. */

struct arguments {
    const struct kind *kind;
    const char *scenarios;
    bool json;
};

enum { KEY_JSON = 0x100, KEY_SCENARIOS };

static const struct argp_option options[] = {
    {"json", KEY_JSON, NULL, 0, "as JSON, with all there is to know", 0},
    {"scenarios", KEY_SCENARIOS, "DIR", 0, "folder of the scenarios", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *args = state->input;

    switch (key) {
    case KEY_JSON:
        args->json = true;
        return 0;
    case KEY_SCENARIOS:
        args->scenarios = arg;
        return 0;
    case ARGP_KEY_ARG:
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !args->kind; i++) {
            args->kind = strcmp(kinds[i].name, arg) == 0 ? &kinds[i] : NULL;
        }
        if (!args->kind || state->arg_num > 0) {
            argp_error(state, "there is no list of '%s'", arg);
        }
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "of what?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {options,
                                   parse,
                                   "rules|fields|scenarios|profiles|mutants|defects",
                                   "List what there is. mfdkit explain tells more of each.",
                                   NULL,
                                   NULL,
                                   NULL};

int mfd_cmd_list(int argc, char **argv)
{
    struct arguments args = {.scenarios = mfd_suite_folder()};
    char error[ERROR_SIZE] = "";
    json_t *rows = NULL;

    argp_err_exit_status = MFD_USAGE;
    argp_parse(&parser, argc, argv, 0, NULL, &args);
    rows = args.kind->rows(args.scenarios, error);
    if (!rows) {
        fprintf(stderr, "mfdkit list: %s\n", error);
        return MFD_USAGE;
    }
    if (args.json) {
        json_dumpf(rows, stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        print_rows(rows, args.kind->columns);
    }
    json_decref(rows);
    return fflush(stdout) == 0 ? MFD_OK : MFD_HARNESS;
}
