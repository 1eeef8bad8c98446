// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RAM of a guest in a file, for complete migrations: made, filled, and compared byte for byte.
 *
 * Files are sparse: pages that are not filled are holes, and holes are not read by a comparison, so that
 * gigabytes of zeros cost next to nothing. Functions return 0 or an errno.
 */
#ifndef MFD_RAM_FILE_H
#define MFD_RAM_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MFD_RAM_FILE_PAGE 4096u

enum mfd_ram_fill {
    MFD_RAM_EMPTY, /* zeros */
    MFD_RAM_MIXED, /* pages of text, of noise and of zeros, each unlike any other page that is not zero */
    MFD_RAM_FULL,  /* the same without pages of zeros */
    MFD_RAM_STALE, /* what was there before: unlike all of the above in every page */
};

struct mfd_ram_difference {
    uint64_t pages; /* that differ */
    uint64_t first; /* offset of the first byte that differs, if any does */
};

/*
 * Makes a file of `size` bytes with fresh contents. Of more than `dense` bytes only the beginning and the
 * end, half of `dense` each, are filled; the rest is zero.
 */
int mfd_ram_make(const char *path, uint64_t size, enum mfd_ram_fill fill, uint64_t dense);
/* Compares two files of `size` bytes. */
int mfd_ram_compare(const char *a, const char *b, uint64_t size,
                    struct mfd_ram_difference *difference);

#endif
