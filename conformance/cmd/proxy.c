// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit proxy: between two real peers. */
#include "cmd.h"
#include "json.h"
#include "known_options.h"
#include "net.h"
#include "option_number.h"
#include "relay.h"
#include "verdict_json.h"
#include "verdict_text.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FAULTS_MAX 16u
#define BACKLOG 256

enum { KEY_LISTEN = 0x100, KEY_TO, KEY_FAULT, KEY_PCAP, KEY_GUARD, KEY_JSON };

struct options {
    struct mfd_known_options known;
    const char *listen;
    const char *to;
    const char *pcap;
    const char *json;
    struct mfd_fault_line *faults[FAULTS_MAX];
    size_t fault_count;
    unsigned guard_s;
    bool all;
};

static const struct argp_option option_list[] = {
    {"listen", KEY_LISTEN, "ADDR", 0,
     "where the sender connects: tcp:HOST:PORT (0: any port), unix:PATH", 0},
    {"to", KEY_TO, "ADDR", 0, "where the receiver listens", 0},
    {"fault", KEY_FAULT, "LINE", 0,
     "change one message: a scenario line such as 'ch 2 data#5 ! zero_pages=slots'. May be given several times",
     0},
    {"save-pcap", KEY_PCAP, "FILE", 0, "a capture of what the receiver gets, and of its answers",
     0},
    {"json", KEY_JSON, "FILE", 0, "write the results for machines, too", 0},
    {"guard", KEY_GUARD, "SECONDS", 0, "end when nothing at all happens for so long (300)", 0},
    {"all", 'a', NULL, 0, "list the rules that were held, too", 0},
    {0}};

