// SPDX-License-Identifier: GPL-2.0-or-later
#include "import.h"

#include "draft.h"
#include "fold.h"
#include "memory.h"
#include "method.h"
#include "tree.h"

#include <stdlib.h>
#include <string.h>

/* After so many tries a text that still does not compile is written as bare bytes. */
#define ROUNDS 64u

/* A text as a scenario with its plan; `plan` is NULL, or `scenario` as well, where there is an error. */
struct compiled {
    struct mfd_scenario *scenario;
    struct mfd_plan *plan;
};

static struct compiled compile(const struct mfd_case *c, const char *text, bool twin,
                               struct mfd_lang_error *error)
{
    struct mfd_target target = {.rev = c->rev, .machine = MFD_CASE_MACHINE};
    struct compiled compiled = {mfd_scenario_parse("import/it", text, strlen(text), error), NULL};
    struct mfd_instance *instances = NULL;
    size_t count = 0;

    if (compiled.scenario) {
        instances = mfd_scenario_expand(compiled.scenario, &target, 2, &count, error);
    }
    if (count) {
        compiled.plan =
            mfd_scenario_compile(compiled.scenario, &instances[0], &target, twin, error);
    }
    mfd_instances_free(instances, count);
    return compiled;
}

static void free_compiled(struct compiled *compiled)
{
    mfd_plan_free(compiled->plan);
    mfd_scenario_free(compiled->scenario);
    *compiled = (struct compiled){0};
}

/* ---- rounds ---- */

/* What the plan sends from the lines of the piece, first; NULL if that is nothing. */
static const struct mfd_step *step_of(const struct mfd_plan *plan, const struct mfd_piece *piece)
{
    for (size_t i = 0; i < plan->steps.count; i++) {
        const struct mfd_step *step = &plan->steps.list[i];

        if (step->kind == MFD_STEP_SEND && step->line >= piece->line &&
            step->line < piece->line + piece->lines) {
            return step;
        }
    }
    return NULL;
}

/* Whether a payload is a fill of the case, which has no meaning. */
static bool is_fill(const uint8_t *bytes, size_t size)
{
    while (size) {
        size_t n = size < MFD_CASE_EVENT_MAX ? size : MFD_CASE_EVENT_MAX;

        if (memcmp(bytes, mfd_case_fill(), n) != 0) {
            return false;
        }
        bytes += n;
        size -= n;
    }
    return true;
}

/* Whether nothing depends on what a message carries: then the plan's own content does as well. */
static bool any_content(const struct mfd_draft *draft, const struct mfd_piece *piece)
{
    const struct mfd_unit *unit = piece->unit;

    return piece->form != MFD_FORM_PAYLOAD &&
           (unit->message == MFD_MSG_page ||
            (unit->message == MFD_MSG_packet && draft->request->c->method == 0) ||
            (unit->message == MFD_MSG_device &&
             is_fill(unit->bytes + unit->header, unit->size - unit->header)));
}

/* Gives the piece its next form; true where the text changes by it. */
static bool raise_form(const struct mfd_draft *draft, struct mfd_piece *piece,
                       const struct mfd_step *sent)
{
    const struct mfd_unit *unit = piece->unit;
    bool header = sent && sent->part_count == 1 && sent->parts[0].message == unit->message &&
                  sent->parts[0].offset == 0 && sent->parts[0].size == unit->header &&
                  sent->size >= unit->header;
    bool same_header = header && memcmp(sent->bytes, unit->bytes, unit->header) == 0;

    if (same_header && sent->size == unit->size &&
        (any_content(draft, piece) || memcmp(sent->bytes, unit->bytes, unit->size) == 0)) {
        return false;
    }
    if (header && !same_header && piece->form == MFD_FORM_STEP) {
        piece->faults = mfd_word_faults(unit->message, sent->bytes, unit->bytes, unit->header,
                                        draft->request->c->page_size);
        piece->form = piece->faults ? MFD_FORM_FAULTS : MFD_FORM_RAW;
    } else if (same_header && piece->form < MFD_FORM_PAYLOAD &&
               (unit->message == MFD_MSG_packet || unit->message == MFD_MSG_device)) {
        piece->form = MFD_FORM_PAYLOAD;
    } else {
        piece->form = MFD_FORM_RAW;
    }
    return true;
}

/* Compares every message with what the plan sends for it; true where some have to be written otherwise. */
static bool raise_forms(struct mfd_draft *draft, const struct mfd_plan *plan)
{
    bool changed = false;

    for (size_t i = 0; i < draft->units.count; i++) {
        struct mfd_piece *piece = &draft->pieces[i];

        if (piece->unit->kind == MFD_UNIT_MESSAGE && piece->form != MFD_FORM_RAW) {
            changed = raise_form(draft, piece, step_of(plan, piece)) || changed;
        }
    }
    return changed;
}

/* Writes the piece at that line as bytes; without one, or if it is bytes already, all of them. */
static void make_raw(struct mfd_draft *draft, unsigned line)
{
    bool found = false;

    for (size_t i = 0; i < draft->units.count; i++) {
        struct mfd_piece *piece = &draft->pieces[i];

        if (piece->unit->kind == MFD_UNIT_MESSAGE && piece->form != MFD_FORM_RAW &&
            line >= piece->line && line < piece->line + piece->lines) {
            piece->form = MFD_FORM_RAW;
            found = true;
        }
    }
    for (size_t i = 0; i < draft->units.count && !found; i++) {
        draft->pieces[i].form = MFD_FORM_RAW;
    }
}

