// SPDX-License-Identifier: GPL-2.0-or-later
#include "failure.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* How the `want` of a finding relates to what was got. */
static const char *relation(enum mfd_rule rule)
{
    switch (rule) {
    case MFD_HDR_005:
    case MFD_HDR_015:
    case MFD_HDR_016:
    case MFD_HDR_017:
    case MFD_HDR_018:
    case MFD_HDR_021:
    case MFD_HDR_022:
    case MFD_PAY_008:
    case MFD_DEV_006:
    case MFD_MAP_007:
        return "at most ";
    case MFD_INIT_012:
        return "less than ";
    case MFD_DEV_004:
    case MFD_MAP_012:
        return "at least ";
    case MFD_MAP_002:
    case MFD_MAP_011:
        return "a multiple of ";
    default:
        return "";
    }
}

/* A hello that starts as a record of TLS does. */
static const char *hint(const struct mfd_finding *finding)
{
    return finding->rule == MFD_INIT_002 && finding->got >> 16 == 0x1603
               ? " The sender speaks TLS, this end does not."
               : "";
}

const char *mfd_failure_text(const struct mfd_failure *failure, char *buf, size_t size)
{
    const char *colon = failure->connection[0] ? ": " : "";
    const struct mfd_finding *finding = &failure->finding;

    if (!failure->set) {
        snprintf(buf, size, "no failure");
    } else if (failure->is_rule) {
        const struct mfd_rule_info *info = mfd_rule_info(finding->rule);

        snprintf(buf, size,
                 "%s%s%s at byte %" PRIu32 ": got 0x%" PRIx64 ", want %s0x%" PRIx64 " (%s)%s",
                 failure->connection, colon, info->id, finding->offset, finding->got,
                 relation(finding->rule), finding->want, info->text, hint(finding));
    } else if (failure->why[0]) {
        snprintf(buf, size, "%s%s%s: %s", failure->connection, colon, failure->what, failure->why);
    } else if (failure->error) {
        snprintf(buf, size, "%s%s%s: %s", failure->connection, colon, failure->what,
                 strerror(failure->error));
    } else {
        snprintf(buf, size, "%s%s%s", failure->connection, colon, failure->what);
    }
    return buf;
}
