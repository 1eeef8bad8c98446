// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lists of words with blanks between them, as the tables have them: rules of a defect, fields of a rule.
 */
#ifndef MFD_WORDS_H
#define MFD_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Takes the next word off a list, cut to `size`; false at its end.
 *
 *     for (const char *at = rule->field; mfd_words_next(&at, word, sizeof(word));) ...
 */
bool mfd_words_next(const char **at, char *word, size_t size);
/* Whether the list has exactly that word. */
bool mfd_words_have(const char *list, const char *word);

#endif
