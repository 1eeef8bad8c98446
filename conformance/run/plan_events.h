// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A plan as events, without any peer: what the sender does, in the order of the file and by a clock of its
 * own.
 */
#ifndef MFD_PLAN_EVENTS_H
#define MFD_PLAN_EVENTS_H

#include "event.h"
#include "plan.h"

/* False ends the walk. `text` is the scenario line of the event's step, or NULL. */
typedef bool (*mfd_plan_event_fn)(const struct mfd_event *event, const char *text, void *context);

/*
 * Hands every event of the plan's steps to `put`, each write as a DATA event of its own. Where the peer may
 * accept, or nothing is wrong, the migration is completed and all is closed by the sender, then by the
 * receiver; else the events end with the steps, for what the receiver does then is its own affair. Times
 * are 100 microseconds apart from one step to the next, a settle is a millisecond. False if `put` was.
 */
bool mfd_plan_events(const struct mfd_plan *plan, mfd_plan_event_fn put, void *context);

#endif
