// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang_fixture.h"

#include "mapfile.h"
#include "plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "transport file / "

/* Where byte `offset` of a step stands in the file. */
static uint64_t place_of(const struct mfd_step *step, size_t offset)
{
    size_t i = step->place_count;

    assert_true(i > 0);
    assert_int_equal(step->places[0].offset, 0);
    while (step->places[i - 1].offset > offset) {
        i--;
    }
    return step->places[i - 1].at + (offset - step->places[i - 1].offset);
}

static size_t part_of(const struct mfd_step *step, enum mfd_message message, unsigned number)
{
    for (size_t i = 0; i < step->part_count; i++) {
        if (step->parts[i].message == message && number-- == 0) {
            return step->parts[i].offset;
        }
    }
    fail_msg("no %s", mfd_message_name(message));
    return 0;
}

static void the_start_of_a_file_stands_as_qemu_has_it(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(HEAD "file start / expect accepted", "10.0");
    const struct mfd_step *start = mfd_fixture_send(&f.plan->steps, 0);
    size_t mapped = part_of(start, MFD_MSG_mapped, 0);

    (void)state;
    assert_true(f.plan->file);
    assert_int_equal(f.plan->conn_count, 1);
    assert_string_equal(f.plan->conns[0].name, "file");
    assert_int_equal(place_of(start, mapped), 102);
    assert_int_equal(mfd_fixture_field(&f, start, "mapped.bitmap_offset", 0), 130);
    assert_int_equal(mfd_fixture_field(&f, start, "mapped.pages_offset", 0), 1 << 20);
    assert_int_equal(place_of(start, part_of(start, MFD_MSG_eos, 0)), 3 << 20);
    mfd_fixture_free(&f);
}

static void what_the_steps_leave_out_is_added_whether_faulty_or_not(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        HEAD "file start ! page_size=0 / file data pages=1 / expect refused", "10.0");
    char *shape = mfd_fixture_shape(f.plan, &f.plan->steps);
    const struct mfd_step *bitmap = mfd_fixture_send(&f.plan->steps, 2);

    (void)state;
    assert_string_equal(shape, "send file, send file, send file, send file");
    assert_true(f.plan->finished);
    assert_int_equal(f.plan->deviating, 0);
    assert_int_equal(f.plan->witness.count, 0);
    assert_int_equal(place_of(bitmap, 0), 130);
    assert_int_equal(bitmap->size, 64);
    assert_true(mfd_bitmap_get(bitmap->bytes, 1));
    assert_false(mfd_bitmap_get(bitmap->bytes, 0));
    free(shape);
    mfd_fixture_free(&f);
}

static void pages_stand_at_their_places_and_are_zero_otherwise(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        HEAD "ram a 2M / ram b 1M fill=aa / file start / file data pages=3,9 block=b zero=4 / "
             "file data zero=3 block=b / expect accepted",
        "10.0");
    const struct mfd_step *start = mfd_fixture_send(&f.plan->steps, 0);
    const struct mfd_step *data = mfd_fixture_send(&f.plan->steps, 1);
    uint64_t pages = mfd_fixture_field(&f, start, "mapped.pages_offset", 0) + (2 << 20);
    uint64_t next = (pages + 200 + (1 << 20)) >> 20 << 20; /* behind the header of b */

    (void)state;
    assert_int_equal(place_of(start, part_of(start, MFD_MSG_block, 1)), pages);
    assert_int_equal(place_of(data, 0), next + 3 * 4096);
    assert_int_equal(place_of(data, 4096), next + 9 * 4096);
    assert_int_equal(f.plan->blocks[1].pages[9].state, MFD_PAGE_DATA);
    assert_int_equal(f.plan->blocks[1].pages[3].state, MFD_PAGE_ZERO);
    assert_int_equal(f.plan->blocks[1].pages[0].state, MFD_PAGE_ZERO);
    mfd_fixture_free(&f);
}

