// SPDX-License-Identifier: GPL-2.0-or-later
/* Faults on what somebody else sends. */
#include "fault_line.h"

#include "hello.h"
#include "mainstream.h"
#include "packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct mfd_fault_scope scope = {MFD_REV_10_0, 4096, 2};

static struct mfd_fault_line *parse(const char *text)
{
    struct mfd_lang_error error = {0};
    struct mfd_fault_line *line = mfd_fault_line_parse(text, &error);

    if (!line) {
        fail_msg("%s: %s", text, error.text);
    }
    assert_string_equal(mfd_fault_line_text(line), text);
    return line;
}

static void assert_wrong(const char *text, const char *words)
{
    struct mfd_lang_error error = {0};

    assert_null(mfd_fault_line_parse(text, &error));
    if (!strstr(error.text, words)) {
        fail_msg("%s: \"%s\" has no \"%s\"", text, error.text, words);
    }
}

static void a_line_that_means_no_single_message_is_refused(void **state)
{
    (void)state;
    assert_wrong("", "");
    assert_wrong("ch 0", "");
    assert_wrong("ch 0 data", "a fault must stand");
    assert_wrong("ch * hello ! id=7", "one channel can be meant");
    assert_wrong("ch 0..1 hello ! id=7", "one channel can be meant");
    assert_wrong("extra x hello ! id=7", "must begin with main or ch");
    assert_wrong("ch 0 ready ! id=7", "no single message");
    assert_wrong("main flush ! omit", "no single message");
    assert_wrong("main data ! omit", "no single message");
    assert_wrong("ch 0 data#-1 ! omit", "the number of the message");
    assert_wrong("ch 0 sync#last ! omit", "nobody knows");
    assert_wrong("ch 0 hello ! cancel", "not on what somebody else sends");
    assert_wrong("ch 256 data ! omit", "the channel");
    assert_wrong("ch 0 nothing ! omit", "");
    assert_wrong("ch 0 data ! nothing=1", "");
    assert_wrong("ch 0 data ! split=1", "not on what somebody else sends");
    assert_wrong("ch 0 hello ! plain", "not on what somebody else sends");
    assert_wrong("ch 0 data ! omit\nexpect refused", "one line is wanted");
}

static struct mfd_fault_message packet(unsigned channel, uint8_t *buf, uint32_t flags,
                                       uint32_t normal)
{
    memset(buf, 0, mfd_packet_size(4096));
    mfd_put32(buf + MFD_PACKET_FLAGS, flags);
    mfd_put32(buf + MFD_PACKET_NORMAL_PAGES, normal);
    return (struct mfd_fault_message){false, channel, MFD_MSG_packet, buf, mfd_packet_size(4096)};
}

static bool meets(struct mfd_fault_line *line, struct mfd_fault_message message)
{
    return mfd_fault_line_meets(line, &message);
}

static void messages_are_counted_by_kind_and_connection(void **state)
{
    struct mfd_fault_line *line = parse("ch 1 data#1 ! flags=1");
    uint8_t buf[MFD_PACKET_SIZE_MAX];

    (void)state;
    assert_false(meets(line, packet(1, buf, MFD_FLAG_SYNC, 0)));
    assert_false(meets(line, packet(1, buf, 0, 4)));
    assert_false(meets(line, packet(0, buf, 0, 4)));
    assert_false(meets(line, packet(1, buf, 0, 0)));
    assert_true(meets(line, packet(1, buf, 0, 4)));
    assert_false(meets(line, packet(1, buf, 0, 4)));
    mfd_fault_line_free(line);
}

static void records_of_main_are_told_apart_by_what_is_in_them(void **state)
{
    struct mfd_fault_line *last = parse("main last ! omit");
    struct mfd_fault_line *ping = parse("main ping#0 ! omit");
    uint8_t buf[MFD_RECORD_MAX];
    struct mfd_fault_message message = {true, 0, MFD_MSG_part, buf, 5};

    (void)state;
    mfd_pack_part(buf, MFD_SECTION_PART, 1);
    assert_false(mfd_fault_line_meets(last, &message));
    mfd_pack_part(buf, MFD_SECTION_END, 1);
    assert_true(mfd_fault_line_meets(last, &message));
    message.message = MFD_MSG_command;
    mfd_pack_command(buf, MFD_CMD_SWITCHOVER_START, NULL, 0);
    assert_false(mfd_fault_line_meets(ping, &message));
    mfd_pack_command(buf, MFD_CMD_PING, (const uint8_t *)"1234", 4);
    assert_true(mfd_fault_line_meets(ping, &message));
    mfd_fault_line_free(last);
    mfd_fault_line_free(ping);
}

