// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The index of the recorded captures: how each is made, what it shows, and which rules its sender kept, as the
 * observer judges the file itself.
 */
#ifndef MFD_INDEX_H
#define MFD_INDEX_H

#include "checked.h"
#include "events.h"
#include "row.h"

#include <stdio.h>

/*
 * Holds the sender of a row to its rules, by its capture and by all that the row says. To be freed; NULL without
 * memory. Places of breaches are not told.
 */
struct mfd_checked *mfd_row_judge(const struct mfd_row *row, const struct mfd_events *events);

/* Writes the index of the captures in `folder` as Markdown; false with `error`. */
bool mfd_index_write(const char *folder, FILE *out, char error[MFD_CAPTURE_ERROR_SIZE]);

#endif
