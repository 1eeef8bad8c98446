// SPDX-License-Identifier: GPL-2.0-or-later
#include "sender.h"

#include "receiver.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define PAGE 4096u
#define CHANNELS_MAX 255u

/* A sender here, a receiver in another thread, UNIX sockets between them. */
struct pair {
    struct mfd_guest from;
    struct mfd_guest to;
    struct mfd_sender_config sending;
    struct mfd_receiver_config receiving;
    struct mfd_sender_result sent;
    struct mfd_receiver_result received;
    int receiver_error;
    int listen_fd;
    struct sockaddr_un address;
    int fds[CHANNELS_MAX + 1];
};

/*
 * Pages of all kinds: zero ones, alone and in runs, and such that are zero up to their last byte.
 */
static void fill(uint8_t *base, uint64_t size, uint32_t seed)
{
    for (uint64_t page = 0; page < size / PAGE; page++) {
        uint8_t *p = base + page * PAGE;

        seed = seed * 1664525u + 1013904223u;
        if ((seed >> 28) < 5 || (page / 200) % 3 == 1) {
            continue;
        }
        if ((seed >> 28) == 5) {
            p[PAGE - 1] = 1;
            continue;
        }
        for (uint32_t i = 0; i < PAGE; i += 4) {
            uint32_t word = seed ^ (uint32_t)page ^ (i * 2654435761u);

            memcpy(p + i, &word, sizeof(word));
        }
    }
}

static void add_block(struct pair *pair, const char *name, uint64_t size)
{
    struct mfd_guest_block block = {.name = name, .used_length = size, .max_length = size};

    assert_int_equal(mfd_guest_add_anonymous(&pair->from, &block), 0);
    assert_int_equal(mfd_guest_add_anonymous(&pair->to, &block), 0);
    fill(pair->from.maps[pair->from.table.count - 1].base, size, (uint32_t)size);
    /* what the receiver held before must not shine through */
    memset(pair->to.maps[pair->to.table.count - 1].base, 0x5a, size);
}

static void listen_somewhere(struct pair *pair)
{
    socklen_t len = sizeof(pair->address);

    pair->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pair->address.sun_family = AF_UNIX;
    assert_int_equal(bind(pair->listen_fd, (struct sockaddr *)&pair->address, sizeof(sa_family_t)),
                     0);
    assert_int_equal(getsockname(pair->listen_fd, (struct sockaddr *)&pair->address, &len), 0);
    assert_int_equal(listen(pair->listen_fd, 64), 0);
}

static struct pair *pair_new(enum mfd_rev rev, unsigned channels)
{
    struct pair *pair = calloc(1, sizeof(*pair));

    assert_non_null(pair);
    mfd_guest_init(&pair->from);
    mfd_guest_init(&pair->to);
    add_block(pair, "mem0", 6u << 20);
    add_block(pair, "pc.rom", 40 * PAGE);
    add_block(pair, "/rom@etc/acpi/tables", PAGE);
    pair->sending = mfd_sender_defaults(rev, &pair->from);
    pair->receiving = mfd_receiver_defaults(rev, &pair->to);
    pair->sending.channels = pair->receiving.channels = channels;
    pair->receiving.machine = "none";
    listen_somewhere(pair);
    return pair;
}

static void *receive(void *arg)
{
    struct pair *pair = arg;

    pair->receiver_error = mfd_receiver_run(&pair->receiving, pair->listen_fd, &pair->received);
    return NULL;
}

static int dial(struct pair *pair)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&pair->address,
                             sizeof(sa_family_t) + 1 + strlen(pair->address.sun_path + 1)),
                     0);
    return fd;
}

/* Runs both ends; each must have ended whatever happened. */
static void migrate(struct pair *pair)
{
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, receive, pair), 0);
    for (unsigned i = 0; i <= pair->sending.channels; i++) {
        pair->fds[i] = dial(pair);
    }
    pair->sending.fds = pair->fds;
    assert_int_equal(mfd_sender_run(&pair->sending, &pair->sent), 0);
    for (unsigned i = 0; i <= pair->sending.channels; i++) {
        close(pair->fds[i]);
    }
    pthread_join(thread, NULL);
    assert_int_equal(pair->receiver_error, 0);
    assert_int_equal(pair->sent.threads_created, pair->sent.threads_joined);
    assert_int_equal(pair->received.threads_created, pair->received.threads_joined);
}

static void assert_same_memory(const struct pair *pair)
{
    for (size_t i = 0; i < pair->from.table.count; i++) {
        assert_memory_equal(pair->from.maps[i].base, pair->to.maps[i].base,
                            pair->from.table.blocks[i].used_length);
    }
}

