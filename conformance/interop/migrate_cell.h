// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs one cell of the interop table: both ends, the migration between them, and a look at memory.
 */
#ifndef MFD_INTEROP_MIGRATE_CELL_H
#define MFD_INTEROP_MIGRATE_CELL_H

#include "cell.h"
#include "known.h"
#include "ram_file.h"

#include <jansson.h>

struct mfd_interop_result {
    bool ran;                         /* false: it could not be set up; `detail` says why */
    bool unsupported;                 /* not run, for a QEMU was built without the method */
    enum mfd_interop_outcome outcome; /* if it ran */
    char from_status[32];             /* "completed", "failed", "exited 1", "signal 11", "silent" */
    char to_status[32];
    bool compared; /* both completed */
    struct mfd_ram_difference memory;
    double ms;
    char detail[1024]; /* the reason in an end's own words; "" if there is none */
};

/*
 * In a process of its own, which must not have threads. `guard` is how many seconds an end may say nothing.
 */
void mfd_interop_migrate(const struct mfd_interop_cell *cell, double guard,
                         struct mfd_interop_result *result);

/* For the way between processes: a new reference, NULL without memory; false if it is none. */
json_t *mfd_interop_result_to_json(const struct mfd_interop_result *result);
bool mfd_interop_result_from_json(const json_t *json, struct mfd_interop_result *result);

#endif
