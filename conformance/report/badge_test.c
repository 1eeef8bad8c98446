// SPDX-License-Identifier: GPL-2.0-or-later
#include "badge.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The badge of a run that has one result of each verdict of the set. */
static void expect_badge(unsigned verdicts, const char *message, const char *colour)
{
    struct mfd_run run;
    char want[256];
    char *text = NULL;
    size_t kept = 0;

    fixture_run(&run);
    for (size_t i = 0; i < run.count; i++) {
        if (verdicts & 1u << run.results[i].verdict) {
            run.results[kept++] = run.results[i];
        } else {
            mfd_result_free(&run.results[i]);
        }
    }
    run.count = kept;
    mfd_run_summarise(&run);
    snprintf(want, sizeof(want),
             "{\n  \"schemaVersion\": 1,\n  \"label\": \"multifd qemu 7.2.22\",\n"
             "  \"message\": \"%s\",\n  \"color\": \"%s\"\n}\n",
             message, colour);
    text = fixture_written(mfd_badge_write, &run);
    assert_string_equal(text, want);
    free(text);
    mfd_run_free(&run);
}

static void the_badge_tells_the_worst_first(void **state)
{
    (void)state;
    expect_badge(1u << MFD_PASS | 1u << MFD_FAIL | 1u << MFD_HARNESS_ERROR, "1 unexpected, 1 pass",
                 "red");
    expect_badge(1u << MFD_PASS | 1u << MFD_HARNESS_ERROR, "harness failed", "lightgrey");
    expect_badge(1u << MFD_NOT_APPLICABLE, "nothing tested", "lightgrey");
    expect_badge(1u << MFD_PASS | 1u << MFD_KNOWN, "1 pass, 1 known", "yellowgreen");
    expect_badge(1u << MFD_PASS, "1 pass", "brightgreen");
}

static void a_peer_without_a_version_is_named_by_its_kind(void **state)
{
    struct mfd_run run = {.peer_kind = "ref"};
    char *text = fixture_written(mfd_badge_write, &run);

    (void)state;
    assert_non_null(strstr(text, "\"label\": \"multifd ref\","));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_badge_tells_the_worst_first),
        cmocka_unit_test(a_peer_without_a_version_is_named_by_its_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
