// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the name that a user gives a QEMU to its program.
 */
#ifndef MFD_QEMU_FIND_H
#define MFD_QEMU_FIND_H

#define MFD_QEMU_PROGRAM "qemu-system-x86_64"
#define MFD_FIND_ERROR_SIZE 1280

/*
 * `name` is a path (it has a slash), a suite that was fetched into the cache ("trixie"), or a program on
 * PATH. Returns the path of the program, owned by the caller; NULL with a sentence in `error` that says
 * how to get it. Nothing is fetched.
 */
char *mfd_qemu_find(const char *name, char error[MFD_FIND_ERROR_SIZE]);

/* Full path of any program on PATH, owned by the caller; NULL if it is not there. */
char *mfd_on_path(const char *name);

#endif
