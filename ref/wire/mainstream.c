// SPDX-License-Identifier: GPL-2.0-or-later
#include "mainstream.h"

#include "wire.h"

#include <string.h>

/* Longest machine name that is read; longer ones name no machine. */
#define MACHINE_MAX 256u

/* One call of mfd_main_next(). */
struct step {
    struct mfd_main *main;
    const uint8_t *buf;
    size_t len;
    struct mfd_record *record;
    struct mfd_findings *findings;
};

static void add(const struct step *step, enum mfd_rule rule, size_t offset, uint32_t width,
                uint64_t want)
{
    uint64_t got = width <= 8 ? mfd_uint_get(step->buf + offset, width) : 0;

    if (mfd_rule_applies(rule, step->main->context->rev)) {
        mfd_findings_add(step->findings,
                         (struct mfd_finding){rule, (uint32_t)offset, width, got, want});
    }
}

/* The record is complete, or cannot become one; `next` is where the stream stands behind it. */
static size_t done(const struct step *step, enum mfd_message message, size_t size,
                   enum mfd_main_place next)
{
    step->record->message = message;
    step->record->size = size;
    step->main->place = next;
    return 0;
}

static bool text_is(const uint8_t *text, size_t len, const char *want)
{
    return len == strlen(want) && memcmp(text, want, len) == 0;
}

void mfd_main_start(struct mfd_main *main, const struct mfd_check_context *context,
                    const char *machine)
{
    *main = (struct mfd_main){
        .context = context, .machine = machine, .place = MFD_AT_HEADER, .block = -1};
}

void mfd_main_start_file(struct mfd_main *main, const struct mfd_check_context *context,
                         const char *machine, uint64_t start, uint64_t size)
{
    mfd_main_start(main, context, machine);
    main->file = true;
    main->at = start;
    main->file_size = size;
}

static size_t next_header(const struct step *step)
{
    if (step->len < MFD_MAIN_HEADER_SIZE) {
        return MFD_MAIN_HEADER_SIZE;
    }
    if (mfd_get32(step->buf) != MFD_MAIN_MAGIC) {
        add(step, MFD_MAIN_001, 0, 4, MFD_MAIN_MAGIC);
    }
    if (mfd_get32(step->buf + 4) != MFD_MAIN_VERSION) {
        add(step, MFD_MAIN_015, 4, 4, MFD_MAIN_VERSION);
    }
    return done(step, MFD_MSG_header, MFD_MAIN_HEADER_SIZE, MFD_AT_CONFIG);
}

static size_t next_config(const struct step *step)
{
    const char *machine = step->main->machine;
    size_t name_len = 0;

    if (step->buf[0] != MFD_SECTION_CONFIG) {
        add(step, MFD_MAIN_016, 0, 1, MFD_SECTION_CONFIG);
        return done(step, MFD_MSG_config, 1, MFD_AT_SUBSECTION);
    }
    if (step->len < 5) {
        return 5;
    }
    name_len = mfd_get32(step->buf + 1);
    if (name_len > MACHINE_MAX) {
        add(step, MFD_MAIN_016, 1, 4, MACHINE_MAX);
        return done(step, MFD_MSG_config, 5, MFD_AT_SUBSECTION);
    }
    if (step->len < 5 + name_len) {
        return 5 + name_len;
    }
    if (machine && !text_is(step->buf + 5, name_len, machine)) {
        add(step, MFD_MAIN_016, 5, (uint32_t)name_len, 0);
    }
    return done(step, MFD_MSG_config, 5 + name_len, MFD_AT_SUBSECTION);
}

/*
 * The subsection that names capabilities, of which a file has the one. `at` is behind its version: a count,
 * then names with their lengths.
 */