/* A packet of one page, with its payload, as the line has it. */
static struct mfd_fault_result change(const char *text, uint8_t *buf, size_t *size)
{
    struct mfd_fault_line *line = parse(text);
    struct mfd_fault_result result;
    struct mfd_lang_error error = {0};

    *size = mfd_packet_size(4096) + 4096;
    memset(buf, 0, *size);
    mfd_put32(buf, MFD_MAGIC);
    mfd_put32(buf + 4, MFD_VERSION);
    mfd_put32(buf + MFD_PACKET_PAGES_ALLOC, 128);
    mfd_put32(buf + MFD_PACKET_NORMAL_PAGES, 1);
    memset(buf + mfd_packet_size(4096), 0x5a, 4096);
    if (!mfd_fault_line_apply(line, &scope, MFD_MSG_packet, buf, mfd_packet_size(4096), *size,
                              &result, &error)) {
        fail_msg("%s: %s", text, error.text);
    }
    mfd_fault_line_free(line);
    return result;
}

static void a_field_gets_the_value_and_nothing_else_changes(void **state)
{
    uint8_t buf[8192];
    size_t size = 0;
    struct mfd_fault_result result =
        change("ch 0 data ! zero_pages=slots packet_num=channels+1 offset[0]=-1", buf, &size);

    (void)state;
    assert_int_equal(result.size, size);
    assert_int_equal(result.times, 1);
    assert_false(result.cut || result.close || result.reset);
    mfd_put32(buf + MFD_PACKET_ZERO_PAGES, 128);
    mfd_put64(buf + MFD_PACKET_NUM, 3);
    mfd_put64(buf + MFD_PACKET_FIXED, UINT64_MAX);
    assert_memory_equal(result.bytes, buf, size);
    free(result.bytes);
}

static void a_message_may_be_left_out_doubled_cut_or_lengthened(void **state)
{
    uint8_t buf[8192];
    size_t size = 0;
    struct mfd_fault_result result = change("ch 0 data ! omit", buf, &size);

    (void)state;
    assert_int_equal(result.times, 0);
    free(result.bytes);
    result = change("ch 0 data ! twice", buf, &size);
    assert_int_equal(result.times, 2);
    assert_int_equal(result.size, size);
    free(result.bytes);
    result = change("ch 0 data ! cut=1400 close", buf, &size);
    assert_true(result.cut && result.close && !result.reset);
    assert_int_equal(result.size, 1400);
    free(result.bytes);
    result = change("ch 0 data ! pad=x'010203' reset", buf, &size);
    assert_true(result.cut && result.reset);
    assert_int_equal(result.size, size + 3);
    free(result.bytes);
    result = change("ch 0 data ! payload=x'aabb'", buf, &size);
    assert_int_equal(result.size, mfd_packet_size(4096) + 2);
    free(result.bytes);
}

static void a_value_that_is_there_already_is_no_fault(void **state)
{
    struct mfd_fault_line *line = parse("ch 0 hello ! id=0");
    struct mfd_fault_result result;
    struct mfd_lang_error error = {0};
    uint8_t buf[MFD_HELLO_SIZE];

    (void)state;
    mfd_hello_write(MFD_REV_10_0, buf, (const uint8_t[MFD_UUID_SIZE]){0}, 0);
    assert_false(mfd_fault_line_apply(line, &scope, MFD_MSG_hello, buf, sizeof(buf), sizeof(buf),
                                      &result, &error));
    assert_non_null(strstr(error.text, "that is the right value"));
    mfd_fault_line_free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_that_means_no_single_message_is_refused),
        cmocka_unit_test(messages_are_counted_by_kind_and_connection),
        cmocka_unit_test(records_of_main_are_told_apart_by_what_is_in_them),
        cmocka_unit_test(a_field_gets_the_value_and_nothing_else_changes),
        cmocka_unit_test(a_message_may_be_left_out_doubled_cut_or_lengthened),
        cmocka_unit_test(a_value_that_is_there_already_is_no_fault),
    };

    return cmocka_run_group_tests_name("fault_line", tests, NULL, NULL);
}
