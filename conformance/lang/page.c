// SPDX-License-Identifier: GPL-2.0-or-later
/* Contents of guest pages; see plan.h. */
#include "plan.h"

#include <string.h>

/* Tags of the two kinds of content, so that a page sent never equals a page filled. */
#define TAG_SENT 0xa5u
#define TAG_FILLED 0x5au

/* One step of splitmix64: every input gives another output. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/*
 * The first two words say in clear what page this is, which makes pages unique and never zero and a wrong
 * one easy to name; the rest is noise, so that no part of a page can be another page's by chance. But for
 * two eighths, so that there is something to compress: one repeats the page's own beginning, the last is
 * that of all pages of its block and generation, so that a stream refers back to earlier packets.
 */
static void fill_words(uint8_t *out, uint32_t page_size, unsigned tag, unsigned block, size_t page,
                       uint32_t generation)
{
    uint64_t head = (uint64_t)tag << 56 | (uint64_t)(block & 0xffffffu) << 32 | generation;
    uint64_t seed = mix(head ^ mix(page));
    uint32_t eighth = page_size / 8;
    uint32_t own = page_size - eighth;

    mfd_put64(out, head);
    mfd_put64(out + 8, page);
    for (uint32_t at = 16; at < page_size; at += 8) {
        mfd_put64(out + at, mix((at < own ? seed : head) + at));
    }
    memcpy(out + own - eighth, out + 16, eighth);
}

void mfd_page_content(uint8_t *out, uint32_t page_size, unsigned block, size_t page,
                      uint32_t generation)
{
    fill_words(out, page_size, TAG_SENT, block, page, generation);
}

void mfd_page_filled(uint8_t *out, uint32_t page_size, const struct mfd_plan_block *block,
                     unsigned index, size_t page)
{
    switch (block->fill) {
    case MFD_FILL_BYTE:
        memset(out, block->fill_byte, page_size);
        break;
    case MFD_FILL_MIXED:
        if (page % 3 == 2) {
            memset(out, 0, page_size);
            break;
        }
        /* fall through */
    case MFD_FILL_RANDOM:
        fill_words(out, page_size, TAG_FILLED, index, page, 0);
        break;
    default:
        memset(out, 0, page_size);
        break;
    }
}

void mfd_page_expected(uint8_t *out, const struct mfd_plan *plan, unsigned block, size_t page)
{
    const struct mfd_model_page *model = &plan->blocks[block].pages[page];

    switch (model->state) {
    case MFD_PAGE_DATA:
        mfd_page_content(out, plan->page_size, block, page, model->generation);
        break;
    case MFD_PAGE_ZERO:
        memset(out, 0, plan->page_size);
        break;
    default:
        mfd_page_filled(out, plan->page_size, &plan->blocks[block], block, page);
        break;
    }
}