static size_t next_capabilities(const struct step *step, size_t at)
{
    size_t size = at + 4 + 1 + strlen(MFD_MAPPED_CAPABILITY);

    if (step->len < at + 5) {
        return at + 5;
    }
    if (mfd_get32(step->buf + at) != 1 || step->buf[at + 4] != strlen(MFD_MAPPED_CAPABILITY)) {
        add(step, MFD_MAP_004, at, 4, 1);
        return done(step, MFD_MSG_capabilities, at + 5, MFD_AT_SUBSECTION);
    }
    if (step->len < size) {
        return size;
    }
    if (!text_is(step->buf + at + 5, size - at - 5, MFD_MAPPED_CAPABILITY)) {
        add(step, MFD_MAP_004, at + 5, (uint32_t)(size - at - 5), 0);
    }
    step->main->capable = true;
    return done(step, MFD_MSG_capabilities, size, MFD_AT_SUBSECTION);
}

/* Subsections of the configuration have contents of fixed size, so that they can be skipped. */
static size_t next_subsection(const struct step *step)
{
    size_t name_len = 0;

    if (step->len < 2) {
        return 2;
    }
    name_len = step->buf[1];
    if (step->len < 2 + name_len + 4) {
        return 2 + name_len + 4;
    }
    if (text_is(step->buf + 2, name_len, "configuration/target-page-bits")) {
        step->record->payload = 4;
    } else if (text_is(step->buf + 2, name_len, "configuration/uuid")) {
        step->record->payload = MFD_UUID_SIZE;
    } else if (step->main->file && text_is(step->buf + 2, name_len, MFD_CAPABILITIES_SUBSECTION)) {
        return next_capabilities(step, 2 + name_len + 4);
    } else {
        add(step, MFD_MAIN_016, 2, (uint32_t)name_len, 0);
    }
    return done(step, MFD_MSG_subsection, 2 + name_len + 4, MFD_AT_SUBSECTION);
}

/* Size of the body of a section other than RAM; 0 if it is not known. */
static uint64_t body_size(const uint8_t *idstr, size_t len)
{
    if (text_is(idstr, len, "timer")) {
        return 24;
    }
    return text_is(idstr, len, "globalstate") ? 104 : 0;
}

static size_t next_section(const struct step *step)
{
    struct mfd_main *main = step->main;
    struct mfd_record *record = step->record;
    size_t name_len = 0;
    size_t size = 0;

    if (main->leaves_tail && main->ram_ended && step->buf[0] == MFD_SECTION_FULL) {
        record->tail = true;
        return done(step, MFD_MSG_section, 0, MFD_AT_SECTION);
    }
    if (step->len < 6) {
        return 6;
    }
    name_len = step->buf[5];
    size = 6 + name_len + 8;
    if (step->len < size) {
        return size;
    }
    record->section_type = step->buf[0];
    record->is_ram = text_is(step->buf + 6, name_len, "ram");
    main->section_id = mfd_get32(step->buf + 1);
    main->section_type = record->section_type;
    if (!record->is_ram) {
        record->payload = body_size(step->buf + 6, name_len);
        if (!record->payload || record->section_type != MFD_SECTION_FULL) {
            add(step, MFD_MAIN_017, 6, (uint32_t)name_len, 0);
        }
        return done(step, MFD_MSG_section, size, MFD_AT_FOOTER);
    }
    if (record->section_type != MFD_SECTION_START || main->ram_started) {
        add(step, MFD_MAIN_017, 0, 1, MFD_SECTION_START);
    }
    if (mfd_get32(step->buf + size - 8) != 0) {
        add(step, MFD_MAIN_017, size - 8, 4, 0);
    }
    if (mfd_get32(step->buf + size - 4) != MFD_RAM_SECTION_VERSION) {
        add(step, MFD_MAIN_018, size - 4, 4, MFD_RAM_SECTION_VERSION);
    }
    main->ram_started = true;
    main->ram_id = main->section_id;
    return done(step, MFD_MSG_section, size, MFD_AT_RAM);
}

