// SPDX-License-Identifier: GPL-2.0-or-later
#include "seeds.h"

#include "plan_case.h"
#include "selection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Every value of an axis would make hundreds of one scenario, which differ in what mutation changes anyway. */
#define STRENGTH 1u

static bool add(struct mfd_seeds *seeds, const struct mfd_plan *plan, enum mfd_rev rev)
{
    struct mfd_seed seed = {.bytes = mfd_plan_case(plan, rev, &seed.size)};
    struct mfd_seed *grown = NULL;

    if (!seed.bytes || seed.size > MFD_SEED_SIZE_MAX || seeds->count == MFD_SEEDS_MAX) {
        free(seed.bytes);
        return true;
    }
    seed.name = strdup(plan->id);
    grown = realloc(seeds->list, (seeds->count + 1) * sizeof(*grown));
    if (grown) {
        seeds->list = grown;
        grown[seeds->count] = seed;
        seeds->count += seed.name != NULL;
    }
    if (!grown || !seed.name) {
        free(seed.bytes);
        free(seed.name);
        return false;
    }
    return true;
}

static bool add_scenario(struct mfd_seeds *seeds, const struct mfd_suite_file *file,
                         const struct mfd_peer *peer, char *error)
{
    const struct mfd_target target = mfd_selection_target(peer, file->scenario, STRENGTH);
    struct mfd_lang_error fault = {0};
    struct mfd_instance *instances = NULL;
    size_t count = 0;
    bool good = true;

    if (!mfd_scenario_is_sender(file->scenario)) {
        instances = mfd_scenario_expand(file->scenario, &target, STRENGTH, &count, &fault);
        good = instances != NULL;
    }
    for (size_t i = 0; good && i < count; i++) {
        struct mfd_plan *plan =
            mfd_scenario_compile(file->scenario, &instances[i], &target, false, &fault);

        good = plan != NULL;
        /* what speaks as a stage of 2017 does is no case */
        if (plan && plan->expect && !plan->file && plan->speak >= MFD_REV_FIRST) {
            good = add(seeds, plan, peer->rev);
        }
        mfd_plan_free(plan);
    }
    if (!good) {
        snprintf(error, MFD_SEEDS_ERROR_SIZE, "%s:%u: %s", file->path, fault.line,
                 fault.text[0] ? fault.text : "out of memory");
    }
    mfd_instances_free(instances, count);
    return good;
}

static bool add_folder(struct mfd_seeds *seeds, const char *path, const struct mfd_peer *peer,
                       char *error)
{
    struct mfd_suite suite;
    bool good = mfd_suite_load(path, &suite, error);

    for (size_t i = 0; good && i < suite.count; i++) {
        good = add_scenario(seeds, &suite.files[i], peer, error);
    }
    mfd_suite_free(&suite);
    return good;
}

static bool add_file(struct mfd_seeds *seeds, const char *path, const struct mfd_peer *peer,
                     char *error)
{
    struct mfd_lang_error fault = {0};
    const struct mfd_suite_file file = {mfd_scenario_load(path, path, &fault), (char *)path};
    bool good = file.scenario && add_scenario(seeds, &file, peer, error);

    if (!file.scenario) {
        snprintf(error, MFD_SEEDS_ERROR_SIZE, "%s:%u: %s", path, fault.line, fault.text);
    }
    mfd_scenario_free(file.scenario);
    return good;
}

bool mfd_seeds_load(const char *const *paths, size_t count, const struct mfd_peer *peer,
                    struct mfd_seeds *seeds, char *error)
{
    bool good = true;

    *seeds = (struct mfd_seeds){0};
    for (size_t i = 0; good && i < count; i++) {
        struct stat about;
        bool folder = stat(paths[i], &about) == 0 && S_ISDIR(about.st_mode);

        good = (folder ? add_folder : add_file)(seeds, paths[i], peer, error);
    }
    if (good && !seeds->count) {
        snprintf(error, MFD_SEEDS_ERROR_SIZE, "of these scenarios none can be played to this peer");
        good = false;
    }
    return good;
}

void mfd_seeds_free(struct mfd_seeds *seeds)
{
    for (size_t i = 0; i < seeds->count; i++) {
        free(seeds->list[i].bytes);
        free(seeds->list[i].name);
    }
    free(seeds->list);
    *seeds = (struct mfd_seeds){0};
}
