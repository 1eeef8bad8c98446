// SPDX-License-Identifier: GPL-2.0-or-later
/* What the observer gets to see of a migration, and what it finds. */
#include "multifd.h"

/* What the last event broke. Rules that a message alone decides were judged where it was taken apart, if it was. */
static void take_breaches(const struct mfd_link *link, struct mfd_note *note, bool apart)
{
    const struct mfd_migration *migration = link->migration;
    size_t count = mfd_observer_breaches(migration->observer);

    for (size_t i = 0; i < count; i++) {
        const struct mfd_breach *breach = &migration->memory.breaches[i];
        bool here = breach->connection == link->number && breach->offset >= note->offset;
        struct mfd_finding finding = {
            .rule = breach->rule,
            .offset = here ? (uint32_t)(breach->offset - note->offset) : 0,
            .width = here && note->kind == MFD_NOTE_MESSAGE ? 1 : 0,
            .got = breach->got,
            .want = breach->want,
        };

        /* the observer has them in the order of their first bytes, not in that of connecting */
        bool judged = breach->rule != MFD_CHAN_002 &&
                      (!apart || mfd_rule_info(breach->rule)->kind == MFD_KIND_FLOW);

        if (judged) {
            mfd_note_found(note, &(struct mfd_findings){&finding, 1, 1});
        }
    }
}

static void observe(struct mfd_link *link, struct mfd_note *note, enum mfd_event_kind kind,
                    bool reply, const uint8_t *bytes, size_t len)
{
    struct mfd_event event = {
        .connection = link->number,
        .direction = reply ? MFD_BACKWARD : MFD_FORWARD,
        .kind = kind,
        .bytes = bytes,
        .len = len,
    };

    if (!link->migration->unwatched) {
        mfd_observer_event(link->migration->observer, &event);
        take_breaches(link, note, note->kind != MFD_NOTE_CLOSED);
    }
}

/* Main is the first that connects. Which came first, the numbers of TCP's streams tell. */
static void judge_order(struct mfd_link *link, struct mfd_note *note)
{
    struct mfd_migration *migration = link->migration;
    struct mfd_finding finding = {.rule = MFD_CHAN_002, .got = MFD_MAGIC, .want = MFD_MAIN_MAGIC};

    if (link->ordered || link->tcp_stream == UINT32_MAX) {
        return;
    }
    link->ordered = true;
    if (link->role == MFD_ROLE_CHANNEL && link->tcp_stream < migration->first_channel) {
        migration->first_channel = link->tcp_stream;
    }
    if (migration->main && migration->main->tcp_stream > migration->first_channel &&
        (link == migration->main || link->tcp_stream == migration->first_channel)) {
        mfd_note_found(note, &(struct mfd_findings){&finding, 1, 1});
    }
}

void mfd_watch_open(struct mfd_link *link, struct mfd_note *note)
{
    if (!link->fed && link->whole) {
        observe(link, note, MFD_EVENT_OPEN, false, NULL, 0);
    }
    link->fed = true;
}

void mfd_watch_bytes(struct mfd_parse *parse, struct mfd_note *note, uint32_t len)
{
    struct mfd_link *link = parse->link;
    struct mfd_flow *flow = parse->flow;
    uint64_t seen = flow->observed > flow->offset ? flow->observed - flow->offset : 0;

    if (!link->migration || !len || parse->flow->gap || parse->flow != &link->flow[0]) {
        return;
    }
    if (len > mfd_parse_captured(parse)) {
        parse->flow->gap = true; /* snapped: what is left cannot be judged */
        return;
    }
    mfd_note_found(note, &link->migration->early);
    link->migration->early.count = 0;
    mfd_watch_open(link, note);
    judge_order(link, note);
    if (seen < len) {
        observe(link, note, MFD_EVENT_DATA, false, mfd_parse_bytes(parse) + seen,
                len - (size_t)seen);
    }
    mfd_migration_update_blocks(link->migration);
}

/* What was waiting for more bytes ends within a message; or the receiver has closed, and more may come yet. */
static void observe_rest(struct mfd_link *link, struct mfd_note *note)
{
    struct mfd_flow *flow = &link->flow[0];

    if (flow->rest && !flow->gap) {
        note->offset = flow->offset;
        observe(link, note, MFD_EVENT_DATA, false, flow->rest_bytes, flow->rest);
        flow->observed = flow->offset + flow->rest;
    }
    flow->rest = 0;
}

void mfd_watch_close(struct mfd_link *link, struct mfd_note *note, int side, bool reset)
{
    struct mfd_migration *migration = link->migration;

    link->closed[side] = true;
    if (link->fed && !link->flow[0].gap) {
        observe_rest(link, note);
        observe(link, note, reset ? MFD_EVENT_RESET : MFD_EVENT_CLOSE, side, NULL, 0);
    }
    if (!link->over && (reset || side == 0)) {
        link->over = true; /* the sender has nothing more to say */
        mfd_payload_close(link);
        migration->open--;
    }
    if (!migration->open && !migration->over && migration->main) {
        migration->over = true;
        if (!migration->unwatched) {
            mfd_observer_end(migration->observer);
            take_breaches(link, note, true);
        }
    }
}
