// SPDX-License-Identifier: GPL-2.0-or-later
/* Channels with compressed payload. */
#include "conn.h"

#include "test_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MEMORY (16u * TEST_PAGE)

static const uint32_t methods[] = {MFD_FLAG_ZLIB, MFD_FLAG_ZSTD, MFD_FLAG_QPL, MFD_FLAG_UADK};

#define METHODS (sizeof(methods) / sizeof(methods[0]))

/* A guest, a channel with one method, and the stream of a sender for it. */
struct rig {
    struct mfd_guest guest;
    struct mfd_conn_setup setup;
    struct mfd_encoder *encoder;
    struct test_bytes bytes;
    uint8_t meant[MEMORY]; /* memory as the sender means it */
    size_t packet;         /* where the last packet starts */
    struct mfd_conn conn;
};

static struct rig *rig_new(uint32_t method)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    struct mfd_guest_block block = {TEST_BLOCK, MEMORY, MEMORY, false};

    assert_non_null(rig);
    mfd_guest_init(&rig->guest);
    assert_int_equal(mfd_guest_add_anonymous(&rig->guest, &block), 0);
    rig->setup = (struct mfd_conn_setup){
        .check = {.rev = MFD_REV_11_1,
                  .page_size = TEST_PAGE,
                  .channels = 2,
                  .uuid = test_no_uuid,
                  .method = method,
                  .ram = &rig->guest.table},
        .guest = &rig->guest,
    };
    assert_int_equal(mfd_encoder_open(&rig->encoder, method, 1, TEST_PAGE), 0);
    test_put_hello(&rig->bytes, 0);
    return rig;
}

static void rig_free(struct rig *rig)
{
    mfd_encoder_close(rig->encoder);
    mfd_guest_free(&rig->guest);
    free(rig);
}

/* A packet of pages from `first` on, with `zero` of them behind the normal ones. */
static void put_packet(struct rig *rig, unsigned first, unsigned normal, unsigned zero)
{
    struct test_bytes *b = &rig->bytes;
    struct iovec pages = {rig->meant + (size_t)first * TEST_PAGE, (size_t)normal * TEST_PAGE};
    struct iovec payload = {NULL, 0};

    for (size_t i = 0; i < pages.iov_len; i++) {
        ((uint8_t *)pages.iov_base)[i] = (uint8_t)(i % 251 * first + i / 300);
    }
    memset(rig->meant + (size_t)(first + normal) * TEST_PAGE, 0, (size_t)zero * TEST_PAGE);
    if (normal) {
        assert_int_equal(mfd_encoder_pages(rig->encoder, &pages, 1, &payload), 0);
    }
    rig->packet = b->len;
    test_put_packet(b, rig->setup.check.method, first, normal, zero, 0);
    b->len = rig->packet + TEST_PACKET;
    mfd_put32(b->data + rig->packet + MFD_PACKET_NEXT_SIZE, (uint32_t)payload.iov_len);
    if (payload.iov_len) {
        memcpy(b->data + b->len, payload.iov_base, payload.iov_len);
        b->len += payload.iov_len;
    }
}

static size_t store(struct mfd_conn *c, const uint8_t *bytes, size_t len)
{
    size_t pieces = 0;
    const struct iovec *want = mfd_conn_want(c, &pieces);
    size_t n = want->iov_len < len ? want->iov_len : len;

    assert_int_equal(pieces, 1);
    assert_true(want->iov_len > 0);
    memcpy(want->iov_base, bytes, n);
    return n;
}

/* The stream in reads of at most `most` bytes; how it ended, with the end of the connection as the last. */
static enum mfd_got run(struct rig *rig, size_t most)
{
    enum mfd_got got = MFD_GOT_MORE;

    memset(rig->guest.maps[0].base, 0xaa, MEMORY);
    assert_int_equal(mfd_conn_init(&rig->conn, &rig->setup), 0);
    for (size_t at = 0; at < rig->bytes.len && got != MFD_GOT_FINDING;) {
        size_t left = rig->bytes.len - at;
        size_t n = store(&rig->conn, rig->bytes.data + at, left < most ? left : most);

        at += n;
        got = mfd_conn_got(&rig->conn, n);
        while (got != MFD_GOT_MORE && got != MFD_GOT_FINDING) {
            got = mfd_conn_got(&rig->conn, 0);
        }
    }
    got = got == MFD_GOT_FINDING ? got : mfd_conn_eof(&rig->conn);
    mfd_conn_free(&rig->conn);
    return got;
}

static void assert_refused(struct rig *rig, enum mfd_rule rule)
{
    for (size_t most = 1; most < 1u << 20; most *= 40) {
        assert_int_equal(run(rig, most), MFD_GOT_FINDING);
        assert_string_equal(mfd_rule_info(rig->conn.finding.rule)->id, mfd_rule_info(rule)->id);
        assert_int_equal(rig->conn.at, rig->packet);
    }
}

