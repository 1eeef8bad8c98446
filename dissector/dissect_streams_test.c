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

static void begin(unsigned mss)
{
    file = fopen(path, "wb");
    assert_non_null(file);
    writer = mfd_capture_create(file, &(struct mfd_capture_options){.mss = mss});
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

static void open_conn(uint32_t connection)
{
    put(connection, MFD_FORWARD, MFD_EVENT_OPEN, NULL, 0);
}

static void send_bytes(uint32_t connection, const void *bytes, size_t len)
{
    put(connection, MFD_FORWARD, MFD_EVENT_DATA, bytes, len);
}

static void finish(void)
{
    assert_true(mfd_capture_finish(writer));
    fclose(file);
}

/* ---- looking at it ---- */

/* What tshark says of the capture, which has to have `words` in it. */
static void assert_says(const char *arguments, const char *words)
{
    char *text = mfd_tshark("-n -r %s %s", path, arguments);

    if (!strstr(text, words)) {
        fail_msg("no \"%s\" with %s:\n%s", words, arguments, text);
    }
    free(text);
}

static void assert_silent(const char *arguments)
{
    char *text = mfd_tshark("-n -r %s %s", path, arguments);

    if (*text) {
        fail_msg("%s:\n%s", arguments, text);
    }
    free(text);
}

/* ---- the hellos of 2017 ---- */

static void put_text_hello(uint32_t connection, uint8_t id, size_t first)
{
    uint8_t hello[MFD_TEXT_HELLO_SIZE];

    mfd_text_hello_pack(hello, uuid, id);
    open_conn(connection);
    send_bytes(connection, hello, first);
    if (first < sizeof(hello)) {
        send_bytes(connection, hello + first, sizeof(hello) - first);
    }
}

static void a_text_hello_is_told_by_its_text_with_no_main_before_it(void **state)
{
    (void)state;
    begin(0);
    put_text_hello(0, 7, MFD_TEXT_HELLO_SIZE);
    finish();
    assert_says(DECODE "-Y multifd.channel==7", "ch 7 text_hello");
    assert_says(HEURISTIC "-Y multifd.channel==7", "ch 7 text_hello");
    assert_says(DECODE "-T fields -e multifd.revision", "2017-text");
    assert_silent(DECODE "-Y multifd.rule");
    /* a sender that is set to something else has none */
    assert_says(DECODE "-o multifd.revision:11.1 -Y multifd.rule -T fields -e multifd.rule",
                "MF-MAIN-001");
    assert_silent(HEURISTIC "-o multifd.revision:11.1 -Y multifd");
}

static void a_text_hello_in_two_segments_waits_for_its_49_bytes_alone(void **state)
{
    static const size_t cuts[] = {1, 20, 45};

    (void)state;
    for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
        begin(0);
        put_text_hello(0, 7, cuts[i]);
        finish();
        assert_says(DECODE "-Y multifd.channel==7", "ch 7 text_hello");
    }
    assert_says("-2 " DECODE "-Y multifd.channel==7", "ch 7 text_hello");
    assert_silent(DECODE "-Y multifd.rule");
}

static void what_a_text_hello_has_wrong_is_marked(void **state)
{
    uint8_t hello[MFD_TEXT_HELLO_SIZE];

    (void)state;
    begin(0);
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
    assert_says(DECODE "-Y multifd.rule==MF-INIT-023", "ch ? text_hello");
    assert_says(DECODE "-Y multifd.rule==MF-INIT-004", "ch 9 text_hello");
    assert_silent(DECODE "-Y 'multifd.rule and multifd.channel==7'");
}

static void a_binary_hello_is_told_where_the_preference_names_its_stage(void **state)
{
    uint8_t hello[MFD_BINARY_HELLO_SIZE];

    (void)state;
    mfd_binary_hello_pack(hello, uuid, 7);
    begin(0);
    open_conn(0);
    send_bytes(0, hello, sizeof(hello));
    finish();
    assert_says(DECODE "-o multifd.revision:2017-binary -Y multifd.channel==7",
                "ch 7 binary_hello");
    assert_says(HEURISTIC "-o multifd.revision:2017-binary -Y multifd.channel==7",
                "ch 7 binary_hello");
    assert_silent(DECODE "-o multifd.revision:2017-binary -Y multifd.rule");
    assert_silent(DECODE "-Y multifd.binary_hello.id");
    assert_silent(HEURISTIC "-Y multifd");
}

/* ---- the heuristic ---- */

/* A hello, then packets without pages, in segments of that size. */
static void put_channel(unsigned mss)
{
    struct mfd_packet packet = {.magic = MFD_MAGIC, .version = MFD_VERSION, .flags = MFD_FLAG_SYNC};
    uint8_t bytes[MFD_HELLO_SIZE + 3 * MFD_PACKET_SIZE_MAX];
    size_t len = MFD_HELLO_SIZE;

    mfd_hello_pack(bytes, uuid, 7);
    for (unsigned i = 0; i < 3; i++, len += mfd_packet_size(4096)) {
        packet.packet_num = i;
        mfd_packet_pack(bytes + len, 4096, &packet, NULL);
    }
    begin(mss);
    open_conn(0);
    send_bytes(0, bytes, len);
    finish();
}

static void a_channel_in_segments_of_any_size_is_told_by_its_first(void **state)
{
    static const unsigned sizes[] = {8, 40, 64, 66, 100, 275, 276, 1000};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        put_channel(sizes[i]);
        assert_says(HEURISTIC "-Y multifd.packet.packet_num==2", "ch 7 packet 2 SYNC");
    }
}

