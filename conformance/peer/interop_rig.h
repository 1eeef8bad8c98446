// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For tests: a complete migration between the reference and one of the QEMUs that CI has, 7.2 from PATH and
 * trixie's 10.0. Both ends have their RAM in a file.
 *
 *     struct rig *rig = rig_new(&cell, true);
 *     rig_send(rig);
 *     rig_must_complete(rig);
 *     rig_compare(rig);
 *     rig_free(rig);
 *
 * Whatever goes wrong without being asked for fails the test at hand, by the words of the end that it concerns.
 */
#ifndef MFD_INTEROP_RIG_H
#define MFD_INTEROP_RIG_H

#include "net.h"
#include "qemu_vm.h"
#include "receiver.h"
#include "sender.h"

#define RIG_MIB (1ull << 20)
#define RIG_GUARD 300.0 /* seconds; what waits for so long is broken, however busy the machine */

struct rig_qemu {
    const char *name; /* for mfd_qemu_find() */
    char *program;
    char *pc; /* its newest machine type with devices */
    enum mfd_rev rev;
};

#define RIG_QEMUS 2
extern struct rig_qemu rig_qemus[RIG_QEMUS];

/* Set-up and teardown of a group of tests. */
int rig_find_qemus(void **state);
int rig_free_qemus(void **state);

/* What a migration is like. */
struct rig_cell {
    const struct rig_qemu *qemu;
    const char *machine; /* "none", or qemu->pc */
    uint32_t method;
    unsigned channels;
    uint64_t ram;
    enum mfd_sync sync;
    enum mfd_zero zero;
    bool tcp;
    bool return_path;
    enum mfd_tls tls;
    const char *host;  /* TLS: that the sender expects */
    bool foreign;      /* TLS: the reference has keys that QEMU does not know */
    unsigned stall_ms; /* of a receiver; 0: RIG_GUARD */
};

/* -machine none, 8 MiB, two channels, and what is usual for the release. */
struct rig_cell rig_usual(const struct rig_qemu *qemu);

struct rig {
    const struct rig_cell *cell;
    char dir[80];
    char ours[120]; /* RAM files */
    char theirs[120];
    char keys[2][120]; /* folders: of both ends, and foreign ones */
    char address[MFD_ADDRESS_MAX];
    struct mfd_guest guest;
    struct mfd_tls_creds *creds;
    struct mfd_vm vm;
    bool incoming; /* of QEMU */
    int listen_fd;
    uint64_t points; /* sync points that a receiver told of while it ran */
    int receiver_error;
    /* that of the reference's role */
    struct mfd_receiver_result received;
    struct mfd_sender_result sent;
};

/* QEMU is started, as destination (`incoming`) or source; the cell must outlive the rig. */
struct rig *rig_new(const struct rig_cell *cell, bool incoming);
/* Fails the test by the words of QEMU if not `good`. */
void rig_must(const struct rig *rig, bool good);
/* The reference sends, or receives, to the end; rig->sent or rig->received tells how that was. */
void rig_send(struct rig *rig);
void rig_receive(struct rig *rig);
/* Both ends must say that the migration completed. */
void rig_must_complete(struct rig *rig);
/* Ends QEMU: memory must be equal. */
void rig_compare(struct rig *rig);
void rig_free(struct rig *rig);

#endif
