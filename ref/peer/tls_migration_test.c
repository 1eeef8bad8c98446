// SPDX-License-Identifier: GPL-2.0-or-later
/* Whole migrations under TLS, between the reference's two ends and by hand. */
#include "receiver.h"
#include "sender.h"
#include "sock.h"

#include "test_bytes.h"
#include "test_keys.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define MEMORY (2u << 20)
#define CHANNELS_MAX 16u
/* Nothing here should ever take that long. */
#define GUARD_MS 30000

/* A receiver in a thread of its own; a sender here, or connections that are written by hand. */
struct rig {
    struct mfd_guest from;
    struct mfd_guest to;
    struct mfd_sender_config sending;
    struct mfd_receiver_config receiving;
    struct mfd_sender_result sent;
    struct mfd_receiver_result received;
    struct mfd_tls_creds *sender_creds;
    struct mfd_tls_creds *receiver_creds;
    int listen_fd;
    struct sockaddr_un address;
    pthread_t thread;
    int receiver_error;
    int fds[CHANNELS_MAX + 1];
    struct mfd_sock socks[CHANNELS_MAX + 1];
    unsigned count;
    struct test_bytes bytes;
};

static void listen_somewhere(struct rig *rig)
{
    socklen_t len = sizeof(rig->address);

    rig->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    rig->address.sun_family = AF_UNIX;
    assert_int_equal(bind(rig->listen_fd, (struct sockaddr *)&rig->address, sizeof(sa_family_t)),
                     0);
    assert_int_equal(getsockname(rig->listen_fd, (struct sockaddr *)&rig->address, &len), 0);
    assert_int_equal(listen(rig->listen_fd, 64), 0);
}

static struct rig *rig_new(enum mfd_rev rev, unsigned channels)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    struct mfd_guest_block block = {TEST_BLOCK, MEMORY, MEMORY, false};

    assert_non_null(rig);
    mfd_guest_init(&rig->from);
    mfd_guest_init(&rig->to);
    assert_int_equal(mfd_guest_add_anonymous(&rig->from, &block), 0);
    assert_int_equal(mfd_guest_add_anonymous(&rig->to, &block), 0);
    for (uint32_t i = 0; i < MEMORY; i++) {
        /* pages of text, and some zero ones */
        rig->from.maps[0].base[i] =
            i / TEST_PAGE % 5 == 2 ? 0 : (uint8_t)(i / 3 % 90 + i / TEST_PAGE);
    }
    rig->sending = mfd_sender_defaults(rev, &rig->from);
    rig->receiving = mfd_receiver_defaults(rev, &rig->to);
    rig->sending.channels = rig->receiving.channels = channels;
    rig->sending.stall_ms = rig->receiving.stall_ms = GUARD_MS;
    listen_somewhere(rig);
    return rig;
}

/* One set of keys for the sender, one for the receiver; -1: no TLS at that end. */
static void secure(struct rig *rig, enum mfd_tls kind, int sender_set, int receiver_set)
{
    if (sender_set >= 0) {
        rig->sender_creds = test_creds(kind, MFD_TLS_SENDER, sender_set);
    }
    if (receiver_set >= 0) {
        rig->receiver_creds = test_creds(kind, MFD_TLS_RECEIVER, receiver_set);
    }
    rig->sending.tls = rig->sender_creds;
    rig->receiving.tls = rig->receiver_creds;
}

static void *receive(void *arg)
{
    struct rig *rig = arg;

    rig->receiver_error = mfd_receiver_run(&rig->receiving, rig->listen_fd, &rig->received);
    close(rig->listen_fd); /* which ends connections that were not accepted */
    rig->listen_fd = -1;
    return NULL;
}

static void start(struct rig *rig)
{
    assert_int_equal(pthread_create(&rig->thread, NULL, receive, rig), 0);
}

static void join(struct rig *rig)
{
    pthread_join(rig->thread, NULL);
    assert_int_equal(rig->receiver_error, 0);
    assert_int_equal(rig->received.threads_created, rig->received.threads_joined);
}

