// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a peer did with a scenario.
 *
 * CRASHED      ended by a signal or an abort, or left a sanitizer report, whatever its exit status
 * HUNG         does not answer, or does not end after everything was closed, past the guard
 * ACCEPTED     completed, and memory is what the sender meant
 * CORRUPTED    completed, but memory, or an answer on the return path, is not what the sender meant
 * REFUSED      closed or reset the deviating connection, or ended, before the harness closed anything
 * WAITING      alive and answering, nothing closed, not finished
 * UNSUPPORTED  the peer says that it lacks what the scenario needs
 * UNDECIDED    cannot be seen through this peer
 */
#ifndef MFD_OUTCOME_H
#define MFD_OUTCOME_H

#include <stdbool.h>

enum mfd_outcome {
    MFD_CRASHED,
    MFD_HUNG,
    MFD_ACCEPTED,
    MFD_CORRUPTED,
    MFD_REFUSED,
    MFD_WAITING,
    MFD_UNSUPPORTED,
    MFD_UNDECIDED,
    MFD_OUTCOME_COUNT
};

/* Set of outcomes: bit 1 << outcome. */
typedef unsigned mfd_outcomes;
#define MFD_OUTCOME_BIT(outcome) (1u << (outcome))

/* "accepted" and so on. */
const char *mfd_outcome_name(enum mfd_outcome outcome);
/* MFD_OUTCOME_COUNT if there is none of that name. */
enum mfd_outcome mfd_outcome_find(const char *name);
/* Writes "refused or waiting" into `buf`, cut to `size`; returns `buf`. */
const char *mfd_outcomes_text(mfd_outcomes outcomes, char *buf, int size);

#endif
