// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private folders for what lasts no longer than a run: sockets, RAM files, keys.
 */
#ifndef MFD_SCRATCH_H
#define MFD_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

/* $TMPDIR; without it a folder in memory where the system has one, else the system's folder for such files. */
const char *mfd_scratch(void);

/*
 * Makes a folder that only this user can enter, below `base`, or below mfd_scratch() if that is NULL; its path
 * goes to `dir`. False with errno, and an empty `dir`.
 */
bool mfd_scratch_make(const char *base, char *dir, size_t size);
/* Removes it and all that is in it; nothing if `dir` is empty. 0 or -1 with errno. */
int mfd_scratch_remove(const char *dir);

#endif
