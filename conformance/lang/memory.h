// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory for trees and plans.
 *
 * All sizes are bounded by limits of the language, so running out of memory is no property of a scenario:
 * these functions abort instead of returning NULL.
 */
#ifndef MFD_MEMORY_H
#define MFD_MEMORY_H

#include <stddef.h>

/* Zeroed memory, for free(). */
void *mfd_zalloc(size_t size);
/* A copy of `len` bytes with a NUL behind it, for free(). */
char *mfd_text_copy(const char *text, size_t len);
/*
 * Room for one more element behind the `count` present ones, which must all have been added through here:
 * the array is doubled at powers of two. Returns the array, for free().
 */
void *mfd_grow(void *list, size_t count, size_t element);

/* Memory that is freed in one go: a parsed scenario with all that hangs on it. Starts zeroed. */
struct mfd_arena {
    struct mfd_chunk *chunks;
};
/* Zeroed and aligned for anything. */
void *mfd_arena_alloc(struct mfd_arena *arena, size_t size);
char *mfd_arena_text(struct mfd_arena *arena, const char *text, size_t len);
/* As mfd_grow(); the old array stays in the arena. */
void *mfd_arena_grow(struct mfd_arena *arena, void *list, size_t count, size_t element);
void mfd_arena_free(struct mfd_arena *arena);

#endif
