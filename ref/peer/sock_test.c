// SPDX-License-Identifier: GPL-2.0-or-later
#include "sock.h"

#include "test_keys.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define GUARD_S 30

/* One end of a pair; its handshake runs in a thread of its own. */
struct end {
    struct mfd_sock sock;
    int fd;
    struct mfd_tls_creds *creds;
    pthread_t thread;
    int error;
};

struct pair {
    struct end sender;
    struct end receiver;
};

static struct pair *pair_new(void)
{
    struct pair *pair = calloc(1, sizeof(*pair));
    struct timeval guard = {.tv_sec = GUARD_S};
    int fds[2];

    assert_non_null(pair);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    for (int i = 0; i < 2; i++) {
        setsockopt(fds[i], SOL_SOCKET, SO_RCVTIMEO, &guard, sizeof(guard));
        setsockopt(fds[i], SOL_SOCKET, SO_SNDTIMEO, &guard, sizeof(guard));
    }
    pair->sender.fd = fds[0];
    pair->receiver.fd = fds[1];
    pair->sender.sock = mfd_sock_plain(fds[0]);
    pair->receiver.sock = mfd_sock_plain(fds[1]);
    return pair;
}

static void secure(struct end *end, struct mfd_tls_creds *creds)
{
    end->creds = creds;
    assert_int_equal(mfd_sock_secure(&end->sock, creds), 0);
}

static void *greet(void *arg)
{
    struct end *end = arg;

    end->error = mfd_sock_handshake(&end->sock);
    return NULL;
}

static void greet_both(struct pair *pair)
{
    assert_int_equal(pthread_create(&pair->receiver.thread, NULL, greet, &pair->receiver), 0);
    greet(&pair->sender);
    if (pair->sender.error) {
        shutdown(pair->sender.fd, SHUT_WR); /* as a peer does that gives up */
    }
    pthread_join(pair->receiver.thread, NULL);
}

static void end_free(struct end *end)
{
    mfd_sock_free(&end->sock);
    mfd_tls_free(end->creds);
    if (end->fd >= 0) {
        close(end->fd);
    }
}

static void pair_free(struct pair *pair)
{
    end_free(&pair->sender);
    end_free(&pair->receiver);
    free(pair);
}

static struct pair *pair_secured(enum mfd_tls kind)
{
    struct pair *pair = pair_new();

    secure(&pair->sender, test_creds(kind, MFD_TLS_SENDER, TEST_KEYS_OWN));
    secure(&pair->receiver, test_creds(kind, MFD_TLS_RECEIVER, TEST_KEYS_OWN));
    greet_both(pair);
    assert_int_equal(pair->sender.error, 0);
    assert_int_equal(pair->receiver.error, 0);
    return pair;
}

static void assert_why(const struct end *end, const char *part)
{
    assert_int_equal(end->error, EPROTO);
    if (!strstr(end->sock.why, part)) {
        fail_msg("'%s' does not say '%s'", end->sock.why, part);
    }
}

static void hang_up(struct end *end)
{
    close(end->fd);
    end->fd = -1;
}

/* Pieces of all sizes, in one go. */
static void *write_all(void *arg)
{
    struct end *end = arg;
    static uint8_t bytes[200000];
    struct iovec pieces[] = {{bytes, 12},           {bytes + 12, 1},        {bytes + 13, 0},
                             {bytes + 13, 40000},   {bytes + 40013, 16384}, {bytes + 56397, 4096},
                             {bytes + 60493, 4096}, {bytes + 64589, 135411}};
    struct iovec *iov = pieces;
    size_t count = sizeof(pieces) / sizeof(pieces[0]);

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    }
    while (count) {
        ssize_t n = mfd_sock_write(&end->sock, iov, count, 0);

        if (n < 0) {
            end->error = errno;
            return NULL;
        }
        while (count && (size_t)n >= iov->iov_len) {
            n -= (ssize_t)iov->iov_len;
            iov++;
            count--;
        }
        if (n) {
            iov->iov_base = (uint8_t *)iov->iov_base + n;
            iov->iov_len -= (size_t)n;
        }
    }
    return NULL;
}

