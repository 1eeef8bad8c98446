// SPDX-License-Identifier: GPL-2.0-or-later
#include "packet.h"

#include "wire_test.h"

/* The page sizes that a target can have. */
#define FOR_EACH_PAGE_SIZE(var) \
    for (uint32_t var = MFD_PAGE_SIZE_MIN; var <= MFD_PAGE_SIZE_MAX; var *= 2)

static void a_packed_header_comes_back_for_every_page_size(void **state)
{
    uint64_t random = 3;

    (void)state;
    FOR_EACH_PAGE_SIZE(page_size)
    {
        uint32_t slots = mfd_slots(page_size);
        size_t size = mfd_packet_size(page_size);
        uint8_t *buf = malloc(size);
        uint64_t *offsets = calloc(slots, sizeof(*offsets));
        struct mfd_packet packet = {
            .magic = MFD_MAGIC,
            .version = MFD_VERSION,
            .flags = MFD_FLAG_ZSTD,
            .pages_alloc = slots,
            .normal_pages = slots / 2,
            .next_packet_size = 0x89abcdef,
            .packet_num = 0x0123456789abcdefull,
            .zero_pages = slots / 4,
            .ramblock = "pc.ram",
        };
        struct mfd_packet back;

        for (uint32_t i = 0; i < slots; i++) {
            offsets[i] = test_random(&random);
        }
        memset(buf, 0xee, size);
        mfd_packet_pack(buf, page_size, &packet, offsets);
        back = mfd_packet_unpack(buf, MFD_REV_LATEST);
        assert_int_equal(back.magic, packet.magic);
        assert_int_equal(back.version, packet.version);
        assert_int_equal(back.flags, packet.flags);
        assert_int_equal(back.pages_alloc, packet.pages_alloc);
        assert_int_equal(back.normal_pages, packet.normal_pages);
        assert_int_equal(back.next_packet_size, packet.next_packet_size);
        assert_true(back.packet_num == packet.packet_num);
        assert_int_equal(back.zero_pages, packet.zero_pages);
        assert_memory_equal(back.ramblock, packet.ramblock, MFD_IDSTR_SIZE);
        for (uint32_t i = 0; i < slots; i++) {
            uint64_t expected = i < slots / 2 + slots / 4 ? offsets[i] : 0;

            assert_true(mfd_packet_offset(buf, i) == expected);
        }
        free(offsets);
        free(buf);
    }
}

static void a_packed_header_has_these_bytes(void **state)
{
    static const uint8_t head[64] = {
        0x11, 0x22, 0x33, 0x44, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x02,
        0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x12, 0x34,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07, 0x00, 0x00, 0x00, 0x02,
    };
    static const uint8_t listed[32] = {
        0, 0, 0, 0, 0, 0x01, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0, 0x03, 0, 0,
    };
    static const uint64_t offsets[] = {0x10000, 0x20000, 0x30000};
    struct mfd_packet packet = {
        .magic = MFD_MAGIC,
        .version = MFD_VERSION,
        .flags = MFD_FLAG_ZLIB,
        .pages_alloc = 8,
        .normal_pages = 1,
        .next_packet_size = 0x1234,
        .packet_num = 7,
        .zero_pages = 2,
        .ramblock = "mem0",
    };
    uint8_t buf[384 + 1];

    (void)state;
    memset(buf, 0xee, sizeof(buf));
    mfd_packet_pack(buf, 65536, &packet, offsets);
    assert_memory_equal(buf, head, sizeof(head));
    assert_string_equal((const char *)buf + 64, "mem0");
    assert_memory_equal(buf + 320, listed, sizeof(listed));
    assert_int_equal(buf[384], 0xee);
}

static void a_sync_packet_needs_no_offsets(void **state)
{
    struct mfd_packet packet = {.magic = MFD_MAGIC, .version = MFD_VERSION, .flags = MFD_FLAG_SYNC};
    uint8_t buf[1344];

    (void)state;
    memset(buf, 0xee, sizeof(buf));
    mfd_packet_pack(buf, 4096, &packet, NULL);
    for (size_t i = MFD_PACKET_PAGES_ALLOC; i < sizeof(buf); i++) {
        assert_int_equal(buf[i], 0);
    }
}

