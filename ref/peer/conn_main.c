// SPDX-License-Identifier: GPL-2.0-or-later
#include "conn_main.h"

#include <string.h>

struct iovec mfd_conn_main_want(struct mfd_conn *c)
{
    if (c->in_tail) {
        return (struct iovec){c->setup->tail_room + c->tail_fill, MFD_TAIL_MAX - c->tail_fill};
    }
    if (c->body && c->body_to && c->fill == 0) {
        return (struct iovec){c->body_to, (size_t)c->body};
    }
    return (struct iovec){c->buf + c->fill, c->room - c->fill};
}

/* Removes `n` bytes that were read ahead. */
static void drop(struct mfd_conn *c, size_t n)
{
    c->fill -= n;
    memmove(c->buf, c->buf + n, c->fill);
}

/* Moves what was read ahead of the body to where it belongs. True when the body is complete. */
static bool take_body(struct mfd_conn *c)
{
    size_t n = c->body < c->fill ? (size_t)c->body : c->fill;

    if (c->body_to) {
        memcpy(c->body_to, c->buf, n);
        c->body_to += n;
    }
    drop(c, n);
    c->body -= n;
    return c->body == 0;
}

static enum mfd_got take_command(struct mfd_conn *c)
{
    if (c->record.command == MFD_CMD_OPEN_RETURN_PATH) {
        c->return_path = true;
    }
    if (c->record.command != MFD_CMD_PING) {
        return MFD_GOT_MORE;
    }
    if (!c->return_path) {
        /* nobody listens for the answer */
        return mfd_conn_refuse(c, (struct mfd_finding){.rule = MFD_MAIN_012,
                                                       .offset = 1,
                                                       .width = 2,
                                                       .got = MFD_CMD_PING,
                                                       .want = MFD_CMD_OPEN_RETURN_PATH});
    }
    mfd_put16(c->reply, MFD_RETURN_PONG);
    mfd_put16(c->reply + 2, 4);
    mfd_put32(c->reply + MFD_RETURN_HEADER_SIZE, c->record.argument);
    return MFD_GOT_REPLY;
}

static enum mfd_got load_page(struct mfd_conn *c)
{
    uint32_t page_size = c->setup->check.page_size;
    uint8_t *page = mfd_guest_at(c->setup->guest, c->record.block, c->record.offset, page_size);

    if (c->record.message == MFD_MSG_zero) {
        c->zero_pages++;
        mfd_clear(page, page_size);
        return MFD_GOT_MORE;
    }
    c->normal_pages++;
    c->body_to = page;
    return MFD_GOT_MORE;
}

/* The table of blocks is final. Told before the sync point of RAM START: pages may stand before its SYNC. */
static enum mfd_got tell_ram(struct mfd_conn *c)
{
    c->ram_told = true;
    return MFD_GOT_RAM;
}

/* The last block of the list makes the table final; from then on pages are loaded by it. */
static enum mfd_got take_block(struct mfd_conn *c)
{
    if (c->ram_told) {
        return mfd_conn_refuse(
            c, (struct mfd_finding){.rule = MFD_MAIN_019, .width = 1, .got = c->record.length});
    }
    mfd_guest_resize(c->setup->guest, c->record.block, c->record.length);
    return c->main.sizes_left ? MFD_GOT_MORE : tell_ram(c);
}

/* In section mode each EOS is a sync point, if channels carry anything to be synced. The first one ends a list of blocks that never came, too. */
static enum mfd_got take_eos(struct mfd_conn *c)
{
    bool packets = mfd_rev_has_packets(c->setup->check.rev);
    bool point = packets && c->setup->sync == MFD_SYNC_SECTION;

    if (!c->ram_told) {
        c->point_due = point;
        return tell_ram(c);
    }
    return point ? MFD_GOT_POINT : MFD_GOT_MORE;
}

static enum mfd_got take_record(struct mfd_conn *c)
{
    switch (c->record.message) {
    case MFD_MSG_block:
        return take_block(c);
    case MFD_MSG_zero:
    case MFD_MSG_page:
        if (!c->admitted) {
            c->waiting = true;
            return MFD_GOT_LOAD;
        }
        return load_page(c);
    case MFD_MSG_marker:
        return MFD_GOT_POINT;
    case MFD_MSG_eos:
        return take_eos(c);
    case MFD_MSG_command:
        return take_command(c);
    case MFD_MSG_end:
        c->ended = true;
        return MFD_GOT_END;
    default:
        return MFD_GOT_MORE;
    }
}

