// SPDX-License-Identifier: GPL-2.0-or-later
#define METHOD MFD_FLAG_ZLIB
#define ONE MFD_PAY_003
#define BLOCK "\x00\x01\x00\xfe\xff!"

#include "stream_test.h"

static void only_the_first_payload_has_a_header_and_each_ends_on_a_flush(void **state)
{
    struct test_channel channel = test_open(METHOD, 1, PAGE);
    uint8_t page[PAGE];

    (void)state;
    test_fill(page, PAGE, 1);
    for (unsigned i = 0; i < 5; i++) {
        struct iovec payload = test_encode(channel.encoder, page, PAGE, false);
        const uint8_t *bytes = payload.iov_base;

        assert_true((bytes[0] == 0x78 && bytes[1] == 0x01) == (i == 0));
        assert_memory_equal(bytes + payload.iov_len - 4, "\x00\x00\xff\xff", 4);
        free(payload.iov_base);
    }
    test_close(channel);
}

static void a_stream_with_a_dictionary_is_refused(void **state)
{
    struct test_channel channel = test_open(METHOD, 1, PAGE);

    (void)state;
    test_refused(channel.decoder, (const uint8_t *)"\x78\x20\x00\x00\x00\x01\x00\x00", 8, PAGE,
                 MFD_PAY_010);
    test_close(channel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STREAM_TESTS,
        cmocka_unit_test(only_the_first_payload_has_a_header_and_each_ends_on_a_flush),
        cmocka_unit_test(a_stream_with_a_dictionary_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
