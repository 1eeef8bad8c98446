// SPDX-License-Identifier: GPL-2.0-or-later
/* The main channel: its records, and contents of sections that are not known. */
#include "multifd.h"

#include "field.h"

#include <string.h>

/* A record may break this many rules. */
#define FINDINGS 16u
#define JSON_MAX (1u << 20)
#define FOOTER_SIZE 5u
/* A connection that was not seen from its start is main if it sends records in segments no longer than that. */
#define TELLING_MAX 32u
/* No machine has so many sections. */
#define SECTIONS_MAX 0xffffu

/* Takes what cannot be followed to the end of the connection. */
static bool lost(struct mfd_parse *parse)
{
    parse->flow->place = MFD_PLACE_LOST;
    return true;
}

/* Sections of devices are not known here, and not to be judged by their names. */
static bool is_foreign_section(const struct mfd_record *record, const struct mfd_findings *findings)
{
    return record->message == MFD_MSG_section && !record->is_ram && record->size > 1 &&
           findings->count == 1 && findings->list[0].rule == MFD_MAIN_017;
}

static bool is_foreign_subsection(const struct mfd_record *record)
{
    return record->message == MFD_MSG_subsection;
}

static bool is_sync_point(const struct mfd_migration *migration, const struct mfd_record *record)
{
    return record->message ==
           (migration->learned.config.sync == MFD_SYNC_MARKER ? MFD_MSG_marker : MFD_MSG_eos);
}

static void number_sync_point(struct mfd_parse *parse, struct mfd_note *note,
                              const struct mfd_record *record)
{
    struct mfd_migration *migration = parse->link->migration;
    uint32_t frame = parse->pinfo->num;

    if (is_sync_point(migration, record) && !parse->flow->missed) {
        note->round = ++migration->points;
        wmem_array_append_one(migration->point_frames, frame);
    }
}

/* What the record says of the sender decides by which tables it is judged. */
static void foresee(struct mfd_parse *parse)
{
    struct mfd_migration *migration = parse->link->migration;

    mfd_learn_main(&migration->learned, parse->link->main.place, mfd_parse_bytes(parse),
                   mfd_parse_captured(parse));
    mfd_migration_settle(migration);
}

/* The block that the record of a page is about, or says that it goes on with. */
static const char *block_of(const struct mfd_migration *migration, const struct mfd_record *record)
{
    bool page = record->message == MFD_MSG_zero || record->message == MFD_MSG_page;

    return page && record->block >= 0 && (size_t)record->block < migration->blocks.count
               ? migration->blocks.blocks[record->block].name
               : NULL;
}

bool mfd_main_record(struct mfd_parse *parse)
{
    struct mfd_link *link = parse->link;
    struct mfd_finding list[FINDINGS];
    struct mfd_findings findings = {list, FINDINGS, 0};
    struct mfd_main before = link->main;
    struct mfd_record record;
    struct mfd_note *note = NULL;
    bool snapped = false;
    bool findings_end = true;
    size_t need = 0;

    foresee(parse);
    need = mfd_main_next(&link->main, mfd_parse_bytes(parse), mfd_parse_captured(parse), &record,
                         &findings);
    if (need) {
        link->main = before;
        return mfd_parse_have(parse, (uint32_t)need, &snapped) || (snapped && lost(parse));
    }
    /* a command that is not known has a length all the same */
    if (record.message == MFD_MSG_command && findings.count && list[0].offset == 1) {
        record.size += mfd_get16(mfd_parse_bytes(parse) + 3);
        findings_end = false;
    }
    if (record.message == MFD_MSG_vmdesc && record.payload <= JSON_MAX) {
        record.size += record.payload; /* the text is one of its fields */
        record.payload = 0;
    }
    if ((record.size > mfd_parse_captured(parse) || record.message == MFD_MSG_subsection) &&
        !mfd_parse_whole(parse, (uint32_t)(record.size + record.payload), &snapped) && !snapped) {
        link->main = before;
        return false;
    }
    if (is_foreign_section(&record, &findings)) {
        findings.count = 0;
        link->body_id = link->main.section_id;
        parse->flow->place = MFD_PLACE_BODY;
    } else if (is_foreign_subsection(&record)) {
        parse->flow->place = findings.count ? MFD_PLACE_LOST : MFD_PLACE_MAIN;
        findings.count = 0;
    } else if (findings_end && mfd_findings_refused(&findings)) {
        parse->flow->place = MFD_PLACE_LOST;
    }
    note = mfd_parse_note(parse, MFD_NOTE_MESSAGE,
                          record.size < mfd_parse_left(parse) ? (uint32_t)record.size
                                                              : mfd_parse_left(parse));
    note->message = record.message;
    note->is_ram = record.is_ram;
    note->block = block_of(parse->link->migration, &record);
    note->payload_all = record.payload + (record.size - note->size);
    if (parse->flow->missed) {
        findings.count = 0; /* what it depends on was not seen */
    }
    number_sync_point(parse, note, &record);
    mfd_note_found(note, &findings);
    mfd_parse_passed(parse, note);
    return true;
}

