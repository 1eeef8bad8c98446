// SPDX-License-Identifier: GPL-2.0-or-later
#include "suite.h"

#include "id_glob.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUFFIX ".mfd"

const char *mfd_suite_folder(void)
{
    const char *chosen = getenv("MFD_SCENARIOS");

    if (chosen && *chosen) {
        return chosen;
    }
    return access(MFD_SOURCE_SCENARIOS, R_OK) == 0 ? MFD_SOURCE_SCENARIOS : MFD_INSTALLED_SCENARIOS;
}

bool mfd_suite_names(const struct mfd_scenario *scenario, enum mfd_rule rule)
{
    size_t count = 0;
    const enum mfd_rule *rules = mfd_scenario_rules(scenario, &count);

    for (size_t i = 0; i < count; i++) {
        if (rules[i] == rule) {
            return true;
        }
    }
    return false;
}

bool mfd_suite_selected(const struct mfd_scenario *scenario, const char *instance_id,
                        const char *const *globs)
{
    size_t rule_count = 0;
    const enum mfd_rule *rules = mfd_scenario_rules(scenario, &rule_count);

    for (size_t i = 0; globs && globs[i]; i++) {
        if (mfd_glob_matches(globs[i], mfd_scenario_id(scenario)) ||
            mfd_glob_matches(globs[i], instance_id)) {
            return true;
        }
        for (size_t r = 0; r < rule_count; r++) {
            if (mfd_glob_matches(globs[i], mfd_rule_info(rules[r])->id)) {
                return true;
            }
        }
    }
    return !globs || !globs[0];
}

/* Whether anything of the scenario `id` may be selected, as far as its name tells: rules may be, too. */
static bool may_be_selected(const char *id, const char *const *globs)
{
    for (size_t i = 0; globs && globs[i]; i++) {
        size_t plain = strcspn(globs[i], "*[");

        if (!memchr(globs[i], '/', plain) || strncmp(globs[i], id, plain) == 0) {
            return true;
        }
    }
    return !globs || !globs[0];
}

/* Adds one file, unless the globs say that it is not wanted; false with `error`. */
static bool add_file(struct mfd_suite *suite, const char *folder, const char *path,
                     const char *const *globs, char *error)
{
    struct mfd_suite_file *grown = realloc(suite->files, (suite->count + 1) * sizeof(*grown));
    size_t skip = strlen(folder) + strspn(path + strlen(folder), "/");
    char *id = strndup(path + skip, strlen(path + skip) - strlen(SUFFIX));
    struct mfd_lang_error fault;

    suite->files = grown ? grown : suite->files;
    if (!grown || !id) {
        snprintf(error, MFD_SUITE_ERROR_SIZE, "%s: out of memory", path);
        free(id);
        return false;
    }
    if (!may_be_selected(id, globs)) {
        free(id);
        return true;
    }
    grown[suite->count] =
        (struct mfd_suite_file){mfd_scenario_load(id, path, &fault), strdup(path)};
    free(id);
    if (!grown[suite->count++].scenario) {
        snprintf(error, MFD_SUITE_ERROR_SIZE, "%s:%u: %s", path, fault.line, fault.text);
        return false;
    }
    return true;
}

static int by_id(const void *a, const void *b)
{
    const struct mfd_suite_file *left = a;
    const struct mfd_suite_file *right = b;

    return strcmp(mfd_scenario_id(left->scenario), mfd_scenario_id(right->scenario));
}

bool mfd_suite_load(const char *folder, struct mfd_suite *suite, char *error)
{
    return mfd_suite_load_some(folder, NULL, suite, error);
}

bool mfd_suite_load_some(const char *folder, const char *const *globs, struct mfd_suite *suite,
                         char *error)
{
    char *roots[] = {(char *)folder, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    FTSENT *entry = NULL;
    bool good = walk != NULL;

    *suite = (struct mfd_suite){NULL, 0};
    while (good && (entry = fts_read(walk))) {
        size_t len = strlen(entry->fts_path);
        bool file = entry->fts_info == FTS_F && len > strlen(SUFFIX) &&
                    strcmp(entry->fts_path + len - strlen(SUFFIX), SUFFIX) == 0;

        if (entry->fts_info == FTS_ERR || entry->fts_info == FTS_DNR || entry->fts_info == FTS_NS) {
            snprintf(error, MFD_SUITE_ERROR_SIZE, "%s: %s", entry->fts_path,
                     strerror(entry->fts_errno));
            good = false;
        } else if (file) {
            good = add_file(suite, folder, entry->fts_path, globs, error);
        }
    }
    if (!walk) {
        snprintf(error, MFD_SUITE_ERROR_SIZE, "%s: %s", folder, strerror(errno));
    } else {
        fts_close(walk);
    }
    if (good) {
        qsort(suite->files, suite->count, sizeof(*suite->files), by_id);
    }
    return good;
}

void mfd_suite_free(struct mfd_suite *suite)
{
    for (size_t i = 0; i < suite->count; i++) {
        mfd_scenario_free(suite->files[i].scenario);
        free(suite->files[i].path);
    }
    free(suite->files);
}
