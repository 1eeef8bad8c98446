// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parts of build.c: args.c reads the arguments of a step, build_channel.c and build_main.c make its messages.
 *
 * `line` is NULL for a step of the compiler's own, which has no arguments. Every function appends to `to`; those that
 * can fail return false then.
 */
#ifndef MFD_BUILD_H
#define MFD_BUILD_H

#include "compile.h"

/* ---- args.c ---- */

/* The number of an argument, up to `high`; `otherwise` without it. */
bool mfd_arg_number(struct mfd_compiler *c, const struct mfd_line *line, enum mfd_arg_name name,
                    uint64_t high, uint64_t otherwise, uint64_t *number);
/* The value of an argument with its parameter replaced, or NULL; `room` may hold it. */
const struct mfd_value *mfd_arg_value(struct mfd_compiler *c, const struct mfd_line *line,
                                      enum mfd_arg_name name, struct mfd_value *room);
/* Index of the block that the step is about. */
bool mfd_arg_block(struct mfd_compiler *c, const struct mfd_line *line, unsigned *block);

struct mfd_pages {
    size_t *list; /* owned by the caller */
    size_t count;
};

/* Appends the pages that an argument lists, all of them inside the block. */
bool mfd_arg_pages(struct mfd_compiler *c, const struct mfd_line *line, enum mfd_arg_name name,
                   unsigned block, struct mfd_pages *pages);

/* ---- build_channel.c ---- */

bool mfd_build_hello(struct mfd_compiler *c, unsigned conn, const struct mfd_line *line,
                     struct mfd_bytes *to);
/* A packet without pages. */
bool mfd_build_bare(struct mfd_compiler *c, unsigned conn, bool sync, const struct mfd_line *line,
                    struct mfd_bytes *to);
bool mfd_build_data(struct mfd_compiler *c, unsigned conn, const struct mfd_line *line,
                    struct mfd_bytes *to);
bool mfd_build_device(struct mfd_compiler *c, const struct mfd_line *line, struct mfd_bytes *to);
/* New content of a page, with its effect. */
void mfd_add_content(struct mfd_compiler *c, unsigned block, size_t page, struct mfd_bytes *to);

/* ---- build_main.c ---- */

/* The start of a PART or END section. */
void mfd_build_part(enum mfd_section_type type, struct mfd_bytes *to);
void mfd_build_flush(struct mfd_compiler *c, struct mfd_bytes *to);
/* A zero or page record for each page. */
bool mfd_build_ram_records(struct mfd_compiler *c, bool zero, const struct mfd_line *line,
                           struct mfd_bytes *to);
bool mfd_build_command(struct mfd_compiler *c, enum mfd_verb verb, const struct mfd_line *line,
                       struct mfd_bytes *to);
bool mfd_build_block(struct mfd_compiler *c, const struct mfd_line *line, struct mfd_bytes *to);

#endif
