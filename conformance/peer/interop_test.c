// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reference sender and receiver against the QEMUs that CI has, 7.2 from PATH and trixie's 10.0: each
 * side must say that the migration completed, and memory must be equal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "interop_rig.h"
#include "method.h"
#include "ram_file.h"

#include <stdio.h>
#include <string.h>

static const uint32_t methods[] = {0, MFD_FLAG_ZLIB, MFD_FLAG_ZSTD};
static const unsigned channels[] = {1, 2, 4, 16, 255};
static const uint64_t sizes[] = {8 << 10, 16 << 10, RIG_MIB + (8 << 10), 33 * RIG_MIB};

static void send_to_qemu(const struct rig_cell *cell)
{
    struct rig *rig = rig_new(cell, true);

    rig_send(rig);
    rig_must_complete(rig);
    assert_true(!cell->method || rig->sent.bytes < rig->sent.normal_pages * MFD_RAM_FILE_PAGE);
    rig_compare(rig);
    rig_free(rig);
}

/* The firmware that has arrived is what the guest that stands still has at the end of its 4 GiB. */
static void compare_firmware(struct rig *rig)
{
    struct mfd_ram_difference difference;
    char theirs[160];
    char ours[160];

    snprintf(ours, sizeof(ours), "%s/pc.bios", rig->dir);
    snprintf(theirs, sizeof(theirs), "%s/firmware", rig->dir);
    rig_must(rig, mfd_vm_command(&rig->vm, "pmemsave",
                                 json_pack("{s:I, s:i, s:s}", "val", (json_int_t)0xfffc0000, "size",
                                           0x40000, "filename", theirs),
                                 NULL));
    assert_int_equal(mfd_ram_compare(ours, theirs, 0x40000, &difference), 0);
    assert_int_equal(difference.pages, 0);
}

static void receive_from_qemu(const struct rig_cell *cell)
{
    struct rig *rig = rig_new(cell, false);

    rig_receive(rig);
    rig_must_complete(rig);
    assert_true(!cell->method ||
                rig->received.bytes < rig->received.normal_pages * MFD_RAM_FILE_PAGE);
    assert_in_range(rig->points, 1, rig->received.sync_points);
    if (rig->guest.dir) {
        compare_firmware(rig);
    }
    rig_compare(rig);
    rig_free(rig);
}

/* Calls `migrate` for every QEMU with every method and every number of channels, not all pairs of them. */
static void by_every_method(void (*migrate)(const struct rig_cell *cell))
{
    for (size_t q = 0; q < RIG_QEMUS; q++) {
        for (size_t i = 0; i < sizeof(channels) / sizeof(channels[0]); i++) {
            struct rig_cell cell = rig_usual(&rig_qemus[q]);

            cell.method = methods[i % (sizeof(methods) / sizeof(methods[0]))];
            cell.channels = channels[i];
            migrate(&cell);
        }
    }
}

static void at_every_size(void (*migrate)(const struct rig_cell *cell))
{
    for (size_t q = 0; q < RIG_QEMUS; q++) {
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            struct rig_cell cell = rig_usual(&rig_qemus[q]);

            cell.ram = sizes[i];
            cell.tcp = i % 2;
            migrate(&cell);
        }
    }
}

static void memory_arrives_in_qemu_by_every_method(void **state)
{
    (void)state;
    by_every_method(send_to_qemu);
}

static void memory_arrives_from_qemu_by_every_method(void **state)
{
    (void)state;
    by_every_method(receive_from_qemu);
}

static void memory_of_any_size_arrives_in_qemu(void **state)
{
    (void)state;
    at_every_size(send_to_qemu);
}

static void memory_of_any_size_arrives_from_qemu(void **state)
{
    (void)state;
    at_every_size(receive_from_qemu);
}

/* Which of these a release can be sent follows from its revision. */
static void zero_pages_and_sync_points_may_stand_where_the_release_takes_them(void **state)
{
    static const enum mfd_zero zeros[] = {MFD_ZERO_MAIN, MFD_ZERO_PACKET, MFD_ZERO_NONE};

    (void)state;
    for (size_t q = 0; q < RIG_QEMUS; q++) {
        for (size_t i = 0; i < 6; i++) {
            struct rig_cell cell = rig_usual(&rig_qemus[q]);

            cell.zero = zeros[i % 3];
            cell.sync = i < 3 ? MFD_SYNC_SECTION : MFD_SYNC_MARKER;
            cell.return_path = i % 2;
            if ((cell.sync == MFD_SYNC_SECTION || cell.qemu->rev >= MFD_REV_8_1) &&
                (cell.zero != MFD_ZERO_PACKET || cell.qemu->rev >= MFD_REV_9_0)) {
                send_to_qemu(&cell);
            }
        }
    }
}

static void a_source_may_do_without_a_return_path(void **state)
{
    (void)state;
    for (size_t q = 0; q < RIG_QEMUS; q++) {
        struct rig_cell cell = rig_usual(&rig_qemus[q]);

        cell.return_path = false;
        receive_from_qemu(&cell);
        cell.sync = MFD_SYNC_SECTION;
        receive_from_qemu(&cell);
    }
}

/*
 * The guest runs its firmware meanwhile, so that pages are sent again in further rounds; behind the RAM stands
 * the state of devices that the receiver does not know.
 */
static void a_whole_machine_arrives_while_its_firmware_runs(void **state)
{
    (void)state;
    for (size_t q = 0; q < RIG_QEMUS; q++) {
        for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
            struct rig_cell cell = rig_usual(&rig_qemus[q]);

            cell.machine = rig_qemus[q].pc;
            cell.ram = 128 * RIG_MIB;
            cell.method = methods[i];
            cell.return_path = i != 1;
            receive_from_qemu(&cell);
        }
    }
}

/* As files with holes it is affordable, but no test for every day: `interop_test large`, in ./run nightly. */
static void four_gigabytes_arrive_in_qemu_and_from_qemu(void **state)
{
    (void)state;
    for (size_t q = 0; q < RIG_QEMUS; q++) {
        struct rig_cell cell = rig_usual(&rig_qemus[q]);

        cell.ram = 4096 * RIG_MIB;
        cell.channels = 4;
        cell.tcp = true;
        send_to_qemu(&cell);
        receive_from_qemu(&cell);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest large[] = {
        cmocka_unit_test(four_gigabytes_arrive_in_qemu_and_from_qemu),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_arrives_in_qemu_by_every_method),
        cmocka_unit_test(memory_arrives_from_qemu_by_every_method),
        cmocka_unit_test(memory_of_any_size_arrives_in_qemu),
        cmocka_unit_test(memory_of_any_size_arrives_from_qemu),
        cmocka_unit_test(zero_pages_and_sync_points_may_stand_where_the_release_takes_them),
        cmocka_unit_test(a_source_may_do_without_a_return_path),
        cmocka_unit_test(a_whole_machine_arrives_while_its_firmware_runs),
    };

    return argc > 1 && strcmp(argv[1], "large") == 0
               ? cmocka_run_group_tests(large, rig_find_qemus, rig_free_qemus)
               : cmocka_run_group_tests(tests, rig_find_qemus, rig_free_qemus);
}
