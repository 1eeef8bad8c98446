// SPDX-License-Identifier: GPL-2.0-or-later
#include "batch.h"

#include "check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define PAGE 4096u
#define PAGES 256u

/* Two blocks of 256 pages; page i holds i, so that page 0 is zero. */
static struct mfd_guest guest_new(void)
{
    struct mfd_guest guest;
    struct mfd_guest_block block = {"mem0", PAGES * PAGE, PAGES * PAGE, false};

    mfd_guest_init(&guest);
    assert_int_equal(mfd_guest_add_anonymous(&guest, &block), 0);
    block.name = "rom";
    assert_int_equal(mfd_guest_add_anonymous(&guest, &block), 0);
    for (unsigned i = 0; i < PAGES; i++) {
        memset(guest.maps[0].base + i * PAGE, (uint8_t)i, PAGE);
    }
    return guest;
}

/* No rule of the header is broken, not even one that a receiver lets pass. */
static void assert_valid(const struct mfd_frame *frame)
{
    struct mfd_finding list[8];
    struct mfd_findings findings = {list, 8, 0};
    struct mfd_check_context context = {
        .rev = frame->setup->rev, .page_size = PAGE, .ram = &frame->setup->guest->table};

    assert_int_equal(frame->iov[0].iov_len, mfd_packet_size(PAGE));
    mfd_check_packet(&context, frame->iov[0].iov_base, frame->iov[0].iov_len, &findings);
    assert_int_equal(findings.count, 0);
}

static void a_batch_takes_the_pages_of_one_block_up_to_the_slots(void **state)
{
    struct mfd_batch batch;

    (void)state;
    assert_int_equal(mfd_batch_init(&batch, PAGE), 0);
    for (unsigned i = 0; i < 128; i++) {
        assert_true(mfd_batch_add(&batch, 0, i * PAGE));
    }
    assert_false(mfd_batch_add(&batch, 0, 128 * PAGE));
    batch.count = 0;
    assert_true(mfd_batch_add(&batch, 1, 0));
    assert_false(mfd_batch_add(&batch, 0, 0));
    assert_int_equal(batch.count, 1);
    mfd_batch_free(&batch);
}

static void adjacent_pages_are_one_piece_of_guest_memory(void **state)
{
    struct mfd_guest guest = guest_new();
    struct mfd_frame_setup setup = {MFD_REV_10_0, PAGE, true, &guest, 0, 0};
    struct mfd_frame frame;
    struct mfd_batch batch;

    (void)state;
    assert_int_equal(mfd_batch_init(&batch, PAGE), 0);
    assert_int_equal(mfd_frame_init(&frame, &setup), 0);
    for (unsigned i = 0; i < 4; i++) {
        mfd_batch_add(&batch, 0, i * PAGE);
    }
    mfd_batch_add(&batch, 0, 9 * PAGE);
    mfd_frame_data(&frame, &batch, 77);
    assert_valid(&frame);
    assert_int_equal(frame.normal_pages, 4);
    assert_int_equal(frame.zero_pages, 1);
    assert_int_equal(frame.iov_count, 3);
    assert_ptr_equal(frame.iov[1].iov_base, guest.maps[0].base + PAGE);
    assert_int_equal(frame.iov[1].iov_len, 3 * PAGE);
    assert_ptr_equal(frame.iov[2].iov_base, guest.maps[0].base + 9 * PAGE);
    assert_int_equal(mfd_packet_offset(frame.header, 4), 0);
    assert_int_equal(mfd_packet_unpack(frame.header, setup.rev).packet_num, 77);
    mfd_frame_free(&frame);
    mfd_batch_free(&batch);
    mfd_guest_free(&guest);
}

static void a_batch_of_zero_pages_has_no_payload(void **state)
{
    struct mfd_guest guest = guest_new();
    struct mfd_frame_setup setup = {MFD_REV_9_0, PAGE, true, &guest, 0, 0};
    struct mfd_frame frame;
    struct mfd_batch batch;

    (void)state;
    assert_int_equal(mfd_batch_init(&batch, PAGE), 0);
    assert_int_equal(mfd_frame_init(&frame, &setup), 0);
    for (unsigned i = 0; i < 128; i++) {
        mfd_batch_add(&batch, 1, i * PAGE);
    }
    mfd_frame_data(&frame, &batch, 1);
    assert_valid(&frame);
    assert_int_equal(frame.iov_count, 1);
    assert_int_equal(frame.zero_pages, 128);
    /* the same pages where zero pages are not told apart */
    setup.find_zero = false;
    mfd_frame_data(&frame, &batch, 1);
    assert_valid(&frame);
    assert_int_equal(frame.iov_count, 2);
    assert_int_equal(frame.iov[1].iov_len, 128 * PAGE);
    mfd_frame_free(&frame);
    mfd_batch_free(&batch);
    mfd_guest_free(&guest);
}

static void a_sync_is_as_each_revision_sends_it(void **state)
{
    struct mfd_guest guest = guest_new();

    (void)state;
    for (int rev = MFD_REV_FIRST; rev < MFD_REV_COUNT; rev++) {
        struct mfd_frame_setup setup = {(enum mfd_rev)rev, PAGE, false, &guest, 0, 0};
        struct mfd_frame frame;

        assert_int_equal(mfd_frame_init(&frame, &setup), 0);
        mfd_frame_sync(&frame, 3);
        assert_valid(&frame);
        assert_int_equal(frame.iov_count, 1);
        assert_int_equal(mfd_get32(frame.header + MFD_PACKET_FLAGS), MFD_FLAG_SYNC);
        assert_int_equal(mfd_get32(frame.header + MFD_PACKET_PAGES_ALLOC),
                         rev < MFD_REV_9_0 ? 128 : 0);
        mfd_frame_free(&frame);
    }
    mfd_guest_free(&guest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_takes_the_pages_of_one_block_up_to_the_slots),
        cmocka_unit_test(adjacent_pages_are_one_piece_of_guest_memory),
        cmocka_unit_test(a_batch_of_zero_pages_has_no_payload),
        cmocka_unit_test(a_sync_is_as_each_revision_sends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
