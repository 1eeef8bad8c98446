// SPDX-License-Identifier: GPL-2.0-or-later
/* Taps: what listeners get, and the filters for one migration and one channel. */
#include "multifd.h"

#include "packet.h"

#include <epan/conversation_filter.h>
#include <epan/tap.h>

static int tap_multifd = -1;

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

/* Pages whose records are on main. */
static void count_page_of_main(packet_info *pinfo, const struct mfd_note *note, struct mfd_tap *tap)
{
    tap->normal_pages = note->message == MFD_MSG_page;
    tap->zero_pages = note->message == MFD_MSG_zero;
    tap->block = note->block ? mfd_block_name(pinfo, note->block) : NULL;
}

static int channel_of(const struct mfd_link *link)
{
    return link->role == MFD_ROLE_MAIN ? MFD_TAP_MAIN : link->has_id ? link->id : MFD_TAP_UNKNOWN;
}

void mfd_taps_note(tvbuff_t *tvb, packet_info *pinfo, const struct mfd_call *call,
                   const struct mfd_note *note)
{
    struct mfd_tap *tap = NULL;

    mfd_export_note(tvb, pinfo, call, note);
    if (!have_tap_listener(tap_multifd) || call->reply) {
        return;
    }
    tap = wmem_new0(pinfo->pool, struct mfd_tap);
    tap->kind = note->kind;
    tap->message = note->message;
    tap->migration =
        call->link->migration ? (int64_t)call->link->migration->number : MFD_TAP_UNKNOWN;
    tap->channel = channel_of(call->link);
    tap->method = MFD_METHOD_UNKNOWN;
    tap->bytes = note->size + (note->kind == MFD_NOTE_MESSAGE ? note->payload_all : 0);
    tap->sync = note->round != 0;
    tap->round = note->round;
    if (note->message == MFD_MSG_zero || note->message == MFD_MSG_page) {
        count_page_of_main(pinfo, note, tap);
    } else {
        count_pages(tvb, pinfo, note, tap);
    }
    tap_queue_packet(tap_multifd, pinfo, tap);
}

/* ---- the filters "this migration" and "this channel" ---- */

/* The connection of the packet, if it is one of a migration; else NULL. */
static const struct mfd_link *joined(packet_info *pinfo)
{
    const struct mfd_link *link = mfd_link_of(pinfo, false);

    return link && link->migration ? link : NULL;
}

static const struct mfd_link *joined_channel(packet_info *pinfo)
{
    const struct mfd_link *link = joined(pinfo);

    return link && link->has_id ? link : NULL;
}

static ws_bool migration_valid(WS_FILTER_PARAMETERS)
{
    return joined(pinfo) != NULL;
}

static char *migration_text(WS_FILTER_PARAMETERS)
{
    const struct mfd_link *link = joined(pinfo);

    return link ? g_strdup_printf("multifd.migration == %u", link->migration->number) : NULL;
}

static ws_bool channel_valid(WS_FILTER_PARAMETERS)
{
    return joined_channel(pinfo) != NULL;
}

static char *channel_text(WS_FILTER_PARAMETERS)
{
    const struct mfd_link *link = joined_channel(pinfo);

    return link ? g_strdup_printf("multifd.migration == %u and multifd.channel == %u",
                                  link->migration->number, link->id)
                : NULL;
}

void mfd_taps_register(void)
{
    tap_multifd = register_tap("multifd");
    mfd_tap_sync_register();
    ws_register_filter("multifd", "This migration", migration_valid, migration_text);
    ws_register_filter("multifd", "This channel", channel_valid, channel_text);
}

void mfd_taps_handoff(void)
{
    mfd_tap_tree_register();
}
