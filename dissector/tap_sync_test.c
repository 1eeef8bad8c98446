// SPDX-License-Identifier: GPL-2.0-or-later
/* Rounds are listed as often as they are, though Wireshark hands all packets to a tap anew whenever it is asked to. */
#include "tap_sync.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void take(GArray *rounds, int channel, uint32_t round)
{
    packet_info pinfo = {.num = 1};
    struct mfd_tap tap = {.channel = channel, .round = round};

    assert_int_equal(sync_packet(rounds, &pinfo, NULL, &tap, 0), TAP_PACKET_REDRAW);
}

static void packets_that_come_once_more_are_counted_once(void **state)
{
    GArray *rounds = g_array_new(FALSE, FALSE, sizeof(struct round));

    (void)state;
    for (int time = 0; time < 2; time++) {
        sync_reset(rounds);
        take(rounds, MFD_TAP_MAIN, 1);
        take(rounds, 0, 1);
        take(rounds, 1, 1);
        take(rounds, 0, 2);
    }
    assert_int_equal(rounds->len, 2);
    assert_int_equal(g_array_index(rounds, struct round, 0).syncs, 2);
    assert_int_equal(g_array_index(rounds, struct round, 1).syncs, 1);
    sync_finish(rounds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_that_come_once_more_are_counted_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
