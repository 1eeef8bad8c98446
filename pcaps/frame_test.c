// SPDX-License-Identifier: GPL-2.0-or-later
#include "frame.h"

#include "wire_test.h"

#include <pcap/dlt.h>

#define ROOM 256
#define LEN 11 /* of the payload */

/* A segment with payload, behind `before` bytes of link header. */
struct sample {
    uint8_t bytes[ROOM];
    size_t len;
};

static struct sample sample_of(bool ipv6, const uint8_t *before, size_t before_len)
{
    struct mfd_endpoint from = {.ipv6 = ipv6, .address = {1, 2, 3, 4}, .port = 63501};
    struct mfd_endpoint to = {.ipv6 = ipv6, .address = {5, 6, 7, 8}, .port = 63500};
    struct mfd_segment segment = {.from = &from,
                                  .to = &to,
                                  .seq = 7,
                                  .ack = 9,
                                  .flags = MFD_TCP_ACK,
                                  .payload = (const uint8_t *)"hello world",
                                  .len = LEN};
    uint8_t packet[MFD_IP_PACKET_MAX];
    size_t len = mfd_segment_build(&segment, packet);
    struct sample sample = {.len = before_len + len};

    if (before_len) {
        memcpy(sample.bytes, before, before_len);
    }
    memcpy(sample.bytes + before_len, packet, len);
    return sample;
}

/* Parses a copy of exactly the right size. */
static enum mfd_frame_kind parse(int link, const struct sample *sample, size_t captured,
                                 struct mfd_tcp_frame *tcp)
{
    uint8_t *copy = malloc(captured + !captured);
    enum mfd_frame_kind kind = MFD_FRAME_OTHER;

    memcpy(copy, sample->bytes, captured);
    kind = mfd_frame_parse(link, copy, captured, sample->len, tcp);
    free(copy);
    return kind;
}

static const struct link_row {
    int link;
    bool ipv6;
    size_t len;
    uint8_t header[24];
} rows[] = {
    {DLT_RAW, false, 0, {0}},
    {DLT_RAW, true, 0, {0}},
    {DLT_IPV4, false, 0, {0}},
    {DLT_IPV6, true, 0, {0}},
    {DLT_NULL, false, 4, {2, 0, 0, 0}},
    {DLT_NULL, true, 4, {0, 0, 0, 30}},
    {DLT_LOOP, true, 4, {0, 0, 0, 24}},
    {DLT_EN10MB, false, 14, {[12] = 0x08, 0x00}},
    {DLT_EN10MB, true, 14, {[12] = 0x86, 0xdd}},
    {DLT_EN10MB, false, 18, {[12] = 0x81, 0x00, 0, 5, 0x08, 0x00}},
    {DLT_EN10MB, true, 22, {[12] = 0x88, 0xa8, 0, 5, 0x81, 0x00, 0, 6, 0x86, 0xdd}},
    {DLT_LINUX_SLL, false, 16, {[14] = 0x08, 0x00}},
    {DLT_LINUX_SLL, true, 20, {[14] = 0x81, 0x00, 0, 5, 0x86, 0xdd}},
    {DLT_LINUX_SLL2, false, 20, {0x08, 0x00}},
};

static void a_segment_is_found_behind_each_link_header(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sample sample = sample_of(rows[i].ipv6, rows[i].header, rows[i].len);
        struct mfd_tcp_frame tcp;

        assert_true(mfd_frame_link_known(rows[i].link));
        assert_int_equal(parse(rows[i].link, &sample, sample.len, &tcp), MFD_FRAME_TCP);
        assert_int_equal(tcp.payload, sample.len - LEN);
        assert_int_equal(tcp.len, LEN);
        assert_int_equal(tcp.captured, LEN);
        assert_int_equal(tcp.seq, 7);
        assert_int_equal(tcp.ack, 9);
        assert_int_equal(tcp.flags, MFD_TCP_ACK);
        assert_int_equal(tcp.from.port, 63501);
        assert_int_equal(tcp.to.port, 63500);
        assert_int_equal(tcp.from.ipv6, rows[i].ipv6);
        assert_int_equal(tcp.from.address[3], 4);
        assert_int_equal(tcp.to.address[0], 5);
    }
}

/* Short within the headers, with less payload behind them; never more than was captured. */
static void a_frame_may_be_cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sample sample = sample_of(rows[i].ipv6, rows[i].header, rows[i].len);
        struct mfd_tcp_frame tcp;

        for (size_t captured = 0; captured <= sample.len; captured++) {
            enum mfd_frame_kind kind = parse(rows[i].link, &sample, captured, &tcp);

            if (captured < sample.len - LEN) {
                assert_int_equal(kind, MFD_FRAME_SHORT);
            } else {
                assert_int_equal(kind, MFD_FRAME_TCP);
                assert_int_equal(tcp.len, LEN);
                assert_int_equal(tcp.captured, captured - (sample.len - LEN));
            }
        }
    }
}

