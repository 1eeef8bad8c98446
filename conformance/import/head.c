// SPDX-License-Identifier: GPL-2.0-or-later
#include "head.h"

#include "method.h"
#include "stage2017.h"
#include "wording.h"

#include <string.h>

/* The revision that is spoken: that of the receiver, or one with the sync points of the case. */
static enum mfd_rev spoken(const struct mfd_case *c)
{
    enum mfd_rev rev = c->rev;

    while (mfd_rev_info(rev)->sync != c->sync && c->sync == MFD_SYNC_SECTION) {
        rev--;
    }
    while (mfd_rev_info(rev)->sync != c->sync) {
        rev++;
    }
    return rev;
}

static void put_uuid(FILE *out, const struct mfd_case *c)
{
    char text[MFD_UUID_TEXT_SIZE + 1] = "none";

    if (c->uuid_set) {
        mfd_uuid_text(c->uuid, text);
    }
    fprintf(out, "uuid %s\n", text);
}

/* The length that the language can say, not longer than that of the case. */
static uint64_t block_length(const struct mfd_case *c, const struct mfd_case_block *block)
{
    uint64_t unit = block->ram.resizable ? MFD_RAM_FLAG_MASK + 1 : c->page_size;
    uint64_t length = block->ram.used_length;

    unit = unit < MFD_RAM_FLAG_MASK + 1 ? MFD_RAM_FLAG_MASK + 1 : unit;
    length -= length % unit;
    return length || block->ram.resizable ? length : unit;
}

static void put_notes(FILE *out, const struct mfd_case *c)
{
    if (c->fail) {
        fprintf(out, "# Not said here: allocation %u of the receiver failed.\n", c->fail);
    }
    if (c->block_count == 0) {
        fputs("# Not said here: the receiver had no RAM block.\n", out);
    }
    for (size_t i = 0; i < c->block_count; i++) {
        const struct mfd_case_block *block = &c->blocks[i];
        char name[MFD_IDSTR_SIZE];

        mfd_block_word(c, i, name);
        if (block_length(c, block) != block->ram.used_length) {
            fprintf(out, "# Not said here: %s had %llu bytes.\n", name,
                    (unsigned long long)block->ram.used_length);
        }
        if (strcmp(name, block->ram.name) != 0) {
            fprintf(out, "# Not said here: %s had a name that cannot be written.\n", name);
        }
    }
}

static void put_rams(FILE *out, const struct mfd_case *c)
{
    for (size_t i = 0; i < c->block_count; i++) {
        const struct mfd_case_block *block = &c->blocks[i];
        char name[MFD_IDSTR_SIZE];

        mfd_block_word(c, i, name);
        fprintf(out, "ram %s %llu%s%s\n", name, (unsigned long long)block_length(c, block),
                block->filled ? " fill=aa" : "", block->ram.resizable ? " resizable" : "");
    }
}

void mfd_write_head(FILE *out, const struct mfd_case *c, const char *title, enum mfd_rule rule)
{
    bool resizable = false;

    for (size_t i = 0; i < c->block_count; i++) {
        resizable = resizable || c->blocks[i].ram.resizable;
    }
    fprintf(out, "# %s\n# why: its faults are as they were found, together.\n", title);
    put_notes(out, c);
    fprintf(out, "rule %s\nspeak %s\nchannels %u\nmethod %s\npage %u\n", mfd_rule_info(rule)->id,
            mfd_rev_info(spoken(c))->name, c->channels, mfd_method_info(c->method)->name,
            c->page_size);
    put_uuid(out, c);
    put_rams(out, c);
    fputs(resizable ? "needs pc\n\n" : "\n", out);
}
