// SPDX-License-Identifier: GPL-2.0-or-later
#include "memory.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE 4096u

struct mfd_chunk {
    struct mfd_chunk *next;
    size_t used;
    size_t room;
    _Alignas(max_align_t) unsigned char bytes[];
};

static void *checked(void *p)
{
    if (!p) {
        abort();
    }
    return p;
}

void *mfd_zalloc(size_t size)
{
    return checked(calloc(1, size ? size : 1));
}

char *mfd_text_copy(const char *text, size_t len)
{
    char *copy = mfd_zalloc(len + 1);

    memcpy(copy, text, len);
    return copy;
}

void *mfd_grow(void *list, size_t count, size_t element)
{
    if (count & (count - 1)) {
        return list;
    }
    return checked(reallocarray(list, count ? count * 2 : 1, element));
}

void *mfd_arena_alloc(struct mfd_arena *arena, size_t size)
{
    struct mfd_chunk *chunk = arena->chunks;
    size_t align = _Alignof(max_align_t);

    size = (size + align - 1) / align * align;
    if (!chunk || chunk->room - chunk->used < size) {
        size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;

        chunk = mfd_zalloc(sizeof(*chunk) + room);
        chunk->room = room;
        chunk->next = arena->chunks;
        arena->chunks = chunk;
    }
    chunk->used += size;
    return chunk->bytes + chunk->used - size;
}

char *mfd_arena_text(struct mfd_arena *arena, const char *text, size_t len)
{
    char *copy = mfd_arena_alloc(arena, len + 1);

    memcpy(copy, text, len);
    return copy;
}

void *mfd_arena_grow(struct mfd_arena *arena, void *list, size_t count, size_t element)
{
    void *bigger = NULL;

    if (count & (count - 1)) {
        return list;
    }
    bigger = mfd_arena_alloc(arena, (count ? count * 2 : 1) * element);
    if (count) {
        memcpy(bigger, list, count * element);
    }
    return bigger;
}

void mfd_arena_free(struct mfd_arena *arena)
{
    while (arena->chunks) {
        struct mfd_chunk *next = arena->chunks->next;

        free(arena->chunks);
        arena->chunks = next;
    }
}
