// SPDX-License-Identifier: GPL-2.0-or-later
#include "tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NOBODY (1u << MFD_WHO_NOBODY)
#define MAIN (1u << MFD_WHO_MAIN)
#define CHANNEL (1u << MFD_WHO_CHANNEL)
#define EXTRA (1u << MFD_WHO_EXTRA)
#define FILED (1u << MFD_WHO_FILE)
#define SENDER (1u << MFD_WHO_SENDER)
#define A(name) (1u << MFD_ARG_##name)
#define M(name) (1u << MFD_MSG_##name)

static const struct mfd_verb_info verbs[MFD_VERB_COUNT] = {
#define VERB(name, who, args, messages, what) {#name, who, args, messages},
#include "verb.def"
};

static const struct {
    const char *name;
    enum mfd_arg_shape shape;
} args[MFD_ARG_COUNT] = {
#define ARGUMENT(name, shape, what) {#name, MFD_SHAPE_##shape},
#include "verb.def"
};

static const char *const faults[MFD_FAULT_COUNT] = {
    [MFD_FAULT_FIELD] = "FIELD",     [MFD_FAULT_BLOCK] = "block",   [MFD_FAULT_PAYLOAD] = "payload",
    [MFD_FAULT_STREAM] = "stream",   [MFD_FAULT_PAD] = "pad",       [MFD_FAULT_TWICE] = "twice",
    [MFD_FAULT_OMIT] = "omit",       [MFD_FAULT_CUT] = "cut",       [MFD_FAULT_SPLIT] = "split",
    [MFD_FAULT_FOREIGN] = "foreign", [MFD_FAULT_PLAIN] = "plain",   [MFD_FAULT_CLOSE] = "close",
    [MFD_FAULT_RESET] = "reset",     [MFD_FAULT_REFUSE] = "refuse", [MFD_FAULT_STALL] = "stall",
    [MFD_FAULT_CANCEL] = "cancel",
};

/* The mask of method bits in revs.def is wider than the methods that a release has: 0x08 was free before 9.1. */
static const struct {
    const char *name;
    uint32_t bit;
    enum mfd_rev since;
} methods[] = {
    {"none", 0, MFD_REV_2017_TEXT},        {"zlib", MFD_FLAG_ZLIB, MFD_REV_2020},
    {"zstd", MFD_FLAG_ZSTD, MFD_REV_2020}, {"qpl", MFD_FLAG_QPL, MFD_REV_9_1},
    {"uadk", MFD_FLAG_UADK, MFD_REV_9_1},  {"qatzip", MFD_FLAG_QATZIP, MFD_REV_9_2},
};

const struct mfd_verb_info *mfd_verb_info(enum mfd_verb verb)
{
    return &verbs[verb];
}

enum mfd_verb mfd_verb_find(const char *name)
{
    int i = 0;

    while (i < MFD_VERB_COUNT && strcmp(verbs[i].name, name) != 0) {
        i++;
    }
    return (enum mfd_verb)i;
}

const char *mfd_arg_name(enum mfd_arg_name name)
{
    return args[name].name;
}

enum mfd_arg_shape mfd_arg_shape(enum mfd_arg_name name)
{
    return args[name].shape;
}

enum mfd_arg_name mfd_arg_find(const char *name)
{
    int i = 0;

    while (i < MFD_ARG_COUNT && strcmp(args[i].name, name) != 0) {
        i++;
    }
    return (enum mfd_arg_name)i;
}

const char *mfd_fault_name(enum mfd_fault_kind kind)
{
    return faults[kind];
}

const struct mfd_arg *mfd_line_arg(const struct mfd_line *line, enum mfd_arg_name name)
{
    for (size_t i = 0; i < line->arg_count; i++) {
        if (line->args[i].name == name) {
            return &line->args[i];
        }
    }
    return NULL;
}

bool mfd_line_faulty(const struct mfd_line *line)
{
    return line->whole || line->fault_count > 0;
}

bool mfd_line_has_fault(const struct mfd_line *line, enum mfd_fault_kind kind)
{
    for (size_t i = 0; i < line->fault_count; i++) {
        if (line->faults[i].kind == kind) {
            return true;
        }
    }
    return false;
}

bool mfd_revs_hold(const struct mfd_revs *revs, enum mfd_rev rev)
{
    return !revs->text || (revs->first <= rev && rev <= revs->last);
}

const struct mfd_axis *mfd_scenario_axis(const struct mfd_scenario *scenario, const char *name)
{
    for (size_t i = 0; i < scenario->axis_count; i++) {
        if (strcmp(scenario->axes[i].name, name) == 0) {
            return &scenario->axes[i];
        }
    }
    return NULL;
}

bool mfd_scenario_has_block(const struct mfd_scenario *scenario, const char *name)
{
    for (size_t i = 0; i < scenario->ram_count; i++) {
        if (strcmp(scenario->rams[i].name, name) == 0) {
            return true;
        }
    }
    return scenario->ram_count == 0 && strcmp(name, MFD_DEFAULT_BLOCK) == 0;
}

bool mfd_method_find(const char *name, uint32_t *bit)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(methods[i].name, name) == 0) {
            *bit = methods[i].bit;
            return true;
        }
    }
    return false;
}

bool mfd_method_known(uint32_t bit, enum mfd_rev rev)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (methods[i].bit == bit) {
            return rev >= methods[i].since;
        }
    }
    return false;
}

mfd_outcomes mfd_scenario_expected(const struct mfd_scenario *scenario, enum mfd_rev rev)
{
    for (size_t i = 0; mfd_revs_hold(&scenario->only, rev) && i < scenario->expect_count; i++) {
        if (mfd_revs_hold(&scenario->expects[i].revs, rev)) {
            return scenario->expects[i].outcomes;
        }
    }
    return 0;
}

bool mfd_lang_fail(struct mfd_lang_error *error, unsigned line, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    error->line = line;
    vsnprintf(error->text, sizeof(error->text), format, values);
    va_end(values);
    return false;
}

/* ---- what the rest of the program sees ---- */

void mfd_scenario_free(struct mfd_scenario *scenario)
{
    if (scenario) {
        struct mfd_arena arena = scenario->arena;

        mfd_arena_free(&arena); /* the scenario itself lies in it */
    }
}

const char *mfd_scenario_id(const struct mfd_scenario *scenario)
{
    return scenario->id;
}

const char *mfd_scenario_prose(const struct mfd_scenario *scenario)
{
    return scenario->prose_joined;
}

const enum mfd_rule *mfd_scenario_rules(const struct mfd_scenario *scenario, size_t *count)
{
    *count = scenario->rule_count;
    return scenario->rules;
}

bool mfd_scenario_negative(const struct mfd_scenario *scenario)
{
    for (size_t i = 0; i < scenario->line_count; i++) {
        if (mfd_line_faulty(&scenario->lines[i])) {
            return true;
        }
    }
    return false;
}

bool mfd_scenario_is_sender(const struct mfd_scenario *scenario)
{
    return scenario->sender;
}

enum mfd_rev mfd_scenario_peer_rev(const struct mfd_scenario *scenario, enum mfd_rev own)
{
    return scenario->speak_text && !mfd_rev_has_packets(scenario->speak) ? scenario->speak : own;
}

const char *const *mfd_scenario_needs(const struct mfd_scenario *scenario, size_t *count)
{
    *count = scenario->need_count;
    return scenario->needs;
}

const char *mfd_scenario_transport(const struct mfd_scenario *scenario)
{
    static const char *const names[] = {NULL, "unix", "tcp", "file"};

    return names[scenario->transport];
}
