// SPDX-License-Identifier: GPL-2.0-or-later
#include "conn.h"

#include "test_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MEMORY (64u * TEST_PAGE)
#define EVENTS_MAX 64

/* A guest of one block, the setup for it, and a stream. */
struct rig {
    struct mfd_guest guest;
    struct mfd_conn_setup setup;
    struct test_bytes bytes;
    enum mfd_got events[EVENTS_MAX]; /* MORE is left out */
    size_t count;
    struct mfd_conn conn;
};

static struct rig *rig_new(enum mfd_rev rev, bool resizable)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    struct mfd_guest_block block = {TEST_BLOCK, MEMORY, MEMORY, resizable};

    assert_non_null(rig);
    mfd_guest_init(&rig->guest);
    assert_int_equal(mfd_guest_add_anonymous(&rig->guest, &block), 0);
    rig->setup = (struct mfd_conn_setup){
        .check = {.rev = rev,
                  .page_size = TEST_PAGE,
                  .channels = 2,
                  .uuid = test_no_uuid,
                  .ram = &rig->guest.table},
        .sync = MFD_SYNC_MARKER,
        .machine = "none",
        .guest = &rig->guest,
    };
    return rig;
}

static void rig_free(struct rig *rig)
{
    mfd_guest_free(&rig->guest);
    free(rig);
}

static void note(struct rig *rig, enum mfd_got got)
{
    assert_true(rig->count < EVENTS_MAX);
    rig->events[rig->count++] = got;
}

/* Stores bytes where the connection wants them; returns how many it took. */
static size_t store(struct mfd_conn *c, const uint8_t *bytes, size_t len)
{
    size_t pieces = 0;
    const struct iovec *want = mfd_conn_want(c, &pieces);
    size_t n = 0;

    assert_in_range(pieces, 1, 1024);
    for (size_t i = 0; i < pieces && n < len; i++) {
        size_t part = want[i].iov_len < len - n ? want[i].iov_len : len - n;

        assert_true(want[i].iov_len > 0);
        memcpy(want[i].iov_base, bytes + n, part);
        n += part;
    }
    return n;
}

/* Gives the connection bytes in reads of at most `most`; false when it is dead. */
static bool feed(struct rig *rig, const uint8_t *bytes, size_t len, size_t most)
{
    for (size_t at = 0; at < len;) {
        size_t n = store(&rig->conn, bytes + at, len - at < most ? len - at : most);
        enum mfd_got got = mfd_conn_got(&rig->conn, n);

        at += n;
        for (; got != MFD_GOT_MORE; got = mfd_conn_got(&rig->conn, 0)) {
            note(rig, got);
            if (got == MFD_GOT_FINDING || got == MFD_GOT_DRAINED) {
                return false;
            }
        }
    }
    return true;
}

/* Runs the rig's stream through a new connection, cut at `cut`, then ends it; events are noted. */
static void run(struct rig *rig, size_t cut, size_t most, bool eof)
{
    rig->count = 0;
    memset(rig->guest.maps[0].base, 0xaa, MEMORY);
    mfd_guest_resize(&rig->guest, 0, MEMORY);
    assert_int_equal(mfd_conn_init(&rig->conn, &rig->setup), 0);
    if (feed(rig, rig->bytes.data, cut, most) &&
        feed(rig, rig->bytes.data + cut, rig->bytes.len - cut, most) && eof) {
        note(rig, mfd_conn_eof(&rig->conn));
    }
    mfd_conn_free(&rig->conn);
}

static void assert_events(const struct rig *rig, const enum mfd_got *want, size_t count)
{
    assert_int_equal(rig->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(rig->events[i], want[i]);
    }
}

