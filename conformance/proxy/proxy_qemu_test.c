// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Migrations between two real QEMUs through the proxy, 7.2 from PATH and trixie's 10.0: undisturbed they complete
 * with memory equal, and a fault does there what the scenario of the same fault does.
 */
#include "capture.h"
#include "net.h"
#include "qemu_find.h"
#include "qemu_vm.h"
#include "ram_file.h"
#include "relay.h"
#include "scratch.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define GUARD 60.0
#define RAM ((uint64_t)4 << 20)

static const char *const qemus[] = {"qemu-system-x86_64", "trixie"};

enum effect { COMPLETES, CORRUPTS, REFUSED };

/* A migration, and the proxy in a thread of its own. */
struct rig {
    char dir[64];
    char *program;
    char ram[2][96];
    struct mfd_vm vm[2]; /* source, destination */
    struct mfd_relay_config config;
    struct mfd_relay_result result;
    pthread_t thread;
    char *captured;
    size_t captured_size;
    FILE *capture;
};

static void must(const struct mfd_vm *vm, bool good)
{
    if (!good) {
        fail_msg("%s", vm->error);
    }
}

static void start_vm(struct rig *rig, bool incoming, const char *method)
{
    struct mfd_vm *vm = &rig->vm[incoming];
    char *ram = rig->ram[incoming];
    char dir[sizeof(rig->dir)];
    struct mfd_vm_setup setup = {
        .program = rig->program,
        .machine = "none",
        .ram_name = "mem0",
        .ram_file = ram,
        .ram_size = RAM,
        .incoming = incoming,
        .paused = true,
        .dir = rig->dir,
        .guard = GUARD,
    };

    memcpy(dir, rig->dir, sizeof(dir)); /* the compiler cannot tell that it lies beside `ram` */
    snprintf(ram, sizeof(rig->ram[0]), "%s/%s", dir, incoming ? "to" : "from");
    assert_int_equal(mfd_ram_make(ram, RAM, incoming ? MFD_RAM_EMPTY : MFD_RAM_MIXED, RAM), 0);
    must(vm, mfd_vm_start(vm, &setup));
    must(vm, mfd_vm_multifd(vm, 2, method));
}

static void *run(void *arg)
{
    struct rig *rig = arg;

    mfd_relay_run(&rig->config, &rig->result);
    return NULL;
}

/* Both ends first: QEMU ends with the thread that has started it. */
static struct rig *rig_new(const char *qemu, const char *method, struct mfd_fault_line **fault)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    char error[MFD_FIND_ERROR_SIZE];
    char to[MFD_ADDRESS_MAX];
    char at[MFD_ADDRESS_MAX];

    assert_non_null(rig);
    assert_true(mfd_scratch_make(NULL, rig->dir, sizeof(rig->dir)));
    rig->program = mfd_qemu_find(qemu, error);
    if (!rig->program) {
        fail_msg("%s", error);
    }
    start_vm(rig, false, method);
    start_vm(rig, true, method);
    must(&rig->vm[1], mfd_vm_incoming(&rig->vm[1], "tcp:127.0.0.1:0"));
    must(&rig->vm[1], mfd_vm_reached_at(&rig->vm[1], to, sizeof(to)));
    snprintf(at, sizeof(at), "unix:%s/proxy", rig->dir);
    assert_int_equal(mfd_net_listen(at, 16, &rig->config.listen_fd, at), 0);
    rig->config.to = to;
    rig->config.given = mfd_given_nothing();
    rig->config.given.channels = 2;
    rig->config.faults = fault;
    rig->config.fault_count = *fault != NULL;
    rig->config.guard_s = (unsigned)GUARD;
    rig->capture = open_memstream(&rig->captured, &rig->captured_size);
    rig->config.capture = mfd_capture_create(rig->capture, &(struct mfd_capture_options){0});
    assert_non_null(rig->config.capture);
    rig->config.to = strdup(to);
    assert_int_equal(pthread_create(&rig->thread, NULL, run, rig), 0);
    must(&rig->vm[0], mfd_vm_migrate(&rig->vm[0], at));
    return rig;
}

static void rig_end(struct rig *rig)
{
    mfd_vm_stop(&rig->vm[0]);
    mfd_vm_stop(&rig->vm[1]);
    pthread_join(rig->thread, NULL);
    assert_true(mfd_capture_finish(rig->config.capture));
    fclose(rig->capture);
    if (rig->result.end != MFD_RELAY_DONE) {
        fail_msg("the proxy: %s", rig->result.error);
    }
}

static void rig_free(struct rig *rig)
{
    mfd_relay_result_free(&rig->result);
    close(rig->config.listen_fd);
    free((char *)rig->config.to);
    free(rig->captured);
    free(rig->program);
    assert_int_equal(mfd_scratch_remove(rig->dir), 0);
    free(rig);
}

static uint64_t pages_that_differ(const struct rig *rig)
{
    struct mfd_ram_difference difference;

    assert_int_equal(mfd_ram_compare(rig->ram[0], rig->ram[1], RAM, &difference), 0);
    return difference.pages;
}

