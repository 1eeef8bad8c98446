// SPDX-License-Identifier: GPL-2.0-or-later
/* Taps: the statistics, the rounds, the filter for one migration, and exported messages. */
#include "multifd.h"

#include "packet.h"

#include <epan/conversation_filter.h>
#include <epan/exported_pdu.h>
#include <epan/stat_tap_ui.h>
#include <epan/stats_tree.h>
#include <epan/tap.h>

static int tap_multifd = -1;
static int tap_export = -1;

/* ---- what listeners get ---- */

static void count_pages(tvbuff_t *tvb, packet_info *pinfo, const struct mfd_note *note,
                        struct mfd_tap *tap)
{
    struct mfd_packet packet;

    if (!mfd_packet_shown(tvb, note, &packet)) {
        return;
    }
    tap->method = note->method;
    tap->normal_pages = packet.normal_pages;
    tap->zero_pages = packet.zero_pages;
    tap->sync = packet.flags & MFD_FLAG_SYNC;
    if (packet.normal_pages || packet.zero_pages) {
        tap->block = mfd_block_name(pinfo, packet.ramblock);
    }
}

static void export_message(tvbuff_t *tvb, packet_info *pinfo, const struct mfd_note *note)
{
    exp_pdu_data_t *data = NULL;
    int captured = tvb_captured_length_remaining(tvb, (int)note->at);

    if (note->kind != MFD_NOTE_MESSAGE || captured < (int)note->size ||
        (note->message != MFD_MSG_hello && note->message != MFD_MSG_packet &&
         note->message != MFD_MSG_device)) {
        return;
    }
    data = export_pdu_create_common_tags(pinfo, "multifd.message", WS_EXPORTED_BY);
    data->tvb_captured_length = note->size;
    data->tvb_reported_length = note->size;
    data->pdu_tvb = tvb_new_subset_length(tvb, (int)note->at, (int)note->size);
    tap_queue_packet(tap_export, pinfo, data);
}

void mfd_taps_note(tvbuff_t *tvb, packet_info *pinfo, const struct mfd_call *call,
                   const struct mfd_note *note)
{
    struct mfd_tap *tap = NULL;

    if (have_tap_listener(tap_export)) {
        export_message(tvb, pinfo, note);
    }
    if (!have_tap_listener(tap_multifd) || call->reply) {
        return;
    }
    tap = wmem_new0(pinfo->pool, struct mfd_tap);
    tap->kind = note->kind;
    tap->message = note->message;
    tap->migration = call->link->migration ? call->link->migration->number : 0;
    tap->channel = call->link->role == MFD_ROLE_MAIN ? -1 : call->link->id;
    tap->bytes = note->size + (note->kind == MFD_NOTE_MESSAGE ? note->payload_all : 0);
    tap->sync = note->round != 0;
    tap->round = note->round;
    count_pages(tvb, pinfo, note, tap);
    tap_queue_packet(tap_multifd, pinfo, tap);
}

/* ---- -z multifd,tree ---- */

static const char *const kinds[] = {"By channel", "By method", "By block"};
enum { KINDS = sizeof(kinds) / sizeof(*kinds) };
static int roots[KINDS];

static void tree_init(stats_tree *tree)
{
    for (int i = 0; i < KINDS; i++) {
        roots[i] = stats_tree_create_node(tree, kinds[i], 0, STAT_DT_INT, TRUE);
    }
}

/* Packets, pages, zero pages and KiB of one channel, method or block; numbers of a tree end at 2^31. */
static void tick(stats_tree *tree, int root, const char *name, const struct mfd_tap *tap)
{
    int node = tick_stat_node(tree, name, root, TRUE);

    (void)node;
    stats_tree_manip_node_int(MN_INCREASE, tree, "Pages", node, FALSE, (int)tap->normal_pages);
    stats_tree_manip_node_int(MN_INCREASE, tree, "Zero pages", node, FALSE, (int)tap->zero_pages);
    stats_tree_manip_node_int(MN_INCREASE, tree, "KiB", node, FALSE,
                              (int)((tap->bytes + 512) / 1024));
}

static tap_packet_status tree_packet(stats_tree *tree, packet_info *pinfo, epan_dissect_t *edt,
                                     const void *data, tap_flags_t flags)
{
    const struct mfd_tap *tap = (const struct mfd_tap *)data;
    const struct mfd_method_info *method = mfd_method_info(tap->method);

    (void)edt;
    (void)flags;
    if (tap->kind != MFD_NOTE_MESSAGE || tap->message != MFD_MSG_packet) {
        return TAP_PACKET_DONT_REDRAW;
    }
    for (int i = 0; i < KINDS; i++) {
        if (i < 2 || tap->block) {
            tick_stat_node(tree, kinds[i], 0, TRUE);
        }
    }
    tick(tree, roots[0], wmem_strdup_printf(pinfo->pool, "channel %d", tap->channel), tap);
    tick(tree, roots[1],
         !tap->normal_pages && !tap->zero_pages ? "without pages"
         : method                               ? method->name
                                                : "unknown",
         tap);
    if (tap->block) {
        tick(tree, roots[2], tap->block, tap);
    }
    return TAP_PACKET_REDRAW;
}

