// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct link {
    bool running; /* is read from */
    bool parked;
    bool inited;
    unsigned number; /* of the session's connection */
    size_t next;     /* index of the first event not yet used up */
    size_t used;     /* bytes of it that are */
    struct mfd_conn conn;
};

struct drive {
    const struct mfd_conn_setup *setup;
    const struct mfd_event *events;
    size_t arrived; /* events that have happened so far */
    struct mfd_session session;
    struct mfd_drive_result *result;
    bool any_opened;
    size_t link_count;
    struct link links[]; /* by the number of the events' connection */
};

static void leave(struct drive *d, struct link *link, enum mfd_decision decision)
{
    link->running = false;
    link->parked = false;
    if (decision == MFD_SESSION_DROP) {
        mfd_session_release(&d->session, link->number);
    }
}

/* Acts on a decision; true if the connection carries on. */
static bool obey(struct drive *d, struct link *link, enum mfd_decision decision)
{
    link->parked = decision == MFD_SESSION_PARK;
    if (decision != MFD_SESSION_GO && decision != MFD_SESSION_PARK) {
        leave(d, link, decision);
    }
    return decision == MFD_SESSION_GO;
}

static void answer(struct drive *d, const struct link *link, enum mfd_got got)
{
    d->result->pongs += got == MFD_GOT_REPLY;
    d->result->shut_sent = d->result->shut_sent || (got == MFD_GOT_END && link->conn.return_path);
}

/* Handles events of the connection until it wants bytes, is parked or has left. */
static void handle(struct drive *d, struct link *link, enum mfd_got got)
{
    while (got != MFD_GOT_MORE) {
        enum mfd_decision decision =
            got == MFD_GOT_REPLY ? MFD_SESSION_GO
                                 : mfd_session_event(&d->session, link->number, got, &link->conn);

        if (!obey(d, link, decision)) {
            return;
        }
        answer(d, link, got);
        got = mfd_conn_got(&link->conn, 0);
    }
}

/* Gives a connection the rest of an event's bytes, as far as it takes them. */
static void feed(struct drive *d, struct link *link, const struct mfd_event *event)
{
    while (link->running && !link->parked && link->used < event->len) {
        size_t pieces = 0;
        const struct iovec *want = mfd_conn_want(&link->conn, &pieces);
        size_t left = event->len - link->used;
        size_t n = want->iov_len < left ? want->iov_len : left;

        memcpy(want->iov_base, event->bytes + link->used, n);
        link->used += n;
        handle(d, link, mfd_conn_got(&link->conn, n));
    }
}

static void close_link(struct drive *d, struct link *link, bool reset)
{
    enum mfd_got got = mfd_conn_eof(&link->conn);

    if (reset && got == MFD_GOT_CLOSED) {
        obey(d, link,
             mfd_session_error(&d->session, link->number, ECONNRESET, "cannot read", "",
                               &link->conn));
    } else {
        handle(d, link, got);
    }
}

static bool belongs(const struct drive *d, const struct link *link, size_t i)
{
    return d->events[i].connection == (uint32_t)(link - d->links) &&
           d->events[i].direction == MFD_FORWARD;
}

/* Uses up what has arrived for a connection; true if it did anything. */
static bool run_link(struct drive *d, struct link *link)
{
    bool any = false;

    while (link->running && !link->parked && link->next < d->arrived) {
        const struct mfd_event *event = &d->events[link->next];

        if (!belongs(d, link, link->next)) {
            link->next++;
            continue;
        }
        any = true;
        if (event->kind == MFD_EVENT_CLOSE || event->kind == MFD_EVENT_RESET) {
            close_link(d, link, event->kind == MFD_EVENT_RESET);
            return true;
        }
        if (event->kind == MFD_EVENT_DATA) {
            feed(d, link, event);
        }
        if (event->kind != MFD_EVENT_DATA || link->used == event->len) {
            link->next++;
            link->used = 0;
        }
    }
    return any;
}

/* Asks again about a parked connection; true if it was let go. */
static bool unpark(struct drive *d, struct link *link)
{
    enum mfd_got event = d->session.conns[link->number].event;

    if (!link->parked || !obey(d, link, mfd_session_again(&d->session, link->number))) {
        return false;
    }
    answer(d, link, event);
    handle(d, link, mfd_conn_got(&link->conn, 0));
    return true;
}

