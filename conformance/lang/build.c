// SPDX-License-Identifier: GPL-2.0-or-later
/* The bytes that a step means; see compile.h. */
#include "build.h"

#include <string.h>

/* Bytes of one `send`, with all its repetitions. */
#define SEND_MAX (4u << 20)

/* What depends on nothing that the step says. */
static void build_fixed(struct mfd_compiler *c, enum mfd_verb verb, struct mfd_bytes *to)
{
    switch (verb) {
    case MFD_VERB_start:
        mfd_build_start(c, 0, to);
        break;
    case MFD_VERB_round:
    case MFD_VERB_flush:
        mfd_build_flush(c, to);
        break;
    case MFD_VERB_finish:
        mfd_build_last(c, 0, to);
        break;
    case MFD_VERB_part:
    case MFD_VERB_last:
        mfd_build_part(verb == MFD_VERB_part ? MFD_SECTION_PART : MFD_SECTION_END, to);
        break;
    default: /* one record that has the name of its verb */
        mfd_build_record(c, mfd_message_find(mfd_verb_info(verb)->name), 0, to);
        break;
    }
}

/* Whether the verb makes a packet by itself. */
static bool makes_packet(enum mfd_verb verb)
{
    return verb == MFD_VERB_data || verb == MFD_VERB_empty || verb == MFD_VERB_sync ||
           verb == MFD_VERB_device;
}

static bool build_raw(struct mfd_compiler *c, const struct mfd_line *line, struct mfd_bytes *to)
{
    uint64_t times = 0;

    if (!mfd_arg_number(c, line, MFD_ARG_times, SEND_MAX / line->raw_len, 1, &times)) {
        return false;
    }
    for (uint64_t i = 0; i < times; i++) {
        memcpy(mfd_bytes_add(to, line->raw_len), line->raw, line->raw_len);
    }
    return true;
}

bool mfd_build_verb(struct mfd_compiler *c, unsigned conn, enum mfd_verb verb,
                    const struct mfd_line *line, struct mfd_bytes *to)
{
    unsigned block = 0;

    if (makes_packet(verb) && !mfd_rev_has_packets(c->plan->speak)) {
        return MFD_COMPILE_FAIL(c, "%s: %s has no packets", mfd_verb_info(verb)->name,
                                mfd_rev_info(c->plan->speak)->name);
    }
    switch (verb) {
    case MFD_VERB_hello:
        return mfd_build_hello(c, conn, line, to);
    case MFD_VERB_data:
        return c->plan->file ? mfd_build_file_data(c, line, to) : mfd_build_data(c, conn, line, to);
    case MFD_VERB_empty:
    case MFD_VERB_sync:
        return mfd_build_bare(c, conn, verb == MFD_VERB_sync, line, to);
    case MFD_VERB_device:
        return mfd_build_device(c, line, to);
    case MFD_VERB_ready:
        return mfd_build_hello(c, conn, line, to) &&
               (!mfd_rev_has_packets(c->plan->speak) || mfd_build_bare(c, conn, true, line, to));
    case MFD_VERB_send:
        return build_raw(c, line, to);
    case MFD_VERB_zero:
    case MFD_VERB_page:
        return mfd_build_ram_records(c, verb == MFD_VERB_zero, line, to);
    case MFD_VERB_command:
    case MFD_VERB_ping:
    case MFD_VERB_openrp:
    case MFD_VERB_switchover:
        return mfd_build_command(c, verb, line, to);
    case MFD_VERB_bitmap:
        return mfd_arg_block(c, line, &block) && mfd_build_bitmap(c, block, to);
    case MFD_VERB_block:
        return mfd_build_block(c, line, to);
    default:
        build_fixed(c, verb, to);
        return true;
    }
}
