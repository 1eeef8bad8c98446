// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit pcap, with tshark as the judge of what it writes. */
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

#define LINE_ROOM 4096

static void run(char **argv, int wanted)
{
    int status = 0;
    char *text = fixture_output(mfd_cmd_pcap, argv, &status);

    if (status != wanted) {
        fail_msg("exit status %d, not %d: %s", status, wanted, text);
    }
    free(text);
}

static void assert_says(char **argv, int wanted, const char *words)
{
    int status = 0;
    char *text = fixture_output(mfd_cmd_pcap, argv, &status);

    if (!strstr(text, words)) {
        fail_msg("no \"%s\" in:\n%s", words, text);
    }
    assert_int_equal(status, wanted);
    free(text);
}

/* What a command prints on standard output, owned by the caller; it must succeed. */
__attribute__((format(printf, 1, 2))) static char *output_of(const char *format, ...)
{
    char *command = NULL;
    char *text = NULL;
    size_t len = 0;
    char line[LINE_ROOM];
    FILE *in = NULL;
    FILE *out = open_memstream(&text, &len);
    va_list list;

    va_start(list, format);
    assert_true(vasprintf(&command, format, list) >= 0);
    va_end(list);
    in = popen(command, "r");
    assert_non_null(in);
    while (fgets(line, sizeof(line), in)) {
        fputs(line, out);
    }
    if (pclose(in) != 0) {
        fail_msg("failed: %s", command);
    }
    fclose(out);
    free(command);
    return text;
}

/* Complaints of tshark about TCP and IP, checksums included. */
static char *complaints(const char *path)
{
    return output_of("tshark -r %s -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -q "
                     "-z expert,warn 2>/dev/null",
                     path);
}

static void assert_clean(const char *path)
{
    char *text = complaints(path);

    if (strlen(text) > 2) {
        fail_msg("%s", text);
    }
    free(text);
}

/* All of them once; some in what else there is. */
static void tshark_finds_no_fault_in_the_tcp_of_any_scenario(void **state)
{
    char *path = fixture_file("");
    char *all[] = {"pcap", "**", "-o", path, NULL};
    char *some[] = {"pcap",   "main/**",    "sync/**",       "-o", path,
                    "--ipv6", "--mss=1440", "--format=pcap", NULL};
    char *twins[] = {"pcap", "packet/**", "-o", path, "--twin", "--mss=60000", NULL};

    (void)state;
    run(all, MFD_OK);
    assert_clean(path);
    run(some, MFD_OK);
    assert_clean(path);
    run(twins, MFD_OK);
    assert_clean(path);
    remove(path);
    free(path);
}

/* The test above would not tell much if tshark did not look. */
static void tshark_finds_one_wrong_byte(void **state)
{
    char *path = fixture_file("");
    char *argv[] = {"pcap", "main/minimal", "-o", path, NULL};
    FILE *file = NULL;
    char *text = NULL;

    (void)state;
    run(argv, MFD_OK);
    file = fopen(path, "r+e");
    fseek(file, -100, SEEK_END);
    fputc(0xa5, file);
    fclose(file);
    text = complaints(path);
    assert_non_null(strstr(text, "hecksum"));
    free(text);
    remove(path);
    free(path);
}

static void comments_name_the_instance_and_each_line(void **state)
{
    char *path = fixture_file("");
    char *argv[] = {"pcap", "init/id-equals-count-2", "-o", path, NULL};
    char *text = NULL;

    (void)state;
    run(argv, MFD_OK);
    text = output_of("tshark -r %s -Y frame.comment -T fields -e frame.comment 2>/dev/null", path);
    assert_string_equal(text, "init/id-equals-count-2\nmain start\nch 0 hello ! id=channels\n");
    free(text);
    remove(path);
    free(path);
}

/* FIN segments: a twin completes and closes, a refused one leaves it to the receiver. */
static void a_twin_is_completed_and_a_fault_is_not(void **state)
{
    char *path = fixture_file("");
    char *fault[] = {"pcap", "init/id-equals-count-2", "-o", path, NULL};
    char *twin[] = {"pcap", "init/id-equals-count-2", "-o", path, "--twin", NULL};
    char *text = NULL;

    (void)state;
    run(fault, MFD_OK);
    text = output_of("tshark -r %s -Y tcp.flags.fin==1 2>/dev/null", path);
    assert_string_equal(text, "");
    free(text);
    run(twin, MFD_OK);
    text = output_of("tshark -r %s -Y tcp.flags.fin==1 2>/dev/null | wc -l", path);
    assert_int_equal(atoi(text), 2 * 3);
    free(text);
    remove(path);
    free(path);
}

