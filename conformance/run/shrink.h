// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes a scenario smaller while what it shows stays the same: the text alone, so that what is left is again a
 * scenario. Lines go first, then arguments and faults, then values of lists, then channels; and again from the
 * start, until nothing more can go or the budget is used up. `rule` and `expect` stay, and a line of prose.
 */
#ifndef MFD_SHRINK_H
#define MFD_SHRINK_H

#include <stddef.h>

enum mfd_shrink_answer {
    MFD_SHRINK_NO_SCENARIO, /* it was not played: no scenario, or none for this peer. Costs nothing */
    MFD_SHRINK_DIFFERENT,
    MFD_SHRINK_SAME,
};

struct mfd_shrink_question {
    /* Whether a text still shows the same. */
    enum mfd_shrink_answer (*ask)(const char *text, void *context);
    void *context;
    unsigned budget; /* answers that cost something */
    unsigned used;   /* result: as many were taken */
};

/* The smallest text found, which is `text` itself at worst; owned by the caller. NULL without memory. */
char *mfd_shrink(const char *text, struct mfd_shrink_question *question);

/*
 * The text with each parameter fixed to the value that `params` ("n=13 channels=4") has for it; owned by the
 * caller. NULL without memory.
 */
char *mfd_shrink_pin(const char *text, const char *params);

#endif
