// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A real QEMU as receiver: a machine without devices, driven by QMP, RAM in a shared file.
 */
#include "peer.h"

#include "image.h"
#include "method.h"
#include "qmp.h"
#include "source.h"
#include "stage2017.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* The block of `-machine pc` that a source may resize. */
#define RESIZABLE_BLOCK "/rom@etc/acpi/tables"
#define ARGS_MAX 48
#define ARG_SIZE 512

struct qemu {
    struct mfd_qmp qmp;
    int qmp_fd;
    unsigned alive_id; /* of a query-status still unanswered */
};

/* An argument vector with room for its own text. */
struct arguments {
    char text[ARGS_MAX][ARG_SIZE];
    char *list[ARGS_MAX + 1];
    size_t count;
};

__attribute__((format(printf, 2, 3))) static void add(struct arguments *args, const char *format,
                                                      ...)
{
    va_list list;

    if (args->count == ARGS_MAX) {
        return; /* far above what is ever added */
    }
    va_start(list, format);
    vsnprintf(args->text[args->count], ARG_SIZE, format, list);
    va_end(list);
    args->list[args->count] = args->text[args->count];
    args->list[++args->count] = NULL;
}

static void add_words(struct arguments *args, const char *line)
{
    char copy[ARG_SIZE * 2];
    char *rest = copy;
    char *word = NULL;

    snprintf(copy, sizeof(copy), "%s", line);
    while ((word = strsep(&rest, " "))) {
        if (*word) {
            add(args, "%s", word);
        }
    }
}

/* The end of the process's own words behind a message of ours. */
static void append_output(const struct mfd_process *process, char *error)
{
    char *output = mfd_process_output(process);
    size_t used = strlen(error);

    snprintf(error + used, MFD_PEER_ERROR_SIZE - used, "%s%s", output ? ": " : "",
             output ? output : "");
    free(output);
}

/* Starts the binary with QMP on a socket pair; false with `error`. */
static bool launch(const struct mfd_peer *peer, struct arguments *args, struct mfd_live *live,
                   char *error)
{
    struct qemu *qemu = calloc(1, sizeof(*qemu));
    int pair[2];
    pid_t pid = 0;

    if (!qemu || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        snprintf(error, MFD_PEER_ERROR_SIZE, "QMP socket: %s", strerror(errno));
        free(qemu);
        return false;
    }
    live->own = qemu;
    qemu->qmp_fd = pair[0];
    pid = mfd_process_fork(&live->process, live->dir);
    if (pid == 0) {
        dup2(pair[1], STDIN_FILENO);
        dup2(pair[1], STDOUT_FILENO);
        mfd_process_exec(&live->process, args->list);
    }
    close(pair[1]);
    if (pid < 0 || !mfd_qmp_open(&qemu->qmp, qemu->qmp_fd)) {
        snprintf(error, MFD_PEER_ERROR_SIZE, "cannot start %s: %s", peer->path, strerror(errno));
        return false;
    }
    return true;
}

/* Waits for the greeting, or says why there is none. */
static json_t *greet(const struct mfd_peer *peer, struct mfd_live *live, char *error)
{
    struct qemu *qemu = live->own;
    json_t *greeting = mfd_qmp_greeting(&qemu->qmp, peer->guard);

    if (!greeting) {
        /* a process that has closed QMP is about to end: let it finish its words */
        mfd_process_wait(&live->process, qemu->qmp.lost ? peer->guard : 0);
        snprintf(error, MFD_PEER_ERROR_SIZE, "%s %s", peer->path,
                 live->process.ended ? "ended before it answered" : "does not answer on QMP");
        append_output(&live->process, error);
    }
    return greeting;
}

/* Sends a command and takes its reply; false with `error` where it is refused. */
static bool replied(struct mfd_live *live, unsigned id, const char *command, char *error)
{
    struct qemu *qemu = live->own;
    json_t *reply = mfd_qmp_reply(&qemu->qmp, id, live->peer->guard);
    const char *refusal =
        json_string_value(json_object_get(json_object_get(reply, "error"), "desc"));
    bool good = json_object_get(reply, "return") != NULL;

    if (!good) {
        snprintf(error, MFD_PEER_ERROR_SIZE, "%s %s: %s", live->peer->path, command,
                 refusal ? refusal : "no reply");
        append_output(&live->process, error);
    }
    json_decref(reply);
    return good;
}

const char *mfd_qemu_lacks(const struct mfd_peer *peer, const struct mfd_plan *plan)
{
    bool main_block = false;

    if (plan->device_count) {
        return "only real hardware has state in packets of its own";
    }
    if (plan->page_size != 4096) {
        return "an x86 guest has pages of 4096 bytes";
    }
    for (size_t i = 0; i < plan->block_count; i++) {
        if (plan->blocks[i].resizable && !peer->pc_machine) {
            return "no machine type with a resizable block";
        }
        if (!plan->blocks[i].resizable && main_block) {
            return "only one RAM block of one's own";
        }
        main_block |= !plan->blocks[i].resizable;
        if (!plan->blocks[i].resizable && plan->blocks[i].size % 8192) {
            return "RAM is a multiple of 8 KiB";
        }
    }
    return main_block ? NULL : "no RAM block";
}

