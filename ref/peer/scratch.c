// SPDX-License-Identifier: GPL-2.0-or-later
#include "scratch.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *mfd_scratch(void)
{
    const char *chosen = getenv("TMPDIR");

    if (chosen && *chosen) {
        return chosen;
    }
    return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : P_tmpdir;
}

bool mfd_scratch_make(const char *base, char *dir, size_t size)
{
    int length = snprintf(dir, size, "%s/mfdkit-XXXXXX", base ? base : mfd_scratch());
    bool fits = (size_t)length < size;

    if (!fits) {
        errno = ENAMETOOLONG;
    }
    if (!fits || !mkdtemp(dir)) {
        dir[0] = '\0';
        return false;
    }
    return true;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

int mfd_scratch_remove(const char *dir)
{
    return *dir ? nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS) : 0;
}
