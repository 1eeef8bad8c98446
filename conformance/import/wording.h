// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages as lines of a scenario: the step that comes nearest to a message, and the faults that make up for
 * the difference.
 */
#ifndef MFD_WORDING_H
#define MFD_WORDING_H

#include "units.h"

/* How the scenario calls a block of the case: the name of the case where the language can write it. */
void mfd_block_word(const struct mfd_case *c, size_t block, char name[MFD_IDSTR_SIZE]);

struct mfd_wording {
    const struct mfd_case *c;
    const struct mfd_plan *setup; /* with the configuration of the case */
    uint64_t next_num;            /* of the next packet that says no number: starts with 0 */
};

/*
 * Verb and arguments of a message, without WHO; for free(). NULL where no verb makes such a message. To be called
 * for the messages in their order, for each of which a line is written.
 */
char *mfd_word_step(struct mfd_wording *wording, const struct mfd_unit *unit,
                    const struct mfd_unit_conn *conn);

/*
 * Faults, each with a space before it, that make `got` of `meant`: the header of a message of the same size.
 * For free(); empty where both are equal.
 */
char *mfd_word_faults(enum mfd_message message, const uint8_t *meant, const uint8_t *got,
                      size_t size, uint32_t page_size);

/* x'...' of the bytes, for free(). */
char *mfd_word_bytes(const uint8_t *bytes, size_t size);

#endif
