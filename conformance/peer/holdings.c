// SPDX-License-Identifier: GPL-2.0-or-later
#include "holdings.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

/* Adds the name of a thread. */
static void add_name(pid_t pid, const char *thread, char *names, size_t size)
{
    char path[64];
    char name[32] = "";
    size_t used = strlen(names);
    FILE *file = NULL;

    snprintf(path, sizeof(path), "/proc/%d/task/%.16s/comm", (int)pid, thread);
    file = fopen(path, "re");
    if (file && fgets(name, sizeof(name), file)) {
        name[strcspn(name, "\n")] = '\0';
        snprintf(names + used, size - used, "%s%s", used ? " " : "", name);
    }
    if (file) {
        fclose(file);
    }
}

/* Entries of a folder of /proc; -1 if there is none. */
static int count(pid_t pid, const char *folder, char *names, size_t size)
{
    char path[64];
    DIR *dir = NULL;
    int entries = 0;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, folder);
    dir = opendir(path);
    if (!dir) {
        return -1;
    }
    for (const struct dirent *entry = NULL; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        entries++;
        if (names) {
            add_name(pid, entry->d_name, names, size);
        }
    }
    closedir(dir);
    return entries;
}

bool mfd_holdings_of(pid_t pid, struct mfd_holdings *holdings)
{
    int threads = 0;
    int descriptors = 0;

    *holdings = (struct mfd_holdings){0};
    threads = count(pid, "task", holdings->names, sizeof(holdings->names));
    descriptors = count(pid, "fd", NULL, 0);
    if (threads < 0 || descriptors < 0) {
        return false;
    }
    holdings->threads = (unsigned)threads;
    holdings->descriptors = (unsigned)descriptors;
    return true;
}
