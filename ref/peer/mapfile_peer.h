// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reference sender and receiver of mapped-ram files (mapfile.h tells what they hold).
 *
 * The calling thread writes or reads the stream; as many threads as there are channels move the pages,
 * straight between the file and the guest, each taking the next piece of about 1 MiB when it has done one. Zero pages
 * are neither written, so that the file has holes, nor read: a receiver clears them, whatever the memory
 * held before, and leaves alone what is zero already.
 *
 * The receiver checks the whole stream, all headers and the ends of all bitmaps before it reads the first page; nothing is
 * allocated by a number of the file's. The sections of
 * devices that a machine with any has behind its RAM are passed over if the configuration says so (tail.h); they must go
 * up to the end of the file.
 *
 * Configurations and results are those of sender.h and receiver.h: what is about connections (UUID, sync,
 * return path, passes, stall) has no meaning for a file, `threads_created` counts channels. Both return 0
 * when the migration has run, completed or not; EINVAL for a configuration that makes no sense or has a
 * compression method, state of devices or a revision before 2024-mid, ENOTSUP for what is not implemented, ENOMEM.
 */
#ifndef MFD_MAPFILE_PEER_H
#define MFD_MAPFILE_PEER_H

#include "receiver.h"
#include "sender.h"

struct mfd_mapfile {
    char path[256];
    uint64_t offset; /* of the stream in the file; what stands before is left alone */
};

/* Whether an address is meant to be that of a file: "file:...". */
bool mfd_mapfile_is_file(const char *address);
/* "file:PATH" or "file:PATH,offset=N", N with K, M or G behind it. False if it is neither. */
bool mfd_mapfile_parse(const char *address, struct mfd_mapfile *file);

/* Writes the guest; a file that exists is cut at the offset first. */
int mfd_mapfile_write(const struct mfd_sender_config *config, const struct mfd_mapfile *file,
                      struct mfd_sender_result *result);
/* Reads the guest. */
int mfd_mapfile_read(const struct mfd_receiver_config *config, const struct mfd_mapfile *file,
                     struct mfd_receiver_result *result);

#endif
