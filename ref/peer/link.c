// SPDX-License-Identifier: GPL-2.0-or-later
#include "link.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

/* Reports an event and waits in the park as long as the session says so. */
static enum mfd_decision report(struct mfd_link *link, enum mfd_got got)
{
    struct mfd_receiver *r = link->receiver;
    enum mfd_decision decision = MFD_SESSION_GO;

    pthread_mutex_lock(&r->mutex);
    decision = mfd_session_event(&r->session, link->number, got, &link->conn);
    mfd_receiver_publish(r);
    while (decision == MFD_SESSION_PARK) {
        pthread_cond_wait(&r->changed, &r->mutex);
        decision = mfd_session_again(&r->session, link->number);
        if (decision != MFD_SESSION_PARK) {
            mfd_receiver_publish(r);
        }
    }
    pthread_mutex_unlock(&r->mutex);
    return decision;
}

static enum mfd_decision report_idle(struct mfd_link *link)
{
    struct mfd_receiver *r = link->receiver;
    enum mfd_decision decision = MFD_SESSION_GO;

    pthread_mutex_lock(&r->mutex);
    decision = mfd_session_idle(&r->session, link->number);
    mfd_receiver_publish(r);
    pthread_mutex_unlock(&r->mutex);
    return decision;
}

/* A failure of the socket. */
static enum mfd_decision report_error(struct mfd_link *link, int error, const char *what)
{
    struct mfd_receiver *r = link->receiver;
    enum mfd_decision decision = MFD_SESSION_GO;

    pthread_mutex_lock(&r->mutex);
    decision =
        mfd_session_error(&r->session, link->number, error, what, link->sock.why, &link->conn);
    mfd_receiver_publish(r);
    pthread_mutex_unlock(&r->mutex);
    return decision;
}

static enum mfd_decision report_no_handshake(struct mfd_link *link, int error)
{
    struct mfd_receiver *r = link->receiver;
    enum mfd_decision decision = MFD_SESSION_GO;

    pthread_mutex_lock(&r->mutex);
    decision = mfd_session_no_handshake(&r->session, link->number, error, link->sock.why);
    mfd_receiver_publish(r);
    pthread_mutex_unlock(&r->mutex);
    return decision;
}

