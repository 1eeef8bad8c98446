// SPDX-License-Identifier: GPL-2.0-or-later
#include "workbench.h"

#include "json.h"
#include "mask.h"
#include "process.h"
#include "workcopy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Seconds. Both are there for what does not end at all. */
#define BUILD_GUARD 600.0
#define TEST_GUARD 600.0
#define ARGUMENTS_MAX 40
/* Longest path of the folder: a process keeps the path of its log in little room. */
#define FOLDER_MAX 120

static bool fail(char *error, const char *what, const char *why)
{
    snprintf(error, MFD_WORKBENCH_ERROR_SIZE, "%s: %s", what, why);
    return false;
}

/* Runs a command with its output in a file of the folder; fills `process` when it has ended. */
static bool run_command(const struct mfd_workbench *bench, char **argv, double guard,
                        struct mfd_process *process, char *error)
{
    switch (mfd_process_fork(process, bench->folder)) {
    case 0:
        mfd_process_exec(process, argv);
    case -1:
        return fail(error, "fork", strerror(errno));
    default:
        break;
    }
    if (!mfd_process_wait(process, guard)) {
        mfd_process_kill(process);
        return fail(error, argv[0], "does not come to an end");
    }
    return true;
}

/* Adds what the command printed last. */
static bool fail_with_output(const struct mfd_process *process, const char *what, char *error)
{
    char *output = mfd_process_output(process);

    fail(error, what, output ? output : "it printed nothing");
    free(output);
    return false;
}

static bool run_cmake(const struct mfd_workbench *bench, char **argv, const char *what, char *error)
{
    struct mfd_process process;

    if (!run_command(bench, argv, BUILD_GUARD, &process, error)) {
        return false;
    }
    return process.exit_code == 0 ? true : fail_with_output(&process, what, error);
}

static bool configure(const struct mfd_workbench *bench, char *error)
{
    char *argv[] = {
        MFD_CMAKE_COMMAND,
        "-G",
        MFD_CMAKE_GENERATOR,
        "-S",
        bench->source,
        "-B",
        bench->build,
        "-DCMAKE_BUILD_TYPE=Release",
        "-DCMAKE_C_FLAGS_RELEASE=-O2", /* with assertions: a mutant that runs into one is noticed */
        "-DCMAKE_C_COMPILER=" MFD_C_COMPILER,
        "-DCMAKE_EXE_LINKER_FLAGS=-Wl,--build-id=none",
        "-DMFD_BUILD_TESTS=OFF",
        "-DMFD_WERROR=OFF", /* what a mutant leaves unused is no error */
        NULL,
    };

    return run_cmake(bench, argv, "configuring the copy", error);
}

static bool build(const struct mfd_workbench *bench, char *target, char *error)
{
    char processors[24];
    char *argv[] = {MFD_CMAKE_COMMAND, "--build",  bench->build, "--target", target,
                    "--parallel",      processors, NULL};

    snprintf(processors, sizeof(processors), "%ld", sysconf(_SC_NPROCESSORS_ONLN));
    return run_cmake(bench, argv, "it does not build", error);
}

/* Keeps the program as it is without a mutant. */
static bool keep_clean(const struct mfd_workbench *bench, char *error)
{
    size_t len = 0;
    char *bytes = mfd_file_read(bench->program, &len);
    FILE *out = bytes ? fopen(bench->clean, "we") : NULL;
    bool good = out && fwrite(bytes, 1, len, out) == len && fchmod(fileno(out), 0700) == 0;

    if (out) {
        good = fclose(out) == 0 && good;
    }
    free(bytes);
    return good ? true : fail(error, bench->clean, strerror(errno));
}

static bool name_paths(struct mfd_workbench *bench, const char *folder, const char *scenarios)
{
    bench->folder = strdup(folder);
    return bench->folder && asprintf(&bench->source, "%s/source", folder) >= 0 &&
           asprintf(&bench->build, "%s/build", folder) >= 0 &&
           asprintf(&bench->program, "%s/conformance/cmd/mfdkit", bench->build) >= 0 &&
           asprintf(&bench->masked, "%s/conformance/mutants/mfdkit_masked", bench->build) >= 0 &&
           asprintf(&bench->clean, "%s/mfdkit", folder) >= 0 &&
           (scenarios
                ? (bench->scenarios = strdup(scenarios)) != NULL
                : asprintf(&bench->scenarios, "%s/conformance/scenarios", bench->source) >= 0);
}

