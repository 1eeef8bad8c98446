// SPDX-License-Identifier: GPL-2.0-or-later
#include "ramtable.h"

#include <string.h>

int mfd_ramtable_find(const struct mfd_ramtable *table, const char *name, size_t len)
{
    const char *end = memchr(name, '\0', len);
    size_t wanted = end ? (size_t)(end - name) : len;

    for (size_t i = 0; wanted < MFD_IDSTR_SIZE && i < table->count; i++) {
        if (memcmp(table->blocks[i].name, name, wanted) == 0 &&
            table->blocks[i].name[wanted] == '\0') {
            return (int)i;
        }
    }
    return -1;
}
