// SPDX-License-Identifier: GPL-2.0-or-later
#include "live.h"

#include "attempt.h"
#include "choose.h"
#include "cmd.h"
#include "jobs.h"
#include "option_number.h"
#include "scratch.h"
#include "store.h"
#include "suite.h"

#include <argp.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Waits of one run, each bounded by the guard: a play has some twelve, and a finding is played some times more. */
#define RUN_GUARDS 100
/* Seconds between two lines about how it goes, on a terminal and elsewhere. */
#define SHOW_LIVE 0.5
#define SHOW_LOG 10.0
#define SAVE_EVERY 5.0

struct arguments {
    struct mfd_choice choice;
    const char *baseline;
    const char *folder;
    const char **paths;
    size_t path_count;
    unsigned seconds; /* 0: until it is stopped */
    unsigned runs;    /* likewise */
    unsigned jobs;
    uint64_t seed;
    bool seed_set;
};

static const struct argp_option options[] = {
    {NULL, 't', "SECONDS", 0, "begin no run after that time", 0},
    {NULL, 'n', "RUNS", 0, "so many runs", 0},
    {NULL, 'j', "N", 0, "so many at a time (default: as many as there are processors)", 0},
    {NULL, 's', "SEED", 0, "decides on every mutation (default: 1)", 0},
    {NULL, 'o', "FOLDER", 0, "for what is found; one that holds something already is gone on with",
     0},
    {NULL, 'b', "FILE", 0,
     "baseline with what is known of the peer, none for nothing (default: that of QEMU's release)",
     0},
    {"profile", 'p', "NAME", 0, "what the peer is taken for (default: auto)", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *args = state->input;
    char *end = NULL;

    switch (key) {
    case 't':
        args->seconds = mfd_option_number(arg, state, "-t", 10000000);
        return 0;
    case 'n':
        args->runs = mfd_option_number(arg, state, "-n", 1000000000);
        return 0;
    case 'j':
        args->jobs = mfd_option_number(arg, state, "-j", 1024);
        return 0;
    case 's':
        args->seed = strtoull(arg, &end, 10);
        args->seed_set = true;
        if (!*arg || *end || *arg == '-' || args->seed > INT64_MAX) {
            argp_error(state, "-s takes a number, not '%s'", arg);
        }
        return 0;
    case 'o':
        args->folder = arg;
        return 0;
    case 'b':
        args->baseline = arg;
        return 0;
    case 'p':
        args->choice.profile = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (!args->choice.argv && !args->choice.peer) {
            args->choice.peer = arg;
        } else {
            args->paths[args->path_count++] = arg;
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    options,
    parse,
    "PEER [SCENARIO...]\n[SCENARIO...] -- COMMAND...",
    "Play mutated scenarios to a real peer, a fresh process each time, and keep what makes it crash, hang or leave other "
    "memory than was sent."
    "\vPEER and COMMAND are those of mfdkit test, SCENARIO files or folders (default: all that there are). Not kept is "
    "what a line of the baseline explains, and what the reference does as well; of the rest one of each kind, as a "
    "scenario, a capture and a log in FOLDER/found.\n\n"
    "Exit status: 0 nothing was found, 1 something was, 2 usage, 3 the harness itself failed.",
    NULL,
    NULL,
    NULL};

/* The runs of this process. */
struct campaign {
    const struct arguments *args;
    struct mfd_attempts attempts;
    struct mfd_store store;
    double started;
    double shown;
    double saved;
    size_t runs;
    size_t failures;
    bool live;
    bool unsaved;
};

static bool has(const char *name, void *context)
{
    return mfd_store_has(name, &((struct campaign *)context)->store);
}

static void show(struct campaign *campaign)
{
    double now = mfd_now();
    double seconds = now - campaign->started;

    campaign->shown = now;
    printf("%s%zu runs of seed %llu, %.1f/s: ", campaign->live ? "\r\033[K" : "", campaign->runs,
           (unsigned long long)campaign->attempts.seed,
           seconds > 0 ? (double)campaign->runs / seconds : 0.0);
    mfd_store_print(stdout, &campaign->store);
    fputs(campaign->live ? "" : "\n", stdout);
    fflush(stdout);
}

static bool more(void *context)
{
    const struct campaign *campaign = context;

    return !campaign->args->seconds || mfd_now() - campaign->started < campaign->args->seconds;
}

static json_t *work(size_t number, void *context)
{
    struct campaign *campaign = context;
    json_t *answer = mfd_attempt(&campaign->attempts, number);

    /* this process works on more of them, and need not look into the same twice */
    mfd_store_note(&campaign->store, answer);
    return answer;
}

static void done(size_t number, const json_t *answer, const char *why, void *context)
{
    struct campaign *campaign = context;
    const char *name = NULL;

    if (!answer && mfd_jobs_stopping()) {
        return; /* it will be the first one of the next time */
    }
    name = mfd_store_take(&campaign->store, number, answer);
    campaign->runs++;
    campaign->failures += !answer;
    if (name) {
        printf("%sfound after %.1f s, in run %zu: %s, %lld of %u times again\n",
               campaign->live ? "\r\033[K" : "", mfd_now() - campaign->started, number, name,
               (long long)json_integer_value(json_object_get(answer, "again")), MFD_ATTEMPT_AGAIN);
    } else if (!answer) {
        printf("%srun %zu: %s\n", campaign->live ? "\r\033[K" : "", number, why);
    }
    if (mfd_now() - campaign->shown >= (campaign->live ? SHOW_LIVE : SHOW_LOG)) {
        show(campaign);
    }
    if (name || mfd_now() - campaign->saved >= SAVE_EVERY) {
        campaign->unsaved = !mfd_store_save(&campaign->store) || campaign->unsaved;
        campaign->saved = mfd_now();
    }
}

static int run(struct campaign *campaign, struct mfd_peer *peer, struct mfd_peer *reference)
{
    const struct arguments *args = campaign->args;
    char scratch[64];
    const struct mfd_jobs jobs = {.first = mfd_store_next(&campaign->store),
                                  .count = args->runs ? args->runs
                                                      : SIZE_MAX - mfd_store_next(&campaign->store),
                                  .parallel = args->jobs,
                                  .guard = RUN_GUARDS * peer->guard,
                                  .more = more,
                                  .work = work,
                                  .done = done,
                                  .context = campaign};

    if (!mfd_scratch_make(NULL, scratch, sizeof(scratch))) {
        fprintf(stderr, "fuzz/live: %s: %s\n", mfd_scratch(), strerror(errno));
        return MFD_HARNESS;
    }
    peer->scratch = reference->scratch = scratch;
    campaign->started = campaign->shown = campaign->saved = mfd_now();
    malloc_trim(0); /* every run is a fork */
    if (!mfd_jobs_run(&jobs)) {
        printf("%sstopped; the same command goes on with run %zu\n",
               campaign->live ? "\r\033[K" : "", mfd_store_next(&campaign->store));
    }
    mfd_scratch_remove(scratch);
    show(campaign);
    printf("%s", campaign->live ? "\n" : "");
    mfd_store_print_found(stdout, &campaign->store);
    if (!mfd_store_save(&campaign->store) || campaign->unsaved) {
        fprintf(stderr, "fuzz/live: %s/state.json: %s\n", args->folder, strerror(errno));
        return MFD_HARNESS;
    }
    if (campaign->failures == campaign->runs && campaign->runs) {
        return MFD_HARNESS;
    }
    return campaign->store.found ? MFD_UNEXPECTED : MFD_OK;
}

/* Who the folder's findings are about; for free(). */
static char *describe(const struct arguments *args, const struct mfd_peer *peer)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out) {
        return NULL;
    }
    fputs(peer->kind->name, out);
    if (peer->version) {
        fprintf(out, " %s", peer->version);
    }
    fprintf(out, "%s%s", *peer->path ? " " : "", peer->path);
    for (char **arg = args->choice.argv; arg && *arg && arg[1]; arg++) {
        fprintf(out, " %s", arg[1]);
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static bool choose_baseline(const struct arguments *args, const struct mfd_peer *peer,
                            const struct mfd_profile *profile, struct mfd_baseline **baseline,
                            char *error)
{
    if (!args->baseline) {
        return peer->kind != &mfd_peer_qemu ||
               mfd_baseline_of_profile(mfd_suite_folder(), profile, baseline, error);
    }
    if (strcmp(args->baseline, "none") == 0) {
        return true;
    }
    *baseline = mfd_baseline_load(args->baseline, error);
    return *baseline != NULL;
}

/* The peer is known: loads all else, then runs. */
static int prepare_and_run(const struct arguments *args, struct mfd_peer *peer)
{
    const struct mfd_profile *profile = mfd_choose_profile(&args->choice, peer);
    const struct mfd_choice ref = {.command = args->choice.command, .scale = args->choice.scale};
    struct campaign campaign = {.args = args, .live = isatty(STDOUT_FILENO) == 1};
    struct mfd_peer reference = {0};
    struct mfd_baseline *baseline = NULL;
    struct mfd_seeds seeds = {0};
    char error[MFD_SEEDS_ERROR_SIZE] = "";
    char *who = NULL;
    int code = MFD_USAGE;

    if (!profile || mfd_choose_peer(&ref, &reference) != MFD_OK) {
        return MFD_USAGE;
    }
    peer->rev = reference.rev = profile->rev;
    who = describe(args, peer);
    if (who && choose_baseline(args, peer, profile, &baseline, error) &&
        mfd_seeds_load(args->paths, args->path_count, peer, &seeds, error) &&
        mfd_store_open(&campaign.store, args->folder, who, args->seed_set ? &args->seed : NULL,
                       error)) {
        campaign.attempts = (struct mfd_attempts){peer,
                                                  &reference,
                                                  baseline,
                                                  &seeds,
                                                  mfd_store_seed(&campaign.store),
                                                  campaign.store.drafts,
                                                  has,
                                                  &campaign};
        printf("%s: %zu seeds, from run %zu on, into %s\n", who, seeds.count,
               mfd_store_next(&campaign.store), args->folder);
        fflush(stdout);
        code = run(&campaign, peer, &reference);
    } else {
        fprintf(stderr, "fuzz/live: %s\n", error);
    }
    if (campaign.store.folder) {
        mfd_store_close(&campaign.store);
    }
    mfd_seeds_free(&seeds);
    mfd_baseline_free(baseline);
    mfd_peer_free(&reference);
    free(who);
    return code;
}

int mfd_live(int argc, char **argv)
{
    static char name[] = "fuzz/live";
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct arguments args = {.choice = {.command = "live", .scale = 1},
                             .folder = "live",
                             .jobs = processors > 0 ? (unsigned)processors : 1};
    struct mfd_peer peer = {0};
    const char *all = mfd_suite_folder();
    int code = MFD_HARNESS;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            args.choice.argv = argv[i + 1] ? argv + i + 1 : NULL;
            argc = i;
        }
    }
    argv[0] = name;
    argp_err_exit_status = MFD_USAGE;
    args.paths = calloc((size_t)argc + 1, sizeof(*args.paths));
    if (!args.paths) {
        return MFD_HARNESS;
    }
    argp_parse(&parser, argc, argv, 0, NULL, &args);
    if (!args.path_count) {
        args.paths[args.path_count++] = all;
    }
    code = mfd_choose_peer(&args.choice, &peer);
    if (code == MFD_OK) {
        code = prepare_and_run(&args, &peer);
    }
    mfd_peer_free(&peer);
    free(args.paths);
    return code;
}
