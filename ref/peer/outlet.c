// SPDX-License-Identifier: GPL-2.0-or-later
#include "outlet.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

/* Pieces that one sendmsg takes. */
#define PIECES_MAX 1024u

void mfd_outlet_init(struct mfd_outlet *outlet, const int *fds, unsigned count)
{
    *outlet = (struct mfd_outlet){.fds = fds, .count = count};
    pthread_mutex_init(&outlet->mutex, NULL);
}

void mfd_outlet_free(struct mfd_outlet *outlet)
{
    pthread_mutex_destroy(&outlet->mutex);
}

void mfd_outlet_fail(struct mfd_outlet *outlet, int conn, int error, const char *what)
{
    struct mfd_failure failure = {.set = true, .error = error, .what = what};

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
        shutdown(outlet->fds[i], SHUT_RDWR);
    }
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

bool mfd_outlet_send(struct mfd_outlet *outlet, unsigned conn, struct iovec *iov, size_t count)
{
    uint64_t seen = atomic_load_explicit(&outlet->bytes, memory_order_relaxed);

    while (count) {
        struct msghdr message = {.msg_iov = iov,
                                 .msg_iovlen = count < PIECES_MAX ? count : PIECES_MAX};
        ssize_t n = sendmsg(outlet->fds[conn], &message, MSG_NOSIGNAL);

        if (n >= 0) {
            atomic_fetch_add_explicit(&outlet->bytes, (uint64_t)n, memory_order_relaxed);
            advance(&iov, &count, (size_t)n);
        } else if (!again(outlet, errno, &seen)) {
            mfd_outlet_fail(outlet, (int)conn, errno == EAGAIN ? ETIMEDOUT : errno, "cannot send");
            return false;
        }
    }
    return !atomic_load(&outlet->failed);
}

bool mfd_outlet_read(struct mfd_outlet *outlet, uint8_t *buf, size_t len)
{
    uint64_t seen = atomic_load_explicit(&outlet->bytes, memory_order_relaxed);

    while (len) {
        ssize_t n = recv(outlet->fds[0], buf, len, 0);

        if (n > 0) {
            buf += n;
            len -= (size_t)n;
        } else if (n == 0) {
            mfd_outlet_fail(outlet, 0, 0, "the receiver has closed the connection");
            return false;
        } else if (!again(outlet, errno, &seen)) {
            mfd_outlet_fail(outlet, 0, errno == EAGAIN ? ETIMEDOUT : errno, "cannot read");
            return false;
        }
    }
    return !atomic_load(&outlet->failed);
}
