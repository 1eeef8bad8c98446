// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Interleavings of the lines between `orders` and `end`; see compile.h.
 *
 * Each line is one item for each connection it is about. Interleavings are the orders of all items that
 * keep the items of one connection as they stand, numbered from 1 on in the order of connections.
 */
#include "compile.h"

#include <stdlib.h>

/* More would take longer than anybody waits. */
#define ORDERS_MAX 20000u

struct item {
    const struct mfd_line *line;
    unsigned conn;
};

struct queue {
    unsigned conn;
    size_t left;
};

struct interleaving {
    struct item *items;
    size_t item_count;
    struct queue *queues; /* one for each connection, with its items not yet taken */
    size_t queue_count;
};

static void add_item(struct interleaving *all, const struct mfd_line *line, unsigned conn)
{
    size_t at = 0;

    all->items = mfd_grow(all->items, all->item_count, sizeof(*all->items));
    all->items[all->item_count++] = (struct item){line, conn};
    while (at < all->queue_count && all->queues[at].conn != conn) {
        at++;
    }
    if (at == all->queue_count) {
        all->queues = mfd_grow(all->queues, all->queue_count, sizeof(*all->queues));
        all->queues[all->queue_count++] = (struct queue){conn, 0};
    }
    all->queues[at].left++;
}

static bool collect(struct mfd_compiler *c, struct interleaving *all)
{
    const struct mfd_scenario *scenario = c->env.scenario;

    for (size_t i = 0; i < scenario->line_count; i++) {
        unsigned first = 0;
        unsigned count = 0;

        if (!scenario->lines[i].ordered) {
            continue;
        }
        c->line = &scenario->lines[i];
        if (!mfd_line_conns(c, c->line, &first, &count)) {
            return false;
        }
        for (unsigned conn = first; conn < first + count; conn++) {
            add_item(all, c->line, conn);
        }
    }
    return true;
}

/* Orders of what is left in the queues; anything above ORDERS_MAX counts as that much. */
static size_t count_ways(const struct interleaving *all)
{
    uint64_t ways = 1;
    uint64_t placed = 0;

    for (size_t i = 0; i < all->queue_count; i++) {
        for (size_t k = 1; k <= all->queues[i].left; k++) {
            ways = ways * ++placed / k; /* a binomial at each step, so the division is exact */
            if (ways > ORDERS_MAX) {
                return ORDERS_MAX + 1;
            }
        }
    }
    return (size_t)ways;
}

static void free_all(struct interleaving *all)
{
    free(all->items);
    free(all->queues);
}

bool mfd_orders_count(const struct mfd_env *env, size_t *count, struct mfd_lang_error *error)
{
    struct mfd_plan plan = {.conn_count =
                                1 + env->channels}; /* main and the channels are numbers here */
    struct mfd_compiler c = {.env = *env, .error = error, .plan = &plan};
    struct interleaving all = {0};
    bool good = collect(&c, &all);

    *count = all.item_count ? count_ways(&all) : 0;
    if (good && *count > ORDERS_MAX) {
        good = MFD_COMPILE_FAIL(&c, "orders: more than %u orders", ORDERS_MAX);
    }
    free_all(&all);
    return good;
}

/* The next item of a connection, from `*from` on among all items. */
static const struct item *next_item(const struct interleaving *all, unsigned conn, size_t *from)
{
    while (all->items[*from].conn != conn) {
        ++*from;
    }
    return &all->items[(*from)++];
}

/* The queue whose item comes next in the interleaving with index `*index` among those still possible. */
static size_t choose(struct interleaving *all, size_t *index)
{
    for (size_t i = 0; i < all->queue_count; i++) {
        size_t ways = 0;

        if (all->queues[i].left == 0) {
            continue;
        }
        all->queues[i].left--;
        ways = count_ways(all);
        if (*index < ways) {
            return i;
        }
        *index -= ways;
        all->queues[i].left++;
    }
    return 0;
}

static bool compile_item(struct mfd_compiler *c, const struct item *item)
{
    if (c->twin && item->line->whole) {
        return true;
    }
    mfd_compile_on_line(c, item->line);
    if (!mfd_compile_line_on(c, item->line, item->conn)) {
        return false;
    }
    mfd_steps_add(c, MFD_STEP_SETTLE, 0);
    return true;
}

bool mfd_compile_orders(struct mfd_compiler *c, size_t order)
{
    struct interleaving all = {0};
    bool good = collect(c, &all);
    size_t *from = mfd_zalloc((all.queue_count + 1) * sizeof(*from));
    size_t index = order - 1;

    for (size_t i = 0; good && i < all.item_count; i++) {
        size_t queue = choose(&all, &index);

        good = compile_item(c, next_item(&all, all.queues[queue].conn, &from[queue]));
    }
    free(from);
    free_all(&all);
    return good;
}
