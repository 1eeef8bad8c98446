// SPDX-License-Identifier: GPL-2.0-or-later
/* Checks of RAM packet headers. */
#include "check_test.h"

#include "packet.h"

#define FOR_EACH_REV(var) for (int var = MFD_REV_FIRST; var < MFD_REV_COUNT; var++)
#define FOR_EACH_PAGE_SIZE(var) \
    for (uint32_t var = MFD_PAGE_SIZE_MIN; var <= MFD_PAGE_SIZE_MAX; var *= 2)

enum { PAGE = 4096, SIZE = 1344, SLOTS = 128, RAM = 0x200000 };

static struct mfd_ramblock blocks[] = {
    {.name = "empty", .used_length = 0, .max_length = RAM, .resizable = true},
    {.name = "tiny", .used_length = PAGE - 1, .max_length = RAM, .resizable = true},
    {.name = "one", .used_length = PAGE, .max_length = PAGE},
    {.name = "mem0", .used_length = RAM, .max_length = RAM},
    {.name = "odd", .used_length = 5 * PAGE + 1, .max_length = RAM},
};
static const struct mfd_ramtable ram = {blocks, COUNT(blocks)};

static struct mfd_check_context context_of(enum mfd_rev rev, uint32_t page_size, uint32_t method)
{
    return (struct mfd_check_context){
        .rev = rev, .page_size = page_size, .channels = 2, .method = method, .ram = &ram};
}

/* Header as a correct sender of that revision makes it; offsets count up from 0. */
static void pack(uint8_t *buf, const struct mfd_check_context *context, uint32_t flags,
                 uint32_t normal, uint32_t zero)
{
    uint32_t slots = mfd_slots(context->page_size);
    bool bare_sync = flags == MFD_FLAG_SYNC && normal + zero == 0;
    struct mfd_packet packet = {
        .magic = MFD_MAGIC,
        .version = MFD_VERSION,
        .flags = flags | (normal + zero ? context->method : 0),
        .pages_alloc = bare_sync && context->rev >= MFD_REV_9_0 ? 0 : slots,
        .normal_pages = normal,
        .next_packet_size = context->method ? normal * 100 : normal * context->page_size,
        .packet_num = 17,
        .zero_pages = zero,
    };
    uint64_t *offsets = calloc(slots, sizeof(*offsets));

    assert_non_null(offsets);
    for (uint32_t i = 0; i < slots; i++) {
        offsets[i] = (uint64_t)i * context->page_size;
    }
    if (normal + zero) {
        strcpy(packet.ramblock, "mem0");
    }
    mfd_packet_pack(buf, context->page_size, &packet, offsets);
    free(offsets);
}

static void a_correct_packet_has_no_finding_in_any_revision_and_page_size(void **state)
{
    static const uint32_t methods[] = {
        0, MFD_FLAG_ZLIB, MFD_FLAG_ZSTD, MFD_FLAG_QPL, MFD_FLAG_UADK, MFD_FLAG_QATZIP};
    static uint8_t buf[MFD_PACKET_SIZE_MAX];

    (void)state;
    FOR_EACH_REV(rev)
    {
        FOR_EACH_PAGE_SIZE(page_size)
        {
            for (size_t m = 0; m < COUNT(methods); m++) {
                struct mfd_check_context context =
                    context_of((enum mfd_rev)rev, page_size, methods[m]);
                size_t size = mfd_packet_size(page_size);
                uint32_t slots = mfd_slots(page_size);
                uint32_t zeros = rev >= MFD_REV_9_0 ? slots : 0;

                if (methods[m] & ~mfd_rev_info((enum mfd_rev)rev)->methods) {
                    continue;
                }
                for (uint32_t normal = 0; normal <= slots; normal += slots / 4) {
                    uint32_t zero = slots - normal < zeros ? slots - normal : zeros;

                    pack(buf, &context, 0, normal, 0);
                    assert_string_equal(found(mfd_check_packet, &context, buf, size), "");
                    pack(buf, &context, 0, normal, zero);
                    assert_string_equal(found(mfd_check_packet, &context, buf, size), "");
                }
                pack(buf, &context, MFD_FLAG_SYNC, 0, 0);
                assert_string_equal(found(mfd_check_packet, &context, buf, size), "");
            }
        }
    }
}

