// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the unit tests of this folder share: cmocka with what it needs first, random numbers that
 * are the same in every run, and copies of exactly the right size, at whose end a sanitizer sees
 * the first byte read too many.
 */
#ifndef MFD_WIRE_TEST_H
#define MFD_WIRE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* xorshift64*; `state` starts with any number but 0. */
static inline uint64_t test_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dull;
}

static inline void test_fill_random(uint8_t *buf, size_t len, uint64_t *state)
{
    for (size_t i = 0; i < len; i++) {
        buf[i] = (uint8_t)(test_random(state) >> 56);
    }
}

/* A copy on the heap, to be freed by the caller. */
static inline uint8_t *test_copy(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len);

    assert_true(copy || len == 0);
    if (len) {
        memcpy(copy, bytes, len);
    }
    return copy;
}

#endif
