// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "interop_rig.h"

#include "method.h"
#include "pages_twice.h"
#include "peer.h"
#include "qemu_find.h"
#include "ram_file.h"
#include "scratch.h"
#include "tls_keys.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of larger memory only this much is not zero. */
#define DENSE (16 * RIG_MIB)
#define ARGUMENTS_MAX 8

struct rig_qemu rig_qemus[RIG_QEMUS] = {{.name = MFD_QEMU_PROGRAM}, {.name = "trixie"}};

/* What the bytes mean follows from the release, of which two numbers count. */
static enum mfd_rev probe(char *program, char **pc)
{
    struct mfd_peer peer = {
        .kind = &mfd_peer_qemu, .path = program, .guard = RIG_GUARD, .scratch = mfd_scratch()};
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

int rig_find_qemus(void **state)
{
    char error[MFD_FIND_ERROR_SIZE];

    (void)state;
    for (size_t q = 0; q < RIG_QEMUS; q++) {
        rig_qemus[q].program = mfd_qemu_find(rig_qemus[q].name, error);
        if (!rig_qemus[q].program) {
            print_error("%s\n", error);
            return -1;
        }
        rig_qemus[q].rev = probe(rig_qemus[q].program, &rig_qemus[q].pc);
    }
    return 0;
}

int rig_free_qemus(void **state)
{
    (void)state;
    for (size_t q = 0; q < RIG_QEMUS; q++) {
        free(rig_qemus[q].program);
        free(rig_qemus[q].pc);
    }
    return 0;
}

struct rig_cell rig_usual(const struct rig_qemu *qemu)
{
    const struct mfd_rev_info *info = mfd_rev_info(qemu->rev);

    return (struct rig_cell){.qemu = qemu,
                             .machine = "none",
                             .channels = 2,
                             .ram = 8 * RIG_MIB,
                             .sync = info->sync,
                             .zero = info->zero,
                             .return_path = true};
}

void rig_must(const struct rig *rig, bool good)
{
    if (!good) {
        fail_msg("%s, %u channels, method %s, %llu bytes: %s", rig->vm.version, rig->cell->channels,
                 mfd_method_info(rig->cell->method)->name, (unsigned long long)rig->cell->ram,
                 rig->vm.error);
    }
}

static bool has_devices(const struct rig_cell *cell)
{
    return strcmp(cell->machine, "none") != 0;
}

static void make_memory(struct rig *rig, const char *block_name)
{
    uint64_t ram = rig->cell->ram;
    struct mfd_guest_block block = {block_name, ram, ram, false};

    snprintf(rig->ours, sizeof(rig->ours), "%s/%s", rig->dir, block.name);
    snprintf(rig->theirs, sizeof(rig->theirs), "%s/theirs", rig->dir);
    assert_int_equal(
        mfd_ram_make(rig->ours, ram, rig->incoming ? MFD_RAM_MIXED : MFD_RAM_EMPTY, DENSE), 0);
    assert_int_equal(
        mfd_ram_make(rig->theirs, ram, rig->incoming ? MFD_RAM_EMPTY : MFD_RAM_MIXED, DENSE), 0);
    mfd_guest_init(&rig->guest);
    assert_int_equal(mfd_guest_add_file(&rig->guest, &block, rig->ours, MFD_GUEST_WRITE), 0);
    if (has_devices(rig->cell)) { /* whatever other blocks it has */
        rig->guest.dir = rig->dir;
        rig->guest.dir_left = 1ull << 30;
    }
}

static void make_keys(struct rig *rig)
{
    const struct rig_cell *cell = rig->cell;
    enum mfd_tls_end end = rig->incoming ? MFD_TLS_SENDER : MFD_TLS_RECEIVER;
    char error[MFD_TLS_ERROR_SIZE];

    for (int i = 0; i < 2; i++) {
        snprintf(rig->keys[i], sizeof(rig->keys[i]), "%s/keys%d", rig->dir, i);
        assert_int_equal(mkdir(rig->keys[i], 0700), 0);
        assert_int_equal(mfd_tls_keys_make(rig->keys[i], cell->tls), 0);
    }
    rig->creds = mfd_tls_load(cell->tls, end, rig->keys[cell->foreign], cell->host, error);
    if (!rig->creds) {
        fail_msg("%s", error);
    }
}

static void start_qemu(struct rig *rig, const char *block_name)
{
    const struct rig_cell *cell = rig->cell;
    char object[300];
    const char *more[ARGUMENTS_MAX] = {NULL};
    size_t count = 0;
    struct mfd_vm_setup setup = {.program = cell->qemu->program,
                                 .machine = cell->machine,
                                 .ram_name = block_name,
                                 .ram_file = rig->theirs,
                                 .ram_size = cell->ram,
                                 .more = more,
                                 .incoming = rig->incoming,
                                 .paused = rig->incoming,
                                 .dir = rig->dir,
                                 .guard = RIG_GUARD};

    if (cell->sync == MFD_SYNC_SECTION && cell->qemu->rev >= MFD_REV_8_1) {
        more[count++] = "-global";
        more[count++] = "migration.multifd-flush-after-each-section=on";
    }
    if (has_devices(cell)) {
        more[count++] = "-vga";
        more[count++] = "std";
        more[count++] = "-serial";
        more[count++] = "null";
    }
    if (cell->tls != MFD_TLS_NONE) {
        snprintf(object, sizeof(object), "tls-creds-%s,id=tls0,dir=%s,endpoint=%s",
                 cell->tls == MFD_TLS_PSK ? "psk" : "x509", rig->keys[0],
                 rig->incoming ? "server" : "client");
        more[count++] = "-object";
        more[count++] = object;
    }
    rig_must(rig, mfd_vm_start(&rig->vm, &setup));
    rig_must(rig, mfd_vm_multifd(&rig->vm, cell->channels, mfd_method_info(cell->method)->name));
    if (cell->tls != MFD_TLS_NONE) {
        rig_must(rig, mfd_vm_command(&rig->vm, "migrate-set-parameters",
                                     json_pack("{s:s, s:s}", "tls-creds", "tls0", "tls-hostname",
                                               rig->incoming ? "" : cell->host),
                                     NULL));
    }
}

struct rig *rig_new(const struct rig_cell *cell, bool incoming)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    const char *block_name = has_devices(cell) ? "pc.ram" : "mem0";

