// SPDX-License-Identifier: GPL-2.0-or-later
#include "baseline.h"

#include "id_glob.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether `value` is `item` itself, or an integer in the range that `item` is. */
static bool value_fits(const char *item, const char *value)
{
    long long low = 0;
    long long high = 0;
    long long number = 0;
    char rest = 0;

    return strcmp(item, value) == 0 ||
           (sscanf(item, "%lld..%lld%c", &low, &high, &rest) == 2 &&
            sscanf(value, "%lld%c", &number, &rest) == 1 && low <= number && number <= high);
}

/* Whether the instance's parameters ("n=13 channels=4") have one of the values of "n=1..3,63". */
static bool param_matches(const char *wanted, const char *params)
{
    size_t name = strcspn(wanted, "=") + 1;
    char value[64];
    char item[64];

    while (*(params += strspn(params, " ")) && strncmp(params, wanted, name) != 0) {
        params += strcspn(params, " ");
    }
    if (!*params) {
        return false;
    }
    snprintf(value, sizeof(value), "%.*s", (int)strcspn(params + name, " "), params + name);
    for (const char *p = wanted + name; *p && *p != ' '; p += *p == ',') {
        size_t n = strcspn(p, ", ");

        snprintf(item, sizeof(item), "%.*s", (int)n, p);
        if (value_fits(item, value)) {
            return true;
        }
        p += n;
    }
    return false;
}

static bool params_match(const char *wanted, const char *params)
{
    for (const char *p = wanted; *(p += strspn(p, " "));) {
        if (!param_matches(p, params)) {
            return false;
        }
        p += strcspn(p, " ");
    }
    return true;
}

static bool line_names(const struct mfd_baseline_line *line, const char *id, const char *params,
                       const char *version)
{
    char scenario[256];

    snprintf(scenario, sizeof(scenario), "%.*s", (int)strcspn(id, "["), id);
    return mfd_releases_fit(&line->versions, version) != MFD_FIT_NO &&
           mfd_glob_matches(line->glob, scenario) && params_match(line->params, params);
}

void mfd_baseline_present(struct mfd_baseline *baseline, const char *id, const char *params,
                          const char *version)
{
    for (size_t i = 0; i < baseline->count; i++) {
        baseline->lines[i].present += line_names(&baseline->lines[i], id, params, version);
    }
}

const struct mfd_baseline_line *mfd_baseline_judge(struct mfd_baseline *baseline, const char *id,
                                                   const char *params, const char *version,
                                                   enum mfd_outcome got, bool expected)
{
    const struct mfd_baseline_line *known = NULL;

    for (size_t i = 0; i < baseline->count; i++) {
        struct mfd_baseline_line *line = &baseline->lines[i];

        if (!line_names(line, id, params, version)) {
            continue;
        }
        line->present++;
        line->judged++;
        if (!expected && line->outcomes & MFD_OUTCOME_BIT(got)) {
            line->held++;
            known = known ? known : line;
        }
    }
    return known;
}

enum mfd_staleness mfd_baseline_staleness(const struct mfd_baseline_line *line, const char *version,
                                          bool full)
{
    enum mfd_fit fit = mfd_releases_fit(&line->versions, version);
    bool silent = line->judged > 0 && line->held == 0 && line->flaky_of == 0;
    bool nameless = full && line->present == 0;

    if (fit == MFD_FIT_NO || (!silent && !nameless)) {
        return MFD_FRESH;
    }
    /* that a line names nothing has nothing to do with the release */
    return silent && fit == MFD_FIT_MAYBE ? MFD_STALE_WARNING : MFD_STALE_LINE;
}

const char *mfd_baseline_stale_text(const struct mfd_baseline *baseline,
                                    const struct mfd_baseline_line *line, char *buf, size_t size)
{
    if (line->present == 0) {
        snprintf(buf, size, "%s:%u: %s names no scenario instance", baseline->path, line->line,
                 line->glob);
    } else {
        snprintf(buf, size, "%s:%u: %s no longer shows in any of %zu instances of %s",
                 baseline->path, line->line, line->defect->id, line->judged, line->glob);
    }
    return buf;
}

void mfd_baseline_free(struct mfd_baseline *baseline)
{
    if (!baseline) {
        return;
    }
    for (size_t i = 0; i < baseline->count; i++) {
        free(baseline->lines[i].above);
        free(baseline->lines[i].glob);
        free(baseline->lines[i].params);
        free(baseline->lines[i].reason);
    }
    free(baseline->lines);
    free(baseline->path);
    free(baseline->tail);
    free(baseline);
}