static void what_senders_before_9_0_leave_stale_is_no_finding(void **state)
{
    uint8_t buf[SIZE];

    (void)state;
    for (int rev = MFD_REV_FIRST; rev < MFD_REV_9_0; rev++) {
        struct mfd_check_context context = context_of((enum mfd_rev)rev, PAGE, 0);

        /* a SYNC that carries the pending pages, behind which offsets of the batch before stand */
        pack(buf, &context, MFD_FLAG_SYNC, SLOTS / 2, 0);
        memset(buf + MFD_PACKET_FIXED + (size_t)8 * (SLOTS / 2), 0xaa, (size_t)8 * (SLOTS / 2));
        strcpy((char *)buf + MFD_PACKET_RAMBLOCK + 5, "stale");
        assert_string_equal(found(mfd_check_packet, &context, buf, SIZE), "");
        /* the empty packet behind it, with size, name and offsets of that batch */
        mfd_put32(buf + MFD_PACKET_FLAGS, 0);
        mfd_put32(buf + MFD_PACKET_NORMAL_PAGES, 0);
        assert_string_equal(found(mfd_check_packet, &context, buf, SIZE), "");
    }
}

struct patch {
    size_t offset;
    uint32_t width;
    uint64_t value;
};

/* A header of 3 normal and, since 9.0, 2 zero pages, then patched; the first finding's place. */
struct breach {
    enum mfd_rev rev;
    uint32_t method;
    struct patch patch[2];
    const char *found;
    uint64_t want;
};

static void assert_breach(const struct breach *breach)
{
    struct mfd_check_context context = context_of(breach->rev, PAGE, breach->method);
    uint8_t buf[SIZE];

    if (breach->method == MFD_METHOD_UNKNOWN) {
        context.method = 0;
    }
    pack(buf, &context, 0, 3, breach->rev >= MFD_REV_9_0 ? 2 : 0);
    context.method = breach->method;
    for (size_t i = 0; i < COUNT(breach->patch) && breach->patch[i].width; i++) {
        mfd_uint_put(buf + breach->patch[i].offset, breach->patch[i].width, breach->patch[i].value);
    }
    print_message("%s\n", breach->found);
    assert_string_equal(found(mfd_check_packet, &context, buf, SIZE), breach->found);
    if (last_count) {
        ASSERT_FINDING(0, breach->patch[0].offset, breach->patch[0].width, breach->patch[0].value,
                       breach->want);
    }
}

#define ASSERT_BREACHES(cases) \
    for (size_t i = 0; i < COUNT(cases); i++) { \
        assert_breach(&(cases)[i]); \
    }

/* Methods are left unknown where the size would otherwise be found wrong as well. */
#define ANY MFD_METHOD_UNKNOWN
#define L MFD_REV_LATEST

static void magic_and_version_are_found_wrong(void **state)
{
    static const struct breach cases[] = {
        {L, 0, {{0, 4, 0x11223345}}, "MF-HDR-013", MFD_MAGIC},
        {L, 0, {{0, 4, 0x44332211}}, "MF-HDR-013", MFD_MAGIC},
        {MFD_REV_2020, 0, {{0, 4, 0}}, "MF-HDR-013", MFD_MAGIC},
        {L, 0, {{4, 4, 0}}, "MF-HDR-014", 1},
        {MFD_REV_2020, 0, {{4, 4, 2}}, "MF-HDR-014", 1},
        {L, 0, {{4, 4, 0xffffffff}}, "MF-HDR-014", 1},
    };

    (void)state;
    ASSERT_BREACHES(cases);
}

