// SPDX-License-Identifier: GPL-2.0-or-later
#include "hexdump.h"
#include "stage2017.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROW = 8,           /* bytes of a field that a line shows */
    PAYLOAD_ROW = 16,  /* bytes of a line of payload */
    PAYLOAD_LINES = 4, /* before payload is cut */
    FAULT_LINES = 8,   /* faulted lines of payload beyond these */
    FOLD = 3,          /* elements that are worth a line of their own */
};

static bool faulted(const struct mfd_hexdump *dump, size_t offset, size_t len)
{
    return offset < dump->fault_offset + dump->fault_size && dump->fault_offset < offset + len;
}

/* "11 22 33 44 ", padded to the width of a row. */
static void put_bytes(FILE *out, const uint8_t *bytes, size_t len, size_t row)
{
    size_t shown = len < row ? len : row;

    for (size_t i = 0; i < shown; i++) {
        fprintf(out, "%02x ", bytes[i]);
    }
    for (size_t i = shown; i < row; i++) {
        fputs("   ", out);
    }
}

static void put_line(FILE *out, const struct mfd_hexdump *dump, size_t offset, size_t len,
                     const char *name, const char *value, const char *meaning)
{
    bool mark = faulted(dump, offset, len);

    fprintf(out, "  %c %04zx  ", mark ? '>' : ' ', offset);
    put_bytes(out, dump->bytes + offset, len, ROW);
    fputs(len > ROW ? ".." : "  ", out);
    if (mark && meaning) {
        fprintf(out, " %-19s  %-14s  <- %s\n", name, value, meaning);
    } else {
        fprintf(out, " %-19s  %s\n", name, value);
    }
}

/* Value of a field: numbers, names, UUIDs. */

static int print_flags(uint64_t flags, char *buf, size_t size)
{
    static const char *const bits[] = {"SYNC", "zlib", "zstd", "qpl", "uadk", "qatzip", "device"};
    int n = snprintf(buf, size, "0x%" PRIx64, flags);

    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        if (flags & (UINT64_C(1) << i) && n >= 0 && (size_t)n < size) {
            n += snprintf(buf + n, size - (size_t)n, " %s", bits[i]);
        }
    }
    return n;
}

static int print_word(uint64_t word, char *buf, size_t size)
{
    return snprintf(buf, size, "0x%" PRIx64 " + flags 0x%03" PRIx64,
                    word & ~(uint64_t)MFD_RAM_FLAG_MASK, word & MFD_RAM_FLAG_MASK);
}

static int print_uint(enum mfd_field field, uint64_t value, char *buf, size_t size)
{
    const char *name = mfd_field_info(field)->name;

    if (strcmp(name, "flags") == 0) {
        return print_flags(value, buf, size);
    }
    if (strcmp(name, "word") == 0) {
        return print_word(value, buf, size);
    }
    if (strcmp(name, "magic") == 0 || strcmp(name, "type") == 0 || strcmp(name, "offset") == 0) {
        return snprintf(buf, size, "0x%" PRIx64, value);
    }
    if (value < 10) {
        return snprintf(buf, size, "%" PRIu64, value);
    }
    return snprintf(buf, size, "%" PRIu64 " (0x%" PRIx64 ")", value, value);
}

static bool all_equal(const uint8_t *bytes, size_t len, uint8_t to)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != to) {
            return false;
        }
    }
    return true;
}

/* A name in quotes, bytes that do not print as \xNN; what stands behind its NUL is told, not shown. */
static void print_text(const uint8_t *bytes, size_t len, bool padded, char *buf, size_t size)
{
    const uint8_t *nul = memchr(bytes, 0, len);
    size_t used = padded && nul ? (size_t)(nul - bytes) : len;
    size_t shown = used < 40 ? used : 40;
    size_t n = 0;

    buf[n++] = '"';
    for (size_t i = 0; i < shown && n + 8 < size; i++) {
        bool plain = bytes[i] >= 0x20 && bytes[i] < 0x7f && bytes[i] != '"' && bytes[i] != '\\';

        n += (size_t)snprintf(buf + n, size - n, plain ? "%c" : "\\x%02x", bytes[i]);
    }
    n += (size_t)snprintf(buf + n, size - n, "%s\"", shown < used ? "..." : "");
    if (padded && !nul) {
        snprintf(buf + n, size - n, ", no NUL");
    } else if (padded && !all_equal(bytes + used, len - used, 0)) {
        snprintf(buf + n, size - n, ", bytes after its NUL");
    }
}

