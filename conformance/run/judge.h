// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One plan on one peer: start it, play, and say what the peer did. No text that a peer prints decides;
 * only its connections, its process, its control channel and guest memory do.
 */
#ifndef MFD_JUDGE_H
#define MFD_JUDGE_H

#include "peer.h"
#include "recording.h"
#include "result.h"

/*
 * Fills `result`: got, exit status, sanitizer report, detail, log, happenings, ms; verdict is left at
 * MFD_HARNESS_ERROR with the reason in `detail` where the harness failed, else at MFD_PASS for the
 * caller to decide. All strings are owned by the result. What went over the connections is added to
 * `recording`, unless that is NULL.
 */
void mfd_judge_run(const struct mfd_peer *peer, const struct mfd_plan *plan,
                   struct mfd_recording *recording, struct mfd_result *result);

/* The same for a plan that tests a sender, with the rules that the observer decided. */
void mfd_judge_sender(const struct mfd_peer *peer, const struct mfd_plan *plan,
                      struct mfd_recording *recording, struct mfd_result *result);

/*
 * Whether the process crashed: by a signal that the harness did not send, by a sanitizer's report, which goes to
 * `result`, or, where `odd` says so, by an exit status that means nothing. Fills `detail` then.
 */
bool mfd_judge_crashed(const struct mfd_process *process, bool odd, struct mfd_result *result,
                       char *detail, size_t size);
/* Exit status, signal and log of the process. */
void mfd_judge_tell_process(const struct mfd_process *process, struct mfd_result *result);

/*
 * Compares guest RAM with the plan's model, and with the witness page if it was sent. Returns true if all
 * is as meant; else describes the first difference and their number in `detail`.
 */
bool mfd_memory_as_meant(const struct mfd_plan *plan, const struct mfd_live *live, bool witness,
                         char *detail, size_t size);

#endif