static void assert_transfer(struct pair *pair)
{
    static uint8_t bytes[200000];
    struct iovec pieces[] = {{bytes, 100}, {bytes + 100, 150000}, {bytes + 150100, 49900}};

    memset(bytes, 0, sizeof(bytes));
    assert_int_equal(pthread_create(&pair->sender.thread, NULL, write_all, &pair->sender), 0);
    assert_int_equal(mfd_sock_read(&pair->receiver.sock, pieces, 3, MSG_WAITALL), sizeof(bytes));
    pthread_join(pair->sender.thread, NULL);
    assert_int_equal(pair->sender.error, 0);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        assert_int_equal(bytes[i], (uint8_t)(i * 7 + i / 256));
    }
    assert_true(mfd_sock_between(&pair->receiver.sock));
}

static void bytes_arrive_plain_and_by_both_kinds_of_tls(void **state)
{
    struct pair *pair = pair_new();

    (void)state;
    greet_both(pair);
    assert_int_equal(pair->sender.error, 0);
    assert_int_equal(mfd_sock_bye(&pair->sender.sock, 0), 0);
    assert_transfer(pair);
    pair_free(pair);
    for (int kind = MFD_TLS_X509; kind <= MFD_TLS_PSK; kind++) {
        pair = pair_secured((enum mfd_tls)kind);
        assert_transfer(pair);
        pair_free(pair);
    }
}

static ssize_t read_some(struct end *end, void *to, size_t size, int flags)
{
    struct iovec iov = {to, size};

    return mfd_sock_read(&end->sock, &iov, 1, flags);
}

static ssize_t write_some(struct end *end, const char *text, int flags)
{
    struct iovec iov = {(void *)text, strlen(text)};

    return mfd_sock_write(&end->sock, &iov, 1, flags);
}

static void a_read_that_does_not_wait_says_so(void **state)
{
    struct pair *pair = pair_secured(MFD_TLS_X509);
    char text[16] = "";

    (void)state;
    errno = 0;
    assert_int_equal(read_some(&pair->receiver, text, 4, MSG_DONTWAIT), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(write_some(&pair->sender, "abcdefgh", 0), 8);
    assert_int_equal(read_some(&pair->receiver, text, 4, MSG_DONTWAIT), 4);
    /* the rest is decrypted already: the socket has nothing to read */
    assert_int_equal(read_some(&pair->receiver, text + 4, 12, MSG_DONTWAIT), 4);
    assert_string_equal(text, "abcdefgh");
    assert_int_equal(read_some(&pair->receiver, text, 4, MSG_DONTWAIT), -1);
    assert_int_equal(errno, EAGAIN);
    pair_free(pair);
}

static void an_end_with_close_notify_is_no_cut(void **state)
{
    struct pair *pair = pair_secured(MFD_TLS_PSK);
    char text[16];

    (void)state;
    assert_int_equal(write_some(&pair->sender, "last", 0), 4);
    assert_int_equal(mfd_sock_bye(&pair->sender.sock, 0), 0);
    hang_up(&pair->sender);
    assert_int_equal(read_some(&pair->receiver, text, 8, MSG_WAITALL), 4);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(read_some(&pair->receiver, text, 8, 0), 0);
        assert_false(pair->receiver.sock.cut);
    }
    pair_free(pair);
}

static void an_end_without_close_notify_is_a_cut(void **state)
{
    struct pair *pair = pair_secured(MFD_TLS_X509);
    char text[16];

    (void)state;
    assert_int_equal(write_some(&pair->sender, "last", 0), 4);
    hang_up(&pair->sender);
    assert_int_equal(read_some(&pair->receiver, text, 8, MSG_WAITALL), 4);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(read_some(&pair->receiver, text, 8, 0), 0);
        assert_true(pair->receiver.sock.cut);
    }
    pair_free(pair);
}

/* What the other end of a socket wrote, as it is on the wire. */
static size_t wire_bytes(int fd, uint8_t *bytes, size_t size)
{
    ssize_t n = recv(fd, bytes, size, MSG_DONTWAIT);

    return n < 0 ? 0 : (size_t)n;
}

