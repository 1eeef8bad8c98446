// SPDX-License-Identifier: GPL-2.0-or-later
#include "field.h"

#include "wire.h"

#include <string.h>

static const struct {
    const char *name;
    const char *what;
} messages[MFD_MESSAGE_COUNT] = {
#define MESSAGE(name, what) {#name, what},
#define FIELD(...)
#include "fields.def"
#undef MESSAGE
#undef FIELD
};

#define SLOTS MFD_COUNT_SLOTS
#define LEN MFD_COUNT_LEN
#define REST MFD_COUNT_REST
static const struct mfd_field_info fields[MFD_FIELD_COUNT] = {
#define MESSAGE(...)
#define FIELD(message, name, type, width, count, since, meaning) \
    {MFD_MSG_##message, #name, MFD_TYPE_##type, width, count, MFD_REV_##since, meaning},
#include "fields.def"
#undef MESSAGE
#undef FIELD
};
#undef SLOTS
#undef LEN
#undef REST

const char *mfd_message_name(enum mfd_message message)
{
    return messages[message].name;
}

const char *mfd_message_what(enum mfd_message message)
{
    return messages[message].what;
}

enum mfd_message mfd_message_find(const char *name)
{
    int i = 0;

    while (i < MFD_MESSAGE_COUNT && strcmp(messages[i].name, name) != 0) {
        i++;
    }
    return (enum mfd_message)i;
}

const struct mfd_field_info *mfd_field_info(enum mfd_field field)
{
    return &fields[field];
}

enum mfd_field mfd_message_first(enum mfd_message message)
{
    int i = 0;

    while (fields[i].message != message) {
        i++;
    }
    return (enum mfd_field)i;
}

enum mfd_field mfd_field_find(enum mfd_message message, const char *name)
{
    for (int i = mfd_message_first(message); i < MFD_FIELD_COUNT && fields[i].message == message;
         i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return (enum mfd_field)i;
        }
    }
    return MFD_FIELD_COUNT;
}

uint64_t mfd_uint_get(const uint8_t *p, uint32_t width)
{
    uint64_t value = 0;

    for (uint32_t i = 0; i < width; i++) {
        value = value << 8 | p[i];
    }
    return value;
}

void mfd_uint_put(uint8_t *p, uint32_t width, uint64_t value)
{
    for (uint32_t i = width; i-- > 0; value >>= 8) {
        p[i] = (uint8_t)value;
    }
}

struct mfd_field_walk mfd_field_walk_start(enum mfd_message message, const uint8_t *bytes,
                                           size_t len, uint32_t page_size)
{
    return (struct mfd_field_walk){
        .bytes = bytes,
        .len = len,
        .page_size = page_size,
        .message = message,
        .next = mfd_message_first(message),
    };
}

/* A zero or page record with the CONTINUE flag has neither length nor name. */
static bool absent(const struct mfd_field_walk *walk)
{
    switch (walk->next) {
    case MFD_FIELD_zero_length:
    case MFD_FIELD_zero_name:
    case MFD_FIELD_page_length:
    case MFD_FIELD_page_name:
        return (mfd_get64(walk->bytes) & MFD_RAM_CONTINUE) != 0;
    default:
        return false;
    }
}

static uint64_t wanted_elements(const struct mfd_field_walk *walk,
                                const struct mfd_field_info *info)
{
    switch (info->count) {
    case MFD_COUNT_SLOTS:
        return mfd_slots(walk->page_size);
    case MFD_COUNT_LEN:
        return walk->last;
    case MFD_COUNT_REST:
        return (walk->len - walk->offset) / info->width;
    default:
        return (uint64_t)info->count;
    }
}

bool mfd_field_walk_next(struct mfd_field_walk *walk, struct mfd_span *span)
{
    const struct mfd_field_info *info = NULL;
    uint64_t elements = 0;
    size_t left = walk->len - walk->offset;

    while (walk->next < MFD_FIELD_COUNT && fields[walk->next].message == walk->message &&
           absent(walk)) {
        walk->next = (enum mfd_field)(walk->next + 1);
    }
    if (walk->next >= MFD_FIELD_COUNT || fields[walk->next].message != walk->message) {
        return false;
    }
    info = &fields[walk->next];
    elements = wanted_elements(walk, info);
    if (elements > left / info->width) {
        elements = left / info->width;
    }
    if (elements == 0 && wanted_elements(walk, info) != 0) {
        return false;
    }
    *span = (struct mfd_span){walk->next, walk->offset, info->width, (size_t)elements};
    if (info->type == MFD_TYPE_UINT && info->count == 1) {
        walk->last = mfd_uint_get(walk->bytes + walk->offset, info->width);
    }
    walk->offset += info->width * (size_t)elements;
    walk->next = (enum mfd_field)(walk->next + 1);
    return true;
}

bool mfd_field_locate(enum mfd_field field, const uint8_t *bytes, size_t len, uint32_t page_size,
                      struct mfd_span *span)
{
    struct mfd_field_walk walk = mfd_field_walk_start(fields[field].message, bytes, len, page_size);

    while (mfd_field_walk_next(&walk, span)) {
        if (span->field == field) {
            return true;
        }
    }
    return false;
}
