// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hellos of the two stages of 2017, before there were packets.
 *
 * The text hello is 49 bytes: the UUID of the VM as 36 characters in lower case, " multifd ", the
 * channel id as three decimal digits, NUL. A VM without UUID sends a constant one. The binary hello,
 * proposed in its review and never shipped, is 20 bytes: the id as 32 bits in network order, then the
 * 16 bytes of the UUID, all zero where none is set. Neither has a magic: a receiver knows by the order of
 * arrival that a connection is no main channel. Nothing follows the hello on a channel.
 *
 * Source: review threads of July and August 2017.
 */
#ifndef MFD_STAGE2017_H
#define MFD_STAGE2017_H

#include "check.h"
#include "wire.h"

#define MFD_TEXT_HELLO_SIZE 49u
#define MFD_BINARY_HELLO_SIZE 20u
/* Characters of a UUID as text, without NUL. */
#define MFD_UUID_TEXT_SIZE 36u

/* Where the fields lie; a unit test holds these to fields.def. */
enum {
    MFD_TEXT_HELLO_UUID = 0,
    MFD_TEXT_HELLO_WORD = 36,
    MFD_TEXT_HELLO_ID = 45,
    MFD_TEXT_HELLO_END = 48,
    MFD_BINARY_HELLO_ID = 0,
    MFD_BINARY_HELLO_UUID = 4,
};

/* The UUID in lower case, with a NUL behind it. */
void mfd_uuid_text(const uint8_t *uuid, char text[MFD_UUID_TEXT_SIZE + 1]);

/* Write a correct hello into MFD_TEXT_HELLO_SIZE or MFD_BINARY_HELLO_SIZE bytes. A UUID of zeros: none. */
void mfd_text_hello_pack(uint8_t *buf, const uint8_t *uuid, uint8_t id);
void mfd_binary_hello_pack(uint8_t *buf, const uint8_t *uuid, uint8_t id);

/* Channel id of a whole hello that has no finding of MF-INIT-023 or MF-INIT-025. */
unsigned mfd_text_hello_id(const uint8_t *buf);
unsigned mfd_binary_hello_id(const uint8_t *buf);

/* What mfd_check_hello() is for these revisions. */
void mfd_check_text_hello(const struct mfd_check_context *context, const uint8_t *buf, size_t len,
                          struct mfd_findings *findings);
void mfd_check_binary_hello(const struct mfd_check_context *context, const uint8_t *buf, size_t len,
                            struct mfd_findings *findings);

#endif
