// SPDX-License-Identifier: GPL-2.0-or-later
/* What a sender under test counted of a migration, held to what was received of it. */
#ifndef MFD_COUNTERS_H
#define MFD_COUNTERS_H

#include "result.h"
#include "source.h"
#include "take.h"

/* Whether the rule is about the counters of a sender. */
bool mfd_counters_rule(enum mfd_rule rule);

/*
 * Adds these rules to the result of a migration that was received whole and without a fault, as far as its revision has them. The result
 * has room for every rule.
 */
void mfd_counters_tell(const struct mfd_take *take, const struct mfd_source_counters *said,
                       struct mfd_result *result);

#endif
