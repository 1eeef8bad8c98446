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

#include "method.h"
#include "net.h"
#include "pages_twice.h"
#include "peer.h"
#include "qemu_find.h"
#include "qemu_vm.h"
#include "ram_file.h"
#include "receiver.h"
#include "sender.h"

#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB (1ull << 20)
#define GUARD 60.0
/* Of larger memory only this much is not zero. */
#define DENSE (16 * MIB)

static const uint32_t methods[] = {0, MFD_FLAG_ZLIB, MFD_FLAG_ZSTD};
static const unsigned channels[] = {1, 2, 4, 16, 255};
static const uint64_t sizes[] = {8 << 10, 16 << 10, MIB + (8 << 10), 33 * MIB};

static struct qemu {
    const char *name; /* for mfd_qemu_find() */
    char *program;
    char *pc; /* its newest machine type with devices */
    enum mfd_rev rev;
} qemus[] = {{.name = MFD_QEMU_PROGRAM}, {.name = "trixie"}};

/* What a migration is like. */
struct cell {
    const struct qemu *qemu;
    const char *machine;
    uint32_t method;
    unsigned channels;
    uint64_t ram;
    enum mfd_sync sync;
    enum mfd_zero zero;
    bool tcp;
    bool return_path;
};

/* One end is a QEMU, the other the reference; both have their RAM in a file. */
struct rig {
    const struct cell *cell;
    char dir[80];
    char ours[120]; /* RAM files */
    char theirs[120];
    char address[MFD_ADDRESS_MAX];
    struct mfd_guest guest;
    struct mfd_vm vm;
    int listen_fd;
    struct mfd_receiver_result received;
    int receiver_error;
    uint64_t points; /* sync points that were told of while it ran */
};

static struct cell usual(const struct qemu *qemu)
{
    const struct mfd_rev_info *info = mfd_rev_info(qemu->rev);

    return (struct cell){.qemu = qemu,
                         .machine = "none",
                         .channels = 2,
                         .ram = 8 * MIB,
                         .sync = info->sync,
                         .zero = info->zero,
                         .return_path = true};
}

/* Fails a test by the words of the QEMU at hand. */
static void must(const struct rig *rig, bool good)
{
    if (!good) {
        fail_msg("%s, %u channels, method %s, %llu bytes: %s", rig->vm.version, rig->cell->channels,
                 mfd_method_info(rig->cell->method)->name, (unsigned long long)rig->cell->ram,
                 rig->vm.error);
    }
}

static struct rig *rig_new(const struct cell *cell, bool incoming)
{
    static const char *const by_section[] = {"-global",
                                             "migration.multifd-flush-after-each-section=on", NULL};
    static const char *const devices[] = {"-vga", "std", "-serial", "null", NULL};
    struct rig *rig = calloc(1, sizeof(*rig));
    bool pc = strcmp(cell->machine, "none") != 0;
    struct mfd_guest_block block = {pc ? "pc.ram" : "mem0", cell->ram, cell->ram, false};
    struct mfd_vm_setup setup = {.program = cell->qemu->program,
                                 .machine = cell->machine,
                                 .ram_name = block.name,
                                 .ram_size = cell->ram,
                                 .incoming = incoming,
                                 .paused = incoming,
                                 .guard = GUARD};

