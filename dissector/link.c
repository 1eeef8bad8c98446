// SPDX-License-Identifier: GPL-2.0-or-later
/* Connections: made, told to be main or a channel, closed. */
#include "multifd.h"

#include <epan/dissectors/packet-tcp.h>
#include <epan/proto_data.h>
#include <epan/wmem_scopes.h>

static uint32_t links; /* made so far: captures without any need no look at each frame */

void mfd_link_join(struct mfd_link *link, struct mfd_migration *migration)
{
    link->migration = migration;
    link->number = migration->links++;
    migration->open++;
    link->fed = false;
    mfd_room_fit(migration);
}

void mfd_link_classify(struct mfd_parse *parse, enum mfd_role role)
{
    struct mfd_link *link = parse->link;
    bool main = role == MFD_ROLE_MAIN;
    bool forward = parse->flow == &link->flow[0];
    struct mfd_migration *migration = mfd_migration_of(parse->pinfo, forward, main);

    link->role = role;
    if (!migration->links) {
        mfd_silent_join(migration, link, mfd_receiver_of(parse->pinfo, forward));
    }
    if (link->migration != migration) {
        mfd_link_join(link, migration);
    }
    if (main && !migration->main) {
        migration->main = link;
        migration->main_frame = parse->pinfo->num;
    }
    if (main) {
        mfd_main_start(&link->main, &migration->context, NULL);
    }
}

bool mfd_link_is_reply(const struct mfd_link *link, packet_info *pinfo)
{
    return pinfo->srcport != link->sender_port || !addresses_equal(&pinfo->src, &link->sender);
}

struct mfd_link *mfd_link_make(conversation_t *conv, const struct tcp_analysis *tcp,
                               const address *sender, uint32_t port)
{
    struct mfd_link *link = wmem_new0(wmem_file_scope(), struct mfd_link);

    copy_address_wmem(wmem_file_scope(), &link->sender, sender);
    link->sender_port = port;
    link->tcp_stream = tcp ? tcp->stream : UINT32_MAX;
    link->whole = tcp && (tcp->conversation_completeness & (MFD_SEEN_SYN | MFD_SEEN_ANSWER));
    conversation_add_proto_data(conv, mfd_proto, link);
    links++;
    return link;
}

struct mfd_link *mfd_link_of(packet_info *pinfo, bool create)
{
    conversation_t *conv = find_conversation_pinfo(pinfo, 0);
    struct mfd_link *link =
        conv ? (struct mfd_link *)conversation_get_proto_data(conv, mfd_proto) : NULL;
    const struct tcp_analysis *tcp = NULL;

    if (link || !create) {
        return link;
    }
    conv = find_or_create_conversation(pinfo);
    tcp = pinfo->ptype == PT_TCP ? get_tcp_conversation_data(conv, pinfo) : NULL;
    return mfd_link_make(conv, tcp, &pinfo->src, pinfo->srcport);
}

/*
 * Whose side this frame closes; -1: none. TCP tells no dissector of a segment without data. But it notes the
 * first FIN, and that of the other side, which comes later, takes a sequence number and carries nothing.
 */
static int closing_side(struct mfd_link *link, packet_info *pinfo, bool *reset)
{
    conversation_t *conv = find_conversation_pinfo(pinfo, 0);
    const struct tcp_analysis *tcp = conv ? get_tcp_conversation_data(conv, pinfo) : NULL;
    bool reply = mfd_link_is_reply(link, pinfo);
    uint32_t next = 0;
    uint32_t before = link->flow[reply].tcp_next;
    bool fin = false;
    uint8_t seen = link->seen;

    if (!tcp || !tcp->fwd->tcp_analyze_seq_info) {
        return -1;
    }
    next = tcp->fwd->tcp_analyze_seq_info->nextseq;
    link->flow[reply].tcp_next = next;
    link->seen = tcp->conversation_completeness;
    *reset = !(seen & MFD_SEEN_RESET) && (link->seen & MFD_SEEN_RESET);
    if (seen & MFD_SEEN_FIN) {
        fin = link->closed[!reply] && next == before + 1;
    } else {
        fin = link->seen & MFD_SEEN_FIN;
    }
    return !link->closed[reply] && (fin || *reset) ? reply : -1;
}

/* A connection to the receiver of a migration is one of its own before it has sent anything. */
static struct mfd_link *opened(packet_info *pinfo)
{
    conversation_t *conv = find_conversation_pinfo(pinfo, 0);
    struct mfd_migration *migration = NULL;
    struct mfd_link *link = NULL;

    if (conv && conv->setup_frame == pinfo->num) {
        migration = mfd_migration_find(pinfo);
    }
    if (migration && !migration->over) {
        link = mfd_link_of(pinfo, true);
        mfd_link_join(link, migration);
    }
    return link;
}

struct mfd_call *mfd_link_closed(packet_info *pinfo)
{
    struct mfd_link *link = NULL;
    struct mfd_note *note = NULL;
    struct mfd_call *call = NULL;
    struct mfd_parse parse = {0};
    bool reset = false;
    int side = -1;

    if (pinfo->ptype != PT_TCP) {
        return NULL;
    }
    if (!PINFO_FD_VISITED(pinfo)) {
        mfd_silent_note(pinfo);
    }
    if (!links) {
        return NULL;
    }
    if (PINFO_FD_VISITED(pinfo)) {
        return (struct mfd_call *)p_get_proto_data(wmem_file_scope(), pinfo, mfd_proto,
                                                   MFD_KEY_CLOSED);
    }
    link = mfd_link_of(pinfo, false);
    if (!link) {
        link = opened(pinfo);
    }
    side = link && link->migration ? closing_side(link, pinfo, &reset) : -1;
    if (side < 0 && !(link && link->migration && link->whole && !link->fed)) {
        return NULL;
    }
    call = wmem_new0(wmem_file_scope(), struct mfd_call);
    call->link = link;
    call->reply = side == 1;
    parse = (struct mfd_parse){.call = call, .pinfo = pinfo, .link = link, .flow = &link->flow[0]};
    note = mfd_parse_note(&parse, MFD_NOTE_CLOSED, 0);
    mfd_watch_open(link, note);
    if (side >= 0) {
        mfd_watch_close(link, note, side, reset);
    }
    if (!note->finding_count) {
        return NULL;
    }
    p_add_proto_data(wmem_file_scope(), pinfo, mfd_proto, MFD_KEY_CLOSED, call);
    return call;
}
