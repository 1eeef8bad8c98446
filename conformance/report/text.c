// SPDX-License-Identifier: GPL-2.0-or-later
#include "text.h"

#include "describe.h"
#include "escape.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HAPPENINGS = 12 }; /* shown before a failure */

#define RED "\033[1;31m"
#define YELLOW "\033[33m"
#define GREEN "\033[32m"

static const char *paint(const struct mfd_text *text, const char *colour)
{
    return text->colour ? colour : "";
}

static const char *unpaint(const struct mfd_text *text)
{
    return text->colour ? "\033[0m" : "";
}

static const char *verdict_colour(enum mfd_verdict verdict)
{
    switch (verdict) {
    case MFD_FAIL:
    case MFD_STALE:
    case MFD_BLOCKED:
    case MFD_HARNESS_ERROR:
        return RED;
    case MFD_WARN:
        return YELLOW;
    default:
        return GREEN;
    }
}

/* The area that is being told. */

static void put_area(struct mfd_text *text)
{
    size_t total = 0;
    const char *separator = text->unexpected ? "  " : "    ";

    for (int i = 0; i < MFD_VERDICT_COUNT; i++) {
        total += text->summary[i];
    }
    fprintf(text->out, "%s%-12s %5zu  %s%s%s", text->live ? "\r\033[K" : "", text->area, total,
            paint(text, text->unexpected ? RED : GREEN), text->unexpected ? "FAIL" : "ok",
            unpaint(text));
    for (int i = 0; i < MFD_VERDICT_COUNT; i++) {
        if (i != MFD_PASS && text->summary[i] > 0) {
            fprintf(text->out, "%s%zu %s", separator, text->summary[i],
                    mfd_describe_verdict((enum mfd_verdict)i));
            separator = ", ";
        }
    }
}

static void end_area(struct mfd_text *text)
{
    if (*text->area) {
        put_area(text);
        fputc('\n', text->out);
    }
    *text->area = '\0';
    text->unexpected = 0;
    memset(text->summary, 0, sizeof(text->summary));
}

void mfd_text_start(struct mfd_text *text, FILE *out, bool strict)
{
    const char *no_color = getenv("NO_COLOR");
    bool tty = isatty(fileno(out)) == 1;

    *text = (struct mfd_text){
        .out = out,
        .strict = strict,
        .colour = tty && (!no_color || !*no_color),
        .live = tty,
    };
}

void mfd_text_result(struct mfd_text *text, const struct mfd_result *result)
{
    char area[sizeof(text->area)];

    if (result->rule >= MFD_RULE_COUNT) {
        return;
    }
    mfd_describe_area(result, area, sizeof(area));
    if (strcmp(area, text->area) != 0) {
        end_area(text);
        memcpy(text->area, area, sizeof(area));
    }
    text->summary[result->verdict]++;
    text->unexpected +=
        mfd_result_unexpected(result, text->strict) || result->verdict == MFD_HARNESS_ERROR;
    if (text->live) {
        put_area(text);
        fflush(text->out);
    }
}

/* One failure. Every line of it is indented, whatever it holds. */

static void put_labelled(const struct mfd_text *text, const char *label, const char *value)
{
    char *safe = mfd_escape(value);
    char *rest = safe;

    for (char *line = rest ? strsep(&rest, "\n") : NULL; line; line = strsep(&rest, "\n")) {
        if (*line || rest) {
            fprintf(text->out, "      %-10s %s\n", label, line);
        }
        label = "";
    }
    free(safe);
}

/* Text of several lines below a label of its own. */
static void put_block(const struct mfd_text *text, const char *label, const char *value)
{
    char *safe = value && *value ? mfd_escape(value) : NULL;
    char *rest = safe;

    if (!safe) {
        return;
    }
    fprintf(text->out, "      %s\n", label);
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        if (*line) {
            fprintf(text->out, "        %s\n", line);
        }
    }
    free(safe);
}

static void put_rule(const struct mfd_text *text, const struct mfd_result *result)
{
    if (result->rule < MFD_RULE_COUNT) {
        const struct mfd_rule_info *rule = mfd_rule_info(result->rule);

        fprintf(text->out, "      %s %s: %s\n", rule->id, result->level ? result->level : "-",
                rule->text);
    }
}

static void put_end(const struct mfd_text *text, const struct mfd_result *result)
{
    if (result->signal) {
        fprintf(text->out, "      %-10s ended by signal %d (%s)\n", "peer", result->signal,
                strsignal(result->signal));
    } else if (result->exited) {
        fprintf(text->out, "      %-10s ended with exit status %d\n", "peer", result->exit_code);
    }
}

