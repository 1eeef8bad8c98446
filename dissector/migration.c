// SPDX-License-Identifier: GPL-2.0-or-later
/* Migrations: which connections belong together, and what their bytes tell of the sender. */
#include "multifd.h"

#include <epan/to_str.h>
#include <epan/wmem_scopes.h>

#include <string.h>

/* Connections that the observer follows: the most channels, main, and a few too many. */
#define CONNS 264u
#define BLOCKS 256u
#define BREACHES 512u
/* Two bytes each, of all migrations of a capture: enough for a guest of 128 GiB. */
#define PAGES_MAX ((uint64_t)32 << 20)

/* The latest migration to each receiver. */
static wmem_map_t *migrations;
static uint32_t migration_count;
static uint64_t pages_left; /* of PAGES_MAX */

void mfd_migration_settle(struct mfd_migration *migration)
{
    const struct mfd_observer_config *config = &migration->learned.config;

    migration->context = (struct mfd_check_context){
        .rev = config->rev,
        .page_size = config->page_size,
        .channels = config->channels,
        .uuid = config->uuid,
        .method = config->method,
        .ram = migration->blocks.blocks ? &migration->blocks : NULL,
    };
    mfd_observer_learn(migration->observer, config);
}

bool mfd_uuid_parse(const char *text, uint8_t *uuid)
{
    size_t n = 0;

    for (; *text && n < 2 * MFD_UUID_SIZE; text++) {
        int digit = g_ascii_xdigit_value(*text);

        if (*text == '-') {
            continue;
        }
        if (digit < 0) {
            return false;
        }
        uuid[n / 2] = (uint8_t)(n % 2 ? uuid[n / 2] << 4 | digit : digit);
        n++;
    }
    return n == 2 * MFD_UUID_SIZE && !*text;
}

static struct mfd_migration *make(void)
{
    wmem_allocator_t *scope = wmem_file_scope();
    struct mfd_migration *migration = wmem_new0(scope, struct mfd_migration);
    struct mfd_observer_config config = mfd_observer_config(MFD_REV_LATEST);
    struct mfd_given given = mfd_given_nothing();
    uint8_t uuid[MFD_UUID_SIZE];
    size_t buffer = mfd_observer_buffer_size(MFD_PAGE_SIZE_MIN);
    struct mfd_observer_memory memory = {
        .conns = wmem_alloc_array(scope, struct mfd_observer_conn, CONNS),
        .conn_count = CONNS,
        .buffers = (uint8_t *)wmem_alloc(scope, CONNS * buffer),
        .findings =
            wmem_alloc_array(scope, struct mfd_finding, mfd_observer_findings(MFD_PAGE_SIZE_MIN)),
        .blocks = wmem_alloc_array(scope, struct mfd_ramblock, BLOCKS),
        .block_count = BLOCKS,
        .breaches = wmem_alloc_array(scope, struct mfd_breach, BREACHES),
        .breach_room = BREACHES,
    };

    migration->number = migration_count++;
    migration->first_channel = UINT32_MAX;
    migration->breaches = memory.breaches;
    migration->observer = wmem_new(scope, struct mfd_observer);
    migration->point_frames = wmem_array_new(scope, sizeof(uint32_t));
    given.rev = mfd_prefs.revision;
    given.sync = mfd_prefs.sync;
    given.zero = mfd_prefs.zero;
    given.method = mfd_prefs.method;
    given.page_size = mfd_prefs.page_size;
    given.channels = mfd_prefs.channels;
    given.no_switchover = mfd_prefs.no_switchover;
    given.uuid = mfd_uuid_parse(mfd_prefs.uuid, uuid) ? uuid : NULL;
    mfd_learn_start(&migration->learned, &given);
    /* the buffers are sized by the first page size: for the most slots that any has */
    config.page_size = MFD_PAGE_SIZE_MIN;
    mfd_observer_start(migration->observer, &config, &memory);
    mfd_migration_settle(migration);
    return migration;
}

static char *key_of(packet_info *pinfo, bool to_receiver)
{
    const address *receiver = to_receiver ? &pinfo->dst : &pinfo->src;

    return wmem_strdup_printf(pinfo->pool, "%s %u", address_to_str(pinfo->pool, receiver),
                              to_receiver ? pinfo->destport : pinfo->srcport);
}

struct mfd_migration *mfd_migration_find(packet_info *pinfo)
{
    return migrations ? (struct mfd_migration *)wmem_map_lookup(migrations, key_of(pinfo, true))
                      : NULL;
}

struct mfd_migration *mfd_migration_of(packet_info *pinfo, bool to_receiver, bool main)
{
    char *key = key_of(pinfo, to_receiver);
    struct mfd_migration *migration = NULL;

    if (!migrations) {
        migrations = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), wmem_str_hash,
                                            g_str_equal);
    }
    if (wmem_map_size(migrations) == 0) {
        migration_count = 0; /* another capture */
        pages_left = PAGES_MAX;
    }
    migration = (struct mfd_migration *)wmem_map_lookup(migrations, key);
    if (!migration || migration->over || (main && migration->main && migration->main->closed[0])) {
        migration = make();
        wmem_map_insert(migrations, wmem_strdup(wmem_file_scope(), key), migration);
    }
    return migration;
}

void mfd_migration_update_blocks(struct mfd_migration *migration)
{
    const struct mfd_ramtable *listed = mfd_observer_blocks(migration->observer);
    uint64_t pages = 0;

    if (migration->blocks.blocks || !listed || !listed->count) {
        return;
    }
    migration->blocks = *listed;
    for (size_t i = 0; i < listed->count; i++) {
        uint64_t size = listed->blocks[i].used_length;

        pages += size / migration->learned.config.page_size + 1;
        if (size > PAGES_MAX * migration->learned.config.page_size || pages > pages_left) {
            pages = 0; /* it is judged without what becomes of each page */
            break;
        }
    }
    pages_left -= pages;
    if (pages) {
        mfd_observer_give_pages(migration->observer,
                                wmem_alloc0_array(wmem_file_scope(), uint16_t, pages),
                                (size_t)pages);
    }
    mfd_migration_settle(migration);
}
