// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What happens in a case, message by message: opening and ending of connections, the messages that can be told
 * apart, and bytes that cannot.
 */
#ifndef MFD_UNITS_H
#define MFD_UNITS_H

#include "case.h"
#include "plan.h"

enum mfd_unit_kind {
    MFD_UNIT_OPEN,
    MFD_UNIT_MESSAGE,
    MFD_UNIT_BYTES,
    MFD_UNIT_CLOSE,
    MFD_UNIT_RESET
};

struct mfd_unit {
    enum mfd_unit_kind kind;
    uint32_t connection;      /* of the case */
    enum mfd_message message; /* MESSAGE */
    const uint8_t *bytes;     /* MESSAGE and BYTES */
    size_t size;              /* with the payload, as much as came of it */
    size_t header;            /* MESSAGE: without payload */
    size_t missing;           /* MESSAGE: bytes of its payload that never came */
};

/* A connection of the case as a scenario calls it. */
struct mfd_unit_conn {
    bool used;
    bool first_main; /* it opened as main, and none did before */
    bool extra;      /* beyond those of the migration */
    unsigned number; /* of a channel; of an extra connection, counted from 0 */
    char who[16];    /* "main", "ch 1", "extra x0" */
    uint8_t *bytes;  /* all that was sent on it; owned */
    size_t size;
};

struct mfd_units {
    struct mfd_unit *list;
    size_t count;
    struct mfd_unit_conn conns[256];
    enum mfd_rule rule; /* that was broken first; MFD_RULE_COUNT: none was */
};

/*
 * Takes the case apart. `setup` is a plan with its configuration, the steps of which do not matter. A message
 * stands where its last byte came, what is left of a connection at its end. False without memory;
 * mfd_units_free() in any case.
 */
bool mfd_units_cut(const struct mfd_case *c, const struct mfd_plan *setup, struct mfd_units *units);
void mfd_units_free(struct mfd_units *units);

#endif
