// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules of a sender under test that are decided by counting what was received of it, and by what it says that it has
 * sent. Not every sender, and not every method, shows them.
 */
#ifndef MFD_COUNTERS_H
#define MFD_COUNTERS_H

#include "result.h"
#include "source.h"
#include "take.h"

/*
 * Adds to the result what the links of a migration decide, which has room for every rule. `said` is what the sender
 * counted of a migration that has completed, else NULL.
 */
void mfd_counters_tell(const struct mfd_take *take, const struct mfd_source_counters *said,
                       struct mfd_result *result);

#endif
