// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu_cache.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "qemu-system-x86_64"

/* Both parts, one behind the other; false if they do not fit. */
static bool join(char path[MFD_CACHE_PATH_SIZE], const char *front, const char *back)
{
    size_t front_len = strlen(front);
    size_t back_len = strlen(back);

    if (front_len + 1 + back_len >= MFD_CACHE_PATH_SIZE) {
        return false;
    }
    memcpy(path, front, front_len);
    path[front_len] = '/';
    memcpy(path + front_len + 1, back, back_len + 1);
    return true;
}

bool mfd_qemu_cache_folder(char folder[MFD_CACHE_PATH_SIZE])
{
    static const struct {
        const char *variable;
        const char *below;
    } places[] = {
        {"MFD_CACHE", "qemu"}, {"XDG_CACHE_HOME", "mfdkit/qemu"}, {"HOME", ".cache/mfdkit/qemu"}};

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        const char *place = getenv(places[i].variable);

        if (place && *place) {
            return join(folder, place, places[i].below);
        }
    }
    return false;
}

/* A name that stays in the folder and is none of the script's own, which start with a dot. */
static bool suite_name(const char *suite)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

    return *suite && *suite != '-' &&
           strlen(suite) < sizeof(((struct mfd_cached_qemu *)0)->suite) &&
           suite[strspn(suite, letters)] == '\0';
}

/* Reads "KEY VALUE" lines; `loader` and `binary` are relative to the suite's folder. */
static bool read_release(const char *root, struct mfd_cached_qemu *found,
                         char loader[MFD_CACHE_PATH_SIZE], char binary[MFD_CACHE_PATH_SIZE])
{
    char path[MFD_CACHE_PATH_SIZE];
    char line[MFD_CACHE_PATH_SIZE];
    FILE *file = join(path, root, "release") ? fopen(path, "re") : NULL;

    *loader = *binary = '\0';
    while (file && fgets(line, sizeof(line), file)) {
        char *value = strchr(line, ' ');

        line[strcspn(line, "\n")] = '\0';
        if (!value) {
            continue;
        }
        *value++ = '\0';
        if (strcmp(line, "qemu") == 0) {
            snprintf(found->version, sizeof(found->version), "%s", value);
        } else if (strcmp(line, "package") == 0) {
            snprintf(found->package, sizeof(found->package), "%s", value);
        } else if (strcmp(line, "loader") == 0) {
            join(loader, root, value);
        } else if (strcmp(line, "binary") == 0) {
            join(binary, root, value);
        }
    }
    if (file) {
        fclose(file);
    }
    return *found->version && *found->package && *loader && *binary;
}

enum mfd_cached mfd_qemu_cached(const char *folder, const char *suite,
                                struct mfd_cached_qemu *found)
{
    char root[MFD_CACHE_PATH_SIZE];
    char loader[MFD_CACHE_PATH_SIZE];
    char binary[MFD_CACHE_PATH_SIZE];

    *found = (struct mfd_cached_qemu){.state = MFD_CACHE_ABSENT};
    if (!suite_name(suite) || !join(root, folder, suite) || access(root, F_OK) != 0) {
        return found->state;
    }
    snprintf(found->suite, sizeof(found->suite), "%s", suite);
    found->state = MFD_CACHE_BROKEN;
    if (join(found->path, root, PROGRAM) && read_release(root, found, loader, binary) &&
        access(found->path, X_OK) == 0 && access(loader, X_OK) == 0 && access(binary, X_OK) == 0) {
        found->state = MFD_CACHE_WHOLE;
    } else {
        found->version[0] = found->package[0] = '\0';
    }
    return found->state;
}

static int by_suite(const void *a, const void *b)
{
    const struct mfd_cached_qemu *left = a;
    const struct mfd_cached_qemu *right = b;

    return strcmp(left->suite, right->suite);
}

struct mfd_cached_qemu *mfd_qemu_cache_list(const char *folder, size_t *count)
{
    struct mfd_cached_qemu *list = malloc(sizeof(*list));
    DIR *dir = opendir(folder);
    struct dirent *entry = NULL;

    *count = 0;
    if (!dir && errno != ENOENT) {
        free(list);
        return NULL;
    }
    while (list && dir && (entry = readdir(dir))) {
        struct mfd_cached_qemu *grown = NULL;

        if (mfd_qemu_cached(folder, entry->d_name, &list[*count]) == MFD_CACHE_ABSENT) {
            continue;
        }
        grown = realloc(list, (++*count + 1) * sizeof(*list));
        if (!grown) {
            free(list);
        }
        list = grown;
    }
    if (dir) {
        closedir(dir);
    }
    if (list) {
        qsort(list, *count, sizeof(*list), by_suite);
    }
    return list;
}

const char *mfd_qemu_fetch_script(void)
{
    return access(MFD_SOURCE_FETCH, X_OK) == 0 ? MFD_SOURCE_FETCH : MFD_INSTALLED_FETCH;
}

bool mfd_qemu_suite_known(const char *suite, char package[MFD_PACKAGE_SIZE])
{
    char path[MFD_CACHE_PATH_SIZE];
    char line[256];
    char name[64];
    char measured[MFD_PACKAGE_SIZE];
    const char *script = mfd_qemu_fetch_script();
    FILE *file = NULL;
    bool known = false;

    snprintf(path, sizeof(path), "%.*s/releases", (int)(strrchr(script, '/') - script), script);
    file = fopen(path, "re");
    while (file && !known && fgets(line, sizeof(line), file)) {
        known = sscanf(line, "%63s %*s %95s", name, measured) == 2 && suite_name(name) &&
                strcmp(name, suite) == 0;
    }
    if (known && package) {
        memcpy(package, measured, sizeof(measured));
    }
    if (file) {
        fclose(file);
    }
    return known;
}
