// SPDX-License-Identifier: GPL-2.0-or-later
#include "jobs.h"

#include "process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct slot {
    pid_t pid; /* 0: free */
    int fd;
    size_t index;
    double end; /* when to give up */
    char *text;
    size_t len;
    size_t room;
};

static volatile sig_atomic_t stop_asked;

static void ask_stop(int signal_number)
{
    (void)signal_number;
    stop_asked = 1;
}

/* In the child: never returns. */
__attribute__((noreturn)) static void work(const struct mfd_jobs *jobs, size_t index, int fd,
                                           pid_t parent)
{
    json_t *answer = NULL;
    FILE *out = fdopen(fd, "w");
    int failed = 1;

    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (out && getppid() == parent) {
        answer = jobs->work(index, jobs->context);
        failed = !answer || json_dumpf(answer, out, JSON_COMPACT) != 0 || fclose(out) != 0;
        json_decref(answer);
    }
    mfd_process_leave(failed);
}

static bool start(const struct mfd_jobs *jobs, struct slot *slot, size_t index)
{
    pid_t parent = getpid();
    int ends[2];

    if (pipe(ends) != 0) {
        return false;
    }
    fflush(NULL); /* or the child would print it again */
    *slot = (struct slot){.fd = ends[0], .index = index, .end = mfd_now() + jobs->guard};
    slot->pid = fork();
    if (slot->pid == 0) {
        close(ends[0]);
        work(jobs, index, ends[1], parent);
    }
    close(ends[1]);
    if (slot->pid < 0) {
        slot->pid = 0;
        close(ends[0]);
        return false;
    }
    return true;
}

/* Reads what is there; false at the end of the stream. */
static bool read_slot(struct slot *slot)
{
    ssize_t n = 0;

    if (slot->room - slot->len < 4096) {
        size_t room = slot->room ? slot->room * 2 : 16384;
        char *grown = realloc(slot->text, room);

        if (!grown) {
            return false;
        }
        slot->text = grown;
        slot->room = room;
    }
    n = read(slot->fd, slot->text + slot->len, slot->room - slot->len);
    if (n < 0 && errno == EINTR) {
        return true;
    }
    slot->len += n > 0 ? (size_t)n : 0;
    return n > 0;
}

static void end_slot(const struct mfd_jobs *jobs, struct slot *slot, const char *why)
{
    int status = 0;
    json_t *answer = NULL;
    char text[80];

    if (why) {
        kill(slot->pid, SIGKILL);
    }
    close(slot->fd);
    while (waitpid(slot->pid, &status, 0) < 0 && errno == EINTR) {}
    if (!why && status == 0) {
        answer = json_loadb(slot->text ? slot->text : "", slot->len, 0, NULL);
    }
    if (!why && !answer) {
        snprintf(text, sizeof(text), "the harness's own process ended with %s %d",
                 WIFSIGNALED(status) ? "signal" : "status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        why = text;
    }
    jobs->done(slot->index, answer, why, jobs->context);
    json_decref(answer);
    free(slot->text);
    *slot = (struct slot){.pid = 0};
}

/* Waits for something to happen in the slots and handles it. */
static void serve(const struct mfd_jobs *jobs, struct slot *slots, struct pollfd *fds)
{
    for (unsigned i = 0; i < jobs->parallel; i++) {
        fds[i] = (struct pollfd){.fd = slots[i].pid ? slots[i].fd : -1, .events = POLLIN};
    }
    poll(fds, jobs->parallel, 1000);
    for (unsigned i = 0; i < jobs->parallel; i++) {
        if (!slots[i].pid) {
            continue;
        }
        if (fds[i].revents && !read_slot(&slots[i])) {
            end_slot(jobs, &slots[i], NULL);
        } else if (stop_asked) {
            end_slot(jobs, &slots[i], "stopped by a signal");
        } else if (mfd_now() > slots[i].end) {
            end_slot(jobs, &slots[i], "the harness's own process did not come to an end");
        }
    }
}

bool mfd_jobs_run(const struct mfd_jobs *jobs)
{
    struct slot *slots = calloc(jobs->parallel, sizeof(*slots));
    struct pollfd *fds = calloc(jobs->parallel, sizeof(*fds));
    struct sigaction stop = {.sa_handler = ask_stop};
    struct sigaction old[2];
    size_t next = 0;
    size_t busy = 0;
    bool good = slots && fds;

    stop_asked = 0;
    sigaction(SIGINT, &stop, &old[0]);
    sigaction(SIGTERM, &stop, &old[1]);
    while (good && (next < jobs->count || busy)) {
        busy = 0;
        for (unsigned i = 0; i < jobs->parallel; i++) {
            if (!slots[i].pid && next < jobs->count && !stop_asked && good) {
                good = start(jobs, &slots[i], jobs->first + next++);
            }
            busy += slots[i].pid != 0;
        }
        if (stop_asked && !busy) {
            good = false;
        } else if (busy) {
            serve(jobs, slots, fds);
        }
    }
    for (unsigned i = 0; slots && i < jobs->parallel; i++) {
        if (slots[i].pid) {
            end_slot(jobs, &slots[i], "another process could not be started");
        }
    }
    sigaction(SIGINT, &old[0], NULL);
    sigaction(SIGTERM, &old[1], NULL);
    free(slots);
    free(fds);
    return good;
}
