// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "replies.h"

#include "mainstream.h"

#include <string.h>

static const uint8_t pong_and_shut[] = {0, 2, 0, 4, 0, 0, 0, 7, 0, 1, 0, 4, 0, 0, 0, 0};

/* A plan whose main opens the return path, or not, and pings with 7. */
static bool answered(bool open, const uint8_t *got, size_t size)
{
    struct mfd_plan_conn main = {.kind = MFD_CONN_MAIN, .name = "main"};
    struct mfd_plan_part parts[2] = {{MFD_MSG_command, 0, 5}, {MFD_MSG_command, 5, 9}};
    uint8_t bytes[2 * MFD_RECORD_MAX];
    struct mfd_step step = {.kind = MFD_STEP_SEND, .bytes = bytes, .parts = parts, .part_count = 2};
    struct mfd_plan plan = {.conns = &main, .conn_count = 1, .steps = {&step, 1}};
    char detail[200];
    size_t n = mfd_pack_command(bytes, open ? MFD_CMD_OPEN_RETURN_PATH : MFD_CMD_SWITCHOVER_START,
                                NULL, 0);

    mfd_pack_command(bytes + n, MFD_CMD_PING, (const uint8_t *)"\0\0\0\7", 4);
    return mfd_replies_as_meant(&plan, got, size, detail, sizeof(detail));
}

static void a_pong_of_the_value_and_shut_zero_are_meant(void **state)
{
    (void)state;
    assert_true(answered(true, pong_and_shut, sizeof(pong_and_shut)));
}

static void every_other_answer_is_not(void **state)
{
    uint8_t got[sizeof(pong_and_shut)];

    (void)state;
    for (size_t i = 0; i < sizeof(got); i++) {
        memcpy(got, pong_and_shut, sizeof(got));
        got[i] ^= 1;
        assert_false(answered(true, got, sizeof(got)));
        assert_false(answered(true, pong_and_shut, i));
    }
}

static void without_a_return_path_nothing_may_come_back(void **state)
{
    (void)state;
    assert_true(answered(false, NULL, 0));
    assert_false(answered(false, pong_and_shut, 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pong_of_the_value_and_shut_zero_are_meant),
        cmocka_unit_test(every_other_answer_is_not),
        cmocka_unit_test(without_a_return_path_nothing_may_come_back),
    };

    return cmocka_run_group_tests_name("replies", tests, NULL, NULL);
}
