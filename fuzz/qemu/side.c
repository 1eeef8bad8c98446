// SPDX-License-Identifier: GPL-2.0-or-later
#include "side.h"

#include "shim.h"

/* of the source under test; its header names types of it that are not needed here */
#if MFD_QEMU_MAJOR < 10
int multifd_load_setup(Error **errp);
int multifd_load_cleanup(Error **errp);
bool multifd_recv_new_channel(QIOChannel *ioc, Error **errp);
#define multifd_recv_setup multifd_load_setup
#define cleanup() ((void)multifd_load_cleanup(NULL))
#else
int multifd_recv_setup(Error **errp);
void multifd_recv_cleanup(void);
void multifd_recv_new_channel(QIOChannel *ioc, Error **errp);
#define cleanup() multifd_recv_cleanup()
#endif

/* sending of device state: in a file of QEMU's that is not built */
void multifd_device_state_send_setup(void);
void multifd_device_state_send_cleanup(void);
void multifd_device_state_send_prepare(void *params);
void multifd_send_data_clear_device_state(void *data);

void *__asan_region_is_poisoned(void *p, size_t size);

struct Error {
    char text[256];
};

static const struct mfd_world *world;
static RAMBlock blocks[MFD_CASE_BLOCKS_MAX];
static MigrationState migration;
static struct {
    void *(*run)(void *);
    void *arg;
} thread;
static char why[256];

QemuUUID qemu_uuid;
Error *error_abort_;
struct mfd_shim_counters ram_counters, mig_stats;

/* ---- errors ---- */

void error_setg(Error **errp, const char *format, ...)
{
    va_list args;

    if (!errp || *errp) {
        return;
    }
    *errp = g_new0(Error, 1);
    va_start(args, format);
    vsnprintf((*errp)->text, sizeof((*errp)->text), format, args);
    va_end(args);
}

void error_propagate(Error **errp, Error *err)
{
    if (errp && !*errp) {
        *errp = err;
    } else {
        error_free(err);
    }
}

const char *error_get_pretty(const Error *err)
{
    return err->text;
}

void error_free(Error *err)
{
    g_free(err);
}

/* The first error is the one that counts. */
void migrate_set_error(MigrationState *s, const Error *err)
{
    (void)s;
    if (!why[0]) {
        snprintf(why, sizeof(why), "%s", err->text);
    }
}

/* ---- what is not there ---- */

void multifd_device_state_send_setup(void)
{
}

void multifd_device_state_send_cleanup(void)
{
}

void multifd_device_state_send_prepare(void *params)
{
    (void)params;
    UNUSED_HERE("multifd_device_state_send_prepare");
}

void multifd_send_data_clear_device_state(void *data)
{
    (void)data;
}

/* ---- configuration ---- */

size_t qemu_target_page_size(void)
{
    return world->c->page_size;
}

int qemu_target_page_bits(void)
{
    return __builtin_ctz(world->c->page_size);
}

int migrate_multifd_channels(void)
{
    return (int)world->c->channels;
}

int migrate_multifd_compression(void)
{
    switch (world->c->method) {
    case MFD_FLAG_ZLIB:
        return MULTIFD_COMPRESSION_ZLIB;
    case MFD_FLAG_ZSTD:
        return MULTIFD_COMPRESSION_ZSTD;
    default:
        return MULTIFD_COMPRESSION_NONE;
    }
}

MigrationState *migrate_get_current(void)
{
    return &migration;
}

char *qemu_uuid_unparse_strdup(const QemuUUID *uuid)
{
    return g_strdup_printf("%02x%02x...", uuid->data[0], uuid->data[1]);
}

RAMBlock *qemu_ram_block_by_name(const char *name)
{
    for (size_t i = 0; i < world->c->block_count; i++) {
        if (strcmp(blocks[i].idstr, name) == 0) {
            return &blocks[i];
        }
    }
    return NULL;
}

/* One byte for each page of the smallest size that a block can have. */
static uint8_t received[MFD_CASE_BLOCKS_MAX][MFD_CASE_BLOCK_MAX / MFD_PAGE_SIZE_MIN];

static uint8_t *received_page(RAMBlock *block, uint64_t offset)
{
    static uint8_t beyond;
    uint64_t page = offset / world->c->page_size;

    return page < sizeof(received[0]) ? &received[block - blocks][page] : &beyond;
}

bool ramblock_recv_bitmap_test_byte_offset(RAMBlock *block, uint64_t offset)
{
    return *received_page(block, offset);
}

