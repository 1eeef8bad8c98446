// SPDX-License-Identifier: GPL-2.0-or-later
/* Instances of a scenario: `with` first, then every `each`, then the orders of `orders`. */
#include "compile.h"
#include "pairwise.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* More instances of one file would be a mistake of its author. */
#define VALUES_MAX 65536u
#define INSTANCES_MAX 65536u

struct bounds {
    struct mfd_bound *list;
    size_t count;
};

struct expander {
    struct mfd_env env;
    struct mfd_bound *bounds; /* one for each axis; "" while it has no value */
    unsigned strength;
    struct mfd_instance *instances;
    size_t count;
    struct mfd_lang_error *error;
};

/* ---- values of one axis ---- */

static bool add_bound(struct expander *x, const struct mfd_axis *axis, struct mfd_bound bound,
                      struct bounds *to)
{
    if (to->count == VALUES_MAX) {
        return mfd_lang_fail(x->error, axis->line, "%s: more than %u values", axis->name,
                             VALUES_MAX);
    }
    bound.name = axis->name;
    to->list = mfd_grow(to->list, to->count, sizeof(*to->list));
    to->list[to->count++] = bound;
    return true;
}

static bool add_number(struct expander *x, const struct mfd_axis *axis, uint64_t number,
                       struct bounds *to)
{
    return add_bound(x, axis, (struct mfd_bound){.number = {false, number}}, to);
}

/* Whether `number` lies beside the place where a field of the message starts or ends. */
static bool at_edge(const struct mfd_env *env, enum mfd_message message, const uint8_t *bytes,
                    size_t size, uint64_t number)
{
    struct mfd_field_walk walk = mfd_field_walk_start(message, bytes, size, env->page_size);
    uint64_t edge = size;

    for (struct mfd_span span; mfd_field_walk_next(&walk, &span);) {
        if (number + 1 >= span.offset && number <= span.offset + 1) {
            return true;
        }
    }
    return number + 1 >= edge && number <= edge + 1;
}

/* The numbers of a range that depends on the size of a message, as far as they meet edges of its fields. */
static bool add_edges(struct expander *x, const struct mfd_axis *axis, const char *name,
                      uint64_t from, uint64_t to, struct bounds *values)
{
    enum mfd_message message = mfd_message_find(name);
    uint8_t *bytes = mfd_zalloc(MFD_MESSAGE_ROOM);
    size_t size = mfd_message_default(&x->env, message, bytes);
    bool good = true;

    for (uint64_t number = from; good && number <= to; number++) {
        if (number == from || number == to || at_edge(&x->env, message, bytes, size, number)) {
            good = add_number(x, axis, number, values);
        }
    }
    free(bytes);
    return good;
}

static bool add_range(struct expander *x, const struct mfd_axis *axis,
                      const struct mfd_value *value, struct bounds *values)
{
    uint64_t from = 0;
    uint64_t to = 0;
    const char *sized = value->to.symbol == MFD_SYM_SIZE ? value->to.of : NULL;
    const char *problem = mfd_term_within(&x->env, &value->from, 0, UINT64_MAX - 1, &from);

    problem = problem ? problem : mfd_term_within(&x->env, &value->to, 0, UINT64_MAX - 1, &to);
    if (problem) {
        return mfd_lang_fail(x->error, axis->line, "%s: %s", axis->name, problem);
    }
    if (from > to) {
        return mfd_lang_fail(x->error, axis->line, "%s: %llu..%llu holds nothing", axis->name,
                             (unsigned long long)from, (unsigned long long)to);
    }
    if (to - from >= VALUES_MAX) {
        return mfd_lang_fail(x->error, axis->line, "%s: more than %u values", axis->name,
                             VALUES_MAX);
    }
    if (sized && x->env.target->slow && x->strength) {
        return add_edges(x, axis, sized, from, to, values);
    }
    for (uint64_t number = from; number <= to; number++) {
        if (!add_number(x, axis, number, values)) {
            return false;
        }
    }
    return true;
}

static bool add_term(struct expander *x, const struct mfd_axis *axis, const struct mfd_term *term,
                     struct bounds *values)
{
    struct mfd_bound bound = {0};
    const char *problem = mfd_term_number(&x->env, term, &bound.number);

    return problem ? mfd_lang_fail(x->error, axis->line, "%s: %s", axis->name, problem)
                   : add_bound(x, axis, bound, values);
}

static bool axis_values(struct expander *x, const struct mfd_axis *axis, struct bounds *values)
{
    for (size_t i = 0; i < axis->values.count; i++) {
        const struct mfd_value *value = &axis->values.list[i];
        bool good = value->kind == MFD_VALUE_TERM ? add_term(x, axis, &value->from, values)
                    : value->kind == MFD_VALUE_RANGE
                        ? add_range(x, axis, value, values)
                        : add_bound(x, axis, (struct mfd_bound){.value = value}, values);

        if (!good) {
            return false;
        }
    }
    return true;
}

/* ---- instances ---- */

static void print_bound(FILE *out, const struct mfd_bound *bound)
{
    if (bound->value) {
        mfd_value_print(out, bound->value);
    } else {
        fprintf(out, "%s%llu", bound->number.negative ? "-" : "",
                (unsigned long long)bound->number.magnitude);
    }
}

/* "n=13,channels=4" with `between` in place of the comma. */
static char *bounds_text(const struct expander *x, size_t order, char between)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    const char *first = "";
    const char more[2] = {between, '\0'};

    if (!out) {
        abort(); /* out of memory: see memory.h */
    }
    for (size_t i = 0; i < x->env.bound_count; i++) {
        fprintf(out, "%s%s=", first, x->bounds[i].name);
        print_bound(out, &x->bounds[i]);
        first = more;
    }
    if (order) {
        fprintf(out, "%sorder=%zu", first, order);
    }
    fclose(out);
    return text;
}

