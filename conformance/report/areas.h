// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The areas of rule ids, with a title for people, in the order in which documents have them.
 */
#ifndef MFD_AREAS_H
#define MFD_AREAS_H

#include "rule.h"

#include <stddef.h>

struct mfd_area {
    const char *name; /* "HDR", of "MF-HDR-021" */
    const char *title;
};

const struct mfd_area *mfd_areas(size_t *count);
/* The area of a rule: an element of the array above; NULL for an id of an area that is not listed. */
const struct mfd_area *mfd_area_of(enum mfd_rule rule);

#endif
