// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The observer: which rules a session kept, told from its events.
 *
 * It is fed the events of one whole migration and judges every BYTES rule, by the checks, and the FLOW
 * rules that the bytes of all connections decide. It tells main from channels by their first four
 * bytes (in the stages of 2017 by which one came first), puts messages together from any fragmentation and passes over payload without keeping it.
 *
 * A rule is BROKEN as soon as a breach shows. It is HELD only after mfd_observer_end(): a BYTES rule if
 * at least one message was held to it, a FLOW rule if what it is about was seen and nothing that could
 * tell otherwise is missing. No rule is held because nothing was there to break it. Everything else is
 * UNDECIDED. In particular:
 *
 * - a connection without OPEN event started before the first event: nothing of it is judged, and no
 *   rule that depends on all connections is held;
 * - a connection without CLOSE or RESET event was still open at the end;
 * - where the receiver closed a connection first, a sender that then stops within a message, or
 *   before its last SYNC, breaks nothing;
 * - after bytes that cannot be followed (a wrong count of pages, sections of unknown size on main) the
 *   rest of that connection is left alone.
 *
 * Pure: no allocation, no I/O; all memory is the caller's.
 */
#ifndef MFD_OBSERVE_H
#define MFD_OBSERVE_H

#include "check.h"
#include "event.h"
#include "mainstream.h"
#include "wire.h"

/* Numbers of packets may be this far out of order between channels; else MF-NUM-002 is undecided. */
#define MFD_OBSERVER_WINDOW 65536u
/*
 * A channel without any page starves if another carried this many packets with pages. One or two can
 * pass a channel by that is still busy with its SYNC; that many cannot.
 */
#define MFD_OBSERVER_STARVED 16u

struct mfd_learned; /* learn.h */

/* What is known of the session beforehand. */
struct mfd_observer_config {
    enum mfd_rev rev;    /* spoken by the sender */
    enum mfd_sync sync;  /* where main carries its sync points */
    enum mfd_zero zero;  /* where zero pages travel */
    bool no_switchover;  /* the sender is told to leave out SWITCHOVER_START */
    uint32_t channels;   /* 0: not known */
    const uint8_t *uuid; /* MFD_UUID_SIZE bytes, or NULL: not known */
    uint32_t page_size;  /* a power of two from 256 to 65536 */
    uint32_t method;     /* flag bit, 0 for none, or MFD_METHOD_UNKNOWN */
    /*
     * Machine type of the receiver, or NULL: not known. Only of the machine "none" are all sections
     * known; of others an unknown section ends what can be followed, but breaks nothing.
     */
    const char *machine;
    const struct mfd_ramtable *ram; /* blocks of the receiver, or NULL: only those of RAM START */
};

/* The usual settings of a revision, with 4 KiB pages and everything else not known. */
struct mfd_observer_config mfd_observer_config(enum mfd_rev rev);

/* One connection; its members are the observer's own business. */
struct mfd_observer_conn {
    uint32_t number;
    uint8_t stage; /* enum stage of observe_inside.h */
    bool opened;   /* its OPEN event was seen */
    bool is_channel;
    bool lost;      /* cannot be followed through */
    bool gap;       /* lost since bytes of it are missing */
    bool seeks;     /* lost, but its packets may be found again */
    bool framed;    /* then: what is at hand stands where a message ended */
    bool sure;      /* then: and so is a message itself */
    bool resumed;   /* packets of it were found again */
    bool closed;    /* by the sender */
    bool cut;       /* by the receiver */
    bool after_cut; /* closed when the receiver had already closed a connection */
    bool between;   /* was closed between two messages */
    bool hello_done;
    bool hello_unsure;   /* what stands in place of the hello makes sense as a packet, too */
    bool sync_first;     /* a SYNC was its first packet */
    bool last_was_sync;  /* the last packet was a SYNC, whose number may come again before 9.0 */
    bool short_of_syncs; /* its breach of MF-SYNC-010 is told */
    bool count_told;     /* its breach of MF-SYNC-002 is told */
    uint8_t *buf;        /* start of the message at hand */
    size_t have;         /* bytes of it in `buf` */
    size_t want;         /* bytes needed to go on */
    uint64_t offset;     /* of buf[0] in the stream */
    uint64_t payload;    /* bytes behind the last message, and how many of them are to come */
    uint64_t skip;
    size_t close_event;
    uint64_t packets; /* RAM packets */
    uint64_t batches; /* of these with pages */
    uint64_t syncs;   /* of these with SYNC */
    uint64_t first_num;
    uint64_t first_offset; /* of the first packet */
    uint64_t last_num;
    uint64_t zero_bytes; /* what the zero pages of the last packet would take as payload */
    uint8_t hello[MFD_HELLO_SIZE]; /* kept while not sure */
    uint64_t lost_at;              /* where framing was lost, while zero_bytes are tried */
};

