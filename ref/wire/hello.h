// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hello that opens each multifd channel: 64 bytes, unchanged from 2018 to 11.1. Those of 2017 are in
 * stage2017.h; the functions that take a revision know all three.
 */
#ifndef MFD_HELLO_H
#define MFD_HELLO_H

#include "field.h"
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

/* Bytes of a revision's hello, at most MFD_HELLO_SIZE, and its name in fields.def. */
size_t mfd_hello_size(enum mfd_rev rev);
enum mfd_message mfd_hello_message(enum mfd_rev rev);
/* Writes a correct hello of a revision; returns its size. */
size_t mfd_hello_write(enum mfd_rev rev, uint8_t *buf, const uint8_t *uuid, uint8_t id);
/* Channel id of a whole hello in which mfd_check_hello() found nothing that is to be refused. */
unsigned mfd_hello_id(enum mfd_rev rev, const uint8_t *buf);
/* Where the id lies in it, and its bytes. */
size_t mfd_hello_id_offset(enum mfd_rev rev, uint32_t *width);

#endif
