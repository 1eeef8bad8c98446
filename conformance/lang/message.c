// SPDX-License-Identifier: GPL-2.0-or-later
#include "message.h"

#include "hello.h"
#include "mainstream.h"
#include "packet.h"

#include <stdlib.h>
#include <string.h>

/* Lopsided, so that no wrong byte order is right by chance. */
static const uint8_t default_uuid[MFD_UUID_SIZE] = {
    0x6d, 0x75, 0x6c, 0x74, 0x69, 0xfd, 0x4b, 0x17, 0x92, 0xa4, 0x0c, 0x35, 0x5e, 0x88, 0xb1, 0xda,
};
static const uint8_t no_uuid[MFD_UUID_SIZE];

size_t mfd_env_block_count(const struct mfd_env *env)
{
    return env->scenario->ram_count ? env->scenario->ram_count : 1;
}

const char *mfd_env_block_name(const struct mfd_env *env, size_t block)
{
    return env->scenario->ram_count ? env->scenario->rams[block].name : MFD_DEFAULT_BLOCK;
}

const char *mfd_env_block_wire_name(const struct mfd_env *env, size_t block)
{
    bool resizable = env->scenario->ram_count && env->scenario->rams[block].resizable;

    if (resizable && env->target && env->target->resizable_name) {
        return env->target->resizable_name;
    }
    return mfd_env_block_name(env, block);
}

const char *mfd_env_block_size(const struct mfd_env *env, size_t block, uint64_t *size)
{
    const struct mfd_ram *ram = NULL;
    uint64_t low = 0;

    if (!env->scenario->ram_count) {
        *size = MFD_DEFAULT_BLOCK_SIZE;
        return NULL;
    }
    ram = &env->scenario->rams[block];
    low = ram->resizable ? 0 : env->page_size;
    return mfd_term_within(env, &ram->size, low, (uint64_t)16 << 30, size);
}

const uint8_t *mfd_env_uuid(const struct mfd_env *env)
{
    if (env->scenario->uuid_given) {
        return env->scenario->uuid_none ? no_uuid : env->scenario->uuid;
    }
    return default_uuid;
}

static uint64_t total_size(const struct mfd_env *env)
{
    uint64_t total = 0;

    for (size_t i = 0; i < mfd_env_block_count(env); i++) {
        uint64_t size = 0;

        if (!mfd_env_block_size(env, i, &size)) {
            total += size;
        }
    }
    return total;
}

static size_t default_packet(const struct mfd_env *env, uint8_t *buf)
{
    struct mfd_packet packet = {.magic = MFD_MAGIC, .version = MFD_VERSION};

    mfd_packet_pack(buf, env->page_size, &packet, NULL);
    return mfd_packet_size(env->page_size);
}

static size_t default_device(uint8_t *buf)
{
    struct mfd_device device = {
        .magic = MFD_MAGIC, .version = MFD_VERSION, .flags = MFD_FLAG_DEVICE_STATE};

    mfd_device_pack(buf, &device);
    return MFD_DEVICE_SIZE;
}

static size_t default_block(const struct mfd_env *env, uint8_t *buf)
{
    uint64_t size = 0;

    return mfd_env_block_size(env, 0, &size)
               ? 0
               : mfd_pack_block(buf, mfd_env_block_wire_name(env, 0), size);
}

static size_t default_mapped(const struct mfd_env *env, uint8_t *buf)
{
    struct mfd_mapped mapped = mfd_mapped_layout(MFD_MAPPED_SIZE, 0, env->page_size);

    return mfd_mapped_pack(buf, &mapped);
}

size_t mfd_message_default(const struct mfd_env *env, enum mfd_message message, uint8_t *buf)
{
    switch (message) {
    case MFD_MSG_hello:
        mfd_hello_pack(buf, mfd_env_uuid(env), 0);
        return MFD_HELLO_SIZE;
    case MFD_MSG_text_hello:
        return mfd_hello_write(MFD_REV_2017_TEXT, buf, mfd_env_uuid(env), 0);
    case MFD_MSG_binary_hello:
        return mfd_hello_write(MFD_REV_2017_BINARY, buf, mfd_env_uuid(env), 0);
    case MFD_MSG_packet:
        return default_packet(env, buf);
    case MFD_MSG_device:
        return default_device(buf);
    case MFD_MSG_header:
        return mfd_pack_header(buf);
    case MFD_MSG_config:
        return mfd_pack_config(buf, mfd_env_machine(env));
    case MFD_MSG_capabilities:
        return mfd_pack_capabilities(buf);
    case MFD_MSG_mapped:
        return default_mapped(env, buf);
    case MFD_MSG_section:
        return mfd_pack_section(buf, MFD_SECTION_START, MFD_RAM_SECTION_ID, "ram", 0,
                                MFD_RAM_SECTION_VERSION);
    case MFD_MSG_part:
        return mfd_pack_part(buf, MFD_SECTION_PART, MFD_RAM_SECTION_ID);
    case MFD_MSG_memsize:
        return mfd_pack_memsize(buf, total_size(env));
    case MFD_MSG_block:
        return default_block(env, buf);
    case MFD_MSG_zero:
        return mfd_pack_zero(buf, mfd_env_block_wire_name(env, 0), 0);
    case MFD_MSG_page:
        return mfd_pack_page(buf, mfd_env_block_wire_name(env, 0), 0);
    case MFD_MSG_marker:
        return mfd_pack_marker(buf);
    case MFD_MSG_eos:
        return mfd_pack_eos(buf);
    case MFD_MSG_footer:
        return mfd_pack_footer(buf, MFD_RAM_SECTION_ID);
    case MFD_MSG_command:
        return mfd_pack_command(buf, MFD_CMD_OPEN_RETURN_PATH, NULL, 0);
    case MFD_MSG_end:
        return mfd_pack_end(buf);
    case MFD_MSG_vmdesc:
        return mfd_pack_vmdesc(buf, "{}");
    default:
        return 0;
    }
}

uint8_t *mfd_bytes_add(struct mfd_bytes *to, size_t size)
{
    if (!to->bytes || to->room - to->size < size) {
        uint8_t *bigger = NULL;

        to->room = 2 * to->room + size;
        bigger = mfd_zalloc(to->room);
        if (to->size) {
            memcpy(bigger, to->bytes, to->size);
        }
        free(to->bytes);
        to->bytes = bigger;
    }
    to->size += size;
    return to->bytes + to->size - size;
}

void mfd_bytes_part(struct mfd_bytes *to, enum mfd_message message, size_t offset, size_t size)
{
    to->parts = mfd_grow(to->parts, to->part_count, sizeof(*to->parts));
    to->parts[to->part_count++] = (struct mfd_plan_part){message, offset, size};
}

void mfd_bytes_place(struct mfd_bytes *to, uint64_t at)
{
    to->places = mfd_grow(to->places, to->place_count, sizeof(*to->places));
    to->places[to->place_count++] = (struct mfd_plan_place){to->size, at};
}

void mfd_bytes_effect(struct mfd_bytes *to, struct mfd_effect effect)
{
    to->effects = mfd_grow(to->effects, to->effect_count, sizeof(*to->effects));
    to->effects[to->effect_count++] = effect;
}

void mfd_bytes_free(struct mfd_bytes *bytes)
{
    free(bytes->bytes);
    free(bytes->parts);
    free(bytes->effects);
    free(bytes->places);
    *bytes = (struct mfd_bytes){0};
}
