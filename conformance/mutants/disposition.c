// SPDX-License-Identifier: GPL-2.0-or-later
#include "disposition.h"

#include "baseline.h"
#include "profile.h"

#include <string.h>

enum { PROFILES_MAX = 64 };

static const struct mfd_disposition table[] = {
#define SCENARIO MFD_SHOWN_BY_SCENARIO
#define INTEROP MFD_SHOWN_BY_INTEROP
#define SOURCE MFD_SHOWN_BY_SOURCE
#define TEXT MFD_SHOWN_IN_TEXT
#define DISPOSITION(defect, kind, what, note) {#defect, kind, what, note},
#include "dispositions.def"
#undef DISPOSITION
#undef SCENARIO
#undef INTEROP
#undef SOURCE
#undef TEXT
};

const struct mfd_disposition *mfd_dispositions(size_t *count)
{
    *count = sizeof(table) / sizeof(table[0]);
    return table;
}

struct baselines {
    struct mfd_baseline *list[PROFILES_MAX]; /* by profile; NULL: it has none */
    size_t count;
};

static bool load(struct baselines *baselines, const char *scenarios, char *error)
{
    const struct mfd_profile *profiles = mfd_profiles(&baselines->count);

    _Static_assert((int)MFD_DISPOSITION_ERROR_SIZE >= (int)MFD_BASELINE_ERROR_SIZE,
                   "its message fits");
    for (size_t i = 0; i < baselines->count && i < PROFILES_MAX; i++) {
        if (!mfd_baseline_of_profile(scenarios, &profiles[i], &baselines->list[i], error)) {
            return false;
        }
    }
    return true;
}

static void unload(struct baselines *baselines)
{
    for (size_t i = 0; i < baselines->count && i < PROFILES_MAX; i++) {
        mfd_baseline_free(baselines->list[i]);
    }
}

/* A cell: `|` would end it. */
static void put_cell(FILE *out, const char *text)
{
    for (; *text; text++) {
        fputs(*text == '|' ? "\\" : "", out);
        fputc(*text, out);
    }
}

/* What separates the dispositions of one defect; `told` counts them. */
static void next(FILE *out, size_t *told)
{
    fputs((*told)++ ? "<br>" : "", out);
}

static void put_outcomes(FILE *out, mfd_outcomes outcomes)
{
    char text[128];

    fputs(mfd_outcomes_text(outcomes, text, (int)sizeof(text)), out);
}

static void put_line(FILE *out, const struct mfd_baseline_line *line, const char *profile)
{
    char versions[64];

    fprintf(out, "`%s", line->glob);
    if (*line->params) {
        fprintf(out, " %s", line->params);
    }
    fputs("`: ", out);
    put_outcomes(out, line->outcomes);
    fprintf(out, " on %s", profile);
    if (!line->versions.any) {
        fprintf(out, " (%s)", mfd_releases_text(&line->versions, versions, sizeof(versions)));
    }
    if (line->flaky_of) {
        fprintf(out, ", %u times of %u", line->flaky_seen, line->flaky_of);
    }
}

static void put_lines(FILE *out, const struct baselines *baselines, const struct mfd_defect *defect,
                      size_t *told)
{
    size_t count = 0;
    const struct mfd_profile *profiles = mfd_profiles(&count);

    for (size_t i = 0; i < baselines->count && i < PROFILES_MAX; i++) {
        const struct mfd_baseline *baseline = baselines->list[i];

        for (size_t l = 0; baseline && l < baseline->count; l++) {
            if (baseline->lines[l].defect == defect) {
                next(out, told);
                put_line(out, &baseline->lines[l], profiles[i].name);
            }
        }
    }
}

static void put_row(FILE *out, const struct mfd_disposition *row)
{
    static const char *const kinds[] = {"scenario", "interop", "harness on the source",
                                        "text only"};

    fputs(kinds[row->kind], out);
    if (*row->what) {
        fprintf(out, " `%s`", row->what);
    } else if (row->kind != MFD_SHOWN_IN_TEXT) {
        fputs(": none yet", out);
    }
    if (*row->note) {
        fputs(*row->what || row->kind == MFD_SHOWN_IN_TEXT ? ": " : ", ", out);
        put_cell(out, row->note);
    }
}

static void put_rows(FILE *out, const struct mfd_defect *defect, size_t *told)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strcmp(table[i].defect, defect->id) == 0) {
            next(out, told);
            put_row(out, &table[i]);
        }
    }
}

static void put_mutants(FILE *out, const struct mfd_mutants *mutants,
                        const struct mfd_defect *defect, size_t *told)
{
    for (size_t i = 0; i < mutants->count; i++) {
        const struct mfd_mutant *mutant = &mutants->list[i];

        if (mutant->defect && strcmp(mutant->defect, defect->id) == 0) {
            next(out, told);
            fprintf(out, "mutant `%s`, killed by `%s`", mutant->name, mutant->killed_by);
        }
    }
}

static const char intro[] =
    "# Known defects, and what becomes of each\n"
    "\n"
    "Generated from `defects.def`, `baselines/`, `dispositions.def` and `mutants/catalogue`; the target `docs` writes\n"
    "this file.\n"
    "\n"
    "A defect of a release is shown by a scenario, with the outcome that its baseline lists; by a migration between two\n"
    "releases; by a harness on QEMU's source; or it shows in messages only, which never decide. A mutant puts it into the\n"
    "reference, where a scenario must notice. *None yet* says that nothing shows it here so far.\n"
    "\n"
    "| id | what happens | rules | where it was seen | what becomes of it |\n"
    "|---|---|---|---|---|\n";

static bool put_defect(FILE *out, const struct baselines *baselines,
                       const struct mfd_mutants *mutants, const struct mfd_defect *defect)
{
    size_t told = 0;

    fprintf(out, "| %s | ", defect->id);
    put_cell(out, defect->text);
    fprintf(out, " | %s | ", defect->rules);
    put_cell(out, defect->releases);
    fputs(" | ", out);
    put_lines(out, baselines, defect, &told);
    put_rows(out, defect, &told);
    put_mutants(out, mutants, defect, &told);
    fputs(" |\n", out);
    return told > 0;
}

bool mfd_dispositions_write(FILE *out, const char *scenarios, const struct mfd_mutants *mutants,
                            char *error)
{
    struct baselines baselines = {{NULL}, 0};
    size_t count = 0;
    const struct mfd_defect *defects = mfd_defects(&count);
    bool good = load(&baselines, scenarios, error);

    fputs(good ? intro : "", out);
    for (size_t i = 0; good && i < count; i++) {
        good = put_defect(out, &baselines, mutants, &defects[i]);
        if (!good) {
            snprintf(
                error, MFD_DISPOSITION_ERROR_SIZE,
                "%s: nothing says what becomes of it: no baseline, no mutant, no row of dispositions.def",
                defects[i].id);
        }
    }
    unload(&baselines);
    if (good && ferror(out)) {
        snprintf(error, MFD_DISPOSITION_ERROR_SIZE, "it could not be written");
    }
    return good && !ferror(out);
}