static void every_instance_is_a_migration_of_its_own(void **state)
{
    char *path = fixture_file("");
    char *argv[] = {"pcap", "init/eof", "-o", path, NULL};
    char *text = NULL;

    (void)state;
    run(argv, MFD_OK);
    text = output_of("tshark -r %s -Y 'tcp.flags==2' -T fields -e ip.dst 2>/dev/null | sort -u | "
                     "wc -l",
                     path);
    assert_int_equal(atoi(text), 63);
    free(text);
    remove(path);
    free(path);
}

static void a_folder_has_a_file_for_each_scenario_or_instance(void **state)
{
    char folder[] = P_tmpdir "/mfdkit-test-XXXXXX";
    char *whole[] = {"pcap", "init/eof", "main/minimal", "-d", folder, NULL};
    char *split[] = {"pcap", "init/eof[n=1*]", "-d", folder, "--split", NULL};
    char *text = NULL;

    (void)state;
    assert_non_null(mkdtemp(folder));
    run(whole, MFD_OK);
    text = output_of("cd %s && find . -type f | sort", folder);
    assert_string_equal(text, "./init/eof.pcapng\n./main/minimal.pcapng\n");
    free(text);
    run(split, MFD_OK);
    text = output_of("cd %s && find . -name 'eof[[]n=1*' | wc -l", folder);
    assert_int_equal(atoi(text), 11); /* 1 and 10 to 19 */
    free(text);
    text = output_of("rm -r %s", folder);
    free(text);
}

static void to_a_release_that_a_scenario_is_not_for_nothing_is_sent(void **state)
{
    char *path = fixture_file("");
    char *old[] = {"pcap", "sync/marker-before-its-time", "-o", path, NULL};
    char *never[] = {"pcap", "sync/marker-before-its-time", "-o",
                     path,   "--profile=qemu-11.1",         NULL};

    (void)state;
    run(old, MFD_OK); /* as to the newest that it is for */
    assert_says(never, MFD_NOTHING, "nothing of that name sends anything");
    remove(path);
    free(path);
}

static void what_does_not_fit_is_told(void **state)
{
    char *none[] = {"pcap", NULL};
    char *nowhere[] = {"pcap", "init/eof", NULL};
    char *twice[] = {"pcap", "init/eof", "-o", "-", "-d", "x", NULL};
    char *format[] = {"pcap", "init/eof", "-o", "-", "--format", "text", NULL};
    char *split[] = {"pcap", "init/eof", "-o", "-", "--split", NULL};
    char *profile[] = {"pcap", "init/eof", "-o", "-", "--profile", "qemu-1.0", NULL};
    char *unknown[] = {"pcap", "init/no-such", "-o", "/dev/null", NULL};
    char *full[] = {"pcap", "init/eof", "-o", "/dev/full", NULL};

    (void)state;
    assert_says(none, MFD_USAGE, "which SCENARIO?");
    assert_says(nowhere, MFD_USAGE, "either -o FILE or -d DIR");
    assert_says(twice, MFD_USAGE, "either -o FILE or -d DIR");
    assert_says(format, MFD_USAGE, "--format is pcapng or pcap, not 'text'");
    assert_says(split, MFD_USAGE, "--split needs -d DIR");
    assert_says(profile, MFD_USAGE, "there is no profile 'qemu-1.0'");
    assert_says(unknown, MFD_NOTHING, "nothing of that name sends anything");
    assert_says(full, MFD_HARNESS, "No space left on device");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tshark_finds_no_fault_in_the_tcp_of_any_scenario),
        cmocka_unit_test(tshark_finds_one_wrong_byte),
        cmocka_unit_test(comments_name_the_instance_and_each_line),
        cmocka_unit_test(a_twin_is_completed_and_a_fault_is_not),
        cmocka_unit_test(every_instance_is_a_migration_of_its_own),
        cmocka_unit_test(a_folder_has_a_file_for_each_scenario_or_instance),
        cmocka_unit_test(to_a_release_that_a_scenario_is_not_for_nothing_is_sent),
        cmocka_unit_test(what_does_not_fit_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
