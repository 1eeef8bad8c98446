// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a release is known to get wrong, for the comparison with its code: the lines of its baseline.
 */
#ifndef MFD_QEMU_PREDICT_H
#define MFD_QEMU_PREDICT_H

#include "rule.h"

/*
 * Loads the baseline of the release that `version` belongs to: from $MFD_BASELINE, or the project's own. A
 * message on stderr and the end of the process if it cannot be read. $MFD_FORGET is the id of a defect whose lines
 * do not count, so that it must be found anew.
 */
void mfd_predict_load(const char *version);
/* Whether the baseline knows the release to treat a breach of the rule otherwise. */
bool mfd_predict_waived(enum mfd_rule rule);

#endif