static void put_happenings(const struct mfd_text *text, const struct mfd_result *result)
{
    size_t count = result->happening_count;
    size_t first = count > HAPPENINGS ? count - HAPPENINGS : 0;

    if (count == 0) {
        return;
    }
    fputs("      before this\n", text->out);
    if (first > 0) {
        fprintf(text->out, "        ... %zu earlier\n", first);
    }
    for (size_t i = first; i < count; i++) {
        const struct mfd_happening *h = &result->happenings[i];
        char *safe = mfd_escape(h->text);

        fprintf(text->out, "        %9.3f ms  %-8s %s  %s%s\n", h->ms, h->conn,
                h->from_peer ? "<-" : "->", safe, h->deviation ? " <- deviation" : "");
        free(safe);
    }
}

static void put_outcomes(const struct mfd_text *text, const struct mfd_result *result)
{
    char expect[128];

    if (!result->expect) {
        return; /* about a line of the baseline, or never played */
    }
    put_labelled(text, "expected", mfd_outcomes_text(result->expect, expect, (int)sizeof(expect)));
    if (result->got < MFD_OUTCOME_COUNT && result->verdict != MFD_HARNESS_ERROR) {
        put_labelled(text, "got", mfd_outcome_name(result->got));
    }
    if (result->verdict == MFD_BLOCKED) {
        put_labelled(text, "twin", result->twin);
    }
}

void mfd_text_failure(struct mfd_text *text, const struct mfd_result *result)
{
    char place[512];
    char *id = mfd_escape(result->id);

    fprintf(text->out, "%s%s%s  %s\n", paint(text, verdict_colour(result->verdict)),
            mfd_describe_verdict(result->verdict), unpaint(text), id);
    free(id);
    put_rule(text, result);
    if (result->path) {
        snprintf(place, sizeof(place), "%s:%u", result->path, result->line);
        put_labelled(text, "at", place);
    }
    put_outcomes(text, result);
    put_labelled(text, "seen", result->detail);
    put_end(text, result);
    put_block(text, "sanitizer", result->sanitizer);
    put_block(text, "sent", result->offending);
    put_happenings(text, result);
    put_block(text, "last output of the peer", result->peer_log);
    put_labelled(text, "capture", result->pcap);
    put_labelled(text, "again", result->rerun);
}

/* The end. */

static void put_failures(struct mfd_text *text, const struct mfd_run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        const struct mfd_result *result = &run->results[i];

        if (mfd_result_unexpected(result, run->strict) || result->verdict == MFD_HARNESS_ERROR) {
            fputc('\n', text->out);
            mfd_text_failure(text, result);
        }
    }
}

/* Not failures, but somebody has to know: two lines each. */
static void put_warnings(struct mfd_text *text, const struct mfd_run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        const struct mfd_result *result = &run->results[i];

        if (result->verdict == MFD_WARN && !mfd_result_unexpected(result, run->strict)) {
            char *reason = mfd_describe_reason(result);

            fprintf(text->out, "\n%swarn%s  %s\n", paint(text, YELLOW), unpaint(text), result->id);
            put_rule(text, result);
            fprintf(text->out, "      %s\n", reason);
            free(reason);
        }
    }
}

static void put_summary(struct mfd_text *text, const struct mfd_run *run)
{
    int code = mfd_run_exit_code(run);

    for (int i = 0; i < MFD_VERDICT_COUNT; i++) {
        bool shown = i != MFD_PASS && run->summary[i] > 0;
        const char *colour = shown ? verdict_colour((enum mfd_verdict)i) : "";

        fprintf(text->out, "%s%zu %s%s  ", paint(text, colour), run->summary[i],
                mfd_describe_verdict((enum mfd_verdict)i), *colour ? unpaint(text) : "");
    }
    fprintf(text->out, "%.1f s\n", run->ms / 1000);
    if (code == 4) {
        fputs("nothing was tested: no scenario was chosen that applies\n", text->out);
    }
}

void mfd_text_finish(struct mfd_text *text, const struct mfd_run *run)
{
    char peer[512];

    end_area(text);
    put_warnings(text, run);
    put_failures(text, run);
    fprintf(text->out, "%s%s, %s, judged by %s\n", run->count ? "\n" : "",
            mfd_describe_peer(run, peer, sizeof(peer)), run->role, run->profile);
    put_summary(text, run);
}
