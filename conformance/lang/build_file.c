// SPDX-License-Identifier: GPL-2.0-or-later
/* Steps that write a mapped-ram file; see compile.h. */
#include "build.h"

#include <stdlib.h>
#include <string.h>

bool mfd_file_line_suits(struct mfd_compiler *c, const struct mfd_line *line)
{
    if (!c->plan->file) {
        return !mfd_line_arg(line, MFD_ARG_offset) ||
               MFD_COMPILE_FAIL(c, "offset: only a file has one");
    }
    if (line->who.kind != MFD_WHO_FILE && line->verb != MFD_VERB_finish) {
        return MFD_COMPILE_FAIL(c, "transport file: a step is one of `file`, or finish");
    }
    for (size_t i = 0; i < line->fault_count; i++) {
        switch (line->faults[i].kind) {
        case MFD_FAULT_FIELD:
        case MFD_FAULT_BLOCK:
        case MFD_FAULT_OMIT:
        case MFD_FAULT_CUT:
        case MFD_FAULT_PAD:
            break;
        default:
            return MFD_COMPILE_FAIL(c, "%s: means nothing in a file",
                                    mfd_fault_name(line->faults[i].kind));
        }
    }
    return true;
}

uint64_t mfd_file_position(const struct mfd_compiler *c, const struct mfd_bytes *to)
{
    const struct mfd_plan_place *last = NULL;

    if (to->place_count == 0) {
        return c->file_at + to->size;
    }
    last = &to->places[to->place_count - 1];
    return last->at + (to->size - last->offset);
}

void mfd_build_mapped(struct mfd_compiler *c, size_t block, struct mfd_bytes *to)
{
    uint64_t length = c->plan->blocks[block].size;
    size_t offset = to->size;
    uint64_t end = mfd_file_position(c, to) + MFD_MAPPED_SIZE;
    struct mfd_mapped *mapped = &c->mapped[block];

    *mapped = mfd_mapped_layout(end, length, c->env.page_size);
    mfd_mapped_pack(mfd_bytes_add(to, MFD_MAPPED_SIZE), mapped);
    mfd_bytes_part(to, MFD_MSG_mapped, offset, MFD_MAPPED_SIZE);
    mfd_bytes_place(to, mapped->pages_offset + length);
}

static bool has_header(struct mfd_compiler *c, size_t block)
{
    return c->mapped[block].version ||
           MFD_COMPILE_FAIL(c, "%.80s: stands before the block's header, which says where",
                            c->plan->blocks[block].name);
}

bool mfd_build_file_data(struct mfd_compiler *c, const struct mfd_line *line, struct mfd_bytes *to)
{
    struct mfd_pages pages = {0};
    unsigned block = 0;
    size_t normal = 0;
    bool good = mfd_arg_block(c, line, &block) && has_header(c, block) &&
                mfd_arg_pages(c, line, MFD_ARG_pages, block, &pages);

    normal = pages.count;
    good = good && mfd_arg_pages(c, line, MFD_ARG_zero, block, &pages);
    if (good && (mfd_line_arg(line, MFD_ARG_sync) || mfd_line_arg(line, MFD_ARG_num))) {
        good = MFD_COMPILE_FAIL(c, "data: in a file it is no packet");
    }
    for (size_t i = 0; good && i < pages.count; i++) {
        if (i < normal) {
            mfd_bytes_place(to, c->mapped[block].pages_offset +
                                    (uint64_t)pages.list[i] * c->env.page_size);
            mfd_add_content(c, block, pages.list[i], to);
        } else {
            mfd_bytes_effect(to, (struct mfd_effect){block, pages.list[i], MFD_PAGE_ZERO, 0});
        }
    }
    free(pages.list);
    return good;
}

bool mfd_build_bitmap(struct mfd_compiler *c, size_t block, struct mfd_bytes *to)
{
    const struct mfd_plan_block *of = &c->plan->blocks[block];
    size_t size = (size_t)mfd_bitmap_size(of->size, c->env.page_size);
    size_t offset = to->size;
    uint8_t *bitmap = NULL;

    if (!has_header(c, block)) {
        return false;
    }
    mfd_bytes_place(to, c->mapped[block].bitmap_offset);
    bitmap = mfd_bytes_add(to, size);
    for (size_t page = 0; page < of->page_count; page++) {
        if (of->pages[page].state == MFD_PAGE_DATA) {
            mfd_bitmap_set(bitmap, page);
        }
    }
    mfd_bytes_part(to, MFD_MSG_bitmap, offset, size);
    c->bitmaps[block] = true;
    return true;
}

bool mfd_compile_truncate(struct mfd_compiler *c, const struct mfd_line *line)
{
    uint64_t size = 0;

    if (!mfd_arg_number(c, line, MFD_ARG_size, INT64_MAX, 0, &size)) {
        return false;
    }
    mfd_steps_add(c, MFD_STEP_CUT, 0)->cut = size;
    return true;
}

bool mfd_compile_file_offset(struct mfd_compiler *c, const struct mfd_line *line)
{
    if (!mfd_arg_number(c, line, MFD_ARG_offset, (uint64_t)1 << 40, c->file_at, &c->file_at)) {
        return false;
    }
    if (line->verb == MFD_VERB_start) {
        c->plan->file_offset = c->file_at;
    }
    return true;
}

bool mfd_compile_bitmaps(struct mfd_compiler *c)
{
    for (size_t i = 0; i < c->plan->block_count; i++) {
        struct mfd_bytes bytes = {0};

        if (!c->bitmaps[i] &&
            (!mfd_build_bitmap(c, i, &bytes) || !mfd_emit_bytes(c, 0, &bytes, false))) {
            mfd_bytes_free(&bytes);
            return false;
        }
    }
    return true;
}

bool mfd_complete_file(struct mfd_compiler *c)
{
    struct mfd_bytes bytes = {0};
    size_t block = 0;

    if (c->conns[0].dead) {
        return true; /* a fault has cut it */
    }
    free(c->text);
    c->text = mfd_text_copy("finish", strlen("finish"));
    if (mfd_start_record(c, c->main.start, &block) != MFD_MESSAGE_COUNT) {
        mfd_build_start(c, c->main.start, &bytes);
        if (!mfd_emit_bytes(c, 0, &bytes, false)) {
            return false;
        }
    }
    if (!mfd_compile_bitmaps(c)) {
        return false;
    }
    if (c->main.ended) {
        return true;
    }
    bytes = (struct mfd_bytes){0};
    mfd_build_last(c, c->main.last, &bytes);
    return mfd_emit_bytes(c, 0, &bytes, false);
}
