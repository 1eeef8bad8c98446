// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit check: its exit codes, what it says, and its JSON. */
#include "cmd.h"
#include "fixture.h"
#include "schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define GOOD MFD_CAPTURES "/qemu-10.0-none.pcapng"
#define TLS MFD_CAPTURES "/qemu-10.0-tls.pcapng"

/* A breach of a MUST, as a capture. */
static char broken[] = P_tmpdir "/mfd-check-XXXXXX";

static void assert_says(char **argv, int wanted, const char *words)
{
    int status = 0;
    char *text = fixture_output(mfd_cmd_check, argv, &status);

    if (!strstr(text, words) || status != wanted) {
        fail_msg("%d, and not %d with \"%s\":\n%s", status, wanted, words, text);
    }
    free(text);
}

#define SAYS(wanted, words, ...) assert_says((char *[]){"check", __VA_ARGS__, NULL}, wanted, words)

static int make_broken(void **state)
{
    int status = 0;
    char *text = NULL;
    int fd = mkstemp(broken);

    (void)state;
    if (fd < 0) {
        return -1;
    }
    close(fd);
    text = fixture_output(
        mfd_cmd_pcap, (char *[]){"pcap", "packet/offset-at-length", "-o", broken, NULL}, &status);
    free(text);
    return status;
}

static int remove_broken(void **state)
{
    (void)state;
    return unlink(broken);
}

static void a_migration_that_keeps_all_rules_is_exit_code_0(void **state)
{
    (void)state;
    SAYS(MFD_OK, "50 held, 0 broken", GOOD);
    SAYS(MFD_OK, "sender speaks     10.0 or later (as its bytes show)", GOOD);
    SAYS(MFD_OK, "sender speaks     10.0,", "--rev=10.0", GOOD);
    SAYS(MFD_OK, "MF-HDR-021", "--all", GOOD);
}

static void what_is_given_decides_more(void **state)
{
    (void)state;
    SAYS(MFD_OK, "undecided: the number of channels set up is not known", GOOD);
    SAYS(MFD_OK, "53 held, 0 broken", "--channels=2", "--machine=none", "--rev=10.0", GOOD);
    SAYS(MFD_UNEXPECTED, "BROKEN  MF-CHAN-001 MUST", "--channels=1", GOOD);
}

static void a_broken_must_is_exit_code_1_with_its_frame_and_byte(void **state)
{
    (void)state;
    SAYS(MFD_UNEXPECTED, "BROKEN  MF-HDR-021 MUST: The offset of a normal page", broken);
    SAYS(MFD_UNEXPECTED,
         "frame 16, byte 0x168; channel 0, byte 0x6c0 of what it carries\n"
         "          got 0x200000, want 0x1ff000",
         broken);
}

static void what_is_no_capture_is_exit_code_2(void **state)
{
    char *text = fixture_file("no capture at all, and long enough to be read as the head of one\n");
    char *empty = fixture_file("");

    (void)state;
    SAYS(MFD_USAGE, "unknown file format", text);
    SAYS(MFD_USAGE, empty, empty);
    SAYS(MFD_USAGE, "/nowhere/x.pcap: No such file or directory", "/nowhere/x.pcap");
    SAYS(MFD_USAGE, "check: /", "/"); /* a folder */
    unlink(text);
    unlink(empty);
    free(text);
    free(empty);
}

static void a_capture_without_multifd_is_exit_code_4(void **state)
{
    (void)state;
    SAYS(MFD_NOTHING, "3 connections in TLS: not judged", TLS);
    SAYS(MFD_NOTHING, "no multifd migration in", TLS);
    SAYS(MFD_NOTHING, "no multifd migration in", "--port=1", TLS);
}

/* The first `size` bytes of the good capture; owned by the caller. */
static char *cut_file(size_t size)
{
    char *path = fixture_file("");
    FILE *in = fopen(GOOD, "rb");
    FILE *out = fopen(path, "wb");

    assert_true(in && out);
    for (size_t i = 0; i < size; i++) {
        fputc(fgetc(in), out);
    }
    fclose(in);
    fclose(out);
    return path;
}

