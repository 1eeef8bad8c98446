// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parts of the compiler: compile.c sets a plan up, build.c makes the bytes that a step means, fault.c
 * changes them, emit.c sends them and keeps account of connections and memory, compile_step.c turns lines
 * into calls of these, complete.c brings a migration to its end.
 *
 * Functions return false after they have put the first error into the compiler's error.
 */
#ifndef MFD_COMPILE_H
#define MFD_COMPILE_H

#include "mapfile.h"
#include "message.h"
#include "method.h"

struct mfd_conn_state {
    bool connected;
    bool closed;   /* closed, reset or shut by a step of its own: nothing may follow */
    bool dead;     /* cut, closed or reset by a fault: what follows is left out */
    bool held;     /* still open here, with all that was sent */
    bool cut;      /* its bytes end within a message */
    bool bye;      /* TLS was ended by a close_notify */
    bool withheld; /* a fault left something out that it cannot do without */
    bool hello;    /* a hello was sent */
    bool header;   /* it opened as a main channel */
    bool numbered; /* `last_num` counts */
    uint64_t last_num;
    unsigned syncs;
    size_t sent; /* bytes, up to what opens a channel */
};

/* Where main is in the two sequences of records that every migration has. */
struct mfd_main_state {
    size_t start;    /* records of the START sequence sent */
    size_t last;     /* records of the END sequence sent */
    unsigned points; /* sync points */
    bool ended;      /* the end record was sent */
};

struct mfd_compiler {
    struct mfd_env env;
    struct mfd_lang_error *error;
    bool twin;
    struct mfd_plan *plan;
    struct mfd_steps *to;        /* where steps go: the plan's steps, witness or finish */
    const struct mfd_line *line; /* NULL: a step of the compiler's own */
    char *text;                  /* of the line */
    struct mfd_conn_state *conns;
    struct mfd_encoder **encoders; /* by connection; NULL until it has compressed something */
    struct mfd_main_state main;
    uint64_t next_num;
    unsigned device_packets;   /* so far */
    uint64_t file_at;          /* file: where the next record of the stream goes */
    struct mfd_mapped *mapped; /* file: headers that were built, by block; version 0: not yet */
    bool *bitmaps;             /* file: those that were written, by block */
    uint32_t **generations;    /* of the last content, by block and page */
    bool **used;               /* pages that a step touches, by block and page */
};

#define MFD_COMPILE_FAIL(c, ...) \
    mfd_lang_fail((c)->error, (c)->line ? (c)->line->line : 0, __VA_ARGS__)

/* ---- build.c ---- */

/* Appends what `verb` sends on a connection; `line` with its arguments, or NULL for none. */
bool mfd_build_verb(struct mfd_compiler *c, unsigned conn, enum mfd_verb verb,
                    const struct mfd_line *line, struct mfd_bytes *to);
/* One record of main, or a packet, as the sender means it where nothing else is said. */
void mfd_build_record(struct mfd_compiler *c, enum mfd_message message, size_t block,
                      struct mfd_bytes *to);
/* A packet with one page, for the witness. */
bool mfd_build_page(struct mfd_compiler *c, unsigned conn, unsigned block, size_t page,
                    struct mfd_bytes *to);
/* Records of the START sequence, or of the END sequence, in their order; MFD_MESSAGE_COUNT behind the last. */
enum mfd_message mfd_start_record(const struct mfd_compiler *c, size_t i, size_t *block);
enum mfd_message mfd_last_record(const struct mfd_compiler *c, size_t i);
/* Appends the END sequence from record `from` on. */
void mfd_build_last(struct mfd_compiler *c, size_t from, struct mfd_bytes *to);
/* Appends the START sequence from record `from` on. */
void mfd_build_start(struct mfd_compiler *c, size_t from, struct mfd_bytes *to);

/* ---- compile_sender.c ---- */

/* The moments of a plan that tests a sender, and how it is to send. */
bool mfd_compile_sender(struct mfd_compiler *c);

/* ---- build_file.c ---- */

/* Where in the file the next byte of `to` goes. */
uint64_t mfd_file_position(const struct mfd_compiler *c, const struct mfd_bytes *to);
/* The header of a block, laid out where it stands; what follows it in the stream stands behind the block's pages. */
void mfd_build_mapped(struct mfd_compiler *c, size_t block, struct mfd_bytes *to);
/* Pages, each at its place. */
bool mfd_build_file_data(struct mfd_compiler *c, const struct mfd_line *line, struct mfd_bytes *to);
/* The bitmap of a block, as the pages that were written so far have it. */
bool mfd_build_bitmap(struct mfd_compiler *c, size_t block, struct mfd_bytes *to);
/* `file truncate`. */
bool mfd_compile_truncate(struct mfd_compiler *c, const struct mfd_line *line);
/* Takes the argument `offset`. */
bool mfd_compile_file_offset(struct mfd_compiler *c, const struct mfd_line *line);
/* What the file lacks. */
bool mfd_complete_file(struct mfd_compiler *c);
/* Bitmaps that were not written yet. */
bool mfd_compile_bitmaps(struct mfd_compiler *c);
/* Whether the line may stand in a scenario of its transport. */
bool mfd_file_line_suits(struct mfd_compiler *c, const struct mfd_line *line);

