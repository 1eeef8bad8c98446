// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What every harness holds the code under test to, beyond not crashing.
 */
#ifndef MFD_FUZZ_GUARD_H
#define MFD_FUZZ_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an engine calls with each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process with a report that names the broken expectation: every engine takes that for a crash. */
#define MFD_FUZZ_EXPECT(condition, ...) \
    ((condition) ? (void)0 : mfd_fuzz_broken(__FILE__, __LINE__, #condition, __VA_ARGS__))

void mfd_fuzz_broken(const char *file, int line, const char *condition, const char *format, ...)
    __attribute__((noreturn, format(printf, 4, 5)));

/*
 * Accounts for the allocations of the code under test between these two calls; malloc, calloc and realloc of
 * the harness are linked to it. The `fail`-th one fails (0: none). At the end all that was asked for in
 * between must not be more than `limit` bytes, freed or not: no memory by a number of the peer's.
 */
void mfd_fuzz_account(unsigned fail);
/* True if an allocation was made to fail. */
bool mfd_fuzz_accounted(size_t limit);

/* A digest of bytes (FNV-1a), and one that takes a former digest in. */
uint64_t mfd_fuzz_digest(uint64_t former, const void *bytes, size_t len);

#endif
