// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu_find.h"

#include "qemu_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *mfd_on_path(const char *name)
{
    char *path = getenv("PATH") ? strdup(getenv("PATH")) : NULL;
    char *rest = path;
    char *dir = NULL;
    char *found = NULL;

    while (!found && (dir = strsep(&rest, ":"))) {
        if (asprintf(&found, "%s/%s", dir, name) < 0) {
            found = NULL;
        } else if (access(found, X_OK) != 0) {
            free(found);
            found = NULL;
        }
    }
    free(path);
    return found;
}

char *mfd_qemu_find(const char *name, char error[MFD_FIND_ERROR_SIZE])
{
    struct mfd_cached_qemu cached = {.state = MFD_CACHE_ABSENT};
    char folder[MFD_CACHE_PATH_SIZE] = "";
    char *path = NULL;

    if (strchr(name, '/')) {
        return strdup(name);
    }
    if (mfd_qemu_cache_folder(folder)) {
        mfd_qemu_cached(folder, name, &cached);
    }
    if (cached.state == MFD_CACHE_WHOLE) {
        return strdup(cached.path);
    }
    if (cached.state == MFD_CACHE_BROKEN) {
        snprintf(error, MFD_FIND_ERROR_SIZE,
                 "%s in %s is broken: mfdkit qemu fetch %s makes it anew", name, folder, name);
    } else if (mfd_qemu_suite_known(name, NULL)) {
        snprintf(error, MFD_FIND_ERROR_SIZE, "%s is not in %s: mfdkit qemu fetch %s gets it", name,
                 folder, name);
    } else if (!(path = mfd_on_path(name))) {
        snprintf(error, MFD_FIND_ERROR_SIZE, "'%s' is no suite that was fetched, and not on PATH%s",
                 name,
                 strcmp(name, MFD_QEMU_PROGRAM) == 0 ? "; Debian has it in qemu-system-x86" : "");
    }
    return path;
}
