// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reference sender and receiver against the QEMUs that CI has, under TLS as a tls-creds object of QEMU
 * has it: each side must say that the migration completed, and memory must be equal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "method.h"
#include "net.h"
#include "peer.h"
#include "qemu_find.h"
#include "qemu_vm.h"
#include "ram_file.h"
#include "receiver.h"
#include "sender.h"
#include "tls_keys.h"

#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RAM (8ull << 20)
#define GUARD 60.0

static const unsigned channels[] = {1, 2, 4};

static struct qemu {
    const char *name; /* for mfd_qemu_find() */
    char *program;
    enum mfd_rev rev;
} qemus[] = {{.name = MFD_QEMU_PROGRAM, .rev = MFD_REV_7_2},
             {.name = "trixie", .rev = MFD_REV_10_0}};

/* What a migration is like. */
struct cell {
    const struct qemu *qemu;
    enum mfd_tls tls;
    unsigned channels;
    uint32_t method;
    bool return_path;
    const char *host; /* that the sender expects */
    bool foreign;     /* the reference has keys that QEMU does not know */
    unsigned stall_ms;
};

/* One end is a QEMU, the other the reference; both have their RAM in a file. */
struct rig {
    const struct cell *cell;
    char dir[80];
    char ours[120]; /* RAM files */
    char theirs[120];
    char keys[120];
    char foreign[120];
    char address[MFD_ADDRESS_MAX];
    struct mfd_guest guest;
    struct mfd_tls_creds *creds;
    struct mfd_vm vm;
    int listen_fd;
    struct mfd_receiver_result received;
    struct mfd_sender_result sent;
    int receiver_error;
};

/* Fails a test by the words of the QEMU at hand. */
static void must(const struct rig *rig, bool good)
{
    if (!good) {
        fail_msg("%s, %u channels: %s", rig->vm.version, rig->cell->channels, rig->vm.error);
    }
}

static void make_keys(struct rig *rig)
{
    enum mfd_tls kind = rig->cell->tls;

    snprintf(rig->keys, sizeof(rig->keys), "%s/keys", rig->dir);
    snprintf(rig->foreign, sizeof(rig->foreign), "%s/foreign", rig->dir);
    assert_int_equal(mkdir(rig->keys, 0700), 0);
    assert_int_equal(mkdir(rig->foreign, 0700), 0);
    assert_int_equal(mfd_tls_keys_make(rig->keys, kind), 0);
    assert_int_equal(mfd_tls_keys_make(rig->foreign, kind), 0);
}

static void load_creds(struct rig *rig, enum mfd_tls_end end)
{
    char error[MFD_TLS_ERROR_SIZE];

    rig->creds = mfd_tls_load(rig->cell->tls, end, rig->cell->foreign ? rig->foreign : rig->keys,
                              rig->cell->host, error);
    if (!rig->creds) {
        fail_msg("%s", error);
    }
}

