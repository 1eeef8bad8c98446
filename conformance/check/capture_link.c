// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture_link.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096u

struct mfd_links {
    struct mfd_link *buckets[BUCKETS];
    struct mfd_link *newest;
    struct mfd_link *oldest;
    struct mfd_link *latest; /* asked for last */
    size_t count;
    size_t most;
};

struct mfd_links *mfd_links_create(size_t most)
{
    struct mfd_links *links = calloc(1, sizeof(*links));

    if (links) {
        links->most = most;
    }
    return links;
}

static void unlink_age(struct mfd_links *links, struct mfd_link *link)
{
    *(link->newer ? &link->newer->older : &links->newest) = link->older;
    *(link->older ? &link->older->newer : &links->oldest) = link->newer;
}

static void link_newest(struct mfd_links *links, struct mfd_link *link)
{
    link->newer = NULL;
    link->older = links->newest;
    *(links->newest ? &links->newest->newer : &links->oldest) = link;
    links->newest = link;
}

static void drop(struct mfd_links *links, struct mfd_link *link)
{
    struct mfd_link **at = &links->buckets[link->number % BUCKETS];

    while (*at != link) {
        at = &(*at)->chain;
    }
    *at = link->chain;
    unlink_age(links, link);
    if (links->latest == link) {
        links->latest = NULL;
    }
    links->count--;
    free(link);
}

static struct mfd_link *add(struct mfd_links *links, const struct mfd_found *found)
{
    struct mfd_link *link = calloc(1, sizeof(*link));
    struct mfd_link **bucket = &links->buckets[found->event.connection % BUCKETS];

    if (!link) {
        return NULL;
    }
    if (links->count == links->most) {
        drop(links, links->oldest);
    }
    link->number = found->event.connection;
    link->sender = *found->sender;
    link->receiver = *found->receiver;
    link->opened = found->event.kind == MFD_EVENT_OPEN;
    link->open_frame = found->frame;
    link->open_ns = found->event.time_ns;
    link->chain = *bucket;
    *bucket = link;
    link_newest(links, link);
    links->count++;
    return link;
}

struct mfd_link *mfd_links_of(struct mfd_links *links, const struct mfd_found *found)
{
    uint32_t number = found->event.connection;
    struct mfd_link *link = links->latest;

    if (link && link->number == number) {
        return link;
    }
    for (link = links->buckets[number % BUCKETS]; link && link->number != number;
         link = link->chain) {}
    if (!link) {
        link = add(links, found);
    } else {
        unlink_age(links, link);
        link_newest(links, link);
    }
    links->latest = link;
    return link;
}

void mfd_link_hold(struct mfd_link *link, const struct mfd_found *found)
{
    const struct mfd_event *event = &found->event;
    size_t room = MFD_LINK_HELD - link->have;
    size_t len = event->len < room ? event->len : room;

    if (link->missing || found->missing || link->piece_count == MFD_LINK_PIECES) {
        /* what is behind a gap is not held any more */
        link->missing += found->missing + event->len;
        return;
    }
    memcpy(link->bytes + link->have, event->bytes, len);
    link->have += len;
    link->missing += event->len - len;
    link->pieces[link->piece_count].len = len;
    link->pieces[link->piece_count].time_ns = event->time_ns;
    link->pieces[link->piece_count].place =
        (struct mfd_checked_place){found->frame, found->offset, found->at, 0};
    link->piece_count++;
}

static int by_number(const void *a, const void *b)
{
    const struct mfd_link *const *one = a;
    const struct mfd_link *const *other = b;

    return ((*one)->number > (*other)->number) - ((*one)->number < (*other)->number);
}

bool mfd_link_same_address(const struct mfd_endpoint *a, const struct mfd_endpoint *b)
{
    return a->ipv6 == b->ipv6 && memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

size_t mfd_links_waiting(const struct mfd_links *links, const struct mfd_link *link,
                         struct mfd_link **list, size_t room)
{
    size_t count = 0;
    size_t looked = 0;

    for (struct mfd_link *other = links->newest; other && count < room && looked < MFD_LINK_RECENT;
         other = other->older) {
        looked++;
        if (!other->live && !other->foreign && !other->closed && other->opened &&
            mfd_endpoint_same(&other->receiver, &link->receiver) &&
            mfd_link_same_address(&other->sender, &link->sender)) {
            list[count++] = other;
        }
    }
    qsort(list, count, sizeof(*list), by_number);
    return count;
}

void mfd_links_leave(struct mfd_links *links, const struct mfd_live *live, size_t count)
{
    for (struct mfd_link *link = links->newest; link && count; link = link->older) {
        if (link->live == live) {
            link->live = NULL;
            link->foreign = true;
            count--;
        }
    }
}

void mfd_links_free(struct mfd_links *links)
{
    struct mfd_link *newer = NULL;

    for (struct mfd_link *link = links ? links->oldest : NULL; link; link = newer) {
        newer = link->newer;
        free(link);
    }
    free(links);
}
