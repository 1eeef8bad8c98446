// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit doctor: what of all that mfdkit works with is there, and what it is good for. */
#include "choose.h"
#include "cmd.h"
#include "qemu_cache.h"
#include "qemu_find.h"
#include "run.h"
#include "scratch.h"
#include "suite.h"
#include "wire.h"

#include <argp.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* The scenario that the reference has to pass. */
#define TRIAL "packet/full"
/* Room for the RAM files of a few migrations at a time. */
#define SCRATCH_MIN ((uint64_t)64 << 20)
/* A migration of the most channels, both ends in one process, and what a process has open in any case. */
#define FILES_MIN (2u * (MFD_CHANNELS_MAX + 1) + 64)

static const struct argp parser = {
    NULL,
    NULL,
    NULL,
    "Say what is there of all that mfdkit works with, and what each is good for."
    "\vExit status: 0 all that scenarios need is there, 1 something of it is not, 2 usage. What only some commands "
    "need may be missing.",
    NULL,
    NULL,
    NULL};

/* One line: whether it is well, what it is about, and what was found. */
static bool tell(bool good, bool needed, const char *what, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static bool tell(bool good, bool needed, const char *what, const char *format, ...)
{
    va_list args;

    printf("%-8s %-12s ", good ? "ok" : needed ? "MISSING" : "missing", what);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    return good || !needed;
}

/* ---- what every run needs ---- */

static bool look_at_scenarios(void)
{
    char error[MFD_SUITE_ERROR_SIZE];
    struct mfd_suite suite;
    const char *folder = mfd_suite_folder();
    bool loaded = mfd_suite_load(folder, &suite, error);
    bool good = false;

    if (loaded && suite.count) {
        good = tell(true, true, "scenarios", "%zu below %s", suite.count, folder);
    } else {
        good = tell(false, true, "scenarios", "%s",
                    loaded ? "there are none; $MFD_SCENARIOS names their folder" : error);
    }
    mfd_suite_free(&suite);
    return good;
}

static bool look_at_reference(void)
{
    static const char *const globs[] = {TRIAL, NULL};
    const struct mfd_choice choice = {.command = "doctor", .scale = 1};
    const struct mfd_run_options options = {.scenarios = mfd_suite_folder(),
                                            .globs = globs,
                                            .role = "receiver",
                                            .rerun = "mfdkit test",
                                            .jobs = 1,
                                            .repeat = 1,
                                            .strength = 2};
    char error[MFD_RUN_ERROR_SIZE] = "";
    struct mfd_peer peer = {0};
    struct mfd_run run = {0};
    bool good = mfd_choose_peer(&choice, &peer) == MFD_OK;

    peer.rev = MFD_REV_LATEST;
    good = good && mfd_run_suite(&peer, &options, &run, error) && run.count == 1 &&
           run.results[0].verdict == MFD_PASS;

    if (good) {
        good = tell(true, true, "reference", "passes " TRIAL ": mfdkit test");
    } else {
        good = tell(false, true, "reference", "does not pass " TRIAL ": %s",
                    run.count && run.results[0].detail ? run.results[0].detail : error);
    }
    mfd_run_free(&run);
    mfd_peer_free(&peer);
    return good;
}

static bool look_at_scratch(void)
{
    struct statvfs space;
    const char *folder = mfd_scratch();
    uint64_t room = 0;

    if (statvfs(folder, &space) != 0) {
        return tell(false, true, "scratch", "%s: %s", folder, strerror(errno));
    }
    room = (uint64_t)space.f_bavail * space.f_frsize;
    return tell(room >= SCRATCH_MIN && access(folder, W_OK) == 0, true, "scratch",
                "%s, %llu MiB free, for sockets and RAM; $TMPDIR names another folder", folder,
                (unsigned long long)(room >> 20));
}

static bool look_at_files(void)
{
    struct rlimit limit = {0};

    getrlimit(RLIMIT_NOFILE, &limit);
    return tell(limit.rlim_max >= FILES_MIN, true, "open files",
                "%llu may be open at a time, %u are needed for %u channels",
                (unsigned long long)limit.rlim_max, FILES_MIN, MFD_CHANNELS_MAX);
}

/* ---- what some commands need ---- */

static void look_at_qemu(void)
{
    const struct mfd_choice choice = {.command = "doctor", .peer = "qemu", .scale = 1};
    struct mfd_peer peer = {0};
    char *path = mfd_on_path(MFD_QEMU_PROGRAM);

    if (!path) {
        tell(false, false, "qemu", "install qemu-system-x86: mfdkit test qemu, interop");
    } else if (mfd_choose_peer(&choice, &peer) == MFD_OK) {
        tell(true, false, "qemu", "%s: mfdkit test qemu, interop", peer.version);
    } else {
        tell(false, false, "qemu", "%s cannot be used", path);
    }
    free(path);
    mfd_peer_free(&peer);
}

static void look_at_cache(void)
{
    char folder[MFD_CACHE_PATH_SIZE];
    size_t count = 0;
    size_t whole = 0;
    struct mfd_cached_qemu *list =
        mfd_qemu_cache_folder(folder) ? mfd_qemu_cache_list(folder, &count) : NULL;

    for (size_t i = 0; i < count; i++) {
        if (list[i].state == MFD_CACHE_WHOLE) {
            tell(true, false, "qemu", "%s: mfdkit test qemu=%s", list[i].version, list[i].suite);
            whole++;
        } else {
            tell(false, false, "qemu", "%s is not whole: mfdkit qemu fetch --again %s",
                 list[i].suite, list[i].suite);
        }
    }
    if (!whole) {
        tell(false, false, "qemu", "no other release: mfdkit qemu fetch SUITE");
    }
    free(list);
}

/* Whether a line of what the command prints has the text. */
static bool prints(const char *command, const char *text)
{
    FILE *out = popen(command, "r"); // NOLINT(cert-env33-c): the text is this file's own
    char line[512];
    bool found = false;

    while (out && fgets(line, sizeof(line), out)) {
        found = found || strstr(line, text);
    }
    return out && pclose(out) == 0 && found;
}

static void look_at_tshark(void)
{
    char *path = mfd_on_path("tshark");

    if (!path) {
        tell(false, false, "tshark", "install tshark: captures with the plugin, see dissector/");
    } else if (prints("tshark -G plugins 2>/dev/null", "multifd")) {
        tell(true, false, "tshark", "%s, with the plugin", path);
    } else {
        tell(false, false, "plugin",
             "%s does not load it for this user: cmake --install, see "
             "dissector/README.md",
             path);
    }
    free(path);
}

static void look_at_program(const char *name, const char *package, const char *what)
{
    char *path = mfd_on_path(name);

    if (path) {
        tell(true, false, name, "%s: %s", path, what);
    } else {
        tell(false, false, name, "install %s: %s", package, what);
    }
    free(path);
}

int mfd_cmd_doctor(int argc, char **argv)
{
    static char name[] = "mfdkit doctor";
    bool good = true;

    argv[0] = name;
    argp_err_exit_status = MFD_USAGE;
    argp_parse(&parser, argc, argv, 0, NULL, NULL);
    good = look_at_scenarios();
    good = look_at_reference() && good;
    good = look_at_scratch() && good;
    good = look_at_files() && good;
    look_at_qemu();
    look_at_cache();
    look_at_tshark();
    look_at_program("afl-fuzz", "afl++", "campaigns, see fuzz/README.md");
    look_at_program("clang", "clang", "harnesses for libFuzzer, see fuzz/README.md");
    return good && fflush(stdout) == 0 ? MFD_OK : MFD_UNEXPECTED;
}
