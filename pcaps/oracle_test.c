// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reassembly against tshark's: what each side of each connection has sent, byte by byte, from captures
 * that are whole, shuffled, repeated, with frames missing, and cut by a snap length.
 */
#include "capture_fixture.h"

#include <stdio.h>
#include <unistd.h>

#define CONNECTIONS 5
#define LINE_ROOM (1u << 18)
#define FILE_MAX (4u << 20)

/* xorshift64*: the same numbers in every run. */
static uint64_t random_number(void)
{
    static uint64_t state = 20170713;

    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545f4914f6cdd1dull >> 20;
}

/* Connections that send this and that by turns, about one in `turns` times back. */
static struct fixture_frames make_frames(bool ipv6, unsigned turns)
{
    enum { EVENTS = 120, MOST = 3000 };
    const struct mfd_capture_options options = {.mss = 536, .ipv6 = ipv6};
    struct mfd_event events[CONNECTIONS * 3 + EVENTS];
    uint8_t *bytes = malloc(EVENTS * MOST);
    struct fixture_file file;
    struct fixture_frames frames;
    size_t count = 0;

    for (size_t i = 0; i < EVENTS * MOST; i++) {
        bytes[i] = (uint8_t)random_number();
    }
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        events[count++] = (struct mfd_event){.connection = i, .kind = MFD_EVENT_OPEN};
    }
    for (size_t i = 0; i < EVENTS; i++) {
        events[count++] = (struct mfd_event){
            .connection = (uint32_t)(random_number() % CONNECTIONS),
            .direction = random_number() % turns ? MFD_FORWARD : MFD_BACKWARD,
            .kind = MFD_EVENT_DATA,
            .bytes = bytes + i * MOST,
            .len = 1 + random_number() % MOST,
        };
    }
    for (uint32_t i = 0; i < CONNECTIONS * 2; i++) {
        events[count++] =
            (struct mfd_event){.connection = i / 2, .direction = i % 2, .kind = MFD_EVENT_CLOSE};
    }
    assert_int_equal(count, COUNT(events));
    file = fixture_write(&options, events, count);
    frames = fixture_frames_of(&file);
    free(file.bytes);
    free(bytes);
    return frames;
}

/* What one side has sent, with a word of tshark's in the place of what is missing. */
struct side {
    uint16_t port; /* of the side that has connected: which of the connections it is */
    bool backward;
    bool reset; /* tshark goes on behind a reset, where the other side no longer listens */
    char *bytes;
    size_t len;
    FILE *out; /* while it is written */
};

struct sides {
    struct side list[64];
    size_t count;
};

/* Found, or made to be written. */
static struct side *side_of(struct sides *sides, uint16_t port, bool backward)
{
    for (size_t i = 0; i < sides->count; i++) {
        if (sides->list[i].port == port && sides->list[i].backward == backward) {
            return &sides->list[i];
        }
    }
    assert_true(sides->count < COUNT(sides->list));
    sides->list[sides->count] = (struct side){.port = port, .backward = backward};
    sides->list[sides->count].out =
        open_memstream(&sides->list[sides->count].bytes, &sides->list[sides->count].len);
    return &sides->list[sides->count++];
}

static void close_sides(struct sides *sides)
{
    for (size_t i = 0; i < sides->count; i++) {
        fclose(sides->list[i].out);
        sides->list[i].out = NULL;
    }
}

static void free_sides(struct sides *sides)
{
    for (size_t i = 0; i < sides->count; i++) {
        free(sides->list[i].bytes);
    }
}

/* tshark's text for frames that are missing ends with a NUL; where it only lacks part of a frame it has none. */
static struct sides our_sides(const struct fixture_file *file, bool cut, size_t *connections)
{
    struct fixture_list list = fixture_read(file);
    struct sides sides = {.count = 0};

    assert_string_equal(list.error, "");
    for (size_t i = 0; i < list.count; i++) {
        const struct fixture_found *found = &list.list[i];
        struct side *side = side_of(&sides, found->sender, found->event.direction == MFD_BACKWARD);

        if (found->missing && !cut) {
            fprintf(side->out, "[%llu bytes missing in capture file]%c",
                    (unsigned long long)found->missing, '\0');
        }
        side->reset |= found->event.kind == MFD_EVENT_RESET;
        side_of(&sides, found->sender, found->event.direction == MFD_FORWARD)->reset |= side->reset;
        fwrite(found->event.bytes ? (const char *)found->event.bytes : "", 1, found->event.len,
               side->out);
    }
    *connections = list.totals.connections;
    fixture_list_free(&list);
    close_sides(&sides);
    return sides;
}

