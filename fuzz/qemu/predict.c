// SPDX-License-Identifier: GPL-2.0-or-later
#include "predict.h"

#include "baseline.h"
#include "profile.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool waived[MFD_RULE_COUNT];

static void waive(const struct mfd_baseline_line *line)
{
    const char *at = line->defect->rules;
    char word[32];

    while (mfd_words_next(&at, word, sizeof(word))) {
        waived[mfd_rule_find(word)] = true;
    }
}

void mfd_predict_load(const char *version)
{
    const char *forget = getenv("MFD_FORGET");
    const char *chosen = getenv("MFD_BASELINE");
    char path[4096], error[MFD_BASELINE_ERROR_SIZE];
    struct mfd_baseline *baseline = NULL;
    bool exact = false;
    const struct mfd_profile *profile = mfd_profile_for_version(version, &exact);

    snprintf(path, sizeof(path), "%s/%s", MFD_BASELINES, profile ? profile->name : "");
    baseline = mfd_baseline_load(chosen ? chosen : path, error);
    if (!baseline) {
        fprintf(stderr, "%s\n", error);
        exit(2);
    }
    for (size_t i = 0; i < baseline->count; i++) {
        const struct mfd_baseline_line *line = &baseline->lines[i];

        if (mfd_releases_fit(&line->versions, version) == MFD_FIT_YES &&
            !(forget && strcmp(forget, line->defect->id) == 0)) {
            waive(line);
        }
    }
    mfd_baseline_free(baseline);
}

bool mfd_predict_waived(enum mfd_rule rule)
{
    return waived[rule];
}
