// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whole migrations in every order and cut at every byte, without threads: no input may leave the
 * receiver stuck once every connection is closed.
 */
#include "drive.h"

#include "test_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MEMORY (16u * TEST_PAGE)
#define CONNS_MAX 5
#define PIECES_MAX 4
#define EVENTS_MAX 64

/* The streams of a migration, each cut into pieces that arrive as one; connection 0 is main. */
struct rig {
    struct mfd_guest guest;
    struct mfd_conn_setup setup;
    unsigned channels;
    struct test_bytes stream[CONNS_MAX];
    size_t cuts[CONNS_MAX][PIECES_MAX]; /* where pieces end */
    unsigned pieces[CONNS_MAX];
    struct mfd_event events[EVENTS_MAX];
    size_t count;
    struct mfd_drive_result result;
    unsigned runs;
};

static void cut_here(struct rig *rig, unsigned conn)
{
    rig->cuts[conn][rig->pieces[conn]++] = rig->stream[conn].len;
}

/* Main, and for each channel hello, SYNC, a packet, SYNC. */
static struct rig *rig_new(unsigned channels, bool fine)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    struct mfd_guest_block block = {TEST_BLOCK, MEMORY, MEMORY, false};

    assert_non_null(rig);
    mfd_guest_init(&rig->guest);
    assert_int_equal(mfd_guest_add_anonymous(&rig->guest, &block), 0);
    rig->channels = channels;
    rig->setup = (struct mfd_conn_setup){
        .check = {.rev = MFD_REV_10_0,
                  .page_size = TEST_PAGE,
                  .channels = channels,
                  .uuid = test_no_uuid,
                  .ram = &rig->guest.table},
        .sync = MFD_SYNC_MARKER,
        .guest = &rig->guest,
    };
    test_put_header(&rig->stream[0]);
    test_put_ram_start(&rig->stream[0], MEMORY);
    test_put_section_end(&rig->stream[0], true);
    cut_here(rig, 0);
    test_put_ram_end(&rig->stream[0], true);
    test_put_end(&rig->stream[0], true);
    cut_here(rig, 0);
    for (unsigned i = 1; i <= channels; i++) {
        test_put_hello(&rig->stream[i], i - 1);
        if (fine) {
            cut_here(rig, i);
        }
        test_put_sync(&rig->stream[i]);
        test_put_packet(&rig->stream[i], 0, i, 1, 0, (uint8_t)(i * 16));
        test_put_packet(&rig->stream[i], 0, 8 + i, 0, 1, 0);
        cut_here(rig, i);
        test_put_sync(&rig->stream[i]);
        cut_here(rig, i);
    }
    return rig;
}

static void rig_free(struct rig *rig)
{
    mfd_guest_free(&rig->guest);
    free(rig);
}

static void add_event(struct rig *rig, unsigned conn, enum mfd_event_kind kind, size_t from,
                      size_t to)
{
    assert_true(rig->count < EVENTS_MAX);
    rig->events[rig->count++] = (struct mfd_event){
        .connection = conn,
        .kind = kind,
        .bytes = rig->stream[conn].data + from,
        .len = to - from,
    };
}

static void open_all(struct rig *rig)
{
    rig->count = 0;
    for (unsigned i = 0; i <= rig->channels; i++) {
        add_event(rig, i, MFD_EVENT_OPEN, 0, 0);
    }
}

static void close_all(struct rig *rig)
{
    for (unsigned i = 0; i <= rig->channels; i++) {
        add_event(rig, i, MFD_EVENT_CLOSE, 0, 0);
    }
}

static void drive(struct rig *rig)
{
    memset(rig->guest.maps[0].base, 0xaa, MEMORY);
    assert_int_equal(mfd_drive(&rig->setup, rig->channels, rig->events, rig->count, &rig->result),
                     0);
    rig->runs++;
}

static void assert_memory(const struct rig *rig)
{
    const uint8_t *base = rig->guest.maps[0].base;

    for (unsigned i = 1; i <= rig->channels; i++) {
        assert_int_equal(base[i * TEST_PAGE], i * 16);
        assert_int_equal(base[(i + 1) * TEST_PAGE - 1], i * 16);
        assert_true(mfd_is_zero(base + (8 + i) * TEST_PAGE, TEST_PAGE));
    }
    assert_int_equal(base[0], 0xaa);
}

static void assert_completed(const struct rig *rig)
{
    char text[512];

    if (!rig->result.completed) {
        fail_msg("%s", mfd_failure_text(&rig->result.failure, text, sizeof(text)));
    }
    assert_int_equal(rig->result.points, 2);
    assert_memory(rig);
}

/* Tries every interleaving of the pieces that keeps each connection's own order. */
static void in_every_order(struct rig *rig, unsigned *done, void (*check)(struct rig *rig))
{
    bool last = true;

    for (unsigned i = 0; i <= rig->channels; i++) {
        if (done[i] < rig->pieces[i]) {
            size_t from = done[i] ? rig->cuts[i][done[i] - 1] : 0;

            last = false;
            add_event(rig, i, MFD_EVENT_DATA, from, rig->cuts[i][done[i]]);
            done[i]++;
            in_every_order(rig, done, check);
            done[i]--;
            rig->count--;
        }
    }
    if (last) {
        check(rig);
    }
}

