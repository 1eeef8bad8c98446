// SPDX-License-Identifier: GPL-2.0-or-later
#include "html_part.h"

#include "areas.h"
#include "describe.h"
#include "escape.h"

#include <string.h>

struct cell {
    size_t all;
    size_t tones[5];
    size_t worst; /* index of the first result with the worst tone */
    const char *defect;
};

/* The worst first. */
static const char *const tones[] = {"fail", "known", "warn", "pass", "quiet"};
enum { FAIL, KNOWN, WARN, PASS, QUIET, TONES };

static int tone_index(const char *tone)
{
    int i = 0;

    while (strcmp(tones[i], tone) != 0) {
        i++;
    }
    return i;
}

static struct cell make_cell(const struct mfd_run *run, enum mfd_rule rule)
{
    struct cell cell = {.defect = ""};
    int worst = TONES;

    for (size_t i = 0; i < run->count; i++) {
        const struct mfd_result *result = &run->results[i];
        int tone = tone_index(mfd_html_tone(result, run->strict));

        if (result->rule != rule) {
            continue;
        }
        cell.all++;
        cell.tones[tone]++;
        if (tone < worst) {
            worst = tone;
            cell.worst = i;
            cell.defect = mfd_html_defect(result);
        }
    }
    return cell;
}

static void put_cell(const struct mfd_html *page, size_t r, enum mfd_rule rule)
{
    static const char *const words[] = {"\u2717", "known", "warn"};
    struct cell cell = make_cell(&page->runs[r], rule);
    int tone = 0;

    while (tone < QUIET && cell.tones[tone] == 0) {
        tone++;
    }
    if (cell.all == 0) {
        fputs("<td class=\"quiet\">not tested</td>", page->out);
    } else if (tone == PASS) {
        fprintf(page->out, "<td class=\"pass\">\u2713 %zu", cell.tones[PASS]);
        if (cell.tones[PASS] < cell.all) {
            fprintf(page->out, " <span class=\"quiet\">of %zu</span>", cell.all);
        }
        fputs("</td>", page->out);
    } else if (tone == QUIET) {
        fprintf(page->out, "<td class=\"quiet\">%s</td>",
                mfd_describe_verdict(page->runs[r].results[cell.worst].verdict));
    } else {
        fprintf(page->out,
                "<td class=\"%s\"><a class=\"%s\" href=\"#c%zu-%zu\">%s %zu of %zu</a>%s%s</td>",
                tones[tone], tones[tone], r, cell.worst, words[tone], cell.tones[tone], cell.all,
                *cell.defect ? " " : "", cell.defect);
    }
}

/* Whether any run has a result about the rule. */
static bool tested(const struct mfd_html *page, enum mfd_rule rule)
{
    for (size_t r = 0; r < page->count; r++) {
        if (make_cell(&page->runs[r], rule).all) {
            return true;
        }
    }
    return false;
}

static void put_rule_row(const struct mfd_html *page, enum mfd_rule rule)
{
    const struct mfd_rule_info *info = mfd_rule_info(rule);

    fprintf(page->out, "<tr><th scope=\"row\"><code>%s</code></th><td>", info->id);
    mfd_escape_xml(page->out, info->text);
    fputs("</td>", page->out);
    for (size_t r = 0; r < page->count; r++) {
        put_cell(page, r, rule);
    }
    fputs("</tr>\n", page->out);
}

static void put_untested(const struct mfd_html *page, const struct mfd_area *area)
{
    const char *before = "<p class=\"soft\">No scenario here: ";
    bool any = false;

    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        if (mfd_area_of((enum mfd_rule)i) == area && !tested(page, (enum mfd_rule)i)) {
            fprintf(page->out, "%s<code>%s</code>", before, mfd_rule_info((enum mfd_rule)i)->id);
            before = ", ";
            any = true;
        }
    }
    fputs(any ? "</p>\n" : "", page->out);
}

static void put_area_rules(const struct mfd_html *page, const struct mfd_area *area)
{
    bool any = false;

    fprintf(page->out, "<h3>%s</h3>\n", area->title);
    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        if (mfd_area_of((enum mfd_rule)i) != area || !tested(page, (enum mfd_rule)i)) {
            continue;
        }
        if (!any) {
            fputs("<div class=\"wide\" tabindex=\"0\"><table class=\"rules\">\n<thead><tr>"
                  "<th scope=\"col\" class=\"id\">id</th>"
                  "<th scope=\"col\">rule</th>",
                  page->out);
            for (size_t r = 0; r < page->count; r++) {
                fputs("<th scope=\"col\" class=\"peer\">", page->out);
                mfd_html_peer(page->out, &page->runs[r]);
                fputs("</th>", page->out);
            }
            fputs("</tr></thead>\n<tbody>\n", page->out);
            any = true;
        }
        put_rule_row(page, (enum mfd_rule)i);
    }
    fputs(any ? "</tbody>\n</table></div>\n" : "", page->out);
    put_untested(page, area);
}

void mfd_html_rules(const struct mfd_html *page)
{
    size_t count = 0;
    const struct mfd_area *areas = mfd_areas(&count);

    fputs(
        "<section>\n<h2 id=\"rules\">Rules</h2>\n<p class=\"soft\">Scenarios about each rule that came out as "
        "expected, or the worst that was seen.</p>\n",
        page->out);
    for (size_t i = 0; i < count; i++) {
        put_area_rules(page, &areas[i]);
    }
    fputs("</section>\n", page->out);
}
