// SPDX-License-Identifier: GPL-2.0-or-later
/* -z multifd,tree: messages with pages or device state, counted by migration; in each by channel, method and block. */
#include "multifd.h"

#include <epan/stats_tree.h>

#define GIB ((uint64_t)1 << 30)

/*
 * Bytes of each node. Those of a tree are numbers below 2^31, so whole GiB are counted apart. A tree that is begun anew
 * begins anew here.
 */
static GHashTable *sums; /* of a tree: its nodes; of a node: its bytes */

static void forget(void *nodes)
{
    g_hash_table_destroy((GHashTable *)nodes);
}

static void tree_init(stats_tree *tree)
{
    if (!sums) {
        sums = g_hash_table_new_full(NULL, NULL, NULL, forget);
    }
    g_hash_table_replace(sums, tree, g_hash_table_new_full(NULL, NULL, NULL, g_free));
}

static void tree_cleanup(stats_tree *tree)
{
    if (sums) {
        g_hash_table_remove(sums, tree);
    }
}

static uint64_t sum_of(const stats_tree *tree, int node, uint64_t more)
{
    GHashTable *nodes = (GHashTable *)g_hash_table_lookup(sums, tree);
    uint64_t *sum = (uint64_t *)g_hash_table_lookup(nodes, GINT_TO_POINTER(node));

    if (!sum) {
        sum = g_new0(uint64_t, 1);
        g_hash_table_insert(nodes, GINT_TO_POINTER(node), sum);
    }
    *sum += more;
    return *sum;
}

/* Messages, pages, zero pages and bytes of one channel, method or block. */
static void count(stats_tree *tree, int parent, const char *name, const struct mfd_tap *tap)
{
    int node = tick_stat_node(tree, name, parent, TRUE);
    uint64_t bytes = sum_of(tree, node, tap->bytes);

    increase_stat_node(tree, "Pages", node, FALSE, (int)tap->normal_pages);
    increase_stat_node(tree, "Zero pages", node, FALSE, (int)tap->zero_pages);
    set_stat_node(tree, "Bytes", node, FALSE, (int)(bytes % GIB));
    if (bytes >= GIB) {
        set_stat_node(tree, "and GiB", node, FALSE, (int)(bytes / GIB));
    }
}

static const char *channel_name(packet_info *pinfo, const struct mfd_tap *tap)
{
    switch (tap->channel) {
    case MFD_TAP_MAIN:
        return "main";
    case MFD_TAP_UNKNOWN:
        return "unknown channel";
    default:
        return wmem_strdup_printf(pinfo->pool, "channel %d", tap->channel);
    }
}

static const char *method_name(const struct mfd_tap *tap)
{
    const struct mfd_method_info *method = mfd_method_info(tap->method);

    if (tap->message == MFD_MSG_device) {
        return "device state";
    }
    if (tap->channel == MFD_TAP_MAIN) {
        return "on main";
    }
    if (!tap->normal_pages && !tap->zero_pages) {
        return "without pages";
    }
    return method ? method->name : "unknown method";
}

static bool is_counted(const struct mfd_tap *tap)
{
    return tap->kind == MFD_NOTE_MESSAGE &&
           (tap->message == MFD_MSG_packet || tap->message == MFD_MSG_device ||
            tap->message == MFD_MSG_zero || tap->message == MFD_MSG_page);
}

static tap_packet_status tree_packet(stats_tree *tree, packet_info *pinfo, epan_dissect_t *edt,
                                     const void *data, tap_flags_t flags)
{
    const struct mfd_tap *tap = (const struct mfd_tap *)data;
    int migration = 0;

    (void)edt;
    (void)flags;
    if (!is_counted(tap)) {
        return TAP_PACKET_DONT_REDRAW;
    }
    migration =
        tick_stat_node(tree,
                       tap->migration == MFD_TAP_UNKNOWN
                           ? "Unknown migration"
                           : wmem_strdup_printf(pinfo->pool, "Migration %" PRId64, tap->migration),
                       0, TRUE);
    count(tree, tick_stat_node(tree, "By channel", migration, TRUE), channel_name(pinfo, tap), tap);
    count(tree, tick_stat_node(tree, "By method", migration, TRUE), method_name(tap), tap);
    if (tap->normal_pages || tap->zero_pages) {
        count(tree, tick_stat_node(tree, "By block", migration, TRUE),
              tap->block ? tap->block : "unknown block", tap);
    }
    return TAP_PACKET_REDRAW;
}

void mfd_tap_tree_register(void)
{
    stats_tree_register_plugin("multifd", "multifd", "QEMU multifd", 0, tree_packet, tree_init,
                               tree_cleanup);
}
