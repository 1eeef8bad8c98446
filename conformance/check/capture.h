// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A whole capture file held to the rules, and what it came to in words.
 */
#ifndef MFD_CAPTURE_H
#define MFD_CAPTURE_H

#include "checker.h"

struct mfd_verdicts {
    struct mfd_checker *checker;
    struct mfd_reassembler_totals totals;
    char broken_off[MFD_CAPTURE_ERROR_SIZE]; /* why the file could not be read to its end; "" */
};

/*
 * Reads `in`, which is closed in any case. False with a sentence in `error` where nothing could be read, or
 * without memory; `verdicts` is to be freed in any case.
 */
bool mfd_verdicts_read(FILE *in, const struct mfd_given *given, uint16_t port,
                       struct mfd_verdicts *verdicts, char error[MFD_CAPTURE_ERROR_SIZE]);
void mfd_verdicts_free(struct mfd_verdicts *verdicts);

struct mfd_verdict_sums {
    size_t counts[MFD_CHECKED_STATES]; /* of all migrations */
    size_t broken;                     /* that count as unexpected */
};

/* `strict`: breaches of a SHOULD are unexpected, too. */
struct mfd_verdict_sums mfd_verdicts_sum(const struct mfd_verdicts *verdicts, bool strict);

/* "127.0.0.1:4444", "[::1]:4444". */
#define MFD_ENDPOINT_TEXT 64
const char *mfd_endpoint_text(const struct mfd_endpoint *end, char text[MFD_ENDPOINT_TEXT]);

#endif
