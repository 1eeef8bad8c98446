// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Recorded migrations of the real sender in the receiver without threads: in every order of their
 * messages, and cut at every byte.
 */
#include "recording.h"

#include "drive.h"

#include <malloc.h>

#define CONNS_MAX 4
#define EVENTS_MAX 64

struct replay {
    const struct recording *recording;
    struct mfd_guest guest;
    struct mfd_conn_setup setup;
    struct mfd_event events[EVENTS_MAX];
    size_t count;
    struct mfd_drive_result result;
    unsigned runs;
};

static const uint8_t no_uuid[MFD_UUID_SIZE];

static struct replay *replay_new(const struct recording *recording)
{
    struct replay *replay = calloc(1, sizeof(*replay));

    assert_non_null(replay);
    record_add_blocks(&replay->guest, (unsigned)recording->guest.table.count);
    replay->recording = recording;
    replay->setup = (struct mfd_conn_setup){
        .check = {.rev = recording->config.rev,
                  .page_size = RECORD_PAGE,
                  .channels = recording->config.channels,
                  .uuid = no_uuid,
                  .method = recording->config.method,
                  .ram = &replay->guest.table},
        .sync = recording->config.sync,
        .machine = "none",
        .guest = &replay->guest,
    };
    return replay;
}

static void replay_free(struct replay *replay)
{
    mfd_guest_free(&replay->guest);
    free(replay);
}

static void add(struct replay *replay, unsigned conn, enum mfd_event_kind kind, size_t from,
                size_t to)
{
    assert_true(replay->count < EVENTS_MAX);
    replay->events[replay->count++] =
        (struct mfd_event){.connection = conn,
                           .kind = kind,
                           .bytes = replay->recording->stream[conn].bytes + from,
                           .len = to - from};
}

static void add_all(struct replay *replay, enum mfd_event_kind kind)
{
    for (unsigned i = 0; i < replay->recording->count; i++) {
        add(replay, i, kind, 0, 0);
    }
}

static void run(struct replay *replay)
{
    assert_int_equal(mfd_drive(&replay->setup, replay->recording->config.channels, replay->events,
                               replay->count, &replay->result),
                     0);
    replay->runs++;
}

static void assert_completed(const struct replay *replay)
{
    char text[512];

    if (!replay->result.completed) {
        fail_msg("%s", mfd_failure_text(&replay->result.failure, text, sizeof(text)));
    }
    record_assert_memory(replay->recording, &replay->guest);
}

/* Every interleaving of the messages that keeps each connection's own order. */
static void in_every_order(struct replay *replay, unsigned *done)
{
    size_t count = replay->count;
    bool last = true;

    for (unsigned i = 0; i < replay->recording->count; i++) {
        const struct recorded_stream *stream = &replay->recording->stream[i];

        if (done[i] < stream->end_count) {
            last = false;
            add(replay, i, MFD_EVENT_DATA, done[i] ? stream->ends[done[i] - 1] : 0,
                stream->ends[done[i]]);
            done[i]++;
            in_every_order(replay, done);
            done[i]--;
            replay->count = count;
        }
    }
    if (last) {
        add_all(replay, MFD_EVENT_CLOSE);
        record_make_old(&replay->guest);
        run(replay);
        assert_completed(replay);
        replay->count = count;
    }
}

/* (a + b + c)! / (a! b! c!), in an order of the factors that divides without rest. */
static unsigned interleavings(const struct recording *recording)
{
    uint64_t all = 1;
    unsigned n = 0;

    for (unsigned i = 0; i < recording->count; i++) {
        for (unsigned j = 1; j <= recording->stream[i].end_count; j++) {
            all = all * ++n / j;
        }
    }
    return (unsigned)all;
}

static void every_order_of_the_messages_completes(void **state)
{
    static const struct {
        uint32_t method;
        unsigned blocks;
    } cases[] = {{0, 4}, {MFD_FLAG_ZLIB, 2}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct recording *recording = record(MFD_REV_10_0, 2, cases[i].method, cases[i].blocks);
        struct replay *replay = replay_new(recording);
        unsigned done[CONNS_MAX] = {0};

        add_all(replay, MFD_EVENT_OPEN);
        in_every_order(replay, done);
        assert_int_equal(replay->runs, interleavings(recording));
        assert_true(replay->runs >= 3150); /* more where a busy channel was passed over */
        replay_free(replay);
        record_free(recording);
    }
}

