// SPDX-License-Identifier: GPL-2.0-or-later
#include "hello.h"

#include <string.h>

void mfd_hello_pack(uint8_t *buf, const uint8_t *uuid, uint8_t id)
{
    mfd_put32(buf + MFD_HELLO_MAGIC, MFD_MAGIC);
    mfd_put32(buf + MFD_HELLO_VERSION, MFD_VERSION);
    memcpy(buf + MFD_HELLO_UUID, uuid, MFD_UUID_SIZE);
    buf[MFD_HELLO_ID] = id;
    memset(buf + MFD_HELLO_RESERVED, 0, MFD_HELLO_SIZE - MFD_HELLO_RESERVED);
}

struct mfd_hello mfd_hello_unpack(const uint8_t *buf)
{
    struct mfd_hello hello = {
        .magic = mfd_get32(buf + MFD_HELLO_MAGIC),
        .version = mfd_get32(buf + MFD_HELLO_VERSION),
        .id = buf[MFD_HELLO_ID],
    };

    memcpy(hello.uuid, buf + MFD_HELLO_UUID, MFD_UUID_SIZE);
    return hello;
}
