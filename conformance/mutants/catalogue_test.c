// SPDX-License-Identifier: GPL-2.0-or-later
#include "catalogue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TEXT "mutant a\nfile ref/a.c\nold x\nnew y\nkilled-by init/*\n"

static void parse(const char *text, struct mfd_mutants *mutants)
{
    char error[MFD_MUTANTS_ERROR_SIZE] = "";

    if (!mfd_mutants_parse("c", text, strlen(text), mutants, error)) {
        fail_msg("%s", error);
    }
}

static const struct mfd_mutant *find(const struct mfd_mutants *mutants, const char *name)
{
    for (size_t i = 0; i < mutants->count; i++) {
        if (strcmp(mutants->list[i].name, name) == 0) {
            return &mutants->list[i];
        }
    }
    fail_msg("no mutant %s", name);
    return NULL;
}

static void a_record_is_read_line_by_line(void **state)
{
    struct mfd_mutants mutants;
    const struct mfd_mutant *mutant = NULL;

    (void)state;
    parse("# why\n\nmutant a-b\n# within\nfile ref/wire/x.c\nold     if (a  b) \nnew \n"
          "killed-by packet/*\n"
          "profile qemu-5.2\ndefect B05\nequivalent it is the same",
          &mutants);
    mutant = find(&mutants, "a-b");
    assert_int_equal(mutant->rule, MFD_RULE_COUNT);
    assert_string_equal(mutant->file, "ref/wire/x.c");
    assert_string_equal(mutant->old_text, "    if (a  b) ");
    assert_string_equal(mutant->new_text, "");
    assert_string_equal(mutant->killed_by, "packet/*");
    assert_string_equal(mutant->profile, "qemu-5.2");
    assert_string_equal(mutant->equivalent, "it is the same");
    assert_string_equal(mutant->defect, "B05");
    assert_int_equal(mutant->line, 3);
    mfd_mutants_free(&mutants);
}

static void records_are_separated_by_blank_lines(void **state)
{
    struct mfd_mutants mutants;

    (void)state;
    parse(TEXT "\n\n\nmutant b\nfile ref/b.c\nold x\nnew\nkilled-by *\n\n", &mutants);
    assert_string_equal(find(&mutants, "a")->profile, "ref");
    assert_null(find(&mutants, "a")->equivalent);
    assert_string_equal(find(&mutants, "b")->new_text, "");
    assert_ptr_equal(find(&mutants, "b"), &mutants.list[mutants.count - 1]);
    mfd_mutants_free(&mutants);
}

static void each_refused_rule_that_bytes_decide_has_a_mutant_that_it_kills(void **state)
{
    struct mfd_mutants mutants;
    size_t count = 0;

    (void)state;
    parse("", &mutants);
    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        const struct mfd_rule_info *rule = mfd_rule_info((enum mfd_rule)i);
        bool wanted = rule->kind == MFD_KIND_BYTES && mfd_rule_refused((enum mfd_rule)i) &&
                      rule->seen != MFD_SEEN_NOT;

        assert_int_equal(wanted, mfd_mutant_of_rule((enum mfd_rule)i));
        if (wanted) {
            assert_int_equal(mutants.list[count].rule, i);
            assert_string_equal(mutants.list[count].name + strlen("rule:"), rule->id);
            assert_string_equal(mutants.list[count].killed_by, rule->id);
            assert_null(mutants.list[count].file);
            count++;
        }
    }
    assert_true(count >= 30);
    assert_int_equal(mutants.count, count);
    mfd_mutants_free(&mutants);
}

static void a_rule_of_the_past_is_tried_with_the_newest_release_that_has_it(void **state)
{
    struct mfd_mutants mutants;

    (void)state;
    parse("", &mutants);
    assert_string_equal(find(&mutants, "rule:MF-HDR-021")->profile, "ref");
    assert_string_equal(find(&mutants, "rule:MF-HDR-005")->profile, "qemu-5.2");
    assert_string_equal(find(&mutants, "rule:MF-HDR-016")->profile, "qemu-5.2");
    assert_string_equal(find(&mutants, "rule:MF-SYNC-014")->profile, "qemu-7.2");
    mfd_mutants_free(&mutants);
}

static void a_record_can_mark_the_mutant_of_a_rule(void **state)
{
    struct mfd_mutants mutants;
    struct mfd_mutants plain;

    (void)state;
    parse("mutant rule:MF-PAY-008\nequivalent no codec\n", &mutants);
    parse("", &plain);
    assert_int_equal(mutants.count, plain.count);
    assert_string_equal(find(&mutants, "rule:MF-PAY-008")->equivalent, "no codec");
    assert_int_equal(find(&mutants, "rule:MF-PAY-008")->line, 1);
    mfd_mutants_free(&plain);
    mfd_mutants_free(&mutants);
}

