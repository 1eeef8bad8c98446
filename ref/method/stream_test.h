// SPDX-License-Identifier: GPL-2.0-or-later
/* Tests that hold for zlib and for zstd; the file that includes this says which by METHOD and ONE. */
#ifndef MFD_STREAM_TEST_H
#define MFD_STREAM_TEST_H

#include "method_test.h"

static void payload_above_1_MiB_is_not_admitted(void **state)
{
    struct test_channel channel = test_open(METHOD, 1, PAGE);
    struct mfd_finding finding;

    (void)state;
    assert_true(mfd_decoder_admits(channel.decoder, 1, 0, &finding));
    assert_true(mfd_decoder_admits(channel.decoder, 1, MFD_COMPRESSED_MAX, &finding));
    assert_false(mfd_decoder_admits(channel.decoder, 1, MFD_COMPRESSED_MAX + 1, &finding));
    assert_int_equal(finding.rule, MFD_PAY_008);
    assert_int_equal(finding.got, MFD_COMPRESSED_MAX + 1);
    test_close(channel);
}

/* Decodes a good first packet and returns the payload of a second one, which the caller frees. */
static struct iovec second_payload(struct test_channel channel, bool restart, bool finish)
{
    uint8_t page[PAGE];
    uint8_t out[PAGE];
    struct mfd_finding finding;
    struct iovec first;

    test_fill(page, PAGE, 3);
    first = test_encode(channel.encoder, page, PAGE, false);
    assert_true(test_decode(channel.decoder, first.iov_base, first.iov_len, out, PAGE, &finding));
    free(first.iov_base);
    if (restart) {
        assert_true(mfd_encoder_restart(channel.encoder));
    }
    return test_encode(channel.encoder, page, PAGE, finish);
}

static void a_second_stream_is_refused(void **state)
{
    struct test_channel channel = test_open(METHOD, 1, PAGE);
    struct iovec payload = second_payload(channel, true, false);

    (void)state;
    test_refused(channel.decoder, payload.iov_base, payload.iov_len, PAGE, ONE);
    free(payload.iov_base);
    test_close(channel);
}

static void a_stream_that_ends_is_refused_at_once(void **state)
{
    struct test_channel channel = test_open(METHOD, 1, PAGE);
    struct iovec payload = second_payload(channel, false, true);

    (void)state;
    test_refused(channel.decoder, payload.iov_base, payload.iov_len, PAGE, MFD_PAY_010);
    free(payload.iov_base);
    test_close(channel);
}

static void a_stream_that_ends_within_the_pages_is_refused(void **state)
{
    struct test_channel channel = test_open(METHOD, 1, PAGE);
    struct iovec payload = second_payload(channel, false, true);

    (void)state;
    test_refused(channel.decoder, payload.iov_base, payload.iov_len, 2 * PAGE, MFD_PAY_010);
    free(payload.iov_base);
    test_close(channel);
}

static void an_encoder_that_has_ended_its_stream_starts_a_new_one(void **state)
{
    struct test_channel channel = test_open(METHOD, 1, PAGE);
    struct mfd_decoder *other = NULL;
    struct mfd_finding finding;
    uint8_t page[PAGE];
    uint8_t out[PAGE];
    struct iovec payload;

    (void)state;
    test_fill(page, PAGE, 1);
    free(test_encode(channel.encoder, page, PAGE, true).iov_base);
    payload = test_encode(channel.encoder, page, PAGE, false);
    assert_int_equal(mfd_decoder_open(&other, METHOD, PAGE), 0);
    assert_true(test_decode(other, payload.iov_base, payload.iov_len, out, PAGE, &finding));
    assert_memory_equal(out, page, PAGE);
    free(payload.iov_base);
    mfd_decoder_close(other);
    test_close(channel);
}

static void garbage_is_refused_as_the_first_payload_and_later(void **state)
{
    static const uint8_t bytes[] = {0x00, 0xff, 'A', 0x55};

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(bytes); i++) {
        struct test_channel channel = test_open(METHOD, 1, PAGE);
        uint8_t garbage[100];

        memset(garbage, bytes[i / 2], sizeof(garbage));
        if (i % 2) {
            free(second_payload(channel, false, false).iov_base);
        }
        if (i / 2 == 0 && i % 2 && METHOD == MFD_FLAG_ZSTD) {
            /* zeros are empty blocks */
            test_refused(channel.decoder, garbage, 99, PAGE, MFD_PAY_011);
        } else {
            test_refused(channel.decoder, garbage, sizeof(garbage), PAGE, MFD_PAY_010);
        }
        test_close(channel);
    }
}

