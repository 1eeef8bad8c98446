// SPDX-License-Identifier: GPL-2.0-or-later
#include "sock.h"

#include "wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

/* Bytes of one record. */
#define RECORD_MAX 16384u
/* First bytes of a record: what a handshake and an alert start with. */
#define TYPE_ALERT 21
#define TYPE_HANDSHAKE 22
#define VERSION_MAJOR 3

struct mfd_sock mfd_sock_plain(int fd)
{
    return (struct mfd_sock){.fd = fd};
}

/* ---- what GnuTLS calls ---- */

/* Keeps count of where records begin, which GnuTLS does not tell. */
static void follow(struct mfd_sock *sock, const uint8_t *bytes, size_t size)
{
    while (size) {
        size_t skip = sock->body < size ? sock->body : size;

        sock->body -= (unsigned)skip;
        bytes += skip;
        size -= skip;
        if (size) {
            if (sock->pulled < sizeof(sock->first)) {
                sock->first[sock->pulled] = *bytes;
            }
            sock->head[sock->head_fill++] = *bytes++;
            size--;
            skip++;
        }
        sock->pulled += skip;
        if (sock->head_fill == sizeof(sock->head)) {
            sock->head_fill = 0;
            sock->body = mfd_get16(sock->head + 3);
        }
    }
}

static ssize_t pull(gnutls_transport_ptr_t context, void *buf, size_t size)
{
    struct mfd_sock *sock = context;
    ssize_t n = recv(sock->fd, buf, size, sock->pull_flags & MSG_DONTWAIT);

    if (n < 0) {
        sock->error = errno;
        gnutls_transport_set_errno(sock->session, errno);
    } else {
        sock->ended = n == 0;
        follow(sock, buf, (size_t)n);
    }
    return n;
}

static ssize_t push(gnutls_transport_ptr_t context, const giovec_t *iov, int count)
{
    struct mfd_sock *sock = context;
    struct msghdr message = {.msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)count};
    ssize_t n = sendmsg(sock->fd, &message, MSG_NOSIGNAL | sock->push_flags);

    if (n < 0) {
        sock->error = errno;
        gnutls_transport_set_errno(sock->session, errno);
    }
    return n;
}

/* ---- errors ---- */

/* Why the other end's certificate is not trusted. */
static const char *distrust(unsigned status)
{
    if (status & GNUTLS_CERT_UNEXPECTED_OWNER) {
        return "the peer's certificate is for another host";
    }
    if (status & GNUTLS_CERT_EXPIRED) {
        return "the peer's certificate has expired";
    }
    if (status & GNUTLS_CERT_NOT_ACTIVATED) {
        return "the peer's certificate is not valid yet";
    }
    if (status & (GNUTLS_CERT_SIGNER_NOT_FOUND | GNUTLS_CERT_SIGNATURE_FAILURE)) {
        return "the peer's certificate is signed by no authority that is trusted here";
    }
    return "the peer's certificate is not trusted";
}

static int explain(struct mfd_sock *sock, const char *intro, const char *why)
{
    snprintf(sock->why, sizeof(sock->why), "%s%s", intro, why ? why : "unknown reason");
    return EPROTO;
}

/* The errno for a code of GnuTLS, with `why` where that says more. */
static int explain_code(struct mfd_sock *sock, int code)
{
    sock->why[0] = '\0';
    switch (code) {
    case GNUTLS_E_AGAIN:
        return EAGAIN;
    case GNUTLS_E_INTERRUPTED:
        return EINTR;
    case GNUTLS_E_PULL_ERROR:
    case GNUTLS_E_PUSH_ERROR:
        return sock->error ? sock->error : EIO;
    case GNUTLS_E_MEMORY_ERROR:
        return ENOMEM;
    case GNUTLS_E_PREMATURE_TERMINATION:
        return ECONNRESET;
    case GNUTLS_E_FATAL_ALERT_RECEIVED:
        return explain(sock,
                       "the peer says: ", gnutls_alert_get_name(gnutls_alert_get(sock->session)));
    case GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR:
        return explain(sock, "", distrust(gnutls_session_get_verify_cert_status(sock->session)));
    case GNUTLS_E_CERTIFICATE_REQUIRED:
    case GNUTLS_E_NO_CERTIFICATE_FOUND:
        return explain(sock, "", "the peer shows no certificate");
    default:
        return explain(sock, "", gnutls_strerror(code));
    }
}

