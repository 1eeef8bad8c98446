// SPDX-License-Identifier: GPL-2.0-or-later
/* Cells with the QEMUs that CI has, 7.2 from PATH and trixie's 10.0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "migrate_cell.h"
#include "roll.h"
#include "table.h"
#include "wire.h"

#include <stdio.h>
#include <string.h>

#define GUARD 120.0

enum { REF, OLD, NEW };

static struct mfd_interop_roll roll;

static int enroll(void **state)
{
    static const char *const names[] = {"ref", "qemu", "trixie"};
    char error[MFD_ROLL_ERROR_SIZE];
    char warning[MFD_ROLL_ERROR_SIZE];

    (void)state;
    for (int i = 0; i < 3; i++) {
        if (mfd_interop_enroll(&roll, names[i], error, warning) != i) {
            print_error("%s\n", error);
            return -1;
        }
        assert_string_equal(warning, "");
    }
    return 0;
}

static int dismiss(void **state)
{
    (void)state;
    mfd_interop_roll_free(&roll);
    return 0;
}

static struct mfd_interop_cell cell(unsigned from, unsigned to)
{
    return (struct mfd_interop_cell){.from = &roll.peers[from],
                                     .to = &roll.peers[to],
                                     .zero = MFD_ZERO_MAIN,
                                     .method = MFD_FLAG_ZSTD,
                                     .channels = 2};
}

static struct mfd_interop_result migrate(const struct mfd_interop_cell *c)
{
    struct mfd_interop_result result;
    char buf[256];

    mfd_interop_migrate(c, GUARD, &result);
    if (!result.ran) {
        fail_msg("%s: %s", mfd_interop_rerun(c, buf, sizeof(buf)), result.detail);
    }
    return result;
}

static void the_silent_loss_shows_as_corrupted_memory_and_the_setting_repairs_it(void **state)
{
    struct mfd_interop_cell c = cell(OLD, NEW);
    struct mfd_interop_result result;

    (void)state;
    c.method = 0;
    result = migrate(&c);
    assert_int_equal(result.outcome, MFD_INTEROP_CORRUPTED);
    assert_string_equal(result.from_status, "completed");
    assert_string_equal(result.to_status, "completed");
    assert_true(result.compared);
    assert_in_range(result.memory.pages, 1, 512);
    assert_int_equal(mfd_interop_judge(&c, &result), MFD_INTEROP_KNOWN);
    c.settings = MFD_SET_FLUSH_TO;
    result = migrate(&c);
    assert_int_equal(result.outcome, MFD_INTEROP_WORKS);
    assert_int_equal(result.memory.pages, 0);
    assert_int_equal(mfd_interop_judge(&c, &result), MFD_INTEROP_PASS);
}

static void an_older_destination_ends_where_it_does_not_understand_a_newer_source(void **state)
{
    struct mfd_interop_cell c = cell(NEW, OLD);
    struct mfd_interop_result result = migrate(&c);

    (void)state;
    assert_true(result.outcome & (MFD_INTEROP_FAILED | MFD_INTEROP_LOST));
    /* it says so and ends: which of the two is seen first is a matter of chance */
    assert_true(strcmp(result.to_status, "exited 1") == 0 ||
                strcmp(result.to_status, "failed") == 0);
    assert_string_not_equal(result.detail, "");
    assert_false(result.compared);
    assert_int_equal(mfd_interop_judge(&c, &result), MFD_INTEROP_KNOWN);
    c.settings = MFD_SET_FLUSH_FROM | MFD_SET_NO_SWITCHOVER;
    result = migrate(&c);
    assert_int_equal(result.outcome, MFD_INTEROP_WORKS);
    c.zero = MFD_ZERO_PACKET;
    result = migrate(&c);
    assert_int_equal(result.outcome, MFD_INTEROP_CORRUPTED);
}

static void the_reference_migrates_with_itself_and_both_releases(void **state)
{
    (void)state;
    for (unsigned from = REF; from <= NEW; from++) {
        for (unsigned to = REF; to <= NEW; to++) {
            struct mfd_interop_cell c = cell(from, to);

            if (from == REF || to == REF) {
                struct mfd_interop_result result = migrate(&c);

                assert_int_equal(result.outcome, MFD_INTEROP_WORKS);
            }
        }
    }
}

static void a_whole_machine_moves_from_each_release_to_the_other(void **state)
{
    struct mfd_interop_cell c = cell(OLD, NEW);
    struct mfd_interop_result result;

    (void)state;
    c.machine = MFD_INTEROP_PC;
    result = migrate(&c);
    assert_int_equal(result.outcome, MFD_INTEROP_WORKS);
    c.from = &roll.peers[NEW];
    c.to = &roll.peers[OLD];
    result = migrate(&c);
    assert_int_equal(result.outcome, MFD_INTEROP_WORKS);
}

static void a_program_that_is_no_qemu_cannot_be_run(void **state)
{
    char program[] = "/bin/false";
    struct mfd_interop_peer broken = {
        .name = "broken", .program = program, .version = "10.0.0", .rev = MFD_REV_10_0};
    struct mfd_interop_cell c = cell(REF, REF);
    struct mfd_interop_result result;

    (void)state;
    c.to = &broken;
    mfd_interop_migrate(&c, GUARD, &result);
    assert_false(result.ran);
    assert_non_null(strstr(result.detail, "/bin/false"));
    assert_int_equal(mfd_interop_judge(&c, &result), MFD_INTEROP_ERROR);
    /* a destination that listens already is ended */
    c = cell(REF, REF);
    c.from = &broken;
    mfd_interop_migrate(&c, GUARD, &result);
    assert_false(result.ran);
}

static void a_result_survives_the_way_between_processes(void **state)
{
    struct mfd_interop_result one = {.ran = true,
                                     .outcome = MFD_INTEROP_CORRUPTED,
                                     .from_status = "completed",
                                     .to_status = "exited 1",
                                     .compared = true,
                                     .memory = {7, 4096},
                                     .ms = 12.5,
                                     .detail = "why"};
    struct mfd_interop_result other;
    json_t *json = mfd_interop_result_to_json(&one);

    (void)state;
    assert_true(mfd_interop_result_from_json(json, &other));
    assert_true(other.ran && other.compared);
    assert_int_equal(other.outcome, one.outcome);
    assert_string_equal(other.from_status, one.from_status);
    assert_string_equal(other.to_status, one.to_status);
    assert_string_equal(other.detail, one.detail);
    assert_int_equal(other.memory.pages, 7);
    assert_int_equal(other.memory.first, 4096);
    assert_false(other.unsupported);
    json_object_del(json, "first");
    assert_false(mfd_interop_result_from_json(json, &other));
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_silent_loss_shows_as_corrupted_memory_and_the_setting_repairs_it),
        cmocka_unit_test(an_older_destination_ends_where_it_does_not_understand_a_newer_source),
        cmocka_unit_test(the_reference_migrates_with_itself_and_both_releases),
        cmocka_unit_test(a_whole_machine_moves_from_each_release_to_the_other),
        cmocka_unit_test(a_program_that_is_no_qemu_cannot_be_run),
        cmocka_unit_test(a_result_survives_the_way_between_processes),
    };

    return cmocka_run_group_tests(tests, enroll, dismiss);
}