static void flags_are_found_wrong(void **state)
{
    static const struct breach cases[] = {
        {L, 0, {{8, 4, 0x80}}, "MF-HDR-003", 0x7f},
        {L, 0, {{8, 4, 0x80000400}}, "MF-HDR-003", 0x7f},
        {MFD_REV_9_2, 0, {{8, 4, 0x40}}, "MF-HDR-003", 0x3f},
        {MFD_REV_9_1, 0, {{8, 4, 0x20}}, "MF-HDR-003", 0x1f},
        {MFD_REV_7_2, 0, {{8, 4, 0x10}}, "MF-HDR-003", 0x0f},
        {MFD_REV_9_1, 0, {{8, 4, 0x10}}, "MF-PAY-002", 0},
        {MFD_REV_7_2, 0, {{8, 4, 0x06}}, "MF-PAY-002", 0},
        {L, MFD_FLAG_ZSTD, {{8, 4, MFD_FLAG_ZLIB}}, "MF-PAY-002", MFD_FLAG_ZSTD},
        {L, MFD_FLAG_ZSTD, {{8, 4, 0}}, "MF-PAY-002", MFD_FLAG_ZSTD},
        {L, ANY, {{8, 4, MFD_FLAG_ZLIB}}, "", 0},
        {L, 0, {{8, 4, 0x01}}, "MF-SYNC-004", 0},
        {L, MFD_FLAG_ZLIB, {{8, 4, 0x03}}, "MF-SYNC-004", 2},
        {MFD_REV_9_0, 0, {{8, 4, 0x01}}, "MF-SYNC-004", 0},
        {MFD_REV_2024_MID, 0, {{8, 4, 0x01}}, "", 0},
    };

    (void)state;
    ASSERT_BREACHES(cases);
}

static void pages_alloc_is_found_wrong(void **state)
{
    static const struct breach cases[] = {
        {L, 0, {{12, 4, 129}}, "MF-HDR-015 MF-HDR-004", 128},
        {L, 0, {{12, 4, 0xffffffff}}, "MF-HDR-015 MF-HDR-004", 128},
        {MFD_REV_7_2, 0, {{12, 4, 129}}, "MF-HDR-015 MF-HDR-004", 128},
        {MFD_REV_5_2, 0, {{12, 4, 129}}, "MF-HDR-004", 128},
        {MFD_REV_5_2, 0, {{12, 4, 12800}}, "MF-HDR-004", 128},
        {MFD_REV_5_2, 0, {{12, 4, 12801}}, "MF-HDR-016 MF-HDR-004", 12800},
        {MFD_REV_2020, 0, {{12, 4, 0xffffffff}}, "MF-HDR-016 MF-HDR-004", 12800},
        {L, 0, {{12, 4, 5}}, "MF-HDR-004", 128},
        {L, 0, {{12, 4, 127}}, "MF-HDR-004", 128},
    };

    (void)state;
    ASSERT_BREACHES(cases);
}

static void counts_of_pages_are_found_wrong(void **state)
{
    static const struct breach cases[] = {
        {L, ANY, {{16, 4, 126}}, "", 0},
        {L, ANY, {{16, 4, 129}}, "MF-HDR-017", 128},
        {L, ANY, {{16, 4, 0xffffffff}}, "MF-HDR-017", 128},
        {L, 0, {{16, 4, 0x80000000}}, "MF-HDR-017 MF-HDR-010", 128},
        {L, 0, {{16, 4, 3}, {12, 4, 2}}, "MF-HDR-017 MF-HDR-004", 2},
        {MFD_REV_7_2, ANY, {{16, 4, 129}}, "MF-HDR-017", 128},
        {MFD_REV_5_2, ANY, {{16, 4, 128}}, "", 0},
        {MFD_REV_5_2, ANY, {{16, 4, 129}, {12, 4, 12800}}, "MF-HDR-005 MF-HDR-004", 128},
        {MFD_REV_2020, ANY, {{16, 4, 129}}, "MF-HDR-017 MF-HDR-005", 128},
        {L, 0, {{32, 4, 125}}, "", 0},
        {L, 0, {{32, 4, 126}}, "MF-HDR-018", 125},
        {L, 0, {{32, 4, 0xffffffff}}, "MF-HDR-018", 125},
        {MFD_REV_9_0, 0, {{32, 4, 2}, {12, 4, 4}}, "MF-HDR-018 MF-HDR-004", 1},
    };

    (void)state;
    ASSERT_BREACHES(cases);
}

