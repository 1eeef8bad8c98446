// SPDX-License-Identifier: GPL-2.0-or-later
#include "method_test.h"

#include <errno.h>

static const uint32_t both[] = {MFD_FLAG_QPL, MFD_FLAG_UADK};

/* One page, compressible or not, as payload; the caller frees it. */
static struct iovec one_page(uint32_t method, unsigned seed)
{
    struct test_channel channel = test_open(method, 1, PAGE);
    uint8_t page[PAGE];
    struct iovec payload;

    test_fill(page, PAGE, seed);
    payload = test_encode(channel.encoder, page, PAGE, false);
    test_close(channel);
    return payload;
}

static void refused(uint32_t method, const uint8_t *payload, size_t len, size_t size,
                    enum mfd_rule rule)
{
    struct test_channel channel = test_open(method, 1, PAGE);

    test_refused(channel.decoder, payload, len, size, rule);
    test_close(channel);
}

static void a_page_that_does_not_shrink_is_stored_as_it_is(void **state)
{
    uint8_t page[PAGE];

    (void)state;
    test_fill(page, PAGE, 0);
    for (size_t i = 0; i < 2; i++) {
        struct iovec payload = one_page(both[i], 0);

        assert_int_equal(payload.iov_len, 4 + PAGE);
        assert_int_equal(mfd_get32(payload.iov_base), PAGE);
        assert_memory_equal((uint8_t *)payload.iov_base + 4, page, PAGE);
        free(payload.iov_base);
    }
}

static void only_uadk_has_the_header_of_zlib(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct iovec payload = one_page(both[i], 1);

        assert_int_equal(mfd_get32(payload.iov_base), payload.iov_len - 4);
        assert_true((((uint8_t *)payload.iov_base)[4] == 0x78) == (both[i] == MFD_FLAG_UADK));
        free(payload.iov_base);
    }
}

static void equal_pages_have_equal_payloads_in_every_packet(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct test_channel channel = test_open(both[i], 1, PAGE);
        uint8_t page[PAGE];
        struct iovec first;
        struct iovec second;
        struct iovec end;

        test_fill(page, PAGE, 1);
        first = test_encode(channel.encoder, page, PAGE, false);
        second = test_encode(channel.encoder, page, PAGE, false);
        assert_int_equal(first.iov_len, second.iov_len);
        assert_memory_equal(first.iov_base, second.iov_base, first.iov_len);
        assert_false(mfd_encoder_restart(channel.encoder));
        assert_int_equal(mfd_encoder_finish(channel.encoder, &end), ENOTSUP);
        free(first.iov_base);
        free(second.iov_base);
        test_close(channel);
    }
}

static void only_sizes_that_a_table_can_describe_are_admitted(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct test_channel channel = test_open(both[i], 1, PAGE);
        struct mfd_finding finding;

        assert_true(mfd_decoder_admits(channel.decoder, 2, 9, &finding));
        assert_true(mfd_decoder_admits(channel.decoder, 2, 8 + 2 * PAGE, &finding));
        assert_false(mfd_decoder_admits(channel.decoder, 2, 8, &finding));
        assert_int_equal(finding.rule, MFD_PAY_014);
        assert_int_equal(finding.want, 9);
        assert_false(mfd_decoder_admits(channel.decoder, 2, 9 + 2 * PAGE, &finding));
        assert_int_equal(finding.want, 8 + 2 * PAGE);
        assert_false(mfd_decoder_admits(channel.decoder, 2, UINT32_MAX, &finding));
        test_close(channel);
    }
}

