// SPDX-License-Identifier: GPL-2.0-or-later
/* For tests: what a check is told of the sender that a scenario makes. */
#ifndef MFD_TEST_GIVEN_H
#define MFD_TEST_GIVEN_H

#include "learn.h"
#include "plan.h"

/* Everything that the plan sets; `uuid` and `machine` are the plan's. */
static inline struct mfd_given test_given(const struct mfd_plan *plan)
{
    struct mfd_given given = mfd_given_nothing();

    given.rev = (int)plan->speak;
    given.sync = (int)plan->sync;
    given.zero = (int)plan->zero;
    given.method = plan->method;
    given.page_size = (int)plan->page_size;
    given.channels = plan->channels;
    given.uuid = plan->uuid;
    given.machine = plan->machine;
    return given;
}

#endif
