// SPDX-License-Identifier: GPL-2.0-or-later
/* The head of an imported scenario: what the receiver of a case is set up for. */
#ifndef MFD_HEAD_H
#define MFD_HEAD_H

#include "case.h"
#include "rule.h"

#include <stdio.h>

/* Prose, headers and an empty line. What the language cannot say of the case stands there as a comment. */
void mfd_write_head(FILE *out, const struct mfd_case *c, const char *title, enum mfd_rule rule);

#endif
