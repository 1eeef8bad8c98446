// SPDX-License-Identifier: GPL-2.0-or-later
/* Steps of a scenario that stand one behind the other, as the macro that means the same. */
#ifndef MFD_FOLD_H
#define MFD_FOLD_H

/*
 * The text with `main start`, `main flush`, `ch N ready`, `ch * ready` and `finish` in place of the lines that make
 * them, where these are without fault. `blocks` are the names of all RAM blocks. For free().
 */
char *mfd_fold(const char *text, unsigned channels, const char *const *blocks,
               unsigned block_count);

#endif
