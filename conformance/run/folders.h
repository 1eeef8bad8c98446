// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Folders for files that are named by the ids of scenarios.
 */
#ifndef MFD_FOLDERS_H
#define MFD_FOLDERS_H

/* Makes every folder on the way to the file. What cannot be made shows when the file is opened. */
void mfd_make_folders(char *path);

#endif
