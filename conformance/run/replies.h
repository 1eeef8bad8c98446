// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The return path: what a receiver must have answered on main by the end of a completed migration.
 */
#ifndef MFD_REPLIES_H
#define MFD_REPLIES_H

#include "plan.h"

/* No scenario asks for more: 8 bytes for each ping and for the end. */
#define MFD_REPLIES_MAX 1024

/*
 * Whether `got`, all that came back on main, is what the plan's own pings call for: a PONG of each one's
 * value in their order, and SHUT 0 at the end, if main opened the return path; else nothing. If not, says
 * in `detail` what is different.
 */
bool mfd_replies_as_meant(const struct mfd_plan *plan, const uint8_t *got, size_t size,
                          char *detail, size_t detail_size);

#endif
