// SPDX-License-Identifier: GPL-2.0-or-later
#include "html_part.h"

#include "defect.h"
#include "describe.h"
#include "escape.h"
#include "ladder.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *mfd_html_tone(const struct mfd_result *result, bool strict)
{
    if (mfd_result_unexpected(result, strict) || result->verdict == MFD_HARNESS_ERROR) {
        return "fail";
    }
    switch (result->verdict) {
    case MFD_PASS:
        return "pass";
    case MFD_WARN:
        return "warn";
    case MFD_KNOWN:
    case MFD_BLOCKED:
        return "known";
    default:
        return "quiet";
    }
}

void mfd_html_peer(FILE *out, const struct mfd_run *run)
{
    char peer[512];

    mfd_escape_xml(out, mfd_describe_peer(run, peer, sizeof(peer)));
}

const char *mfd_html_defect(const struct mfd_result *result)
{
    return result->defect ? result->defect : "";
}

void mfd_html_heading(const struct mfd_html *page, size_t r, const char *id, const char *title,
                      size_t count)
{
    fprintf(page->out, "<section>\n<h2 id=\"%s-%zu\">%s (%zu)", id, r, title, count);
    if (page->count > 1) {
        fputs(": ", page->out);
        mfd_html_peer(page->out, &page->runs[r]);
    }
    fputs("</h2>\n", page->out);
}

static void put_head(FILE *out, const struct mfd_result *result, const char *tone, const char *id)
{
    fprintf(
        out,
        "<article class=\"%s\" id=\"%s\">\n<header>\n<span class=\"tag %s\">%s</span>\n<h4 class=\"mono\">",
        tone, id, tone, mfd_describe_verdict(result->verdict));
    mfd_escape_xml(out, result->id);
    fputs("</h4>\n</header>\n", out);
    if (result->rule < MFD_RULE_COUNT) {
        const struct mfd_rule_info *rule = mfd_rule_info(result->rule);

        fprintf(out, "<p><code>%s</code> <strong>%s</strong> ", rule->id,
                result->level ? result->level : "-");
        mfd_escape_xml(out, rule->text);
        fputs("</p>\n", out);
    }
}

__attribute__((format(printf, 3, 4))) static void put_fact(FILE *out, const char *label,
                                                           const char *format, ...)
{
    char *text = NULL;
    va_list list;

    va_start(list, format);
    if (vasprintf(&text, format, list) < 0) {
        text = NULL;
    }
    va_end(list);
    fprintf(out, "<tr><th scope=\"row\">%s</th><td>", label);
    mfd_escape_xml(out, text);
    fputs("</td></tr>\n", out);
    free(text);
}

static void put_ending(FILE *out, const struct mfd_result *result)
{
    if (result->signal) {
        put_fact(out, "peer", "ended by signal %d (%s)", result->signal, strsignal(result->signal));
    } else if (result->exited) {
        put_fact(out, "peer", "ended with exit status %d", result->exit_code);
    }
}

static void put_facts(FILE *out, const struct mfd_result *result)
{
    const struct mfd_defect *defect = result->defect ? mfd_defect_find(result->defect) : NULL;
    bool played = result->got < MFD_OUTCOME_COUNT && result->verdict != MFD_HARNESS_ERROR;
    char expect[128];

    fputs("<table class=\"facts\">\n", out);
    if (result->expect) {
        put_fact(out, "expected", "%s",
                 mfd_outcomes_text(result->expect, expect, (int)sizeof(expect)));
        if (played) {
            put_fact(out, "got", "%s", mfd_outcome_name(result->got));
        }
    }
    if (result->detail && *result->detail) {
        put_fact(out, "seen", "%s", result->detail);
    }
    put_ending(out, result);
    if (result->verdict == MFD_BLOCKED) {
        put_fact(out, "without its fault", "%s", result->twin ? result->twin : "nothing");
    }
    if (defect) {
        put_fact(out, "defect", "%s: %s", defect->id, defect->text);
    }
    if (result->path) {
        put_fact(out, "at", "%s:%u", result->path, result->line);
    }
    if (result->pcap) {
        put_fact(out, "capture", "%s", result->pcap);
    }
    if (result->rerun) {
        put_fact(out, "again", "%s", result->rerun);
    }
    fputs("</table>\n", out);
}

/* The events of the ladder for those who cannot see it, or want to search or copy them. */
static void put_events(FILE *out, const struct mfd_result *result)
{
    if (result->happening_count == 0) {
        return;
    }
    fputs("<details class=\"as-text\">\n<summary>The same as text</summary>\n<pre tabindex=\"0\">",
          out);
    for (size_t i = 0; i < result->happening_count; i++) {
        const struct mfd_happening *h = &result->happenings[i];

        fprintf(out, "%9.3f ms  ", h->ms);
        mfd_escape_xml(out, h->conn);
        fprintf(out, "%*s %s  ", strlen(h->conn) < 8 ? 8 - (int)strlen(h->conn) : 0, "",
                h->from_peer ? "&lt;-" : "-&gt;");
        mfd_escape_xml(out, h->text);
        fputs(h->deviation ? " &lt;- deviation\n" : "\n", out);
    }
    fputs("</pre>\n</details>\n", out);
}

static void put_block(FILE *out, const char *caption, const char *text)
{
    if (text && *text) {
        fprintf(out, "<p class=\"caption\">%s</p>\n<pre class=\"short\">", caption);
        mfd_escape_xml(out, text);
        fputs("</pre>\n", out);
    }
}

/* Lines of the dump that begin with ">" are those that the fault touched. */
static void put_message(FILE *out, const char *dump)
{
    char *copy = dump ? strdup(dump) : NULL;
    char *rest = copy;

    if (!copy) {
        return;
    }
    fputs("<p class=\"caption\">The message that deviates</p>\n<pre tabindex=\"0\">", out);
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        bool mark = line[strspn(line, " ")] == '>';

        if (!*line && !rest) {
            break;
        }
        fputs(mark ? "<mark>" : "", out);
        mfd_escape_xml(out, line);
        fputs(mark ? "</mark>\n" : "\n", out);
    }
    fputs("</pre>\n", out);
    free(copy);
}

void mfd_html_case(FILE *out, const struct mfd_result *result, const char *tone, const char *id)
{
    put_head(out, result, tone, id);
    put_facts(out, result);
    if (result->happening_count) {
        fputs("<p class=\"caption\">What went over the connections</p>\n", out);
        mfd_ladder_write(out, result, id);
        put_events(out, result);
    }
    put_message(out, result->offending);
    put_block(out, "Sanitizer", result->sanitizer);
    put_block(out, "Last output of the peer", result->peer_log);
    fputs("</article>\n", out);
}
