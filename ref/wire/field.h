// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fields of messages by name and by place. The table is fields.def.
 *
 * A message is bytes plus its kind; where a field lies can depend on the bytes before it (names
 * have a length) and on the page size (a packet's offsets), so places are found by walking. All
 * functions are total: on bytes that are too short for a field, the field is absent.
 */
#ifndef MFD_FIELD_H
#define MFD_FIELD_H

#include "rev.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mfd_message {
#define MESSAGE(name, what) MFD_MSG_##name,
#define FIELD(...)
#include "fields.def"
#undef MESSAGE
#undef FIELD
    MFD_MESSAGE_COUNT
};

/* Rows of fields.def, as MFD_FIELD_hello_magic. */
enum mfd_field {
#define MESSAGE(...)
#define FIELD(message, name, ...) MFD_FIELD_##message##_##name,
#include "fields.def"
#undef MESSAGE
#undef FIELD
    MFD_FIELD_COUNT
};

enum mfd_field_type { MFD_TYPE_UINT, MFD_TYPE_UUID, MFD_TYPE_TEXT, MFD_TYPE_BYTES };

/* Values of `count` that are not numbers. */
#define MFD_COUNT_SLOTS (-1)
#define MFD_COUNT_LEN (-2)
#define MFD_COUNT_REST (-3) /* all that is left of the message */

struct mfd_field_info {
    enum mfd_message message;
    const char *name;
    enum mfd_field_type type;
    uint32_t width;
    int32_t count;
    enum mfd_rev since;
    const char *meaning;
};

/* Where a field lies in one particular message. */
struct mfd_span {
    enum mfd_field field;
    size_t offset;
    uint32_t width;  /* bytes of one element */
    size_t elements; /* elements present; fewer than the table says where the bytes end early */
};

const char *mfd_message_name(enum mfd_message message);
const char *mfd_message_what(enum mfd_message message);
/* MFD_MESSAGE_COUNT if there is none of that name. */
enum mfd_message mfd_message_find(const char *name);
const struct mfd_field_info *mfd_field_info(enum mfd_field field);
/* The field of that name in that message; MFD_FIELD_COUNT if there is none. */
enum mfd_field mfd_field_find(enum mfd_message message, const char *name);
/* The message's first field; its fields are consecutive up to the next message's first. */
enum mfd_field mfd_message_first(enum mfd_message message);

/*
 * Walks a message. Start with `span->field = mfd_message_first(message)` and `span->offset = 0`,
 * `first` true; each call describes one field and returns false after the last one present.
 *
 *     struct mfd_field_walk walk = mfd_field_walk_start(MFD_MSG_hello, bytes, len, 4096);
 *     for (struct mfd_span span; mfd_field_walk_next(&walk, &span);) ...
 */
struct mfd_field_walk {
    const uint8_t *bytes;
    size_t len;
    size_t offset;
    uint32_t page_size;
    enum mfd_message message;
    enum mfd_field next;
    uint64_t last; /* value of the field before, which may be a length */
};
struct mfd_field_walk mfd_field_walk_start(enum mfd_message message, const uint8_t *bytes,
                                           size_t len, uint32_t page_size);
bool mfd_field_walk_next(struct mfd_field_walk *walk, struct mfd_span *span);

/* Finds one field in a message; false if the bytes end before it. */
bool mfd_field_locate(enum mfd_field field, const uint8_t *bytes, size_t len, uint32_t page_size,
                      struct mfd_span *span);

/* Big-endian integer of 1, 2, 4 or 8 bytes. */
uint64_t mfd_uint_get(const uint8_t *p, uint32_t width);
void mfd_uint_put(uint8_t *p, uint32_t width, uint64_t value);

#endif
