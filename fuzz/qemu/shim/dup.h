// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What QEMU's multifd code takes for granted of the rest of QEMU and means here what it means there: names and
 * types of its interfaces, declared anew as far as they are used.
 */
#ifndef MFD_SHIM_DUP_H
#define MFD_SHIM_DUP_H

#include <assert.h>
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define be32_to_cpu(x) __builtin_bswap32(x)
#define cpu_to_be32(x) __builtin_bswap32(x)
#define be64_to_cpu(x) __builtin_bswap64(x)
#define cpu_to_be64(x) __builtin_bswap64(x)
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "only for little-endian machines"
#endif

#define QEMU_PACKED __attribute__((packed))
#define QEMU_BUILD_BUG_ON(x) _Static_assert(!(x), #x)
#define QEMU_BUILD_BUG_MSG(x, text) _Static_assert(!(x), text)
#define QEMU_ALIGN_DOWN(n, m) ((n) - (n) % (m))
#ifndef MIN
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#endif
#define KiB 1024
#define MiB (1024 * 1024)
#define stringify(x) #x

#define qatomic_read(p) (*(p))
#define qatomic_set(p, v) ((void)(*(p) = (v)))
#define qatomic_inc(p) ((void)++*(p))
#define qatomic_fetch_inc(p) ((*(p))++)
#define qatomic_xchg(p, v) __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define qatomic_load_acquire(p) (*(p))
#define qatomic_store_release(p, v) ((void)(*(p) = (v)))
#define smp_mb_acquire() ((void)0)
#define smp_mb_release() ((void)0)

typedef uint64_t ram_addr_t;
#define RAM_ADDR_FMT "%" PRIx64

typedef struct Error Error;
typedef struct QEMUFile QEMUFile;
typedef struct QIOChannel QIOChannel;
typedef struct QIOChannelTLS QIOChannelTLS;
typedef struct QIOTask QIOTask;
typedef struct Object Object;
typedef struct MigrationState MigrationState;
typedef struct RAMBlock RAMBlock;

typedef struct {
    uint8_t data[16];
} QemuUUID;
typedef int QemuThread;
typedef int QemuMutex;
typedef int QemuSemaphore;

enum { QEMU_THREAD_JOINABLE = 0 };
enum { QIO_CHANNEL_SHUTDOWN_BOTH = 3 };
enum { QIO_CHANNEL_WRITE_FLAG_ZERO_COPY = 1, QIO_CHANNEL_READ_FLAG_RELAXED_EOF = 2 };
enum {
    MIGRATION_STATUS_NONE,
    MIGRATION_STATUS_SETUP,
    MIGRATION_STATUS_ACTIVE,
    MIGRATION_STATUS_DEVICE,
    MIGRATION_STATUS_PRE_SWITCHOVER,
    MIGRATION_STATUS_FAILED,
};
typedef enum {
    MULTIFD_COMPRESSION_NONE,
    MULTIFD_COMPRESSION_ZLIB,
    MULTIFD_COMPRESSION_ZSTD,
    MULTIFD_COMPRESSION_QPL,
    MULTIFD_COMPRESSION_UADK,
    MULTIFD_COMPRESSION_QATZIP,
    MULTIFD_COMPRESSION__MAX,
} MultiFDCompression;

enum { RAM_SAVE_FLAG_EOS = 0x10, RAM_SAVE_FLAG_MULTIFD_FLUSH = 0x200 };

#endif
