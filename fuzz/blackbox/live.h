// SPDX-License-Identifier: GPL-2.0-or-later
/* fuzz/live: mutated scenarios played to a real peer, a fresh process each time. */
#ifndef MFD_BLACKBOX_LIVE_H
#define MFD_BLACKBOX_LIVE_H

/* The program: see its --help. Returns the exit status. */
int mfd_live(int argc, char **argv);

#endif
