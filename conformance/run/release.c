// SPDX-License-Identifier: GPL-2.0-or-later
#include "release.h"

#include <stdio.h>
#include <string.h>

/* Reads a release at `*at` and moves behind it; `parts` tells how many numbers it had. */
static bool scan(const char **at, struct mfd_release *release, unsigned *parts)
{
    const char *p = *at;

    *release = (struct mfd_release){{0, 0, 0}};
    for (*parts = 0; *parts < 3; ++*parts) {
        const char *first = NULL;
        unsigned number = 0;

        if (*parts > 0 && (p[0] != '.' || p[1] < '0' || p[1] > '9')) {
            break;
        }
        p += *parts > 0;
        for (first = p; *p >= '0' && *p <= '9' && p - first < 6; p++) {
            number = number * 10 + (unsigned)(*p - '0');
        }
        if (p == first) {
            break;
        }
        release->part[*parts] = number;
    }
    *at = p;
    return *parts >= 2;
}

bool mfd_release_parse(const char *text, struct mfd_release *release)
{
    unsigned parts = 0;

    return scan(&text, release, &parts);
}

int mfd_release_compare(const struct mfd_release *a, const struct mfd_release *b)
{
    for (int i = 0; i < 3; i++) {
        if (a->part[i] != b->part[i]) {
            return a->part[i] < b->part[i] ? -1 : 1;
        }
    }
    return 0;
}

bool mfd_releases_parse(const char *text, struct mfd_releases *range)
{
    unsigned parts = 0;

    *range = (struct mfd_releases){.any = strcmp(text, "*") == 0};
    if (range->any) {
        return true;
    }
    /* a bound without point release could mean its first or its last one */
    if (!scan(&text, &range->from, &parts) || parts != 3) {
        return false;
    }
    range->to = range->from;
    if (strncmp(text, "..", 2) == 0) {
        text += 2;
        range->before = *text == '<';
        text += range->before;
        if (!scan(&text, &range->to, &parts) || parts != 3) {
            return false;
        }
    }
    return *text == '\0' &&
           mfd_release_compare(&range->from, &range->to) <= (range->before ? -1 : 0);
}

const char *mfd_releases_text(const struct mfd_releases *range, char *buf, size_t size)
{
    const unsigned *a = range->from.part;
    const unsigned *b = range->to.part;

    if (range->any) {
        snprintf(buf, size, "*");
    } else if (mfd_release_compare(&range->from, &range->to) == 0) {
        snprintf(buf, size, "%u.%u.%u", a[0], a[1], a[2]);
    } else {
        snprintf(buf, size, "%u.%u.%u..%s%u.%u.%u", a[0], a[1], a[2], range->before ? "<" : "",
                 b[0], b[1], b[2]);
    }
    return buf;
}

enum mfd_fit mfd_releases_fit(const struct mfd_releases *range, const char *version)
{
    struct mfd_release release;
    int above = 0;

    if (range->any) {
        return MFD_FIT_YES;
    }
    if (!version || !mfd_release_parse(version, &release)) {
        return MFD_FIT_MAYBE;
    }
    if (mfd_release_compare(&release, &range->from) < 0) {
        return MFD_FIT_NO;
    }
    above = mfd_release_compare(&release, &range->to);
    if (above < 0 || (above == 0 && !range->before)) {
        return MFD_FIT_YES;
    }
    /* later: still expected if nothing but the point release is */
    return !range->before && release.part[0] == range->to.part[0] &&
                   release.part[1] == range->to.part[1]
               ? MFD_FIT_MAYBE
               : MFD_FIT_NO;
}
