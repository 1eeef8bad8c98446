// SPDX-License-Identifier: GPL-2.0-or-later
#include "words.h"

#include <stdio.h>
#include <string.h>

bool mfd_words_next(const char **at, char *word, size_t size)
{
    size_t len = 0;

    *at += strspn(*at, " ");
    len = strcspn(*at, " ");
    snprintf(word, size, "%.*s", (int)len, *at);
    *at += len;
    return len > 0;
}

bool mfd_words_have(const char *list, const char *word)
{
    size_t len = strlen(word);

    for (const char *p = list; *(p += strspn(p, " ")); p += strcspn(p, " ")) {
        if (strcspn(p, " ") == len && strncmp(p, word, len) == 0) {
            return true;
        }
    }
    return false;
}
