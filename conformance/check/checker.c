// SPDX-License-Identifier: GPL-2.0-or-later
#include "checker.h"

#include "capture_link.h"
#include "hello.h"
#include "packet.h"

#include <stdlib.h>
#include <string.h>

/* Silent for this long, a migration is over for those that come later. */
#define SILENCE_NS 60000000000u
/* A channel has a packet at least in this many bytes: two full ones. */
#define SCAN_MAX (2u * (MFD_PACKET_SPAN + MFD_PACKET_SIZE_MAX))

/* A migration whose end was not seen yet. */
struct mfd_live {
    struct mfd_live *next; /* the one that was heard of before */
    struct mfd_checked *checked;
    size_t joined; /* connections */
    size_t open;   /* connections that the sender has not ended */
    bool main_closed;
    uint32_t main; /* number of its connection */
    struct mfd_endpoint sender;
    uint64_t last_ns;
};

struct mfd_checker {
    struct mfd_given given;
    uint16_t port;
    size_t marks;
    struct mfd_links *links;
    struct mfd_live *live; /* the one heard of last comes first */
    size_t live_count;
    struct mfd_checked **list;
    size_t count;
    bool short_of_memory;
    struct mfd_checker_totals totals;
};

struct mfd_checker *mfd_checker_create(const struct mfd_given *given, uint16_t port)
{
    struct mfd_checker *checker = calloc(1, sizeof(*checker));

    if (!checker) {
        return NULL;
    }
    checker->given = *given;
    checker->port = port;
    checker->marks = MFD_CHECKED_MARKS;
    checker->links = mfd_links_create(MFD_CHECKER_LINKS);
    checker->list = calloc(MFD_CHECKER_MOST, sizeof(*checker->list));
    if (!checker->links || !checker->list) {
        mfd_checker_free(checker);
        return NULL;
    }
    return checker;
}

/* ---- migrations that go on ---- */

static void end(struct mfd_checker *checker, struct mfd_live *live)
{
    struct mfd_live **at = &checker->live;

    while (*at != live) {
        at = &(*at)->next;
    }
    *at = live->next;
    checker->live_count--;
    mfd_checked_end(live->checked);
    mfd_links_leave(checker->links, live, live->joined);
    free(live);
}

static struct mfd_live *make(struct mfd_checker *checker, const struct mfd_link *link)
{
    struct mfd_live *live = NULL;

    if (checker->count == MFD_CHECKER_MOST) {
        checker->totals.dropped++;
        return NULL;
    }
    if (checker->live_count == MFD_CHECKER_LIVE) {
        struct mfd_live *oldest = checker->live;

        while (oldest->next) {
            oldest = oldest->next;
        }
        end(checker, oldest);
    }
    live = calloc(1, sizeof(*live));
    if (live) {
        live->checked = mfd_checked_create(checker->count + 1, &checker->given, &checker->marks);
    }
    if (!live || !live->checked) {
        checker->short_of_memory = true;
        free(live);
        return NULL;
    }
    live->checked->receiver = link->receiver;
    live->sender = link->sender;
    live->next = checker->live;
    checker->live = live;
    checker->live_count++;
    checker->list[checker->count++] = live->checked;
    return live;
}

static void bring_forward(struct mfd_checker *checker, struct mfd_live *live)
{
    struct mfd_live **at = &checker->live;

    if (checker->live == live) {
        return;
    }
    while (*at != live) {
        at = &(*at)->next;
    }
    *at = live->next;
    live->next = checker->live;
    checker->live = live;
}

/* Whether connections that come now can belong to it. */
static bool receives(const struct mfd_live *live, const struct mfd_link *link, uint64_t now)
{
    bool silent = now > live->last_ns && now - live->last_ns > SILENCE_NS;

    return !silent && !live->main_closed &&
           mfd_endpoint_same(&live->checked->receiver, &link->receiver);
}

static size_t count_receiving(const struct mfd_checker *checker, const struct mfd_link *link,
                              uint64_t now)
{
    size_t count = 0;

    for (const struct mfd_live *live = checker->live; live; live = live->next) {
        count += receives(live, link, now);
    }
    return count;
}

/* The one that suits best: of this UUID, where that is known, else from this sender, else the latest. */
static struct mfd_live *choose(const struct mfd_checker *checker, const struct mfd_link *link,
                               uint64_t now, const uint8_t *uuid)
{
    struct mfd_live *best = NULL;
    int best_rank = -2;

    for (struct mfd_live *live = checker->live; live; live = live->next) {
        const uint8_t *its = live->checked->learned.config.uuid;
        int rank = mfd_link_same_address(&live->sender, &link->sender);

        if (!receives(live, link, now)) {
            continue;
        }
        if (uuid && its) {
            rank += memcmp(uuid, its, MFD_UUID_SIZE) == 0 ? 4 : -1;
        }
        if (rank > best_rank) {
            best = live;
            best_rank = rank;
        }
    }
    return best;
}

