// SPDX-License-Identifier: GPL-2.0-or-later
#include "profile.h"

#include "release.h"

#include <string.h>

static const struct mfd_profile profiles[] = {
#define PROFILE(name, rev, release, note) {name, MFD_REV_##rev, release, note},
#include "profiles.def"
#undef PROFILE
};

const struct mfd_profile *mfd_profiles(size_t *count)
{
    *count = sizeof(profiles) / sizeof(profiles[0]);
    return profiles;
}

const struct mfd_profile *mfd_profile_find(const char *name)
{
    for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
        if (strcmp(profiles[i].name, name) == 0) {
            return &profiles[i];
        }
    }
    return NULL;
}

const struct mfd_profile *mfd_profile_for_version(const char *version, bool *exact)
{
    const struct mfd_profile *best = NULL;
    struct mfd_release wanted;

    *exact = false;
    if (!mfd_release_parse(version, &wanted)) {
        return NULL;
    }
    wanted.part[2] = 0;
    for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
        struct mfd_release known;
        int order = 0;

        if (!mfd_release_parse(profiles[i].release, &known)) {
            continue;
        }
        order = mfd_release_compare(&known, &wanted);
        if (order <= 0) {
            best = &profiles[i];
            *exact = order == 0;
        }
    }
    return best;
}