/* The stream gives the same events and the same memory however it is cut. */
static void assert_any_fragmentation(struct rig *rig, const enum mfd_got *want, size_t count)
{
    uint8_t *memory = malloc(MEMORY);

    run(rig, 0, SIZE_MAX, true);
    assert_events(rig, want, count);
    memcpy(memory, rig->guest.maps[0].base, MEMORY);
    for (size_t most = 1; most <= 5000; most = most * 3 + 1) {
        run(rig, 0, most, true);
        assert_events(rig, want, count);
        assert_memory_equal(memory, rig->guest.maps[0].base, MEMORY);
    }
    for (size_t cut = 1; cut < rig->bytes.len; cut++) {
        run(rig, cut, SIZE_MAX, true);
        assert_events(rig, want, count);
        assert_memory_equal(memory, rig->guest.maps[0].base, MEMORY);
    }
    free(memory);
}

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void a_channel_gives_the_same_events_in_any_fragmentation(void **state)
{
    static const enum mfd_got want[] = {MFD_GOT_HELLO, MFD_GOT_SYNC, MFD_GOT_PACKET, MFD_GOT_SYNC,
                                        MFD_GOT_CLOSED};
    struct rig *rig = rig_new(MFD_REV_10_0, false);

    (void)state;
    test_put_hello(&rig->bytes, 1);
    test_put_sync(&rig->bytes);
    test_put_packet(&rig->bytes, 0, 3, 2, 1, 7);
    test_put_packet(&rig->bytes, 0, 0, 0, 0, 0);
    test_put_sync(&rig->bytes);
    assert_any_fragmentation(rig, want, COUNT(want));
    assert_int_equal(rig->conn.channel, 1);
    assert_int_equal(rig->conn.packets, 4);
    assert_int_equal(rig->conn.normal_pages, 2);
    assert_int_equal(rig->conn.zero_pages, 1);
    rig_free(rig);
}

static void main_gives_the_same_events_in_any_fragmentation(void **state)
{
    static const enum mfd_got want[] = {MFD_GOT_MAIN, MFD_GOT_REPLY, MFD_GOT_RAM, MFD_GOT_POINT,
                                        MFD_GOT_LOAD, MFD_GOT_POINT, MFD_GOT_END, MFD_GOT_DRAINED};
    static const uint8_t ping[] = {0, 0, 0, 9};
    struct rig *rig = rig_new(MFD_REV_10_0, false);
    struct test_bytes *b = &rig->bytes;

    (void)state;
    test_put_header(b);
    b->len += mfd_pack_command(b->data + b->len, MFD_CMD_OPEN_RETURN_PATH, NULL, 0);
    b->len += mfd_pack_command(b->data + b->len, MFD_CMD_PING, ping, 4);
    test_put_ram_start(b, MEMORY);
    test_put_section_end(b, true);
    b->len += mfd_pack_part(b->data + b->len, MFD_SECTION_PART, 1);
    b->len += mfd_pack_zero(b->data + b->len, TEST_BLOCK, 5 * TEST_PAGE);
    b->len += mfd_pack_page(b->data + b->len, TEST_BLOCK, 6 * TEST_PAGE);
    memset(b->data + b->len, 0x33, TEST_PAGE);
    b->len += TEST_PAGE;
    test_put_section_end(b, false);
    test_put_ram_end(b, true);
    test_put_end(b, true);
    assert_any_fragmentation(rig, want, COUNT(want));
    assert_int_equal(rig->guest.maps[0].base[5 * TEST_PAGE], 0);
    assert_int_equal(rig->guest.maps[0].base[6 * TEST_PAGE], 0x33);
    assert_int_equal(rig->guest.maps[0].base[7 * TEST_PAGE - 1], 0x33);
    assert_int_equal(rig->guest.maps[0].base[7 * TEST_PAGE], 0xaa);
    rig_free(rig);
}

static void a_block_behind_the_list_is_refused(void **state)
{
    static const enum mfd_got want[] = {MFD_GOT_MAIN, MFD_GOT_RAM, MFD_GOT_POINT, MFD_GOT_FINDING};
    struct rig *rig = rig_new(MFD_REV_10_0, false);
    struct test_bytes *b = &rig->bytes;

    (void)state;
    test_put_header(b);
    test_put_ram_start(b, MEMORY);
    b->len += mfd_pack_marker(b->data + b->len);
    /* pages are loaded by the first list already */
    b->len += mfd_pack_memsize(b->data + b->len, MEMORY);
    b->len += mfd_pack_block(b->data + b->len, TEST_BLOCK, MEMORY);
    run(rig, 0, SIZE_MAX, false);
    assert_events(rig, want, COUNT(want));
    rig_free(rig);
}

