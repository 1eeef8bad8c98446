// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit interop: from the command line to a table of migrations. */
#include "cmd.h"
#include "grid.h"
#include "jobs.h"
#include "method.h"
#include "option_number.h"
#include "peer.h"
#include "qemu_cache.h"
#include "roll.h"
#include "table.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Seconds; only an end that hangs ever makes use of them. */
#define GUARD 30.0
/* For the budget: seconds of one processor for a cell, measured on the machines that run the tests. */
#define COST_NONE 0.35
#define COST_PC 2.5

enum {
    KEY_FROM = 1000,
    KEY_TO,
    KEY_METHOD,
    KEY_CHANNELS,
    KEY_ZERO,
    KEY_MACHINE,
    KEY_FULL,
    KEY_EACH,
    KEY_JSON,
    KEY_SCALE
};

struct arguments {
    struct mfd_interop_roll roll;
    struct mfd_interop_choice choice;
    const char *json;
    double scale;
    unsigned jobs;
    /* what was named replaces all there is */
    bool peers_named;
    bool methods_named;
    bool channels_named;
    bool zeros_named;
    bool machines_named;
    bool failed; /* a peer cannot be had: the message is out */
};

static const struct argp_option options[] = {
    {"peer", 'p', "PEER", 0,
     "ref, qemu (the one on PATH), a path, or a suite that was fetched; several times. Without this, --from "
     "and --to: ref, qemu and all that were fetched",
     0},
    {"from", KEY_FROM, "PEER", 0, "only as a source", 0},
    {"to", KEY_TO, "PEER", 0, "only as a destination", 0},
    {"method", KEY_METHOD, "METHOD", 0, "none, zlib or zstd; several times (all)", 0},
    {"channels", KEY_CHANNELS, "N", 0, "several times (1, 2, 4, 16 and 255)", 0},
    {"zero", KEY_ZERO, "main|packet|none", 0, "where zero pages travel; several times (all)", 0},
    {"machine", KEY_MACHINE, "none|pc", 0,
     "without devices, or a whole one whose firmware runs; several times (both)", 0},
    {"each", KEY_EACH, NULL, 0, "every value once instead of every pair of values", 0},
    {"full", KEY_FULL, NULL, 0, "every combination of values", 0},
    {"jobs", 'j', "N", 0, "migrations at a time (number of processors)", 0},
    {"json", KEY_JSON, "FILE", 0, "write the cells as JSON", 0},
    {"timeout-scale", KEY_SCALE, "X", 0, "multiplies the guards against hanging (1)", 0},
    {0}};

/* Adds a peer to the run, as source, destination or both. */
static void name_peer(struct arguments *arguments, const char *name, bool from, bool to)
{
    char error[MFD_ROLL_ERROR_SIZE] = "";
    char warning[MFD_ROLL_ERROR_SIZE];
    int index = mfd_interop_enroll(&arguments->roll, name, error, warning);

    if (*warning) {
        fprintf(stderr, "mfdkit interop: %s: %s\n", name, warning);
    }
    if (index < 0) {
        fprintf(stderr, "mfdkit interop: %s\n", error);
        arguments->failed = true;
        return;
    }
    arguments->choice.from[index] |= from;
    arguments->choice.to[index] |= to;
}

/* What there is: the reference, the QEMU on PATH if there is one, and all that were fetched. */
static void name_all_peers(struct arguments *arguments)
{
    char folder[MFD_CACHE_PATH_SIZE];
    struct mfd_cached_qemu *list = NULL;
    size_t count = 0;

    name_peer(arguments, "ref", true, true);
    name_peer(arguments, "qemu", true, true);
    if (mfd_qemu_cache_folder(folder)) {
        list = mfd_qemu_cache_list(folder, &count);
    }
    for (size_t i = 0; list && i < count; i++) {
        name_peer(arguments, list[i].suite, true, true);
    }
    free(list);
}

static void add_method(struct arguments *arguments, const char *value, struct argp_state *state)
{
    struct mfd_interop_choice *choice = &arguments->choice;
    const struct mfd_method_info *method = mfd_method_named(value);

    if (!method || !method->there || choice->method_count == MFD_INTEROP_VALUES_MAX) {
        argp_error(state, "'%s' is no method, or one too many", value);
    }
    choice->method_count = arguments->methods_named ? choice->method_count : 0;
    arguments->methods_named = true;
    choice->methods[choice->method_count++] = method->flag;
}

