// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A mapped-ram file as a case (case.h), since most of such a file is holes: what the receiver is set up for is the
 * same, and the events say what stands where.
 *
 *     data   on connection k: bytes of the file from k MiB on, behind those of k before
 *     fill   on connection k: a hole there
 *     close  on connection k: the file ends there, whatever its bytes say
 *     reset  on connection k: the file has 2^(k % 44) bytes
 *     open   nothing
 *
 * The first eight bytes of the UUID are where the stream begins, below 2^44; sync points where the revision has
 * them not say that a machine's devices are passed over.
 */
#ifndef MFD_IMAGE_CASE_H
#define MFD_IMAGE_CASE_H

#include "case.h"

/* Writes the file of the case to `fd`, which has held any other before. Aborts where that fails. */
void mfd_image_of_case(const struct mfd_case *c, int fd);
/* Offset of the stream. */
uint64_t mfd_image_start(const struct mfd_case *c);
/* Whether sections of devices are passed over. */
bool mfd_image_skips_devices(const struct mfd_case *c);

/*
 * The file `fd` as the events of a case that is otherwise `c`, whose stream begins at `start`: its bytes, for free().
 * NULL where a case has not the room for it, or it cannot be read.
 */
uint8_t *mfd_image_case(const struct mfd_case *c, int fd, uint64_t start, size_t *size);

#endif
