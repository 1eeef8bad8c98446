// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers of the language under one set of parameters; see value.h. */
#include "message.h"
#include "value.h"

#include <stdlib.h>
#include <string.h>

const struct mfd_bound *mfd_env_bound(const struct mfd_env *env, const char *name)
{
    for (size_t i = 0; i < env->bound_count; i++) {
        if (strcmp(env->bounds[i].name, name) == 0) {
            return &env->bounds[i];
        }
    }
    return NULL;
}

const char *mfd_env_machine(const struct mfd_env *env)
{
    return env->target && env->target->machine ? env->target->machine : "none";
}

static const char *param_number(const struct mfd_env *env, const char *param,
                                struct mfd_number *number)
{
    const struct mfd_bound *bound = mfd_env_bound(env, param);

    if (!bound || bound->value) {
        return "not a number";
    }
    *number = bound->number;
    return NULL;
}

static struct mfd_number int_number(const struct mfd_int *written, bool negative)
{
    uint64_t magnitude = mfd_int_value(written);

    return (struct mfd_number){negative && magnitude, magnitude};
}

static const char *add(struct mfd_number *to, struct mfd_number what)
{
    if (to->negative == what.negative) {
        if (to->magnitude > UINT64_MAX - what.magnitude) {
            return "needs more than 64 bits";
        }
        to->magnitude += what.magnitude;
    } else if (to->magnitude >= what.magnitude) {
        to->magnitude -= what.magnitude;
    } else {
        to->magnitude = what.magnitude - to->magnitude;
        to->negative = what.negative;
    }
    to->negative = to->negative && to->magnitude;
    return NULL;
}

static const char *block_length(const struct mfd_env *env, const char *name, uint64_t *length)
{
    for (size_t i = 0; i < mfd_env_block_count(env); i++) {
        if (strcmp(mfd_env_block_name(env, i), name) == 0) {
            return mfd_env_block_size(env, i, length);
        }
    }
    return "no such block";
}

static const char *message_size(const struct mfd_env *env, const char *name, uint64_t *size)
{
    enum mfd_message message = mfd_message_find(name);
    uint8_t *room = NULL;

    if (message == MFD_MESSAGE_COUNT) {
        return "no such message";
    }
    room = mfd_zalloc(MFD_MESSAGE_ROOM);
    *size = mfd_message_default(env, message, room);
    free(room);
    return NULL;
}

static const char *symbol_number(const struct mfd_env *env, const struct mfd_term *term,
                                 uint64_t *number)
{
    switch (term->symbol) {
    case MFD_SYM_CHANNELS:
        *number = env->channels;
        return NULL;
    case MFD_SYM_PAGE:
        *number = env->page_size;
        return NULL;
    case MFD_SYM_SLOTS:
        *number = mfd_slots(env->page_size);
        return NULL;
    case MFD_SYM_LEN:
        return block_length(env, term->of, number);
    case MFD_SYM_SIZE:
        return message_size(env, term->of, number);
    default:
        return "not a number";
    }
}

const char *mfd_term_number(const struct mfd_env *env, const struct mfd_term *term,
                            struct mfd_number *number)
{
    struct mfd_number other = {0};
    const char *problem = NULL;

    if (term->param) {
        return param_number(env, term->param, number);
    }
    *number = int_number(&term->number, term->negative);
    if (term->symbol) {
        problem = symbol_number(env, term, &other.magnitude);
        if (problem) {
            return problem;
        }
        if (!term->scaled) {
            *number = other;
        } else if (other.magnitude && number->magnitude > UINT64_MAX / other.magnitude) {
            return "needs more than 64 bits";
        } else {
            number->magnitude *= other.magnitude;
        }
    }
    if (!term->sign) {
        return NULL;
    }
    other = int_number(&term->addend, false);
    problem = term->addend_param ? param_number(env, term->addend_param, &other) : NULL;
    if (problem) {
        return problem;
    }
    other.negative = other.magnitude && other.negative != (term->sign == '-');
    return add(number, other);
}

const char *mfd_term_within(const struct mfd_env *env, const struct mfd_term *term, uint64_t low,
                            uint64_t high, uint64_t *number)
{
    struct mfd_number found = {0};
    const char *problem = mfd_term_number(env, term, &found);

    if (problem) {
        return problem;
    }
    if (found.negative || found.magnitude < low) {
        return "too small";
    }
    if (found.magnitude > high) {
        return "too large";
    }
    *number = found.magnitude;
    return NULL;
}

const char *mfd_value_resolve(const struct mfd_env *env, const struct mfd_value **value,
                              struct mfd_value *room)
{
    const struct mfd_bound *bound = NULL;

    if ((*value)->kind != MFD_VALUE_TERM || !(*value)->from.param) {
        return NULL;
    }
    bound = mfd_env_bound(env, (*value)->from.param);
    if (!bound) {
        return "no such parameter";
    }
    if (bound->value) {
        *value = bound->value;
        return NULL;
    }
    *room = (struct mfd_value){
        .kind = MFD_VALUE_TERM,
        .from = {.negative = bound->number.negative, .number = {.digits = bound->number.magnitude}},
    };
    *value = room;
    return NULL;
}
