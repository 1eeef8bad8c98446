// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules: what must hold on the wire, and what a receiver does with a breach. The table is
 * rules.def.
 *
 * One rule is one property of the wire. `send` says how strictly a sender keeps it, `receipt` what
 * a receiver does when it does not hold; where both sides owe the same property there is one row.
 */
#ifndef MFD_RULE_H
#define MFD_RULE_H

#include "rev.h"

#include <stdbool.h>
#include <stddef.h>

enum mfd_rule {
#define RULE(area, number, ...) MFD_##area##_##number,
#define MERGED(...)
#define DROPPED(...)
#include "rules.def"
#undef RULE
#undef MERGED
#undef DROPPED
    MFD_RULE_COUNT
};

/* Who owes the rule a check. */
enum mfd_rule_kind {
    MFD_KIND_BYTES, /* one message decides: check.h */
    MFD_KIND_FLOW,  /* a stream or a whole session decides: observe.h and session.h */
    MFD_KIND_ACT,   /* behaviour of a peer, seen only from outside */
};

enum mfd_send { MFD_SEND_NONE, MFD_SEND_MAY, MFD_SEND_SHOULD, MFD_SEND_MUST };

enum mfd_receipt {
    MFD_RECEIPT_NONE,          /* the receiver has no part in it */
    MFD_RECEIPT_FREE,          /* it may accept or refuse */
    MFD_RECEIPT_ACCEPT_MUST,   /* a breach, or what the rule describes, is accepted */
    MFD_RECEIPT_REFUSE_MUST,   /* a breach ends the migration cleanly */
    MFD_RECEIPT_REFUSE_SHOULD, /* likewise, as a SHOULD */
    MFD_RECEIPT_KEEP_MUST,     /* the receiver itself behaves as the rule says */
    MFD_RECEIPT_KEEP_SHOULD,
};

/* Where a breach shows. */
enum mfd_seen { MFD_SEEN_NOT, MFD_SEEN_PEER, MFD_SEEN_CAPTURE, MFD_SEEN_MEMORY };

struct mfd_rule_info {
    const char *id; /* "MF-HDR-021" */
    enum mfd_rule_kind kind;
    const char *field; /* space-separated MESSAGE.FIELD that the rule is about; "" if none */
    enum mfd_send send;
    enum mfd_receipt receipt;
    enum mfd_rev since; /* applies from this revision ... */
    enum mfd_rev until; /* ... up to, not including, this one */
    enum mfd_seen seen;
    const char *unseen; /* why nothing here shows it; NULL where it is seen */
    const char *text;
    const char *source;
};

/* A candidate that is no rule of its own. */
struct mfd_rule_tombstone {
    const char *id;
    const char *into;   /* the rule that took it over, or NULL */
    const char *reason; /* why it was dropped, or NULL */
};

const struct mfd_rule_info *mfd_rule_info(enum mfd_rule rule);
/* Exact id, as "MF-INIT-012"; MFD_RULE_COUNT if there is none. Tombstones are not found. */
enum mfd_rule mfd_rule_find(const char *id);
/* All tombstones, `*count` of them. */
const struct mfd_rule_tombstone *mfd_rule_tombstones(size_t *count);

bool mfd_rule_applies(enum mfd_rule rule, enum mfd_rev rev);
/* Whether a receiver must or should refuse a breach. */
bool mfd_rule_refused(enum mfd_rule rule);
/* "MUST", "SHOULD", "MAY" or "-": the level for a receiver, or for a sender. */
const char *mfd_rule_level(enum mfd_rule rule, bool sender);

const char *mfd_kind_name(enum mfd_rule_kind kind);
const char *mfd_send_name(enum mfd_send send);
const char *mfd_receipt_name(enum mfd_receipt receipt);
const char *mfd_seen_name(enum mfd_seen seen);

#endif