static void add_fault(struct options *options, const char *text, const struct argp_state *state)
{
    struct mfd_lang_error error = {0};
    struct mfd_fault_line *fault = NULL;

    if (options->fault_count == FAULTS_MAX) {
        argp_error(state, "at most %u faults", FAULTS_MAX);
    }
    fault = mfd_fault_line_parse(text, &error);
    if (!fault) {
        argp_error(state, "--fault '%s': %s", text, error.text);
    }
    options->faults[options->fault_count++] = fault;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->known;
        break;
    case KEY_LISTEN:
        options->listen = value;
        break;
    case KEY_TO:
        options->to = value;
        break;
    case KEY_FAULT:
        add_fault(options, value, state);
        break;
    case KEY_PCAP:
        options->pcap = value;
        break;
    case KEY_JSON:
        options->json = value;
        break;
    case KEY_GUARD:
        options->guard_s = mfd_option_number(value, state, "--guard", 1000000);
        break;
    case 'a':
        options->all = true;
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is too much", value);
        break;
    case ARGP_KEY_END:
        if (!options->listen || !options->to) {
            argp_error(state, "--listen and --to are needed");
        }
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_child children[] = {{.argp = &mfd_known_argp}, {0}};

static const struct argp parser = {
    .options = option_list,
    .parser = parse,
    .children = children,
    .doc =
        "Stand between the sender and the receiver of one migration: pass on what they say, hold the sender to its "
        "rules, and change a message where a fault is asked for."
        "\vA fault is a line as scenarios have it: main or ch N, a message with its number on that connection (from "
        "0), and behind \"!\" what is wrong with it: FIELD=VALUE, omit, twice, cut=N, pad=, payload=, close, reset. "
        "The fields are those of mfdkit list fields. Behind cut, close and reset nothing more of the "
        "connection goes on.\n\n"
        "It ends when both sides have closed every connection, and says what the sender held and broke; faults are "
        "not the sender's. TLS goes by unread.\n\n"
        "Exit status: 0 the sender broke no MUST and every fault was applied, 1 otherwise, 2 usage, 3 it could "
        "not be done, 4 nothing of a migration came by.",
};

static int complain(const char *what, int error)
{
    fprintf(stderr, "mfdkit proxy: %s: %s\n", what, strerror(error));
    return MFD_HARNESS;
}

static bool put_faults(const struct options *options, const struct mfd_relay_result *result)
{
    bool all = true;

    for (size_t i = 0; i < options->fault_count; i++) {
        printf("fault %s: %s\n", result->applied[i] ? "applied" : "NOT APPLIED",
               mfd_fault_line_text(options->faults[i]));
        all &= result->applied[i];
    }
    return all;
}

/* Whether there is a migration that was read. */
static bool was_judged(const struct mfd_relay_result *result)
{
    return result->checked && !result->tls && result->bytes[0];
}

/* Exactly the keys of proxy.schema.json in conformance/proxy. */
static bool write_json(const struct options *options, const struct mfd_relay_result *result)
{
    static const char *const ends[] = {
        [MFD_RELAY_DONE] = "done", [MFD_RELAY_SILENT] = "silent", [MFD_RELAY_FAILED] = "failed"};
    FILE *out = fopen(options->json, "we");
    json_t *faults = json_array();
    json_t *json = NULL;
    bool good = false;

    for (size_t i = 0; i < options->fault_count; i++) {
        json_array_append_new(faults, json_pack("{s:s, s:b}", "fault",
                                                mfd_fault_line_text(options->faults[i]), "applied",
                                                (int)result->applied[i]));
    }
    json = json_pack("{s:s, s:s, s:s?, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "suite",
                     MFD_SUITE_VERSION, "end", ends[result->end], "error",
                     result->error[0] ? result->error : NULL, "connections",
                     (json_int_t)result->connections, "refused", (json_int_t)result->refused, "tls",
                     (json_int_t)result->tls, "bytes_to_receiver", (json_int_t)result->bytes[0],
                     "bytes_to_sender", (json_int_t)result->bytes[1], "faults", faults, "migration",
                     was_judged(result) ? mfd_checked_json(result->checked) : json_null());
    if (!out) {
        json_decref(json);
        return false;
    }
    good = mfd_json_put(out, json);
    return fclose(out) == 0 && good;
}

static int report(const struct options *options, const struct mfd_relay_result *result)
{
    const struct mfd_checked *checked = result->checked;
    bool applied = false;

    if (!checked) {
        return complain("the proxy", ENOMEM);
    }
    printf("%zu connections, %llu bytes to the receiver's side and %llu back\n",
           result->connections, (unsigned long long)result->bytes[0],
           (unsigned long long)result->bytes[1]);
    applied = put_faults(options, result);
    if (result->tls) {
        printf("%zu connections in TLS: not judged\n", result->tls);
    } else if (was_judged(result)) {
        mfd_checked_text(stdout, checked, options->all);
    }
    if (result->error[0]) {
        fprintf(stderr, "mfdkit proxy: %s\n", result->error);
    }
    if (result->end == MFD_RELAY_SILENT) {
        fprintf(stderr, "mfdkit proxy: nothing happened for %u s\n", options->guard_s);
    }
    if (options->json && !write_json(options, result)) {
        return complain(options->json, errno);
    }
    if (result->end != MFD_RELAY_DONE) {
        return MFD_HARNESS;
    }
    if (!applied || (!result->tls && mfd_checked_broken(checked, false))) {
        return MFD_UNEXPECTED;
    }
    return result->tls || checked->has_main || checked->channels ? MFD_OK : MFD_NOTHING;
}

/* A capture that counts its time from now. */
static struct mfd_capture_writer *open_capture(const char *path, FILE **file)
{
    struct timespec now;
    struct mfd_capture_options options = {.comment = "mfdkit proxy"};

    clock_gettime(CLOCK_REALTIME, &now);
    options.start_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    *file = fopen(path, "wbe");
    return *file ? mfd_capture_create(*file, &options) : NULL;
}

static int relay(const struct options *options)
{
    struct mfd_relay_config config = {
        .to = options->to,
        .given = options->known.given,
        .faults = (struct mfd_fault_line **)options->faults,
        .fault_count = options->fault_count,
        .guard_s = options->guard_s,
    };
    struct mfd_relay_result result;
    FILE *file = NULL;
    char real[MFD_ADDRESS_MAX];
    int error = mfd_net_listen(options->listen, BACKLOG, &config.listen_fd, real);
    int code = MFD_OK;

    if (error) {
        return complain(options->listen, error) == MFD_HARNESS && error == EINVAL ? MFD_USAGE
                                                                                  : MFD_HARNESS;
    }
    if (options->pcap) {
        config.capture = open_capture(options->pcap, &file);
        if (!config.capture) {
            code = complain(options->pcap, errno);
        }
    }
    if (code == MFD_OK) {
        printf("listening at %s\n", real);
        fflush(stdout);
        mfd_relay_run(&config, &result);
        code = report(options, &result);
        mfd_relay_result_free(&result);
    }
    if (config.capture && !mfd_capture_finish(config.capture)) {
        code = complain(options->pcap, errno);
    }
    if (file && fclose(file) != 0) {
        code = complain(options->pcap, errno);
    }
    close(config.listen_fd);
    mfd_net_unlink(options->listen);
    return code;
}

int mfd_cmd_proxy(int argc, char **argv)
{
    static char name[] = "mfdkit proxy";
    struct options options = {.guard_s = 300};
    int code = MFD_OK;

    argv[0] = name;
    argp_err_exit_status = MFD_USAGE;
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    code = relay(&options);
    for (size_t i = 0; i < options.fault_count; i++) {
        mfd_fault_line_free(options.faults[i]);
    }
    return code;
}
