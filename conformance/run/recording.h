// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What was really sent and received in one run, kept so that a capture of it can be written.
 */
#ifndef MFD_RECORDING_H
#define MFD_RECORDING_H

#include "event.h"
#include "plan.h"

struct mfd_recording {
    struct mfd_event *events;
    const char **texts; /* by event: the scenario line, or NULL; not owned */
    size_t count;
    size_t room;
    bool copies;   /* bytes of both directions are copied, not only those from the receiver */
    size_t copied; /* bytes of copies */
    bool full;     /* something did not fit: the capture would not be what happened */
};

/*
 * Adds an event. Bytes from a receiver are copied; what was sent is the plan's own, and stays where it is,
 * unless `copies` was set.
 */
void mfd_recording_add(struct mfd_recording *recording, const struct mfd_event *event,
                       const char *text);
void mfd_recording_free(struct mfd_recording *recording);

/*
 * Writes the recording of a plan's run to DIR/ID.pcapng, or DIR/ID.N.pcapng for the N-th repetition from 1 on, as if
 * it had gone over TCP. Returns the path, owned by the caller; NULL with errno.
 */
char *mfd_recording_save(const struct mfd_recording *recording, const struct mfd_plan *plan,
                         const char *dir, size_t repetition);

#endif