static void zero_pages_are_no_field_before_9_0(void **state)
{
    uint8_t buf[MFD_PACKET_FIXED] = {0};

    (void)state;
    mfd_put32(buf + MFD_PACKET_ZERO_PAGES, 5);
    for (int rev = MFD_REV_FIRST; rev < MFD_REV_COUNT; rev++) {
        assert_int_equal(mfd_packet_unpack(buf, (enum mfd_rev)rev).zero_pages,
                         rev >= MFD_REV_9_0 ? 5 : 0);
    }
}

static void unpacking_reads_only_the_fixed_part(void **state)
{
    uint64_t random = 4;
    uint8_t bytes[MFD_PACKET_FIXED];
    uint8_t *copy = NULL;

    (void)state;
    test_fill_random(bytes, sizeof(bytes), &random);
    copy = test_copy(bytes, sizeof(bytes));
    assert_memory_equal(mfd_packet_unpack(copy, MFD_REV_LATEST).ramblock, bytes + 64, 256);
    free(copy);
}

static void payload_is_raw_pages_or_what_the_method_wrote_and_never_stale(void **state)
{
    struct mfd_packet packet = {.normal_pages = 3, .next_packet_size = 77, .zero_pages = 2};

    (void)state;
    assert_int_equal(mfd_packet_payload(&packet, 0, 4096), 3 * 4096);
    assert_int_equal(mfd_packet_payload(&packet, MFD_FLAG_ZLIB, 4096), 77);
    packet.normal_pages = 0;
    assert_int_equal(mfd_packet_payload(&packet, 0, 4096), 0);
    assert_int_equal(mfd_packet_payload(&packet, MFD_FLAG_ZLIB, 4096), 0);
    packet.normal_pages = UINT32_MAX; /* refused elsewhere, but must not wrap */
    assert_true(mfd_packet_payload(&packet, 0, 65536) == (uint64_t)UINT32_MAX * 65536);
}

static void a_device_header_comes_back(void **state)
{
    struct mfd_device device = {
        .magic = MFD_MAGIC,
        .version = MFD_VERSION,
        .flags = MFD_FLAG_DEVICE_STATE,
        .idstr = "0000:00:02.0/vfio",
        .instance_id = 0x01020304,
        .next_packet_size = 0xfffffff0,
    };
    uint8_t buf[MFD_DEVICE_SIZE + 1];
    struct mfd_device back;

    (void)state;
    memset(buf, 0xee, sizeof(buf));
    mfd_device_pack(buf, &device);
    back = mfd_device_unpack(buf);
    assert_int_equal(back.magic, device.magic);
    assert_int_equal(back.version, device.version);
    assert_int_equal(back.flags, device.flags);
    assert_memory_equal(back.idstr, device.idstr, MFD_IDSTR_SIZE);
    assert_int_equal(back.instance_id, device.instance_id);
    assert_int_equal(back.next_packet_size, device.next_packet_size);
    assert_int_equal(buf[268], 0x01);
    assert_int_equal(buf[275], 0xf0);
    assert_int_equal(buf[276], 0xee);
}

static void the_device_bit_makes_a_device_packet_only_since_10_0(void **state)
{
    uint8_t prefix[MFD_PREFIX_SIZE] = {0};

    (void)state;
    for (int rev = MFD_REV_FIRST; rev < MFD_REV_COUNT; rev++) {
        mfd_put32(prefix + MFD_PACKET_FLAGS, MFD_FLAG_DEVICE_STATE | MFD_FLAG_SYNC);
        assert_int_equal(mfd_prefix_is_device(prefix, (enum mfd_rev)rev), rev >= MFD_REV_10_0);
        mfd_put32(prefix + MFD_PACKET_FLAGS, ~MFD_FLAG_DEVICE_STATE);
        assert_false(mfd_prefix_is_device(prefix, (enum mfd_rev)rev));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packed_header_comes_back_for_every_page_size),
        cmocka_unit_test(a_packed_header_has_these_bytes),
        cmocka_unit_test(a_sync_packet_needs_no_offsets),
        cmocka_unit_test(zero_pages_are_no_field_before_9_0),
        cmocka_unit_test(unpacking_reads_only_the_fixed_part),
        cmocka_unit_test(payload_is_raw_pages_or_what_the_method_wrote_and_never_stale),
        cmocka_unit_test(a_device_header_comes_back),
        cmocka_unit_test(the_device_bit_makes_a_device_packet_only_since_10_0),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
