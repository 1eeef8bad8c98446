// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu_vm.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ARGUMENTS_MAX 64

__attribute__((format(printf, 2, 3))) static bool fail(struct mfd_vm *vm, const char *format, ...)
{
    char *output = mfd_process_output(&vm->process);
    va_list list;
    size_t used = 0;

    va_start(list, format);
    vsnprintf(vm->error, sizeof(vm->error), format, list);
    va_end(list);
    used = strlen(vm->error);
    if (output) {
        snprintf(vm->error + used, sizeof(vm->error) - used, ": %s", output);
    }
    free(output);
    return false;
}

/* In the child. */
__attribute__((noreturn)) static void run(const struct mfd_process *process,
                                          const struct mfd_vm_setup *setup, int qmp_fd)
{
    const char *list[ARGUMENTS_MAX + 1];
    char machine[256];
    char object[512];
    char size[32];
    size_t count = 0;
    char wrap[512];
    char *rest = wrap;

    snprintf(wrap, sizeof(wrap), "%s", setup->wrap ? setup->wrap : "");
    for (char *word = NULL; count < ARGUMENTS_MAX / 2 && (word = strsep(&rest, " "));) {
        if (*word) {
            list[count++] = word;
        }
    }
    snprintf(machine, sizeof(machine), "%s,memory-backend=%s", setup->machine, setup->ram_name);
    snprintf(object, sizeof(object),
             "memory-backend-file,id=%s,size=%" PRIu64 ",mem-path=%s,share=on", setup->ram_name,
             setup->ram_size, setup->ram_file);
    snprintf(size, sizeof(size), "%" PRIu64 "B", setup->ram_size);
    {
        const char *const usual[] = {
            setup->program, "-machine",        machine,    "-object", object, "-m",   size,
            "-nodefaults",  "-no-user-config", "-display", "none",    "-qmp", "stdio"};

        for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
            list[count++] = usual[i];
        }
    }
    if (setup->paused) {
        list[count++] = "-S";
    }
    if (setup->incoming) {
        list[count++] = "-incoming";
        list[count++] = "defer";
    }
    for (size_t i = 0; setup->more && setup->more[i] && count < ARGUMENTS_MAX; i++) {
        list[count++] = setup->more[i];
    }
    list[count] = NULL;
    dup2(qmp_fd, STDIN_FILENO);
    dup2(qmp_fd, STDOUT_FILENO);
    mfd_process_exec(process, (char *const *)list);
}

static bool greet(struct mfd_vm *vm)
{
    json_t *greeting = mfd_qmp_greeting(&vm->qmp, vm->guard);
    const char *package = "";
    int part[3] = {0};
    bool known = false;

    if (!greeting) {
        mfd_process_wait(&vm->process, vm->qmp.lost ? vm->guard : 0);
        return fail(vm, "QEMU %s", vm->process.ended ? "ended at once" : "does not answer on QMP");
    }
    known =
        json_unpack(greeting, "{s:{s:{s:{s:i, s:i, s:i}, s:s}}}", "QMP", "version", "qemu", "major",
                    &part[0], "minor", &part[1], "micro", &part[2], "package", &package) == 0;
    snprintf(vm->version, sizeof(vm->version), "%d.%d.%d", part[0], part[1], part[2]);
    snprintf(vm->package, sizeof(vm->package), "%s", package);
    json_decref(greeting);
    return known || fail(vm, "the QMP greeting names no version");
}

bool mfd_vm_start(struct mfd_vm *vm, const struct mfd_vm_setup *setup)
{
    int pair[2];
    pid_t pid = 0;

    *vm = (struct mfd_vm){.qmp_fd = -1, .guard = setup->guard};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return fail(vm, "QMP socket: %s", strerror(errno));
    }
    pid = mfd_process_fork(&vm->process, setup->dir);
    if (pid == 0) {
        run(&vm->process, setup, pair[1]);
    }
    close(pair[1]);
    vm->qmp_fd = pair[0];
    if (!mfd_qmp_open(&vm->qmp, vm->qmp_fd)) {
        return fail(vm, "out of memory");
    }
    if (pid < 0) {
        return fail(vm, "cannot start %s: %s", setup->program, strerror(errno));
    }
    return greet(vm) && mfd_vm_command(vm, "qmp_capabilities", NULL, NULL) &&
           mfd_vm_capability(vm, "events", true);
}