const char *mfd_field_text(enum mfd_field field, const uint8_t *bytes, size_t len, char *buf,
                           size_t size)
{
    const struct mfd_field_info *info = mfd_field_info(field);

    switch (info->type) {
    case MFD_TYPE_UINT:
        print_uint(field, mfd_uint_get(bytes, info->width), buf, size);
        break;
    case MFD_TYPE_UUID:
        if (all_equal(bytes, len, 0)) {
            snprintf(buf, size, "not set");
        } else {
            char text[MFD_UUID_TEXT_SIZE + 1];

            mfd_uuid_text(bytes, text);
            snprintf(buf, size, "%s", text);
        }
        break;
    case MFD_TYPE_TEXT:
        print_text(bytes, len, true, buf, size);
        break;
    case MFD_TYPE_BYTES:
        if (len > 0 && all_equal(bytes, len, 0)) {
            snprintf(buf, size, "zero");
        } else {
            print_text(bytes, len, false, buf, size);
        }
        break;
    }
    return buf;
}

/* One field of one element; bytes of a long one that the fault touched get a line of their own. */
static void put_field(FILE *out, const struct mfd_hexdump *dump, size_t base,
                      const struct mfd_span *span)
{
    const struct mfd_field_info *info = mfd_field_info(span->field);
    size_t offset = base + span->offset;
    size_t len = span->width * span->elements;
    size_t first = dump->fault_offset > offset ? dump->fault_offset : offset;
    size_t end = dump->fault_offset + dump->fault_size;
    char value[160];

    if (len == 0) {
        return;
    }
    mfd_field_text(span->field, dump->bytes + offset, len, value, sizeof(value));
    put_line(out, dump, offset, len, info->name, value, info->meaning);
    if (faulted(dump, offset, len) && first >= offset + ROW) {
        put_line(out, dump, first, (end < offset + len ? end : offset + len) - first, "", "", NULL);
    }
}

static bool is_array(enum mfd_field field)
{
    const struct mfd_field_info *info = mfd_field_info(field);

    return info->type == MFD_TYPE_UINT && info->count != 1;
}

static uint64_t element(const struct mfd_hexdump *dump, size_t base, const struct mfd_span *span,
                        size_t index)
{
    return mfd_uint_get(dump->bytes + base + span->offset + index * span->width, span->width);
}

static bool element_faulted(const struct mfd_hexdump *dump, size_t base,
                            const struct mfd_span *span, size_t index)
{
    return faulted(dump, base + span->offset + index * span->width, span->width);
}

/* Elements from `first` on that rise by one step and are not faulted: they can share a line. */
static size_t run_length(const struct mfd_hexdump *dump, size_t base, const struct mfd_span *span,
                         size_t first)
{
    size_t n = 1;
    uint64_t step = 0;

    if (element_faulted(dump, base, span, first)) {
        return 1;
    }
    while (first + n < span->elements && !element_faulted(dump, base, span, first + n)) {
        uint64_t rise =
            element(dump, base, span, first + n) - element(dump, base, span, first + n - 1);

        if (n == 1) {
            step = rise;
        } else if (rise != step) {
            break;
        }
        n++;
    }
    return n < FOLD ? 1 : n;
}

