// SPDX-License-Identifier: GPL-2.0-or-later
/* Records of main; see build.h and compile.h. */
#include "build.h"

#include "mainstream.h"

#include <stdlib.h>

/* Whether sync points have a record of their own. */
static bool marks(const struct mfd_compiler *c)
{
    return c->plan->sync == MFD_SYNC_MARKER && !c->plan->file;
}

enum mfd_message mfd_start_record(const struct mfd_compiler *c, size_t i, size_t *block)
{
    static const enum mfd_message head[] = {MFD_MSG_header, MFD_MSG_config, MFD_MSG_section,
                                            MFD_MSG_memsize};
    static const enum mfd_message file_head[] = {
        MFD_MSG_header, MFD_MSG_config, MFD_MSG_capabilities, MFD_MSG_section, MFD_MSG_memsize};
    static const enum mfd_message tail[] = {MFD_MSG_marker, MFD_MSG_eos, MFD_MSG_footer,
                                            MFD_MESSAGE_COUNT};
    size_t heads = c->plan->file ? 5 : 4;
    size_t each = c->plan->file ? 2 : 1; /* records of a block */
    size_t blocks = each * c->plan->block_count;

    *block = 0;
    if (i < heads) {
        return c->plan->file ? file_head[i] : head[i];
    }
    if (i < heads + blocks) {
        *block = (i - heads) / each;
        return (i - heads) % each ? MFD_MSG_mapped : MFD_MSG_block;
    }
    i -= heads + blocks;
    i += !marks(c);
    return tail[i < 3 ? i : 3];
}

enum mfd_message mfd_last_record(const struct mfd_compiler *c, size_t i)
{
    static const enum mfd_message records[] = {MFD_MSG_part,     MFD_MSG_marker, MFD_MSG_eos,
                                               MFD_MSG_footer,   MFD_MSG_end,    MFD_MSG_vmdesc,
                                               MFD_MESSAGE_COUNT};

    i += i > 0 && !marks(c);
    return records[i < 6 ? i : 6];
}

void mfd_build_record(struct mfd_compiler *c, enum mfd_message message, size_t block,
                      struct mfd_bytes *to)
{
    const struct mfd_plan_block *of = &c->plan->blocks[block];
    size_t offset = to->size;
    uint8_t *at = NULL;
    size_t size = 0;

    if (message == MFD_MSG_mapped) {
        mfd_build_mapped(c, block, to);
        return;
    }
    at = mfd_bytes_add(to, MFD_MESSAGE_ROOM);
    size = message == MFD_MSG_block ? mfd_pack_block(at, of->wire_name, of->size)
                                    : mfd_message_default(&c->env, message, at);

    to->size = offset + size;
    mfd_bytes_part(to, message, offset, size);
}

void mfd_build_start(struct mfd_compiler *c, size_t from, struct mfd_bytes *to)
{
    size_t block = 0;

    for (size_t i = from; mfd_start_record(c, i, &block) != MFD_MESSAGE_COUNT; i++) {
        mfd_build_record(c, mfd_start_record(c, i, &block), block, to);
    }
}

/* The start of a PART or END section. */
void mfd_build_part(enum mfd_section_type type, struct mfd_bytes *to)
{
    size_t offset = to->size;
    size_t size = mfd_pack_part(mfd_bytes_add(to, 5), (uint8_t)type, MFD_RAM_SECTION_ID);

    mfd_bytes_part(to, MFD_MSG_part, offset, size);
}

void mfd_build_last(struct mfd_compiler *c, size_t from, struct mfd_bytes *to)
{
    if (from == 0) {
        mfd_build_part(MFD_SECTION_END, to);
        from = 1;
    }
    for (size_t i = from; mfd_last_record(c, i) != MFD_MESSAGE_COUNT; i++) {
        mfd_build_record(c, mfd_last_record(c, i), 0, to);
    }
}

void mfd_build_flush(struct mfd_compiler *c, struct mfd_bytes *to)
{
    mfd_build_part(MFD_SECTION_PART, to);
    if (marks(c)) {
        mfd_build_record(c, MFD_MSG_marker, 0, to);
    }
    mfd_build_record(c, MFD_MSG_eos, 0, to);
    mfd_build_record(c, MFD_MSG_footer, 0, to);
}

/* A zero or page record for each page. */
bool mfd_build_ram_records(struct mfd_compiler *c, bool zero, const struct mfd_line *line,
                           struct mfd_bytes *to)
{
    struct mfd_pages pages = {0};
    unsigned block = 0;
    bool good =
        mfd_arg_block(c, line, &block) && mfd_arg_pages(c, line, MFD_ARG_pages, block, &pages);

    for (size_t i = 0; good && i < pages.count; i++) {
        uint64_t at = (uint64_t)pages.list[i] * c->env.page_size;
        size_t offset = to->size;
        uint8_t *room = mfd_bytes_add(to, MFD_RECORD_MAX);
        const char *name = c->plan->blocks[block].wire_name;
        size_t size = zero ? mfd_pack_zero(room, name, at) : mfd_pack_page(room, name, at);

        to->size = offset + size;
        mfd_bytes_part(to, zero ? MFD_MSG_zero : MFD_MSG_page, offset, size);
        if (zero) {
            mfd_bytes_effect(to, (struct mfd_effect){block, pages.list[i], MFD_PAGE_ZERO, 0});
        } else {
            mfd_add_content(c, block, pages.list[i], to);
        }
    }
    free(pages.list);
    return good;
}

bool mfd_build_command(struct mfd_compiler *c, enum mfd_verb verb, const struct mfd_line *line,
                       struct mfd_bytes *to)
{
    static const uint8_t none[1];
    struct mfd_value room;
    const struct mfd_value *given = mfd_arg_value(c, line, MFD_ARG_argument, &room);
    const uint8_t *argument = given ? given->bytes : none;
    size_t len = given ? given->len : 0;
    uint64_t command = MFD_CMD_OPEN_RETURN_PATH;
    uint64_t value = 0;
    uint8_t ping[4];
    size_t offset = to->size;

    if (!mfd_arg_number(c, line, MFD_ARG_command, UINT16_MAX, command, &command) ||
        !mfd_arg_number(c, line, MFD_ARG_value, UINT32_MAX, 1, &value)) {
        return false;
    }
    if (given && (given->kind != MFD_VALUE_BYTES || len > UINT16_MAX)) {
        return MFD_COMPILE_FAIL(c, "argument: no bytes, at most 65535");
    }
    if (verb == MFD_VERB_ping) {
        mfd_put32(ping, (uint32_t)value);
        command = MFD_CMD_PING;
        argument = ping;
        len = sizeof(ping);
    } else if (verb == MFD_VERB_switchover) {
        command = MFD_CMD_SWITCHOVER_START;
    }
    mfd_pack_command(mfd_bytes_add(to, 5 + len), (uint16_t)command, argument, (uint16_t)len);
    mfd_bytes_part(to, MFD_MSG_command, offset, 5 + len);
    return true;
}

bool mfd_build_block(struct mfd_compiler *c, const struct mfd_line *line, struct mfd_bytes *to)
{
    unsigned block = 0;

    if (!mfd_arg_block(c, line, &block)) {
        return false;
    }
    mfd_build_record(c, MFD_MSG_block, block, to);
    if (c->plan->file) {
        mfd_build_record(c, MFD_MSG_mapped, block, to);
    }
    return true;
}