static void put_hex(const char *hex, FILE *out)
{
    unsigned byte = 0;

    for (; sscanf(hex, "%2x", &byte) == 1; hex += 2) {
        fputc((int)byte, out);
    }
}

/* The port behind the last colon of "Node 0: 192.0.2.1:63501". */
static uint16_t port_in(const char *line)
{
    return (uint16_t)atoi(strrchr(line, ':') + 1);
}

static struct sides sides_of_tshark(const char *path, size_t connections)
{
    struct sides sides = {.count = 0};
    char *command = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&command, &len);
    char *line = malloc(LINE_ROOM);
    FILE *in = NULL;
    uint16_t port = 0;

    fprintf(to, "tshark -r %s -q", path);
    for (size_t i = 0; i < connections; i++) {
        fprintf(to, " -z follow,tcp,raw,%zu", i);
    }
    fprintf(to, " 2>/dev/null");
    fclose(to);
    in = popen(command, "r");
    while (fgets(line, (int)LINE_ROOM, in)) {
        bool back = line[0] == '\t';

        if (strncmp(line, "Node 0", 6) == 0) {
            port = port_in(line);
        } else if (strspn(line + back, "0123456789abcdef") > 1) {
            put_hex(line + back, side_of(&sides, port, back)->out);
        }
    }
    assert_int_equal(pclose(in), 0);
    close_sides(&sides);
    free(line);
    free(command);
    return sides;
}

/* What both have seen each side send is the same. */
static void assert_same_sides(struct sides *ours, struct sides *theirs)
{
    size_t bytes = 0;

    for (size_t i = 0; i < ours->count; i++) {
        const struct side *left = &ours->list[i];
        const struct side *right = side_of(theirs, left->port, left->backward);

        if (right->out) { /* new: tshark has seen nothing of it */
            fclose(right->out);
        }
        if ((left->reset ? left->len > right->len : left->len != right->len) ||
            (left->len && memcmp(left->bytes, right->bytes, left->len) != 0)) {
            fail_msg("port %u %s: %zu bytes here, %zu there", left->port,
                     left->backward ? "back" : "on", left->len, right->len);
        }
        bytes += left->len;
    }
    assert_true(bytes > 0);
    assert_int_equal(ours->count, theirs->count);
}

static void assert_as_tshark(const struct fixture_file *file, bool cut)
{
    char path[] = P_tmpdir "/mfdkit-test-XXXXXX";
    FILE *out = fdopen(mkstemp(path), "w");
    size_t connections = 0;
    struct sides ours = our_sides(file, cut, &connections);
    struct sides theirs;

    assert_int_equal(fwrite(file->bytes, 1, file->len, out), file->len);
    fclose(out);
    theirs = sides_of_tshark(path, connections);
    remove(path);
    assert_same_sides(&ours, &theirs);
    free_sides(&ours);
    free_sides(&theirs);
}

/* Frees the frames, of which parts may have been cut off. */
static void assert_frames_as_tshark(struct fixture_frames *frames, bool cut)
{
    struct fixture_file file = fixture_of_frames(frames);

    assert_as_tshark(&file, cut);
    free(file.bytes);
    fixture_frames_free(frames);
}

static bool is_handshake(const struct fixture_frame *frame)
{
    return frame->bytes[frame->bytes[0] >> 4 == 6 ? 53 : 33] & 0x02;
}

static bool has_payload(const struct fixture_frame *frame)
{
    return !is_handshake(frame) && frame->original > (frame->bytes[0] >> 4 == 6 ? 60 : 40);
}

static void a_whole_capture_is_read_as_by_tshark(void **state)
{
    (void)state;
    for (unsigned v6 = 0; v6 < 2; v6++) {
        struct fixture_frames frames = make_frames(v6, 8);

        assert_frames_as_tshark(&frames, false);
    }
}

