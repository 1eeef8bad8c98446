// SPDX-License-Identifier: GPL-2.0-or-later
#include "store.h"

#include "folders.h"
#include "outcome.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIXES 3u

static const char *const suffixes[SUFFIXES] = {".mfd", ".pcapng", ".log"};

/* A path in the folder, for free(); NULL without memory. */
static char *path_of(const struct mfd_store *store, const char *below)
{
    char *path = NULL;

    return asprintf(&path, "%s/%s", store->folder, below) < 0 ? NULL : path;
}

static json_t *counts(const struct mfd_store *store, const char *group)
{
    json_t *object = json_object_get(store->state, group);

    if (!json_is_object(object)) {
        object = json_object();
        json_object_set_new(store->state, group, object);
    }
    return object;
}

static void bump(json_t *object, const char *key)
{
    json_object_set_new(object, key,
                        json_integer(json_integer_value(json_object_get(object, key)) + 1));
}

static size_t sum(const json_t *object)
{
    const char *key = NULL;
    json_t *value = NULL;
    size_t all = 0;

    json_object_foreach((json_t *)object, key, value)
    {
        all += (size_t)json_integer_value(value);
    }
    return all;
}

/* ---- the folder ---- */

static bool fail(char *error, const char *folder, const char *why)
{
    snprintf(error, MFD_STORE_ERROR_SIZE, "%s: %s", folder, why);
    return false;
}

static bool make_folders(struct mfd_store *store)
{
    char *found = path_of(store, "found/");
    bool good = found && store->drafts;

    if (good) {
        mfd_scratch_remove(store->drafts); /* of a run that was killed */
        mfd_make_folders(found);
        good = mkdir(store->drafts, 0777) == 0;
    }
    free(found);
    return good;
}

static bool take_lock(struct mfd_store *store)
{
    char *path = path_of(store, "lock");

    store->lock = path ? open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0666) : -1;
    free(path);
    return store->lock >= 0 && flock(store->lock, LOCK_EX | LOCK_NB) == 0;
}

/* The state of a former run; true where there is none, or it fits. */
static bool load(struct mfd_store *store, const char *peer, const uint64_t *seed, char *error)
{
    char *path = path_of(store, "state.json");
    json_error_t fault;
    const char *former = NULL;

    if (path && access(path, F_OK) == 0) {
        store->state = json_load_file(path, JSON_REJECT_DUPLICATES, &fault);
        former = json_string_value(json_object_get(store->state, "peer"));
        if (!former) {
            snprintf(error, MFD_STORE_ERROR_SIZE, "%.300s: line %d: %.150s", path, fault.line,
                     store->state ? "no peer is named" : fault.text);
            free(path);
            return false;
        }
    }
    free(path);
    if (!former) {
        store->state = json_pack("{s:s, s:I, s:i}", "peer", peer, "seed",
                                 (json_int_t)(seed ? *seed : 1), "next", 0);
        return store->state || fail(error, store->folder, "out of memory");
    }
    if (strcmp(former, peer) != 0) {
        snprintf(error, MFD_STORE_ERROR_SIZE, "%.200s: holds what another peer did: %.200s",
                 store->folder, former);
        return false;
    }
    return !seed || *seed == mfd_store_seed(store) ||
           fail(error, store->folder, "holds the runs of another seed");
}

bool mfd_store_open(struct mfd_store *store, const char *folder, const char *peer,
                    const uint64_t *seed, char *error)
{
    *store = (struct mfd_store){.folder = strdup(folder), .lock = -1};
    store->drafts = store->folder ? path_of(store, "drafts") : NULL;
    if (!store->drafts) {
        return fail(error, folder, "out of memory");
    }
    /* the way to the folder, and itself */
    char *inside = path_of(store, "lock");
    if (inside) {
        mfd_make_folders(inside);
    }
    free(inside);
    if (!take_lock(store)) {
        return fail(error, folder,
                    errno == EWOULDBLOCK ? "another process works there" : strerror(errno));
    }
    if (!load(store, peer, seed, error)) {
        return false;
    }
    return make_folders(store) || fail(error, folder, strerror(errno));
}

void mfd_store_close(struct mfd_store *store)
{
    if (store->lock >= 0) {
        mfd_scratch_remove(store->drafts);
        close(store->lock);
    }
    json_decref(store->state);
    free(store->drafts);
    free(store->folder);
    *store = (struct mfd_store){.lock = -1};
}

