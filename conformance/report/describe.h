// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Words about a result that more than one report uses.
 */
#ifndef MFD_DESCRIBE_H
#define MFD_DESCRIBE_H

#include "result.h"

#include <stddef.h>

/* The verdict as people read it: "FAIL", "n/a", "pass". */
const char *mfd_describe_verdict(enum mfd_verdict verdict);

/* The peer: "qemu 7.2.22 (Debian ...)", "command ./mine", "ref". Cut to `size`; returns `buf`. */
const char *mfd_describe_peer(const struct mfd_run *run, char *buf, size_t size);

/*
 * The area: the first component of the id, "baseline" for a result about no rule. Cut to `size`; returns
 * `buf`.
 */
const char *mfd_describe_area(const struct mfd_result *result, char *buf, size_t size);

/*
 * Why the verdict is what it is, in one safe line without rule or id: "B01: A hello whose id ...",
 * "expected refused, got crashed: ended by signal 11". Owned by the caller.
 */
char *mfd_describe_reason(const struct mfd_result *result);

/* The whole of what is known about a failure, as mfd_text_failure() shows it. Owned by the caller. */
char *mfd_describe_failure(const struct mfd_result *result);

#endif
