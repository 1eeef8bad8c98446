// SPDX-License-Identifier: GPL-2.0-or-later
#include "html.h"

#include "describe.h"
#include "escape.h"
#include "html_part.h"
#include "page_css.h"

#include <stdlib.h>
#include <string.h>

/* Page head and title. */

static void put_title(const struct mfd_html *page)
{
    if (page->count == 1) {
        mfd_html_peer(page->out, &page->runs[0]);
        fprintf(page->out, " as %s", page->runs[0].role ? page->runs[0].role : "receiver");
    } else {
        fprintf(page->out, "%zu runs", page->count);
    }
}

static void put_head(const struct mfd_html *page)
{
    fputs(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>mfdkit: ",
        page->out);
    put_title(page);
    fprintf(page->out,
            "</title>\n<style>\n%s</style>\n</head>\n<body>\n"
            "<a class=\"skip\" href=\"#content\">To the results</a>\n<header>\n<h1>",
            page_css);
    put_title(page);
    fputs(
        "</h1>\n<p class=\"soft\">How multifd, QEMU's protocol for migration over several connections, is kept. "
        "Each scenario is a valid migration with one deviation.</p>\n"
        "<nav aria-label=\"Sections\"><ul>\n<li><a href=\"#unexpected-0\">Unexpected</a></li>\n"
        "<li><a href=\"#warned-0\">SHOULD</a></li>\n<li><a href=\"#known-0\">Known defects</a></li>\n"
        "<li><a href=\"#rules\">Rules</a></li>\n<li><a href=\"#results-0\">All results</a></li>\n</ul></nav>\n"
        "</header>\n<main id=\"content\">\n",
        page->out);
}

/* One run in short. */

static const char *verdict_tone(enum mfd_verdict verdict)
{
    /* without the rule and its twin the verdict alone decides */
    struct mfd_result plain = {.verdict = verdict, .rule = MFD_RULE_COUNT};

    return mfd_html_tone(&plain, false);
}

static void put_answer(FILE *out, const struct mfd_run *run)
{
    size_t bad = 0;

    for (size_t i = 0; i < run->count; i++) {
        bad += strcmp(mfd_html_tone(&run->results[i], run->strict), "fail") == 0;
    }
    switch (mfd_run_exit_code(run)) {
    case 0:
        fputs("<p class=\"answer good\">All as expected</p>\n", out);
        break;
    case 3:
        fputs("<p class=\"answer bad\">The harness itself failed</p>\n", out);
        break;
    case 4:
        fputs("<p class=\"answer bad\">Nothing was tested</p>\n", out);
        break;
    default:
        fprintf(out, "<p class=\"answer bad\">%zu unexpected result%s</p>\n", bad,
                bad == 1 ? "" : "s");
    }
}

static void put_counts(FILE *out, const struct mfd_run *run)
{
    fputs("<div class=\"bar\" aria-hidden=\"true\">", out);
    for (int i = 0; i < MFD_VERDICT_COUNT; i++) {
        if (run->summary[i]) {
            fprintf(out, "<span class=\"%s\" style=\"flex: %zu\"></span>",
                    verdict_tone((enum mfd_verdict)i), run->summary[i]);
        }
    }
    fputs("</div>\n<ul class=\"counts\">\n", out);
    for (int i = 0; i < MFD_VERDICT_COUNT; i++) {
        if (run->summary[i] || i == MFD_PASS) {
            fprintf(out, "<li class=\"%s\"><b>%zu</b> %s</li>\n", verdict_tone((enum mfd_verdict)i),
                    run->summary[i], mfd_describe_verdict((enum mfd_verdict)i));
        }
    }
    fputs("</ul>\n", out);
}

static void put_run(FILE *out, const struct mfd_run *run)
{
    fputs("<section class=\"card\">\n", out);
    put_answer(out, run);
    put_counts(out, run);
    fputs("<p class=\"soft\">", out);
    mfd_html_peer(out, run);
    fprintf(out, ", %s, judged by ", run->role ? run->role : "receiver");
    mfd_escape_xml(out, run->profile);
    fputs("; mfdkit ", out);
    mfd_escape_xml(out, run->suite_version);
    if (run->ms > 0) {
        fprintf(out, ", %.1f s", run->ms / 1000);
    }
    fputs("</p>\n</section>\n", out);
}