/* At the end of main a channel with nothing left to read is over. */
static bool rest(struct drive *d, struct link *link)
{
    bool idle = d->session.finishing && link->running && !link->parked &&
                mfd_conn_at_boundary(&link->conn) && link->next == d->arrived;

    return idle && !obey(d, link, mfd_session_idle(&d->session, link->number));
}

static void drop_extras(struct drive *d)
{
    for (size_t i = 0; i < d->link_count; i++) {
        struct link *link = &d->links[i];

        if (link->running && d->session.conns[link->number].extra) {
            leave(d, link, MFD_SESSION_DROP);
        }
    }
}

/* Runs all connections until nothing changes any more. */
static void settle(struct drive *d)
{
    bool any = true;

    while (any && !mfd_session_ended(&d->session)) {
        any = false;
        for (size_t i = 0; i < d->link_count; i++) {
            struct link *link = &d->links[i];

            if (link->running) {
                any = run_link(d, link) || any;
                any = unpark(d, link) || any;
                any = rest(d, link) || any;
            }
        }
        drop_extras(d);
    }
}

static int open_link(struct drive *d, struct link *link, size_t next)
{
    int number = link->inited ? -1 : mfd_session_open(&d->session);

    if (number < 0) {
        return 0;
    }
    if (mfd_conn_init(&link->conn, d->setup)) {
        return ENOMEM;
    }
    link->inited = true;
    link->running = true;
    link->number = (unsigned)number;
    link->next = next;
    handle(d, link, mfd_conn_begin(&link->conn, !d->any_opened));
    d->any_opened = true;
    return 0;
}

/* Whether the connection's close has arrived, read or not. */
static bool close_arrived(const struct drive *d, const struct link *link)
{
    for (size_t i = link->next; i < d->arrived; i++) {
        if (belongs(d, link, i) &&
            (d->events[i].kind == MFD_EVENT_CLOSE || d->events[i].kind == MFD_EVENT_RESET)) {
            return true;
        }
    }
    return false;
}

static void fail_if_abandoned(struct drive *d)
{
    for (size_t i = 0; i < d->link_count; i++) {
        struct link *link = &d->links[i];

        if (link->running && link->parked && close_arrived(d, link)) {
            mfd_session_hung_up(&d->session, link->number);
        }
    }
    if (mfd_session_abandoned(&d->session)) {
        mfd_session_fail(&d->session, 0, "the sender has gone before the end of the migration");
    }
}

static void finish(struct drive *d)
{
    struct mfd_drive_result *result = d->result;

    for (size_t i = 0; i < d->link_count; i++) {
        struct link *link = &d->links[i];

        result->live += link->running && !link->parked && !mfd_session_ended(&d->session);
        if (link->inited) {
            result->packets += link->conn.packets;
            result->normal_pages += link->conn.normal_pages;
            result->zero_pages += link->conn.zero_pages;
            mfd_conn_free(&link->conn);
        }
    }
    result->completed = d->session.completed;
    result->failure = d->session.failure;
    result->stuck = mfd_session_stuck(&d->session);
    result->points = d->session.points;
}

/* Numbers of connections that the list uses, as far as they are allowed. */
static size_t count_links(const struct mfd_event *events, size_t count)
{
    size_t links = 0;

    for (size_t i = 0; i < count; i++) {
        if (events[i].connection >= links && events[i].connection < MFD_SESSION_CONNS_MAX) {
            links = events[i].connection + 1;
        }
    }
    return links;
}

int mfd_drive(const struct mfd_conn_setup *setup, unsigned channels, const struct mfd_event *events,
              size_t count, struct mfd_drive_result *result)
{
    size_t links = count_links(events, count);
    struct drive *d = calloc(1, sizeof(*d) + links * sizeof(d->links[0]));
    int error = 0;

    *result = (struct mfd_drive_result){0};
    if (!d) {
        return ENOMEM;
    }
    d->setup = setup;
    d->events = events;
    d->result = result;
    d->link_count = links;
    mfd_session_init(&d->session, channels);
    for (size_t i = 0; i < count && !error && !mfd_session_ended(&d->session); i++) {
        const struct mfd_event *event = &events[i];

        d->arrived = i + 1;
        if (event->kind == MFD_EVENT_OPEN && event->connection < links) {
            error = open_link(d, &d->links[event->connection], i);
        }
        settle(d);
    }
    /*
     * a migration may look abandoned until another connection comes: the list tells when none does
     */
    if (!error) {
        fail_if_abandoned(d);
    }
    finish(d);
    free(d);
    return error;
}
