// SPDX-License-Identifier: GPL-2.0-or-later
#include "baseline_update.h"

#include <stdlib.h>
#include <string.h>

static const struct mfd_defect no_defect = {MFD_BASELINE_NO_DEFECT, "", "", ""};

static bool was_judged(const struct mfd_result *result)
{
    return result->verdict == MFD_PASS || result->verdict == MFD_FAIL ||
           result->verdict == MFD_WARN || result->verdict == MFD_KNOWN;
}

static bool as_expected(const struct mfd_result *result)
{
    return result->expect & MFD_OUTCOME_BIT(result->got);
}

/* Lines of a baseline that a run was found to be at odds with are no results of a scenario. */
static bool is_about_a_scenario(const struct mfd_result *result)
{
    return result->verdict != MFD_STALE;
}

size_t mfd_baseline_confront(struct mfd_baseline *baseline, const struct mfd_run *run,
                             bool *unknown)
{
    const char *version = run->peer_version;
    size_t count = 0;

    for (size_t i = 0; i < run->count; i++) {
        const struct mfd_result *result = &run->results[i];

        unknown[i] = false;
        if (was_judged(result)) {
            unknown[i] = !mfd_baseline_judge(baseline, result->id, result->params, version,
                                             result->got, as_expected(result)) &&
                         !as_expected(result);
        } else if (is_about_a_scenario(result)) {
            mfd_baseline_present(baseline, result->id, result->params, version);
        }
        count += unknown[i];
    }
    return count;
}

/* ---- lines that go ---- */

/* The comments above a line that goes stay, in front of what follows. */
static bool hand_down(char **above, char *more)
{
    size_t size = strlen(more) + strlen(*above) + 1;
    char *both = malloc(size);

    if (both) {
        snprintf(both, size, "%s%s", more, *above);
        free(*above);
        *above = both;
    }
    return both != NULL;
}

static bool drop_line(struct mfd_baseline *baseline, size_t at)
{
    struct mfd_baseline_line *line = &baseline->lines[at];

    if (!hand_down(at + 1 < baseline->count ? &line[1].above : &baseline->tail, line->above)) {
        return false;
    }
    free(line->above);
    free(line->glob);
    free(line->params);
    free(line->reason);
    baseline->count--;
    memmove(line, line + 1, (baseline->count - at) * sizeof(*line));
    return true;
}

/* ---- lines that come ---- */

static size_t scenario_length(const struct mfd_result *result)
{
    return strcspn(result->id, "[");
}

static bool same_scenario(const struct mfd_result *a, const struct mfd_result *b)
{
    return scenario_length(a) == scenario_length(b) &&
           strncmp(a->id, b->id, scenario_length(a)) == 0;
}

/* Whether each instance of the scenario that was judged did the same, and none is known or as expected. */
static bool all_alike(const struct mfd_run *run, const bool *unknown, size_t at)
{
    for (size_t i = 0; i < run->count; i++) {
        const struct mfd_result *result = &run->results[i];

        if (was_judged(result) && same_scenario(result, &run->results[at]) &&
            (!unknown[i] || result->got != run->results[at].got)) {
            return false;
        }
    }
    return true;
}

/* A line of the scenario's that was made for an earlier instance serves this one too. */
static bool is_first_of_its_line(const struct mfd_run *run, const bool *unknown, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (unknown[i] && same_scenario(&run->results[i], &run->results[at])) {
            return false;
        }
    }
    return true;
}

/* This release and no other: that is what was measured. */
static struct mfd_releases measured(const char *version)
{
    struct mfd_releases releases = {.any = true};

    if (version && mfd_release_parse(version, &releases.from)) {
        releases.any = false;
        releases.to = releases.from;
    }
    return releases;
}

static bool add_line(struct mfd_baseline *baseline, const struct mfd_run *run,
                     const struct mfd_result *result, bool whole_scenario)
{
    const char *seen = result->detail && *result->detail ? result->detail : "seen";
    struct mfd_baseline_line *grown =
        realloc(baseline->lines, (baseline->count + 1) * sizeof(*grown));
    struct mfd_baseline_line *line = NULL;

    if (!grown) {
        return false;
    }
    baseline->lines = grown;
    line = &grown[baseline->count++];
    *line = (struct mfd_baseline_line){.versions = measured(run->peer_version),
                                       .outcomes = MFD_OUTCOME_BIT(result->got),
                                       .defect = &no_defect};
    line->above = baseline->tail;
    baseline->tail = strdup("");
    line->glob = strndup(result->id, scenario_length(result));
    line->params = strdup(whole_scenario ? "" : result->params);
    line->reason = strndup(seen, strcspn(seen, "\r\n"));
    return baseline->tail && line->above && line->glob && line->params && line->reason;
}

bool mfd_baseline_update(struct mfd_baseline *baseline, const struct mfd_run *run,
                         const bool *unknown)
{
    for (size_t i = baseline->count; i-- > 0;) {
        if (mfd_baseline_staleness(&baseline->lines[i], run->peer_version, false) ==
                MFD_STALE_LINE &&
            !drop_line(baseline, i)) {
            return false;
        }
    }
    for (size_t i = 0; i < run->count; i++) {
        bool whole = unknown[i] && all_alike(run, unknown, i);

        if (unknown[i] && (!whole || is_first_of_its_line(run, unknown, i)) &&
            !add_line(baseline, run, &run->results[i], whole)) {
            return false;
        }
    }
    return true;
}

size_t mfd_baseline_differences(FILE *out, const struct mfd_baseline *baseline,
                                const struct mfd_run *run, const bool *unknown)
{
    size_t count = 0;
    char text[512];

    for (size_t i = 0; i < baseline->count; i++) {
        const struct mfd_baseline_line *line = &baseline->lines[i];

        if (mfd_baseline_staleness(line, run->peer_version, false) == MFD_STALE_LINE) {
            fprintf(out, "stale    %s\n",
                    mfd_baseline_stale_text(baseline, line, text, sizeof(text)));
            count++;
        }
    }
    for (size_t i = 0; i < run->count; i++) {
        if (unknown[i]) {
            fprintf(out, "unknown  %s: %s\n", run->results[i].id,
                    mfd_outcome_name(run->results[i].got));
            count++;
        }
    }
    return count;
}
