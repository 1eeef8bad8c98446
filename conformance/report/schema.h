// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON documents against the schemas beside the tests.
 */
#ifndef MFD_SCHEMA_H
#define MFD_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>

/* The schema in the file of that name; a new reference. */
json_t *fixture_schema(const char *name);
/* Whether the document conforms; tells what is broken. */
bool fixture_conforms(const json_t *value, const json_t *schema);

#endif
