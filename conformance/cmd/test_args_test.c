// SPDX-License-Identifier: GPL-2.0-or-later
#include "test_args.h"

#include "cmd.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What the command line says, as one line; in a child, because a wrong one ends the process. */
static int tell(int argc, char **argv)
{
    struct mfd_test_args args;

    mfd_test_args_parse(argc, argv, &args);
    printf(
        "peer %s command %s globs %u repeat %u seed %u shard %u/%u strength %u wrap %s bisect %d\n",
        args.peer ? args.peer : "-", args.command ? args.command[0] : "-", args.glob_count,
        args.repeat, args.seed, args.shard, args.shards, args.strength, args.wrap ? args.wrap : "-",
        args.bisect);
    return MFD_OK;
}

static void expect(char **argv, int status, const char *want)
{
    int got = 0;
    char *text = fixture_output(tell, argv, &got);

    if (got != status || !strstr(text, want)) {
        fail_msg("exit status %d, no \"%s\" in:\n%s", got, want, text);
    }
    free(text);
}

#define ARGS(...) ((char *[]){"test", __VA_ARGS__, NULL})

static void what_is_not_said_is_the_default(void **state)
{
    (void)state;
    expect((char *[]){"test", NULL}, MFD_OK,
           "peer - command - globs 0 repeat 1 seed 0 shard 0/0 strength 2 wrap - bisect 0");
}

static void each_option_is_taken(void **state)
{
    (void)state;
    expect(
        ARGS("qemu", "-t", "a", "-t", "b", "--repeat=1000", "--seed", "7", "--shard=2/3",
             "--strength=3", "--wrap", "gdb -batch", "--bisect"),
        MFD_OK,
        "peer qemu command - globs 2 repeat 1000 seed 7 shard 2/3 strength 3 wrap gdb -batch bisect 1");
    expect(ARGS("--strength=full"), MFD_OK, "strength 0 ");
    expect(ARGS("--strength=0"), MFD_OK, "strength 0 ");
    expect(ARGS("--", "./mine", "--shard=9/1"), MFD_OK,
           "command ./mine globs 0 repeat 1 seed 0 shard 0/0 ");
}

static void what_makes_no_sense_exits_with_2(void **state)
{
    (void)state;
    expect(ARGS("--repeat=0"), MFD_USAGE, "--repeat takes a number from 1");
    expect(ARGS("--seed=x"), MFD_USAGE, "--seed takes a number from 1");
    expect(ARGS("--shard=0/3"), MFD_USAGE, "--shard takes I/N");
    expect(ARGS("--shard=4/3"), MFD_USAGE, "--shard takes I/N");
    expect(ARGS("--shard=1/2/3"), MFD_USAGE, "--shard takes I/N");
    expect(ARGS("--strength=most"), MFD_USAGE, "--strength takes a number");
    expect(ARGS("ref", "qemu"), MFD_USAGE, "one peer at a time");
    expect(ARGS("ref", "--", "./mine"), MFD_USAGE, "one peer at a time");
    expect(ARGS("--"), MFD_USAGE, "no command behind --");
}

/* Exit status of the whole command. */
static int status_of(char **argv)
{
    int status = 0;

    free(fixture_output(mfd_cmd_test, argv, &status));
    return status;
}

static void bisect_skips_what_could_not_be_tested(void **state)
{
    (void)state;
    assert_int_equal(status_of(ARGS("-t", "nothing/of/the/name")), MFD_NOTHING);
    assert_int_equal(status_of(ARGS("--bisect", "-t", "nothing/of/the/name")), 125);
    assert_int_equal(status_of(ARGS("-t", "main/minimal", "qemu=/nonexistent")), MFD_HARNESS);
    assert_int_equal(status_of(ARGS("--bisect", "-t", "main/minimal", "qemu=/nonexistent")), 125);
    assert_int_equal(status_of(ARGS("--bisect", "-t", "main/minimal")), MFD_OK);
    assert_int_equal(status_of(ARGS("--bisect", "nobody")), MFD_USAGE);
}

static void the_embedded_reference_cannot_be_wrapped(void **state)
{
    (void)state;
    assert_int_equal(status_of(ARGS("--wrap", "gdb", "-t", "main/minimal")), MFD_USAGE);
}

static void the_plan_is_told_first(void **state)
{
    char *argv[] = {"test", "-t", "main/minimal", "--seed=3", "--jobs=1", NULL};
    int status = 0;
    char *text = fixture_output(mfd_cmd_test, argv, &status);

    (void)state;
    assert_int_equal(status, MFD_OK);
    assert_memory_equal(text, "plan: 1 scenario as ", 20);
    assert_non_null(strstr(text, "1 at a time, shuffled by seed 3\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_said_is_the_default),
        cmocka_unit_test(each_option_is_taken),
        cmocka_unit_test(what_makes_no_sense_exits_with_2),
        cmocka_unit_test(bisect_skips_what_could_not_be_tested),
        cmocka_unit_test(the_embedded_reference_cannot_be_wrapped),
        cmocka_unit_test(the_plan_is_told_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
