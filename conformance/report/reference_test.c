// SPDX-License-Identifier: GPL-2.0-or-later
#include "reference.h"

#include "rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *reference(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_true(mfd_reference_write(out));
    fclose(out);
    return text;
}

/* Lines that start with "| ID |". */
static unsigned rows(const char *text, const char *id)
{
    char start[64];
    unsigned count = 0;

    snprintf(start, sizeof(start), "\n| %s |", id);
    for (const char *p = text; (p = strstr(p, start)); p++) {
        count++;
    }
    return count;
}

static void every_rule_and_every_tombstone_has_one_row(void **state)
{
    char *text = reference();
    size_t count = 0;
    const struct mfd_rule_tombstone *old = mfd_rule_tombstones(&count);

    (void)state;
    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        assert_int_equal(rows(text, mfd_rule_info((enum mfd_rule)i)->id), 1);
    }
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(rows(text, old[i].id), 1);
    }
    free(text);
}

static void every_revision_has_one_row(void **state)
{
    char *text = reference();

    (void)state;
    for (int i = 0; i < MFD_REV_COUNT; i++) {
        assert_int_equal(rows(text, mfd_rev_info((enum mfd_rev)i)->name), 1);
    }
    free(text);
}

static void a_field_tells_its_place_and_its_rules(void **state)
{
    char *text = reference();

    (void)state;
    assert_non_null(strstr(text, "| 24 | 1 | `id` | integer |  | channel id, 0 to channels - 1 | "
                                 "MF-INIT-005, MF-INIT-012 |\n"));
    assert_non_null(strstr(text, "| 32 | 4 | `zero_pages` | integer | 9.0 | "));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_and_every_tombstone_has_one_row),
        cmocka_unit_test(every_revision_has_one_row),
        cmocka_unit_test(a_field_tells_its_place_and_its_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
