// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "defect.h"
#include "grid.h"
#include "known.h"
#include "rule.h"

#include <stdlib.h>
#include <string.h>

enum { REF, OLD, NEW, NEWEST };

static char program[] = "/bin/true";
static char old_pc[] = "pc-i440fx-7.2";
static char new_pc[] = "pc-i440fx-10.0";
static char newest_pc[] = "pc-i440fx-11.1";

/* The reference and three releases, none of which is started. */
static const struct mfd_interop_peer peers[] = {
    [REF] = {.name = "ref", .rev = MFD_REV_LATEST},
    [OLD] =
        {.name = "old", .program = program, .version = "7.2.22", .pc = old_pc, .rev = MFD_REV_7_2},
    [NEW] = {.name = "new",
             .program = program,
             .version = "10.0.13",
             .pc = new_pc,
             .rev = MFD_REV_10_0},
    [NEWEST] = {.name = "newest",
                .program = program,
                .version = "11.1.3",
                .pc = newest_pc,
                .rev = MFD_REV_11_1},
};

static struct mfd_interop_cell cell(unsigned from, unsigned to, enum mfd_zero zero)
{
    return (struct mfd_interop_cell){
        .from = &peers[from], .to = &peers[to], .zero = zero, .channels = 2};
}

static struct mfd_interop_choice all_peers(void)
{
    struct mfd_interop_choice choice;

    mfd_interop_choose_all(&choice);
    choice.peers = peers;
    choice.peer_count = sizeof(peers) / sizeof(peers[0]);
    for (size_t i = 0; i < choice.peer_count; i++) {
        choice.from[i] = choice.to[i] = true;
    }
    return choice;
}

static void every_row_of_the_table_has_a_rule_and_a_defect_that_exist(void **state)
{
    size_t count = 0;
    const struct mfd_interop_known *rows = mfd_interop_knowns(&count);

    (void)state;
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        assert_true(!*rows[i].defect || mfd_defect_find(rows[i].defect));
        assert_memory_equal(rows[i].rule, "MF-INT-", 7);
        assert_true(rows[i].outcomes && !(rows[i].outcomes & MFD_INTEROP_WORKS));
        assert_true(rows[i].from_since < rows[i].from_until && rows[i].to_since < rows[i].to_until);
        assert_true(*rows[i].why);
    }
}

static void older_to_newer_loses_pages_without_the_flush_setting(void **state)
{
    struct mfd_interop_cell c = cell(OLD, NEW, MFD_ZERO_MAIN);
    const struct mfd_interop_known *known = mfd_interop_known(&c);

    (void)state;
    assert_non_null(known);
    assert_string_equal(known->defect, "B12");
    assert_int_equal(known->outcomes, MFD_INTEROP_CORRUPTED);
    c.settings = known->lacks;
    assert_null(mfd_interop_known(&c));
    /* a versioned machine type brings the setting with it */
    c.settings = 0;
    c.machine = MFD_INTEROP_PC;
    assert_null(mfd_interop_known(&c));
}

static void newer_to_older_needs_two_settings_and_zero_pages_on_main(void **state)
{
    struct mfd_interop_cell c = cell(NEW, OLD, MFD_ZERO_PACKET);

    (void)state;
    assert_int_equal(mfd_interop_known(&c)->lacks, MFD_SET_FLUSH_FROM);
    c.settings |= MFD_SET_FLUSH_FROM;
    assert_int_equal(mfd_interop_known(&c)->lacks, MFD_SET_NO_SWITCHOVER);
    c.settings |= MFD_SET_NO_SWITCHOVER;
    assert_string_equal(mfd_interop_known(&c)->defect, "B40");
    c.zero = MFD_ZERO_MAIN;
    assert_null(mfd_interop_known(&c));
}

static void equals_newer_ones_and_the_reference_need_nothing(void **state)
{
    (void)state;
    for (unsigned from = REF; from <= NEWEST; from++) {
        for (unsigned to = REF; to <= NEWEST; to++) {
            struct mfd_interop_cell c = cell(from, to, MFD_ZERO_MAIN);
            bool apart = from != REF && to != REF && (from == OLD) != (to == OLD);

            assert_int_equal(mfd_interop_known(&c) != NULL, apart);
        }
    }
}

static void a_machine_with_devices_is_of_the_older_end_and_never_from_the_reference(void **state)
{
    struct mfd_interop_cell c = cell(NEWEST, OLD, MFD_ZERO_MAIN);

    (void)state;
    c.machine = MFD_INTEROP_PC;
    assert_string_equal(mfd_interop_machine_type(&c), "pc-i440fx-7.2");
    assert_int_equal(mfd_interop_sync(&c), MFD_SYNC_SECTION);
    c.to = &peers[NEW];
    assert_string_equal(mfd_interop_machine_type(&c), "pc-i440fx-10.0");
    assert_int_equal(mfd_interop_sync(&c), MFD_SYNC_MARKER);
    c.to = &peers[REF];
    assert_string_equal(mfd_interop_machine_type(&c), "pc-i440fx-11.1");
    assert_true(mfd_interop_possible(&c));
    c.from = &peers[REF];
    c.to = &peers[OLD];
    assert_false(mfd_interop_possible(&c));
}

