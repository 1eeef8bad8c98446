// SPDX-License-Identifier: GPL-2.0-or-later
#include "diff.h"

#include "fixture.h"
#include "schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A run of one result; `id` NULL: of none. */
static struct mfd_run make_run(const char *id, enum mfd_verdict verdict, enum mfd_outcome got)
{
    struct mfd_run run = {
        .suite_version = strdup("0.1.0"),
        .peer_kind = strdup("qemu"),
        .peer_version = strdup("7.2.22"),
        .peer_path = strdup(""),
        .profile = strdup("qemu-7.2"),
        .results = calloc(1, sizeof(*run.results)),
    };

    if (id) {
        run.results[run.count++] = (struct mfd_result){
            .id = strdup(id),
            .params = strdup(""),
            .rule = MFD_INIT_002,
            .level = "MUST",
            .role = "receiver",
            .got = got,
            .verdict = verdict,
            .twin = verdict == MFD_BLOCKED ? strdup("known") : NULL,
        };
    }
    mfd_run_summarise(&run);
    return run;
}

/* The kind of change between two results of one scenario; MFD_CHANGE_COUNT for none. */
static enum mfd_change_kind change(struct mfd_run before, struct mfd_run after)
{
    struct mfd_diff diff;
    enum mfd_change_kind kind = MFD_CHANGE_COUNT;

    assert_true(mfd_diff_make(&diff, &before, &after));
    assert_true(diff.count <= 1);
    if (diff.count) {
        kind = diff.changes[0].kind;
        assert_int_equal(diff.summary[kind], 1);
    }
    assert_int_equal(mfd_diff_worse(&diff), kind <= MFD_CHANGE_LOST);
    mfd_diff_free(&diff);
    mfd_run_free(&before);
    mfd_run_free(&after);
    return kind;
}

#define RUN(verdict, got) make_run("init/x", MFD_##verdict, MFD_##got)
#define NONE make_run(NULL, MFD_PASS, MFD_REFUSED)

static void what_is_unexpected_now_and_was_not_before_is_broken(void **state)
{
    (void)state;
    assert_int_equal(change(RUN(PASS, REFUSED), RUN(FAIL, CRASHED)), MFD_CHANGE_BROKEN);
    assert_int_equal(change(RUN(KNOWN, CRASHED), RUN(FAIL, HUNG)), MFD_CHANGE_BROKEN);
    assert_int_equal(change(RUN(PASS, REFUSED), RUN(HARNESS_ERROR, UNDECIDED)), MFD_CHANGE_BROKEN);
    assert_int_equal(change(RUN(NOT_APPLICABLE, UNDECIDED), RUN(FAIL, HUNG)), MFD_CHANGE_BROKEN);
    assert_int_equal(change(NONE, RUN(FAIL, HUNG)), MFD_CHANGE_BROKEN);
    assert_int_equal(change(NONE, RUN(STALE, HUNG)), MFD_CHANGE_BROKEN);
}

static void what_was_right_and_is_not_is_worse_although_it_is_known(void **state)
{
    (void)state;
    assert_int_equal(change(RUN(PASS, REFUSED), RUN(KNOWN, CRASHED)), MFD_CHANGE_WORSE);
    assert_int_equal(change(RUN(PASS, REFUSED), RUN(WARN, WAITING)), MFD_CHANGE_WORSE);
}

static void what_cannot_be_judged_any_more_is_lost(void **state)
{
    (void)state;
    assert_int_equal(change(RUN(PASS, REFUSED), RUN(VERDICT_UNSUPPORTED, UNSUPPORTED)),
                     MFD_CHANGE_LOST);
    assert_int_equal(change(RUN(FAIL, CRASHED), RUN(VERDICT_UNDECIDED, UNDECIDED)),
                     MFD_CHANGE_LOST);
    assert_int_equal(change(RUN(PASS, REFUSED), RUN(BLOCKED, REFUSED)), MFD_CHANGE_LOST);
}

static void what_got_better_is_fixed_or_mended(void **state)
{
    (void)state;
    assert_int_equal(change(RUN(FAIL, CRASHED), RUN(PASS, REFUSED)), MFD_CHANGE_FIXED);
    assert_int_equal(change(RUN(FAIL, CRASHED), RUN(KNOWN, CRASHED)), MFD_CHANGE_FIXED);
    assert_int_equal(change(RUN(KNOWN, CRASHED), RUN(PASS, REFUSED)), MFD_CHANGE_MENDED);
    assert_int_equal(change(RUN(WARN, WAITING), RUN(PASS, REFUSED)), MFD_CHANGE_MENDED);
}