static void pages_arrive_by_every_method_in_any_fragmentation(void **state)
{
    (void)state;
    for (size_t i = 0; i < METHODS; i++) {
        struct rig *rig = rig_new(methods[i]);

        memset(rig->meant, 0xaa, MEMORY);
        put_packet(rig, 0, 3, 0);
        test_put_sync(&rig->bytes);
        put_packet(rig, 5, 1, 2);
        put_packet(rig, 9, 0, 2); /* no payload at all */
        put_packet(rig, 2, 4, 0);
        test_put_sync(&rig->bytes);
        for (size_t most = 1; most < 1u << 17; most = most * 3 + 1) {
            assert_int_equal(run(rig, most), MFD_GOT_CLOSED);
            assert_memory_equal(rig->guest.maps[0].base, rig->meant, MEMORY);
            assert_int_equal(rig->conn.normal_pages, 8);
            assert_int_equal(rig->conn.zero_pages, 4);
        }
        rig_free(rig);
    }
}

/* Pages before 9.0 have stale sizes in packets that list nothing. */
static void a_packet_without_pages_has_no_payload_whatever_its_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rig *rig = rig_new(methods[i]);

        rig->setup.check.rev = MFD_REV_7_2;
        memset(rig->meant, 0xaa, MEMORY);
        put_packet(rig, 0, 1, 0);
        test_put_sync(&rig->bytes);
        mfd_put32(rig->bytes.data + rig->bytes.len - TEST_PACKET + MFD_PACKET_NEXT_SIZE, 77);
        put_packet(rig, 1, 1, 0);
        assert_int_equal(run(rig, SIZE_MAX), MFD_GOT_CLOSED);
        assert_memory_equal(rig->guest.maps[0].base, rig->meant, MEMORY);
        rig_free(rig);
    }
}

static void a_size_that_is_too_large_is_refused_before_any_payload(void **state)
{
    (void)state;
    for (size_t i = 0; i < METHODS; i++) {
        struct rig *rig = rig_new(methods[i]);

        put_packet(rig, 0, 1, 0);
        rig->bytes.len = rig->packet + TEST_PACKET;
        mfd_put32(rig->bytes.data + rig->packet + MFD_PACKET_NEXT_SIZE, MFD_COMPRESSED_MAX + 1);
        assert_refused(rig, methods[i] < MFD_FLAG_QPL ? MFD_PAY_008 : MFD_PAY_014);
        assert_int_equal(rig->conn.finding.offset, MFD_PACKET_NEXT_SIZE);
        rig_free(rig);
    }
}

static void pages_without_payload_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < METHODS; i++) {
        struct rig *rig = rig_new(methods[i]);

        put_packet(rig, 0, 1, 0);
        rig->bytes.len = rig->packet + TEST_PACKET;
        mfd_put32(rig->bytes.data + rig->packet + MFD_PACKET_NEXT_SIZE, 0);
        assert_refused(rig, methods[i] < MFD_FLAG_QPL ? MFD_PAY_011 : MFD_PAY_014);
        rig_free(rig);
    }
}

static void a_second_stream_is_refused_where_it_starts(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rig *rig = rig_new(methods[i]);

        put_packet(rig, 0, 1, 0);
        mfd_encoder_restart(rig->encoder);
        put_packet(rig, 1, 1, 0);
        assert_refused(rig, i == 0 ? MFD_PAY_003 : MFD_PAY_005);
        assert_true(rig->conn.finding.offset >= TEST_PACKET);
        assert_true(rig->conn.finding.offset < rig->bytes.len - rig->packet);
        rig_free(rig);
    }
}

static void a_page_more_or_less_than_listed_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < METHODS; i++) {
        bool table = methods[i] >= MFD_FLAG_QPL;
        struct rig *rig = rig_new(methods[i]);

        put_packet(rig, 0, 2, 0);
        mfd_put32(rig->bytes.data + rig->packet + MFD_PACKET_NORMAL_PAGES, 3);
        assert_refused(rig, table ? MFD_PAY_014 : MFD_PAY_011);
        mfd_put32(rig->bytes.data + rig->packet + MFD_PACKET_NORMAL_PAGES, 1);
        assert_refused(rig, table ? MFD_PAY_014 : MFD_PAY_012);
        rig_free(rig);
    }
}

static void a_connection_that_ends_within_the_payload_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < METHODS; i++) {
        struct rig *rig = rig_new(methods[i]);
        size_t whole = 0;

        put_packet(rig, 0, 2, 0);
        whole = rig->bytes.len - rig->packet;
        /* at each byte of the header, once: it knows of no method; a prime number visits each place in a table's words */
        for (size_t left = whole - 1, step = 61; left > step; left -= step) {
            step = i == 0 && left <= TEST_PACKET + 61 ? 1 : 61;
            rig->bytes.len = rig->packet + left;
            assert_int_equal(run(rig, SIZE_MAX), MFD_GOT_FINDING);
            assert_int_equal(rig->conn.finding.rule, MFD_PAY_019);
            assert_int_equal(rig->conn.finding.got, rig->bytes.len - rig->packet);
            if (rig->bytes.len >= rig->packet + TEST_PACKET) {
                assert_int_equal(rig->conn.finding.want, whole);
            }
        }
        rig_free(rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_arrive_by_every_method_in_any_fragmentation),
        cmocka_unit_test(a_packet_without_pages_has_no_payload_whatever_its_size),
        cmocka_unit_test(a_size_that_is_too_large_is_refused_before_any_payload),
        cmocka_unit_test(pages_without_payload_are_refused),
        cmocka_unit_test(a_second_stream_is_refused_where_it_starts),
        cmocka_unit_test(a_page_more_or_less_than_listed_is_refused),
        cmocka_unit_test(a_connection_that_ends_within_the_payload_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
