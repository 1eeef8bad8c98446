// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text of unknown origin made safe to show: a peer's log, a sanitizer's report, a file name.
 *
 * What comes out is valid UTF-8 without any control character but newline and tab, so that it is legal in
 * XML and JSON and cannot drive a terminal. Every byte that is taken out is shown as \xNN.
 */
#ifndef MFD_ESCAPE_H
#define MFD_ESCAPE_H

#include <stdio.h>

/* Safe copy of `text`, owned by the caller; NULL for NULL. */
char *mfd_escape(const char *text);

/* Writes safe text with the five characters that XML reserves as entities; nothing for NULL. */
void mfd_escape_xml(FILE *out, const char *text);

#endif