static void add_channels(struct arguments *arguments, const char *value, struct argp_state *state)
{
    struct mfd_interop_choice *choice = &arguments->choice;
    unsigned channels = mfd_option_number(value, state, "--channels", MFD_CHANNELS_MAX);

    choice->channel_count = arguments->channels_named ? choice->channel_count : 0;
    if (choice->channel_count == MFD_INTEROP_VALUES_MAX) {
        argp_error(state, "--channels at most %d times", MFD_INTEROP_VALUES_MAX);
    }
    arguments->channels_named = true;
    choice->channels[choice->channel_count++] = channels;
}

static void add_zero(struct arguments *arguments, const char *value, struct argp_state *state)
{
    struct mfd_interop_choice *choice = &arguments->choice;
    enum mfd_zero zero = MFD_ZERO_MAIN;

    while (zero <= MFD_ZERO_NONE && strcmp(mfd_interop_zero_name(zero), value) != 0) {
        zero++;
    }
    choice->zero_count = arguments->zeros_named ? choice->zero_count : 0;
    if (zero > MFD_ZERO_NONE || choice->zero_count == MFD_INTEROP_VALUES_MAX) {
        argp_error(state, "'%s' is none of main, packet and none, or one too many", value);
    }
    arguments->zeros_named = true;
    choice->zeros[choice->zero_count++] = zero;
}

static void add_machine(struct arguments *arguments, const char *value, struct argp_state *state)
{
    bool known = false;

    for (int m = 0; m < MFD_INTEROP_MACHINES; m++) {
        bool is = strcmp(mfd_interop_machine_name((enum mfd_interop_machine)m), value) == 0;

        arguments->choice.machine[m] =
            is || (arguments->machines_named && arguments->choice.machine[m]);
        known |= is;
    }
    arguments->machines_named = true;
    if (!known) {
        argp_error(state, "'%s' is neither none nor pc", value);
    }
}

static void set_scale(struct arguments *arguments, const char *value, struct argp_state *state)
{
    char *end = NULL;

    arguments->scale = strtod(value, &end);
    if (end == value || *end || !(arguments->scale >= 0.01 && arguments->scale <= 1000)) {
        argp_error(state, "'%s' is no number from 0.01 to 1000", value);
    }
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'p':
    case KEY_FROM:
    case KEY_TO:
        arguments->peers_named = true;
        name_peer(arguments, value, key != KEY_TO, key != KEY_FROM);
        break;
    case KEY_METHOD:
        add_method(arguments, value, state);
        break;
    case KEY_CHANNELS:
        add_channels(arguments, value, state);
        break;
    case KEY_ZERO:
        add_zero(arguments, value, state);
        break;
    case KEY_MACHINE:
        add_machine(arguments, value, state);
        break;
    case KEY_EACH:
        arguments->choice.strength = 1;
        break;
    case KEY_FULL:
        arguments->choice.strength = 0;
        break;
    case 'j':
        arguments->jobs = mfd_option_number(value, state, "--jobs", 1024);
        break;
    case KEY_JSON:
        arguments->json = value;
        break;
    case KEY_SCALE:
        set_scale(arguments, value, state);
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is too much", value);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp parser = {
    .options = options,
    .parser = parse,
    .doc =
        "Migrates from each peer to each, by every method, number of channels, place of zero pages and "
        "machine, and compares guest memory byte by byte.\v"
        "A pair of releases that is known not to work is run without and with the setting that repairs it. "
        "Exits with 0 when all is as expected, 1 when something else breaks or a known defect is gone, 2 for "
        "wrong usage, 3 when a peer or a cell could not be run, 4 when there was nothing to run.",
};

/* What the processes of the cells work on. */
struct work {
    const struct mfd_interop_cell *cells;
    struct mfd_interop_result *results;
    double guard;
    size_t done;
    size_t count;
};

static json_t *migrate(size_t index, void *context)
{
    const struct work *work = context;
    struct mfd_interop_result result;

    mfd_interop_migrate(&work->cells[index], work->guard, &result);
    return mfd_interop_result_to_json(&result);
}