static void sizes_are_found_wrong(void **state)
{
    static const struct breach cases[] = {
        {L, 0, {{20, 4, 3 * PAGE - 1}}, "MF-HDR-010", 3 * PAGE},
        {L, 0, {{20, 4, 3 * PAGE + 1}}, "MF-HDR-010", 3 * PAGE},
        {MFD_REV_2020, 0, {{20, 4, 0}}, "MF-HDR-010", 3 * PAGE},
        {L, 0, {{20, 4, 0xffffffff}}, "MF-HDR-010", 3 * PAGE},
        {L, ANY, {{20, 4, 7}}, "", 0},
        {L, MFD_FLAG_ZLIB, {{20, 4, 1 << 20}}, "", 0},
        {L, MFD_FLAG_ZLIB, {{20, 4, (1 << 20) + 1}}, "MF-PAY-008", 1 << 20},
        {L, MFD_FLAG_ZSTD, {{20, 4, (1 << 20) + 1}}, "MF-PAY-008", 1 << 20},
        {L, MFD_FLAG_QATZIP, {{20, 4, 0xffffffff}}, "MF-PAY-008", 1 << 20},
        {MFD_REV_2020, MFD_FLAG_ZLIB, {{20, 4, 0x80000000}}, "MF-PAY-008", 1 << 20},
        {L, MFD_FLAG_QPL, {{20, 4, (1 << 20) + 1}}, "", 0},
        {L, MFD_FLAG_UADK, {{20, 4, (1 << 20) + 1}}, "", 0},
    };

    (void)state;
    ASSERT_BREACHES(cases);
}

static void a_size_without_normal_pages_is_found_wrong(void **state)
{
    struct mfd_check_context context = context_of(L, PAGE, MFD_FLAG_ZLIB);
    uint8_t buf[SIZE];

    (void)state;
    pack(buf, &context, 0, 0, 1);
    mfd_put32(buf + MFD_PACKET_NEXT_SIZE, 5);
    assert_string_equal(found(mfd_check_packet, &context, buf, SIZE), "MF-PAY-009");
    ASSERT_FINDING(0, 20, 4, 5, 0);
    mfd_put32(buf + MFD_PACKET_FLAGS, 0);
    context.method = 0;
    assert_string_equal(found(mfd_check_packet, &context, buf, SIZE), "MF-HDR-010");
    ASSERT_FINDING(0, 20, 4, 5, 0);
    context.method = ANY;
    assert_string_equal(found(mfd_check_packet, &context, buf, SIZE), "");
    FOR_EACH_REV(rev)
    {
        for (uint32_t flags = 0; flags <= MFD_FLAG_SYNC; flags++) {
            context = context_of((enum mfd_rev)rev, PAGE, flags ? ANY : MFD_FLAG_ZSTD);
            pack(buf, &context, flags, 0, 0);
            mfd_put32(buf + MFD_PACKET_NEXT_SIZE, 7);
            assert_string_equal(found(mfd_check_packet, &context, buf, SIZE),
                                rev >= MFD_REV_9_0 ? "MF-HDR-011" : "");
        }
    }
}

static void a_sync_packet_is_found_wrong(void **state)
{
    struct mfd_check_context context = context_of(L, PAGE, MFD_FLAG_ZLIB);
    uint8_t buf[SIZE];

    (void)state;
    pack(buf, &context, MFD_FLAG_SYNC, 0, 0);
    mfd_put32(buf + MFD_PACKET_PAGES_ALLOC, SLOTS);
    assert_string_equal(found(mfd_check_packet, &context, buf, SIZE), "MF-HDR-004");
    ASSERT_FINDING(0, 12, 4, SLOTS, 0);
    /* with a method bit it is not the bare SYNC whose pages_alloc is 0 */
    mfd_put32(buf + MFD_PACKET_FLAGS, MFD_FLAG_SYNC | MFD_FLAG_ZLIB);
    assert_string_equal(found(mfd_check_packet, &context, buf, SIZE), "MF-SYNC-004");
    ASSERT_FINDING(0, 8, 4, 3, 1);
    context.rev = MFD_REV_8_1;
    mfd_put32(buf + MFD_PACKET_FLAGS, MFD_FLAG_SYNC);
    mfd_put32(buf + MFD_PACKET_PAGES_ALLOC, 0);
    assert_string_equal(found(mfd_check_packet, &context, buf, SIZE), "MF-HDR-004");
    ASSERT_FINDING(0, 12, 4, 0, SLOTS);
}

static void block_names_are_found_wrong(void **state)
{
    struct mfd_check_context context = context_of(L, PAGE, 0);
    uint8_t buf[SIZE];

    (void)state;
    pack(buf, &context, 0, 3, 2);
    buf[MFD_PACKET_RAMBLOCK] = 'X';
    assert_string_equal(found(mfd_check_packet, &context, buf, SIZE), "MF-HDR-019");
    ASSERT_FINDING(0, 64, 256, mfd_get64((const uint8_t *)"Xem0\0\0\0\0"), 0);
    memset(buf + MFD_PACKET_RAMBLOCK, 'Z', MFD_IDSTR_SIZE);
    assert_string_equal(found(mfd_check_packet, &context, buf, SIZE), "MF-HDR-007 MF-HDR-019");
    ASSERT_FINDING(0, 319, 1, 'Z', 0);
    /* without a table the name cannot be looked up, nor an offset be too large */
    context.ram = NULL;
    mfd_put64(buf + MFD_PACKET_FIXED, UINT64_MAX - PAGE + 1);
    assert_string_equal(found(mfd_check_packet, &context, buf, SIZE), "MF-HDR-007");
}