bool mfd_workbench_open(struct mfd_workbench *bench, const char *root, const char *folder,
                        const char *scenarios, char *error)
{
    char *real_root = realpath(root, NULL);
    bool good = false;

    *bench = (struct mfd_workbench){.scale = 1};
    if (!real_root) {
        return fail(error, root, strerror(errno));
    }
    if (strlen(folder) > FOLDER_MAX) {
        free(real_root);
        return fail(error, folder, "the path is too long");
    }
    if (!name_paths(bench, folder, scenarios)) {
        fail(error, folder, "out of memory");
    } else {
        good = mfd_workcopy_sync(real_root, bench->source, error) && configure(bench, error) &&
               build(bench, "mfdkit_masked", error) && build(bench, "mfdkit", error) &&
               keep_clean(bench, error);
    }
    free(real_root);
    return good;
}

void mfd_workbench_close(struct mfd_workbench *bench)
{
    free(bench->folder);
    free(bench->source);
    free(bench->build);
    free(bench->program);
    free(bench->masked);
    free(bench->clean);
    free(bench->scenarios);
}

bool mfd_workbench_build(const struct mfd_workbench *bench, bool *differs, char *error)
{
    size_t len = 0;
    size_t clean_len = 0;
    char *bytes = NULL;
    char *clean = NULL;

    if (!build(bench, "mfdkit", error)) {
        return false;
    }
    bytes = mfd_file_read(bench->program, &len);
    clean = mfd_file_read(bench->clean, &clean_len);
    *differs = bytes && clean && (len != clean_len || memcmp(bytes, clean, len) != 0);
    if (!bytes || !clean) {
        fail(error, bytes ? bench->clean : bench->program, strerror(errno));
    }
    free(bytes);
    free(clean);
    return bytes && clean;
}

/* The arguments of a run; `json` and `scale` are texts of the caller's. */
static void fill_arguments(const struct mfd_workbench *bench, const struct mfd_workbench_run *what,
                           char *json, char *scale, char **argv)
{
    /* the reference has no known defects, also where it is taken for a release that has */
    char *fixed[] = {(char *)what->program,
                     "test",
                     "ref",
                     "--scenarios",
                     bench->scenarios,
                     "--role",
                     what->sender ? "sender" : "receiver",
                     "--profile",
                     (char *)what->profile,
                     "--baseline",
                     "/dev/null",
                     "--json",
                     json,
                     "--timeout-scale",
                     scale};
    size_t count = sizeof(fixed) / sizeof(fixed[0]);

    memcpy(argv, fixed, sizeof(fixed));
    for (size_t i = 0; what->globs && what->globs[i] && count < ARGUMENTS_MAX - 2; i++) {
        argv[count++] = "-t";
        argv[count++] = (char *)what->globs[i];
    }
    argv[count] = NULL;
}

/* Reads the report that a run has left; false if it left none. */
static bool read_report(const char *path, struct mfd_run *run)
{
    json_t *json = json_load_file(path, 0, NULL);
    bool good = json && mfd_run_from_json(json, run);

    json_decref(json);
    return good;
}

static void set_mask(const char *suppress, const char *seen)
{
    if (suppress) {
        setenv(MFD_MASK_RULES, suppress, 1);
        setenv(MFD_MASK_SEEN, seen, 1);
    } else {
        unsetenv(MFD_MASK_RULES);
        unsetenv(MFD_MASK_SEEN);
    }
}

bool mfd_workbench_test(const struct mfd_workbench *bench, const struct mfd_workbench_run *what,
                        struct mfd_run *run, bool *masked, char *error)
{
    char json[1024];
    char seen[1024];
    char scale[32];
    char *argv[ARGUMENTS_MAX];
    struct mfd_process process;
    bool ended = false;

    snprintf(json, sizeof(json), "%s/report.json", bench->folder);
    snprintf(seen, sizeof(seen), "%s/seen", bench->folder);
    snprintf(scale, sizeof(scale), "%g", bench->scale);
    unlink(json);
    unlink(seen);
    fill_arguments(bench, what, json, scale, argv);
    set_mask(what->suppress, seen);
    ended = run_command(bench, argv, TEST_GUARD, &process, error);
    set_mask(NULL, NULL);
    if (masked) {
        *masked = access(seen, F_OK) == 0;
    }
    if (!ended) {
        return false;
    }
    return read_report(json, run) ? true
                                  : fail_with_output(&process, "mfdkit test left no report", error);
}