static char *instance_id(const struct expander *x, size_t order)
{
    char *bounds = bounds_text(x, order, ',');
    const char *id = x->env.scenario->id;
    char *text = mfd_zalloc(strlen(id) + strlen(bounds) + 3);

    sprintf(text, *bounds ? "%s[%s]" : "%s", id, bounds);
    free(bounds);
    return text;
}

static bool add_instance(struct expander *x, size_t order)
{
    struct mfd_binding *binding = NULL;

    if (x->count == INSTANCES_MAX) {
        return mfd_lang_fail(x->error, 0, "more than %u instances", INSTANCES_MAX);
    }
    binding = mfd_zalloc(sizeof(*binding) + x->env.bound_count * sizeof(*binding->bounds));
    binding->order = order;
    binding->count = x->env.bound_count;
    for (size_t i = 0; i < binding->count; i++) {
        binding->bounds[i] = x->bounds[i];
    }
    x->instances = mfd_grow(x->instances, x->count, sizeof(*x->instances));
    x->instances[x->count++] =
        (struct mfd_instance){instance_id(x, order), bounds_text(x, order, ' '), binding};
    return true;
}

static bool add_orders(struct expander *x)
{
    size_t orders = 0;

    if (!mfd_env_settle(&x->env, x->error) || !mfd_orders_count(&x->env, &orders, x->error)) {
        return false;
    }
    if (orders == 0) {
        return add_instance(x, 0);
    }
    for (size_t order = 1; order <= orders; order++) {
        if (!add_instance(x, order)) {
            return false;
        }
    }
    return true;
}

/* ---- the product of all `each` ---- */

/* Lists of values may depend on channels and page, so these two get theirs first. */
static bool sets_environment(const struct mfd_axis *axis)
{
    return strcmp(axis->name, "channels") == 0 || strcmp(axis->name, "page") == 0;
}

/* The next `each` without a value, NULL if all have one. */
static const struct mfd_axis *next_axis(const struct expander *x)
{
    const struct mfd_axis *found = NULL;

    for (size_t i = 0; i < x->env.bound_count; i++) {
        const struct mfd_axis *axis = &x->env.scenario->axes[i];

        if (*x->bounds[i].name) {
            continue;
        }
        if (sets_environment(axis)) {
            return axis;
        }
        found = found ? found : axis;
    }
    return found;
}

static bool expand_each(struct expander *x)
{
    const struct mfd_axis *axis = next_axis(x);
    struct bounds values = {0};
    bool good = true;

    if (!axis) {
        return add_orders(x);
    }
    good = (sets_environment(axis) || mfd_env_settle(&x->env, x->error)) &&
           axis_values(x, axis, &values);
    for (size_t i = 0; good && i < values.count; i++) {
        x->bounds[axis - x->env.scenario->axes] = values.list[i];
        good = expand_each(x);
    }
    x->bounds[axis - x->env.scenario->axes] = (struct mfd_bound){.name = ""};
    free(values.list);
    return good;
}

/* ---- the combinations of all `with` ---- */

struct combined {
    size_t axis[MFD_AXES_MAX]; /* index in the scenario */
    struct bounds values[MFD_AXES_MAX];
    size_t sizes[MFD_AXES_MAX];
    size_t count;
};

static bool collect_with(struct expander *x, struct combined *with)
{
    for (size_t i = 0; i < x->env.bound_count; i++) {
        const struct mfd_axis *axis = &x->env.scenario->axes[i];
        size_t n = with->count;

        if (!axis->pairwise) {
            continue;
        }
        with->axis[n] = i;
        with->count++;
        if (!axis_values(x, axis, &with->values[n])) {
            return false;
        }
        if (with->values[n].count > UINT8_MAX) {
            return mfd_lang_fail(x->error, axis->line, "%s: more than %u values", axis->name,
                                 UINT8_MAX);
        }
        with->sizes[n] = with->values[n].count;
    }
    return true;
}

static bool expand_with(struct expander *x)
{
    struct combined with = {0};
    struct mfd_combination *rows = NULL;
    size_t row_count = 0;
    bool good = collect_with(x, &with);

    if (good) {
        rows = mfd_pairwise(with.sizes, with.count, x->strength, &row_count);
    }
    for (size_t row = 0; good && row < row_count; row++) {
        for (size_t i = 0; i < with.count; i++) {
            x->bounds[with.axis[i]] = with.values[i].list[rows[row].value[i]];
        }
        good = expand_each(x);
    }
    for (size_t i = 0; i < with.count; i++) {
        free(with.values[i].list);
    }
    free(rows);
    return good;
}

struct mfd_instance *mfd_scenario_expand(const struct mfd_scenario *scenario,
                                         const struct mfd_target *target, unsigned strength,
                                         size_t *count, struct mfd_lang_error *error)
{
    struct mfd_bound *bounds = mfd_zalloc(scenario->axis_count * sizeof(*bounds));
    struct expander x = {
        .env = {.scenario = scenario,
                .target = target,
                .bounds = bounds,
                .bound_count = scenario->axis_count},
        .bounds = bounds,
        .strength = strength,
        .error = error,
    };

    for (size_t i = 0; i < scenario->axis_count; i++) {
        bounds[i].name = "";
    }
    if (!expand_with(&x)) {
        mfd_instances_free(x.instances, x.count);
        x.instances = NULL;
        x.count = 0;
    }
    free(bounds);
    *count = x.count;
    return x.instances;
}

void mfd_instances_free(struct mfd_instance *instances, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(instances[i].id);
        free(instances[i].params);
        free(instances[i].values);
    }
    free(instances);
}
