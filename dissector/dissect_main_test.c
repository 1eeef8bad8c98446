// SPDX-License-Identifier: GPL-2.0-or-later
/* Main made byte by byte, through tshark: sections of devices, and the return path. */
#include "made_test.h"
#include "mainstream.h"

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

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
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
