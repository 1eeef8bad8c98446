// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture_fixture.h"
#include "wire.h"

#include <pcap/dlt.h>

#define TCP_AT 20u /* in a packet over IPv4 */

static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyz";

static struct mfd_event happens(uint32_t connection, enum mfd_direction direction,
                                enum mfd_event_kind kind)
{
    static uint64_t now;

    return (struct mfd_event){
        .time_ns = now += 1000, .connection = connection, .direction = direction, .kind = kind};
}

static struct mfd_event data(uint32_t connection, enum mfd_direction direction, const char *bytes)
{
    struct mfd_event event = happens(connection, direction, MFD_EVENT_DATA);

    event.bytes = (const uint8_t *)bytes;
    event.len = strlen(bytes);
    return event;
}

/* One connection that carries `text` in segments of four bytes, opened and closed. */
static struct fixture_frames simple_frames(void)
{
    const struct mfd_capture_options options = {.mss = 4, .format = MFD_CAPTURE_PCAP};
    const struct mfd_event events[] = {
        happens(0, MFD_FORWARD, MFD_EVENT_OPEN),
        data(0, MFD_FORWARD, text),
        happens(0, MFD_FORWARD, MFD_EVENT_CLOSE),
        happens(0, MFD_BACKWARD, MFD_EVENT_CLOSE),
    };
    struct fixture_file file = fixture_write(&options, events, COUNT(events));
    struct fixture_frames frames = fixture_frames_of(&file);

    free(file.bytes);
    return frames;
}

static struct fixture_list read_frames(const struct fixture_frames *frames)
{
    struct fixture_file file = fixture_of_frames(frames);
    struct fixture_list list = fixture_read(&file);

    assert_string_equal(list.error, "");
    free(file.bytes);
    return list;
}

static void assert_event(const struct fixture_list *list, size_t i, enum mfd_event_kind kind,
                         enum mfd_direction direction)
{
    assert_true(i < list->count);
    assert_int_equal(list->list[i].event.kind, kind);
    assert_int_equal(list->list[i].event.direction, direction);
}

static void assert_data(const struct fixture_list *list, size_t i, const char *bytes)
{
    assert_event(list, i, MFD_EVENT_DATA, MFD_FORWARD);
    assert_int_equal(list->list[i].event.len, strlen(bytes));
    assert_memory_equal(list->list[i].event.bytes, bytes, strlen(bytes));
}

/* OPEN, all of `text`, both CLOSE: what simple_frames() must give in whatever order. */
static void assert_whole(const struct fixture_list *list)
{
    assert_int_equal(list->count, 4);
    assert_event(list, 0, MFD_EVENT_OPEN, MFD_FORWARD);
    assert_data(list, 1, text);
    assert_int_equal(list->list[1].at, 0);
    assert_event(list, 2, MFD_EVENT_CLOSE, MFD_FORWARD);
    assert_event(list, 3, MFD_EVENT_CLOSE, MFD_BACKWARD);
    assert_int_equal(list->totals.lost, 0);
    assert_int_equal(list->totals.connections, 1);
}

static bool has_payload(const struct fixture_frame *frame)
{
    return frame->original > 40 && !(frame->bytes[TCP_AT + 13] & 0x02);
}

static void swap(struct fixture_frames *frames, size_t a, size_t b)
{
    struct fixture_frame first = frames->list[a];

    frames->list[a] = frames->list[b];
    frames->list[b] = first;
}

static void drop_frame(struct fixture_frames *frames, size_t i)
{
    free(frames->list[i].bytes);
    memmove(&frames->list[i], &frames->list[i + 1],
            (frames->count - i - 1) * sizeof(*frames->list));
    frames->count--;
}

/* Index of the n-th frame with payload, from 0. */
static size_t nth_payload(const struct fixture_frames *frames, size_t n)
{
    size_t i = 0;

    while (!has_payload(&frames->list[i]) || n--) {
        i++;
    }
    return i;
}

