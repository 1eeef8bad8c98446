// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A fault on a message that somebody else sends, as a scenario line: "ch 2 data#5 ! zero_pages=slots". The
 * message is the sixth of its kind on that connection, counted from 0; without a number it is the first.
 *
 * What stands right of "!" is what a scenario may have there, but for faults that need a sender's own
 * knowledge: plain, foreign, stream=, block= and split=, and what a receiver
 * does: refuse, stall and cancel.
 */
#ifndef MFD_FAULT_LINE_H
#define MFD_FAULT_LINE_H

#include "scenario.h"

struct mfd_fault_line;

/* NULL with an error. */
struct mfd_fault_line *mfd_fault_line_parse(const char *text, struct mfd_lang_error *error);
void mfd_fault_line_free(struct mfd_fault_line *line);
/* As it was written. */
const char *mfd_fault_line_text(const struct mfd_fault_line *line);

/* A message of a migration that goes by. */
struct mfd_fault_message {
    bool main;
    unsigned channel; /* id of its hello; unused for main, and for a hello, which has it itself */
    enum mfd_message message;
    const uint8_t *bytes; /* without payload */
    size_t size;
};

/*
 * Whether the message is the one that the line means. To be asked once for each message, in order: that is how
 * they are counted.
 */
bool mfd_fault_line_meets(struct mfd_fault_line *line, const struct mfd_fault_message *message);

/* What the symbols in a fault stand for. */
struct mfd_fault_scope {
    enum mfd_rev rev;
    uint32_t page_size;
    uint32_t channels;
};

struct mfd_fault_result {
    uint8_t *bytes; /* to be sent in place of the message with its payload; owned by the caller */
    size_t size;
    size_t times; /* 0, 1 or 2 */
    bool cut;     /* nothing more of the connection goes on */
    bool close;   /* and then it is closed, or reset */
    bool reset;
};

/* `bytes` is the message, `header` bytes of it, and its payload. False with an error. */
bool mfd_fault_line_apply(const struct mfd_fault_line *line, const struct mfd_fault_scope *scope,
                          enum mfd_message message, const uint8_t *bytes, size_t header,
                          size_t size, struct mfd_fault_result *result,
                          struct mfd_lang_error *error);

#endif
