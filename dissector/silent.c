// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connections that have said nothing yet. A sender opens several and may be served in any order, so those that were
 * opened before the first bytes told of a migration belong to it as well: it is not over while one of them is open, and
 * what the receiver has ended of it excuses the sender.
 */
#include "multifd.h"

#include <epan/dissectors/packet-tcp.h>
#include <epan/wmem_scopes.h>

/* What a migration is given at most: more than it can have connections. */
#define SILENT_MAX 512u

struct silent {
    conversation_t *conv;
    const struct tcp_analysis *tcp;
    const tcp_flow_t *flow[2]; /* towards the receiver, and back */
    address sender;
    uint32_t port;
};

/* For each receiver an array, in the order in which they were opened. */
static wmem_map_t *receivers;
static uint32_t streams; /* of TCP, as of the last look */

static void forget(void)
{
    streams = 0; /* another capture */
}

void mfd_silent_register(void)
{
    receivers =
        wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), wmem_str_hash, g_str_equal);
    register_init_routine(forget);
}

static wmem_array_t *list_of(packet_info *pinfo, bool to_receiver)
{
    char *key = mfd_receiver_of(pinfo, to_receiver);
    wmem_array_t *list = (wmem_array_t *)wmem_map_lookup(receivers, key);

    if (!list) {
        list = wmem_array_sized_new(wmem_file_scope(), sizeof(struct silent), 1);
        wmem_map_insert(receivers, wmem_strdup(wmem_file_scope(), key), list);
    }
    return list;
}

void mfd_silent_note(packet_info *pinfo)
{
    uint32_t now = get_tcp_stream_count();
    conversation_t *conv = now != streams ? find_conversation_pinfo(pinfo, 0) : NULL;
    const struct tcp_analysis *tcp = conv ? get_tcp_conversation_data(conv, pinfo) : NULL;
    bool forward = tcp && (tcp->conversation_completeness & MFD_SEEN_SYN);
    struct silent silent = {.conv = conv, .tcp = tcp};

    streams = now;
    /* of one that was opened before the capture nobody knows who opened it */
    if (!tcp || conv->setup_frame != pinfo->num ||
        !(tcp->conversation_completeness & (MFD_SEEN_SYN | MFD_SEEN_ANSWER))) {
        return;
    }
    silent.flow[0] = forward ? tcp->fwd : tcp->rev;
    silent.flow[1] = forward ? tcp->rev : tcp->fwd;
    copy_address_wmem(wmem_file_scope(), &silent.sender, forward ? &pinfo->src : &pinfo->dst);
    silent.port = forward ? pinfo->srcport : pinfo->destport;
    wmem_array_append_one(list_of(pinfo, forward), silent);
}

static uint8_t seen_of(const struct silent *silent)
{
    return silent->tcp->conversation_completeness;
}

/* Whether a side has closed. That takes a sequence number, as opening does: there are no bytes that would count. */
static bool has_closed(const struct silent *silent, int side)
{
    const tcp_flow_t *flow = silent->flow[side];
    bool data = seen_of(silent) & MFD_SEEN_DATA;

    return (seen_of(silent) & MFD_SEEN_FIN) && flow->tcp_analyze_seq_info &&
           (data ? side == 1 : flow->tcp_analyze_seq_info->nextseq - flow->base_seq > 1);
}

/* The sender will never say anything on it. */
static bool is_over(const struct silent *silent)
{
    return (seen_of(silent) & MFD_SEEN_RESET) || has_closed(silent, 0);
}

static struct mfd_link *link_of(const struct silent *silent)
{
    return (struct mfd_link *)conversation_get_proto_data(silent->conv, mfd_proto);
}

/* One that the receiver has never taken, or that is of a migration already. */
static bool is_none(const struct silent *silent, const struct mfd_link *speaker)
{
    const struct mfd_link *own = link_of(silent);

    return own ? own != speaker && own->migration : !(seen_of(silent) & MFD_SEEN_ANSWER);
}

/* The frame that opened the first of those that go on: what was over before it is no part of the migration. */
static uint32_t first_frame(const struct silent *list, unsigned count,
                            const struct mfd_link *speaker)
{
    for (unsigned i = 0; i < count && speaker->whole; i++) {
        if (!is_none(&list[i], speaker) && !is_over(&list[i])) {
            return list[i].conv->setup_frame;
        }
    }
    return 0;
}

/*
 * What has become of it while nobody looked. Who has reset it is not told: most likely the receiver, since the sender
 * was yet to speak, and that is what breaks nothing.
 */
static void catch_up(struct mfd_link *link, const struct silent *silent, struct mfd_note *note)
{
    link->seen = seen_of(silent);
    for (int side = 0; side < 2; side++) {
        if (silent->flow[side]->tcp_analyze_seq_info) {
            link->flow[side].tcp_next = silent->flow[side]->tcp_analyze_seq_info->nextseq;
        }
    }
    if (link->seen & MFD_SEEN_RESET) {
        mfd_watch_close(link, note, 1, true);
        return;
    }
    for (int side = 1; side >= 0; side--) {
        if (has_closed(silent, side)) {
            mfd_watch_close(link, note, side, false);
        }
    }
}

/* Those of the list that belong to the migration, in their order. */
static void join(struct mfd_migration *migration, const struct silent *list, unsigned count,
                 const struct mfd_link *speaker)
{
    uint32_t first = first_frame(list, count, speaker);

    for (unsigned i = 0; i < count; i++) {
        const struct silent *silent = &list[i];
        struct mfd_link *own = link_of(silent);

        if (is_none(silent, speaker) || (is_over(silent) && silent->conv->last_frame < first)) {
            continue;
        }
        if (!own) {
            own = mfd_link_make(silent->conv, silent->tcp, &silent->sender, silent->port);
        }
        mfd_link_join(own, migration);
    }
}

void mfd_silent_join(struct mfd_migration *migration, struct mfd_link *speaker,
                     const char *receiver)
{
    wmem_array_t *array = (wmem_array_t *)wmem_map_remove(receivers, receiver);
    unsigned all = array ? wmem_array_get_count(array) : 0;
    unsigned count = all < SILENT_MAX ? all : SILENT_MAX;
    const struct silent *list =
        count ? (const struct silent *)wmem_array_index(array, all - count) : NULL;
    struct mfd_note note = {.kind = MFD_NOTE_CLOSED};

    join(migration, list, count, speaker);
    /* each is told of as open before any is told of as closed: they were open at once */
    for (unsigned i = 0; i < count; i++) {
        if (link_of(&list[i]) && link_of(&list[i])->migration == migration) {
            mfd_watch_open(link_of(&list[i]), &note);
        }
    }
    for (unsigned i = 0; i < count; i++) {
        struct mfd_link *own = link_of(&list[i]);

        if (own && own != speaker && own->migration == migration) {
            catch_up(own, &list[i], &note);
        }
    }
    migration->early = (struct mfd_findings){note.findings, note.finding_count, note.finding_count};
}