/* Whether the call is to be made again at once. */
static bool is_passing(int code)
{
    return code < 0 && code != GNUTLS_E_AGAIN && code != GNUTLS_E_INTERRUPTED &&
           code != GNUTLS_E_REHANDSHAKE && !gnutls_error_is_fatal(code);
}

/*
 * GnuTLS has other names for an end of the stream within a record, by how much of it there was: even one
 * for a lack of bytes that will pass.
 */
static int correct(const struct mfd_sock *sock, int code)
{
    return code < 0 && sock->ended ? GNUTLS_E_PREMATURE_TERMINATION : code;
}

/*
 * A write that finds the connection closed does not say why: the peer's alert, which does, may be there
 * to be read.
 */
static int explain_write(struct mfd_sock *sock, int code)
{
    uint8_t byte = 0;
    ssize_t n = 0;
    int error = explain_code(sock, code);

    if (error == EPIPE || error == ECONNRESET) {
        sock->pull_flags = MSG_DONTWAIT;
        n = gnutls_record_recv(sock->session, &byte, sizeof(byte));
        if (n == GNUTLS_E_FATAL_ALERT_RECEIVED) {
            error = explain_code(sock, (int)n);
        }
    }
    return error;
}

/* ---- the session ---- */

int mfd_sock_secure(struct mfd_sock *sock, const struct mfd_tls_creds *creds)
{
    int code = mfd_tls_session(creds, &sock->session);

    if (code < 0) {
        return explain_code(sock, code);
    }
    gnutls_transport_set_ptr(sock->session, sock);
    gnutls_transport_set_pull_function(sock->session, pull);
    gnutls_transport_set_vec_push_function(sock->session, push);
    gnutls_handshake_set_timeout(sock->session, GNUTLS_INDEFINITE_TIMEOUT);
    return 0;
}

void mfd_sock_free(struct mfd_sock *sock)
{
    if (sock->session) {
        gnutls_deinit(sock->session);
    }
    sock->session = NULL;
}

int mfd_sock_handshake(struct mfd_sock *sock)
{
    int code = 0;
    int error = 0;

    if (!sock->session) {
        return 0;
    }
    sock->pull_flags = 0;
    sock->push_flags = 0;
    do {
        code = correct(sock, gnutls_handshake(sock->session));
    } while (is_passing(code) || code == GNUTLS_E_INTERRUPTED);
    if (code >= 0) {
        return 0;
    }
    error = explain_code(sock, code);
    if (error == EPROTO) {
        sock->push_flags = MSG_DONTWAIT;
        gnutls_alert_send_appropriate(sock->session, code);
    }
    return error;
}

bool mfd_sock_is_plain(const struct mfd_sock *sock, uint32_t *first)
{
    *first = mfd_get32(sock->first);
    return sock->pulled > 0 &&
           ((sock->first[0] != TYPE_HANDSHAKE && sock->first[0] != TYPE_ALERT) ||
            (sock->pulled > 1 && sock->first[1] != VERSION_MAJOR));
}

bool mfd_sock_is_silent(const struct mfd_sock *sock)
{
    return sock->pulled == 0;
}

bool mfd_sock_between(const struct mfd_sock *sock)
{
    return sock->head_fill == 0 && sock->body == 0;
}

int mfd_sock_bye(struct mfd_sock *sock, int flags)
{
    int code = 0;

    if (!sock->session) {
        return 0;
    }
    sock->push_flags = flags;
    do {
        code = gnutls_bye(sock->session, GNUTLS_SHUT_WR);
    } while (code == GNUTLS_E_INTERRUPTED);
    return code < 0 ? explain_code(sock, code) : 0;
}

