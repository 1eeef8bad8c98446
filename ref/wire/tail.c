// SPDX-License-Identifier: GPL-2.0-or-later
#include "tail.h"

#include "vmdesc.h"
#include "wire.h"

#include <string.h>

/* End byte, type and length of the description, its first character. */
#define ANNOUNCEMENT 7u
#define TRIES_MAX 1000u
#define FOOTER_SIZE 5u

/* The sections that have been found so far in the bytes before the end byte. */
struct walk {
    const uint8_t *buf;
    size_t end;
    size_t at; /* behind the header of the last section found */
    uint32_t id;
    bool any;
};

/* Size of the section's header that stands at `at` if it is that of the device; else 0. */
static size_t header_of(const struct walk *walk, size_t at, const struct mfd_vmdesc_device *device)
{
    size_t size = 6 + device->name_len + 8;
    const uint8_t *p = walk->buf + at;

    if (!device->name || size > walk->end - at || p[0] != MFD_SECTION_FULL ||
        p[5] != device->name_len || memcmp(p + 6, device->name, device->name_len) != 0) {
        return 0;
    }
    return mfd_get32(p + 6 + device->name_len) == device->instance ? size : 0;
}

static bool footer_at(const struct walk *walk, size_t at)
{
    return walk->end - at >= FOOTER_SIZE && walk->buf[at] == MFD_SECTION_FOOTER &&
           mfd_get32(walk->buf + at + 1) == walk->id;
}

/* The next device of the description must have the next section. */
static bool find_section(void *arg, const struct mfd_vmdesc_device *device)
{
    struct walk *walk = arg;
    size_t start = walk->at;
    size_t size = 0;

    if (!walk->any) {
        size = header_of(walk, start, device);
    }
    while (walk->any && !size && walk->end - start > FOOTER_SIZE) {
        if (footer_at(walk, start)) {
            size = header_of(walk, start + FOOTER_SIZE, device);
        }
        start += size ? FOOTER_SIZE : 1;
    }
    if (!size) {
        return false;
    }
    walk->any = true;
    walk->id = mfd_get32(walk->buf + start + 1);
    walk->at = start + size;
    return true;
}

bool mfd_tail_whole(const uint8_t *buf, size_t len, size_t end)
{
    struct walk walk = {.buf = buf, .end = end};
    size_t json = end + ANNOUNCEMENT - 1;

    return mfd_vmdesc_read(buf + json, len - json, find_section, &walk) && walk.any &&
           end - walk.at >= FOOTER_SIZE && footer_at(&walk, end - FOOTER_SIZE);
}

/* Length at which the description announced at `at` would be complete; 0 if none is announced there. */
static size_t announced(const uint8_t *buf, size_t at)
{
    const uint8_t *p = buf + at;

    if (p[0] != MFD_SECTION_EOF || p[1] != MFD_SECTION_VMDESC || p[6] != '{') {
        return 0;
    }
    return at + ANNOUNCEMENT - 1 + mfd_get32(p + 2);
}

/* Looks for announcements from `from` on; keeps the one that is complete first, at `least` or later. */
static void scan(struct mfd_tail *tail, const uint8_t *buf, size_t len, size_t from, size_t least)
{
    for (size_t at = from; len - at >= ANNOUNCEMENT; at++) {
        const uint8_t *found = memchr(buf + at, MFD_SECTION_EOF, len - at);
        size_t end = 0;

        at = found ? (size_t)(found - buf) : len;
        if (len - at < ANNOUNCEMENT) {
            break;
        }
        end = announced(buf, at);
        if (end >= least && (!tail->next || end < tail->next)) {
            tail->next = end;
        }
    }
    tail->scanned = len < ANNOUNCEMENT ? 0 : len - ANNOUNCEMENT + 1;
}

/* Whether one of the descriptions that would be complete now is what it claims to be. */
static bool ends_here(const uint8_t *buf, size_t len)
{
    for (size_t at = 0; len - at >= ANNOUNCEMENT; at++) {
        if (announced(buf, at) == len && mfd_tail_whole(buf, len, at)) {
            return true;
        }
    }
    return false;
}

enum mfd_tail_state mfd_tail_look(struct mfd_tail *tail, const uint8_t *buf, size_t len)
{
    scan(tail, buf, len, tail->scanned, len);
    while (tail->next && tail->next <= len) {
        size_t least = tail->next == len ? len + 1 : len;

        if (tail->next == len && ends_here(buf, len)) {
            return MFD_TAIL_WHOLE;
        }
        if (++tail->tries > TRIES_MAX) {
            return MFD_TAIL_WRONG;
        }
        tail->next = 0;
        scan(tail, buf, len, 0, least);
    }
    return MFD_TAIL_MORE;
}
