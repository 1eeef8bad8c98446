// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit proxy between mfdkit send and mfdkit recv, each a program of its own. */
#include "cmd.h"
#include "fixture.h"
#include "ram_file.h"
#include "schema.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define RAM ((uint64_t)2 << 20)

static char dir[48];
static char from[64];
static char to[64];

/* A program that has said its first line. */
struct running {
    FILE *out;
    char *text; /* what it has printed at its end */
};

static struct running launch(const char *command)
{
    struct running running = {.out = popen(command, "r")};
    char line[512] = "";

    assert_non_null(running.out);
    assert_non_null(fgets(line, sizeof(line), running.out));
    if (strncmp(line, "listening at ", 13) != 0) {
        fail_msg("%s: %s", command, line);
    }
    return running;
}

/* Its exit status. */
static int join(struct running *running)
{
    size_t size = 0;

    if (getdelim(&running->text, &size, EOF, running->out) < 0) {
        free(running->text);
        running->text = strdup("");
    }
    return WEXITSTATUS(pclose(running->out));
}

struct outcome {
    int send;
    int recv;
    int proxy;
    char *text; /* of the proxy */
};

/* A migration through the proxy, with further arguments of it. */
static struct outcome migrate(const char *arguments)
{
    char command[1024];
    struct running recv;
    struct running proxy;
    struct outcome outcome = {0};

    assert_int_equal(mfd_ram_make(to, RAM, MFD_RAM_EMPTY, RAM), 0);
    snprintf(command, sizeof(command), "%s recv --listen unix:%s/r --ram mem0=%s:2M 2>/dev/null",
             MFD_PROGRAM, dir, to);
    recv = launch(command);
    snprintf(command, sizeof(command), "%s proxy --listen unix:%s/p --to unix:%s/r %s 2>&1",
             MFD_PROGRAM, dir, dir, arguments);
    proxy = launch(command);
    snprintf(command, sizeof(command), "%s send --to unix:%s/p --ram mem0=%s:2M >/dev/null 2>&1",
             MFD_PROGRAM, dir, from);
    outcome.send = WEXITSTATUS(system(command));
    outcome.recv = join(&recv);
    outcome.proxy = join(&proxy);
    outcome.text = proxy.text;
    free(recv.text);
    return outcome;
}

static void assert_says(const struct outcome *outcome, int wanted, const char *words)
{
    if (!strstr(outcome->text, words) || outcome->proxy != wanted) {
        fail_msg("%d, and not %d with \"%s\":\n%s", outcome->proxy, wanted, words, outcome->text);
    }
}

static void a_migration_completes_and_its_capture_can_be_checked(void **state)
{
    struct mfd_ram_difference difference;
    char pcap[96];
    char option[128];
    struct outcome outcome;
    int status = 0;

    (void)state;
    snprintf(pcap, sizeof(pcap), "%s/x.pcapng", dir);
    snprintf(option, sizeof(option), "--channels 2 --save-pcap %s", pcap);
    outcome = migrate(option);
    assert_int_equal(outcome.send, 0);
    assert_int_equal(outcome.recv, 0);
    assert_says(&outcome, MFD_OK, ", 0 broken, ");
    assert_says(&outcome, MFD_OK, "3 connections, ");
    assert_int_equal(mfd_ram_compare(from, to, RAM, &difference), 0);
    assert_int_equal(difference.pages, 0);
    free(outcome.text);
    outcome.text =
        fixture_output(mfd_cmd_check, (char *[]){"check", "--channels=2", pcap, NULL}, &status);
    outcome.proxy = status;
    assert_says(&outcome, MFD_OK, ", 0 broken, ");
    free(outcome.text);
    unlink(pcap);
}

static void a_fault_is_not_the_senders(void **state)
{
    struct outcome outcome = migrate("--fault 'ch 0 hello ! id=1' --fault 'main config ! omit'");

    (void)state;
    assert_int_equal(outcome.recv, 1);
    assert_says(&outcome, MFD_OK, "fault applied: ch 0 hello ! id=1");
    assert_says(&outcome, MFD_OK, "fault applied: main config ! omit");
    assert_says(&outcome, MFD_OK, ", 0 broken, ");
    free(outcome.text);
}