/*
 * The caller's memory; it stays in use until the last verdict was asked for and needs no
 * initialisation but that of the pages.
 */
struct mfd_observer_memory {
    /* One for each connection: 256 for the most channels, and a few for connections too many. */
    struct mfd_observer_conn *conns;
    size_t conn_count;
    uint8_t *buffers;             /* conn_count times mfd_observer_buffer_size() bytes */
    struct mfd_finding *findings; /* mfd_observer_findings() of them */
    struct mfd_ramblock *blocks;  /* as many as RAM START lists; with fewer, */
    size_t block_count;           /* rules about blocks are undecided */
    /*
     * For MF-SYNC-008 two bytes for each page of all blocks, and two more for each block, all zero:
     * 2 MiB for a guest of 4 GiB. NULL leaves the rule undecided.
     */
    uint16_t *pages;
    size_t page_count;
    /* For mfd_observer_breaches(); NULL where nobody asks. */
    struct mfd_breach *breaches;
    size_t breach_room;
};

/* One breach, for those who want all of them and not only the first of each rule. */
struct mfd_breach {
    enum mfd_rule rule;
    uint32_t connection;
    uint64_t offset; /* in what that connection carried forward, from 0 */
    uint64_t got;
    uint64_t want;
};

/* Bytes of work buffer that one connection needs: 1344 for 4 KiB pages. */
size_t mfd_observer_buffer_size(uint32_t page_size);
/* Findings that one message can have at most. */
size_t mfd_observer_findings(uint32_t page_size);

enum mfd_observed { MFD_OBSERVED_UNDECIDED, MFD_OBSERVED_HELD, MFD_OBSERVED_BROKEN };

/* How a rule fared. All but `state` and `count` tell of its first breach. */
struct mfd_observation {
    enum mfd_observed state;
    size_t count; /* breaches */
    size_t event; /* number of the event, from 0, with which it showed */
    uint32_t connection;
    uint64_t offset; /* in what that connection carried forward, from 0 */
    uint64_t got;
    uint64_t want; /* the value, or the bound that was passed; 0 where there is neither */
};

/* A message that the sender has sent, told as soon as its own bytes are there: its payload follows. */
struct mfd_observed_message {
    uint32_t connection;
    enum mfd_message message;
    uint64_t offset; /* in what that connection carries forward */
    const uint8_t *bytes;
    size_t size;
    uint64_t payload;
};
typedef void (*mfd_observer_tap_fn)(const struct mfd_observed_message *message, void *context);

/* Members are private; the size is fixed, some 16 KiB. */
struct mfd_observer {
    struct mfd_observer_config config;
    struct mfd_observer_memory memory;
    struct mfd_learned *learned; /* or NULL: nothing is learnt here */
    mfd_observer_tap_fn tap;     /* or NULL */
    void *tap_context;
    struct mfd_check_context context; /* of channels */
    struct mfd_check_context main_context;
    struct mfd_main main_state;
    struct mfd_ramtable listed; /* blocks of RAM START */
    struct mfd_observer_conn *main;
    struct mfd_observer_conn *latest; /* found last */
    size_t conns;                     /* in use */
    size_t event;                     /* number of the event at hand */
    size_t buffer_size;               /* of each connection */
    size_t breaches;                  /* of the event at hand */
    bool ended;
    bool late;            /* some connection was not seen from its start */
    bool untracked;       /* there were more connections than memory */
    bool blocks_missing;  /* RAM START's list did not fit into memory */
    bool receiver_closed; /* the receiver closed a connection */
    bool ram_done;        /* the last RAM section has ended: the number of sync points is final */
    bool switchover;      /* SWITCHOVER_START was seen */
    bool zero_on_main;
    bool zero_in_packets;
    bool zero_framed;    /* a message, or the end, followed a packet with zero pages directly */
    bool pages_unjudged; /* MF-SYNC-008 could not be judged for some page */
    bool pages_judged;
    size_t channels;    /* connections that are channels */
    uint64_t points;    /* sync points on main */
    size_t point_event; /* of the last one */
    uint64_t ids[4];    /* channel ids seen, one bit each */
    /* Numbers of packets: all below `low` were seen, those from it on are bits. */
    uint64_t low;
    uint64_t window[MFD_OBSERVER_WINDOW / 64];
    bool window_passed;
    struct mfd_observation highest; /* number seen, and where */
    bool judged[MFD_RULE_COUNT];    /* some message was held to the rule */
    struct mfd_observation verdicts[MFD_RULE_COUNT];
};

/*
 * Copies `config` and `memory`; what these point to stays the caller's and must outlive the observer,
 * which itself must not be moved or copied.
 */
void mfd_observer_start(struct mfd_observer *observer, const struct mfd_observer_config *config,
                        const struct mfd_observer_memory *memory);
/*
 * For whoever learns of the session from its bytes: replaces the configuration from the next event on.
 * What was judged stays judged. The page size may only grow, and must not change once pages were seen.
 */