static void assert_completed(const struct pair *pair)
{
    char text[512];

    if (!pair->received.completed) {
        fail_msg("receiver: %s", mfd_failure_text(&pair->received.failure, text, sizeof(text)));
    }
    if (!pair->sent.completed) {
        fail_msg("sender: %s", mfd_failure_text(&pair->sent.failure, text, sizeof(text)));
    }
    assert_same_memory(pair);
    assert_int_equal(pair->sent.normal_pages, pair->received.normal_pages);
    assert_int_equal(pair->sent.zero_pages, pair->received.zero_pages);
    assert_int_equal(pair->sent.packets, pair->received.packets);
    assert_int_equal(pair->sent.sync_points, pair->received.sync_points);
    assert_int_equal(pair->sent.bytes, pair->received.bytes);
}

static void pair_free(struct pair *pair)
{
    close(pair->listen_fd);
    mfd_guest_free(&pair->from);
    mfd_guest_free(&pair->to);
    free(pair);
}

static void memory_arrives_over_any_number_of_channels(void **state)
{
    static const unsigned counts[] = {1, 2, 4, 16, 255};

    (void)state;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        struct pair *pair = pair_new(MFD_REV_11_1, counts[i]);

        migrate(pair);
        assert_completed(pair);
        assert_int_equal(pair->sent.sync_points, 2);
        assert_int_equal(pair->sent.threads_created, counts[i]);
        assert_int_equal(pair->received.threads_created, counts[i] + 1);
        pair_free(pair);
    }
}

static void memory_arrives_in_every_revision_sync_and_zero_mode(void **state)
{
    (void)state;
    for (int rev = 0; rev < MFD_REV_COUNT; rev++) {
        for (int mode = 0; mode < 6; mode++) {
            struct pair *pair = pair_new((enum mfd_rev)rev, 3);

            pair->sending.sync = pair->receiving.sync = (enum mfd_sync)(mode % 2);
            pair->sending.zero = (enum mfd_zero)(mode / 2);
            if ((pair->sending.zero == MFD_ZERO_PACKET && rev < MFD_REV_9_0) ||
                (pair->sending.sync == MFD_SYNC_MARKER && rev < MFD_REV_8_1)) {
                pair->sending.fds = pair->fds;
                assert_int_equal(mfd_sender_run(&pair->sending, &pair->sent), EINVAL);
            } else {
                migrate(pair);
                assert_completed(pair);
                assert_true((pair->sent.packets == 0) == (rev < MFD_REV_FIRST));
                assert_true((pair->sent.zero_pages == 0) == (pair->sending.zero == MFD_ZERO_NONE));
            }
            pair_free(pair);
        }
    }
}

static void several_passes_have_a_sync_point_each(void **state)
{
    struct pair *pair = pair_new(MFD_REV_10_0, 4);

    (void)state;
    pair->sending.passes = 5;
    migrate(pair);
    assert_completed(pair);
    assert_int_equal(pair->sent.sync_points, 6);
    pair_free(pair);
}

static void it_works_without_a_return_path(void **state)
{
    struct pair *pair = pair_new(MFD_REV_7_2, 2);

    (void)state;
    pair->sending.return_path = false;
    migrate(pair);
    assert_completed(pair);
    pair_free(pair);
}

static void other_page_sizes_work(void **state)
{
    (void)state;
    for (uint32_t page_size = 256; page_size <= 65536; page_size *= 4) {
        struct pair *pair = pair_new(MFD_REV_10_0, 2);

        pair->from.table.count = pair->to.table.count = 1;
        pair->sending.page_size = pair->receiving.page_size = page_size;
        migrate(pair);
        assert_completed(pair);
        pair->from.table.count = pair->to.table.count = 3;
        pair_free(pair);
    }
}

static void memory_arrives_by_every_method(void **state)
{
    static const uint32_t methods[] = {MFD_FLAG_ZLIB, MFD_FLAG_ZSTD, MFD_FLAG_QPL, MFD_FLAG_UADK};
    static const unsigned counts[] = {1, 2, 4, 16};

    (void)state;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        for (size_t j = 0; j < sizeof(counts) / sizeof(counts[0]); j++) {
            /* with zero pages on main and in packets */
            struct pair *pair = pair_new(j % 2 && i < 2 ? MFD_REV_7_2 : MFD_REV_11_1, counts[j]);

            pair->sending.method = pair->receiving.method = methods[i];
            pair->sending.passes = 2;
            migrate(pair);
            assert_completed(pair);
            pair_free(pair);
        }
    }
}

static void compression_makes_text_smaller_by_every_level(void **state)
{
    (void)state;
    for (int level = 1; level <= 20; level += 4) {
        struct pair *pair = pair_new(MFD_REV_11_1, 2);

        memset(pair->from.maps[0].base, 'x', 6u << 20);
        pair->sending.method = pair->receiving.method = MFD_FLAG_ZSTD;
        pair->sending.level = level;
        migrate(pair);
        assert_completed(pair);
        assert_true(pair->sent.bytes < 1u << 20);
        pair_free(pair);
    }
}