/* All results, by folder. */

static void put_outcomes(FILE *out, const struct mfd_result *result)
{
    char expect[128];

    fprintf(out, "<td>%s</td><td>%s</td>",
            result->expect ? mfd_outcomes_text(result->expect, expect, (int)sizeof(expect)) : "",
            result->got < MFD_OUTCOME_COUNT ? mfd_outcome_name(result->got) : "");
}

static void put_result_row(const struct mfd_html *page, size_t r, size_t i)
{
    const struct mfd_run *run = &page->runs[r];
    const struct mfd_result *result = &run->results[i];
    const char *tone = mfd_html_tone(result, run->strict);
    const char *rule = result->rule < MFD_RULE_COUNT ? mfd_rule_info(result->rule)->id : "";

    fputs("<tr><td><code>", page->out);
    mfd_escape_xml(page->out, result->id);
    fprintf(page->out, "</code></td><td><code>%s</code></td>", rule);
    put_outcomes(page->out, result);
    fprintf(page->out, "<td class=\"%s\">%s%s%s</td><td class=\"number\">%.1f</td></tr>\n", tone,
            mfd_describe_verdict(result->verdict), result->defect ? " " : "",
            mfd_html_defect(result), result->ms);
}

static void put_folder(const struct mfd_html *page, size_t r, size_t first, size_t end,
                       const char *area)
{
    const struct mfd_run *run = &page->runs[r];
    size_t counts[MFD_VERDICT_COUNT] = {0};
    const char *separator = ": ";

    for (size_t i = first; i < end; i++) {
        counts[run->results[i].verdict]++;
    }
    fputs("<details>\n<summary><h3 class=\"mono\">", page->out);
    mfd_escape_xml(page->out, area);
    fputs("</h3>", page->out);
    for (int i = 0; i < MFD_VERDICT_COUNT; i++) {
        if (counts[i]) {
            fprintf(page->out, "%s<span class=\"%s\">%zu %s</span>", separator,
                    verdict_tone((enum mfd_verdict)i), counts[i],
                    mfd_describe_verdict((enum mfd_verdict)i));
            separator = ", ";
        }
    }
    fputs(
        "</summary>\n<div class=\"wide\" tabindex=\"0\"><table>\n<thead><tr><th scope=\"col\">scenario</th>"
        "<th scope=\"col\">rule</th><th scope=\"col\">expected</th><th scope=\"col\">got</th>"
        "<th scope=\"col\">result</th><th scope=\"col\">ms</th></tr></thead>\n<tbody>\n",
        page->out);
    for (size_t i = first; i < end; i++) {
        put_result_row(page, r, i);
    }
    fputs("</tbody>\n</table></div>\n</details>\n", page->out);
}

static void put_results(const struct mfd_html *page, size_t r)
{
    const struct mfd_run *run = &page->runs[r];
    size_t end = 0;

    mfd_html_heading(page, r, "results", "All results", run->count);
    for (size_t first = 0; first < run->count; first = end) {
        char area[64];
        char next[64];

        mfd_describe_area(&run->results[first], area, sizeof(area));
        end = first + 1;
        while (end < run->count &&
               strcmp(mfd_describe_area(&run->results[end], next, sizeof(next)), area) == 0) {
            end++;
        }
        put_folder(page, r, first, end, area);
    }
    fputs("</section>\n", page->out);
}

bool mfd_html_write_all(FILE *out, const struct mfd_run *runs, size_t count)
{
    const struct mfd_html page = {out, runs, count};

    put_head(&page);
    for (size_t r = 0; r < count; r++) {
        put_run(out, &runs[r]);
    }
    for (size_t r = 0; r < count; r++) {
        mfd_html_cases(&page, r);
    }
    mfd_html_rules(&page);
    for (size_t r = 0; r < count; r++) {
        put_results(&page, r);
    }
    fputs("</main>\n</body>\n</html>\n", out);
    return !ferror(out);
}

bool mfd_html_write(FILE *out, const struct mfd_run *run)
{
    return mfd_html_write_all(out, run, 1);
}
