// SPDX-License-Identifier: GPL-2.0-or-later
/* Records of the main channel, and the balance of SYNCs and sync points. */
#include "observe_inside.h"

#include <string.h>

void mfd_observe_balance(struct mfd_observer *observer, struct mfd_observer_conn *conn)
{
    uint64_t points = observer->points;
    bool final = conn->closed && !conn->after_cut;
    bool differs = observer->ram_done && (conn->syncs > points || (final && conn->syncs < points));

    if (!conn->is_channel || conn->lost) {
        return;
    }
    if (differs && !conn->count_told) {
        conn->count_told = true;
        mfd_observe_breach(observer, MFD_SYNC_002, conn, 0, conn->syncs, points);
    }
    if (observer->ram_done && conn->syncs > points) {
        mfd_observe_breach(observer, MFD_SYNC_011, conn, 0, conn->syncs, points);
    }
    /* a sender that gives up closes everything; one that goes on owed a SYNC */
    if (final && conn->syncs < points && !conn->short_of_syncs &&
        (observer->ram_done || observer->point_event > conn->close_event)) {
        conn->short_of_syncs = true;
        mfd_observe_breach(observer, MFD_SYNC_010, conn, 0, conn->syncs, points);
    }
}

static void balance_all(struct mfd_observer *observer)
{
    for (size_t i = 0; i < observer->conns; i++) {
        mfd_observe_balance(observer, &observer->memory.conns[i]);
    }
}

static void take_sync_point(struct mfd_observer *observer)
{
    observer->points++;
    observer->point_event = observer->event;
    balance_all(observer);
}

/* Adds a block of RAM START to the table that packets are held to once it is complete. */
static void take_block(struct mfd_observer *observer, const struct mfd_observer_conn *conn,
                       const struct mfd_record *record)
{
    struct mfd_ramtable *listed = &observer->listed;
    size_t len = conn->buf[0];
    const char *name = (const char *)conn->buf + 1;
    struct mfd_ramblock *block = NULL;

    if (!observer->config.ram && mfd_ramtable_find(listed, name, len) >= 0) {
        /* with the receiver's table at hand the iterator has told it already */
        mfd_observe_breach(observer, MFD_MAIN_002, conn, 0, len, 0);
    }
    if (listed->count == observer->memory.block_count) {
        observer->blocks_missing = true;
        return;
    }
    block = &listed->blocks[listed->count++];
    memset(block->name, 0, sizeof(block->name));
    memcpy(block->name, name, len);
    block->used_length = record->length;
    block->max_length = record->length;
    block->resizable = false;
}

/* The list of RAM START has ended: from now on its blocks are the blocks. */
static void close_list(struct mfd_observer *observer)
{
    const struct mfd_ramtable *ram = observer->blocks_missing ? NULL : &observer->listed;

    observer->context.ram = ram;
    observer->main_context.ram = ram;
}

static void take_record(struct mfd_observer *observer, const struct mfd_observer_conn *conn,
                        const struct mfd_record *record)
{
    switch (record->message) {
    case MFD_MSG_memsize:
    case MFD_MSG_block:
        if (record->message == MFD_MSG_block) {
            take_block(observer, conn, record);
        }
        if (observer->main_state.place != MFD_AT_BLOCKS) {
            close_list(observer);
        }
        break;
    case MFD_MSG_part:
        if (record->section_type == MFD_SECTION_END && !observer->switchover &&
            !observer->config.no_switchover) {
            mfd_observe_breach(observer, MFD_MAIN_006, conn, 0, 0, MFD_CMD_SWITCHOVER_START);
        }
        break;
    case MFD_MSG_command:
        observer->switchover |= record->command == MFD_CMD_SWITCHOVER_START;
        break;
    case MFD_MSG_zero:
        observer->zero_on_main = true;
        if (observer->config.zero != MFD_ZERO_MAIN) {
            mfd_observe_breach(observer, MFD_MAIN_005, conn, 0, mfd_get64(conn->buf), 0);
        }
        break;
    case MFD_MSG_page:
        mfd_observe_breach(observer, MFD_MAIN_004, conn, 0, mfd_get64(conn->buf), 0);
        break;
    case MFD_MSG_marker:
        if (observer->config.sync == MFD_SYNC_MARKER) {
            take_sync_point(observer);
        }
        break;
    case MFD_MSG_eos:
        if (observer->config.sync == MFD_SYNC_SECTION) {
            take_sync_point(observer);
        }
        if (record->last) {
            observer->ram_done = true;
            balance_all(observer);
        }
        break;
    default:
        break;
    }
}

/*
 * Sections of devices that are not known here are nothing wrong in the stream of a real machine, and
 * neither are subsections of its configuration; but they cannot be followed.
 */
static bool merely_unknown(const struct mfd_observer *observer, const struct mfd_record *record)
{
    const char *machine = observer->config.machine;

    if (record->message == MFD_MSG_subsection) {
        return true;
    }
    return record->message == MFD_MSG_section && !record->is_ram && record->size > 1 &&
           !(machine && strcmp(machine, "none") == 0);
}

/*
 * Learns from what is there of the next record; the contents of a subsection, too, which are its payload else.
 * Whether more bytes are needed for that.
 */
static bool learn(struct mfd_observer *observer, struct mfd_observer_conn *conn)
{
    const uint8_t *buf = conn->buf;
    enum mfd_main_place place = observer->main_state.place;

    if (place == MFD_AT_SUBSECTION && buf[0] == MFD_SECTION_SUBSECTION && conn->have >= 2) {
        size_t size = (size_t)2 + buf[1] + 4 + 4; /* name, version, and the least that follows */

        if (conn->have < size) {
            conn->want = size;
            return true;
        }
    }
    mfd_learn_main(observer->learned, place, buf, conn->have);
    mfd_observe_learnt(observer);
    return false;
}

void mfd_observe_main(struct mfd_observer *observer, struct mfd_observer_conn *conn)
{
    struct mfd_findings findings = mfd_observe_findings(observer);
    struct mfd_record record;
    size_t need = 0;
    size_t ahead = 0;

    if (observer->learned && learn(observer, conn)) {
        return;
    }
    need = mfd_main_next(&observer->main_state, conn->buf, conn->have, &record, &findings);
    if (need) {
        conn->want = need;
        return;
    }
    if (findings.count && merely_unknown(observer, &record)) {
        conn->lost = true;
        return;
    }
    mfd_observe_found(observer, conn, &findings);
    mfd_observe_judged_record(observer, &record);
    if (mfd_findings_refused(&findings)) {
        conn->lost = true;
        return;
    }
    take_record(observer, conn, &record);
    if (record.message == MFD_MSG_subsection) {
        ahead = conn->have - record.size; /* of the payload, looked at already */
    }
    mfd_observe_tell(observer, conn, record.message, record.size, record.payload);
    mfd_observe_passed(conn, record.size + ahead, record.payload - ahead, STAGE_MAIN, 1);
}