static void what_was_written_is_read(void **state)
{
    const struct mfd_event events[] = {
        happens(0, MFD_FORWARD, MFD_EVENT_OPEN),
        data(0, MFD_FORWARD, "QEVM"),
        happens(1, MFD_FORWARD, MFD_EVENT_OPEN),
        data(1, MFD_FORWARD, text),
        data(0, MFD_BACKWARD, "pong"),
        data(0, MFD_FORWARD, "more"),
        happens(1, MFD_BACKWARD, MFD_EVENT_RESET),
        happens(0, MFD_FORWARD, MFD_EVENT_CLOSE),
        happens(0, MFD_BACKWARD, MFD_EVENT_CLOSE),
    };

    (void)state;
    for (unsigned variant = 0; variant < 8; variant++) {
        const struct mfd_capture_options options = {
            .format = variant & 1 ? MFD_CAPTURE_PCAP : MFD_CAPTURE_PCAPNG,
            .ipv6 = variant & 2,
            .mss = variant & 4 ? 7 : 0,
        };
        struct fixture_file file = fixture_write(&options, events, COUNT(events));
        struct fixture_list list = fixture_read(&file);

        assert_string_equal(list.error, "");
        assert_int_equal(list.count, COUNT(events));
        for (size_t i = 0; i < list.count; i++) {
            const struct mfd_event *got = &list.list[i].event;

            assert_int_equal(got->kind, events[i].kind);
            assert_int_equal(got->connection, events[i].connection);
            assert_int_equal(got->direction, events[i].direction);
            assert_int_equal(got->time_ns, events[i].time_ns - events[0].time_ns);
            assert_int_equal(got->len, events[i].len);
            if (got->len) {
                assert_memory_equal(got->bytes, events[i].bytes, got->len);
            }
            assert_int_equal(list.list[i].receiver, MFD_CAPTURE_PORT);
            assert_int_equal(list.list[i].sender, MFD_CAPTURE_PORT + 1 + got->connection);
        }
        fixture_list_free(&list);
        free(file.bytes);
    }
}

/* Any two segments with payload change places. */
static void order_does_not_matter(void **state)
{
    (void)state;
    for (size_t a = 0; a < 9; a++) {
        for (size_t b = a + 1; b < 9; b++) {
            struct fixture_frames frames = simple_frames();
            struct fixture_list list;

            swap(&frames, nth_payload(&frames, a), nth_payload(&frames, b));
            list = read_frames(&frames);
            assert_whole(&list);
            fixture_list_free(&list);
            fixture_frames_free(&frames);
        }
    }
}

static void a_fin_may_overtake_data(void **state)
{
    struct fixture_frames frames = simple_frames();
    struct fixture_list list;
    size_t last = nth_payload(&frames, 8);

    (void)state;
    while (last + 1 < frames.count) {
        swap(&frames, last, last + 1);
        last++;
    }
    list = read_frames(&frames);
    assert_int_equal(list.count, 5); /* the receiver's end came before the late bytes */
    assert_event(&list, 2, MFD_EVENT_CLOSE, MFD_BACKWARD);
    assert_event(&list, 4, MFD_EVENT_CLOSE, MFD_FORWARD);
    assert_int_equal(list.totals.lost, 0);
    fixture_list_free(&list);
    fixture_frames_free(&frames);
}

/* Each frame of the capture comes twice, the second time at the end. */
static void what_comes_again_is_passed_over(void **state)
{
    (void)state;
    for (size_t i = 0; i < 20; i++) {
        struct fixture_frames frames = simple_frames();
        struct fixture_list list;

        if (i < frames.count) {
            frames.list = realloc(frames.list, (frames.count + 1) * sizeof(*frames.list));
            frames.list[frames.count] = frames.list[i];
            frames.list[frames.count].bytes = malloc(frames.list[i].captured);
            memcpy(frames.list[frames.count].bytes, frames.list[i].bytes, frames.list[i].captured);
            frames.count++;
        }
        list = read_frames(&frames);
        assert_whole(&list);
        fixture_list_free(&list);
        fixture_frames_free(&frames);
    }
}