static void build_arguments(const struct mfd_peer *peer, const struct mfd_plan *plan,
                            struct mfd_live *live, struct arguments *args)
{
    const char *machine = peer->machine;
    size_t main_block = 0;
    char uuid[MFD_UUID_TEXT_SIZE + 1];

    for (size_t i = 0; i < plan->block_count; i++) {
        if (plan->blocks[i].resizable) {
            machine = peer->pc_machine;
        } else {
            main_block = i;
        }
    }
    if (peer->wrap) {
        add_words(args, peer->wrap);
    }
    add(args, "%s", peer->path);
    add(args, "-machine");
    add(args, "%s,memory-backend=%s", machine, plan->blocks[main_block].wire_name);
    add(args, "-object");
    add(args, "memory-backend-file,id=%s,size=%llu,mem-path=%s,share=on",
        plan->blocks[main_block].wire_name, (unsigned long long)plan->blocks[main_block].size,
        live->blocks[main_block].path);
    add(args, "-m");
    add(args, "%lluB", (unsigned long long)plan->blocks[main_block].size);
    add_words(args, "-S -nodefaults -no-user-config -display none -qmp stdio -incoming defer");
    if (plan->uuid_set) {
        mfd_uuid_text(plan->uuid, uuid);
        add(args, "-uuid");
        add(args, "%s", uuid);
    }
    if (plan->tls) {
        add(args, "-object");
        add(args, "tls-creds-%s,id=tls0,endpoint=server,dir=%s",
            plan->tls == MFD_TLS_PSK ? "psk" : "x509", live->keys);
    }
    if (plan->sync == MFD_SYNC_SECTION && peer->rev >= MFD_REV_8_1) {
        add_words(args, "-global migration.multifd-flush-after-each-section=on");
    }
}

/*
 * All commands go out at once; the replies are looked at afterwards. What methods there are is decided when
 * QEMU is built.
 */
static enum mfd_start configure(struct mfd_live *live, const struct mfd_plan *plan, char *error)
{
    struct qemu *qemu = live->own;
    char uri[200];
    unsigned ids[4];
    json_t *capabilities = json_pack("[{s:s, s:b}]", "capability", "multifd", "state", 1);

    if (plan->file) {
        mfd_image_address(plan, live->address, uri, sizeof(uri));
        json_array_append_new(capabilities,
                              json_pack("{s:s, s:b}", "capability", "mapped-ram", "state", 1));
    } else {
        snprintf(uri, sizeof(uri), "unix:%s", live->address);
    }
    ids[0] = mfd_qmp_send(&qemu->qmp, "qmp_capabilities", NULL);
    ids[1] = mfd_qmp_send(&qemu->qmp, "migrate-set-capabilities",
                          json_pack("{s:o}", "capabilities", capabilities));
    ids[2] = mfd_qmp_send(&qemu->qmp, "migrate-set-parameters",
                          json_pack("{s:i, s:s, s:s*}", "multifd-channels", (int)plan->channels,
                                    "multifd-compression", mfd_method_info(plan->method)->name,
                                    "tls-creds", plan->tls ? "tls0" : NULL));
    ids[3] = mfd_qmp_send(&qemu->qmp, "migrate-incoming", json_pack("{s:s}", "uri", uri));
    if (!replied(live, ids[0], "qmp_capabilities", error) ||
        !replied(live, ids[1], "migrate-set-capabilities", error)) {
        return MFD_START_FAILED;
    }
    if (!replied(live, ids[2], "migrate-set-parameters", error)) {
        return plan->method && !qemu->qmp.lost ? MFD_START_UNSUPPORTED : MFD_START_FAILED;
    }
    return replied(live, ids[3], "migrate-incoming", error) ? MFD_STARTED : MFD_START_FAILED;
}

/* QEMU has its own memory for a block of its machine: what is in the file says nothing. */
static void hide_blocks(const struct mfd_plan *plan, struct mfd_live *live)
{
    for (size_t i = 0; i < plan->block_count; i++) {
        if (plan->blocks[i].resizable) {
            munmap(live->blocks[i].base, live->blocks[i].size);
            live->blocks[i].base = NULL;
        }
    }
}

static enum mfd_start qemu_start(const struct mfd_peer *peer, const struct mfd_plan *plan,
                                 struct mfd_live *live, char *error)
{
    const char *lack = mfd_qemu_lacks(peer, plan);
    struct arguments args = {.count = 0};
    json_t *greeting = NULL;

    if (lack) {
        snprintf(error, MFD_PEER_ERROR_SIZE, "%s", lack);
        return MFD_START_UNSUPPORTED;
    }
    build_arguments(peer, plan, live, &args);
    hide_blocks(plan, live);
    if (!launch(peer, &args, live, error) || !(greeting = greet(peer, live, error))) {
        return MFD_START_FAILED;
    }
    json_decref(greeting);
    return configure(live, plan, error);
}

