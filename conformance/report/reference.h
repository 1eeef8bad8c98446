// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reference of the wire as a Markdown document, made from revs.def, fields.def and rules.def.
 *
 * It stands in the tree as ref/wire/REFERENCE.md: the target `docs` writes it, `docs-check` and the test
 * `reference_is_current` compare it.
 */
#ifndef MFD_REFERENCE_H
#define MFD_REFERENCE_H

#include <stdbool.h>
#include <stdio.h>

/* False if it could not be written. */
bool mfd_reference_write(FILE *out);

#endif
