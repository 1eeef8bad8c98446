// SPDX-License-Identifier: GPL-2.0-or-later
#include "stage2017.h"

#include <string.h>

static const char word[] = " multifd ";
static const char hex[] = "0123456789abcdef";

/* Stands for the UUID of a VM that has none. */
static const uint8_t unset_uuid[MFD_UUID_SIZE] = {0x5c, 0x49, 0xfd, 0x7e, 0xaf, 0x88, 0x4a, 0x07,
                                                  0xb6, 0xe8, 0x09, 0x1f, 0xd6, 0x96, 0xad, 0x40};
static const uint8_t no_uuid[MFD_UUID_SIZE];

/* The UUID that the text hello carries for a VM. */
static const uint8_t *spoken_uuid(const uint8_t *uuid)
{
    return memcmp(uuid, no_uuid, MFD_UUID_SIZE) == 0 ? unset_uuid : uuid;
}

static bool is_dash(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

void mfd_uuid_text(const uint8_t *uuid, char text[MFD_UUID_TEXT_SIZE + 1])
{
    unsigned digit = 0;

    for (size_t i = 0; i < MFD_UUID_TEXT_SIZE; i++) {
        if (is_dash(i)) {
            text[i] = '-';
        } else {
            text[i] = hex[digit % 2 ? uuid[digit / 2] & 0x0f : uuid[digit / 2] >> 4];
            digit++;
        }
    }
    text[MFD_UUID_TEXT_SIZE] = '\0';
}

void mfd_text_hello_pack(uint8_t *buf, const uint8_t *uuid, uint8_t id)
{
    char text[MFD_UUID_TEXT_SIZE + 1];

    mfd_uuid_text(spoken_uuid(uuid), text);
    memcpy(buf, text, MFD_UUID_TEXT_SIZE);
    memcpy(buf + MFD_TEXT_HELLO_WORD, word, sizeof(word) - 1);
    buf[MFD_TEXT_HELLO_ID] = (uint8_t)('0' + id / 100);
    buf[MFD_TEXT_HELLO_ID + 1] = (uint8_t)('0' + id / 10 % 10);
    buf[MFD_TEXT_HELLO_ID + 2] = (uint8_t)('0' + id % 10);
    buf[MFD_TEXT_HELLO_END] = '\0';
}

void mfd_binary_hello_pack(uint8_t *buf, const uint8_t *uuid, uint8_t id)
{
    mfd_put32(buf + MFD_BINARY_HELLO_ID, id);
    memcpy(buf + MFD_BINARY_HELLO_UUID, uuid, MFD_UUID_SIZE);
}

unsigned mfd_text_hello_id(const uint8_t *buf)
{
    const uint8_t *digits = buf + MFD_TEXT_HELLO_ID;

    return (digits[0] - '0') * 100u + (digits[1] - '0') * 10u + (digits[2] - '0');
}

unsigned mfd_binary_hello_id(const uint8_t *buf)
{
    return mfd_get32(buf + MFD_BINARY_HELLO_ID);
}

/* ---- checks ---- */

struct check {
    const struct mfd_check_context *context;
    const uint8_t *buf;
    size_t len;
    struct mfd_findings *findings;
};

static void add(const struct check *check, enum mfd_rule rule, size_t offset, uint32_t width,
                uint64_t got, uint64_t want)
{
    if (mfd_rule_applies(rule, check->context->rev)) {
        mfd_findings_add(check->findings,
                         (struct mfd_finding){rule, (uint32_t)offset, width, got, want});
    }
}

/* Value of a hexadecimal digit in lower case; -1 for anything else. */
static int digit_value(uint8_t c)
{
    const char *at = c ? strchr(hex, c) : NULL;

    return at ? (int)(at - hex) : -1;
}

static void check_uuid(const struct check *check, size_t offset, uint32_t width, const uint8_t *got,
                       const uint8_t *want)
{
    /* a finding holds 64 bits: those of the half that differs */
    size_t half = memcmp(got, want, 8) == 0 ? 8 : 0;

    if (memcmp(got, want, MFD_UUID_SIZE) != 0) {
        add(check, MFD_INIT_004, offset, width, mfd_get64(got + half), mfd_get64(want + half));
    }
}

static void check_id(const struct check *check, size_t offset, uint32_t width, unsigned id)
{
    if (check->context->channels && id >= check->context->channels) {
        add(check, MFD_INIT_012, offset, width, id, check->context->channels);
    }
}

/* The token is read as far as it goes, and never beyond its 36 characters. */
static void check_uuid_text(const struct check *check)
{
    uint8_t uuid[MFD_UUID_SIZE] = {0};
    unsigned digit = 0;

    for (size_t i = 0; i < MFD_UUID_TEXT_SIZE; i++) {
        int value = 0;

        if (i == check->len) {
            return;
        }
        if (is_dash(i)) {
            value = check->buf[i] == '-' ? 0 : -1;
        } else {
            value = digit_value(check->buf[i]);
            uuid[digit / 2] |= (uint8_t)((value & 0x0f) << (digit % 2 ? 0 : 4));
            digit++;
        }
        if (value < 0) {
            add(check, MFD_INIT_023, i, 1, check->buf[i], is_dash(i) ? '-' : '0');
            return;
        }
    }
    if (check->context->uuid) {
        check_uuid(check, MFD_TEXT_HELLO_UUID, MFD_UUID_TEXT_SIZE, uuid,
                   spoken_uuid(check->context->uuid));
    }
}

static void check_word(const struct check *check)
{
    for (size_t i = 0; i < sizeof(word) - 1 && MFD_TEXT_HELLO_WORD + i < check->len; i++) {
        uint8_t got = check->buf[MFD_TEXT_HELLO_WORD + i];

        if (got != (uint8_t)word[i]) {
            add(check, MFD_INIT_023, MFD_TEXT_HELLO_WORD + i, 1, got, (uint8_t)word[i]);
            return;
        }
    }
}

static void check_digits(const struct check *check)
{
    for (size_t i = MFD_TEXT_HELLO_ID; i < MFD_TEXT_HELLO_END; i++) {
        if (i >= check->len) {
            return;
        }
        if (check->buf[i] < '0' || check->buf[i] > '9') {
            add(check, MFD_INIT_023, i, 1, check->buf[i], '0');
            return;
        }
    }
    check_id(check, MFD_TEXT_HELLO_ID, 3, mfd_text_hello_id(check->buf));
}

void mfd_check_text_hello(const struct mfd_check_context *context, const uint8_t *buf, size_t len,
                          struct mfd_findings *findings)
{
    struct check check = {context, buf, len, findings};

    check_uuid_text(&check);
    check_word(&check);
    check_digits(&check);
    if (len > MFD_TEXT_HELLO_END && buf[MFD_TEXT_HELLO_END] != '\0') {
        add(&check, MFD_INIT_023, MFD_TEXT_HELLO_END, 1, buf[MFD_TEXT_HELLO_END], '\0');
    }
}

void mfd_check_binary_hello(const struct mfd_check_context *context, const uint8_t *buf, size_t len,
                            struct mfd_findings *findings)
{
    struct check check = {context, buf, len, findings};
    unsigned id = 0;

    if (len >= MFD_BINARY_HELLO_UUID) {
        id = mfd_binary_hello_id(buf);
        if (id >= MFD_CHANNELS_MAX) {
            add(&check, MFD_INIT_025, MFD_BINARY_HELLO_ID, 4, id, MFD_CHANNELS_MAX - 1);
        }
        check_id(&check, MFD_BINARY_HELLO_ID, 4, id);
    }
    if (len >= MFD_BINARY_HELLO_SIZE && context->uuid) {
        check_uuid(&check, MFD_BINARY_HELLO_UUID, MFD_UUID_SIZE, buf + MFD_BINARY_HELLO_UUID,
                   context->uuid);
    }
}
