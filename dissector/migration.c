// SPDX-License-Identifier: GPL-2.0-or-later
/* Migrations: which connections belong together, and what their bytes tell of the sender. */
#include "multifd.h"

#include <epan/to_str.h>
#include <epan/wmem_scopes.h>

#include <string.h>

/* The latest migration to each receiver. */
static wmem_map_t *migrations;
static uint32_t migration_count;

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
    mfd_room_fit(migration);
    if (migration->observer) {
        mfd_observer_learn(migration->observer, config);
    }
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
    struct mfd_given given = mfd_given_nothing();
    uint8_t uuid[MFD_UUID_SIZE];

    migration->number = migration_count++;
    migration->first_channel = UINT32_MAX;
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
    mfd_room_start(migration);
    mfd_migration_settle(migration);
    return migration;
}

char *mfd_receiver_of(packet_info *pinfo, bool to_receiver)
{
    const address *receiver = to_receiver ? &pinfo->dst : &pinfo->src;

    return wmem_strdup_printf(pinfo->pool, "%s %u", address_to_str(pinfo->pool, receiver),
                              to_receiver ? pinfo->destport : pinfo->srcport);
}

struct mfd_migration *mfd_migration_find(packet_info *pinfo)
{
    return migrations
               ? (struct mfd_migration *)wmem_map_lookup(migrations, mfd_receiver_of(pinfo, true))
               : NULL;
}

struct mfd_migration *mfd_migration_of(packet_info *pinfo, bool to_receiver, bool main)
{
    char *key = mfd_receiver_of(pinfo, to_receiver);
    struct mfd_migration *migration = NULL;

    if (!migrations) {
        migrations = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), wmem_str_hash,
                                            g_str_equal);
    }
    if (wmem_map_size(migrations) == 0) {
        migration_count = 0; /* another capture */
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
    const struct mfd_ramtable *listed =
        migration->observer ? mfd_observer_blocks(migration->observer) : NULL;

    if (migration->blocks.blocks || !listed || !listed->count) {
        return;
    }
    migration->blocks = *listed;
    mfd_room_give_pages(migration);
    mfd_migration_settle(migration);
}
