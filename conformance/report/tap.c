// SPDX-License-Identifier: GPL-2.0-or-later
#include "tap.h"

#include "describe.h"

#include "escape.h"

#include <stdlib.h>
#include <string.h>

/* TAP takes `#` for the start of a directive and `\` for that of an escape. */
static void put_escaped(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '#' || *text == '\\') {
            fputc('\\', out);
        }
        fputc(*text == '\n' || *text == '\t' ? ' ' : *text, out);
    }
}

/* "TODO" or "SKIP" where the result does not count, else NULL. */
static const char *directive(const struct mfd_result *result, bool strict)
{
    if (mfd_result_unexpected(result, strict)) {
        return NULL;
    }
    switch (result->verdict) {
    case MFD_PASS:
    case MFD_HARNESS_ERROR:
        return NULL;
    case MFD_KNOWN:
    case MFD_WARN:
        return "TODO";
    default:
        return "SKIP";
    }
}

/* The whole report of a failure as a YAML literal, below its test point. */
static void put_diagnostic(FILE *out, const struct mfd_result *result)
{
    char *full = mfd_describe_failure(result);
    char *rest = full;

    fprintf(out, "  ---\n  verdict: %s\n  report: |\n", mfd_verdict_name(result->verdict));
    for (char *line = rest ? strsep(&rest, "\n") : NULL; line; line = strsep(&rest, "\n")) {
        if (*line) {
            fprintf(out, "    %s\n", line);
        }
    }
    fputs("  ...\n", out);
    free(full);
}

static void put_point(FILE *out, const struct mfd_result *result, size_t number, bool strict)
{
    const char *word = directive(result, strict);
    bool ok = result->verdict == MFD_PASS || (word && strcmp(word, "SKIP") == 0);
    char *id = mfd_escape(result->id);
    char *reason = mfd_describe_reason(result);

    fprintf(out, "%s %zu - ", ok ? "ok" : "not ok", number);
    put_escaped(out, id);
    if (result->rule < MFD_RULE_COUNT) {
        fprintf(out, " %s", mfd_rule_info(result->rule)->id);
    }
    if (word) {
        fprintf(out, " # %s ", word);
        put_escaped(out, reason);
    }
    fputc('\n', out);
    if (!ok && !word) {
        put_diagnostic(out, result);
    }
    free(reason);
    free(id);
}

bool mfd_tap_write(FILE *out, const struct mfd_run *run)
{
    fputs("TAP version 14\n", out);
    if (run->count > 0) {
        fprintf(out, "1..%zu\n", run->count);
    }
    for (size_t i = 0; i < run->count; i++) {
        put_point(out, &run->results[i], i + 1, run->strict);
    }
    if (mfd_run_exit_code(run) == 4) {
        fputs("Bail out! nothing was tested\n", out);
    }
    return !ferror(out);
}