static unsigned dial(struct rig *rig)
{
    unsigned i = rig->count++;
    struct timeval guard = {.tv_sec = GUARD_MS / 1000};

    rig->fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(rig->fds[i], SOL_SOCKET, SO_RCVTIMEO, &guard, sizeof(guard));
    setsockopt(rig->fds[i], SOL_SOCKET, SO_SNDTIMEO, &guard, sizeof(guard));
    rig->socks[i] = mfd_sock_plain(rig->fds[i]);
    assert_int_equal(connect(rig->fds[i], (struct sockaddr *)&rig->address,
                             sizeof(sa_family_t) + 1 + strlen(rig->address.sun_path + 1)),
                     0);
    return i;
}

static void migrate(struct rig *rig)
{
    for (unsigned i = 0; i <= rig->sending.channels; i++) {
        dial(rig);
    }
    start(rig); /* now, for a receiver that fails at once listens no more */
    rig->sending.fds = rig->fds;
    assert_int_equal(mfd_sender_run(&rig->sending, &rig->sent), 0);
    for (unsigned i = 0; i < rig->count; i++) {
        close(rig->fds[i]);
        rig->fds[i] = -1;
    }
    join(rig);
    assert_int_equal(rig->sent.threads_created, rig->sent.threads_joined);
}

static void rig_free(struct rig *rig)
{
    for (unsigned i = 0; i < rig->count; i++) {
        mfd_sock_free(&rig->socks[i]);
        if (rig->fds[i] >= 0) {
            close(rig->fds[i]);
        }
    }
    mfd_tls_free(rig->sender_creds);
    mfd_tls_free(rig->receiver_creds);
    if (rig->listen_fd >= 0) {
        close(rig->listen_fd);
    }
    mfd_guest_free(&rig->from);
    mfd_guest_free(&rig->to);
    free(rig);
}

static void assert_completed(const struct rig *rig)
{
    char text[512];

    if (!rig->received.completed) {
        fail_msg("receiver: %s", mfd_failure_text(&rig->received.failure, text, sizeof(text)));
    }
    if (!rig->sent.completed) {
        fail_msg("sender: %s", mfd_failure_text(&rig->sent.failure, text, sizeof(text)));
    }
    assert_memory_equal(rig->from.maps[0].base, rig->to.maps[0].base, MEMORY);
    assert_int_equal(rig->sent.bytes, rig->received.bytes);
    assert_int_equal(rig->sent.normal_pages, rig->received.normal_pages);
}

static void assert_says(const struct mfd_failure *failure, const char *part)
{
    char text[512];

    if (!failure->set || !strstr(mfd_failure_text(failure, text, sizeof(text)), part)) {
        fail_msg("'%s' does not say '%s'", text, part);
    }
}

static void memory_arrives_by_both_kinds_over_any_number_of_channels(void **state)
{
    static const unsigned counts[] = {1, 2, 4, 16};
    static const enum mfd_rev revs[] = {MFD_REV_5_2, MFD_REV_7_2, MFD_REV_10_0, MFD_REV_11_1};

    (void)state;
    for (int kind = MFD_TLS_X509; kind <= MFD_TLS_PSK; kind++) {
        for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
            for (size_t j = 0; j < sizeof(revs) / sizeof(revs[0]); j++) {
                struct rig *rig = rig_new(revs[j], counts[i]);

                secure(rig, (enum mfd_tls)kind, TEST_KEYS_OWN, TEST_KEYS_OWN);
                rig->sending.return_path = (i + j) % 2;
                rig->sending.passes = 2;
                migrate(rig);
                assert_completed(rig);
                rig_free(rig);
            }
        }
    }
}

static void memory_arrives_by_every_method(void **state)
{
    static const uint32_t methods[] = {MFD_FLAG_ZLIB, MFD_FLAG_ZSTD, MFD_FLAG_QPL, MFD_FLAG_UADK};

    (void)state;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        struct rig *rig = rig_new(MFD_REV_11_1, 3);

        secure(rig, MFD_TLS_PSK, TEST_KEYS_OWN, TEST_KEYS_OWN);
        rig->sending.method = rig->receiving.method = methods[i];
        migrate(rig);
        assert_completed(rig);
        rig_free(rig);
    }
}

