// SPDX-License-Identifier: GPL-2.0-or-later
/* Checks of the hello and of device-state headers; those of RAM packets are in check_packet_test.c. */
#include "check_test.h"

#include "hello.h"
#include "packet.h"

static const uint8_t uuid[MFD_UUID_SIZE] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                            0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};

static struct mfd_check_context context_of(enum mfd_rev rev)
{
    return (struct mfd_check_context){
        .rev = rev, .page_size = 4096, .channels = 4, .uuid = uuid, .method = 0};
}

static void a_correct_hello_has_no_finding_in_any_revision(void **state)
{
    uint8_t hello[MFD_HELLO_SIZE];

    (void)state;
    for (int rev = MFD_REV_FIRST; rev < MFD_REV_COUNT; rev++) {
        struct mfd_check_context context = context_of((enum mfd_rev)rev);

        for (uint8_t id = 0; id < 4; id++) {
            mfd_hello_pack(hello, uuid, id);
            assert_string_equal(found(mfd_check_hello, &context, hello, sizeof(hello)), "");
        }
    }
}

static void each_breach_of_the_hello_is_found_at_its_place(void **state)
{
    static const struct {
        size_t offset;
        uint32_t width;
        uint64_t value, want;
        const char *found;
    } cases[] = {
        {0, 4, 0x11223345, MFD_MAGIC, "MF-INIT-002"},
        {0, 4, 0x44332211, MFD_MAGIC, "MF-INIT-002"},
        {0, 4, 0xffffffff, MFD_MAGIC, "MF-INIT-002"},
        {4, 4, 0, 1, "MF-INIT-003"},
        {4, 4, 2, 1, "MF-INIT-003"},
        {4, 4, 0x01000000, 1, "MF-INIT-003"},
        {24, 1, 4, 4, "MF-INIT-012"},
        {24, 1, 5, 4, "MF-INIT-012"},
        {24, 1, 255, 4, "MF-INIT-012"},
    };
    struct mfd_check_context context = context_of(MFD_REV_LATEST);
    uint8_t hello[MFD_HELLO_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        mfd_hello_pack(hello, uuid, 3);
        mfd_uint_put(hello + cases[i].offset, cases[i].width, cases[i].value);
        assert_string_equal(found(mfd_check_hello, &context, hello, sizeof(hello)), cases[i].found);
        ASSERT_FINDING(0, cases[i].offset, cases[i].width, cases[i].value, cases[i].want);
    }
}

static void a_foreign_uuid_shows_the_half_that_differs(void **state)
{
    struct mfd_check_context context = context_of(MFD_REV_LATEST);
    uint8_t hello[MFD_HELLO_SIZE];

    (void)state;
    for (size_t i = 0; i < MFD_UUID_SIZE; i++) {
        mfd_hello_pack(hello, uuid, 0);
        hello[MFD_HELLO_UUID + i] ^= 0x80;
        assert_string_equal(found(mfd_check_hello, &context, hello, sizeof(hello)), "MF-INIT-004");
        ASSERT_FINDING(0, 8, 16, mfd_get64(hello + 8 + i / 8 * 8), mfd_get64(uuid + i / 8 * 8));
    }
    mfd_hello_pack(hello, (const uint8_t[MFD_UUID_SIZE]){0}, 0); /* unset is foreign as well */
    assert_string_equal(found(mfd_check_hello, &context, hello, sizeof(hello)), "MF-INIT-004");
}

static void each_reserved_byte_of_the_hello_counts(void **state)
{
    struct mfd_check_context context = context_of(MFD_REV_LATEST);
    uint8_t hello[MFD_HELLO_SIZE];

    (void)state;
    for (size_t i = MFD_HELLO_RESERVED; i < MFD_HELLO_SIZE; i++) {
        mfd_hello_pack(hello, uuid, 0);
        hello[i] = 1;
        assert_string_equal(found(mfd_check_hello, &context, hello, sizeof(hello)), "MF-INIT-006");
        ASSERT_FINDING(0, i, 1, 1, 0);
    }
}

static void breaches_of_the_hello_come_in_the_receivers_order(void **state)
{
    struct mfd_check_context context = context_of(MFD_REV_LATEST);
    uint8_t hello[MFD_HELLO_SIZE];

    (void)state;
    memset(hello, 0xff, sizeof(hello));
    assert_string_equal(found(mfd_check_hello, &context, hello, sizeof(hello)),
                        "MF-INIT-002 MF-INIT-003 MF-INIT-004 MF-INIT-012 MF-INIT-006");
}

static void what_the_context_does_not_know_is_not_judged(void **state)
{
    struct mfd_check_context context = {.rev = MFD_REV_LATEST, .page_size = 4096};
    uint8_t hello[MFD_HELLO_SIZE];

    (void)state;
    mfd_hello_pack(hello, uuid, 255);
    assert_string_equal(found(mfd_check_hello, &context, hello, sizeof(hello)), "");
}

static void a_prefix_is_judged_by_magic_and_version(void **state)
{
    struct mfd_check_context context = context_of(MFD_REV_LATEST);
    uint8_t prefix[MFD_PREFIX_SIZE] = {0x11, 0x22, 0x33, 0x44, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff};

    (void)state;
    assert_string_equal(found(mfd_check_prefix, &context, prefix, sizeof(prefix)), "");
    prefix[7] = 2;
    assert_string_equal(found(mfd_check_prefix, &context, prefix, sizeof(prefix)), "MF-HDR-014");
    ASSERT_FINDING(0, 4, 4, 2, 1);
    prefix[3] = 0x45;
    assert_string_equal(found(mfd_check_prefix, &context, prefix, sizeof(prefix)),
                        "MF-HDR-013 MF-HDR-014");
    ASSERT_FINDING(0, 0, 4, 0x11223345, MFD_MAGIC);
    assert_string_equal(found(mfd_check_prefix, &context, prefix, 7), "MF-HDR-013");
    assert_string_equal(found(mfd_check_prefix, &context, prefix, 3), "");
}