static void a_record_that_has_begun_is_known(void **state)
{
    struct pair *pair = pair_secured(MFD_TLS_X509);
    uint8_t record[200];
    char text[16];
    int beyond[2];
    size_t size = 0;

    (void)state;
    /* a record is taken off the wire and handed on in two parts */
    assert_int_equal(write_some(&pair->sender, "abcdefgh", 0), 8);
    size = wire_bytes(pair->receiver.fd, record, sizeof(record));
    assert_true(size > 13);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, beyond), 0);
    pair->receiver.sock.fd = beyond[0];
    for (size_t part = 1; part < size; part += size - 2) {
        assert_true(mfd_sock_between(&pair->receiver.sock) == (part == 1));
        assert_int_equal(send(beyond[1], record + (part == 1 ? 0 : 1), part == 1 ? 1 : size - 1, 0),
                         part == 1 ? 1 : size - 1);
        if (part == 1) {
            assert_int_equal(read_some(&pair->receiver, text, 8, MSG_DONTWAIT), -1);
            assert_int_equal(errno, EAGAIN);
        }
    }
    assert_int_equal(read_some(&pair->receiver, text, 8, MSG_DONTWAIT), 8);
    assert_true(mfd_sock_between(&pair->receiver.sock));
    close(beyond[0]);
    close(beyond[1]);
    pair_free(pair);
}

static void a_record_that_was_changed_on_its_way_is_an_error(void **state)
{
    struct pair *pair = pair_secured(MFD_TLS_X509);
    uint8_t record[200];
    char text[16];
    size_t size = 0;
    int beyond[2];

    (void)state;
    assert_int_equal(write_some(&pair->sender, "abcdefgh", 0), 8);
    size = wire_bytes(pair->receiver.fd, record, sizeof(record));
    record[size - 1] ^= 1;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, beyond), 0);
    pair->receiver.sock.fd = beyond[0];
    assert_int_equal(send(beyond[1], record, size, 0), size);
    assert_int_equal(read_some(&pair->receiver, text, 8, 0), -1);
    assert_int_equal(errno, EPROTO);
    assert_true(pair->receiver.sock.why[0] != '\0');
    close(beyond[0]);
    close(beyond[1]);
    pair_free(pair);
}

static void an_end_within_a_record_is_a_cut(void **state)
{
    struct pair *pair = pair_secured(MFD_TLS_X509);
    uint8_t record[200];
    char text[16];
    size_t size = 0;

    (void)state;
    assert_int_equal(write_some(&pair->sender, "abcdefgh", 0), 8);
    size = wire_bytes(pair->receiver.fd, record, sizeof(record));
    for (size_t cut = 1; cut < size; cut++) {
        struct pair *other = pair_secured(MFD_TLS_X509);

        assert_int_equal(send(other->sender.fd, record, cut, 0), cut);
        shutdown(other->sender.fd, SHUT_WR);
        assert_int_equal(read_some(&other->receiver, text, 8, 0), 0);
        assert_true(other->receiver.sock.cut);
        pair_free(other);
    }
    pair_free(pair);
}

static void a_write_goes_on_where_the_socket_was_full(void **state)
{
    struct pair *pair = pair_secured(MFD_TLS_X509);
    static char bytes[1 << 20];
    static char got[sizeof(bytes)];
    size_t sent = 0;
    size_t read = 0;
    bool full = false;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (char)(i * 3 + i / 1000);
    }
    while (read < sizeof(bytes)) {
        struct iovec iov = {bytes + sent, sizeof(bytes) - sent};
        ssize_t n =
            sent < sizeof(bytes) ? mfd_sock_write(&pair->sender.sock, &iov, 1, MSG_DONTWAIT) : 0;

        assert_true(n >= 0 || errno == EAGAIN);
        full = full || n < 0;
        sent += n > 0 ? (size_t)n : 0;
        if (n <= 0) {
            n = read_some(&pair->receiver, got + read, sizeof(got) - read, MSG_DONTWAIT);
            assert_true(n > 0 || errno == EAGAIN);
            read += n > 0 ? (size_t)n : 0;
        }
    }
    assert_true(full);
    assert_memory_equal(got, bytes, sizeof(bytes));
    pair_free(pair);
}

