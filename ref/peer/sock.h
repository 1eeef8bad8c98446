// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A connected socket, plain or under TLS: both ends read and write through this and need not know.
 *
 * Without TLS each call is one system call on the caller's own memory. With it, what is read is
 * decrypted into the pieces, and what is written goes out in records of up to 16 KiB.
 *
 * A socket is used by one thread at a time, and must not move in memory once it has TLS. Any thread may
 * shut its descriptor down by shutdown(2), which ends every call that waits for the peer.
 *
 * Functions fail with an errno. Where TLS itself is at fault that is EPROTO, and `why` says what it is;
 * it is empty after every other failure.
 */
#ifndef MFD_SOCK_H
#define MFD_SOCK_H

#include "tls.h"

#include <sys/types.h>
#include <sys/uio.h>

#define MFD_SOCK_WHY_SIZE 96

struct mfd_sock {
    int fd;   /* not owned */
    bool cut; /* TLS: the end that was read came without a close_notify */
    char why[MFD_SOCK_WHY_SIZE];

    /* private */
    struct gnutls_session_int *session; /* NULL: plain */
    int pull_flags;                     /* of the system calls that GnuTLS makes through this */
    int push_flags;
    int error;        /* errno of the last one of them that failed */
    int failed;       /* code of GnuTLS to be told by the next call */
    bool ended;       /* the socket has nothing more to read, ever */
    bool unsent;      /* a record waits for room in the socket */
    uint64_t pulled;  /* bytes read from the socket, under TLS */
    uint8_t first[4]; /* of these */
    uint8_t head[5];  /* of the record at hand, as far as it was read */
    unsigned head_fill;
    unsigned body; /* bytes of the record at hand that are still to be read */
};

struct mfd_sock mfd_sock_plain(int fd);
/* Puts TLS on a socket: a handshake must follow. 0 or an errno; mfd_sock_free() in any case. */
int mfd_sock_secure(struct mfd_sock *sock, const struct mfd_tls_creds *creds);
/* Frees the TLS session without a word to the peer; leaves the descriptor open. */
void mfd_sock_free(struct mfd_sock *sock);

/*
 * Goes on with the handshake: 0 when it is done, at once without TLS; EAGAIN where the descriptor
 * does not block, or its timeout has passed: call again. After another errno the peer has been
 * told, and the connection is dead. A peer that has closed gives ECONNRESET.
 */
int mfd_sock_handshake(struct mfd_sock *sock);
/*
 * After a failed handshake: whether the peer's first bytes are none of TLS; they are in `*first`, read
 * as a number of the wire.
 */
bool mfd_sock_is_plain(const struct mfd_sock *sock, uint32_t *first);
/* After a failed handshake: whether the peer never said anything. */
bool mfd_sock_is_silent(const struct mfd_sock *sock);

/*
 * Reads into the pieces as recvmsg() does, by `flags`: MSG_DONTWAIT, MSG_WAITALL or 0. 0 at the end
 * of the stream, -1 with errno.
 */
ssize_t mfd_sock_read(struct mfd_sock *sock, const struct iovec *iov, size_t count, int flags);
/*
 * Writes as sendmsg() does, by `flags`: MSG_DONTWAIT or 0; -1 with errno. After EAGAIN it must be called
 * again with the same bytes in front.
 */
ssize_t mfd_sock_write(struct mfd_sock *sock, const struct iovec *iov, size_t count, int flags);
/* Whether no part of a TLS record has been read of which the rest is still to come. */
bool mfd_sock_between(const struct mfd_sock *sock);
/*
 * Tells the peer by a close_notify that nothing more is coming; nothing without TLS. 0 or an errno;
 * EAGAIN: call again.
 */
int mfd_sock_bye(struct mfd_sock *sock, int flags);

#endif
