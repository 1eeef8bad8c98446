// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The results as JSON.
 *
 * Two forms. The report (`--json`) has exactly the keys of report.schema.json beside this file, in their
 * order, and is promised to others. The transfer form of one result is a superset: it adds what a job
 * process found out for the report of a failure, and never leaves the program.
 *
 * Text that is not valid UTF-8 is made so by mfd_escape().
 */
#ifndef MFD_JSON_H
#define MFD_JSON_H

#include "result.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* New references; NULL without memory. */
json_t *mfd_run_to_json(const struct mfd_run *run);
json_t *mfd_result_to_json(const struct mfd_result *result);
json_t *mfd_result_to_transfer(const struct mfd_result *result);

/*
 * Reads a result in either form into `result`, which is overwritten; its members are owned by the caller.
 * False, and nothing to free, where a key is missing, has another type or an unknown name in it.
 */
bool mfd_result_from_json(const json_t *json, struct mfd_result *result);

/* Reads a whole report. `strict` is not part of one and comes out false. False as above. */
bool mfd_run_from_json(const json_t *json, struct mfd_run *run);

#define MFD_JSON_ERROR_SIZE 512

/*
 * Reads a report file. False with "PATH: ..." in `error`, which has MFD_JSON_ERROR_SIZE bytes; nothing is to be
 * freed then.
 */
bool mfd_json_load(const char *path, struct mfd_run *run, char *error);

/*
 * Writes a document, indented, with a newline at the end, and takes the reference. False if it could not be written, or
 * is NULL.
 */
bool mfd_json_put(FILE *out, json_t *json);
/* Writes the report, indented, with a newline at the end. False if it could not be written. */
bool mfd_json_write(FILE *out, const struct mfd_run *run);

#endif