/*
 * A query-status is answered at once by a main loop that runs. Where none comes and no thread has
 * anything to do, none will come: the guard need not run out.
 */
static bool qemu_answers(struct mfd_live *live)
{
    struct qemu *qemu = live->own;
    double end = mfd_now() + live->peer->guard;

    if (!qemu->alive_id) {
        qemu->alive_id = mfd_qmp_send(&qemu->qmp, "query-status", NULL);
    }
    while (qemu->alive_id && !qemu->qmp.lost) {
        json_t *reply = mfd_qmp_reply(&qemu->qmp, qemu->alive_id, 0.02);

        if (reply) {
            json_decref(reply);
            qemu->alive_id = 0;
            return true;
        }
        if (mfd_now() > end || mfd_process_quiet(&live->process, 0.1)) {
            return false;
        }
    }
    return false;
}

static bool qemu_completed(struct mfd_live *live)
{
    struct qemu *qemu = live->own;
    unsigned id = 0;
    json_t *reply = NULL;
    const char *status = NULL;
    bool completed = false;

    if (!qemu_answers(live)) {
        return false;
    }
    id = mfd_qmp_send(&qemu->qmp, "query-migrate", NULL);
    reply = mfd_qmp_reply(&qemu->qmp, id, live->peer->guard);
    status = json_string_value(json_object_get(json_object_get(reply, "return"), "status"));
    completed = status && strcmp(status, "completed") == 0;
    json_decref(reply);
    return completed;
}

static bool qemu_refusal_code(int code)
{
    return code == 1;
}

static void qemu_release(struct mfd_live *live)
{
    struct qemu *qemu = live->own;

    mfd_qmp_close(&qemu->qmp);
    close(qemu->qmp_fd);
    free(qemu);
}

const struct mfd_peer_kind mfd_peer_qemu = {
    .name = "qemu",
    .source = &mfd_source_qemu,
    .start = qemu_start,
    .answers = qemu_answers,
    .completed = qemu_completed,
    .refusal_code = qemu_refusal_code,
    .release = qemu_release,
    .memory_live = true,
    .slow = true,
};

/* The versioned machine type behind the alias "pc"; NULL if this QEMU has none. */
static char *find_pc(json_t *machines)
{
    size_t i = 0;
    json_t *machine = NULL;

    json_array_foreach(machines, i, machine)
    {
        const char *alias = json_string_value(json_object_get(machine, "alias"));

        if (alias && strcmp(alias, "pc") == 0) {
            return strdup(json_string_value(json_object_get(machine, "name")));
        }
    }
    return NULL;
}

static bool read_version(struct mfd_peer *peer, json_t *greeting)
{
    int major = 0;
    int minor = 0;
    int micro = 0;
    const char *package = NULL;
    char version[48];

    if (json_unpack(greeting, "{s:{s:{s:{s:i, s:i, s:i}, s:s}}}", "QMP", "version", "qemu", "major",
                    &major, "minor", &minor, "micro", &micro, "package", &package) != 0) {
        return false;
    }
    snprintf(version, sizeof(version), "%d.%d.%d", major, minor, micro);
    peer->version = strdup(version);
    peer->package = strdup(package);
    peer->machine = strdup("none");
    return peer->version && peer->package && peer->machine;
}

bool mfd_qemu_probe(struct mfd_peer *peer, char *error)
{
    struct mfd_plan nothing = {.page_size = 4096};
    struct mfd_peer probe = *peer;
    struct mfd_peer_kind only_folder = mfd_peer_qemu;
    struct mfd_live live;
    struct arguments args = {.count = 0};
    json_t *greeting = NULL;
    json_t *reply = NULL;
    struct qemu *qemu = NULL;
    bool good = false;

    /* a plan without blocks is unsupported, but by then the private folder is there */
    probe.kind = &only_folder;
    if (mfd_live_start(&probe, &nothing, &live, error) == MFD_START_FAILED) {
        mfd_live_stop(&live);
        return false;
    }
    add(&args, "%s", peer->path);
    add_words(&args, "-machine none -nodefaults -no-user-config -display none -qmp stdio");
    if (launch(&probe, &args, &live, error) && (greeting = greet(&probe, &live, error))) {
        qemu = live.own;
        mfd_qmp_send(&qemu->qmp, "qmp_capabilities", NULL);
        reply = mfd_qmp_reply(&qemu->qmp, mfd_qmp_send(&qemu->qmp, "query-machines", NULL),
                              probe.guard);
        good = read_version(peer, greeting);
        if (!good) {
            snprintf(error, MFD_PEER_ERROR_SIZE, "%s: its QMP greeting names no version",
                     peer->path);
        }
        peer->pc_machine = find_pc(json_object_get(reply, "return"));
        peer->resizable_name = RESIZABLE_BLOCK;
    }
    json_decref(greeting);
    json_decref(reply);
    mfd_live_stop(&live);
    return good;
}