static size_t next_part(const struct step *step)
{
    struct mfd_main *main = step->main;

    if (step->len < 5) {
        return 5;
    }
    main->section_id = mfd_get32(step->buf + 1);
    main->section_type = step->buf[0];
    step->record->section_type = step->buf[0];
    step->record->is_ram = true;
    if (!main->ram_started || main->section_id != main->ram_id) {
        add(step, MFD_MAIN_017, 1, 4, main->ram_id);
    }
    return done(step, MFD_MSG_part, 5, MFD_AT_RAM);
}

/* Bytes of argument of a command that the revision knows; -1 for others. */
static int argument_size(uint16_t command, enum mfd_rev rev)
{
    switch (command) {
    case MFD_CMD_OPEN_RETURN_PATH:
        return 0;
    case MFD_CMD_PING:
        return 4;
    case MFD_CMD_SWITCHOVER_START:
        return rev >= MFD_REV_10_0 ? 0 : -1;
    default:
        return -1;
    }
}

static size_t next_command(const struct step *step)
{
    int argument = 0;

    if (step->len < 5) {
        return 5;
    }
    step->record->command = mfd_get16(step->buf + 1);
    argument = argument_size(step->record->command, step->main->context->rev);
    if (argument < 0 || mfd_get16(step->buf + 3) != argument) {
        /* the command where it is not known, else its length */
        add(step, MFD_MAIN_012, argument < 0 ? 1 : 3, 2, argument < 0 ? 0 : (uint64_t)argument);
        return done(step, MFD_MSG_command, 5, MFD_AT_SECTION);
    }
    if (step->len < 5 + (size_t)argument) {
        return 5 + (size_t)argument;
    }
    if (argument == 4) {
        step->record->argument = mfd_get32(step->buf + 5);
    }
    return done(step, MFD_MSG_command, 5 + (size_t)argument, MFD_AT_SECTION);
}

static size_t next_at_section(const struct step *step)
{
    if (step->main->file && !step->main->capable) {
        add(step, MFD_MAP_004, 0, 1, MFD_SECTION_SUBSECTION);
        return done(step, MFD_MSG_section, 1, MFD_AT_SECTION);
    }
    switch (step->buf[0]) {
    case MFD_SECTION_START:
    case MFD_SECTION_FULL:
        return next_section(step);
    case MFD_SECTION_PART:
    case MFD_SECTION_END:
        return next_part(step);
    case MFD_SECTION_COMMAND:
        return next_command(step);
    case MFD_SECTION_EOF:
        return done(step, MFD_MSG_end, 1, MFD_AT_VMDESC);
    default:
        add(step, MFD_MAIN_017, 0, 1, 0);
        return done(step, MFD_MSG_section, 1, MFD_AT_SECTION);
    }
}

static size_t next_footer(const struct step *step)
{
    if (step->buf[0] != MFD_SECTION_FOOTER) {
        add(step, MFD_MAIN_003, 0, 1, MFD_SECTION_FOOTER);
        return done(step, MFD_MSG_footer, 1, MFD_AT_SECTION);
    }
    if (step->len < 5) {
        return 5;
    }
    if (mfd_get32(step->buf + 1) != step->main->section_id) {
        add(step, MFD_MAIN_003, 1, 4, step->main->section_id);
    }
    return done(step, MFD_MSG_footer, 5, MFD_AT_SECTION);
}

static size_t next_vmdesc(const struct step *step)
{
    if (step->buf[0] != MFD_SECTION_VMDESC) {
        add(step, MFD_MAIN_017, 0, 1, MFD_SECTION_VMDESC);
        return done(step, MFD_MSG_vmdesc, 1, MFD_AT_VMDESC);
    }
    if (step->len < 5) {
        return 5;
    }
    step->record->payload = mfd_get32(step->buf + 1);
    return done(step, MFD_MSG_vmdesc, 5, MFD_AT_VMDESC);
}

/* Looks up the block that a record names; `at` is the place of the name. */
static void name_block(const struct step *step, size_t at, size_t len)
{
    const struct mfd_ramtable *ram = step->main->context->ram;
    int index = ram ? mfd_ramtable_find(ram, (const char *)step->buf + at, len) : -1;

    if (ram && index < 0) {
        add(step, MFD_MAIN_020, at, (uint32_t)len, 0);
    }
    step->record->block = index;
}