/* Sections of devices have begun: whether what is there of them goes up to the end of the migration. */
static enum mfd_got look_at_tail(struct mfd_conn *c)
{
    enum mfd_tail_state state = mfd_tail_look(&c->tail, c->setup->tail_room, c->tail_fill);

    if (state == MFD_TAIL_WHOLE) {
        c->ended = true;
        return MFD_GOT_END;
    }
    if (state == MFD_TAIL_WRONG || c->tail_fill == MFD_TAIL_MAX) {
        return mfd_conn_refuse(
            c, (struct mfd_finding){.rule = MFD_MAIN_017, .offset = (uint32_t)c->tail_fill});
    }
    return MFD_GOT_MORE;
}

static enum mfd_got begin_tail(struct mfd_conn *c)
{
    c->in_tail = true;
    c->tail_fill = c->fill;
    memcpy(c->setup->tail_room, c->buf, c->fill);
    c->fill = 0;
    return look_at_tail(c);
}

void mfd_conn_main_adopt(struct mfd_guest *guest, const struct mfd_main *main, const uint8_t *buf,
                         size_t len)
{
    size_t name_len = len ? buf[0] : 0;

    if (main->place == MFD_AT_BLOCKS && len >= 1 + name_len + 8 &&
        mfd_ramtable_find(&guest->table, (const char *)buf + 1, name_len) < 0) {
        mfd_guest_adopt(guest, buf + 1, name_len, mfd_get64(buf + 1 + name_len));
    }
}

/* Looks for the next record in what was read ahead; false if more bytes are needed. */
static bool next_record(struct mfd_conn *c, enum mfd_got *got)
{
    struct mfd_finding list[16];
    struct mfd_findings findings = {list, sizeof(list) / sizeof(list[0]), 0};
    const struct mfd_finding *refused = NULL;
    size_t need = 0;

    c->at = c->taken - c->fill;
    if (!c->ram_told) {
        mfd_conn_main_adopt(c->setup->guest, &c->main, c->buf, c->fill);
    }
    need = mfd_main_next(&c->main, c->buf, c->fill, &c->record, &findings);
    refused = mfd_findings_refused(&findings);
    if (refused) {
        /* whatever stands in place of a description of the VM is as good as none */
        *got = c->ended ? MFD_GOT_DRAINED : mfd_conn_refuse(c, *refused);
        return true;
    }
    if (need) {
        return false;
    }
    if (c->record.tail) {
        *got = begin_tail(c);
        return *got != MFD_GOT_MORE;
    }
    drop(c, c->record.size);
    c->body = c->record.payload;
    c->body_to = NULL;
    *got = take_record(c);
    return true;
}

/* What is due before the next record is looked at. */
static enum mfd_got resume(struct mfd_conn *c)
{
    if (c->waiting) {
        c->waiting = false;
        c->admitted = true;
        return load_page(c);
    }
    if (c->point_due) {
        c->point_due = false;
        return MFD_GOT_POINT;
    }
    return MFD_GOT_MORE;
}

enum mfd_got mfd_conn_main_got(struct mfd_conn *c, size_t n)
{
    enum mfd_got got = resume(c);

    if (c->in_tail) {
        c->tail_fill += n;
        return c->ended ? MFD_GOT_DRAINED : look_at_tail(c);
    }
    if (c->body && c->body_to && c->fill == 0) {
        /* it was read in place */
        c->body -= n;
        c->body_to += n;
    } else {
        c->fill += n;
    }
    while (got == MFD_GOT_MORE) {
        if (c->body && !take_body(c)) {
            return MFD_GOT_MORE;
        }
        if (c->ended && c->record.message == MFD_MSG_vmdesc) {
            return MFD_GOT_DRAINED;
        }
        if (!next_record(c, &got)) {
            return MFD_GOT_MORE;
        }
    }
    return got;
}

enum mfd_got mfd_conn_main_eof(struct mfd_conn *c)
{
    uint64_t part = c->taken - c->at;

    if (c->ended) {
        return MFD_GOT_DRAINED;
    }
    if (part == 0 || (c->fill == 0 && c->body == 0)) {
        return MFD_GOT_CLOSED;
    }
    return mfd_conn_refuse(
        c, (struct mfd_finding){.rule = MFD_PAY_019, .offset = (uint32_t)part, .got = part});
}
