// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A scenario as the parser leaves it: for printer, expander, compiler and lint only.
 *
 * The tree is canonical: arguments and faults stand in the one order in which they are printed. Everything
 * hangs in the scenario's arena; names that the grammar fixes are resolved, numbers that depend on
 * parameters or on the peer are not.
 */
#ifndef MFD_TREE_H
#define MFD_TREE_H

#include "memory.h"
#include "scenario.h"

/* ---- values ---- */

/* A number as it was written. */
struct mfd_int {
    uint64_t digits;
    bool hex;
    char suffix; /* 'K', 'M', 'G', 'T' or 0 */
};

enum mfd_symbol {
    MFD_SYM_NONE,
    MFD_SYM_CHANNELS,
    MFD_SYM_PAGE,
    MFD_SYM_SLOTS,
    MFD_SYM_LEN,
    MFD_SYM_SIZE
};

/* [-]INT[+-INT], [INT*]SYM[+-INT] or $name; in place of the last INT also $name. */
struct mfd_term {
    const char *param; /* $name: all else is unused */
    enum mfd_symbol symbol;
    const char *of; /* block of len(), message of size() */
    bool negative;  /* -INT */
    bool scaled;    /* INT* stands before the symbol */
    struct mfd_int number;
    char sign; /* '+', '-' or 0: no addend */
    struct mfd_int addend;
    const char *addend_param; /* $name in place of the addend */
};

enum mfd_value_kind {
    MFD_VALUE_TERM,
    MFD_VALUE_RANGE, /* both ends included */
    MFD_VALUE_TEXT,  /* "..." */
    MFD_VALUE_BYTES, /* x'...' */
    MFD_VALUE_WORD,  /* same, swapped, a method */
};

struct mfd_value {
    enum mfd_value_kind kind;
    struct mfd_term from; /* TERM and RANGE */
    struct mfd_term to;   /* RANGE */
    const char *text;     /* TEXT, WORD */
    const uint8_t *bytes; /* BYTES */
    size_t len;           /* of text or bytes */
};

struct mfd_values {
    struct mfd_value *list;
    size_t count;
};

/* ---- verbs and arguments ---- */

enum mfd_verb {
#define VERB(name, ...) MFD_VERB_##name,
#include "verb.def"
    MFD_VERB_COUNT
};

enum mfd_arg_name {
#define ARGUMENT(name, ...) MFD_ARG_##name,
#include "verb.def"
    MFD_ARG_COUNT
};

enum mfd_arg_shape {
    MFD_SHAPE_NUMBER,
    MFD_SHAPE_COUNT,
    MFD_SHAPE_LIST,
    MFD_SHAPE_BLOCK,
    MFD_SHAPE_TEXT,
    MFD_SHAPE_BYTES,
    MFD_SHAPE_SPLIT,
};

enum mfd_who_kind {
    MFD_WHO_NOBODY,
    MFD_WHO_MAIN,
    MFD_WHO_CHANNEL,
    MFD_WHO_EXTRA,
    MFD_WHO_FILE,
    MFD_WHO_SENDER, /* only as a bit of mfd_verb_info.who: any WHO, in a scenario of role sender */
};

struct mfd_verb_info {
    const char *name;
    unsigned who;      /* bits 1 << mfd_who_kind */
    unsigned args;     /* bits 1 << mfd_arg_name */
    unsigned messages; /* bits 1 << mfd_message */
};

const struct mfd_verb_info *mfd_verb_info(enum mfd_verb verb);
/* MFD_VERB_COUNT if there is none of that name. */
enum mfd_verb mfd_verb_find(const char *name);
const char *mfd_arg_name(enum mfd_arg_name name);
enum mfd_arg_shape mfd_arg_shape(enum mfd_arg_name name);
enum mfd_arg_name mfd_arg_find(const char *name);

/* ---- steps ---- */

struct mfd_who {
    enum mfd_who_kind kind;
    bool all;             /* ch * */
    bool range;           /* ch A..B */
    struct mfd_term from; /* CHANNEL */
    struct mfd_term to;
    const char *name; /* EXTRA */
};

struct mfd_arg {
    enum mfd_arg_name name;
    struct mfd_values values; /* one value but for LIST and SPLIT; a BLOCK is a TEXT */
    bool repeat;              /* SPLIT: ends in `*` */
};

/* In the order in which they are applied and printed. */
enum mfd_fault_kind {
    MFD_FAULT_FIELD,
    MFD_FAULT_BLOCK, /* the packet names another block of the scenario */
    MFD_FAULT_PAYLOAD,
    MFD_FAULT_STREAM,
    MFD_FAULT_PAD,
    MFD_FAULT_TWICE,
    MFD_FAULT_OMIT,
    MFD_FAULT_CUT,
    MFD_FAULT_SPLIT,
    MFD_FAULT_PLAIN,   /* no TLS on this connection */
    MFD_FAULT_FOREIGN, /* TLS by keys that the peer does not know */
    MFD_FAULT_CLOSE,
    MFD_FAULT_RESET,
    MFD_FAULT_REFUSE, /* these three only with role sender: the connection is not taken, */
    MFD_FAULT_STALL,  /* nothing more is read from it, */
    MFD_FAULT_CANCEL, /* the sender is told to cancel */
    MFD_FAULT_COUNT
};

