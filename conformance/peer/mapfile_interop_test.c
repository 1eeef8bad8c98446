// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mapped-ram files between the reference and trixie's QEMU 10.0: what one has written the other reads, and memory
 * is equal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mapfile_peer.h"
#include "peer.h"
#include "qemu_find.h"
#include "qemu_vm.h"
#include "ram_file.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB (1ull << 20)
#define GUARD 60.0
#define PAGE 4096u

static const unsigned channels[] = {1, 2, 4};
/* None but the last is a multiple of 1 MiB. */
static const uint64_t sizes[] = {8 << 10, MIB - (8 << 10), MIB + (8 << 10), 5 * MIB + (24 << 10),
                                 8 * MIB};

static char *program;

struct rig {
    char dir[80];
    char ours[120]; /* RAM files */
    char theirs[120];
    struct mfd_mapfile file;
    struct mfd_guest guest;
    struct mfd_vm vm;
    uint64_t ram;
    unsigned channels;
};

/* Fails a test by the words of the QEMU. */
static void must(const struct rig *rig, bool good)
{
    if (!good) {
        fail_msg("%s, %u channels, %llu bytes: %s", rig->vm.version, rig->channels,
                 (unsigned long long)rig->ram, rig->vm.error);
    }
}

static struct rig *rig_new(unsigned count, uint64_t ram, uint64_t offset)
{
    struct rig *rig = calloc(1, sizeof(*rig));

    assert_non_null(rig);
    rig->ram = ram;
    rig->channels = count;
    rig->file.offset = offset;
    assert_true(mfd_scratch_make(NULL, rig->dir, sizeof(rig->dir)));
    snprintf(rig->ours, sizeof(rig->ours), "%s/ours", rig->dir);
    snprintf(rig->theirs, sizeof(rig->theirs), "%s/theirs", rig->dir);
    snprintf(rig->file.path, sizeof(rig->file.path), "%s/file", rig->dir);
    mfd_guest_init(&rig->guest);
    return rig;
}

static void add_ours(struct rig *rig)
{
    struct mfd_guest_block block = {"mem0", rig->ram, rig->ram, false};

    assert_int_equal(mfd_guest_add_file(&rig->guest, &block, rig->ours, MFD_GUEST_WRITE), 0);
}

static void start(struct rig *rig, const char *machine, bool incoming)
{
    struct mfd_vm_setup setup = {.program = program,
                                 .machine = machine,
                                 .ram_name = "mem0",
                                 .ram_file = rig->theirs,
                                 .ram_size = rig->ram,
                                 .incoming = incoming,
                                 .paused = incoming,
                                 .dir = rig->dir,
                                 .guard = GUARD};

    must(rig, mfd_vm_start(&rig->vm, &setup) && mfd_vm_multifd(&rig->vm, rig->channels, "none") &&
                  mfd_vm_capability(&rig->vm, "mapped-ram", true));
}

/* "file:PATH,offset=N" */
static const char *uri(const struct rig *rig)
{
    static char text[300];

    snprintf(text, sizeof(text), "file:%s,offset=%llu", rig->file.path,
             (unsigned long long)rig->file.offset);
    return text;
}

static void stop(struct rig *rig)
{
    must(rig, mfd_vm_wait(&rig->vm, GUARD) == MFD_VM_COMPLETED);
    mfd_vm_stop(&rig->vm);
}

static void rig_free(struct rig *rig)
{
    mfd_guest_free(&rig->guest);
    assert_int_equal(mfd_scratch_remove(rig->dir), 0);
    free(rig);
}

static void assert_same_memory(const struct rig *rig)
{
    struct mfd_ram_difference difference = {0};

    assert_int_equal(mfd_ram_compare(rig->ours, rig->theirs, rig->ram, &difference), 0);
    if (difference.pages) {
        fail_msg("%u channels, %llu bytes: %llu pages differ, first at %#llx", rig->channels,
                 (unsigned long long)rig->ram, (unsigned long long)difference.pages,
                 (unsigned long long)difference.first);
    }
}

static struct mfd_receiver_result receive(struct rig *rig, const char *machine)
{
    struct mfd_receiver_config config = mfd_receiver_defaults(MFD_REV_10_0, &rig->guest);
    struct mfd_receiver_result result;
    char text[256];

    config.channels = rig->channels;
    config.machine = machine;
    config.skip_devices = machine == NULL;
    assert_int_equal(mfd_mapfile_read(&config, &rig->file, &result), 0);
    if (!result.completed) {
        fail_msg("%s", mfd_failure_text(&result.failure, text, sizeof(text)));
    }
    return result;
}

