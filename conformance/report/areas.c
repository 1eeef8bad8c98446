// SPDX-License-Identifier: GPL-2.0-or-later
#include "areas.h"

#include <string.h>

static const struct mfd_area areas[] = {
    {"INIT", "Hello"},
    {"HDR", "RAM packet header"},
    {"NUM", "Packet numbers and statistics"},
    {"PAY", "Payload"},
    {"SYNC", "Sync points"},
    {"CHAN", "Channels and life cycle"},
    {"DEV", "Device-state packets"},
    {"MAIN", "Main channel"},
    {"MAP", "mapped-ram files"},
    {"TLS", "TLS"},
    {"INT", "Whole migrations between two releases"},
};

const struct mfd_area *mfd_areas(size_t *count)
{
    *count = sizeof(areas) / sizeof(areas[0]);
    return areas;
}

const struct mfd_area *mfd_area_of(enum mfd_rule rule)
{
    const char *name = mfd_rule_info(rule)->id + strlen("MF-");
    size_t len = strcspn(name, "-");

    for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++) {
        if (strlen(areas[i].name) == len && strncmp(areas[i].name, name, len) == 0) {
            return &areas[i];
        }
    }
    return NULL;
}
