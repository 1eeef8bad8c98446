// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inside of the player: play.c plays the steps, play_conn.c moves what is on the connections, play_wait.c waits
 * for the peer. play.h is the interface.
 */
#ifndef MFD_PLAY_INSIDE_H
#define MFD_PLAY_INSIDE_H

#include "play.h"

/* Adds to what the report tells of the course of events. */
__attribute__((format(printf, 5, 6))) void mfd_play_happen(struct mfd_play *play, unsigned conn,
                                                           bool from_peer,
                                                           enum mfd_happening_kind kind,
                                                           const char *format, ...);
/* Keeps what went over a connection, with the line it is from, where there is to be a recording. */
void mfd_play_keep(struct mfd_play *play, unsigned conn, struct mfd_event event, const char *text);

/* Sends what the socket takes; true if that was anything. */
bool mfd_play_pump(struct mfd_play *play, unsigned conn);
/* Reads what has come; true if that was anything, the end of the stream included. */
bool mfd_play_drain(struct mfd_play *play, unsigned conn);

/* Sends and reads on all connections what can be; true if that was anything. */
bool mfd_play_exchange(struct mfd_play *play);
/* Until the peer has nothing to do at this moment: shorter than mfd_play_wait(), for what no verdict rests on. */
void mfd_play_settle(struct mfd_play *play);

#endif
