// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A scenario's compiled plan as the input of a harness.
 */
#ifndef MFD_PLAN_CASE_H
#define MFD_PLAN_CASE_H

#include "plan.h"

/*
 * The bytes of the case (case.h), for free(); each message is an event, and so is its payload, as a fill where
 * its content is pages. What completes the migration is part of it. NULL where the plan has more connections
 * or blocks than a case can hold.
 */
uint8_t *mfd_plan_case(const struct mfd_plan *plan, enum mfd_rev rev, size_t *size);

#endif
