// SPDX-License-Identifier: GPL-2.0-or-later
#include "mapfile_peer.h"

#include "params.h"

#include <string.h>

#define PREFIX "file:"
#define OFFSET ",offset="

bool mfd_mapfile_is_file(const char *address)
{
    return strncmp(address, PREFIX, strlen(PREFIX)) == 0;
}

/* The path may hold commas: what counts is the last ",offset=". */
static const char *find_offset(const char *path)
{
    const char *found = NULL;

    for (const char *at = path; (at = strstr(at, OFFSET)); at++) {
        found = at;
    }
    return found;
}

bool mfd_mapfile_parse(const char *address, struct mfd_mapfile *file)
{
    const char *path = address + strlen(PREFIX);
    const char *option = NULL;
    size_t len = 0;

    file->offset = 0;
    if (!mfd_mapfile_is_file(address)) {
        return false;
    }
    option = find_offset(path);
    len = option ? (size_t)(option - path) : strlen(path);
    if (len == 0 || len >= sizeof(file->path)) {
        return false;
    }
    memcpy(file->path, path, len);
    file->path[len] = '\0';
    if (option) {
        const char *number = option + strlen(OFFSET);

        return mfd_size_parse(number, number + strlen(number), INT64_MAX / 2, &file->offset);
    }
    return true;
}
