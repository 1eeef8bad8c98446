// SPDX-License-Identifier: GPL-2.0-or-later
#include "defect.h"

#include <stdio.h>
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

bool mfd_defect_next_rule(const char **at, char *id, size_t size)
{
    size_t len = 0;

    *at += strspn(*at, " ");
    len = strcspn(*at, " ");
    snprintf(id, size, "%.*s", (int)len, *at);
    *at += len;
    return len > 0;
}

bool mfd_defect_breaks(const struct mfd_defect *defect, const char *rule_id)
{
    char id[32];

    for (const char *at = defect->rules; mfd_defect_next_rule(&at, id, sizeof(id));) {
        if (strcmp(id, rule_id) == 0) {
            return true;
        }
    }
    return false;
}
