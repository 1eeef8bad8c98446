// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes the capture of a large migration: speed_capture FILE PACKETS CHANNELS [MSS], 128 pages of 4 KiB a packet. */
#include "capture_write.h"
#include "hello.h"
#include "mainstream.h"
#include "packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, SLOTS = 128, HEADER = 1344, WHOLE = HEADER + SLOTS * PAGE };
#define STEP_NS 1000u

static struct mfd_capture_writer *writer;
static uint64_t now;

static void put(uint32_t connection, enum mfd_event_kind kind, const uint8_t *bytes, size_t len)
{
    struct mfd_event event = {.time_ns = now += STEP_NS,
                              .connection = connection,
                              .kind = kind,
                              .bytes = bytes,
                              .len = len};

    if (!mfd_capture_event(writer, &event)) {
        perror("speed_capture");
        exit(1);
    }
}

static void put_main(const uint8_t *bytes, size_t len)
{
    put(0, MFD_EVENT_DATA, bytes, len);
}

/* Main up to the first sync point, or its end. */
static void put_start(uint64_t ram)
{
    uint8_t buf[MFD_RECORD_MAX];

    put_main(buf, mfd_pack_header(buf));
    put_main(buf, mfd_pack_config(buf, "none"));
    put_main(buf, mfd_pack_section(buf, MFD_SECTION_START, 1, "ram", 0, MFD_RAM_SECTION_VERSION));
    put_main(buf, mfd_pack_memsize(buf, ram));
    put_main(buf, mfd_pack_block(buf, "ram", ram));
}

static void put_point(void)
{
    uint8_t buf[MFD_RECORD_MAX];

    put_main(buf, mfd_pack_marker(buf));
    put_main(buf, mfd_pack_eos(buf));
    put_main(buf, mfd_pack_footer(buf, 1));
}

static void put_packet(uint32_t channel, uint64_t number, uint32_t pages, uint64_t first)
{
    static uint8_t buf[WHOLE];
    uint64_t offsets[SLOTS] = {0};
    struct mfd_packet packet = {
        .magic = MFD_MAGIC,
        .version = MFD_VERSION,
        .flags = pages ? 0 : MFD_FLAG_SYNC,
        .pages_alloc = pages ? SLOTS : 0,
        .normal_pages = pages,
        .next_packet_size = pages * PAGE,
        .packet_num = number,
    };

    if (pages) {
        strcpy(packet.ramblock, "ram");
    }
    for (uint32_t i = 0; i < pages; i++) {
        offsets[i] = (first + i) * PAGE;
    }
    mfd_packet_pack(buf, PAGE, &packet, offsets);
    for (size_t i = HEADER; i < HEADER + (size_t)pages * PAGE; i += 8) {
        mfd_put64(buf + i, first * PAGE + i);
    }
    put(1 + channel, MFD_EVENT_DATA, buf, HEADER + (size_t)pages * PAGE);
}

static uint64_t put_syncs(uint32_t channels, uint64_t number)
{
    for (uint32_t c = 0; c < channels; c++) {
        put_packet(c, number++, 0, 0);
    }
    put_point();
    return number;
}

int main(int argc, char **argv)
{
    FILE *out = argc == 4 || argc == 5 ? fopen(argv[1], "wb") : NULL;
    unsigned long packets = out ? strtoul(argv[2], NULL, 10) : 0;
    uint32_t channels = out ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;
    struct mfd_capture_options options = {.format = MFD_CAPTURE_PCAP};
    uint8_t buf[MFD_RECORD_MAX];
    uint64_t number = 0;

    if (argc == 5) {
        options.mss = (unsigned)strtoul(argv[4], NULL, 10);
    }
    if (!packets || !channels || channels > MFD_CHANNELS_MAX) {
        fprintf(stderr, "usage: speed_capture FILE PACKETS CHANNELS [MSS]\n");
        return 2;
    }
    writer = mfd_capture_create(out, &options);
    if (!writer) {
        perror(argv[1]);
        return 1;
    }
    for (uint32_t c = 0; c <= channels; c++) {
        put(c, MFD_EVENT_OPEN, NULL, 0);
    }
    put_start((uint64_t)packets * SLOTS * PAGE);
    for (uint32_t c = 0; c < channels; c++) {
        mfd_hello_pack(buf, (const uint8_t[MFD_UUID_SIZE]){0}, (uint8_t)c);
        put(1 + c, MFD_EVENT_DATA, buf, MFD_HELLO_SIZE);
    }
    number = put_syncs(channels, number);
    for (unsigned long i = 0; i < packets; i++) {
        put_packet((uint32_t)(i % channels), number++, SLOTS, (uint64_t)i * SLOTS);
    }
    put_main(buf, mfd_pack_part(buf, MFD_SECTION_END, 1));
    put_syncs(channels, number);
    put_main(buf, mfd_pack_end(buf));
    for (uint32_t c = 0; c <= channels; c++) {
        put(c, MFD_EVENT_CLOSE, NULL, 0);
    }
    if (!mfd_capture_finish(writer) || fclose(out) != 0) {
        perror(argv[1]);
        return 1;
    }
    return 0;
}