static void a_lost_segment_leaves_a_gap_of_its_size(void **state)
{
    struct fixture_frames frames = simple_frames();
    struct fixture_list list;

    (void)state;
    drop_frame(&frames, nth_payload(&frames, 2));
    list = read_frames(&frames);
    assert_int_equal(list.count, 5);
    assert_data(&list, 1, "01234567");
    assert_event(&list, 2, MFD_EVENT_CLOSE, MFD_BACKWARD);
    assert_data(&list, 3, "cdefghijklmnopqrstuvwxyz");
    assert_int_equal(list.list[3].missing, 4);
    assert_int_equal(list.list[3].at, 12);
    assert_event(&list, 4, MFD_EVENT_CLOSE, MFD_FORWARD);
    assert_int_equal(list.totals.lost, 4);
    fixture_list_free(&list);
    fixture_frames_free(&frames);
}

static void a_frame_cut_by_the_snap_length_leaves_a_gap(void **state)
{
    struct fixture_frames frames = simple_frames();
    struct fixture_list list;

    (void)state;
    frames.list[nth_payload(&frames, 1)].captured -= 3;
    list = read_frames(&frames);
    assert_int_equal(list.count, 5);
    assert_data(&list, 1, "01234");
    assert_data(&list, 2, text + 8);
    assert_int_equal(list.list[2].missing, 3);
    assert_int_equal(list.list[2].at, 8);
    fixture_list_free(&list);
    fixture_frames_free(&frames);
}

/* Any number of frames is missing at the start. */
static void a_capture_may_begin_in_mid_stream(void **state)
{
    (void)state;
    for (size_t skip = 1; skip < 16; skip++) {
        struct fixture_frames frames = simple_frames();
        struct fixture_list list;
        size_t first = skip < 2 ? 1 : 0; /* a SYN with ACK tells of the start, too */

        for (size_t i = 0; i < skip; i++) {
            drop_frame(&frames, 0);
        }
        list = read_frames(&frames);
        if (first) {
            assert_event(&list, 0, MFD_EVENT_OPEN, MFD_FORWARD);
        }
        assert_event(&list, first, MFD_EVENT_DATA, MFD_FORWARD);
        assert_int_equal(list.list[first].at, 0);
        assert_int_equal(list.list[first].receiver, MFD_CAPTURE_PORT);
        assert_event(&list, list.count - 1, MFD_EVENT_CLOSE, MFD_BACKWARD);
        fixture_list_free(&list);
        fixture_frames_free(&frames);
    }
}

/* Of two connections, the second one seen only by what its receiver sends. */
static void where_others_connect_to_is_the_receiver(void **state)
{
    const struct mfd_capture_options options = {0};
    const struct mfd_event events[] = {
        happens(0, MFD_FORWARD, MFD_EVENT_OPEN),
        data(1, MFD_BACKWARD, "pong"),
    };
    struct fixture_file file = fixture_write(&options, events, COUNT(events));
    struct fixture_list list = fixture_read(&file);

    (void)state;
    assert_int_equal(list.count, 2);
    assert_event(&list, 1, MFD_EVENT_DATA, MFD_BACKWARD);
    assert_int_equal(list.list[1].receiver, MFD_CAPTURE_PORT);
    fixture_list_free(&list);
    free(file.bytes);
}

static void a_port_used_again_is_another_connection(void **state)
{
    const struct mfd_capture_options options = {0};
    const struct mfd_event events[] = {
        happens(0, MFD_FORWARD, MFD_EVENT_OPEN),  data(0, MFD_FORWARD, "first"),
        happens(0, MFD_FORWARD, MFD_EVENT_RESET), happens(0, MFD_FORWARD, MFD_EVENT_OPEN),
        data(0, MFD_FORWARD, "second"),
    };
    struct fixture_file file = fixture_write(&options, events, COUNT(events));
    struct fixture_list list = fixture_read(&file);

    (void)state;
    assert_int_equal(list.count, COUNT(events));
    for (size_t i = 0; i < list.count; i++) {
        assert_int_equal(list.list[i].event.connection, i < 3 ? 0 : 1);
    }
    assert_data(&list, 4, "second");
    fixture_list_free(&list);
    free(file.bytes);
}