static void a_file_that_ends_within_a_frame_is_judged_as_far_as_it_goes(void **state)
{
    char *path = cut_file(100000);

    (void)state;
    SAYS(MFD_OK, "the file is broken off behind frame ", path);
    SAYS(MFD_OK, "0 broken", path);
    unlink(path);
    free(path);
    /* one that holds nothing but its head says so */
    path = cut_file(20);
    SAYS(MFD_USAGE, "check: /", path);
    unlink(path);
    free(path);
}

static void wrong_usage_is_told(void **state)
{
    (void)state;
    assert_says((char *[]){"check", "--rev=x", GOOD, NULL}, MFD_USAGE, "'x'");
    SAYS(MFD_USAGE, "--port takes a number from 1 to 65535", "--port=0", GOOD);
    SAYS(MFD_USAGE, "is too much", GOOD, GOOD);
    SAYS(MFD_HARNESS, "/nowhere/x.json: No such file", "--json=/nowhere/x.json", GOOD);
    assert_says((char *[]){"check", NULL}, MFD_USAGE, "which FILE?");
}

static json_t *json_of(const char *capture, int wanted)
{
    char *path = fixture_file("");
    char *option = NULL;
    int status = 0;
    json_error_t error;
    json_t *json = NULL;

    assert_true(asprintf(&option, "--json=%s", path) > 0);
    free(
        fixture_output(mfd_cmd_check, (char *[]){"check", option, (char *)capture, NULL}, &status));
    assert_int_equal(status, wanted);
    json = json_load_file(path, 0, &error);
    if (!json) {
        fail_msg("%s", error.text);
    }
    unlink(path);
    free(path);
    free(option);
    return json;
}

static void the_json_is_as_its_schema_says(void **state)
{
    json_t *schema = fixture_schema("../check/check.schema.json");
    const char *captures[] = {GOOD, TLS, broken};
    int status[] = {MFD_OK, MFD_NOTHING, MFD_UNEXPECTED};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        json_t *json = json_of(captures[i], status[i]);

        assert_true(fixture_conforms(json, schema));
        json_decref(json);
    }
    json_decref(schema);
}

static void the_json_tells_where_each_rule_was_broken(void **state)
{
    json_t *json = json_of(broken, MFD_UNEXPECTED);
    json_t *migration = json_array_get(json_object_get(json, "migrations"), 0);
    json_t *results = json_object_get(migration, "results");
    size_t found = 0;
    size_t i = 0;
    json_t *result = NULL;

    (void)state;
    json_array_foreach(results, i, result)
    {
        const char *rule = NULL;
        const char *state_name = NULL;
        json_int_t frame = 0;
        const char *got = NULL;

        if (json_unpack(result, "{s:s, s:s, s:{s:I, s:s}}", "rule", &rule, "result", &state_name,
                        "breach", "frame", &frame, "got", &got) == 0) {
            assert_string_equal(rule, "MF-HDR-021");
            assert_string_equal(state_name, "broken");
            assert_int_equal(frame, 16);
            assert_string_equal(got, "0x200000");
            found++;
        }
    }
    assert_int_equal(found, 1);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_migration_that_keeps_all_rules_is_exit_code_0),
        cmocka_unit_test(what_is_given_decides_more),
        cmocka_unit_test(a_broken_must_is_exit_code_1_with_its_frame_and_byte),
        cmocka_unit_test(what_is_no_capture_is_exit_code_2),
        cmocka_unit_test(a_capture_without_multifd_is_exit_code_4),
        cmocka_unit_test(a_file_that_ends_within_a_frame_is_judged_as_far_as_it_goes),
        cmocka_unit_test(wrong_usage_is_told),
        cmocka_unit_test(the_json_is_as_its_schema_says),
        cmocka_unit_test(the_json_tells_where_each_rule_was_broken),
    };

    return cmocka_run_group_tests_name("check_command", tests, make_broken, remove_broken);
}
