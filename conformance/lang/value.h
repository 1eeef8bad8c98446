// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Values of the language: reading, printing and evaluating them.
 *
 * Reading stops at the first character that does not belong to the value. A `problem` is a short text
 * without the value, for "VALUE: PROBLEM".
 */
#ifndef MFD_VALUE_H
#define MFD_VALUE_H

#include "tree.h"

#include <stdio.h>

/* Each reads at `*text` and moves it behind what was read. NULL, or what is wrong. */
const char *mfd_term_read(struct mfd_arena *arena, const char **text, struct mfd_term *term);
const char *mfd_value_read(struct mfd_arena *arena, const char **text, struct mfd_value *value);

/* 36 characters of a UUID; false if they are none. */
bool mfd_uuid_parse(const char *text, uint8_t *uuid);

/* What a number as it was written amounts to. */
uint64_t mfd_int_value(const struct mfd_int *number);
void mfd_int_print(FILE *out, const struct mfd_int *number);
void mfd_term_print(FILE *out, const struct mfd_term *term);
void mfd_value_print(FILE *out, const struct mfd_value *value);

/* Any number of the language: a 64-bit magnitude with a sign. */
struct mfd_number {
    bool negative;
    uint64_t magnitude;
};

/* One parameter with its value in one instance. */
struct mfd_bound {
    const char *name;              /* of the scenario */
    struct mfd_number number;      /* if `value` is NULL */
    const struct mfd_value *value; /* TEXT, BYTES or WORD, of the scenario */
};

/* What numbers depend on. */
struct mfd_env {
    const struct mfd_scenario *scenario;
    const struct mfd_target *target;
    const struct mfd_bound *bounds;
    size_t bound_count;
    uint32_t channels;
    uint32_t page_size;
};

const struct mfd_bound *mfd_env_bound(const struct mfd_env *env, const char *name);
/* NULL, or what is wrong. */
const char *mfd_term_number(const struct mfd_env *env, const struct mfd_term *term,
                            struct mfd_number *number);
/* Likewise for a number from `low` to `high`. */
const char *mfd_term_within(const struct mfd_env *env, const struct mfd_term *term, uint64_t low,
                            uint64_t high, uint64_t *number);
/*
 * Replaces $name by its value: `*value` then points to a value of the scenario, or to `*room` filled with
 * a number. NULL, or what is wrong.
 */
const char *mfd_value_resolve(const struct mfd_env *env, const struct mfd_value **value,
                              struct mfd_value *room);

/* Machine type that the configuration names. */
const char *mfd_env_machine(const struct mfd_env *env);

#endif
