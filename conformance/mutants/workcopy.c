// SPDX-License-Identifier: GPL-2.0-or-later
#include "workcopy.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 2048

static bool fail(char *error, const char *path, const char *why)
{
    snprintf(error, MFD_WORKCOPY_ERROR_SIZE, "%.800s: %s", path, why);
    return false;
}

char *mfd_file_read(const char *path, size_t *len)
{
    FILE *file = fopen(path, "re");
    struct stat status;
    char *text = NULL;

    *len = 0;
    if (!file) {
        return NULL;
    }
    if (fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode)) {
        text = malloc((size_t)status.st_size + 1);
    }
    if (text) {
        *len = fread(text, 1, (size_t)status.st_size, file);
        text[*len] = '\0';
    }
    fclose(file);
    return text;
}

static bool write_file(const char *path, const char *text, size_t len, char *error)
{
    FILE *file = fopen(path, "we");
    bool good = file && fwrite(text, 1, len, file) == len;

    if (file) {
        good = fclose(file) == 0 && good;
    }
    return good ? true : fail(error, path, strerror(errno));
}

/* Copies one file unless the copy has the same bytes. */
static bool copy_file(const char *from, const char *to, char *error)
{
    size_t len = 0;
    size_t old_len = 0;
    char *text = mfd_file_read(from, &len);
    char *old = mfd_file_read(to, &old_len);
    bool good = true;

    if (!text) {
        good =
            errno == ENOENT ? true : fail(error, from, strerror(errno)); /* it may just have gone */
    } else if (!old || len != old_len || memcmp(text, old, len) != 0) {
        good = write_file(to, text, len, error);
    }
    free(text);
    free(old);
    return good;
}

/* Whether the walk leaves an entry of the source out. */
static bool left_out(const FTSENT *entry, const char *to)
{
    char cache[PATH_SIZE];

    if (entry->fts_level == 0) {
        return false;
    }
    if (entry->fts_name[0] == '.' || strcmp(entry->fts_path, to) == 0) {
        return true;
    }
    if (entry->fts_info != FTS_D) {
        return entry->fts_info != FTS_F;
    }
    snprintf(cache, sizeof(cache), "%s/CMakeCache.txt", entry->fts_path);
    return (entry->fts_level == 1 && strcmp(entry->fts_name, "build") == 0) ||
           access(cache, F_OK) == 0;
}

/* Folders are made as they are entered. */
static bool copy_entry(FTS *walk, FTSENT *entry, const char *from, const char *to, char *error)
{
    char path[PATH_SIZE];

    if (entry->fts_info == FTS_DP) {
        return true;
    }
    if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS) {
        return fail(error, entry->fts_path, strerror(entry->fts_errno));
    }
    if (left_out(entry, to)) {
        fts_set(walk, entry, FTS_SKIP);
        return true;
    }
    snprintf(path, sizeof(path), "%s%s", to, entry->fts_path + strlen(from));
    if (entry->fts_info == FTS_F) {
        return copy_file(entry->fts_path, path, error);
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST ? true : fail(error, path, strerror(errno));
}

/* Removes an entry of the copy that the source no longer has. */
static bool prune_entry(const FTSENT *entry, const char *from, const char *to, char *error)
{
    char path[PATH_SIZE];

    if (entry->fts_level == 0 || (entry->fts_info != FTS_F && entry->fts_info != FTS_DP)) {
        return true;
    }
    snprintf(path, sizeof(path), "%s%s", from, entry->fts_path + strlen(to));
    if (access(path, F_OK) == 0 || remove(entry->fts_path) == 0) {
        return true;
    }
    return fail(error, entry->fts_path, strerror(errno));
}

/* One walk over `root`: it is either side. */
static bool walk_tree(const char *root, const char *from, const char *to, char *error)
{
    char *roots[] = {(char *)root, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    FTSENT *entry = NULL;
    bool good = walk != NULL;

    if (!walk) {
        return fail(error, root, strerror(errno));
    }
    while (good && (entry = fts_read(walk))) {
        good = root == from ? copy_entry(walk, entry, from, to, error)
                            : prune_entry(entry, from, to, error);
    }
    fts_close(walk);
    return good;
}

/* Makes a folder and those above it. */
static bool make_folders(const char *path, char *error)
{
    char part[PATH_SIZE];

    for (const char *slash = path; slash;) {
        slash = strchr(slash + 1, '/');
        snprintf(part, sizeof(part), "%.*s", (int)(slash ? slash - path : (ptrdiff_t)strlen(path)),
                 path);
        if (mkdir(part, 0700) != 0 && errno != EEXIST) {
            return fail(error, part, strerror(errno));
        }
    }
    return true;
}

bool mfd_workcopy_sync(const char *from, const char *to, char *error)
{
    return make_folders(to, error) && walk_tree(from, from, to, error) &&
           walk_tree(to, from, to, error);
}

/* Where `wanted` stands; NULL with `error` unless it does so exactly once. */
static const char *find_once(const char *text, const char *wanted, const char *path, char *error)
{
    const char *found = strstr(text, wanted);

    if (!found) {
        fail(error, path, "the old text is not there");
    } else if (strstr(found + 1, wanted)) {
        fail(error, path, "the old text is there more than once");
        found = NULL;
    }
    return found;
}

bool mfd_edit_apply(struct mfd_edit *edit, const char *path, const char *old_text,
                    const char *new_text, char *error)
{
    const char *found = NULL;
    char *changed = NULL;
    bool good = false;

    *edit = (struct mfd_edit){.text = mfd_file_read(path, &edit->len)};
    if (!edit->text) {
        return fail(error, path, strerror(errno));
    }
    found = find_once(edit->text, old_text, path, error);
    if (found && asprintf(&changed, "%.*s%s%s", (int)(found - edit->text), edit->text, new_text,
                          found + strlen(old_text)) >= 0) {
        edit->len = strlen(edit->text);
        edit->path = strdup(path);
        good = edit->path && write_file(path, changed, strlen(changed), error);
    }
    free(changed);
    if (!good) {
        free(edit->path);
        free(edit->text);
        *edit = (struct mfd_edit){0};
    }
    return good;
}

bool mfd_edit_undo(struct mfd_edit *edit, char *error)
{
    bool good = !edit->path || write_file(edit->path, edit->text, edit->len, error);

    free(edit->path);
    free(edit->text);
    *edit = (struct mfd_edit){0};
    return good;
}