/* A field of many numbers: a line for each run of them. */
static void put_elements(FILE *out, const struct mfd_hexdump *dump, size_t base,
                         const struct mfd_span *span)
{
    const struct mfd_field_info *info = mfd_field_info(span->field);
    size_t n = 0;

    for (size_t i = 0; i < span->elements; i += n) {
        uint64_t value = element(dump, base, span, i);
        size_t offset = base + span->offset + i * span->width;
        char name[48];
        char text[96];

        n = run_length(dump, base, span, i);
        print_uint(span->field, value, text, sizeof(text));
        if (n == 1) {
            snprintf(name, sizeof(name), "%s[%zu]", info->name, i);
        } else {
            uint64_t step = element(dump, base, span, i + 1) - value;
            size_t used = strlen(text);

            snprintf(name, sizeof(name), "%s[%zu..%zu]", info->name, i, i + n - 1);
            if (step != 0) {
                snprintf(text + used, sizeof(text) - used, ", each %s0x%" PRIx64,
                         step >> 63 ? "-" : "+", step >> 63 ? 0 - step : step);
            } else if (value == 0) {
                snprintf(text, sizeof(text), "zero");
            }
        }
        put_line(out, dump, offset, n * span->width, name, text, info->meaning);
    }
}

/* Bytes of no field: payload, or the rest of a message that ends within a field. */
static void put_payload(FILE *out, const struct mfd_hexdump *dump, size_t offset, size_t len)
{
    size_t faults = 0;
    size_t hidden = 0;

    for (size_t at = 0; at < len; at += PAYLOAD_ROW) {
        size_t n = len - at < PAYLOAD_ROW ? len - at : PAYLOAD_ROW;
        bool mark = faulted(dump, offset + at, n);

        if (at >= (size_t)PAYLOAD_LINES * PAYLOAD_ROW && !(mark && faults < FAULT_LINES)) {
            hidden += n;
            continue;
        }
        if (hidden > 0) {
            fprintf(out, "          ... %zu bytes\n", hidden);
            hidden = 0;
        }
        faults += mark;
        fprintf(out, "  %c %04zx  ", mark ? '>' : ' ', offset + at);
        put_bytes(out, dump->bytes + offset + at, n, PAYLOAD_ROW);
        fputs(" |", out);
        for (size_t i = 0; i < n; i++) {
            uint8_t c = dump->bytes[offset + at + i];

            fputc(c >= 0x20 && c < 0x7f ? c : '.', out);
        }
        fputs("|\n", out);
    }
    if (hidden > 0) {
        fprintf(out, "          ... %zu bytes\n", hidden);
    }
}

static void put_part(FILE *out, const struct mfd_hexdump *dump, const struct mfd_plan_part *part)
{
    size_t size = part->size < dump->size - part->offset ? part->size : dump->size - part->offset;
    struct mfd_field_walk walk =
        mfd_field_walk_start(part->message, dump->bytes + part->offset, size, dump->page_size);
    struct mfd_span span;

    fprintf(out, "%s, %zu byte%s\n", mfd_message_name(part->message), size, size == 1 ? "" : "s");
    while (mfd_field_walk_next(&walk, &span)) {
        if (is_array(span.field)) {
            put_elements(out, dump, part->offset, &span);
        } else {
            put_field(out, dump, part->offset, &span);
        }
    }
    if (walk.offset < size) {
        fprintf(out, "    and %zu bytes that complete no field\n", size - walk.offset);
        put_payload(out, dump, part->offset + walk.offset, size - walk.offset);
    }
}

/* Bytes up to `end` that belong to no message. */
static void put_gap(FILE *out, const struct mfd_hexdump *dump, size_t offset, size_t end)
{
    if (offset < end) {
        fprintf(out, "payload, %zu byte%s\n", end - offset, end - offset == 1 ? "" : "s");
        put_payload(out, dump, offset, end - offset);
    }
}

char *mfd_hexdump_text(const struct mfd_hexdump *dump)
{
    char *text = NULL;
    size_t size = 0;
    size_t done = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out) {
        return NULL;
    }
    for (size_t i = 0; i < dump->part_count && dump->parts[i].offset < dump->size; i++) {
        const struct mfd_plan_part *part = &dump->parts[i];

        put_gap(out, dump, done, part->offset);
        put_part(out, dump, part);
        done = part->offset + part->size;
    }
    put_gap(out, dump, done, dump->size);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
