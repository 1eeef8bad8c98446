// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connections made byte by byte, through tshark: how their first bytes are told, and where each direction goes on.
 */
#include "capture_write.h"
#include "hello.h"
#include "mainstream.h"
#include "packet.h"
#include "stage2017.h"
#include "tshark_test.h"

#include <sys/stat.h>

#include <cmocka.h>

/* The port given by Decode As, or left to the heuristic. */
#define DECODE "-d tcp.port==63500,multifd "
#define HEURISTIC "-o tcp.try_heuristic_first:TRUE "

static char path[] = P_tmpdir "/mfd-streams-XXXXXX";
static struct mfd_capture_writer *writer;
static FILE *file;
static const uint8_t uuid[MFD_UUID_SIZE] = {0x6d, 0x75, 0x6c, 0x74, 0x69, 0xfd, 0x4b, 0x17,
                                            0x92, 0xa4, 0x0c, 0x35, 0x5e, 0x88, 0xb1, 0xda};

/* ---- making a capture ---- */

static void begin(void)
{
    file = fopen(path, "wb");
    assert_non_null(file);
    writer = mfd_capture_create(file, &(struct mfd_capture_options){0});
    assert_non_null(writer);
}

static void put(uint32_t connection, enum mfd_direction direction, enum mfd_event_kind kind,
                const void *bytes, size_t len)
{
    struct mfd_event event = {
        .connection = connection,
        .direction = direction,
        .kind = kind,
        .bytes = bytes,
        .len = len,
    };

    assert_true(mfd_capture_event(writer, &event));
}

/* In segments of `size` bytes, the last of what is left. */
static void put_segments(uint32_t connection, enum mfd_direction direction, const uint8_t *bytes,
                         size_t len, size_t size)
{
    for (size_t at = 0; at < len; at += size) {
        put(connection, direction, MFD_EVENT_DATA, bytes + at, len - at < size ? len - at : size);
    }
}

static void open_conn(uint32_t connection)
{
    put(connection, MFD_FORWARD, MFD_EVENT_OPEN, NULL, 0);
}

static void send_bytes(uint32_t connection, const void *bytes, size_t len)
{
    put(connection, MFD_FORWARD, MFD_EVENT_DATA, bytes, len);
}

/* What follows goes to another receiver. */
static void next_migration(void)
{
    mfd_capture_next_migration(writer);
}

static void finish(void)
{
    assert_true(mfd_capture_finish(writer));
    fclose(file);
}

/* ---- looking at it: tshark takes half a second to start, so one capture has many connections ---- */

/* What tshark shows of each dissected frame of a file, a line for each: its Info, then the fields. */
static void assert_file_shows(const char *name, const char *how, const char *fields,
                              const char *lines)
{
    char *text = mfd_tshark("-n -r %s %s -Y multifd -T fields -E occurrence=a -e _ws.col.Info %s",
                            name, how, fields);

    if (strcmp(text, lines) != 0) {
        fail_msg("with %s:\n%swanted:\n%s", how, text, lines);
    }
    free(text);
}

static void assert_shows(const char *how, const char *fields, const char *lines)
{
    assert_file_shows(path, how, fields, lines);
}

/* ---- the hellos of 2017 ---- */

static void put_text_hello(uint32_t connection, uint8_t id, size_t first)
{
    uint8_t hello[MFD_TEXT_HELLO_SIZE];

    mfd_text_hello_pack(hello, uuid, id);
    open_conn(connection);
    put_segments(connection, MFD_FORWARD, hello, first, first);
    put_segments(connection, MFD_FORWARD, hello + first, sizeof(hello) - first, sizeof(hello));
}

static void a_text_hello_is_told_by_its_text_with_no_main_before_it(void **state)
{
    (void)state;
    begin();
    put_text_hello(0, 7, MFD_TEXT_HELLO_SIZE);
    finish();
    assert_shows(DECODE, "-e multifd.channel -e multifd.revision -e multifd.rule",
                 "ch 7 text_hello\t7\t2017-text\t\n");
    assert_shows(HEURISTIC, "", "ch 7 text_hello\n");
    /* a sender that is set to something else has none */
    assert_shows(DECODE "-o multifd.revision:11.1", "-e multifd.rule",
                 "main header | main bytes that cannot be followed\tMF-MAIN-001,MF-MAIN-015\n");
    assert_shows(HEURISTIC "-o multifd.revision:11.1", "", "");
}

