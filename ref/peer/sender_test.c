// SPDX-License-Identifier: GPL-2.0-or-later
#include "sender.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "test_pair.h"

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
            struct pair *pair = pair_new_sized((enum mfd_rev)rev, 3, 1u << 20);

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

/* From one page, and around what one packet or a round of all channels holds. */
static void memory_of_any_size_arrives(void **state)
{
    static const unsigned pages[] = {1, 2, 3, 127, 128, 129, 511, 512, 513};

    (void)state;
    for (int zero = 0; zero <= MFD_ZERO_NONE; zero++) {
        for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
            struct pair *pair = pair_new_sized(MFD_REV_11_1, 4, pages[i] * PAGE);

            pair->from.table.count = pair->to.table.count = 1;
            pair->sending.zero = (enum mfd_zero)zero;
            migrate(pair);
            assert_completed(pair);
            assert_int_equal(pair->sent.normal_pages + pair->sent.zero_pages, pages[i]);
            pair->from.table.count = pair->to.table.count = 3;
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
    static const unsigned counts[] = {1, 2, 4, 16, 255};

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
        cmocka_unit_test(memory_of_any_size_arrives),
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