    assert_non_null(rig);
    rig->cell = cell;
    snprintf(rig->dir, sizeof(rig->dir), "%s/mfdkit-interop.XXXXXX", mfd_scratch());
    assert_non_null(mkdtemp(rig->dir));
    snprintf(rig->ours, sizeof(rig->ours), "%s/%s", rig->dir, block.name);
    snprintf(rig->theirs, sizeof(rig->theirs), "%s/theirs", rig->dir);
    if (cell->tcp) {
        strcpy(rig->address, "tcp:127.0.0.1:0");
    } else {
        snprintf(rig->address, sizeof(rig->address), "unix:%s/socket", rig->dir);
    }
    assert_int_equal(
        mfd_ram_make(rig->ours, cell->ram, incoming ? MFD_RAM_MIXED : MFD_RAM_EMPTY, DENSE), 0);
    assert_int_equal(
        mfd_ram_make(rig->theirs, cell->ram, incoming ? MFD_RAM_EMPTY : MFD_RAM_MIXED, DENSE), 0);
    mfd_guest_init(&rig->guest);
    assert_int_equal(mfd_guest_add_file(&rig->guest, &block, rig->ours, MFD_GUEST_WRITE), 0);
    if (pc) { /* whatever other blocks it has */
        rig->guest.dir = rig->dir;
        rig->guest.dir_left = 1ull << 30;
    }
    setup.ram_file = rig->theirs;
    setup.dir = rig->dir;
    if (cell->sync == MFD_SYNC_SECTION && cell->qemu->rev >= MFD_REV_8_1) {
        setup.more = by_section;
    }
    if (pc) {
        setup.more = devices;
    }
    must(rig, mfd_vm_start(&rig->vm, &setup));
    must(rig, mfd_vm_multifd(&rig->vm, cell->channels, mfd_method_info(cell->method)->name));
    return rig;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

/* Both ends have said that the migration completed: compares memory, and cleans up. */
static void rig_free(struct rig *rig)
{
    struct mfd_ram_difference difference;

    mfd_vm_stop(&rig->vm);
    assert_int_equal(mfd_ram_compare(rig->ours, rig->theirs, rig->cell->ram, &difference), 0);
    assert_int_equal(difference.pages, 0);
    mfd_guest_free(&rig->guest);
    assert_int_equal(nftw(rig->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
    free(rig);
}

static void send_to_qemu(const struct cell *cell)
{
    struct rig *rig = rig_new(cell, true);
    struct mfd_sender_config config = mfd_sender_defaults(cell->qemu->rev, &rig->guest);
    struct mfd_sender_result result;
    int fds[MFD_CHANNELS_MAX + 1];
    char text[256];

    must(rig, mfd_vm_incoming(&rig->vm, rig->address));
    must(rig, !cell->tcp || mfd_vm_reached_at(&rig->vm, rig->address, sizeof(rig->address)));
    for (unsigned i = 0; i <= cell->channels; i++) {
        assert_int_equal(mfd_net_connect(rig->address, (int)GUARD * 1000, &fds[i]), 0);
    }
    config.fds = fds;
    config.channels = cell->channels;
    config.method = cell->method;
    config.sync = cell->sync;
    config.zero = cell->zero;
    config.return_path = cell->return_path;
    config.passes = 2;
    config.stall_ms = (unsigned)GUARD * 1000;
    assert_int_equal(mfd_sender_run(&config, &result), 0);
    if (!result.completed) {
        fail_msg("%s", mfd_failure_text(&result.failure, text, sizeof(text)));
    }
    must(rig, mfd_vm_wait(&rig->vm, GUARD) == MFD_VM_COMPLETED);
    assert_true(!cell->method || result.bytes < result.normal_pages * MFD_RAM_FILE_PAGE);
    for (unsigned i = 0; i <= cell->channels; i++) {
        close(fds[i]);
    }
    rig_free(rig);
}

static void count_points(void *arg, const struct mfd_receiver_progress *progress)
{
    struct rig *rig = arg;

    rig->points = progress->sync_points;
}

static void *receive(void *arg)
{
    struct rig *rig = arg;
    struct mfd_receiver_config config = mfd_receiver_defaults(rig->cell->qemu->rev, &rig->guest);

    config.channels = rig->cell->channels;
    config.method = rig->cell->method;
    config.sync = rig->cell->sync;
    config.machine = rig->cell->machine;
    config.skip_devices = rig->guest.dir != NULL;
    config.progress = count_points;
    config.progress_arg = rig;
    config.stall_ms = (unsigned)GUARD * 1000;
    rig->receiver_error = mfd_receiver_run(&config, rig->listen_fd, &rig->received);
    return NULL;
}

/* The firmware that has arrived is what the guest that stands still has at the end of its 4 GiB. */
static void compare_firmware(struct rig *rig)
{
    struct mfd_ram_difference difference;
    char theirs[160];
    char ours[160];

    snprintf(ours, sizeof(ours), "%s/pc.bios", rig->dir);
    snprintf(theirs, sizeof(theirs), "%s/firmware", rig->dir);
    must(rig, mfd_vm_command(&rig->vm, "pmemsave",
                             json_pack("{s:I, s:i, s:s}", "val", (json_int_t)0xfffc0000, "size",
                                       0x40000, "filename", theirs),
                             NULL));
    assert_int_equal(mfd_ram_compare(ours, theirs, 0x40000, &difference), 0);
    assert_int_equal(difference.pages, 0);
}

static void receive_from_qemu(const struct cell *cell)
{
    struct rig *rig = rig_new(cell, false);
    pthread_t thread;
    char text[256];
    char real[MFD_ADDRESS_MAX];

    must(rig, mfd_vm_capability(&rig->vm, "return-path", cell->return_path));
    assert_int_equal(mfd_net_listen(rig->address, (int)cell->channels + 1, &rig->listen_fd, real),
                     0);
    if (cell->qemu->rev < MFD_REV_8_0) {
        mfd_expect_pages_twice(rig->guest.maps[0].base, cell->ram);
    }
    assert_int_equal(pthread_create(&thread, NULL, receive, rig), 0);
    must(rig, mfd_vm_migrate(&rig->vm, real));
    pthread_join(thread, NULL);
    close(rig->listen_fd);
    assert_int_equal(rig->receiver_error, 0);
    if (!rig->received.completed) {
        fail_msg("%s", mfd_failure_text(&rig->received.failure, text, sizeof(text)));
    }
    must(rig, mfd_vm_wait(&rig->vm, GUARD) == MFD_VM_COMPLETED);
    assert_true(!cell->method ||
                rig->received.bytes < rig->received.normal_pages * MFD_RAM_FILE_PAGE);
    assert_in_range(rig->points, 1, rig->received.sync_points);
    if (rig->guest.dir) {
        compare_firmware(rig);
    }
    rig_free(rig);
}

/* Calls `migrate` for every QEMU with every method and every number of channels, not all pairs of them. */
static void by_every_method(void (*migrate)(const struct cell *cell))
{
    for (size_t q = 0; q < sizeof(qemus) / sizeof(qemus[0]); q++) {
        for (size_t i = 0; i < sizeof(channels) / sizeof(channels[0]); i++) {
            struct cell cell = usual(&qemus[q]);

            cell.method = methods[i % (sizeof(methods) / sizeof(methods[0]))];
            cell.channels = channels[i];
            migrate(&cell);
        }
    }
}

static void at_every_size(void (*migrate)(const struct cell *cell))
{
    for (size_t q = 0; q < sizeof(qemus) / sizeof(qemus[0]); q++) {
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            struct cell cell = usual(&qemus[q]);

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
    for (size_t q = 0; q < sizeof(qemus) / sizeof(qemus[0]); q++) {
        for (size_t i = 0; i < 6; i++) {
            struct cell cell = usual(&qemus[q]);

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
    for (size_t q = 0; q < sizeof(qemus) / sizeof(qemus[0]); q++) {
        struct cell cell = usual(&qemus[q]);

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
    for (size_t q = 0; q < sizeof(qemus) / sizeof(qemus[0]); q++) {
        for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
            struct cell cell = usual(&qemus[q]);

            cell.machine = qemus[q].pc;
            cell.ram = 128 * MIB;
            cell.method = methods[i];
            cell.return_path = i != 1;
            receive_from_qemu(&cell);
        }
    }
}

/* What the bytes mean follows from the release, of which two numbers count. */
static enum mfd_rev probe(char *program, char **pc)
{
    struct mfd_peer peer = {
        .kind = &mfd_peer_qemu, .path = program, .guard = GUARD, .scratch = mfd_scratch()};
    char error[MFD_PEER_ERROR_SIZE];
    char release[16];
    unsigned major = 0;
    unsigned minor = 0;
    enum mfd_rev rev = MFD_REV_11_1;

    if (!mfd_qemu_probe(&peer, error)) {
        fail_msg("%s", error);
    }
    assert_int_equal(sscanf(peer.version, "%u.%u", &major, &minor), 2);
    snprintf(release, sizeof(release), "%u.%u", major, minor);
    assert_true(mfd_rev_parse(release, &rev));
    assert_non_null(peer.pc_machine);
    *pc = peer.pc_machine;
    peer.pc_machine = NULL;
    peer.path = NULL;
    mfd_peer_free(&peer);
    return rev;
}

static int find_qemus(void **state)
{
    char error[MFD_FIND_ERROR_SIZE];

    (void)state;
    for (size_t q = 0; q < sizeof(qemus) / sizeof(qemus[0]); q++) {
        qemus[q].program = mfd_qemu_find(qemus[q].name, error);
        if (!qemus[q].program) {
            print_error("%s\n", error);
            return -1;
        }
        qemus[q].rev = probe(qemus[q].program, &qemus[q].pc);
    }
    return 0;
}

static int free_qemus(void **state)
{
    (void)state;
    for (size_t q = 0; q < sizeof(qemus) / sizeof(qemus[0]); q++) {
        free(qemus[q].program);
        free(qemus[q].pc);
    }
    return 0;
}

/* As files with holes it is affordable, but no test for every day: `interop_test large`, in ./run nightly. */
static void four_gigabytes_arrive_in_qemu_and_from_qemu(void **state)
{
    (void)state;
    for (size_t q = 0; q < sizeof(qemus) / sizeof(qemus[0]); q++) {
        struct cell cell = usual(&qemus[q]);

        cell.ram = 4096 * MIB;
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
               ? cmocka_run_group_tests(large, find_qemus, free_qemus)
               : cmocka_run_group_tests(tests, find_qemus, free_qemus);
}
