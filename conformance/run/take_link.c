// SPDX-License-Identifier: GPL-2.0-or-later
/* The life of one link; see take_link.h. */
#include "take_link.h"

#include "judge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Reads from one link before the others have their turn. */
#define READS 64
#define PIECES 64
/* For the report; what comes later changes no verdict. */
#define HAPPENINGS_MAX 400

/* ---- events ---- */

void mfd_take_happen(struct mfd_take *take, const struct mfd_take_link *link, bool from_peer,
                     bool deviation, enum mfd_happening_kind kind, const char *text)
{
    struct mfd_happening *now =
        mfd_happenings_add(&take->happenings, &take->happening_count, HAPPENINGS_MAX);

    if (!now) {
        return;
    }
    *now = (struct mfd_happening){
        .ms = (mfd_now() - take->start) * 1000,
        .conn = strdup(link && link->conn >= 0 ? take->plan->conns[link->conn].name : "extra"),
        .from_peer = from_peer,
        .deviation = deviation,
        .kind = kind,
        .text = strdup(text)};
}

/* Seen from the migration: the peer's own bytes and ends go forward. */
static void observe(struct mfd_take *take, const struct mfd_take_link *link, struct mfd_event event)
{
    event.connection = link->arrival;
    event.time_ns = (uint64_t)((mfd_now() - take->start) * 1e9);
    if (take->seen && !take->blind) {
        mfd_observer_event(&take->seen->observer, &event);
    }
    if (take->recording) {
        mfd_recording_add(take->recording, &event, NULL);
    }
}

static void observe_end(struct mfd_take *take, const struct mfd_take_link *link,
                        enum mfd_direction direction, bool reset)
{
    observe(take, link,
            (struct mfd_event){.direction = direction,
                               .kind = reset ? MFD_EVENT_RESET : MFD_EVENT_CLOSE});
}

/* ---- the life of a link ---- */

static void free_link(struct mfd_take_link *link)
{
    int fd = link->sock.fd;

    mfd_conn_free(&link->machine);
    mfd_sock_free(&link->sock);
    close(fd);
    link->used = false;
    link->running = false;
}