/* What has the magic and the version, and is neither a hello nor a packet. */
static void assert_nothing(const uint8_t *bytes, size_t len)
{
    begin(0);
    open_conn(0);
    send_bytes(0, bytes, len);
    finish();
    assert_silent(HEURISTIC "-Y multifd");
}

static void what_is_neither_hello_nor_packet_is_left_alone(void **state)
{
    uint8_t bytes[400];

    (void)state;
    /* not zero where a hello is, and flags that no packet has */
    mfd_hello_pack(bytes, uuid, 7);
    bytes[MFD_HELLO_SIZE - 1] = 1;
    assert_nothing(bytes, MFD_HELLO_SIZE);
    /* no packet follows */
    mfd_hello_pack(bytes, uuid, 7);
    memset(bytes + MFD_HELLO_SIZE, 0, sizeof(bytes) - MFD_HELLO_SIZE);
    assert_nothing(bytes, sizeof(bytes));
    /* the flags of a packet, and more pages than it has room for */
    memset(bytes, 0, sizeof(bytes));
    mfd_put32(bytes, MFD_MAGIC);
    mfd_put32(bytes + 4, MFD_VERSION);
    mfd_put32(bytes + MFD_PACKET_NORMAL_PAGES, 5);
    bytes[MFD_HELLO_RESERVED + 8] = 1;
    assert_nothing(bytes, sizeof(bytes));
}

/* ---- the return path ---- */

#define BITMAP 3000u

static void answer(const void *bytes, size_t len)
{
    put(0, MFD_BACKWARD, MFD_EVENT_DATA, bytes, len);
}

static void begin_main(unsigned mss)
{
    uint8_t bytes[MFD_RECORD_MAX];

    begin(mss);
    open_conn(0);
    send_bytes(0, bytes, mfd_pack_header(bytes));
}

static void answer_pong(uint8_t number)
{
    uint8_t pong[] = {0, MFD_RETURN_PONG, 0, 4, 0, 0, 0, number};

    answer(pong, sizeof(pong));
}

static void a_bitmap_behind_its_reply_belongs_to_it(void **state)
{
    static const unsigned sizes[] = {65000, 1000, 5};
    uint8_t bytes[4 + 7 + 8 + BITMAP + 8] = {
        0, MFD_RETURN_RECV_BITMAP, 0, 7, 6, 'p', 'c', '.', 'r', 'a', 'm'};

    (void)state;
    mfd_put64(bytes + 11, BITMAP);
    /* what is no reply, and what could be one */
    memset(bytes + 19, 0xff, BITMAP);
    memcpy(bytes + 19 + 981, (uint8_t[]){0, MFD_RETURN_PONG, 0, 4}, 4);
    mfd_put64(bytes + 19 + BITMAP, 0x0123456789abcdef);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        begin_main(sizes[i]);
        answer_pong(1);
        answer(bytes, sizeof(bytes));
        answer_pong(2);
        finish();
        assert_says(DECODE "-Y multifd.reply.type -T fields -e multifd.reply.type", "2\n5\n2\n");
        assert_says(DECODE "-Y multifd.reply.type==5 -T fields -e multifd.received_size", "3000");
        assert_silent(DECODE "-Y 'multifd.lost or _ws.malformed'");
    }
    begin_main(0);
    answer(bytes, sizeof(bytes));
    finish();
    assert_says(DECODE "-T fields -e multifd.received_end", "0123456789abcdef");
}

static void what_is_no_reply_is_none_and_the_next_segment_may_be(void **state)
{
    static const uint8_t others[][8] = {
        {0, 9, 0, 4, 0, 0, 0, 1},                /* a type that does not exist */
        {0, MFD_RETURN_PONG, 0, 9, 0, 0, 0, 1},  /* of a length that it does not have */
        {0, MFD_RETURN_RECV_BITMAP, 0, 4, 9, 0}, /* whose name does not end with it */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        begin_main(0);
        answer_pong(1);
        answer(others[i], sizeof(others[i]));
        answer(others[i], sizeof(others[i]));
        answer_pong(2);
        finish();
        assert_says(DECODE "-Y multifd.reply.type -T fields -e multifd.value", "1\n2\n");
        assert_says(DECODE "-Y multifd.lost -T fields -e multifd.lost", "\n");
        assert_silent(DECODE "-Y 'multifd.lost and multifd.reply.type'");
    }
}

static void behind_a_gap_replies_are_read_again(void **state)
{
    static const uint8_t acknowledge[] = {0, MFD_RETURN_SWITCHOVER_ACK, 0, 0};
    char cut[sizeof(path) + 4];
    char *frame = NULL;
    char *text = NULL;

    (void)state;
    snprintf(cut, sizeof(cut), "%s.cut", path);
    begin_main(0);
    answer_pong(1);
    answer(acknowledge, sizeof(acknowledge));
    answer_pong(2);
    answer_pong(3);
    finish();
    frame =
        mfd_tshark("-n -r %s " DECODE "-Y multifd.reply.type==7 -T fields -e frame.number", path);
    assert_true(asprintf(&text, "editcap %s %s %lu", path, cut, strtoul(frame, NULL, 10)) > 0);
    assert_int_equal(system(text), 0);
    free(text);
    free(frame);
    text = mfd_tshark("-n -r %s " DECODE "-Y multifd.reply.type -T fields -e multifd.value", cut);
    assert_string_equal(text, "1\n2\n3\n");
    free(text);
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
        cmocka_unit_test(a_bitmap_behind_its_reply_belongs_to_it),
        cmocka_unit_test(what_is_no_reply_is_none_and_the_next_segment_may_be),
        cmocka_unit_test(behind_a_gap_replies_are_read_again),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