static void a_missing_description_of_the_vm_is_no_error(void **state)
{
    static const enum mfd_got want[] = {MFD_GOT_MAIN, MFD_GOT_RAM, MFD_GOT_END, MFD_GOT_DRAINED};
    struct rig *rig = rig_new(MFD_REV_10_0, false);

    (void)state;
    test_put_header(&rig->bytes);
    test_put_ram_start(&rig->bytes, MEMORY);
    test_put_section_end(&rig->bytes, false);
    test_put_ram_end(&rig->bytes, false);
    test_put_end(&rig->bytes, false);
    run(rig, 0, SIZE_MAX, true);
    assert_events(rig, want, COUNT(want));
    /* neither is anything else in its place */
    rig->bytes.data[rig->bytes.len++] = 0xff;
    run(rig, 0, SIZE_MAX, false);
    assert_events(rig, want, COUNT(want));
    rig_free(rig);
}

static void in_section_mode_each_section_end_is_a_sync_point(void **state)
{
    static const enum mfd_got want[] = {MFD_GOT_MAIN,  MFD_GOT_RAM, MFD_GOT_POINT,
                                        MFD_GOT_POINT, MFD_GOT_END, MFD_GOT_DRAINED};
    struct rig *rig = rig_new(MFD_REV_7_2, false);

    (void)state;
    rig->setup.sync = MFD_SYNC_SECTION;
    test_put_header(&rig->bytes);
    test_put_ram_start(&rig->bytes, MEMORY);
    test_put_section_end(&rig->bytes, false);
    test_put_ram_end(&rig->bytes, false);
    test_put_end(&rig->bytes, true);
    run(rig, 0, SIZE_MAX, false);
    assert_events(rig, want, COUNT(want));
    rig_free(rig);
}

static void pages_on_a_sync_packet_are_loaded_before_the_sync(void **state)
{
    static const enum mfd_got want[] = {MFD_GOT_HELLO, MFD_GOT_PACKET, MFD_GOT_SYNC,
                                        MFD_GOT_CLOSED};
    struct rig *rig = rig_new(MFD_REV_7_2, false);

    (void)state;
    test_put_hello(&rig->bytes, 0);
    test_put_packet(&rig->bytes, MFD_FLAG_SYNC, 0, 3, 0, 5);
    run(rig, 0, SIZE_MAX, true);
    assert_events(rig, want, COUNT(want));
    assert_int_equal(rig->guest.maps[0].base[2 * TEST_PAGE], 7);
    rig_free(rig);
}

static void a_page_that_is_listed_as_zero_and_normal_ends_normal(void **state)
{
    struct rig *rig = rig_new(MFD_REV_10_0, false);

    (void)state;
    test_put_hello(&rig->bytes, 0);
    test_put_packet(&rig->bytes, 0, 0, 2, 1, 5);
    /* the zero page is page 1, which is normal as well, and page 0 is listed twice */
    mfd_put64(rig->bytes.data + MFD_HELLO_SIZE + MFD_PACKET_FIXED + 16, TEST_PAGE);
    run(rig, 0, SIZE_MAX, true);
    assert_int_equal(rig->guest.maps[0].base[0], 5);
    assert_int_equal(rig->guest.maps[0].base[TEST_PAGE], 6);
    rig_free(rig);
}

static void a_doubled_offset_is_fine_and_the_later_copy_stays(void **state)
{
    struct rig *rig = rig_new(MFD_REV_10_0, false);

    (void)state;
    test_put_hello(&rig->bytes, 0);
    test_put_packet(&rig->bytes, 0, 0, 3, 0, 5);
    mfd_put64(rig->bytes.data + MFD_HELLO_SIZE + MFD_PACKET_FIXED + 16, 0);
    run(rig, 0, SIZE_MAX, true);
    assert_int_equal(rig->events[rig->count - 1], MFD_GOT_CLOSED);
    assert_int_equal(rig->guest.maps[0].base[0], 7);
    assert_int_equal(rig->guest.maps[0].base[TEST_PAGE], 6);
    rig_free(rig);
}

static void a_zero_page_clears_memory_that_no_packet_has_written(void **state)
{
    struct rig *rig = rig_new(MFD_REV_10_0, false);

    (void)state;
    test_put_hello(&rig->bytes, 0);
    test_put_packet(&rig->bytes, 0, 10, 0, 2, 0);
    run(rig, 0, SIZE_MAX, true);
    assert_true(mfd_is_zero(rig->guest.maps[0].base + 10 * TEST_PAGE, 2 * TEST_PAGE));
    assert_int_equal(rig->guest.maps[0].base[12 * TEST_PAGE], 0xaa);
    rig_free(rig);
}

