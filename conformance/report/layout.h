// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where fields lie, in words: for lists and documents. Places that depend on a name's length are sums with
 * `n`, those that depend on the page size with `slots`.
 */
#ifndef MFD_LAYOUT_H
#define MFD_LAYOUT_H

#include "field.h"

#include <stddef.h>

/* All write into `buf`, cut to `size`, and return it. */

/* Offset in the message: "24", "9 + n". */
const char *mfd_layout_offset(enum mfd_field field, char *buf, size_t size);
/* Bytes that the field takes: "4", "7 x 1", "slots x 8", "n". */
const char *mfd_layout_extent(enum mfd_field field, char *buf, size_t size);
/* Bytes of the message: "64", "8 + n", "320 + 8 x slots". */
const char *mfd_layout_total(enum mfd_message message, char *buf, size_t size);

#endif
