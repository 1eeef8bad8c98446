// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The HTML report in a real browser: it is printed to PDF, and where each word came to lie is read from that.
 * A page that the browser does not lay out, a drawing that it does not draw, text that runs off the paper all
 * show there.
 */
#include "html.h"

#include "fixture.h"
#include "scratch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { WORDS_MAX = 20000 };

struct word {
    int page;
    double left;
    double top;
    double right;
    char text[64];
};

struct layout {
    struct word words[WORDS_MAX];
    size_t count;
    double widths[200];
    int pages;
};

static void run(char *const argv[])
{
    int status = fixture_exec(argv);

    if (status != 0) {
        fail_msg("%s ended with %d", argv[0], status);
    }
}

/* Prints the page `html` in the folder; returns the name of a file with a line for each word. */
static void print(const char *folder, const char *html, char *boxes, size_t size)
{
    char page[256];
    char pdf[256];
    char to_pdf[300];
    char profile[300];
    char url[300];
    FILE *file = NULL;

    snprintf(page, sizeof(page), "%s/page.html", folder);
    snprintf(pdf, sizeof(pdf), "%s/page.pdf", folder);
    snprintf(boxes, size, "%s/boxes", folder);
    snprintf(to_pdf, sizeof(to_pdf), "--print-to-pdf=%s", pdf);
    snprintf(profile, sizeof(profile), "--user-data-dir=%s/profile", folder);
    snprintf(url, sizeof(url), "file://%s", page);
    file = fopen(page, "w");
    assert_non_null(file);
    fputs(html, file);
    fclose(file);
    /* `timeout` so that no browser is left where it hangs */
    run((char *[]){"timeout", "--kill-after=5", "240", MFD_CHROMIUM, "--headless", "--no-sandbox",
                   "--disable-gpu", "--no-first-run", "--disable-background-networking",
                   "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
                   "--no-pdf-header-footer", profile, to_pdf, url, NULL});
    run((char *[]){MFD_PDFTOTEXT, "-bbox", pdf, boxes, NULL});
}

static void read_boxes(const char *name, struct layout *layout)
{
    FILE *file = fopen(name, "r");
    char line[512];

    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        struct word *word = &layout->words[layout->count];
        double width = 0;

        if (sscanf(line, " <page width=\"%lf\"", &width) == 1) {
            assert_true(layout->pages < 200);
            layout->widths[layout->pages++] = width;
        } else if (sscanf(line,
                          " <word xMin=\"%lf\" yMin=\"%lf\" xMax=\"%lf\" yMax=\"%*f\">%63[^<]",
                          &word->left, &word->top, &word->right, word->text) == 4) {
            assert_true(layout->count + 1 < WORDS_MAX);
            word->page = layout->pages - 1;
            layout->count++;
        }
    }
    fclose(file);
}

static int make_layout(void **state)
{
    static struct layout layout;
    char folder[64];
    char boxes[300];
    struct mfd_run fixture;
    char *html = NULL;

    assert_true(mfd_scratch_make(NULL, folder, sizeof(folder)));
    fixture_run(&fixture);
    html = fixture_written(mfd_html_write, &fixture);
    print(folder, html, boxes, sizeof(boxes));
    read_boxes(boxes, &layout);
    mfd_scratch_remove(folder);
    free(html);
    mfd_run_free(&fixture);
    *state = &layout;
    return 0;
}

/* The `n`-th place, from 0, where the words of `text` follow each other; NULL if there is none. */
static const struct word *find(const struct layout *layout, const char *text, unsigned n)
{
    for (size_t i = 0; i < layout->count; i++) {
        const char *at = text;
        size_t w = i;

        while (w < layout->count && *at) {
            size_t len = strlen(layout->words[w].text);

            if (strncmp(at, layout->words[w].text, len) != 0 || (at[len] && at[len] != ' ')) {
                break;
            }
            at += len;
            at += *at == ' ';
            w++;
        }
        if (!*at && n-- == 0) {
            return &layout->words[i];
        }
    }
    return NULL;
}

static const struct word *must_find(const struct layout *layout, const char *text)
{
    const struct word *word = find(layout, text, 0);

    if (!word) {
        fail_msg("\"%s\" is not on the paper", text);
    }
    return word;
}

static void the_browser_shows_summary_failure_rules_and_results(void **state)
{
    const struct layout *layout = *state;

    assert_true(layout->pages > 1);
    must_find(layout, "qemu 7.2.22 (Debian) as receiver");
    must_find(layout, "4 unexpected results");
    must_find(layout, "init/eof[n=13]");
    must_find(layout, "ERROR: heap-buffer-overflow");
    must_find(layout, "RAM packet header");
    must_find(layout, "zlib/fresh-stream");
}

static void no_word_runs_off_the_paper(void **state)
{
    const struct layout *layout = *state;

    for (size_t i = 0; i < layout->count; i++) {
        const struct word *word = &layout->words[i];

        if (word->left < 0 || word->right > layout->widths[word->page]) {
            fail_msg("page %d: \"%s\" from %.1f to %.1f of %.1f", word->page + 1, word->text,
                     word->left, word->right, layout->widths[word->page]);
        }
    }
}

static void what_is_closed_on_the_screen_is_open_on_paper(void **state)
{
    /* within <details>: the cases of known defects, and the tables of all results */
    must_find(*state, "MF-INIT-012 MUST The channel id");
    must_find(*state, "sync/left-over");
}

/* The first place of `text` on the line of a word. */
static const struct word *must_find_beside(const struct layout *layout, const char *text,
                                           const struct word *beside)
{
    const struct word *word = NULL;

    for (unsigned n = 0; (word = find(layout, text, n)); n++) {
        if (word->page == beside->page && fabs(word->top - beside->top) < 0.1) {
            return word;
        }
    }
    fail_msg("\"%s\" is not beside \"%s\"", text, beside->text);
    return NULL;
}

static void the_ladder_is_drawn_lane_by_lane_and_row_by_row(void **state)
{
    static const char *const times[] = {"0.000", "1.500", "3.000", "4.500"};
    const struct layout *layout = *state;
    const struct word *lane1 = must_find(layout, "ch 0");
    const struct word *lane0 = must_find_beside(layout, "main", lane1);
    const struct word *lane2 = must_find_beside(layout, "ch 1", lane1);
    const struct word *message = must_find(layout, "hello ! cut=$n close (13 bytes)");
    double top = lane0->top;

    assert_true(lane0->right < lane1->left && lane1->right < lane2->left);
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        const struct word *row = must_find(layout, times[i]);

        assert_true(row->page == lane0->page && row->top > top && row->right < lane0->left);
        top = row->top;
    }
    /* in the lane of ch 1, and above the row of the reset, which is drawn in the lane of ch 0 */
    assert_true(message->left > lane1->right && message->top < must_find(layout, "4.500")->top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_browser_shows_summary_failure_rules_and_results),
        cmocka_unit_test(no_word_runs_off_the_paper),
        cmocka_unit_test(what_is_closed_on_the_screen_is_open_on_paper),
        cmocka_unit_test(the_ladder_is_drawn_lane_by_lane_and_row_by_row),
    };

    return cmocka_run_group_tests(tests, make_layout, NULL);
}
