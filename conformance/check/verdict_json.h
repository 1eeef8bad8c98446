// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a capture came to, for machines: exactly the keys of check.schema.json beside this file, in their order.
 */
#ifndef MFD_VERDICT_JSON_H
#define MFD_VERDICT_JSON_H

#include "capture.h"

#include <jansson.h>

/* One migration, as it stands in the list of the schema; after its end. A new reference. */
json_t *mfd_checked_json(const struct mfd_checked *checked);

/* `suite`: version of mfdkit; `path`: of the file. False if it could not be written. */
bool mfd_verdicts_json(FILE *out, const char *suite, const char *path,
                       const struct mfd_verdicts *verdicts);

#endif