/* A section that QEMU could have: what stands before its name, and a name of letters. */
static bool is_section_start(const uint8_t *buf, size_t len)
{
    size_t name_len = len > 6 ? buf[5] : 0;

    if (!name_len || len < 6 + name_len + 8 || mfd_get32(buf + 1) > SECTIONS_MAX) {
        return false;
    }
    for (size_t i = 0; i < name_len; i++) {
        if (!g_ascii_isgraph(buf[6 + i])) {
            return false;
        }
    }
    return true;
}

static bool is_ram_word(const uint8_t *buf, size_t len)
{
    uint64_t word = len >= 8 ? mfd_get64(buf) : 0;

    return word == MFD_RAM_MULTIFD_FLUSH || word == MFD_RAM_EOS;
}

/*
 * Senders flush main behind what they want to be acted upon, so that records often start with a segment. Nothing marks
 * them: only what hardly anything else looks like is taken for one.
 */
static bool resuming_place(const uint8_t *buf, size_t len, enum mfd_main_place *place)
{
    bool numbered = len >= FOOTER_SIZE && mfd_get32(buf + 1) <= SECTIONS_MAX;

    *place = MFD_AT_SECTION;
    switch (len ? buf[0] : 0xff) {
    case MFD_SECTION_EOF:
        *place = MFD_AT_RAM;
        return is_ram_word(buf, len);
    case MFD_SECTION_PART:
    case MFD_SECTION_END:
        return numbered &&
               (len == FOOTER_SIZE || is_ram_word(buf + FOOTER_SIZE, len - FOOTER_SIZE));
    case MFD_SECTION_START:
    case MFD_SECTION_FULL:
        return is_section_start(buf, len);
    case MFD_SECTION_COMMAND:
        return len >= 5 && buf[1] == 0 && buf[2] <= MFD_CMD_SWITCHOVER_START &&
               len >= 5 + (size_t)mfd_get16(buf + 3);
    case MFD_SECTION_FOOTER:
        *place = MFD_AT_FOOTER;
        return numbered && (len == FOOTER_SIZE || buf[FOOTER_SIZE] <= MFD_SECTION_COMMAND);
    default:
        return false;
    }
}

bool mfd_main_resume(struct mfd_parse *parse)
{
    struct mfd_main *main = &parse->link->main;
    const uint8_t *buf = mfd_parse_bytes(parse);
    enum mfd_main_place place = MFD_AT_SECTION;

    if (parse->at != 0 || (parse->link->role == MFD_ROLE_UNKNOWN && parse->len > TELLING_MAX) ||
        !resuming_place(buf, mfd_parse_captured(parse), &place)) {
        return false;
    }
    if (parse->link->role == MFD_ROLE_UNKNOWN) {
        mfd_link_classify(parse, MFD_ROLE_MAIN);
    }
    main->place = place;
    main->section_id = buf[0] == MFD_SECTION_FOOTER ? mfd_get32(buf + 1) : 0;
    /* the RAM's section is the only one that comes in parts */
    if (buf[0] == MFD_SECTION_PART || buf[0] == MFD_SECTION_END ||
        (buf[0] == MFD_SECTION_FOOTER && !main->ram_started)) {
        main->ram_id = mfd_get32(buf + 1);
        main->ram_started = true;
    }
    main->block = -1;
    parse->flow->gap = true;
    parse->flow->place = MFD_PLACE_MAIN;
    return true;
}

/*
 * Where a footer of the section may start: it is there and, as far as that is, what can follow a section; or the bytes end with
 * its first ones. `len` where there is none.
 */
static uint32_t find_footer(uint32_t id, const uint8_t *buf, uint32_t len)
{
    uint8_t footer[FOOTER_SIZE] = {MFD_SECTION_FOOTER};

    mfd_put32(footer + 1, id);
    for (uint32_t at = 0; at < len; at++) {
        const uint8_t *found = memchr(buf + at, MFD_SECTION_FOOTER, len - at);
        uint32_t left = 0;

        if (!found) {
            break;
        }
        at = (uint32_t)(found - buf);
        left = len - at;
        if (memcmp(found, footer, left < FOOTER_SIZE ? left : FOOTER_SIZE) == 0 &&
            (left <= FOOTER_SIZE || found[FOOTER_SIZE] <= MFD_SECTION_COMMAND)) {
            return at;
        }
    }
    return len;
}

/* Contents are passed as they come: to wait for all of them would look at them anew with each segment. */
bool mfd_main_body(struct mfd_parse *parse)
{
    uint32_t captured = mfd_parse_captured(parse);
    uint32_t size = find_footer(parse->link->body_id, mfd_parse_bytes(parse), captured);
    bool snapped = captured < mfd_parse_left(parse) && captured - size < FOOTER_SIZE;

    if (snapped) {
        return lost(parse); /* the footer may be in what was not captured */
    }
    if (size) {
        mfd_parse_passed(parse, mfd_parse_note(parse, MFD_NOTE_BODY, size));
        return true;
    }
    if (!mfd_parse_have(parse, FOOTER_SIZE, &snapped)) {
        return snapped && lost(parse);
    }
    parse->flow->place = MFD_PLACE_MAIN;
    return true;
}
