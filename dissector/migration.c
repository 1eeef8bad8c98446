// SPDX-License-Identifier: GPL-2.0-or-later
/* Migrations: which connections belong together, and what their bytes tell of the sender. */
#include "multifd.h"
#include "packet.h"

#include <epan/to_str.h>
#include <epan/wmem_scopes.h>

#include <string.h>

/* Connections that the observer follows: the most channels, main, and a few too many. */
#define CONNS 264u
#define BLOCKS 256u
#define BREACHES 512u
/* Two bytes each: enough for a guest of 128 GiB. */
#define PAGES_MAX ((uint64_t)32 << 20)

/* The latest migration to each receiver. */
static wmem_map_t *migrations;
static uint32_t migration_count;

static enum mfd_rev revision_of(const struct mfd_migration *migration)
{
    if (mfd_prefs.revision != MFD_PREF_AUTO) {
        return (enum mfd_rev)mfd_prefs.revision;
    }
    if (migration->old) {
        return migration->evidence >= MFD_REV_8_1 ? MFD_REV_8_1 : MFD_REV_7_2;
    }
    return migration->evidence > MFD_REV_9_0 ? migration->evidence : MFD_REV_9_0;
}

const char *mfd_migration_revision(const struct mfd_migration *migration)
{
    if (mfd_prefs.revision != MFD_PREF_AUTO) {
        return mfd_rev_info((enum mfd_rev)mfd_prefs.revision)->name;
    }
    if (migration->generation_known && migration->old) {
        return migration->evidence >= MFD_REV_8_1 ? "8.1 to 8.2" : "before 9.0";
    }
    if (migration->evidence >= MFD_REV_10_0) {
        return "10.0 or later";
    }
    if (!migration->generation_known) {
        return migration->evidence >= MFD_REV_8_1 ? "8.1 or later" : "not known yet";
    }
    return migration->evidence >= MFD_REV_9_2   ? "9.2 or later"
           : migration->evidence >= MFD_REV_9_1 ? "9.1 or later"
                                                : "9.0 or later";
}

/* Brings what is derived up to date with what is known. */
static void settle(struct mfd_migration *migration)
{
    struct mfd_observer_config *config = &migration->config;
    const struct mfd_rev_info *info = NULL;

    config->rev = revision_of(migration);
    info = mfd_rev_info(config->rev);
    if (!migration->sync_known) {
        config->sync = info->sync;
    }
    if (!migration->zero_known) {
        config->zero = info->zero;
    }
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

static void evidence(struct mfd_migration *migration, enum mfd_rev rev)
{
    if (rev > migration->evidence) {
        migration->evidence = rev;
    }
}

static bool parse_uuid(const char *text, uint8_t *uuid)
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
    migration->evidence = MFD_REV_FIRST;
    config.channels = mfd_prefs.channels;
    config.no_switchover = mfd_prefs.no_switchover;
    if (parse_uuid(mfd_prefs.uuid, migration->uuid)) {
        config.uuid = migration->uuid;
    }
    /* the buffers are sized by the first page size: for the most slots that any has */
    config.page_size = MFD_PAGE_SIZE_MIN;
    mfd_observer_start(migration->observer, &config, &memory);
    config.page_size = 4096;
    if (mfd_prefs.page_size != MFD_PREF_AUTO) {
        config.page_size = (uint32_t)mfd_prefs.page_size;
        migration->page_known = true;
    }
    if (mfd_prefs.method != MFD_PREF_AUTO) {
        config.method = (uint32_t)mfd_prefs.method;
    }
    if (mfd_prefs.sync != MFD_PREF_AUTO) {
        config.sync = (enum mfd_sync)mfd_prefs.sync;
        migration->sync_known = true;
    }
    if (mfd_prefs.zero != MFD_PREF_AUTO) {
        config.zero = (enum mfd_zero)mfd_prefs.zero;
        migration->zero_known = true;
    }
    if (mfd_prefs.revision != MFD_PREF_AUTO) {
        migration->generation_known = true;
        migration->old = mfd_prefs.revision < MFD_REV_9_0;
        migration->evidence = (enum mfd_rev)mfd_prefs.revision;
    }
    migration->config = config;
    settle(migration);
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
    }
    migration = (struct mfd_migration *)wmem_map_lookup(migrations, key);
    if (!migration || migration->over || (main && migration->main && migration->main->closed[0])) {
        migration = make();
        wmem_map_insert(migrations, wmem_strdup(wmem_file_scope(), key), migration);
    }
    return migration;
}

