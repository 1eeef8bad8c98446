// SPDX-License-Identifier: GPL-2.0-or-later
#include "end.h"

#include "method.h"
#include "pages_twice.h"
#include "receiver.h"
#include "sender.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define ARGUMENTS 8
/* Beside its RAM, a machine with devices has some MiB of ROMs and video memory. */
#define OTHER_RAM_MAX (256ull << 20)

/* Loopback, on a port that is free. */
#define LISTEN_AT "tcp:127.0.0.1:0"

/* --- the reference --- */

static void take_result(struct mfd_end *end, int error, bool completed,
                        const struct mfd_failure *failure)
{
    bool silent = !error && !completed && !failure->is_rule && failure->error == ETIMEDOUT;

    end->state = silent ? MFD_END_SILENT : error || !completed ? MFD_END_FAILED : MFD_END_COMPLETED;
    if (error) {
        snprintf(end->error, sizeof(end->error), "the reference: %s", strerror(error));
    } else if (!completed) {
        mfd_failure_text(failure, end->error, sizeof(end->error));
    }
}

static void *receive(void *arg)
{
    struct mfd_end *end = arg;
    struct mfd_receiver_config config =
        mfd_receiver_defaults(mfd_interop_from_rev(end->cell), &end->guest);
    struct mfd_receiver_result result;
    int error = 0;

    config.sync = mfd_interop_sync(end->cell);
    config.method = end->cell->method;
    config.channels = end->cell->channels;
    config.machine = mfd_interop_machine_type(end->cell);
    config.skip_devices = end->cell->machine == MFD_INTEROP_PC;
    config.stall_ms = (unsigned)(end->guard * 1000);
    config.cancel_fd = end->cancel_fd;
    error = mfd_receiver_run(&config, end->fd, &result);
    take_result(end, error, result.completed, &result.failure);
    return NULL;
}

static void *transmit(void *arg)
{
    struct mfd_end *end = arg;
    struct mfd_sender_config config =
        mfd_sender_defaults(mfd_interop_to_rev(end->cell), &end->guest);
    struct mfd_sender_result result = {.completed = false};
    int fds[MFD_CHANNELS_MAX + 1];
    unsigned count = 0;
    int error = 0;

    config.sync = mfd_interop_sync(end->cell);
    config.zero = end->cell->zero;
    config.method = end->cell->method;
    config.channels = end->cell->channels;
    config.passes = 2;
    config.stall_ms = (unsigned)(end->guard * 1000);
    config.fds = fds;
    while (!error && count <= config.channels) {
        error = mfd_net_connect(end->address, (int)config.stall_ms, &fds[count]);
        count += !error;
    }
    error = error ? error : mfd_sender_run(&config, &result);
    take_result(end, error, result.completed, &result.failure);
    for (unsigned i = 0; i < count; i++) {
        close(fds[i]);
    }
    return NULL;
}

static bool start_thread(struct mfd_end *end, void *(*run)(void *arg))
{
    int error = pthread_create(&end->thread, NULL, run, end);

    end->threaded = !error;
    if (error) {
        snprintf(end->error, sizeof(end->error), "thread: %s", strerror(error));
    }
    return !error;
}

/* The one block, and of a machine with devices whatever else it has. */
static int make_guest(struct mfd_end *end)
{
    struct mfd_guest_block block = {end->block, end->ram, end->ram, false};
    int error = 0;

    mfd_guest_init(&end->guest);
    error = mfd_guest_add_file(&end->guest, &block, end->ram_file,
                               end->incoming ? MFD_GUEST_WRITE : MFD_GUEST_READ);
    if (!error && end->incoming && mfd_interop_from_rev(end->cell) < MFD_REV_8_0) {
        mfd_expect_pages_twice(end->guest.maps[0].base, (size_t)end->ram);
    }
    if (end->cell->machine == MFD_INTEROP_PC) {
        end->guest.dir = end->dir;
        end->guest.dir_left = OTHER_RAM_MAX;
    }
    return error;
}

static bool start_reference(struct mfd_end *end)
{
    int error = make_guest(end);

    end->cancel_fd = eventfd(0, EFD_CLOEXEC);
    end->fd = -1;
    if (!error && end->incoming) {
        error = mfd_net_listen(LISTEN_AT, (int)end->cell->channels + 1, &end->fd, end->address);
    }
    if (error || end->cancel_fd < 0) {
        snprintf(end->error, sizeof(end->error), "the reference: %s",
                 strerror(error ? error : errno));
        return false;
    }
    return !end->incoming || start_thread(end, receive);
}

static void join(struct mfd_end *end)
{
    if (end->threaded) {
        pthread_join(end->thread, NULL);
        end->threaded = false;
    }
}

static void stop_reference(struct mfd_end *end)
{
    uint64_t one = 1;

    if (end->cancel_fd >= 0 && end->threaded && write(end->cancel_fd, &one, sizeof(one)) < 0) {
        snprintf(end->error, sizeof(end->error), "cancelling: %s", strerror(errno));
    }
    join(end);
    mfd_guest_free(&end->guest);
    if (end->cancel_fd >= 0) {
        close(end->cancel_fd);
    }
    if (end->fd >= 0) {
        close(end->fd);
    }
    end->cancel_fd = end->fd = -1;
}

