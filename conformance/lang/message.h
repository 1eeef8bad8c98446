// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Correct messages of a scenario: bytes with the places of the messages in them, as the sender means them
 * before any fault.
 */
#ifndef MFD_MESSAGE_H
#define MFD_MESSAGE_H

#include "value.h"

/* Number that RAM START gives to the section of the RAM. */
#define MFD_RAM_SECTION_ID 1u
/* No message header is longer. */
#define MFD_MESSAGE_ROOM (MFD_PACKET_SIZE_MAX + 1024u)

/* RAM blocks of the scenario, the default one if it names none. */
size_t mfd_env_block_count(const struct mfd_env *env);
const char *mfd_env_block_name(const struct mfd_env *env, size_t block);
/* The name that the peer knows it by. */
const char *mfd_env_block_wire_name(const struct mfd_env *env, size_t block);
/* NULL, or what is wrong with its size. */
const char *mfd_env_block_size(const struct mfd_env *env, size_t block, uint64_t *size);
/* UUID of the VM: MFD_UUID_SIZE bytes, all zero if the scenario says none. */
const uint8_t *mfd_env_uuid(const struct mfd_env *env);

/*
 * Writes a message of that kind with the values that it has when a step says nothing else; returns its
 * size, 0 for a kind that no verb makes. `buf` has MFD_MESSAGE_ROOM bytes.
 */
size_t mfd_message_default(const struct mfd_env *env, enum mfd_message message, uint8_t *buf);

/* A page that a message leaves behind in guest RAM. */
struct mfd_effect {
    unsigned block;
    size_t page;
    enum mfd_page_state state;
    uint32_t generation;
};

/* Messages of one step on one connection, one behind the other. */
struct mfd_bytes {
    uint8_t *bytes;
    size_t size;
    size_t room;
    struct mfd_plan_part *parts;
    size_t part_count;
    struct mfd_effect *effects;
    size_t effect_count;
    struct mfd_plan_place *places; /* of a file: those that do not just follow what stands before */
    size_t place_count;
};

/* Makes room for `size` more bytes and returns where they go. */
uint8_t *mfd_bytes_add(struct mfd_bytes *to, size_t size);
/* Appends a message: its bytes must be the last ones added, at least `size` of them from `offset` on. */
void mfd_bytes_part(struct mfd_bytes *to, enum mfd_message message, size_t offset, size_t size);
/* What is added next stands at `at` of the file. */
void mfd_bytes_place(struct mfd_bytes *to, uint64_t at);
void mfd_bytes_effect(struct mfd_bytes *to, struct mfd_effect effect);
void mfd_bytes_free(struct mfd_bytes *bytes);

#endif
