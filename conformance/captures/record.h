// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes one recorded capture: two real QEMUs on loopback TCP, and what they send each other.
 */
#ifndef MFD_RECORD_H
#define MFD_RECORD_H

#include "row.h"

#include <stdio.h>

#define MFD_RECORD_ERROR_SIZE 3072
/* Where the destination listens, and the ports from which the source connects. */
#define MFD_RECORD_PORT 63500u
#define MFD_RECORD_LOW 63501u
#define MFD_RECORD_HIGH 64500u

/*
 * Runs the migration of a row in the network of mfd_private_network() and writes the capture to `out`. False with
 * `error` if it does not end as the row says, the destination has other RAM than the source, or something was not
 * recorded. `folder` is one for scratch files.
 */
bool mfd_record(const struct mfd_row *row, const char *folder, FILE *out,
                char error[MFD_RECORD_ERROR_SIZE]);

#endif
