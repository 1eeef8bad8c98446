// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture_write.h"
#include "wire.h"

#include "wire_test.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>

#define TCP_AT 20u /* in a packet over IPv4 */

struct file {
    char *bytes;
    size_t len;
};

static struct mfd_event event_at(uint64_t time_ns, uint32_t connection, enum mfd_event_kind kind)
{
    return (struct mfd_event){.time_ns = time_ns, .connection = connection, .kind = kind};
}

static struct mfd_event data_at(uint64_t time_ns, const void *bytes, size_t len)
{
    struct mfd_event event = event_at(time_ns, 0, MFD_EVENT_DATA);

    event.bytes = bytes;
    event.len = len;
    return event;
}

static void write_events(const struct mfd_capture_options *options, const struct mfd_event *events,
                         size_t count, struct file *file)
{
    FILE *out = open_memstream(&file->bytes, &file->len);
    struct mfd_capture_writer *writer = mfd_capture_create(out, options);

    assert_non_null(writer);
    for (size_t i = 0; i < count; i++) {
        assert_true(mfd_capture_event(writer, &events[i]));
    }
    assert_true(mfd_capture_finish(writer));
    fclose(out);
}

/* Opens what was written by libpcap; frees the bytes. */
static pcap_t *open_file(struct file *file)
{
    char error[PCAP_ERRBUF_SIZE];
    FILE *in = tmpfile();
    pcap_t *pcap = NULL;

    assert_int_equal(fwrite(file->bytes, 1, file->len, in), file->len);
    rewind(in);
    free(file->bytes);
    pcap = pcap_fopen_offline_with_tstamp_precision(in, PCAP_TSTAMP_PRECISION_NANO, error);
    if (!pcap) {
        fail_msg("%s", error);
    }
    assert_int_equal(pcap_datalink(pcap), DLT_RAW);
    return pcap;
}

/* The next packet; NULL behind the last. */
static const uint8_t *next_packet(pcap_t *pcap, struct pcap_pkthdr **header)
{
    const uint8_t *packet = NULL;

    return pcap_next_ex(pcap, header, &packet) == 1 ? packet : NULL;
}

static void assert_tcp(const uint8_t *packet, unsigned flags, uint32_t seq, uint32_t ack)
{
    assert_int_equal(packet[TCP_AT + 13], flags);
    assert_int_equal(mfd_get32(packet + TCP_AT + 4), seq);
    assert_int_equal(mfd_get32(packet + TCP_AT + 8), ack);
}

static void a_connection_is_handshake_segments_and_end(void **state)
{
    static const uint8_t bytes[250];
    const struct mfd_event events[] = {
        event_at(0, 0, MFD_EVENT_OPEN),
        data_at(1000, bytes, sizeof(bytes)),
        event_at(2000, 0, MFD_EVENT_CLOSE),
    };
    const struct mfd_capture_options options = {.mss = 100};
    struct pcap_pkthdr *header = NULL;
    struct file file;
    pcap_t *pcap = NULL;
    const uint8_t *packet = NULL;
    uint32_t seq = 0;
    uint32_t back = 0;

    (void)state;
    write_events(&options, events, COUNT(events), &file);
    pcap = open_file(&file);
    packet = next_packet(pcap, &header);
    seq = mfd_get32(packet + TCP_AT + 4);
    assert_tcp(packet, 0x02, seq, 0);
    assert_int_equal(mfd_get16(packet + TCP_AT), MFD_CAPTURE_PORT + 1);
    assert_int_equal(mfd_get16(packet + TCP_AT + 2), MFD_CAPTURE_PORT);
    assert_int_equal(header->ts.tv_sec, MFD_CAPTURE_EPOCH_NS / 1000000000u);
    assert_int_equal(header->ts.tv_usec, 0);
    packet = next_packet(pcap, &header);
    back = mfd_get32(packet + TCP_AT + 4);
    assert_tcp(packet, 0x12, back, seq + 1);
    assert_tcp(next_packet(pcap, &header), 0x10, seq + 1, back + 1);
    /* 100, 100, acknowledged, 50, acknowledged */
    assert_tcp(next_packet(pcap, &header), 0x10, seq + 1, back + 1);
    assert_int_equal(header->ts.tv_usec, 1000);
    assert_int_equal(header->caplen, 140);
    assert_tcp(next_packet(pcap, &header), 0x10, seq + 101, back + 1);
    assert_tcp(next_packet(pcap, &header), 0x10, back + 1, seq + 201);
    assert_tcp(next_packet(pcap, &header), 0x18, seq + 201, back + 1);
    assert_tcp(next_packet(pcap, &header), 0x10, back + 1, seq + 251);
    /* the end */
    assert_tcp(next_packet(pcap, &header), 0x11, seq + 251, back + 1);
    assert_tcp(next_packet(pcap, &header), 0x10, back + 1, seq + 252);
    assert_null(next_packet(pcap, &header));
    pcap_close(pcap);
}

