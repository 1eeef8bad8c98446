// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The memory of a guest: RAM blocks by name, each one mapping.
 *
 * A block is a shared mapping of a file, of a descriptor that the caller owns, or of nothing (then
 * only this process and its children see it). The lengths are in `table`, which checks read: a
 * receiver changes used lengths of resizable blocks while it reads RAM START, and nobody changes
 * anything afterwards, so that all threads read it without a lock. Memory without access surrounds
 * each block: a stray write is a fault, never silent damage.
 *
 * Functions that can fail return 0 or a positive errno.
 */
#ifndef MFD_GUEST_H
#define MFD_GUEST_H

#include "ramtable.h"

#include <stdbool.h>

struct mfd_guest_map {
    uint8_t *base;
    size_t size; /* bytes mapped: max_length of the block in whole pages of the host */
};

struct mfd_guest {
    struct mfd_ramtable table;  /* owned */
    struct mfd_guest_map *maps; /* one for each block of the table */
    /* Set by whoever wants mfd_guest_adopt(): the folder for its files, not owned, and how many bytes they may have in all. */
    const char *dir;
    uint64_t dir_left;
    struct {
        int error; /* why the block of this name could not be taken; 0: all could */
        char name[MFD_IDSTR_SIZE];
    } unadopted;
};

/* Blocks that a guest has at most by adoption. */
#define MFD_ADOPTED_MAX 256u

/* How a block that a sender only reads is mapped apart from one that is written. */
enum mfd_guest_use { MFD_GUEST_READ, MFD_GUEST_WRITE };

struct mfd_guest_block {
    const char *name;     /* shorter than MFD_IDSTR_SIZE, else ENAMETOOLONG */
    uint64_t used_length; /* bytes */
    uint64_t
        max_length; /* bytes; at least used_length. Larger, or `resizable`: RAM START may set it */
    bool resizable;
};

void mfd_guest_init(struct mfd_guest *guest);
/* Maps `fd`, which stays the caller's and must hold max_length bytes (else EINVAL). */
int mfd_guest_add_fd(struct mfd_guest *guest, const struct mfd_guest_block *block, int fd,
                     enum mfd_guest_use use);
/*
 * Maps a file. For MFD_GUEST_WRITE it is created or extended to max_length; a longer one is not
 * shortened but refused with EFBIG. What it held is what the guest held before.
 */
int mfd_guest_add_file(struct mfd_guest *guest, const struct mfd_guest_block *block,
                       const char *path, enum mfd_guest_use use);
/* Memory of zeros without a file. */
int mfd_guest_add_anonymous(struct mfd_guest *guest, const struct mfd_guest_block *block);
/*
 * Adds a block of the name that are the `len` bytes at `name`, made anew as a file in guest->dir: letters,
 * digits, '-', '_', '@', ':' and dots but a first one stand for themselves in its name, others as %2F.
 * ENOENT without a folder, EFBIG for more than guest->dir_left, EMFILE for too many blocks; but for
 * ENOENT the reason is kept in guest->unadopted as well.
 */
int mfd_guest_adopt(struct mfd_guest *guest, const uint8_t *name, size_t len, uint64_t length);
void mfd_guest_free(struct mfd_guest *guest);

/* `len` bytes at `offset` of a block; NULL unless all of them are within its used length. */
uint8_t *mfd_guest_at(const struct mfd_guest *guest, int block, uint64_t offset, uint64_t len);
/* Sets the used length of a resizable block; false if the block is none or max_length too small. */
bool mfd_guest_resize(struct mfd_guest *guest, int block, uint64_t used_length);

/* Whether `len` bytes are all zero. */
bool mfd_is_zero(const uint8_t *p, size_t len);
/* Makes them zero. Only bytes that are not get written, so that holes of a file stay holes. */
void mfd_clear(uint8_t *p, size_t len);

#endif
