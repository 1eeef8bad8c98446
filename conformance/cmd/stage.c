// SPDX-License-Identifier: GPL-2.0-or-later
#include "stage.h"

#include "scratch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool mfd_stage_open(struct mfd_stage *stage)
{
    if (!mfd_scratch_make(NULL, stage->folder, sizeof(stage->folder))) {
        return false;
    }
    snprintf(stage->path, sizeof(stage->path), "%s/" MFD_STAGE_NAME ".mfd", stage->folder);
    return true;
}

void mfd_stage_close(const struct mfd_stage *stage)
{
    mfd_scratch_remove(stage->folder);
}

bool mfd_write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    bool good = file && fputs(text, file) != EOF;

    if (file) {
        good = fclose(file) == 0 && good;
    }
    return good;
}

bool mfd_stage_play(const struct mfd_stage *stage, const struct mfd_peer *peer, const char *text,
                    struct mfd_run *run, char *error)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    const struct mfd_run_options options = {.scenarios = stage->folder,
                                            .role = "receiver",
                                            .rerun = "mfdkit test",
                                            .jobs = processors > 0 ? (unsigned)processors : 1,
                                            .repeat = 1,
                                            .strength = 2};

    *run = (struct mfd_run){0};
    if (!mfd_write_text(stage->path, text)) {
        snprintf(error, MFD_RUN_ERROR_SIZE, "%s: %s", stage->path, strerror(errno));
        return false;
    }
    return mfd_run_suite(peer, &options, run, error);
}

bool mfd_stage_played(const struct mfd_result *result)
{
    return result->got < MFD_OUTCOME_COUNT && result->verdict != MFD_HARNESS_ERROR &&
           result->verdict != MFD_NOT_APPLICABLE;
}
