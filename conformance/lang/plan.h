// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A plan: one scenario, with one set of parameters, for one peer, as the bytes to send and the memory to
 * expect. The compiler makes plans, the player plays them; nothing in a plan depends on time.
 */
#ifndef MFD_PLAN_H
#define MFD_PLAN_H

#include "field.h"
#include "outcome.h"
#include "rev.h"
#include "rule.h"
#include "wire.h"

enum mfd_fill {
    MFD_FILL_ZERO,
    MFD_FILL_BYTE,
    MFD_FILL_RANDOM,
    MFD_FILL_MIXED /* as random, but every third page holds zeros */
};

/* What a page holds in the model of guest RAM. */
enum mfd_page_state { MFD_PAGE_FILL, MFD_PAGE_DATA, MFD_PAGE_ZERO };

struct mfd_model_page {
    enum mfd_page_state state;
    uint32_t generation; /* of the data; see mfd_page_content() */
};

struct mfd_plan_block {
    char name[MFD_IDSTR_SIZE];      /* in the scenario */
    char wire_name[MFD_IDSTR_SIZE]; /* in the bytes; a peer may know the block by another name */
    uint64_t size;                  /* used length, bytes; may be below one page if resizable */
    bool resizable;
    enum mfd_fill fill;
    uint8_t fill_byte;
    struct mfd_model_page
        *pages; /* size / page_size entries: memory as the sender means it at the end */
    size_t page_count;
};

/* How a connection speaks: what is due, or a fault. */
enum mfd_plan_tls { MFD_PLAN_PLAIN, MFD_PLAN_TLS, MFD_PLAN_TLS_FOREIGN };

enum mfd_conn_kind {
    MFD_CONN_MAIN,
    MFD_CONN_CHANNEL,
    MFD_CONN_EXTRA,
    MFD_CONN_FILE /* no connection: the file of a plan that has one */
};

struct mfd_plan_conn {
    enum mfd_conn_kind kind;
    unsigned number; /* channel number, or index among the extra connections */
    char name[32];   /* "main", "ch 2", "extra x" */
    enum mfd_plan_tls tls;
};

enum mfd_step_kind {
    MFD_STEP_CONNECT,
    MFD_STEP_SEND,
    MFD_STEP_CLOSE,  /* orderly, both directions */
    MFD_STEP_SHUT,   /* half: nothing more is sent */
    MFD_STEP_BYE,    /* close_notify of TLS */
    MFD_STEP_RESET,  /* RST where the transport has one, else an abrupt close */
    MFD_STEP_SETTLE, /* wait until the peer has processed all that was sent */
    MFD_STEP_CUT,    /* the file, when all else is written, gets the size `cut` */
};

/* One message within the bytes of a SEND, so that a dump can name every field. */
struct mfd_plan_part {
    enum mfd_message message;
    size_t offset; /* in the step's bytes */
    size_t size;   /* of the message; what follows up to the next part is payload */
};

/* From `offset` of a SEND's bytes on, up to the next place, they stand at `at` of the file and behind it. */
struct mfd_plan_place {
    size_t offset;
    uint64_t at;
};

struct mfd_step {
    enum mfd_step_kind kind;
    unsigned conn; /* index in the plan's connections; unused for SETTLE */
    unsigned line; /* in the scenario file; 0 for steps of the compiler's own */
    bool deviation;
    char *text;     /* the step as a scenario line, owned */
    uint8_t *bytes; /* SEND: owned */
    size_t size;
    struct mfd_plan_part *parts; /* SEND: owned */
    size_t part_count;
    /* SEND: the bytes that the fault touched; size 0 where it touched none (omitted, cut) */
    size_t fault_offset;
    size_t fault_size;
    /* SEND: sizes of separate writes; NULL: one write. What is left after the list goes in one write, or
     * in writes of the last size if split_repeat. */
    size_t *split;
    size_t split_count;
    bool split_repeat;
    /* SEND into a file: owned; in the order of `offset`, the first of which is 0 */
    struct mfd_plan_place *places;
    size_t place_count;
    uint64_t cut; /* CUT */
};

struct mfd_steps {
    struct mfd_step *list;
    size_t count;
};

/* A device of the receiver, and the state that it has in the end. */
struct mfd_plan_device {
    const char *idstr; /* not owned */
    uint32_t instance;
    size_t size;    /* bytes that there is room for */
    uint8_t *state; /* owned */
    size_t filled;  /* bytes of it */
};

/* Of a plan that tests a sender: when the receiver does something to one connection. */
enum mfd_moment_at {
    MFD_AT_ACCEPT, /* it is taken; channels are counted as they arrive */
    MFD_AT_HELLO,
    MFD_AT_SYNC,
    MFD_AT_DATA,  /* a packet with pages that is no SYNC */
    MFD_AT_START, /* main: the RAM START section is complete */
    MFD_AT_LAST,  /* main: the sync point of the END section is reached */
    MFD_AT_END,   /* main: no more sections */
};

