// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any program as receiver or as sender, by the contract in README.md: parameters in its command line and in
 * MFD_* variables, exit status 0 completed, 1 refused, 77 not supported.
 */
#include "exit_peer.h"
#include "image.h"
#include "method.h"
#include "source.h"
#include "stage2017.h"
#include "tls_keys.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VALUE_SIZE 2048

/* A parameter: {name} in the command line, MFD_NAME in the environment. */
struct parameter {
    const char *name;
    const char *variable;
    char value[VALUE_SIZE];
};

enum { ADDR, CHANNELS, METHOD, UUID, PAGE_SIZE, RAM, REVISION, DEVICES, PARAMETERS };

static void fill_ram(char *value, const struct mfd_plan *plan, const struct mfd_live *live)
{
    size_t used = 0;

    value[0] = '\0';
    for (size_t i = 0; i < plan->block_count && used < VALUE_SIZE; i++) {
        used +=
            (size_t)snprintf(value + used, VALUE_SIZE - used, "%s%s=%s:%zu%s", i ? "," : "",
                             plan->blocks[i].wire_name, live->blocks[i].path, live->blocks[i].size,
                             plan->blocks[i].resizable ? ":resizable" : "");
    }
}

static void fill_devices(char *value, const struct mfd_plan *plan, const struct mfd_live *live)
{
    size_t used = 0;
    char path[128];

    value[0] = '\0';
    for (size_t i = 0; i < plan->device_count && used < VALUE_SIZE; i++) {
        used += (size_t)snprintf(value + used, VALUE_SIZE - used, "%s%s:%u=%s:%zu", i ? "," : "",
                                 plan->devices[i].idstr, (unsigned)plan->devices[i].instance,
                                 mfd_live_state_path(live, i, path, sizeof(path)),
                                 plan->devices[i].size);
    }
}

static void fill_parameters(struct parameter *out, const struct mfd_plan *plan,
                            const struct mfd_live *live, const char *address)
{
    static const struct parameter names[PARAMETERS] = {
        {"{addr}", "MFD_ADDR", ""},           {"{channels}", "MFD_CHANNELS", ""},
        {"{method}", "MFD_METHOD", ""},       {"{uuid}", "MFD_UUID", ""},
        {"{page_size}", "MFD_PAGE_SIZE", ""}, {"{ram}", "MFD_RAM_OUT", ""},
        {"{revision}", "MFD_REVISION", ""},   {"{devices}", "MFD_DEVICES_OUT", ""},
    };

    memcpy(out, names, sizeof(names));
    if (plan->sender) {
        out[RAM].variable = "MFD_RAM_IN";
    }
    snprintf(out[ADDR].value, VALUE_SIZE, "%s", address);
    snprintf(out[CHANNELS].value, VALUE_SIZE, "%u", plan->channels);
    snprintf(out[METHOD].value, VALUE_SIZE, "%s", mfd_method_info(plan->method)->name);
    mfd_uuid_text(plan->uuid, out[UUID].value);
    snprintf(out[PAGE_SIZE].value, VALUE_SIZE, "%u", plan->page_size);
    fill_ram(out[RAM].value, plan, live);
    fill_devices(out[DEVICES].value, plan, live);
    snprintf(out[REVISION].value, VALUE_SIZE, "%s", mfd_rev_info(plan->speak)->name);
}

/* One argument with its parameters put in; owned by the caller, NULL without memory. */
static char *expand(const char *argument, const struct parameter *parameters)
{
    char *out = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&out, &size);

    if (!stream) {
        return NULL;
    }
    while (*argument) {
        int match = -1;

        for (int i = 0; i < PARAMETERS && match < 0; i++) {
            if (strncmp(argument, parameters[i].name, strlen(parameters[i].name)) == 0) {
                match = i;
            }
        }
        if (match < 0) {
            fputc(*argument++, stream);
        } else {
            fputs(parameters[match].value, stream);
            argument += strlen(parameters[match].name);
        }
    }
    return fclose(stream) == 0 ? out : NULL;
}

/* In the child: never returns. */
__attribute__((noreturn)) static void run_command(const struct mfd_peer *peer,
                                                  const struct mfd_plan *plan,
                                                  const struct mfd_live *live, const char *address)
{
    static const char *const zeros[] = {
        [MFD_ZERO_MAIN] = "main", [MFD_ZERO_PACKET] = "packet", [MFD_ZERO_NONE] = "none"};
    static struct parameter parameters[PARAMETERS];
    char tls[sizeof(live->keys) + 8];
    size_t count = 0;
    size_t used = 0;
    char **argv = NULL;
    char *wrap = strdup(peer->wrap ? peer->wrap : "");
    size_t wrap_room = wrap ? strlen(wrap) / 2 + 1 : 0; /* words that it can have */

    fill_parameters(parameters, plan, live, address);
    for (int i = 0; i < PARAMETERS; i++) {
        setenv(parameters[i].variable, parameters[i].value, 1);
    }
    setenv("MFD_SYNC", plan->sync == MFD_SYNC_SECTION ? "section" : "marker", 1);
    setenv("MFD_MACHINE", plan->machine ? plan->machine : "", 1);
    if (plan->sender) {
        setenv("MFD_ZERO", zeros[plan->zero], 1);
    }
    unsetenv("MFD_TLS");
    if (plan->tls) {
        snprintf(tls, sizeof(tls), "%s:%s", plan->tls == MFD_TLS_PSK ? "psk" : "x509", live->keys);
        setenv("MFD_TLS", tls, 1);
        setenv("MFD_TLS_HOST", MFD_TLS_KEYS_HOST, 1);
    }
    while (peer->argv[count]) {
        count++;
    }
    argv = calloc(wrap_room + count + 1, sizeof(*argv));
    for (char *word = NULL; argv && (word = strsep(&wrap, " "));) {
        if (*word) {
            argv[used++] = word;
        }
    }
    for (size_t i = 0; argv && i < count; i++) {
        argv[used++] = expand(peer->argv[i], parameters);
    }
    if (argv) {
        mfd_process_exec(&live->process, argv);
    }
    fprintf(stderr, "%s: %s\n", peer->argv[0], strerror(errno));
    _exit(127);
}