static void take(size_t index, const json_t *answer, const char *why, void *context)
{
    struct work *work = context;
    struct mfd_interop_result *result = &work->results[index];

    work->done++;
    if (!answer || !mfd_interop_result_from_json(answer, result)) {
        *result = (struct mfd_interop_result){.ran = false};
        snprintf(result->detail, sizeof(result->detail), "%s", why ? why : "no answer");
    }
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r%zu of %zu", work->done, work->count);
    }
}

static bool write_json(const struct mfd_interop_run *run, const char *path)
{
    json_t *json = mfd_interop_to_json(run);
    bool good = json && json_dump_file(json, path, JSON_INDENT(2)) == 0;

    if (!good) {
        fprintf(stderr, "mfdkit interop: %s: %s\n", path, strerror(errno));
    }
    json_decref(json);
    return good;
}

static void print_budget(const struct work *work, unsigned jobs)
{
    double cost = 0;
    size_t pc = 0;

    for (size_t i = 0; i < work->count; i++) {
        bool has_devices = work->cells[i].machine == MFD_INTEROP_PC;

        pc += has_devices;
        cost += has_devices ? COST_PC : COST_NONE;
    }
    printf("%zu migrations, %zu of them of whole machines, %u at a time: about %.0f s\n\n",
           work->count, pc, jobs, cost / jobs + 1);
    fflush(stdout);
}

static int exit_code(const struct mfd_interop_run *run)
{
    size_t counts[MFD_INTEROP_VERDICTS];

    mfd_interop_count(run, counts);
    if (counts[MFD_INTEROP_ERROR]) {
        return MFD_HARNESS;
    }
    if (counts[MFD_INTEROP_STALE] || counts[MFD_INTEROP_FAIL]) {
        return MFD_UNEXPECTED;
    }
    return counts[MFD_INTEROP_UNSUPPORTED] == run->count ? MFD_NOTHING : MFD_OK;
}

static int run_cells(const struct arguments *arguments, struct work *work)
{
    struct mfd_jobs jobs = {.count = work->count,
                            .parallel = arguments->jobs,
                            .guard = work->guard * 6,
                            .work = migrate,
                            .done = take,
                            .context = work};
    struct mfd_interop_run run = {.suite = MFD_SUITE_VERSION,
                                  .peers = arguments->roll.peers,
                                  .peer_count = arguments->roll.count,
                                  .cells = work->cells,
                                  .results = work->results,
                                  .count = work->count};
    double began = mfd_now();

    print_budget(work, arguments->jobs);
    if (!mfd_jobs_run(&jobs)) {
        fprintf(stderr, "mfdkit interop: stopped\n");
        return MFD_HARNESS;
    }
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r\n");
    }
    run.seconds = mfd_now() - began;
    mfd_interop_print(stdout, &run);
    if (arguments->json && !write_json(&run, arguments->json)) {
        return MFD_HARNESS;
    }
    return exit_code(&run);
}

static int plan_and_run(struct arguments *arguments)
{
    struct work work = {.guard = GUARD * arguments->scale};
    struct mfd_interop_cell *cells = NULL;
    int status = MFD_HARNESS;

    arguments->choice.peers = arguments->roll.peers;
    arguments->choice.peer_count = arguments->roll.count;
    cells = mfd_interop_plan(&arguments->choice, &work.count);
    work.cells = cells;
    work.results = calloc(work.count ? work.count : 1, sizeof(*work.results));
    if (!cells || !work.results) {
        fprintf(stderr, "mfdkit interop: out of memory\n");
    } else if (work.count == 0) {
        fprintf(stderr, "mfdkit interop: nothing of that kind can be run\n");
        status = MFD_NOTHING;
    } else {
        status = run_cells(arguments, &work);
    }
    free(cells);
    free(work.results);
    return status;
}

int mfd_cmd_interop(int argc, char **argv)
{
    static char name[] = "mfdkit interop";
    struct arguments *arguments = calloc(1, sizeof(*arguments));
    int status = MFD_HARNESS;

    if (!arguments) {
        return MFD_HARNESS;
    }
    mfd_interop_choose_all(&arguments->choice);
    arguments->scale = 1;
    arguments->jobs = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    argv[0] = name;
    argp_err_exit_status = MFD_USAGE;
    argp_parse(&parser, argc, argv, 0, NULL, arguments);
    if (!arguments->peers_named) {
        name_all_peers(arguments);
    }
    if (!arguments->failed) {
        status = plan_and_run(arguments);
    }
    mfd_interop_roll_free(&arguments->roll);
    free(arguments);
    return status;
}
