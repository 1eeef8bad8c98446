// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit test: from the command line to a run and its reports. */
#include "cmd.h"
#include "peer.h"
#include "profile.h"
#include "qemu_find.h"
#include "run.h"
#include "suite.h"
#include "tap.h"
#include "test_args.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Seconds; only a peer that spins, or a command that does not end, ever makes use of them. */
#define GUARD 10.0

/* Chooses the kind of peer and its program; an exit code, MFD_OK if it went well. */
static int choose_peer(const struct mfd_test_args *args, struct mfd_peer *peer)
{
    char error[MFD_PEER_ERROR_SIZE];
    char lack[MFD_FIND_ERROR_SIZE];

    peer->guard = GUARD * args->scale;
    peer->wrap = (char *)args->wrap;
    if (args->command) {
        peer->kind = &mfd_peer_command;
        peer->argv = args->command;
        peer->path = strdup(args->command[0]);
        peer->machine = strdup("none");
        return MFD_OK;
    }
    if (!args->peer || strcmp(args->peer, "ref") == 0) {
        peer->kind = &mfd_peer_ref;
        peer->path = strdup("");
        peer->machine = strdup("none");
        return MFD_OK;
    }
    if (strncmp(args->peer, "qemu", 4) != 0 || (args->peer[4] && args->peer[4] != '=')) {
        fprintf(
            stderr,
            "mfdkit test: there is no peer '%s'; try ref, qemu, qemu=PATH, qemu=SUITE or -- COMMAND\n",
            args->peer);
        return MFD_USAGE;
    }
    peer->kind = &mfd_peer_qemu;
    peer->path = mfd_qemu_find(args->peer[4] ? args->peer + 5 : MFD_QEMU_PROGRAM, lack);
    if (!peer->path) {
        fprintf(stderr, "mfdkit test: %s\n", lack);
        return MFD_HARNESS;
    }
    if (!mfd_qemu_probe(peer, error)) {
        fprintf(stderr, "mfdkit test: %s\n", error);
        return MFD_HARNESS;
    }
    return MFD_OK;
}

/* The profile named, or that of the peer's version; NULL with a message on standard error. */
static const struct mfd_profile *choose_profile(const struct mfd_test_args *args,
                                                const struct mfd_peer *peer)
{
    const struct mfd_profile *profile = NULL;
    bool exact = true;

    if (args->profile && strcmp(args->profile, "auto") != 0) {
        profile = mfd_profile_find(args->profile);
        if (!profile) {
            fprintf(stderr,
                    "mfdkit test: there is no profile '%s'; mfdkit list profiles shows them\n",
                    args->profile);
        }
        return profile;
    }
    if (!peer->version) {
        return mfd_profile_find("ref");
    }
    profile = mfd_profile_for_version(peer->version, &exact);
    if (!profile) {
        fprintf(stderr, "mfdkit test: no profile for version %s; name one with --profile\n",
                peer->version);
    } else if (!exact) {
        fprintf(stderr, "mfdkit test: no profile for version %s; judged by %s\n", peer->version,
                profile->name);
    }
    return profile;
}

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
    if (args->bisect && (code == MFD_HARNESS || code == MFD_NOTHING)) {
        code = 125;
    }
    return code;
}

static void describe_run(struct mfd_run *run, const struct mfd_peer *peer,
                         const struct mfd_profile *profile)
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
    run->role = "receiver";
}

static void show(const struct mfd_result *result, void *context)
{
    mfd_text_result(context, result);
}

/* Everything is chosen: run, report, and the exit code. */
static int run_and_report(const struct mfd_test_args *args, const struct mfd_peer *peer,
                          const struct mfd_profile *profile, struct mfd_baseline *baseline,
                          const char *scenarios)
{
    char error[MFD_RUN_ERROR_SIZE];
    char rerun[512];
    struct mfd_text text;
    struct mfd_run run = {.strict = args->strict};
    struct mfd_run_options options = {
        .scenarios = scenarios,
        .globs = args->globs,
        .baseline = baseline,
        .role = "receiver",
        .rerun = rerun,
        .jobs = args->jobs,
        .repeat = args->repeat,
        .strength = args->strength,
        .shard = args->shard,
        .shards = args->shards,
        .progress = args->tap ? NULL : show,
        .context = &text,
    };
    int code = MFD_USAGE;

    rerun_text(args, rerun, sizeof(rerun));
    describe_run(&run, peer, profile);
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

int mfd_cmd_test(int argc, char **argv)
{
    struct mfd_test_args args;
    struct mfd_peer peer = {0};
    const struct mfd_profile *profile = NULL;
    struct mfd_baseline *baseline = NULL;
    const char *scenarios = NULL;
    int code = MFD_OK;

    mfd_test_args_parse(argc, argv, &args);
    scenarios = args.scenarios ? args.scenarios : mfd_suite_folder();
    code = choose_peer(&args, &peer);
    if (code == MFD_OK && !(profile = choose_profile(&args, &peer))) {
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
    return code;
}
