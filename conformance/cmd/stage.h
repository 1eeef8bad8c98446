// SPDX-License-Identifier: GPL-2.0-or-later
/* Playing a scenario that is a text and no file yet: a private folder with nothing else in it. */
#ifndef MFD_STAGE_H
#define MFD_STAGE_H

#include "run.h"

/* Name of its one scenario. */
#define MFD_STAGE_NAME "it"

struct mfd_stage {
    char folder[80];
    char path[128]; /* of the file */
};

/* False with errno; mfd_stage_close() in any case. */
bool mfd_stage_open(struct mfd_stage *stage);
void mfd_stage_close(const struct mfd_stage *stage);

/* Writes a file, a new one or over what is there. False with errno. */
bool mfd_write_text(const char *path, const char *text);

/*
 * Plays every instance of the text; mfd_run_free(run) in any case. False with `error`, which has
 * MFD_RUN_ERROR_SIZE bytes, if it is no scenario or the harness failed.
 */
bool mfd_stage_play(const struct mfd_stage *stage, const struct mfd_peer *peer, const char *text,
                    struct mfd_run *run, char *error);

/* Whether the scenario was played, so that there is an outcome. */
bool mfd_stage_played(const struct mfd_result *result);

#endif