/* ---- connections of migrations ---- */

static void after(struct mfd_checker *checker, struct mfd_link *link, const struct mfd_event *event)
{
    struct mfd_live *live = link->live;
    bool closes = event->kind == MFD_EVENT_CLOSE || event->kind == MFD_EVENT_RESET;
    bool by_sender = event->direction == MFD_FORWARD || event->kind == MFD_EVENT_RESET;

    if (event->time_ns > live->last_ns) {
        live->last_ns = event->time_ns;
    }
    if (closes && live->checked->has_main && link->number == live->main) {
        live->main_closed = true;
    }
    if (closes && by_sender && !link->closed) {
        link->closed = true;
        live->open--;
        if (live->open == 0 && live->checked->has_main) {
            end(checker, live);
        }
    }
}

static void give(struct mfd_checker *checker, struct mfd_link *link, const struct mfd_event *event,
                 const struct mfd_checked_place *place)
{
    struct mfd_live *live = link->live;
    bool had_main = live->checked->has_main;

    mfd_checked_event(live->checked, event, place);
    if (live->checked->has_main && !had_main) {
        live->main = link->number;
        live->sender = link->sender;
    }
    after(checker, link, event);
}

/* The connection is one of the migration: what was held of it is told first. */
static void join(struct mfd_checker *checker, struct mfd_link *link, struct mfd_live *live)
{
    struct mfd_event event = {
        .connection = link->number, .kind = MFD_EVENT_OPEN, .time_ns = link->open_ns};
    struct mfd_checked_place place = {.frame = link->open_frame};
    size_t at = 0;

    link->live = live;
    live->joined++;
    live->open++;
    mfd_checked_join(live->checked, link->number, &link->sender);
    if (link->opened) {
        give(checker, link, &event, &place);
    }
    event.kind = MFD_EVENT_DATA;
    for (size_t i = 0; i < link->told; i++) {
        event.bytes = link->bytes + at;
        event.len = link->pieces[i].len;
        event.time_ns = link->pieces[i].time_ns;
        give(checker, link, &event, &link->pieces[i].place);
        at += link->pieces[i].len;
    }
}

/* A migration that begins with this connection, and with those to its receiver that are open already. */
static void begin(struct mfd_checker *checker, struct mfd_link *link)
{
    struct mfd_link *waiting[MFD_CHECKED_CONNS];
    struct mfd_live *live = make(checker, link);
    size_t count = 0;

    if (!live) {
        link->foreign = true;
        return;
    }
    count = mfd_links_waiting(checker->links, link, waiting, MFD_CHECKED_CONNS);
    for (size_t i = 0; i < count; i++) {
        join(checker, waiting[i], live);
    }
    if (!link->live) {
        join(checker, link, live); /* it began before the capture, or there are too many */
    }
}

/* ---- which migration? ---- */

static bool speaks_tls(const struct mfd_link *link)
{
    return link->have >= 2 && link->bytes[0] == 0x16 && link->bytes[1] == 0x03;
}

/* Whether one packet starts in the bytes. */
static bool holds_packet(const uint8_t *bytes, size_t len)
{
    uint8_t start[8];

    mfd_put32(start, MFD_MAGIC);
    mfd_put32(start + 4, MFD_VERSION);
    for (size_t i = 0; i + MFD_PREFIX_SIZE <= len; i++) {
        const uint8_t *at = memchr(bytes + i, start[0], len - i);

        if (!at || (size_t)(bytes + len - at) < MFD_PREFIX_SIZE) {
            return false;
        }
        i = (size_t)(at - bytes);
        if (memcmp(at, start, sizeof(start)) == 0 &&
            !(mfd_get32(at + MFD_PACKET_FLAGS) & ~mfd_rev_flags(MFD_REV_LATEST))) {
            return true;
        }
    }
    return false;
}

/* One whose beginning was not captured. */
static void place_late(struct mfd_checker *checker, struct mfd_link *link,
                       const struct mfd_found *found)
{
    const struct mfd_event *event = &found->event;
    struct mfd_live *live = choose(checker, link, event->time_ns, NULL);

    if (live) {
        join(checker, link, live);
    } else if (event->kind != MFD_EVENT_DATA || event->direction != MFD_FORWARD) {
        return;
    } else if (holds_packet(event->bytes, event->len) ||
               (checker->port && link->receiver.port == checker->port)) {
        begin(checker, link);
    } else {
        link->scanned += event->len;
        link->foreign = link->scanned > SCAN_MAX;
    }
}

/* A main channel: of a migration that has none yet, a second one of a migration that has, or a new one's. */
static void place_main(struct mfd_checker *checker, struct mfd_link *link, uint64_t now)
{
    for (struct mfd_live *live = checker->live; live; live = live->next) {
        if (receives(live, link, now) &&
            (!live->checked->has_main || mfd_link_same_address(&live->sender, &link->sender))) {
            join(checker, link, live);
            return;
        }
    }
    begin(checker, link);
}

