// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A process under test: start it in a process group of its own, see how it ended, and whether it has
 * anything left to do.
 */
#ifndef MFD_PROCESS_H
#define MFD_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct mfd_process {
    pid_t pid;  /* 0: none; also the process group */
    bool alone; /* it starts no processes: none need be looked for. Set by whoever knows */
    bool ended;
    bool killed;         /* by the harness, so a signal says nothing about the peer */
    int exit_code;       /* if it ended by exiting, else -1 */
    int signal;          /* if it ended by a signal, else 0 */
    char log[160];       /* file with what it printed to stderr and stdout */
    char sanitizer[160]; /* prefix of the files that sanitizers write */
};

/*
 * Forks. In the child: own process group, ended when the harness ends, stdout and stderr into `log` inside
 * `dir`; returns 0 there. In the harness: returns the pid, or -1 with errno.
 */
pid_t mfd_process_fork(struct mfd_process *process, const char *dir);

/*
 * In that child: becomes the program argv[0], looked for on PATH. If it has sanitizers they write into the folder of
 * mfd_process_fork() and make it exit with a status of its own. Exits with 127 if it cannot be started.
 */
__attribute__((noreturn)) void mfd_process_exec(const struct mfd_process *process,
                                                char *const argv[]);

/*
 * Ends a forked copy of the harness. What libraries tidy up at the end of a program would only copy their memory
 * page by page, in each of thousands of processes; under a sanitizer it stays, for the search for leaks.
 */
__attribute__((noreturn)) void mfd_process_leave(int status);

/* Reaps the process if it has ended; returns process->ended. Never waits. */
bool mfd_process_poll(struct mfd_process *process);
/* Waits up to `seconds` for the end; returns process->ended. */
bool mfd_process_wait(struct mfd_process *process, double seconds);
/* Kills the whole group and reaps the process. */
void mfd_process_kill(struct mfd_process *process);

/*
 * Text of the sanitizer reports that the process left, at most 8 KiB, owned by the caller; NULL if there
 * are none.
 */
char *mfd_process_sanitizer(const struct mfd_process *process);
/* The last 2 KiB of what it printed, owned by the caller; NULL if it printed nothing. */
char *mfd_process_output(const struct mfd_process *process);

/*
 * Whether no thread of the group has anything to do: all were asleep at one moment, and stayed so over
 * `window` seconds. A peer in this state has taken in all that it will take in without something
 * happening from outside (or a timer of its own), so nothing need be waited for: that is what makes
 * "waiting" and "hung" verdicts quick and free of guessed times.
 *
 * A thread counts as asleep where the kernel reports state S and its count of time slices does not
 * change between two looks. Sleeping in short steps is not being asleep.
 */
bool mfd_process_quiet(const struct mfd_process *process, double window);

/* Processor time that the process has used, in seconds; 0 where the kernel does not tell. */
double mfd_process_cpu(const struct mfd_process *process);

/* Monotonic time in seconds. */
double mfd_now(void);

#endif
