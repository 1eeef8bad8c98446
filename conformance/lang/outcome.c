// SPDX-License-Identifier: GPL-2.0-or-later
#include "outcome.h"

#include <stdio.h>
#include <string.h>

static const char *const names[MFD_OUTCOME_COUNT] = {
    [MFD_CRASHED] = "crashed",         [MFD_HUNG] = "hung",           [MFD_ACCEPTED] = "accepted",
    [MFD_CORRUPTED] = "corrupted",     [MFD_REFUSED] = "refused",     [MFD_WAITING] = "waiting",
    [MFD_UNSUPPORTED] = "unsupported", [MFD_UNDECIDED] = "undecided",
};

const char *mfd_outcome_name(enum mfd_outcome outcome)
{
    return names[outcome];
}

enum mfd_outcome mfd_outcome_find(const char *name)
{
    int i = 0;

    while (i < MFD_OUTCOME_COUNT && strcmp(names[i], name) != 0) {
        i++;
    }
    return (enum mfd_outcome)i;
}

const char *mfd_outcomes_text(mfd_outcomes outcomes, char *buf, int size)
{
    int len = 0;

    if (size > 0) {
        buf[0] = '\0';
    }
    for (int i = 0; i < MFD_OUTCOME_COUNT && len < size; i++) {
        if (outcomes & MFD_OUTCOME_BIT(i)) {
            len += snprintf(buf + len, (size_t)(size - len), "%s%s", len ? " or " : "", names[i]);
        }
    }
    return buf;
}
