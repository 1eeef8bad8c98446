// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One run: an idea is played to a fresh peer, and what the peer should not have done is looked into, tried again and
 * put down.
 */
#ifndef MFD_BLACKBOX_ATTEMPT_H
#define MFD_BLACKBOX_ATTEMPT_H

#include "baseline.h"
#include "peer.h"
#include "seeds.h"

#include <jansson.h>

/* A finding is played so many times more. */
#define MFD_ATTEMPT_AGAIN 3u

struct mfd_attempts {
    const struct mfd_peer *peer;
    const struct mfd_peer *reference; /* of the same revision */
    const struct mfd_baseline *baseline;
    const struct mfd_seeds *seeds;
    uint64_t seed;
    const char *drafts; /* folder */
    /* Whether a finding of that name is there already, so that nothing need be known of another one. */
    bool (*has)(const char *name, void *context);
    void *context;
};

/*
 * The answer, for whoever counts and keeps; NULL without memory. Its keys:
 *
 *     outcome  name of it, or "unplayable" where no idea came that the peer can be set up for
 *     rule     that is broken first; "" if none is
 *     defect   id, where the baseline knows it
 *     alike    true where the reference does the same with it
 *     name     of what is neither: what it did, and where or by which rule
 *     again    how often of MFD_ATTEMPT_AGAIN times; for a new name
 *     draft    folder with NAME.mfd, NAME.pcapng and NAME.log; for a new name that is to be kept
 */
json_t *mfd_attempt(const struct mfd_attempts *attempts, size_t number);

#endif