static void plain_text_to_a_tls_port_is_told_at_both_ends(void **state)
{
    struct rig *rig = rig_new(MFD_REV_10_0, 2);

    (void)state;
    secure(rig, MFD_TLS_X509, -1, TEST_KEYS_OWN);
    migrate(rig);
    assert_true(rig->received.failure.is_rule);
    assert_int_equal(rig->received.failure.finding.rule, MFD_TLS_001);
    assert_says(&rig->received.failure, "connection ");
    assert_says(&rig->sent.failure, "the receiver speaks TLS, this end does not");
    rig_free(rig);
}

static void tls_to_a_plain_port_is_told_at_both_ends(void **state)
{
    struct rig *rig = rig_new(MFD_REV_10_0, 2);

    (void)state;
    secure(rig, MFD_TLS_X509, TEST_KEYS_OWN, -1);
    migrate(rig);
    assert_int_equal(rig->received.failure.finding.rule, MFD_INIT_002);
    assert_says(&rig->received.failure, "The sender speaks TLS, this end does not.");
    assert_says(&rig->sent.failure, "main: the TLS handshake failed: ");
    assert_says(&rig->sent.failure, "as one without TLS does");
    rig_free(rig);
}

static void foreign_keys_are_told_at_both_ends(void **state)
{
    (void)state;
    for (int kind = MFD_TLS_X509; kind <= MFD_TLS_PSK; kind++) {
        struct rig *rig = rig_new(MFD_REV_10_0, 2);

        secure(rig, (enum mfd_tls)kind, TEST_KEYS_FOREIGN, TEST_KEYS_OWN);
        migrate(rig);
        assert_says(&rig->sent.failure, "main: the TLS handshake failed: the peer");
        assert_says(&rig->received.failure, "connection 0: the TLS handshake failed: ");
        rig_free(rig);
    }
}

/* ---- connections by hand ---- */

static unsigned dial_secured(struct rig *rig)
{
    unsigned i = dial(rig);

    assert_int_equal(mfd_sock_secure(&rig->socks[i], rig->sender_creds), 0);
    assert_int_equal(mfd_sock_handshake(&rig->socks[i]), 0);
    return i;
}

static struct test_bytes *fresh(struct rig *rig)
{
    rig->bytes.len = 0;
    return &rig->bytes;
}

static void flush(struct rig *rig, unsigned conn)
{
    struct iovec iov = {rig->bytes.data, rig->bytes.len};

    while (iov.iov_len) {
        ssize_t n = mfd_sock_write(&rig->socks[conn], &iov, 1, 0);

        assert_true(n > 0);
        iov.iov_base = (uint8_t *)iov.iov_base + n;
        iov.iov_len -= (size_t)n;
    }
}

static unsigned dial_main(struct rig *rig)
{
    unsigned conn = dial_secured(rig);
    bool marker = rig->receiving.sync == MFD_SYNC_MARKER;

    test_put_header(fresh(rig));
    test_put_ram_start(&rig->bytes, MEMORY);
    test_put_section_end(&rig->bytes, marker);
    flush(rig, conn);
    return conn;
}

/* A channel with the SYNCs of both sync points. */
static unsigned dial_channel(struct rig *rig, unsigned id)
{
    unsigned conn = dial_secured(rig);

    test_put_hello(fresh(rig), id);
    test_put_sync(&rig->bytes);
    test_put_packet(&rig->bytes, 0, 0, 3, 0, 1);
    test_put_sync(&rig->bytes);
    flush(rig, conn);
    return conn;
}

static void end_main(struct rig *rig, unsigned conn)
{
    test_put_ram_end(fresh(rig), rig->receiving.sync == MFD_SYNC_MARKER);
    test_put_end(&rig->bytes, true);
    flush(rig, conn);
}

