// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The functions of finding.h with a mask before the first; the rest is finding.c itself, so that
 * the two never drift apart.
 */
#define mfd_findings_add add_unmasked
#include "finding.c"
#undef mfd_findings_add

#include "mask.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_NO_MASK 3

void mfd_findings_add(struct mfd_findings *to, struct mfd_finding finding);

static bool masked[MFD_RULE_COUNT];
static const char *seen_path;
static atomic_flag seen = ATOMIC_FLAG_INIT;

bool mfd_mask_set(const char *rules, const char *path)
{
    char *names = strdup(rules ? rules : "");
    char *rest = names;
    bool good = names != NULL;

    memset(masked, 0, sizeof(masked));
    seen_path = path;
    atomic_flag_clear(&seen);
    while (good && rest && *rest) {
        enum mfd_rule rule = mfd_rule_find(strsep(&rest, ","));

        good = rule != MFD_RULE_COUNT;
        if (good) {
            masked[rule] = true;
        }
    }
    free(names);
    if (!good) {
        memset(masked, 0, sizeof(masked));
    }
    return good;
}

__attribute__((constructor)) static void read_environment(void)
{
    const char *rules = getenv(MFD_MASK_RULES);

    if (!mfd_mask_set(rules, getenv(MFD_MASK_SEEN))) {
        fprintf(stderr, MFD_MASK_RULES ": there is no rule of a name in '%s'\n", rules);
        _exit(EXIT_NO_MASK);
    }
}

void mfd_findings_add(struct mfd_findings *to, struct mfd_finding finding)
{
    if (!masked[finding.rule]) {
        add_unmasked(to, finding);
    } else if (seen_path && !atomic_flag_test_and_set(&seen)) {
        int fd = open(seen_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        if (fd >= 0) {
            close(fd);
        }
    }
}
