// SPDX-License-Identifier: GPL-2.0-or-later
/* The mutator for libFuzzer, which asks it instead of its own. */
#include "mutate.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *two,
                                 size_t two_size, uint8_t *out, size_t room, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed)
{
    /* now and then the engine's own: it has the dictionary, and finds what nobody thought of */
    return seed % 4 ? mfd_mutate(data, size, room, seed) : LLVMFuzzerMutate(data, size, room);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *two,
                                 size_t two_size, uint8_t *out, size_t room, unsigned seed)
{
    size_t size = one_size < room ? one_size : room;

    for (size_t i = 0; i < size; i++) {
        out[i] = one[i];
    }
    return mfd_mutate_splice(out, size, room, two, two_size, seed);
}
