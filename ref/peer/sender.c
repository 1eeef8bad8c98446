// SPDX-License-Identifier: GPL-2.0-or-later
#include "sender.h"

#include "canceller.h"
#include "mainstream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

/* Records of main are collected up to this. */
#define MAIN_BUFFER 65536u
#define RAM_SECTION 1u

struct sender {
    const struct mfd_sender_config *config;
    struct mfd_outlet outlet;
    struct mfd_canceller canceller;
    struct mfd_pool pool;
    struct mfd_batch batch;
    uint64_t normal_pages; /* on main */
    uint64_t zero_pages;   /* likewise */
    uint64_t sync_points;
    size_t fill;
    uint8_t buf[MAIN_BUFFER];
};

struct mfd_sender_config mfd_sender_defaults(enum mfd_rev rev, const struct mfd_guest *guest)
{
    const struct mfd_rev_info *info = mfd_rev_info(rev);

    return (struct mfd_sender_config){
        .rev = rev,
        .sync = info->sync,
        .zero = info->zero,
        .channels = 2,
        .page_size = 4096,
        .level = MFD_LEVEL_DEFAULT,
        .machine = "none",
        .guest = guest,
        .passes = 1,
        .return_path = true,
        .switchover = rev >= MFD_REV_10_0,
        .cancel_fd = -1,
    };
}

static bool flush_main(struct sender *s)
{
    struct iovec iov = {s->buf, s->fill};
    size_t count = s->fill ? 1 : 0;

    s->fill = 0;
    return mfd_outlet_send(&s->outlet, 0, &iov, count);
}

/* Where the next record of main goes; there is room for any. */
static uint8_t *record(struct sender *s)
{
    if (s->fill + MFD_RECORD_MAX > MAIN_BUFFER) {
        flush_main(s);
    }
    return s->buf + s->fill;
}

static void flush_batch(struct sender *s)
{
    if (s->batch.count) {
        mfd_pool_give(&s->pool, &s->batch);
    }
}

/* Main's part of a sync point stands behind the channels' part being handed out. */
static void sync_point(struct sender *s)
{
    if (!mfd_rev_has_packets(s->config->rev)) {
        return; /* nothing travels on channels */
    }
    flush_batch(s);
    mfd_pool_sync(&s->pool);
    s->sync_points++;
}

/* Ends a RAM section with a sync point; main must not run ahead of it unwritten. */
static bool end_section(struct sender *s)
{
    sync_point(s);
    if (s->config->sync == MFD_SYNC_MARKER) {
        s->fill += mfd_pack_marker(record(s));
    }
    s->fill += mfd_pack_eos(record(s));
    s->fill += mfd_pack_footer(record(s), RAM_SECTION);
    return flush_main(s);
}

static bool send_start(struct sender *s)
{
    const struct mfd_ramtable *table = &s->config->guest->table;
    uint64_t total = 0;

    s->fill += mfd_pack_header(record(s));
    s->fill += mfd_pack_config(record(s), s->config->machine);
    if (s->config->return_path) {
        s->fill += mfd_pack_command(record(s), MFD_CMD_OPEN_RETURN_PATH, NULL, 0);
    }
    s->fill += mfd_pack_section(record(s), MFD_SECTION_START, RAM_SECTION, "ram", 0,
                                MFD_RAM_SECTION_VERSION);
    for (size_t i = 0; i < table->count; i++) {
        total += table->blocks[i].used_length;
    }
    s->fill += mfd_pack_memsize(record(s), total);
    for (size_t i = 0; i < table->count; i++) {
        s->fill += mfd_pack_block(record(s), table->blocks[i].name, table->blocks[i].used_length);
    }
    return end_section(s);
}

/* A record on main with the page behind it, straight from the guest's memory. */
static void send_on_main(struct sender *s, const char *block, uint64_t offset, uint8_t *page)
{
    struct iovec iov[2] = {{.iov_base = s->buf}, {page, s->config->page_size}};

    s->fill += mfd_pack_page(record(s), block, offset);
    iov[0].iov_len = s->fill;
    s->fill = 0;
    s->normal_pages++;
    mfd_outlet_send(&s->outlet, 0, iov, 2);
}

