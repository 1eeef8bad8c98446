// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A real QEMU as a sender under test: a machine without devices that runs, driven by QMP, RAM in a shared file.
 */
#include "source.h"

#include "method.h"
#include "qemu_vm.h"
#include "stage2017.h"
#include "tls_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARGUMENTS 12

/* More than any scenario's memory can use up: the limit on bandwidth is not what is tested. */
#define BANDWIDTH (1ll << 40)

struct source {
    struct mfd_vm vm;
    enum mfd_source_state state;
};

static struct mfd_vm *vm_of(struct mfd_live *live)
{
    return &((struct source *)live->own)->vm;
}

static void tell(struct mfd_live *live, char *error)
{
    snprintf(error, MFD_PEER_ERROR_SIZE, "%s: %.900s", live->peer->path, vm_of(live)->error);
}

/* What the migration is to be like. */
static bool configure(struct mfd_vm *vm, const struct mfd_plan *plan)
{
    static const char *const zeros[] = {
        [MFD_ZERO_MAIN] = "legacy", [MFD_ZERO_PACKET] = "multifd", [MFD_ZERO_NONE] = "none"};
    json_t *parameters = json_pack("{s:I}", "max-bandwidth", (json_int_t)BANDWIDTH);

    if (plan->tls) {
        json_object_set_new(parameters, "tls-creds", json_string("tls0"));
        json_object_set_new(parameters, "tls-hostname", json_string(MFD_TLS_KEYS_HOST));
    }
    if (plan->speak >= MFD_REV_9_0) {
        json_object_set_new(parameters, "zero-page-detection", json_string(zeros[plan->zero]));
    }
    return mfd_vm_command(vm, "migrate-set-parameters", parameters, NULL);
}

static enum mfd_start qemu_start(const struct mfd_peer *peer, const struct mfd_plan *plan,
                                 struct mfd_live *live, char *error)
{
    struct source *source = NULL;
    const char *lack = mfd_qemu_lacks(peer, plan);
    const char *more[ARGUMENTS + 1] = {NULL};
    char uuid[MFD_UUID_TEXT_SIZE + 1];
    char creds[256];
    size_t count = 0;
    struct mfd_vm_setup setup = {.program = peer->path,
                                 .wrap = peer->wrap,
                                 .machine = peer->machine,
                                 .more = more,
                                 .dir = live->dir,
                                 .guard = peer->guard};

    if (lack) {
        snprintf(error, MFD_PEER_ERROR_SIZE, "%s", lack);
        return MFD_START_UNSUPPORTED;
    }
    setup.ram_name = plan->blocks[0].wire_name;
    setup.ram_file = live->blocks[0].path;
    setup.ram_size = plan->blocks[0].size;
    more[count++] = "-name"; /* threads that are left behind can be told by their names */
    more[count++] = "debug-threads=on";
    if (plan->uuid_set) {
        mfd_uuid_text(plan->uuid, uuid);
        more[count++] = "-uuid";
        more[count++] = uuid;
    }
    if (plan->tls) {
        snprintf(creds, sizeof(creds), "tls-creds-%s,id=tls0,endpoint=client,dir=%s",
                 plan->tls == MFD_TLS_PSK ? "psk" : "x509", live->keys);
        more[count++] = "-object";
        more[count++] = creds;
    }
    if (plan->sync == MFD_SYNC_SECTION && peer->rev >= MFD_REV_8_1) {
        more[count++] = "-global";
        more[count++] = "migration.multifd-flush-after-each-section=on";
    }
    source = calloc(1, sizeof(*source));
    if (!source) {
        snprintf(error, MFD_PEER_ERROR_SIZE, "out of memory");
        return MFD_START_FAILED;
    }
    live->own = source;
    if (!mfd_vm_start(&source->vm, &setup)) {
        live->process = source->vm.process;
        tell(live, error);
        return MFD_START_FAILED;
    }
    live->process = source->vm.process;
    if (!mfd_vm_multifd(&source->vm, plan->channels, mfd_method_info(plan->method)->name)) {
        tell(live, error);
        /* what methods there are is decided when QEMU is built */
        return plan->method && !source->vm.qmp.lost ? MFD_START_UNSUPPORTED : MFD_START_FAILED;
    }
    if (!configure(&source->vm, plan)) {
        tell(live, error);
        return MFD_START_FAILED;
    }
    return MFD_STARTED;
}