static void pack_device(uint8_t *buf)
{
    mfd_device_pack(buf, &(struct mfd_device){.magic = MFD_MAGIC,
                                              .version = MFD_VERSION,
                                              .flags = MFD_FLAG_DEVICE_STATE,
                                              .idstr = "0000:00:02.0/vfio",
                                              .next_packet_size = 4096});
}

static void each_breach_of_a_device_header_is_found_at_its_place(void **state)
{
    static const struct {
        size_t offset;
        uint64_t value, want;
        const char *found;
    } cases[] = {
        {0, 0x11223345, MFD_MAGIC, "MF-HDR-013"},
        {4, 0, MFD_VERSION, "MF-HDR-014"},
        {8, 0x41, 0x40, "MF-DEV-005"},
        {8, 0x42, 0x40, "MF-DEV-001"},
        {8, 0x80000040, 0x40, "MF-DEV-001"},
        {272, 0, 1, "MF-DEV-004"},
        {272, MFD_DEVICE_PAYLOAD_MAX + 1, MFD_DEVICE_PAYLOAD_MAX, "MF-DEV-006"},
        {272, 0xffffffff, MFD_DEVICE_PAYLOAD_MAX, "MF-DEV-006"},
    };
    struct mfd_check_context context = context_of(MFD_REV_LATEST);
    uint8_t device[MFD_DEVICE_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        pack_device(device);
        mfd_put32(device + cases[i].offset, (uint32_t)cases[i].value);
        assert_string_equal(found(mfd_check_device, &context, device, sizeof(device)),
                            cases[i].found);
        ASSERT_FINDING(0, cases[i].offset, 4, cases[i].value, cases[i].want);
    }
}

static void a_device_header_at_its_bounds_is_correct(void **state)
{
    struct mfd_check_context context = context_of(MFD_REV_10_0);
    uint8_t device[MFD_DEVICE_SIZE];

    (void)state;
    pack_device(device);
    assert_string_equal(found(mfd_check_device, &context, device, sizeof(device)), "");
    mfd_put32(device + MFD_DEVICE_NEXT_SIZE, 1);
    assert_string_equal(found(mfd_check_device, &context, device, sizeof(device)), "");
    mfd_put32(device + MFD_DEVICE_NEXT_SIZE, MFD_DEVICE_PAYLOAD_MAX);
    assert_string_equal(found(mfd_check_device, &context, device, sizeof(device)), "");
    memset(device + MFD_DEVICE_IDSTR, 'x', MFD_IDSTR_SIZE - 1);
    assert_string_equal(found(mfd_check_device, &context, device, sizeof(device)), "");
    device[MFD_DEVICE_IDSTR + MFD_IDSTR_SIZE - 1] = 'x';
    assert_string_equal(found(mfd_check_device, &context, device, sizeof(device)), "MF-DEV-002");
    ASSERT_FINDING(0, 267, 1, 'x', 0);
}

static void breaches_of_a_device_header_come_in_the_receivers_order(void **state)
{
    struct mfd_check_context context = context_of(MFD_REV_LATEST);
    uint8_t device[MFD_DEVICE_SIZE];

    (void)state;
    memset(device, 0xff, sizeof(device));
    assert_string_equal(found(mfd_check_device, &context, device, sizeof(device)),
                        "MF-HDR-013 MF-HDR-014 MF-DEV-005 MF-DEV-001 MF-DEV-006 MF-DEV-002");
}

static void checks_are_total_on_any_bytes_of_any_length(void **state)
{
    static check_function *const checks[] = {mfd_check_hello, mfd_check_prefix, mfd_check_device};
    uint8_t bytes[MFD_DEVICE_SIZE + 8];
    uint64_t random = 5;

    (void)state;
    for (int rev = 0; rev < MFD_REV_COUNT; rev++) {
        struct mfd_check_context context = context_of((enum mfd_rev)rev);

        for (size_t len = 0; len <= sizeof(bytes); len++) {
            test_fill_random(bytes, len, &random);
            for (size_t i = 0; i < COUNT(checks); i++) {
                assert_total(checks[i], &context, bytes, len);
            }
        }
    }
}

static void every_rule_about_hello_and_device_was_found(void **state)
{
    (void)state;
    assert_all_found("hello");
    assert_all_found("device");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_correct_hello_has_no_finding_in_any_revision),
        cmocka_unit_test(each_breach_of_the_hello_is_found_at_its_place),
        cmocka_unit_test(a_foreign_uuid_shows_the_half_that_differs),
        cmocka_unit_test(each_reserved_byte_of_the_hello_counts),
        cmocka_unit_test(breaches_of_the_hello_come_in_the_receivers_order),
        cmocka_unit_test(what_the_context_does_not_know_is_not_judged),
        cmocka_unit_test(a_prefix_is_judged_by_magic_and_version),
        cmocka_unit_test(each_breach_of_a_device_header_is_found_at_its_place),
        cmocka_unit_test(a_device_header_at_its_bounds_is_correct),
        cmocka_unit_test(breaches_of_a_device_header_come_in_the_receivers_order),
        /* the next two last: random bytes must not stand in for the cases above */
        cmocka_unit_test(every_rule_about_hello_and_device_was_found),
        cmocka_unit_test(checks_are_total_on_any_bytes_of_any_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
