// SPDX-License-Identifier: GPL-2.0-or-later
#include "pairwise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool meets(const struct mfd_combination *rows, size_t count, size_t a, unsigned x, size_t b,
                  unsigned y)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].value[a] == x && rows[i].value[b] == y) {
            return true;
        }
    }
    return false;
}

static void every_two_parameters_meet_in_all_their_values(void **state)
{
    static const size_t sizes[] = {4, 3, 3, 2, 2, 5};
    enum { AXES = 6 };
    size_t count = 0;
    struct mfd_combination *rows = mfd_pairwise(sizes, AXES, 2, &count);

    (void)state;
    for (size_t a = 0; a < AXES; a++) {
        for (size_t b = a + 1; b < AXES; b++) {
            for (unsigned x = 0; x < sizes[a]; x++) {
                for (unsigned y = 0; y < sizes[b]; y++) {
                    assert_true(meets(rows, count, a, x, b, y));
                }
            }
        }
    }
    assert_in_range(count, 20, 30); /* 20 is the least: 4 x 5; all would be 720 */
    free(rows);
}

static void strength_one_shows_every_value(void **state)
{
    static const size_t sizes[] = {4, 2, 3};
    size_t count = 0;
    struct mfd_combination *rows = mfd_pairwise(sizes, 3, 1, &count);

    (void)state;
    assert_int_equal(count, 4);
    free(rows);
}

static void a_strength_that_covers_everything_is_the_product(void **state)
{
    static const size_t sizes[] = {4, 2, 3};
    static const unsigned strengths[] = {0, 3, 9};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        size_t count = 0;
        struct mfd_combination *rows = mfd_pairwise(sizes, 3, strengths[i], &count);

        assert_int_equal(count, 24);
        assert_int_equal(rows[0].value[2], 0);
        assert_int_equal(rows[23].value[0], 3);
        free(rows);
    }
}

static void no_parameter_makes_one_empty_row(void **state)
{
    size_t count = 0;
    struct mfd_combination *rows = mfd_pairwise(NULL, 0, 2, &count);

    (void)state;
    assert_int_equal(count, 1);
    free(rows);
}

static void the_same_input_gives_the_same_rows(void **state)
{
    static const size_t sizes[] = {3, 3, 3, 3};
    size_t one_count = 0;
    size_t other_count = 0;
    struct mfd_combination *one = mfd_pairwise(sizes, 4, 2, &one_count);
    struct mfd_combination *other = mfd_pairwise(sizes, 4, 2, &other_count);

    (void)state;
    assert_int_equal(one_count, other_count);
    assert_memory_equal(one, other, one_count * sizeof(*one));
    free(one);
    free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_two_parameters_meet_in_all_their_values),
        cmocka_unit_test(strength_one_shows_every_value),
        cmocka_unit_test(a_strength_that_covers_everything_is_the_product),
        cmocka_unit_test(no_parameter_makes_one_empty_row),
        cmocka_unit_test(the_same_input_gives_the_same_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
