// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit interop as a command: what it makes of its arguments, and its exit codes. */
#include "cmd.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void assert_says(char **argv, int wanted, const char *words)
{
    int status = 0;
    char *text = fixture_output(mfd_cmd_interop, argv, &status);

    if (!strstr(text, words)) {
        fail_msg("no \"%s\" in:\n%s", words, text);
    }
    assert_int_equal(status, wanted);
    free(text);
}

static void the_reference_alone_makes_a_table(void **state)
{
    char *argv[] = {"interop", "--peer", "ref", "--zero",     "main", "--method",
                    "zlib",    "-j",     "1",   "--channels", "2",    NULL};

    (void)state;
    assert_says(argv, MFD_OK, "1 migrations, 0 of them of whole machines, 1 at a time: about ");
    assert_says(argv, MFD_OK,
                "1 cells: 1 work, 0 known to break, 0 stale, 0 failed, 0 not run, 0 unsupported; ");
}

static void the_json_file_holds_the_cells(void **state)
{
    const struct fixture_tree *tree = *state;
    char path[512];
    char *argv[] = {"interop", "--peer",     "ref", "--zero", "none", "--method",
                    "none",    "--channels", "1",   "--json", path,   NULL};
    char line[64] = "";
    FILE *file = NULL;

    snprintf(path, sizeof(path), "%s/cells.json", tree->root);
    assert_says(argv, MFD_OK, "1 cells: 1 work");
    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    fclose(file);
    unlink(path);
    assert_string_equal(line, "{\n");
}

static void a_choice_without_any_cell_exits_with_4(void **state)
{
    char *argv[] = {"interop", "--peer", "ref", "--machine", "pc", NULL};

    (void)state;
    assert_says(argv, MFD_NOTHING, "nothing of that kind can be run");
}

static void a_peer_that_cannot_be_had_exits_with_3(void **state)
{
    char *none[] = {"interop", "--peer", "no-such-qemu", NULL};
    char *other[] = {"interop", "--peer", "/bin/false", NULL};

    (void)state;
    assert_says(none, MFD_HARNESS, "'no-such-qemu' is no suite that was fetched");
    assert_says(other, MFD_HARNESS, "/bin/false ended before it answered");
}

static void wrong_values_exit_with_2(void **state)
{
    static char *const wrong[][3] = {
        {"--machine", "q35", "'q35' is neither none nor pc"},
        {"--zero", "there", "'there' is none of main, packet and none"},
        {"--channels", "0", "--channels takes a number from 1 to 255, not '0'"},
        {"--channels", "256", "--channels takes a number from 1 to 255, not '256'"},
        {"--method", "lzma", "'lzma' is no method"},
        {"--method", "qatzip", "'qatzip' is no method"},
        {"--jobs", "0", "--jobs takes a number from 1 to 1024, not '0'"},
        {"--timeout-scale", "x", "'x' is no number from 0.01 to 1000"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char *argv[] = {"interop", wrong[i][0], wrong[i][1], NULL};

        assert_says(argv, MFD_USAGE, wrong[i][2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_alone_makes_a_table),
        cmocka_unit_test(the_json_file_holds_the_cells),
        cmocka_unit_test(a_choice_without_any_cell_exits_with_4),
        cmocka_unit_test(a_peer_that_cannot_be_had_exits_with_3),
        cmocka_unit_test(wrong_values_exit_with_2),
    };

    return cmocka_run_group_tests(tests, fixture_tree_make, fixture_tree_drop);
}
