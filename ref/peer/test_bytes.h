// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For tests: the messages of a small migration, built into buffers of fixed size.
 */
#ifndef MFD_TEST_BYTES_H
#define MFD_TEST_BYTES_H

#include "hello.h"
#include "mainstream.h"
#include "packet.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define TEST_PAGE 4096u
#define TEST_PACKET 1344u
#define TEST_BLOCK "mem0"

struct test_bytes {
    uint8_t data[1u << 16];
    size_t len;
};

static const uint8_t test_no_uuid[MFD_UUID_SIZE];

static inline void test_put_hello(struct test_bytes *b, unsigned id)
{
    mfd_hello_pack(b->data + b->len, test_no_uuid, (uint8_t)id);
    b->len += MFD_HELLO_SIZE;
}

/*
 * A packet of consecutive pages from `first` on, normal ones then zero ones; page i is filled with
 * `fill` + i.
 */
static inline void test_put_packet(struct test_bytes *b, uint32_t flags, unsigned first,
                                   unsigned normal, unsigned zero, uint8_t fill)
{
    uint64_t offsets[128];
    struct mfd_packet packet = {
        .magic = MFD_MAGIC,
        .version = MFD_VERSION,
        .flags = flags,
        .pages_alloc = normal + zero ? 128 : 0,
        .normal_pages = normal,
        .zero_pages = zero,
        .next_packet_size = normal * TEST_PAGE,
        .ramblock = TEST_BLOCK,
    };

    for (unsigned i = 0; i < normal + zero; i++) {
        offsets[i] = (uint64_t)(first + i) * TEST_PAGE;
    }
    assert(b->len + TEST_PACKET + (size_t)normal * TEST_PAGE <= sizeof(b->data));
    mfd_packet_pack(b->data + b->len, TEST_PAGE, &packet, offsets);
    b->len += TEST_PACKET;
    for (unsigned i = 0; i < normal; i++) {
        memset(b->data + b->len, (uint8_t)(fill + i), TEST_PAGE);
        b->len += TEST_PAGE;
    }
}

static inline void test_put_sync(struct test_bytes *b)
{
    test_put_packet(b, MFD_FLAG_SYNC, 0, 0, 0, 0);
}

/* State of a device, `size` times `fill`. */
static inline void test_put_device(struct test_bytes *b, const char *idstr, uint32_t instance,
                                   uint32_t size, uint8_t fill)
{
    struct mfd_device device = {
        .magic = MFD_MAGIC,
        .version = MFD_VERSION,
        .flags = MFD_FLAG_DEVICE_STATE,
        .instance_id = instance,
        .next_packet_size = size,
    };

    assert(b->len + MFD_DEVICE_SIZE + size <= sizeof(b->data));
    memcpy(device.idstr, idstr, strlen(idstr));
    mfd_device_pack(b->data + b->len, &device);
    memset(b->data + b->len + MFD_DEVICE_SIZE, fill, size);
    b->len += MFD_DEVICE_SIZE + size;
}

static inline void test_put_header(struct test_bytes *b)
{
    b->len += mfd_pack_header(b->data + b->len);
    b->len += mfd_pack_config(b->data + b->len, "none");
}

static inline void test_put_ram_start(struct test_bytes *b, uint64_t size)
{
    uint8_t *p = b->data;

    b->len += mfd_pack_section(p + b->len, MFD_SECTION_START, 1, "ram", 0, MFD_RAM_SECTION_VERSION);
    b->len += mfd_pack_memsize(p + b->len, size);
    b->len += mfd_pack_block(p + b->len, TEST_BLOCK, size);
}

/* Ends the body of a RAM section, with a marker or without. */
static inline void test_put_section_end(struct test_bytes *b, bool marker)
{
    if (marker) {
        b->len += mfd_pack_marker(b->data + b->len);
    }
    b->len += mfd_pack_eos(b->data + b->len);
    b->len += mfd_pack_footer(b->data + b->len, 1);
}

static inline void test_put_ram_end(struct test_bytes *b, bool marker)
{
    b->len += mfd_pack_part(b->data + b->len, MFD_SECTION_END, 1);
    test_put_section_end(b, marker);
}

/* The end byte, and a description of the VM unless told otherwise. */
static inline void test_put_end(struct test_bytes *b, bool vmdesc)
{
    b->len += mfd_pack_end(b->data + b->len);
    if (vmdesc) {
        b->len += mfd_pack_vmdesc(b->data + b->len, "{}");
    }
}

#endif