static struct rig *rig_new(const struct cell *cell, bool incoming)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    struct mfd_guest_block block = {"mem0", RAM, RAM, false};
    char object[300];
    const char *const more[] = {"-object", object, NULL};
    struct mfd_vm_setup setup = {.program = cell->qemu->program,
                                 .machine = "none",
                                 .ram_name = block.name,
                                 .ram_size = RAM,
                                 .incoming = incoming,
                                 .paused = true,
                                 .more = more,
                                 .guard = GUARD};

    assert_non_null(rig);
    rig->cell = cell;
    snprintf(rig->dir, sizeof(rig->dir), "%s/mfdkit-tls.XXXXXX", mfd_scratch());
    assert_non_null(mkdtemp(rig->dir));
    snprintf(rig->ours, sizeof(rig->ours), "%s/ours", rig->dir);
    snprintf(rig->theirs, sizeof(rig->theirs), "%s/theirs", rig->dir);
    snprintf(rig->address, sizeof(rig->address), "unix:%s/socket", rig->dir);
    assert_int_equal(mfd_ram_make(rig->ours, RAM, incoming ? MFD_RAM_MIXED : MFD_RAM_EMPTY, RAM),
                     0);
    assert_int_equal(mfd_ram_make(rig->theirs, RAM, incoming ? MFD_RAM_EMPTY : MFD_RAM_MIXED, RAM),
                     0);
    mfd_guest_init(&rig->guest);
    assert_int_equal(mfd_guest_add_file(&rig->guest, &block, rig->ours, MFD_GUEST_WRITE), 0);
    make_keys(rig);
    load_creds(rig, incoming ? MFD_TLS_SENDER : MFD_TLS_RECEIVER);
    snprintf(object, sizeof(object), "tls-creds-%s,id=tls0,dir=%s,endpoint=%s",
             cell->tls == MFD_TLS_PSK ? "psk" : "x509", rig->keys, incoming ? "server" : "client");
    setup.ram_file = rig->theirs;
    setup.dir = rig->dir;
    must(rig, mfd_vm_start(&rig->vm, &setup));
    must(rig, mfd_vm_multifd(&rig->vm, cell->channels, mfd_method_info(cell->method)->name));
    must(rig, mfd_vm_command(&rig->vm, "migrate-set-parameters",
                             json_pack("{s:s, s:s}", "tls-creds", "tls0", "tls-hostname",
                                       incoming ? "" : cell->host),
                             NULL));
    return rig;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static void rig_free(struct rig *rig)
{
    mfd_vm_stop(&rig->vm);
    mfd_guest_free(&rig->guest);
    mfd_tls_free(rig->creds);
    assert_int_equal(nftw(rig->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
    free(rig);
}

static void assert_same_memory(struct rig *rig)
{
    struct mfd_ram_difference difference;

    mfd_vm_stop(&rig->vm);
    assert_int_equal(mfd_ram_compare(rig->ours, rig->theirs, RAM, &difference), 0);
    assert_int_equal(difference.pages, 0);
}

static void fail_by(const struct mfd_failure *failure)
{
    char text[512];

    fail_msg("%s", mfd_failure_text(failure, text, sizeof(text)));
}

static void send_to_qemu(struct rig *rig)
{
    const struct cell *cell = rig->cell;
    struct mfd_sender_config config = mfd_sender_defaults(cell->qemu->rev, &rig->guest);
    int fds[MFD_CHANNELS_MAX + 1];

    must(rig, mfd_vm_incoming(&rig->vm, rig->address));
    for (unsigned i = 0; i <= cell->channels; i++) {
        assert_int_equal(mfd_net_connect(rig->address, (int)GUARD * 1000, &fds[i]), 0);
    }
    config.fds = fds;
    config.channels = cell->channels;
    config.method = cell->method;
    config.return_path = cell->return_path;
    config.passes = 2;
    config.tls = rig->creds;
    config.stall_ms = (unsigned)GUARD * 1000;
    assert_int_equal(mfd_sender_run(&config, &rig->sent), 0);
    for (unsigned i = 0; i <= cell->channels; i++) {
        close(fds[i]);
    }
}

static void *receive(void *arg)
{
    struct rig *rig = arg;
    struct mfd_receiver_config config = mfd_receiver_defaults(rig->cell->qemu->rev, &rig->guest);

    config.channels = rig->cell->channels;
    config.method = rig->cell->method;
    config.machine = "none";
    config.tls = rig->creds;
    config.stall_ms = rig->cell->stall_ms ? rig->cell->stall_ms : (unsigned)GUARD * 1000;
    rig->receiver_error = mfd_receiver_run(&config, rig->listen_fd, &rig->received);
    close(rig->listen_fd);
    return NULL;
}

static void receive_from_qemu(struct rig *rig)
{
    pthread_t thread;
    char real[MFD_ADDRESS_MAX];

    must(rig, mfd_vm_capability(&rig->vm, "return-path", rig->cell->return_path));
    assert_int_equal(
        mfd_net_listen(rig->address, (int)rig->cell->channels + 1, &rig->listen_fd, real), 0);
    assert_int_equal(pthread_create(&thread, NULL, receive, rig), 0);
    must(rig, mfd_vm_migrate(&rig->vm, real));
    pthread_join(thread, NULL);
    assert_int_equal(rig->receiver_error, 0);
    assert_int_equal(rig->received.threads_created, rig->received.threads_joined);
}

static void complete(const struct cell *cell, bool incoming)
{
    struct rig *rig = rig_new(cell, incoming);

    if (incoming) {
        send_to_qemu(rig);
        if (!rig->sent.completed) {
            fail_by(&rig->sent.failure);
        }
    } else {
        receive_from_qemu(rig);
        if (!rig->received.completed) {
            fail_by(&rig->received.failure);
        }
    }
    must(rig, mfd_vm_wait(&rig->vm, GUARD) == MFD_VM_COMPLETED);
    assert_same_memory(rig);
    rig_free(rig);
}

static void by_every_kind(bool incoming)
{
    for (size_t q = 0; q < sizeof(qemus) / sizeof(qemus[0]); q++) {
        for (int kind = MFD_TLS_X509; kind <= MFD_TLS_PSK; kind++) {
            for (size_t i = 0; i < 2 * sizeof(channels) / sizeof(channels[0]); i++) {
                struct cell cell = {.qemu = &qemus[q],
                                    .tls = (enum mfd_tls)kind,
                                    .channels = channels[i / 2],
                                    .method = i % 3 == 1 ? MFD_FLAG_ZSTD : 0,
                                    .return_path = i % 2,
                                    .host = MFD_TLS_KEYS_HOST};

                complete(&cell, incoming);
            }
        }
    }
}

static void memory_arrives_in_qemu_under_tls(void **state)
{
    (void)state;
    by_every_kind(true);
}

static void memory_arrives_from_qemu_under_tls(void **state)
{
    (void)state;
    by_every_kind(false);
}

static void assert_says(const struct mfd_failure *failure, const char *part)
{
    char text[512];

    if (!failure->set || !strstr(mfd_failure_text(failure, text, sizeof(text)), part)) {
        fail_msg("'%s' does not say '%s'", text, part);
    }
}

/* Keys that the other end does not know end both sides, with a reason. */
static void foreign_keys_are_refused_by_qemu_and_of_qemu(void **state)
{
    (void)state;
    for (size_t q = 0; q < sizeof(qemus) / sizeof(qemus[0]); q++) {
        for (int kind = MFD_TLS_X509; kind <= MFD_TLS_PSK; kind++) {
            struct cell cell = {.qemu = &qemus[q],
                                .tls = (enum mfd_tls)kind,
                                .channels = 2,
                                .return_path = true,
                                .host = MFD_TLS_KEYS_HOST,
                                .foreign = true};
            struct rig *rig = rig_new(&cell, true);

            send_to_qemu(rig);
            assert_says(&rig->sent.failure, "main: the TLS handshake failed: ");
            rig_free(rig);

            rig = rig_new(&cell, false);
            receive_from_qemu(rig);
            assert_says(&rig->received.failure, "connection 0: the TLS handshake failed: ");
            must(rig, mfd_vm_wait(&rig->vm, GUARD) == MFD_VM_FAILED);
            rig_free(rig);
        }
    }
}

/* It has done its part of the handshake by then, and leaves without a word. */
static void qemu_looks_at_the_host_that_the_certificate_is_for(void **state)
{
    (void)state;
    for (size_t q = 0; q < sizeof(qemus) / sizeof(qemus[0]); q++) {
        struct cell cell = {.qemu = &qemus[q],
                            .tls = MFD_TLS_X509,
                            .channels = 2,
                            .return_path = true,
                            .host = "elsewhere.test",
                            .stall_ms = 500};
        struct rig *rig = rig_new(&cell, false);

        receive_from_qemu(rig);
        assert_says(&rig->received.failure, "a sender that does not trust this end");
        must(rig, mfd_vm_wait(&rig->vm, GUARD) == MFD_VM_FAILED);
        rig_free(rig);
    }
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
    }
    return 0;
}

static int free_qemus(void **state)
{
    (void)state;
    for (size_t q = 0; q < sizeof(qemus) / sizeof(qemus[0]); q++) {
        free(qemus[q].program);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_arrives_in_qemu_under_tls),
        cmocka_unit_test(memory_arrives_from_qemu_under_tls),
        cmocka_unit_test(foreign_keys_are_refused_by_qemu_and_of_qemu),
        cmocka_unit_test(qemu_looks_at_the_host_that_the_certificate_is_for),
    };

    return cmocka_run_group_tests(tests, find_qemus, free_qemus);
}
