// SPDX-License-Identifier: GPL-2.0-or-later
#include "id_glob.h"

#include <stddef.h>

/*
 * On a mismatch only the last star of each kind takes more: an earlier one could win nothing that the
 * later cannot, but a `*` stops at a slash, where the last `**` before it has to go on.
 */
bool mfd_glob_matches(const char *glob, const char *text)
{
    const char *one = NULL; /* behind the last `*`, and what it has taken up to */
    const char *one_text = NULL;
    const char *any = NULL; /* likewise for `**` */
    const char *any_text = NULL;

    for (;;) {
        if (glob[0] == '*' && glob[1] == '*') {
            any = glob += 2;
            any_text = text;
            one = NULL;
        } else if (*glob == '*') {
            one = ++glob;
            one_text = text;
        } else if (*glob == *text) {
            if (!*text) {
                return true;
            }
            glob++;
            text++;
        } else if (one && *one_text && *one_text != '/') {
            glob = one;
            text = ++one_text;
        } else if (any && *any_text) {
            glob = any;
            text = ++any_text;
            one = NULL;
        } else {
            return false;
        }
    }
}
