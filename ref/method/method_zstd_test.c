// SPDX-License-Identifier: GPL-2.0-or-later
#define METHOD MFD_FLAG_ZSTD
#define ONE MFD_PAY_005
#define BLOCK "\x08\x00\x00!"

#include "stream_test.h"

#include "codec.h"

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

/* A frame of that window, then one raw block of a page. */
static bool decode_window(unsigned log, size_t *grown)
{
    struct mfd_decoder *decoder = NULL;
    struct mfd_finding finding;
    uint8_t out[PAGE];
    uint8_t payload[9 + PAGE] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, (uint8_t)((log - 10) << 3),
                                 0x00, 0x80, 0x00};
    size_t before = 0;
    bool good = false;

    assert_int_equal(mfd_decoder_open(&decoder, METHOD, PAGE), 0);
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

        assert_true(decode_window(log, &grown) == (log <= 25));
        assert_int_equal(grown, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STREAM_TESTS,
        cmocka_unit_test(only_the_first_payload_has_a_magic),
        cmocka_unit_test(no_window_makes_the_decoder_allocate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