/* NULL if there is no answer; one that has closed its control channel is about to end, which is waited for. */
static json_t *ask_status(struct mfd_live *live)
{
    json_t *answer = NULL;

    if (!mfd_vm_command(vm_of(live), "query-status", NULL, &answer) && vm_of(live)->qmp.lost) {
        mfd_process_wait(&live->process, live->peer->guard);
    }
    return answer;
}

static bool qemu_begin(struct mfd_live *live, const struct mfd_plan *plan, const char *address,
                       char *error)
{
    struct source *source = live->own;
    double end = mfd_now() + live->peer->guard;
    bool good = false;

    (void)plan;
    source->vm.status[0] = '\0';
    source->state = MFD_SOURCE_BUSY;
    /* one that has failed is cleaned up behind its last event: till then another is refused */
    while (!(good = mfd_vm_migrate(&source->vm, address)) && !source->vm.qmp.lost &&
           mfd_now() < end) {
        usleep(2000);
    }
    if (!good) {
        tell(live, error);
        json_decref(ask_status(live));
    }
    return good;
}

static void qemu_cancel(struct mfd_live *live)
{
    mfd_qmp_send(&vm_of(live)->qmp, "migrate_cancel", NULL);
}

static enum mfd_source_state state_of(const char *status)
{
    if (status && strcmp(status, "completed") == 0) {
        return MFD_SOURCE_COMPLETED;
    }
    return status && (strcmp(status, "failed") == 0 || strcmp(status, "cancelled") == 0)
               ? MFD_SOURCE_FAILED
               : MFD_SOURCE_BUSY;
}

/* An event may be a late one of the migration before: what counts is the answer to a question. */
static enum mfd_source_state ask(struct source *source)
{
    json_t *answer = NULL;
    enum mfd_source_state state = MFD_SOURCE_BUSY;

    if (mfd_vm_command(&source->vm, "query-migrate", NULL, &answer)) {
        state = state_of(json_string_value(json_object_get(answer, "status")));
    }
    json_decref(answer);
    return state;
}

static enum mfd_source_state qemu_state(struct mfd_live *live)
{
    struct source *source = live->own;
    json_t *event = NULL;

    while (source->state == MFD_SOURCE_BUSY &&
           (event = mfd_qmp_event(&source->vm.qmp, "MIGRATION", 0))) {
        const char *status =
            json_string_value(json_object_get(json_object_get(event, "data"), "status"));

        if (state_of(status) != MFD_SOURCE_BUSY) {
            source->state = ask(source);
        }
        json_decref(event);
    }
    if (source->state == MFD_SOURCE_BUSY && source->vm.qmp.lost &&
        mfd_process_wait(&live->process, live->peer->guard)) {
        source->state = MFD_SOURCE_ENDED;
    }
    return source->state;
}

static int qemu_watch(struct mfd_live *live)
{
    return vm_of(live)->qmp_fd;
}

static bool qemu_answers(struct mfd_live *live)
{
    json_t *answer = ask_status(live);
    bool good = answer != NULL;

    json_decref(answer);
    return good;
}

static bool qemu_runs(struct mfd_live *live)
{
    json_t *answer = ask_status(live);
    bool runs = json_is_true(json_object_get(answer, "running"));

    json_decref(answer);
    return runs;
}

static bool qemu_counters(struct mfd_live *live, struct mfd_source_counters *counters)
{
    json_t *answer = NULL;
    json_int_t bytes = 0;
    json_int_t normal = 0;
    json_int_t duplicate = 0;
    bool good = mfd_vm_command(vm_of(live), "query-migrate", NULL, &answer) &&
                json_unpack(answer, "{s:{s:I, s:I, s:I}}", "ram", "multifd-bytes", &bytes, "normal",
                            &normal, "duplicate", &duplicate) == 0;

    json_decref(answer);
    *counters =
        (struct mfd_source_counters){(uint64_t)bytes, (uint64_t)normal, (uint64_t)duplicate};
    return good;
}

static void qemu_release(struct mfd_live *live)
{
    struct source *source = live->own;

    source->vm.process = live->process; /* which may have been reaped meanwhile */
    mfd_vm_stop(&source->vm);
    free(source);
}

const struct mfd_source_kind mfd_source_qemu = {
    .start = qemu_start,
    .begin = qemu_begin,
    .cancel = qemu_cancel,
    .state = qemu_state,
    .watch = qemu_watch,
    .answers = qemu_answers,
    .runs = qemu_runs,
    .counters = qemu_counters,
    .release = qemu_release,
    .stays = true,
};
