// SPDX-License-Identifier: GPL-2.0-or-later
/* Arguments of a step; see build.h. */
#include "build.h"

#include <string.h>

/* The number of an argument; `otherwise` without it. */
bool mfd_arg_number(struct mfd_compiler *c, const struct mfd_line *line, enum mfd_arg_name name,
                    uint64_t high, uint64_t otherwise, uint64_t *number)
{
    const struct mfd_arg *arg = line ? mfd_line_arg(line, name) : NULL;
    const char *problem = NULL;

    *number = otherwise;
    if (!arg) {
        return true;
    }
    problem = mfd_term_within(&c->env, &arg->values.list[0].from, 0, high, number);
    return problem ? MFD_COMPILE_FAIL(c, "%s: %s", mfd_arg_name(name), problem) : true;
}

/* The value of an argument with its parameter replaced, or NULL; `room` may hold it. */
const struct mfd_value *mfd_arg_value(struct mfd_compiler *c, const struct mfd_line *line,
                                      enum mfd_arg_name name, struct mfd_value *room)
{
    const struct mfd_arg *arg = line ? mfd_line_arg(line, name) : NULL;
    const struct mfd_value *value = arg ? &arg->values.list[0] : NULL;

    if (value) {
        mfd_value_resolve(&c->env, &value, room);
    }
    return value;
}

bool mfd_arg_block(struct mfd_compiler *c, const struct mfd_line *line, unsigned *block)
{
    struct mfd_value room;
    const struct mfd_value *value = mfd_arg_value(c, line, MFD_ARG_block, &room);

    *block = 0;
    if (!value) {
        return true;
    }
    for (size_t i = 0; value->kind == MFD_VALUE_TEXT && i < c->plan->block_count; i++) {
        if (strcmp(c->plan->blocks[i].name, value->text) == 0) {
            *block = (unsigned)i;
            return true;
        }
    }
    return MFD_COMPILE_FAIL(c, "block: the parameter names no block");
}

static bool add_range(struct mfd_compiler *c, enum mfd_arg_name name, const struct mfd_value *value,
                      const struct mfd_plan_block *block, struct mfd_pages *pages)
{
    uint64_t from = 0;
    uint64_t to = 0;
    const char *problem = mfd_term_within(&c->env, &value->from, 0, UINT64_MAX, &from);

    to = from;
    if (!problem && value->kind == MFD_VALUE_RANGE) {
        problem = mfd_term_within(&c->env, &value->to, 0, UINT64_MAX, &to);
    }
    if (problem) {
        return MFD_COMPILE_FAIL(c, "%s: %s", mfd_arg_name(name), problem);
    }
    if (to < from) {
        return MFD_COMPILE_FAIL(c, "%s: %llu..%llu holds nothing", mfd_arg_name(name),
                                (unsigned long long)from, (unsigned long long)to);
    }
    if (to >= block->page_count) {
        return MFD_COMPILE_FAIL(c, "%s: page %llu is outside %.80s, which has %zu",
                                mfd_arg_name(name), (unsigned long long)to, block->name,
                                block->page_count);
    }
    for (uint64_t page = from; page <= to; page++) {
        pages->list = mfd_grow(pages->list, pages->count, sizeof(*pages->list));
        pages->list[pages->count++] = (size_t)page;
    }
    return true;
}

/* Appends the pages that an argument lists. */
bool mfd_arg_pages(struct mfd_compiler *c, const struct mfd_line *line, enum mfd_arg_name name,
                   unsigned block, struct mfd_pages *pages)
{
    const struct mfd_arg *arg = mfd_line_arg(line, name);

    for (size_t i = 0; arg && i < arg->values.count; i++) {
        if (!add_range(c, name, &arg->values.list[i], &c->plan->blocks[block], pages)) {
            return false;
        }
    }
    return true;
}
