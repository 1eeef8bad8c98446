// SPDX-License-Identifier: GPL-2.0-or-later
#include "markdown.h"

#include "defect.h"
#include "describe.h"
#include "escape.h"

#include <stdlib.h>
#include <string.h>

/* Text for a cell or a paragraph: one line, without what Markdown or HTML would take for markup. */
static void put_text(FILE *out, const char *text)
{
    char *safe = mfd_escape(text);

    for (const char *p = safe; p && *p; p++) {
        if (*p == '<') {
            fputs("&lt;", out);
        } else if (*p == '&') {
            fputs("&amp;", out);
        } else if (*p == '\n' || *p == '\t') {
            fputc(' ', out);
        } else {
            fputs(strchr("\\`*_[]|~#>!", *p) ? "\\" : "", out);
            fputc(*p, out);
        }
    }
    free(safe);
}

/* An id: in it only a backtick or a bar could end what is around it. */
static void put_code(FILE *out, const char *text)
{
    char *safe = mfd_escape(text);

    fputc('`', out);
    for (const char *p = safe; p && *p; p++) {
        if (*p == '|') {
            fputs("\\|", out);
        } else {
            fputc(*p == '`' || *p == '\n' || *p == '\t' ? ' ' : *p, out);
        }
    }
    fputc('`', out);
    free(safe);
}

static bool unexpected(const struct mfd_run *run, size_t i)
{
    return mfd_result_unexpected(&run->results[i], run->strict) ||
           run->results[i].verdict == MFD_HARNESS_ERROR;
}

static size_t unexpected_count(const struct mfd_run *run)
{
    size_t n = 0;

    for (size_t i = 0; i < run->count; i++) {
        n += unexpected(run, i);
    }
    return n;
}

static void put_answer(FILE *out, const struct mfd_run *run)
{
    size_t bad = unexpected_count(run);

    switch (mfd_run_exit_code(run)) {
    case 0:
        fputs("all as expected", out);
        break;
    case 4:
        fputs("nothing was tested", out);
        break;
    default:
        fprintf(out, "%zu unexpected result%s", bad, bad == 1 ? "" : "s");
    }
}

static void put_counts(FILE *out, const struct mfd_run *run)
{
    fputs("\n|", out);
    for (int i = 0; i < MFD_VERDICT_COUNT; i++) {
        if (run->summary[i] || i == MFD_PASS) {
            fprintf(out, " %s |", mfd_describe_verdict((enum mfd_verdict)i));
        }
    }
    fputs("\n|", out);
    for (int i = 0; i < MFD_VERDICT_COUNT; i++) {
        fputs(run->summary[i] || i == MFD_PASS ? "---:|" : "", out);
    }
    fputs("\n|", out);
    for (int i = 0; i < MFD_VERDICT_COUNT; i++) {
        if (run->summary[i] || i == MFD_PASS) {
            fprintf(out, " %zu |", run->summary[i]);
        }
    }
    fputc('\n', out);
}

static void put_row(FILE *out, const struct mfd_result *result)
{
    char *reason = mfd_describe_reason(result);

    fprintf(out, "| %s | ", mfd_describe_verdict(result->verdict));
    put_code(out, result->id);
    fputs(" | ", out);
    if (result->rule < MFD_RULE_COUNT) {
        fprintf(out, "%s %s: ", mfd_rule_info(result->rule)->id,
                result->level ? result->level : "-");
        put_text(out, mfd_rule_info(result->rule)->text);
    }
    fputs(" | ", out);
    put_text(out, reason);
    fputs(" |\n", out);
    free(reason);
}

/* Ticks enough that nothing in the text can end the block. */
static void put_fence(FILE *out, const char *text)
{
    size_t longest = 2;

    for (const char *p = text; *p;) {
        size_t ticks = strspn(p, "`");

        longest = ticks > longest ? ticks : longest;
        p += ticks ? ticks : 1;
    }
    for (size_t i = 0; i <= longest; i++) {
        fputc('`', out);
    }
}

static void put_full(FILE *out, const struct mfd_result *result)
{
    char *text = mfd_describe_failure(result);

    if (!text) {
        return;
    }
    fputs("\n<details><summary>", out);
    mfd_escape_xml(out, result->id);
    fputs("</summary>\n\n", out);
    put_fence(out, text);
    fprintf(out, "text\n%s", text);
    put_fence(out, text);
    fputs("\n\n</details>\n", out);
    free(text);
}

static void put_unexpected(FILE *out, const struct mfd_run *run)
{
    size_t count = unexpected_count(run);
    size_t shown = 0;

    if (count == 0) {
        return;
    }
    fputs("\n### Unexpected\n\n| | scenario | rule | why |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < run->count && shown < MFD_MARKDOWN_ROWS; i++) {
        if (unexpected(run, i)) {
            put_row(out, &run->results[i]);
            shown++;
        }
    }
    if (shown < count) {
        fprintf(out, "\nand %zu more.\n", count - shown);
    }
    shown = 0;
    for (size_t i = 0; i < run->count && shown < MFD_MARKDOWN_FULL; i++) {
        if (unexpected(run, i)) {
            put_full(out, &run->results[i]);
            shown++;
        }
    }
}

static size_t known_count(const struct mfd_run *run, const char *defect)
{
    size_t n = 0;

    for (size_t i = 0; i < run->count; i++) {
        const struct mfd_result *result = &run->results[i];

        n += result->verdict == MFD_KNOWN && result->defect && strcmp(result->defect, defect) == 0;
    }
    return n;
}

static void put_known(FILE *out, const struct mfd_run *run)
{
    size_t count = 0;
    const struct mfd_defect *all = mfd_defects(&count);

    if (run->summary[MFD_KNOWN] == 0) {
        return;
    }
    fputs("\n### Known defects\n\n| defect | what happens | results |\n|---|---|---:|\n", out);
    for (size_t i = 0; i < count; i++) {
        size_t known = known_count(run, all[i].id);

        if (known) {
            fprintf(out, "| %s | ", all[i].id);
            put_text(out, all[i].text);
            fprintf(out, " | %zu |\n", known);
        }
    }
}

bool mfd_markdown_write(FILE *out, const struct mfd_run *run)
{
    char peer[512];

    fputs("## mfdkit: ", out);
    put_text(out, mfd_describe_peer(run, peer, sizeof(peer)));
    fputs(": ", out);
    put_answer(out, run);
    fprintf(out, "\n\n%s, judged by ", run->role ? run->role : "receiver");
    put_text(out, run->profile);
    fputs(", mfdkit ", out);
    put_text(out, run->suite_version);
    if (run->ms > 0) {
        fprintf(out, ", %.1f s", run->ms / 1000);
    }
    fputc('\n', out);
    put_counts(out, run);
    put_unexpected(out, run);
    put_known(out, run);
    return !ferror(out);
}
