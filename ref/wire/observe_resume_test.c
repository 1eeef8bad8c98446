// SPDX-License-Identifier: GPL-2.0-or-later
/* Channels of which bytes are missing, and what is found of them behind those. */
#include "observe_test.h"

static uint64_t stream_offset(uint32_t conn, size_t k)
{
    uint64_t offset = 0;

    for (size_t i = 0; i < k; i++) {
        offset += items[item_of(conn, i)].len;
    }
    return offset;
}

/* An offset behind the end of the block, in the first slot of a packet. */
static void spoil(uint32_t conn, size_t k)
{
    mfd_put64(bytes_of(conn, k) + MFD_PACKET_FIXED, RAM);
}

/* The session without `count` bytes from the byte `at` of a message on, in pieces of at most `piece` bytes. */
static void observe_without(uint32_t conn, size_t k, size_t at, size_t count, size_t piece)
{
    size_t gap = item_of(conn, k);

    prepare();
    mfd_observer_start(&observer, &config, &memory);
    for (size_t i = 0; i < item_count; i++) {
        size_t start = 0;

        do {
            size_t end = i == gap && start < at ? at : items[i].len;
            size_t n = end - start < piece ? end - start : piece;

            deliver_bytes(&items[i], arena + items[i].start + start, n);
            start += n;
            if (i == gap && start == at) {
                mfd_observer_missing(&observer, conn, count);
                start += count;
            }
        } while (start < items[i].len);
    }
    mfd_observer_end(&observer);
}

/* The same for pieces of several sizes: exactly the rules named are broken. */
static void assert_broken_without(uint32_t conn, size_t k, size_t at, size_t count,
                                  const char *expected)
{
    static const size_t pieces[] = {1 << 20, 1, 7, 1000};

    for (size_t i = 0; i < COUNT(pieces); i++) {
        observe_without(conn, k, at, count, pieces[i]);
        assert_string_equal(rules_that(MFD_OBSERVED_BROKEN, false), expected);
    }
}

static void a_breach_behind_a_missing_header_is_found_where_it_is(void **state)
{
    struct mfd_observation breach;

    (void)state;
    build_10_0();
    spoil(0, 3);
    assert_broken_without(0, 1, 20, 5, "MF-HDR-021");
    breach = mfd_observer_verdict(&observer, MFD_HDR_021);
    assert_int_equal(breach.connection, 0);
    assert_true(breach.offset == stream_offset(0, 3) + MFD_PACKET_FIXED);
    assert_true(breach.got == RAM);
    /* what concerns the whole of the channel stays open */
    assert_false(mfd_observer_follows(&observer, 0));
    assert_state(MFD_SYNC_002, MFD_OBSERVED_UNDECIDED);
    assert_state(MFD_NUM_004, MFD_OBSERVED_UNDECIDED);
}

/* It might be guest memory. */
static void a_packet_is_believed_only_if_another_stands_where_it_ends(void **state)
{
    (void)state;
    build_10_0();
    spoil(0, 2); /* the first behind what is missing */
    assert_broken_without(0, 1, 20, 5, "");
}

static void a_packet_in_guest_memory_is_no_packet(void **state)
{
    uint8_t *packet = NULL;

    (void)state;
    build_10_0();
    packet = bytes_of(0, 2);
    memcpy(packet + HEADER + 100, bytes_of(0, 3), HEADER);
    mfd_put64(packet + HEADER + 100 + MFD_PACKET_FIXED, RAM);
    mfd_put32(packet + HEADER + 100 + MFD_PACKET_NORMAL_PAGES,
              1); /* it ends within the real one's pages */
    assert_broken_without(0, 2, 4, 4, "");
    /* and behind it the channel is found, too: its second packet from there on */
    bytes_of(0, 4)[MFD_PACKET_RESERVED] = 1;
    assert_broken_without(0, 2, 4, 4, "MF-HDR-027");
}

static void bytes_may_be_missing_more_than_once(void **state)
{
    (void)state;
    build_10_0();
    spoil(0, 3);
    prepare();
    mfd_observer_start(&observer, &config, &memory);
    for (size_t i = 0; i < item_count; i++) {
        const uint8_t *bytes = arena + items[i].start;

        if (i == item_of(0, 1)) { /* in its header */
            deliver_bytes(&items[i], bytes, 9);
            mfd_observer_missing(&observer, 0, 2);
            deliver_bytes(&items[i], bytes + 11, items[i].len - 11);
        } else if (i == item_of(0, 2)) { /* within payload: that changes nothing */
            deliver_bytes(&items[i], bytes, HEADER + 50);
            mfd_observer_missing(&observer, 0, PAGE);
            deliver_bytes(&items[i], bytes + HEADER + 50 + PAGE, 2 * PAGE - 50);
        } else {
            deliver_bytes(&items[i], bytes, items[i].len);
        }
    }
    mfd_observer_end(&observer);
    assert_string_equal(rules_that(MFD_OBSERVED_BROKEN, false), "MF-HDR-021");
    assert_true(mfd_observer_verdict(&observer, MFD_HDR_021).offset ==
                stream_offset(0, 3) + MFD_PACKET_FIXED);
}

static void a_channel_that_began_before_the_capture_is_found(void **state)
{
    size_t first = 0;

    (void)state;
    build_10_0();
    bytes_of(0, 4)[MFD_PACKET_RESERVED] = 1;
    first = item_of(0, 2);
    prepare();
    mfd_observer_start(&observer, &config, &memory);
    for (size_t i = 0; i < item_count; i++) {
        if (items[i].conn != 0 || i > first) {
            deliver_bytes(&items[i], arena + items[i].start, items[i].len);
        } else if (i == first) { /* from the midst of a page on */
            deliver_bytes(&items[i], arena + items[i].start + 2 * PAGE, items[i].len - 2 * PAGE);
        }
    }
    mfd_observer_end(&observer);
    assert_int_equal(mfd_observer_role(&observer, 0), MFD_ROLE_IS_CHANNEL);
    assert_state(MFD_HDR_027, MFD_OBSERVED_BROKEN);
    assert_state(MFD_NUM_002, MFD_OBSERVED_UNDECIDED);
    assert_int_equal(mfd_observer_undecided(&observer, MFD_NUM_002), MFD_UNDECIDED_LATE);
}

static void nothing_is_looked_for_where_the_sender_broke_the_framing(void **state)
{
    (void)state;
    build_10_0();
    mfd_put64(bytes_of(0, 2), 0x5a5a5a5a5a5a5a5a);
    spoil(0, 4);
    assert_broken("MF-HDR-001 MF-HDR-013 MF-HDR-014");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_breach_behind_a_missing_header_is_found_where_it_is),
        cmocka_unit_test(a_packet_is_believed_only_if_another_stands_where_it_ends),
        cmocka_unit_test(a_packet_in_guest_memory_is_no_packet),
        cmocka_unit_test(bytes_may_be_missing_more_than_once),
        cmocka_unit_test(a_channel_that_began_before_the_capture_is_found),
        cmocka_unit_test(nothing_is_looked_for_where_the_sender_broke_the_framing),
    };

    return cmocka_run_group_tests_name("observe_resume", tests, NULL, NULL);
}
