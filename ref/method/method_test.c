// SPDX-License-Identifier: GPL-2.0-or-later
#include "method_test.h"

#include <errno.h>

#define PACKETS 40
#define PAGES_MAX 128u

static const uint32_t all[] = {MFD_FLAG_ZLIB, MFD_FLAG_ZSTD, MFD_FLAG_QPL, MFD_FLAG_UADK};

#define METHODS (sizeof(all) / sizeof(all[0]))

static void methods_are_found_by_name_and_by_flag(void **state)
{
    (void)state;
    assert_int_equal(mfd_method_named("zstd")->flag, MFD_FLAG_ZSTD);
    assert_string_equal(mfd_method_info(MFD_FLAG_UADK)->name, "uadk");
    assert_string_equal(mfd_method_info(0)->name, "none");
    assert_null(mfd_method_named("lzma"));
    assert_null(mfd_method_info(MFD_FLAG_ZLIB | MFD_FLAG_ZSTD));
}

static void qatzip_is_known_but_not_there(void **state)
{
    struct mfd_encoder *encoder = NULL;
    struct mfd_decoder *decoder = NULL;

    (void)state;
    assert_false(mfd_method_named("qatzip")->there);
    assert_int_equal(mfd_encoder_open(&encoder, MFD_FLAG_QATZIP, 1, PAGE), ENOTSUP);
    assert_int_equal(mfd_decoder_open(&decoder, MFD_FLAG_QATZIP, PAGE), ENOTSUP);
    assert_null(encoder);
    assert_null(decoder);
}

static void what_is_no_method_or_no_level_is_not_opened(void **state)
{
    struct mfd_encoder *encoder = NULL;
    struct mfd_decoder *decoder = NULL;

    (void)state;
    assert_int_equal(mfd_encoder_open(&encoder, 0, 1, PAGE), EINVAL);
    assert_int_equal(mfd_decoder_open(&decoder, 0x06, PAGE), EINVAL);
    assert_int_equal(mfd_encoder_open(&encoder, MFD_FLAG_ZLIB, 10, PAGE), EINVAL);
    assert_int_equal(mfd_encoder_open(&encoder, MFD_FLAG_ZSTD, 21, PAGE), EINVAL);
    assert_int_equal(mfd_encoder_open(&encoder, MFD_FLAG_ZLIB, -2, PAGE), EINVAL);
    assert_null(encoder);
    mfd_encoder_close(encoder);
    mfd_decoder_close(decoder);
}

/* Every other page is a piece of its own, so that pieces and pages differ. */
static size_t split_pages(uint8_t *pages, size_t count, uint32_t page_size, struct iovec *pieces)
{
    size_t made = 0;

    for (size_t i = 0; i < count; i++) {
        if (made && i % 3) {
            pieces[made - 1].iov_len += page_size;
        } else {
            pieces[made++] = (struct iovec){pages + i * page_size, page_size};
        }
    }
    return made;
}

/* Cuts a payload into pieces of `step` bytes, with an empty piece now and then. */
static size_t cut(struct iovec payload, size_t step, struct iovec *pieces)
{
    size_t count = 0;

    for (size_t at = 0; at < payload.iov_len; at += step) {
        size_t left = payload.iov_len - at;

        if (count % 5 == 4) {
            pieces[count++] = (struct iovec){NULL, 0};
        }
        pieces[count++] =
            (struct iovec){(uint8_t *)payload.iov_base + at, left < step ? left : step};
    }
    return count;
}

/* One packet from end to end, its payload cut into pieces of `step` bytes. */
static void pass_packet(struct test_channel channel, uint8_t *pages, size_t count,
                        uint32_t page_size, size_t step)
{
    struct iovec from[PAGES_MAX];
    struct iovec to[PAGES_MAX];
    struct iovec payload;
    struct mfd_finding finding;
    uint8_t *copy = calloc(count, page_size);
    struct iovec *pieces = NULL;
    size_t n = 0;

    assert_non_null(copy);
    n = split_pages(pages, count, page_size, from);
    assert_int_equal(mfd_encoder_pages(channel.encoder, from, n, &payload), 0);
    assert_true(payload.iov_len <= MFD_COMPRESSED_MAX);
    assert_true(mfd_decoder_admits(channel.decoder, (uint32_t)count, payload.iov_len, &finding));
    pieces = calloc(payload.iov_len / step * 2 + 2, sizeof(*pieces));
    assert_non_null(pieces);
    assert_true(mfd_decoder_pages(channel.decoder, pieces, cut(payload, step, pieces), to,
                                  split_pages(copy, count, page_size, to), &finding));
    assert_memory_equal(copy, pages, count * page_size);
    free(pieces);
    free(copy);
}

