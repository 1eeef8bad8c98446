// SPDX-License-Identifier: GPL-2.0-or-later
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REPORT_MAX 8192
#define OUTPUT_MAX 2048

double mfd_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Adds the harness's own options behind those that the caller has set, so that they win. */
static void add_options(const char *variable, const char *options, const char *log_path)
{
    const char *old = getenv(variable);
    char value[1024];

    snprintf(value, sizeof(value), "%s%s%s:log_path=%s", old ? old : "", old && *old ? ":" : "",
             options, log_path);
    setenv(variable, value, 1);
}

static void become_peer(struct mfd_process *process, pid_t harness)
{
    int out = open(process->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (out < 0 || getppid() != harness) {
        _exit(127);
    }
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
}

void mfd_process_exec(const struct mfd_process *process, char *const argv[])
{
    /* a status that no clean refusal has; the log tells in any case */
    add_options("ASAN_OPTIONS", "exitcode=86:abort_on_error=0:detect_leaks=1", process->sanitizer);
    add_options("UBSAN_OPTIONS", "exitcode=86:print_stacktrace=1", process->sanitizer);
    add_options("TSAN_OPTIONS", "exitcode=86", process->sanitizer);
    add_options("LSAN_OPTIONS", "exitcode=86", process->sanitizer);
    add_options("MSAN_OPTIONS", "exitcode=86", process->sanitizer);
    execvp(argv[0], argv);
    fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

pid_t mfd_process_fork(struct mfd_process *process, const char *dir)
{
    pid_t harness = getpid();
    pid_t pid = 0;

    *process = (struct mfd_process){.exit_code = -1};
    snprintf(process->log, sizeof(process->log), "%s/log", dir);
    snprintf(process->sanitizer, sizeof(process->sanitizer), "%s/sanitizer", dir);
    pid = fork();
    if (pid == 0) {
        become_peer(process, harness);
    } else if (pid > 0) {
        process->pid = pid;
        setpgid(pid, pid); /* whichever side comes first */
    }
    return pid;
}

void mfd_process_leave(int status)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    exit(status);
#else
    fflush(NULL);
    _exit(status);
#endif
}

bool mfd_process_poll(struct mfd_process *process)
{
    int status = 0;

    if (process->ended || process->pid <= 0) {
        return true;
    }
    if (waitpid(process->pid, &status, WNOHANG) != process->pid) {
        return false;
    }
    process->ended = true;
    if (WIFEXITED(status)) {
        process->exit_code = WEXITSTATUS(status);
    } else if (WIFSIGNALED(status) && !process->killed) {
        process->signal = WTERMSIG(status);
    }
    return true;
}

static void nap(void)
{
    /* between two looks at /proc, where there is nothing to wait on */
    nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
}

bool mfd_process_wait(struct mfd_process *process, double seconds)
{
    double end = mfd_now() + seconds;

    while (!mfd_process_poll(process)) {
        if (mfd_now() > end) {
            return false;
        }
        nap();
    }
    return true;
}

void mfd_process_kill(struct mfd_process *process)
{
    if (process->pid <= 0) {
        return;
    }
    if (!mfd_process_poll(process)) {
        process->killed = true;
    }
    kill(-process->pid, SIGKILL); /* also what it may have started */
    while (!mfd_process_poll(process)) {
        nap();
    }
}

/* Appends up to `room` bytes of the end of a file to `out`; returns how many. */
static size_t read_end(const char *path, char *out, size_t room)
{
    FILE *file = fopen(path, "re");
    size_t n = 0;
    long size = 0;

    if (!file) {
        return 0;
    }
    if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) > 0) {
        fseek(file, size > (long)room ? size - (long)room : 0, SEEK_SET);
        n = fread(out, 1, room, file);
    }
    fclose(file);
    return n;
}

static char *owned_text(const char *text, size_t len)
{
    while (len && text[len - 1] == '\n') {
        len--;
    }
    return len ? strndup(text, len) : NULL;
}