/* --- QEMU --- */

static void add_global(const char **list, size_t *count, const char *property)
{
    list[(*count)++] = "-global";
    list[(*count)++] = property;
}

/* Where zero pages travel is a choice from 9.0 on. */
static bool set_zero(struct mfd_end *end)
{
    static const char *const names[] = {
        [MFD_ZERO_MAIN] = "legacy", [MFD_ZERO_PACKET] = "multifd", [MFD_ZERO_NONE] = "none"};

    return end->cell->from->rev < MFD_REV_9_0 ||
           mfd_vm_command(&end->vm, "migrate-set-parameters",
                          json_pack("{s:s}", "zero-page-detection", names[end->cell->zero]), NULL);
}

static bool start_qemu(struct mfd_end *end)
{
    const struct mfd_interop_cell *cell = end->cell;
    unsigned flush = end->incoming ? MFD_SET_FLUSH_TO : MFD_SET_FLUSH_FROM;
    const char *more[ARGUMENTS + 1] = {NULL};
    size_t count = 0;
    struct mfd_vm_setup setup = {
        .program = end->incoming ? cell->to->program : cell->from->program,
        .machine = mfd_interop_machine_type(cell),
        .ram_name = end->block,
        .ram_file = end->ram_file,
        .ram_size = end->ram,
        .more = more,
        .incoming = end->incoming,
        .paused = end->incoming || cell->machine == MFD_INTEROP_NONE,
        .dir = end->dir,
        .guard = end->guard,
    };
    bool started = false;
    bool configured = false;
    bool good = false;

    if (cell->machine == MFD_INTEROP_PC) {
        more[count++] = "-vga";
        more[count++] = "std";
    }
    if (cell->settings & flush) {
        add_global(more, &count, "migration.multifd-flush-after-each-section=on");
    }
    if (!end->incoming && cell->settings & MFD_SET_NO_SWITCHOVER) {
        add_global(more, &count, "migration.send-switchover-start=off");
    }
    started = mfd_vm_start(&end->vm, &setup);
    configured =
        started && mfd_vm_multifd(&end->vm, cell->channels, mfd_method_info(cell->method)->name);
    good = configured &&
           (end->incoming ? mfd_vm_incoming(&end->vm, LISTEN_AT) &&
                                mfd_vm_reached_at(&end->vm, end->address, sizeof(end->address))
                          : set_zero(end));
    if (!good) {
        snprintf(end->error, sizeof(end->error), "%s: %.900s", setup.program, end->vm.error);
    }
    end->unsupported = started && !configured && cell->method && !end->vm.qmp.lost;
    return good;
}

static void wait_for_qemu(struct mfd_end *end)
{
    const struct mfd_process *process = &end->vm.process;
    enum mfd_vm_end how = mfd_vm_wait(&end->vm, end->guard);

    end->state = how == MFD_VM_COMPLETED ? MFD_END_COMPLETED
                 : how == MFD_VM_SILENT  ? MFD_END_SILENT
                                         : MFD_END_FAILED;
    if (how == MFD_VM_EXITED && process->signal) {
        snprintf(end->status, sizeof(end->status), "signal %d", process->signal);
    } else if (how == MFD_VM_EXITED) {
        snprintf(end->status, sizeof(end->status), "exited %d", process->exit_code);
    }
    if (how != MFD_VM_COMPLETED) {
        snprintf(end->error, sizeof(end->error), "%.1000s", end->vm.error);
    }
}

/* --- either --- */

static bool is_reference(const struct mfd_end *end)
{
    return !(end->incoming ? end->cell->to : end->cell->from)->program;
}

bool mfd_end_start(struct mfd_end *end)
{
    end->started = true;
    end->vm.qmp_fd = -1;
    return is_reference(end) ? start_reference(end) : start_qemu(end);
}

bool mfd_end_begin(struct mfd_end *end, const char *address)
{
    snprintf(end->address, sizeof(end->address), "%s", address);
    if (is_reference(end)) {
        return start_thread(end, transmit);
    }
    if (!mfd_vm_migrate(&end->vm, end->address)) {
        snprintf(end->error, sizeof(end->error), "%.1000s", end->vm.error);
        return false;
    }
    return true;
}

void mfd_end_wait(struct mfd_end *end)
{
    static const char *const names[] = {"", "completed", "failed", "silent"};

    if (is_reference(end)) {
        join(end);
    } else {
        wait_for_qemu(end);
    }
    if (!*end->status) {
        snprintf(end->status, sizeof(end->status), "%s", names[end->state]);
    }
}

void mfd_end_stop(struct mfd_end *end)
{
    if (!end->started) {
        return;
    }
    end->started = false;
    if (is_reference(end)) {
        stop_reference(end);
    } else {
        mfd_vm_stop(&end->vm);
    }
}