static void nothing_comes_after_a_reset(void **state)
{
    struct fixture_frames frames = simple_frames();
    struct fixture_list list;

    (void)state;
    frames.list[nth_payload(&frames, 1)].bytes[TCP_AT + 13] |= 0x04;
    list = read_frames(&frames);
    assert_int_equal(list.count, 3);
    assert_data(&list, 1, "0123");
    assert_event(&list, 2, MFD_EVENT_RESET, MFD_FORWARD);
    fixture_list_free(&list);
    fixture_frames_free(&frames);
}

/* Eight bytes from the second segment on, where four had come: the first ones count. */
static void an_overlap_adds_only_what_is_new(void **state)
{
    struct fixture_frames frames = simple_frames();
    struct fixture_list list;
    size_t second = nth_payload(&frames, 1);
    size_t third = nth_payload(&frames, 2);
    struct fixture_frame *frame = &frames.list[third];

    (void)state;
    frame->bytes = realloc(frame->bytes, 40 + 8);
    memcpy(frame->bytes + 40, "XXXX89ab", 8);
    mfd_put32(frame->bytes + TCP_AT + 4, mfd_get32(frames.list[second].bytes + TCP_AT + 4));
    mfd_put16(frame->bytes + 2, 48);
    frame->captured = frame->original = 48;
    list = read_frames(&frames);
    assert_whole(&list);
    assert_int_equal(list.totals.repeated, 4);
    fixture_list_free(&list);

    /* the same ahead of a hole: the first segment comes last of the three */
    swap(&frames, nth_payload(&frames, 0), third);
    swap(&frames, nth_payload(&frames, 0), nth_payload(&frames, 1));
    list = read_frames(&frames);
    assert_whole(&list);
    assert_int_equal(list.totals.conflicts, 1);
    fixture_list_free(&list);
    fixture_frames_free(&frames);
}

/* Sequence numbers go on at 0 in the middle of the text. */
static void sequence_numbers_wrap(void **state)
{
    struct fixture_frames frames = simple_frames();
    struct fixture_list list;
    uint32_t shift = UINT32_MAX - 17 - mfd_get32(frames.list[0].bytes + TCP_AT + 4);

    (void)state;
    for (size_t i = 0; i < frames.count; i++) {
        uint8_t *tcp = frames.list[i].bytes + TCP_AT;
        size_t at = mfd_get16(tcp + 2) == MFD_CAPTURE_PORT ? 4 : 8;

        mfd_put32(tcp + at, mfd_get32(tcp + at) + shift);
    }
    swap(&frames, nth_payload(&frames, 3), nth_payload(&frames, 5));
    list = read_frames(&frames);
    assert_whole(&list);
    fixture_list_free(&list);
    fixture_frames_free(&frames);
}

/* Each byte range lies in the frame, and at the offset, that are told. */
static void each_byte_is_where_it_is_said_to_be(void **state)
{
    struct fixture_frames frames = simple_frames();
    struct fixture_list list;

    (void)state;
    swap(&frames, nth_payload(&frames, 2), nth_payload(&frames, 6));
    drop_frame(&frames, nth_payload(&frames, 4));
    list = read_frames(&frames);
    for (size_t i = 0; i < list.count; i++) {
        const struct fixture_found *found = &list.list[i];
        const struct fixture_frame *frame = &frames.list[found->frame - 1];

        assert_in_range(found->frame, 1, frames.count);
        if (found->event.kind == MFD_EVENT_DATA) {
            assert_true(found->offset + 4 <= frame->captured);
            assert_memory_equal(frame->bytes + found->offset, found->event.bytes, 4);
            assert_memory_equal(text + found->at, found->event.bytes, found->event.len);
        } else if (found->event.kind == MFD_EVENT_CLOSE) {
            assert_true(frame->bytes[TCP_AT + 13] & 0x01);
        }
    }
    fixture_list_free(&list);
    fixture_frames_free(&frames);
}

