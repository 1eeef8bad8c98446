// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One connection from the sender under test, from being taken to its end: its handshake, its bytes through the
 * reference's machine and session, what of it is observed and recorded. take.h is the loop over all of them.
 */
#ifndef MFD_TAKE_LINK_H
#define MFD_TAKE_LINK_H

#include "take.h"

/* A link for a connection that was accepted, as `number` of the session; owns `fd` from then on. */
void mfd_link_open(struct mfd_take *take, struct mfd_take_link *link, unsigned number, int fd);
/* Goes on with the handshake; true if that moved. */
bool mfd_link_greet(struct mfd_take *take, struct mfd_take_link *link);
/* Whether anything that comes is to be read now. */
bool mfd_link_readable(const struct mfd_take *take, const struct mfd_take_link *link);
/* Reads what is there; true if that moved. */
bool mfd_link_read(struct mfd_take *take, struct mfd_take_link *link);
/* Asks the session again, if the link is parked; true if it was let go. */
bool mfd_link_again(struct mfd_take *take, struct mfd_take_link *link);
/* Closes it at the end of the session, which a sender that listens is told to have failed if it has. */
void mfd_link_end(struct mfd_take *take, struct mfd_take_link *link);

#endif
