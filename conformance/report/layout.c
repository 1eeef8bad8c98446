// SPDX-License-Identifier: GPL-2.0-or-later
#include "layout.h"

#include <stdio.h>

/* Bytes of a message up to, not including, one of its fields. */
struct extent {
    unsigned fixed;
    unsigned slots; /* times the number of slots */
    bool n;         /* a name of that length, or all the rest, is among them */
};

static struct extent extent_before(enum mfd_message message, enum mfd_field end)
{
    struct extent extent = {0};

    for (int i = mfd_message_first(message); i < (int)end; i++) {
        const struct mfd_field_info *info = mfd_field_info((enum mfd_field)i);

        if (info->count == MFD_COUNT_LEN || info->count == MFD_COUNT_REST) {
            extent.n = true;
        } else if (info->count == MFD_COUNT_SLOTS) {
            extent.slots += info->width;
        } else {
            extent.fixed += info->width * (unsigned)info->count;
        }
    }
    return extent;
}

static const char *extent_text(struct extent extent, char *buf, size_t size)
{
    int used = snprintf(buf, size, "%u", extent.fixed);

    if (extent.slots && (size_t)used < size) {
        used += snprintf(buf + used, size - (size_t)used, " + %u x slots", extent.slots);
    }
    if (extent.n && (size_t)used < size) {
        snprintf(buf + used, size - (size_t)used, " + n");
    }
    return buf;
}

const char *mfd_layout_offset(enum mfd_field field, char *buf, size_t size)
{
    return extent_text(extent_before(mfd_field_info(field)->message, field), buf, size);
}

const char *mfd_layout_extent(enum mfd_field field, char *buf, size_t size)
{
    const struct mfd_field_info *info = mfd_field_info(field);

    if (info->count == MFD_COUNT_LEN || info->count == MFD_COUNT_REST) {
        snprintf(buf, size, "n");
    } else if (info->count == MFD_COUNT_SLOTS) {
        snprintf(buf, size, "slots x %u", info->width);
    } else if (info->count != 1) {
        snprintf(buf, size, "%d x %u", (int)info->count, info->width);
    } else {
        snprintf(buf, size, "%u", info->width);
    }
    return buf;
}

const char *mfd_layout_total(enum mfd_message message, char *buf, size_t size)
{
    int end = mfd_message_first(message);

    while (end < MFD_FIELD_COUNT && mfd_field_info((enum mfd_field)end)->message == message) {
        end++;
    }
    return extent_text(extent_before(message, (enum mfd_field)end), buf, size);
}