static void a_foreign_authority_is_refused_by_both(void **state)
{
    struct pair *pair = pair_new();

    (void)state;
    secure(&pair->sender, test_creds(MFD_TLS_X509, MFD_TLS_SENDER, TEST_KEYS_FOREIGN));
    secure(&pair->receiver, test_creds(MFD_TLS_X509, MFD_TLS_RECEIVER, TEST_KEYS_OWN));
    greet_both(pair);
    assert_why(&pair->sender, "signed by no authority that is trusted here");
    assert_why(&pair->receiver, "the peer says: ");
    pair_free(pair);
}

static struct mfd_tls_creds *creds_for(const char *host)
{
    char error[MFD_TLS_ERROR_SIZE];
    struct mfd_tls_creds *creds = mfd_tls_load(MFD_TLS_X509, MFD_TLS_SENDER,
                                               test_keys(MFD_TLS_X509, TEST_KEYS_OWN), host, error);

    assert_non_null(creds);
    return creds;
}

static void a_certificate_for_another_host_is_refused(void **state)
{
    struct pair *pair = pair_new();

    (void)state;
    secure(&pair->sender, creds_for("elsewhere.test"));
    secure(&pair->receiver, test_creds(MFD_TLS_X509, MFD_TLS_RECEIVER, TEST_KEYS_OWN));
    greet_both(pair);
    assert_why(&pair->sender, "for another host");
    assert_why(&pair->receiver, "the peer says: ");
    pair_free(pair);
}

static void a_host_that_is_not_named_is_not_looked_at(void **state)
{
    struct pair *pair = pair_new();

    (void)state;
    secure(&pair->sender, creds_for(NULL));
    secure(&pair->receiver, test_creds(MFD_TLS_X509, MFD_TLS_RECEIVER, TEST_KEYS_OWN));
    greet_both(pair);
    assert_int_equal(pair->sender.error, 0);
    assert_int_equal(pair->receiver.error, 0);
    pair_free(pair);
}

/* Credentials of a sender that trusts the receiver but has nothing to show, or what nobody knows. */
static struct mfd_tls_creds *creds_with(const char *shown)
{
    char folder[96];
    char from[128];
    char to[128];
    char error[MFD_TLS_ERROR_SIZE];
    static const char *const names[] = {"client-cert.pem", "client-key.pem"};
    struct mfd_tls_creds *creds = NULL;

    assert_true(mfd_scratch_make(test_keys_root, folder, sizeof(folder)));
    snprintf(from, sizeof(from), "%s/ca-cert.pem", test_keys(MFD_TLS_X509, TEST_KEYS_OWN));
    snprintf(to, sizeof(to), "%s/ca-cert.pem", folder);
    assert_int_equal(link(from, to), 0);
    for (int i = 0; shown && i < 2; i++) {
        snprintf(from, sizeof(from), "%s/%s", shown, names[i]);
        snprintf(to, sizeof(to), "%s/%s", folder, names[i]);
        assert_int_equal(link(from, to), 0);
    }
    creds = mfd_tls_load(MFD_TLS_X509, MFD_TLS_SENDER, folder, MFD_TLS_KEYS_HOST, error);
    assert_non_null(creds);
    return creds;
}

/* With TLS 1.3 the sender's handshake is over before the receiver looks at its certificate. */
static void assert_told_later(struct pair *pair)
{
    char byte;

    if (!pair->sender.error) {
        pair->sender.error = read_some(&pair->sender, &byte, 1, 0) < 0 ? errno : 0;
    }
    assert_why(&pair->sender, "the peer says: ");
}

static void a_sender_without_certificate_is_refused(void **state)
{
    struct pair *pair = pair_new();

    (void)state;
    secure(&pair->sender, creds_with(NULL));
    secure(&pair->receiver, test_creds(MFD_TLS_X509, MFD_TLS_RECEIVER, TEST_KEYS_OWN));
    greet_both(pair);
    assert_why(&pair->receiver, "shows no certificate");
    assert_told_later(pair);
    pair_free(pair);
}

static void a_sender_with_a_foreign_certificate_is_refused(void **state)
{
    struct pair *pair = pair_new();

    (void)state;
    secure(&pair->sender, creds_with(test_keys(MFD_TLS_X509, TEST_KEYS_FOREIGN)));
    secure(&pair->receiver, test_creds(MFD_TLS_X509, MFD_TLS_RECEIVER, TEST_KEYS_OWN));
    greet_both(pair);
    assert_why(&pair->receiver, "signed by no authority that is trusted here");
    assert_told_later(pair);
    pair_free(pair);
}