/* Every second segment is lost, for longer than what is kept: the rest comes, and memory does not grow. */
static void a_long_hole_is_given_up(void **state)
{
    enum { SEGMENTS = 10000 };
    const struct mfd_capture_options options = {.mss = 4, .format = MFD_CAPTURE_PCAP};
    uint8_t *bytes = calloc(SEGMENTS, 4);
    struct mfd_event events[] = {
        happens(0, MFD_FORWARD, MFD_EVENT_OPEN),
        happens(0, MFD_FORWARD, MFD_EVENT_DATA),
    };
    struct fixture_file file;
    struct fixture_frames frames;
    struct fixture_list list;
    uint64_t missing = 0;
    uint64_t got = 0;

    (void)state;
    events[1].bytes = bytes;
    events[1].len = SEGMENTS * 4;
    file = fixture_write(&options, events, COUNT(events));
    frames = fixture_frames_of(&file);
    drop_frame(&frames, nth_payload(&frames, 1));
    for (size_t i = 0; i < frames.count; i++) {
        if (i > 20 && i + 20 < frames.count && i % 6 == 0 && has_payload(&frames.list[i])) {
            frames.list[i].captured = frames.list[i].original = 40;
            mfd_put16(frames.list[i].bytes + 2, 40);
        }
    }
    list = read_frames(&frames);
    for (size_t i = 0; i < list.count; i++) {
        missing += list.list[i].missing;
        got += list.list[i].event.len;
    }
    assert_int_equal(missing + got, SEGMENTS * 4);
    assert_true(missing > 4);
    assert_int_equal(missing, list.totals.lost);
    fixture_list_free(&list);
    fixture_frames_free(&frames);
    free(file.bytes);
    free(bytes);
}

/* More connections than are kept: the oldest are forgotten, and each is still told once. */
static void there_may_be_any_number_of_connections(void **state)
{
    struct fixture_frames frames = simple_frames();
    struct fixture_frames many = {.link = frames.link};
    struct fixture_list list;
    size_t count = MFD_REASSEMBLER_CONNECTIONS + 100;

    (void)state;
    many.list = calloc(count, sizeof(*many.list));
    for (size_t i = 0; i < count; i++) {
        struct fixture_frame *frame = &many.list[many.count++];

        *frame = frames.list[0];
        frame->bytes = malloc(frame->captured);
        memcpy(frame->bytes, frames.list[0].bytes, frame->captured);
        mfd_put32(frame->bytes + 12, (uint32_t)i);
    }
    list = read_frames(&many);
    assert_int_equal(list.count, count);
    assert_int_equal(list.totals.connections, count);
    assert_int_equal(list.totals.forgotten, 100);
    fixture_list_free(&list);
    fixture_frames_free(&many);
    fixture_frames_free(&frames);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(a_fin_may_overtake_data),
        cmocka_unit_test(what_comes_again_is_passed_over),
        cmocka_unit_test(a_lost_segment_leaves_a_gap_of_its_size),
        cmocka_unit_test(a_frame_cut_by_the_snap_length_leaves_a_gap),
        cmocka_unit_test(a_capture_may_begin_in_mid_stream),
        cmocka_unit_test(where_others_connect_to_is_the_receiver),
        cmocka_unit_test(a_port_used_again_is_another_connection),
        cmocka_unit_test(nothing_comes_after_a_reset),
        cmocka_unit_test(an_overlap_adds_only_what_is_new),
        cmocka_unit_test(sequence_numbers_wrap),
        cmocka_unit_test(each_byte_is_where_it_is_said_to_be),
        cmocka_unit_test(a_long_hole_is_given_up),
        cmocka_unit_test(there_may_be_any_number_of_connections),
    };
    return cmocka_run_group_tests_name("reassemble", tests, NULL, NULL);
}
