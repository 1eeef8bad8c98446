// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a capture came to, for people: of each migration who spoke to whom and how, each breach with the frame
 * and byte to look at, and why the rest is undecided.
 */
#ifndef MFD_VERDICT_TEXT_H
#define MFD_VERDICT_TEXT_H

#include "capture.h"

/* `name`: of the file. `all`: the rules that were held, too. */
void mfd_verdicts_text(FILE *out, const char *name, const struct mfd_verdicts *verdicts, bool all);
/* One migration; it may be of no capture. */
void mfd_checked_text(FILE *out, const struct mfd_checked *checked, bool all);

#endif