static void too_little_output_is_refused(void **state)
{
    struct test_channel channel = test_open(METHOD, 1, PAGE);
    struct iovec payload = second_payload(channel, false, false);
    struct mfd_finding finding;
    uint8_t out[3 * PAGE];

    (void)state;
    assert_false(test_decode(channel.decoder, payload.iov_base, payload.iov_len, out, sizeof(out),
                             &finding));
    assert_int_equal(finding.rule, MFD_PAY_011);
    assert_int_equal(finding.got, PAGE);
    assert_int_equal(finding.want, 3 * PAGE);
    free(payload.iov_base);
    test_close(channel);
}

static void a_page_without_payload_is_refused(void **state)
{
    struct test_channel channel = test_open(METHOD, 1, PAGE);

    (void)state;
    test_refused(channel.decoder, NULL, 0, PAGE, MFD_PAY_011);
    test_close(channel);
}

/* The payload of two pages where one is listed: nothing but output is wrong with it. */
static void a_valid_page_too_many_is_refused(void **state)
{
    struct test_channel channel = test_open(METHOD, 1, PAGE);
    uint8_t pages[2 * PAGE];
    struct iovec payload;

    (void)state;
    test_fill(pages, PAGE, 1);
    test_fill(pages + PAGE, PAGE, 1);
    payload = test_encode(channel.encoder, pages, sizeof(pages), false);
    test_refused(channel.decoder, payload.iov_base, payload.iov_len, PAGE, MFD_PAY_012);
    free(payload.iov_base);
    test_close(channel);
}

static void one_valid_byte_too_many_is_refused(void **state)
{
    struct test_channel channel = test_open(METHOD, 1, PAGE);
    struct iovec payload = second_payload(channel, false, false);

    (void)state;
    test_refused(channel.decoder, payload.iov_base, payload.iov_len, PAGE - 1, MFD_PAY_012);
    free(payload.iov_base);
    test_close(channel);
}

/* A block of one byte in the format of METHOD, behind the flush of the last page. */
static void a_block_behind_the_flush_is_refused(void **state)
{
    struct test_channel channel = test_open(METHOD, 1, PAGE);
    struct iovec payload = second_payload(channel, false, false);
    uint8_t *all = test_join(payload, BLOCK, sizeof(BLOCK) - 1);

    (void)state;
    test_refused(channel.decoder, all, payload.iov_len + sizeof(BLOCK) - 1, PAGE, MFD_PAY_012);
    free(all);
    free(payload.iov_base);
    test_close(channel);
}

static void invalid_bytes_behind_the_last_page_are_refused(void **state)
{
    struct test_channel channel = test_open(METHOD, 1, PAGE);
    struct iovec payload = second_payload(channel, false, false);
    uint8_t *all = test_join(payload, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);

    (void)state;
    test_refused(channel.decoder, all, payload.iov_len + 8, PAGE, MFD_PAY_012);
    free(all);
    free(payload.iov_base);
    test_close(channel);
}

#define STREAM_TESTS \
    cmocka_unit_test(payload_above_1_MiB_is_not_admitted), \
        cmocka_unit_test(a_second_stream_is_refused), \
        cmocka_unit_test(a_stream_that_ends_is_refused_at_once), \
        cmocka_unit_test(a_stream_that_ends_within_the_pages_is_refused), \
        cmocka_unit_test(an_encoder_that_has_ended_its_stream_starts_a_new_one), \
        cmocka_unit_test(garbage_is_refused_as_the_first_payload_and_later), \
        cmocka_unit_test(too_little_output_is_refused), \
        cmocka_unit_test(a_page_without_payload_is_refused), \
        cmocka_unit_test(a_valid_page_too_many_is_refused), \
        cmocka_unit_test(one_valid_byte_too_many_is_refused), \
        cmocka_unit_test(a_block_behind_the_flush_is_refused), \
        cmocka_unit_test(invalid_bytes_behind_the_last_page_are_refused)

#endif
