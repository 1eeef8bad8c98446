// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kinds of peers share that tell their end by an exit status: the embedded reference and
 * commands.
 */
#ifndef MFD_EXIT_PEER_H
#define MFD_EXIT_PEER_H

#include "peer.h"

/* The contract of README.md. */
enum { MFD_EXIT_COMPLETED = 0, MFD_EXIT_REFUSED = 1, MFD_EXIT_UNSUPPORTED = 77 };

/* They have no control channel to fall silent on. */
bool mfd_exit_peer_answers(struct mfd_live *live);
bool mfd_exit_peer_completed(struct mfd_live *live);
bool mfd_exit_peer_refusal(int code);

#endif