static void offsets_are_found_wrong(void **state)
{
    static const struct breach cases[] = {
        {L, 0, {{320, 8, RAM - PAGE}}, "", 0},
        {L, 0, {{320, 8, RAM}}, "MF-HDR-021", RAM - PAGE},
        {L, 0, {{336, 8, 1ull << 63}}, "MF-HDR-021", RAM - PAGE},
        {L, 0, {{328, 8, UINT64_MAX - PAGE + 1}}, "MF-HDR-021", RAM - PAGE},
        {L, 0, {{320, 8, 1ull << 44}}, "MF-HDR-021", RAM - PAGE},
        {MFD_REV_2020, 0, {{336, 8, RAM}}, "MF-HDR-021", RAM - PAGE},
        {L, 0, {{320, 8, UINT64_MAX}}, "MF-HDR-021 MF-HDR-024", RAM - PAGE},
        {L, 0, {{320, 8, RAM - PAGE + 1}}, "MF-HDR-021 MF-HDR-024", RAM - PAGE},
        {L, 0, {{320, 8, 0x801}}, "MF-HDR-024", 0},
        {MFD_REV_7_2, 0, {{336, 8, RAM - PAGE - 1}}, "MF-HDR-024", RAM - 2 * PAGE},
        {L, 0, {{344, 8, RAM - PAGE}}, "", 0},
        {L, 0, {{344, 8, RAM}}, "MF-HDR-022", RAM - PAGE},
        {L, 0, {{352, 8, UINT64_MAX}}, "MF-HDR-022 MF-HDR-024", RAM - PAGE},
        {MFD_REV_9_0, 0, {{344, 8, 0x801}}, "MF-HDR-024", 0},
        /* several at once */
        {L, 0, {{320, 8, RAM}, {344, 8, RAM}}, "MF-HDR-021 MF-HDR-022", RAM - PAGE},
    };

    (void)state;
    ASSERT_BREACHES(cases);
}

static void each_slot_is_looked_at(void **state)
{
    static uint8_t buf[MFD_PACKET_SIZE_MAX];

    (void)state;
    FOR_EACH_PAGE_SIZE(page_size)
    {
        struct mfd_check_context context = context_of(L, page_size, 0);
        uint32_t slots = mfd_slots(page_size);
        uint32_t step = slots > 256 ? slots / 256 + 1 : 1;
        size_t size = mfd_packet_size(page_size);

        for (uint32_t i = 0; i < slots; i += step) {
            size_t at = MFD_PACKET_FIXED + (size_t)8 * i;

            pack(buf, &context, 0, slots / 2, slots / 2);
            mfd_put64(buf + at, RAM);
            assert_string_equal(found(mfd_check_packet, &context, buf, size),
                                i < slots / 2 ? "MF-HDR-021" : "MF-HDR-022");
            ASSERT_FINDING(0, at, 8, RAM, RAM - page_size);
            mfd_put64(buf + at, 1);
            assert_string_equal(found(mfd_check_packet, &context, buf, size), "MF-HDR-024");
            ASSERT_FINDING(0, at, 8, 1, 0);
        }
    }
}

