// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit qemu: QEMUs of other Debian releases in a cache folder. */
#include "cmd.h"
#include "qemu_cache.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct arguments {
    const char *action;
    const char *suite;
    bool again;
};

static const struct argp_option options[] = {
    {"again", 'a', NULL, 0, "fetch: also if it is there already, for what is newer", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *args = state->input;
    bool fetch = args->action && strcmp(args->action, "fetch") == 0;

    switch (key) {
    case 'a':
        args->again = true;
        return 0;
    case ARGP_KEY_ARG:
        if (!args->action) {
            args->action = text;
        } else if (fetch && !args->suite) {
            args->suite = text;
        } else {
            argp_error(state, "what is '%s'?", text);
        }
        return 0;
    case ARGP_KEY_END:
        if (!args->action || (!fetch && strcmp(args->action, "list") != 0)) {
            argp_error(state, "fetch or list?");
        } else if (fetch && !args->suite) {
            argp_error(state, "fetch which suite?");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    options,
    parse,
    "fetch SUITE\nlist",
    "Keep QEMUs of other Debian releases in a cache folder, to be tested as qemu=SUITE."
    "\vfetch takes the packages from the archive of this machine's apt sources and unpacks them: no root, no "
    "container, and nothing is installed. The folder is $MFD_CACHE, or mfdkit below $XDG_CACHE_HOME or "
    "~/.cache.\n\n"
    "Exit status: 0 done, 2 usage, 3 it could not be done, or list found a broken one.",
    NULL,
    NULL,
    NULL};

/* Becomes the script, whose exit codes are ours. */
static int fetch(const struct arguments *args)
{
    const char *script = mfd_qemu_fetch_script();
    char *argv[] = {"qemu-fetch", NULL, NULL, NULL};

    argv[1] = args->again ? "--again" : (char *)args->suite;
    argv[2] = args->again ? (char *)args->suite : NULL;
    fflush(NULL);
    execv(script, argv);
    fprintf(stderr, "mfdkit qemu: %s: %s\n", script, strerror(errno));
    return MFD_HARNESS;
}

/* Archives move on: baselines are of the package that they were measured with. */
static void print_whole(const struct mfd_cached_qemu *cached)
{
    char measured[MFD_PACKAGE_SIZE];
    bool moved =
        mfd_qemu_suite_known(cached->suite, measured) && strcmp(measured, cached->package) != 0;

    printf("%-18s  %-8s  %-30s  %s%s%s\n", cached->suite, cached->version, cached->package,
           cached->path, moved ? "  the baselines know " : "", moved ? measured : "");
}

static int list(void)
{
    char folder[MFD_CACHE_PATH_SIZE];
    struct mfd_cached_qemu *cached = NULL;
    size_t count = 0;
    int code = MFD_OK;

    if (!mfd_qemu_cache_folder(folder)) {
        fprintf(stderr, "mfdkit qemu: neither MFD_CACHE nor XDG_CACHE_HOME nor HOME is set\n");
        return MFD_HARNESS;
    }
    cached = mfd_qemu_cache_list(folder, &count);
    if (!cached) {
        fprintf(stderr, "mfdkit qemu: %s: %s\n", folder, strerror(errno));
        return MFD_HARNESS;
    }
    for (size_t i = 0; i < count; i++) {
        if (cached[i].state == MFD_CACHE_WHOLE) {
            print_whole(&cached[i]);
        } else {
            fflush(stdout);
            fprintf(stderr, "mfdkit qemu: %s in %s is broken: mfdkit qemu fetch %s makes it anew\n",
                    cached[i].suite, folder, cached[i].suite);
            code = MFD_HARNESS;
        }
    }
    if (count == 0) {
        fprintf(stderr, "mfdkit qemu: nothing in %s\n", folder);
    }
    free(cached);
    return code;
}

int mfd_cmd_qemu(int argc, char **argv)
{
    static char name[] = "mfdkit qemu";
    struct arguments args = {0};

    argv[0] = name;
    argp_err_exit_status = MFD_USAGE;
    argp_parse(&parser, argc, argv, 0, NULL, &args);
    /* the script would take a suite with a dash for one of its own options */
    if (args.suite && *args.suite == '-') {
        fprintf(stderr, "mfdkit qemu: '%s' is no suite\n", args.suite);
        return MFD_USAGE;
    }
    return args.suite ? fetch(&args) : list();
}