static void different_methods_fail_both_ends(void **state)
{
    struct pair *pair = pair_new(MFD_REV_11_1, 2);

    (void)state;
    pair->sending.method = MFD_FLAG_ZLIB;
    pair->receiving.method = MFD_FLAG_ZSTD;
    migrate(pair);
    assert_false(pair->sent.completed);
    assert_int_equal(pair->received.failure.finding.rule, MFD_PAY_002);
    pair_free(pair);
}

static void a_configuration_without_sense_is_refused(void **state)
{
    struct pair *pair = pair_new(MFD_REV_11_1, 2);
    struct mfd_sender_config config = pair->sending;

    (void)state;
    config.method = MFD_FLAG_QATZIP;
    assert_int_equal(mfd_sender_run(&config, &pair->sent), ENOTSUP);
    config.method = MFD_FLAG_ZLIB | MFD_FLAG_ZSTD;
    assert_int_equal(mfd_sender_run(&config, &pair->sent), EINVAL);
    config.method = MFD_FLAG_ZLIB;
    config.level = 10;
    assert_int_equal(mfd_sender_run(&config, &pair->sent), EINVAL);
    pair_free(pair);
}

static void a_foreign_uuid_fails_both_ends(void **state)
{
    struct pair *pair = pair_new(MFD_REV_10_0, 2);

    (void)state;
    pair->sending.uuid[3] = 1;
    migrate(pair);
    assert_false(pair->sent.completed);
    assert_false(pair->received.completed);
    assert_int_equal(pair->received.failure.finding.rule, MFD_INIT_004);
    pair_free(pair);
}

static void a_receiver_that_lacks_a_block_fails_both_ends(void **state)
{
    struct pair *pair = pair_new(MFD_REV_10_0, 4);

    (void)state;
    pair->to.table.count = 2;
    migrate(pair);
    assert_false(pair->sent.completed);
    assert_int_equal(pair->received.failure.finding.rule, MFD_MAIN_020);
    assert_string_equal(pair->received.failure.connection, "main");
    pair->to.table.count = 3;
    pair_free(pair);
}

static int creations_left;

static int create_some(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                       void *arg)
{
    return creations_left-- > 0 ? pthread_create(thread, attr, start, arg) : EAGAIN;
}

/* Runs the sender against connections that nobody reads. */
static void send_to_nobody(struct pair *pair)
{
    for (unsigned i = 0; i <= pair->sending.channels; i++) {
        pair->fds[i] = dial(pair);
    }
    pair->sending.fds = pair->fds;
    assert_int_equal(mfd_sender_run(&pair->sending, &pair->sent), 0);
    for (unsigned i = 0; i <= pair->sending.channels; i++) {
        close(pair->fds[i]);
    }
    assert_false(pair->sent.completed);
    assert_int_equal(pair->sent.threads_created, pair->sent.threads_joined);
}

static void a_sender_that_cannot_create_a_thread_fails_cleanly(void **state)
{
    (void)state;
    for (int good = 0; good < 4; good++) {
        struct pair *pair = pair_new(MFD_REV_10_0, 4);

        creations_left = good;
        pair->sending.create = create_some;
        send_to_nobody(pair);
        assert_int_equal(pair->sent.failure.error, EAGAIN);
        assert_int_equal(pair->sent.threads_created, good);
        pair_free(pair);
    }
}

static void a_sender_gives_up_on_a_receiver_that_stalls(void **state)
{
    struct pair *pair = pair_new(MFD_REV_10_0, 2);

    (void)state;
    pair->sending.stall_ms = 20;
    send_to_nobody(pair);
    assert_int_equal(pair->sent.failure.error, ETIMEDOUT);
    pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_arrives_over_any_number_of_channels),
        cmocka_unit_test(memory_arrives_in_every_revision_sync_and_zero_mode),
        cmocka_unit_test(several_passes_have_a_sync_point_each),
        cmocka_unit_test(it_works_without_a_return_path),
        cmocka_unit_test(other_page_sizes_work),
        cmocka_unit_test(memory_arrives_by_every_method),
        cmocka_unit_test(compression_makes_text_smaller_by_every_level),
        cmocka_unit_test(different_methods_fail_both_ends),
        cmocka_unit_test(a_configuration_without_sense_is_refused),
        cmocka_unit_test(a_foreign_uuid_fails_both_ends),
        cmocka_unit_test(a_receiver_that_lacks_a_block_fails_both_ends),
        cmocka_unit_test(a_sender_that_cannot_create_a_thread_fails_cleanly),
        cmocka_unit_test(a_sender_gives_up_on_a_receiver_that_stalls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
