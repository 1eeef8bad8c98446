// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit test: from the command line to a run and its reports. */
#include "choose.h"
#include "cmd.h"
#include "peer.h"
#include "profile.h"
#include "run.h"
#include "suite.h"
#include "tap.h"
#include "test_args.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Tells git bisect run to skip a commit. */
#define BISECT_SKIP 125

/* Loads the baseline; false with a message if one is named, or there is one, that cannot be read. */
static bool choose_baseline(const struct mfd_test_args *args, const struct mfd_peer *peer,
                            const struct mfd_profile *profile, const char *scenarios,
                            struct mfd_baseline **baseline)
{
    char error[MFD_BASELINE_ERROR_SIZE];
    bool good = true;

    *baseline = NULL;
    if (args->baseline) {
        *baseline = mfd_baseline_load(args->baseline, error);
        good = *baseline != NULL;
    } else if (peer->kind != &mfd_peer_ref) {
        /* the reference has no known defects, whatever release it is taken for */
        good = mfd_baseline_of_profile(scenarios, profile, baseline, error);
    }
    if (!good) {
        fprintf(stderr, "mfdkit test: %s\n", error);
    }
    return good;
}

/* The beginning of a command that runs one instance of the same test again. */
static void rerun_text(const struct mfd_test_args *args, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "mfdkit test");

    if (args->peer) {
        used += (size_t)snprintf(text + used, size - used, " %s", args->peer);
    }
    if (strcmp(args->role, "sender") == 0 && used < size) {
        used += (size_t)snprintf(text + used, size - used, " --role sender");
    }
    if (args->profile && used < size) {
        snprintf(text + used, size - used, " --profile %s", args->profile);
    }
}

static int finish(const struct mfd_test_args *args, const struct mfd_run *run)
{
    int code = mfd_run_exit_code(run);

    if (!mfd_report_files_write(&args->files, "test", run)) {
        code = MFD_HARNESS;
    }
    return code;
}

static void describe_run(struct mfd_run *run, const struct mfd_peer *peer,
                         const struct mfd_profile *profile, const char *role)
{
    char version[256] = "";

    if (peer->version) {
        snprintf(version, sizeof(version), "%s%s%s%s", peer->version, *peer->package ? " (" : "",
                 peer->package, *peer->package ? ")" : "");
    }
    run->suite_version = strdup(MFD_SUITE_VERSION);
    run->peer_kind = strdup(peer->kind->name);
    run->peer_version = strdup(version);
    run->peer_path = strdup(peer->path);
    run->profile = strdup(profile->name);
    run->role = role;
}

struct context {
    struct mfd_text *text;
    const struct mfd_test_args *args;
};

static void show_plan(const struct mfd_budget *budget, void *context)
{
    const struct mfd_test_args *args = ((struct context *)context)->args;

    printf("plan: %zu scenario%s as %zu instance%s", budget->scenarios,
           budget->scenarios == 1 ? "" : "s", budget->instances, budget->instances == 1 ? "" : "s");
    if (budget->foreign) {
        printf(", %zu not for this profile", budget->foreign);
    }
    printf("; %zu migrations, %zu without a fault among them, %u at a time", budget->plays,
           budget->twins, args->jobs);
    if (args->seed) {
        printf(", shuffled by seed %u", args->seed);
    }
    printf("\n\n");
    fflush(stdout);
}

static void show(const struct mfd_result *result, void *context)
{
    mfd_text_result(((struct context *)context)->text, result);
}

/* Everything is chosen: run, report, and the exit code. */
static int run_and_report(const struct mfd_test_args *args, const struct mfd_peer *peer,
                          const struct mfd_profile *profile, struct mfd_baseline *baseline,
                          const char *scenarios)
{
    char error[MFD_RUN_ERROR_SIZE];
    char rerun[512];
    struct mfd_text text;
    struct context context = {&text, args};
    struct mfd_run run = {.strict = args->strict};
    struct mfd_run_options options = {
        .scenarios = scenarios,
        .globs = args->globs,
        .baseline = baseline,
        .role = args->role,
        .rerun = rerun,
        .jobs = args->jobs,
        .repeat = args->repeat,
        .strength = args->strength,
        .seed = args->seed,
        .shard = args->shard,
        .shards = args->shards,
        .planned = args->tap ? NULL : show_plan,
        .save_pcap = args->save_pcap,
        .progress = args->tap ? NULL : show,
        .context = &context,
    };
    int code = MFD_USAGE;

    rerun_text(args, rerun, sizeof(rerun));
    describe_run(&run, peer, profile, args->role);
    mfd_text_start(&text, stdout, args->strict);
    if (mfd_run_suite(peer, &options, &run, error)) {
        code = finish(args, &run);
        if (args->tap) {
            mfd_tap_write(stdout, &run);
        } else {
            mfd_text_finish(&text, &run);
        }
    } else {
        fprintf(stderr, "%s\n", error);
    }
    mfd_run_free(&run);
    return code;
}

/* Before anything runs: whether captures could be kept. */
static bool can_save(const char *folder)
{
    if (!folder || ((mkdir(folder, 0777) == 0 || errno == EEXIST) && access(folder, W_OK) == 0)) {
        return true;
    }
    fprintf(stderr, "mfdkit test: %s: %s\n", folder, strerror(errno));
    return false;
}

int mfd_cmd_test(int argc, char **argv)
{
    struct mfd_test_args args;
    struct mfd_choice choice;
    struct mfd_peer peer = {0};
    const struct mfd_profile *profile = NULL;
    struct mfd_baseline *baseline = NULL;
    const char *scenarios = NULL;
    int code = MFD_OK;

    mfd_test_args_parse(argc, argv, &args);
    scenarios = args.scenarios ? args.scenarios : mfd_suite_folder();
    choice = (struct mfd_choice){.command = "test",
                                 .peer = args.peer,
                                 .argv = args.command,
                                 .profile = args.profile,
                                 .wrap = args.wrap,
                                 .scale = args.scale};
    code = can_save(args.save_pcap) ? mfd_choose_peer(&choice, &peer) : MFD_USAGE;
    if (code == MFD_OK && !(profile = mfd_choose_profile(&choice, &peer))) {
        code = MFD_USAGE;
    }
    if (code == MFD_OK && !choose_baseline(&args, &peer, profile, scenarios, &baseline)) {
        code = MFD_USAGE;
    }
    if (code == MFD_OK) {
        peer.rev = profile->rev;
        code = run_and_report(&args, &peer, profile, baseline, scenarios);
    }
    mfd_baseline_free(baseline);
    mfd_peer_free(&peer);
    /* what could not be tested is neither good nor bad: git bisect skips it */
    return args.bisect && (code == MFD_HARNESS || code == MFD_NOTHING) ? BISECT_SKIP : code;
}