static void every_error_names_file_and_line(void **state)
{
    static const struct {
        const char *text;
        const char *error;
    } cases[] = {
        {"\n# c\nmutants a\n", "c:3: there is no keyword \"mutants\""},
        {" mutant a\n", "c:1: there is no keyword \"\""},
        {"mutant\n", "c:1: nothing stands behind \"mutant\""},
        {"mutant \n", "c:1: nothing stands behind \"mutant\""},
        {"mutant a\nold\n", "c:2: nothing stands behind \"old\""},
        {"mutant a\nfile b\nfile c\n", "c:3: twice in one record: \"file\""},
        {"mutant a\nmutant b\n", "c:2: twice in one record: \"mutant\""},
        {"mutant a\nnew\nnew\n", "c:3: twice in one record: \"new\""},
        {"file b\n", "c:1: a record starts with mutant NAME, not \"file\""},
        {"# c\nmutant a\n\n", "c:2: the record lacks \"file\""},
        {"mutant a\nfile b\nnew c\nkilled-by d\n", "c:1: the record lacks \"old\""},
        {"mutant a\nfile b\nold c\nkilled-by d\n", "c:1: the record lacks \"new\""},
        {"mutant a\nfile b\nold c\nnew d\n", "c:1: the record lacks \"killed-by\""},
        {"mutant a\nfile b\nold c\nnew c\nkilled-by d\n", "c:1: old and new are the same in \"a\""},
        {"mutant a\nfile /b\nold c\nnew d\nkilled-by d\n",
         "c:1: not a path below the root of the source: \"/b\""},
        {"mutant a\nfile x/../b\nold c\nnew d\nkilled-by d\n",
         "c:1: not a path below the root of the source: \"x/../b\""},
        {TEXT "profile qemu-1.0\n", "c:1: there is no profile \"qemu-1.0\""},
        {TEXT "\n" TEXT, "c:7: there are two mutants \"a\""},
        {"mutant rule:MF-XXX-001\nequivalent r\n",
         "c:1: no rule that the bytes of a message decide: \"rule:MF-XXX-001\""},
        {"mutant rule:MF-INIT-005\nequivalent r\n",
         "c:1: no rule that the bytes of a message decide: \"rule:MF-INIT-005\""},
        {"mutant rule:MF-HDR-021\n",
         "c:1: all that can be told of a rule's mutant is equivalent or defect: \"rule:MF-HDR-021\""},
        {"mutant rule:MF-HDR-021\nequivalent r\nprofile ref\n",
         "c:1: all that can be told of a rule's mutant is equivalent or defect: \"rule:MF-HDR-021\""},
        {"mutant rule:MF-HDR-021\nequivalent r\n\nmutant rule:MF-HDR-021\nequivalent r\n",
         "c:4: there are two mutants \"rule:MF-HDR-021\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char error[MFD_MUTANTS_ERROR_SIZE] = "";
        struct mfd_mutants mutants;

        assert_false(mfd_mutants_parse("c", cases[i].text, strlen(cases[i].text), &mutants, error));
        assert_string_equal(error, cases[i].error);
    }
}

static void a_source_without_catalogue_is_an_error(void **state)
{
    char error[MFD_MUTANTS_ERROR_SIZE] = "";
    struct mfd_mutants mutants;

    (void)state;
    assert_false(mfd_mutants_load("/nonexistent", &mutants, error));
    assert_string_equal(error,
                        "/nonexistent/conformance/mutants/catalogue: No such file or directory");
}

/* The one that this project ships. */
static void in_the_catalogue_each_old_text_stands_once_in_its_file(void **state)
{
    char error[MFD_MUTANTS_ERROR_SIZE] = "";
    struct mfd_mutants mutants;

    (void)state;
    if (!mfd_mutants_load(NULL, &mutants, error)) {
        fail_msg("%s", error);
    }
    for (size_t i = 0; i < mutants.count; i++) {
        const struct mfd_mutant *mutant = &mutants.list[i];
        char path[1024];
        char *text = NULL;
        size_t room = 0;
        FILE *file = NULL;
        const char *found = NULL;

        if (!mutant->file) {
            continue;
        }
        snprintf(path, sizeof(path), "%s/%s", mfd_mutants_source(), mutant->file);
        file = fopen(path, "re");
        assert_non_null(file);
        assert_true(getdelim(&text, &room, '\0', file) > 0);
        found = strstr(text, mutant->old_text);
        if (!found || strstr(found + 1, mutant->old_text)) {
            fail_msg("%s:%u: the old text of %s is not exactly once in %s", MFD_MUTANTS_CATALOGUE,
                     mutant->line, mutant->name, mutant->file);
        }
        fclose(file);
        free(text);
    }
    mfd_mutants_free(&mutants);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_read_line_by_line),
        cmocka_unit_test(records_are_separated_by_blank_lines),
        cmocka_unit_test(each_refused_rule_that_bytes_decide_has_a_mutant_that_it_kills),
        cmocka_unit_test(a_rule_of_the_past_is_tried_with_the_newest_release_that_has_it),
        cmocka_unit_test(a_record_can_mark_the_mutant_of_a_rule),
        cmocka_unit_test(every_error_names_file_and_line),
        cmocka_unit_test(a_source_without_catalogue_is_an_error),
        cmocka_unit_test(in_the_catalogue_each_old_text_stands_once_in_its_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
