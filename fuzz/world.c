// SPDX-License-Identifier: GPL-2.0-or-later
#include "world.h"

#include "guard.h"
#include "method.h"
#include "packet.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SLOT MFD_CASE_BLOCK_MAX
#define GUARD 65536u
#define HOST_PAGE 4096u
#define FILL 0xaa

/* Memory of one block: accessible from `from` to the end of the slot. */
static struct {
    uint8_t *slot;
    uint8_t *from;
    uint8_t *base;
} places[MFD_CASE_BLOCKS_MAX];

static struct mfd_ramblock blocks[MFD_CASE_BLOCKS_MAX];
static struct mfd_guest_map maps[MFD_CASE_BLOCKS_MAX];

static void map_once(void)
{
    uint8_t *all = NULL;
    size_t stride = SLOT + GUARD;

    if (places[0].slot) {
        return;
    }
    all = mmap(NULL, MFD_CASE_BLOCKS_MAX * stride + GUARD, PROT_NONE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    MFD_FUZZ_EXPECT(all != MAP_FAILED, "no address space");
    (void)madvise(all, MFD_CASE_BLOCKS_MAX * stride + GUARD, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < MFD_CASE_BLOCKS_MAX; i++) {
        places[i].slot = all + GUARD + i * stride;
        places[i].from = places[i].slot + SLOT;
        places[i].base = places[i].from;
    }
}

/* Makes the last `length` bytes of a slot the block. */
static void place(size_t i, size_t length)
{
    uint8_t *end = places[i].slot + SLOT;
    uint8_t *from = end - (length + HOST_PAGE - 1) / HOST_PAGE * HOST_PAGE;
    int failed = 0;

    if (from < places[i].from) {
        failed = mprotect(from, (size_t)(places[i].from - from), PROT_READ | PROT_WRITE);
    } else if (from > places[i].from) {
        failed = mprotect(places[i].from, (size_t)(from - places[i].from), PROT_NONE);
    }
    MFD_FUZZ_EXPECT(!failed, "mprotect");
    places[i].from = from;
    places[i].base = end - length;
}

static size_t filled(const struct mfd_case_block *block)
{
    uint64_t length = block->ram.max_length;

    return !block->filled ? 0 : (size_t)(length < MFD_CASE_FILLED ? length : MFD_CASE_FILLED);
}

uint64_t mfd_world_window(const uint8_t *bytes, size_t len)
{
    static const uint8_t magic[] = {0x28, 0xb5, 0x2f, 0xfd};
    uint64_t most = 1;
    const uint8_t *end = bytes + len;

    for (const uint8_t *p = bytes; (p = memmem(p, (size_t)(end - p), magic, sizeof(magic))); p++) {
        uint64_t window = mfd_method_window(MFD_FLAG_ZSTD, p, (size_t)(end - p));

        most = window > most ? window : most;
    }
    return most;
}

/* Of all connections; a frame whose first bytes are not in one piece asks for more than there is. */
static uint64_t window_of(const struct mfd_case *c)
{
    uint64_t most = 1;

    for (size_t i = 0; i < c->event_count; i++) {
        const struct mfd_event *event = &c->events[i];

        if (event->kind == MFD_EVENT_DATA && !mfd_case_is_fill(event)) {
            uint64_t window = mfd_world_window(event->bytes, event->len);

            most = window > most ? window : most;
        }
    }
    return most;
}

void mfd_world_open(struct mfd_world *world, const struct mfd_case *c)
{
    map_once();
    for (size_t i = 0; i < c->block_count; i++) {
        place(i, (size_t)c->blocks[i].ram.max_length);
        memset(places[i].base, FILL, filled(&c->blocks[i]));
        blocks[i] = c->blocks[i].ram;
        maps[i] = (struct mfd_guest_map){places[i].base, (size_t)c->blocks[i].ram.max_length};
    }
    *world = (struct mfd_world){.c = c, .guest = {.table = {blocks, c->block_count}, .maps = maps}};
    world->setup = (struct mfd_conn_setup){
        .check = {.rev = c->rev,
                  .page_size = c->page_size,
                  .channels = c->channels,
                  .uuid = c->uuid,
                  .method = c->method,
                  .ram = &world->guest.table},
        .sync = c->sync,
        .machine = c->judge_machine ? MFD_CASE_MACHINE : NULL,
        .guest = &world->guest,
        .window = c->method == MFD_FLAG_ZSTD ? window_of(c) : 0,
    };
}

/* Which host pages of a block were touched. */
static size_t residency(size_t i, unsigned char *resident)
{
    size_t size = (size_t)(places[i].slot + SLOT - places[i].from);

    MFD_FUZZ_EXPECT(size == 0 || mincore(places[i].from, size, resident) == 0, "mincore");
    return size / HOST_PAGE;
}

uint64_t mfd_world_digest(const struct mfd_world *world)
{
    static unsigned char resident[SLOT / HOST_PAGE];
    uint64_t sum = 0;

    for (size_t i = 0; i < world->c->block_count; i++) {
        size_t pages = residency(i, resident);

        for (size_t p = 0; p < pages; p++) {
            const uint8_t *page = places[i].from + p * HOST_PAGE;

            /* pages of zeros count as those never touched */
            if ((resident[p] & 1) && !mfd_is_zero(page, HOST_PAGE)) {
                sum += mfd_fuzz_digest(i << 32 | p, page, HOST_PAGE);
            }
        }
    }
    return sum;
}

/* The bytes that belong to no block hold what they held. */
static void expect_untouched(const struct mfd_world *world, size_t i)
{
    const struct mfd_case_block *block = &world->c->blocks[i];
    const uint8_t *base = places[i].base;
    uint64_t used = world->guest.table.blocks[i].used_length;
    size_t full = filled(block);

    MFD_FUZZ_EXPECT(used <= block->ram.max_length, "a block grew beyond what is reserved");
    for (const uint8_t *p = places[i].from; p < base; p++) {
        MFD_FUZZ_EXPECT(*p == 0, "written before block %zu", i);
    }
    for (uint64_t at = used; at < block->ram.max_length; at++) {
        MFD_FUZZ_EXPECT(base[at] == (at < full ? FILL : 0),
                        "written behind the used bytes of block %zu", i);
    }
}

void mfd_world_close(struct mfd_world *world)
{
    for (size_t i = 0; i < world->c->block_count; i++) {
        size_t size = (size_t)(places[i].slot + SLOT - places[i].from);

        expect_untouched(world, i);
        MFD_FUZZ_EXPECT(size == 0 || madvise(places[i].from, size, MADV_DONTNEED) == 0, "madvise");
    }
}

size_t mfd_world_conn_memory(const struct mfd_case *c)
{
    size_t size = mfd_packet_size(c->page_size);
    size_t codec = c->method ? MFD_COMPRESSED_MAX + (4u << 20) : 0;

    return size + 4096 + mfd_slots(c->page_size) * sizeof(struct iovec) +
           sizeof(struct mfd_packet) + codec + 65536;
}
