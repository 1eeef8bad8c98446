// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Profiles: a name for what a peer is taken for. The table is conformance/profiles.def; the known defects
 * of a profile are the lines of conformance/baselines/NAME.
 */
#ifndef MFD_PROFILE_H
#define MFD_PROFILE_H

#include "rev.h"

#include <stdbool.h>
#include <stddef.h>

struct mfd_profile {
    const char *name; /* "qemu-7.2" */
    enum mfd_rev rev;
    const char *release; /* "7.2", or "" */
    const char *note;
};

/* All profiles, oldest release first, `*count` of them. */
const struct mfd_profile *mfd_profiles(size_t *count);
/* Exact name; NULL if there is none. */
const struct mfd_profile *mfd_profile_find(const char *name);

/*
 * The profile of a peer's version ("7.2.22", also with more text behind it): that of its release, or the
 * nearest older one; `*exact` then is false, and whoever chose it should say so. NULL if the version is no
 * release number or older than every profile.
 */
const struct mfd_profile *mfd_profile_for_version(const char *version, bool *exact);

#endif