    assert_non_null(rig);
    rig->cell = cell;
    rig->incoming = incoming;
    assert_true(mfd_scratch_make(NULL, rig->dir, sizeof(rig->dir)));
    if (cell->tcp) {
        strcpy(rig->address, "tcp:127.0.0.1:0");
    } else {
        snprintf(rig->address, sizeof(rig->address), "unix:%s/socket", rig->dir);
    }
    make_memory(rig, block_name);
    if (cell->tls != MFD_TLS_NONE) {
        make_keys(rig);
    }
    start_qemu(rig, block_name);
    return rig;
}

void rig_send(struct rig *rig)
{
    const struct rig_cell *cell = rig->cell;
    struct mfd_sender_config config = mfd_sender_defaults(cell->qemu->rev, &rig->guest);
    int fds[MFD_CHANNELS_MAX + 1];

    rig_must(rig, mfd_vm_incoming(&rig->vm, rig->address));
    rig_must(rig, !cell->tcp || mfd_vm_reached_at(&rig->vm, rig->address, sizeof(rig->address)));
    for (unsigned i = 0; i <= cell->channels; i++) {
        assert_int_equal(mfd_net_connect(rig->address, (int)RIG_GUARD * 1000, &fds[i]), 0);
    }
    config.fds = fds;
    config.channels = cell->channels;
    config.method = cell->method;
    config.sync = cell->sync;
    config.zero = cell->zero;
    config.return_path = cell->return_path;
    config.passes = 2;
    config.tls = rig->creds;
    config.stall_ms = (unsigned)RIG_GUARD * 1000;
    assert_int_equal(mfd_sender_run(&config, &rig->sent), 0);
    for (unsigned i = 0; i <= cell->channels; i++) {
        close(fds[i]);
    }
}

static void count_points(void *arg, const struct mfd_receiver_progress *progress)
{
    struct rig *rig = arg;

    rig->points = progress->sync_points;
}

static void *receive(void *arg)
{
    struct rig *rig = arg;
    const struct rig_cell *cell = rig->cell;
    struct mfd_receiver_config config = mfd_receiver_defaults(cell->qemu->rev, &rig->guest);

    config.channels = cell->channels;
    config.method = cell->method;
    config.sync = cell->sync;
    config.machine = cell->machine;
    config.skip_devices = rig->guest.dir != NULL;
    config.progress = count_points;
    config.progress_arg = rig;
    config.tls = rig->creds;
    config.stall_ms = cell->stall_ms ? cell->stall_ms : (unsigned)RIG_GUARD * 1000;
    rig->receiver_error = mfd_receiver_run(&config, rig->listen_fd, &rig->received);
    close(rig->listen_fd); /* a sender that still waits to be accepted is not to wait for ever */
    return NULL;
}

void rig_receive(struct rig *rig)
{
    const struct rig_cell *cell = rig->cell;
    pthread_t thread;
    char real[MFD_ADDRESS_MAX];

    rig_must(rig, mfd_vm_capability(&rig->vm, "return-path", cell->return_path));
    assert_int_equal(mfd_net_listen(rig->address, (int)cell->channels + 1, &rig->listen_fd, real),
                     0);
    if (cell->qemu->rev < MFD_REV_8_0) {
        mfd_expect_pages_twice(rig->guest.maps[0].base, cell->ram);
    }
    assert_int_equal(pthread_create(&thread, NULL, receive, rig), 0);
    rig_must(rig, mfd_vm_migrate(&rig->vm, real));
    pthread_join(thread, NULL);
    assert_int_equal(rig->receiver_error, 0);
    assert_int_equal(rig->received.threads_created, rig->received.threads_joined);
}

void rig_must_complete(struct rig *rig)
{
    bool completed = rig->incoming ? rig->sent.completed : rig->received.completed;
    char text[512];

    if (!completed) {
        fail_msg("%s", mfd_failure_text(rig->incoming ? &rig->sent.failure : &rig->received.failure,
                                        text, sizeof(text)));
    }
    rig_must(rig, mfd_vm_wait(&rig->vm, RIG_GUARD) == MFD_VM_COMPLETED);
}

void rig_compare(struct rig *rig)
{
    struct mfd_ram_difference difference;

    mfd_vm_stop(&rig->vm);
    assert_int_equal(mfd_ram_compare(rig->ours, rig->theirs, rig->cell->ram, &difference), 0);
    assert_int_equal(difference.pages, 0);
}

void rig_free(struct rig *rig)
{
    mfd_vm_stop(&rig->vm);
    mfd_guest_free(&rig->guest);
    mfd_tls_free(rig->creds);
    assert_int_equal(mfd_scratch_remove(rig->dir), 0);
    free(rig);
}
