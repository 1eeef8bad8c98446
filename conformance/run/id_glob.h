// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Globs of scenario ids: `*` matches within a path component, `**` any text. Nothing else is special, so
 * that the brackets of instance ids need no escape.
 */
#ifndef MFD_ID_GLOB_H
#define MFD_ID_GLOB_H

#include <stdbool.h>

bool mfd_glob_matches(const char *glob, const char *text);

#endif
