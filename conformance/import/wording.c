// SPDX-License-Identifier: GPL-2.0-or-later
#include "wording.h"

#include "hello.h"
#include "mainstream.h"
#include "memory.h"
#include "packet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mfd_block_word(const struct mfd_case *c, size_t block, char name[MFD_IDSTR_SIZE])
{
    const char *own = c->blocks[block].ram.name;
    bool good = *own != '\0';

    for (const char *p = own; *p; p++) {
        good = good && *p > ' ' && *p < 127 && !strchr("\"',()=!#$", *p);
    }
    for (size_t i = 0; i < block; i++) {
        good = good && strcmp(c->blocks[i].ram.name, own) != 0;
    }
    if (good) {
        snprintf(name, MFD_IDSTR_SIZE, "%s", own);
    } else {
        snprintf(name, MFD_IDSTR_SIZE, "block%zu", block);
    }
}

/* ---- arguments ---- */

/* Index of the block that a name of `size` bytes means; the number of blocks if it means none. */
static size_t find_block(const struct mfd_wording *wording, const char *name, size_t size)
{
    size_t i = 0;

    while (i < wording->c->block_count &&
           (strnlen(name, size) != strlen(wording->c->blocks[i].ram.name) ||
            memcmp(name, wording->c->blocks[i].ram.name, strnlen(name, size)) != 0)) {
        i++;
    }
    return i;
}

static void put_block(FILE *out, const struct mfd_wording *wording, size_t block)
{
    char name[MFD_IDSTR_SIZE];

    if (block > 0 && block < wording->c->block_count) {
        mfd_block_word(wording->c, block, name);
        fprintf(out, " block=%s", name);
    }
}

/* The page at an offset, or one that is there: what is wrong with the offset is a fault. */
static uint64_t page_at(const struct mfd_wording *wording, size_t block, uint64_t offset)
{
    uint64_t page = offset / wording->c->page_size;

    return offset % wording->c->page_size == 0 && page < wording->setup->blocks[block].page_count
               ? page
               : 0;
}

/* NAME=LIST of the packet's offsets from `from` up to `to`. */
static void put_pages(FILE *out, const char *name, const struct mfd_wording *wording, size_t block,
                      const uint8_t *packet, size_t from, size_t to)
{
    const char *gap = "";

    fprintf(out, " %s=", name);
    for (size_t i = from; i < to;) {
        uint64_t first = page_at(wording, block, mfd_packet_offset(packet, (uint32_t)i));
        uint64_t last = first;

        for (i++;
             i < to && page_at(wording, block, mfd_packet_offset(packet, (uint32_t)i)) == last + 1;
             i++) {
            last++;
        }
        fprintf(out, last > first ? "%s%" PRIu64 "..%" PRIu64 : "%s%" PRIu64, gap, first, last);
        gap = ",";
    }
}

/* The block of a packet, or one that has pages; the number of blocks if none has. */
static size_t packet_block(const struct mfd_wording *wording, const struct mfd_packet *packet)
{
    size_t block = find_block(wording, packet->ramblock, sizeof(packet->ramblock));

    if (block < wording->c->block_count && wording->setup->blocks[block].page_count) {
        return block;
    }
    block = 0;
    while (block < wording->c->block_count && !wording->setup->blocks[block].page_count) {
        block++;
    }
    return block;
}

static void put_number(FILE *out, struct mfd_wording *wording, uint64_t number)
{
    if (number == wording->next_num) {
        wording->next_num++;
    } else {
        fprintf(out, " num=%" PRIu64, number);
    }
}