static void keep_frames(struct fixture_frames *frames, bool (*wanted)(const struct fixture_frame *))
{
    size_t kept = 0;

    for (size_t i = 0; i < frames->count; i++) {
        if (wanted(&frames->list[i])) {
            frames->list[kept++] = frames->list[i];
        } else {
            free(frames->list[i].bytes);
        }
    }
    assert_true(kept < frames->count);
    frames->count = kept;
}

static bool is_no_mere_ack(const struct fixture_frame *frame)
{
    return has_payload(frame) || frame->bytes[33] != 0x10;
}

static bool is_lucky(const struct fixture_frame *frame)
{
    return !has_payload(frame) || random_number() % 10;
}

/*
 * Frames change places with others up to eight away; handshakes and ends keep theirs. Without
 * acknowledgements, for where one comes before its data tshark takes the data for lost.
 */
static void a_shuffled_capture_is_read_as_by_tshark(void **state)
{
    struct fixture_frames frames = make_frames(false, UINT32_MAX);

    (void)state;
    keep_frames(&frames, is_no_mere_ack);
    for (size_t i = 0; i + 8 < frames.count; i++) {
        size_t other = i + random_number() % 8;
        struct fixture_frame frame = frames.list[i];

        if (has_payload(&frame) && has_payload(&frames.list[other])) {
            frames.list[i] = frames.list[other];
            frames.list[other] = frame;
        }
    }
    assert_frames_as_tshark(&frames, false);
}

static void a_capture_with_repetitions_is_read_as_by_tshark(void **state)
{
    struct fixture_frames frames = make_frames(false, 8);
    struct fixture_frames more = {.link = frames.link};

    (void)state;
    more.list = calloc(frames.count * 2, sizeof(*more.list));
    for (size_t i = 0; i < frames.count; i++) {
        size_t old = i - random_number() % (i < 10 ? i + 1 : 10);

        more.list[more.count++] = frames.list[i];
        if (random_number() % 3 == 0) {
            struct fixture_frame *again = &more.list[more.count++];

            *again = frames.list[old];
            again->bytes = malloc(again->captured);
            memcpy(again->bytes, frames.list[old].bytes, again->captured);
        }
    }
    free(frames.list);
    assert_frames_as_tshark(&more, false);
}

static void a_capture_with_frames_missing_is_read_as_by_tshark(void **state)
{
    struct fixture_frames frames = make_frames(false, 8);

    (void)state;
    keep_frames(&frames, is_lucky);
    assert_frames_as_tshark(&frames, false);
}

static void a_capture_cut_by_a_snap_length_is_read_as_by_tshark(void **state)
{
    struct fixture_frames frames = make_frames(false, 8);

    (void)state;
    for (size_t i = 0; i < frames.count; i++) {
        if (frames.list[i].captured > 200) {
            frames.list[i].captured = 200;
        }
    }
    assert_frames_as_tshark(&frames, true);
}

static struct fixture_file load(const char *path)
{
    FILE *in = fopen(path, "rbe");
    struct fixture_file file = {malloc(FILE_MAX), 0};

    assert_non_null(in);
    file.len = fread(file.bytes, 1, FILE_MAX, in);
    assert_in_range(file.len, 1, FILE_MAX - 1);
    fclose(in);
    return file;
}

/* One of each kind: of none of them frames are missing, but of one the ends of frames. */
static void recorded_captures_are_read_as_by_tshark(void **state)
{
    static const char *const names[] = {"qemu-5.2-none",     "qemu-7.2-fails",  "qemu-10.0-zlib",
                                        "qemu-11.1-sixteen", "qemu-11.1-fails", "qemu-10.0-pc-cut"};

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[1024];
        struct fixture_file file;

        snprintf(path, sizeof(path), "%s/%s.pcapng", MFD_CAPTURES, names[i]);
        file = load(path);
        assert_as_tshark(&file, true);
        free(file.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_capture_is_read_as_by_tshark),
        cmocka_unit_test(a_shuffled_capture_is_read_as_by_tshark),
        cmocka_unit_test(a_capture_with_repetitions_is_read_as_by_tshark),
        cmocka_unit_test(a_capture_with_frames_missing_is_read_as_by_tshark),
        cmocka_unit_test(a_capture_cut_by_a_snap_length_is_read_as_by_tshark),
        cmocka_unit_test(recorded_captures_are_read_as_by_tshark),
    };
    return cmocka_run_group_tests_name("oracle", tests, NULL, NULL);
}