static void send_page(struct sender *s, int block, uint64_t offset)
{
    const struct mfd_guest *guest = s->config->guest;
    const char *name = guest->table.blocks[block].name;
    uint8_t *page = guest->maps[block].base + offset;

    if (s->config->zero == MFD_ZERO_MAIN && mfd_is_zero(page, s->config->page_size)) {
        s->fill += mfd_pack_zero(record(s), name, offset);
        s->zero_pages++;
        return;
    }
    if (!mfd_rev_has_packets(s->config->rev)) {
        send_on_main(s, name, offset, page);
        return;
    }
    if (!mfd_batch_add(&s->batch, block, offset)) {
        flush_batch(s);
        mfd_batch_add(&s->batch, block, offset);
    }
}

static void send_devices(struct sender *s)
{
    flush_batch(s);
    for (size_t i = 0; i < s->config->device_count; i++) {
        mfd_pool_give_device(&s->pool, &s->config->devices[i]);
    }
}

/* One section with all pages of all blocks. */
static bool send_pass(struct sender *s, bool last)
{
    const struct mfd_ramtable *table = &s->config->guest->table;

    if (last && s->config->switchover) {
        s->fill += mfd_pack_command(record(s), MFD_CMD_SWITCHOVER_START, NULL, 0);
    }
    s->fill += mfd_pack_part(record(s), last ? MFD_SECTION_END : MFD_SECTION_PART, RAM_SECTION);
    for (size_t i = 0; i < table->count; i++) {
        for (uint64_t offset = 0; offset < table->blocks[i].used_length;
             offset += s->config->page_size) {
            if (atomic_load_explicit(&s->outlet.failed, memory_order_relaxed)) {
                return false;
            }
            send_page(s, (int)i, offset);
        }
    }
    if (last) {
        send_devices(s);
    }
    return end_section(s);
}

/* Reads the receiver's messages up to its verdict. */
static bool wait_for_shut(struct sender *s)
{
    uint8_t message[MFD_RETURN_HEADER_SIZE + 4];

    for (;;) {
        if (!mfd_outlet_read(&s->outlet, message, sizeof(message))) {
            return false;
        }
        if (mfd_get16(message + 2) != 4) {
            mfd_outlet_fail(&s->outlet, 0, EPROTO, "unknown message on the return path");
            return false;
        }
        if (mfd_get16(message) == MFD_RETURN_SHUT) {
            break;
        }
    }
    if (mfd_get32(message + MFD_RETURN_HEADER_SIZE) != 0) {
        mfd_outlet_fail(&s->outlet, 0, 0, "the receiver says that the migration has failed");
        return false;
    }
    return true;
}

/* Without a return path nothing but the receiver's close can be waited for. */
static bool wait_for_close(struct sender *s)
{
    for (unsigned i = 0; i < s->outlet.count; i++) {
        shutdown(s->outlet.socks[i].fd, SHUT_WR);
    }
    return mfd_outlet_wait_close(&s->outlet);
}

static bool send_end(struct sender *s)
{
    s->fill += mfd_pack_end(record(s));
    s->fill += mfd_pack_vmdesc(record(s), "{}");
    if (!flush_main(s)) {
        return false;
    }
    mfd_pool_wait(&s->pool);
    if (atomic_load(&s->outlet.failed)) {
        return false;
    }
    /* all that the channels had to say has been said */
    if (s->config->rev >= MFD_REV_10_0) {
        mfd_outlet_bye(&s->outlet);
    }
    return s->config->return_path ? wait_for_shut(s) : wait_for_close(s);
}

static bool send_all(struct sender *s)
{
    bool good = send_start(s);

    for (unsigned pass = 1; good && pass <= s->config->passes; pass++) {
        good = send_pass(s, pass == s->config->passes);
    }
    return good && send_end(s);
}

