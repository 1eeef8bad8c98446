// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mfdkit bench: how fast the reference moves memory, as a share of what two bare threads do in the same run.
 */
#include "bench_move.h"
#include "cmd.h"
#include "option_number.h"
#include "scratch.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX 99u
#define MIB_MAX 8192u

struct arguments {
    unsigned rounds;
    unsigned mib;
};

static const struct argp_option options[] = {
    {"rounds", 'r', "N", 0, "pairs of runs for each line (default: 7)", 0},
    {"ram", 'm', "MIB", 0, "memory of the guest (default: 512)", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *args = state->input;

    switch (key) {
    case 'r':
        args->rounds = mfd_option_number(arg, state, "--rounds", ROUNDS_MAX);
        return 0;
    case 'm':
        args->mib = mfd_option_number(arg, state, "--ram", MIB_MAX);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is too much", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    options,
    parse,
    NULL,
    "Move a guest's memory from the reference sender to the reference receiver, and the same bytes by nothing but "
    "sendmsg and recvmsg, in turn. A ratio of 1 would be a protocol that costs nothing.",
    NULL,
    NULL,
    NULL};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Sorts them too. */
static double median(double *values, unsigned count)
{
    qsort(values, count, sizeof(*values), compare);
    return values[count / 2];
}

/* One line: the rounds of one transport and number of channels. */
static bool measure(struct mfd_bench *bench, const struct arguments *args, const char *transport)
{
    double reference[ROUNDS_MAX];
    double bare[ROUNDS_MAX];
    double ratio[ROUNDS_MAX];
    double gigabytes = args->mib * (double)(1u << 20) / 1e9;
    double middle = 0;

    for (unsigned i = 0; i < args->rounds; i++) {
        /* whatever comes second finds warmer caches: each comes second every other time */
        for (unsigned turn = 0; turn < 2; turn++) {
            bool bare_now = (i + turn) % 2;
            double seconds = bare_now ? mfd_bench_bare(bench) : mfd_bench_reference(bench);

            if (seconds < 0 || !mfd_bench_arrived(bench)) {
                fprintf(stderr, "mfdkit bench: %s, %u channels, %s: %s\n", transport,
                        bench->channels, bare_now ? "bare" : "reference",
                        seconds < 0 && errno ? strerror(errno) : "memory did not arrive");
                return false;
            }
            *(bare_now ? &bare[i] : &reference[i]) = gigabytes / seconds;
        }
        ratio[i] = reference[i] / bare[i];
    }
    middle = median(ratio, args->rounds);
    printf("%-9s  %8u  %9.2f  %9.2f  %5.2f  (%.2f to %.2f)\n", transport, bench->channels,
           median(reference, args->rounds), median(bare, args->rounds), middle, ratio[0],
           ratio[args->rounds - 1]);
    return fflush(stdout) == 0;
}

static bool measure_all(struct mfd_bench *bench, const struct arguments *args, const char *folder)
{
    static const unsigned channels[] = {1, 2, 4};
    char path[128];
    bool good = true;

    snprintf(path, sizeof(path), "unix:%s/socket", folder);
    printf("%u MiB, method none, medians of %u pairs of runs\n\n", args->mib, args->rounds);
    printf("transport  channels  reference       bare  ratio\n");
    printf("                          GB/s       GB/s\n");
    for (unsigned i = 0; i < 2 * sizeof(channels) / sizeof(channels[0]) && good; i++) {
        bool tcp = i % 2;

        bench->channels = channels[i / 2];
        bench->address = tcp ? "tcp:127.0.0.1:0" : path;
        good = measure(bench, args, tcp ? "tcp" : "unix");
    }
    bench->address = NULL; /* `path` ends here */
    return good;
}

int mfd_cmd_bench(int argc, char **argv)
{
    struct arguments args = {.rounds = 7, .mib = 512};
    struct mfd_bench bench = {0};
    char folder[96];
    int error = 0;
    bool good = false;

    argp_err_exit_status = MFD_USAGE;
    argp_parse(&parser, argc, argv, 0, NULL, &args);
    if (!mfd_scratch_make(NULL, folder, sizeof(folder))) {
        fprintf(stderr, "mfdkit bench: %s: %s\n", mfd_scratch(), strerror(errno));
        return MFD_HARNESS;
    }
    error = mfd_bench_init(&bench, (uint64_t)args.mib << 20);
    if (error) {
        fprintf(stderr, "mfdkit bench: %u MiB twice: %s\n", args.mib, strerror(error));
    } else {
        good = measure_all(&bench, &args, folder);
    }
    mfd_bench_free(&bench);
    mfd_scratch_remove(folder);
    return good ? MFD_OK : MFD_HARNESS;
}