struct mfd_fault {
    enum mfd_fault_kind kind;
    enum mfd_message
        message;       /* FIELD: as written before the dot; MFD_MESSAGE_COUNT if nothing was */
    const char *field; /* FIELD */
    bool indexed;      /* FIELD[i] */
    struct mfd_term index;
    struct mfd_values values;
    bool repeat; /* SPLIT */
};

const char *mfd_fault_name(enum mfd_fault_kind kind);

struct mfd_comment {
    const char **lines; /* without "# " */
    size_t count;
};

struct mfd_line {
    unsigned line;
    struct mfd_comment comment; /* own lines before it */
    bool ordered;               /* stands between `orders` and `end` */
    bool whole; /* "! STEP": the whole line is the fault; `args` and `faults` stand together */
    bool at;    /* "at WHO MESSAGE#K": role sender */
    const char *at_message;
    bool at_last; /* "#last" in place of a number */
    struct mfd_term at_number;
    struct mfd_who who;
    enum mfd_verb verb; /* MFD_VERB_COUNT after "at" if there is none */
    const uint8_t *raw; /* of `send` */
    size_t raw_len;
    struct mfd_arg *args;
    size_t arg_count;
    struct mfd_fault *faults;
    size_t fault_count;
};

/* The argument of that name, or NULL. */
const struct mfd_arg *mfd_line_arg(const struct mfd_line *line, enum mfd_arg_name name);
bool mfd_line_faulty(const struct mfd_line *line);
bool mfd_line_has_fault(const struct mfd_line *line, enum mfd_fault_kind kind);

/* ---- the file ---- */

/* Revisions first to last, both included. */
struct mfd_revs {
    const char *text; /* NULL: not given, all */
    enum mfd_rev first;
    enum mfd_rev last;
};

bool mfd_revs_hold(const struct mfd_revs *revs, enum mfd_rev rev);

struct mfd_expect {
    unsigned line;
    struct mfd_comment comment;
    mfd_outcomes outcomes;
    struct mfd_revs revs;
};

struct mfd_ram {
    unsigned line;
    const char *name;
    struct mfd_term size;
    enum mfd_fill fill;
    uint8_t fill_byte;
    bool resizable;
};

/* A device whose state the receiver takes. */
struct mfd_head_device {
    const char *idstr;
    struct mfd_term instance_term; /* as written */
    struct mfd_term size_term;
    uint32_t instance;
    size_t size; /* bytes that there is room for */
};

/* `each` (all values) or `with` (pairwise). */
struct mfd_axis {
    unsigned line;
    bool pairwise;
    const char *name;
    struct mfd_values values;
};

enum mfd_transport { MFD_TRANSPORT_ANY, MFD_TRANSPORT_UNIX, MFD_TRANSPORT_TCP, MFD_TRANSPORT_FILE };

struct mfd_scenario {
    struct mfd_arena arena;
    const char *id;
    struct mfd_comment prose;
    const char *prose_joined;

    const char **rule_names; /* as written */
    size_t rule_name_count;
    unsigned rule_line;   /* 0: no rule header */
    enum mfd_rule *rules; /* those of the names that exist */
    size_t rule_count;

    const char *speak_text; /* NULL: not given */
    enum mfd_rev speak;
    struct mfd_revs only;
    bool sender;
    bool channels_set;
    struct mfd_term channels;
    const char *method; /* NULL: not given */
    bool page_set;
    struct mfd_term page;
    bool uuid_given;
    bool uuid_none;
    uint8_t uuid[MFD_UUID_SIZE];
    struct mfd_ram *rams;
    size_t ram_count;
    struct mfd_head_device *devices;
    size_t device_count;
    enum mfd_tls tls;
    enum mfd_transport transport;
    const char **needs;
    size_t need_count;
    struct mfd_axis *axes; /* every `each`, then every `with` */
    size_t axis_count;

    struct mfd_line *lines;
    size_t line_count;
    struct mfd_expect *expects;
    size_t expect_count;
};

/* The block that a scenario without `ram` has. */
#define MFD_DEFAULT_BLOCK "mem0"
#define MFD_DEFAULT_BLOCK_SIZE (2u << 20)
#define MFD_DEFAULT_CHANNELS 2u
#define MFD_DEFAULT_PAGE 4096u

const struct mfd_axis *mfd_scenario_axis(const struct mfd_scenario *scenario, const char *name);
bool mfd_scenario_has_block(const struct mfd_scenario *scenario, const char *name);
/* Flag bit of a compression method, 0 for "none"; false if there is none of that name. */
bool mfd_method_find(const char *name, uint32_t *bit);
/* Whether releases of that revision have the method. */
bool mfd_method_known(uint32_t bit, enum mfd_rev rev);
/* Outcomes expected of a receiver of that revision; 0: the scenario is not for it. */
mfd_outcomes mfd_scenario_expected(const struct mfd_scenario *scenario, enum mfd_rev rev);

/* Writes "FMT" with the line into `error`; false, so that a caller can return it. */
bool mfd_lang_fail(struct mfd_lang_error *error, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Canonical text of one step, or of one of its faults, without newline; owned by the caller. */
char *mfd_line_text(const struct mfd_line *line);
char *mfd_fault_text(const struct mfd_fault *fault);

#endif