static void completes(struct rig *rig)
{
    drive(rig);
    assert_completed(rig);
}

/* The connections are closed right after their last bytes, parked or not. */
static void completes_closed(struct rig *rig)
{
    size_t count = rig->count;

    close_all(rig);
    drive(rig);
    assert_completed(rig);
    rig->count = count;
}

static void three_channels_complete_in_every_order(void **state)
{
    struct rig *rig = rig_new(3, true);
    unsigned done[CONNS_MAX] = {0};

    (void)state;
    open_all(rig);
    in_every_order(rig, done, completes);
    assert_int_equal(rig->runs, 92400); /* 11! / (2! 3! 3! 3!) */
    rig_free(rig);
}

static void four_channels_complete_in_every_order(void **state)
{
    struct rig *rig = rig_new(4, false);
    unsigned done[CONNS_MAX] = {0};

    (void)state;
    open_all(rig);
    in_every_order(rig, done, completes_closed);
    assert_int_equal(rig->runs, 113400); /* 10! / (2!)^5 */
    rig_free(rig);
}

/* A list that ends with all connections closed has a verdict. */
static void assert_verdict(const struct rig *rig)
{
    assert_true(rig->result.completed || rig->result.failure.set);
    assert_false(rig->result.stuck);
    assert_int_equal(rig->result.live, 0);
}

static void any_stream_cut_at_any_byte_ends_the_migration(void **state)
{
    struct rig *rig = rig_new(3, false);

    (void)state;
    for (unsigned cut = 0; cut <= rig->channels; cut++) {
        for (size_t len = 0; len < rig->stream[cut].len; len++) {
            open_all(rig);
            for (unsigned i = 0; i <= rig->channels; i++) {
                add_event(rig, i, MFD_EVENT_DATA, 0, i == cut ? len : rig->stream[i].len);
            }
            close_all(rig);
            drive(rig);
            if (len == 0) {
                /* nothing tells that the connection was a part of it; the others have gone */
                assert_true(rig->result.failure.set);
                continue;
            }
            assert_verdict(rig);
            /* of main only the description of the VM may be missing */
            assert_true(rig->result.completed ==
                        (cut == 0 && len >= rig->stream[0].len - 1 - 4 - 2));
        }
    }
    rig_free(rig);
}

static void a_channel_cut_while_the_others_stay_open_never_leaves_main_stuck(void **state)
{
    struct rig *rig = rig_new(2, false);

    (void)state;
    for (size_t len = 1; len < rig->stream[1].len; len++) {
        open_all(rig);
        add_event(rig, 0, MFD_EVENT_DATA, 0, rig->stream[0].len);
        add_event(rig, 1, MFD_EVENT_DATA, 0, len);
        add_event(rig, 2, MFD_EVENT_DATA, 0, rig->stream[2].len);
        add_event(rig, 1, MFD_EVENT_CLOSE, 0, 0);
        drive(rig);
        assert_true(rig->result.failure.set);
    }
    rig_free(rig);
}

/* Each channel brings state of a device of its own and a piece of one that all share. */
static void state_of_devices_cut_at_any_byte_ends_the_migration(void **state)
{
    uint8_t room[3][64];
    struct mfd_device_handler devices[3] = {
        {"own", 0, room[0], 64, 0}, {"own", 1, room[1], 64, 0}, {"shared", 7, room[2], 64, 0}};
    struct rig *rig = rig_new(2, false);
    size_t before[CONNS_MAX];

    (void)state;
    rig->setup.devices = devices;
    rig->setup.device_count = 3;
    for (unsigned i = 1; i <= 2; i++) {
        rig->stream[i].len -= TEST_PACKET;
        before[i] = rig->stream[i].len;
        test_put_device(&rig->stream[i], "own", i - 1, 64, (uint8_t)i);
        test_put_device(&rig->stream[i], "shared", 7, 32, (uint8_t)i);
        test_put_sync(&rig->stream[i]);
    }
    for (unsigned cut = 1; cut <= 2; cut++) {
        for (size_t len = before[cut]; len <= rig->stream[cut].len; len++) {
            for (unsigned i = 0; i < 3; i++) {
                atomic_store(&devices[i].filled, 0);
            }
            open_all(rig);
            for (unsigned i = 0; i <= rig->channels; i++) {
                add_event(rig, i, MFD_EVENT_DATA, 0, i == cut ? len : rig->stream[i].len);
            }
            close_all(rig);
            drive(rig);
            assert_verdict(rig);
            assert_true(rig->result.completed == (len == rig->stream[cut].len));
        }
        assert_completed(rig);
        assert_int_equal(atomic_load(&devices[0].filled), 64);
        assert_int_equal(atomic_load(&devices[1].filled), 64);
        assert_int_equal(atomic_load(&devices[2].filled), 64);
        for (unsigned i = 0; i < 64; i++) {
            assert_int_equal(room[0][i], 1);
            assert_int_equal(room[1][i], 2);
            assert_int_equal(room[2][i], room[2][i / 32 * 32]);
        }
        assert_int_equal(room[2][0] + room[2][32], 3);
    }
    rig_free(rig);
}

