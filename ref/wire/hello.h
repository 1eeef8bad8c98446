// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The 64-byte hello that opens each multifd channel, unchanged from 2018 to 11.1.
 */
#ifndef MFD_HELLO_H
#define MFD_HELLO_H

#include "wire.h"

/* Where the fields lie; a unit test holds these to fields.def. */
enum {
    MFD_HELLO_MAGIC = 0,
    MFD_HELLO_VERSION = 4,
    MFD_HELLO_UUID = 8,
    MFD_HELLO_ID = 24,
    MFD_HELLO_RESERVED = 25,
};

struct mfd_hello {
    uint32_t magic;
    uint32_t version;
    uint8_t uuid[MFD_UUID_SIZE]; /* textual order; all zero where the VM has none */
    uint8_t id;
};

/* Writes a correct hello; `buf` has MFD_HELLO_SIZE bytes. */
void mfd_hello_pack(uint8_t *buf, const uint8_t *uuid, uint8_t id);
/* Reads MFD_HELLO_SIZE bytes, judging nothing: see check.h. */
struct mfd_hello mfd_hello_unpack(const uint8_t *buf);

#endif