static void a_write_after_a_refusal_tells_why(void **state)
{
    struct pair *pair = pair_new();

    (void)state;
    secure(&pair->sender, creds_with(NULL));
    secure(&pair->receiver, test_creds(MFD_TLS_X509, MFD_TLS_RECEIVER, TEST_KEYS_OWN));
    greet_both(pair);
    assert_int_equal(pair->sender.error, 0);
    hang_up(&pair->receiver);
    pair->sender.error = write_some(&pair->sender, "hello", 0) < 0 ? errno : 0;
    assert_why(&pair->sender, "the peer says: ");
    pair_free(pair);
}

static void a_wrong_pre_shared_key_is_refused(void **state)
{
    struct pair *pair = pair_new();

    (void)state;
    secure(&pair->sender, test_creds(MFD_TLS_PSK, MFD_TLS_SENDER, TEST_KEYS_FOREIGN));
    secure(&pair->receiver, test_creds(MFD_TLS_PSK, MFD_TLS_RECEIVER, TEST_KEYS_OWN));
    greet_both(pair);
    assert_why(&pair->receiver, "");
    assert_why(&pair->sender, "the peer says: ");
    pair_free(pair);
}

static void a_key_and_a_certificate_do_not_go_together(void **state)
{
    struct pair *pair = pair_new();

    (void)state;
    secure(&pair->sender, test_creds(MFD_TLS_PSK, MFD_TLS_SENDER, TEST_KEYS_OWN));
    secure(&pair->receiver, test_creds(MFD_TLS_X509, MFD_TLS_RECEIVER, TEST_KEYS_OWN));
    greet_both(pair);
    assert_true(pair->receiver.error != 0);
    assert_true(pair->sender.error != 0);
    pair_free(pair);
}

static void a_peer_without_tls_is_known_by_its_first_bytes(void **state)
{
    struct pair *pair = pair_new();
    uint32_t first = 0;
    uint8_t alert[2];

    (void)state;
    secure(&pair->receiver, test_creds(MFD_TLS_X509, MFD_TLS_RECEIVER, TEST_KEYS_OWN));
    assert_int_equal(send(pair->sender.fd, "QEVM\0\0\0\3", 8, 0), 8);
    greet(&pair->receiver);
    assert_int_equal(pair->receiver.error, EPROTO);
    assert_true(mfd_sock_is_plain(&pair->receiver.sock, &first));
    assert_int_equal(first, 0x5145564d);
    /* which is told to it */
    assert_int_equal(recv(pair->sender.fd, alert, 2, MSG_DONTWAIT), 2);
    assert_int_equal(alert[0], 21);
    pair_free(pair);
}

static void a_peer_that_closes_in_silence_is_told_from_one_that_speaks(void **state)
{
    struct pair *pair = pair_new();
    uint32_t first = 0;

    (void)state;
    secure(&pair->receiver, test_creds(MFD_TLS_X509, MFD_TLS_RECEIVER, TEST_KEYS_OWN));
    hang_up(&pair->sender);
    greet(&pair->receiver);
    assert_int_equal(pair->receiver.error, ECONNRESET);
    assert_true(mfd_sock_is_silent(&pair->receiver.sock));
    assert_false(mfd_sock_is_plain(&pair->receiver.sock, &first));
    pair_free(pair);
}

/* All that a sender says first. */
static size_t client_hello(uint8_t *bytes, size_t size)
{
    struct pair *pair = pair_new();
    size_t n = 0;

    secure(&pair->sender, test_creds(MFD_TLS_X509, MFD_TLS_SENDER, TEST_KEYS_OWN));
    shutdown(pair->receiver.fd, SHUT_WR);
    greet(&pair->sender);
    assert_int_equal(pair->sender.error, ECONNRESET);
    n = wire_bytes(pair->receiver.fd, bytes, size);
    pair_free(pair);
    return n;
}

