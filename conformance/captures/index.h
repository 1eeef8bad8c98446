// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The index of the recorded captures: how each is made, what it shows, and which rules its sender kept, as the
 * observer judges the file itself.
 */
#ifndef MFD_INDEX_H
#define MFD_INDEX_H

#include "events.h"
#include "observe.h"
#include "row.h"

#include <stdio.h>

/* What the observer says of one capture. */
struct mfd_judged {
    enum mfd_observed rules[MFD_RULE_COUNT];
    size_t held;
    size_t broken;
};

/*
 * Judges the sender of a row by its capture. Of a connection with a gap what follows is left out. False without
 * memory.
 */
bool mfd_row_judge(const struct mfd_row *row, const struct mfd_events *events,
                   struct mfd_judged *judged);

/* Writes the index of the captures in `folder` as Markdown; false with `error`. */
bool mfd_index_write(const char *folder, FILE *out, char error[MFD_CAPTURE_ERROR_SIZE]);

#endif