static void put_packet(FILE *out, struct mfd_wording *wording, const struct mfd_unit *unit)
{
    struct mfd_packet packet = mfd_packet_unpack(unit->bytes, wording->setup->speak);
    uint32_t slots = mfd_slots(wording->c->page_size);
    uint64_t normal = packet.normal_pages < slots ? packet.normal_pages : 1;
    uint64_t zero = wording->setup->zero == MFD_ZERO_PACKET ? packet.zero_pages : 0;
    size_t block = packet_block(wording, &packet);

    normal = packet.normal_pages == slots ? slots : normal;
    zero = normal + zero <= slots ? zero : 0;
    if (block == wording->c->block_count || normal + zero == 0) {
        fputs(packet.flags & MFD_FLAG_SYNC ? "sync" : "empty", out);
        put_number(out, wording, packet.packet_num);
        return;
    }
    fputs("data", out);
    if (normal) {
        put_pages(out, "pages", wording, block, unit->bytes, 0, (size_t)normal);
    }
    if (zero) {
        put_pages(out, "zero", wording, block, unit->bytes, (size_t)normal,
                  (size_t)(normal + zero));
    }
    put_block(out, wording, block);
    fputs(packet.flags & MFD_FLAG_SYNC ? " sync=1" : "", out);
    put_number(out, wording, packet.packet_num);
}

/* ---- verbs ---- */

static bool put_device(FILE *out, const struct mfd_unit *unit)
{
    struct mfd_device device = mfd_device_unpack(unit->bytes);

    for (size_t i = 0; i < sizeof(device.idstr) && device.idstr[i]; i++) {
        if (device.idstr[i] < ' ' || device.idstr[i] > '~' || device.idstr[i] == '"') {
            return false;
        }
    }
    fprintf(out, "device idstr=\"%.255s\" instance=%" PRIu32 " size=%" PRIu32, device.idstr,
            device.instance_id, device.next_packet_size);
    return true;
}

/* The block that a record names, by a text behind its length; the number of blocks if it names none. */
static size_t record_block(const struct mfd_wording *wording, const struct mfd_unit *unit)
{
    size_t at = unit->message == MFD_MSG_block ? 0 : 8; /* behind the word about a page */
    size_t length = unit->header > at ? unit->bytes[at] : 0;

    return unit->header > at + length
               ? find_block(wording, (const char *)unit->bytes + at + 1, length)
               : wording->c->block_count;
}

static bool put_record(FILE *out, const struct mfd_wording *wording, const struct mfd_unit *unit,
                       const char *verb)
{
    size_t block = record_block(wording, unit);

    if (block == wording->c->block_count) {
        block = 0;
    }
    fputs(verb, out);
    if (unit->message != MFD_MSG_block) {
        uint64_t offset = mfd_get64(unit->bytes) & ~(uint64_t)MFD_RAM_FLAG_MASK;

        if (!wording->setup->blocks[block].page_count) {
            return false;
        }
        fprintf(out, " pages=%" PRIu64, page_at(wording, block, offset));
    }
    put_block(out, wording, block);
    return true;
}

static void put_command(FILE *out, const struct mfd_unit *unit)
{
    uint16_t command = mfd_get16(unit->bytes + 1);
    size_t length = mfd_get16(unit->bytes + 3);
    char *argument = NULL;

    if (command == MFD_CMD_OPEN_RETURN_PATH && length == 0) {
        fputs("openrp", out);
    } else if (command == MFD_CMD_SWITCHOVER_START && length == 0) {
        fputs("switchover", out);
    } else if (command == MFD_CMD_PING && length == 4) {
        fprintf(out, "ping value=%" PRIu32, mfd_get32(unit->bytes + 5));
    } else {
        argument = mfd_word_bytes(unit->bytes + 5, length);
        fprintf(out, "command command=%u", command);
        if (length) {
            fprintf(out, " argument=%s", argument);
        }
        free(argument);
    }
}