static void hang_up(struct rig *rig, unsigned conn)
{
    close(rig->fds[conn]);
    rig->fds[conn] = -1;
}

/* The channel closes behind its last SYNC, with or without a word, and main goes on. */
static struct rig *close_channels(enum mfd_rev rev, bool bye)
{
    struct rig *rig = rig_new(rev, 1);
    unsigned main_conn = 0;
    unsigned channel = 0;

    secure(rig, MFD_TLS_PSK, TEST_KEYS_OWN, TEST_KEYS_OWN);
    start(rig);
    main_conn = dial_main(rig);
    channel = dial_channel(rig, 0);
    if (bye) {
        assert_int_equal(mfd_sock_bye(&rig->socks[channel], 0), 0);
    }
    hang_up(rig, channel);
    end_main(rig, main_conn); /* past whose sync point the channel is read again */
    join(rig);
    return rig;
}

static void a_channel_that_ends_with_close_notify_has_ended_well(void **state)
{
    struct rig *rig = close_channels(MFD_REV_10_0, true);

    (void)state;
    assert_true(rig->received.completed);
    rig_free(rig);
}

static void a_channel_that_is_cut_fails_from_10_0_on(void **state)
{
    struct rig *rig = close_channels(MFD_REV_10_0, false);

    (void)state;
    assert_false(rig->received.completed);
    assert_int_equal(rig->received.failure.finding.rule, MFD_TLS_003);
    assert_string_equal(rig->received.failure.connection, "ch 0");
    rig_free(rig);
}

static void a_channel_may_be_cut_between_messages_before_10_0(void **state)
{
    struct rig *rig = close_channels(MFD_REV_7_2, false);

    (void)state;
    assert_true(rig->received.completed);
    rig_free(rig);
}

/* The first `size` bytes of a handshake, from a connection that says no more. */
static unsigned dial_half(struct rig *rig, size_t size)
{
    static const uint8_t hello[] = {22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3};
    unsigned conn = dial(rig);

    assert_true(size <= sizeof(hello));
    assert_int_equal(send(rig->fds[conn], hello, size, 0), size);
    return conn;
}

static void a_half_handshake_keeps_nobody_from_being_served(void **state)
{
    (void)state;
    for (size_t size = 0; size <= 11; size += 11) {
        struct rig *rig = rig_new(MFD_REV_10_0, 1);
        unsigned main_conn = 0;

        secure(rig, MFD_TLS_X509, TEST_KEYS_OWN, TEST_KEYS_OWN);
        start(rig);
        dial_half(rig, size);
        main_conn = dial_main(rig);
        dial_half(rig, size);
        dial_channel(rig, 0);
        end_main(rig, main_conn);
        join(rig);
        assert_true(rig->received.completed);
        rig_free(rig);
    }
}

static void a_handshake_that_breaks_off_fails_the_migration(void **state)
{
    struct rig *rig = rig_new(MFD_REV_10_0, 1);

    (void)state;
    secure(rig, MFD_TLS_X509, TEST_KEYS_OWN, TEST_KEYS_OWN);
    start(rig);
    dial_main(rig);
    hang_up(rig, dial_half(rig, 7));
    join(rig);
    assert_says(&rig->received.failure, "connection 1: the TLS handshake failed");
    rig_free(rig);
}

static void a_connection_that_closes_in_silence_is_ignored(void **state)
{
    struct rig *rig = rig_new(MFD_REV_10_0, 1);
    unsigned main_conn = 0;

    (void)state;
    secure(rig, MFD_TLS_X509, TEST_KEYS_OWN, TEST_KEYS_OWN);
    start(rig);
    hang_up(rig, dial(rig));
    main_conn = dial_main(rig);
    hang_up(rig, dial_secured(rig)); /* it has nothing to say behind its handshake either */
    dial_channel(rig, 0);
    end_main(rig, main_conn);
    join(rig);
    assert_true(rig->received.completed);
    rig_free(rig);
}

