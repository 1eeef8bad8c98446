// SPDX-License-Identifier: GPL-2.0-or-later
#define METHOD MFD_FLAG_ZSTD
#define ONE MFD_PAY_005
#define BLOCK "\x08\x00\x00!"

#include "stream_test.h"

#include "codec.h"
#include "method_zstd.h"

#include <zstd.h>

static void only_the_first_payload_has_a_magic(void **state)
{
    struct test_channel channel = test_open(METHOD, 1, PAGE);
    uint8_t page[PAGE];

    (void)state;
    test_fill(page, PAGE, 1);
    for (unsigned i = 0; i < 5; i++) {
        struct iovec payload = test_encode(channel.encoder, page, PAGE, false);

        assert_true((memcmp(payload.iov_base, "\x28\xb5\x2f\xfd", 4) == 0) == (i == 0));
        free(payload.iov_base);
    }
    test_close(channel);
}

/* A frame of that window, then one raw block of a page, for a decoder with room for `room` bytes. */
static bool decode_window(unsigned log, uint64_t room, size_t *grown)
{
    struct mfd_decoder *decoder = NULL;
    struct mfd_finding finding;
    uint8_t out[PAGE];
    uint8_t payload[9 + PAGE] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, (uint8_t)((log - 10) << 3),
                                 0x00, 0x80, 0x00};
    size_t before = 0;
    bool good = false;

    assert_int_equal(mfd_method_window(METHOD, payload, sizeof(payload)), (uint64_t)1 << log);
    assert_int_equal(mfd_decoder_open_window(&decoder, METHOD, PAGE, room), 0);
    before = ZSTD_sizeof_DCtx(*(ZSTD_DCtx **)decoder->state);
    good = test_decode(decoder, payload, sizeof(payload), out, PAGE, &finding);
    assert_true(good || finding.rule == MFD_PAY_010);
    *grown = ZSTD_sizeof_DCtx(*(ZSTD_DCtx **)decoder->state) - before;
    mfd_decoder_close(decoder);
    return good;
}

static void no_window_makes_the_decoder_allocate(void **state)
{
    (void)state;
    for (unsigned log = 12; log <= 41; log++) {
        size_t grown = 1;

        assert_true(decode_window(log, MFD_ZSTD_WINDOW_MAX, &grown) == (log <= 25));
        assert_int_equal(grown, 0);
    }
}

static void a_window_is_taken_that_fits_the_room_made_for_it(void **state)
{
    (void)state;
    for (unsigned log = 12; log <= 25; log++) {
        uint64_t window = (uint64_t)1 << log;
        size_t grown = 1;

        assert_true(decode_window(log, window, &grown));
        assert_int_equal(grown, 0);
        assert_true(decode_window(log, window - window / 8, &grown));
        assert_false(decode_window(log, window / 2, &grown));
        assert_int_equal(grown, 0);
    }
}

static void the_window_of_a_stream_shows_in_its_first_bytes(void **state)
{
    static const uint8_t eighths[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, (11 - 10) << 3 | 3};
    /* of one segment: sizes of 1 byte, of 2 behind the id of a dictionary, of 4 */
    static const uint8_t one[] = {0x28, 0xb5, 0x2f, 0xfd, 0x20, 200};
    static const uint8_t two[] = {0x28, 0xb5, 0x2f, 0xfd, 0x61, 9, 0x01, 0x02};
    static const uint8_t four[] = {0x28, 0xb5, 0x2f, 0xfd, 0xa0, 1, 2, 3, 4};
    struct test_channel channel = test_open(METHOD, 1, PAGE);
    uint8_t page[PAGE] = {1};
    struct iovec payload = test_encode(channel.encoder, page, PAGE, false);

    (void)state;
    assert_int_equal(mfd_method_window(METHOD, eighths, sizeof(eighths)), 2048 + 3 * 256);
    assert_int_equal(mfd_method_window(METHOD, one, sizeof(one)), 200);
    assert_int_equal(mfd_method_window(METHOD, two, sizeof(two)), 0x201 + 256);
    assert_int_equal(mfd_method_window(METHOD, four, sizeof(four)), 0x04030201);
    assert_int_equal(mfd_method_window(METHOD, one, 5), 0);
    assert_int_equal(mfd_method_window(METHOD, page, PAGE), 0);
    assert_int_equal(mfd_method_window(MFD_FLAG_ZLIB, one, sizeof(one)), 0);
    /* of a sender's lowest level */
    assert_int_equal(mfd_method_window(METHOD, payload.iov_base, payload.iov_len), 1 << 19);
    free(payload.iov_base);
    test_close(channel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STREAM_TESTS,
        cmocka_unit_test(only_the_first_payload_has_a_magic),
        cmocka_unit_test(no_window_makes_the_decoder_allocate),
        cmocka_unit_test(a_window_is_taken_that_fits_the_room_made_for_it),
        cmocka_unit_test(the_window_of_a_stream_shows_in_its_first_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