/* ---- payload.c ---- */

/* Compresses what stands behind the last header, at `header`, as the next payload of the connection. */
bool mfd_payload_compress(struct mfd_compiler *c, unsigned conn, size_t header,
                          struct mfd_bytes *bytes);

struct mfd_stream_fault {
    unsigned conn;
    struct mfd_bytes *bytes; /* they end with the payload of the packet */
    size_t header;           /* offset of the packet */
    bool sized;              /* its next_packet_size is a fault and stays as it is */
    size_t behind;           /* bytes that a further fault puts behind the payload */
    size_t from;             /* result: what was changed begins here */
};

/* `stream=WORD` on a packet; what comes later on the connection goes on from there. NULL, or what is wrong. */
const char *mfd_payload_stream(struct mfd_compiler *c, const char *word,
                               struct mfd_stream_fault *fault);

/* ---- fault.c ---- */

/* Which bytes a fault touched, and what else it asks for. */
struct mfd_damage {
    unsigned conn; /* set by the caller */
    size_t offset;
    size_t size;
    bool touched; /* offset and size count */
    bool omit;
    bool twice;
    bool cut;
    bool close;
    bool reset;
    bool stranger; /* the connection is not one of the migration: plain or foreign */
    const struct mfd_fault *split;
};

/* Applies the line's faults to the bytes. */
bool mfd_fault_apply(struct mfd_compiler *c, struct mfd_bytes *bytes, struct mfd_damage *damage);

/* ---- emit.c ---- */

struct mfd_step *mfd_steps_add(struct mfd_compiler *c, enum mfd_step_kind kind, unsigned conn);
/* Sends `bytes`, with the faults of the line if `faulty`; takes them over. */
bool mfd_emit_bytes(struct mfd_compiler *c, unsigned conn, struct mfd_bytes *bytes, bool faulty);
/* Opens the connection if it is not open yet. */
void mfd_emit_connect(struct mfd_compiler *c, unsigned conn);
/* CLOSE, SHUT or RESET as a step of its own. */
void mfd_emit_end(struct mfd_compiler *c, unsigned conn, enum mfd_step_kind kind);
/* Whether something can be sent: it is open, and no fault has ended it. */
bool mfd_conn_usable(const struct mfd_compiler *c, unsigned conn);
/* Frees what the compiler holds beside the plan. */
void mfd_compiler_free(struct mfd_compiler *c);

/* ---- compile_step.c ---- */

bool mfd_compile_line(struct mfd_compiler *c, const struct mfd_line *line);
/* Makes `line` the one that steps and errors refer to. */
void mfd_compile_on_line(struct mfd_compiler *c, const struct mfd_line *line);
/* The same for one connection of the line only. */
bool mfd_compile_line_on(struct mfd_compiler *c, const struct mfd_line *line, unsigned conn);
/* Connections that the line is about: from `*first` on `*count` of them. */
bool mfd_line_conns(struct mfd_compiler *c, const struct mfd_line *line, unsigned *first,
                    unsigned *count);
/* A SYNC on every channel that is usable. */
bool mfd_compile_syncs(struct mfd_compiler *c);
/* What a sender from 10.0 on does when all is sent: under TLS, a close_notify on every channel that is usable. */
void mfd_compile_byes(struct mfd_compiler *c);

/* ---- orders.c ---- */

/* How many interleavings the scenario's `orders` has; 0 if it has none. */
bool mfd_orders_count(const struct mfd_env *env, size_t *count, struct mfd_lang_error *error);
/* The lines of `orders` in interleaving `order`, from 1 on, each with a SETTLE behind it. */
bool mfd_compile_orders(struct mfd_compiler *c, size_t order);

/* ---- complete.c ---- */

/* Whether the migration could end well from where it is, by steps of the compiler's own. */
bool mfd_can_complete(const struct mfd_compiler *c);
/* What is missing of RAM START and of each channel's opening, with a SETTLE if there was anything. */
bool mfd_complete_setup(struct mfd_compiler *c);
/* The last sync point and the end. */
bool mfd_complete_end(struct mfd_compiler *c);
/* Fills the plan's witness and finish. */
bool mfd_complete_fault_run(struct mfd_compiler *c);

/* ---- expand.c ---- */

/* What an instance's `values` point to. */
struct mfd_binding {
    size_t order; /* from 1 on; 0: the scenario has no `orders` */
    size_t count;
    struct mfd_bound bounds[];
};

/* Channels and page size under the parameters that the environment holds. */
bool mfd_env_settle(struct mfd_env *env, struct mfd_lang_error *error);

#endif
