// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Greedy: each new row takes the first tuple of values that no row has yet, then gives the other parameters,
 * one after the other, the value that brings in most further tuples.
 */
#include "pairwise.h"

#include "memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define UNSET 0xffu

struct rows {
    struct mfd_combination *list;
    size_t count;
};

static void add_row(struct rows *rows, const struct mfd_combination *row)
{
    rows->list = mfd_grow(rows->list, rows->count, sizeof(*rows->list));
    rows->list[rows->count++] = *row;
}

static struct rows product(const size_t *sizes, size_t axes)
{
    struct rows rows = {0};
    struct mfd_combination row = {{0}};
    size_t axis = 0;

    do {
        add_row(&rows, &row);
        for (axis = axes; axis-- > 0;) {
            if (++row.value[axis] < sizes[axis]) {
                break;
            }
            row.value[axis] = 0;
        }
    } while (axis < axes);
    return rows;
}

/* All choices of `strength` parameters, as bit sets in rising order. */
static bool next_choice(unsigned *choice, size_t axes, unsigned strength)
{
    do {
        ++*choice;
    } while (*choice < 1u << axes && (unsigned)__builtin_popcount(*choice) != strength);
    return *choice < 1u << axes;
}

/* Whether some row has the values that `row` gives to the chosen parameters. */
static bool covered(const struct rows *rows, const struct mfd_combination *row, unsigned choice,
                    size_t axes)
{
    for (size_t i = 0; i < rows->count; i++) {
        bool same = true;

        for (size_t axis = 0; same && axis < axes; axis++) {
            same = !(choice >> axis & 1) || rows->list[i].value[axis] == row->value[axis];
        }
        if (same) {
            return true;
        }
    }
    return false;
}

/* The next tuple of values of the chosen parameters; false after the last. */
static bool next_tuple(struct mfd_combination *row, unsigned choice, const size_t *sizes,
                       size_t axes)
{
    for (size_t axis = axes; axis-- > 0;) {
        if (!(choice >> axis & 1)) {
            continue;
        }
        if (++row->value[axis] < sizes[axis]) {
            return true;
        }
        row->value[axis] = 0;
    }
    return false;
}

static bool first_uncovered(const struct rows *rows, const size_t *sizes, size_t axes,
                            unsigned strength, struct mfd_combination *row)
{
    unsigned choice = 0;

    while (next_choice(&choice, axes, strength)) {
        memset(row, UNSET, sizeof(*row));
        for (size_t axis = 0; axis < axes; axis++) {
            row->value[axis] = choice >> axis & 1 ? 0 : UNSET;
        }
        do {
            if (!covered(rows, row, choice, axes)) {
                return true;
            }
        } while (next_tuple(row, choice, sizes, axes));
    }
    return false;
}

/* Tuples that `row` would bring in, of those that `axis` takes part in and that are set already. */
static size_t gain(const struct rows *rows, const struct mfd_combination *row, size_t axis,
                   size_t axes, unsigned strength)
{
    unsigned choice = 0;
    size_t found = 0;

    while (next_choice(&choice, axes, strength)) {
        bool set = choice >> axis & 1;

        for (size_t other = 0; set && other < axes; other++) {
            set = !(choice >> other & 1) || row->value[other] != UNSET;
        }
        found += set && !covered(rows, row, choice, axes);
    }
    return found;
}

static void complete_row(const struct rows *rows, const size_t *sizes, size_t axes,
                         unsigned strength, struct mfd_combination *row)
{
    for (size_t axis = 0; axis < axes; axis++) {
        size_t best = 0;
        size_t best_gain = 0;

        if (row->value[axis] != UNSET) {
            continue;
        }
        for (size_t value = 0; value < sizes[axis]; value++) {
            size_t found = 0;

            row->value[axis] = (unsigned char)value;
            found = gain(rows, row, axis, axes, strength);
            if (found > best_gain) {
                best = value;
                best_gain = found;
            }
        }
        row->value[axis] = (unsigned char)best;
    }
}

struct mfd_combination *mfd_pairwise(const size_t *sizes, size_t axes, unsigned strength,
                                     size_t *count)
{
    struct rows rows = {0};
    struct mfd_combination row;

    if (strength == 0 || strength >= axes) {
        rows = product(sizes, axes);
    } else {
        while (first_uncovered(&rows, sizes, axes, strength, &row)) {
            complete_row(&rows, sizes, axes, strength, &row);
            add_row(&rows, &row);
        }
    }
    *count = rows.count;
    return rows.list;
}