/* Whether the block at hand was listed before; also marks it. Tables beyond the marks are not
 * judged. */
static bool listed_before(struct mfd_main *main, int block)
{
    uint64_t bit = 0;
    bool before = false;

    if (block < 0 || block >= 256) {
        return false;
    }
    bit = (uint64_t)1 << (block % 64);
    before = main->listed[block / 64] & bit;
    main->listed[block / 64] |= bit;
    return before;
}

static size_t next_block(const struct step *step)
{
    struct mfd_main *main = step->main;
    const struct mfd_ramblock *block = NULL;
    size_t name_len = step->buf[0];
    size_t size = 1 + name_len + 8;
    uint64_t length = 0;

    if (step->len < size) {
        return size;
    }
    length = mfd_get64(step->buf + size - 8);
    step->record->length = length;
    name_block(step, 1, name_len);
    if (step->record->block >= 0) {
        block = &main->context->ram->blocks[step->record->block];
        if (block->resizable ? length > block->max_length : length != block->used_length) {
            add(step, main->file ? MFD_MAP_009 : MFD_MAIN_008, size - 8, 8, block->max_length);
        }
    }
    if (length > main->sizes_left) {
        add(step, MFD_MAIN_002, size - 8, 8, main->sizes_left);
        length = main->sizes_left;
    } else if (listed_before(main, step->record->block)) {
        add(step, MFD_MAIN_002, 0, 1, 0);
    }
    main->sizes_left -= length;
    if (main->file) {
        main->block = step->record->block;
        main->length = length;
        return done(step, MFD_MSG_block, size, MFD_AT_MAPPED);
    }
    return done(step, MFD_MSG_block, size, main->sizes_left ? MFD_AT_BLOCKS : MFD_AT_RAM);
}

/* The header of a block in a file; what follows in the stream stands behind the block's last page. */
static size_t next_mapped(const struct step *step)
{
    struct mfd_main *main = step->main;
    struct mfd_mapped_place place = {main->at + MFD_MAPPED_SIZE, main->file_size, main->length};
    struct mfd_record *record = step->record;

    if (step->len < MFD_MAPPED_SIZE) {
        return MFD_MAPPED_SIZE;
    }
    record->block = main->block;
    record->length = main->length;
    mfd_mapped_parse(step->buf, &record->mapped);
    mfd_check_mapped(main->context, &place, step->buf, step->len, step->findings);
    if (record->mapped.pages_offset >= place.end) {
        record->payload = record->mapped.pages_offset - place.end + main->length;
    }
    return done(step, MFD_MSG_mapped, MFD_MAPPED_SIZE,
                main->sizes_left ? MFD_AT_BLOCKS : MFD_AT_RAM);
}

static size_t next_memsize(const struct step *step, uint64_t total)
{
    if (step->main->section_type != MFD_SECTION_START) {
        add(step, MFD_MAIN_019, 0, 8, 0);
    }
    step->main->sizes_left = total;
    step->record->length = total;
    return done(step, MFD_MSG_memsize, 8, total ? MFD_AT_BLOCKS : MFD_AT_RAM);
}

/* Judges block and offset of a zero or page record whose bytes are all there. */
static void place_page(const struct step *step, uint64_t flags)
{
    struct mfd_main *main = step->main;

    if (!(flags & MFD_RAM_CONTINUE)) {
        name_block(step, 9, step->buf[8]);
    } else if (main->block_named) {
        step->record->block = main->block;
    } else {
        add(step, MFD_MAIN_019, 0, 8, 0);
    }
    if (step->record->block >= 0) {
        uint64_t used = main->context->ram->blocks[step->record->block].used_length;
        uint32_t page = main->context->page_size;

        if (used < page || step->record->offset > used - page) {
            add(step, MFD_MAIN_021, 0, 8, used);
        }
    }
    main->block = step->record->block;
    main->block_named = true;
}

