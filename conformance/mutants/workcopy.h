// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A copy of the source in which files may be changed, kept from one run to the next so that little
 * has to be built anew. The source itself is never written to.
 *
 * Functions return false with a sentence in `error`, which has MFD_WORKCOPY_ERROR_SIZE bytes.
 */
#ifndef MFD_WORKCOPY_H
#define MFD_WORKCOPY_H

#include <stdbool.h>
#include <stddef.h>

#define MFD_WORKCOPY_ERROR_SIZE 1024

/* What makes a mutant out of a file; zero-initialise. */
struct mfd_edit {
    char *path;
    char *text; /* the whole file as it was */
    size_t len;
};

/*
 * Makes `to` a copy of the tree `from`: without hidden entries, symbolic links, the folder `build`
 * at the top and build trees anywhere. Files that are the same already are not written, which would
 * build them anew; what `from` does not have is removed. `to` is created, and may not be what it
 * copies.
 */
bool mfd_workcopy_sync(const char *from, const char *to, char *error);

/*
 * Replaces `old_text`, which must stand exactly once in the file, and keeps in `edit` what
 * mfd_edit_undo() needs. After a failure nothing is to be undone.
 */
bool mfd_edit_apply(struct mfd_edit *edit, const char *path, const char *old_text,
                    const char *new_text, char *error);
/* Puts the file back and frees the edit; nothing to do for one that was not applied. */
bool mfd_edit_undo(struct mfd_edit *edit, char *error);

/*
 * Reads a whole file into memory that is the caller's; NULL with errno. A NUL is added behind its
 * `*len` bytes.
 */
char *mfd_file_read(const char *path, size_t *len);

#endif