/* What it does then, as bits. */
#define MFD_DO_REFUSE 1u  /* takes neither this connection nor any later one */
#define MFD_DO_FOREIGN 2u /* shows a certificate, or a key, that the sender does not know */
#define MFD_DO_CLOSE 4u   /* closes it in order, */
#define MFD_DO_RESET 8u   /* resets it, */
#define MFD_DO_STALL 16u  /* reads nothing more from it */
#define MFD_DO_CANCEL 32u /* has the sender cancel */

/* The last message of its kind, whatever its number. */
#define MFD_NUMBER_LAST UINT64_MAX

struct mfd_moment {
    unsigned conn; /* index in the plan's connections */
    enum mfd_moment_at at;
    uint64_t number; /* of that kind of message, from 0 */
    uint64_t cut;    /* the moment comes after so many bytes of the message; 0: behind it */
    unsigned acts;
    unsigned line; /* in the scenario file */
    char *text;    /* the step as a scenario line, owned */
};

struct mfd_plan {
    char *id;                            /* "init/id-equals-count" or "init/eof[n=13]" */
    char *params;                        /* "n=13 channels=4", "" if none */
    const struct mfd_scenario *scenario; /* not owned; must outlive the plan */
    bool twin;                           /* the faults were left out */

    /* what the peer must be configured with */
    enum mfd_rev speak;
    enum mfd_rev peer_rev; /* what the peer itself is; `speak` if that is one of 2017 */
    enum mfd_sync sync;
    enum mfd_zero zero;
    unsigned channels;
    uint32_t method; /* flag bit, 0 none */
    bool uuid_set;
    uint8_t uuid[MFD_UUID_SIZE]; /* all zero unless set */
    uint32_t page_size;
    enum mfd_tls tls;
    const char *machine;             /* not owned */
    struct mfd_plan_device *devices; /* whose state it is to take */
    size_t device_count;
    struct mfd_plan_block *blocks;
    size_t block_count;

    /* The steps write a mapped-ram file, which the peer gets when it is complete: they are all SEND and CUT, on
     * the one "connection" of the kind FILE, and there is no witness. */
    bool file;
    uint64_t file_offset; /* of the stream in the file */

    /* The peer is the sender: there are no steps, and these moments, none of a plan without fault. */
    bool sender;
    bool tcp; /* over TCP, not a UNIX socket */
    struct mfd_moment *moments;
    size_t moment_count;

    struct mfd_plan_conn *conns;
    size_t conn_count;
    struct mfd_steps steps;
    bool finished;   /* the steps themselves complete the migration */
    int deviating;   /* connection that the fault is on; -1 in a twin or a scenario without fault */
    bool half_hello; /* a hello is held incomplete: liveness must not be probed */

    /* A valid page sent on the deviating channel after the steps, to see whether it is still heard; empty
     * where there is no such channel or its stream is not at a message boundary. */
    struct mfd_steps witness;
    /* Steps at the head of `finish` that complete the setup. The witness starts with the same ones: where it
     * was played, `finish` goes on behind them. */
    size_t setup_count;
    unsigned witness_block;
    size_t witness_page;
    uint32_t witness_generation;
    /* Completes the migration from where the steps left it; empty if `finished`, or if it cannot be done. */
    struct mfd_steps finish;

    mfd_outcomes expect; /* 0: not applicable to this profile */
};

void mfd_plan_free(struct mfd_plan *plan);

/* Size of write `i` of a SEND of which `left` bytes, at least one, are still to be written. */
size_t mfd_step_piece(const struct mfd_step *step, size_t i, size_t left);

/* Digest of all that decides how a peer behaves (configuration, connections, steps): equal for equal plans. */
uint64_t mfd_plan_digest(const struct mfd_plan *plan);
/* Digest of what the steps send on each connection, however it is cut into steps. */
uint64_t mfd_plan_sent_digest(const struct mfd_plan *plan);

/*
 * Content of a page that was sent as data: unique by (block, page, generation), never all zero. `block` is
 * the index in the plan.
 */
void mfd_page_content(uint8_t *out, uint32_t page_size, unsigned block, size_t page,
                      uint32_t generation);
/* Content of a page before the migration, by the block's fill. */
void mfd_page_filled(uint8_t *out, uint32_t page_size, const struct mfd_plan_block *block,
                     unsigned index, size_t page);
/* Content that the model expects at the end, without the witness. */
void mfd_page_expected(uint8_t *out, const struct mfd_plan *plan, unsigned block, size_t page);

#endif