static void a_handshake_that_ends_at_any_byte_fails(void **state)
{
    static uint8_t hello[2048];
    size_t size = client_hello(hello, sizeof(hello));

    (void)state;
    assert_in_range(size, 100, sizeof(hello) - 1);
    for (size_t cut = 1; cut <= size; cut += cut < 12 || cut + 3 > size ? 1 : 17) {
        struct pair *pair = pair_new();
        uint32_t first = 0;

        secure(&pair->receiver, test_creds(MFD_TLS_X509, MFD_TLS_RECEIVER, TEST_KEYS_OWN));
        assert_int_equal(send(pair->sender.fd, hello, cut, 0), cut);
        shutdown(pair->sender.fd, SHUT_WR);
        greet(&pair->receiver);
        if (pair->receiver.error != ECONNRESET) {
            fail_msg("%zu of %zu: %s", cut, size, strerror(pair->receiver.error));
        }
        assert_false(mfd_sock_is_plain(&pair->receiver.sock, &first));
        assert_false(mfd_sock_is_silent(&pair->receiver.sock));
        pair_free(pair);
    }
}

static void a_handshake_waits_no_longer_than_the_socket(void **state)
{
    static uint8_t hello[2048];
    size_t size = client_hello(hello, sizeof(hello));
    struct pair *pair = pair_new();
    struct timeval soon = {.tv_usec = 1000};

    (void)state;
    secure(&pair->receiver, test_creds(MFD_TLS_X509, MFD_TLS_RECEIVER, TEST_KEYS_OWN));
    setsockopt(pair->receiver.fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
    assert_int_equal(send(pair->sender.fd, hello, size / 2, 0), size / 2);
    greet(&pair->receiver);
    assert_int_equal(pair->receiver.error, EAGAIN);
    /* and goes on from there */
    assert_int_equal(send(pair->sender.fd, hello + size / 2, size - size / 2, 0), size - size / 2);
    greet(&pair->receiver);
    assert_int_equal(pair->receiver.error, EAGAIN);
    pair_free(pair);
}

static void shutting_the_socket_down_ends_a_handshake(void **state)
{
    struct pair *pair = pair_new();

    (void)state;
    secure(&pair->receiver, test_creds(MFD_TLS_PSK, MFD_TLS_RECEIVER, TEST_KEYS_OWN));
    assert_int_equal(pthread_create(&pair->receiver.thread, NULL, greet, &pair->receiver), 0);
    shutdown(pair->receiver.fd, SHUT_RDWR);
    pthread_join(pair->receiver.thread, NULL);
    assert_int_equal(pair->receiver.error, ECONNRESET);
    pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_arrive_plain_and_by_both_kinds_of_tls),
        cmocka_unit_test(a_read_that_does_not_wait_says_so),
        cmocka_unit_test(an_end_with_close_notify_is_no_cut),
        cmocka_unit_test(an_end_without_close_notify_is_a_cut),
        cmocka_unit_test(a_record_that_has_begun_is_known),
        cmocka_unit_test(a_record_that_was_changed_on_its_way_is_an_error),
        cmocka_unit_test(an_end_within_a_record_is_a_cut),
        cmocka_unit_test(a_write_goes_on_where_the_socket_was_full),
        cmocka_unit_test(a_foreign_authority_is_refused_by_both),
        cmocka_unit_test(a_certificate_for_another_host_is_refused),
        cmocka_unit_test(a_host_that_is_not_named_is_not_looked_at),
        cmocka_unit_test(a_sender_without_certificate_is_refused),
        cmocka_unit_test(a_sender_with_a_foreign_certificate_is_refused),
        cmocka_unit_test(a_write_after_a_refusal_tells_why),
        cmocka_unit_test(a_wrong_pre_shared_key_is_refused),
        cmocka_unit_test(a_key_and_a_certificate_do_not_go_together),
        cmocka_unit_test(a_peer_without_tls_is_known_by_its_first_bytes),
        cmocka_unit_test(a_peer_that_closes_in_silence_is_told_from_one_that_speaks),
        cmocka_unit_test(a_handshake_that_ends_at_any_byte_fails),
        cmocka_unit_test(a_handshake_waits_no_longer_than_the_socket),
        cmocka_unit_test(shutting_the_socket_down_ends_a_handshake),
    };

    return cmocka_run_group_tests(tests, test_keys_make, test_keys_remove);
}
