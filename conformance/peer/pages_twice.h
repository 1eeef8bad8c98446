// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * QEMU before 8.0 sends some pages twice between two sync points (B48), with the same content: two channels of a
 * receiver then write one page at the same time. It is the sender's doing, and no receiver can help it.
 */
#ifndef MFD_PAGES_TWICE_H
#define MFD_PAGES_TWICE_H

#include <stddef.h>

#ifdef __SANITIZE_THREAD__
/* An entry of the thread sanitizer's runtime that has no header: races on these bytes are known. */
void AnnotateBenignRaceSized(const char *file, int line, const volatile void *at, size_t size,
                             const char *why);
#endif

/* Has the thread sanitizer, in a build with it, pass over such writes to a block of guest memory. */
static inline void mfd_expect_pages_twice(const volatile void *block, size_t size)
{
#ifdef __SANITIZE_THREAD__
    AnnotateBenignRaceSized(__FILE__, __LINE__, block, size, "B48");
#else
    (void)block;
    (void)size;
#endif
}

#endif