char *mfd_process_sanitizer(const struct mfd_process *process)
{
    char pattern[200];
    char text[REPORT_MAX];
    size_t len = 0;
    glob_t found;

    snprintf(pattern, sizeof(pattern), "%s.*", process->sanitizer);
    if (glob(pattern, 0, NULL, &found) != 0) {
        return NULL;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        len += read_end(found.gl_pathv[i], text + len, sizeof(text) - len);
    }
    globfree(&found);
    return owned_text(text, len);
}

char *mfd_process_output(const struct mfd_process *process)
{
    char text[OUTPUT_MAX];

    return owned_text(text, read_end(process->log, text, sizeof(text)));
}

/* What one look at a thread tells; summed over threads so that any change shows. */
struct look {
    bool busy;        /* some thread runs, or waits for a disk */
    unsigned threads; /* that have not ended */
    uint64_t slices;  /* time slices used so far, by all threads */
};

/* Reads a small file of /proc; the text is NUL terminated. False if it has gone. */
static bool read_proc(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

    if (fd >= 0) {
        close(fd);
    }
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static void look_at_thread(int pid, const char *tid, struct look *look)
{
    char path[64];
    char text[1024];
    const char *state = NULL;
    unsigned long long slices = 0;

    snprintf(path, sizeof(path), "/proc/%d/task/%.16s/stat", pid, tid);
    if (!read_proc(path, text, sizeof(text)) || !(state = strrchr(text, ')'))) {
        look->busy = true; /* gone between two looks: something happened */
        return;
    }
    if (strchr("ZX", state[2])) {
        return; /* a thread that has ended, or a process that nobody has waited for yet */
    }
    /* one that somebody has stopped will go on */
    look->busy |= state[2] != 'S';
    snprintf(path, sizeof(path), "/proc/%d/task/%.16s/schedstat", pid, tid);
    if (!read_proc(path, text, sizeof(text)) || sscanf(text, "%*u %*u %llu", &slices) != 1) {
        look->busy = true;
    }
    look->threads++;
    look->slices += slices;
}

static void look_at_process(int pid, struct look *look)
{
    char path[64];
    DIR *dir = NULL;
    struct dirent *entry = NULL;

    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    dir = opendir(path);
    while (dir && (entry = readdir(dir))) {
        if (entry->d_name[0] != '.') {
            look_at_thread(pid, entry->d_name, look);
        }
    }
    if (dir) {
        closedir(dir);
    }
}

/*
 * Whether the peer's own threads are all that works for it. A sanitizer looks for leaks in a process of its own, for which
 * they sleep.
 */
static bool is_alone(const struct mfd_process *process)
{
#ifdef __SANITIZE_ADDRESS__
    (void)process;
    return false;
#else
    return process->alone;
#endif
}

/* Processes that the peer has started are in its group too, but only a scan of all finds them. */
static struct look look_at(const struct mfd_process *process)
{
    struct look look = {0};
    bool alone = is_alone(process);
    DIR *dir = alone ? NULL : opendir("/proc");
    struct dirent *entry = NULL;

    if (alone) {
        look_at_process(process->pid, &look);
    }
    while (dir && (entry = readdir(dir))) {
        int pid = atoi(entry->d_name);

        if (pid > 0 && getpgid(pid) == process->pid) {
            look_at_process(pid, &look);
        }
    }
    if (dir) {
        closedir(dir);
    }
    return look;
}

bool mfd_process_quiet(const struct mfd_process *process, double window)
{
    struct look first = look_at(process);
    double end = mfd_now() + window;

    do {
        struct look again = first;

        if (first.busy || first.threads == 0) {
            return false;
        }
        again = look_at(process);
        if (again.busy || again.threads != first.threads || again.slices != first.slices) {
            return false;
        }
        if (window > 0) {
            nap();
        }
    } while (mfd_now() < end);
    return true;
}

double mfd_process_cpu(const struct mfd_process *process)
{
    clockid_t clock;
    struct timespec used = {0};

    if (clock_getcpuclockid(process->pid, &clock) != 0 || clock_gettime(clock, &used) != 0) {
        return 0;
    }
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}
