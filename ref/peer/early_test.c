// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The receiver in the two stages of 2017, without threads: what their first parsers got wrong is a clean
 * refusal here. D1 to D9 are the defects of the text hello as it was proposed.
 */
#include "drive.h"

#include "hello.h"
#include "stage2017.h"
#include "test_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MEMORY (4u * TEST_PAGE)
#define CONNS_MAX 4
#define EVENTS_MAX 512

static const uint8_t vm_uuid[MFD_UUID_SIZE] = {0x6d, 0x75, 0x6c, 0x74, 0x69, 0xfd, 0x4b, 0x17,
                                               0x92, 0xa4, 0x0c, 0x35, 0x5e, 0x88, 0xb1, 0xda};

/* A receiver of two channels and the streams of its sender; connection 0 is main. */
struct rig {
    struct mfd_guest guest;
    struct mfd_conn_setup setup;
    struct test_bytes stream[CONNS_MAX];
    struct mfd_event events[EVENTS_MAX];
    size_t count;
    struct mfd_drive_result result;
};

/* Page 1 with content and page 2 as zeros, behind RAM START and in the END section. */
static void put_main(struct test_bytes *b)
{
    test_put_header(b);
    test_put_ram_start(b, MEMORY);
    test_put_section_end(b, false);
    b->len += mfd_pack_part(b->data + b->len, MFD_SECTION_END, 1);
    b->len += mfd_pack_page(b->data + b->len, TEST_BLOCK, TEST_PAGE);
    memset(b->data + b->len, 0x11, TEST_PAGE);
    b->len += TEST_PAGE;
    b->len += mfd_pack_zero(b->data + b->len, TEST_BLOCK, (uint64_t)2 * TEST_PAGE);
    test_put_section_end(b, false);
    test_put_end(b, true);
}

static void put_hello(struct rig *rig, unsigned conn, unsigned id)
{
    rig->stream[conn].len =
        mfd_hello_write(rig->setup.check.rev, rig->stream[conn].data, vm_uuid, (uint8_t)id);
}

static struct rig *rig_new(enum mfd_rev rev)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    struct mfd_guest_block block = {TEST_BLOCK, MEMORY, MEMORY, false};

    assert_non_null(rig);
    mfd_guest_init(&rig->guest);
    assert_int_equal(mfd_guest_add_anonymous(&rig->guest, &block), 0);
    memset(rig->guest.maps[0].base, 0xaa, MEMORY);
    rig->setup = (struct mfd_conn_setup){
        .check = {.rev = rev,
                  .page_size = TEST_PAGE,
                  .channels = 2,
                  .uuid = vm_uuid,
                  .ram = &rig->guest.table},
        .sync = mfd_rev_info(rev)->sync,
        .machine = "none",
        .guest = &rig->guest,
    };
    put_main(&rig->stream[0]);
    put_hello(rig, 1, 0);
    put_hello(rig, 2, 1);
    return rig;
}

static void rig_free(struct rig *rig)
{
    mfd_guest_free(&rig->guest);
    free(rig);
}

static void add(struct rig *rig, unsigned conn, enum mfd_event_kind kind, size_t from, size_t to)
{
    assert_true(rig->count < EVENTS_MAX);
    rig->events[rig->count++] = (struct mfd_event){
        .connection = conn,
        .kind = kind,
        .bytes = rig->stream[conn].data + from,
        .len = to - from,
    };
}

static void open_conn(struct rig *rig, unsigned conn)
{
    add(rig, conn, MFD_EVENT_OPEN, 0, 0);
}

/* All of a stream, in pieces of at most `most` bytes. */
static void send_in_pieces(struct rig *rig, unsigned conn, size_t most)
{
    for (size_t at = 0; at < rig->stream[conn].len; at += most) {
        size_t left = rig->stream[conn].len - at;

        add(rig, conn, MFD_EVENT_DATA, at, at + (left < most ? left : most));
    }
}

static void send_all(struct rig *rig, unsigned conn)
{
    send_in_pieces(rig, conn, sizeof(rig->stream[conn].data));
}

static void drive(struct rig *rig)
{
    assert_int_equal(mfd_drive(&rig->setup, 2, rig->events, rig->count, &rig->result), 0);
}

static void assert_completed(const struct rig *rig)
{
    const uint8_t *memory = rig->guest.maps[0].base;

    assert_true(rig->result.completed);
    assert_int_equal(rig->result.points, 0);
    assert_int_equal(rig->result.packets, 0);
    assert_int_equal(memory[0], 0xaa);
    assert_int_equal(memory[TEST_PAGE], 0x11);
    assert_int_equal(memory[2 * TEST_PAGE - 1], 0x11);
    assert_true(mfd_is_zero(memory + (size_t)2 * TEST_PAGE, TEST_PAGE));
}