void mfd_take_drop(struct mfd_take *take, struct mfd_take_link *link, bool reset)
{
    const struct linger abort = {.l_onoff = 1, .l_linger = 0};

    if (reset) {
        /* of a UNIX socket with bytes that nobody has read the other end sees a reset, too */
        setsockopt(link->sock.fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
    }
    observe_end(take, link, MFD_BACKWARD, reset);
    free_link(link);
}

/* What the session makes of an event; without it a link goes on until it has come to its end. */
static enum mfd_decision decide(struct mfd_take *take, const struct mfd_take_link *link,
                                enum mfd_got got)
{
    bool over = got == MFD_GOT_CLOSED || got == MFD_GOT_DRAINED || got == MFD_GOT_FINDING;

    if (take->adrift) {
        return over ? MFD_SESSION_DONE : MFD_SESSION_GO;
    }
    return got == MFD_GOT_REPLY
               ? MFD_SESSION_GO
               : mfd_session_event(&take->session, link->number, got, &link->machine);
}

/* Acts on a decision of the session; true if the link carries on. */
static bool obey(struct mfd_take *take, struct mfd_take_link *link, enum mfd_decision decision)
{
    link->parked = decision == MFD_SESSION_PARK;
    if (decision == MFD_SESSION_DROP) {
        mfd_session_release(&take->session, link->number);
        mfd_take_drop(take, link, false);
    } else if (decision != MFD_SESSION_GO && decision != MFD_SESSION_PARK) {
        link->running = false;
    }
    return decision == MFD_SESSION_GO;
}

/* Answers are short: a sender for whom there is no room has stopped reading long ago. */
static void send_back(struct mfd_take *take, struct mfd_take_link *link, uint8_t *bytes, size_t len)
{
    struct iovec iov = {bytes, len};

    if (mfd_sock_write(&link->sock, &iov, 1, MSG_DONTWAIT) > 0) {
        observe(take, link,
                (struct mfd_event){
                    .direction = MFD_BACKWARD, .kind = MFD_EVENT_DATA, .bytes = bytes, .len = len});
    }
}

/* Tells on the return path how the migration has gone, as QEMU does: 0 for a success. */
static void send_shut(struct mfd_take *take, struct mfd_take_link *link, uint32_t value)
{
    uint8_t message[MFD_RETURN_HEADER_SIZE + 4];

    mfd_put16(message, MFD_RETURN_SHUT);
    mfd_put16(message + 2, 4);
    mfd_put32(message + MFD_RETURN_HEADER_SIZE, value);
    send_back(take, link, message, sizeof(message));
}

static void answer(struct mfd_take *take, struct mfd_take_link *link, enum mfd_got got)
{
    if (got == MFD_GOT_REPLY) {
        send_back(take, link, link->machine.reply, sizeof(link->machine.reply));
    } else if (got == MFD_GOT_END && link->machine.return_path) {
        send_shut(take, link, take->adrift ? 1 : 0);
    }
}

/* ---- messages and their moments ---- */

/* Every channel that stands at the SYNC which main's last sync point takes. */
static bool last_syncs(struct mfd_take *take, const bool *waits)
{
    bool dropped = false;

    for (unsigned i = 0; i < MFD_SESSION_CONNS_MAX; i++) {
        struct mfd_take_link *link = &take->links[i];

        if (waits[i] && link->used) {
            dropped |= mfd_take_moment(take, link, MFD_AT_SYNC, MFD_NUMBER_LAST);
        }
    }
    return dropped;
}

/* What the event is, as a moment; the session has been told. True if the link is not to be read any more. */
static bool moments(struct mfd_take *take, struct mfd_take_link *link, enum mfd_got got)
{
    switch (got) {
    case MFD_GOT_MAIN:
        link->conn = 0;
        return false;
    case MFD_GOT_HELLO:
        link->conn = (int)link->machine.channel + 1;
        mfd_take_happen(take, link, true, false, MFD_HAPPENED_DATA, "hello");
        return mfd_take_moment(take, link, MFD_AT_HELLO, 0);
    case MFD_GOT_SYNC:
        link->packets = link->machine.packets;
        link->pages = link->machine.normal_pages + link->machine.zero_pages;
        mfd_take_happen(take, link, true, false, MFD_HAPPENED_DATA, "sync");
        return mfd_take_moment(take, link, MFD_AT_SYNC, link->syncs++) ||
               (link->used && take->at_last &&
                mfd_take_moment(take, link, MFD_AT_SYNC, MFD_NUMBER_LAST));
    case MFD_GOT_RAM:
        mfd_take_happen(take, link, true, false, MFD_HAPPENED_DATA, "RAM START");
        return mfd_take_moment(take, link, MFD_AT_START, 0);
    case MFD_GOT_POINT:
        mfd_take_happen(take, link, true, false, MFD_HAPPENED_DATA, "sync point");
        return take->at_last && mfd_take_moment(take, link, MFD_AT_LAST, 0);
    case MFD_GOT_END:
        mfd_take_happen(take, link, true, false, MFD_HAPPENED_DATA, "end");
        return mfd_take_moment(take, link, MFD_AT_END, 0);
    default:
        return false;
    }
}

/* Whether this is main at the sync point of its END section, for the first time. */
static bool reaches_last(const struct mfd_take *take, const struct mfd_take_link *link,
                         enum mfd_got got)
{
    return got == MFD_GOT_POINT && !take->at_last &&
           link->machine.main.section_type == MFD_SECTION_END;
}

/* Handles an event and those that follow it without a further byte. */
static void handle(struct mfd_take *take, struct mfd_take_link *link, enum mfd_got got)
{
    while (got != MFD_GOT_MORE && link->used) {
        bool waits[MFD_SESSION_CONNS_MAX] = {false};
        bool last = reaches_last(take, link, got);
        bool on = true;

        for (unsigned i = 0; last && i < MFD_SESSION_CONNS_MAX; i++) {
            waits[i] = take->links[i].used && take->links[i].parked &&
                       take->session.conns[i].event == MFD_GOT_SYNC;
        }
        take->at_last |= last;
        on = obey(take, link, decide(take, link, got));
        if (link->used && moments(take, link, got)) {
            return;
        }
        last_syncs(take, waits);
        if (!on || !link->used) {
            return;
        }
        answer(take, link, got);
        got = mfd_conn_got(&link->machine, 0);
    }
}

/* A packet that is complete and was no SYNC. */
static void count_packet(struct mfd_take *take, struct mfd_take_link *link)
{
    uint64_t pages = link->machine.normal_pages + link->machine.zero_pages;
    bool data = pages != link->pages;

    if (link->machine.packets == link->packets) {
        return;
    }
    link->packets = link->machine.packets;
    link->pages = pages;
    mfd_take_happen(take, link, true, false, MFD_HAPPENED_DATA, data ? "data" : "empty packet");
    if (data) {
        mfd_take_moment(take, link, MFD_AT_DATA, link->datas++);
    }
}

/* ---- reading ---- */

/* The pieces that are wanted, but no more than `room` bytes. */
static size_t limit(const struct iovec *want, size_t count, uint64_t room, struct iovec *out)
{
    size_t n = 0;

    for (; n < count && n < PIECES && room > 0; n++) {
        out[n] = want[n];
        out[n].iov_len = out[n].iov_len < room ? out[n].iov_len : (size_t)room;
        room -= out[n].iov_len;
    }
    return n;
}

static void observe_bytes(struct mfd_take *take, const struct mfd_take_link *link,
                          const struct iovec *iov, size_t bytes)
{
    for (; bytes > 0; iov++) {
        size_t part = iov->iov_len < bytes ? iov->iov_len : bytes;

        observe(take, link,
                (struct mfd_event){.direction = MFD_FORWARD,
                                   .kind = MFD_EVENT_DATA,
                                   .bytes = iov->iov_base,
                                   .len = part});
        bytes -= part;
    }
}

/* The sender sends nothing more here: its end, or an error of reading. */
static void take_end(struct mfd_take *take, struct mfd_take_link *link, int error)
{
    bool reset = error == ECONNRESET || error == EPIPE;
    enum mfd_got got = MFD_GOT_CLOSED;

    observe_end(take, link, MFD_FORWARD, reset);
    mfd_take_happen(take, link, true, false, MFD_HAPPENED_END,
                    !error  ? "closed"
                    : reset ? "reset"
                            : strerror(error));
    if (!error || reset) {
        got = link->sock.cut ? mfd_conn_cut(&link->machine) : mfd_conn_eof(&link->machine);
    }
    if (error && got == MFD_GOT_CLOSED && !take->adrift) {
        obey(take, link,
             mfd_session_error(&take->session, link->number, error, "cannot read", link->sock.why,
                               &link->machine));
        return;
    }
    handle(take, link, got);
}

/* A channel with nothing left to read, once main has ended; true if that is all of it. */
static bool rest(struct mfd_take *take, struct mfd_take_link *link)
{
    return take->session.finishing && !take->adrift && mfd_conn_at_boundary(&link->machine) &&
           mfd_sock_between(&link->sock) &&
           !obey(take, link, mfd_session_idle(&take->session, link->number));
}

bool mfd_link_readable(const struct mfd_take *take, const struct mfd_take_link *link)
{
    return !take->held && link->used && link->running && !link->parked && !link->stalled &&
           !link->greeting;
}

/* Reads once; false if nothing was there. */
static bool read_once(struct mfd_take *take, struct mfd_take_link *link)
{
    size_t count = 0;
    const struct iovec *want = mfd_conn_want(&link->machine, &count);
    struct iovec pieces[PIECES];
    uint64_t room = mfd_take_room(take, link);
    ssize_t n = 0;

    count = limit(want, count, room, pieces);
    n = mfd_sock_read(&link->sock, pieces, count, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return false;
    }
    if (n <= 0) {
        take_end(take, link, n < 0 ? errno : 0);
        return true;
    }
    observe_bytes(take, link, pieces, (size_t)n);
    link->bytes += (uint64_t)n;
    handle(take, link, mfd_conn_got(&link->machine, (size_t)n));
    if (link->used) {
        count_packet(take, link);
    }
    if (link->used && mfd_take_room(take, link) == 0) {
        mfd_take_moment(take, link, link->machine.hello_done ? MFD_AT_DATA : MFD_AT_HELLO,
                        link->machine.hello_done ? link->datas : 0);
    }
    return true;
}

bool mfd_link_read(struct mfd_take *take, struct mfd_take_link *link)
{
    bool moved = false;

    link->more = false;
    for (unsigned i = 0; mfd_link_readable(take, link); i++) {
        if (i == READS) {
            link->more = true;
            break;
        }
        if (!read_once(take, link)) {
            break;
        }
        moved = true;
    }
    return (mfd_link_readable(take, link) && !link->more && rest(take, link)) || moved;
}

/* ---- TLS ---- */

bool mfd_link_greet(struct mfd_take *take, struct mfd_take_link *link)
{
    uint64_t pulled = link->sock.pulled;
    int error = mfd_sock_handshake(&link->sock);

    if (error == EAGAIN) {
        return link->sock.pulled != pulled;
    }
    link->greeting = false;
    if (!error) {
        handle(take, link, mfd_conn_begin(&link->machine, link->arrival == 0));
        return true;
    }
    mfd_take_happen(take, link, true, false, MFD_HAPPENED_END,
                    link->sock.why[0] ? link->sock.why : strerror(error));
    observe_end(take, link, MFD_FORWARD, true);
    if (!take->faulted) {
        obey(take, link,
             mfd_session_no_handshake(&take->session, link->number, error, link->sock.why));
    }
    if (link->used) {
        free_link(link);
    }
    return true;
}

static int secure(struct mfd_take *take, struct mfd_take_link *link, unsigned acts)
{
    const struct mfd_tls_creds *creds =
        take->creds[acts & MFD_DO_FOREIGN ? MFD_PLAN_TLS_FOREIGN : MFD_PLAN_TLS];

    link->greeting = creds != NULL;
    return creds ? mfd_sock_secure(&link->sock, creds) : 0;
}

void mfd_link_open(struct mfd_take *take, struct mfd_take_link *link, unsigned number, int fd)
{
    unsigned acts = mfd_take_greeted_with(take, take->accepted);

    *link = (struct mfd_take_link){
        .used = true,
        .running = true,
        .number = number,
        .arrival = take->accepted,
        .conn = take->accepted <= take->plan->channels ? (int)take->accepted : -1,
        .sock = mfd_sock_plain(fd),
    };
    take->accepted++;
    observe(take, link, (struct mfd_event){.kind = MFD_EVENT_OPEN});
    mfd_take_happen(take, link, true, false, MFD_HAPPENED_OPEN, "connected");
    if (mfd_conn_init(&link->machine, &take->setup) != 0 || secure(take, link, acts) != 0) {
        mfd_take_drop(take, link, false);
        return;
    }
    if (!mfd_take_moment(take, link, MFD_AT_ACCEPT, 0) && !link->greeting && link->used) {
        handle(take, link, mfd_conn_begin(&link->machine, link->arrival == 0));
    }
}

bool mfd_link_again(struct mfd_take *take, struct mfd_take_link *link)
{
    enum mfd_got event = take->session.conns[link->number].event;

    if (!link->used || !link->parked || !link->running ||
        !obey(take, link,
              take->adrift ? MFD_SESSION_GO : mfd_session_again(&take->session, link->number))) {
        return false;
    }
    link->more = true;
    answer(take, link, event);
    handle(take, link, mfd_conn_got(&link->machine, 0));
    if (link->used) {
        count_packet(take, link);
    }
    return true;
}

void mfd_link_end(struct mfd_take *take, struct mfd_take_link *link)
{
    if (!take->session.completed && link->machine.return_path) {
        send_shut(take, link, 1);
    }
    mfd_take_drop(take, link, false);
}