static void what_is_in_one_report_only_is_new_or_gone(void **state)
{
    (void)state;
    assert_int_equal(change(NONE, RUN(PASS, REFUSED)), MFD_CHANGE_NEW);
    assert_int_equal(change(RUN(FAIL, CRASHED), NONE), MFD_CHANGE_GONE);
}

static void another_way_to_the_same_verdict_is_a_change_and_the_same_is_none(void **state)
{
    (void)state;
    assert_int_equal(change(RUN(FAIL, CRASHED), RUN(FAIL, HUNG)), MFD_CHANGE_OTHER);
    assert_int_equal(change(RUN(PASS, REFUSED), RUN(NOT_APPLICABLE, UNDECIDED)), MFD_CHANGE_OTHER);
    assert_int_equal(change(RUN(PASS, REFUSED), RUN(PASS, REFUSED)), MFD_CHANGE_COUNT);
    assert_int_equal(change(RUN(FAIL, CRASHED), RUN(FAIL, CRASHED)), MFD_CHANGE_COUNT);
}

static void strict_makes_a_should_that_is_not_met_unexpected(void **state)
{
    struct mfd_run before = RUN(PASS, REFUSED);
    struct mfd_run after = RUN(WARN, WAITING);

    (void)state;
    after.strict = true;
    assert_int_equal(change(before, after), MFD_CHANGE_BROKEN);
}

/* Two runs that differ in each result of the fixture that can differ. */
static void make_pair(struct mfd_run *before, struct mfd_run *after)
{
    fixture_run(before);
    fixture_run(after);
    for (size_t i = 0; i < after->count; i++) {
        enum mfd_verdict verdict = after->results[i].verdict;

        after->results[i].verdict = verdict == MFD_FAIL || verdict == MFD_KNOWN ? MFD_PASS
                                    : verdict == MFD_PASS                       ? MFD_FAIL
                                                                                : verdict;
    }
    after->results[0].got = MFD_HUNG;
    after->results[6].verdict = MFD_PASS;
    after->results[6].got = MFD_ACCEPTED;
    mfd_run_summarise(after);
}

static void a_difference_reads_as_this(void **state)
{
    struct mfd_run before;
    struct mfd_run after;
    struct mfd_diff diff;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    make_pair(&before, &after);
    assert_true(mfd_diff_make(&diff, &before, &after));
    assert_true(mfd_diff_write(out, &diff));
    fclose(out);
    fixture_assert_golden(text, "diff.txt");
    free(text);
    mfd_diff_free(&diff);
    mfd_run_free(&before);
    mfd_run_free(&after);
}

static void the_json_conforms_to_its_schema(void **state)
{
    json_t *schema = fixture_schema("diff.schema.json");
    struct mfd_run before;
    struct mfd_run after;
    struct mfd_run none = NONE;
    struct mfd_diff diff;
    json_t *json = NULL;

    (void)state;
    make_pair(&before, &after);
    for (int i = 0; i < 3; i++) {
        assert_true(mfd_diff_make(&diff, i == 1 ? &none : &before, i == 2 ? &none : &after));
        json = mfd_diff_to_json(&diff);
        assert_true(fixture_conforms(json, schema));
        assert_int_equal(json_array_size(json_object_get(json, "changes")), diff.count);
        json_object_del(json, "worse");
        assert_false(fixture_conforms(json, schema));
        json_decref(json);
        mfd_diff_free(&diff);
    }
    json_decref(schema);
    mfd_run_free(&before);
    mfd_run_free(&after);
    mfd_run_free(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_unexpected_now_and_was_not_before_is_broken),
        cmocka_unit_test(what_was_right_and_is_not_is_worse_although_it_is_known),
        cmocka_unit_test(what_cannot_be_judged_any_more_is_lost),
        cmocka_unit_test(what_got_better_is_fixed_or_mended),
        cmocka_unit_test(what_is_in_one_report_only_is_new_or_gone),
        cmocka_unit_test(another_way_to_the_same_verdict_is_a_change_and_the_same_is_none),
        cmocka_unit_test(strict_makes_a_should_that_is_not_met_unexpected),
        cmocka_unit_test(a_difference_reads_as_this),
        cmocka_unit_test(the_json_conforms_to_its_schema),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
