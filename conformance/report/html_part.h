// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parts that the page of html.h is put together from.
 */
#ifndef MFD_HTML_PART_H
#define MFD_HTML_PART_H

#include "result.h"

#include <stdbool.h>
#include <stdio.h>

struct mfd_html {
    FILE *out;
    const struct mfd_run *runs;
    size_t count;
};

/*
 * How a result is shown: "fail" where it counts against the peer or the harness, "known", "warn", "pass", and
 * "quiet" for what says nothing. A class of page.css.
 */
const char *mfd_html_tone(const struct mfd_result *result, bool strict);

/* The peer of a run, escaped. */
void mfd_html_peer(FILE *out, const struct mfd_run *run);
/* Id of the result's defect, "" if it has none. */
const char *mfd_html_defect(const struct mfd_result *result);
/* Opens a <section> about run `r` with a title and a count; its anchor is "ID-R". */
void mfd_html_heading(const struct mfd_html *page, size_t r, const char *id, const char *title,
                      size_t count);

/* html_cases.c: what was unexpected, what is a SHOULD and what is known of run `r`, each in full. */
void mfd_html_cases(const struct mfd_html *page, size_t r);
/* html_rules.c: the rules, a row each, against the runs. */
void mfd_html_rules(const struct mfd_html *page);

/* html_case.c: an <article> with rule, expectation, ladder and message; `id` is unique in the page and becomes its anchor. */
void mfd_html_case(FILE *out, const struct mfd_result *result, const char *tone, const char *id);

#endif