static void pass_packets(uint32_t method, int level, uint32_t page_size, size_t step,
                         unsigned packets)
{
    struct test_channel channel = test_open(method, level, page_size);
    uint8_t *pages = malloc((size_t)PAGES_MAX * page_size);

    assert_non_null(pages);
    for (unsigned i = 0; i < packets; i++) {
        size_t most = mfd_slots(page_size) < PAGES_MAX ? mfd_slots(page_size) : PAGES_MAX;
        size_t count = 1 + i * 37 % most;

        for (size_t p = 0; p < count; p++) {
            test_fill(pages + p * page_size, page_size, (unsigned)(i * 3 + p));
        }
        pass_packet(channel, pages, count, page_size, step);
    }
    free(pages);
    test_close(channel);
}

static void pages_survive_many_packets_of_one_channel(void **state)
{
    (void)state;
    for (size_t i = 0; i < METHODS; i++) {
        pass_packets(all[i], MFD_LEVEL_DEFAULT, PAGE, MFD_COMPRESSED_MAX, PACKETS);
    }
}

static void a_payload_may_come_in_any_pieces(void **state)
{
    static const size_t steps[] = {1, 2, 3, 7, 64, 1000, 4096};

    (void)state;
    for (size_t i = 0; i < METHODS; i++) {
        for (size_t j = 0; j < sizeof(steps) / sizeof(steps[0]); j++) {
            pass_packets(all[i], MFD_LEVEL_DEFAULT, PAGE, steps[j], 8);
        }
    }
}

static void every_page_size_and_level_passes(void **state)
{
    (void)state;
    for (size_t i = 0; i < METHODS; i++) {
        for (uint32_t page_size = MFD_PAGE_SIZE_MIN; page_size <= MFD_PAGE_SIZE_MAX;
             page_size *= 2) {
            pass_packets(all[i], MFD_LEVEL_DEFAULT, page_size, 4096, 3);
        }
        for (int level = 0; level <= mfd_method_info(all[i])->level_max; level++) {
            pass_packets(all[i], level, PAGE, 4096, 2);
        }
    }
}

/* The largest packet of noise, which grows: level 0 stores it. */
static void a_full_packet_that_cannot_be_compressed_stays_in_bounds(void **state)
{
    uint8_t *pages = malloc(MFD_PACKET_SPAN);
    struct mfd_finding finding;

    (void)state;
    assert_non_null(pages);
    test_fill(pages, MFD_PACKET_SPAN, 0);
    for (size_t i = 0; i < METHODS; i++) {
        for (uint32_t page_size = MFD_PAGE_SIZE_MIN; page_size <= PAGE; page_size *= 16) {
            struct test_channel channel = test_open(all[i], 0, page_size);
            uint8_t *copy = malloc(MFD_PACKET_SPAN);
            struct iovec payload = test_encode(channel.encoder, pages, MFD_PACKET_SPAN, false);

            assert_non_null(copy);
            assert_true(payload.iov_len > MFD_PACKET_SPAN);
            assert_true(payload.iov_len <= MFD_COMPRESSED_MAX);
            assert_true(test_decode(channel.decoder, payload.iov_base, payload.iov_len, copy,
                                    MFD_PACKET_SPAN, &finding));
            assert_memory_equal(copy, pages, MFD_PACKET_SPAN);
            free(copy);
            free(payload.iov_base);
            test_close(channel);
        }
    }
    free(pages);
}

