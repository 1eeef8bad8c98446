// SPDX-License-Identifier: GPL-2.0-or-later
#include "folders.h"

#include <string.h>
#include <sys/stat.h>

void mfd_make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0777);
        *slash = '/';
    }
}
