// SPDX-License-Identifier: GPL-2.0-or-later
#include "hello.h"

#include "stage2017.h"

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

size_t mfd_hello_size(enum mfd_rev rev)
{
    switch (rev) {
    case MFD_REV_2017_TEXT:
        return MFD_TEXT_HELLO_SIZE;
    case MFD_REV_2017_BINARY:
        return MFD_BINARY_HELLO_SIZE;
    default:
        return MFD_HELLO_SIZE;
    }
}

enum mfd_message mfd_hello_message(enum mfd_rev rev)
{
    switch (rev) {
    case MFD_REV_2017_TEXT:
        return MFD_MSG_text_hello;
    case MFD_REV_2017_BINARY:
        return MFD_MSG_binary_hello;
    default:
        return MFD_MSG_hello;
    }
}

size_t mfd_hello_write(enum mfd_rev rev, uint8_t *buf, const uint8_t *uuid, uint8_t id)
{
    switch (rev) {
    case MFD_REV_2017_TEXT:
        mfd_text_hello_pack(buf, uuid, id);
        break;
    case MFD_REV_2017_BINARY:
        mfd_binary_hello_pack(buf, uuid, id);
        break;
    default:
        mfd_hello_pack(buf, uuid, id);
        break;
    }
    return mfd_hello_size(rev);
}

unsigned mfd_hello_id(enum mfd_rev rev, const uint8_t *buf)
{
    switch (rev) {
    case MFD_REV_2017_TEXT:
        return mfd_text_hello_id(buf);
    case MFD_REV_2017_BINARY:
        return mfd_binary_hello_id(buf);
    default:
        return buf[MFD_HELLO_ID];
    }
}

size_t mfd_hello_id_offset(enum mfd_rev rev, uint32_t *width)
{
    switch (rev) {
    case MFD_REV_2017_TEXT:
        *width = MFD_TEXT_HELLO_END - MFD_TEXT_HELLO_ID;
        return MFD_TEXT_HELLO_ID;
    case MFD_REV_2017_BINARY:
        *width = MFD_BINARY_HELLO_UUID - MFD_BINARY_HELLO_ID;
        return MFD_BINARY_HELLO_ID;
    default:
        *width = 1;
        return MFD_HELLO_ID;
    }
}
