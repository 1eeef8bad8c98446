// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the receiver works with, made anew: a channel is bytes in memory, a thread is run when its channel was
 * handed over, RAM blocks are those of the case.
 */
#ifndef MFD_SHIM_CUSTOM_H
#define MFD_SHIM_CUSTOM_H

#include "dup.h"
#include "stubs.h"

struct QIOChannel {
    const uint8_t *bytes;
    size_t len;
    size_t used;
    size_t message; /* where the message at hand begins */
};

struct RAMBlock {
    uint8_t *host;
    uint64_t used_length;
    uint64_t max_length;
    char idstr[256];
    int fd;
    uint64_t pages_offset, bitmap_offset;
    unsigned long *file_bmap, *receivedmap;
    size_t page_size;
};

struct MigrationState {
    int state;
    QEMUFile *to_dst_file;
    char *hostname;
    bool multifd_clean_tls_termination;
    struct {
        char *tls_creds, *tls_hostname;
    } parameters;
};

extern QemuUUID qemu_uuid;
extern Error *error_abort_;
#define error_abort error_abort_

size_t qemu_target_page_size(void);
int qemu_target_page_bits(void);
RAMBlock *qemu_ram_block_by_name(const char *name);
/* which pages of a block were received; `offset` may be any, as QEMU's own do not look at it either */
bool ramblock_recv_bitmap_test_byte_offset(RAMBlock *block, uint64_t offset);
void ramblock_recv_bitmap_set_offset(RAMBlock *block, uint64_t offset);
/* no device has a handler */
bool qemu_loadvm_load_state_buffer(const char *idstr, uint32_t instance, char *buf, size_t len,
                                   Error **errp);

int migrate_multifd_channels(void);
int migrate_multifd_compression(void);
#define migrate_use_multifd() true
#define migrate_multifd() true
#define migrate_multi_channels_is_allowed() true
#define migrate_use_zero_copy_send() false
#define migrate_zero_copy_send() false
#define migrate_mapped_ram() false
#define migrate_multifd_flush_after_each_section() false
#define migrate_multifd_zlib_level() 1
#define migrate_multifd_zstd_level() 1
MigrationState *migrate_get_current(void);
void migrate_set_error(MigrationState *s, const Error *err);
#define migrate_set_state(state, old, value) ((void)(*(state) = (value)))

void error_setg(Error **errp, const char *format, ...) __attribute__((format(printf, 2, 3)));
void error_propagate(Error **errp, Error *err);
#define error_propagate_prepend(errp, err, ...) error_propagate(errp, err)
#define error_prepend(errp, ...) ((void)(errp))
const char *error_get_pretty(const Error *err);
void error_free(Error *err);

int qio_channel_read_all(QIOChannel *c, char *to, size_t len, Error **errp);
int qio_channel_read_all_eof(QIOChannel *c, char *to, size_t len, Error **errp);
int qio_channel_readv_all(QIOChannel *c, const struct iovec *iov, size_t count, Error **errp);
int qio_channel_readv_full_all_eof(QIOChannel *c, const struct iovec *iov, size_t count, int **fds,
                                   size_t *fd_count, int flags, Error **errp);

char *qemu_uuid_unparse_strdup(const QemuUUID *uuid);
void qemu_thread_create(QemuThread *thread, const char *name, void *(*run)(void *), void *arg,
                        int mode);

/* functions that register a method are called before main */
#define migration_init(function) \
    static void __attribute__((constructor)) run_##function(void) \
    { \
        function(); \
    }

#endif