static void a_text_hello_in_two_segments_waits_for_its_49_bytes_alone(void **state)
{
    static const size_t cuts[] = {1, 20, 45};
    static const char shown[] =
        "ch 7 text_hello\t7\t\nch 7 text_hello\t7\t\nch 7 text_hello\t7\t\n";

    (void)state;
    begin();
    for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
        put_text_hello(0, 7, cuts[i]);
        next_migration();
    }
    finish();
    assert_shows(DECODE, "-e multifd.channel -e multifd.rule", shown);
    assert_shows("-2 " DECODE, "-e multifd.channel -e multifd.rule", shown);
}

static void what_a_text_hello_has_wrong_is_marked(void **state)
{
    uint8_t hello[MFD_TEXT_HELLO_SIZE];

    (void)state;
    begin();
    put_text_hello(0, 7, MFD_TEXT_HELLO_SIZE);
    mfd_text_hello_pack(hello, uuid, 8);
    hello[0] = 'A';
    open_conn(1);
    send_bytes(1, hello, sizeof(hello));
    /* of another VM, which is learnt from the first */
    mfd_text_hello_pack(hello, uuid, 9);
    hello[0] = '7';
    open_conn(2);
    send_bytes(2, hello, sizeof(hello));
    finish();
    assert_shows(DECODE, "-e multifd.rule",
                 "ch 7 text_hello\t\nch ? text_hello\tMF-INIT-023\nch 9 text_hello\tMF-INIT-004\n");
}

static void a_binary_hello_is_told_where_the_preference_names_its_stage(void **state)
{
    uint8_t hello[MFD_BINARY_HELLO_SIZE];

    (void)state;
    mfd_binary_hello_pack(hello, uuid, 7);
    begin();
    open_conn(0);
    send_bytes(0, hello, sizeof(hello));
    finish();
    assert_shows(DECODE "-o multifd.revision:2017-binary", "-e multifd.channel -e multifd.rule",
                 "ch 7 binary_hello\t7\t\n");
    assert_shows(HEURISTIC "-o multifd.revision:2017-binary", "", "ch 7 binary_hello\n");
    assert_shows(DECODE, "-e multifd.binary_hello.id",
                 "main header | main bytes that cannot be followed\t\n");
    assert_shows(HEURISTIC, "", "");
}

/* ---- the heuristic ---- */

#define CHANNEL_SIZE (MFD_HELLO_SIZE + 3 * MFD_PACKET_SIZE_MAX)

/* A hello, then packets without pages; how many bytes that is. */
static size_t pack_channel(uint8_t *bytes)
{
    struct mfd_packet packet = {.magic = MFD_MAGIC, .version = MFD_VERSION, .flags = MFD_FLAG_SYNC};
    size_t len = MFD_HELLO_SIZE;

    mfd_hello_pack(bytes, uuid, 7);
    for (unsigned i = 0; i < 3; i++, len += mfd_packet_size(4096)) {
        packet.packet_num = i;
        mfd_packet_pack(bytes + len, 4096, &packet, NULL);
    }
    return len;
}

static void a_channel_in_segments_of_any_size_is_told_by_its_first(void **state)
{
    static const size_t sizes[] = {8, 40, 64, 66, 100, 275, 276, 1000};
    uint8_t bytes[CHANNEL_SIZE];
    size_t len = pack_channel(bytes);
    char *text = NULL;
    size_t found = 0;

    (void)state;
    begin();
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        open_conn(0);
        put_segments(0, MFD_FORWARD, bytes, len, sizes[i]);
        next_migration();
    }
    finish();
    text = mfd_tshark("-n -r %s " HEURISTIC "-Y multifd.packet.packet_num==2", path);
    for (const char *at = text; (at = strstr(at, "ch 7 packet 2 SYNC")); at++) {
        found++;
    }
    if (found != sizeof(sizes) / sizeof(*sizes)) {
        fail_msg("not each of them:\n%s", text);
    }
    free(text);
}

/* What has the magic and the version, and is neither a hello nor a packet. */
static void what_is_neither_hello_nor_packet_is_left_alone(void **state)
{
    uint8_t bytes[400];

    (void)state;
    begin();
    /* not zero where a hello is, and flags that no packet has */
    mfd_hello_pack(bytes, uuid, 7);
    bytes[MFD_HELLO_SIZE - 1] = 1;
    open_conn(0);
    send_bytes(0, bytes, MFD_HELLO_SIZE);
    /* no packet follows */
    next_migration();
    mfd_hello_pack(bytes, uuid, 7);
    memset(bytes + MFD_HELLO_SIZE, 0, sizeof(bytes) - MFD_HELLO_SIZE);
    open_conn(0);
    send_bytes(0, bytes, sizeof(bytes));
    /* the flags of a packet, and more pages than it has room for */
    next_migration();
    memset(bytes, 0, sizeof(bytes));
    mfd_put32(bytes, MFD_MAGIC);
    mfd_put32(bytes + 4, MFD_VERSION);
    mfd_put32(bytes + MFD_PACKET_NORMAL_PAGES, 5);
    bytes[MFD_HELLO_RESERVED + 8] = 1;
    open_conn(0);
    send_bytes(0, bytes, sizeof(bytes));
    finish();
    assert_shows(HEURISTIC, "", "");
}