static enum mfd_start command_start(const struct mfd_peer *peer, const struct mfd_plan *plan,
                                    struct mfd_live *live, char *error)
{
    double end = mfd_now() + peer->guard;
    char address[VALUE_SIZE];
    pid_t pid = 0;

    if (plan->file) {
        mfd_image_address(plan, live->address, address, sizeof(address));
    } else {
        snprintf(address, sizeof(address), "unix:%s", live->address);
    }
    pid = mfd_process_fork(&live->process, live->dir);
    if (pid == 0) {
        run_command(peer, plan, live, address);
    }
    if (pid < 0) {
        snprintf(error, MFD_PEER_ERROR_SIZE, "cannot start %s: %s", peer->argv[0], strerror(errno));
        return MFD_START_FAILED;
    }
    /* a file at the address says that the command has bound it; the first real connect is the proof */
    while (access(live->address, F_OK) != 0 && !mfd_process_poll(&live->process) &&
           mfd_now() < end) {
        usleep(500);
    }
    if (live->process.ended && live->process.exit_code == MFD_EXIT_UNSUPPORTED) {
        snprintf(error, MFD_PEER_ERROR_SIZE, "the command exited with 77");
        return MFD_START_UNSUPPORTED;
    }
    if (access(live->address, F_OK) != 0) {
        char *output = mfd_process_output(&live->process);

        snprintf(error, MFD_PEER_ERROR_SIZE, "%s %s %s%s%s", peer->argv[0],
                 live->process.ended ? "ended without listening at" : "does not listen at",
                 live->address, output ? ": " : "", output ? output : "");
        free(output);
        return MFD_START_FAILED;
    }
    return MFD_STARTED;
}

/* A command that asks for the revision knows what to do with it. */
static bool command_settable(const struct mfd_peer *peer)
{
    for (size_t i = 0; peer->argv[i]; i++) {
        if (strstr(peer->argv[i], "{revision}")) {
            return true;
        }
    }
    return false;
}

/* ---- as a sender ---- */

/* It sends as soon as it runs, so there is nothing to start yet. */
static enum mfd_start source_start(const struct mfd_peer *peer, const struct mfd_plan *plan,
                                   struct mfd_live *live, char *error)
{
    (void)peer;
    (void)plan;
    (void)live;
    (void)error;
    return MFD_STARTED;
}

static bool source_begin(struct mfd_live *live, const struct mfd_plan *plan, const char *address,
                         char *error)
{
    pid_t pid = mfd_process_fork(&live->process, live->dir);

    if (pid == 0) {
        run_command(live->peer, plan, live, address);
    }
    if (pid < 0) {
        snprintf(error, MFD_PEER_ERROR_SIZE, "cannot start %s: %s", live->peer->argv[0],
                 strerror(errno));
    }
    return pid > 0;
}

static void source_cancel(struct mfd_live *live)
{
    if (!mfd_process_poll(&live->process)) {
        kill(live->process.pid, SIGTERM);
    }
}

static enum mfd_source_state source_state(struct mfd_live *live)
{
    if (!mfd_process_poll(&live->process)) {
        return MFD_SOURCE_BUSY;
    }
    switch (live->process.exit_code) {
    case MFD_EXIT_COMPLETED:
        return MFD_SOURCE_COMPLETED;
    case MFD_EXIT_REFUSED:
        return MFD_SOURCE_FAILED;
    default:
        return MFD_SOURCE_ENDED;
    }
}

static int source_watch(struct mfd_live *live)
{
    (void)live;
    return -1;
}

/* What it keeps running is nobody's business where a program is nothing but one migration. */
static bool source_lives(struct mfd_live *live)
{
    (void)live;
    return true;
}

const struct mfd_source_kind mfd_source_command = {
    .start = source_start,
    .begin = source_begin,
    .cancel = source_cancel,
    .state = source_state,
    .watch = source_watch,
    .answers = source_lives,
    .runs = source_lives,
};

const struct mfd_peer_kind mfd_peer_command = {
    .name = "command",
    .source = &mfd_source_command,
    .start = command_start,
    .answers = mfd_exit_peer_answers,
    .completed = mfd_exit_peer_completed,
    .refusal_code = mfd_exit_peer_refusal,
    .settable = command_settable,
    .completes_by_exit = true,
    .slow = true,
};
