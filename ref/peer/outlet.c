// SPDX-License-Identifier: GPL-2.0-or-later
#include "outlet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Pieces that one sendmsg takes. */
#define PIECES_MAX 1024u

int mfd_outlet_init(struct mfd_outlet *outlet, const int *fds, unsigned count,
                    const struct mfd_tls_creds *tls)
{
    int error = 0;

    *outlet = (struct mfd_outlet){.socks = calloc(count, sizeof(*outlet->socks))};
    pthread_mutex_init(&outlet->mutex, NULL);
    if (!outlet->socks) {
        return ENOMEM;
    }
    while (!error && outlet->count < count) {
        struct mfd_sock *sock = &outlet->socks[outlet->count];

        *sock = mfd_sock_plain(fds[outlet->count++]);
        error = tls ? mfd_sock_secure(sock, tls) : 0;
    }
    return error;
}

void mfd_outlet_free(struct mfd_outlet *outlet)
{
    for (unsigned i = 0; i < outlet->count; i++) {
        mfd_sock_free(&outlet->socks[i]);
    }
    free(outlet->socks);
    pthread_mutex_destroy(&outlet->mutex);
}

static void fail(struct mfd_outlet *outlet, int conn, int error, const char *what, const char *why)
{
    struct mfd_failure failure = {.set = true, .error = error, .what = what};

    snprintf(failure.why, sizeof(failure.why), "%s", why);
    if (conn == 0) {
        snprintf(failure.connection, sizeof(failure.connection), "main");
    } else if (conn > 0) {
        snprintf(failure.connection, sizeof(failure.connection), "ch %d", conn - 1);
    }
    pthread_mutex_lock(&outlet->mutex);
    if (!outlet->failure.set) {
        outlet->failure = failure;
    }
    pthread_mutex_unlock(&outlet->mutex);
    atomic_store(&outlet->failed, true);
    for (unsigned i = 0; i < outlet->count; i++) {
        shutdown(outlet->socks[i].fd, SHUT_RDWR);
    }
}

void mfd_outlet_fail(struct mfd_outlet *outlet, int conn, int error, const char *what)
{
    fail(outlet, conn, error, what, "");
}

/* Whether the receiver answers with a TLS alert what it was sent without TLS. */
static bool wants_tls(const struct mfd_outlet *outlet)
{
    static const uint8_t alert[] = {21, 3};
    uint8_t start[sizeof(alert)];

    for (unsigned i = 0; i < outlet->count; i++) {
        if (recv(outlet->socks[i].fd, start, sizeof(start), MSG_PEEK | MSG_DONTWAIT) ==
                (ssize_t)sizeof(start) &&
            memcmp(start, alert, sizeof(alert)) == 0) {
            return true;
        }
    }
    return false;
}

/* A failure of the socket `conn`, whose errno is `error`. */
static void fail_socket(struct mfd_outlet *outlet, unsigned conn, int error, const char *what)
{
    const char *why = outlet->socks[conn].why;

    if (!outlet->socks[conn].session && wants_tls(outlet)) {
        why = "the receiver speaks TLS, this end does not";
    }
    fail(outlet, (int)conn, error == EAGAIN ? ETIMEDOUT : error, what, why);
}

/*
 * Whether to try again after `error`. A timeout of the socket counts only when nothing has moved on
 * any connection since `*seen`: a receiver may keep one channel waiting for the others.
 */
static bool again(struct mfd_outlet *outlet, int error, uint64_t *seen)
{
    uint64_t bytes = atomic_load_explicit(&outlet->bytes, memory_order_relaxed);
    bool moved = bytes != *seen;

    *seen = bytes;
    return !atomic_load(&outlet->failed) && (error == EINTR || (error == EAGAIN && moved));
}

/* Removes `n` sent bytes from the front of the pieces. */
static void advance(struct iovec **iov, size_t *count, size_t n)
{
    while (*count && n >= (*iov)->iov_len) {
        n -= (*iov)->iov_len;
        (*iov)++;
        (*count)--;
    }
    if (n) {
        (*iov)->iov_base = (uint8_t *)(*iov)->iov_base + n;
        (*iov)->iov_len -= n;
    }
}

bool mfd_outlet_greet(struct mfd_outlet *outlet, unsigned conn)
{
    struct mfd_sock *sock = &outlet->socks[conn];
    uint64_t seen = atomic_load_explicit(&outlet->bytes, memory_order_relaxed);
    uint32_t first = 0;
    int error = mfd_sock_handshake(sock);

    while (error && again(outlet, error, &seen)) {
        error = mfd_sock_handshake(sock);
    }
    if (error && mfd_sock_is_plain(sock, &first)) {
        fail(outlet, (int)conn, error, "the TLS handshake failed", "the receiver speaks no TLS");
    } else if (error == ECONNRESET || error == EPIPE) {
        fail(outlet, (int)conn, error, "the TLS handshake failed",
             conn == 0 ? "the receiver has closed the connection, as one without TLS does"
                       : "the receiver has closed the connection");
    } else if (error) {
        fail_socket(outlet, conn, error, "the TLS handshake failed");
    }
    return !atomic_load(&outlet->failed);
}

bool mfd_outlet_send(struct mfd_outlet *outlet, unsigned conn, struct iovec *iov, size_t count)
{
    uint64_t seen = atomic_load_explicit(&outlet->bytes, memory_order_relaxed);

    while (count) {
        ssize_t n =
            mfd_sock_write(&outlet->socks[conn], iov, count < PIECES_MAX ? count : PIECES_MAX, 0);

        if (n >= 0) {
            atomic_fetch_add_explicit(&outlet->bytes, (uint64_t)n, memory_order_relaxed);
            advance(&iov, &count, (size_t)n);
        } else if (!again(outlet, errno, &seen)) {
            fail_socket(outlet, conn, errno, "cannot send");
            return false;
        }
    }
    return !atomic_load(&outlet->failed);
}

bool mfd_outlet_read(struct mfd_outlet *outlet, uint8_t *buf, size_t len)
{
    uint64_t seen = atomic_load_explicit(&outlet->bytes, memory_order_relaxed);

    while (len) {
        struct iovec iov = {buf, len};
        ssize_t n = mfd_sock_read(&outlet->socks[0], &iov, 1, 0);

        if (n > 0) {
            buf += n;
            len -= (size_t)n;
        } else if (n == 0) {
            mfd_outlet_fail(outlet, 0, 0, "the receiver has closed the connection");
            return false;
        } else if (!again(outlet, errno, &seen)) {
            fail_socket(outlet, 0, errno, "cannot read");
            return false;
        }
    }
    return !atomic_load(&outlet->failed);
}

bool mfd_outlet_wait_close(struct mfd_outlet *outlet)
{
    uint8_t byte = 0;
    struct iovec iov = {&byte, 1};
    ssize_t n = 0;

    do {
        n = mfd_sock_read(&outlet->socks[0], &iov, 1, 0);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        fail_socket(outlet, 0, errno, "no orderly close by the receiver");
    }
    return n >= 0;
}

void mfd_outlet_bye(struct mfd_outlet *outlet)
{
    for (unsigned i = 1; i < outlet->count; i++) {
        mfd_sock_bye(&outlet->socks[i], 0);
    }
}
