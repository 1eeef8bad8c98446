// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Annotated hexdump: the bytes of a step, every field by its name in fields.def.
 *
 *     hello, 64 bytes
 *         0000  11 22 33 44                magic                0x11223344
 *         0004  00 00 00 01                version              1
 *         0008  a0 a1 a2 a3 a4 a5 a6 a7 .. uuid                 a0a1a2a3-a4a5-...
 *       > 0018  02                         id                   2    <- channel id, 0 to channels - 1
 *
 * Elements that are equal, or rise by the same step, share a line; payload is cut after some lines; lines
 * with faulted bytes are marked with ">" and end with the meaning of the field, and are never folded away.
 */
#ifndef MFD_HEXDUMP_H
#define MFD_HEXDUMP_H

#include "plan.h"

#include <stddef.h>
#include <stdint.h>

struct mfd_hexdump {
    const uint8_t *bytes;
    size_t size;
    const struct mfd_plan_part *parts; /* in order of offset; bytes between them are payload */
    size_t part_count;
    size_t fault_offset;
    size_t fault_size; /* 0: nothing is marked */
    uint32_t page_size;
};

/* The text, each line ended by a newline; owned by the caller. NULL without memory. */
char *mfd_hexdump_text(const struct mfd_hexdump *dump);

/* The decoded value of one field, as the dump shows it; cut to `size`, returns `buf`. */
const char *mfd_field_text(enum mfd_field field, const uint8_t *bytes, size_t len, char *buf,
                           size_t size);

#endif