static void assert_refused(const struct rig *rig, enum mfd_rule rule, uint32_t offset)
{
    assert_false(rig->result.completed);
    assert_true(rig->result.failure.set && rig->result.failure.is_rule);
    assert_string_equal(mfd_rule_info(rig->result.failure.finding.rule)->id,
                        mfd_rule_info(rule)->id);
    assert_int_equal(rig->result.failure.finding.offset, offset);
}

/* Main and channel 0 are there; now channel 1 says what its stream holds, and closes. */
static void run_channel_1(struct rig *rig)
{
    rig->count = 0;
    for (unsigned i = 0; i <= 2; i++) {
        open_conn(rig, i);
        send_all(rig, i);
    }
    add(rig, 2, MFD_EVENT_CLOSE, 0, 0);
    drive(rig);
}

#define FOR_EACH_STAGE(rig) \
    for (int stage = MFD_REV_2017_TEXT; stage <= MFD_REV_2017_BINARY; stage++) \
        for (struct rig *rig = rig_new((enum mfd_rev)stage); rig; rig_free(rig), rig = NULL)

static void pages_arrive_on_main_once_every_channel_has_said_hello(void **state)
{
    (void)state;
    FOR_EACH_STAGE(rig)
    {
        open_conn(rig, 0);
        send_all(rig, 0);
        open_conn(rig, 2);
        send_all(rig, 2);
        open_conn(rig, 1);
        drive(rig);
        assert_false(rig->result.completed || rig->result.failure.set);
        assert_int_equal(rig->guest.maps[0].base[TEST_PAGE], 0xaa);
        send_all(rig, 1);
        drive(rig);
        assert_completed(rig);
    }
}

static void the_first_connection_is_main_whatever_it_says(void **state)
{
    (void)state;
    FOR_EACH_STAGE(rig)
    {
        open_conn(rig, 1);
        send_all(rig, 1);
        drive(rig);
        assert_refused(rig, MFD_MAIN_001, 0);
        /* and what comes later is a channel, whatever it says */
        rig->count = 0;
        open_conn(rig, 0);
        open_conn(rig, 1);
        rig->events[1].connection = 1;
        rig->stream[1] = rig->stream[0];
        send_all(rig, 1);
        drive(rig);
        assert_refused(rig, stage == MFD_REV_2017_TEXT ? MFD_INIT_023 : MFD_INIT_025, 0);
    }
}

static void a_first_connection_that_goes_ends_the_migration(void **state)
{
    (void)state;
    FOR_EACH_STAGE(rig)
    {
        open_conn(rig, 0);
        add(rig, 0, MFD_EVENT_CLOSE, 0, 0);
        drive(rig);
        assert_true(rig->result.failure.set && !rig->result.failure.is_rule);
    }
}

static void a_hello_may_come_in_single_bytes(void **state)
{
    (void)state;
    FOR_EACH_STAGE(rig)
    {
        for (unsigned i = 0; i <= 2; i++) {
            open_conn(rig, i);
        }
        send_all(rig, 0);
        send_in_pieces(rig, 1, 1);
        send_in_pieces(rig, 2, 1);
        drive(rig);
        assert_completed(rig);
    }
}

static void an_extra_connection_is_dropped(void **state)
{
    (void)state;
    FOR_EACH_STAGE(rig)
    {
        put_hello(rig, 3, 0);
        for (unsigned i = 0; i <= 2; i++) {
            open_conn(rig, i);
        }
        open_conn(rig, 3); /* it is silent when the last channel comes */
        for (unsigned i = 0; i <= 2; i++) {
            send_all(rig, i);
        }
        drive(rig);
        assert_completed(rig);
    }
}

/* D1: a token of exactly the right size; D8: the channels of a correct sender are taken. */
static void a_uuid_of_36_characters_has_room(void **state)
{
    (void)state;
    FOR_EACH_STAGE(rig)
    {
        run_channel_1(rig);
        assert_completed(rig);
    }
}

/* D2 and D3: no token and no end of text is searched for beyond the 49 bytes. */
static void a_hello_without_an_end_is_refused(void **state)
{
    struct rig *rig = rig_new(MFD_REV_2017_TEXT);

    (void)state;
    memset(rig->stream[2].data, 'a', MFD_TEXT_HELLO_SIZE);
    run_channel_1(rig);
    assert_refused(rig, MFD_INIT_023, 8);
    put_hello(rig, 2, 1);
    memset(rig->stream[2].data + MFD_TEXT_HELLO_END, ' ', 200);
    rig->stream[2].len += 200;
    run_channel_1(rig);
    assert_refused(rig, MFD_INIT_023, MFD_TEXT_HELLO_END);
    rig_free(rig);
}

/* D4: an id that cannot be read is none, not whatever stood there before. */
static void an_id_that_is_no_number_is_refused(void **state)
{
    static const char *const ids[] = {"xyz", "  1", "1 x", "-01", "+01", "-99", "0x1"};
    struct rig *rig = rig_new(MFD_REV_2017_TEXT);

    (void)state;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        put_hello(rig, 2, 1);
        memcpy(rig->stream[2].data + MFD_TEXT_HELLO_ID, ids[i], 3);
        run_channel_1(rig);
        assert_false(rig->result.completed);
        assert_int_equal(rig->result.failure.finding.rule, MFD_INIT_023);
    }
    rig_free(rig);
}