static void the_guard_ends_a_handshake_that_stalls(void **state)
{
    (void)state;
    for (size_t size = 0; size <= 11; size += 11) {
        struct rig *rig = rig_new(MFD_REV_10_0, 1);

        secure(rig, MFD_TLS_X509, TEST_KEYS_OWN, TEST_KEYS_OWN);
        rig->receiving.stall_ms = 20;
        start(rig);
        dial_half(rig, size);
        join(rig);
        assert_int_equal(rig->received.failure.error, ETIMEDOUT);
        rig_free(rig);
    }
}

static void a_sender_gives_up_on_a_receiver_that_stalls_in_its_handshake(void **state)
{
    struct rig *rig = rig_new(MFD_REV_10_0, 1);

    (void)state;
    secure(rig, MFD_TLS_PSK, TEST_KEYS_OWN, TEST_KEYS_OWN);
    rig->sending.stall_ms = 20;
    dial(rig);
    dial(rig);
    rig->sending.fds = rig->fds;
    assert_int_equal(mfd_sender_run(&rig->sending, &rig->sent), 0);
    assert_int_equal(rig->sent.failure.error, ETIMEDOUT);
    assert_says(&rig->sent.failure, "main: the TLS handshake failed: ");
    rig_free(rig);
}

static void a_revision_without_tls_is_refused(void **state)
{
    struct rig *rig = rig_new(MFD_REV_2020, 1);

    (void)state;
    secure(rig, MFD_TLS_PSK, TEST_KEYS_OWN, TEST_KEYS_OWN);
    assert_int_equal(mfd_receiver_run(&rig->receiving, rig->listen_fd, &rig->received), EINVAL);
    rig->sending.fds = rig->fds;
    assert_int_equal(mfd_sender_run(&rig->sending, &rig->sent), EINVAL);
    rig_free(rig);
}

static int creations_left;

static int create_some(pthread_t *thread, const pthread_attr_t *attr, void *(*begin)(void *),
                       void *arg)
{
    return creations_left-- > 0 ? pthread_create(thread, attr, begin, arg) : EAGAIN;
}

static void a_thread_that_cannot_be_created_fails_cleanly(void **state)
{
    (void)state;
    for (int good = 0; good < 4; good++) {
        struct rig *rig = rig_new(MFD_REV_10_0, 3);

        secure(rig, MFD_TLS_PSK, TEST_KEYS_OWN, TEST_KEYS_OWN);
        creations_left = good;
        rig->receiving.create = create_some;
        migrate(rig);
        assert_int_equal(rig->received.failure.error, EAGAIN);
        assert_false(rig->sent.completed);
        rig_free(rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_arrives_by_both_kinds_over_any_number_of_channels),
        cmocka_unit_test(memory_arrives_by_every_method),
        cmocka_unit_test(plain_text_to_a_tls_port_is_told_at_both_ends),
        cmocka_unit_test(tls_to_a_plain_port_is_told_at_both_ends),
        cmocka_unit_test(foreign_keys_are_told_at_both_ends),
        cmocka_unit_test(a_channel_that_ends_with_close_notify_has_ended_well),
        cmocka_unit_test(a_channel_that_is_cut_fails_from_10_0_on),
        cmocka_unit_test(a_channel_may_be_cut_between_messages_before_10_0),
        cmocka_unit_test(a_half_handshake_keeps_nobody_from_being_served),
        cmocka_unit_test(a_handshake_that_breaks_off_fails_the_migration),
        cmocka_unit_test(a_connection_that_closes_in_silence_is_ignored),
        cmocka_unit_test(the_guard_ends_a_handshake_that_stalls),
        cmocka_unit_test(a_sender_gives_up_on_a_receiver_that_stalls_in_its_handshake),
        cmocka_unit_test(a_revision_without_tls_is_refused),
        cmocka_unit_test(a_thread_that_cannot_be_created_fails_cleanly),
    };

    return cmocka_run_group_tests(tests, test_keys_make, test_keys_remove);
}