/* Mixed memory has pages of zeros, full memory has none, empty memory nothing else. */
static void write_for_qemu(unsigned count, uint64_t ram, enum mfd_ram_fill how, uint64_t offset)
{
    struct rig *rig = rig_new(count, ram, offset);
    struct mfd_sender_config config;
    struct mfd_sender_result result;

    assert_int_equal(mfd_ram_make(rig->ours, ram, how, ram), 0);
    assert_int_equal(mfd_ram_make(rig->theirs, ram, MFD_RAM_EMPTY, 0), 0);
    add_ours(rig);
    config = mfd_sender_defaults(MFD_REV_10_0, &rig->guest);
    config.channels = count;
    assert_int_equal(mfd_mapfile_write(&config, &rig->file, &result), 0);
    assert_true(result.completed);
    start(rig, "none", true);
    must(rig, mfd_vm_incoming(&rig->vm, uri(rig)));
    stop(rig);
    assert_same_memory(rig);
    rig_free(rig);
}

static void read_from_qemu(unsigned count, uint64_t ram, enum mfd_ram_fill how, uint64_t offset)
{
    struct rig *rig = rig_new(count, ram, offset);
    struct mfd_receiver_result result;

    assert_int_equal(mfd_ram_make(rig->theirs, ram, how, ram), 0);
    /* whatever was there before must go */
    assert_int_equal(mfd_ram_make(rig->ours, ram, MFD_RAM_FULL, ram), 0);
    start(rig, "none", false);
    must(rig, mfd_vm_migrate(&rig->vm, uri(rig)));
    stop(rig);
    add_ours(rig);
    result = receive(rig, "none");
    assert_int_equal(result.normal_pages + result.zero_pages, ram / PAGE);
    assert_true(how == MFD_RAM_FULL ? result.zero_pages == 0 : result.zero_pages > 0 || ram < MIB);
    assert_same_memory(rig);
    rig_free(rig);
}

static void qemu_loads_what_the_reference_has_written(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof(channels) / sizeof(channels[0]); c++) {
        for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
            write_for_qemu(channels[c], sizes[s], MFD_RAM_MIXED, 0);
        }
    }
    write_for_qemu(2, sizes[3], MFD_RAM_FULL, 0);
    write_for_qemu(2, sizes[3], MFD_RAM_EMPTY, 0);
    write_for_qemu(2, sizes[3], MFD_RAM_MIXED, 4096);
    write_for_qemu(2, sizes[3], MFD_RAM_MIXED, MIB - 50);
}

static void the_reference_reads_what_qemu_has_written(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof(channels) / sizeof(channels[0]); c++) {
        for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
            read_from_qemu(channels[c], sizes[s], MFD_RAM_MIXED, 0);
        }
    }
    read_from_qemu(2, sizes[3], MFD_RAM_FULL, 0);
    read_from_qemu(2, sizes[3], MFD_RAM_EMPTY, 0);
    read_from_qemu(2, sizes[3], MFD_RAM_MIXED, 4096);
    read_from_qemu(2, sizes[3], MFD_RAM_MIXED, MIB - 50);
}

/* Firmware runs, RAM changes while it is written, and the file has several blocks and the state of devices. */
static void the_reference_reads_the_file_of_a_machine_with_devices(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof(channels) / sizeof(channels[0]); c++) {
        struct rig *rig = rig_new(channels[c], 32 * MIB, 0);

        assert_int_equal(mfd_ram_make(rig->theirs, rig->ram, MFD_RAM_MIXED, 4 * MIB), 0);
        start(rig, "pc", false);
        must(rig, mfd_vm_migrate(&rig->vm, uri(rig)));
        stop(rig);
        add_ours(rig);
        rig->guest.dir = rig->dir; /* for the other blocks */
        rig->guest.dir_left = 64 * MIB;
        receive(rig, NULL);
        assert_true(rig->guest.table.count > 3);
        assert_same_memory(rig);
        rig_free(rig);
    }
}

static int find_qemu(void **state)
{
    char error[MFD_FIND_ERROR_SIZE];

    (void)state;
    program = mfd_qemu_find("trixie", error);
    if (!program) {
        print_error("%s\n", error);
    }
    return program ? 0 : -1;
}

static int free_qemu(void **state)
{
    (void)state;
    free(program);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(qemu_loads_what_the_reference_has_written),
        cmocka_unit_test(the_reference_reads_what_qemu_has_written),
        cmocka_unit_test(the_reference_reads_the_file_of_a_machine_with_devices),
    };

    return cmocka_run_group_tests(tests, find_qemu, free_qemu);
}