/* ---- reading ---- */

/* One call for one piece; GnuTLS's code. */
static ssize_t read_piece(struct mfd_sock *sock, uint8_t *to, size_t size)
{
    ssize_t n = 0;

    do {
        n = gnutls_record_recv(sock->session, to, size);
    } while (n < 0 && is_passing((int)n));
    return n < 0 ? correct(sock, (int)n) : n;
}

/* What a read returns that ends with a code of GnuTLS: first what there was, then the end or the error. */
static ssize_t end_read(struct mfd_sock *sock, ssize_t done, ssize_t code)
{
    bool later = code == GNUTLS_E_AGAIN || code == GNUTLS_E_INTERRUPTED;

    if (done || code == 0) {
        sock->failed = later ? 0 : (int)code;
        return done;
    }
    if (code == GNUTLS_E_PREMATURE_TERMINATION) {
        sock->cut = true;
        return 0;
    }
    errno = explain_code(sock, (int)code);
    return -1;
}

static ssize_t tls_read(struct mfd_sock *sock, const struct iovec *iov, size_t count, int flags)
{
    ssize_t done = 0;

    if (sock->failed) {
        return end_read(sock, 0, sock->failed);
    }
    sock->pull_flags = flags;
    sock->push_flags = MSG_DONTWAIT; /* an answer of TLS itself, for which a reader does not wait */
    for (size_t i = 0; i < count; i++) {
        for (size_t at = 0; at < iov[i].iov_len;) {
            ssize_t n = read_piece(sock, (uint8_t *)iov[i].iov_base + at, iov[i].iov_len - at);

            if (n <= 0) {
                return end_read(sock, done, n);
            }
            at += (size_t)n;
            done += n;
            if (!(flags & MSG_WAITALL)) {
                return done;
            }
        }
    }
    return done;
}

ssize_t mfd_sock_read(struct mfd_sock *sock, const struct iovec *iov, size_t count, int flags)
{
    struct msghdr message = {.msg_iov = (struct iovec *)iov, .msg_iovlen = count};

    return sock->session ? tls_read(sock, iov, count, flags) : recvmsg(sock->fd, &message, flags);
}

/* ---- writing ---- */

/* Puts small pieces together, up to the size of a record. */
static size_t gather(uint8_t *to, const struct iovec *iov, size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count && size < RECORD_MAX; i++) {
        size_t room = RECORD_MAX - size;
        size_t part = iov[i].iov_len < room ? iov[i].iov_len : room;

        memcpy(to + size, iov[i].iov_base, part);
        size += part;
    }
    return size;
}

static ssize_t tls_write(struct mfd_sock *sock, const struct iovec *iov, size_t count, int flags)
{
    uint8_t record[RECORD_MAX];
    const void *from = NULL; /* with it GnuTLS goes on with the record that it has already */
    size_t size = 0;
    ssize_t n = 0;

    sock->push_flags = flags;
    if (!sock->unsent && count && iov[0].iov_len >= RECORD_MAX) {
        from = iov[0].iov_base;
        size = RECORD_MAX;
    } else if (!sock->unsent) {
        from = record;
        size = gather(record, iov, count);
        if (size == 0) {
            return 0;
        }
    }
    n = gnutls_record_send(sock->session, from, size);
    sock->unsent = n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED;
    if (n < 0) {
        errno = explain_write(sock, (int)n);
        return -1;
    }
    return n;
}

ssize_t mfd_sock_write(struct mfd_sock *sock, const struct iovec *iov, size_t count, int flags)
{
    struct msghdr message = {.msg_iov = (struct iovec *)iov, .msg_iovlen = count};

    return sock->session ? tls_write(sock, iov, count, flags)
                         : sendmsg(sock->fd, &message, flags | MSG_NOSIGNAL);
}
