// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a receiver in one process, without threads, yank, TLS and sending side has no use for. The sending half of
 * multifd.c is compiled and never run: what only it calls ends the process.
 */
#ifndef MFD_SHIM_STUBS_H
#define MFD_SHIM_STUBS_H

#include "dup.h"

#define UNUSED_HERE(name) (fprintf(stderr, "shim: %s is never called\n", name), abort())

#define rcu_register_thread() ((void)0)
#define rcu_unregister_thread() ((void)0)
#define qemu_mutex_init(m) ((void)(m))
#define qemu_mutex_destroy(m) ((void)(m))
#define qemu_mutex_lock(m) ((void)(m))
#define qemu_mutex_unlock(m) ((void)(m))
#define QEMU_LOCK_GUARD(m) ((void)(m))
#define WITH_QEMU_LOCK_GUARD(m) for (int once_ = ((void)(m), 1); once_; once_ = 0)
#define qemu_sem_init(s, n) ((void)(s))
#define qemu_sem_destroy(s) ((void)(s))
#define qemu_sem_post(s) ((void)(s))
#define qemu_sem_wait(s) ((void)(s)) /* whoever waits is released at once */
#define qemu_thread_join(t) ((void)(t))
#define qemu_thread_get_self(t) ((void)(t))
#define qemu_get_thread_id() 0
#define migration_threads_add(...) ((void *)0)
#define migration_threads_remove(t) ((void)(t))
#define yank_register_instance(...) true
#define migration_ioc_register_yank(c) ((void)(c))
#define migration_ioc_unregister_yank(c) ((void)(c))
#define OBJECT(o) ((Object *)(o))
#define object_ref(o) ((void)(o))
#define object_unref(o) ((void)(o))
#define object_get_typename(o) ((void)(o), "")
#define error_report_err(e) error_free(e)
#define error_report(...) ((void)0)
#define warn_report(...) ((void)0)
#define warn_report_once(...) ((void)0)
#define qio_channel_set_name(...) ((void)0)
#define qio_channel_set_delay(...) ((void)0)
#define qio_channel_shutdown(c, how, errp) ((void)(c), 0)
#define QIO_CHANNEL(c) ((QIOChannel *)(c))
#define QIO_CHANNEL_TLS(c) ((QIOChannelTLS *)(c))
#define QIO_CHANNEL_SOCKET(c) (c)
#define TYPE_QIO_CHANNEL_TLS "tls"
#define TYPE_QIO_CHANNEL_SOCKET "socket"

/* the sending half, and what hangs on it */
typedef void (*QIOTaskFunc)(QIOTask *task, gpointer opaque);
struct mfd_shim_counters {
    uint64_t multifd_bytes, normal, duplicate, transferred, dirty_sync_missed_zero_copy,
        normal_pages, zero_pages;
};
typedef struct MigrationThread MigrationThread;
enum { ZERO_PAGE_DETECTION_NONE, ZERO_PAGE_DETECTION_LEGACY, ZERO_PAGE_DETECTION_MULTIFD };
#define MIGRATION_THREAD_SRC_MULTIFD "%d"
#define MIGRATION_THREAD_DST_MULTIFD "%d"
#define MIGRATION_THREAD_SRC_TLS "tls"
extern struct mfd_shim_counters ram_counters, mig_stats;
typedef struct mfd_shim_counters MigrationAtomicStats;

#define stat64_add(p, n) ((void)(*(p) += (n)))
#define ram_transferred_add(n) ((void)(n))
#define qemu_file_acct_rate_limit(f, n) ((void)(n))
#define qemu_file_credit_transfer(f, n) ((void)(n))
#define qemu_file_update_transfer(f, n) ((void)(n))
#define socket_send_channel_create(...) UNUSED_HERE("socket_send_channel_create")
#define socket_send_channel_destroy(c) ((void)(c), 0)
#define socket_cleanup_outgoing_migration() ((void)0)
#define qio_task_propagate_error(...) false
#define qio_task_get_source(t) ((void *)(t))
#define qio_channel_tls_handshake(...) UNUSED_HERE("qio_channel_tls_handshake")
#define qio_channel_flush(...) 0
#define qio_channel_close(...) 0
#define file_cleanup_outgoing_migration() ((void)0)
#define file_send_channel_create(...) false
#define file_write_ramblock_iov(...) (-1)
#define multifd_file_recv_data(...) (-1)
#define migration_tls_channel_end(...) ((void)0)
#define migration_has_failed(s) ((void)(s), false)
#define iov_size(iov, count) ((void)(iov), (void)(count), (size_t)0)
#define ramblock_set_file_bmap_atomic(...) ((void)0)
#define pstrcpy(to, size, from) ((void)snprintf(to, (size_t)(size), "%s", from))
#define qemu_put_be64(f, n) ((void)(f), (void)(n))
#define qemu_fflush(f) ((void)(f), 0)
#define migrate_zero_page_detection() ZERO_PAGE_DETECTION_NONE
#define buffer_is_zero(p, n) ((void)(p), (void)(n), false)
#define ram_release_page(...) ((void)0)
#define dirty_sync_missed_zero_copy() ((void)0)
#define qio_channel_write_all(...) (-1)
#define qio_channel_writev_all(...) (-1)
#define qio_channel_writev_full_all(...) (-1)
#define migration_tls_client_create(...) ((void *)0)
#define migrate_channel_requires_tls_upgrade(c) ((void)(c), false)

#endif