static size_t next_zero_or_page(const struct step *step, uint64_t flags)
{
    bool zero = flags & MFD_RAM_ZERO;
    size_t head = flags & MFD_RAM_CONTINUE ? 8 : 9;
    size_t size = 0;

    /* wait for the whole record, so that a finding is reported once */
    if (step->len < head) {
        return head;
    }
    size = head + (head == 9 ? step->buf[8] : 0) + (zero ? 1 : 0);
    if (step->len < size) {
        return size;
    }
    place_page(step, flags);
    if (zero && step->buf[size - 1] != 0) {
        add(step, MFD_MAIN_013, size - 1, 1, 0);
    }
    step->record->payload = zero ? 0 : step->main->context->page_size;
    return done(step, zero ? MFD_MSG_zero : MFD_MSG_page, size, MFD_AT_RAM);
}

static size_t next_ram(const struct step *step)
{
    struct mfd_main *main = step->main;
    uint64_t mask = main->context->page_size - 1;
    uint64_t word = 0;

    if (step->len < 8) {
        return 8;
    }
    word = mfd_get64(step->buf);
    step->record->offset = word & ~mask;
    if (main->file && word != MFD_RAM_EOS && (word & mask) != MFD_RAM_MEM_SIZE) {
        add(step, MFD_MAP_013, 0, 8, MFD_RAM_EOS);
        return done(step, MFD_MSG_eos, 8, MFD_AT_RAM);
    }
    if (word == MFD_RAM_MULTIFD_FLUSH) {
        add(step, MFD_SYNC_014, 0, 8, 0);
        return done(step, MFD_MSG_marker, 8, MFD_AT_RAM);
    }
    switch (word & mask) {
    case MFD_RAM_MEM_SIZE:
        return next_memsize(step, word & ~mask);
    case MFD_RAM_ZERO:
    case MFD_RAM_ZERO | MFD_RAM_CONTINUE:
    case MFD_RAM_PAGE:
    case MFD_RAM_PAGE | MFD_RAM_CONTINUE:
        return next_zero_or_page(step, word & mask);
    case MFD_RAM_EOS:
        step->record->last = main->section_type == MFD_SECTION_END;
        main->ram_ended = main->ram_ended || step->record->last;
        return done(step, MFD_MSG_eos, 8, MFD_AT_FOOTER);
    default:
        add(step, MFD_MAIN_019, 0, 8, 0);
        return done(step, MFD_MSG_eos, 8, MFD_AT_RAM);
    }
}

static size_t next_record(const struct step *step)
{
    switch (step->main->place) {
    case MFD_AT_HEADER:
        return next_header(step);
    case MFD_AT_CONFIG:
        return next_config(step);
    case MFD_AT_SUBSECTION:
        return step->buf[0] == MFD_SECTION_SUBSECTION ? next_subsection(step)
                                                      : next_at_section(step);
    case MFD_AT_SECTION:
        return next_at_section(step);
    case MFD_AT_BLOCKS:
        return next_block(step);
    case MFD_AT_MAPPED:
        return next_mapped(step);
    case MFD_AT_RAM:
        return next_ram(step);
    case MFD_AT_FOOTER:
        return next_footer(step);
    case MFD_AT_VMDESC:
        return next_vmdesc(step);
    }
    return 0;
}

size_t mfd_main_next(struct mfd_main *main, const uint8_t *buf, size_t len,
                     struct mfd_record *record, struct mfd_findings *findings)
{
    struct step step = {main, buf, len, record, findings};
    size_t need = 0;

    *record = (struct mfd_record){.block = -1};
    if (len == 0) {
        return main->place == MFD_AT_HEADER ? MFD_MAIN_HEADER_SIZE : 1;
    }
    need = next_record(&step);
    if (need == 0) {
        main->at += record->size + record->payload;
    }
    return need;
}