static bool all_raw(const struct mfd_draft *draft)
{
    for (size_t i = 0; i < draft->units.count; i++) {
        if (draft->pieces[i].unit->kind == MFD_UNIT_MESSAGE &&
            draft->pieces[i].form != MFD_FORM_RAW) {
            return false;
        }
    }
    return true;
}

/* One round: whether the text is right as it is, or will be better next time. */
static bool is_right(struct mfd_draft *draft, const char *text, struct mfd_lang_error *error)
{
    struct compiled fault = {0};
    struct compiled twin = {0};
    bool right = false;

    *error = (struct mfd_lang_error){0};
    fault = compile(draft->request->c, text, false, error);
    if (fault.plan) {
        twin = compile(draft->request->c, text, true, error);
    }
    if (!twin.plan) {
        make_raw(draft, error->line);
    } else {
        right = !raise_forms(draft, fault.plan);
    }
    free_compiled(&twin);
    free_compiled(&fault);
    return right;
}

static char *find_text(struct mfd_draft *draft, struct mfd_lang_error *error)
{
    for (unsigned round = 0;; round++) {
        bool last = all_raw(draft);
        char *text = mfd_draft_write(draft);

        if (!text || is_right(draft, text, error)) {
            return text;
        }
        free(text);
        if (last) {
            return NULL;
        }
        if (round == ROUNDS) {
            make_raw(draft, 0);
        }
    }
}

/* ---- entry ---- */

static bool read_head(struct mfd_draft *draft, struct compiled *head, struct mfd_lang_error *error)
{
    const struct mfd_case *c = draft->request->c;
    char *text = mfd_draft_write(draft); /* without units yet */

    *error = (struct mfd_lang_error){0};
    if (text) {
        *head = compile(c, text, true, error);
    }
    free(text);
    if (head->plan && head->plan->expect == 0) {
        return mfd_lang_fail(error, 0, "no release of revision %s has the method %s",
                             mfd_rev_info(c->rev)->name, mfd_method_info(c->method)->name);
    }
    return head->plan != NULL;
}

/* The text in its one form, with macros where they mean the same. */
static char *print_folded(const struct mfd_draft *draft, const char *text)
{
    const struct mfd_plan *setup = draft->setup;
    const char *names[MFD_CASE_BLOCKS_MAX] = {NULL};
    struct mfd_lang_error error;
    struct compiled plain = compile(draft->request->c, text, false, &error);
    struct compiled folded = {0};
    char *short_text = NULL;
    char *printed = NULL;

    for (size_t i = 0; i < setup->block_count; i++) {
        names[i] = setup->blocks[i].name;
    }
    short_text = mfd_fold(text, setup->channels, names, (unsigned)setup->block_count);
    if (short_text) {
        folded = compile(draft->request->c, short_text, false, &error);
    }
    if (folded.plan && mfd_plan_sent_digest(folded.plan) == mfd_plan_sent_digest(plain.plan)) {
        printed = mfd_scenario_print(folded.scenario);
    } else {
        printed = mfd_scenario_print(plain.scenario);
    }
    free(short_text);
    free_compiled(&folded);
    free_compiled(&plain);
    return printed;
}

static void fill_result(const struct mfd_draft *draft, const char *text,
                        struct mfd_imported *imported)
{
    imported->text = print_folded(draft, text);
    imported->rule = draft->rule;
    for (size_t i = 0; i < draft->units.count; i++) {
        const struct mfd_piece *piece = &draft->pieces[i];
        bool bytes = piece->unit->kind == MFD_UNIT_BYTES;
        bool message = piece->unit->kind == MFD_UNIT_MESSAGE;

        imported->messages += bytes || message;
        imported->raw += bytes || (message && piece->form == MFD_FORM_RAW);
    }
}

bool mfd_import(const struct mfd_import_request *request, struct mfd_imported *imported,
                struct mfd_lang_error *error)
{
    struct mfd_draft draft = {.request = request, .rule = MFD_PAY_001};
    struct compiled head = {0};
    char *text = NULL;

    *imported = (struct mfd_imported){0};
    if (read_head(&draft, &head, error) && mfd_units_cut(request->c, head.plan, &draft.units)) {
        draft.setup = head.plan;
        draft.rule = request->rule != MFD_RULE_COUNT      ? request->rule
                     : draft.units.rule != MFD_RULE_COUNT ? draft.units.rule
                                                          : draft.rule;
        draft.pieces = mfd_zalloc(draft.units.count * sizeof(*draft.pieces));
        for (size_t i = 0; i < draft.units.count; i++) {
            draft.pieces[i].unit = &draft.units.list[i];
        }
        text = find_text(&draft, error);
    }
    if (text) {
        fill_result(&draft, text, imported);
    }
    for (size_t i = 0; draft.pieces && i < draft.units.count; i++) {
        free(draft.pieces[i].faults);
    }
    free(draft.pieces);
    free(text);
    mfd_units_free(&draft.units);
    free_compiled(&head);
    return imported->text != NULL;
}