static void what_ethernet_adds_behind_a_packet_is_no_payload(void **state)
{
    struct sample sample = sample_of(false, rows[7].header, 14);
    struct mfd_tcp_frame tcp;

    (void)state;
    sample.len += 6;
    assert_int_equal(parse(DLT_EN10MB, &sample, sample.len, &tcp), MFD_FRAME_TCP);
    assert_int_equal(tcp.len, LEN);
    assert_int_equal(tcp.captured, LEN);
}

/* Offloading leaves 0 as the length of a packet that is to be cut up later. */
static void a_length_of_zero_is_the_whole_frame(void **state)
{
    struct sample four = sample_of(false, NULL, 0);
    struct sample six = sample_of(true, NULL, 0);
    struct mfd_tcp_frame tcp;

    (void)state;
    memset(four.bytes + 2, 0, 2);
    memset(six.bytes + 4, 0, 2);
    assert_int_equal(parse(DLT_RAW, &four, four.len, &tcp), MFD_FRAME_TCP);
    assert_int_equal(tcp.len, LEN);
    assert_int_equal(parse(DLT_RAW, &six, six.len, &tcp), MFD_FRAME_TCP);
    assert_int_equal(tcp.len, LEN);
}

/* `header` goes between the IPv6 header and TCP. */
static struct sample with_extension(uint8_t type, const uint8_t *header, size_t len)
{
    struct sample sample = sample_of(true, NULL, 0);

    memmove(sample.bytes + 40 + len, sample.bytes + 40, sample.len - 40);
    memcpy(sample.bytes + 40, header, len);
    sample.bytes[6] = type;
    sample.bytes[5] = (uint8_t)(sample.bytes[5] + len);
    sample.len += len;
    return sample;
}

static void extension_headers_are_passed(void **state)
{
    static const struct {
        uint8_t type;
        size_t len;
        uint8_t header[16];
    } extensions[] = {
        {0, 8, {6, 0}}, {60, 16, {6, 1}}, {43, 8, {6, 0}}, {51, 12, {6, 1}}, {44, 8, {6, 0, 0, 0}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(extensions); i++) {
        struct sample sample =
            with_extension(extensions[i].type, extensions[i].header, extensions[i].len);
        struct mfd_tcp_frame tcp;

        assert_int_equal(parse(DLT_RAW, &sample, sample.len, &tcp), MFD_FRAME_TCP);
        assert_int_equal(tcp.len, LEN);
        for (size_t captured = 0; captured < sample.len - LEN; captured++) {
            assert_int_equal(parse(DLT_RAW, &sample, captured, &tcp), MFD_FRAME_SHORT);
        }
    }
}

static void fragments_are_told(void **state)
{
    const uint8_t header[8] = {6, 0, 0, 1};
    struct sample four = sample_of(false, NULL, 0);
    struct sample six = with_extension(44, header, sizeof(header));
    struct mfd_tcp_frame tcp;

    (void)state;
    four.bytes[6] = 0x20;
    assert_int_equal(parse(DLT_RAW, &four, four.len, &tcp), MFD_FRAME_FRAGMENT);
    assert_int_equal(parse(DLT_RAW, &six, six.len, &tcp), MFD_FRAME_FRAGMENT);
}

static void lengths_that_cannot_be_are_damage(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } wrong[] = {{0, 0x44}, {3, 19}, {3, 0xff}, {3, 30}, {32, 0x40}, {32, 0xf0}};
    struct mfd_tcp_frame tcp;

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct sample sample = sample_of(false, NULL, 0);

        sample.bytes[wrong[i].at] = wrong[i].value;
        assert_int_equal(parse(DLT_RAW, &sample, sample.len, &tcp), MFD_FRAME_DAMAGED);
    }
}

static void what_is_not_tcp_is_passed_over(void **state)
{
    struct sample udp = sample_of(false, NULL, 0);
    struct sample icmp = sample_of(true, NULL, 0);
    struct sample arp = sample_of(false, (const uint8_t[14]){[12] = 0x08, 0x06}, 14);
    struct sample version = sample_of(false, NULL, 0);
    struct mfd_tcp_frame tcp;

    (void)state;
    udp.bytes[9] = 17;
    icmp.bytes[6] = 58;
    version.bytes[0] = 0x55;
    assert_int_equal(parse(DLT_RAW, &udp, udp.len, &tcp), MFD_FRAME_OTHER);
    assert_int_equal(parse(DLT_RAW, &icmp, icmp.len, &tcp), MFD_FRAME_OTHER);
    assert_int_equal(parse(DLT_EN10MB, &arp, arp.len, &tcp), MFD_FRAME_OTHER);
    assert_int_equal(parse(DLT_RAW, &version, version.len, &tcp), MFD_FRAME_OTHER);
    assert_false(mfd_frame_link_known(DLT_IEEE802_11));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_segment_is_found_behind_each_link_header),
        cmocka_unit_test(a_frame_may_be_cut_anywhere),
        cmocka_unit_test(what_ethernet_adds_behind_a_packet_is_no_payload),
        cmocka_unit_test(a_length_of_zero_is_the_whole_frame),
        cmocka_unit_test(extension_headers_are_passed),
        cmocka_unit_test(fragments_are_told),
        cmocka_unit_test(lengths_that_cannot_be_are_damage),
        cmocka_unit_test(what_is_not_tcp_is_passed_over),
    };
    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
