// SPDX-License-Identifier: GPL-2.0-or-later
/* What the tests of the methods share: pages, payloads, and both ends of a channel. */
#ifndef MFD_METHOD_TEST_H
#define MFD_METHOD_TEST_H

#include "method.h"
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGE 4096u

/* Text with repetitions in it, of another kind for each seed; every fifth is noise. */
static inline void test_fill(uint8_t *to, size_t size, unsigned seed)
{
    uint32_t x = seed * 2654435761u + 1;

    for (size_t i = 0; i < size; i++) {
        x = x * 1664525u + 1013904223u;
        to[i] = seed % 5 == 0 ? (uint8_t)(x >> 24) : (uint8_t)((i / 7 + seed) % 61 + (x >> 30));
    }
}

/* The two ends of one channel. */
struct test_channel {
    struct mfd_encoder *encoder;
    struct mfd_decoder *decoder;
};

static inline struct test_channel test_open(uint32_t method, int level, uint32_t page_size)
{
    struct test_channel channel;

    assert_int_equal(mfd_encoder_open(&channel.encoder, method, level, page_size), 0);
    assert_int_equal(mfd_decoder_open(&channel.decoder, method, page_size), 0);
    return channel;
}

static inline void test_close(struct test_channel channel)
{
    mfd_encoder_close(channel.encoder);
    mfd_decoder_close(channel.decoder);
}

/* Both payloads one behind the other, in memory that the caller frees. */
static inline uint8_t *test_join(struct iovec a, const void *b, size_t len)
{
    uint8_t *all = malloc(a.iov_len + len);

    assert_non_null(all);
    memcpy(all, a.iov_base, a.iov_len);
    memcpy(all + a.iov_len, b, len);
    return all;
}

/* The payload of `size` bytes of pages at `pages`, with the end of the stream if so asked, in a copy that
 * the caller frees. */
static inline struct iovec test_encode(struct mfd_encoder *encoder, uint8_t *pages, size_t size,
                                       bool finish)
{
    struct iovec piece = {pages, size};
    struct iovec payload;
    struct iovec all;

    assert_int_equal(mfd_encoder_pages(encoder, &piece, 1, &payload), 0);
    all = (struct iovec){test_join(payload, "", 0), payload.iov_len};
    if (finish) {
        uint8_t *first = all.iov_base;

        assert_int_equal(mfd_encoder_finish(encoder, &payload), 0);
        all.iov_base = test_join(all, payload.iov_base, payload.iov_len);
        all.iov_len += payload.iov_len;
        free(first);
    }
    return all;
}

/* Decodes one payload into `size` bytes of pages. */
static inline bool test_decode(struct mfd_decoder *decoder, const uint8_t *payload, size_t len,
                               uint8_t *pages, size_t size, struct mfd_finding *finding)
{
    struct iovec in = {(uint8_t *)payload, len};
    struct iovec out = {pages, size};

    *finding = (struct mfd_finding){0};
    return mfd_decoder_pages(decoder, &in, 1, &out, 1, finding);
}

/* The payload is refused by that rule. */
static inline void test_refused(struct mfd_decoder *decoder, const uint8_t *payload, size_t len,
                                size_t size, enum mfd_rule rule)
{
    struct mfd_finding finding;
    uint8_t *pages = malloc(size);

    assert_non_null(pages);
    if (test_decode(decoder, payload, len, pages, size, &finding)) {
        fail_msg("accepted, but breaks %s", mfd_rule_info(rule)->id);
    }
    assert_string_equal(mfd_rule_info(finding.rule)->id, mfd_rule_info(rule)->id);
    assert_true(finding.offset <= len);
    free(pages);
}

#endif
