// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Release numbers of a peer, and ranges of them.
 */
#ifndef MFD_RELEASE_H
#define MFD_RELEASE_H

#include <stdbool.h>
#include <stddef.h>

struct mfd_release {
    unsigned part[3]; /* major, minor, point */
};

/*
 * Reads the number at the start of `text`, two or three parts ("7.2", "7.2.22 (Debian ...)"); a missing
 * point release is 0. False if there is none.
 */
bool mfd_release_parse(const char *text, struct mfd_release *release);
/* Below, equal or above 0, as memcmp(). */
int mfd_release_compare(const struct mfd_release *a, const struct mfd_release *b);

/*
 * A range: "*" all, "A" one, "A..B" both included, "A..<B" without B.
 *
 * An included upper bound says how far was measured, not that it ends there; an excluded one names the
 * release that has it mended.
 */
struct mfd_releases {
    bool any;
    bool before; /* the upper bound is excluded */
    struct mfd_release from;
    struct mfd_release to;
};

enum mfd_fit {
    MFD_FIT_NO,
    MFD_FIT_YES,
    /* Not measured: a later point release than an included upper bound, or a peer that does not tell. */
    MFD_FIT_MAYBE,
};

bool mfd_releases_parse(const char *text, struct mfd_releases *range);
/* In the notation above, cut to `size`; returns `buf`. */
const char *mfd_releases_text(const struct mfd_releases *range, char *buf, size_t size);
/* `version` as the peer tells it; "" or NULL where it does not. */
enum mfd_fit mfd_releases_fit(const struct mfd_releases *range, const char *version);

#endif