static void a_channel_that_is_silent_is_waited_for(void **state)
{
    struct rig *rig = rig_new(2, false);

    (void)state;
    for (size_t len = 0; len < rig->stream[1].len; len += 7) {
        open_all(rig);
        add_event(rig, 0, MFD_EVENT_DATA, 0, rig->stream[0].len);
        add_event(rig, 1, MFD_EVENT_DATA, 0, len);
        add_event(rig, 2, MFD_EVENT_DATA, 0, rig->stream[2].len);
        drive(rig);
        assert_false(rig->result.completed || rig->result.failure.set || rig->result.stuck);
        assert_int_equal(rig->result.live, 1);
    }
    rig_free(rig);
}

static void data_behind_the_last_sync_is_still_judged(void **state)
{
    struct rig *rig = rig_new(2, false);
    size_t good = rig->stream[1].len;

    (void)state;
    test_put_packet(&rig->stream[1], 0, 14, 1, 0, 0x77);
    open_all(rig);
    add_event(rig, 2, MFD_EVENT_DATA, 0, rig->stream[2].len);
    add_event(rig, 1, MFD_EVENT_DATA, 0, rig->stream[1].len);
    add_event(rig, 0, MFD_EVENT_DATA, 0, rig->stream[0].len);
    drive(rig);
    assert_completed(rig);
    assert_int_equal(rig->guest.maps[0].base[14 * TEST_PAGE], 0x77);

    rig->stream[1].data[good + 12] = 0xff;
    drive(rig);
    assert_true(rig->result.failure.set);
    assert_int_equal(rig->result.failure.finding.rule, MFD_HDR_015);
    assert_string_equal(rig->result.failure.connection, "ch 0");
    rig_free(rig);
}

static void a_surplus_sync_fails_in_every_order(void **state)
{
    struct rig *rig = rig_new(2, false);

    (void)state;
    test_put_sync(&rig->stream[2]);
    for (unsigned first = 0; first < 3; first++) {
        open_all(rig);
        for (unsigned i = 0; i < 3; i++) {
            unsigned conn = (first + i) % 3;

            add_event(rig, conn, MFD_EVENT_DATA, 0, rig->stream[conn].len);
        }
        drive(rig);
        assert_int_equal(rig->result.failure.finding.rule, MFD_SYNC_011);
        assert_string_equal(rig->result.failure.connection, "ch 1");
    }
    rig_free(rig);
}

static void the_return_path_is_answered(void **state)
{
    static const uint8_t ping[] = {0, 0, 0, 7};
    struct rig *rig = rig_new(1, false);
    struct test_bytes rest = rig->stream[0];
    struct test_bytes *b = &rig->stream[0];
    size_t head = 8 + 5 + 4;

    (void)state;
    b->len = head;
    b->len += mfd_pack_command(b->data + b->len, MFD_CMD_OPEN_RETURN_PATH, NULL, 0);
    b->len += mfd_pack_command(b->data + b->len, MFD_CMD_PING, ping, 4);
    memcpy(b->data + b->len, rest.data + head, rest.len - head);
    b->len += rest.len - head;
    open_all(rig);
    add_event(rig, 0, MFD_EVENT_DATA, 0, b->len);
    drive(rig);
    assert_int_equal(rig->result.pongs, 1);
    assert_false(rig->result.shut_sent);
    add_event(rig, 1, MFD_EVENT_DATA, 0, rig->stream[1].len);
    drive(rig);
    assert_completed(rig);
    assert_true(rig->result.shut_sent);
    rig_free(rig);
}

static void events_of_no_open_connection_are_passed_over(void **state)
{
    struct rig *rig = rig_new(1, false);

    (void)state;
    add_event(rig, 1, MFD_EVENT_DATA, 0, 10);
    add_event(rig, 1, MFD_EVENT_CLOSE, 0, 0);
    rig->events[0].connection = UINT32_MAX;
    rig->events[1].connection = MFD_SESSION_CONNS_MAX;
    add_event(rig, 0, MFD_EVENT_RESET, 0, 0);
    drive(rig);
    assert_false(rig->result.completed || rig->result.failure.set);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_channels_complete_in_every_order),
        cmocka_unit_test(four_channels_complete_in_every_order),
        cmocka_unit_test(any_stream_cut_at_any_byte_ends_the_migration),
        cmocka_unit_test(a_channel_cut_while_the_others_stay_open_never_leaves_main_stuck),
        cmocka_unit_test(state_of_devices_cut_at_any_byte_ends_the_migration),
        cmocka_unit_test(a_channel_that_is_silent_is_waited_for),
        cmocka_unit_test(data_behind_the_last_sync_is_still_judged),
        cmocka_unit_test(a_surplus_sync_fails_in_every_order),
        cmocka_unit_test(the_return_path_is_answered),
        cmocka_unit_test(events_of_no_open_connection_are_passed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