/* Whether some migration receives at that address from this sender. */
static bool is_near(const struct mfd_checker *checker, const struct mfd_link *link, uint64_t now)
{
    const struct mfd_live *live = choose(checker, link, now, NULL);

    return live && mfd_link_same_address(&live->sender, &link->sender);
}

/* A channel. That of another sender with another UUID is of another migration, whose main is still silent. */
static void place_channel(struct mfd_checker *checker, struct mfd_link *link, uint64_t now)
{
    size_t count = count_receiving(checker, link, now);
    bool told = link->have >= MFD_HELLO_ID;
    const uint8_t *uuid = told ? link->bytes + MFD_HELLO_UUID : NULL;
    struct mfd_live *live = choose(checker, link, now, uuid);

    if (!live) {
        begin(checker, link);
    } else if (count == 1 && is_near(checker, link, now)) {
        join(checker, link, live);
    } else if (told) {
        const uint8_t *its = live->checked->learned.config.uuid;
        bool other = its && memcmp(uuid, its, MFD_UUID_SIZE) != 0;

        if (other && !mfd_link_same_address(&live->sender, &link->sender)) {
            begin(checker, link);
        } else {
            join(checker, link, live);
        }
    }
}

/* Finds the migration of a connection that was seen from its start, or leaves it for later. */
static void place(struct mfd_checker *checker, struct mfd_link *link, uint64_t now)
{
    uint32_t magic = link->have >= 4 ? mfd_get32(link->bytes) : 0;
    bool mine = checker->port && link->receiver.port == checker->port;
    size_t count = count_receiving(checker, link, now);

    if (speaks_tls(link)) {
        checker->totals.tls++;
        link->foreign = true;
    } else if (magic == MFD_MAIN_MAGIC) {
        place_main(checker, link, now);
    } else if (magic == MFD_MAGIC) {
        place_channel(checker, link, now);
    } else if (count && (link->have >= 4 || (count == 1 && is_near(checker, link, now)))) {
        join(checker, link, choose(checker, link, now, NULL));
    } else if (mine && count == 0) {
        begin(checker, link);
    }
}

/* An event of a connection that belongs to no migration yet. */
static void consider(struct mfd_checker *checker, struct mfd_link *link,
                     const struct mfd_found *found)
{
    const struct mfd_event *event = &found->event;
    uint64_t missing = link->missing;

    if (!link->opened) {
        place_late(checker, link, found);
        return;
    }
    link->told = link->piece_count;
    if (event->kind == MFD_EVENT_DATA && event->direction == MFD_FORWARD) {
        mfd_link_hold(link, found);
    }
    place(checker, link, event->time_ns);
    if (link->live) {
        link->missing = missing; /* this event is given as it is, and not as it was held */
    } else {
        link->told = link->piece_count;
    }
}

void mfd_checker_found(const struct mfd_found *found, void *context)
{
    struct mfd_checker *checker = context;
    const struct mfd_event *event = &found->event;
    struct mfd_link *link = mfd_links_of(checker->links, found);
    struct mfd_checked_place at = {found->frame, found->offset, found->at, found->missing};

    if (!link) {
        checker->short_of_memory = true;
        return;
    }
    if (!link->live && !link->foreign) {
        consider(checker, link, found);
        if (link->live && link->opened && event->kind == MFD_EVENT_OPEN) {
            return; /* told with what was held */
        }
    }
    if (link->live) {
        at.missing += link->missing;
        link->missing = 0;
        bring_forward(checker, link->live);
        give(checker, link, event, &at);
    } else if (event->kind == MFD_EVENT_RESET ||
               (event->kind == MFD_EVENT_CLOSE && event->direction == MFD_FORWARD)) {
        link->closed = true;
    }
}

bool mfd_checker_end(struct mfd_checker *checker)
{
    while (checker->live) {
        end(checker, checker->live);
    }
    return !checker->short_of_memory;
}

size_t mfd_checker_count(const struct mfd_checker *checker)
{
    return checker->count;
}

const struct mfd_checked *mfd_checker_at(const struct mfd_checker *checker, size_t i)
{
    return checker->list[i];
}

struct mfd_checker_totals mfd_checker_totals(const struct mfd_checker *checker)
{
    return checker->totals;
}

void mfd_checker_free(struct mfd_checker *checker)
{
    if (!checker) {
        return;
    }
    for (struct mfd_live *live = checker->live; live; live = checker->live) {
        checker->live = live->next;
        free(live);
    }
    for (size_t i = 0; i < checker->count; i++) {
        mfd_checked_free(checker->list[i]);
    }
    free(checker->list);
    mfd_links_free(checker->links);
    free(checker);
}
