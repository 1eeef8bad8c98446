// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The cache of QEMUs of other Debian releases: a folder per suite, filled by the script qemu-fetch.
 *
 * A suite's folder holds `release` (lines "KEY VALUE": suite, qemu, package, loader, binary), the program
 * to run, and below `root` what it needs. `release` is written last and the folder gets its name by a
 * rename, so one that lacks a part was damaged afterwards.
 */
#ifndef MFD_QEMU_CACHE_H
#define MFD_QEMU_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#define MFD_CACHE_PATH_SIZE 1024
#define MFD_PACKAGE_SIZE 96

enum mfd_cached {
    MFD_CACHE_WHOLE,
    MFD_CACHE_ABSENT, /* never fetched */
    MFD_CACHE_BROKEN, /* there, but a part is missing: it must be fetched again */
};

struct mfd_cached_qemu {
    enum mfd_cached state;
    char suite[64];
    char version[64];               /* "10.0.13"; "" unless whole */
    char package[MFD_PACKAGE_SIZE]; /* Debian's version of it; "" unless whole */
    char path[MFD_CACHE_PATH_SIZE]; /* of the program */
};

/*
 * $MFD_CACHE/qemu, or mfdkit/qemu below $XDG_CACHE_HOME or ~/.cache. False if none of these variables is
 * set, or the name is too long.
 */
bool mfd_qemu_cache_folder(char folder[MFD_CACHE_PATH_SIZE]);

/* What the folder has of a suite. A name that cannot be one is absent. */
enum mfd_cached mfd_qemu_cached(const char *folder, const char *suite,
                                struct mfd_cached_qemu *found);

/*
 * All suites of the folder, by name, whole or not; owned by the caller. NULL with errno if the folder
 * cannot be read; one that is not there is empty.
 */
struct mfd_cached_qemu *mfd_qemu_cache_list(const char *folder, size_t *count);

/* Path of the script, in the source or installed. */
const char *mfd_qemu_fetch_script(void);
/*
 * Whether the table of releases beside the script has the suite. `package`, unless NULL, gets Debian's version
 * of the package that the baselines were measured with.
 */
bool mfd_qemu_suite_known(const char *suite, char package[MFD_PACKAGE_SIZE]);

#endif
