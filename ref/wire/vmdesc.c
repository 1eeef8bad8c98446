// SPDX-License-Identifier: GPL-2.0-or-later
#include "vmdesc.h"

#include <string.h>

#define DEPTH_MAX 64u

struct reader {
    const uint8_t *at;
    const uint8_t *end;
    unsigned depth;
    bool (*device)(void *arg, const struct mfd_vmdesc_device *device);
    void *arg;
};

/* What a value is in the description. */
enum place { ANYWHERE, TOP, DEVICES, DEVICE };

static bool read_value(struct reader *r, enum place place);

static void skip_space(struct reader *r)
{
    while (r->at < r->end &&
           (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r')) {
        r->at++;
    }
}

/* Takes one character behind any space. */
static bool take(struct reader *r, char c)
{
    skip_space(r);
    if (r->at == r->end || *r->at != (uint8_t)c) {
        return false;
    }
    r->at++;
    return true;
}

static bool read_string(struct reader *r, const uint8_t **text, size_t *len)
{
    if (!take(r, '"')) {
        return false;
    }
    *text = r->at;
    while (r->at < r->end && *r->at != '"') {
        if (*r->at < 0x20) {
            return false;
        }
        r->at += *r->at == '\\' && r->end - r->at > 1 ? 2 : 1;
    }
    *len = (size_t)(r->at - *text);
    return take(r, '"');
}

/* A number, true, false or null: no more is asked of it than its letters. */
static bool read_word(struct reader *r)
{
    const uint8_t *start = r->at;

    while (r->at < r->end &&
           ((*r->at >= '0' && *r->at <= '9') || (*r->at >= 'a' && *r->at <= 'z') || *r->at == '-' ||
            *r->at == '+' || *r->at == '.' || *r->at == 'E')) {
        r->at++;
    }
    return r->at > start;
}

static bool read_array(struct reader *r, enum place inside)
{
    if (take(r, ']')) {
        return true;
    }
    do {
        if (!read_value(r, inside)) {
            return false;
        }
    } while (take(r, ','));
    return take(r, ']');
}

static bool is(const uint8_t *text, size_t len, const char *want)
{
    return len == strlen(want) && memcmp(text, want, len) == 0;
}

/* A decimal number in the bytes from `at` to `end`; what else stands there does not count. */
static uint64_t number(const uint8_t *at, const uint8_t *end)
{
    uint64_t value = 0;

    for (; at < end; at++) {
        if (*at >= '0' && *at <= '9') {
            value = value * 10 + (uint64_t)(*at - '0');
        }
    }
    return value;
}

/* A member of an object, behind its colon; of a device what is asked for is kept. */
static bool read_member(struct reader *r, enum place place, const uint8_t *key, size_t key_len,
                        struct mfd_vmdesc_device *device)
{
    const uint8_t *start = r->at;

    if (place == TOP && is(key, key_len, "devices")) {
        return read_value(r, DEVICES);
    }
    if (place == DEVICE && is(key, key_len, "name")) {
        return read_string(r, &device->name, &device->name_len);
    }
    if (!read_value(r, ANYWHERE)) {
        return false;
    }
    if (place == DEVICE && is(key, key_len, "instance_id")) {
        device->instance = number(start, r->at);
    }
    return true;
}

static bool read_object(struct reader *r, enum place place)
{
    struct mfd_vmdesc_device device = {NULL, 0, 0};
    const uint8_t *key = NULL;
    size_t key_len = 0;

    if (!take(r, '}')) {
        do {
            if (!read_string(r, &key, &key_len) || !take(r, ':') ||
                !read_member(r, place, key, key_len, &device)) {
                return false;
            }
        } while (take(r, ','));
        if (!take(r, '}')) {
            return false;
        }
    }
    return place != DEVICE || r->device(r->arg, &device);
}

static bool read_value(struct reader *r, enum place place)
{
    const uint8_t *text = NULL;
    size_t len = 0;
    bool good = false;

    skip_space(r);
    if (r->at == r->end || r->depth == DEPTH_MAX) {
        return false;
    }
    r->depth++;
    if (*r->at == '{') {
        r->at++;
        good = read_object(r, place);
    } else if (*r->at == '[') {
        r->at++;
        good = read_array(r, place == DEVICES ? DEVICE : ANYWHERE);
    } else if (*r->at == '"') {
        good = read_string(r, &text, &len);
    } else {
        good = read_word(r);
    }
    r->depth--;
    return good;
}

bool mfd_vmdesc_read(const uint8_t *json, size_t len,
                     bool (*device)(void *arg, const struct mfd_vmdesc_device *device), void *arg)
{
    struct reader r = {json, json + len, 0, device, arg};

    if (len == 0 || *json != '{' || !read_value(&r, TOP)) {
        return false;
    }
    skip_space(&r);
    return r.at == r.end;
}
