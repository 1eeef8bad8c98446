// SPDX-License-Identifier: GPL-2.0-or-later
/* Does nothing: what fuzz/speed measures the others against. */
#include "guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)data;
    (void)size;
    return 0;
}