static uint32_t sum_of(const uint8_t *bytes, size_t len)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i++) {
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
    }
    return sum;
}

static uint16_t folded(uint32_t sum)
{
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

/* What is right sums up to all ones, its own checksum included. */
static void checksums_are_right_in_both_versions_of_ip(void **state)
{
    static const uint8_t bytes[] = "an odd number of bytes!!";
    const struct mfd_event events[] = {
        event_at(0, 0, MFD_EVENT_OPEN),
        data_at(1, bytes, sizeof(bytes)),
    };

    (void)state;
    for (unsigned v6 = 0; v6 < 2; v6++) {
        const struct mfd_capture_options options = {.ipv6 = v6};
        size_t ip = v6 ? 40 : 20;
        size_t addresses = v6 ? 8 : 12;
        struct pcap_pkthdr *header = NULL;
        struct file file;
        pcap_t *pcap = NULL;
        size_t count = 0;

        write_events(&options, events, COUNT(events), &file);
        pcap = open_file(&file);
        for (const uint8_t *packet; (packet = next_packet(pcap, &header)); count++) {
            size_t tcp = header->caplen - ip;

            assert_int_equal(packet[0] >> 4, v6 ? 6 : 4);
            if (!v6) {
                assert_int_equal(folded(sum_of(packet, ip)), 0xffff);
                assert_int_equal(mfd_get16(packet + 2), header->caplen);
            } else {
                assert_int_equal(mfd_get16(packet + 4), tcp);
            }
            assert_int_equal(folded(sum_of(packet + addresses, ip - addresses) + 6 + (uint32_t)tcp +
                                    sum_of(packet + ip, tcp)),
                             0xffff);
        }
        assert_int_equal(count, 5);
        pcap_close(pcap);
    }
}

static void the_same_events_give_the_same_bytes(void **state)
{
    const struct mfd_event events[] = {
        event_at(0, 0, MFD_EVENT_OPEN),
        event_at(0, 1, MFD_EVENT_OPEN),
        data_at(0, "abc", 3),
        event_at(5, 1, MFD_EVENT_RESET),
    };

    (void)state;
    for (enum mfd_capture_format format = MFD_CAPTURE_PCAPNG; format <= MFD_CAPTURE_PCAP;
         format++) {
        const struct mfd_capture_options options = {.format = format, .comment = "what it shows"};
        struct file first;
        struct file second;

        write_events(&options, events, COUNT(events), &first);
        write_events(&options, events, COUNT(events), &second);
        assert_int_equal(first.len, second.len);
        assert_memory_equal(first.bytes, second.bytes, first.len);
        assert_int_equal(memmem(first.bytes, first.len, "what it shows", 13) != NULL,
                         format == MFD_CAPTURE_PCAPNG);
        free(first.bytes);
        free(second.bytes);
    }
}

static void no_two_packets_have_the_same_time(void **state)
{
    const struct mfd_event events[] = {
        event_at(7, 0, MFD_EVENT_OPEN), data_at(7, "a", 1),
        data_at(3, "b", 1), /* a clock that ran back */
    };
    const struct mfd_capture_options options = {.format = MFD_CAPTURE_PCAP, .start_ns = 5000000000};
    struct pcap_pkthdr *header = NULL;
    struct file file;
    pcap_t *pcap = NULL;

    (void)state;
    write_events(&options, events, COUNT(events), &file);
    pcap = open_file(&file);
    for (long ns = 7; next_packet(pcap, &header); ns++) {
        assert_int_equal(header->ts.tv_sec, 5);
        assert_int_equal(header->ts.tv_usec, ns);
    }
    pcap_close(pcap);
}

static void a_connection_may_begin_before_the_capture(void **state)
{
    const struct mfd_event events[] = {data_at(0, "abc", 3)};
    const struct mfd_capture_options options = {.format = MFD_CAPTURE_PCAP};
    struct pcap_pkthdr *header = NULL;
    struct file file;
    pcap_t *pcap = NULL;

    (void)state;
    write_events(&options, events, COUNT(events), &file);
    pcap = open_file(&file);
    assert_int_equal(next_packet(pcap, &header)[TCP_AT + 13], 0x18);
    assert_int_equal(next_packet(pcap, &header)[TCP_AT + 13], 0x10);
    assert_null(next_packet(pcap, &header));
    pcap_close(pcap);
}

static void a_port_may_be_used_again(void **state)
{
    const struct mfd_event events[] = {
        event_at(0, 0, MFD_EVENT_OPEN),
        event_at(1000, 0, MFD_EVENT_RESET),
        event_at(2000, 0, MFD_EVENT_OPEN),
    };
    const struct mfd_capture_options options = {.format = MFD_CAPTURE_PCAP};
    struct pcap_pkthdr *header = NULL;
    struct file file;
    uint32_t first = 0;
    pcap_t *pcap = NULL;

    (void)state;
    write_events(&options, events, COUNT(events), &file);
    pcap = open_file(&file);
    first = mfd_get32(next_packet(pcap, &header) + TCP_AT + 4);
    next_packet(pcap, &header);
    next_packet(pcap, &header);
    assert_int_equal(next_packet(pcap, &header)[TCP_AT + 13], 0x14);
    assert_int_not_equal(mfd_get32(next_packet(pcap, &header) + TCP_AT + 4), first);
    pcap_close(pcap);
}

static void what_no_connection_could_carry_is_refused(void **state)
{
    char *bytes = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&bytes, &len);
    const struct mfd_capture_options options = {.format = MFD_CAPTURE_PCAP};
    struct mfd_capture_writer *writer = mfd_capture_create(out, &options);
    struct mfd_event event = event_at(0, 0, MFD_EVENT_CLOSE);

    (void)state;
    assert_true(mfd_capture_event(writer, &event));
    assert_true(mfd_capture_event(writer, &event)); /* nothing is left to close */
    event = data_at(0, "a", 1);
    errno = 0;
    assert_false(mfd_capture_event(writer, &event));
    assert_int_equal(errno, EINVAL);
    event = event_at(0, MFD_CAPTURE_CONNECTIONS, MFD_EVENT_OPEN);
    assert_false(mfd_capture_event(writer, &event));
    assert_int_equal(errno, ERANGE);
    assert_true(mfd_capture_finish(writer));
    fclose(out);
    free(bytes);
}

static void a_full_disk_is_told(void **state)
{
    FILE *out = fopen("/dev/full", "we");
    const struct mfd_capture_options options = {.format = MFD_CAPTURE_PCAP};
    struct mfd_capture_writer *writer = mfd_capture_create(out, &options);

    (void)state;
    errno = 0;
    assert_false(mfd_capture_finish(writer));
    assert_int_equal(errno, ENOSPC);
    fclose(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_is_handshake_segments_and_end),
        cmocka_unit_test(checksums_are_right_in_both_versions_of_ip),
        cmocka_unit_test(the_same_events_give_the_same_bytes),
        cmocka_unit_test(no_two_packets_have_the_same_time),
        cmocka_unit_test(a_connection_may_begin_before_the_capture),
        cmocka_unit_test(a_port_may_be_used_again),
        cmocka_unit_test(what_no_connection_could_carry_is_refused),
        cmocka_unit_test(a_full_disk_is_told),
    };
    return cmocka_run_group_tests_name("capture_write", tests, NULL, NULL);
}