void mfd_observer_learn(struct mfd_observer *observer, const struct mfd_observer_config *config);
/*
 * From now on the observer learns by itself: into `learned`, which was started, and outlives it. The buffers
 * have to be those of the smallest page size, or of the one given.
 */
void mfd_observer_teach(struct mfd_observer *observer, struct mfd_learned *learned);
/* From now on each message that can be followed is told to `tap` as well. */
void mfd_observer_tap(struct mfd_observer *observer, mfd_observer_tap_fn tap, void *context);
/*
 * How much of a connection, forward, are messages that were told, with as much of their payload as has come;
 * UINT64_MAX where nothing more will be told.
 */
uint64_t mfd_observer_told(const struct mfd_observer *observer, uint32_t connection);
/*
 * Gives other memory for connections, buffers and findings: for more connections than at the start, or for smaller pages. What the
 * old memory holds is taken over, and it is the caller's again.
 */
void mfd_observer_give_room(struct mfd_observer *observer, const struct mfd_observer_memory *memory,
                            uint32_t page_size);
/* Gives memory for MF-SYNC-008 that was left out at the start, before any page was seen. */
void mfd_observer_give_pages(struct mfd_observer *observer, uint16_t *pages, size_t count);
/* Blocks of RAM START, once all of them were listed; NULL before, or where memory did not hold them. */
const struct mfd_ramtable *mfd_observer_blocks(const struct mfd_observer *observer);

/* Events in the order in which they happened. Its bytes are not needed after the call. */
void mfd_observer_event(struct mfd_observer *observer, const struct mfd_event *event);
/*
 * The next bytes that the sender sent on a connection are missing. Within payload that changes nothing, for
 * it is passed over in any case. Else main cannot be followed any further; of a channel the packets are judged
 * again from the second one on that is found behind the gap, but nothing that takes the whole of it.
 */
void mfd_observer_missing(struct mfd_observer *observer, uint32_t connection, uint64_t count);
/* No event follows: what can now be told, is. */
void mfd_observer_end(struct mfd_observer *observer);

/*
 * How many breaches the last event, or the end, showed, as far as there is room: they stand in the memory for
 * breaches. The first one of a rule has room before repeats of others.
 */
size_t mfd_observer_breaches(const struct mfd_observer *observer);

enum mfd_observer_role { MFD_ROLE_NONE_YET, MFD_ROLE_IS_MAIN, MFD_ROLE_IS_CHANNEL };

/* What a connection has turned out to be. */
enum mfd_observer_role mfd_observer_role(const struct mfd_observer *observer, uint32_t connection);
/* Whether a connection could be followed so far. */
bool mfd_observer_follows(const struct mfd_observer *observer, uint32_t connection);

/* At any time; HELD only after the end. */
struct mfd_observation mfd_observer_verdict(const struct mfd_observer *observer,
                                            enum mfd_rule rule);

/* Why a rule is undecided. */
enum mfd_undecided {
    MFD_DECIDED,              /* it is not */
    MFD_UNDECIDED_REVISION,   /* the revision has no such rule */
    MFD_UNDECIDED_UNSEEN,     /* what a sender sends does not show it */
    MFD_UNDECIDED_CHANNELS,   /* the number of channels set up is not known */
    MFD_UNDECIDED_UUID,       /* nor the UUID */
    MFD_UNDECIDED_MACHINE,    /* nor the receiver's machine type */
    MFD_UNDECIDED_BLOCKS,     /* nor the blocks of RAM */
    MFD_UNDECIDED_LATE,       /* a connection began before the first event */
    MFD_UNDECIDED_UNTRACKED,  /* there were more connections than memory */
    MFD_UNDECIDED_GAP,        /* bytes are missing */
    MFD_UNDECIDED_LOST,       /* a connection could not be followed */
    MFD_UNDECIDED_MAIN,       /* there is no main channel */
    MFD_UNDECIDED_CHANNEL,    /* there is no channel, or not each has sent its hello */
    MFD_UNDECIDED_NOTHING,    /* nothing that the rule is about was sent */
    MFD_UNDECIDED_CUT,        /* the receiver closed a connection before the sender was done */
    MFD_UNDECIDED_UNFINISHED, /* the RAM sections have not ended */
    MFD_UNDECIDED_OPEN,       /* a connection was still open at the end */
    MFD_UNDECIDED_COUNT,
};

/* After the end; where several reasons hold, the one that has to be removed first. */
enum mfd_undecided mfd_observer_undecided(const struct mfd_observer *observer, enum mfd_rule rule);
/* The reason as a phrase: "the number of channels is not known". */
const char *mfd_undecided_text(enum mfd_undecided reason);

/* Whether a session of some revision can decide the rule: each BYTES rule, and some FLOW rules. */
bool mfd_observer_judges(enum mfd_rule rule);

#endif