/* The stream ends with a finding of that rule. */
static void assert_refused(struct rig *rig, enum mfd_rule rule)
{
    for (size_t most = 1; most; most = most == 1 ? 100 : most == 100 ? SIZE_MAX : 0) {
        run(rig, 0, most, true);
        assert_int_equal(rig->events[rig->count - 1], MFD_GOT_FINDING);
        assert_int_equal(rig->conn.finding.rule, rule);
    }
}

static void what_starts_with_no_known_magic_is_refused_after_four_bytes(void **state)
{
    struct rig *rig = rig_new(MFD_REV_10_0, false);

    (void)state;
    memcpy(rig->bytes.data, "GET ", 4);
    rig->bytes.len = 4;
    run(rig, 0, SIZE_MAX, false);
    assert_int_equal(rig->count, 1);
    assert_int_equal(rig->conn.finding.rule, MFD_INIT_002);
    rig_free(rig);
}

static void a_bad_packet_magic_is_refused_after_four_bytes(void **state)
{
    struct rig *rig = rig_new(MFD_REV_10_0, false);

    (void)state;
    test_put_hello(&rig->bytes, 0);
    test_put_sync(&rig->bytes);
    rig->bytes.data[MFD_HELLO_SIZE + 3] ^= 1;
    rig->bytes.len = MFD_HELLO_SIZE + 4;
    run(rig, 0, SIZE_MAX, false);
    assert_int_equal(rig->conn.finding.rule, MFD_HDR_013);
    assert_int_equal(rig->conn.at, MFD_HELLO_SIZE);
    rig_free(rig);
}

/* Puts `value` into a field of the first packet and expects the rule to be the error. */
static void assert_field_refused(enum mfd_rev rev, size_t at, uint32_t width, uint64_t value,
                                 enum mfd_rule rule)
{
    struct rig *rig = rig_new(rev, false);

    test_put_hello(&rig->bytes, 0);
    test_put_packet(&rig->bytes, 0, 0, 2, rev >= MFD_REV_9_0 ? 1 : 0, 1);
    mfd_uint_put(rig->bytes.data + MFD_HELLO_SIZE + at, width, value);
    assert_refused(rig, rule);
    /* whatever it was, nothing outside the pages listed was touched */
    assert_int_equal(rig->guest.maps[0].base[3 * TEST_PAGE], 0xaa);
    rig_free(rig);
}

static void a_broken_field_is_refused_before_memory_is_touched(void **state)
{
    (void)state;
    assert_field_refused(MFD_REV_10_0, 4, 4, 2, MFD_HDR_014);
    assert_field_refused(MFD_REV_10_0, 8, 4, 2, MFD_PAY_002);
    assert_field_refused(MFD_REV_10_0, 12, 4, 129, MFD_HDR_015);
    assert_field_refused(MFD_REV_5_2, 12, 4, 12801, MFD_HDR_016);
    assert_field_refused(MFD_REV_5_2, 16, 4, 0xffffffff, MFD_HDR_017);
    assert_field_refused(MFD_REV_10_0, 16, 4, 129, MFD_HDR_017);
    assert_field_refused(MFD_REV_10_0, 20, 4, 7, MFD_HDR_010);
    assert_field_refused(MFD_REV_10_0, 32, 4, 0xffffffff, MFD_HDR_018);
    assert_field_refused(MFD_REV_10_0, 64, 1, 'x', MFD_HDR_019);
    assert_field_refused(MFD_REV_10_0, 320, 8, MEMORY, MFD_HDR_021);
    assert_field_refused(MFD_REV_10_0, 328, 8, UINT64_MAX - TEST_PAGE + 1, MFD_HDR_021);
    assert_field_refused(MFD_REV_10_0, 336, 8, MEMORY, MFD_HDR_022);
    assert_field_refused(MFD_REV_10_0, 320, 8, 0x801, MFD_HDR_024);
}

