// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mutation of cases that knows what they are made of: messages of fields.def on connections. One core for the
 * custom mutators of AFL++ and libFuzzer.
 */
#ifndef MFD_FUZZ_MUTATE_H
#define MFD_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Changes the case in `bytes`, in place; the result has at most `room` bytes. Everything is decided by `seed`.
 * In most results a packet's counts, table and payload agree; in some they are left as the change made them.
 */
size_t mfd_mutate(uint8_t *bytes, size_t size, size_t room, uint64_t seed);
/* The same, after some events of `other` were put among those of the case. */
size_t mfd_mutate_splice(uint8_t *bytes, size_t size, size_t room, const uint8_t *other,
                         size_t other_size, uint64_t seed);

#endif
