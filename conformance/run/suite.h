// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The scenario files of a folder, and the instances that a selection of them makes for one peer.
 */
#ifndef MFD_SUITE_H
#define MFD_SUITE_H

#include "scenario.h"

#include <stdbool.h>
#include <stddef.h>

#define MFD_SUITE_ERROR_SIZE 1280

struct mfd_suite_file {
    struct mfd_scenario *scenario;
    char *path;
};

struct mfd_suite {
    struct mfd_suite_file *files; /* by id */
    size_t count;
};

/* The folder to take where none is named: $MFD_SCENARIOS, else that of the source or the installation. */
const char *mfd_suite_folder(void);

/*
 * Reads every *.mfd below `folder`. False with "FILE:LINE: message" in `error`, which has
 * MFD_SUITE_ERROR_SIZE bytes. mfd_suite_free() must be called in any case.
 */
bool mfd_suite_load(const char *folder, struct mfd_suite *suite, char *error);
/* The same for those only of which the NULL-terminated globs may name something; of others nothing is said. */
bool mfd_suite_load_some(const char *folder, const char *const *globs, struct mfd_suite *suite,
                         char *error);
void mfd_suite_free(struct mfd_suite *suite);

/* Whether the scenario is about the rule. */
bool mfd_suite_names(const struct mfd_scenario *scenario, enum mfd_rule rule);

/* Whether any of the NULL-terminated globs names the instance: by id, by scenario or by one of its rules. */
bool mfd_suite_selected(const struct mfd_scenario *scenario, const char *instance_id,
                        const char *const *globs);

#endif
