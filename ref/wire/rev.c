// SPDX-License-Identifier: GPL-2.0-or-later
#include "rev.h"

#include "wire.h"

#include <string.h>

static const struct mfd_rev_info revs[MFD_REV_COUNT] = {
#define REV(ident, name, sync, zero, methods, device, change) \
    {name, MFD_SYNC_##sync, MFD_ZERO_##zero, methods, device, change},
#include "revs.def"
#undef REV
};

const struct mfd_rev_info *mfd_rev_info(enum mfd_rev rev)
{
    return &revs[rev];
}

/* Reads MAJOR.MINOR, ignoring a further .PATCH; false if the text is no release number. */
static bool parse_release(const char *text, unsigned *release)
{
    unsigned part[2] = {0, 0};
    const char *p = text;

    for (int i = 0; i < 2; i++) {
        const char *first = p;

        while (*p >= '0' && *p <= '9' && p - first < 4) {
            part[i] = part[i] * 10 + (unsigned)(*p++ - '0');
        }
        if (p == first || (i == 0 && *p++ != '.')) {
            return false;
        }
    }
    while (*p == '.' || (*p >= '0' && *p <= '9')) {
        p++;
    }
    *release = part[0] * 1000 + part[1];
    return *p == '\0';
}

bool mfd_rev_parse(const char *text, enum mfd_rev *rev)
{
    unsigned wanted = 0;
    unsigned known = 0;
    bool found = false;

    for (int i = 0; i < MFD_REV_COUNT; i++) {
        if (strcmp(text, revs[i].name) == 0) {
            *rev = (enum mfd_rev)i;
            return true;
        }
    }
    if (!parse_release(text, &wanted)) {
        return false;
    }
    for (int i = MFD_REV_2020; i < MFD_REV_COUNT; i++) {
        /* 2020 is release 5.0; 2024-mid is no release */
        if (i == MFD_REV_2020) {
            known = 5000;
        } else if (!parse_release(revs[i].name, &known)) {
            continue;
        }
        if (known <= wanted) {
            *rev = (enum mfd_rev)i;
            found = true;
        }
    }
    return found;
}

bool mfd_rev_has_packets(enum mfd_rev rev)
{
    return rev >= MFD_REV_FIRST;
}

uint32_t mfd_rev_flags(enum mfd_rev rev)
{
    return MFD_FLAG_SYNC | revs[rev].methods | (revs[rev].device ? MFD_FLAG_DEVICE_STATE : 0);
}
