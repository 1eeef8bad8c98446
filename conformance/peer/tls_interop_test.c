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

#include "interop_rig.h"
#include "tls_keys.h"

#include <string.h>

static const unsigned channels[] = {1, 2, 4};

static void complete(const struct rig_cell *cell, bool incoming)
{
    struct rig *rig = rig_new(cell, incoming);

    if (incoming) {
        rig_send(rig);
    } else {
        rig_receive(rig);
    }
    rig_must_complete(rig);
    rig_compare(rig);
    rig_free(rig);
}

/* Two channels, and keys that fit. */
static struct rig_cell under_tls(const struct rig_qemu *qemu, int kind)
{
    struct rig_cell cell = rig_usual(qemu);

    cell.tls = (enum mfd_tls)kind;
    cell.host = MFD_TLS_KEYS_HOST;
    return cell;
}

static void by_every_kind(bool incoming)
{
    for (size_t q = 0; q < RIG_QEMUS; q++) {
        for (int kind = MFD_TLS_X509; kind <= MFD_TLS_PSK; kind++) {
            for (size_t i = 0; i < 2 * sizeof(channels) / sizeof(channels[0]); i++) {
                struct rig_cell cell = under_tls(&rig_qemus[q], kind);

                cell.channels = channels[i / 2];
                cell.method = i % 3 == 1 ? MFD_FLAG_ZSTD : 0;
                cell.return_path = i % 2;
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
    for (size_t q = 0; q < RIG_QEMUS; q++) {
        for (int kind = MFD_TLS_X509; kind <= MFD_TLS_PSK; kind++) {
            struct rig_cell cell = under_tls(&rig_qemus[q], kind);
            struct rig *rig = NULL;

            cell.foreign = true;
            rig = rig_new(&cell, true);
            rig_send(rig);
            assert_says(&rig->sent.failure, "main: the TLS handshake failed: ");
            rig_free(rig);

            rig = rig_new(&cell, false);
            rig_receive(rig);
            assert_says(&rig->received.failure, "connection 0: the TLS handshake failed: ");
            rig_must(rig, mfd_vm_wait(&rig->vm, RIG_GUARD) == MFD_VM_FAILED);
            rig_free(rig);
        }
    }
}

/* It has done its part of the handshake by then, and leaves without a word. */
static void qemu_looks_at_the_host_that_the_certificate_is_for(void **state)
{
    (void)state;
    for (size_t q = 0; q < RIG_QEMUS; q++) {
        struct rig_cell cell = under_tls(&rig_qemus[q], MFD_TLS_X509);
        struct rig *rig = NULL;

        cell.host = "elsewhere.test";
        cell.stall_ms = 500;
        rig = rig_new(&cell, false);
        rig_receive(rig);
        assert_says(&rig->received.failure, "a sender that does not trust this end");
        rig_must(rig, mfd_vm_wait(&rig->vm, RIG_GUARD) == MFD_VM_FAILED);
        rig_free(rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_arrives_in_qemu_under_tls),
        cmocka_unit_test(memory_arrives_from_qemu_under_tls),
        cmocka_unit_test(foreign_keys_are_refused_by_qemu_and_of_qemu),
        cmocka_unit_test(qemu_looks_at_the_host_that_the_certificate_is_for),
    };

    return cmocka_run_group_tests(tests, rig_find_qemus, rig_free_qemus);
}
