// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A real QEMU as one end of a complete migration: source or destination.
 *
 *     struct mfd_vm vm;
 *     good = mfd_vm_start(&vm, &setup) && mfd_vm_multifd(&vm, 2, "zstd") &&
 *            mfd_vm_incoming(&vm, "unix:/dir/socket");
 *     ... the other end sends ...
 *     end = mfd_vm_wait(&vm, 30);
 *     mfd_vm_stop(&vm);
 *     ... now the RAM file stands still and can be compared (ram_file.h) ...
 *
 * The guest's RAM is a shared file. A guest that runs goes on changing it, so compare only after
 * mfd_vm_stop(): a source stands still once it has completed, a destination runs from then on unless it
 * was started `paused`.
 *
 * Functions return false with a sentence in vm->error, which has QEMU's own words in it. After a failure
 * only mfd_vm_stop() makes sense. The process ends with the thread that started it.
 */
#ifndef MFD_QEMU_VM_H
#define MFD_QEMU_VM_H

#include "process.h"
#include "qmp.h"

#include <stdbool.h>
#include <stdint.h>

#define MFD_VM_ERROR_SIZE 2560

struct mfd_vm_setup {
    const char *program;     /* path, or the name of a program on PATH; see qemu_find.h */
    const char *wrap;        /* command line to run it under, or NULL */
    const char *machine;     /* "none", "pc-i440fx-7.2" */
    const char *ram_name;    /* of the RAM block on the wire, such as "mem0" */
    const char *ram_file;    /* of ram_size bytes, as mfd_ram_fill() makes it */
    uint64_t ram_size;       /* a multiple of 8 KiB */
    const char *const *more; /* further arguments, NULL terminated; or NULL */
    bool incoming;
    bool paused;     /* starts with -S */
    const char *dir; /* folder of its own for what it prints */
    double guard;    /* seconds that one command may take */
};

struct mfd_vm {
    struct mfd_process process;
    struct mfd_qmp qmp;
    int qmp_fd; /* -1: not started */
    double guard;
    char version[48]; /* "7.2.22" */
    char package[64]; /* distributor's version, or "" */
    char status[32];  /* of the migration, as it was told last; "" so far none */
    char error[MFD_VM_ERROR_SIZE];
};

/* How a migration ended at one end. */
enum mfd_vm_end {
    MFD_VM_COMPLETED,
    MFD_VM_FAILED, /* it says so, and lives */
    MFD_VM_EXITED, /* the process has ended; vm->process tells how */
    MFD_VM_SILENT, /* neither within the time given */
};

/* Starts it, reads its version, and turns on the events that mfd_vm_wait() needs. */
bool mfd_vm_start(struct mfd_vm *vm, const struct mfd_vm_setup *setup);
/* Ends the process and frees what belongs to it; also after a failed start, and twice. */
void mfd_vm_stop(struct mfd_vm *vm);

/*
 * Runs a command of QMP, which must succeed; takes the reference to `arguments`. The value returned goes
 * to `*result`, owned by the caller, unless that is NULL.
 */
bool mfd_vm_command(struct mfd_vm *vm, const char *command, json_t *arguments, json_t **result);
/* Turns a migration capability on or off. */
bool mfd_vm_capability(struct mfd_vm *vm, const char *capability, bool on);
/* The usual: capability multifd, number of channels, and method by its QEMU name ("none", "zlib"). */
bool mfd_vm_multifd(struct mfd_vm *vm, unsigned channels, const char *method);

/* Begins to listen, or to send. `uri` is "unix:PATH", "tcp:HOST:PORT" (to listen, 0 is any), "file:PATH". */
bool mfd_vm_incoming(struct mfd_vm *vm, const char *uri);
/* Where one that listens on "tcp:127.0.0.1:0" can be reached, cut to `size`. */
bool mfd_vm_reached_at(struct mfd_vm *vm, char *uri, size_t size);
bool mfd_vm_migrate(struct mfd_vm *vm, const char *uri);

/* Waits for the end of the migration; vm->error has the reason for any but COMPLETED. */
enum mfd_vm_end mfd_vm_wait(struct mfd_vm *vm, double seconds);

#endif
