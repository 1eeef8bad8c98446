// SPDX-License-Identifier: GPL-2.0-or-later
#include "rule.h"

#include <string.h>

/* The last columns of a row: where it shows, and why not. */
#define PEER MFD_SEEN_PEER, NULL
#define CAPTURE MFD_SEEN_CAPTURE, NULL
#define MEMORY MFD_SEEN_MEMORY, NULL
#define NOT(reason) MFD_SEEN_NOT, reason

static const struct mfd_rule_info rules[MFD_RULE_COUNT] = {
#define RULE(area, number, kind, field, send, receipt, since, until, ...) \
    ROW(area, number, kind, field, send, receipt, since, until, __VA_ARGS__)
#define ROW(area, number, kind, field, send, receipt, since, until, ...) \
    {"MF-" #area "-" #number, MFD_KIND_##kind, field,           MFD_SEND_##send, \
     MFD_RECEIPT_##receipt,   MFD_REV_##since, MFD_REV_##until, __VA_ARGS__},
#define MERGED(...)
#define DROPPED(...)
#include "rules.def"
#undef RULE
#undef MERGED
#undef DROPPED
};

static const struct mfd_rule_tombstone tombstones[] = {
#define RULE(...)
#define MERGED(old, into) {old, into, NULL},
#define DROPPED(old, reason) {old, NULL, reason},
#include "rules.def"
#undef RULE
#undef MERGED
#undef DROPPED
};

const struct mfd_rule_info *mfd_rule_info(enum mfd_rule rule)
{
    return &rules[rule];
}

enum mfd_rule mfd_rule_find(const char *id)
{
    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        if (strcmp(rules[i].id, id) == 0) {
            return (enum mfd_rule)i;
        }
    }
    return MFD_RULE_COUNT;
}

const struct mfd_rule_tombstone *mfd_rule_tombstones(size_t *count)
{
    *count = sizeof(tombstones) / sizeof(tombstones[0]);
    return tombstones;
}

bool mfd_rule_applies(enum mfd_rule rule, enum mfd_rev rev)
{
    return rules[rule].since <= rev && rev < rules[rule].until;
}

bool mfd_rule_refused(enum mfd_rule rule)
{
    enum mfd_receipt receipt = rules[rule].receipt;

    return receipt == MFD_RECEIPT_REFUSE_MUST || receipt == MFD_RECEIPT_REFUSE_SHOULD;
}

const char *mfd_rule_level(enum mfd_rule rule, bool sender)
{
    static const char *const by_send[] = {"-", "MAY", "SHOULD", "MUST"};
    static const char *const by_receipt[] = {"-",      "MAY",  "MUST",  "MUST",
                                             "SHOULD", "MUST", "SHOULD"};

    return sender ? by_send[rules[rule].send] : by_receipt[rules[rule].receipt];
}

const char *mfd_kind_name(enum mfd_rule_kind kind)
{
    static const char *const names[] = {"bytes", "flow", "act"};

    return names[kind];
}

const char *mfd_send_name(enum mfd_send send)
{
    static const char *const names[] = {"-", "MAY", "SHOULD", "MUST"};

    return names[send];
}

const char *mfd_receipt_name(enum mfd_receipt receipt)
{
    static const char *const names[] = {
        "-", "free", "accept MUST", "refuse MUST", "refuse SHOULD", "keep MUST", "keep SHOULD",
    };

    return names[receipt];
}

const char *mfd_seen_name(enum mfd_seen seen)
{
    static const char *const names[] = {"not", "peer", "capture", "memory"};

    return names[seen];
}
