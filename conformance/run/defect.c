// SPDX-License-Identifier: GPL-2.0-or-later
#include "defect.h"

#include <string.h>

static const struct mfd_defect defects[] = {
#define DEFECT(id, rules, text, releases) {#id, rules, text, releases},
#include "defects.def"
#undef DEFECT
};

const struct mfd_defect *mfd_defects(size_t *count)
{
    *count = sizeof(defects) / sizeof(defects[0]);
    return defects;
}

const struct mfd_defect *mfd_defect_find(const char *id)
{
    for (size_t i = 0; i < sizeof(defects) / sizeof(defects[0]); i++) {
        if (strcmp(defects[i].id, id) == 0) {
            return &defects[i];
        }
    }
    return NULL;
}
