// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A harness as a plain program, for any compiler: runs each file named, and each file below each folder
 * named. A crash or a broken expectation ends it there, with the name of the file already printed, unless
 * MFD_REPLAY_QUIET is set. With MFD_REPLAY_TIMES=N each is run N times more, and the time of a call told.
 */
#include "guard.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define INPUT_MAX (4u << 20)

static uint64_t spent_ns;
static uint64_t calls;

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void measure(const uint8_t *bytes, size_t size, unsigned long times)
{
    uint64_t start = now_ns();

    for (unsigned long i = 0; i < times; i++) {
        LLVMFuzzerTestOneInput(bytes, size);
    }
    spent_ns += now_ns() - start;
    calls += times;
}

static bool run(const char *path, bool loud, unsigned long times)
{
    uint8_t *bytes = malloc(INPUT_MAX);
    FILE *file = fopen(path, "rb");
    size_t size = 0;
    uint8_t *exact = NULL;

    if (!file || !bytes) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        free(bytes);
        return false;
    }
    size = fread(bytes, 1, INPUT_MAX, file);
    fclose(file);
    if (loud) {
        printf("%s, %zu bytes\n", path, size);
        fflush(stdout);
    }
    /* no byte more than there is */
    exact = malloc(size ? size : 1);
    if (exact) {
        memcpy(exact, bytes, size);
        LLVMFuzzerTestOneInput(exact, size);
        measure(exact, size, times);
    }
    free(exact);
    free(bytes);
    return exact != NULL;
}

int main(int argc, char **argv)
{
    char *const none[] = {NULL};
    FTS *tree = fts_open(argc > 1 ? argv + 1 : none, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    bool loud = getenv("MFD_REPLAY_QUIET") == NULL;
    const char *wanted = getenv("MFD_REPLAY_TIMES");
    unsigned long times = wanted ? strtoul(wanted, NULL, 10) : 0;
    size_t count = 0;
    bool good = true;

    if (!tree || argc < 2) {
        fprintf(stderr, "usage: %s FILE-OR-FOLDER...\n", argv[0]);
        return 2;
    }
    for (FTSENT *entry; (entry = fts_read(tree));) {
        if (entry->fts_info == FTS_F) {
            good = run(entry->fts_path, loud, times) && good;
            count++;
        } else if (entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR) {
            fprintf(stderr, "%s: %s\n", entry->fts_path, strerror(entry->fts_errno));
            good = false;
        }
    }
    fts_close(tree);
    printf("%zu inputs\n", count);
    if (calls) {
        printf("%llu ns a call\n", (unsigned long long)(spent_ns / calls));
    }
    return good && count ? 0 : 1;
}