/* D5: every id that can be written, and only two of them are slots. */
static void only_ids_of_slots_are_taken(void **state)
{
    struct rig *rig = rig_new(MFD_REV_2017_TEXT);

    (void)state;
    for (unsigned id = 0; id <= 999; id++) {
        put_hello(rig, 2, 1);
        rig->stream[2].data[MFD_TEXT_HELLO_ID] = (uint8_t)('0' + id / 100);
        rig->stream[2].data[MFD_TEXT_HELLO_ID + 1] = (uint8_t)('0' + id / 10 % 10);
        rig->stream[2].data[MFD_TEXT_HELLO_ID + 2] = (uint8_t)('0' + id % 10);
        run_channel_1(rig);
        if (id == 0) {
            assert_refused(rig, MFD_INIT_005, MFD_TEXT_HELLO_ID);
        } else if (id == 1) {
            assert_completed(rig);
        } else {
            assert_refused(rig, MFD_INIT_012, MFD_TEXT_HELLO_ID);
        }
    }
    rig_free(rig);
}

static void an_id_is_taken_once(void **state)
{
    (void)state;
    FOR_EACH_STAGE(rig)
    {
        put_hello(rig, 2, 0);
        run_channel_1(rig);
        assert_refused(rig, MFD_INIT_005,
                       stage == MFD_REV_2017_TEXT ? MFD_TEXT_HELLO_ID : MFD_BINARY_HELLO_ID);
        assert_string_equal(rig->result.failure.connection, "connection 2");
    }
}

/* D6: what a read leaves out is never taken from what stood in the buffer before. */
static void a_hello_that_ends_early_is_refused_wherever_it_ends(void **state)
{
    (void)state;
    FOR_EACH_STAGE(rig)
    {
        size_t size = rig->stream[2].len;

        for (size_t n = 1; n < size; n++) {
            rig->stream[2].len = n;
            run_channel_1(rig);
            assert_refused(rig, MFD_INIT_016, (uint32_t)n);
            assert_int_equal(rig->result.failure.finding.want, size);
        }
    }
}

/* D9: the failure is a value of its own, and says which connection it was. */
static void a_foreign_uuid_is_refused_with_its_reason(void **state)
{
    (void)state;
    FOR_EACH_STAGE(rig)
    {
        char text[512];

        rig->stream[2].data[stage == MFD_REV_2017_TEXT ? 0 : MFD_BINARY_HELLO_UUID] ^= 1;
        run_channel_1(rig);
        assert_refused(rig, MFD_INIT_004, stage == MFD_REV_2017_TEXT ? 0 : MFD_BINARY_HELLO_UUID);
        mfd_failure_text(&rig->result.failure, text, sizeof(text));
        assert_non_null(strstr(text, "connection 2: MF-INIT-004"));
    }
}

static void nothing_may_follow_the_hello(void **state)
{
    (void)state;
    FOR_EACH_STAGE(rig)
    {
        size_t size = rig->stream[2].len;

        rig->stream[2].data[rig->stream[2].len++] = 0;
        run_channel_1(rig);
        assert_refused(rig, MFD_INIT_026, 0);
        assert_int_equal(rig->result.failure.at, size);
    }
}

/* Main is held to its rules as ever: there is no page outside the guest. */
static void pages_on_main_stay_inside_their_block(void **state)
{
    (void)state;
    FOR_EACH_STAGE(rig)
    {
        struct test_bytes *b = &rig->stream[0];

        b->len = 0;
        test_put_header(b);
        test_put_ram_start(b, MEMORY);
        b->len += mfd_pack_page(b->data + b->len, TEST_BLOCK, MEMORY);
        b->len += TEST_PAGE;
        run_channel_1(rig);
        assert_refused(rig, MFD_MAIN_021, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_arrive_on_main_once_every_channel_has_said_hello),
        cmocka_unit_test(the_first_connection_is_main_whatever_it_says),
        cmocka_unit_test(a_first_connection_that_goes_ends_the_migration),
        cmocka_unit_test(a_hello_may_come_in_single_bytes),
        cmocka_unit_test(an_extra_connection_is_dropped),
        cmocka_unit_test(a_uuid_of_36_characters_has_room),
        cmocka_unit_test(a_hello_without_an_end_is_refused),
        cmocka_unit_test(an_id_that_is_no_number_is_refused),
        cmocka_unit_test(only_ids_of_slots_are_taken),
        cmocka_unit_test(an_id_is_taken_once),
        cmocka_unit_test(a_hello_that_ends_early_is_refused_wherever_it_ends),
        cmocka_unit_test(a_foreign_uuid_is_refused_with_its_reason),
        cmocka_unit_test(nothing_may_follow_the_hello),
        cmocka_unit_test(pages_on_main_stay_inside_their_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
