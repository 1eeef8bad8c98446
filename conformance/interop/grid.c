// SPDX-License-Identifier: GPL-2.0-or-later
#include "grid.h"

#include "known.h"
#include "method.h"
#include "pairwise.h"
#include "wire.h"

#include <stdlib.h>
#include <string.h>

struct list {
    struct mfd_interop_cell *cells;
    size_t count;
    size_t room;
    bool good;
};

static void append(struct list *list, const struct mfd_interop_cell *cell)
{
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 64;
        struct mfd_interop_cell *grown = realloc(list->cells, room * sizeof(*grown));

        if (!grown) {
            list->good = false;
            return;
        }
        list->cells = grown;
        list->room = room;
    }
    list->cells[list->count++] = *cell;
}

/* A cell, and while it is known to break, the same with one more setting. */
static void append_repaired(struct list *list, struct mfd_interop_cell cell)
{
    const struct mfd_interop_known *known = NULL;

    do {
        append(list, &cell);
        known = mfd_interop_known(&cell);
        cell.settings |= known ? known->lacks : 0;
    } while (known && known->lacks);
}

/* The zero modes of the choice that are possible in such a cell. */
static size_t possible_zeros(const struct mfd_interop_choice *choice, struct mfd_interop_cell cell,
                             enum mfd_zero *zeros)
{
    size_t count = 0;

    for (size_t i = 0; i < choice->zero_count; i++) {
        cell.zero = choice->zeros[i];
        if (mfd_interop_possible(&cell)) {
            zeros[count++] = cell.zero;
        }
    }
    return count;
}

static void append_pair(struct list *list, const struct mfd_interop_choice *choice,
                        struct mfd_interop_cell cell)
{
    enum mfd_zero zeros[MFD_INTEROP_VALUES_MAX];
    size_t sizes[3] = {possible_zeros(choice, cell, zeros), choice->method_count,
                       choice->channel_count};
    size_t count = 0;
    struct mfd_combination *rows = NULL;

    if (!sizes[0] || !sizes[1] || !sizes[2]) {
        return;
    }
    rows = mfd_pairwise(sizes, 3, choice->strength, &count);
    list->good = list->good && rows;
    /* rows of one zero mode together: that is how the table shows them */
    for (size_t zero = 0; rows && zero < sizes[0]; zero++) {
        for (size_t i = 0; i < count; i++) {
            if (rows[i].value[0] == zero) {
                cell.zero = zeros[zero];
                cell.method = choice->methods[rows[i].value[1]];
                cell.channels = choice->channels[rows[i].value[2]];
                append_repaired(list, cell);
            }
        }
    }
    free(rows);
}

void mfd_interop_choose_all(struct mfd_interop_choice *choice)
{
    static const unsigned channels[] = {1, 2, 4, 16, 255};

    *choice = (struct mfd_interop_choice){
        .methods = {0, MFD_FLAG_ZLIB, MFD_FLAG_ZSTD},
        .method_count = 3,
        .zeros = {MFD_ZERO_MAIN, MFD_ZERO_PACKET, MFD_ZERO_NONE},
        .zero_count = 3,
        .machine = {true, true},
        .channel_count = sizeof(channels) / sizeof(channels[0]),
        .strength = 2,
    };
    memcpy(choice->channels, channels, sizeof(channels));
}

struct mfd_interop_cell *mfd_interop_plan(const struct mfd_interop_choice *choice, size_t *count)
{
    struct list list = {.good = true};

    for (size_t f = 0; f < choice->peer_count; f++) {
        for (size_t t = 0; t < choice->peer_count; t++) {
            for (int m = 0; m < MFD_INTEROP_MACHINES; m++) {
                struct mfd_interop_cell cell = {.from = &choice->peers[f],
                                                .to = &choice->peers[t],
                                                .machine = (enum mfd_interop_machine)m};

                if (choice->from[f] && choice->to[t] && choice->machine[m]) {
                    append_pair(&list, choice, cell);
                }
            }
        }
    }
    if (list.good && !list.cells) {
        list.cells = malloc(sizeof(*list.cells));
    }
    if (!list.good) {
        free(list.cells);
        list.cells = NULL;
    }
    *count = list.count;
    return list.cells;
}
