// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a command line to a peer and to what it is taken for: what commands that test a peer share. They say on
 * standard error what is wrong, in the name of the command.
 */
#ifndef MFD_CHOOSE_H
#define MFD_CHOOSE_H

#include "peer.h"
#include "profile.h"

struct mfd_choice {
    const char *command; /* of mfdkit, for messages: "test" */
    const char *peer;    /* "ref", "qemu", "qemu=PATH", "qemu=SUITE"; NULL: ref */
    char **argv;         /* what stands behind "--", or NULL */
    const char *profile; /* name, "auto" or NULL */
    const char *wrap;    /* command line to run the peer under, or NULL */
    double scale;        /* of the guard */
};

/* Fills `peer`, which mfd_peer_free() frees in any case; an exit code, MFD_OK if it went well. */
int mfd_choose_peer(const struct mfd_choice *choice, struct mfd_peer *peer);

/* The profile named, or that of the peer's version; NULL if there is none. */
const struct mfd_profile *mfd_choose_profile(const struct mfd_choice *choice,
                                             const struct mfd_peer *peer);

#endif