int mfd_sender_check(const struct mfd_sender_config *config)
{
    uint32_t page_size = config->page_size;
    const struct mfd_method_info *method = mfd_method_info(config->method);

    if (method && !method->there) {
        return ENOTSUP;
    }
    if (!method || (config->method & ~mfd_rev_info(config->rev)->methods) || config->channels < 1 ||
        config->channels > MFD_CHANNELS_MAX || config->passes < 1 || !mfd_is_page_size(page_size) ||
        strlen(config->machine) >= MFD_IDSTR_SIZE ||
        (config->method && config->level != MFD_LEVEL_DEFAULT &&
         (config->level < 0 || config->level > method->level_max)) ||
        (config->zero == MFD_ZERO_PACKET && config->rev < MFD_REV_9_0) ||
        (config->sync == MFD_SYNC_MARKER && config->rev < MFD_REV_8_1) ||
        (config->tls && config->rev < MFD_REV_5_2) ||
        (config->device_count && !mfd_rev_info(config->rev)->device) ||
        !mfd_device_states_valid(config->devices, config->device_count)) {
        return EINVAL;
    }
    for (size_t i = 0; i < config->guest->table.count; i++) {
        if (config->guest->table.blocks[i].used_length % page_size) {
            return EINVAL;
        }
    }
    return 0;
}

static void set_timeouts(const struct mfd_sender_config *config)
{
    struct timeval tv = {config->stall_ms / 1000, (suseconds_t)(config->stall_ms % 1000) * 1000};

    for (unsigned i = 0; config->stall_ms && i <= config->channels; i++) {
        setsockopt(config->fds[i], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
        setsockopt(config->fds[i], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
    }
}

static void collect(struct sender *s, struct mfd_sender_result *result)
{
    result->threads_created += s->pool.created;
    result->threads_joined += s->pool.joined;
    result->sync_points = s->sync_points;
    result->normal_pages = s->normal_pages;
    result->zero_pages = s->zero_pages;
    for (unsigned i = 0; i < s->pool.count; i++) {
        result->packets += s->pool.channels[i].packets;
        result->normal_pages += s->pool.channels[i].normal_pages;
        result->zero_pages += s->pool.channels[i].zero_pages;
    }
    result->bytes = atomic_load(&s->outlet.bytes);
    result->failure = s->outlet.failure;
    result->completed = !s->outlet.failure.set;
    free(s->pool.channels);
}

/*
 * With all threads that it takes, of which none is left behind. A receiver takes the first connection whose
 * handshake is over for main: the channels come behind it.
 */
static void run(struct sender *s, const struct mfd_frame_setup *setup,
                struct mfd_sender_result *result)
{
    const struct mfd_sender_config *config = s->config;
    mfd_create_fn *create = config->create ? config->create : pthread_create;
    int error = mfd_canceller_start(&s->canceller, &s->outlet, config->cancel_fd, create);

    if (error) {
        mfd_outlet_fail(&s->outlet, -1, error, "cannot start a thread that waits for a cancel");
    }
    result->threads_created += s->canceller.created;
    if (mfd_outlet_greet(&s->outlet, 0)) {
        error = mfd_pool_start(&s->pool, &s->outlet, setup, config->uuid, config->channels, create);
        if (error) {
            mfd_outlet_fail(&s->outlet, -1, error, "cannot start the threads of the channels");
        } else {
            send_all(s);
        }
    }
    result->threads_joined += mfd_canceller_stop(&s->canceller);
    mfd_pool_stop(&s->pool);
}

int mfd_sender_run(const struct mfd_sender_config *config, struct mfd_sender_result *result)
{
    struct mfd_frame_setup setup = {
        .rev = config->rev,
        .page_size = config->page_size,
        .find_zero = config->zero == MFD_ZERO_PACKET,
        .guest = config->guest,
        .method = config->method,
        .level = config->level,
    };
    struct sender *s = NULL;
    int error = mfd_sender_check(config);

    *result = (struct mfd_sender_result){0};
    if (error) {
        return error;
    }
    s = calloc(1, sizeof(*s));
    if (!s || mfd_batch_init(&s->batch, config->page_size)) {
        free(s);
        return ENOMEM;
    }
    s->config = config;
    set_timeouts(config);
    error = mfd_outlet_init(&s->outlet, config->fds, config->channels + 1, config->tls);
    if (error) {
        mfd_outlet_fail(&s->outlet, -1, error, "cannot set up the connections");
    } else {
        run(s, &setup, result);
    }
    collect(s, result);
    mfd_outlet_free(&s->outlet);
    mfd_batch_free(&s->batch);
    free(s);
    return 0;
}
