// SPDX-License-Identifier: GPL-2.0-or-later
#include "draft.h"

#include "head.h"
#include "packet.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of one `send`: a line of the language holds 64 KiB. */
#define SEND_MAX 30000u
/* So many bytes more than what repeats itself are written as a repetition. */
#define RUN_MIN 2048u

/* One clause for each run of revisions of which the same is expected. */
static void put_expect(FILE *out, const mfd_outcomes *expect)
{
    for (int first = MFD_REV_FIRST, last; first < MFD_REV_COUNT; first = last + 1) {
        const char *gap = "expect ";

        for (last = first; last < MFD_REV_LATEST && expect[last + 1] == expect[first]; last++) {}
        for (int i = 0; i < MFD_OUTCOME_COUNT; i++) {
            if (expect[first] & MFD_OUTCOME_BIT(i)) {
                fprintf(out, "%s%s", gap, mfd_outcome_name((enum mfd_outcome)i));
                gap = " or ";
            }
        }
        if (expect[first] && first == MFD_REV_FIRST && last == MFD_REV_LATEST) {
            fputc('\n', out);
        } else if (expect[first]) {
            fprintf(out, " for %s..%s\n", mfd_rev_info((enum mfd_rev)first)->name,
                    last == MFD_REV_LATEST ? "" : mfd_rev_info((enum mfd_rev)last)->name);
        }
    }
}

static bool is_end(const struct mfd_unit *unit)
{
    return unit->kind == MFD_UNIT_CLOSE || unit->kind == MFD_UNIT_RESET;
}

/* The unit behind, if it is of the same connection; else NULL. */
static const struct mfd_unit *next_of(const struct mfd_draft *draft, size_t i)
{
    const struct mfd_unit *next = i + 1 < draft->units.count ? draft->pieces[i + 1].unit : NULL;

    return next && next->connection == draft->pieces[i].unit->connection ? next : NULL;
}

/* Whether the connection's first bytes follow its opening at once: then no line is due. */
static bool opens_itself(const struct mfd_draft *draft, size_t i)
{
    const struct mfd_unit *next = next_of(draft, i);

    return next && !is_end(next);
}

/* How often the first `period` bytes stand there, one behind the other. */
static size_t repetitions(const uint8_t *bytes, size_t size, size_t period)
{
    size_t at = period;

    while (at < size && bytes[at] == bytes[at - period]) {
        at++;
    }
    return at / period;
}

/* Bytes of the next `send`: up to a run of those that repeat themselves, as fills and zeros do. */
static size_t raw_piece(const uint8_t *bytes, size_t size, size_t *times)
{
    static const size_t periods[] = {1, MFD_CASE_FILL_PERIOD};
    size_t at = 0;

    *times = 1;
    for (; at < size && at < SEND_MAX; at++) {
        for (size_t i = 0; i < sizeof(periods) / sizeof(periods[0]); i++) {
            size_t period = periods[i];
            size_t n = size - at > period ? repetitions(bytes + at, size - at, period) : 1;

            if (n * period >= RUN_MIN + period) {
                *times = at ? 1 : n;
                return at ? at : period;
            }
        }
    }
    return at;
}

static unsigned put_raw(FILE *out, const char *who, const uint8_t *bytes, size_t size)
{
    unsigned lines = 0;

    for (size_t at = 0; at < size; lines++) {
        size_t times = 1;
        size_t piece = raw_piece(bytes + at, size - at, &times);
        char *text = mfd_word_bytes(bytes + at, piece);

        fprintf(out, "! %s send %s", who, text);
        if (times > 1) {
            fprintf(out, " times=%zu", times);
        }
        fputc('\n', out);
        free(text);
        at += piece * times;
    }
    return lines;
}

/* The payload as bytes: as many as came. */
static void put_payload(FILE *out, const struct mfd_unit *unit)
{
    char *text = mfd_word_bytes(unit->bytes + unit->header, unit->size - unit->header);

    fprintf(out, " payload=%s", text);
    free(text);
}

/* What ends the connection, where that follows at once; behind a cut message it has to stand on its line. */
static const struct mfd_unit *end_behind(const struct mfd_draft *draft, size_t i)
{
    const struct mfd_unit *next = next_of(draft, i);

    return next && is_end(next) ? next : NULL;
}

/* Whether something ends the connection later on. */
static bool ends_later(const struct mfd_draft *draft, size_t i)
{
    for (size_t j = i + 1; j < draft->units.count; j++) {
        if (is_end(draft->pieces[j].unit) &&
            draft->pieces[j].unit->connection == draft->pieces[i].unit->connection) {
            return true;
        }
    }
    return false;
}

static bool is_cut(const struct mfd_piece *piece)
{
    return piece->unit->missing > 0 && piece->form < MFD_FORM_PAYLOAD;
}

