// SPDX-License-Identifier: GPL-2.0-or-later
#include "mapfile.h"

#include <string.h>

enum { AT_VERSION = 0, AT_PAGE_SIZE = 4, AT_BITMAP = 12, AT_PAGES = 20 };

#define WORD_BITS 64u
#define WORD_SIZE 8u

void mfd_mapped_parse(const uint8_t *buf, struct mfd_mapped *mapped)
{
    *mapped = (struct mfd_mapped){
        .version = mfd_get32(buf + AT_VERSION),
        .page_size = mfd_get64(buf + AT_PAGE_SIZE),
        .bitmap_offset = mfd_get64(buf + AT_BITMAP),
        .pages_offset = mfd_get64(buf + AT_PAGES),
    };
}

size_t mfd_mapped_pack(uint8_t *buf, const struct mfd_mapped *mapped)
{
    mfd_put32(buf + AT_VERSION, mapped->version);
    mfd_put64(buf + AT_PAGE_SIZE, mapped->page_size);
    mfd_put64(buf + AT_BITMAP, mapped->bitmap_offset);
    mfd_put64(buf + AT_PAGES, mapped->pages_offset);
    return MFD_MAPPED_SIZE;
}

uint64_t mfd_bitmap_size(uint64_t length, uint32_t page_size)
{
    uint64_t pages = length / page_size;

    return (pages / WORD_BITS + (pages % WORD_BITS != 0)) * WORD_SIZE;
}

struct mfd_mapped mfd_mapped_layout(uint64_t end, uint64_t length, uint32_t page_size)
{
    uint64_t behind = end + mfd_bitmap_size(length, page_size);

    return (struct mfd_mapped){
        .version = MFD_MAPPED_VERSION,
        .page_size = page_size,
        .bitmap_offset = end,
        .pages_offset = (behind + MFD_MAPPED_ALIGN - 1) & ~(MFD_MAPPED_ALIGN - 1),
    };
}

static void add(const struct mfd_check_context *context, struct mfd_findings *findings,
                struct mfd_finding finding)
{
    if (mfd_rule_applies(finding.rule, context->rev)) {
        mfd_findings_add(findings, finding);
    }
}

/* Whether `size` bytes from `offset` on end at `limit` or before; never wraps. */
static bool ends_by(uint64_t offset, uint64_t size, uint64_t limit)
{
    return offset <= limit && size <= limit - offset;
}

static void check_offsets(const struct mfd_check_context *context,
                          const struct mfd_mapped_place *place, const struct mfd_mapped *mapped,
                          struct mfd_findings *findings)
{
    uint64_t bitmap_size = mfd_bitmap_size(place->length, context->page_size);
    uint64_t bitmap = mapped->bitmap_offset;
    uint64_t pages = mapped->pages_offset;

    if (!ends_by(bitmap, bitmap_size, place->file_size)) {
        add(context, findings,
            (struct mfd_finding){MFD_MAP_007, AT_BITMAP, 8, bitmap, place->file_size});
    }
    if (bitmap < place->end || !ends_by(bitmap, bitmap_size, pages)) {
        add(context, findings, (struct mfd_finding){MFD_MAP_012, AT_BITMAP, 8, bitmap, place->end});
    }
    if (pages % MFD_MAPPED_ALIGN) {
        add(context, findings,
            (struct mfd_finding){MFD_MAP_002, AT_PAGES, 8, pages, MFD_MAPPED_ALIGN});
    }
    if (pages % context->page_size) {
        add(context, findings,
            (struct mfd_finding){MFD_MAP_011, AT_PAGES, 8, pages, context->page_size});
    }
    if (pages < place->end) {
        add(context, findings, (struct mfd_finding){MFD_MAP_012, AT_PAGES, 8, pages, place->end});
    }
    if (!ends_by(pages, place->length, place->file_size)) {
        add(context, findings,
            (struct mfd_finding){MFD_MAP_007, AT_PAGES, 8, pages, place->file_size});
    }
}

void mfd_check_mapped(const struct mfd_check_context *context, const struct mfd_mapped_place *place,
                      const uint8_t *buf, size_t len, struct mfd_findings *findings)
{
    struct mfd_mapped mapped;

    if (len < MFD_MAPPED_SIZE) {
        return;
    }
    mfd_mapped_parse(buf, &mapped);
    if (mapped.version != MFD_MAPPED_VERSION) {
        add(context, findings,
            (struct mfd_finding){MFD_MAP_001, AT_VERSION, 4, mapped.version, MFD_MAPPED_VERSION});
    }
    if (mapped.page_size != context->page_size) {
        add(context, findings,
            (struct mfd_finding){MFD_MAP_001, AT_PAGE_SIZE, 8, mapped.page_size,
                                 context->page_size});
    }
    check_offsets(context, place, &mapped, findings);
}

static uint64_t word_get(const uint8_t *at)
{
    uint64_t word = 0;

    memcpy(&word, at, sizeof(word));
    return word;
}

void mfd_check_bitmap_end(const struct mfd_check_context *context, uint64_t length,
                          const uint8_t *word, struct mfd_findings *findings)
{
    uint64_t pages = length / context->page_size;
    unsigned used = (unsigned)(pages % WORD_BITS);
    uint64_t past = used ? word_get(word) >> used << used : 0;

    if (past) {
        add(context, findings,
            (struct mfd_finding){MFD_MAP_009, (uint32_t)(pages / WORD_BITS * WORD_SIZE), WORD_SIZE,
                                 past, 0});
    }
}

bool mfd_bitmap_get(const uint8_t *bitmap, uint64_t page)
{
    return word_get(bitmap + page / WORD_BITS * WORD_SIZE) >> (page % WORD_BITS) & 1;
}

void mfd_bitmap_set(uint8_t *bitmap, uint64_t page)
{
    uint8_t *at = bitmap + page / WORD_BITS * WORD_SIZE;
    uint64_t word = word_get(at) | (uint64_t)1 << (page % WORD_BITS);

    memcpy(at, &word, sizeof(word));
}
