// SPDX-License-Identifier: GPL-2.0-or-later
#include "defect.h"

#include "rule.h"
#include "words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void ids_run_from_B01_on_without_gap(void **state)
{
    size_t count = 0;
    const struct mfd_defect *all = mfd_defects(&count);
    char id[24];

    (void)state;
    assert_true(count >= 40);
    for (size_t i = 0; i < count; i++) {
        snprintf(id, sizeof(id), "B%02zu", i + 1);
        assert_string_equal(all[i].id, id);
        assert_ptr_equal(mfd_defect_find(id), &all[i]);
    }
    snprintf(id, sizeof(id), "B%02zu", count + 1);
    assert_null(mfd_defect_find(id));
    assert_null(mfd_defect_find(""));
}

static void every_rule_that_a_defect_names_exists(void **state)
{
    size_t count = 0;
    const struct mfd_defect *all = mfd_defects(&count);
    char id[32];

    (void)state;
    for (size_t i = 0; i < count; i++) {
        for (const char *at = all[i].rules; mfd_words_next(&at, id, sizeof(id));) {
            if (mfd_rule_find(id) == MFD_RULE_COUNT) {
                fail_msg("%s names %s, which is no rule", all[i].id, id);
            }
        }
    }
}

static void every_defect_has_its_texts(void **state)
{
    size_t count = 0;
    const struct mfd_defect *all = mfd_defects(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_true(strlen(all[i].text) > 20);
        assert_int_equal(all[i].text[strlen(all[i].text) - 1], '.');
        assert_true(strlen(all[i].releases) > 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_run_from_B01_on_without_gap),
        cmocka_unit_test(every_rule_that_a_defect_names_exists),
        cmocka_unit_test(every_defect_has_its_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