static void the_json_is_as_its_schema_says(void **state)
{
    json_t *schema = fixture_schema("../proxy/proxy.schema.json");
    json_t *of_check = fixture_schema("../check/check.schema.json");
    json_t *item = NULL;
    json_t *json = NULL;
    json_t *migration = NULL;
    char path[96];
    char option[192];
    struct outcome outcome;
    int applied = 0;
    int other = 0;

    (void)state;
    assert_int_equal(
        json_unpack(of_check, "{s:{s:{s:o}}}", "properties", "migrations", "items", &item), 0);
    snprintf(path, sizeof(path), "%s/x.json", dir);
    snprintf(option, sizeof(option),
             "--json %s --fault 'ch 0 hello ! id=1' --fault 'ch 1 data#99 ! omit'", path);
    outcome = migrate(option);
    assert_int_equal(outcome.proxy, MFD_UNEXPECTED);
    free(outcome.text);
    json = json_load_file(path, 0, NULL);
    assert_non_null(json);
    assert_true(fixture_conforms(json, schema));
    assert_int_equal(json_unpack(json, "{s:[{s:b}, {s:b}], s:o}", "faults", "applied", &applied,
                                 "applied", &other, "migration", &migration),
                     0);
    assert_true(applied && !other);
    assert_true(fixture_conforms(migration, item));
    json_decref(json);
    json_decref(of_check);
    json_decref(schema);
    unlink(path);
}

static void a_fault_whose_message_never_came_is_told(void **state)
{
    struct outcome outcome = migrate("--fault 'ch 1 data#99 ! omit'");

    (void)state;
    assert_int_equal(outcome.recv, 0);
    assert_says(&outcome, MFD_UNEXPECTED, "fault NOT APPLIED: ch 1 data#99 ! omit");
    free(outcome.text);
}

static void a_value_that_was_there_anyway_is_told(void **state)
{
    struct outcome outcome = migrate("--fault 'ch 1 hello ! id=1'");

    (void)state;
    assert_int_equal(outcome.recv, 0);
    assert_says(&outcome, MFD_UNEXPECTED, "that is the right value");
    free(outcome.text);
}

static void assert_usage(char **argv, int wanted, const char *words)
{
    struct outcome outcome = {0};

    outcome.text = fixture_output(mfd_cmd_proxy, argv, &outcome.proxy);
    assert_says(&outcome, wanted, words);
    free(outcome.text);
}

#define USAGE(words, ...) assert_usage((char *[]){"proxy", __VA_ARGS__, NULL}, MFD_USAGE, words)

static void wrong_usage_is_told(void **state)
{
    (void)state;
    USAGE("--listen and --to are needed", "--to=unix:/x");
    USAGE("--fault 'ch 0 ready ! omit': ready: no single message", "--fault=ch 0 ready ! omit");
    USAGE("--guard takes a number", "--guard=x");
    USAGE("is too much", "x");
    USAGE("nonsense", "--listen=nonsense", "--to=unix:/x");
    assert_usage((char *[]){"proxy", "--listen=unix:/nowhere/x", "--to=unix:/x", NULL}, MFD_HARNESS,
                 "/nowhere/x: No such file");
}

static int make(void **state)
{
    (void)state;
    if (!mfd_scratch_make(NULL, dir, sizeof(dir))) {
        return -1;
    }
    snprintf(from, sizeof(from), "%s/from", dir);
    snprintf(to, sizeof(to), "%s/to", dir);
    return mfd_ram_make(from, RAM, MFD_RAM_MIXED, RAM);
}

static int drop(void **state)
{
    (void)state;
    unlink(from);
    unlink(to);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_migration_completes_and_its_capture_can_be_checked),
        cmocka_unit_test(a_fault_is_not_the_senders),
        cmocka_unit_test(the_json_is_as_its_schema_says),
        cmocka_unit_test(a_fault_whose_message_never_came_is_told),
        cmocka_unit_test(a_value_that_was_there_anyway_is_told),
        cmocka_unit_test(wrong_usage_is_told),
    };

    return cmocka_run_group_tests_name("proxy_command", tests, make, drop);
}