static void a_block_that_shrank_below_a_page_has_no_page(void **state)
{
    struct rig *rig = rig_new(MFD_REV_10_0, true);
    struct mfd_conn *c = &rig->conn;

    (void)state;
    mfd_guest_resize(&rig->guest, 0, 0);
    test_put_hello(&rig->bytes, 0);
    test_put_packet(&rig->bytes, 0, 1, 1, 0, 1);
    assert_int_equal(mfd_conn_init(c, &rig->setup), 0);
    assert_false(feed(rig, rig->bytes.data, rig->bytes.len, SIZE_MAX));
    assert_int_equal(c->finding.rule, MFD_HDR_023);
    mfd_conn_free(c);
    rig_free(rig);
}

static void main_sets_the_used_length_of_a_resizable_block(void **state)
{
    struct rig *rig = rig_new(MFD_REV_10_0, true);

    (void)state;
    test_put_header(&rig->bytes);
    test_put_ram_start(&rig->bytes, 2 * TEST_PAGE);
    test_put_section_end(&rig->bytes, false);
    run(rig, 0, SIZE_MAX, false);
    assert_int_equal(rig->events[rig->count - 1], MFD_GOT_RAM);
    assert_int_equal(rig->guest.table.blocks[0].used_length, 2 * TEST_PAGE);
    rig->bytes.len = 0;
    test_put_header(&rig->bytes);
    test_put_ram_start(&rig->bytes, MEMORY + TEST_PAGE);
    run(rig, 0, SIZE_MAX, false);
    assert_int_equal(rig->events[rig->count - 1], MFD_GOT_FINDING);
    assert_int_equal(rig->conn.finding.rule, MFD_MAIN_008);
    rig_free(rig);
}

static void device_state_has_no_handler(void **state)
{
    struct rig *rig = rig_new(MFD_REV_10_0, false);
    struct mfd_device device = {
        .magic = MFD_MAGIC,
        .version = MFD_VERSION,
        .flags = MFD_FLAG_DEVICE_STATE,
        .idstr = "vfio",
        .next_packet_size = 100,
    };

    (void)state;
    test_put_hello(&rig->bytes, 0);
    mfd_device_pack(rig->bytes.data + MFD_HELLO_SIZE, &device);
    rig->bytes.len += MFD_DEVICE_SIZE;
    assert_refused(rig, MFD_DEV_003);
    mfd_put32(rig->bytes.data + MFD_HELLO_SIZE + MFD_DEVICE_NEXT_SIZE, 0);
    assert_refused(rig, MFD_DEV_004);
    mfd_put32(rig->bytes.data + MFD_HELLO_SIZE + MFD_DEVICE_NEXT_SIZE, 0xfffffff0);
    assert_refused(rig, MFD_DEV_006);
    rig_free(rig);
}

/* A rig with two devices, each with room for 100 bytes, and a hello in its stream. */
static struct rig *device_rig_new(void)
{
    static uint8_t room[2][101];
    static struct mfd_device_handler devices[2];
    struct rig *rig = rig_new(MFD_REV_10_0, false);

    memset(room, 0x5a, sizeof(room));
    for (uint32_t i = 0; i < 2; i++) {
        devices[i] = (struct mfd_device_handler){"vfio", i, room[i], 100, 0};
    }
    rig->setup.devices = devices;
    rig->setup.device_count = 2;
    test_put_hello(&rig->bytes, 0);
    return rig;
}

static void assert_refused_in_any_fragmentation(struct rig *rig, enum mfd_rule rule)
{
    for (size_t most = 1; most < 1000; most *= 9) {
        rig->count = 0;
        assert_int_equal(mfd_conn_init(&rig->conn, &rig->setup), 0);
        assert_false(feed(rig, rig->bytes.data, rig->bytes.len, most));
        assert_int_equal(rig->events[rig->count - 1], MFD_GOT_FINDING);
        assert_int_equal(rig->conn.finding.rule, rule);
        assert_int_equal(rig->conn.taken, MFD_HELLO_SIZE + MFD_DEVICE_SIZE);
        mfd_conn_free(&rig->conn);
    }
}