/* Rules that the capture shows as broken; what the sender itself did, none. */
static void assert_broken(const struct rig *rig, enum mfd_rule wanted)
{
    struct mfd_given nothing = mfd_given_nothing();
    struct mfd_verdicts verdicts;
    char error[MFD_CAPTURE_ERROR_SIZE];
    FILE *in = fmemopen(rig->captured, rig->captured_size, "rb");
    bool shown = false;

    assert_non_null(in);
    assert_true(mfd_verdicts_read(in, &nothing, 0, &verdicts, error));
    assert_int_equal(mfd_checker_count(verdicts.checker), 1);
    for (enum mfd_rule rule = 0; rule < MFD_RULE_COUNT; rule++) {
        const struct mfd_checked *checked = mfd_checker_at(verdicts.checker, 0);

        shown |= rule == wanted && checked->rules[rule].state == MFD_CHECKED_BROKEN;
        if (rule == MFD_SYNC_008) {
            continue; /* before 8.0 a page may come twice in a round: defect B48 */
        }
        if (wanted == MFD_RULE_COUNT && checked->rules[rule].state == MFD_CHECKED_BROKEN) {
            fail_msg("the capture has a breach of %s", mfd_rule_info(rule)->id);
        }
        if (rig->result.checked->rules[rule].state == MFD_CHECKED_BROKEN) {
            fail_msg("the sender breaks %s", mfd_rule_info(rule)->id);
        }
    }
    assert_true(shown || wanted == MFD_RULE_COUNT);
    mfd_verdicts_free(&verdicts);
}

/* Whether the receiver has ended the connection of a channel, which a source does not before it has failed. */
static bool closed_by_receiver(const struct rig *rig, int id)
{
    const struct mfd_checked *checked = rig->result.checked;

    for (size_t i = 0; i < checked->conn_count; i++) {
        if (checked->conns[i].id == id) {
            return checked->conns[i].closed[1];
        }
    }
    return false;
}

static void migrate(const char *qemu, const char *method, const char *text, enum effect effect,
                    enum mfd_rule rule)
{
    struct mfd_lang_error lang_error = {0};
    struct mfd_fault_line *fault = text ? mfd_fault_line_parse(text, &lang_error) : NULL;
    struct rig *rig = NULL;
    enum mfd_vm_end end = MFD_VM_SILENT;

    if (text && !fault) {
        fail_msg("%s: %s", text, lang_error.text);
    }
    rig = rig_new(qemu, method, &fault);
    end = mfd_vm_wait(&rig->vm[0], GUARD);
    if (end != (effect == REFUSED ? MFD_VM_FAILED : MFD_VM_COMPLETED)) {
        fail_msg("%s, %s: the source: %s", qemu, text ? text : "undisturbed", rig->vm[0].error);
    }
    if (effect != REFUSED) {
        assert_int_equal(mfd_vm_wait(&rig->vm[1], GUARD), MFD_VM_COMPLETED);
    }
    rig_end(rig);
    if (effect == REFUSED) {
        assert_true(closed_by_receiver(rig, 1));
    }
    if (effect != REFUSED) {
        assert_int_equal(pages_that_differ(rig) > 0, effect == CORRUPTS);
    }
    assert_true(!text || rig->result.applied[0]);
    assert_broken(rig, rule);
    rig_free(rig);
    mfd_fault_line_free(fault);
}

static void an_undisturbed_migration_completes_with_memory_equal(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        migrate(qemus[i], "none", NULL, COMPLETES, MFD_RULE_COUNT);
        migrate(qemus[i], "zlib", NULL, COMPLETES, MFD_RULE_COUNT);
    }
}

/* The same while every message is looked for, since a fault waits for one that never comes. */
static void looking_for_a_message_changes_nothing(void **state)
{
    struct mfd_lang_error error = {0};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct mfd_fault_line *fault = mfd_fault_line_parse("ch 0 data#9999 ! omit", &error);
        struct rig *rig = NULL;

        assert_non_null(fault);
        rig = rig_new(qemus[i], "none", &fault);
        assert_int_equal(mfd_vm_wait(&rig->vm[1], GUARD), MFD_VM_COMPLETED);
        assert_int_equal(mfd_vm_wait(&rig->vm[0], GUARD), MFD_VM_COMPLETED);
        rig_end(rig);
        assert_int_equal(pages_that_differ(rig), 0);
        assert_false(rig->result.applied[0]);
        assert_broken(rig, MFD_RULE_COUNT);
        rig_free(rig);
        mfd_fault_line_free(fault);
    }
}

/* init/version-two: refused. */
static void a_hello_of_another_version_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        migrate(qemus[i], "none", "ch 1 hello ! version=2", REFUSED, MFD_INIT_003);
    }
}

/* init/uuid-other: refused. */
static void a_hello_of_another_machine_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        migrate(qemus[i], "none", "ch 1 hello ! uuid=\"6d756c74-69fd-4b17-92a4-0c355e88b1da\"",
                REFUSED, MFD_INIT_004);
    }
}

/* packet/size-wrong: accepted by both releases, which is defect B42. */
static void a_size_that_is_not_used_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        migrate(qemus[i], "none", "ch 0 data ! next_packet_size=1", COMPLETES, MFD_HDR_010);
    }
}

/* packet/offset-unaligned: memory is corrupted on both releases, which is defect B18. */
static void an_offset_that_is_not_aligned_corrupts_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        migrate(qemus[i], "none", "ch 0 data ! offset[0]=0x801", CORRUPTS, MFD_HDR_024);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_undisturbed_migration_completes_with_memory_equal),
        cmocka_unit_test(looking_for_a_message_changes_nothing),
        cmocka_unit_test(a_hello_of_another_version_is_refused),
        cmocka_unit_test(a_hello_of_another_machine_is_refused),
        cmocka_unit_test(a_size_that_is_not_used_changes_nothing),
        cmocka_unit_test(an_offset_that_is_not_aligned_corrupts_memory),
    };

    return cmocka_run_group_tests_name("proxy_qemu", tests, NULL, NULL);
}
