// SPDX-License-Identifier: GPL-2.0-or-later
#include "html_part.h"

#include "defect.h"
#include "escape.h"

#include <stdio.h>
#include <string.h>

/* Which results a section is about. */
typedef bool (*chooser)(const struct mfd_result *result, bool strict);

static bool is_tone(const struct mfd_result *result, bool strict, const char *tone)
{
    return strcmp(mfd_html_tone(result, strict), tone) == 0;
}

static bool unexpected(const struct mfd_result *result, bool strict)
{
    return is_tone(result, strict, "fail");
}

static bool warned(const struct mfd_result *result, bool strict)
{
    return is_tone(result, strict, "warn");
}

static bool known(const struct mfd_result *result, bool strict)
{
    return is_tone(result, strict, "known");
}

static size_t count_of(const struct mfd_run *run, chooser chosen)
{
    size_t n = 0;

    for (size_t i = 0; i < run->count; i++) {
        n += chosen(&run->results[i], run->strict);
    }
    return n;
}

static bool same_scenario(const struct mfd_result *a, const struct mfd_result *b)
{
    size_t len = strcspn(a->id, "[");

    return len == strcspn(b->id, "[") && strncmp(a->id, b->id, len) == 0 && a->got == b->got &&
           a->verdict == b->verdict;
}

/* The instances that came out as the one before; returns how many. */
static size_t put_alike(const struct mfd_html *page, const struct mfd_run *run, size_t first,
                        chooser chosen)
{
    const struct mfd_result *head = &run->results[first];
    FILE *out = page->out;
    size_t n = 0;

    while (first + n + 1 < run->count && same_scenario(head, &run->results[first + n + 1]) &&
           chosen(&run->results[first + n + 1], run->strict)) {
        n++;
    }
    if (n == 0) {
        return 0;
    }
    fprintf(
        out,
        "<details>\n<summary>%zu more instance%s of this scenario, with the same "
        "outcome</summary>\n<div class=\"wide\" tabindex=\"0\"><table>\n<thead><tr><th>parameters</th>"
        "<th>seen</th><th>again</th></tr></thead>\n<tbody>\n",
        n, n == 1 ? "" : "s");
    for (size_t i = first + 1; i <= first + n; i++) {
        const struct mfd_result *result = &run->results[i];

        fputs("<tr><td><code>", out);
        mfd_escape_xml(out, result->params);
        fputs("</code></td><td>", out);
        mfd_escape_xml(out, result->detail);
        fputs("</td><td><code>", out);
        mfd_escape_xml(out, result->rerun);
        fputs("</code></td></tr>\n", out);
    }
    fputs("</tbody>\n</table></div>\n</details>\n", out);
    return n;
}

/* Returns the index of the last instance shown. */
static size_t put_case(const struct mfd_html *page, size_t r, size_t i, chooser chosen)
{
    const struct mfd_run *run = &page->runs[r];
    char id[64];

    snprintf(id, sizeof(id), "c%zu-%zu", r, i);
    mfd_html_case(page->out, &run->results[i], mfd_html_tone(&run->results[i], run->strict), id);
    return i + put_alike(page, run, i, chosen);
}

static void put_cases(const struct mfd_html *page, size_t r, const char *id, const char *title,
                      chooser chosen)
{
    const struct mfd_run *run = &page->runs[r];
    size_t count = count_of(run, chosen);

    mfd_html_heading(page, r, id, title, count);
    if (count == 0) {
        fputs("<p class=\"soft\">None.</p>\n", page->out);
    }
    for (size_t i = 0; i < run->count; i++) {
        if (chosen(&run->results[i], run->strict)) {
            i = put_case(page, r, i, chosen);
        }
    }
    fputs("</section>\n", page->out);
}

/* Whether an earlier known result has the same defect. */
static bool told(const struct mfd_run *run, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (known(&run->results[i], run->strict) &&
            strcmp(mfd_html_defect(&run->results[i]), mfd_html_defect(&run->results[index])) == 0) {
            return true;
        }
    }
    return false;
}

static void put_defect(const struct mfd_html *page, size_t r, size_t first)
{
    const struct mfd_run *run = &page->runs[r];
    const char *id = mfd_html_defect(&run->results[first]);
    const struct mfd_defect *defect = mfd_defect_find(id);

    fputs("<h3>", page->out);
    mfd_escape_xml(page->out, *id ? id : "Blocked by what is known");
    fputs(defect ? ": " : "", page->out);
    mfd_escape_xml(page->out, defect ? defect->text : NULL);
    fputs("</h3>\n", page->out);
    for (size_t i = first; i < run->count; i++) {
        const struct mfd_result *result = &run->results[i];

        if (!known(result, run->strict) || strcmp(mfd_html_defect(result), id) != 0) {
            continue;
        }
        fputs("<details>\n<summary><span class=\"mono\">", page->out);
        mfd_escape_xml(page->out, result->id);
        fprintf(page->out, "</span>: %s</summary>\n",
                result->got < MFD_OUTCOME_COUNT ? mfd_outcome_name(result->got)
                                                : mfd_verdict_name(result->verdict));
        i = put_case(page, r, i, known);
        fputs("</details>\n", page->out);
    }
}

static void put_known(const struct mfd_html *page, size_t r)
{
    const struct mfd_run *run = &page->runs[r];
    size_t count = count_of(run, known);

    mfd_html_heading(page, r, "known", "Known defects", count);
    fputs(count ? "<p class=\"soft\">The baseline of this release lists them; each opens.</p>\n"
                : "<p class=\"soft\">None.</p>\n",
          page->out);
    for (size_t i = 0; i < run->count; i++) {
        if (known(&run->results[i], run->strict) && !told(run, i)) {
            put_defect(page, r, i);
        }
    }
    fputs("</section>\n", page->out);
}

void mfd_html_cases(const struct mfd_html *page, size_t r)
{
    put_cases(page, r, "unexpected", "Unexpected", unexpected);
    put_cases(page, r, "warned", "A SHOULD that is not met", warned);
    put_known(page, r);
}