static void blocks_that_hold_no_page_or_part_of_one_are_judged(void **state)
{
    struct mfd_check_context context = context_of(L, PAGE, 0);
    uint8_t buf[SIZE];

    (void)state;
    pack(buf, &context, 0, 1, 0);
    strcpy((char *)buf + MFD_PACKET_RAMBLOCK, "one");
    assert_string_equal(found(mfd_check_packet, &context, buf, SIZE), "");
    mfd_put64(buf + MFD_PACKET_FIXED, PAGE);
    assert_string_equal(found(mfd_check_packet, &context, buf, SIZE), "MF-HDR-021");
    ASSERT_FINDING(0, 320, 8, PAGE, 0);
    memset(buf + MFD_PACKET_RAMBLOCK, 0, 8);
    strcpy((char *)buf + MFD_PACKET_RAMBLOCK, "tiny");
    assert_string_equal(found(mfd_check_packet, &context, buf, SIZE), "MF-HDR-023");
    ASSERT_FINDING(0, 320, 8, PAGE, PAGE - 1);
    mfd_put64(buf + MFD_PACKET_FIXED, 0);
    strcpy((char *)buf + MFD_PACKET_RAMBLOCK, "empty");
    assert_string_equal(found(mfd_check_packet, &context, buf, SIZE), "MF-HDR-023");
    ASSERT_FINDING(0, 320, 8, 0, 0);
    mfd_put64(buf + MFD_PACKET_FIXED, 1);
    assert_string_equal(found(mfd_check_packet, &context, buf, SIZE), "MF-HDR-023 MF-HDR-024");
    /* a length that is no power of two: offsets whose bits together exceed what each may be */
    pack(buf, &context, 0, 5, 0);
    memset(buf + MFD_PACKET_RAMBLOCK, 0, 8);
    strcpy((char *)buf + MFD_PACKET_RAMBLOCK, "odd");
    assert_string_equal(found(mfd_check_packet, &context, buf, SIZE), "");
    mfd_put64(buf + MFD_PACKET_FIXED, (uint64_t)5 * PAGE);
    assert_string_equal(found(mfd_check_packet, &context, buf, SIZE), "MF-HDR-021");
    ASSERT_FINDING(0, 320, 8, 5 * PAGE, 4 * PAGE + 1);
}

static void each_byte_that_means_nothing_counts(void **state)
{
    uint8_t buf[SIZE];

    (void)state;
    FOR_EACH_REV(rev)
    {
        struct mfd_check_context context = context_of((enum mfd_rev)rev, PAGE, 0);
        size_t reserved = rev >= MFD_REV_9_0 ? MFD_PACKET_RESERVED : MFD_PACKET_ZERO_PAGES;

        for (size_t i = reserved; i < SIZE; i++) {
            bool used = (i >= 64 && i < 64 + 5) || (i >= 320 && i < 320 + 3 * 8);
            const char *expected = i < 64 ? "MF-HDR-027" : "MF-HDR-008";

            if (used) {
                continue;
            }
            pack(buf, &context, 0, 3, 0);
            buf[i] = 0x80;
            if (i >= 64 && rev < MFD_REV_9_0) {
                expected = "";
            }
            assert_string_equal(found(mfd_check_packet, &context, buf, SIZE), expected);
            if (*expected) {
                ASSERT_FINDING(0, i, 1, 0x80, 0);
            }
        }
    }
}

static void a_packet_without_pages_has_neither_name_nor_offset(void **state)
{
    struct mfd_check_context context = context_of(L, PAGE, 0);
    uint8_t buf[SIZE];

    (void)state;
    pack(buf, &context, MFD_FLAG_SYNC, 0, 0);
    memset(buf + MFD_PACKET_RAMBLOCK, 'Z', MFD_IDSTR_SIZE);
    assert_string_equal(found(mfd_check_packet, &context, buf, SIZE), "MF-HDR-008");
    ASSERT_FINDING(0, 64, 1, 'Z', 0);
    memset(buf + MFD_PACKET_RAMBLOCK, 0, MFD_IDSTR_SIZE);
    mfd_put64(buf + SIZE - 8, UINT64_MAX);
    assert_string_equal(found(mfd_check_packet, &context, buf, SIZE), "MF-HDR-008");
    ASSERT_FINDING(0, SIZE - 8, 1, 0xff, 0);
}