bool mfd_store_save(const struct mfd_store *store)
{
    char *path = path_of(store, "state.json");
    char *next = path_of(store, "state.json.new");
    bool good = path && next && json_dump_file(store->state, next, JSON_INDENT(2)) == 0 &&
                rename(next, path) == 0;

    free(path);
    free(next);
    return good;
}

uint64_t mfd_store_seed(const struct mfd_store *store)
{
    return (uint64_t)json_integer_value(json_object_get(store->state, "seed"));
}

size_t mfd_store_next(const struct mfd_store *store)
{
    json_int_t next = json_integer_value(json_object_get(store->state, "next"));

    return next > 0 ? (size_t)next : 0;
}

bool mfd_store_has(const char *name, void *store)
{
    return json_object_get(counts(store, "found"), name) != NULL;
}

/* ---- answers ---- */

/* Moves the files of a draft to where they stay. */
static bool keep(struct mfd_store *store, const char *draft, const char *name)
{
    bool good = true;

    for (size_t i = 0; i < SUFFIXES; i++) {
        char *from = NULL;
        char *to = NULL;

        if (asprintf(&from, "%s/%s%s", draft, name, suffixes[i]) < 0) {
            return false;
        }
        if (asprintf(&to, "%s/found/%s%s", store->folder, name, suffixes[i]) < 0) {
            free(from);
            return false;
        }
        /* a capture is left out where it did not fit into memory */
        good = (rename(from, to) == 0 || (i == 1 && errno == ENOENT)) && good;
        free(from);
        free(to);
    }
    return good;
}

static const char *take_finding(struct mfd_store *store, const char *name, const json_t *answer)
{
    const char *draft = json_string_value(json_object_get(answer, "draft"));
    json_t *found = counts(store, "found");
    bool first = !json_object_get(found, name);

    if (first && !draft) {
        bump(counts(store, "counts"), "unsteady");
        return NULL;
    }
    if (first && json_object_size(found) >= MFD_STORE_FINDINGS_MAX) {
        bump(counts(store, "counts"), "not kept");
        return NULL;
    }
    first = first && keep(store, draft, name);
    if (draft) {
        mfd_scratch_remove(draft);
    }
    bump(found, name);
    store->found += first;
    return first ? name : NULL;
}

const char *mfd_store_take(struct mfd_store *store, size_t number, const json_t *answer)
{
    const char *outcome = json_string_value(json_object_get(answer, "outcome"));
    const char *defect = json_string_value(json_object_get(answer, "defect"));
    const char *name = json_string_value(json_object_get(answer, "name"));

    if (number >= mfd_store_next(store)) {
        json_object_set_new(store->state, "next", json_integer((json_int_t)number + 1));
    }
    bump(counts(store, "outcomes"), outcome ? outcome : "failed");
    if (defect) {
        bump(counts(store, "known"), defect);
    }
    if (json_is_true(json_object_get(answer, "alike"))) {
        bump(counts(store, "counts"), "as the reference");
    }
    return name ? take_finding(store, name, answer) : NULL;
}

void mfd_store_note(struct mfd_store *store, const json_t *answer)
{
    const char *name = json_string_value(json_object_get(answer, "name"));

    if (name) {
        bump(counts(store, "found"), name);
    }
}

void mfd_store_print(FILE *out, const struct mfd_store *store)
{
    const char *key = NULL;
    json_t *value = NULL;

    json_object_foreach(counts(store, "outcomes"), key, value)
    {
        fprintf(out, "%" JSON_INTEGER_FORMAT " %s, ", json_integer_value(value), key);
    }
    json_object_foreach(counts(store, "counts"), key, value)
    {
        fprintf(out, "%" JSON_INTEGER_FORMAT " %s, ", json_integer_value(value), key);
    }
    fprintf(out, "%zu known, %zu found", sum(counts(store, "known")),
            json_object_size(counts(store, "found")));
}

void mfd_store_print_found(FILE *out, const struct mfd_store *store)
{
    const char *key = NULL;
    json_t *value = NULL;

    json_object_foreach(counts(store, "known"), key, value)
    {
        fprintf(out, "known: %s, %" JSON_INTEGER_FORMAT " times\n", key, json_integer_value(value));
    }
    json_object_foreach(counts(store, "found"), key, value)
    {
        fprintf(out, "found: %s, %" JSON_INTEGER_FORMAT " times\n", key, json_integer_value(value));
    }
}
