// SPDX-License-Identifier: GPL-2.0-or-later
#include "jobs.h"

#include "process.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct slot {
    pid_t pid; /* 0: free */
    int fd;    /* numbers of pieces go in, answers come out, a line each */
    unsigned given;
    bool busy;
    size_t index; /* of the piece it is busy with */
    double end;   /* when to give that up */
    char *text;
    size_t len;
    size_t room;
};

/* Not in the frame of mfd_jobs_run(), which a process forked off leaves: its search for leaks would not find them there. */
static struct slot *slots;
static struct pollfd *fds;
static bool ended_badly; /* a process that had answered all */
static volatile sig_atomic_t stop_asked;

static void ask_stop(int signal_number)
{
    (void)signal_number;
    stop_asked = 1;
}

/*
 * In the child: never returns. It works on one piece after the other, for the pages that a new process writes to first,
 * most of the heap among them, would each be copied again, which costs more than most pieces do.
 */
__attribute__((noreturn)) static void work(const struct mfd_jobs *jobs, int fd, pid_t parent)
{
    FILE *out = fdopen(fd, "w");
    bool good = out != NULL;
    size_t index = 0;

    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    mallopt(M_TRIM_THRESHOLD, 64 << 20); /* what one piece has needed, the next will */
    good = good && getppid() == parent;
    while (good && recv(fd, &index, sizeof(index), MSG_WAITALL) == (ssize_t)sizeof(index)) {
        json_t *answer = jobs->work(index, jobs->context);

        good = answer && json_dumpf(answer, out, JSON_COMPACT) == 0 && fputc('\n', out) != EOF &&
               fflush(out) == 0;
        json_decref(answer);
    }
    mfd_process_leave(!good);
}

static bool start(const struct mfd_jobs *jobs, struct slot *slot)
{
    pid_t parent = getpid();
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return false;
    }
    fflush(NULL); /* or the child would print it again */
    *slot = (struct slot){.fd = ends[0]};
    slot->pid = fork();
    if (slot->pid == 0) {
        close(ends[0]);
        work(jobs, ends[1], parent);
    }
    close(ends[1]);
    if (slot->pid < 0) {
        slot->pid = 0;
        close(ends[0]);
        return false;
    }
    return true;
}

/* Gives the slot a piece to work on, and a process if it has none; false if there can be none. */
static bool give(const struct mfd_jobs *jobs, struct slot *slot, size_t index)
{
    if (!slot->pid && !start(jobs, slot)) {
        return false;
    }
    slot->busy = true;
    slot->given++;
    slot->index = index;
    slot->end = mfd_now() + jobs->guard;
    /* if it cannot be sent the process has ended, which reading will tell */
    send(slot->fd, &index, sizeof(index), MSG_NOSIGNAL);
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

/* The process ends: `now`, or by itself when nothing more comes. Its status, as wait() has it. */
static int end_process(struct slot *slot, bool now)
{
    int status = 0;

    if (now) {
        kill(slot->pid, SIGKILL);
    }
    shutdown(slot->fd, SHUT_RDWR); /* later processes have the descriptor too */
    close(slot->fd);
    while (waitpid(slot->pid, &status, 0) < 0 && errno == EINTR) {}
    free(slot->text);
    *slot = (struct slot){.pid = 0};
    return status;
}

static const char *how_it_ended(int status, char *text, size_t size)
{
    snprintf(text, size, "the harness's own process ended with %s %d",
             WIFSIGNALED(status) ? "signal" : "status",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return text;
}

/* No more is to be done by the process. With a sanitizer it may have something to say of what it has done. */
static void retire(struct slot *slot)
{
    int status = end_process(slot, false);
    char how[80];

    if (status && !stop_asked) {
        fprintf(stderr, "mfdkit: %s after its last answer\n",
                how_it_ended(status, how, sizeof(how)));
        ended_badly = true;
    }
}

/* Tells what became of a piece that has no answer. `why` is NULL if its process has ended by itself. */
static void end_without_answer(const struct mfd_jobs *jobs, struct slot *slot, const char *why)
{
    size_t index = slot->index;
    int status = end_process(slot, why != NULL);
    char how[80];

    jobs->done(index, NULL, why ? why : how_it_ended(status, how, sizeof(how)), jobs->context);
}

static void end_with_answer(const struct mfd_jobs *jobs, struct slot *slot)
{
    json_t *answer = json_loadb(slot->text, slot->len - 1, 0, NULL);

    slot->busy = false;
    slot->len = 0;
    jobs->done(slot->index, answer, answer ? NULL : "its answer is not to be read", jobs->context);
    json_decref(answer);
    if (slot->given == MFD_JOBS_A_PROCESS) {
        retire(slot);
    }
}

/* Waits for something to happen in the slots and handles it. */
static void serve(const struct mfd_jobs *jobs)
{
    for (unsigned i = 0; i < jobs->parallel; i++) {
        fds[i] = (struct pollfd){.fd = slots[i].busy ? slots[i].fd : -1, .events = POLLIN};
    }
    poll(fds, jobs->parallel, 1000);
    for (unsigned i = 0; i < jobs->parallel; i++) {
        struct slot *slot = &slots[i];

        if (!slot->busy) {
            continue;
        }
        if (fds[i].revents && !read_slot(slot)) {
            end_without_answer(jobs, slot, NULL);
        } else if (slot->len && slot->text[slot->len - 1] == '\n') {
            end_with_answer(jobs, slot);
        } else if (stop_asked) {
            end_without_answer(jobs, slot, "stopped by a signal");
        } else if (mfd_now() > slot->end) {
            end_without_answer(jobs, slot, "the harness's own process did not come to an end");
        }
    }
}

/* Ends all processes; those that are busy are so because another could not be started. */
static void end_all(const struct mfd_jobs *jobs)
{
    for (unsigned i = 0; i < jobs->parallel; i++) {
        if (slots[i].busy) {
            end_without_answer(jobs, &slots[i], "another process could not be started");
        } else if (slots[i].pid) {
            retire(&slots[i]);
        }
    }
}

bool mfd_jobs_stopping(void)
{
    return stop_asked;
}

bool mfd_jobs_run(const struct mfd_jobs *jobs)
{
    struct sigaction stop = {.sa_handler = ask_stop};
    struct sigaction old[2];
    size_t next = 0;
    size_t busy = 0;
    size_t count = jobs->count;
    bool good = false;

    slots = calloc(jobs->parallel, sizeof(*slots));
    fds = calloc(jobs->parallel, sizeof(*fds));
    good = slots && fds;
    ended_badly = false;
    stop_asked = 0;
    sigaction(SIGINT, &stop, &old[0]);
    sigaction(SIGTERM, &stop, &old[1]);
    while (good && (next < count || busy)) {
        busy = 0;
        for (unsigned i = 0; i < jobs->parallel; i++) {
            bool want = !slots[i].busy && next < count && !stop_asked && good;

            if (want && jobs->more && !jobs->more(jobs->context)) {
                count = next;
                want = false;
            }
            if (want) {
                good = give(jobs, &slots[i], jobs->first + next++);
            }
            busy += slots[i].busy;
        }
        if (stop_asked && !busy) {
            good = false;
        } else if (busy) {
            serve(jobs);
        }
    }
    if (slots) {
        end_all(jobs);
    }
    sigaction(SIGINT, &old[0], NULL);
    sigaction(SIGTERM, &old[1], NULL);
    free(slots);
    free(fds);
    return good && !ended_badly;
}