static void state_of_devices_goes_to_their_handlers_in_any_fragmentation(void **state)
{
    static const enum mfd_got want[] = {MFD_GOT_HELLO, MFD_GOT_PACKET, MFD_GOT_SYNC,
                                        MFD_GOT_CLOSED};
    struct rig *rig = device_rig_new();
    struct mfd_device_handler *devices = rig->setup.devices;

    (void)state;
    test_put_device(&rig->bytes, "vfio", 1, 100, 3);
    test_put_packet(&rig->bytes, 0, 3, 1, 1, 7);
    test_put_device(&rig->bytes, "vfio", 0, 60, 1);
    test_put_device(&rig->bytes, "vfio", 0, 40, 2);
    test_put_sync(&rig->bytes);
    for (size_t cut = 0; cut < rig->bytes.len; cut++) {
        atomic_store(&devices[0].filled, 0);
        atomic_store(&devices[1].filled, 0);
        memset(devices[0].room, 0x5a, 100);
        memset(devices[1].room, 0x5a, 100);
        run(rig, cut, cut % 7 ? SIZE_MAX : 1, true);
        assert_events(rig, want, COUNT(want));
        assert_int_equal(rig->conn.packets, 5);
        assert_int_equal(atomic_load(&devices[0].filled), 100);
        assert_int_equal(atomic_load(&devices[1].filled), 100);
        for (unsigned i = 0; i < 100; i++) {
            assert_int_equal(devices[0].room[i], i < 60 ? 1 : 2);
            assert_int_equal(devices[1].room[i], 3);
        }
        assert_int_equal(devices[0].room[100], 0x5a);
        assert_int_equal(devices[1].room[100], 0x5a);
    }
    rig_free(rig);
}

static void bad_state_of_a_device_is_refused_before_its_payload_is_read(void **state)
{
    struct rig *rig = device_rig_new();
    uint8_t *header = rig->bytes.data + MFD_HELLO_SIZE;

    (void)state;
    test_put_device(&rig->bytes, "vfio", 0, 100, 1);
    mfd_put32(header + MFD_DEVICE_NEXT_SIZE, 101);
    assert_refused_in_any_fragmentation(rig, MFD_DEV_006);
    mfd_put32(header + MFD_DEVICE_NEXT_SIZE, UINT32_MAX);
    assert_refused_in_any_fragmentation(rig, MFD_DEV_006);
    mfd_put32(header + MFD_DEVICE_NEXT_SIZE, 0);
    assert_refused_in_any_fragmentation(rig, MFD_DEV_004);
    mfd_put32(header + MFD_DEVICE_NEXT_SIZE, 100);
    mfd_put32(header + MFD_DEVICE_INSTANCE, 2);
    assert_refused_in_any_fragmentation(rig, MFD_DEV_003);
    mfd_put32(header + MFD_DEVICE_INSTANCE, 0);
    header[MFD_DEVICE_IDSTR + 4] = 'x';
    assert_refused_in_any_fragmentation(rig, MFD_DEV_003);
    memset(header + MFD_DEVICE_IDSTR, 'x', MFD_IDSTR_SIZE);
    assert_refused_in_any_fragmentation(rig, MFD_DEV_002);
    memset(header + MFD_DEVICE_IDSTR, 0, MFD_IDSTR_SIZE);
    memcpy(header + MFD_DEVICE_IDSTR, "vfio", 4);
    mfd_put32(header + MFD_PACKET_FLAGS, MFD_FLAG_DEVICE_STATE | MFD_FLAG_SYNC);
    assert_refused_in_any_fragmentation(rig, MFD_DEV_005);
    mfd_put32(header + MFD_PACKET_FLAGS, MFD_FLAG_DEVICE_STATE | MFD_FLAG_ZLIB);
    assert_refused_in_any_fragmentation(rig, MFD_DEV_001);
    assert_int_equal(atomic_load(&rig->setup.devices[0].filled), 0);
    rig_free(rig);
}

static void pieces_that_exceed_the_room_of_a_device_are_refused(void **state)
{
    struct rig *rig = device_rig_new();

    (void)state;
    test_put_device(&rig->bytes, "vfio", 0, 60, 1);
    test_put_device(&rig->bytes, "vfio", 0, 41, 2);
    run(rig, 0, SIZE_MAX, true);
    assert_int_equal(rig->conn.finding.rule, MFD_DEV_006);
    assert_int_equal(rig->conn.finding.got, 41);
    assert_int_equal(rig->setup.devices[0].room[60], 0x5a);
    rig_free(rig);
}

