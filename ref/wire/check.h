// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The checks: which rules one message breaks.
 *
 * Each function appends all findings in the order in which a receiver meets them, is total on any
 * input, reads nothing beyond `len`, allocates nothing and has no laxer mode. A message that is too
 * short for a field gets no finding about that field: that it is short is the business of whoever
 * frames the stream. Facts that are not known (a capture that starts late) are left out of the
 * context, and the rules that need them are not judged.
 */
#ifndef MFD_CHECK_H
#define MFD_CHECK_H

#include "finding.h"
#include "ramtable.h"
#include "rev.h"

/* Method of the context where it is not known. */
#define MFD_METHOD_UNKNOWN UINT32_MAX

struct mfd_check_context {
    enum mfd_rev rev;
    uint32_t page_size;             /* target page size; a power of two from 256 to 65536 */
    uint32_t channels;              /* 0: not known */
    const uint8_t *uuid;            /* MFD_UUID_SIZE bytes, or NULL: not known */
    uint32_t method;                /* configured flag bit, 0 for none, or MFD_METHOD_UNKNOWN */
    const struct mfd_ramtable *ram; /* NULL: not known */
};

/* The hello of the context's revision, or its first `len` bytes. */
void mfd_check_hello(const struct mfd_check_context *context, const uint8_t *buf, size_t len,
                     struct mfd_findings *findings);
/* The first MFD_PREFIX_SIZE bytes of any packet: magic and version. */
void mfd_check_prefix(const struct mfd_check_context *context, const uint8_t *buf, size_t len,
                      struct mfd_findings *findings);
/* A RAM packet's header, prefix included. */
void mfd_check_packet(const struct mfd_check_context *context, const uint8_t *buf, size_t len,
                      struct mfd_findings *findings);
/* A device-state header, prefix included. */
void mfd_check_device(const struct mfd_check_context *context, const uint8_t *buf, size_t len,
                      struct mfd_findings *findings);

#endif
