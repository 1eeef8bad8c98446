// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Covering arrays: few combinations of several parameters in which every `strength` of them meet in every
 * combination of their values.
 */
#ifndef MFD_PAIRWISE_H
#define MFD_PAIRWISE_H

#include <stddef.h>

/* No scenario has more `with` headers. */
#define MFD_AXES_MAX 12u

/* Index of the value of each axis. */
struct mfd_combination {
    unsigned char value[MFD_AXES_MAX];
};

/*
 * `sizes` has the number of values, 1 to 255, of each of `axes` parameters. Strength 0, or one that is not
 * below the number of parameters, gives the full product. The same input gives the same rows on every machine.
 * Owned by the caller: free().
 */
struct mfd_combination *mfd_pairwise(const size_t *sizes, size_t axes, unsigned strength,
                                     size_t *count);

#endif