/* ---- -z multifd,sync ---- */

struct round {
    uint32_t migration;
    uint32_t number;
    bool on_main;
    uint32_t syncs; /* channels that have sent theirs */
    nstime_t main;
    nstime_t first;
    nstime_t last;
};

static struct round *round_of(wmem_array_t *rounds, const struct mfd_tap *tap)
{
    struct round round = {.migration = tap->migration, .number = tap->round};
    unsigned count = wmem_array_get_count(rounds);

    for (unsigned i = 0; i < count; i++) {
        struct round *one = (struct round *)wmem_array_index(rounds, i);

        if (one->migration == round.migration && one->number == round.number) {
            return one;
        }
    }
    wmem_array_append(rounds, &round, 1);
    return (struct round *)wmem_array_index(rounds, count);
}

static tap_packet_status sync_packet(void *data, packet_info *pinfo, epan_dissect_t *edt,
                                     const void *message, tap_flags_t flags)
{
    const struct mfd_tap *tap = (const struct mfd_tap *)message;
    struct round *round = NULL;

    (void)edt;
    (void)flags;
    if (!tap->round) {
        return TAP_PACKET_DONT_REDRAW;
    }
    round = round_of((wmem_array_t *)data, tap);
    if (tap->channel < 0) {
        round->on_main = true;
        round->main = pinfo->rel_ts;
        return TAP_PACKET_REDRAW;
    }
    if (round->syncs++ == 0) {
        round->first = pinfo->rel_ts;
    }
    round->last = pinfo->rel_ts;
    return TAP_PACKET_REDRAW;
}

static void sync_reset(void *data)
{
    (void)data;
}

static void sync_draw(void *data)
{
    wmem_array_t *rounds = (wmem_array_t *)data;
    unsigned count = wmem_array_get_count(rounds);

    printf("\nmultifd: rounds; seconds since the first packet of the capture\n");
    printf("%9s %6s %6s %14s %14s %14s\n", "migration", "round", "SYNCs", "point on main",
           "first SYNC", "last SYNC");
    for (unsigned i = 0; i < count; i++) {
        const struct round *round = (const struct round *)wmem_array_index(rounds, i);

        printf("%9u %6u %6u", round->migration, round->number, round->syncs);
        if (round->on_main) {
            printf(" %14.6f", nstime_to_sec(&round->main));
        } else {
            printf(" %14s", "-");
        }
        if (round->syncs) {
            printf(" %14.6f %14.6f\n", nstime_to_sec(&round->first), nstime_to_sec(&round->last));
        } else {
            printf(" %14s %14s\n", "-", "-");
        }
    }
}

static ws_started sync_start(const char *argument, void *unused)
{
    wmem_array_t *rounds = wmem_array_new(wmem_epan_scope(), sizeof(struct round));
    GString *error = NULL;
    bool good = false;

    (void)argument;
    (void)unused;
    error = register_tap_listener("multifd", rounds, NULL, TL_REQUIRES_NOTHING, sync_reset,
                                  sync_packet, sync_draw, NULL);
    good = !error;
    if (error) {
        fprintf(stderr, "multifd,sync: %s\n", error->str);
        g_string_free(error, TRUE);
    }
    WS_STARTED(good);
}

/* ---- the filter "this migration" ---- */

static ws_bool filter_valid(WS_FILTER_PARAMETERS)
{
    const struct mfd_link *link = mfd_link_of(pinfo, false);

    return link && link->migration;
}

static char *filter_text(WS_FILTER_PARAMETERS)
{
    const struct mfd_link *link = mfd_link_of(pinfo, false);

    return link && link->migration
               ? g_strdup_printf("multifd.migration == %u", link->migration->number)
               : NULL;
}

void mfd_taps_register(void)
{
    static stat_tap_ui sync_ui = {
        .group = REGISTER_STAT_GROUP_GENERIC,
        .cli_string = "multifd,sync",
        .tap_init_cb = sync_start,
    };

    tap_multifd = register_tap("multifd");
    tap_export = register_export_pdu_tap("QEMU multifd");
    register_stat_tap_ui(&sync_ui, NULL);
    ws_register_filter("multifd", "This migration", filter_valid, filter_text);
}

void mfd_taps_handoff(void)
{
    stats_tree_register_plugin("multifd", "multifd", "QEMU multifd", 0, tree_packet, tree_init,
                               NULL);
}