/* ---- sections whose size only their footer tells ---- */

#define SECTION_ID 7u
#define SEGMENT 1000u
#define SEGMENTS 300u

static void begin_main(void)
{
    uint8_t bytes[MFD_RECORD_MAX];

    open_conn(0);
    send_bytes(0, bytes, mfd_pack_header(bytes));
}

/* What is no footer of this section, though parts of it could be. */
static void fill_section(uint8_t *bytes, size_t len)
{
    static const uint8_t almost[] = {0x7e, 0x7e, 0, 0, 0, SECTION_ID, 0x7e, 0, 0, 0, SECTION_ID, 9};

    for (size_t i = 0; i < len; i++) {
        bytes[i] = almost[i % sizeof(almost)];
    }
}

/*
 * Nothing is put together but a footer that is in two segments: what is looked at grows with the bytes of the section, not with
 * their square.
 */
static void contents_of_a_section_are_passed_segment_by_segment(void **state)
{
    static uint8_t bytes[SEGMENT * SEGMENTS + MFD_RECORD_MAX];
    unsigned long all = 0;
    unsigned long wanted = 0;
    size_t segments = 0;
    char *text = NULL;

    (void)state;
    begin();
    for (size_t cut = 0; cut < 6; cut++) { /* bytes of the footer in the segment before */
        size_t len = SEGMENT * SEGMENTS - cut;

        begin_main();
        send_bytes(0, bytes, mfd_pack_config(bytes, "none"));
        send_bytes(0, bytes, mfd_pack_section(bytes, MFD_SECTION_FULL, SECTION_ID, "device", 0, 1));
        fill_section(bytes, len);
        wanted += len;
        len += mfd_pack_footer(bytes + len, SECTION_ID);
        len += mfd_pack_end(bytes + len);
        put_segments(0, MFD_FORWARD, bytes, len, SEGMENT);
        next_migration();
    }
    finish();
    text = mfd_tshark("-n -r %s " DECODE "-Y 'multifd.body and not tcp.reassembled.length > 1010' "
                      "-T fields -e multifd.body",
                      path);
    for (const char *at = text; *at; at += strspn(at, "\n")) {
        all += strcspn(at, "\n") / 2;
        segments++;
        at += strcspn(at, "\n");
    }
    free(text);
    assert_int_equal(all, wanted);
    assert_true(segments >= (size_t)6 * SEGMENTS);
    text = mfd_tshark("-n -r %s " DECODE "-Y 'multifd.footer.type or multifd.lost' -T fields "
                      "-e multifd.footer.id -e multifd.lost",
                      path);
    assert_string_equal(text, "7\t\n7\t\n7\t\n7\t\n7\t\n7\t\n");
    free(text);
}

/* ---- the return path ---- */

#define BITMAP 3000u
#define REPLY "-e multifd.reply.type -e multifd.value -e multifd.lost "

static void answer(const void *bytes, size_t len)
{
    put(0, MFD_BACKWARD, MFD_EVENT_DATA, bytes, len);
}

static void answer_pong(uint8_t number)
{
    uint8_t pong[] = {0, MFD_RETURN_PONG, 0, 4, 0, 0, 0, number};

    answer(pong, sizeof(pong));
}

static void a_bitmap_behind_its_reply_belongs_to_it(void **state)
{
    static const size_t sizes[] = {65000, 1000, 5};
    uint8_t bytes[4 + 7 + 8 + BITMAP + 8] = {
        0, MFD_RETURN_RECV_BITMAP, 0, 7, 6, 'p', 'c', '.', 'r', 'a', 'm'};
    char *text = NULL;

    (void)state;
    mfd_put64(bytes + 11, BITMAP);
    /* what is no reply, and what could be one */
    memset(bytes + 19, 0xff, BITMAP);
    memcpy(bytes + 19 + 981, (uint8_t[]){0, MFD_RETURN_PONG, 0, 4}, 4);
    mfd_put64(bytes + 19 + BITMAP, 0x0123456789abcdef);
    begin();
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        begin_main();
        answer_pong(1);
        put_segments(0, MFD_BACKWARD, bytes, sizeof(bytes), sizes[i]);
        answer_pong(2);
        next_migration();
    }
    finish();
    text = mfd_tshark("-n -r %s " DECODE "-Y 'multifd.reply.type or multifd.lost or _ws.malformed' "
                      "-T fields " REPLY "-e multifd.received_size -e multifd.received_end",
                      path);
    assert_string_equal(text, "2\t1\t\t\t\n5\t\t\t3000\t0123456789abcdef\n2\t2\t\t\t\n"
                              "2\t1\t\t\t\n5\t\t\t3000\t\n2\t2\t\t\t\n"
                              "2\t1\t\t\t\n5\t\t\t3000\t\n2\t2\t\t\t\n");
    free(text);
}

