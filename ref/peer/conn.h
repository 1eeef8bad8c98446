// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One connection of a receiver as a state machine: no I/O, no clock, no knowledge of the others.
 *
 *     handle mfd_conn_begin(c, first);
 *     while (...) {
 *         n = read into mfd_conn_want(c, &count);
 *         for (got = mfd_conn_got(c, n); got != MFD_GOT_MORE; got = mfd_conn_got(c, 0)) {
 *             handle the event; leave when it ends the connection
 *         }
 *     }
 *
 * A connection starts unclassified with four wanted bytes, which are kept as the first of its first
 * message; in the stages of 2017, whose hello has no magic, the first to arrive is main and all others
 * are channels. The header of each message is a private copy that is checked completely before any
 * pointer is made from it. Payload of method none goes from the socket straight into the guest's
 * pages. That of another method is collected in a buffer of its largest size and decoded from there
 * into the pages when all of it is there. State of a device goes straight into the memory of its handler
 * (device.h), whose room bounds it, in packets that count as such but have no number.
 *
 * It is always strict: the first finding that a receiver must or should refuse is the error. There
 * is no received-bitmap: a zero page is always cleared, before the payload of the same packet is
 * taken.
 *
 * Memory is allocated once, sized by the configuration; nothing is allocated by a number of the
 * peer's.
 */
#ifndef MFD_CONN_H
#define MFD_CONN_H

#include "device.h"
#include "guest.h"
#include "mainstream.h"
#include "method.h"
#include "tail.h"

#include <sys/uio.h>

/* What all connections of a receiver share. */
struct mfd_conn_setup {
    struct mfd_check_context check; /* `ram` is the guest's table */
    enum mfd_sync sync;  /* where sync points stand on main; markers count in either mode */
    const char *machine; /* expected on main; NULL: any */
    struct mfd_guest *guest;
    uint64_t
        window; /* largest that a compressed stream may want; 0: whatever its method may have */
    /*
     * MFD_TAIL_MAX bytes for what stands on main behind the RAM where that may be sections of devices
     * (tail.h), as a real source sends them; NULL: these are refused. Not owned.
     */
    uint8_t *tail_room;
    struct mfd_device_handler *devices; /* not owned */
    size_t device_count;
};

/* Far above what the devices of a usual machine come to. */
#define MFD_TAIL_MAX (16u << 20)

enum mfd_role { MFD_ROLE_UNKNOWN, MFD_ROLE_CHANNEL, MFD_ROLE_MAIN };

/*
 * What happened. After PACKET and LOAD the next mfd_conn_got() says that the load may go on, now
 * and later.
 */
enum mfd_got {
    MFD_GOT_MORE,    /* nothing yet: more bytes are wanted */
    MFD_GOT_MAIN,    /* it is a main channel */
    MFD_GOT_HELLO,   /* a valid hello: mfd_conn.channel is known */
    MFD_GOT_PACKET,  /* the first packet with pages waits for permission to be checked and loaded */
    MFD_GOT_SYNC,    /* a SYNC packet, its pages loaded */
    MFD_GOT_RAM,     /* main: RAM START is complete, the table of blocks is final */
    MFD_GOT_LOAD,    /* main: the first page record waits for permission to be loaded */
    MFD_GOT_POINT,   /* main: a sync point */
    MFD_GOT_REPLY,   /* main: mfd_conn.reply is to be sent back */
    MFD_GOT_END,     /* main: no more sections */
    MFD_GOT_DRAINED, /* main: nothing that matters can follow */
    MFD_GOT_CLOSED,  /* closed by the peer between messages */
    MFD_GOT_FINDING, /* mfd_conn.finding is the error; the connection is dead */
};

struct mfd_conn {
    const struct mfd_conn_setup *setup;
    enum mfd_role role;
    unsigned channel;           /* from the hello on */
    bool hello_done;            /* channel: the hello was complete */
    bool return_path;           /* main: the peer listens for replies */
    bool ended;                 /* main: the end byte has passed */
    uint8_t reply[8];           /* main: valid at MFD_GOT_REPLY, MFD_RETURN_HEADER_SIZE + 4 bytes */
    struct mfd_finding finding; /* valid at MFD_GOT_FINDING */
    uint64_t at;                /* bytes of the stream before the message at hand */
    bool loading;   /* channel: what is wanted is payload, of which only the whole will do */
    bool in_device; /* it is the payload of a device-state packet */

    /* counters */
    uint64_t packets;
    uint64_t normal_pages;
    uint64_t zero_pages;
    uint64_t flushed;   /* channel: payloads of zlib that end where the compressor was flushed */
    uint64_t unflushed; /* channel: those that do not, which decode as well */

    /* private */
    uint64_t taken; /* bytes of the stream handled or buffered */
    uint8_t *buf;   /* header of the message at hand; of main also what was read ahead */
    size_t room;
    size_t fill;
    bool admitted; /* permission to load was given */
    bool waiting;  /* a header or record is checked as far as possible and waits for permission */
    struct mfd_packet *packet;
    struct iovec *iov; /* pages, or room of a device, still to be filled */
    struct iovec want; /* the one wanted piece while headers or compressed payload are read */
    size_t iov_first;
    size_t iov_count;
    struct mfd_decoder *decoder; /* NULL with method none, and so `payload` */
    uint8_t *payload;            /* MFD_COMPRESSED_MAX bytes */
    size_t payload_fill;
    struct mfd_main main;
    struct mfd_record record;
    uint64_t body;    /* main: bytes still to come behind the record */
    uint8_t *body_to; /* main: where they go; NULL: nowhere */
    bool ram_told;
    bool point_due;
    bool in_tail;
    struct mfd_tail tail;
    size_t tail_fill;
};

/* 0, ENOMEM, or ENOTSUP for the method. `setup` must outlive the connection. */
int mfd_conn_init(struct mfd_conn *c, const struct mfd_conn_setup *setup);
void mfd_conn_free(struct mfd_conn *c);

/*
 * Begins: MAIN where the order of arrival makes it main, else MORE. `first`: it was accepted before all
 * others.
 */
enum mfd_got mfd_conn_begin(struct mfd_conn *c, bool first);
/* Where the next bytes go: `*count` pieces, at least one byte, at most 1024 pieces. */
const struct iovec *mfd_conn_want(struct mfd_conn *c, size_t *count);
/*
 * `n` bytes were stored where mfd_conn_want() said, in its order; 0: go on after an event. Not to
 * be called after FINDING, CLOSED or DRAINED.
 */
enum mfd_got mfd_conn_got(struct mfd_conn *c, size_t n);
/* The peer will send nothing more: CLOSED, DRAINED, or a finding if a message was cut. */
enum mfd_got mfd_conn_eof(struct mfd_conn *c);
/*
 * Likewise, where the stream was to end with TLS's close_notify and did not: from 10.0 on that is a finding
 * on a channel also between two messages (MF-TLS-003).
 */
enum mfd_got mfd_conn_cut(struct mfd_conn *c);
/* The peer speaks no TLS where it is to: a finding; `first` are its first four bytes (MF-TLS-001). */
enum mfd_got mfd_conn_without_tls(struct mfd_conn *c, uint32_t first);
/* Whether it is a channel that stands between two messages. */
bool mfd_conn_at_boundary(const struct mfd_conn *c);

#endif
