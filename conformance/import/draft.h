// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A scenario in the making: each unit of a case with the form in which it is written, and the text of all.
 */
#ifndef MFD_DRAFT_H
#define MFD_DRAFT_H

#include "import.h"
#include "wording.h"

/* How near a line comes to its unit; each is tried when the one before does not do. */
enum mfd_form {
    MFD_FORM_STEP,    /* the step that comes nearest */
    MFD_FORM_FAULTS,  /* with what differs in its header as faults */
    MFD_FORM_PAYLOAD, /* and its payload as bytes */
    MFD_FORM_RAW,     /* all of it as bytes */
};

struct mfd_piece {
    const struct mfd_unit *unit;
    enum mfd_form form;
    char *faults;  /* from FAULTS on: owned, each with a space before it */
    unsigned line; /* set by mfd_draft_write(): where it stands, and on how many lines */
    unsigned lines;
    bool faulty; /* likewise: it is a fault, or has one */
};

struct mfd_draft {
    const struct mfd_import_request *request;
    const struct mfd_plan
        *setup; /* the configuration of the case; not needed while there are no units */
    struct mfd_units units;
    struct mfd_piece *pieces; /* one for each unit */
    enum mfd_rule rule;
};

/* The whole text, for free(); NULL without memory. A form that cannot be written is raised to RAW. */
char *mfd_draft_write(struct mfd_draft *draft);

#endif
