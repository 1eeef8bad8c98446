// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A tool of this tree: records the captures of pcaps/captures again, or writes and checks their index.
 *
 *     mfd_captures record FOLDER [NAME]...
 *     mfd_captures index FOLDER | check FOLDER
 */
#include "index.h"
#include "peer.h"
#include "record.h"
#include "scratch.h"
#include "sniff.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Records to a file beside, which takes its place when it is whole. */
static bool record_one(const struct mfd_row *row, const char *folder)
{
    char error[MFD_RECORD_ERROR_SIZE];
    char scratch[128];
    char path[512];
    char part[520];
    FILE *out = NULL;
    bool good = false;

    snprintf(path, sizeof(path), "%s/%s.pcapng", folder, row->name);
    snprintf(part, sizeof(part), "%s.part", path);
    out = mfd_scratch_make(NULL, scratch, sizeof(scratch)) ? fopen(part, "wbe") : NULL;
    if (!out) {
        fprintf(stderr, "%s: %s\n", part, strerror(errno));
        return false;
    }
    good = mfd_record(row, scratch, out, error);
    good = fclose(out) == 0 && good;
    if (good && rename(part, path) != 0) {
        snprintf(error, sizeof(error), "%s", strerror(errno));
        good = false;
    }
    remove(part);
    mfd_scratch_remove(scratch);
    printf("%s: %s\n", row->name, good ? "recorded" : error);
    return good;
}

static bool is_wanted(const struct mfd_row *row, char **names)
{
    for (size_t i = 0; names[i]; i++) {
        if (strcmp(names[i], row->name) == 0) {
            return true;
        }
    }
    return !names[0];
}

static int record_all(const char *folder, char **names)
{
    char error[MFD_SNIFF_ERROR_SIZE];
    size_t done = 0;
    int code = 0;

    if (!mfd_private_network(MFD_RECORD_LOW, MFD_RECORD_HIGH, error)) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    for (size_t i = 0; i < mfd_row_count(); i++) {
        struct mfd_row row = mfd_row_at(i);

        if (is_wanted(&row, names)) {
            code = record_one(&row, folder) ? code : 1;
            done++;
        }
    }
    if (!done) {
        fprintf(stderr, "captures.def has none of that name\n");
        return 2;
    }
    return code;
}

/* Writes FOLDER/README.md, or compares it. */
static int write_index(const char *folder, bool check)
{
    char error[MFD_CAPTURE_ERROR_SIZE];
    char path[512];
    char *text = NULL;
    char *old = NULL;
    size_t len = 0;
    size_t old_len = 0;
    FILE *out = open_memstream(&text, &len);
    bool good = out && mfd_index_write(folder, out, error);
    FILE *file = NULL;

    if (out) {
        fclose(out);
    }
    snprintf(path, sizeof(path), "%s/README.md", folder);
    if (!good) {
        fprintf(stderr, "%s\n", error);
    } else if (!(file = fopen(path, check ? "re" : "we"))) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        good = false;
    } else if (check) {
        old = malloc(len + 1);
        old_len = old ? fread(old, 1, len + 1, file) : 0;
        good = old_len == len && memcmp(old, text, len) == 0;
        fputs(good ? "" : "README.md is not what the captures say: pcaps/capture --index\n",
              stderr);
    } else {
        good = fwrite(text, 1, len, file) == len;
    }
    if (file) {
        good = fclose(file) == 0 && good;
    }
    free(old);
    free(text);
    return good ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "record") == 0) {
        return record_all(argv[2], argv + 3);
    }
    if (argc == 3 && (strcmp(argv[1], "index") == 0 || strcmp(argv[1], "check") == 0)) {
        return write_index(argv[2], strcmp(argv[1], "check") == 0);
    }
    fprintf(stderr, "usage: mfd_captures record FOLDER [NAME]...\n"
                    "       mfd_captures index|check FOLDER\n");
    return 2;
}