static void a_table_that_does_not_fit_is_refused(void **state)
{
    uint8_t payload[8 + 2 * PAGE] = {0};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        mfd_put32(payload, PAGE + 1); /* above a page */
        mfd_put32(payload + 4, PAGE - 1);
        refused(both[i], payload, sizeof(payload), 2 * PAGE, MFD_PAY_014);
        mfd_put32(payload, PAGE); /* less than is there */
        refused(both[i], payload, sizeof(payload), 2 * PAGE, MFD_PAY_014);
        mfd_put32(payload + 4, PAGE); /* more */
        refused(both[i], payload, sizeof(payload) - 1, 2 * PAGE, MFD_PAY_014);
        mfd_put32(payload, UINT32_MAX); /* a sum that wraps */
        mfd_put32(payload + 4, 9);
        refused(both[i], payload, 8 + 8, 2 * PAGE, MFD_PAY_014);
        refused(both[i], payload, 7, 2 * PAGE, MFD_PAY_014); /* no whole table */
        refused(both[i], payload, 0, 2 * PAGE, MFD_PAY_014);
    }
}

static void a_page_that_does_not_decode_to_a_page_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct test_channel half = test_open(both[i], 1, PAGE / 2);
        struct test_channel twice = test_open(both[i], 1, 2 * PAGE);
        uint8_t pages[2 * PAGE];
        struct iovec payload;

        memset(pages, 'x', sizeof(pages));
        payload = test_encode(half.encoder, pages, PAGE / 2, false);
        refused(both[i], payload.iov_base, payload.iov_len, PAGE, MFD_PAY_011);
        free(payload.iov_base);
        payload = test_encode(twice.encoder, pages, 2 * PAGE, false);
        refused(both[i], payload.iov_base, payload.iov_len, PAGE, MFD_PAY_012);
        free(payload.iov_base);
        test_close(half);
        test_close(twice);
    }
}

static void a_page_of_garbage_is_refused(void **state)
{
    uint8_t payload[4 + 100];

    (void)state;
    memset(payload, 0xff, sizeof(payload));
    mfd_put32(payload, 100);
    for (size_t i = 0; i < 2; i++) {
        refused(both[i], payload, sizeof(payload), PAGE, MFD_PAY_010);
        refused(both[i], (const uint8_t *)"\x00\x00\x00\x00", 4, PAGE, MFD_PAY_011);
    }
}

static void bytes_behind_the_end_of_a_page_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct iovec payload = one_page(both[i], 1);
        uint8_t *all = test_join(payload, "", 1);

        mfd_put32(all, mfd_get32(all) + 1);
        refused(both[i], all, payload.iov_len + 1, PAGE, MFD_PAY_012);
        free(all);
        free(payload.iov_base);
    }
}

/* Without its last byte the stream of a page has no end, though the page may be full. */
static void a_page_whose_stream_does_not_end_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct iovec payload = one_page(both[i], 1);

        mfd_put32(payload.iov_base, mfd_get32(payload.iov_base) - 1);
        refused(both[i], payload.iov_base, payload.iov_len - 1, PAGE, MFD_PAY_010);
        free(payload.iov_base);
    }
}

static void a_wrong_checksum_is_refused(void **state)
{
    struct iovec payload = one_page(MFD_FLAG_UADK, 1);

    (void)state;
    ((uint8_t *)payload.iov_base)[payload.iov_len - 1] ^= 1;
    refused(MFD_FLAG_UADK, payload.iov_base, payload.iov_len, PAGE, MFD_PAY_010);
    free(payload.iov_base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_that_does_not_shrink_is_stored_as_it_is),
        cmocka_unit_test(only_uadk_has_the_header_of_zlib),
        cmocka_unit_test(equal_pages_have_equal_payloads_in_every_packet),
        cmocka_unit_test(only_sizes_that_a_table_can_describe_are_admitted),
        cmocka_unit_test(a_table_that_does_not_fit_is_refused),
        cmocka_unit_test(a_page_that_does_not_decode_to_a_page_is_refused),
        cmocka_unit_test(a_page_of_garbage_is_refused),
        cmocka_unit_test(bytes_behind_the_end_of_a_page_are_refused),
        cmocka_unit_test(a_page_whose_stream_does_not_end_is_refused),
        cmocka_unit_test(a_wrong_checksum_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