void mfd_migration_saw_uuid(struct mfd_migration *migration, const uint8_t *uuid)
{
    if (!migration->config.uuid) {
        memcpy(migration->uuid, uuid, MFD_UUID_SIZE);
        migration->config.uuid = migration->uuid;
        settle(migration);
    }
}

void mfd_migration_saw_page_size(struct mfd_migration *migration, uint32_t page_size)
{
    bool valid = page_size >= MFD_PAGE_SIZE_MIN && page_size <= MFD_PAGE_SIZE_MAX &&
                 (page_size & (page_size - 1)) == 0;

    if (!migration->page_known && valid) {
        migration->page_known = true;
        migration->config.page_size = page_size;
        settle(migration);
    }
}

/*
 * The slots of a header: pages_alloc says it in every packet but the SYNC of 9.0 and later; behind that
 * one the next header stands where the slots end.
 */
static void find_slots(struct mfd_migration *migration, const uint8_t *buf, size_t len)
{
    uint32_t alloc = mfd_get32(buf + MFD_PACKET_PAGES_ALLOC);

    if (alloc >= 8 && alloc <= MFD_SLOTS_MAX && (alloc & (alloc - 1)) == 0) {
        mfd_migration_saw_page_size(migration, MFD_PACKET_SPAN / alloc);
        return;
    }
    if (mfd_get32(buf + MFD_PACKET_NORMAL_PAGES) == 0) {
        for (uint32_t size = MFD_PAGE_SIZE_MIN; size <= MFD_PAGE_SIZE_MAX; size *= 2) {
            size_t next = mfd_packet_size(size);

            if (len >= next + MFD_PREFIX_SIZE && mfd_channel_plausible(buf + next, len - next)) {
                mfd_migration_saw_page_size(migration, size);
                return;
            }
        }
    }
}

void mfd_migration_saw_packet(struct mfd_migration *migration, const uint8_t *buf, size_t len)
{
    struct mfd_packet packet = mfd_packet_unpack(buf, MFD_REV_9_0);
    bool pages = packet.normal_pages || packet.zero_pages;
    uint32_t methods = packet.flags & mfd_rev_info(MFD_REV_9_2)->methods;

    if (!migration->page_known) {
        find_slots(migration, buf, len);
    }
    if (!migration->generation_known) {
        migration->generation_known = true;
        migration->old = (packet.flags & MFD_FLAG_SYNC) && packet.pages_alloc != 0;
    }
    if (!migration->old && pages && (methods & (MFD_FLAG_QPL | MFD_FLAG_UADK))) {
        evidence(migration, MFD_REV_9_1);
    }
    if (!migration->old && pages && (methods & MFD_FLAG_QATZIP)) {
        evidence(migration, MFD_REV_9_2);
    }
    if (pages && migration->config.method == MFD_METHOD_UNKNOWN && (methods & (methods - 1)) == 0) {
        migration->config.method = methods;
    }
    if (!migration->old && packet.zero_pages && !migration->zero_known) {
        migration->zero_known = true;
        migration->config.zero = MFD_ZERO_PACKET;
    }
    settle(migration);
}

void mfd_migration_saw_device(struct mfd_migration *migration)
{
    evidence(migration, MFD_REV_10_0);
    settle(migration);
}

void mfd_migration_saw_record(struct mfd_migration *migration, const struct mfd_record *record,
                              uint16_t command)
{
    switch (record->message) {
    case MFD_MSG_marker:
        evidence(migration, MFD_REV_8_1);
        if (!migration->sync_known) {
            migration->sync_known = true;
            migration->config.sync = MFD_SYNC_MARKER;
        }
        break;
    case MFD_MSG_eos:
        if (!migration->sync_known) {
            migration->sync_known = true;
            migration->config.sync = MFD_SYNC_SECTION;
        }
        break;
    case MFD_MSG_zero:
        if (!migration->zero_known) {
            migration->zero_known = true;
            migration->config.zero = MFD_ZERO_MAIN;
        }
        break;
    case MFD_MSG_command:
        if (command == MFD_CMD_SWITCHOVER_START) {
            evidence(migration, MFD_REV_10_0);
        }
        break;
    default:
        return;
    }
    settle(migration);
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

        pages += size / migration->config.page_size + 1;
        if (size > PAGES_MAX * migration->config.page_size || pages > PAGES_MAX) {
            pages = 0;
            break;
        }
    }
    if (pages) {
        mfd_observer_give_pages(migration->observer,
                                wmem_alloc0_array(wmem_file_scope(), uint16_t, pages),
                                (size_t)pages);
    }
    settle(migration);
}