/* The messages are 8 bytes: a peer for whom there is no room has stopped reading long ago. */
static int send_back(struct mfd_sock *sock, uint8_t *message, size_t size)
{
    struct iovec iov = {message, size};
    ssize_t n = 0;

    do {
        n = mfd_sock_write(sock, &iov, 1, MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)size ? 0 : n < 0 ? errno : EAGAIN;
}

int mfd_link_send_shut(struct mfd_sock *sock, uint32_t value)
{
    uint8_t message[MFD_RETURN_HEADER_SIZE + 4];

    mfd_put16(message, MFD_RETURN_SHUT);
    mfd_put16(message + 2, 4);
    mfd_put32(message + MFD_RETURN_HEADER_SIZE, value);
    return send_back(sock, message, sizeof(message));
}

/* Main's answers. A peer that no longer listens after the end does not undo the migration. */
static enum mfd_decision answer(struct mfd_link *link, enum mfd_got got)
{
    int error = 0;

    if (got == MFD_GOT_REPLY) {
        error = send_back(&link->sock, link->conn.reply, sizeof(link->conn.reply));
    } else if (got == MFD_GOT_END && link->conn.return_path) {
        mfd_link_send_shut(&link->sock, 0);
    }
    return error ? report_error(link, error, "cannot answer on the return path") : MFD_SESSION_GO;
}

/* Handles one event; GO: carry on. */
static enum mfd_decision handle(struct mfd_link *link, enum mfd_got got)
{
    enum mfd_decision decision = got == MFD_GOT_REPLY ? MFD_SESSION_GO : report(link, got);

    return decision == MFD_SESSION_GO ? answer(link, got) : decision;
}

static enum mfd_decision handle_error(struct mfd_link *link, int error)
{
    enum mfd_got got = error == ECONNRESET ? mfd_conn_eof(&link->conn) : MFD_GOT_CLOSED;

    /* a reset within a message is a cut like any other; between messages it is no orderly close */
    return got != MFD_GOT_CLOSED ? report(link, got) : report_error(link, error, "cannot read");
}

/*
 * Waits between two messages of a channel until something can be read, without consuming anything.
 * False when main has ended and nothing is there: whatever arrived before that has been read. Of a TLS
 * record that has begun to arrive the rest is awaited.
 */
static bool wait_for_message(struct mfd_link *link)
{
    struct pollfd fds[2] = {{link->sock.fd, POLLIN, 0}, {link->receiver->wake_fd, POLLIN, 0}};
    nfds_t count = mfd_sock_between(&link->sock) ? 2 : 1;

    while (poll(fds, count, -1) < 0 && errno == EINTR) {}
    /* it may have arrived after that looked at the socket and before it looked at the other */
    return fds[0].revents || poll(fds, 1, 0) != 0;
}

/* Reads once; -1 with errno. A channel that is idle when main has ended gives EAGAIN. */
static ssize_t receive(struct mfd_link *link)
{
    size_t count = 0;
    const struct iovec *iov = mfd_conn_want(&link->conn, &count);
    ssize_t n = 0;

    do {
        bool between = mfd_conn_at_boundary(&link->conn);

        /*
         * a header is looked at in whatever pieces it comes: it may be wrong before it is complete
         */
        n = mfd_sock_read(&link->sock, iov, count,
                          between              ? MSG_DONTWAIT
                          : link->conn.loading ? MSG_WAITALL
                                               : 0);
        if (n < 0 && errno == EAGAIN && between && !wait_for_message(link)) {
            errno = EAGAIN;
            return -1;
        }
    } while (n < 0 && (errno == EINTR || errno == EAGAIN));
    return n;
}

/*
 * The TLS handshake, where there is to be one. A connection that was closed in silence is no failure with
 * TLS either.
 */
static enum mfd_decision greet(struct mfd_link *link)
{
    int error = mfd_sock_handshake(&link->sock);
    uint32_t first = 0;

    if (!error) {
        atomic_store_explicit(&link->greeted, true, memory_order_relaxed);
        return MFD_SESSION_GO;
    }
    if (mfd_sock_is_plain(&link->sock, &first)) {
        return report(link, mfd_conn_without_tls(&link->conn, first));
    }
    return mfd_sock_is_silent(&link->sock) ? report(link, MFD_GOT_CLOSED)
                                           : report_no_handshake(link, error);
}

/* The peer sends nothing more. */
static enum mfd_decision take_end(struct mfd_link *link)
{
    struct mfd_receiver *r = link->receiver;

    if (link->sock.session && link->conn.role == MFD_ROLE_UNKNOWN) {
        pthread_mutex_lock(&r->mutex);
        r->left_greeted = true;
        pthread_mutex_unlock(&r->mutex);
    }
    return report(link, link->sock.cut ? mfd_conn_cut(&link->conn) : mfd_conn_eof(&link->conn));
}

/* Handles an event and those that follow it without a further byte. */
static enum mfd_decision handle_all(struct mfd_link *link, enum mfd_got got)
{
    enum mfd_decision decision = MFD_SESSION_GO;

    while (got != MFD_GOT_MORE && decision == MFD_SESSION_GO) {
        decision = handle(link, got);
        got = decision == MFD_SESSION_GO ? mfd_conn_got(&link->conn, 0) : got;
    }
    return decision;
}

static enum mfd_decision serve(struct mfd_link *link)
{
    enum mfd_decision decision = greet(link);

    if (decision == MFD_SESSION_GO) {
        decision = handle_all(link, mfd_conn_begin(&link->conn, link->first));
    }
    while (decision == MFD_SESSION_GO) {
        ssize_t n = receive(link);

        if (n < 0 && errno == EAGAIN) {
            decision = report_idle(link);
        } else if (n < 0) {
            decision = handle_error(link, errno);
        } else if (n == 0) {
            decision = take_end(link);
        } else {
            enum mfd_got got = mfd_conn_got(&link->conn, (size_t)n);

            atomic_fetch_add_explicit(&link->bytes, (uint64_t)n, memory_order_relaxed);
            atomic_store_explicit(&link->pages, link->conn.normal_pages + link->conn.zero_pages,
                                  memory_order_relaxed);
            decision = handle_all(link, got);
        }
    }
    return decision;
}

void *mfd_link_thread(void *arg)
{
    struct mfd_link *link = arg;
    struct mfd_receiver *r = link->receiver;
    enum mfd_decision decision = serve(link);

    pthread_mutex_lock(&r->mutex);
    link->left = true;
    link->drop = decision == MFD_SESSION_DROP;
    pthread_mutex_unlock(&r->mutex);
    if (decision == MFD_SESSION_DROP) {
        mfd_receiver_ping(r);
    }
    return NULL;
}
