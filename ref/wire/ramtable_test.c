// SPDX-License-Identifier: GPL-2.0-or-later
#include "ramtable.h"

#include "wire_test.h"

static struct mfd_ramblock blocks[] = {
    {.name = "mem0", .used_length = 0x200000, .max_length = 0x200000},
    {.name = "mem", .used_length = 0x1000, .max_length = 0x1000},
    {.name = "/rom@etc/acpi/tables",
     .used_length = 0x1000,
     .max_length = 0x200000,
     .resizable = true},
};
static const struct mfd_ramtable table = {blocks, COUNT(blocks)};

static void a_name_is_found_whole_never_by_a_part_of_it(void **state)
{
    (void)state;
    assert_int_equal(mfd_ramtable_find(&table, "mem0", 4), 0);
    assert_int_equal(mfd_ramtable_find(&table, "mem0", 3), 1);
    assert_int_equal(mfd_ramtable_find(&table, "mem", 3), 1);
    assert_int_equal(mfd_ramtable_find(&table, "/rom@etc/acpi/tables", 20), 2);
    assert_int_equal(mfd_ramtable_find(&table, "mem00", 5), -1);
    assert_int_equal(mfd_ramtable_find(&table, "me", 2), -1);
    assert_int_equal(mfd_ramtable_find(&table, "", 0), -1);
    assert_int_equal(mfd_ramtable_find(&table, "MEM0", 4), -1);
}

static void a_name_ends_at_its_first_nul(void **state)
{
    (void)state;
    assert_int_equal(mfd_ramtable_find(&table, "mem0\0junk", 9), 0);
    assert_int_equal(mfd_ramtable_find(&table, "mem\0", 4), 1);
    assert_int_equal(mfd_ramtable_find(&table, "\0mem0", 5), -1);
}

static void a_name_without_nul_is_not_read_past_its_end(void **state)
{
    uint8_t *name = test_copy((const uint8_t *)"mem0", 4);
    uint8_t *whole = malloc(MFD_IDSTR_SIZE);

    (void)state;
    assert_int_equal(mfd_ramtable_find(&table, (const char *)name, 4), 0);
    memset(whole, 'Z', MFD_IDSTR_SIZE);
    for (size_t len = 0; len <= MFD_IDSTR_SIZE; len++) {
        assert_int_equal(mfd_ramtable_find(&table, (const char *)whole, len), -1);
    }
    free(name);
    free(whole);
}

static void the_longest_name_that_fits_is_found(void **state)
{
    struct mfd_ramblock longest = {.used_length = 0x1000};
    struct mfd_ramtable one = {&longest, 1};
    char name[MFD_IDSTR_SIZE];

    (void)state;
    memset(longest.name, 'Z', MFD_IDSTR_SIZE - 1);
    memset(name, 'Z', sizeof(name));
    assert_int_equal(mfd_ramtable_find(&one, name, MFD_IDSTR_SIZE - 1), 0);
    assert_int_equal(mfd_ramtable_find(&one, name, MFD_IDSTR_SIZE), -1);
    assert_int_equal(mfd_ramtable_find(&one, name, MFD_IDSTR_SIZE - 2), -1);
}

static void an_empty_table_holds_nothing(void **state)
{
    struct mfd_ramtable none = {NULL, 0};

    (void)state;
    assert_int_equal(mfd_ramtable_find(&none, "mem0", 4), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_found_whole_never_by_a_part_of_it),
        cmocka_unit_test(a_name_ends_at_its_first_nul),
        cmocka_unit_test(a_name_without_nul_is_not_read_past_its_end),
        cmocka_unit_test(the_longest_name_that_fits_is_found),
        cmocka_unit_test(an_empty_table_holds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