void ramblock_recv_bitmap_set_offset(RAMBlock *block, uint64_t offset)
{
    *received_page(block, offset) = 1;
}

bool qemu_loadvm_load_state_buffer(const char *idstr, uint32_t instance, char *buf, size_t len,
                                   Error **errp)
{
    (void)buf;
    (void)len;
    error_setg(errp, "no device %.20s, instance %u", idstr, instance);
    return false;
}

/* ---- the channel ---- */

/*
 * A peer may send as much as is asked for, so that a buffer which is too small is an overflow even where this
 * input is too short for it.
 */
static void expect_room(void *to, size_t len)
{
    uint8_t *bad = len ? __asan_region_is_poisoned(to, len) : NULL;

    if (bad) {
        fprintf(stderr, "shim: a read of %zu bytes into %zu\n", len, (size_t)(bad - (uint8_t *)to));
        *(volatile uint8_t *)bad = 0; /* the sanitizer's report tells whose buffer it is */
        abort();
    }
}

int qio_channel_read_all(QIOChannel *c, char *to, size_t len, Error **errp)
{
    struct iovec piece = {to, len};

    return qio_channel_readv_all(c, &piece, 1, errp);
}

int qio_channel_readv_all(QIOChannel *c, const struct iovec *iov, size_t count, Error **errp)
{
    for (size_t i = 0; i < count; i++) {
        size_t left = c->len - c->used;
        size_t n = iov[i].iov_len < left ? iov[i].iov_len : left;

        expect_room(iov[i].iov_base, iov[i].iov_len);
        memcpy(iov[i].iov_base, c->bytes + c->used, n);
        c->used += n;
        if (n < iov[i].iov_len) {
            error_setg(errp, "end of file within a message");
            return -1;
        }
    }
    return 0;
}

/*
 * Only the header of a message may be missing altogether. Since 10.0 that is read by the function below, and the
 * rest of it by this one.
 */
int qio_channel_read_all_eof(QIOChannel *c, char *to, size_t len, Error **errp)
{
    c->message = MFD_QEMU_MAJOR < 10 ? c->used : c->message;
    if (c->used == c->len) {
        return 0;
    }
    return qio_channel_read_all(c, to, len, errp) == 0 ? 1 : -1;
}

int qio_channel_readv_full_all_eof(QIOChannel *c, const struct iovec *iov, size_t count, int **fds,
                                   size_t *fd_count, int flags, Error **errp)
{
    (void)fds;
    (void)fd_count;
    (void)flags;
    c->message = c->used;
    if (c->used == c->len) {
        return 0;
    }
    return qio_channel_readv_all(c, iov, count, errp) == 0 ? 1 : -1;
}

void qemu_thread_create(QemuThread *t, const char *name, void *(*run)(void *), void *arg, int mode)
{
    (void)t;
    (void)name;
    (void)mode;
    thread.run = run;
    thread.arg = arg;
}

/* ---- entry ---- */

static void set_blocks(void)
{
    for (size_t i = 0; i < world->c->block_count; i++) {
        const struct mfd_ramblock *block = &world->guest.table.blocks[i];

        blocks[i] = (RAMBlock){.host = world->guest.maps[i].base,
                               .used_length = block->used_length,
                               .max_length = block->max_length,
                               .page_size = 4096};
        memcpy(blocks[i].idstr, block->name, sizeof(blocks[i].idstr));
        memset(received[i], 0, sizeof(received[i]));
    }
}

void mfd_qemu_receive(const struct mfd_world *of, const uint8_t *bytes, size_t len,
                      struct mfd_qemu_verdict *verdict)
{
    QIOChannel channel = {bytes, len, 0, 0};
    Error *error = NULL;

    world = of;
    thread.run = NULL;
    why[0] = '\0';
    migration = (MigrationState){.state = MIGRATION_STATUS_ACTIVE};
    memcpy(qemu_uuid.data, of->c->uuid, sizeof(qemu_uuid.data));
    set_blocks();
    multifd_recv_setup(&error);
    if (!error) {
        multifd_recv_new_channel(&channel, &error);
    }
    if (!error && thread.run) {
        thread.run(thread.arg);
    }
    verdict->refused = error || why[0];
    snprintf(verdict->why, sizeof(verdict->why), "%s", error ? error->text : why);
    verdict->at = channel.message;
    error_free(error);
    cleanup();
}