static void the_stream_begins_and_goes_on_at_an_offset(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        HEAD "file start offset=4K / ! file eos offset=8M / ! file footer / expect refused",
        "10.0");
    const struct mfd_step *start = mfd_fixture_send(&f.plan->steps, 0);

    (void)state;
    assert_int_equal(f.plan->file_offset, 4096);
    assert_int_equal(place_of(start, 0), 4096);
    assert_int_equal(mfd_fixture_field(&f, start, "mapped.pages_offset", 0), 1 << 20);
    assert_int_equal(place_of(mfd_fixture_send(&f.plan->steps, 1), 0), 8 << 20);
    assert_int_equal(place_of(mfd_fixture_send(&f.plan->steps, 2), 0), (8 << 20) + 8);
    assert_int_equal(place_of(mfd_fixture_send(&f.plan->steps, 4), 0), (8 << 20) + 13);
    mfd_fixture_free(&f);
}

static void a_cut_ends_the_file_and_truncating_it_does_when_all_is_written(void **state)
{
    struct mfd_fixture cut =
        mfd_fixture_plan(HEAD "file start ! cut=40 / file data pages=1 / expect refused", "10.0");
    struct mfd_fixture shorter = mfd_fixture_plan(
        HEAD "file start / ! file truncate size=1M+5 / file data pages=1 / expect refused", "10.0");
    struct mfd_fixture twin = mfd_fixture_twin(
        HEAD "file start / ! file truncate size=1M+5 / file data pages=1 / expect refused", "10.0");

    (void)state;
    assert_int_equal(cut.plan->steps.count, 1);
    assert_int_equal(cut.plan->steps.list[0].size, 40);
    assert_int_equal(shorter.plan->steps.count, 5);
    assert_int_equal(shorter.plan->steps.list[1].kind, MFD_STEP_CUT);
    assert_int_equal(shorter.plan->steps.list[1].cut, (1 << 20) + 5);
    assert_true(shorter.plan->steps.list[1].deviation);
    assert_int_equal(twin.plan->steps.count, 4);
    assert_true(mfd_plan_digest(shorter.plan) != mfd_plan_digest(twin.plan));
    mfd_fixture_free(&cut);
    mfd_fixture_free(&shorter);
    mfd_fixture_free(&twin);
}

static void a_file_is_for_releases_that_have_it(void **state)
{
    struct mfd_fixture old = mfd_fixture_plan(HEAD "file start / expect accepted", "8.1");
    struct mfd_fixture spoken =
        mfd_fixture_plan("speak 8.1 / " HEAD "file start / expect accepted", "10.0");

    (void)state;
    assert_int_equal(old.plan->expect, 0);
    assert_int_equal(spoken.plan->expect, 0);
    mfd_fixture_free(&old);
    mfd_fixture_free(&spoken);
}

static void what_means_nothing_in_a_file_is_an_error(void **state)
{
    static const struct {
        const char *steps;
        const char *error;
    } cases[] = {
        {HEAD "file start / settle / expect accepted",
         "transport file: a step is one of `file`, or finish"},
        {HEAD "ch 0 ready / expect accepted", "transport file: a step is one of `file`, or finish"},
        {HEAD "round / expect accepted", "transport file: a step is one of `file`, or finish"},
        {HEAD "file start ! twice / expect refused", "twice: means nothing in a file"},
        {HEAD "file start ! close / expect refused", "close: means nothing in a file"},
        {HEAD "file header / file data pages=0 / expect accepted",
         "mem0: stands before the block's header, which says where"},
        {HEAD "file header / file bitmap / expect accepted",
         "mem0: stands before the block's header, which says where"},
        {HEAD "file start / file data pages=0 num=7 / expect accepted",
         "data: in a file it is no packet"},
        {"main start offset=4K / expect accepted", "offset: only a file has one"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mfd_fixture f = mfd_fixture_compile(cases[i].steps, "10.0", 0, false);

        assert_null(f.plan);
        assert_string_equal(f.error.text, cases[i].error);
        mfd_fixture_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_start_of_a_file_stands_as_qemu_has_it),
        cmocka_unit_test(what_the_steps_leave_out_is_added_whether_faulty_or_not),
        cmocka_unit_test(pages_stand_at_their_places_and_are_zero_otherwise),
        cmocka_unit_test(the_stream_begins_and_goes_on_at_an_offset),
        cmocka_unit_test(a_cut_ends_the_file_and_truncating_it_does_when_all_is_written),
        cmocka_unit_test(a_file_is_for_releases_that_have_it),
        cmocka_unit_test(what_means_nothing_in_a_file_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
