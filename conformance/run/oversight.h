// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The observer (observe.h) over one migration of a sender under test, with its memory, and what it saw as part
 * of a result.
 */
#ifndef MFD_OVERSIGHT_H
#define MFD_OVERSIGHT_H

#include "observe.h"
#include "plan.h"
#include "result.h"

struct mfd_oversight {
    struct mfd_observer observer;
    struct mfd_observer_memory memory; /* owned */
    const struct mfd_plan *plan;
    uint64_t first_ns;
};

/* An observer that knows what the plan has the sender do; NULL without memory. */
struct mfd_oversight *mfd_oversight_start(const struct mfd_plan *plan);
void mfd_oversight_free(struct mfd_oversight *oversight);

/* Ends the observation and adds every rule that a sender keeps, and that it could decide, to the result. */
void mfd_oversight_tell(struct mfd_oversight *oversight, struct mfd_result *result);

/*
 * The rule that was broken first, of those that have receivers refuse a breach if there is one; MFD_RULE_COUNT: none
 * was. After the end of the observation.
 */
enum mfd_rule mfd_oversight_first(const struct mfd_oversight *oversight);

/* Whether a sender has to keep the rule, and the observer judges it in some session. */
bool mfd_oversight_rule(enum mfd_rule rule);

#endif
