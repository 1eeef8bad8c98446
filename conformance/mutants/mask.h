// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The mask of mfdkit_masked: a program that is mfdkit but for finding.c, in whose place stands
 * finding_masked.c. That one forgets every finding of the rules that the environment names:
 *
 *     MFD_SUPPRESS=MF-HDR-021[,ID...]   forget these; an unknown id ends the program with status 3
 *     MFD_SUPPRESS_SEEN=FILE            created as soon as a finding is forgotten
 *
 * Without the second one could not tell a mask that nobody noticed from one that never had anything
 * to do. Both are read before main() starts. A second definition of the functions of finding.h is
 * an error of the linker, so whatever links has the mask in it.
 */
#ifndef MFD_MASK_H
#define MFD_MASK_H

#include <stdbool.h>

#define MFD_MASK_RULES "MFD_SUPPRESS"
#define MFD_MASK_SEEN "MFD_SUPPRESS_SEEN"

/*
 * Sets the mask anew: comma-separated ids, NULL for none. `seen` is kept, not copied; NULL: no
 * file. False, and no mask, if there is no rule of one of the names.
 */
bool mfd_mask_set(const char *rules, const char *seen);

#endif