static void zero_pages_travel_in_packets_only_from_9_0_on(void **state)
{
    struct mfd_interop_cell c = cell(OLD, NEW, MFD_ZERO_PACKET);

    (void)state;
    assert_false(mfd_interop_possible(&c));
    c.zero = MFD_ZERO_NONE; /* no choice of the user's there, but of the reference */
    assert_false(mfd_interop_possible(&c));
    c = cell(REF, OLD, MFD_ZERO_NONE);
    assert_true(mfd_interop_possible(&c));
    c.zero = MFD_ZERO_PACKET;
    assert_false(mfd_interop_possible(&c));
    c.to = &peers[NEW];
    assert_true(mfd_interop_possible(&c));
}

/* How many cells there are from one peer to another, of a method, a number of channels, or settings. */
static size_t count_of(const struct mfd_interop_cell *cells, size_t count, unsigned from,
                       unsigned to, uint32_t method, unsigned channels, unsigned settings)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        found += cells[i].from == &peers[from] && cells[i].to == &peers[to] &&
                 cells[i].method == method && cells[i].channels == channels &&
                 cells[i].settings == settings;
    }
    return found;
}

static void a_broken_pair_is_planned_both_broken_and_repaired(void **state)
{
    struct mfd_interop_choice choice = all_peers();
    size_t count = 0;
    struct mfd_interop_cell *cells = mfd_interop_plan(&choice, &count);

    (void)state;
    assert_non_null(cells);
    for (size_t m = 0; m < choice.method_count; m++) {
        for (size_t c = 0; c < choice.channel_count; c++) {
            uint32_t method = choice.methods[m];
            unsigned channels = choice.channels[c];

            assert_true(count_of(cells, count, OLD, NEW, method, channels, 0));
            assert_true(count_of(cells, count, OLD, NEW, method, channels, MFD_SET_FLUSH_TO));
            assert_true(count_of(cells, count, NEW, OLD, method, channels,
                                 MFD_SET_FLUSH_FROM | MFD_SET_NO_SWITCHOVER));
            assert_true(count_of(cells, count, NEW, NEWEST, method, channels, 0));
            assert_false(count_of(cells, count, NEW, NEWEST, method, channels, MFD_SET_FLUSH_TO));
            assert_true(count_of(cells, count, REF, REF, method, channels, 0));
        }
    }
    free(cells);
}

static void fewer_combinations_still_have_every_value(void **state)
{
    struct mfd_interop_choice choice = all_peers();
    size_t full = 0;
    size_t pairs = 0;
    size_t each = 0;
    struct mfd_interop_cell *cells = NULL;

    (void)state;
    choice.strength = 0;
    free(mfd_interop_plan(&choice, &full));
    choice.strength = 2;
    free(mfd_interop_plan(&choice, &pairs));
    choice.strength = 1;
    cells = mfd_interop_plan(&choice, &each);
    assert_true(each < pairs && pairs < full);
    for (size_t c = 0; c < choice.channel_count; c++) {
        size_t found = 0;

        for (size_t m = 0; m < choice.method_count; m++) {
            found += count_of(cells, each, NEWEST, NEW, choice.methods[m], choice.channels[c], 0);
        }
        assert_true(found);
    }
    free(cells);
}

static void a_choice_that_nothing_fits_is_an_empty_plan(void **state)
{
    struct mfd_interop_choice choice = all_peers();
    size_t count = 1;

    (void)state;
    memset(choice.to, 0, sizeof(choice.to));
    free(mfd_interop_plan(&choice, &count));
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_table_has_a_rule_and_a_defect_that_exist),
        cmocka_unit_test(older_to_newer_loses_pages_without_the_flush_setting),
        cmocka_unit_test(newer_to_older_needs_two_settings_and_zero_pages_on_main),
        cmocka_unit_test(equals_newer_ones_and_the_reference_need_nothing),
        cmocka_unit_test(a_machine_with_devices_is_of_the_older_end_and_never_from_the_reference),
        cmocka_unit_test(zero_pages_travel_in_packets_only_from_9_0_on),
        cmocka_unit_test(a_broken_pair_is_planned_both_broken_and_repaired),
        cmocka_unit_test(fewer_combinations_still_have_every_value),
        cmocka_unit_test(a_choice_that_nothing_fits_is_an_empty_plan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
