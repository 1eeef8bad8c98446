// SPDX-License-Identifier: GPL-2.0-or-later
#include "table.h"

#include "schema.h"
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char program[] = "/bin/true";
static char old_pc[] = "pc-i440fx-7.2";
static char new_pc[] = "pc-i440fx-10.0";

static const struct mfd_interop_peer peers[] = {
    {.name = "ref", .rev = MFD_REV_LATEST},
    {.name = "qemu", .program = program, .version = "7.2.22", .pc = old_pc, .rev = MFD_REV_7_2},
    {.name = "trixie",
     .program = program,
     .version = "10.0.13",
     .package = "x",
     .pc = new_pc,
     .rev = MFD_REV_10_0},
};

/* One cell of each verdict, in their order, and a second one in the first's row. */
static const struct mfd_interop_cell cells[] = {
    {.from = &peers[0], .to = &peers[1], .method = MFD_FLAG_ZLIB, .channels = 2},
    {.from = &peers[1], .to = &peers[2], .method = 0, .channels = 4},
    {.from = &peers[1], .to = &peers[2], .method = MFD_FLAG_ZSTD, .channels = 4},
    {.from = &peers[2],
     .to = &peers[0],
     .zero = MFD_ZERO_PACKET,
     .channels = 16,
     .machine = MFD_INTEROP_PC},
    {.from = &peers[2], .to = &peers[2], .zero = MFD_ZERO_NONE, .channels = 1},
    {.from = &peers[0], .to = &peers[1], .method = MFD_FLAG_ZLIB, .channels = 255},
};

static const struct mfd_interop_result results[] = {
    {.ran = true,
     .outcome = MFD_INTEROP_WORKS,
     .from_status = "completed",
     .to_status = "completed",
     .compared = true},
    {.ran = true,
     .outcome = MFD_INTEROP_CORRUPTED,
     .from_status = "completed",
     .to_status = "completed",
     .compared = true,
     .memory = {439, 4096}},
    {.ran = true,
     .outcome = MFD_INTEROP_WORKS,
     .from_status = "completed",
     .to_status = "completed",
     .compared = true},
    {.ran = true,
     .outcome = MFD_INTEROP_LOST,
     .from_status = "completed",
     .to_status = "exited 1",
     .detail = "it said \x1b[1m so"},
    {.detail = "no such program"},
    {.ran = true,
     .outcome = MFD_INTEROP_WORKS,
     .from_status = "completed",
     .to_status = "completed",
     .compared = true},
};

static const struct mfd_interop_run run = {.suite = "1",
                                           .peers = peers,
                                           .peer_count = 3,
                                           .cells = cells,
                                           .results = results,
                                           .count = 6,
                                           .seconds = 1.5};

static char *text_of(const struct mfd_interop_run *what)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    mfd_interop_print(out, what);
    fclose(out);
    return text;
}

static void assert_has(const char *text, const char *words)
{
    if (!strstr(text, words)) {
        fail_msg("no \"%s\" in:\n%s", words, text);
    }
}

static void each_verdict_follows_from_the_outcome_and_the_table(void **state)
{
    struct mfd_interop_result other = results[1];

    (void)state;
    for (int i = 0; i < MFD_INTEROP_UNSUPPORTED; i++) {
        assert_int_equal(mfd_interop_judge(&cells[i], &results[i]), i);
    }
    /* breaking otherwise than it is known to is a failure */
    other.outcome = MFD_INTEROP_HUNG;
    assert_int_equal(mfd_interop_judge(&cells[1], &other), MFD_INTEROP_FAIL);
    other.ran = false;
    other.unsupported = true;
    assert_int_equal(mfd_interop_judge(&cells[1], &other), MFD_INTEROP_UNSUPPORTED);
}

static void the_report_conforms_to_its_schema(void **state)
{
    json_error_t error;
    json_t *schema = json_load_file(MFD_INTEROP_SCHEMA, 0, &error);
    json_t *json = mfd_interop_to_json(&run);

    (void)state;
    assert_non_null(schema);
    assert_non_null(json);
    assert_true(fixture_conforms(json, schema));
    assert_int_equal(json_array_size(json_object_get(json, "cells")), 6);
    json_object_set_new(json_array_get(json_object_get(json, "cells"), 0), "zero",
                        json_string("x"));
    assert_false(fixture_conforms(json, schema));
    json_decref(json);
    json_decref(schema);
}

static void a_known_cell_names_its_reason_and_what_repairs_it(void **state)
{
    json_t *json = mfd_interop_to_json(&run);
    const json_t *known = json_array_get(json_object_get(json, "cells"), 1);
    const json_t *good = json_array_get(json_object_get(json, "cells"), 0);

    (void)state;
    assert_string_equal(json_string_value(json_object_get(known, "result")), "known");
    assert_string_equal(json_string_value(json_object_get(known, "outcome")), "corrupted");
    assert_string_equal(json_string_value(json_object_get(known, "defect")), "B12");
    assert_string_equal(json_string_value(json_object_get(known, "repair")),
                        "destination: -global migration.multifd-flush-after-each-section=on");
    assert_true(json_is_null(json_object_get(good, "repair")));
    json_decref(json);
}

static void cells_that_differ_in_method_and_channels_share_a_row(void **state)
{
    char *text = text_of(&run);

    (void)state;
    assert_has(text, "works                          zlib 2,255\n");
    assert_has(
        text,
        "6 cells: 2 work, 1 known to break, 1 stale, 1 failed, 1 not run, 0 unsupported; 1.5 s\n");
    free(text);
}

static void what_is_not_as_expected_is_told_in_full_with_a_way_to_run_it_again(void **state)
{
    char *text = text_of(&run);

    (void)state;
    assert_has(text, "fail  10.0.13 to ref, pc, zero pages packet, method none, 16 channels");
    assert_has(text, "lost: source completed, destination exited 1");
    assert_has(text, "it said \\x1b[1m so");
    assert_has(text, "again      mfdkit interop --from trixie --to ref --machine pc --zero packet "
                     "--method none --channels 16\n");
    assert_has(text, "stale  7.2.22 to 10.0.13");
    assert_has(text, "error  10.0.13 to 10.0.13");
    assert_has(text, "no such program");
    assert_has(text, "B12, MF-INT-002: ");
    assert_null(strstr(text, "pass  "));
    assert_null(strstr(text, "known  7.2.22 to"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_verdict_follows_from_the_outcome_and_the_table),
        cmocka_unit_test(the_report_conforms_to_its_schema),
        cmocka_unit_test(a_known_cell_names_its_reason_and_what_repairs_it),
        cmocka_unit_test(cells_that_differ_in_method_and_channels_share_a_row),
        cmocka_unit_test(what_is_not_as_expected_is_told_in_full_with_a_way_to_run_it_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