static bool put_step(FILE *out, struct mfd_wording *wording, const struct mfd_unit *unit,
                     const struct mfd_unit_conn *conn)
{
    switch (unit->message) {
    case MFD_MSG_hello:
        fputs("hello", out);
        if (conn->extra && unit->bytes[MFD_HELLO_ID]) {
            fprintf(out, " id=%u", unit->bytes[MFD_HELLO_ID]);
        }
        return true;
    case MFD_MSG_packet:
        put_packet(out, wording, unit);
        return true;
    case MFD_MSG_device:
        return put_device(out, unit);
    case MFD_MSG_part:
        fputs(unit->bytes[0] == MFD_SECTION_END ? "last" : "part", out);
        return true;
    case MFD_MSG_block:
    case MFD_MSG_zero:
    case MFD_MSG_page:
        return put_record(out, wording, unit, mfd_message_name(unit->message));
    case MFD_MSG_command:
        put_command(out, unit);
        return true;
    case MFD_MSG_header:
    case MFD_MSG_config:
    case MFD_MSG_section:
    case MFD_MSG_memsize:
    case MFD_MSG_marker:
    case MFD_MSG_eos:
    case MFD_MSG_footer:
    case MFD_MSG_end:
    case MFD_MSG_vmdesc:
        fputs(mfd_message_name(unit->message), out);
        return true;
    default:
        return false;
    }
}

char *mfd_word_step(struct mfd_wording *wording, const struct mfd_unit *unit,
                    const struct mfd_unit_conn *conn)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    bool good = out && put_step(out, wording, unit, conn);

    if (out && (fclose(out) != 0 || !good)) {
        free(text);
        text = NULL;
    }
    return text;
}

/* ---- faults ---- */

char *mfd_word_bytes(const uint8_t *bytes, size_t size)
{
    char *text = mfd_zalloc(2 * size + 4);
    char *to = text;

    to += sprintf(to, "x'");
    for (size_t i = 0; i < size; i++) {
        to += sprintf(to, "%02x", bytes[i]);
    }
    strcpy(to, "'");
    return text;
}

static void put_bytes(FILE *out, const uint8_t *bytes, size_t size)
{
    char *text = mfd_word_bytes(bytes, size);

    fputs(text, out);
    free(text);
}

/* Text that stands at the head of a field of NULs otherwise, and that the language can write. */
static bool is_plain_text(const uint8_t *bytes, size_t size)
{
    size_t length = strnlen((const char *)bytes, size);

    for (size_t i = 0; i < size; i++) {
        if (i < length ? bytes[i] < ' ' || bytes[i] > '~' || bytes[i] == '"' : bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static void put_elements(FILE *out, const char *name, const struct mfd_span *span,
                         const uint8_t *meant, const uint8_t *got)
{
    for (size_t i = 0; i < span->elements; i++) {
        size_t at = i * span->width;
        uint64_t value = mfd_uint_get(got + at, span->width);

        if (memcmp(meant + at, got + at, span->width) == 0) {
            continue;
        }
        fprintf(out, " %s", name);
        if (span->elements > 1) {
            fprintf(out, "[%zu]", i);
        }
        fprintf(out, value < 65536 ? "=%" PRIu64 : "=0x%" PRIx64, value);
    }
}

char *mfd_word_faults(enum mfd_message message, const uint8_t *meant, const uint8_t *got,
                      size_t size, uint32_t page_size)
{
    struct mfd_field_walk walk = mfd_field_walk_start(message, meant, size, page_size);
    char *text = NULL;
    size_t room = 0;
    FILE *out = open_memstream(&text, &room);

    for (struct mfd_span span; out && mfd_field_walk_next(&walk, &span);) {
        const struct mfd_field_info *info = mfd_field_info(span.field);
        const uint8_t *from = got + span.offset;
        size_t bytes = span.width * span.elements;

        if (memcmp(meant + span.offset, from, bytes) == 0) {
            continue;
        }
        if (info->type == MFD_TYPE_UINT) {
            put_elements(out, info->name, &span, meant + span.offset, from);
        } else if (info->type == MFD_TYPE_TEXT && is_plain_text(from, bytes)) {
            fprintf(out, " %s=\"%.*s\"", info->name, (int)strnlen((const char *)from, bytes),
                    (const char *)from);
        } else {
            fprintf(out, " %s=", info->name);
            put_bytes(out, from, bytes);
        }
    }
    if (!out || fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
