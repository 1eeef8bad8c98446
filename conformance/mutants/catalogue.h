// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mutants: small, deliberate faults in the reference that some scenario must notice. What no
 * scenario notices, the suite does not test.
 *
 * Two kinds. A rule mutant ("rule:MF-HDR-021") makes every check of the program forget one rule;
 * there is one for each rule that the bytes of a message decide and that a receiver refuses,
 * without being listed anywhere. A text mutant replaces a piece of one source line; it is a record
 * of the file `catalogue`:
 *
 *     # An offset one page too far is taken.
 *     mutant offset-bound
 *     file ref/wire/check.c
 *     old offset > max
 *     new offset > max + page_size
 *     killed-by packet/offset-at-length
 *
 * Records are separated by blank lines; `#` starts a comment line. All lines of a record but these
 * are required, each at most once:
 *
 *     profile NAME        what the reference is taken for in the runs (default: ref)
 *     equivalent REASON   no scenario can notice it; a mutant so marked that is killed is stale
 *     defect ID           it is this defect of a release (defects.def), put into the reference
 *
 * `old` must stand in the file exactly once; `old` and `new` are taken as they stand behind one
 * blank, so `new` may be empty. A record named "rule:ID" tells more of a rule mutant: it has only
 * equivalent or defect, and killed-by is the rule itself.
 */
#ifndef MFD_CATALOGUE_H
#define MFD_CATALOGUE_H

#include "rule.h"

#include <stdbool.h>
#include <stddef.h>

#define MFD_MUTANTS_ERROR_SIZE 512

struct mfd_mutant {
    char *name;
    enum mfd_rule rule; /* of a rule mutant; MFD_RULE_COUNT for one of text */
    char *file; /* relative to the root of the source; NULL for a rule mutant, like the next two */
    char *old_text;
    char *new_text;
    char *killed_by;  /* glob of scenarios, instances or rules */
    char *profile;    /* "ref" */
    char *equivalent; /* reason, or NULL */
    char *defect;     /* id, or NULL */
    unsigned line;    /* in the catalogue; 0 if it is not listed there */
};

struct mfd_mutants {
    struct mfd_mutant *list; /* rule mutants in the order of rules.def, then those of text */
    size_t count;
};

/* The file below the root of a source. */
#define MFD_MUTANTS_CATALOGUE "conformance/mutants/catalogue"

/*
 * All mutants: those of rules, and the ones of a catalogue of `len` bytes; `path` is for messages.
 * False with "PATH:LINE: message" in `error`, which has MFD_MUTANTS_ERROR_SIZE bytes; nothing is to
 * be freed then.
 */
bool mfd_mutants_parse(const char *path, const char *text, size_t len, struct mfd_mutants *mutants,
                       char *error);
/* Reads the catalogue of the source at `root`; NULL: the one this program was built from. */
bool mfd_mutants_load(const char *root, struct mfd_mutants *mutants, char *error);
void mfd_mutants_free(struct mfd_mutants *mutants);

/*
 * The root of the source that this program was built from, and a folder of its build for copies of
 * that.
 */
const char *mfd_mutants_source(void);
const char *mfd_mutants_folder(void);

/*
 * Whether a rule has a mutant: its check sees bytes, and a receiver must or should refuse a breach.
 */
bool mfd_mutant_of_rule(enum mfd_rule rule);

#endif