/* Whatever the bytes, pages get exactly their bytes and nothing beside them is touched. */
static void no_payload_writes_beside_the_pages(void **state)
{
    uint8_t page[PAGE];
    uint8_t memory[3 * PAGE];
    uint8_t untouched[PAGE];

    (void)state;
    memset(untouched, 0xa5, sizeof(untouched));
    test_fill(page, sizeof(page), 1);
    for (size_t i = 0; i < METHODS; i++) {
        struct test_channel channel = test_open(all[i], 1, PAGE);
        struct iovec payload = test_encode(channel.encoder, page, PAGE, false);

        for (size_t at = 0; at < payload.iov_len; at += 1 + at / 16) {
            struct mfd_decoder *decoder = NULL;
            struct mfd_finding finding;

            assert_int_equal(mfd_decoder_open(&decoder, all[i], PAGE), 0);
            ((uint8_t *)payload.iov_base)[at] ^= (uint8_t)(1u << at % 8);
            memset(memory, 0xa5, sizeof(memory));
            test_decode(decoder, payload.iov_base, payload.iov_len, memory + PAGE, PAGE, &finding);
            ((uint8_t *)payload.iov_base)[at] ^= (uint8_t)(1u << at % 8);
            assert_memory_equal(memory, untouched, PAGE);
            assert_memory_equal(memory + 2 * PAGE, untouched, PAGE);
            mfd_decoder_close(decoder);
        }
        free(payload.iov_base);
        test_close(channel);
    }
}

static void a_payload_that_ends_early_is_refused_wherever_it_ends(void **state)
{
    uint8_t pages[2 * PAGE];

    (void)state;
    test_fill(pages, PAGE, 0);
    test_fill(pages + PAGE, PAGE, 0);
    for (size_t i = 0; i < METHODS; i++) {
        struct test_channel channel = test_open(all[i], 1, PAGE);
        struct iovec payload = test_encode(channel.encoder, pages, sizeof(pages), false);

        for (size_t len = 0; len + 8 < payload.iov_len; len += 1 + len / 16) {
            struct mfd_decoder *decoder = NULL;
            struct mfd_finding finding;
            uint8_t out[2 * PAGE];

            assert_int_equal(mfd_decoder_open(&decoder, all[i], PAGE), 0);
            assert_false(test_decode(decoder, payload.iov_base, len, out, sizeof(out), &finding));
            assert_int_equal(finding.rule, all[i] < MFD_FLAG_QPL ? MFD_PAY_011 : MFD_PAY_014);
            mfd_decoder_close(decoder);
        }
        free(payload.iov_base);
        test_close(channel);
    }
}

static void padding_of_every_size_decodes_to_nothing(void **state)
{
    uint8_t page[PAGE];
    uint8_t pad[64];

    (void)state;
    test_fill(page, sizeof(page), 2);
    for (size_t i = 0; i < 2; i++) {
        for (size_t size = 20; size <= sizeof(pad); size++) {
            struct test_channel channel = test_open(all[i], 1, PAGE);
            struct iovec payload = test_encode(channel.encoder, page, PAGE, false);
            struct iovec next = test_encode(channel.encoder, page, PAGE, false);
            struct mfd_finding finding;
            uint8_t out[PAGE];
            uint8_t *padded = NULL;

            assert_true(mfd_method_pad(all[i], pad, size));
            padded = test_join(payload, pad, size);
            assert_true(
                test_decode(channel.decoder, padded, payload.iov_len + size, out, PAGE, &finding));
            assert_true(
                test_decode(channel.decoder, next.iov_base, next.iov_len, out, PAGE, &finding));
            assert_memory_equal(out, page, PAGE);
            free(padded);
            free(next.iov_base);
            free(payload.iov_base);
            test_close(channel);
        }
    }
}

static void padding_is_refused_where_there_is_none(void **state)
{
    uint8_t pad[8];

    (void)state;
    assert_true(mfd_method_pad(MFD_FLAG_ZLIB, pad, 0));
    assert_false(mfd_method_pad(MFD_FLAG_ZLIB, pad, 3));
    assert_false(mfd_method_pad(MFD_FLAG_ZSTD, pad, 2));
    assert_false(mfd_method_pad(MFD_FLAG_QPL, pad, 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(methods_are_found_by_name_and_by_flag),
        cmocka_unit_test(qatzip_is_known_but_not_there),
        cmocka_unit_test(what_is_no_method_or_no_level_is_not_opened),
        cmocka_unit_test(pages_survive_many_packets_of_one_channel),
        cmocka_unit_test(a_payload_may_come_in_any_pieces),
        cmocka_unit_test(every_page_size_and_level_passes),
        cmocka_unit_test(a_full_packet_that_cannot_be_compressed_stays_in_bounds),
        cmocka_unit_test(no_payload_writes_beside_the_pages),
        cmocka_unit_test(a_payload_that_ends_early_is_refused_wherever_it_ends),
        cmocka_unit_test(padding_of_every_size_decodes_to_nothing),
        cmocka_unit_test(padding_is_refused_where_there_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
