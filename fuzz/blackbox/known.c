// SPDX-License-Identifier: GPL-2.0-or-later
#include "known.h"

#include "oversight.h"
#include "plan_events.h"
#include "words.h"

#include <string.h>

static bool observe(const struct mfd_event *event, const char *text, void *oversight)
{
    (void)text;
    mfd_observer_event(&((struct mfd_oversight *)oversight)->observer, event);
    return true;
}

static bool ends_early(const struct mfd_plan *plan)
{
    for (size_t i = 0; i < plan->steps.count; i++) {
        enum mfd_step_kind kind = plan->steps.list[i].kind;

        if (kind == MFD_STEP_CLOSE || kind == MFD_STEP_SHUT || kind == MFD_STEP_RESET) {
            return true;
        }
    }
    return plan->half_hello;
}

bool mfd_wrong_of(const struct mfd_plan *plan, struct mfd_wrong *wrong)
{
    struct mfd_oversight *oversight = mfd_oversight_start(plan);

    *wrong = (struct mfd_wrong){.first = MFD_RULE_COUNT, .disturbed = ends_early(plan)};
    if (!oversight || !mfd_plan_events(plan, observe, oversight)) {
        mfd_oversight_free(oversight);
        return false;
    }
    mfd_observer_end(&oversight->observer);
    wrong->first = mfd_oversight_first(oversight);
    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        wrong->broken[i] = mfd_observer_verdict(&oversight->observer, (enum mfd_rule)i).state ==
                           MFD_OBSERVED_BROKEN;
        wrong->disturbed = wrong->disturbed || wrong->broken[i];
    }
    mfd_oversight_free(oversight);
    return true;
}

/* Whether a rule that the defect is about is broken or, where `unseen`, one that no byte shows. */
static bool explains(const struct mfd_defect *defect, const struct mfd_wrong *wrong, bool unseen)
{
    const char *at = defect->rules;
    char word[32];

    while (mfd_words_next(&at, word, sizeof(word))) {
        enum mfd_rule rule = mfd_rule_find(word);

        if (unseen ? !mfd_observer_judges(rule) : wrong->broken[rule]) {
            return true;
        }
    }
    return false;
}

static const struct mfd_defect *find(const struct mfd_baseline *baseline, const char *version,
                                     const struct mfd_wrong *wrong, enum mfd_outcome outcome,
                                     bool unseen)
{
    for (size_t i = 0; baseline && i < baseline->count; i++) {
        const struct mfd_baseline_line *line = &baseline->lines[i];

        if ((line->outcomes & MFD_OUTCOME_BIT(outcome)) &&
            mfd_releases_fit(&line->versions, version) != MFD_FIT_NO &&
            explains(line->defect, wrong, unseen)) {
            return line->defect;
        }
    }
    return NULL;
}

const struct mfd_defect *mfd_known_defect(const struct mfd_baseline *baseline, const char *version,
                                          const struct mfd_wrong *wrong, enum mfd_outcome outcome)
{
    const struct mfd_defect *defect = find(baseline, version, wrong, outcome, false);

    if (!defect && outcome == MFD_HUNG && wrong->disturbed) {
        defect = find(baseline, version, wrong, outcome, true);
    }
    return defect;
}
