// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A case of the fuzz harnesses as a scenario: the file that plays the same bytes to any peer.
 */
#ifndef MFD_IMPORT_H
#define MFD_IMPORT_H

#include "case.h"
#include "scenario.h"

struct mfd_imported {
    char *text;         /* the scenario, in its one form; owned by the caller */
    enum mfd_rule rule; /* that it names */
    size_t messages;    /* and parts that are none */
    size_t raw;         /* of these that are written as bare bytes */
};

struct mfd_import_request {
    const struct mfd_case *c;
    const char *title; /* its prose, one line */
    enum mfd_rule
        rule; /* that it is about; MFD_RULE_COUNT: the first that the case breaks, or, where it
                            breaks none, that pages land where they belong */
    mfd_outcomes
        expect[MFD_REV_COUNT]; /* of a receiver of each revision; 0: nothing is said about it */
    bool whole; /* every line is a fault as a whole, so that the twin is a plain migration */
};

/*
 * Every message becomes the step that comes nearest, with what differs as faults; what is no message, or is
 * like none, becomes bytes. The content of raw pages and of device state is not kept: the scenario sends its
 * own, so that it can be told where it lands. What a scenario cannot say about the receiver (which allocation
 * fails, a length that is no multiple of a page) stands as a comment in the text.
 *
 * False with `error` where the language has no room for it, or no release the method of compression; imported->text is the caller's in any case.
 */
bool mfd_import(const struct mfd_import_request *request, struct mfd_imported *imported,
                struct mfd_lang_error *error);

#endif
