// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the files of the observer share; for nobody else. observe.c takes events apart into messages,
 * observe_channel.c and observe_main.c judge those, observe_resume.c finds a channel again, observe_bytes.c knows which BYTES rules a message
 * was held to, observe_end.c decides what held.
 */
#ifndef MFD_OBSERVE_INSIDE_H
#define MFD_OBSERVE_INSIDE_H

#include "learn.h"
#include "observe.h"
#include "packet.h"

/* What the bytes being gathered on a connection are. */
enum stage {
    STAGE_FIRST, /* four bytes that tell main from channel */
    STAGE_HELLO,
    STAGE_PREFIX, /* of a packet; between two messages while no byte of it is there */
    STAGE_PACKET,
    STAGE_DEVICE,
    STAGE_RETRY, /* a prefix, where it stands if the zero pages before it have payload */
    STAGE_MAIN,  /* a record */
    STAGE_SEEK,  /* anything, until a prefix is found in it */
};

/* Notes a breach at `at` bytes behind the start of the message at hand. */
void mfd_observe_breach(struct mfd_observer *observer, enum mfd_rule rule,
                        const struct mfd_observer_conn *conn, size_t at, uint64_t got,
                        uint64_t want);
/* Room for the findings of a message. */
struct mfd_findings mfd_observe_findings(struct mfd_observer *observer);
/* Notes findings in the message at hand as breaches. */
void mfd_observe_found(struct mfd_observer *observer, const struct mfd_observer_conn *conn,
                       const struct mfd_findings *findings);
/* Tells the tap of the message at hand. */
void mfd_observe_tell(struct mfd_observer *observer, const struct mfd_observer_conn *conn,
                      enum mfd_message message, size_t size, uint64_t payload);
/* The message at hand is `size` bytes long, `payload` follow; then come `want` bytes of `stage`. */
void mfd_observe_passed(struct mfd_observer_conn *conn, size_t size, uint64_t payload,
                        enum stage stage, size_t want);

/* The bytes wanted on a channel, from its hello on, or on main, are there. */
void mfd_observe_channel(struct mfd_observer *observer, struct mfd_observer_conn *conn);
void mfd_observe_main(struct mfd_observer *observer, struct mfd_observer_conn *conn);
/* Whether a prefix is that of device state, which also tells something of the sender. */
bool mfd_observe_opens_device(struct mfd_observer *observer, const uint8_t *buf);

/* Holds the message at hand, all of which is there, to the rules about one message. Findings last until the next. */
void mfd_observe_judge_device(struct mfd_observer *observer, struct mfd_observer_conn *conn);
struct mfd_findings mfd_observe_judge_packet(struct mfd_observer *observer,
                                             struct mfd_observer_conn *conn,
                                             const struct mfd_packet *packet);
/* Flag bit of the method that a packet's payload has, as far as it shows; 0 for none. */
uint32_t mfd_observe_method(const struct mfd_observer *observer, const struct mfd_packet *packet);

/* What comes next on a connection that is lost is looked through for a packet. */
void mfd_observe_seek(struct mfd_observer_conn *conn);
/* Takes some of the bytes of such a connection, at least one of them; returns how many. */
size_t mfd_observe_resume(struct mfd_observer *observer, struct mfd_observer_conn *conn,
                          const uint8_t *bytes, size_t len);
/* The sender has closed a channel, or what may have become one. */
void mfd_observe_closed(struct mfd_observer *observer, struct mfd_observer_conn *conn);
/* Holds the SYNCs of a channel to the sync points on main, as far as either is final. */
void mfd_observe_balance(struct mfd_observer *observer, struct mfd_observer_conn *conn);

/* Something was learnt: what follows is judged by it. */
void mfd_observe_learnt(struct mfd_observer *observer);

/* Notes which BYTES rules a message was held to. */
void mfd_observe_judged_hello(struct mfd_observer *observer);
void mfd_observe_judged_packet(struct mfd_observer *observer, const struct mfd_packet *packet);
void mfd_observe_judged_device(struct mfd_observer *observer);
void mfd_observe_judged_record(struct mfd_observer *observer, const struct mfd_record *record);

/* Decides which FLOW rules held. */
void mfd_observe_decide(struct mfd_observer *observer);

#endif