static void what_is_no_reply_is_none_and_the_next_segment_may_be(void **state)
{
    static const uint8_t others[][8] = {
        {0, 9, 0, 4, 0, 0, 0, 1},                /* a type that does not exist */
        {0, MFD_RETURN_PONG, 0, 9, 0, 0, 0, 1},  /* of a length that it does not have */
        {0, MFD_RETURN_RECV_BITMAP, 0, 4, 9, 0}, /* whose name does not end with it */
    };

    (void)state;
    begin();
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        begin_main();
        answer_pong(1);
        answer(others[i], sizeof(others[i]));
        answer(others[i], sizeof(others[i]));
        answer_pong(2);
        next_migration();
    }
    finish();
    assert_shows(DECODE, REPLY,
                 "main header\t\t\t\n"
                 "return path reply\t2\t1\t\n"
                 "return path bytes that cannot be followed\t\t\t0009000400000001\n"
                 "return path bytes that cannot be followed\t\t\t0009000400000001\n"
                 "return path reply\t2\t2\t\n"
                 "main header\t\t\t\n"
                 "return path reply\t2\t1\t\n"
                 "return path bytes that cannot be followed\t\t\t0002000900000001\n"
                 "return path bytes that cannot be followed\t\t\t0002000900000001\n"
                 "return path reply\t2\t2\t\n"
                 "main header\t\t\t\n"
                 "return path reply\t2\t1\t\n"
                 "return path bytes that cannot be followed\t\t\t0005000409000000\n"
                 "return path bytes that cannot be followed\t\t\t0005000409000000\n"
                 "return path reply\t2\t2\t\n");
}

/* Behind the handshake, main's header and the first reply, with what TCP acknowledges of them. */
#define GAP_FRAME 8u

static void behind_a_gap_replies_are_read_again(void **state)
{
    static const uint8_t acknowledge[] = {0, MFD_RETURN_SWITCHOVER_ACK, 0, 0};
    char cut[sizeof(path) + 4];
    char *command = NULL;

    (void)state;
    snprintf(cut, sizeof(cut), "%s.cut", path);
    begin();
    begin_main();
    answer_pong(1);
    answer(acknowledge, sizeof(acknowledge));
    answer_pong(2);
    answer_pong(3);
    finish();
    assert_true(asprintf(&command, "editcap %s %s %u", path, cut, GAP_FRAME) > 0);
    assert_int_equal(system(command), 0);
    free(command);
    assert_file_shows(cut, DECODE, REPLY,
                      "main header\t\t\t\n"
                      "return path reply\t2\t1\t\n"
                      "[TCP Previous segment not captured]  | return path reply\t2\t2\t\n"
                      "return path reply\t2\t3\t\n");
    unlink(cut);
}

static int make_file(void **state)
{
    int fd = -1;

    if (mfd_tshark_has_plugin(state) != 0) {
        return -1;
    }
    fd = mkstemp(path);
    return fd < 0 || fchmod(fd, 0644) != 0 || close(fd) != 0 ? -1 : 0;
}

static int remove_file(void **state)
{
    (void)state;
    return getenv("MFD_KEEP") ? 0 : unlink(path);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_hello_is_told_by_its_text_with_no_main_before_it),
        cmocka_unit_test(a_text_hello_in_two_segments_waits_for_its_49_bytes_alone),
        cmocka_unit_test(what_a_text_hello_has_wrong_is_marked),
        cmocka_unit_test(a_binary_hello_is_told_where_the_preference_names_its_stage),
        cmocka_unit_test(a_channel_in_segments_of_any_size_is_told_by_its_first),
        cmocka_unit_test(what_is_neither_hello_nor_packet_is_left_alone),
        cmocka_unit_test(contents_of_a_section_are_passed_segment_by_segment),
        cmocka_unit_test(a_bitmap_behind_its_reply_belongs_to_it),
        cmocka_unit_test(what_is_no_reply_is_none_and_the_next_segment_may_be),
        cmocka_unit_test(behind_a_gap_replies_are_read_again),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
