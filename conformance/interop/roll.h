// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The peers of an interop run, from the names that a user gives them.
 */
#ifndef MFD_INTEROP_ROLL_H
#define MFD_INTEROP_ROLL_H

#include "cell.h"

struct mfd_interop_roll {
    struct mfd_interop_peer peers[MFD_INTEROP_PEERS_MAX];
    size_t count;
};

#define MFD_ROLL_ERROR_SIZE 1400

/*
 * The peer of a name, added unless it is there: "ref", "qemu" (the one on PATH), or whatever mfd_qemu_find()
 * takes; a QEMU is started once, for its version. Its index, or -1 with `error`. `*warning`, of the same size,
 * gets a sentence where no profile is that of its release, else "".
 */
int mfd_interop_enroll(struct mfd_interop_roll *roll, const char *name, char *error, char *warning);
void mfd_interop_roll_free(struct mfd_interop_roll *roll);

#endif