static void findings_come_in_the_receivers_order(void **state)
{
    struct mfd_check_context context = context_of(L, PAGE, 0);
    uint8_t buf[SIZE];

    (void)state;
    pack(buf, &context, 0, 1, 1);
    mfd_put32(buf + MFD_PACKET_MAGIC, 0);
    mfd_put32(buf + MFD_PACKET_VERSION, 0);
    mfd_put32(buf + MFD_PACKET_FLAGS, 0x83);
    mfd_put32(buf + MFD_PACKET_PAGES_ALLOC, 200);
    mfd_put32(buf + MFD_PACKET_ZERO_PAGES, 200);
    mfd_put32(buf + MFD_PACKET_NEXT_SIZE, 1);
    buf[MFD_PACKET_RESERVED] = 1;
    buf[MFD_PACKET_FIXED - 1] = 1;
    mfd_put64(buf + MFD_PACKET_FIXED, RAM);
    mfd_put64(buf + MFD_PACKET_FIXED + 8, RAM);
    assert_string_equal(found(mfd_check_packet, &context, buf, SIZE),
                        "MF-HDR-013 MF-HDR-014 MF-HDR-015 MF-HDR-018 MF-HDR-004 MF-HDR-021 "
                        "MF-HDR-022 MF-HDR-003 MF-PAY-002 MF-SYNC-004 MF-HDR-010 MF-HDR-027 "
                        "MF-HDR-008");
}

static void a_header_cut_in_its_table_is_judged_by_its_fixed_part(void **state)
{
    struct mfd_check_context context = context_of(L, PAGE, 0);
    uint8_t buf[SIZE];

    (void)state;
    pack(buf, &context, 0, 3, 2);
    mfd_put64(buf + MFD_PACKET_FIXED, UINT64_MAX);
    mfd_put32(buf + MFD_PACKET_PAGES_ALLOC, 129);
    for (size_t len = 0; len < SIZE; len++) {
        assert_string_equal(found(mfd_check_packet, &context, buf, len),
                            len < MFD_PACKET_FIXED ? "" : "MF-HDR-015 MF-HDR-004");
    }
}

static void checks_are_total_on_any_bytes_of_any_length(void **state)
{
    static uint8_t bytes[MFD_PACKET_SIZE_MAX + 64];
    uint64_t random = 6;

    (void)state;
    FOR_EACH_REV(rev)
    {
        for (size_t len = 0; len <= SIZE + 64; len++) {
            struct mfd_check_context context =
                context_of((enum mfd_rev)rev, 256u << (len % 9), (uint32_t)(len % 3));

            context.ram = len % 5 ? &ram : NULL;
            test_fill_random(bytes, len, &random);
            if (len % 2 && len > MFD_PACKET_FIXED) {
                /* nearly correct: counts that lead into the table */
                pack(bytes, &(struct mfd_check_context){.rev = L, .page_size = 65536},
                     (uint32_t)(len % 4), 4, 4);
                test_fill_random(bytes + MFD_PACKET_FIXED, len - MFD_PACKET_FIXED, &random);
                mfd_put32(bytes + MFD_PACKET_NORMAL_PAGES, (uint32_t)test_random(&random) >> 22);
                mfd_put32(bytes + MFD_PACKET_ZERO_PAGES, (uint32_t)test_random(&random) >> 22);
            }
            if (context.page_size >= PAGE || len > SIZE) {
                assert_total(mfd_check_packet, &context, bytes, len);
            }
        }
    }
}

static void every_rule_about_packets_was_found(void **state)
{
    (void)state;
    assert_all_found("packet");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_correct_packet_has_no_finding_in_any_revision_and_page_size),
        cmocka_unit_test(what_senders_before_9_0_leave_stale_is_no_finding),
        cmocka_unit_test(magic_and_version_are_found_wrong),
        cmocka_unit_test(flags_are_found_wrong),
        cmocka_unit_test(pages_alloc_is_found_wrong),
        cmocka_unit_test(counts_of_pages_are_found_wrong),
        cmocka_unit_test(sizes_are_found_wrong),
        cmocka_unit_test(a_size_without_normal_pages_is_found_wrong),
        cmocka_unit_test(a_sync_packet_is_found_wrong),
        cmocka_unit_test(block_names_are_found_wrong),
        cmocka_unit_test(offsets_are_found_wrong),
        cmocka_unit_test(each_slot_is_looked_at),
        cmocka_unit_test(blocks_that_hold_no_page_or_part_of_one_are_judged),
        cmocka_unit_test(each_byte_that_means_nothing_counts),
        cmocka_unit_test(a_packet_without_pages_has_neither_name_nor_offset),
        cmocka_unit_test(findings_come_in_the_receivers_order),
        cmocka_unit_test(a_header_cut_in_its_table_is_judged_by_its_fixed_part),
        /* the next two last: random bytes must not stand in for the cases above */
        cmocka_unit_test(every_rule_about_packets_was_found),
        cmocka_unit_test(checks_are_total_on_any_bytes_of_any_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
