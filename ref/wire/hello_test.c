// SPDX-License-Identifier: GPL-2.0-or-later
#include "hello.h"

#include "wire_test.h"

static const uint8_t uuid[MFD_UUID_SIZE] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                            0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};

static void a_packed_hello_has_these_64_bytes(void **state)
{
    static const uint8_t expected[MFD_HELLO_SIZE] = {
        0x11, 0x22, 0x33, 0x44, 0x00, 0x00, 0x00, 0x01, 0x00, 0x11, 0x22, 0x33, 0x44,
        0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0xfe,
    };
    uint8_t buf[MFD_HELLO_SIZE + 1];

    (void)state;
    memset(buf, 0xee, sizeof(buf));
    mfd_hello_pack(buf, uuid, 254);
    assert_memory_equal(buf, expected, sizeof(expected));
    assert_int_equal(buf[MFD_HELLO_SIZE], 0xee);
}

static void every_id_comes_back_from_unpacking(void **state)
{
    (void)state;
    for (int id = 0; id < 256; id++) {
        uint8_t buf[MFD_HELLO_SIZE];
        struct mfd_hello hello;

        mfd_hello_pack(buf, uuid, (uint8_t)id);
        hello = mfd_hello_unpack(buf);
        assert_int_equal(hello.magic, MFD_MAGIC);
        assert_int_equal(hello.version, MFD_VERSION);
        assert_memory_equal(hello.uuid, uuid, sizeof(uuid));
        assert_int_equal(hello.id, id);
    }
}

static void unpacking_reads_64_bytes_and_judges_none(void **state)
{
    uint64_t random = 2;
    uint8_t bytes[MFD_HELLO_SIZE];

    (void)state;
    for (int i = 0; i < 100; i++) {
        uint8_t *copy = NULL;
        struct mfd_hello hello;

        test_fill_random(bytes, sizeof(bytes), &random);
        copy = test_copy(bytes, sizeof(bytes));
        hello = mfd_hello_unpack(copy);
        assert_int_equal(hello.magic, mfd_get32(bytes));
        assert_int_equal(hello.version, mfd_get32(bytes + 4));
        assert_memory_equal(hello.uuid, bytes + 8, MFD_UUID_SIZE);
        assert_int_equal(hello.id, bytes[24]);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packed_hello_has_these_64_bytes),
        cmocka_unit_test(every_id_comes_back_from_unpacking),
        cmocka_unit_test(unpacking_reads_64_bytes_and_judges_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