static void every_order_of_whole_connections_completes(void **state)
{
    struct recording *recording = record(MFD_REV_10_0, 3, 0, 4);
    struct replay *replay = replay_new(recording);
    unsigned conns = recording->count;

    (void)state;
    /* the digits of each number to the base 4 that are all different are an order */
    for (unsigned code = 0; code < 256; code++) {
        unsigned seen = 0;

        replay->count = 0;
        for (unsigned i = 0, rest = code; i < conns; i++, rest /= 4) {
            seen |= 1u << rest % 4;
            add(replay, rest % 4, MFD_EVENT_OPEN, 0, 0);
            add(replay, rest % 4, MFD_EVENT_DATA, 0, recording->stream[rest % 4].len);
        }
        if (seen == 15) {
            record_make_old(&replay->guest);
            run(replay);
            assert_completed(replay);
        }
    }
    assert_int_equal(replay->runs, 24);
    replay_free(replay);
    record_free(recording);
}

/* One connection is cut after `len` bytes; the others send all they have, and stay open or not. */
static void run_cut(struct replay *replay, unsigned cut, size_t len, bool close_others)
{
    const struct recording *recording = replay->recording;

    replay->count = 0;
    add_all(replay, MFD_EVENT_OPEN);
    for (unsigned i = 0; i < recording->count; i++) {
        add(replay, i, MFD_EVENT_DATA, 0, i == cut ? len : recording->stream[i].len);
    }
    if (close_others) {
        add_all(replay, MFD_EVENT_CLOSE);
    } else {
        add(replay, cut, MFD_EVENT_CLOSE, 0, 0);
    }
    run(replay);
}

static void cut_everywhere(const struct recording *recording, bool close_others)
{
    struct replay *replay = replay_new(recording);
    /* the end byte was the last that matters: a description of the VM may be missing */
    size_t enough = recording->stream[0].len - (1 + 4 + 2);

    record_make_old(&replay->guest);
    for (unsigned cut = 0; cut < recording->count; cut++) {
        for (size_t len = 1; len < recording->stream[cut].len; len++) {
            run_cut(replay, cut, len, close_others);
            if (replay->result.completed != (cut == 0 && len >= enough)) {
                fail_msg("connection %u cut after %zu bytes", cut, len);
            }
            assert_true(replay->result.completed || replay->result.failure.set);
            assert_false(replay->result.stuck);
            if (replay->runs % 1009 == 0) {
                record_assert_nothing_else_written(recording, &replay->guest);
                record_make_old(&replay->guest);
            }
        }
    }
    replay_free(replay);
}

static void a_cut_at_any_byte_ends_the_migration(void **state)
{
    static const uint32_t methods[] = {0, MFD_FLAG_ZLIB, MFD_FLAG_ZSTD};

    (void)state;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        struct recording *recording = record(MFD_REV_10_0, 2, methods[i], 1);

        cut_everywhere(recording, true);
        record_free(recording);
    }
}

static void a_cut_at_any_byte_ends_it_while_the_others_stay_open(void **state)
{
    struct recording *recording = record(MFD_REV_10_0, 2, 0, 1);

    (void)state;
    cut_everywhere(recording, false);
    record_free(recording);
}

static void a_cut_at_any_byte_ends_the_migration_of_an_old_sender(void **state)
{
    struct recording *recording = record(MFD_REV_7_2, 2, 0, 1);

    (void)state;
    cut_everywhere(recording, true);
    record_free(recording);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order_of_the_messages_completes),
        cmocka_unit_test(every_order_of_whole_connections_completes),
        cmocka_unit_test(a_cut_at_any_byte_ends_the_migration),
        cmocka_unit_test(a_cut_at_any_byte_ends_it_while_the_others_stay_open),
        cmocka_unit_test(a_cut_at_any_byte_ends_the_migration_of_an_old_sender),
    };

    /* a run allocates and frees the same again and again: nothing of it goes back to the system */
    mallopt(M_MMAP_THRESHOLD, 64 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