static void state_of_a_device_that_is_cut_is_refused_everywhere(void **state)
{
    struct rig *rig = device_rig_new();
    size_t start = rig->bytes.len;

    (void)state;
    test_put_device(&rig->bytes, "vfio", 0, 100, 1);
    for (size_t len = rig->bytes.len; --len > start;) {
        atomic_store(&rig->setup.devices[0].filled, 0);
        rig->bytes.len = len;
        run(rig, 0, SIZE_MAX, true);
        assert_int_equal(rig->events[rig->count - 1], MFD_GOT_FINDING);
        assert_int_equal(rig->conn.finding.rule, MFD_PAY_019);
        assert_int_equal(rig->conn.finding.got, len - start);
        assert_true(rig->conn.finding.want == (len - start < MFD_PREFIX_SIZE ? TEST_PACKET
                                               : len - start < MFD_DEVICE_SIZE
                                                   ? MFD_DEVICE_SIZE
                                                   : MFD_DEVICE_SIZE + 100));
    }
    rig_free(rig);
}

static void a_stream_that_ends_within_a_message_is_refused_everywhere(void **state)
{
    struct rig *rig = rig_new(MFD_REV_10_0, false);
    size_t packet = MFD_HELLO_SIZE + TEST_PACKET + TEST_PAGE;

    (void)state;
    test_put_hello(&rig->bytes, 0);
    test_put_packet(&rig->bytes, 0, 0, 1, 0, 1);
    test_put_sync(&rig->bytes);
    for (size_t len = rig->bytes.len; len-- > 0;) {
        enum mfd_got last = MFD_GOT_MORE;

        rig->bytes.len = len;
        run(rig, 0, SIZE_MAX, true);
        last = rig->events[rig->count - 1];
        if (len == 0 || len == MFD_HELLO_SIZE || len == packet) {
            assert_int_equal(last, MFD_GOT_CLOSED);
            continue;
        }
        assert_int_equal(last, MFD_GOT_FINDING);
        assert_int_equal(rig->conn.finding.rule, len < MFD_HELLO_SIZE ? MFD_INIT_016 : MFD_PAY_019);
        assert_int_equal(rig->conn.finding.got, len < MFD_HELLO_SIZE ? len : len - rig->conn.at);
    }
    rig_free(rig);
}

static void a_ping_without_return_path_is_refused(void **state)
{
    static const uint8_t ping[] = {0, 0, 0, 7};
    struct rig *rig = rig_new(MFD_REV_10_0, false);

    (void)state;
    test_put_header(&rig->bytes);
    rig->bytes.len += mfd_pack_command(rig->bytes.data + rig->bytes.len, MFD_CMD_PING, ping, 4);
    assert_refused(rig, MFD_MAIN_012);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_channel_gives_the_same_events_in_any_fragmentation),
        cmocka_unit_test(main_gives_the_same_events_in_any_fragmentation),
        cmocka_unit_test(a_block_behind_the_list_is_refused),
        cmocka_unit_test(a_missing_description_of_the_vm_is_no_error),
        cmocka_unit_test(in_section_mode_each_section_end_is_a_sync_point),
        cmocka_unit_test(pages_on_a_sync_packet_are_loaded_before_the_sync),
        cmocka_unit_test(a_page_that_is_listed_as_zero_and_normal_ends_normal),
        cmocka_unit_test(a_doubled_offset_is_fine_and_the_later_copy_stays),
        cmocka_unit_test(a_zero_page_clears_memory_that_no_packet_has_written),
        cmocka_unit_test(what_starts_with_no_known_magic_is_refused_after_four_bytes),
        cmocka_unit_test(a_bad_packet_magic_is_refused_after_four_bytes),
        cmocka_unit_test(a_broken_field_is_refused_before_memory_is_touched),
        cmocka_unit_test(a_block_that_shrank_below_a_page_has_no_page),
        cmocka_unit_test(main_sets_the_used_length_of_a_resizable_block),
        cmocka_unit_test(device_state_has_no_handler),
        cmocka_unit_test(state_of_devices_goes_to_their_handlers_in_any_fragmentation),
        cmocka_unit_test(bad_state_of_a_device_is_refused_before_its_payload_is_read),
        cmocka_unit_test(pieces_that_exceed_the_room_of_a_device_are_refused),
        cmocka_unit_test(state_of_a_device_that_is_cut_is_refused_everywhere),
        cmocka_unit_test(a_stream_that_ends_within_a_message_is_refused_everywhere),
        cmocka_unit_test(a_ping_without_return_path_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
