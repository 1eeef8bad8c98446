// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mfd_reference FILE          writes the reference of the wire
 * mfd_reference --check FILE  exits with 1 if the file is not what would be written
 */
#include "reference.h"

#include <stdlib.h>
#include <string.h>

static int write_to(const char *path)
{
    FILE *file = fopen(path, "w");
    bool ok = file && mfd_reference_write(file);

    if (file && fclose(file) != 0) {
        ok = false;
    }
    if (!ok) {
        perror(path);
    }
    return ok ? 0 : 3;
}

static int check(const char *path)
{
    char *want = NULL;
    char *got = NULL;
    size_t size = 0;
    size_t room = 0;
    ssize_t len = 0;
    FILE *memory = open_memstream(&want, &size);
    FILE *file = fopen(path, "r");
    bool same = false;

    if (memory && mfd_reference_write(memory) && fclose(memory) == 0 && file) {
        len = getdelim(&got, &room, '\0', file);
        same = len >= 0 && (size_t)len == size && memcmp(got, want, size) == 0;
    }
    if (file) {
        fclose(file);
    }
    free(got);
    free(want);
    if (!same) {
        fprintf(stderr, "%s is not current: build the target docs and commit the file\n", path);
    }
    return same ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--check") == 0) {
        return check(argv[2]);
    }
    if (argc == 2 && argv[1][0] != '-') {
        return write_to(argv[1]);
    }
    fprintf(stderr, "usage: mfd_reference [--check] FILE\n");
    return 2;
}