static const char *end_name(const struct mfd_unit *unit)
{
    return unit->kind == MFD_UNIT_CLOSE ? "close" : "reset";
}

static unsigned put_message(FILE *out, struct mfd_draft *draft, struct mfd_wording *wording,
                            size_t i)
{
    struct mfd_piece *piece = &draft->pieces[i];
    const struct mfd_unit *unit = piece->unit;
    const struct mfd_unit_conn *conn = &draft->units.conns[unit->connection];
    const struct mfd_unit *end = end_behind(draft, i);
    /* connections beyond those of the migration are a fault as a whole */
    bool whole = draft->request->whole || conn->extra;
    bool cut = is_cut(piece);
    char *step = NULL;
    bool faults = false;

    if (cut && !end && ends_later(draft, i)) {
        piece->form = MFD_FORM_RAW; /* nothing could follow on the connection */
    }
    step = piece->form == MFD_FORM_RAW ? NULL : mfd_word_step(wording, unit, conn);
    faults = (piece->faults && *piece->faults) || piece->form == MFD_FORM_PAYLOAD || cut;
    if (!step) {
        piece->form = MFD_FORM_RAW;
        return put_raw(out, conn->who, unit->bytes, unit->size);
    }
    piece->faulty = faults || whole;
    fprintf(out, "%s%s %s%s%s", whole ? "! " : "", conn->who, step, faults && !whole ? " !" : "",
            piece->faults ? piece->faults : "");
    if (piece->form == MFD_FORM_PAYLOAD) {
        put_payload(out, unit);
    }
    if (cut) {
        fprintf(out, " cut=%zu%s%s", unit->size, end ? " " : "", end ? end_name(end) : "");
    }
    fputc('\n', out);
    free(step);
    return 1;
}

static unsigned put_piece(FILE *out, struct mfd_draft *draft, struct mfd_wording *wording, size_t i)
{
    struct mfd_piece *piece = &draft->pieces[i];
    const struct mfd_unit *unit = piece->unit;
    const char *who = draft->units.conns[unit->connection].who;

    piece->faulty = true;
    switch (unit->kind) {
    case MFD_UNIT_OPEN:
        piece->faulty = draft->request->whole || draft->units.conns[unit->connection].extra;
        if (opens_itself(draft, i)) {
            return 0;
        }
        fprintf(out, "%s%s connect\n", piece->faulty ? "! " : "", who);
        return 1;
    case MFD_UNIT_MESSAGE:
        return put_message(out, draft, wording, i);
    case MFD_UNIT_BYTES:
        return put_raw(out, who, unit->bytes, unit->size);
    default:
        if (i > 0 && end_behind(draft, i - 1) && is_cut(&draft->pieces[i - 1]) &&
            draft->pieces[i - 1].unit->kind == MFD_UNIT_MESSAGE) {
            return 0;
        }
        fprintf(out, "! %s %s\n", who, end_name(unit));
        return 1;
    }
}

/* Openings and sync points are right in any order. */
static bool any_order(const struct mfd_unit *unit)
{
    return unit->kind == MFD_UNIT_MESSAGE &&
           (unit->message == MFD_MSG_hello || unit->message == MFD_MSG_part ||
            (unit->message == MFD_MSG_packet &&
             mfd_get32(unit->bytes + MFD_PACKET_FLAGS) & MFD_FLAG_SYNC));
}

/* Whether the peer has to be done with what stands before: else connections might overtake each other. */
static bool settles(const struct mfd_draft *draft, size_t i, const struct mfd_piece *before)
{
    const struct mfd_piece *piece = &draft->pieces[i];

    return before && before->unit->connection != piece->unit->connection &&
           (before->faulty || draft->request->whole || piece->form != MFD_FORM_STEP ||
            !any_order(piece->unit));
}

/* The whole text, for free(); each piece learns where it stands. */
char *mfd_draft_write(struct mfd_draft *draft)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct mfd_wording wording = {draft->request->c, draft->setup, 0};
    const struct mfd_piece *before = NULL;
    unsigned line = 1;

    if (!out) {
        return NULL;
    }
    mfd_write_head(out, draft->request->c, draft->request->title, draft->rule);
    fflush(out);
    for (size_t i = 0; i < size; i++) {
        line += text[i] == '\n';
    }
    for (size_t i = 0; i < draft->units.count; i++) {
        struct mfd_piece *piece = &draft->pieces[i];

        if (settles(draft, i, before) &&
            !(piece->unit->kind == MFD_UNIT_OPEN && opens_itself(draft, i))) {
            fputs("settle\n", out);
            line++;
        }
        piece->line = line;
        piece->lines = put_piece(out, draft, &wording, i);
        line += piece->lines;
        before = piece->lines ? piece : before;
    }
    put_expect(out, draft->request->expect);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