void mfd_vm_stop(struct mfd_vm *vm)
{
    if (vm->qmp_fd < 0) {
        return;
    }
    mfd_process_kill(&vm->process);
    mfd_qmp_close(&vm->qmp);
    close(vm->qmp_fd);
    vm->qmp_fd = -1;
}

bool mfd_vm_command(struct mfd_vm *vm, const char *command, json_t *arguments, json_t **result)
{
    unsigned id = mfd_qmp_send(&vm->qmp, command, arguments);
    json_t *reply = mfd_qmp_reply(&vm->qmp, id, vm->guard);
    json_t *value = json_object_get(reply, "return");
    bool good = value != NULL;

    if (!good) {
        const char *why =
            json_string_value(json_object_get(json_object_get(reply, "error"), "desc"));

        fail(vm, "%s: %s", command, why ? why : "no reply");
    } else if (result) {
        *result = json_incref(value);
    }
    json_decref(reply);
    return good;
}

bool mfd_vm_capability(struct mfd_vm *vm, const char *capability, bool on)
{
    return mfd_vm_command(
        vm, "migrate-set-capabilities",
        json_pack("{s:[{s:s, s:b}]}", "capabilities", "capability", capability, "state", on), NULL);
}

bool mfd_vm_multifd(struct mfd_vm *vm, unsigned channels, const char *method)
{
    return mfd_vm_capability(vm, "multifd", true) &&
           mfd_vm_command(vm, "migrate-set-parameters",
                          json_pack("{s:i, s:s}", "multifd-channels", (int)channels,
                                    "multifd-compression", method),
                          NULL);
}

bool mfd_vm_incoming(struct mfd_vm *vm, const char *uri)
{
    return mfd_vm_command(vm, "migrate-incoming", json_pack("{s:s}", "uri", uri), NULL);
}

bool mfd_vm_reached_at(struct mfd_vm *vm, char *uri, size_t size)
{
    json_t *answer = NULL;
    const char *host = NULL;
    const char *port = NULL;
    bool good = mfd_vm_command(vm, "query-migrate", NULL, &answer);

    if (good && json_unpack(answer, "{s:[{s:s, s:s}]}", "socket-address", "host", &host, "port",
                            &port) != 0) {
        good = fail(vm, "query-migrate names no TCP address");
    } else if (good) {
        snprintf(uri, size, "tcp:%s:%s", host, port);
    }
    json_decref(answer);
    return good;
}

bool mfd_vm_migrate(struct mfd_vm *vm, const char *uri)
{
    return mfd_vm_command(vm, "migrate", json_pack("{s:s}", "uri", uri), NULL);
}

/* The reason of a failed migration, where QEMU tells it. */
static void ask_reason(struct mfd_vm *vm)
{
    json_t *answer = NULL;
    const char *why = NULL;

    if (mfd_vm_command(vm, "query-migrate", NULL, &answer)) {
        why = json_string_value(json_object_get(answer, "error-desc"));
        fail(vm, "the migration has failed%s%s", why ? ": " : "", why ? why : "");
    }
    json_decref(answer);
}

static enum mfd_vm_end lost(struct mfd_vm *vm)
{
    const struct mfd_process *process = &vm->process;

    if (!mfd_process_wait(&vm->process, vm->guard)) {
        fail(vm, "QEMU has closed QMP, but does not end");
        return MFD_VM_SILENT;
    }
    if (process->signal) {
        fail(vm, "QEMU was ended by signal %d", process->signal);
    } else {
        fail(vm, "QEMU has ended with status %d", process->exit_code);
    }
    return MFD_VM_EXITED;
}

enum mfd_vm_end mfd_vm_wait(struct mfd_vm *vm, double seconds)
{
    double end = mfd_now() + seconds;
    json_t *event = NULL;

    while ((event = mfd_qmp_event(&vm->qmp, "MIGRATION", end - mfd_now()))) {
        const char *status =
            json_string_value(json_object_get(json_object_get(event, "data"), "status"));

        snprintf(vm->status, sizeof(vm->status), "%s", status ? status : "");
        json_decref(event);
        if (strcmp(vm->status, "completed") == 0) {
            return MFD_VM_COMPLETED;
        }
        if (strcmp(vm->status, "failed") == 0) {
            ask_reason(vm);
            return MFD_VM_FAILED;
        }
    }
    if (vm->qmp.lost) {
        return lost(vm);
    }
    fail(vm, "no end of the migration; its status was last '%s'", vm->status);
    return MFD_VM_SILENT;
}
