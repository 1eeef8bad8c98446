// SPDX-License-Identifier: GPL-2.0-or-later
#include "guard.h"

#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
    bool on;
    bool failed;
    unsigned fail; /* allocations until one fails; 0: none does */
    size_t bytes;
} account;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);

/* What one call frees the next one has at hand: to have it mapped anew costs more than most calls. */
static void __attribute__((constructor)) keep_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, 64 << 20);
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

void mfd_fuzz_broken(const char *file, int line, const char *condition, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s:%d: not so: %s\n    ", file, line, condition);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

/* Notes an allocation; false if it is to fail. */
static bool note(size_t size)
{
    if (!account.on) {
        return true;
    }
    account.bytes += size;
    if (account.fail && --account.fail == 0) {
        account.failed = true;
        errno = ENOMEM;
        return false;
    }
    return true;
}

void *__wrap_malloc(size_t size)
{
    return note(size) ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return note(count * size) ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *p, size_t size)
{
    return note(size) ? __real_realloc(p, size) : NULL;
}

void mfd_fuzz_account(unsigned fail)
{
    account.on = true;
    account.failed = false;
    account.fail = fail;
    account.bytes = 0;
}

bool mfd_fuzz_accounted(size_t limit)
{
    account.on = false;
    MFD_FUZZ_EXPECT(account.bytes <= limit, "%zu bytes were allocated, the limit is %zu",
                    account.bytes, limit);
    return account.failed;
}

uint64_t mfd_fuzz_digest(uint64_t former, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    uint64_t digest = former ^ 0xcbf29ce484222325u;

    for (size_t i = 0; i < len; i++) {
        digest = (digest ^ p[i]) * 0x100000001b3u;
    }
    return digest;
}
