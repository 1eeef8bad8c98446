// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory for judging and decoding. Notes of what was seen grow with the capture, as all that Wireshark keeps does; what few bytes can
 * ask for without end shares one budget.
 */
#include "multifd.h"

#include <epan/wmem_scopes.h>

#define BUDGET ((uint64_t)512 << 20)
/* Connections that the observer follows: at first, and the most: all channels, main, and a few too many. */
#define CONNS_FEW 20u
#define CONNS 264u
#define BLOCKS 256u
#define BREACHES 512u
#define PAGE_SIZE 4096u

/* ---- the budget ---- */

/* By the capture that is open. */
static uint64_t taken;
static uint64_t kept; /* of decompressed pages, which have a bound of their own */
static bool watched;  /* its end */

static ws_bool begin_anew(wmem_allocator_t *allocator, wmem_cb_event_t event, void *data)
{
    (void)allocator;
    (void)event;
    (void)data;
    taken = 0;
    kept = 0;
    watched = false;
    return false;
}

static void watch_end(void)
{
    if (!watched) {
        watched = true;
        wmem_register_callback(wmem_file_scope(), begin_anew, NULL);
    }
}

bool mfd_budget_take(uint64_t bytes)
{
    watch_end();
    if (bytes > BUDGET - taken) {
        return false;
    }
    taken += bytes;
    return true;
}

void mfd_budget_return(uint64_t bytes)
{
    taken -= bytes;
}

bool mfd_room_to_keep(uint64_t bytes)
{
    uint64_t most = (uint64_t)mfd_prefs.memory << 20;

    watch_end();
    if (kept > most || bytes > most - kept) {
        return false;
    }
    kept += bytes;
    return true;
}

/* ---- the observer of a migration ---- */

/* What depends on how many connections and pages there are. */
static uint64_t room_size(size_t conns, uint32_t page_size)
{
    return conns * (sizeof(struct mfd_observer_conn) + mfd_observer_buffer_size(page_size)) +
           mfd_observer_findings(page_size) * sizeof(struct mfd_finding);
}

static void make_room(struct mfd_migration *migration, size_t conns, uint32_t page_size)
{
    wmem_allocator_t *scope = wmem_file_scope();
    struct mfd_observer_memory *memory = &migration->memory;

    memory->conns = wmem_alloc_array(scope, struct mfd_observer_conn, conns);
    memory->conn_count = conns;
    memory->buffers = (uint8_t *)wmem_alloc(scope, conns * mfd_observer_buffer_size(page_size));
    memory->findings =
        wmem_alloc_array(scope, struct mfd_finding, mfd_observer_findings(page_size));
    migration->room_page_size = page_size;
}

void mfd_room_start(struct mfd_migration *migration)
{
    wmem_allocator_t *scope = wmem_file_scope();
    struct mfd_observer_memory *memory = &migration->memory;
    struct mfd_observer_config config = mfd_observer_config(MFD_REV_LATEST);
    uint64_t fixed = sizeof(struct mfd_observer) + BLOCKS * sizeof(struct mfd_ramblock) +
                     BREACHES * sizeof(struct mfd_breach);

    if (!mfd_budget_take(fixed + room_size(CONNS_FEW, PAGE_SIZE))) {
        migration->unwatched = MFD_NO_MEMORY;
        return;
    }
    memory->blocks = wmem_alloc_array(scope, struct mfd_ramblock, BLOCKS);
    memory->block_count = BLOCKS;
    memory->breaches = wmem_alloc_array(scope, struct mfd_breach, BREACHES);
    memory->breach_room = BREACHES;
    make_room(migration, CONNS_FEW, PAGE_SIZE);
    config.page_size = PAGE_SIZE;
    migration->observer = wmem_new(scope, struct mfd_observer);
    mfd_observer_start(migration->observer, &config, memory);
}

void mfd_room_fit(struct mfd_migration *migration)
{
    uint32_t page_size = migration->learned.config.page_size;
    uint32_t old_page_size = migration->room_page_size;
    struct mfd_observer_memory old = migration->memory;
    size_t conns = migration->links > old.conn_count ? CONNS : old.conn_count;

    page_size = page_size < old_page_size ? page_size : old_page_size;
    if (migration->unwatched || (conns == old.conn_count && page_size == old_page_size)) {
        return;
    }
    if (!mfd_budget_take(room_size(conns, page_size))) {
        migration->unwatched = MFD_NO_MEMORY;
        return;
    }
    make_room(migration, conns, page_size);
    mfd_observer_give_room(migration->observer, &migration->memory, page_size);
    wmem_free(wmem_file_scope(), old.conns);
    wmem_free(wmem_file_scope(), old.buffers);
    wmem_free(wmem_file_scope(), old.findings);
    mfd_budget_return(room_size(old.conn_count, old_page_size));
}

/* ---- what becomes of each page ---- */

static ws_bool free_pages(wmem_allocator_t *allocator, wmem_cb_event_t event, void *data)
{
    (void)allocator;
    (void)event;
    g_free(data);
    return false;
}

/* How many a guest has at most, one more for each block; 0: more than can be judged. */
static uint64_t pages_of(const struct mfd_migration *migration)
{
    uint64_t most = (BUDGET - taken) / 2 / sizeof(uint16_t); /* no guest takes all */
    uint64_t pages = 0;

    for (size_t i = 0; i < migration->blocks.count; i++) {
        pages += migration->blocks.blocks[i].used_length / migration->learned.config.page_size + 1;
        if (pages > most) {
            return 0;
        }
    }
    return pages;
}

void mfd_room_give_pages(struct mfd_migration *migration)
{
    uint64_t pages = pages_of(migration);
    uint16_t *list = NULL;

    if (migration->unwatched || !pages || !mfd_budget_take(pages * sizeof(uint16_t))) {
        return;
    }
    /* of which the system gives us what is touched: the pages that are sent */
    list = g_try_malloc0_n(pages, sizeof(uint16_t));
    if (list) {
        wmem_register_callback(wmem_file_scope(), free_pages, list);
        mfd_observer_give_pages(migration->observer, list, (size_t)pages);
    }
}
